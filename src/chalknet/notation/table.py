"""The table of notations, and which of them a text is in."""

from __future__ import annotations

from typing import Literal, TypeAlias

from chalknet.errors import CannotExpress, NotationError, look_up
from chalknet.network import Activation, Linear, Network
from chalknet.notation.arrows import ARROWS, SHORTHAND
from chalknet.notation.dialects import TEXT_DRAWINGS
from chalknet.notation.drawings import DRAWINGS
from chalknet.notation.json_text import JSON
from chalknet.notation.latex import LATEX, LATEX_LAYERS
from chalknet.notation.listings import LISTINGS
from chalknet.notation.mathml import MATHML
from chalknet.notation.notation import Notation
from chalknet.notation.pages import Pages
from chalknet.notation.torch_source import LIBRARIES, TORCH

_ROWS = (
    LATEX, TORCH, JSON, ARROWS, *DRAWINGS, *TEXT_DRAWINGS, *LISTINGS, *LIBRARIES,
    LATEX_LAYERS, SHORTHAND, MATHML,
)  # fmt: skip
NotationName: TypeAlias = Literal[
    "latex", "torch", "json", "arrows", "dot", "mermaid", "svg", "drawio", "excalidraw", "playground",
    "tikz", "plantuml", "d2", "graphml", "gml", "ascii", "other",
    "summary", "printed", "printed-jax", "keras-json", "numpy", "nested", "foreign", "keras", "flax",
    "equinox", "sklearn", "latex-layers", "shorthand", "mathml", "page",
]  # fmt: skip
NOTATIONS: dict[str, Notation] = {row.name: row for row in _ROWS}
_PAGES = Pages(NOTATIONS)
NOTATIONS[_PAGES.row.name] = _PAGES.row
_PLAINLY = 0.045  # how much likelier another form has to be than the one that a file's ending says
_SURE = 0.9  # of what is recognised against what the ending of a file says
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


def read_text(text: str, notation: str | None, suffix: str, name: str | None) -> Network:
    """Return the network of a text.

    Args:
        text: the text.
        notation: the name of its notation; None where it is to be recognised.
        suffix: the ending of its file, which says what it is where the text itself does not; empty for none.
        name: which network, where it holds several.
    """
    if notation is None:
        row = _of_file(text, suffix) if suffix else recognise(text)
    else:
        row = look_up(NOTATIONS, notation, "notation", "notation")
        found = _PAGES.of_form(text, notation, name)
        if found is not None:
            return found
    if row.read is None:
        raise CannotExpress(
            where=f"notation {row.name}",
            got="a form that is only written",
            wanted=f"one of {', '.join(row.name for row in NOTATIONS.values() if row.read)}",
            remedy="Leave the notation out, the form is recognised by itself.",
        )
    return row.read(text, name)


def _of_file(text: str, suffix: str) -> Notation:
    """Return the notation that the ending of a file says, unless the text is surely in another one."""
    stated = next((row for row in NOTATIONS.values() if row.read and suffix in row.suffixes), None)
    if stated is None:
        return recognise(text)
    certain = {name: row.recognise(text) for name, row in NOTATIONS.items()}
    chosen = max((stated.name, _PAGES.row.name), key=certain.__getitem__)
    likeliest = max(certain, key=certain.__getitem__)
    if not certain[chosen]:
        return NOTATIONS[likeliest] if certain[likeliest] >= _SURE else stated
    return NOTATIONS[likeliest if certain[likeliest] > certain[chosen] + _PLAINLY else chosen]


def recognise(text: str) -> Notation:
    """Return the notation that a text is most likely in.

    Raises:
        NotationError: when it is in none, naming those there are with an example of each.
    """
    certainties = {name: row.recognise(text) for name, row in NOTATIONS.items()}
    chosen = max(certainties, key=certainties.__getitem__)
    if certainties[chosen] > 0:
        return NOTATIONS[chosen]
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
