"""What the help says: groups, examples, versions, and the nearest name for an option that is none."""

import inspect
import re

import pytest

import chalknet as cn
from chalknet.cli.app import app_for

APP = app_for()
VERBS = [command.callback and command.name for command in APP.registered_commands]


def test_every_verb_of_the_command_is_tested_here():
    assert sorted(VERBS) == sorted(
        "read count draw diff mark fit compare search resume predict evaluate export serve data demo race "
        "devices memory studio".split()
    )


@pytest.mark.parametrize("words", [["--version"], ["--version", "fit"]])
def test_the_version_is_printed(type_, words):
    assert type_(*words) == (0, f"chalknet {cn.__version__}\n", "")


def test_no_words_at_all_are_a_usage_error_with_the_help(type_):
    code, out, _ = type_()
    assert code == 2 and "Usage: chalknet" in out


def test_the_help_of_fit_is_in_titled_groups(type_, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = type_("fit", "--help")
    titles = re.findall(r"^╭─ (.+?) ─*╮$", out, re.M)
    wanted = ["Data", "Recipe", "Optimizer", "Where it runs", "What is kept", "Output"]
    assert [title for title in titles if title in wanted] == wanted


@pytest.mark.parametrize("verb", VERBS)
def test_each_example_stands_on_a_line_of_its_own(type_, monkeypatch, verb):
    monkeypatch.setenv("COLUMNS", "80")
    _, page, _ = type_(verb, "--help")
    lines = [line.strip() for line in page.splitlines()]
    command = next(each for each in APP.registered_commands if each.name == verb)
    examples = re.findall(r"^Example: .*$", command.help, re.M)
    assert examples and all(example in lines for example in examples)
    assert "Exit codes: 0 done" in page


@pytest.mark.parametrize("verb", VERBS)
def test_the_model_is_called_model_by_every_verb(type_, verb):
    assert "NETWORK" not in type_(verb, "--help")[1]


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("--learning-rate", "--lr"),
        ("--helt-out", "--held-out"),
        ("--held_out", "--held-out"),
        ("--devise", "--device"),
        ("--random-state", "--seed"),
        ("--n-iter-no-change", "--patience"),
        ("--no-heder", "--no-header"),
        ("--optimiser", "--optimizer"),
    ],
)
def test_an_unknown_option_offers_the_nearest_name(type_, typed, near):
    code, out, err = type_("fit", "1 -> 1", typed, "1")
    assert (code, out) == (2, "")
    assert f"No such option: {typed}. Did you mean {near}?" in err
    assert "chalknet fit --help" in err


def test_a_name_like_no_other_offers_none(type_):
    assert "Did you mean" not in type_("fit", "1 -> 1", "--qqq")[2]


@pytest.mark.parametrize("verb", ["fit", "resume", "predict"])
def test_the_command_has_every_keyword_of_the_face(verb):
    of_python = {"self", "x", "path", "module", "recipe", "progress", "on_progress", "on_plan"}
    of_python |= {"optimizer_options"}
    keywords = set(inspect.signature(getattr(cn, verb)).parameters) - of_python
    command = next(each for each in APP.registered_commands if each.name == verb)
    assert keywords - {"model"} <= set(inspect.signature(command.callback).parameters)
