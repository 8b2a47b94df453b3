"""Tables: what is read, and the words of every refusal."""

import bz2
import datetime
import decimal
import gzip
import lzma
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import torch

from chalknet.data import describe, load
from chalknet.errors import DataError, FileProblem, InvalidValue, MissingPackage, UnknownName


@pytest.fixture
def csv(tmp_path):
    def write(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def parquet(tmp_path):
    def write(**columns):
        path = tmp_path / "t.parquet"
        pa.parquet.write_table(pa.table(columns), path)
        return path

    return write


def x_and_y(source):
    x, y = source.take(slice(0, len(source)))
    return x.tolist(), y.tolist()


PLAIN = [[1, 2], [4, 5]], [3, 6.5]


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\n1,2,3\n4,5,6.5\n",
        "a,b,c\n1,2,3\n4,5,6.5",
        "a,b,c\r\n1,2,3\r\n4,5,6.5\r\n",
        "a,b,c\r1,2,3\r4,5,6.5\r",
        "\ufeffa,b,c\n1,2,3\n4,5,6.5\n",
        "\n\na,b,c\n\n1,2,3\n\n4,5,6.5\n\n",
        "a;b;c\n1;2;3\n4;5;6.5\n",
        "a\tb\tc\n1\t2\t3\n4\t5\t6.5\n",
        "a|b|c\n1|2|3\n4|5|6.5\n",
        '"a","b, and more","c"\n"1","2","3"\n4, 5 ,6.5\n',
        '"a\nnew",b,c\n1,2,3\n4,5,6.5\n',
        "1,2,3\n4,5,6.5\n",
        "2020,b,2021\n1,2,3\n4,5,6.5\n",
        "a,b,c\n1e0,+2,3.\n.4e1,5.0,65e-1\n",
    ],
    ids=range(14),
)
def test_text_is_read_however_it_is_written(csv, text):
    assert x_and_y(load(csv(text))) == PLAIN


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_text_is_unpacked_whatever_its_name(csv, pack):
    packed = pack(b"a,b,c\n1,2,3\n4,5,6.5\n")
    for name in ("t.csv", "t.csv.gz", "t.tsv.xz"):
        assert x_and_y(load(csv(packed, name))) == PLAIN
    with pytest.raises(DataError, match=r"damaged packed data|got an empty file|Compressed"):
        load(csv(packed[: len(packed) // 2]))


def test_a_first_row_of_numbers_is_data_and_can_be_said_to_be_names(csv):
    path = csv("1,2\n3,4\n")
    assert len(load(path)) == 2
    assert len(load(path, header=True)) == 1
    assert load(path, header=True).preparation.names == ("1",)
    assert x_and_y(load(csv("1;2,3\n4;5,6\n"), delimiter=";", y=0, x=[0][:0] or None, one_hot=[1])) == (
        [[1, 0], [0, 1]],
        [1, 4],
    )


def test_columns_are_chosen_by_name_and_by_number(csv):
    path = csv("a,b,c,d\n1,2,3,4\n5,6,7,8\n")
    for x, y in ((["c", "a"], "b"), ([2, 0], 1), (["c", 0], ["b"]), ([-2, 0], -3)):
        assert x_and_y(load(path, x=x, y=y)) == ([[3, 1], [7, 5]], [2, 6])
    assert x_and_y(load(path, y=["a", "d"])) == ([[2, 3], [6, 7]], [[1, 4], [5, 8]])
    assert x_and_y(load(path, x="a")) == ([[1], [5]], [4, 8])


def test_whole_targets_are_class_numbers_and_others_are_not(csv):
    assert load(csv("a,y\n1,0\n1,1.0\n")).y.dtype is torch.int64
    assert load(csv("a,y\n1,0\n1,1.5\n")).y.dtype is torch.float32
    assert load(csv("a,y\n0.1,0\n1,1.5\n"), dtype="float64").x.dtype is torch.float64
    assert load(csv("a,y\n0.1,0\n1,1.5\n"), dtype="float64").x[0, 0].item() == 0.1


def test_words_become_columns_or_class_numbers_in_sorted_order_when_asked(csv):
    path = csv("city,a,kind\nSeoul,1,y\nBusan,2,x\nSeoul,3,z\n")
    source = load(path, one_hot=True, classes=True)
    assert x_and_y(source) == ([[0, 1, 1], [1, 0, 2], [0, 1, 3]], [1, 0, 2])
    assert source.preparation.y[0].words == ("x", "y", "z")
    numbers = load(csv("month,y\n10,1\n2,0\n10,1\n"), one_hot="month")
    assert numbers.preparation.x[0].words == ("2", "10")
    assert x_and_y(numbers)[0] == [[0, 1], [1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("", {}, "got an empty file"),
        (" \n\n", {}, "got an empty file"),
        ("a,b\n", {}, r"got a header \(a, b\) alone; wanted rows below it.*Write the data anew"),
        ("1,2\n", {"header": True}, r"got a header \(1, 2\) alone; wanted rows below it.*header=False"),
        ("a,b,c\n1,2,3\n4,5\n", {}, "t.csv, line 3: got 2 fields; wanted 3 fields"),
        ("a,b\n1,2\n\n3,4,5\n", {}, "t.csv, line 4: got 3 fields; wanted 2 fields"),
        ("a\n1\n2\n", {}, "got one column, a; wanted at least two.*Add the target as a column"),
        (
            "a,b\n1,2\n",
            {"delimiter": ";"},
            "got one column, a,b; wanted at least two.*Leave delimiter= .*out",
        ),
        ("a,b\n1,\n2,4\n", {}, r"column 'b' of t.csv, row 0 .*missing value; wanted a target in every row"),
        ("a,b\n1,2\n,4\n", {}, r"column 'a' of t.csv, row 1 \(counted from 0\): got a missing.*fill='mean'"),
        ("a,b\n1,2\nNA,4\n", {"x": "a"}, "column 'a' of t.csv, row 1"),
        ("a,b\n1,2\n3,inf\n", {}, "column 'b' of t.csv, row 1 .*: got inf"),
        ("a,b\n1,2\n1e39,1\n", {}, "column 'a' of t.csv, row 1 .* too large for float32.*float64"),
        ("a,b\n1,2\n1e400,1\n", {"dtype": "float64"}, "too large for float64"),
        ("c,b\n1,2\nSeoul,1\n", {}, r"column 'c' of t.csv, line 3: got 'Seoul', text.*one_hot=\['c'\]"),
        ("a,c\n1,x\n2,3\n", {}, r"column 'c' of t.csv, line 2: got 'x', text.*classes=True"),
        (
            "a;b\n1,234;2\n",
            {},
            r"line 2: got '1,234', which may be 1234 or 1.234; .*decimal='\.' for 1234, dec",
        ),
        ("a;b\n1,5;2\n1.5;3\n", {}, "got '1,5' in line 2 and '1.5' in line 3; wanted numbers .* alike"),
        ("a,b\n5 %,2\n7,2\n", {}, "got '5 %' in line 2 and '7' in line 3"),
        ("a,b\n$5,2\n€6,2\n", {}, r"got '\$5' in line 2 and '€6' in line 3"),
        ("a,b\n1,2\n2,2\nabc,2\n", {}, r"line 4: got 'abc', text; .*missing='abc'.*one_hot=.*drop="),
        ("d,b\n2020-01-02,2\n", {}, r"column 'd'.*kind date, such as '2020-01-02'.*one_hot=\['d'\]"),
        ("b,d\n2,2020-01-02\n", {}, r"column 'd'.*kind date.*another target"),
        ("a,a,b\n1,2,3\n", {"x": "a"}, "got 2 columns called 'a'.*Give its number"),
        (
            "a,city,b\n1,Köln,3\n".encode("latin1"),
            {"one_hot": True, "encoding": "utf-8"},
            "t.csv, line 2: got bytes that are not UTF-8.*encoding='cp1252'",
        ),
        (
            "größe,b\n1,3\n".encode("latin1"),
            {"encoding": "utf-8"},
            "t.csv, line 1: got bytes that are not UTF-8",
        ),
        ("a,b\n1,2\n".encode("utf-16"), {"encoding": "utf-8"}, "t.csv, line 1: got bytes that are not UTF-8"),
        (b"a,b\n1,\x00\n", {}, "bytes that are no text"),
        ("c,b\n,2\nx,3\n", {"one_hot": True, "fill": 0}, r"column 'c' .*row 0.*fill=\{'c': 'unknown'\}"),
        ("a,b\n,2\n,3\n", {"fill": "mean"}, "column 'a': got not a single value"),
        ("a,c,b\n1,x,2\n3,y,4\n", {"x": "a", "classes": True, "y": ["c", "b"]}, "one column for classes"),
    ],
)
def test_a_refusal_names_the_place_what_was_got_and_what_to_do(csv, text, options, said):
    with pytest.raises((DataError, InvalidValue), match=said):
        load(csv(text), **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"y": "pric"}, "unknown column 'pric'.*Did you mean price"),
        ({"x": ["sise"]}, "unknown column 'sise'.*Did you mean size"),
        ({"x": [7]}, "unknown column '7'"),
        ({"one_hot": "citi"}, "unknown column 'citi'.*Did you mean city"),
        ({"fill": "mena"}, "'mena'.*Did you mean mean"),
        ({"fill": {"siz": 0}}, "unknown column 'siz'.*Did you mean size"),
        ({"fill": {"size": "medain"}}, "'medain'.*Did you mean"),
        ({"standardise": "siez"}, "unknown column 'siez'.*Did you mean size"),
        ({"dtype": "float16"}, "'float16'"),
    ],
)
def test_a_near_miss_of_a_column_or_option_is_offered(csv, options, said):
    with pytest.raises(UnknownName, match=said):
        load(csv("size,city,price\n1,x,3\n4,y,6\n"), **{"x": ["size"], **options})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"x": ["a", "c"], "y": "c"}, "'c' as feature and as target"),
        ({"x": ["a", "c"]}, "'c' as feature and as target.*the last column otherwise"),
        ({"x": ["a", "a"]}, "'a' twice"),
        ({"x": []}, "no column of x or of y"),
        ({"one_hot": "c"}, "'c', which is no column of x.*classes=True"),
        ({"one_hot": "b", "standardise": ["b"]}, "'b', which becomes columns of 0 and 1"),
        ({"fill": True}, "fill: got True"),
        ({"delimiter": "::"}, "delimiter: got '::'; wanted one character"),
    ],
)
def test_options_that_do_not_go_together_are_refused(csv, options, said):
    with pytest.raises(InvalidValue, match=said):
        load(csv("a,b,c\n1,2,3\n"), **options)


def test_a_bad_value_far_into_a_file_is_named_by_its_row(csv):
    path = csv("a,b\n" + "1,2\n" * 3_000_000 + "1,x\n")
    with pytest.raises(DataError, match=r"line 3000002: got 'x'"):
        load(path)
    ragged = csv("a,b\n" + '1,"2"\n' * 2_000_000 + "1\n")
    with pytest.raises(DataError, match=r"line 2000002: got 1 fields"):
        load(ragged)


def test_columns_that_nobody_asked_for_may_hold_anything(csv):
    content = 'a,note,b\n1,"Köln\n, ""quoted""",2\n3,x,4\n'.encode("latin1")
    assert x_and_y(load(csv(content), x="a")) == ([[1], [3]], [2, 4])


ODD = {
    "list": pa.array([[1], [2], [3]]),
    "struct": pa.array([{"k": 1}] * 3),
    "binary": pa.array([b"\xff"] * 3),
    "dates": pa.array([datetime.date(2020, 1, 1)] * 3),
    "stamps": pa.array([datetime.datetime(2020, 1, 1)] * 3),
    "spans": pa.array([datetime.timedelta(1)] * 3),
    "words": pa.array(["u", "v", "u"]),
    "coded": pa.array(["u", "v", "u"]).dictionary_encode(),
}
NUMBERS = {
    "uint8": (pa.array([1, 2, 255], pa.uint8()), [1, 2, 255]),
    "int64": (pa.array([2**60, -1, 3]), [2.0**60, -1, 3]),
    "float16": (pa.array(np.array([1, 2, 3], "f2")), [1, 2, 3]),
    "bool": (pa.array([True, False, True]), [1, 0, 1]),
    "decimal": (pa.array([decimal.Decimal("1.50")] * 3), [1.5] * 3),
    "coded": (pa.array([5, 6, 5]).dictionary_encode(), [5, 6, 5]),
}
Y = pa.array([1.5, 2.5, 3.5])


@pytest.mark.parametrize("name", ODD)
def test_a_column_of_no_numbers_is_refused_by_name_and_passed_over_when_not_asked_for(parquet, name):
    path = parquet(odd=ODD[name], a=pa.array([1, 2, 3]), y=Y)
    with pytest.raises(DataError, match=r"column 'odd' of t.parquet.*; wanted numbers\. "):
        load(path)
    assert x_and_y(load(path, x="a")) == ([[1], [2], [3]], [1.5, 2.5, 3.5])


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_every_type_are_read(parquet, name):
    column, wanted = NUMBERS[name]
    assert x_and_y(load(parquet(a=column, y=Y)))[0] == [[value] for value in wanted]


def test_gaps_of_a_parquet_file_are_refused_or_filled(parquet):
    for gap in (pa.array([1, None, 3]), pa.array([1.0, float("nan"), 3.0]), pa.nulls(3)):
        with pytest.raises(DataError, match=r"column 'a' of t.parquet, row [01] .*missing value"):
            load(parquet(a=gap, y=Y))
        assert x_and_y(load(parquet(a=gap, y=Y), fill=2))[0][1] == [2]


def test_damaged_and_empty_files_are_told(parquet, tmp_path):
    whole = parquet(a=pa.array([1]), y=pa.array([1])).read_bytes()
    for content in (whole[:50], b"a,b\n1,2\n", b""):
        (tmp_path / "d.parquet").write_bytes(content)
        with pytest.raises(DataError, match=r"d\.parquet: got a damaged file"):
            load(tmp_path / "d.parquet")
    with pytest.raises(DataError, match="2 columns and no rows"):
        load(parquet(a=pa.array([], pa.int64()), y=pa.array([], pa.int64())))
    with pa.OSFile(str(tmp_path / "s.arrow"), "wb") as file, pa.ipc.new_stream(file, pa.schema([])):
        pass
    with pytest.raises(DataError, match=r"Arrow stream.*pyarrow\.ipc\.new_file"):
        load(tmp_path / "s.arrow")
    (tmp_path / "f.csv").mkdir()
    with pytest.raises(DataError, match="a folder without"):
        load(tmp_path / "f.csv")
    with pytest.raises(FileProblem, match="no such file"):
        load(tmp_path / "nowhere.csv")


def test_pixels_damaged_inside_are_told_and_nothing_half_stays(parquet, own_cache):
    path = parquet(a=pa.array(np.random.default_rng(0).random(50_000)), y=pa.array(np.arange(50_000.0)))
    content = bytearray(path.read_bytes())
    content[1000:200_000] = bytes(199_000)
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged file"):
        load(path)
    assert not [entry for entry in own_cache.glob("*") if entry.is_dir()]


def test_without_pyarrow_the_install_line_is_told(csv, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyarrow"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingPackage, match=r'pip install "chalknet\[tables\]"'):
        load(csv("a,b\n1,2\n"))


def test_the_survey_of_a_table_tells_kinds_ranges_gaps_and_examples(csv):
    path = csv("a,city,gone,a,day\n1,x,,5,2020-01-01\n,y,,6,\n3,x,,7,2020-01-03\n")
    assert describe(path) == {
        "name": "t.csv",
        "rows": "3",
        "a (column 0)": "number, 1 to 3, 1 missing, such as 1, 3",
        "city": "text, 2 different, such as x, y, x",
        "gone": "empty, 3 missing",
        "a (column 3)": "number, 5 to 7, such as 5, 6, 7",
        "day": "date, 2 different, 1 missing, such as 2020-01-01, 2020-01-03",
        "problem": "column 'city' of t.csv, line 2: got 'x', text; wanted numbers. Say that these are "
        "categories, one_hot=['city'] (--one-hot-columns city), or leave the column out, drop=['city'] "
        "(--drop city).",
    }
