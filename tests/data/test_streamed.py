"""Sources that stay in their files: the same batches and weights, memory that stays flat, honest failures."""

import json
import os
import subprocess
import sys
import threading
from importlib import import_module
from itertools import chain, islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.data.table_files import WRITERS

import chalknet as cn
from chalknet.data import ArraySource, Batches, Shard, StreamedSource, load
from chalknet.data.formats.array_file import ArrayFile
from chalknet.data.formats.idx import idx_bytes
from chalknet.data.formats.numpy_files import open_npy
from chalknet.errors import DataError


def table(rows=3000, columns=5):
    random = np.random.default_rng(0)
    named = {f"c{i}": random.standard_normal(rows).astype(np.float32) for i in range(columns)}
    return {**named, "y": random.integers(0, 2, rows).astype(np.float32)}


@pytest.fixture
def ahead(monkeypatch):
    """Let every streamed source be read ahead by a thread, however many CPUs there are."""
    monkeypatch.setattr("chalknet.data.batches.cores", lambda: 1 << 10)


def weights(result):
    return [parameter.detach() for parameter in result.module.parameters()]


@pytest.mark.slow
@pytest.mark.parametrize("threaded", [True, False])
@pytest.mark.parametrize("options", [{}, {"standardise": True}, {"held_out": 0.2, "standardise": True}])
def test_the_same_seed_gives_the_same_weights_bit_for_bit_from_every_kind_of_file(
    tmp_path, monkeypatch, threaded, options
):
    monkeypatch.setattr("chalknet.data.batches.cores", lambda: 1 << 10 if threaded else 1)
    monkeypatch.setattr("chalknet.data.batches._SHUFFLED_BLOCK_BYTES", 20_000)
    content = table()
    x, y = np.stack(list(content.values())[:-1], axis=1), content["y"]
    sources = {"arrays": load((x, y), **options)}
    for suffix, write in WRITERS.items():
        path = write(tmp_path / f"t{suffix}", content)
        sources[f"{suffix} in memory"] = load(path, **options, in_memory=True)
        sources[f"{suffix} streamed"] = load(path, **options, in_memory=False)
    fits = {
        name: cn.fit(
            cn.read("5 -> 8 relu -> 1 sigmoid"),
            source,
            loss="bce",
            lr=0.5,
            batch_size=64,
            epochs=3,
            shuffle=True,
            seed=3,
            engine="eager",
            threads=1,
        )
        for name, source in sources.items()
    }
    wanted = fits.pop("arrays")
    assert len(fits) == 8
    for name, result in fits.items():
        assert result.history.loss == wanted.history.loss, name
        assert result.evaluation.train == wanted.evaluation.train, name
        assert result.evaluation.held_out == wanted.evaluation.held_out, name
        assert all(map(torch.equal, weights(result), weights(wanted))), name
    kinds = {name.split()[-1]: type(source) for name, source in sources.items() if " " in name}
    assert kinds == {"memory": ArraySource, "streamed": StreamedSource}


@given(
    rows=st.lists(st.integers(0, 99), max_size=60),
    width=st.sampled_from([1, 3, 1500]),
    dtype=st.sampled_from(["f4", ">f8", "u1", "<i2"]),
)
def test_any_rows_in_any_order_are_those_of_numpy(tmp_path_factory, rows, width, dtype):
    path = tmp_path_factory.mktemp("stored") / "a.npy"
    whole = np.random.default_rng(1).integers(0, 200, (100, width)).astype(dtype)
    np.save(path, whole)
    stored = open_npy(path)
    numbers = np.array(rows, dtype=np.int64)
    assert np.array_equal(stored.read(numbers), whole[numbers])
    first, last = (min(rows), max(rows)) if rows else (5, 5)
    assert np.array_equal(stored.read(slice(first, last)), whole[first:last])
    assert np.array_equal(stored.read(slice(50, None)), whole[50:])


def test_rows_outside_are_refused_and_shapes_of_one_and_many_axes_are_read(tmp_path):
    for shape in ((7,), (7, 1), (7, 2, 3), (7, 0)):
        np.save(tmp_path / "a.npy", np.arange(np.prod(shape)).reshape(shape))
        stored = open_npy(tmp_path / "a.npy")
        assert np.array_equal(stored.read(np.array([6, 0, 6])), np.load(tmp_path / "a.npy")[[6, 0, 6]])
    np.save(tmp_path / "a.npy", np.arange(7))
    for row in (7, -1):
        with pytest.raises(IndexError, match="numbered 0 to 6"):
            open_npy(tmp_path / "a.npy").read(np.array([row]))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", "u1", "i4", "?"])
@pytest.mark.parametrize("shape", [(40, 3), (40,), (40, 2, 3)])
def test_a_streamed_pair_of_npy_files_gives_what_the_arrays_give(tmp_path, dtype, shape):
    x = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    y = np.arange(40, dtype=np.uint8)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    streamed = load((tmp_path / "x.npy", tmp_path / "y.npy"), in_memory=False)
    wanted = load((x, y))
    rows = torch.tensor([3, 39, 0, 3])
    for some in (rows, slice(4, 9), slice(0, 40), slice(38, 99)):
        for one, other in zip(streamed.take(some), wanted.take(some), strict=True):
            assert one.dtype is other.dtype
            assert torch.equal(one, other)
    assert (streamed.x_shape, streamed.y_shape) == (wanted.x_shape, wanted.y_shape)


def test_idx_images_are_streamed_as_they_are_read(tmp_path):
    random = np.random.default_rng(0)
    images, labels = tmp_path / "t-images-idx3-ubyte", tmp_path / "t-labels-idx1-ubyte"
    images.write_bytes(idx_bytes(random.integers(0, 256, (9, 4, 3)).astype(np.uint8)))
    labels.write_bytes(idx_bytes(np.arange(9, dtype=np.uint8)))
    streamed, whole = load(images, in_memory=False), load(images)
    assert isinstance(streamed, StreamedSource)
    assert all(map(torch.equal, streamed.take(slice(0, 9)), whole.take(slice(0, 9))))
    assert streamed.fingerprint() == whole.fingerprint()


def test_a_file_is_read_into_memory_where_it_fits_and_stays_where_it_does_not(tmp_path, monkeypatch):
    path = WRITERS[".npy"](tmp_path / "t.npy", table())
    assert not load(path).streams
    monkeypatch.setattr("chalknet.system.available_bytes", lambda: 100_000)
    assert load(path).streams
    assert load(path, held_out=0.5).held_out.streams
    assert not load(path, in_memory=True).streams


def test_nan_infinity_and_labels_are_found_in_a_streamed_file(tmp_path, monkeypatch):
    monkeypatch.setattr("chalknet.data.sources.streamed._BLOCK_BYTES", 1000)
    whole = np.zeros((3000, 3), np.float32)
    for value in (np.nan, np.inf):
        whole[2345, 1] = value
        np.save(tmp_path / "t.npy", whole)
        with pytest.raises(DataError, match=rf"x of t.npy, row 2345 .*got {value} in column 1"):
            load(tmp_path / "t.npy", in_memory=False)
    whole[2345, 1], whole[2999, 2] = 0, 3
    np.save(tmp_path / "t.npy", whole)
    source = load(tmp_path / "t.npy", in_memory=False)
    with pytest.raises(DataError, match=r"y of t.npy, row 2999 \(1 in all\): got 3; wanted labels between"):
        cn.fit(cn.read("2 -> 1 sigmoid"), source, loss="bce", updates=1)
    with pytest.raises(DataError, match=r"row 2999.*class numbers, whole and from 0 to 1"):
        cn.fit(cn.read("2 -> 2"), source, loss="cross_entropy", updates=1)
    assert cn.describe(source)["y"] == "(n) float32, 0 to 3"
    assert "no: batches are read" in cn.describe(source)["in memory"]


@pytest.mark.parametrize("damage", ["cut", "emptied", "rewritten", "touched"])
def test_a_file_that_changes_while_it_is_in_use_is_an_error_and_no_crash(tmp_path, damage):
    path = WRITERS[".npy"](tmp_path / "t.npy", table())
    source = load(path, in_memory=False)
    content = path.read_bytes()
    match damage:
        case "cut":
            os.truncate(path, 1000)
        case "emptied":
            os.truncate(path, 0)
        case "rewritten":
            path.write_bytes(content[::-1])
        case "touched":
            os.utime(path, ns=(0, 0))
    for rows in (slice(0, 2000), torch.tensor([5, 2999])):
        with pytest.raises(DataError, match=r"t\.npy: got .*; wanted the file as it was when it was opened"):
            source.take(rows)


def test_a_file_cut_off_after_the_check_is_an_error_too(tmp_path, monkeypatch):
    path = WRITERS[".npy"](tmp_path / "t.npy", table())
    source = load(path, in_memory=False)
    os.truncate(path, 1000)
    monkeypatch.setattr(ArrayFile, "_check_unchanged", lambda self: None)
    for rows in (slice(0, 2000), torch.tensor([5, 2999])):
        with pytest.raises(DataError, match="got no bytes from"):
            source.take(rows)


def test_a_file_that_is_removed_can_still_be_read(tmp_path):
    path = WRITERS[".npy"](tmp_path / "t.npy", table())
    source, wanted = load(path, in_memory=False), load(path)
    path.unlink()
    assert torch.equal(source.take(slice(0, 3000)).x, wanted.x)


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_file_cut_off_in_the_middle_ends_the_fit_with_the_error(tmp_path, ahead, monkeypatch, shuffle):
    monkeypatch.setattr("chalknet.data.batches._BLOCK_BYTES", 4000)
    monkeypatch.setattr("chalknet.data.batches._SHUFFLED_BLOCK_BYTES", 4000)
    path = WRITERS[".npy"](tmp_path / "t.npy", table())
    source = load(path, in_memory=False)
    before = threading.active_count()

    def cut(progress):
        os.truncate(path, 2000)

    with pytest.raises(DataError, match="as it was when it was opened"):
        cn.fit(
            cn.read("5 -> 1"),
            source,
            loss="mse",
            batch_size=16,
            epochs=500,
            shuffle=shuffle,
            on_progress=cut,
            engine="eager",
        )
    assert threading.active_count() == before


def test_the_reading_thread_ends_when_the_fit_does(tmp_path, ahead, monkeypatch):
    monkeypatch.setattr("chalknet.data.batches._BLOCK_BYTES", 4000)
    monkeypatch.setattr("chalknet.data.batches._SHUFFLED_BLOCK_BYTES", 4000)
    source = load(WRITERS[".npy"](tmp_path / "t.npy", table()), in_memory=False)
    before = threading.active_count()
    options = {"loss": "mse", "batch_size": 16, "engine": "eager", "shuffle": True}
    cn.fit(cn.read("5 -> 1"), source, updates=7, **options)
    assert threading.active_count() == before
    epoch = Batches(source, 16).epoch(None)
    assert len(list(islice(epoch, 2))) == 2
    assert threading.active_count() == before + 1
    epoch.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("cut", [Shard(), Shard(micro_batch=7), Shard(micro_batch=5, rank=1, size=2)])
def test_pieces_of_updates_are_those_from_memory(tmp_path, ahead, cut):
    path = WRITERS[".npy"](tmp_path / "t.npy", table(200))
    kinds = []
    for in_memory in (True, False):
        batches = Batches(load(path, in_memory=in_memory), 64, shuffle=True)
        kinds.append([list(pieces) for pieces in batches.updates(5, 1, cut)])
    assert [len(pieces) for pieces in kinds[0]] == [len(pieces) for pieces in kinds[1]]
    for one, other in zip(*(chain.from_iterable(kind) for kind in kinds), strict=True):
        assert one.of == other.of
        assert torch.equal(one.x, other.x)
        assert torch.equal(one.y, other.y)
    assert not load(path, in_memory=True).reads_ahead


def test_origin_gives_the_very_source_again_and_the_fingerprint_tells_changes(tmp_path):
    path = WRITERS[".csv"](tmp_path / "t.csv", table(100))
    options = {"x": ["c1", "c0"], "y": "y", "standardise": True, "held_out": 0.25, "in_memory": False}
    source = load(path, **options)
    origin = json.loads(json.dumps(source.origin))
    assert origin["data"] == str(path)
    again = load(**origin)
    assert all(map(torch.equal, again.take(slice(0, 75)), source.take(slice(0, 75))))
    assert again.preparation == source.preparation
    assert again.fingerprint() == source.fingerprint()
    assert load(path, **{**options, "in_memory": True}).fingerprint() == source.fingerprint()
    assert load(path, **{**options, "x": ["c0", "c1"]}).fingerprint() != source.fingerprint()
    with path.open("a") as file:
        file.write("1,2,3,4,5,1\n")
    assert load(**origin).fingerprint() != source.fingerprint()


def test_origin_of_names_pairs_and_arrays(tmp_path):
    assert load("mnist01").origin == {"data": "mnist01"}
    assert load("mnist01", held_out=0.5).origin == {"data": "mnist01", "held_out": 0.5}
    np.save(tmp_path / "x.npy", np.zeros((4, 2)))
    np.save(tmp_path / "y.npy", np.zeros(4))
    pair = [str(tmp_path / "x.npy"), str(tmp_path / "y.npy")]
    source = load(tuple(pair), held_out=tuple(pair))
    assert source.origin == {"data": pair, "held_out": pair}
    again = load(**source.origin)
    assert again.fingerprint() == source.fingerprint()
    np.save(tmp_path / "y.npy", np.ones(4))
    assert load(**source.origin).fingerprint() != source.fingerprint()
    arrays = load((torch.zeros(3), torch.zeros(3)))
    assert arrays.origin is None
    assert arrays.fingerprint() == load((torch.zeros(3), torch.zeros(3))).fingerprint()
    assert arrays.fingerprint() != load((torch.zeros(3), torch.ones(3))).fingerprint()
    assert arrays.fingerprint() != load((torch.zeros(3, 1), torch.zeros(3, 1))).fingerprint()
    assert load(arrays) is arrays


def test_an_interrupted_fit_to_a_streamed_table_is_resumed_bit_for_bit(tmp_path):
    path = WRITERS[".csv"](tmp_path / "t.csv", table(500))
    options = {"loss": "mse", "batch_size": 32, "shuffle": True, "engine": "eager"}
    source = load(path, standardise=True, in_memory=False)
    whole = cn.fit(cn.read("5 -> 3 tanh -> 1"), source, updates=50, **options)
    cn.fit(cn.read("5 -> 3 tanh -> 1"), source, updates=23, **options, out=tmp_path / "run")
    resumed = cn.resume(tmp_path / "run", updates=50)
    assert resumed.history.loss == whole.history.loss
    assert all(map(torch.equal, weights(resumed), weights(whole)))
    assert resumed.preparation == source.preparation


CHILD = """
import json, resource, sys
import torch, pyarrow.csv  # what loading them takes is not counted
import chalknet as cn
def status(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) * 1024
path, form, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(1)
small = torch.zeros(9, 2)
options = {"loss": "mse", "updates": 2, "shuffle": True, "engine": sys.argv[4]}
cn.fit(cn.read("2 -> 4 relu -> 1"), (small, small[:, 0]), **options)
before, size = status("VmHWM"), status("VmSize")
if limit:
    resource.setrlimit(resource.RLIMIT_AS, (size + limit, size + limit))
paths = path.split(",")
source = cn.load(paths[0] if len(paths) == 1 else tuple(paths))
result = cn.fit(cn.read(form), source, loss="mse", batch_size=256, updates=60, shuffle=True, lr=1e-3,
                engine=sys.argv[4])
print(json.dumps({"streams": source.streams, "grown": status("VmHWM") - before,
                "rows": len(source)}))
"""


def fitted(path, form, limit, engine="eager"):
    environment = {**os.environ, "PYTHONPATH": "src", "MALLOC_ARENA_MAX": "1"}
    words = [sys.executable, "-c", CHILD, path, form, str(limit), engine]
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("columns", "engine"), [(300, "eager"), (9, "fused_cpu")])
def test_a_file_many_times_the_memory_allowed_is_fitted_with_shuffling_in_flat_memory(
    tmp_path, columns, engine
):
    rows = 600_000_000 // (4 * columns)
    path = tmp_path / "t.npy"
    with path.open("wb") as file:
        shape = {"descr": "<f4", "fortran_order": False, "shape": (rows, columns)}
        np.lib.format.write_array_header_1_0(file, shape)
        random = np.random.default_rng(0)
        for first in range(0, rows, 100_000):
            file.write(random.standard_normal((min(100_000, rows - first), columns), np.float32).data)
    limit = 260 << 20
    found = fitted(path, f"{columns - 1} -> 4 relu -> 1", limit, engine)
    assert found["streams"]
    assert found["rows"] == rows
    order_bytes = 4 * rows  # the one thing that grows with the file: an epoch's order
    assert found["grown"] < (120 << 20) + order_bytes
    assert path.stat().st_size > 2 * limit


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_large_csv_is_converted_and_fitted_in_flat_memory(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    numbers = np.random.default_rng(0).random((5000, 20))
    block = "\n".join(",".join(f"{value:.6f}" for value in row) for row in numbers)
    path = tmp_path / "t.csv"
    with path.open("w") as file:
        file.write(",".join(f"c{i}" for i in range(20)) + "\n")
        for _ in range(200):
            file.write(block + "\n")
    found = fitted(path, "19 -> 4 relu -> 1", 0)
    assert found["rows"] == 1_000_000
    in_memory = 0 if found["streams"] else 3 * 76_000_000
    assert found["grown"] < (170 << 20) + in_memory


def test_gradient_descent_on_a_streamed_file_is_summed_over_pieces_into_the_same_updates(
    tmp_path, monkeypatch
):
    choose = import_module("chalknet.training.choice.prepare")
    monkeypatch.setattr(choose, "_LARGEST_PIECE_BYTES", 7 * 5 * 8)  # seven rows
    table = np.random.default_rng(0).standard_normal((50, 5))
    np.save(tmp_path / "table.npy", table)
    options = {"loss": "mse", "lr": 0.1, "updates": 9, "engine": "eager", "dtype": "float64"}
    results = [
        cn.fit(
            cn.read("4 -> 6 tanh -> 1"),
            cn.load(tmp_path / "table.npy", in_memory=in_memory, dtype="float64"),
            **options,
        )
        for in_memory in (True, False)
    ]
    assert [result.plan.placement.micro_batch for result in results] == [None, 7]
    assert "7 at a time" in str(results[1].plan)
    losses = [list(result.history.loss) for result in results]
    assert losses[1] == pytest.approx(losses[0], rel=1e-12)
