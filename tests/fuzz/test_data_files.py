"""Whatever file of data is loaded ends in samples or in an error of ours, in bounded time and memory."""

import bz2
import gzip
import lzma
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from tests.fuzz.bounded_files import loaded
from tests.fuzz.data_files import fuzz

_SHORT, _LONG = 50_000, 2_000_000
_ROWS = b"1,2\n" * 250_000


def bad(found):
    return [one for one in found if one.is_bad]


def files(place, contents):
    for name, content in contents.items():
        (place / name).write_bytes(content)
    return [place / name for name in contents]


def repeated(size):
    """Return texts of one piece over and over: alone, behind rows, in a quotation mark, before rows."""
    pieces = (
        ",", ";", "\t", "|", " ", "\n", "\r", "\r\n", '"', '""', "\0", "1", "0", "1 ", "1e999,",
        "2020-01-01,", "null,", "%\n\n", '{"a}\n\n', "#", "# \n", "//", "--\n", "sep=,\n", "a,",
        '1,"a\n"\n', "=1,", "x,1\r", "\\", "<a>",
    )  # fmt: skip
    for i, piece in enumerate([*(piece.encode() for piece in pieces), b"\xff", "é,".encode("latin-1")]):
        whole = piece * (size // len(piece))
        yield f"{i}.csv", whole
        yield f"{i}-behind.csv", b"a,b\n1,2\n" + whole
        yield f"{i}-quoted.csv", b'a,b\n1,2\n"' + whole
        yield f"{i}-before.csv", whole + b"\n1,2\n3,4\n"


@pytest.mark.slow
def test_a_piece_over_and_over_is_read_or_refused(tmp_path):
    assert not bad(loaded(files(tmp_path, dict(repeated(_SHORT)))))


@pytest.mark.slow
def test_two_megabytes_of_a_piece_take_at_most_five_seconds_and_a_gigabyte(tmp_path):
    telling = ("0", "5", "8", "11", "14", "15", "17", "18", "30")
    contents = {name: text for name, text in repeated(_LONG) if name.removesuffix(".csv") in telling}
    assert len(contents) == len(telling)
    assert not bad(loaded(files(tmp_path, contents)))


@pytest.mark.slow
def test_what_is_packed_a_thousandfold_is_refused_with_the_limit(tmp_path):
    images = struct.pack(">BBBBIII", 0, 0, 8, 3, 400_000, 28, 28)
    contents = {
        "rows.csv.gz": gzip.compress(_ROWS) * 300,
        "zeros.csv.gz": gzip.compress(bytes(1 << 20)) * 300,
        "quote.csv.gz": gzip.compress(b'"' * (1 << 20)) * 300,
        "rows.csv.bz2": bz2.compress(_ROWS) * 150,
        "rows.csv.xz": lzma.compress(_ROWS) * 150,
        "a-idx3-ubyte.gz": gzip.compress(images) + gzip.compress(bytes(784_000)) * 400,
    }
    paths = files(tmp_path, contents)
    (tmp_path / "a-idx1-ubyte").write_bytes(struct.pack(">BBBBI", 0, 0, 8, 1, 400_000) + bytes(400_000))
    paths.append(tmp_path / "a.npz")
    np.savez_compressed(paths[-1], x=np.zeros((6_000_000, 2)), y=np.zeros(6_000_000))
    table = pa.table({"a": np.zeros(20_000_000, "i1"), "b": np.zeros(20_000_000, "i1")})
    paths += [tmp_path / "a.parquet", tmp_path / "a.arrow", tmp_path / "nulls.arrow"]
    parquet.write_table(table, paths[-3], compression="zstd")
    nulls = pa.table({"a": pa.nulls(10**9), "b": pa.nulls(10**9)})
    for path, each in ((paths[-2], table), (paths[-1], nulls)):
        packed = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.ipc.new_file(path, each.schema, options=packed) as file:
            file.write_table(each)
    found = loaded(paths)
    assert not bad(found)
    for one in found:
        assert one.what == "refused", one
        told = {"zeros.csv.gz": "no text", "quote.csv.gz": "row_bytes"}
        assert told.get(Path(one.path).name, "unpacked_bytes") in one.said, one


@pytest.mark.slow
def test_twenty_thousand_columns_are_read_in_five_seconds_with_their_names(tmp_path):
    names = [f"a rather long name of column {i}, {'x' * 40}" for i in range(20_000)]
    values = np.random.default_rng(0).integers(0, 100, (12, len(names)))
    rows = [",".join(f'"{name}"' for name in names), *(",".join(map(str, row)) for row in values)]
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(rows) + "\n")
    assert rows[0].__sizeof__() > 1 << 20
    (found,) = loaded([path])
    assert found.what == "read"
    assert not found.is_bad, found
    (told,) = loaded([path], "describe")
    assert not told.is_bad, told
    assert all(name in told.said for name in names[:10])


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
        "{'descr': '<f8', 'fortran_order': True, 'shape': (2L, -3L), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '<U100000000', 'fortran_order': False, 'shape': (9, 2), }",
        "{'descr': __import__('os').abort(), 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': " + "(" * 3000 + ")" * 3000 + ", 'fortran_order': False, 'shape': (2, 2), }",
        "{",
    ],
)
@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_header_of_npy_that_promises_what_is_not_there_is_refused(tmp_path, header, version):
    import chalknet as cn

    length = struct.pack("<H" if version == 1 else "<I", len(header) if version < 3 else (1 << 32) - 1)
    (tmp_path / "a.npy").write_bytes(
        b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + b"\0" * 64
    )
    with pytest.raises(cn.DataError, match=r"a\.npy: got"):
        cn.load(tmp_path / "a.npy")


@pytest.mark.slow
def test_damaged_files_of_every_format_are_read_or_refused():
    counts = fuzz(seed=1, seconds=3)
    assert sum(each["tried"] for each in counts.values()) >= 50
    for each in counts.values():
        assert each["tried"] == each["read"] + each["refused"]
