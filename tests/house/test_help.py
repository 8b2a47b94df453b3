"""`help()` of every public name: what it gives, every argument, an example, no dead reference."""

import inspect
import re

import pytest

import chalknet as cn

ERRORS = [
    name
    for name in cn.__all__
    if isinstance(getattr(cn, name), type) and issubclass(getattr(cn, name), Exception)
]
OTHERS = [name for name in cn.__all__ if name not in ERRORS]
VERBS = [name for name in OTHERS if name.islower()]


def text_of(name):
    value = getattr(cn, name)
    called = inspect.getdoc(type(value).__call__) if name == "memory" else ""  # a verb with verbs of its own
    return f"{inspect.getdoc(value) or ''}\n{called}"


@pytest.mark.parametrize("name", cn.__all__)
def test_the_first_line_is_a_sentence(name):
    assert text_of(name).splitlines()[0].endswith(".")


@pytest.mark.parametrize("name", OTHERS)
def test_there_is_an_example_that_the_doctests_run(name):
    assert ">>> " in text_of(name)


@pytest.mark.parametrize("name", VERBS)
def test_every_argument_is_described(name):
    text = text_of(name)
    if re.search(r"as in `fit`|options of `fit`|keywords of `fit`", text):
        text += text_of("fit")
    signature = inspect.signature(getattr(cn, name))
    for argument, parameter in signature.parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        assert re.search(rf"\b{argument}\b", text), argument


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_that_refuses_says_how(name):
    assert "Raises:" in text_of(name) or name in ("plot", "devices")


@pytest.mark.parametrize("name", cn.__all__)
def test_what_is_named_in_backticks_is_there(name):
    for path in re.findall(r"`((?:cn|chalknet)\.[\w.]+)", text_of(name)):
        value = cn
        for part in path.split(".")[1:]:
            value = getattr(value, part, None)
            assert value is not None, path


@pytest.mark.parametrize("name", ["fit", "plan", "compare", "race", "memory", "resume", "load"])
def test_every_option_of_a_verb_is_in_its_signature_with_its_default(name):
    signature = inspect.signature(getattr(cn, name))
    open_ended = [p for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD]
    assert not open_ended, "options behind ** are shown one by one"
