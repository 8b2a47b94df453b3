"""The cache of converted tables: found by content, resumed, shared, whole or not there."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.data.table_files import WRITERS, write_csv

from chalknet.data import load
from chalknet.data.cache.entry import HEADER_BYTES, npy_header
from chalknet.data.formats import content_hash
from chalknet.errors import DataError, FileProblem


def table(rows=5000, seed=0):
    random = np.random.default_rng(seed)
    columns = {f"c{i}": random.standard_normal(rows).astype(np.float32) for i in range(4)}
    return {**columns, "y": random.integers(0, 3, rows)}


def entries(cache):
    return sorted(path.name for path in cache.glob("*") if path.is_dir())


def test_a_table_is_converted_once_into_two_plain_npy_files(tmp_path, own_cache):
    content = table()
    path = write_csv(tmp_path / "t.csv", content)
    source = load(path)
    (entry,) = own_cache.glob("t-*[!k]")
    x, y = np.load(entry / "x.npy"), np.load(entry / "y.npy")
    assert x.dtype == np.float32
    assert np.array_equal(x, np.stack(list(content.values())[:-1], axis=1))
    assert y.dtype == np.int64
    assert np.array_equal(y, content["y"])
    assert json.loads((entry / "facts.json").read_text())["state"]["rows"] == 5000
    stamp = (entry / "x.npy").stat().st_mtime_ns
    again = load(path)
    assert (entry / "x.npy").stat().st_mtime_ns == stamp
    assert torch.equal(again.x, source.x)


def test_a_file_rewritten_with_the_same_size_and_times_is_another_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    stamp = path.stat()
    assert load(path).x.tolist() == [[1]]
    path.write_text("a,b\n7,2\n")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert path.stat().st_size == stamp.st_size
    assert load(path).x.tolist() == [[7]]


def test_the_same_content_elsewhere_is_found_again(tmp_path, own_cache):
    (tmp_path / "sub").mkdir()
    for folder in (tmp_path, tmp_path / "sub"):
        (folder / "t.csv").write_text("a,b\n1,2\n")
        load(folder / "t.csv")
    assert len(entries(own_cache)) == 1


def test_other_columns_dtypes_and_readings_are_other_entries(tmp_path, own_cache):
    path = tmp_path / "t.csv"
    path.write_text("1,2,3\n4,5,6\n")
    for options in ({}, {"x": 0}, {"x": 1}, {"y": 0}, {"dtype": "float64"}, {"header": True}):
        load(path, **options)
    assert len(entries(own_cache)) == 6
    for options in ({"fill": 0}, {"standardise": True}, {"held_out": 0.5}, {"in_memory": False}):
        load(path, **options)
    assert len(entries(own_cache)) == 6  # what is done after the conversion needs no other one


def test_the_hash_of_the_content_is_that_of_all_parts_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr("chalknet.checksum._PART_BYTES", 7)
    hashes = set()
    for content in (b"", b"a", b"abcdefg", b"abcdefgh", b"hbcdefga", b"abcdefg" * 3, b"abcdefg" * 4):
        (tmp_path / "f").write_bytes(content)
        hashes.add(content_hash(tmp_path / "f"))
        assert content_hash(tmp_path / "f") in hashes
    assert len(hashes) == 7


@pytest.fixture
def small_steps(monkeypatch):
    """Make a conversion of many blocks of some rows, noted after each."""
    monkeypatch.setattr("chalknet.data.formats.csv_layout._PIECE_BYTES", 3000)
    monkeypatch.setattr("chalknet.data.formats.arrow._BLOCK_BYTES", 3000)
    monkeypatch.setattr("chalknet.data.cache.unfinished._SAVE_EVERY_BYTES", 1)


class Stopped(BaseException):
    """As if the process were killed: nothing is cleaned up."""


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow"])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_conversion_that_was_cut_off_goes_on_where_it_stopped(
    tmp_path, own_cache, monkeypatch, small_steps, suffix, steps
):
    words = np.array(["zoe", "adam", "mia"])
    content = {**table(), "word": words[np.random.default_rng(1).integers(0, 3, 5000)]}
    path = WRITERS[suffix](tmp_path / f"t{suffix}", content)
    options = {"one_hot": True, "y": "y"}
    from chalknet.data.cache import unfinished

    save, saved = unfinished._save, []

    def stop(part, digest, state, files):
        save(part, digest, state, files)
        saved.append(state.position)
        if len(saved) == steps:
            files[0].file.write(b"torn")  # more than what is noted reaches the disk
            files[0].file.flush()
            raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(unfinished, "_save", stop)
        with pytest.raises(Stopped):
            load(path, **options)
    (part,) = own_cache.glob("*.part")
    begun = []
    blocks_from = json.loads((part / "progress.json").read_text())["state"]["position"]
    assert blocks_from == saved[-1] > 0
    with monkeypatch.context() as patched:
        patched.setattr(unfinished, "_save", lambda part, digest, state, files: begun.append(state.position))
        again = load(path, **options)
    assert min(begun) > blocks_from  # the blocks before it were not read again
    assert not list(own_cache.glob("*.part"))
    fresh = load(path, **options, cache=tmp_path / "other")
    assert again.x.equal(fresh.x)
    assert again.y.equal(fresh.y)
    assert again.preparation == fresh.preparation
    (kept,), (other,) = own_cache.glob("t-*[!k]"), (tmp_path / "other").glob("t-*[!k]")
    for name in ("x.npy", "y.npy", "facts.json"):
        assert (kept / name).read_bytes() == (other / name).read_bytes()


CHILD = """
import sys
from chalknet.data import load
source = load(sys.argv[1], cache=sys.argv[2], in_memory=False)
print(len(source), source.fingerprint())
"""


def child(path, cache):
    environment = {**os.environ, "PYTHONPATH": "src"}
    words = [sys.executable, "-c", CHILD, path, cache]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.slow
def test_processes_at_once_and_killed_ones_end_in_one_whole_entry(tmp_path):
    path, cache = write_csv(tmp_path / "t.csv", table(400_000)), tmp_path / "cache"
    wait_s = np.random.default_rng(0).uniform(0, 0.5, 4)
    for pause_s in wait_s:
        killed = child(path, cache)
        deadline = time.monotonic() + 60
        while not list(cache.glob("*.part")) and killed.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(pause_s)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
    together = [child(path, cache) for _ in range(3)]
    answers = [process.communicate() for process in together]
    assert [process.returncode for process in together] == [0, 0, 0], answers
    assert len({out for out, _ in answers}) == 1
    assert len(entries(cache)) == 1
    fresh = load(path, cache=tmp_path / "other")
    assert load(path, cache=cache).x.equal(fresh.x)


def test_a_cache_that_cannot_be_written_is_named_with_another_to_give(tmp_path):
    path = write_csv(tmp_path / "t.csv", table(10))
    (tmp_path / "file").write_text("")
    with pytest.raises(FileProblem, match=r"the cache .*file.*: got .*; wanted .*--cache"):
        load(path, cache=tmp_path / "file" / "cache")


@pytest.fixture
def small_disk(tmp_path):
    """Give a file system of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True
    ).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_named_with_its_place_and_leaves_nothing_half(tmp_path, small_disk):
    path = write_csv(tmp_path / "t.csv", table(100_000))
    with pytest.raises(
        FileProblem, match=r"the cache .*disk: got No space left.* free; wanted room.*--cache"
    ):
        load(path, cache=small_disk)
    assert not entries(small_disk)


def test_a_bad_value_leaves_nothing_half(tmp_path, own_cache, small_steps):
    path = write_csv(tmp_path / "t.csv", table(1000))
    with path.open("a") as file:
        file.write("1,2,3,4,\n")
    with pytest.raises(DataError, match=r"row 1000 .*a target in every row"):
        load(path)
    assert not entries(own_cache)


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path, own_cache, monkeypatch, small_steps):
    path = write_csv(tmp_path / "t.csv", table(1000))
    from chalknet.data.cache import unfinished

    def grow(part, digest, state, files):
        with path.open("a") as file:
            file.write("1,2,3,4,5\n")

    monkeypatch.setattr(unfinished, "_save", grow)
    monkeypatch.setattr("chalknet.data.formats.csv_layout._PIECE_BYTES", 30_000)
    with pytest.raises(DataError, match="written to while it was read"):
        load(path)
    assert not entries(own_cache)


def test_gaps_that_were_filled_once_are_refused_when_nothing_fills_them(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n,3\n")
    assert load(path, fill=5).x.tolist() == [[1], [5]]
    with pytest.raises(DataError, match=r"column .a. of t\.csv, row 1"):
        load(path)


def test_what_never_comes_again_is_no_category(tmp_path, monkeypatch):
    monkeypatch.setattr("chalknet.data.blocks._MOST_WORDS", 5)
    path = tmp_path / "t.csv"
    path.write_text("id,b\n" + "".join(f"name{i},1\n" for i in range(9)))
    with pytest.raises(DataError, match=r"more than 5 different values.*names single rows"):
        load(path, one_hot=True)


def test_the_user_s_cache_folder_is_used_unless_another_is_given(tmp_path, own_cache):
    path = write_csv(tmp_path / "t.csv", table(10))
    load(path)
    assert entries(own_cache)
    load(path, cache=str(tmp_path / "mine"))
    assert entries(tmp_path / "mine")
    assert Path(own_cache).parent.name == "chalknet"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_table_loaded_again_or_given_to_a_plan_is_not_converted_again(tmp_path, own_cache, dtype):
    import chalknet as cn

    path = write_csv(tmp_path / "t.csv", table(50))
    source = load(path, dtype=dtype, held_out=0.2)
    stamps = {file: file.stat().st_mtime_ns for file in own_cache.glob("*/*")}
    assert len(entries(own_cache)) == 1
    again = load(path, dtype=dtype, held_out=0.2)
    assert load(again) is again
    recipe = cn.Recipe(loss="cross_entropy", updates=1)
    cn.plan(cn.read("4 -> 3"), again, recipe, dtype=dtype, engine="eager")
    cn.fit(
        cn.read("4 -> 3"), path, loss="cross_entropy", updates=1, dtype=dtype, engine="eager", held_out=0.2
    )
    assert {file: file.stat().st_mtime_ns for file in own_cache.glob("*/*")} == stamps
    assert again.fingerprint() == source.fingerprint()


def test_the_header_is_numpy_s_own_and_fills_the_bytes_kept_for_it(tmp_path, own_cache):
    load(write_csv(tmp_path / "t.csv", table(7)))
    (entry,) = own_cache.glob("t-*[!k]")
    for name, dtype, shape in (("x.npy", "<f4", (7, 4)), ("y.npy", "<i8", (7,))):
        with (entry / name).open("rb") as file:
            assert np.lib.format.read_magic(file) == (1, 0)
            assert np.lib.format.read_array_header_1_0(file) == (shape, False, np.dtype(dtype))
            assert file.tell() == HEADER_BYTES


def test_a_header_for_any_number_of_rows_fits_the_bytes_kept_for_it():
    for rows in (1, 10**6, 2**62):
        header = npy_header(np.dtype("float64"), (rows, 10**6))
        file = io.BytesIO(header)
        assert np.lib.format.read_magic(file) == (1, 0)
        assert np.lib.format.read_array_header_1_0(file) == ((rows, 10**6), False, np.dtype("float64"))
        assert file.tell() == len(header) == HEADER_BYTES
