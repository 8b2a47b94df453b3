"""Whatever is given to `load` in place of data or of an option, the error is ours and says what to write."""

import re
from contextlib import suppress

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, RandomSampler

from chalknet.data import describe, features, load
from chalknet.errors import ChalknetError, InvalidValue

PAIR = ([1.0, 2.0, 3.0], [0, 1, 1])


class Squares(Dataset):
    """A map-style dataset of torch."""

    def __len__(self):
        return 3

    def __getitem__(self, row):
        return torch.tensor([float(row)]), torch.tensor(row**2)


class TakesNoPair:
    def __len__(self):
        return 3

    def take(self, rows):
        return torch.zeros(3)


class HasNoLength:
    def take(self, rows):
        return PAIR


def frame():
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({"a": ["x", "y"], "b": [0, 1]})


WRONG_DATA = {
    "None": (lambda: None, "as a pair"),
    "a number": (lambda: 3, "as a pair"),
    "a bool": (lambda: True, "as a pair"),
    "an object": (object, "as a pair"),
    "a set": (lambda: {1, 2}, "as a pair"),
    "a list of three": (lambda: [PAIR[0], PAIR[1], PAIR[0]], "held_out="),
    "an empty list": (list, "held_out="),
    "an array alone": (lambda: np.zeros((3, 2)), "as a pair"),
    "a tensor alone": (lambda: torch.zeros(3, 2), "as a pair"),
    "a loader": (
        lambda: DataLoader(Squares(), sampler=RandomSampler(range(3), replacement=True)),
        "loader.dataset",
    ),
    "a dataset's class": (lambda: Squares, r"Squares\(\)"),
    "a source's class": (lambda: TakesNoPair, r"TakesNoPair\(\)"),
    "a function": (lambda: lambda: PAIR, "as a pair"),
    "bytes": (lambda: b"a,b\n1,2\n", "path"),
    "a generator": (lambda: (row for row in PAIR), "Collect"),
    "a data frame of text": (frame, "one_hot"),
    "a text that is no path": (lambda: "a,b\n1,2", "mnist01|looked for"),
    "an empty text": (lambda: "", ""),
    "a text with a zero byte": (lambda: "a\0b.csv", "looked for"),
    "a text far too long": (lambda: "a" * 5000, "known names|looked for"),
    "an empty dict": (dict, "np.savez"),
    "columns of unlike lengths": (lambda: {"a": [1.0], "b": [2.0, 3.0]}, "a value for each row"),
    "what takes no pair": (TakesNoPair, r"return x\[rows\], y\[rows\]"),
    "what has no length": (HasNoLength, "as a pair"),
    "a pair of nothing": (lambda: (None, None), "numbers"),
    "a pair of objects": (lambda: (object(), [1]), "numbers"),
    "a pair of dicts": (lambda: ({}, {}), "numbers"),
    "a pair of words": (lambda: (["a", "b"], [1, 2]), "numbers"),
    "a pair with a number": (lambda: ([1.0, 2.0], 3), ""),
    "a missing path": (lambda: ("nowhere.npy", [1.0]), "looked for"),
}


def said(call):
    """Return the remedy of the error of ours that a call ends in."""
    with pytest.raises(ChalknetError) as caught:
        call()
    error = caught.value
    assert all((error.where, error.got, error.wanted, error.remedy)), error
    return f"{error.wanted} {error.remedy}"


@pytest.mark.parametrize("name", WRONG_DATA)
def test_what_is_no_data_is_named_and_answered_with_what_to_write(name):
    make, words = WRONG_DATA[name]
    assert re.search(words, said(lambda: load(make())))
    said(lambda: describe(make()))


@pytest.mark.parametrize("name", sorted(set(WRONG_DATA) - {"None", "a number", "a bool"}))
def test_what_is_no_data_is_no_held_out_data_either(name):
    said(lambda: load(PAIR, held_out=WRONG_DATA[name][0]()))


@pytest.mark.parametrize("name", ["None", "a number", "an object", "a set", "a function"])
def test_what_holds_no_numbers_is_no_x_either(name):
    value = WRONG_DATA[name][0]()
    for call in (
        lambda: load((value, PAIR[1])),
        lambda: load({"x": value, "y": PAIR[1]}),
        lambda: features(value),
    ):
        assert "numbers" in said(call)


@pytest.mark.parametrize("value", [Squares(), DataLoader(Squares())], ids=["a dataset", "a loader"])
def test_a_dataset_is_no_x_of_a_pair(value):
    assert "numbers" in said(lambda: load((value, PAIR[1])))
    assert "numbers" in said(lambda: load({"x": value, "y": PAIR[1]}))


VALUES = [
    3,
    -1.5,
    "yes",
    "",
    b"a",
    object(),
    [object()],
    [1.5],
    {"a": object()},
    {1: 2},
    (),
    torch.zeros(2),
    int,
]
# What an option may be among the values above: it is then checked against the table, or taken.
ALLOWED = {
    "x": (3, "yes", "", ()),
    "y": (3, "yes", "", ()),
    "one_hot": (3, "yes", "", ()),
    "standardise": (3, "yes", "", ()),
    "fill": (3, -1.5, {1: 2}),
    "cache": ("yes", ""),
}


@pytest.mark.parametrize(
    "option",
    [
        "x",
        "y",
        "one_hot",
        "classes",
        "fill",
        "standardise",
        "dtype",
        "delimiter",
        "header",
        "cache",
        "in_memory",
    ],
)
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("kind", ["table", "arrays"])
def test_a_wrong_value_of_an_option_is_an_error_of_ours(tmp_path, monkeypatch, option, value, kind):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    allowed = ALLOWED.get(option, ())
    if any(type(value) is type(other) and value == other for other in allowed):
        with suppress(ChalknetError):
            load(path if kind == "table" else PAIR, **{option: value})
        return
    with pytest.raises(ChalknetError) as caught:
        load(path if kind == "table" else PAIR, **{option: value})
    assert caught.value.where == option
    assert option in caught.value.remedy or "known names" in caught.value.remedy


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cache": 3}, "cache: got 3; wanted the path of a folder"),
        ({"delimiter": 5}, "delimiter: got 5; wanted one character"),
        ({"header": "yes"}, "header: got 'yes'; wanted True or False"),
        ({"fill": object()}, "fill: got .*; wanted mean, median, auto, a number"),
        ({"classes": "y"}, "classes: got 'y'; wanted True or False"),
        ({"x": 1.5}, "x: got 1.5; wanted the name or the number of a column"),
        ({"in_memory": "no"}, "in_memory: got 'no'; wanted True or False"),
    ],
)
def test_an_option_is_named_with_what_it_takes(options, words):
    with pytest.raises(InvalidValue, match=words):
        load(PAIR, **options)


def test_a_dtype_is_answered_with_the_known_ones():
    with pytest.raises(ChalknetError, match="one of float32, float64"):
        load(PAIR, dtype="int")
