"""Every argument of the verbs of the room with every wrong value: an error of ours, or an answer."""

import contextlib

import pytest
import torch
from tests.hardware.wrong_values import WRONG

import chalknet as cn

NET = cn.read("2 -> 3 relu -> 1")


def memory(**argument):
    return cn.memory(**{"model": NET, "batch_size": 4, **argument})


def largest(**argument):
    return cn.memory.largest_batch(**{"model": NET, "limit_bytes": 4 << 20, "at_most": 4, **argument})


def place(device="cpu", things=()):
    return cn.place(device, things)


def explain(**argument):
    with cn.explain(**argument):
        pass


def fits(**argument):
    return memory().fits(**argument)


SHARED = (
    "model",
    "recipe",
    "input_shape",
    "device",
    "engine",
    "dtype",
    "threads",
    "loss",
    "optimizer",
    "lr",
    "updates",
)
ARGUMENTS = {
    memory: (*SHARED, "observations", "batch_size", "momentum", "shuffle", "seed", "reduction", "wrong"),
    largest: (*SHARED, "data", "limit_bytes"),
    place: ("device", "things"),
    explain: ("plan",),
    fits: ("device",),
}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(
    ("verb", "argument"),
    [(verb, name) for verb, names in ARGUMENTS.items() for name in names],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)
def test_a_wrong_value_is_an_error_of_ours_or_taken(verb, argument, value):
    with contextlib.suppress(cn.ChalknetError):
        verb(**{argument: value})


def test_what_cannot_be_placed_is_named_with_its_type():
    with pytest.raises(cn.InvalidValue, match=r"place, thing 1: got a type, which has no device"):
        cn.place("cpu", torch.nn.Linear)


def test_a_plan_that_is_none_is_refused():
    with pytest.raises(cn.InvalidValue, match="explain: got a str; wanted the Plan"), cn.explain("plan"):
        pass
