"""Drawings of characters whose words say that all units are joined: the layers by the names of their units.

Where many lines cross, characters cannot show them; people draw some strokes and write `every x feeds every h`.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from chalknet.notation.dialects.ascii_canvas import HEADS, Canvas, Text
from chalknet.notation.drawings.vocabulary import said

_SIGNS = " +|/\\.'`-"
_HANGING = rf"[\s{re.escape(_SIGNS)}]*"  # strokes at a unit: `(h4) +`
_NAME = re.compile(
    rf"(?P<before>{_HANGING})[(\[]?\s*(?P<letters>[^\W\d_]{{1,3}})_?(?P<number>\d{{0,3}})\s*[)\]]?"
    rf"(?P<behind>{_HANGING})"
)
_LEGEND = re.compile(r"(?P<letters>[^\W\d_]{1,3})(?:_?[a-z*])?\s{0,2}[:=]\s{0,2}(?P<words>[^:=]{2,40})")
_STROKES = re.compile(r"[.,'`|+/\\*\s-]+")
_BIAS = re.compile(r"[(\[]?\s*\+?\s*1\s*[)\]]?[\s.'`|-]*|b_?\d?|bias", re.I)
_BEGINS = frozenset("xi")  # how names of inputs begin
_APART = 3.0  # columns on the screen between units of one layer
_BLANKS = 6  # between the words of one title
_FEWEST = 2  # units of a layer that tell which way layers stand


class SaidLayers(NamedTuple):
    """Units in layers, from the input on.

    Args:
        layers: the units of each.
        biases: the units that stand for 1 beside each layer but the last.
        behind: what stands behind an arrow at a unit of the last layer, with the unit.
    """

    layers: list[list[Text]]
    biases: list[list[Text]]
    behind: list[tuple[Text, Text]]

    @property
    def pairs(self) -> list[tuple[Text, Text]]:
        """Return what is joined, from the input on."""
        between = [
            (one, other)
            for number, (layer, following) in enumerate(pairwise(self.layers))
            for one in (*layer, *self.biases[number])
            for other in following
        ]
        return between + self.behind


def layers_by_name(canvas: Canvas, texts: list[Text]) -> SaidLayers | None:
    """Return the layers of units with names such as x1, h3 and y; None where names and places do not tell.

    Args:
        canvas: the drawing.
        texts: all that is written.
    """
    groups: dict[str, dict[int, Text]] = {}
    names: dict[int, str] = {}
    for text in texts:
        name = _NAME.fullmatch(text.text)
        framed = text.shape != "plaintext" or text.text.strip(_SIGNS)[-1:] in (")", "]")
        if name is None or _BIAS.fullmatch(text.text) or not (framed or name["number"]):
            continue
        units = groups.setdefault(name["letters"], {})
        number = int(name["number"] or 0)
        if number in units:
            return None
        units[number] = text
        names[id(text)] = f"{name['letters']}{name['number']}"
        text.first, text.last = text.first + len(name["before"]), text.last - len(name["behind"])
    if len(groups) < _FEWEST or not all(_counts_on(list(units)) for units in groups.values()):
        return None
    layers = [list(units.values()) for units in groups.values()]
    many = [layer for layer in layers if len(layer) >= _FEWEST]
    upright = bool(many) and all(len({unit.row for unit in layer}) == 1 for layer in many)
    level = bool(many) and all(_spread([unit.middle[1] for unit in layer]) <= _APART for layer in many)
    if upright == level:
        return None
    axis = 0 if upright else 1
    layers.sort(key=lambda layer: layer[0].middle[axis])
    places = [layer[0].middle[axis] for layer in layers]
    if any(other - one < (1 if upright else _APART) for one, other in pairwise(places)):
        return None
    if _begins(layers[-1]) and not _begins(layers[0]):
        layers.reverse()
    _name_units(texts, names)
    _place_legends(texts, {key: [*units.values()] for key, units in groups.items()}, upright=upright)
    return SaidLayers(
        layers, _biases(layers, texts, axis), [] if upright else _behind(canvas, layers[-1], texts)
    )


def _name_units(texts: list[Text], names: dict[int, str]) -> None:
    """Keep units and what stands for 1; words in brackets are titles, corners of frames nothing."""
    titles = []
    for text in [*texts]:
        if id(text) in names:
            text.text = names[id(text)]
        elif _STROKES.fullmatch(text.text):
            texts.remove(text)
        elif _BIAS.fullmatch(text.text):
            text.text, text.shape = "+1", "circle"
        elif text.shape != "plaintext":
            text.shape = "plaintext"
            titles.append(text)
    for title in titles:
        over = next((text for text in texts if id(text) not in names and _is_title_of(text, title)), None)
        if over is not None:
            texts.remove(title)
            over.text = f"{over.text}, {title.text}"


def _place_legends(texts: list[Text], layers: dict[str, list[Text]], *, upright: bool) -> None:
    """Put words that speak of units by their letters, `h: tanh`, at the layer of these units."""
    for text in texts:
        legend = _LEGEND.fullmatch(text.text)
        layer = layers.get(legend["letters"]) if legend else None
        if legend and layer and said(legend["words"]).steps:
            text.text = legend["words"]
            place = layer[-1] if upright else min(layer, key=lambda unit: unit.row)
            text.row = place.row if upright else place.row - 1
            text.first, text.last = (place.last + 3, place.last + 9) if upright else (place.first, place.last)


def _is_title_of(text: Text, title: Text) -> bool:
    """Return whether words stand over words in brackets, or a few blanks before them."""
    under = title.row - text.row == 1 and text.first <= title.last and title.first <= text.last
    beside = title.row == text.row and 0 < title.first - text.last <= _BLANKS
    return text.shape == "plaintext" and (under or beside)


def _counts_on(numbers: list[int]) -> bool:
    """Return whether indices are 1, 2, 3 or 0, 1, 2, or there is but one unit."""
    return len(numbers) == 1 or sorted(numbers) in (
        list(range(len(numbers))),
        list(range(1, len(numbers) + 1)),
    )


def _spread(places: list[float]) -> float:
    return max(places) - min(places)


def _begins(layer: list[Text]) -> bool:
    return layer[0].text[:1].lower() in _BEGINS or said(layer[0].text).role == "input"


def _biases(layers: list[list[Text]], texts: list[Text], axis: int) -> list[list[Text]]:
    """Return the units that stand for 1, each with the layer nearest to it, but the last."""
    found: list[list[Text]] = [[] for _ in layers[:-1]]
    for text in texts:
        if _BIAS.fullmatch(text.text):
            near = min(range(len(layers)), key=lambda at: abs(layers[at][0].middle[axis] - text.middle[axis]))
            found[min(near, len(found) - 1)].append(text)
    return found


def _behind(canvas: Canvas, last: list[Text], texts: list[Text]) -> list[tuple[Text, Text]]:
    """Return the words behind an arrow to the right of a unit, with the unit."""
    found = []
    for unit in last:
        right = [text for text in texts if text.row == unit.row and text.first > unit.last]
        nearest = min(right, key=lambda text: text.first, default=None)
        if nearest is None or nearest.shape != "plaintext":
            continue
        between = [canvas.at(unit.row, column) for column in range(unit.last + 1, nearest.first)]
        if HEADS & set(between):
            found.append((unit, nearest))
    return found
