"""The table of notations, and which of them a text is in."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias

from chalknet.errors import (
    CannotExpress,
    ChalknetError,
    NotationError,
    Undecided,
    UnknownName,
    look_up,
)
from chalknet.network import Activation, Linear, Network, Size
from chalknet.notation.arrows import ARROWS, SHORTHAND
from chalknet.notation.dialects import TEXT_DRAWINGS
from chalknet.notation.drawings import DRAWINGS
from chalknet.notation.foreign import FOREIGN
from chalknet.notation.json_text import JSON
from chalknet.notation.languages import LANGUAGES
from chalknet.notation.latex import LATEX, LATEX_LAYERS
from chalknet.notation.listings import LISTINGS
from chalknet.notation.mathml import MATHML
from chalknet.notation.notation import Notation
from chalknet.notation.pages import LAYERS, Pages, named
from chalknet.notation.r_code import R_CODE
from chalknet.notation.torch_source import LIBRARIES, TORCH

_ROWS = (
    LATEX, TORCH, JSON, ARROWS, *DRAWINGS, *TEXT_DRAWINGS, *LISTINGS, R_CODE, *LANGUAGES, FOREIGN,
    *LIBRARIES, LATEX_LAYERS, SHORTHAND, MATHML, LAYERS,
)  # fmt: skip
NotationName: TypeAlias = Literal[
    "latex", "torch", "json", "arrows", "dot", "mermaid", "svg", "drawio", "excalidraw", "playground",
    "tikz", "plantuml", "d2", "graphml", "gml", "ascii",
    "summary", "printed", "printed-jax", "keras-json", "numpy", "nested", "weights", "settings", "onnx-text",
    "caffe", "r-networks", "foreign", "keras-r", "julia", "matlab", "rust", "cpp", "javascript",
    "deeplearning4j", "keras", "flax", "equinox", "haiku", "sklearn", "latex-layers", "shorthand",
    "mathml", "layers", "page",
]  # fmt: skip
NOTATIONS: dict[str, Notation] = {row.name: row for row in _ROWS}
_PAGES = Pages(NOTATIONS)
NOTATIONS[_PAGES.row.name] = _PAGES.row
_PLAINLY = 0.045  # how much likelier another form has to be than the one that a file's ending says
_CERTAIN = 0.95  # from here on a text says of itself in which form it is
_SURE = 0.9  # of what is recognised against what the ending of a file says
_EXAMPLE = Network((784,), (Linear(1), Activation("sigmoid")))


def read_by_table(text: str, notation: str | None, suffix: str, name: str | None) -> Network:
    """Return the network of a text that is not surely a formula.

    Args:
        text: the text.
        notation: the name of its notation; None where it is to be recognised.
        suffix: the ending of its file, which says what it is where the text itself does not; empty for none.
        name: which network, where it holds several.
    """
    if notation is None:
        return _read_likeliest(_weighed(text, suffix), text, name)
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


class _Weighed(NamedTuple):
    """A form that a text could be in, and how likely it is, from 0 to 1."""

    certainty: float
    row: Notation


def _weighed(text: str, suffix: str) -> list[_Weighed]:
    """Return the forms that a text could be in, the likeliest first.

    What the ending of a file says comes first, unless the text is surely in another form.

    Raises:
        NotationError: when it is in none, naming those there are with an example of each.
    """
    rows = [row for row in NOTATIONS.values() if row.read]
    certain = {recogniser: recogniser(text) for recogniser in {row.recognise: None for row in rows}}
    found = [_Weighed(certain[row.recognise], row) for row in rows]
    found.sort(key=lambda one: -one.certainty)
    stated = next((one for one in found if suffix and suffix in one.row.suffixes), None)
    if stated is not None:
        page = next(one for one in found if one.row.name == _PAGES.row.name)
        chosen = stated if stated.certainty >= page.certainty else page
        likeliest = found[0]
        surely = (
            likeliest.certainty > chosen.certainty + _PLAINLY
            if chosen.certainty
            else likeliest.certainty >= _SURE
        )
        if not surely:
            found.remove(chosen)
            found.insert(0, chosen)
            return [found[0], *(one for one in found[1:] if one.certainty > 0)]
    if found[0].certainty > 0:
        return [one for one in found if one.certainty > 0]
    raise _unknown_form(text)


def _read_likeliest(weighed: list[_Weighed], text: str, name: str | None) -> Network:
    """Return the network of a text by the likeliest form that reads it.

    Where a text says of itself what it is, that form is the only one; else the next likeliest is tried, too.
    """
    readers = {id(one.row.read): one for one in reversed(weighed)}  # two rows may be read alike
    weighed = [one for one in weighed if readers[id(one.row.read)] is one]
    (certainty, first), *others = weighed
    assert first.read is not None
    try:
        return first.read(text, name)
    except (NotationError, UnknownName) as problem:
        if certainty >= _CERTAIN or not others or name is not None or isinstance(problem, Undecided):
            raise
        for other in others:
            assert other.row.read is not None
            try:
                network = other.row.read(text, None)
            except ChalknetError:
                continue
            if other.row.name == "arrows" and not any(isinstance(size, int) for size in _sizes(network)):
                continue  # words with arrows between them
            note = (
                f"read as {named(other.row.name)}; as {named(first.name)} it is not understood: {problem.got}"
            )
            return replace(network, notes=(*network.notes, note))
        tried = " and ".join(named(one.row.name) for one in weighed)
        problem.remedy = f"{problem.remedy} It was tried as {tried}.".strip()
        raise


def _sizes(network: Network) -> list[Size]:
    return [
        size for shape in (network.input_shape, *(v.output_shape for v in network.walk())) for size in shape
    ]


def recognise(text: str) -> Notation:
    """Return the notation that a text is most likely in.

    Raises:
        NotationError: when it is in none, naming those there are with an example of each.
    """
    return _weighed(text, "")[0].row


def _unknown_form(text: str) -> NotationError:
    """Return the error for a text in no form, with an example of each."""
    shown = " ".join(text.split())
    forms = "\n".join(
        f"    {row.name}: {' '.join(row.write(_EXAMPLE).split())}"
        for row in NOTATIONS.values()
        if row.read and row.write
    )
    return NotationError(
        where="text",
        got=repr(shown if len(shown) <= 60 else f"{shown[:57]}...") if shown else "an empty text",
        wanted="the formula or the code of a network",
        remedy=f"It can be written in each of these forms:\n{forms}",
    )
