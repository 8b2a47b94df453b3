"""What is no feed-forward network, told with the reason."""

from __future__ import annotations

import re
from itertools import pairwise

from chalknet.notation.drawings.beside import beside
from chalknet.notation.drawings.columns import UnitColumn
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.sketch import Drawn, Sketch
from chalknet.notation.drawings.structures import Structure
from chalknet.notation.drawings.vocabulary import is_weight, said
from chalknet.notation.drawings.words import LAYER, pattern


def refuse_foreign(sketch: Sketch) -> None:
    """Raise CannotExpress for a layer that no network here has, such as a convolution."""
    texts = [(node.text, node.at) for node in sketch.nodes.values()]
    texts += [(group.title, 0) for group in sketch.groups.values()]
    texts += [(label, 0) for label in {link.label for link in sketch.links}]
    if {"Q", "K", "V"} <= {plain(text) for text, _ in texts} or {"q", "k", "v"} <= {
        plain(text) for text, _ in texts
    }:
        got = "queries, keys and values: attention, a layer that no network here has"
        raise sketch.not_a_chain(texts[0][1], got=got, wanted="linear maps, activations, Dropout and Flatten")
    texts.append((sketch.caption, 0))
    for text, at in texts:
        other = next((name for words, name in _OTHER if words.search(plain(text))), "")
        if other:
            raise sketch.not_a_chain(at, got=f"{other} ({_shown(text)})", wanted="a feed-forward network")
        what = said(text)
        if what.foreign:
            got = f"{what.foreign!r}, a layer that no network here has"
            raise sketch.not_a_chain(at, got=got, wanted="linear maps, activations, Dropout and Flatten")


def _shown(text: str) -> str:
    """Return the first line of a label, as an error shows it."""
    return repr(plain(text).split("\n")[0][:60])


def _is_layer(unit: Drawn) -> bool:
    """Return whether a box names a map and its width: a layer, and no unit of one."""
    what = said(unit.text)
    return what.operation and not what.state and isinstance(what.width, int) and what.width > 1


def refuse_branches(sketch: Sketch, columns: list[UnitColumn]) -> None:
    """Raise CannotExpress for boxes of several units each that stand side by side."""
    for column in columns:
        boxes = [unit for unit in column.units if said(unit.text).counted or said(unit.text).in_width]
        boxes += [unit for unit in column.units if unit not in boxes and _is_layer(unit)]
        if len(column.units) > 1 and any(said(unit.text).width != 1 for unit in boxes):
            same = len({said(unit.text).width for unit in boxes}) == 1
            if same and len(boxes) == len(column.units) and column.dots:
                continue  # rows of observations
            example = plain(boxes[0].text).splitlines()[0]
            got = f"{len(column.units)} layers side by side, such as {example}"
            raise sketch.not_a_chain(boxes[0].at, got=got, wanted="one layer behind the other")


_OTHER = (
    (pattern(r"boltzmann|\brbm\b", re.I), "a Boltzmann machine"),
    (
        pattern(
            r"decision tree|\bgini\b|\bentropy\s*=|samples\s*=\s*\d|entscheidungsbaum|árbol de decisi[oó]n|arbre de d[eé]cision|결정 ?트리|决策树|決定木",
            re.I,
        ),
        "a decision tree",
    ),
    (
        pattern(
            r"random forest|^(?:decision )?tree[ _#]*\d+$|zufallswald|随机森林|랜덤 ?포레스트|ランダムフォレスト",
            re.I,
        ),
        "a random forest",
    ),
    (pattern(r"markov", re.I), "a Markov chain"),
    (pattern(r"bayes(?:ian|'s)? (?:net|belief)", re.I), "a Bayesian network"),
    (pattern(r"hopfield", re.I), "a Hopfield network"),
    (pattern(r"self[- ]organi[sz]ing map|kohonen", re.I), "a self-organising map"),
)
_UNIT = re.compile(
    r"(?:[^\W\d_]{1,2}|in|out|inp|hid|input|output|neuron|unit|node)?[\s_^]*[\[({]?[\d,]{0,9}[\])}]?(?:[\s_^]*[\[({]?[\d,]{0,6}[\])}]?)?'{0,3}|[A-Za-z]_?[a-z]|-?[\d.]+"
)
_MANY_LINKS = 6  # between two columns, where most units are joined with most: no flowchart has them
_DECISIONS = frozenset(("yes", "no", "true", "false", "예", "아니오", "是", "否", "sí"))


def refuse_other_charts(sketch: Sketch, structure: Structure) -> None:
    """Refuse a flowchart of something else: it has no sign of a network."""
    columns = structure.columns.all
    texts = [unit.text for column in columns for unit in column.units]
    labels = [link.label for column in columns for link in column.links if link.label]
    decides = any(plain(label).lower() in _DECISIONS for label in labels)
    speaks = any(map(_names_a_step, texts)) if _is_tree(columns) else _signs(structure, texts, labels)
    if decides or not (speaks or _looks_dense(columns, texts)):
        raise sketch.source.refuse(
            None,
            got="a chart in which nothing speaks of a network",
            wanted="layers: widths, units, activations or weights",
            remedy="Write the widths and activations into the boxes, such as 'Dense 32 relu'.",
        )


def _is_tree(columns: list[UnitColumn]) -> bool:
    """Return whether one node leads to several, and these to more, each of which hangs on one alone.

    Lines without heads are read either way: then each leads to one alone.
    """
    behind = columns[1:]
    some = any(column.join == "some" for column in behind)
    spreads = len(columns[0].units) == 1 and all(len(one.links) == len(one.units) for one in behind)
    gathers = len(columns[-1].units) == 1 and all(
        len(column.links) == len(before.units) for before, column in pairwise(columns)
    )
    return some and (spreads or gathers)


def _names_a_step(text: str) -> bool:
    one = said(text)
    return bool(one.steps or one.operation or one.state)


def _signs(structure: Structure, texts: list[str], labels: list[str]) -> bool:
    """Return whether a label, a title or a caption speaks of a network."""
    notes = [text for column in structure.columns.all for text in column.texts] + structure.columns.captions
    for text in (*texts, *notes, *labels):
        one = said(text)
        role = one.role and not ("sample" in beside(text) and not LAYER.search(one.text))
        if one.steps or one.operation or role or one.sure or one.state or one.bias is not None:
            return True
    return any(is_weight(label) for label in labels)


def _of_units(column: UnitColumn) -> bool:
    """Return whether a column has the names of units, `h1` beside `h2`, or is drawn as units without words are."""
    texts = [plain(unit.text) for unit in column.units]
    drawn = all(unit.shape in ("circle", "doublecircle", "point") for unit in column.units)
    if not all(_UNIT.fullmatch(text) for text in texts):
        return drawn and not any(re.search(r"\w", text) for text in texts)
    return drawn or all(re.search(r"\d", text) for text in texts)


def _is_nearly_joined(before: UnitColumn, column: UnitColumn) -> bool:
    """Return whether most units are joined to most of those before them: in a picture not all lines are seen."""
    return len(column.links) >= 0.5 * len(before.units) * len(column.units)


def _looks_dense(columns: list[UnitColumn], texts: list[str]) -> bool:
    """Return whether units stand in columns that are joined as those of a network are."""
    plains = [plain(text) for text in texts]
    dense = all(column.join in ("all", "each", "one") for column in columns[1:])
    nearly = all(map(_is_nearly_joined, columns, columns[1:]))
    dense |= nearly and max(len(column.links) for column in columns[1:]) >= _MANY_LINKS
    single = all(len(column.links) == len(column.units) for column in columns[1:])
    tree = (single or _is_tree(columns)) and not dense
    wide = any(len(column.units) > 1 for column in columns)
    named = sum(bool(_UNIT.fullmatch(text)) for text in plains) * 2 > len(plains)
    short = all(len(text) <= 30 and text.count(" ") <= 3 for text in plains)
    told = wide or any(
        re.search(r"\w", text) for text in plains
    )  # one nameless node behind another is no network
    return (named and told and not tree) or (dense and wide and short and any(map(_of_units, columns[1:])))
