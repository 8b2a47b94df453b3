"""Whatever is read ends in a network or in an error of ours, in bounded time and memory."""

import os
import re
import subprocess
import sys
import time
from re import _parser

import pytest
from tests.fuzz.bounded import ROOT, Case, outcomes
from tests.fuzz.limits import assert_error_raises_limit
from tests.fuzz.pieces import LABEL, PIECES, PLACES, pieces_of_patterns
from tests.fuzz.texts import fuzz

import chalknet as cn
from chalknet.notation.drawings import repetition, sizes_said, vocabulary, words
from chalknet.notation.drawings.labels import plain

_SHORT, _LONG = 8_000, 2_000_000  # what readers look ahead is at most 4,000 characters
_TRIES = 6
_NOTICEABLE_S = 0.1  # below it, noise of the machine hides what grows how


def bad(found):
    """Return what went wrong, in words."""
    return [f"{one.case.piece!r} in {one.case.beginning!r}: {one.what}, {one.seconds} s" for one in found]


def twice(case):
    """Return a case with a text twice as long."""
    return case._replace(times=2 * case.times)


def growing(cases):
    """Return what comes of texts twice as long that take over three times as long, by the least of tries.

    Those four times as long have to take over eight times as long too: a busy machine does not make that.
    """
    least = {}
    for _ in range(_TRIES):  # each in a process of its own: what was read once is remembered
        for found in outcomes(each for case in cases for each in (case, twice(case))):
            known = least.get(found.case, found)
            least[found.case] = min(known, found, key=lambda one: (not one.is_bad, one.seconds))
        pairs = [(least[case], least[twice(case)]) for case in cases]
        cases = [one.case for one, two in pairs if two.is_bad or two.seconds > 3 * one.seconds]
    longer = outcomes([twice(twice(case)) for case in cases])
    return [
        least[twice(case)]
        for case, four in zip(cases, longer, strict=True)
        if four.is_bad or four.seconds > 8 * least[case].seconds
    ]


_EVERYWHERE = (PLACES[0], LABEL)  # where the words of all patterns are tried: thousands, in parts
_PARTS = 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "part"),
    [(place, part) for place in PLACES for part in range(_PARTS if place in _EVERYWHERE else 1)],
    ids=lambda value: f"{value[0]} {value[1]}" if isinstance(value, tuple) else str(value),
)
def test_a_piece_over_and_over_is_read_in_time_in_proportion_to_it(place, part):
    notation, beginning, end = place
    pieces = PIECES
    if place in _EVERYWHERE:
        words_of_patterns = {piece for piece in pieces_of_patterns() if len(piece) > 2}
        pieces = sorted(words_of_patterns.union(PIECES))[part::_PARTS]
    cases = [Case(notation, beginning, piece, _SHORT // len(piece), end) for piece in pieces]
    found = outcomes(cases)
    assert not bad(one for one in found if one.is_bad)
    assert not bad(growing([one.case for one in found if one.seconds > _NOTICEABLE_S]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "pieces"),
    [
        (
            (None, "", ""),
            ("#", "// ", "/**/", "\n", r"\[", r"\(", r"\begin{align}", r"\limits", " ", "```dot"),
        ),
        (("dot", "digraph { a -> b; ", "}"), ("{a}", '"', "a->b;", "a\n")),
        (("dot", 'digraph { a -> b; a [label="', '"]}'), ("1,", "x_1", "θ", r"\a")),
        (("mermaid", "flowchart LR\n", ""), ("a\n", "a-->b\n", "-a", "a(((b) ")),
        (("svg", "<svg>", "</svg>"), ("<g>", "<g class='cluster'><polygon points='0,0 1,1'/></g>", "<text>")),
    ],
    ids=["any", "dot", "label", "mermaid", "svg"],
)
def test_two_megabytes_of_a_piece_take_at_most_five_seconds_and_a_gigabyte(place, pieces):
    notation, beginning, end = place
    cases = [Case(notation, beginning, piece, _LONG // len(piece), end) for piece in pieces]
    assert not bad(one for one in outcomes(cases) if one.is_bad)


@pytest.mark.slow
def test_damaged_texts_of_every_notation_are_read_or_refused():
    counts = fuzz(seed=1, seconds=2)
    assert not counts["wrong"]
    assert counts["tried"] == counts["read"] + counts["refused"] >= 200


def test_a_pattern_that_is_searched_in_labels_looks_at_a_bounded_number_of_characters():
    searched = [value for value in vars(words).values() if isinstance(value, re.Pattern)]
    searched += [pattern for _, pattern in words.ROLES]
    searched += [value for value in vars(repetition).values() if isinstance(value, re.Pattern)]
    searched = [one for one in searched if one not in (words.DOTS, words._REPEATED)]
    assert len(searched) > 30
    for pattern in searched:
        assert _parser.parse(pattern.pattern, pattern.flags).getwidth()[1] < 20_000, pattern.pattern


@pytest.mark.parametrize("label", ["0.5", "-0.01", "+3.25", ".5", "-12.0"])
def test_a_number_on_an_edge_says_nothing_by_the_long_way_either(label):
    assert words.DECIMAL.fullmatch(label)
    steps, rest = vocabulary._steps(label)
    assert (steps, rest) == ((), label)
    assert sizes_said.sizes_in(label, operation=False) == sizes_said.SizesSaid()
    assert vocabulary.said(label) == vocabulary.Said(label)
    assert plain(label) == label


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        ("edges", "digraph { {a b c} -> {d e f} -> y }"),
        ("statements of a drawing", "digraph { {a b c} -> {d e f} -> y }"),
        ("nodes", "digraph { {a b c} -> {d e f} -> y }"),
        ("characters in a label", 'digraph { {a b c} -> {d "eeeee"} -> y }'),
        ("characters in a formula", "784 -> 32 relu -> 1 sigmoid"),
        ("layers", "784 -> 32 relu -> 1 sigmoid"),
        ("characters in a text", "784 -> 32 relu -> 1 sigmoid"),
    ],
)
def test_a_limit_is_named_and_what_its_error_says_raises_it(monkeypatch, limit, text):
    assert_error_raises_limit(monkeypatch, limit, text)


def test_a_pipe_and_a_device_are_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.dot")
    for path in (tmp_path / "pipe.dot", "/dev/zero", "/dev/null"):
        began = time.monotonic()
        with pytest.raises(cn.FileProblem, match="a folder, a pipe or a device"):
            cn.read(os.fspath(path))
        assert time.monotonic() - began < 2


@pytest.mark.slow
def test_standard_input_without_end_is_refused():
    endless = subprocess.Popen(["yes", "784 -> 1"], stdout=subprocess.PIPE)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "chalknet", "read", "-"],
            stdin=endless.stdout,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        endless.kill()
        endless.wait()
        endless.stdout.close()
    assert done.returncode == 1
    assert "standard input: got more than 10,000,000 characters" in done.stderr


@pytest.mark.parametrize("place", ["1em", "50%", "NaN", "1e999", "", "1e", "0x1"])
def test_a_place_in_an_svg_that_is_no_number_is_refused(place):
    text = f"<svg><g class='node'><title>a</title><text y='{place}'>a</text></g></svg>"
    with pytest.raises(cn.NotationError, match="wanted a number, with px, pt or no unit"):
        cn.read(text)


def test_a_record_is_read_with_one_label():
    declared = 'digraph { x [shape=record, label="<a>x1|<b>x2"]; '
    again, drawn = declared.removeprefix("digraph { "), "x:a -> y; x:b -> y }"
    assert cn.read(declared + again + drawn) == cn.read(declared + drawn)
    with pytest.raises(cn.NotationError, match="got a second label; wanted a record with one label"):
        cn.read(declared + again.replace("x2", "x3") + drawn)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"input_shape": 1, "input_shape": 2, "steps": []}', "the key 'input_shape' twice"),
        ('{"input_shape": 1, "steps": ' + "[" * 100_000, "nested|recursion"),
        ('{"input_shape": 1' + "0" * 5000 + ', "steps": []}', "limit"),
        (
            '{"input_shape": 1' + "0" * 30 + ', "steps": [{"step": "Flatten"}]}',
            "at most 9,223,372,036,854,775,807",
        ),
        (
            '{"input_shape": 1, "name": "a\\ud800", "steps": [{"step": "Flatten"}]}',
            "letters that can be printed",
        ),
        ("784 -> 1 \ud800", "half a character"),
        ('digraph { a -> b [label="&#' + "9" * 5000 + ';"] }', "."),
    ],
    ids=["twice", "nested", "digits", "size", "name", "surrogate", "entity"],
)
def test_odd_values_in_a_text_end_in_an_error_of_ours(text, message):
    try:
        cn.read(text)
    except cn.ChalknetError as problem:
        assert re.search(message, str(problem))
