"""Every argument of race and difference with every wrong value: an error of ours, or an answer."""

import contextlib
from importlib import import_module

import pytest
from tests.hardware.wrong_values import WRONG

import chalknet as cn
from chalknet.measure import Ceilings

NET = cn.read("2 -> 3 relu -> 1")
RACE = (
    "model",
    "recipe",
    "data",
    "widths",
    "batch_sizes",
    "devices",
    "engines",
    "threads",
    "seconds",
    "on_row",
)
OPTIONS = ("loss", "optimizer", "lr", "momentum", "batch_size", "updates", "shuffle", "seed", "wrong")


@pytest.fixture
def no_ceilings(monkeypatch):
    """Let the machine's ceilings be known: measuring them takes a while."""
    race = import_module("chalknet.racing.race")
    monkeypatch.setattr(race, "measure_ceilings", lambda device, repeats: Ceilings(1e11, 1e10))


# What is right: the lecture's whole sweep, real seconds, and a function of the user's that fails by itself.
RIGHT = {
    "model": {"None"}, "seconds": {"half", "true"}, "on_row": {"class", "module class"}, "engines": {"None"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "name"),
    [(each, name) for each in (*RACE, *OPTIONS) for name in WRONG if name not in RIGHT.get(each, ())],
)
def test_a_wrong_value_of_a_race_is_an_error_of_ours_or_taken(no_ceilings, argument, name):
    short = {"model": NET, "engines": ["eager"], "threads": [1], "seconds": 1e-3}
    with contextlib.suppress(cn.ChalknetError):
        cn.race(**{**short, argument: WRONG[name]})


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("entry", ["widths", "batch_sizes", "devices", "engines", "threads"])
def test_a_wrong_entry_of_a_list_is_an_error_of_ours_or_taken(no_ceilings, entry, value):
    short = {"model": NET, "engines": ["eager"], "threads": [1], "seconds": 1e-3}
    with contextlib.suppress(cn.ChalknetError):
        cn.race(**{**short, entry: [value]})


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("argument", ["a", "b", "ignore_dropout", "logits"])
def test_a_wrong_value_of_a_difference_is_an_error_of_ours_or_taken(argument, value):
    with contextlib.suppress(cn.ChalknetError):
        cn.difference(**{"a": NET, "b": NET, argument: value})
