"""Words around a drawing: titles of several lines, settings of a form above it, a title over the whole."""

from itertools import pairwise

import pytest

import chalknet as cn
from chalknet.notation.drawings.sketch import Place
from chalknet.notation.drawings.vocabulary import clauses
from chalknet.notation.marks.captions import titles_of_columns
from chalknet.notation.marks.mark import TextMark

COLUMNS = {100: (100, 180, 260), 300: (60, 140, 220, 300), 500: (140, 220)}


def drawn(words):
    spots = [[(x, y + 60) for y in column] for x, column in COLUMNS.items()]
    marks = "".join(
        f'<line x1="{x}" y1="{y}" x2="{u}" y2="{v}" stroke="black"/>'
        for left, right in pairwise(spots)
        for x, y in left
        for u, v in right
    )
    marks += "".join(
        f'<circle cx="{x}" cy="{y}" r="20" fill="#eee" stroke="black"/>' for spot in spots for x, y in spot
    )
    for text, x, y, *size in words:
        marks += (
            f'<text x="{x}" y="{y}" font-size="{size[0] if size else 14}" text-anchor="start">{text}</text>'
        )
    return cn.read(f'<svg xmlns="http://www.w3.org/2000/svg" width="700" height="420">{marks}</svg>')


def test_the_lines_of_a_title_over_a_column_all_speak_of_it():
    places = [Place(x, y, 40, 40) for x, column in COLUMNS.items() for y in column]
    numbers = [number for number, column in enumerate(COLUMNS.values()) for _ in column]
    ends = {0: (100, 80), 1: (300, 40), 2: (500, 120)}
    lines = [(0, 44, "90"), (1, 44, "tanh"), (1, 66, "40"), (2, 44, "softmax"), (2, 66, "7")]
    texts = {
        n: TextMark(words, Place(ends[column][0], ends[column][1] - off, 50, 16), 16.0)
        for n, (column, off, words) in enumerate(lines)
    }
    found = titles_of_columns(texts, numbers, places, sideways=True)
    assert found == {n: column for n, (column, _, _) in enumerate(lines)}
    apart = texts | {4: texts[4]._replace(place=texts[4].place._replace(y=texts[4].place.y - 13))}
    assert titles_of_columns(apart, numbers, places, sideways=True) == {0: 0, 1: 1, 2: 1}


def test_the_setting_of_the_activation_above_a_network_is_that_of_its_hidden_layers():
    words = {
        5: ("Rate", "0.1"),
        178: ("Activation", "Sigmoid"),
        285: ("Penalty", "None"),
        580: ("Task", "Fit"),
    }
    names = [(name, x, 20, 10) for x, (name, _) in words.items()]
    values = [(value, x, 38) for x, (_, value) in words.items()]
    network = drawn([*names, *values])
    assert cn.write(network, "shorthand") == "3 -> 4 sigmoid -> 2 ?"
    assert "layer 1: 'Activation Sigmoid' was taken from the caption" in network.notes


def test_a_bar_of_texts_most_of_which_stand_over_no_column_holds_no_titles():
    words = [
        (text, x, 30) for text, x in (("tanh", 80), ("one", 170), ("two", 195), ("relu", 285), ("four", 380))
    ]
    network = drawn(words)
    assert cn.write(network, "shorthand") == "3 -> 4 ? -> 2 ?"
    assert any("relu" in note for note in network.notes)


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("Exercise 4: the backward pass, logistic (sigmoid) units", ["sigmoid", "sigmoid"]),
        ("A small net with rectified (ReLU) neurons", ["relu", "relu"]),
        ("What a small net of three layers can learn", ["?", "?"]),
    ],
)
def test_a_title_over_all_columns_belongs_to_none_of_them(title, kinds):
    network = drawn([(title, 90, 75, 18)])
    assert [one.kind for one in network.steps if isinstance(one, cn.Activation)] == kinds


def test_a_name_and_its_synonym_in_brackets_are_one_clause():
    (clause,) = clauses("logistic (sigmoid) units")
    assert (clause.role, [str(step.kind) for step in clause.steps]) == ("all", ["sigmoid"])
    assert [clause.role for clause in clauses("tanh (hidden), softmax (output)")] == ["hidden", "output"]


DASHED = "x%d -> h%d [dir=none]; "


@pytest.mark.parametrize(("ends", "width", "biased"), [((0, 1, 2), 2, True), ((0,), 2, False)])
def test_a_node_whose_lines_alone_are_dashed_is_the_bias_of_the_layer_that_they_reach(ends, width, biased):
    links = "".join(DASHED % (i, n) for i in range(2) for n in range(3))
    links += "".join(f"h{n} -> y{k} [dir=none]; " for n in range(3) for k in range(2))
    links += "".join(f"q -> h{n} [dir=none style=dashed]; " for n in ends)
    names = " ".join(f'{name} [label=""];' for name in ("q", "x0", "x1", "h0", "h1", "h2", "y0", "y1"))
    network = cn.read(f"digraph {{ {names} {links} }}")
    assert network.input_shape == (width,)
    assert any("its lines are dashed" in note for note in network.notes) == biased
