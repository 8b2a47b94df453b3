"""How DOT says that nodes and edges look: style, arrows, colour, place."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from chalknet.notation.drawings.records import HTML
from chalknet.notation.drawings.sketch import Place

_LABELS = ("label", "xlabel", "taillabel", "headlabel")
_STYLES = ("dashed", "dotted", "bold")
_POSITION = re.compile(
    r"\s*+(-?[0-9.]{1,20}+(?:e[+-]?[0-9]{1,2})?)[,\s]++(-?[0-9.]{1,20}+(?:e[+-]?[0-9]{1,2})?)!?\s*+"
)
_POINTS_PER_INCH = 72
_UNSEEN = ("transparent", "none", "invis")


class EdgeLook(NamedTuple):
    """How an edge looks.

    Args:
        label: all that is written on it, a line each.
        visible: whether it is drawn at all.
        style: "dashed", "dotted", "bold" or empty.
        directed: whether a head at one of its ends says which comes first.
        backward: whether that head stands at its tail.
    """

    label: str
    visible: bool
    style: str
    directed: bool
    backward: bool


def edge_look(attributes: Mapping[str, str], *, arrows: bool) -> EdgeLook:
    """Return how an edge with these attributes looks; `arrows` is true in a digraph."""
    texts = [attributes[name].removeprefix(HTML) for name in _LABELS if attributes.get(name, "").strip()]
    styles = attributes.get("style", "").lower()
    thin = attributes.get("penwidth", "").strip() in ("0", "0.0")
    unseen = "invis" in styles or thin or attributes.get("color", "").lower() in _UNSEEN
    style = next((one for one in _STYLES if one in styles), "")
    way = attributes.get("dir", "forward" if arrows else "none").lower()
    head = way in ("forward", "both") and attributes.get("arrowhead", "normal") != "none"
    tail = way in ("back", "both") and attributes.get("arrowtail", "normal") != "none"
    return EdgeLook("\n".join(dict.fromkeys(texts)), not unseen, style, head != tail, tail and not head)


def colour_of(attributes: Mapping[str, str]) -> str:
    """Return the colour that a node is filled with; empty where nothing is said of it."""
    if "fillcolor" in attributes:
        return attributes["fillcolor"]
    filled = any(one in attributes.get("style", "") for one in ("filled", "radial", "wedged", "striped"))
    return attributes.get("color", "") if filled else ""


def place_of(attributes: Mapping[str, str]) -> Place | None:
    """Return where a node stands, as `dot -Tdot` writes it: points, counted upwards; its size in inches."""
    position = _POSITION.fullmatch(attributes.get("pos", ""))
    if position is None:
        return None
    try:
        x, y = map(float, position.groups())
        size = [float(attributes.get(name, "0")) * _POINTS_PER_INCH for name in ("width", "height")]
    except ValueError:
        return None
    return Place(x, -y, *size) if all(map(math.isfinite, (x, y, *size))) else None
