"""Lines under or over a drawing of characters that speak of layers by name: `hidden units: tanh`, `output: linear`."""

from __future__ import annotations

from dataclasses import replace

from chalknet.notation.dialects.ascii_canvas import Text
from chalknet.notation.dialects.ascii_columns import is_sentence, stand_in
from chalknet.notation.drawings.vocabulary import clauses, roles_in

_WIDE = 3  # words of a title that stands over several columns


def legends(layers: list[list[Text]], texts: list[Text]) -> tuple[list[str], set[int]]:
    """Return the lines that tell activations by the names of layers, and the ids of their texts.

    A line whose only text stands at the layer that it names is a title of that layer, and none of these.

    Args:
        layers: the units, from the input on.
        texts: all that is written.
    """
    units = {unit.row for layer in layers for unit in layer}
    rows: dict[int, list[Text]] = {}
    for text in texts:
        if text.shape == "plaintext" and not text.linked and text.row not in units:
            rows.setdefault(text.row, []).append(text)
    lines, taken = [], set[int]()
    for row in rows.values():
        pieces = sorted(row, key=lambda text: text.first)
        line = " ".join(piece.text for piece in pieces)
        if _tells(line) and not (len(pieces) == 1 and _is_title(layers, pieces[0])):
            lines.append(line if line.endswith(".") else f"{line}.")
            taken |= {id(piece) for piece in pieces}
    return lines, taken


def _tells(line: str) -> bool:
    roles = ("hidden", "output", "all")
    said = {(clause.steps, clause.linear) for clause in clauses(line) if clause.role in roles}
    return len(said) == 1 and roles_in(line) < 2 and any(sign in line for sign in ":=")


def _is_title(layers: list[list[Text]], text: Text) -> bool:
    """Return whether a text stands at the layer whose role it names."""
    place, last = stand_in(layers, text), len(layers) - 1
    role = next((clause.role for clause in clauses(text.text)), "")
    return place is not None and {"output": place == last, "hidden": 0 < place < last}.get(role, False)


def stands_over_several(layers: list[list[Text]], text: Text) -> bool:
    """Return whether a text of several words stands over units of several layers, and names none of them."""
    over = [
        layer for layer in layers if any(text.first <= one.last and one.first <= text.last for one in layer)
    ]
    return len(over) > 1 and len(text.text.split()) >= _WIDE and not roles_in(text.text)


def in_words(texts: list[Text]) -> None:
    """Make plain words of the sentences in brackets that no line joins: `(each x is joined to each h)`."""
    for text in texts:
        if text.shape == "circle" and not text.linked and is_sentence(replace(text, shape="plaintext")):
            text.shape = "plaintext"
