"""Columns judged by all their values: gaps, ways of writing numbers, digits, words that training lacks."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalknet.data import describe, load
from chalknet.data.columns import LoadOptions
from chalknet.data.conversion import convert_table
from chalknet.data.formats.arrow import arrow_table
from chalknet.errors import ChalknetError, DataError

GAPS = [
    "?",
    "-",
    "--",
    ".",
    "None",
    "none",
    "n/a",
    "NA",
    "nan",
    "NaN",
    "null",
    "<NA>",
    "#N/A",
    "",
    " ",
    "   ",
]
WAYS = {  # of writing a number: decimal sign, separator of thousands
    "plain": (".", ""), "english": (".", ","), "german": (",", "."), "swiss": (".", "'"),
    "french": (",", "\u202f"), "spaces": (".", " "), "comma": (",", ""),
}  # fmt: skip
one_file = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def csv(tmp_path):
    def write(content):
        path = tmp_path / "t.csv"
        path.write_text(content, encoding="utf-8", newline="")
        return path

    return write


def first(source, side="x"):
    return getattr(source.take(slice(0, len(source))), side)


def written(value, decimal, thousands):
    return f"{value:,.2f}".translate(str.maketrans({",": thousands, ".": decimal}))


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("quoted", [False, True])
def test_a_gap_is_a_gap_in_a_column_that_is_otherwise_numbers(csv, gap, quoted):
    text = f'"{gap}"' if quoted else gap
    path = csv(f"a,y\n1,2\n{text},3\n5,5\n")
    source = load(path, fill="mean", one_hot=True)
    assert first(source).ravel().tolist() == [1, 3, 5]
    assert any("column a: 1 of 3 values missing" in note for note in source.notes)
    with pytest.raises(DataError, match=r"column 'a' of t.csv, row 1 .*missing value.*fill='mean'"):
        load(path, one_hot=True)


def test_missing_names_further_gaps_for_every_column(csv):
    path = csv("a,c,y\n-999,x,2\n1,gone,3\nvoid,z,4\n3,x,5\n")
    source = load(path, fill="auto", one_hot=True, missing=["-999", "void", "gone"])
    assert first(source).tolist() == [[2, 0, 1, 0], [1, 1, 0, 0], [2, 0, 0, 1], [3, 0, 1, 0]]
    assert source.preparation.x[1].words == ("missing", "x", "z")


def test_a_quoted_word_stays_a_word_and_what_is_doubtful_is_told(csv):
    path = csv('c,y\n"NA",1\nNA,2\nDE,3\n?,4\nFR,5\n')
    source = load(path, one_hot=True, fill="auto")
    assert source.preparation.x[0].words == ("?", "DE", "FR", "NA", "missing")
    assert first(source).argmax(1).tolist() == [3, 4, 1, 0, 2]
    told = " ".join(source.notes)
    assert "1 NA taken as missing" in told
    assert "missing='?' makes gaps of it" in told
    again = load(path, one_hot=True, fill="auto", missing="?")
    assert again.preparation.x[0].words == ("DE", "FR", "NA", "missing")


@one_file
@given(
    values=st.lists(st.integers(-(10**9), 10**9), min_size=3, max_size=30),
    way=st.sampled_from(sorted(WAYS)),
    gaps=st.lists(st.sampled_from(GAPS), max_size=1),
    affix=st.sampled_from(["", " %", "€"]),
    delimiter=st.sampled_from(";\t"),
)
def test_numbers_are_read_however_a_whole_column_writes_them(csv, values, way, gaps, affix, delimiter):
    numbers = [value / 100 for value in values]
    texts = [written(number, *WAYS[way]) + affix for number in numbers] + gaps
    rows = "".join(f"{text}{delimiter}{i}\n" for i, text in enumerate(texts))
    path = csv(f"a{delimiter}y\n{rows}")
    source = load(path, one_hot=True, fill=0, dtype="float64", delimiter=delimiter, header=True)
    assert first(source).ravel().tolist() == numbers + [0.0] * len(gaps)
    if way != "plain" and any(abs(number) >= 1000 for number in numbers):
        assert any(note.startswith("column a: ") and " is read as " in note for note in source.notes)


def test_what_can_be_read_in_two_ways_is_decided_by_evidence_or_refused_with_both(csv):
    assert first(load(csv('a,y\n"1,234",2\n"2,345",3\n'))).ravel().tolist() == [1234, 2345]
    assert first(load(csv("a;b;y\n1,234;2,5;1\n2,345;0,5;1\n")))[:, 0].tolist() == pytest.approx(
        [1.234, 2.345]
    )
    assert first(load(csv("a;b;y\n1,234;2.5;1\n2,345;0.5;1\n")))[:, 0].tolist() == [1234, 2345]
    assert first(load(csv("a;b;y\n1.234;2,5;1\n2.345;0,5;1\n")))[:, 0].tolist() == [1234, 2345]
    path = csv("a;y\n1,234;1\n2,345;2\n")
    with pytest.raises(DataError, match=r"line 2: got '1,234', which may be 1234 or 1\.234"):
        load(path)
    assert first(load(path, decimal=".")).ravel().tolist() == [1234, 2345]
    assert first(load(path, decimal=",")).ravel().tolist() == pytest.approx([1.234, 2.345])


@pytest.mark.parametrize("texts", [("1.5", "1,5"), ("1,234,567", "1,5"), ("5%", "7"), ("$5", "5€")])
def test_values_that_contradict_each_other_are_refused_with_both_lines(csv, texts):
    path = csv("a;y\n" + "".join(f"{text};{i}\n" for i, text in enumerate(texts)))
    with pytest.raises(
        DataError, match=f"got {texts[0]!r} in line 2 and {texts[1]!r} in line 3".replace("$", r"\$")
    ):
        load(path, one_hot=True)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("2024-01-05", "date"), ("01.02.2024", "date"), ("12:30", "date"), ("0x1F", "text"), ("A-12", "text")],
)
def test_what_only_looks_like_a_number_is_none(csv, text, kind):
    path = csv(f"a,y\n{text},1\nNA,2\n{text},3\n")
    assert describe(path)["a"].startswith(kind)
    with pytest.raises(DataError, match="column 'a'"):
        load(path, fill=0)


def test_whole_numbers_with_leading_zeros_are_told(csv):
    source = load(csv("zip,y\n00123,1\n90210,2\n"))
    assert "column zip: 00123 is read as 123; one_hot=['zip'] makes categories" in source.notes[0]
    assert load(csv("zip,y\n00123,1\n90210,2\n"), one_hot=["zip"]).preparation.x[0].words == (
        "00123",
        "90210",
    )


def test_a_bad_value_far_into_a_file_is_refused_with_its_line_and_never_made_a_category(csv, monkeypatch):
    monkeypatch.setattr("chalknet.data.formats.csv_layout._PIECE_BYTES", 2000)
    rows = [f"{i},{i % 7}" for i in range(6000)]
    rows[5000] = "abc,0"
    path = csv("a,y\n" + "\n".join(rows) + "\n")
    for options in ({}, {"one_hot": True}):
        with pytest.raises(
            DataError, match=r"column 'a' of t.csv, line 5002: got 'abc', text.*missing='abc'"
        ):
            load(path, **options)
    assert first(load(path, missing="abc", fill=-1))[5000].item() == -1
    assert describe(path)["a"].startswith("numbers and words")


def test_a_gap_or_another_style_far_into_a_file_is_found(csv, monkeypatch):
    monkeypatch.setattr("chalknet.data.formats.csv_layout._PIECE_BYTES", 500)
    rows = [f"{i};{i % 7}" for i in range(1000)]
    rows[900], rows[950] = "?;0", "1,5;0"
    found = first(load(csv("a;y\n" + "\n".join(rows) + "\n"), fill=-1)).ravel().tolist()
    assert (found[899], found[900], found[950]) == (899, -1, 1.5)


TEXTS = st.sampled_from(
    ["1", "2.5", "-3", "1,234", "1.5e3", "?", "NA", "", "abc", "x", "0012", "2024-01-05", "5%"]
)
REMEDIES = {
    r"fill='(mean|auto)'": lambda found: {"fill": found[1]},
    r"missing=('[^']*')": lambda found: {"missing": found[1].strip("'")},
    r"decimal='([.,])'": lambda found: {"decimal": found[1]},
    r"one_hot=\['(\w)'\]": lambda found: {"one_hot": [found[1]]},
    r"drop=\['(\w)'\]": lambda found: {"drop": [found[1]]},
    r"dtype='(float64)'": lambda found: {"dtype": found[1]},
}


@one_file
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8), delimiter=st.sampled_from(",;"))
def test_every_remedy_in_an_error_removes_that_error_and_no_table_is_refused_a_description(
    csv, rows, delimiter
):
    lines = [("a", "b", "y"), *((f'"{a}"', b, "1") for a, b in rows if "," not in b), ("1", "2", "3")]
    path = csv("".join(delimiter.join(line) + "\n" for line in lines))
    options = {"delimiter": delimiter, "header": True}
    assert describe(path, **options)["name"] == "t.csv"
    try:
        load(path, **options)
    except ChalknetError as error:
        found = [
            make(match) for pattern, make in REMEDIES.items() if (match := re.search(pattern, error.remedy))
        ]
        assert found, error
        for remedy in found:
            try:
                load(path, **options, **remedy)
            except ChalknetError as other:
                assert str(other) != str(error), remedy


@one_file
@given(
    shift=st.floats(-1e9, 1e9), scale=st.floats(1e-3, 1e6), seed=st.integers(0, 99), in_memory=st.booleans(),
    kind=st.sampled_from(["csv", "parquet", "arrays"]),
)  # fmt: skip
def test_standardising_is_that_of_float64_for_any_shift_and_scale(
    tmp_path, shift, scale, seed, in_memory, kind
):
    column = shift + scale * np.random.default_rng(seed).standard_normal(40)
    wanted = (column - column.mean()) / column.std()
    if kind == "arrays":
        source = load((column[:, None], np.arange(40)), standardise=True)
    elif kind == "csv":
        path = tmp_path / "s.csv"
        path.write_text("a,y\n" + "".join(f"{value!r},{i}\n" for i, value in enumerate(column.tolist())))
        source = load(path, standardise=True, in_memory=in_memory)
    else:
        pa.parquet.write_table(pa.table({"a": column, "y": np.arange(40)}), tmp_path / "s.parquet")
        source = load(tmp_path / "s.parquet", standardise=True, in_memory=in_memory)
    # the oracle's own rounding, 2**-53 of the largest value, is divided by the deviation like any other error
    tolerance = 1e-6 + 1e-15 * np.abs(column).max() / column.std()
    assert np.abs(first(source).numpy().ravel() - wanted).max() <= tolerance


@pytest.mark.parametrize("kind", ["csv", "array"])
def test_numbers_that_float32_does_not_tell_apart_are_told(csv, kind):
    data = csv("id,y\n16777216,0\n16777217,1\n")
    if kind == "array":
        data = (np.array([16777216, 16777217]), np.arange(2))
    assert "16777216 and 16777217 are one number in float32" in load(data).notes[0]
    assert not load(data, standardise=True).notes
    if kind == "csv":
        assert not load(data, dtype="float64").notes
        assert "column id: 16777216 and" in load(data, x="y", y="id").notes[0]


def test_gaps_take_the_mean_of_the_training_rows_in_float64(csv):
    values = [1700000000 + 7 * i for i in range(9)]
    path = csv("a,y\n" + "".join(f"{v},{i}\n" for i, v in enumerate(values)) + ",9\n")
    source = load(path, fill="mean", standardise=True)
    assert source.preparation.x[0].fill == np.mean(values)
    assert source.preparation.x[0].std == pytest.approx(np.std([*values, np.mean(values)]), rel=1e-12)


def test_a_feature_without_a_name_is_told_and_can_be_dropped(csv):
    path = csv(",a,b\n0,1.5,2\n1,3.5,4\n")
    assert "column '0' counts the rows" in load(path).notes[0] and "drop=[0]" in load(path).notes[0]
    assert (load(path, drop=[0]).x_shape, load(path, drop=[0]).notes) == ((1,), ())
    path = csv("a,,b\n5,1.5,2\n7,3.5,4\n")
    assert load(path).notes[0].startswith("column 1 has no name and is called by its number; drop=[1]")
    assert (load(path, drop=[1]).x_shape, load(path, drop=[1]).notes) == ((1,), ())


def test_dropped_columns_may_hold_anything_and_are_no_target(csv):
    path = csv("a,note,y,z\n1,?!,2,x\n3,--,4,y\n")
    source = load(path, drop=["note", 3])
    assert (first(source).tolist(), first(source, "y").tolist()) == ([[1], [3]], [2, 4])


def test_a_gap_that_training_lacks_becomes_the_mean_or_the_median_or_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("a,c,y\n1,x,0\n2,x,1\n9,z,1\n")
    (tmp_path / "h.csv").write_text("a,c,y\n,,0\n")
    files = {"data": tmp_path / "t.csv", "held_out": tmp_path / "h.csv", "one_hot": True}
    with pytest.raises(DataError, match=r"h.csv, row 0 .*missing value"):
        load(**files)
    for unknown, wanted in (("missing", [4, 0, 0]), ("most-frequent", [2, 1, 0])):
        source = load(**files, unknown=unknown)
        assert first(source.held_out).tolist() == [wanted]
        assert len([note for note in source.notes if "held-out values" in note]) == 2


@one_file
@given(
    values=st.lists(st.sampled_from(["1", "2.5", "1'234", None, "NA"]), min_size=4, max_size=12),
    words=st.booleans(),
)
def test_texts_in_columns_of_a_container_are_judged_as_those_of_a_file(values, words):
    values = ["7", "7", "7", *values, *(["word"] * 30 if words else [])]
    table = pa.table({"a": pa.array(values, pa.string()), "y": range(len(values))})
    rows = convert_table(arrow_table("frame", table), LoadOptions(one_hot=True, fill="auto", dtype="float64"))
    assert ("a" in rows.names.words) == words
    if not words:
        wanted = [np.nan if v in (None, "NA") else float(v.replace("'", "")) for v in values]
        assert np.array_equal(rows.x[:, 0], wanted, equal_nan=True)
