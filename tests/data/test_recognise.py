"""A file's format is that of its content; its ending decides where the content leaves it open."""

import bz2
import gzip
import io

import numpy as np
import pytest
from tests.data.table_files import WRITERS

import chalknet as cn
from chalknet.data.formats import format_of
from chalknet.data.formats.idx import idx_bytes
from chalknet.data.formats.recognise import FORMATS
from chalknet.errors import DataError

TEXT = b"a,b\n1,2\n3,4\n"
# Names that hold the name of another format, or its ending anywhere but at the end -> what text is read as.
NAMES = {
    "train_idx.csv": "CSV",
    "ubyte.txt": "CSV",
    "my-idx3-ubyte.tsv": "CSV",
    "a.npy.csv": "CSV",
    "parquet.csv": "CSV",
    "a.parquet.data": "CSV",
    "csv": None,
    "csv.idx.bin": None,
    "my.csv.pt": None,
    "t-idx3-ubyte": "IDX",
    "csv-idx1-ubyte.gz": "IDX",
    "a.csv.npy": ".npy",
    "idx.npz": ".npz",
    "ubyte.parquet": "Parquet",
    "t.csv.feather": "Arrow",
}


def numpy_bytes(save, **arrays):
    file = io.BytesIO()
    save(file, **arrays) if arrays else save(file, np.zeros((2, 3)))
    return file.getvalue()


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    """Whole files of every format that can be recognised by its first bytes."""
    folder, columns = tmp_path_factory.mktemp("contents"), {"a": np.arange(3.0), "b": np.arange(3.0)}
    return {
        ".npy": numpy_bytes(np.save),
        ".npz": numpy_bytes(np.savez, x=np.zeros((2, 1)), y=np.zeros(2)),
        "Parquet": WRITERS[".parquet"](folder / "t.parquet", columns).read_bytes(),
        "Arrow": WRITERS[".arrow"](folder / "t.arrow", columns).read_bytes(),
        "IDX": idx_bytes(np.zeros((2, 2, 2), np.uint8)),
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("row", [row.name for row in FORMATS if row.name != "CSV"])
def test_the_first_bytes_decide_whatever_the_name_says(tmp_path, contents, name, row):
    path = tmp_path / name
    path.write_bytes(contents[row])
    assert format_of(path).name == row


@pytest.mark.parametrize("content", [TEXT, b"", gzip.compress(TEXT), bz2.compress(TEXT)], ids=range(4))
@pytest.mark.parametrize("name", NAMES)
def test_text_and_nothing_at_all_are_what_the_ending_says(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    if NAMES[name] is None:
        with pytest.raises(DataError, match=r"wanted \.csv, \.parquet"):
            format_of(path)
    else:
        assert format_of(path).name == NAMES[name]


def test_a_csv_whose_name_speaks_of_idx_is_loaded_and_described_as_a_table(tmp_path):
    path = tmp_path / "train_idx.csv"
    path.write_bytes(TEXT)
    assert cn.load(path).x.tolist() == [[1], [3]]
    assert cn.describe(path)["b"] == "number, 2 to 4, such as 2, 4"


def test_packed_images_are_recognised_through_the_packing(tmp_path):
    path = tmp_path / "images.bin"
    path.write_bytes(gzip.compress(idx_bytes(np.zeros((2, 2, 2), np.uint8))))
    assert format_of(path).name == "IDX"


def test_a_table_is_described_by_its_columns_and_anything_else_as_a_source(tmp_path):
    np.save(tmp_path / "t.npy", np.arange(6.0).reshape(2, 3))
    (tmp_path / "t.csv").write_bytes(TEXT)
    assert cn.describe(tmp_path / "t.npy")["observations"] == "2"
    assert cn.describe("mnist01")["observations"] == "12,665"
    assert cn.describe(tmp_path / "t.csv")["rows"] == "2"
    assert cn.describe(tmp_path / "t.csv", y="a")["target"] == "a"


def test_a_table_in_a_pair_is_refused_with_the_words_for_its_columns(tmp_path):
    (tmp_path / "t.csv").write_bytes(TEXT)
    with pytest.raises(DataError, match=r"a CSV file as x alone.*name its columns"):
        cn.load((tmp_path / "t.csv", [1.0, 2.0]))
