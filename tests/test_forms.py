"""Any form is recognised, from a text, a file, a folder, standard input or a module."""

import io
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.strategies import networks
from torch import nn

import chalknet as cn
from chalknet.errors import ChalknetError, FileProblem, InvalidValue, NotationError, UnknownName
from chalknet.notation import NOTATIONS

F4 = cn.Network(784, (cn.Linear(32), cn.Activation("relu"), cn.Linear(1), cn.Activation("sig")))
LOSSLESS = [row.name for row in NOTATIONS.values() if row.lossless]


@pytest.mark.parametrize("notation", LOSSLESS)
@given(network=networks(symbolic=True))
def test_every_lossless_form_is_recognised_and_read_back(notation, network):
    text = cn.write(network, notation)
    assert cn.read(text) == network
    assert cn.read(text, notation=notation) == network


@pytest.mark.parametrize("notation", LOSSLESS)
def test_a_file_is_read_by_its_ending_or_by_its_text(tmp_path, notation):
    for suffix in (*NOTATIONS[notation].suffixes, ".unheard"):
        path = tmp_path / f"net{suffix}"
        path.write_text(cn.write(F4, notation), encoding="utf-8")
        assert cn.read(path) == cn.read(str(path)) == F4


def test_a_module_and_a_network_are_read_as_they_are():
    assert cn.read(nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())) == F4
    assert cn.read(F4) is F4


def test_standard_input_is_a_minus(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("784 -> 32 relu -> 1 sigmoid"))
    assert cn.read("-") == F4


def test_a2_the_three_sequentials_are_the_formulas():
    assert cn.read("Sequential(Linear(1,1), Sigmoid())") == cn.read(
        "X(n,1) -l1-> u1(n,1) -sig-> v1(n,1) = yhat"
    )
    assert cn.read("nn.Sequential(nn.Linear(1,2), nn.ReLU(), nn.Linear(2,1), nn.Sigmoid())") == cn.read(
        "X(n,1) -l1-> u1(n,2) -relu-> v1(n,2) -l2-> u2(n,1) -sig-> v2(n,1) = yhat"
    )
    assert (
        cn.read("""net = torch.nn.Sequential(
        torch.nn.Linear(in_features=28*28*1, out_features=32),
        torch.nn.ReLU(),
        torch.nn.Linear(in_features=32, out_features=1),
        torch.nn.Sigmoid(),
    )""")
        == F4
    )


@pytest.mark.parametrize("text", ["", "   ", "hello world", "relu", "42", "{", "\\alpha", "\x00", "a\nb"])
def test_a_text_that_is_no_network_is_refused_with_what_could_stand_there(text):
    with pytest.raises(NotationError):
        cn.read(text)


def test_a_file_that_is_not_there_is_no_formula():
    with pytest.raises(FileProblem, match="No such file"):
        cn.read("answers/net.tex")


def test_an_error_in_a_file_names_the_file_and_shows_the_line(tmp_path):
    path = tmp_path / "net.txt"
    path.write_text("784 -> 32 rleu -> 1")
    with pytest.raises(UnknownName, match=r"net\.txt, .*\n(.*\n)*.*\^\^\^\^"):
        cn.read(path)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(FileProblem, match="no UTF-8 text"):
        cn.read(path)


def test_an_unknown_notation_or_form_is_refused():
    with pytest.raises(UnknownName, match="Did you mean latex"):
        cn.read("1 -> 1", notation="latx")
    with pytest.raises(UnknownName, match="Did you mean torch"):
        cn.write(F4, "torhc")
    with pytest.raises(InvalidValue, match="got a int"):
        cn.read(3)


@given(st.text(max_size=60))
def test_no_text_raises_anything_but_our_own_errors(text):
    assume(text.strip() != "-")  # which asks for standard input
    try:
        cn.read(text)
    except ChalknetError as problem:
        assert problem.where and problem.got and problem.wanted and problem.remedy


class Mine(nn.Module):
    """A module of the user's own."""


NO_FORMS = [
    (None, "got None", "cn.read"),
    (3, "a int", "cn.read"),
    (nn.Linear, "the class Linear, not an instance", r"Linear\(\.\.\.\)"),
    ([nn.Linear(1, 1), nn.ReLU()], "a list of 2", r"torch\.nn\.Sequential\(\*layers\)"),
    ((1, 2, 3), "a tuple of 3", "Sequential"),
    (nn.Linear(1, 1).state_dict(), "OrderedDict|dict of 2", "module"),
    (lambda x: x, "a function", "nn.Module"),
    (b"\x08", "a bytes", "file"),
    (torch.compile(nn.Linear(1, 1), backend="eager"), "a Linear compiled by torch.compile", "Give that one"),
    (nn.Sequential(nn.LazyLinear(4), nn.ReLU()), "lazy layers.*0.weight", "Call it once"),
]


@pytest.mark.parametrize(
    "verb", ["read", "count", "build", "draw", "difference", "write", "fit", "plan", "race", "memory"]
)
@pytest.mark.parametrize(("wrong", "got", "remedy"), NO_FORMS, ids=lambda value: str(value)[:20])
def test_what_is_no_model_is_refused_with_what_it_is_and_what_to_write(verb, wrong, got, remedy):
    x = torch.zeros(4, 1)
    others = {
        "difference": ("1 -> 1",),
        "write": ("torch",),
        "fit": ((x, x),),
        "plan": ((x, x),),
    }.get(verb, ())
    options = {"loss": "mse", "updates": 1} if verb in ("fit", "plan") else {}
    options |= {"batch_size": 2, "input_shape": 1} if verb == "memory" else {}
    if verb == "race" and wrong is None:
        return  # the race has a network of its own
    with pytest.raises(InvalidValue, match=f"(?s){got}.*{remedy}"):
        getattr(cn, verb)(wrong, *others, **options)


FORMS = {
    "shorthand": "1 -> 2 relu -> 1",
    "arrows": "X(n,1) -l1-> u1(n,2) -relu-> v1(n,2) -l2-> u2(n,1) = yhat",
    "code": "nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))",
    "module": nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1)),
    "network": cn.Network(1, (cn.Linear(2), cn.Activation("relu"), cn.Linear(1))),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_verb_that_needs_a_network_takes_every_form(form, tmp_path):
    model, x = FORMS[form], torch.linspace(-1, 1, 8)
    assert cn.count(model).parameters == 7
    assert cn.write(model, "shorthand") == "1 -> 2 relu -> 1"
    assert not cn.difference(model, FORMS["network"])
    assert [type(layer) for layer in cn.build(model)] == [nn.Linear, nn.ReLU, nn.Linear]
    assert cn.draw(model).svg
    assert cn.memory(model, batch_size=4).total_bytes > 0
    options = {"loss": "mse", "updates": 2, "engine": "eager", "device": "cpu", "threads": 1}
    assert cn.plan(model, (x, x), **options).updates == 2
    result = cn.fit(model, (x, x), **options)
    assert result.history.updates[-1] == 2
    assert cn.count(result).parameters == 7
    race = cn.race(model, engines=["eager"], devices=["cpu"], threads=[1], seconds=0.01)
    assert race.rows
    if form != "module":  # which would be fitted in place by the first method
        assert set(cn.compare(model, (x, x), {"a": {}}, **options).results) == {"a"}


def test_a_path_of_any_kind_is_a_path(tmp_path):
    class Place:
        def __fspath__(self):
            return str(tmp_path / "net.json")

    (tmp_path / "net.json").write_text(cn.write(F4, "json"), encoding="utf-8")
    assert cn.read(Place()) == F4


def test_a_text_is_read_while_another_thread_imports_torch(monkeypatch):
    half = ModuleType("torch")
    half.__spec__ = ModuleSpec("torch", None)
    half.__spec__._initializing = True  # as the import system marks it
    monkeypatch.setitem(sys.modules, "torch", half)
    assert cn.read("2 -> 1").output_shape == (1,)
