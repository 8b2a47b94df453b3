"""IDX files: every type, every place to cut, every bit to flip."""

import gzip
import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chalknet.data import read_idx, write_idx
from chalknet.data.formats import IDX, format_of
from chalknet.data.formats.idx import decode_idx, idx_bytes
from chalknet.errors import ChalknetError, DataError, FileProblem, InvalidValue


def looks_like_idx(path):
    try:
        return format_of(path) is IDX
    except DataError:  # of no format at all
        return False


DTYPES = st.sampled_from([np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64])
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
SMALL = np.arange(12, dtype=np.int16).reshape(3, 4)


def decoded(data):
    return decode_idx(io.BytesIO(data), "file")


@given(arrays.arrays(DTYPES, SHAPES), st.booleans())
def test_every_array_comes_back_gzipped_or_not(array, packed):
    data = idx_bytes(array)
    back = decoded(gzip.compress(data, mtime=0) if packed else data)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    assert back.flags.writeable


@given(st.integers(0, 20 * 8 - 1))
def test_a_flipped_bit_of_the_header_is_an_error_of_ours_or_another_array(bit):
    data = bytearray(idx_bytes(np.zeros((2, 2, 2), np.uint8)))
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    try:
        decoded(bytes(data))
    except DataError as problem:
        assert problem.where == "file"


def test_a_file_that_was_written_is_read_whatever_its_name(tmp_path):
    for name in ("a.gz", "a", "a.idx3-ubyte"):
        write_idx(tmp_path / name, SMALL)
        assert read_idx(str(tmp_path / name)).tolist() == SMALL.tolist()
        (tmp_path / name).write_bytes(idx_bytes(SMALL))
        assert read_idx(tmp_path / name).tolist() == SMALL.tolist()


def test_the_same_array_gives_the_same_bytes_under_any_name(tmp_path):
    write_idx(tmp_path / "a.gz", SMALL)
    write_idx(tmp_path / "b.gz", np.asfortranarray(SMALL.astype(">i2")))
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_a_file_cut_off_anywhere_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "cut"
    for whole in (idx_bytes(SMALL), gzip.compress(idx_bytes(SMALL), mtime=0)):
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            with pytest.raises(DataError, match=str(path)):
                read_idx(path)


def test_a_flipped_bit_in_a_gzipped_file_is_an_error_of_ours_or_no_harm():
    whole = gzip.compress(idx_bytes(SMALL), mtime=0)
    for bit in range(len(whole) * 8):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        try:
            assert decoded(bytes(data)).tolist() == SMALL.tolist()  # the header's date, say
        except ChalknetError as problem:
            assert isinstance(problem, DataError)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", r"\(none\)"),
        (b"\x00\x00\x08", "00 00 08"),
        (b"hello", "68 65 6c 6c"),
        (b"\x00\x00\x07\x01", "00 00 07 01"),
        (b"\x00\x00\x08\x02\x00", "got 5 bytes; wanted 12 bytes for a header of 2 axes"),
        (idx_bytes(SMALL)[:-1], r"got 23 bytes; wanted 24 bytes for values of shape \(3, 4\)"),
        (idx_bytes(SMALL) + b"\0", "got more than 24 bytes; wanted 24 bytes"),
        (gzip.compress(idx_bytes(SMALL) + b"\0", mtime=0), "got more than 24 bytes"),
        (gzip.compress(idx_bytes(SMALL), mtime=0) + b"rest", "damaged gzip data"),
        (gzip.compress(idx_bytes(SMALL), mtime=0)[:-4], "damaged gzip data"),
    ],
)
def test_the_error_says_what_was_found_and_what_was_expected(data, said):
    with pytest.raises(DataError, match=said) as caught:
        decoded(data)
    assert "download it again" in caught.value.remedy


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("sizes", [(2**32 - 1,) * 3, (0,) + (2**32 - 1,) * 3, (1,) * 100])
def test_a_header_that_claims_absurd_sizes_allocates_nothing(sizes, pack):
    head = struct.pack(f">BBBB{len(sizes)}I", 0, 0, 0x0E, len(sizes), *sizes)
    with pytest.raises(DataError):
        decoded(pack(head + b"12345678" * (sizes[0] == 1)))


def test_a_file_that_cannot_be_opened_or_written_is_a_file_problem(tmp_path):
    with pytest.raises(FileProblem, match="No such file"):
        read_idx(tmp_path / "nowhere")
    with pytest.raises(FileProblem, match="folder"):
        read_idx(tmp_path)
    with pytest.raises(FileProblem, match="wanted a place that can be written"):
        write_idx(tmp_path / "no" / "folder", SMALL)


def test_an_array_that_idx_has_no_type_for_is_refused(tmp_path):
    with pytest.raises(InvalidValue, match=r"int64.*astype"):
        write_idx(tmp_path / "a", np.zeros(3, np.int64))
    assert not (tmp_path / "a").exists()


def test_idx_is_recognised_by_its_bytes_or_its_name(tmp_path):
    for name, data in (("a", idx_bytes(SMALL)), ("b", gzip.compress(idx_bytes(SMALL))), ("c-idx1", b"")):
        (tmp_path / name).write_bytes(data)
        assert looks_like_idx(tmp_path / name)
    for name, data in (("d", b"1,2"), ("e", gzip.compress(b"1,2,3")), ("f", b"\x1f\x8b"), ("g", b"")):
        (tmp_path / name).write_bytes(data)
        assert not looks_like_idx(tmp_path / name)
