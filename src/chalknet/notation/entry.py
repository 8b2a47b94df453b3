"""A text in, its network out, and back: a formula and JSON without the import of all the other forms."""

from __future__ import annotations

from chalknet.network import Network
from chalknet.notation.arrows import ARROWS, CERTAIN, SHORTHAND
from chalknet.notation.json_text import JSON

_LIGHT = {row.name: row for row in (ARROWS, SHORTHAND, JSON)}


def write(network: Network, notation: str) -> str:
    """Return the network in a notation that is written here.

    Args:
        network: what is written.
        notation: a name of the table, of a form with a writer.
    """
    row = _LIGHT.get(notation)
    if row is None:
        from chalknet.notation.table import NOTATIONS

        row = NOTATIONS[notation]
    assert row.write is not None, f"{notation} is only read here"
    return row.write(network)


def read_text(text: str, notation: str | None, suffix: str, name: str | None) -> Network:
    """Return the network of a text.

    Args:
        text: the text.
        notation: the name of its notation; None where it is to be recognised.
        suffix: the ending of its file, which says what it is where the text itself does not; empty for none.
        name: which network, where it holds several.
    """
    if notation is None and suffix in ("", *ARROWS.suffixes) and ARROWS.recognise(text) == CERTAIN:
        assert ARROWS.read is not None
        return ARROWS.read(text, name)
    from chalknet.notation.table import read_by_table

    return read_by_table(text, notation, suffix, name)
