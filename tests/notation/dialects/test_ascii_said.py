"""Drawings of characters whose lines cross, with words that say that all units are joined."""

import random

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

SAYS = (
    "every {0} feeds every {1}, every {1} feeds every {2}.", "(all-to-all between neighbouring layers)",
    "Everything connects to\neverything, I cannot draw it.", "fully connected",
    "not all lines are drawn: each unit is joined to each unit of the next layer",
    "jede Einheit ist mit jeder der nächsten Schicht verbunden", "cada neurona con cada neurona",
)  # fmt: skip
LETTERS = (("x", "h", "y"), ("i", "h", "o"), ("X", "H", "Y"), ("x", "a", "out"), ("x", "z", "y"))


def drawn(dice):
    """Return a drawing, its widths, and the words that say how it is joined."""
    widths = [dice.randint(1, 6) for _ in range(3)]
    widths[1] = dice.randint(2, 6)  # which shows which way layers lie
    letters, brackets = dice.choice(LETTERS), dice.choice(["()", "[]"])
    names = [
        [f"{brackets[0]}{letter}{'' if width == 1 else n}{brackets[1]}" for n in range(1, width + 1)]
        for letter, width in zip(letters, widths, strict=True)
    ]
    upright = dice.random() < 0.5
    rows = upside(dice, names, 8) if upright else beside(dice, names)
    if upright and dice.random() < 0.3:
        rows = rows[::-1]
    said = dice.choice(SAYS).format(*letters)
    text = "\n".join([*rows, "", *(f"  {line}" for line in said.split("\n"))])
    if dice.random() < 0.3:
        text = "/*\n" + "\n".join(f" * {line}" for line in text.split("\n")) + "\n */"
    return text, widths, said


def upside(dice, names, apart):
    """Return layers one under the other, with strokes between them."""
    wide = apart * max(map(len, names))
    rows = []
    for number, layer in enumerate(names):
        left = (wide - apart * len(layer)) // 2
        rows.append("   " + " " * left + "".join(name.ljust(apart) for name in layer).rstrip())
        if number + 1 < len(names):
            rows += ["   " + strokes(dice, wide) for _ in range(3)]
    return rows


def beside(dice, names):
    """Return layers side by side, with strokes between them."""
    high = 2 * max(map(len, names)) - 1
    rows = ["  "] * high
    for number, layer in enumerate(names):
        first = (high - 2 * len(layer) + 1) // 2
        at = {first + 2 * place: name for place, name in enumerate(layer)}
        wide = max(map(len, layer))
        last = number + 1 == len(names)
        rows = [
            row + at.get(place, "").ljust(wide) + ("" if last else f" {strokes(dice, 9)} ")
            for place, row in enumerate(rows)
        ]
    return [row.rstrip() for row in rows]


def strokes(dice, count):
    return "".join(dice.choice("   /\\|") for _ in range(count))


@pytest.mark.parametrize("seed", range(120))
def test_units_are_joined_as_the_words_say(seed):
    text, widths, _ = drawn(random.Random(seed))
    network = cn.read(text)
    sizes = [
        network.input_shape[0],
        *(step.out_features for step in network.steps if hasattr(step, "out_features")),
    ]
    assert sizes == widths, text
    assert any("lines" in note for note in network.notes)


@pytest.mark.parametrize("words", ["not every x feeds every h.", "see the figure of last week.", ""])
def test_without_such_words_crossing_lines_are_not_joined_in_silence(words):
    text = (
        "(x1) --\\  /-- (h1)\n        \\/        \\-- (y)\n        /\\    /--/\n(x2) --/  (h2)\n(x3)  /\n\n"
        + words
    )
    try:
        network = cn.read(text)
    except ChalknetError:
        return
    assert network.notes


def test_a_name_that_stands_again_without_a_line_keeps_its_unit():
    try:
        network = cn.read("hid  =Liner;\nnm->hid->", notation="ascii")
    except ChalknetError:
        return
    assert network.notes
