"""The compiled engine on data that stay in their file: the same numbers as from memory, bit for bit."""

import os
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import chalknet as cn
from chalknet.data import Batches, load
from chalknet.errors import DataError, Refused

BLOCK_BYTES = 1000  # a few rows: an epoch has many blocks
FIXED = {"loss": "mse", "engine": "fused_cpu", "progress": False}
LOSSES = {"mse": 1, "bce_with_logits": 1, "cross_entropy": 3}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr("chalknet.data.batches._BLOCK_BYTES", BLOCK_BYTES)
    monkeypatch.setattr("chalknet.data.batches._SHUFFLED_BLOCK_BYTES", BLOCK_BYTES)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    np.save(folder / "x.npy", random.standard_normal((301, 5)).astype(np.float32))
    np.save(folder / "y.npy", random.integers(0, 2, 301).astype(np.float32))
    return folder / "x.npy", folder / "y.npy"


def both(pair, **options):
    """Return the fits from memory and from the file."""
    form = options.pop("form", "5 -> 6 tanh -> 1")
    options = {**FIXED, **options}
    return [cn.fit(form, load(pair, in_memory=where), **options) for where in (True, False)]


def same(one, other):
    assert other.plan.data.streamed
    assert not one.plan.data.streamed
    assert one.plan.engine == other.plan.engine == "fused_cpu"
    assert np.array_equal(one.history.loss, other.history.loss)
    assert one.evaluation.train == other.evaluation.train
    pairs = zip(one.module.parameters(), other.module.parameters(), strict=True)
    assert all(torch.equal(*weights) for weights in pairs)


@settings(max_examples=40, deadline=None)
@given(
    batch_size=st.one_of(st.none(), st.integers(1, 301)),
    cut=st.fixed_dictionaries({"shuffle": st.booleans(), "drop_last": st.booleans()}),
    hidden=st.sampled_from(["6 tanh", "6 relu -> dropout 0.3", "40 sigmoid -> 4 gelu", "600 relu"]),
    loss=st.sampled_from(sorted(LOSSES)),
    optimizer=st.sampled_from(["sgd", "adam"]),
    dtype=st.sampled_from(["float32", "float64"]),
    updates=st.integers(1, 40),
    spare=st.booleans(),
)
def test_every_fit_from_a_file_is_that_from_memory(
    pair, batch_size, cut, hidden, loss, optimizer, dtype, updates, spare
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chalknet.data.batches.cores", lambda: 1 << 10 if spare else 0)
        same(
            *both(
                pair, form=f"5 -> {hidden} -> {LOSSES[loss]}", loss=loss, optimizer=optimizer, lr=0.01,
                batch_size=batch_size, updates=updates, dtype=dtype, **cut,
            )
        )  # fmt: skip


@pytest.mark.parametrize("shuffle", [False, True])
def test_evaluations_and_a_target_change_nothing(pair, shuffle):
    options = {"batch_size": 16, "shuffle": shuffle, "lr": 0.05, "epochs": 30}
    same(*both(pair, **options, evaluate_every=50))
    one, other = both(pair, **options, target_loss=0.2)
    same(one, other)
    assert len(one.history.loss) < 30 * 19


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("done", [19, 23])  # at the end of an epoch, and within one
def test_a_kept_fit_goes_on_as_if_it_had_never_stopped(pair, tmp_path, shuffle, done):
    options = {"batch_size": 16, "shuffle": shuffle, "form": "5 -> 6 tanh -> dropout 0.2 -> 1"}
    whole, _ = both(pair, **options, updates=60)
    form = options.pop("form")
    begun = cn.fit(form, load(pair, in_memory=False), **options, **FIXED, updates=done, out=tmp_path / "run")
    assert begun.plan.data.streamed
    resumed = cn.resume(tmp_path / "run", updates=60)
    assert resumed.plan.data.streamed
    assert np.array_equal(resumed.history.loss, whole.history.loss)


def test_a_file_by_default_takes_the_engine_that_memory_takes(pair):
    plans = [
        cn.plan("5 -> 6 tanh -> 1", load(pair, in_memory=where), cn.Recipe(loss="mse", updates=300_000))
        for where in (True, False)
    ]
    assert [plan.engine for plan in plans] == ["fused_cpu", "fused_cpu"]


def test_a_batch_that_is_read_in_pieces_is_refused(pair, monkeypatch):
    monkeypatch.setattr("chalknet.training.choice.prepare._LARGEST_PIECE_BYTES", 4 * 6 * 100)
    source, recipe = load(pair, in_memory=False), cn.Recipe(loss="mse", updates=300_000)
    assert cn.plan("5 -> 1", source, recipe).engine == "eager"
    with pytest.raises(Refused, match="it takes an update whole, not 100 samples at a time"):
        cn.plan("5 -> 1", source, recipe, engine="fused_cpu")


@pytest.mark.parametrize("spare", [False, True])
def test_a_file_cut_off_in_the_middle_ends_the_fit_with_the_error(pair, tmp_path, spare, monkeypatch):
    monkeypatch.setattr("chalknet.data.batches.cores", lambda: 1 << 10 if spare else 0)
    x, y = tmp_path / "x.npy", tmp_path / "y.npy"
    x.write_bytes(pair[0].read_bytes())
    y.write_bytes(pair[1].read_bytes())
    source = load((x, y), in_memory=False)
    options = {"batch_size": 16, "shuffle": True, "loss": "mse", "engine": "fused_cpu", "progress": False}
    cn.fit("5 -> 1", source, **options, updates=25)
    assert "chalknet-read-ahead" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(DataError, match="as it was when it was opened"):
        cn.fit("5 -> 1", source, **options, seconds=20, on_progress=lambda progress: os.truncate(x, 999))
    assert "chalknet-read-ahead" not in {thread.name for thread in threading.enumerate()}


def test_columns_of_other_numbers_than_the_network_s_are_refused(pair):
    with pytest.raises(cn.ShapeMismatch):
        cn.fit("4 -> 1", load(pair, in_memory=False), loss="mse", updates=3, engine="fused_cpu")


def test_no_more_than_some_batches_are_taken_at_a_time(pair, monkeypatch):
    taken = []
    source = load(pair, in_memory=False)
    take = type(source).take

    def watched(self, rows):
        sample = take(self, rows)
        taken.append(len(sample.x))
        return sample

    session_rows = Batches(source, 16).size * max(1, BLOCK_BYTES // (16 * 8 * 6))
    plan = cn.plan("5 -> 1", source, cn.Recipe(loss="mse", updates=100, batch_size=16), engine="fused_cpu")
    from chalknet.engine import ENGINES

    monkeypatch.setattr(type(source), "take", watched)
    session = ENGINES["fused_cpu"].open(plan, Batches(source, 16), None)
    session.advance(100)
    assert max(taken) == session_rows < len(source)
