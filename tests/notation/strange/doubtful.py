"""Drawings of which a careful person asks: two readings are as good."""

from __future__ import annotations

import itertools

from tests.notation.strange.choice import Choices
from tests.notation.strange.networks import write
from tests.notation.strange.picture import Node, Picture, TruthLayer

DOUBTS = {
    "title against units": 2.0,
    "last label against title": 1,
    "two networks": 2,
    "two activations": 1,
    "unit or result": 1,
    "shape behind a layer": 1,
}


def doubtful(choices: Choices) -> tuple[str, str, list[list[TruthLayer]]]:
    """Return a drawing, its suffix and its readings."""
    kind = choices.pick("doubt", DOUBTS)
    dialect = choices.pick("dialect", {"mermaid": 5.0, "dot": 5, "svg": 2})
    choices.keep("tool", "hand")
    picture = Picture()
    widths = [choices.rng.randint(2, 4), choices.rng.randint(2, 5), choices.rng.randint(1, 3)]
    readings = _DRAWN[kind](choices, picture, widths)
    text, suffix = write(choices, picture, dialect, "hand")
    return text, suffix, readings


def _reading(widths: list, activations: tuple[str, ...] = ()) -> list[TruthLayer]:
    words = [*activations, *["?"] * len(widths)]
    return [
        TruthLayer(widths[0], ""),
        *(TruthLayer(width, word) for width, word in zip(widths[1:], words, strict=False)),
    ]


def _columns(
    picture: Picture, widths: list[int], titles: list[str], mark: str = "", labels: str = "xhy"
) -> list[list[str]]:
    columns = []
    for place, width in enumerate(widths):
        group = f"g{mark}{place}" if titles else None
        if titles:
            picture.groups[group] = titles[place]
        names = [f"{labels[place]}{at + 1}" for at in range(width)]
        columns.append(
            [
                picture.add(Node(f"{mark}u{place}_{at}", name, place * 2.0, "circle", group))
                for at, name in enumerate(names)
            ]
        )
    for starts, ends in itertools.pairwise(columns):
        picture.all_to_all(starts, ends)
    return columns


def _title_against_units(choices: Choices, picture: Picture, widths: list[int]) -> list[list[TruthLayer]]:
    wrong = list(widths)
    place = choices.one([0, 1])
    wrong[place] += choices.one([1, 2])
    word = choices.one(["{} ({})", "{}: {} neurons", "{}\n{} units"])
    _columns(
        picture,
        widths,
        [
            word.format(name, n)
            for name, n in zip(("Input layer", "Hidden layer", "Output layer"), wrong, strict=True)
        ],
    )
    return [_reading(widths), _reading(wrong)]


def _last_label_against_title(
    choices: Choices, picture: Picture, widths: list[int]
) -> list[list[TruthLayer]]:
    said, labelled = choices.one([(784, 728), (100, 10), (64, 46), (256, 265)])
    columns = _columns(picture, [3, *widths[1:]], [f"Input layer ({said})", "Hidden layer", "Output layer"])
    picture.nodes[columns[0][-1]].label = f"x{labelled}"
    picture.nodes[columns[0][-2]].label = "⋮"
    return [_reading([said, *widths[1:]]), _reading([labelled, *widths[1:]])]


def _two_networks(choices: Choices, picture: Picture, widths: list[int]) -> list[list[TruthLayer]]:
    other = [widths[0] + 1, widths[1] - 1 or 2, widths[2]]
    names = choices.one(
        [("Teacher", "Student"), ("Network A", "Network B"), ("actor", "critic"), ("before", "after pruning")]
    )
    for mark, name, sizes in zip("ab", names, (widths, other), strict=True):
        _columns(picture, sizes, [], mark)
        picture.groups[f"net{mark}"] = name
        for node in picture.nodes.values():
            if node.key.startswith(mark):
                node.group = f"net{mark}"
    return [_reading(widths), _reading(other)]


def _two_activations(choices: Choices, picture: Picture, widths: list[int]) -> list[list[TruthLayer]]:
    first, second = choices.one([("relu", "tanh"), ("sigmoid", "relu"), ("tanh", "gelu")])
    _columns(picture, widths, ["Input layer", f"Hidden layer ({first})", "Output layer"])
    picture.caption = choices.one(["all hidden units use {}", "hidden activation: {}"]).format(second)
    return [_reading(widths, (first,)), _reading(widths, (second,))]


def _unit_or_result(choices: Choices, picture: Picture, widths: list[int]) -> list[list[TruthLayer]]:
    labels = choices.one(["xhy", "xno", "abc"])
    _columns(picture, [widths[0], 1, 1], [], "", labels)
    return [_reading([widths[0], 1, 1]), _reading([widths[0], 1])]


def _shape_behind_a_layer(choices: Choices, picture: Picture, widths: list[int]) -> list[list[TruthLayer]]:
    first, said, behind = choices.one([(784, 128, 100), (64, 32, 16), (13, 10, 8), (30, 64, 32)])
    form = choices.one(["ReLU\n(None, {})", "ReLU, output (1, {})", "relu\noutput shape (batch, {})"])
    rows = [f"Input ({first})", f"Dense {said}", form.format(behind), f"Dense {widths[2]}"]
    keys = [picture.add(Node(f"k{at}", row, at * 2.0, "box")) for at, row in enumerate(rows)]
    for start, end in itertools.pairwise(keys):
        picture.link(start, end)
    return [_reading([first, said, widths[2]], ("relu",)), _reading([first, behind, widths[2]], ("relu",))]


_DRAWN = {
    "title against units": _title_against_units,
    "last label against title": _last_label_against_title,
    "two networks": _two_networks,
    "two activations": _two_activations,
    "unit or result": _unit_or_result,
    "shape behind a layer": _shape_behind_a_layer,
}
