"""Every error has four answers, and a text's error its line and a caret."""

import os
import pickle
import subprocess
import sys

import pytest

import chalknet as cn
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


SCRIPT = """
import chalknet as cn

def mine():
    return cn.fit("1 -> 1", ([[1.0]], [2.0]), loss="msee", updates=1)

mine()
"""


def traceback_of(tmp_path, **environment):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


def test_a_script_shows_the_call_of_the_user_and_the_message_alone(tmp_path):
    shown = traceback_of(tmp_path)
    assert 'cn.fit("1 -> 1", ([[1.0]], [2.0]), loss="msee", updates=1)' in shown
    assert shown.splitlines()[-1].startswith("chalknet.errors.UnknownName: loss: got the unknown loss 'msee'")
    inside = [line for line in shown.splitlines() if line.startswith('  File "') and "script.py" not in line]
    assert len(inside) == 1  # the frame that hands the error on


def test_all_frames_are_shown_when_asked_for(tmp_path):
    shown = traceback_of(tmp_path, CHALKNET_TRACEBACK="full")
    assert "recipe.py" in shown


def test_a_notebook_shows_the_line_of_the_user_and_the_message():
    with pytest.raises(cn.UnknownName) as caught:
        cn.count("1 -> 1", "books")
    lines = "".join(caught.value._render_traceback_()).splitlines()
    assert 'cn.count("1 -> 1", "books")' in lines[1]
    assert lines[-1].startswith("UnknownName: count: got the unknown convention 'books'")
    assert len(lines) <= 4


def test_a_keyword_of_the_version_before_is_taken_with_a_warning():
    with pytest.warns(DeprecationWarning, match=r"read\(form=\.\.\.\) is now read\(model=\.\.\.\)"):
        assert cn.read(form="1 -> 2") == cn.read("1 -> 2")


def test_the_nearest_name_is_offered_or_what_another_library_calls_it():
    error = unknown_name("fit", "option", "learning_rate", ["lr", "loss"], {"learning_rate": "lr"})
    assert error.remedy == "Did you mean lr?"
    assert "known names" in unknown_name("fit", "option", "xyzzy", ["lr", "loss"]).remedy
