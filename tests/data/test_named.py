"""Tables of named columns in memory: whatever holds them gives the same samples, by name."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.named_tables import CONTAINERS, Streamed

from chalknet.data import load
from chalknet.errors import ChalknetError, DataError, InvalidValue

DTYPES = ["float64", "float32", "int64", "int32", "int8", "uint16", "bool", "words"]


@st.composite
def tables(draw, least=4):
    """Draw columns of any dtype under names of any letters, and last a target of numbers."""
    rows = draw(st.integers(least, 9))
    names = draw(
        st.lists(st.text("abcxyzé가 _", min_size=1, max_size=4), min_size=2, max_size=5, unique=True)
    )
    table = {}
    for name in names:
        dtype = draw(st.sampled_from(DTYPES))
        numbers = np.array(draw(st.lists(st.integers(0, 100), min_size=rows, max_size=rows)))
        is_words = dtype == "words"
        table[name] = (
            np.array([f"w{number % 3}" for number in numbers]) if is_words else numbers.astype(dtype)
        )
    return {**table, "the target": np.arange(rows) * 0.5}


def same(one, other):
    return (
        torch.equal(one.x, other.x) and torch.equal(one.y, other.y) and one.preparation == other.preparation
    )


@settings(deadline=None, max_examples=60)
@given(tables(), st.sampled_from(sorted(CONTAINERS)), st.booleans())
def test_every_container_gives_the_samples_of_the_dict_to_the_bit(table, kind, standardise):
    options = {"y": "the target", "one_hot": True, "standardise": standardise}
    assert same(load(CONTAINERS[kind](table), **options), load(table, **options))


@settings(deadline=None, max_examples=30)
@given(tables(), st.sampled_from(sorted(CONTAINERS)), st.sampled_from(["mean", "median", -1.0]))
def test_gaps_of_every_container_are_filled_alike(table, kind, fill):
    numbers = {name: values.astype(float) for name, values in table.items() if values.dtype.kind != "U"}
    numbers["gaps"] = np.where(np.arange(len(table["the target"])) % 3 == 1, np.nan, 2.5)
    options = {"y": "the target", "fill": fill}
    found = load(CONTAINERS[kind](numbers), **options)
    assert same(found, load(numbers, **options))
    there = pd.Series(numbers["gaps"])
    wanted = {"mean": there.mean(), "median": there.median()}.get(fill, fill)
    assert np.allclose(found.x[:, -1], there.fillna(wanted))


@settings(deadline=None, max_examples=30)
@given(tables(), st.sampled_from(sorted(CONTAINERS)), st.randoms())
def test_the_columns_of_held_out_rows_are_found_by_name(table, kind, random):
    source = load(table, y="the target", one_hot=True)
    order = random.sample(list(table), len(table))
    beside = CONTAINERS[kind]({name: table[name] for name in order})
    held_out = load(table, y="the target", one_hot=True, held_out=beside).held_out
    assert torch.equal(held_out.x, source.x)
    assert torch.equal(held_out.y, source.y)


def test_a_file_and_a_frame_of_the_same_table_give_the_same_samples(tmp_path):
    frame = pd.DataFrame({"a": [0.1, 2.5, -3.25], "b": ["u", "v", "u"], "y": [1, 0, 1]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    options = {"one_hot": True, "standardise": ["a"]}
    assert same(load(tmp_path / "t.csv", **options), load(frame, **options))


def test_the_index_of_a_frame_is_no_column():
    frame = pd.DataFrame({"a": [1.0, 2.0], "y": [0, 1]}, index=[7, 9])
    assert load(frame).preparation.names == ("a",)


FRAME = pd.DataFrame({"size": [10.0, 20, 30], "rooms": [1, 2, 3]})


@pytest.mark.parametrize(
    "y",
    [
        pd.Series([1.5, 2, 3], name="price"),
        pd.DataFrame({"price": [1.5, 2, 3]}),
        np.array([1.5, 2, 3]),
        [1.5, 2, 3],
        torch.tensor([1.5, 2, 3]),
        pa.array([1.5, 2, 3]),
    ],
    ids=lambda y: type(y).__name__,
)
def test_the_names_of_a_frame_travel_in_a_pair(y):
    source = load((FRAME, y), standardise=True)
    assert source.preparation.names == ("size", "rooms")
    assert source.y.tolist() == [1.5, 2, 3]
    with pytest.raises(InvalidValue, match="a target by name for a pair"):
        load((FRAME, y), y="rooms")


def test_rows_in_another_order_by_their_index_are_refused_and_the_remedies_work():
    y = pd.Series([1.0, 2, 3])[::-1]
    with pytest.raises(DataError, match=r"another order, by their index.*y.loc\[x.index\].*y.to_numpy\(\)"):
        load((FRAME, y))
    assert load((FRAME, y.loc[FRAME.index])).y.tolist() == [1, 2, 3]
    assert load((FRAME, y.to_numpy())).y.tolist() == [3, 2, 1]
    assert "different indexes" in load((FRAME, pd.Series([1.0, 2, 3], index=[5, 6, 7]))).notes[0]


def test_a_dict_of_x_and_y_is_a_pair_and_one_of_other_columns_too_a_table():
    assert load({"x": [1.0, 2], "y": [0, 1]}).x.tolist() == [[1], [2]]
    table = load({"x": [1.0, 2], "y": [0.5, 1], "z": [3.0, 4]})
    assert (table.preparation.names, table.y.tolist()) == (("x", "y"), [3, 4])
    aside = load({"x": np.zeros((2, 2)), "y": [0, 1], "id": [7, 8]})
    assert aside.notes == ("x and y are x and y of data; left aside: id",)


PERIODS = pd.period_range("2020-01", periods=2, freq="M")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"a": [1, 2], "b": [1, 2, 3]}, "3 rows of 'b' and 2 rows of 'a'"),
        ({"a": np.zeros((2, 2)), "b": [1, 2]}, r"shape \(2, 2\)"),
        ({"a": [1j, 2], "b": [1, 2]}, "column 'a' of data: got values that are no column"),
        ({"a": 3, "b": [1, 2]}, "a single int"),
        (pd.DataFrame({"a": [1, "x"], "b": [1, 2]}), r"column 'a' of data.*astype\(str\)"),
        (pd.DataFrame(), "0 columns and 0 rows"),
        (pd.concat([FRAME, FRAME], axis=1), "two columns called 'size'"),
        (pd.DataFrame({"a": pd.to_datetime(["2020-01-01", "2020-01-02"]), "b": [1, 2]}), "one_hot"),
        (pd.DataFrame({"a": PERIODS, "b": [1, 2]}), "one_hot"),
        (pd.DataFrame({"a": [pd.Timedelta(1), pd.Timedelta(2)], "b": [1, 2]}), "column 'a' of data"),
        (pd.DataFrame({"a": [[1], [2]], "b": [1, 2]}), "column 'a' of data"),
        (pd.DataFrame({"a": [None, None], "b": [1, 2]}), "column 'a' of data"),
        (Streamed(pa.table({"a": [None, 1.0], "b": [1, 2]})), "column 'a' of data, row 0.*fill"),
    ],
    ids=range(13),
)
def test_what_is_no_table_of_numbers_is_refused_by_column(data, said):
    with pytest.raises(ChalknetError, match=said):
        load(data)


@pytest.mark.parametrize(
    "values", [pd.to_datetime(["2020-01-01", "2020-01-02"]), PERIODS], ids=["dates", "periods"]
)
def test_the_remedy_for_dates_works(values):
    assert load(pd.DataFrame({"a": values, "b": [1, 2]}), one_hot=["a"]).x.tolist() == [[1, 0], [0, 1]]


def test_extension_dtypes_are_their_numbers_and_words():
    frame = pd.DataFrame(
        {
            "sparse": pd.arrays.SparseArray([0.0, 0, 5]),
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "category": pd.Categorical(["v", "u", "v"]),
            "numbers": pd.Categorical([3, 1, 3]),
            "flag": pd.array([True, False, None], dtype="boolean"),
            "y": [0.5, 1, 2],
        }
    )
    source = load(frame, one_hot=["category"], fill=9)
    assert source.x.tolist() == [[0, 1, 0, 1, 3, 1], [0, 9, 1, 0, 1, 0], [5, 3, 0, 1, 3, 9]]


WORDS = ["cat", "dog", "cat", "emu"]


@pytest.mark.parametrize(
    "y",
    [
        WORDS,
        tuple(WORDS),
        np.array(WORDS),
        np.array(WORDS, dtype=object),
        pd.Series(WORDS),
        pd.Series(WORDS, dtype="category"),
        pd.Series(WORDS, dtype="string"),
        pd.Series(WORDS, dtype=object),
        pa.array(WORDS),
    ],
    ids=lambda y: str(getattr(y, "dtype", type(y).__name__)),
)
def test_words_as_the_target_are_classes_whatever_holds_them(y):
    x = np.arange(8.0).reshape(4, 2)
    for data in ((x, y), (pd.DataFrame(x), y), {"x": x, "y": y}):
        source = load(data)
        assert source.y.tolist() == [0, 1, 0, 2]
        assert (source.preparation.classes, source.preparation.y[0].words) == (True, ("cat", "dog", "emu"))
        assert "its classes: cat, dog, emu" in source.notes[0]


def test_words_held_out_have_the_numbers_of_the_training_rows():
    x = np.zeros((4, 1))
    source = load((x, WORDS), held_out=(x[:2], ["emu", "dog"]))
    assert source.held_out.y.tolist() == [2, 1]
    with pytest.raises(ChalknetError, match="gnu"):
        load((x, WORDS), held_out=(x[:1], ["gnu"]))
    with pytest.raises(DataError, match="got words"):
        load((x, [0, 1, 0, 2]), held_out=(x, WORDS))


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
def test_a_gap_among_words_of_the_target_is_refused_by_its_row(gap):
    with pytest.raises(DataError, match="row 1"):
        load((np.zeros((3, 1)), ["a", gap, "b"]))
    with pytest.raises(DataError, match="missing value"):
        load((pd.DataFrame({"a": [1.0, 2, 3]}), pd.Series(["a", gap, "b"], dtype=object)))


def test_a_target_of_text_and_numbers_is_no_classes(tmp_path):
    (tmp_path / "t.csv").write_text("a,price\n1,100\n2,sold\n3,120\n")
    with pytest.raises(DataError, match="'sold', text"):
        load(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_text("a,kind\n1,red\n2,blue\n")
    source = load(tmp_path / "t.csv")
    assert (source.y.tolist(), source.preparation.y[0].words) == ([1, 0], ("blue", "red"))
