"""Lists in which people write the layers of a network, a line each, and chains of them in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chalknet.network import Activation, Dropout
from chalknet.notation.drawings import words
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.vocabulary import said
from chalknet.notation.pages.layer_rows import (
    WrittenLayer,
    WrittenLayers,
    in_order,
    is_row,
    repeated,
    steps_in,
    width_in,
)

_BULLET = re.compile(r"^\s*+(?:>\s*+)?(?:(?:[-*+•·–—‣▪]|\(?\d{1,2}[.)])\s++)?")
_ITEM = re.compile(r"<li\b[^>]*+>(.*?)(?=</li\b|<li\b|</[uo]l\b)", re.S | re.I)
_TEX_ITEM = re.compile(
    r"\\item(?![a-zA-Z])(?:<[^<>\n]{0,20}>)?(?:\[[^\[\]\n]{0,20}\])?(.{0,400}?)(?=\\item(?![a-zA-Z])|\\end\{|\Z)",
    re.S,
)
_TEX_REMARK = re.compile(r"(?<!\\)%[^\n]*")
_FOLLOWS = re.compile(
    r"(?:\$\s*)?(?:\\(?:Longr|R)ightarrow(?![a-zA-Z])|⇒|=>).*", re.S
)  # `, sigmoid $\Rightarrow P(y)$`
_CELLS = re.compile(r"[|│┃║\t{}<>\\]|->|→|[;\"']$")
_LONGEST_NAME = 60  # characters at the beginning of a line
_ENDS = re.compile("|".join(known.pattern for role, known in words.ROLES if role != "hidden"), re.I)
_TAG = re.compile(r"<[^<>]*+>")
_MARKS = re.compile(r"\*+|`+|__")
_PARTED = re.compile(r"(?P<name>[^:：=–—(]{1,40}?)\s*(?:[:：=–—]|\s-\s)\s*(?P<rest>.+)")
_IN_BRACKETS = re.compile(
    r"(?P<name>[^\d(（]{1,40}?\s?\d{0,2})\s*[(（](?P<rest>[^()（）]*\d[^()（）]*)[)）](?P<behind>.*)"
)
# `11 inputs (acidity, ...)`, `25 hidden neurons, tanh`: the count stands before the name.
_COUNT_FIRST = re.compile(
    r"(?P<rest>\d[\d,]{0,11})\s+(?P<name>[^\W\d_][^\d(),;:]{2,40}?)\s*(?P<behind>[(,;:].*|)"
)
_UNITS = re.compile(r"\b(?:units?|neurons?|nodes?|neuronen|neuronas?|neurones?)\b", re.I)
_LAYERS = re.compile(r"layers|couches|schichten|capas|camadas|strati|warstwy|слои", re.I)
_BARE = re.compile(r"(?P<name>[^\d(（]{1,40}?)\s*(?P<rest>\d.*|$)")
_BRACKETS = re.compile(r"[(（]([^()（）]*+)[)）]")


def layers_of_lists(text: str) -> Iterator[WrittenLayers]:
    """Yield the layers of each list in a text, from its input to its output, or backwards."""
    listed = [
        (text.count("\n", 0, item.start()) + 1, _TAG.sub(" ", item[1])) for item in _ITEM.finditer(text)
    ]
    lines = listed or _tex_items(text) or list(enumerate(text.split("\n"), 1))
    filled = [(line, item) for line, item in lines if item.strip()]
    at = 0
    while at < len(filled):
        first, item = filled[at]
        at += 1
        if not _ENDS.search(item[:_LONGEST_NAME]) or (run := layer_in(item, first)) is None:
            continue
        rows, begun = [run], at - 1
        while at < len(filled) and (row := layer_in(filled[at][1], filled[at][0])) is not None:
            rows.append(row)
            at += 1
        alone = begun == 0 or layer_in(filled[begun - 1][1], 1) is None
        layers = in_order(rows) if alone and _has_both_ends(rows) and speaks_of_network(rows) else None
        if layers is not None:
            yield layers


def _tex_items(text: str) -> list[tuple[int, str]]:
    """Return the items of the lists in a text of LaTeX, each with its line."""
    if "\\item" not in text:
        return []
    text = _TEX_REMARK.sub("", text)
    return [
        (text.count("\n", 0, item.start()) + 1, plain(_FOLLOWS.sub("", item[1])).replace("\n", " "))
        for item in _TEX_ITEM.finditer(text)
    ]


def _has_both_ends(rows: list[WrittenLayer]) -> bool:
    """Return whether rows lead from an input to an output, or from an output to an input."""
    roles = [row.named.role for row in rows if not row.is_step]
    return {*roles[:1], *roles[-1:]} == {"input", "output"}


def layer_in(item: str, line: int) -> WrittenLayer | None:
    """Return what a line says of a layer; None for any other line."""
    text = _MARKS.sub("", _BULLET.sub("", item)).strip().rstrip(".;,、。")
    if not is_row(text) or _CELLS.search(text):
        return None
    if counted := _counted_first(text):
        return _layer(*counted, line)
    parted = _PARTED.fullmatch(text) or _IN_BRACKETS.fullmatch(text) or _BARE.fullmatch(text)
    if parted is None:
        return None
    name, rest = parted["name"].strip(), parted["rest"]
    named = said(name)
    if not (named.role or named.operation or named.steps) and _drops(said(text).steps):  # `drop(.25)`
        name, named = text, said(text)
    if not (named.role or named.operation or named.steps) or named.foreign:
        return None
    if named.steps and not (named.role or named.operation):
        steps = said(text).steps
        return (
            WrittenLayer(name, line, steps=steps, text=text)
            if said(text).only_steps or _drops(steps)
            else None
        )
    if "behind" in parted.re.groupindex and parted["behind"].strip():
        rest = f"{rest}, {parted['behind']}"
    return _layer(name, rest, line)


def _counted_first(text: str) -> tuple[str, str] | None:
    """Return the name of a layer and the rest of a line whose first word is how many units it has."""
    match = _COUNT_FIRST.fullmatch(text)
    if match is None or _LAYERS.search(match["name"]):
        return None
    named = said(match["name"])
    if named.foreign or not (named.role or (named.steps and _UNITS.search(match["name"]))):
        return None
    name = match["name"] if named.role else f"hidden {match['name']}"
    return name, f"{match['rest']}, {match['name']} {match['behind']}"


def _layer(name: str, rest: str, line: int) -> WrittenLayer | None:
    """Return what a line says of a layer with units."""
    name, rest, times = repeated(name, rest)
    outside = _BRACKETS.sub(" ", rest)
    inside = [part for part in _BRACKETS.findall(rest) if said(part).steps or said(part).linear]
    width = width_in(outside)
    if width == ():
        width = width_in(rest)
    told = steps_in(", ".join([outside, *inside]))
    if not width or told is None or said(outside).foreign:
        return None
    bias = False if words.NO_BIAS.search(rest) else True if words.WITH_BIAS.search(rest) else None
    return WrittenLayer(name, line, width, None, told[0], told[1], bias, text=f"{name} {rest}", times=times)


def _drops(steps: tuple[object, ...]) -> bool:
    return bool(steps) and all(isinstance(step, Dropout) for step in steps)


def speaks_of_network(rows: list[WrittenLayer]) -> bool:
    """Return whether rows speak of a network: a layer between and its words, or an activation."""
    acts = any(isinstance(step, Activation) for row in rows for step in row.steps)
    between = any(row.named.role == "hidden" or row.named.operation for row in rows)
    layers = any(words.LAYER.search(row.name) for row in rows)
    return acts or (between and layers)
