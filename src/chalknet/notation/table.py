"""The table of notations, and which of them a text is in."""

from __future__ import annotations

from typing import Literal, TypeAlias

from chalknet.errors import NotationError
from chalknet.network import Activation, Linear, Network
from chalknet.notation.arrows import ARROWS, SHORTHAND
from chalknet.notation.dialects import TEXT_DRAWINGS
from chalknet.notation.drawings import DRAWINGS
from chalknet.notation.json_text import JSON
from chalknet.notation.latex import LATEX, LATEX_LAYERS
from chalknet.notation.mathml import MATHML
from chalknet.notation.notation import Notation
from chalknet.notation.torch_source import TORCH

_ROWS = (LATEX, TORCH, JSON, ARROWS, *DRAWINGS, *TEXT_DRAWINGS, LATEX_LAYERS, SHORTHAND, MATHML)
NotationName: TypeAlias = Literal[
    "latex", "torch", "json", "arrows", "dot", "mermaid", "svg", "playground", "latex-layers", "shorthand",
    "mathml", "tikz", "plantuml", "d2", "graphml", "gml", "ascii", "other",
]  # fmt: skip
NOTATIONS: dict[str, Notation] = {row.name: row for row in _ROWS}
_EXAMPLE = Network((784,), (Linear(1), Activation("sigmoid")))


def write(network: Network, notation: str) -> str:
    """Return the network in a notation that is written here.

    Args:
        network: what is written.
        notation: a name of the table, of a form with a writer.
    """
    writer = NOTATIONS[notation].write
    assert writer is not None, f"{notation} is only read here"
    return writer(network)


def recognise(text: str) -> Notation:
    """Return the notation that a text is most likely in.

    Raises:
        NotationError: when it is in none, naming those there are with an example of each.
    """
    chosen = max(NOTATIONS.values(), key=lambda row: row.recognise(text))
    if chosen.recognise(text) > 0:
        return chosen
    shown = " ".join(text.split())
    forms = "\n".join(
        f"    {row.name}: {' '.join(row.write(_EXAMPLE).split())}"
        for row in NOTATIONS.values()
        if row.read and row.write
    )
    raise NotationError(
        where="text",
        got=repr(shown if len(shown) <= 60 else f"{shown[:57]}...") if shown else "an empty text",
        wanted="the formula or the code of a network",
        remedy=f"It can be written in each of these forms:\n{forms}",
    )
