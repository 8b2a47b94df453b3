"""Rows read through a map: those of numpy, and nobody cuts the file off meanwhile."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.data.formats import mapped_rows
from chalknet.data.formats.array_file import ArrayFile
from chalknet.data.formats.numpy_files import open_npy
from chalknet.errors import DataError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases are of Linux")


def stored(folder, rows=100, width=3):
    np.save(folder / "a.npy", np.random.default_rng(0).random((rows, width), np.float32))
    return open_npy(folder / "a.npy")


def is_mapped(array):
    return array._mapped._rows is not None


@pytest.mark.parametrize("most", [0, 512 << 20])
@given(
    rows=st.lists(st.integers(0, 99), min_size=1, max_size=60),
    width=st.sampled_from([1, 3, 1500]),
    dtype=st.sampled_from(["f2", "f4", ">f8", "u1", "<i2", "?"]),
    offset=st.integers(0, 5000),
    backwards=st.booleans(),
)
def test_any_rows_in_any_order_are_those_of_numpy_mapped_or_not(
    tmp_path_factory, most, rows, width, dtype, offset, backwards
):
    path = tmp_path_factory.mktemp("stored") / "a.bin"
    whole = np.random.default_rng(1).integers(0, 200, (100, width)).astype(dtype)
    path.write_bytes(bytes(offset) + whole.tobytes())
    numbers = np.array(rows, dtype=np.int64)[:: -1 if backwards else 1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mapped_rows, "_MOST_BYTES", most)
        array = ArrayFile(path, np.dtype(dtype), whole.shape, offset)
        assert np.array_equal(array.read(numbers), whole[numbers])
        first, last = min(rows), max(rows) + 1
        assert np.array_equal(array.read(slice(first, last)), whole[first:last])
        assert is_mapped(array) == bool(most)


WRITER = "import os, sys\nos.truncate(sys.argv[1], 0)"


def test_who_cuts_a_file_off_waits_until_its_rows_are_read_and_the_next_read_is_the_error(tmp_path):
    array = stored(tmp_path)
    wanted = np.load(tmp_path / "a.npy")
    writers = []

    def check():
        writers.append(subprocess.Popen([sys.executable, "-S", "-c", WRITER, str(array.path)]))
        with pytest.raises(subprocess.TimeoutExpired):
            writers[0].wait(0.3)

    out = np.empty((2, 12), np.uint8)
    numbers = np.array([99, 1])
    assert array._mapped.read(numbers, out, check)
    assert np.array_equal(out.view(np.float32), wanted[numbers])
    assert writers[0].wait(20) == 0
    with pytest.raises(DataError, match="got 0 bytes, written to since"):
        array.read(numbers)


def test_a_file_that_is_cut_off_again_and_again_while_it_is_read_ends_no_process(tmp_path):
    wanted = stored(tmp_path, 2000, 500).read(slice(None))
    content = (tmp_path / "a.npy").read_bytes()
    shuffled = np.random.default_rng(0).permutation(2000)
    reads, ends = 0, 0
    for numbers in (shuffled, slice(0, 2000), shuffled, slice(0, 2000)):
        array = open_npy(tmp_path / "a.npy")
        cut = threading.Thread(target=os.truncate, args=(array.path, 1000))
        try:
            for turn in range(10_000):
                if turn == 1:
                    assert is_mapped(array)
                    cut.start()
                assert np.array_equal(array.read(numbers), wanted[numbers])
                reads += 1
        except DataError:
            ends += 1
        cut.join()
        array.path.write_bytes(content)
    assert ends == 4
    assert reads >= 4


def test_a_file_that_is_open_for_writing_is_read_by_position(tmp_path):
    array = stored(tmp_path)
    with array.path.open("r+b"):
        assert np.array_equal(array.read(np.array([4, 2])), np.load(array.path)[[4, 2]])
        assert not is_mapped(array)
    array.read(np.array([4, 2]))
    assert is_mapped(array)


def test_a_file_without_leases_is_read_by_position(tmp_path, monkeypatch):
    monkeypatch.setattr(mapped_rows, "_SET_LEASE", 0)  # no such system call
    array = stored(tmp_path)
    assert np.array_equal(array.read(np.array([4, 2])), np.load(array.path)[[4, 2]])
    assert not is_mapped(array)


def test_a_file_beyond_the_bound_or_the_memory_left_is_read_by_position(tmp_path, monkeypatch):
    monkeypatch.setattr(mapped_rows, "fits_in_memory", lambda needed: needed < 1000)
    array = stored(tmp_path)
    array.read(np.array([4, 2]))
    assert not is_mapped(array)
    small = stored(tmp_path, 10)
    small.read(np.array([4, 2]))
    assert is_mapped(small)
    monkeypatch.setattr(mapped_rows, "_MOST_BYTES", 200)
    bounded = stored(tmp_path, 10)
    bounded.read(np.array([4, 2]))
    assert not is_mapped(bounded)


def test_threads_and_forked_processes_read_the_same_rows(tmp_path):
    array, wanted = stored(tmp_path, 1000), np.load(tmp_path / "a.npy")
    numbers = np.random.default_rng(0).permutation(1000)
    found = []

    def read():
        for _ in range(50):
            found.append(np.array_equal(array.read(numbers), wanted[numbers]))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 150
    assert is_mapped(array)
    child = os.fork()
    if not child:
        out = np.empty((1000, 12), np.uint8)
        mapped = array._mapped.read(numbers, out, lambda: None)  # its lease would be the parent's
        os._exit(2 * mapped + (not np.array_equal(array.read(numbers), wanted[numbers])))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
