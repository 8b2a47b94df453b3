"""Every error has four answers, and a text's error its line and a caret."""

import pickle

import pytest

from chalknet import errors
from chalknet.errors import ChalknetError, Excerpt, NotationError, unknown_name

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ChalknetError)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_of_an_error_has_where_got_wanted_and_remedy(kind):
    problem = kind(where="here", got="this", wanted="that", remedy="Do so.")
    assert str(problem) == "here: got this; wanted that. Do so."


def test_the_caret_stands_under_the_place():
    text = "784 ->\n  32 rleu -> 1"
    problem = NotationError(
        where="the formula", got="x", wanted="y", remedy="Z.", excerpt=Excerpt(text, text.index("rleu"), 4)
    )
    assert str(problem).splitlines()[1:] == ["  line 2:", "      32 rleu -> 1", "         ^^^^"]


def test_the_caret_of_the_end_stands_behind_the_last_letter():
    assert str(Excerpt("784 ->", 6)).splitlines()[1:] == ["    784 ->", "          ^"]


def test_a_very_long_line_is_cut_around_the_caret():
    shown = str(Excerpt("x" * 5000 + "!" + "x" * 5000, 5000)).splitlines()
    assert len(shown[1]) < 200
    assert shown[1][shown[2].index("^")] == "!"


def test_a_near_miss_is_offered_whatever_its_case_and_underscores():
    assert "Did you mean leaky_relu" in str(
        unknown_name("here", "activation", "LeakyRelo", ["leaky_relu", "elu"])
    )
    assert "Did you mean" not in str(unknown_name("here", "activation", "banana", ["relu"]))


def test_an_error_survives_the_way_to_another_process():
    problem = NotationError(where="a", got="b", wanted="c", remedy="D.", excerpt=Excerpt("text", 2))
    assert str(pickle.loads(pickle.dumps(problem))) == str(problem)
