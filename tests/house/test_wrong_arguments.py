"""Every public verb, called with every kind of wrong argument, answers with an error of ours or a result."""

import contextlib
import functools
import inspect
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch

import chalknet as cn

X = torch.linspace(-1, 1, 8).reshape(-1, 1)
DATA = (X, 2 * X)
NET = "1 -> 2 tanh -> 1"


class NotAModule:
    """A class of the user's own."""


WRONG = {
    "None": None,
    "no text": "",
    "a text": "nonsense",
    "a tilde": "~",
    "a NUL": "a\0b",
    "minus one": -1,
    "zero": 0,
    "a half": 0.5,
    "not a number": float("nan"),
    "infinity": float("inf"),
    "a huge number": 10**40,
    "True": True,
    "a list": [],
    "three": [1, 2, 3],
    "a tuple": (1, 2, 3),
    "a dict": {},
    "a dict of a list": {"a": [1]},
    "a set": {1},
    "bytes": b"\x00\xff",
    "an object": object(),
    "a class": NotAModule,
    "a class of torch": torch.nn.Linear,
    "a function": lambda x: x,
    "a module": torch.nn.Linear(3, 2),
    "layers": [torch.nn.Linear(1, 1), torch.nn.ReLU()],
    "a compiled module": torch.compile(torch.nn.Linear(1, 1), backend="eager"),
    "a lazy module": torch.nn.LazyLinear(1),
    "an array": np.zeros((2, 2)),
    "words": np.array(["a", "b"]),
    "a tensor": torch.zeros(2, 2),
    "no rows": torch.zeros(0, 3),
    "an iterator": iter([1]),
    "a type": int,
    "an error": ValueError("x"),
}


@functools.cache
def result():
    return cn.fit(NET, DATA, loss="mse", updates=2, engine="eager", threads=1)


def comparison():
    return {"a": {"batch_size": 2}}


DRAWING = "digraph { {x1 x2} -> y; y -> result }"

HOMEWORK = tempfile.mkdtemp()
(Path(HOMEWORK) / "kim.txt").write_text(NET)
PAGE = f"{tempfile.gettempdir()}/chalknet-report-{os.getpid()}.html"
CARD = f"{tempfile.gettempdir()}/chalknet-card-{os.getpid()}.md"

# For each verb: a call that works, as keywords.
VERBS = {
    "read": lambda: {"model": NET},
    "write": lambda: {"model": NET, "notation": "torch"},
    "show": lambda: {"model": NET},
    "draw": lambda: {"model": NET, "dialect": "nodes"},
    "draw_account": lambda: {"model": DRAWING},
    "count": lambda: {"model": NET},
    "build": lambda: {"model": NET},
    "difference": lambda: {"a": NET, "b": NET},
    "mark": lambda: {"folder": HOMEWORK, "key": NET},
    "load": lambda: {"data": DATA},
    "describe": lambda: {"data": DATA},
    "fit": lambda: {"model": NET, "data": DATA, "loss": "mse", "updates": 1, "engine": "eager", "threads": 1},
    "plan": lambda: {"model": NET, "data": DATA, "loss": "mse", "updates": 1, "engine": "eager"},
    "compare": lambda: {
        "model": NET, "data": DATA, "methods": comparison(), "loss": "mse", "updates": 1, "engine": "eager",
    },
    "search": lambda: {
        "models": NET, "data": DATA, "over": {"lr": [0.1]}, "loss": "mse", "updates": 1, "engine": "eager",
    },
    "race": lambda: {
        "model": NET, "data": DATA, "loss": "mse", "engines": ["eager"], "devices": ["cpu"], "threads": [1],
        "seconds": 0.01,
    },
    "memory": lambda: {"model": NET, "batch_size": 2},
    "place": lambda: {"device": "cpu"},
    "predict": lambda: {"model": result(), "data": X},
    "evaluate": lambda: {"model": result(), "data": DATA},
    "report": lambda: {"result": result(), "path": PAGE},
    "plot": lambda: {"results": result()},
    "plot_images": lambda: {"images": X.reshape(2, 2, 2), "captions": ["a", "b"], "alt_text": "two"},
    "export": lambda: {"model": result(), "path": CARD},
    "serve": lambda: {"model": "no-such-run"},
    "resume": lambda: {"path": "no-such-run"},
    "load_run": lambda: {"path": "no-such-run"},
    "devices": dict,
    "explain": dict,
}  # fmt: skip
CASES = [
    (verb, argument)
    for verb in VERBS
    for argument, parameter in inspect.signature(getattr(cn, verb)).parameters.items()
    if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
]


def test_every_verb_of_the_face_is_here():
    verbs = {name for name in cn.__all__ if name.islower()}
    assert verbs == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_call_that_the_others_are_made_from_works(verb):
    if verb in ("resume", "load_run", "serve"):
        with pytest.raises(cn.FileProblem):
            getattr(cn, verb)(**VERBS[verb]())
    else:
        getattr(cn, verb)(**VERBS[verb]())


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "argument"), CASES, ids=lambda each: each)
def test_a_wrong_argument_is_an_error_of_ours_or_none(verb, argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind, value in WRONG.items():
        arguments = {**VERBS[verb](), argument: value}
        if argument in ("updates", "epochs", "samples", "seconds"):
            arguments = {key: each for key, each in arguments.items() if key not in ("updates",)}
            if verb != "race" and kind in ("a huge number", "infinity"):
                continue  # a budget that is never used up is no mistake
            arguments[argument] = value
        if argument in ("on_progress", "on_row", "on_member") and callable(value):
            continue  # what the caller's own function raises is the caller's
        torch.manual_seed(0)
        with contextlib.suppress(cn.ChalknetError):
            try:
                getattr(cn, verb)(**arguments)
            except cn.ChalknetError as problem:
                assert problem.where and problem.got and problem.wanted and problem.remedy, kind
                assert " object at 0x" not in str(problem), f"{kind}: {problem}"
                raise
            except Exception as problem:
                raise AssertionError(
                    f"{verb}({argument}={kind}): {type(problem).__name__}: {problem}"
                ) from problem


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_option_is_refused_by_name(verb):
    with pytest.raises((cn.UnknownName, TypeError)):
        getattr(cn, verb)(**VERBS[verb](), no_such_option=1)


@pytest.mark.parametrize("verb", ["fit", "plan", "compare", "race", "memory"])
@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("learning_rate", "lr"),
        ("devise", "device"),
        ("optimiser", "optimizer"),
        ("bacth_size", "batch_size"),
        ("momentun", "momentum"),
        ("thread", "threads"),
        ("lss", "loss"),
    ],
)
def test_an_unknown_option_is_answered_with_the_nearest_of_all_options(verb, wrong, near):
    if verb == "race" and near == "device":
        near = "devices"
    with pytest.raises(cn.UnknownName, match=rf"Did you mean {near}\b|Did you mean .* or {near}\b"):
        getattr(cn, verb)(**VERBS[verb](), **{wrong: 1})


def test_held_out_misspelled_is_found():
    with pytest.raises(cn.UnknownName, match="Did you mean held_out"):
        cn.fit(NET, DATA, loss="mse", updates=1, helt_out=0.2)
