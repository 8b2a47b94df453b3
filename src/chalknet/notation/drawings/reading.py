"""From the text of a drawing to its network, whatever it is drawn in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalknet.network import Network
from chalknet.notation.drawings.dot_reader import read_dot_sketch
from chalknet.notation.drawings.meaning import network_of
from chalknet.notation.drawings.mermaid_reader import read_mermaid_sketch
from chalknet.notation.drawings.sketch import Sketch
from chalknet.notation.drawings.svg_reader import network_inside, read_svg_sketch
from chalknet.notation.json_text import read_json

_SKETCHES: Mapping[str, Callable[[str], Sketch]] = {
    "dot": read_dot_sketch,
    "mermaid": read_mermaid_sketch,
    "svg": read_svg_sketch,
}


def read_drawing(text: str, form: str) -> Network:
    """Return the network of a drawing; one of ours carries it inside.

    Args:
        text: what was drawn.
        form: "dot", "mermaid" or "svg".

    Raises:
        NotationError, CannotExpress: for what is no feed-forward network, with the reason.
    """
    inside = network_inside(text) if form == "svg" else None
    return network_of(_SKETCHES[form](text)) if inside is None else read_json(inside)
