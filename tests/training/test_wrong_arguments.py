"""Every argument of every verb about fits, given every kind of wrong value: the error is one of ours."""

import datetime
import inspect
import math

import numpy as np
import pytest
import torch
from torch import nn

import chalknet as cn
from chalknet.errors import InvalidValue, UnknownName
from chalknet.planning import LOSSES

X = torch.linspace(-1, 1, 8)
DATA = X, 2 * X
FIT = {"model": "1 -> 1", "data": DATA, "loss": "mse", "updates": 1, "engine": "eager", "progress": False}
PLAN = {name: FIT[name] for name in ("model", "data", "loss", "updates", "engine")}
RESULT = cn.fit(**FIT)


class Nothing:
    """A class of somebody else's."""


WRONG = {
    "None": None,
    "True": True,
    "an empty text": "",
    "a text": "no such thing",
    "bytes": b"1 -> 1",
    "-1": -1,
    "0": 0,
    "1.5": 1.5,
    "nan": math.nan,
    "inf": math.inf,
    "a huge int": 10**30,
    "a complex": 1j,
    "an empty list": [],
    "a list": [1, "a", None],
    "a list of layers": [nn.Linear(1, 1)],
    "an empty dict": {},
    "a dict": {"a": 1},
    "an empty tuple": (),
    "a set": {1, 2},
    "an object": Nothing(),
    "a class": Nothing,
    "a class of modules": nn.Linear,
    "a lambda": lambda: 1,
    "an array": np.zeros((2, 2)),
    "a tensor": torch.zeros(3),
    "a date": datetime.date(2026, 1, 1),
    "a text with a NUL": "a\0b",
}
VERBS = {
    "fit": (cn.fit, FIT),
    "plan": (cn.plan, PLAN),
    "compare": (cn.compare, {**FIT, "methods": {"one": {"batch_size": 1}}}),
    "resume": (cn.resume, {"path": "RUN", "data": DATA, "progress": False}),
    "predict": (cn.predict, {"model": RESULT, "data": X}),
    "load_run": (cn.load_run, {"path": "RUN"}),
    "plot": (cn.plot, {"results": RESULT}),
}
CASES = [
    pytest.param(verb, argument, id=f"{verb}-{argument}")
    for verb, (call, _) in VERBS.items()
    for argument in inspect.signature(call).parameters
]


BUDGETS = ("updates", "epochs", "samples", "seconds")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("kept") / "run"
    cn.fit(**{**FIT, "out": path})
    return path


@pytest.mark.parametrize(("verb", "argument"), CASES)
def test_a_wrong_argument_is_answered_by_an_error_of_ours(verb, argument, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, given = VERBS[verb]
    given = {name: run if value == "RUN" else value for name, value in given.items() if value is not X}
    if verb == "predict":
        given["data"] = X
    foreign = []
    for name, value in WRONG.items():
        if argument in BUDGETS and name in ("a huge int", "1.5"):
            continue  # a fit of that length is what is asked for
        if argument == "on_progress" and callable(value):
            continue  # an error of the caller's own function is the caller's to see
        asked = {**given, argument: value}
        if argument in BUDGETS[1:]:
            asked["updates"] = None
        try:
            call(**asked)
        except cn.ChalknetError as problem:
            assert str(problem) and len(str(problem)) < 5000
        except Exception as problem:
            foreign.append(f"{verb}({argument}={name}): {type(problem).__name__}: {problem}")
    assert not foreign


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("learning_rate", "lr"),
        ("helt_out", "held_out"),
        ("devise", "device"),
        ("bacth_size", "batch_size"),
        ("criterion", "loss"),
        ("momentun", "momentum"),
        ("recipie", "recipe"),
        ("checkpoint_evry", "checkpoint_every"),
    ],
)
def test_an_unknown_option_offers_the_nearest_of_all_that_the_verb_has(asked, meant):
    for call in (cn.fit, cn.compare):
        with pytest.raises(UnknownName, match=f"Did you mean {meant}"):
            call("1 -> 1", DATA, loss="mse", updates=1, **{asked: 1})


def test_an_unknown_option_of_plan_resume_and_a_method_is_answered_likewise(run):
    with pytest.raises(UnknownName, match=r"plan: got the unknown option 'treads'.*Did you mean threads\?"):
        cn.plan("1 -> 1", DATA, loss="mse", updates=1, treads=1)
    with pytest.raises(UnknownName, match=r"resume: got the unknown option 'update'.*Did you mean updates"):
        cn.resume(run, update=5)
    with pytest.raises(UnknownName, match=r"method 'a': got the unknown option 'batchsize'.*batch_size\?"):
        cn.compare("1 -> 1", DATA, {"a": {"batchsize": 1}}, loss="mse", updates=1)


@pytest.mark.parametrize("verb", ["fit", "plan", "compare", "resume"])
def test_the_signature_shows_every_option_once_with_its_default(verb):
    parameters = inspect.signature(getattr(cn, verb)).parameters
    assert not [p for p in parameters.values() if p.kind is inspect.Parameter.VAR_KEYWORD]
    defaults = {"device": "auto", "seed": 0, "optimizer": "sgd", "record_every": 1, "log": ()}
    if verb != "resume":
        shown = {name: parameters[name].default for name in defaults if name in parameters}
        assert shown == {name: value for name, value in defaults.items() if name in shown}
        assert "held_out" in parameters and [*parameters].index("loss") < [*parameters].index("momentum")
    assert ("record_every" in parameters) == (verb in ("fit", "compare"))


class Tuple(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.LSTM(3, 4, batch_first=True)

    def forward(self, x):
        return self.inner(x)


class Dict(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 1)

    def forward(self, x):
        return {"out": self.inner(x)}


class Two(Dict):
    def forward(self, a, b):
        return self.inner(a) + b


class Faulty(Dict):
    def forward(self, x):
        return {"a": 1}["weight of my layer"]


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (Tuple, "module Tuple: got a tuple for x of shape .*wanted one tensor"),
        (Dict, "module Dict: got a dict for x of shape .*wrap the module"),
        (Two, "module Two: got TypeError .*missing 1 required positional argument: 'b'"),
        (Faulty, "module Faulty: got KeyError .*'weight of my layer'"),
    ],
)
@pytest.mark.parametrize("verb", [cn.fit, cn.plan])
def test_a_module_that_cannot_be_fitted_is_refused_by_name(module, words, verb):
    x = torch.rand(20, 7, 3) if module is Tuple else torch.rand(20, 3)
    with pytest.raises(InvalidValue, match=words):
        verb(module(), (x, torch.rand(20)), loss="mse", updates=2)


def test_what_predict_cannot_map_is_refused_by_name():
    with pytest.raises(InvalidValue, match="module Dict: got a dict"):
        cn.predict(Dict(), torch.rand(2, 3))


def test_a_module_whose_parameters_are_all_frozen_is_refused():
    module = nn.Linear(1, 1).requires_grad_(False)
    with pytest.raises(InvalidValue, match="all frozen"):
        cn.fit(module, DATA, loss="mse", updates=1)


def test_every_verb_takes_every_form_of_a_network(tmp_path):
    (tmp_path / "net.txt").write_text("1 -> 1")
    for model in ("1 -> 1", str(tmp_path / "net.txt"), cn.read("1 -> 1"), RESULT, nn.Linear(1, 1)):
        assert cn.fit(model, DATA, loss="mse", updates=1).history.updates[-1] == 1
        assert cn.plan(model, DATA, cn.Recipe(loss="mse", updates=1)).updates == 1
        if not isinstance(model, nn.Module):
            assert list(cn.compare(model, DATA, {"a": {}}, loss="mse", updates=1).results) == ["a"]


def test_a_recipe_is_given_whole_as_keywords_or_with_keywords_over_it():
    recipe = cn.Recipe(loss="mse", updates=3, lr=0.1)
    kept = [
        cn.fit("1 -> 1", DATA, recipe=recipe),
        cn.fit("1 -> 1", DATA, loss="mse", updates=3, lr=0.1),
        cn.fit("1 -> 1", DATA, recipe=cn.Recipe(loss="l1", epochs=9), loss="mse", updates=3, lr=0.1),
    ]
    assert len({tuple(result.history.loss) for result in kept}) == 1
    assert cn.plan("1 -> 1", DATA, recipe, updates=5).updates == 5
    both = cn.compare("1 -> 1", DATA, {"a": {}, "b": {"batch_size": 1}}, recipe=recipe)
    assert [result.plan.recipe.lr for result in both.results.values()] == [0.1, 0.1]


def test_a_table_is_converted_once_for_a_dry_run_and_the_fit_after_it(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    table = tmp_path / "t.csv"
    table.write_text("a,b\n" + "".join(f"{i},{2 * i}\n" for i in range(8)))
    options = {"loss": "mse", "updates": 1, "dtype": "float64", "engine": "eager"}
    cn.plan("1 -> 1", table, **options)
    made = sorted((tmp_path / "cache").rglob("*.npy"))
    cn.fit("1 -> 1", table, **options)
    assert made and sorted((tmp_path / "cache").rglob("*.npy")) == made


class OnlyEvaluates(nn.Module):
    """A module whose forward fails in training mode."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1)

    def forward(self, x):
        return {}["no such key"] if self.training else self.linear(x)


def test_an_error_that_a_module_raises_in_training_mode_alone_names_it():
    module = nn.Sequential(OnlyEvaluates(), nn.Linear(1, 1))
    words = r"module 0 \(OnlyEvaluates\): got KeyError in an update: 'no such key'"
    with pytest.raises(InvalidValue, match=words):
        cn.fit(module, (torch.rand(4, 2), torch.rand(4, 1)), loss="mse", updates=2, batch_size=1)


def test_an_error_of_the_callers_own_function_passes_as_it_is():
    def fail(progress):
        nn.Linear(3, 1)(torch.rand(1, 2))

    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        cn.fit("2 -> 1", (torch.rand(4, 2), torch.rand(4, 1)), loss="mse", updates=2, on_progress=fail)


def test_a_loss_that_applies_the_activation_itself_is_offered_where_there_is_one(monkeypatch):
    data = torch.rand(4, 2), torch.ones(4, 1)
    with pytest.raises(InvalidValue, match="Add `-sig->` at the end, or use the loss bce_logits"):
        cn.fit("2 -> 1", data, loss="bce", updates=1)
    others = {name: row for name, row in LOSSES.items() if name != "bce_logits"}
    monkeypatch.setattr("chalknet.training.choice.endings.LOSSES", others)
    with pytest.raises(InvalidValue, match=r"Add `-sig->` at the end\.$"):
        cn.fit("2 -> 1", data, loss="bce", updates=1)
