"""Columns of units in a drawing of characters: who stands in them, and lines that run together between them."""

from __future__ import annotations

import re
from itertools import pairwise

from chalknet.network import activation_name
from chalknet.notation.dialects.ascii_canvas import Text
from chalknet.notation.drawings.words import LAYER

_NEAR = 3.0  # columns on the screen between the middles of two units of one layer
_DOTS = re.compile(r"[:.⋮…·•]{1,3}|\. ?\. ?\.")
ALL_TO_ALL = re.compile(  # each place where it begins: `not all are drawn: every x feeds every h`
    r"(?=\b(?:every(?:thing)?|each|all)\b[^.\n]{1,60}\b(?:every(?:thing)?|each|all)\b"
    r"|(?:fully|densely)[- ]connected|all[- ]to[- ]all"
    r"|\bjede[rs]?\b[^.\n]{1,60}\bjede[mnrs]?\b|voll(?:ständig)? verbunden|全连接|全結合|완전 ?연결"
    r"|\bchaque\b[^.\n]{1,60}\bchaque\b|totalmente conectad|\bcada\b[^.\n]{1,60}\bcada\b)",
    re.I,
)
_NOT = re.compile(r"(?:\b(?:not|no|nicht|pas|non)|n't)\W{1,3}$", re.I)
_BIAS = re.compile(r"\+?1|b(?:ias)?", re.I)
_WORDS = re.compile(r"[^\W\d_]{2,}")
_LONGEST = 200  # characters of words that go on in the next line
_FEWEST_WORDS = 4  # of a sentence


def layers_of(texts: list[Text], linked: set[tuple[str, str]]) -> list[list[Text]]:
    """Return the units of each layer: those of a row where all lines lead from row to row, else of a column.

    Args:
        texts: all that is written.
        linked: the keys of units that lines join.
    """
    columns = _columns_of(texts, linked)
    if _lead_on(columns, linked):
        return columns
    rows: dict[float, list[Text]] = {}
    for unit in sorted((text for text in texts if text.shape == "circle"), key=lambda text: text.middle):
        rows.setdefault(unit.middle[0], []).append(unit)
    found = list(rows.values())
    several = len(found) > 1 and max(map(len, found)) > 1
    return found if several and _lead_on(found, linked) else columns


def _lead_on(layers: list[list[Text]], linked: set[tuple[str, str]]) -> bool:
    """Return whether all lines between units lead from one layer to the next."""
    place = {unit.key: number for number, layer in enumerate(layers) for unit in layer}
    inside = [ends for ends in linked if ends[0] in place and ends[1] in place]
    return bool(inside) and all(abs(place[one] - place[other]) == 1 for one, other in inside)


def _columns_of(texts: list[Text], linked: set[tuple[str, str]]) -> list[list[Text]]:
    """Return the units that stand over one another, a list a column, from left to right.

    Args:
        texts: all that is written.
        linked: the keys of units that lines join, which are never in one column.
    """
    units = sorted((text for text in texts if text.shape != "plaintext"), key=lambda text: text.middle[1])
    partners: dict[str, set[str]] = {}
    for one, other in linked:
        partners.setdefault(one, set()).add(other)
    found: list[list[Text]] = []
    last: set[str] = set()  # the keys in the last column
    for unit in units:
        near = found and unit.middle[1] - found[-1][0].middle[1] <= _NEAR
        if near and last.isdisjoint(partners.get(unit.key, ())):
            found[-1].append(unit)
        else:
            found.append([unit])
            last = set()
        last.add(unit.key)
    return found if len(found) > 1 and max(map(len, found)) > 1 else []


def stand_in(layers: list[list[Text]], text: Text) -> int | None:
    """Return the number of the layer in whose row a text stands, or over, between or under whose units."""
    in_rows = any(len(layer) > 1 and layer[0].row == layer[1].row for layer in layers)
    for number, layer in enumerate(layers):
        if in_rows:
            if layer[0].row == text.row:
                return number
        elif any(text.first <= unit.last and unit.first <= text.last for unit in layer):
            return number
    return None


def words_beside(layers: list[list[Text]], texts: list[Text]) -> set[int]:
    """Return the ids of texts that are lines of one block beside rows of units, and name none of them.

    Lines begin at the same place, one under the other, and at least one of them stands beside no units.
    """
    if not any(len(layer) > 1 and layer[0].row == layer[1].row for layer in layers):
        return set()
    words = sorted(
        (text for text in texts if text.shape == "plaintext" and not text.linked),
        key=lambda text: (text.first, text.row),
    )
    blocks: list[list[Text]] = []
    for text in words:
        last = blocks[-1][-1] if blocks else None
        if last is not None and text.first == last.first and text.row - last.row == 1:
            blocks[-1].append(text)
        else:
            blocks.append([text])
    rows = {layer[0].row for layer in layers}
    beside = [block for block in blocks if len(block) > 1 and not {one.row for one in block} <= rows]
    return {id(text) for block in beside for text in block}


def is_dots(text: Text) -> bool:
    """Return whether a text stands for units that are left out."""
    return bool(_DOTS.fullmatch(text.text))


def is_sentence(text: Text) -> bool:
    """Return whether a text is a sentence of its own, and no word of a drawing."""
    return text.shape == "plaintext" and len(_WORDS.findall(text.text)) >= _FEWEST_WORDS


def says_all(texts: list[Text]) -> bool:
    """Return whether words beside the drawing say that all units are joined to all, in one line or several."""
    ends: dict[int, list[tuple[int, str]]] = {}  # of the lines so far, by row: where each begins
    words_only = (one for one in texts if one.shape == "plaintext" or len(_WORDS.findall(one.text)) > 2)
    for text in sorted(words_only, key=lambda one: one.row):
        above = (words for first, words in ends.get(text.row - 1, ()) if abs(first - text.first) <= _NEAR)
        words = f"{next(above, '')[-_LONGEST:]} {text.text}"
        if any(not _NOT.search(words[: found.start()]) for found in ALL_TO_ALL.finditer(words)):
            return True
        ends.setdefault(text.row, []).append((text.first, words))
    return False


def missing_pairs(
    columns: list[list[Text]], drawn: set[tuple[str, str]], shared: set[tuple[str, str]], *, said: bool
) -> list[tuple[Text, Text]]:
    """Return the units that are meant to be joined though no line between them can be followed.

    Lines that run together join each unit on the one side with each on the other.

    Args:
        columns: of units, from left to right.
        drawn: the keys of units whose lines were followed, in both orders.
        shared: those of them whose lines run together with others.
        said: whether a text says that all units are joined.
    """
    found: list[tuple[Text, Text]] = []
    column_of = {unit.key: number for number, column in enumerate(columns) for unit in column}
    between: dict[int, set[tuple[str, str]]] = {}
    for pair in drawn:
        number = column_of.get(pair[0], -2)
        if column_of.get(pair[1], -9) == number + 1:
            between.setdefault(number, set()).add(pair)
    for number, (left, right) in enumerate(pairwise(columns)):
        known = between.get(number, set())
        if not known or not (said or known & shared):
            continue
        pairs = [(one, other) for one in left for other in right]
        ends = {key for pair in known for key in pair}
        meant = [
            (one, other)
            for one, other in pairs
            if {one.key, other.key} <= ends or (said and not _BIAS.fullmatch(other.text))
        ]
        if said or len(meant) <= 2 * len(known):
            found += [pair for pair in meant if (pair[0].key, pair[1].key) not in known]
    return found


def speaks_of_one(text: str) -> bool:
    """Return whether a text may be a unit or a layer: a short name, a number, or a word for one."""
    names = re.findall(r"[^\W\d_]{3,}", text)
    return (
        not names
        or bool(re.search(r"[0-9０-９]", text))
        or bool(LAYER.search(text))
        or any(activation_name(name) for name in names)
    )
