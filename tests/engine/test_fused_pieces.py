"""The pieces of an update: they cover it once, and the numbers do not depend on who takes them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

import chalknet as cn
from chalknet.data import ArraySource, Batches
from chalknet.engine import Eager
from chalknet.engine.fused_cpu import FusedCpu
from chalknet.network import Activation, Dropout, Linear, Network
from chalknet.planning import DataFacts, Placement, Plan, Recipe

pytest.importorskip("numba")
from chalknet.engine.fused_cpu import phases, schedules, step_table, thread_team
from chalknet.engine.fused_cpu.phases import BACKWARD_COLUMNS, FORWARD_COLUMNS, ROWS, WEIGHTS
from chalknet.engine.fused_cpu.step_table import LINEAR, lay_out

pytestmark = pytest.mark.timeout(900)  # the first run compiles

# 33 and 130 cut into columns with the small thresholds of `small_caches`
WIDTHS = st.one_of(st.integers(1, 40), st.sampled_from([64, 130, 256, 300]))


@st.composite
def networks(draw, dropout=False):
    steps = []
    for _ in range(draw(st.integers(0, 3))):
        steps += [Linear(draw(WIDTHS), bias=draw(st.booleans()))]
        steps += [Activation(draw(st.sampled_from(["relu", "tanh", "softmax", "sigmoid"])))]
        steps += [Dropout(0.3)] if dropout and draw(st.booleans()) else []
    return Network(
        (draw(st.one_of(st.integers(1, 20), st.sampled_from([100, 257]))),), (*steps, Linear(draw(WIDTHS)))
    )


@pytest.fixture
def small_caches(monkeypatch):
    """Let small layers be cut as large ones are."""
    monkeypatch.setattr(phases, "_COLUMN_WORK", 20_000)
    monkeypatch.setattr(phases, "_LARGE_COLUMN_WORK", 10_000)
    monkeypatch.setattr(phases, "_MANY_WEIGHTS_BYTES", 32 << 10)
    monkeypatch.setattr(phases, "_LARGE_WEIGHT_BYTES", 8 << 10)
    monkeypatch.setattr(step_table, "_LARGE_BYTES", 8 << 10)
    monkeypatch.setattr(phases, "_FEWEST_PANELS", 1)
    monkeypatch.setattr(phases, "_PIECE_WORK", 3_000)
    monkeypatch.setattr(phases, "_ARENA_BYTES", 256 << 10)
    monkeypatch.setattr(phases, "_MOST_LINE_NUMBERS", 4 << 10)


def fitted(engine, network, recipe, data, dtype="float64", threads=8, updates=4):
    source = ArraySource(*data)
    facts = DataFacts("data", len(source), source.x_shape, source.y_shape)
    plan = Plan(network, "", recipe, facts, Placement("cpu", dtype, threads), "", None, 1)
    session = engine.open(plan, Batches(source, recipe.batch_size, recipe.shuffle, recipe.drop_last), None)
    losses = session.advance(updates).losses
    return SimpleNamespace(losses=losses, weights=[p.detach().numpy() for p in session.module.parameters()])


def data_for(network, n, dtype=torch.float64):
    generator = torch.Generator().manual_seed(n)
    x = torch.randn(n, *network.input_shape, generator=generator, dtype=torch.float64)
    return x.to(dtype), torch.rand(n, *network.output_shape, generator=generator, dtype=torch.float64).to(
        dtype
    )


def recipe_of(optimizer, batch, shuffle=True):
    return Recipe(
        loss="mse", optimizer=optimizer, lr=0.01, updates=100, batch_size=batch, shuffle=shuffle, seed=3
    )


def with_threads(monkeypatch, threads):
    """Let every update be made by so many threads."""
    monkeypatch.setattr(thread_team, "cores", lambda: threads)
    monkeypatch.setattr(
        thread_team.ThreadTeam, "_next", lambda team, left: ((len(team._sizes) - 1) * (left > 0), left)
    )
    monkeypatch.setattr(schedules, "piece_threads", lambda pieces, work, most: max(1, min(most, pieces.most)))


CASES = (
    networks(),
    st.one_of(st.integers(1, 4), st.integers(1, 700)),
    st.sampled_from(["sgd", "adam"]),
    st.booleans(),
)


def whole(steps, k):
    """Return all lines of a step with weights, the bias as one more."""
    if not steps["weight_stride"][k]:
        return range(0)
    lines = steps["inputs"][k] if steps["kind"][k] == LINEAR else steps["weight_stride"][k]
    return range(lines + (steps["bias_at"][k] >= 0))


def lines_of(piece, steps):
    """Return the lines that a piece of weights updates, the bias as one more."""
    if not piece["high"]:
        return [(k, line) for k in range(piece["step_low"], piece["step"] + 1) for line in whole(steps, k)]
    assert piece["step_low"] == piece["step"]
    last = [piece["high"]] if piece["bias"] else []
    return [(piece["step"], line) for line in [*range(piece["low"], piece["high"]), *last]]


@settings(max_examples=40, deadline=None)
@given(*CASES)
def test_every_row_and_every_line_belongs_to_one_piece(network, rows, optimizer, small):
    with pytest.MonkeyPatch.context() as patch:
        if small:
            small_caches.__wrapped__(patch)
        layout = lay_out(network, np.dtype("float32"), 16, rows)
        pieces = phases.pieces_of(layout, rows, 4, optimizer == "sgd")
    table, steps = pieces.table, layout.steps
    assert (np.diff(table["waits_for"]) >= 0).all()
    assert (table["waits_for"] <= np.arange(len(table))).all()
    loss = table[(table["kind"] == ROWS) & (table["loss"] == 1)]
    covered = np.concatenate([np.arange(p["first"] + p["low"], p["first"] + p["high"]) for p in loss])
    assert sorted(covered) == list(range(rows))
    assert sorted(loss["part"]) == list(range(pieces.parts))
    weights = table[table["kind"] == WEIGHTS]
    for first in np.unique(weights["first"]):
        found = [line for piece in weights[weights["first"] == first] for line in lines_of(piece, steps)]
        assert sorted(found) == sorted((k, line) for k in range(len(steps)) for line in whole(steps, k))
    assert table["ends"].sum() == 1


def cuts(network, rows):
    layout = lay_out(network, np.dtype("float64"), 8, rows)
    return set(phases.pieces_of(layout, rows, 8, True).table["kind"])


def test_the_cases_reach_every_kind_of_piece(small_caches):
    network = cn.read("100 -> 256 relu -> 300 tanh -> 2")
    assert cuts(network, 64) == {ROWS, FORWARD_COLUMNS, BACKWARD_COLUMNS, WEIGHTS}
    layout = lay_out(network, np.dtype("float64"), 8, 700)
    assert len(np.unique(phases.pieces_of(layout, 700, 8, True).table["first"])) > 1  # chunks
    assert (
        phases.pieces_of(lay_out(cn.read("3 -> 5 -> 1"), np.dtype("float64"), 8, 700), 700, 8, True).gradients
        > 1
    )


@settings(max_examples=25, deadline=None)
@given(*CASES)
@example(cn.read("100 -> 256 relu -> 300 tanh -> 2"), 64, "sgd", True)
@example(cn.read("100 -> 256 relu -> 300 tanh -> 2"), 64, "adam", True)
@example(cn.read("100 -> 256 relu -> 300 tanh -> 2"), 699, "adam", True)
@example(cn.read("3 -> 5 tanh -> 1"), 700, "adam", False)
def test_however_it_is_cut_it_is_the_training_of_the_eager_engine(network, rows, optimizer, small):
    data, recipe = data_for(network, rows + rows // 3), recipe_of(optimizer, rows)
    with pytest.MonkeyPatch.context() as patch:
        if small:
            small_caches.__wrapped__(patch)
        with_threads(patch, 3)
        fused = fitted(FusedCpu(), network, recipe, data)
    eager = fitted(Eager(), network, recipe, data)
    np.testing.assert_allclose(fused.losses, eager.losses, rtol=1e-10, atol=1e-10)
    for ours, theirs in zip(fused.weights, eager.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


@settings(max_examples=15, deadline=None)
@given(networks(dropout=True), *CASES[1:])
@example(cn.read("100 -> 256 relu -> 300 tanh -> 2"), 64, "adam", True)
@example(cn.read("2 -> 300 tanh -> 1"), 500, "adam", False)  # blocks of hidden units
@example(cn.read("784 -> 32 relu -> 10"), 64, "sgd", False)
def test_the_bits_do_not_depend_on_the_number_of_threads(network, rows, optimizer, small):
    data, recipe = data_for(network, rows + rows // 3, torch.float32), recipe_of(optimizer, rows)
    found = []
    for threads in (1, 2, 5):
        with pytest.MonkeyPatch.context() as patch:
            if small:
                small_caches.__wrapped__(patch)
            with_threads(patch, threads)
            found.append(fitted(FusedCpu(), network, recipe, data, "float32", threads=threads))
    for other in found[1:]:
        assert other.losses == found[0].losses
        for ours, theirs in zip(other.weights, found[0].weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)
