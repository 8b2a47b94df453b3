"""Tables, lists and chains of layers written by people, as a notation: read as boxes in a chain."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from chalknet.network import Network
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText

if TYPE_CHECKING:
    from chalknet.notation.pages.layer_rows import WrittenLayers

_LONGEST = 50_000  # characters of a page in which such a table stands
_DIGIT = re.compile(r"\d")
_ROWS = re.compile(r"\\item|[|&│┃║,;\t:：→>–—(=]|\S {2,}\S|\d[-–—]\[?\d")
# Code and drawings come before rows in a remark of theirs; items come before formulas.
_SENTENCES, _ROWS_FOUND, _CHAIN, _ITEMS = 0.2, 0.9, 0.97, 0.996
_REMEDY = "Give one table or list with a row for each layer: what it is, how many units, which activation."


@lru_cache(maxsize=4)
def _found(text: str) -> tuple[WrittenLayers, ...]:
    """Return the tables and lists of layers in a text, each network once."""
    from chalknet.notation.pages.layer_chains import chains_of_lines, layers_of_chain
    from chalknet.notation.pages.layer_grids import grids_of
    from chalknet.notation.pages.layer_lists import layers_of_lists
    from chalknet.notation.pages.layer_sentences import layers_of_sentences
    from chalknet.notation.pages.layer_tables import layers_of_table

    chain = layers_of_chain(text)
    if chain is not None:
        return (chain,)
    found = [layers for grid in grids_of(text) if (layers := layers_of_table(grid)) is not None]
    lines = text.split("\n")
    for row in (row for layers in found for row in layers.rows):
        lines[row.line - 1] = ""
    found += layers_of_lists("\n".join(lines))
    found += [] if found else chains_of_lines(text)
    if not found and (told := layers_of_sentences(text)) is not None:
        found = [told]
    return tuple({layers.meant: layers for layers in reversed(found)}.values())[::-1]


def recognise_layers(text: str) -> float:
    """Return how likely it is that a text holds a table or a list of layers."""
    if len(text) > _LONGEST:
        return 0.0
    if not (_DIGIT.search(text) and _ROWS.search(text)) and not _told_in_sentences(text):
        return 0.0
    if not (found := _found(text)):
        return 0.0
    if found[0].in_sentences:
        return _SENTENCES
    in_one_line = len({row.line for row in found[0].rows}) == 1 and (
        "\n" not in text.strip() or all(row.steps or row.linear for row in found[0].rows[1:])
    )
    return _ITEMS if "\\item" in text else _CHAIN if in_one_line else _ROWS_FOUND


def _told_in_sentences(text: str) -> bool:
    from chalknet.notation.pages.layer_sentences import speaks_of_layers

    return speaks_of_layers(text)


def line_of_layers(text: str) -> int:
    """Return the line in which the only table or list of layers of a text begins; 0 where there is none."""
    rows = (row.line for layers in _found(text) if not layers.in_sentences for row in layers.rows)
    return min(rows, default=0)


def read_layers(text: str, name: str | None = None) -> Network:
    """Return the network whose layers a table or a list has, a row each.

    Args:
        text: the page.
        name: of no use here.

    Raises:
        NotationError: for rows that contradict each other, and for several different networks.
    """
    from chalknet.notation.drawings import words
    from chalknet.notation.drawings.meaning import network_of
    from chalknet.notation.pages.layer_rows import is_as_written, sketch_of
    from chalknet.notation.pages.prose import told_in_prose

    source = SourceText("rows of layers", text, remedy=_REMEDY)
    found = _found(text)
    if len(found) != 1:
        got = f"{len(found)} different tables or lists of layers" if found else "no table of layers"
        raise source.refuse(None, got=got, wanted="one")
    (layers,) = found
    if layers.problem:
        raise source.refuse(None, got=layers.problem, wanted="rows that follow each other")
    network = network_of(sketch_of(layers, text))
    if not is_as_written(layers, network):
        raise source.refuse(None, got="rows that are not read as written", wanted="plain rows of layers")
    around = _around(text, layers)
    notes = [*layers.notes]
    if (beside := words.NO_BIAS.search(around)) and all(row.bias is None for row in layers.rows):
        notes.append(f"the text around the rows says {beside.group()!r}, which is not read")
    network = told_in_prose(network, around)
    return replace(network, notes=(*network.notes, *notes))


def _around(text: str, layers: WrittenLayers) -> str:
    """Return a text without the rows of layers; of a line that holds them all, what stands beside them."""
    lines = text.split("\n")
    first, last = layers.rows[0], layers.rows[-1]
    line = lines[first.line - 1]
    begin, end = line.find(first.text), line.rfind(last.text)
    if first.line == last.line and first.text and last.text and 0 <= begin < end:
        lines[first.line - 1] = f"{line[:begin]}{line[end + len(last.text) :]}"
        return "\n".join(lines)
    for row in layers.rows:
        lines[row.line - 1] = ""
    return "\n".join(lines)


LAYERS = Notation(name="layers", recognise=recognise_layers, read=read_layers)
