"""Mermaid: the diagram as a flowchart, for Markdown pages."""

from __future__ import annotations

import re

from chalknet.drawing.diagram import Diagram, Node
from chalknet.drawing.scene import Scene
from chalknet.drawing.surfaces.dot import held_in_place
from chalknet.drawing.text import plain

_SHAPES = {"block": ('["', '"]'), "dots": ('["', '"]'), "text": ('["', '"]')}
_ESCAPES = str.maketrans(
    {"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "\n": "<br/>", "*": "#42;", "`": "#96;"}
)
_ROUND = ('(("', '"))')


def write_mermaid(scene: Scene, diagram: Diagram) -> str:
    """Return the diagram as `flowchart LR`; frames are subgraphs."""
    lines = ["flowchart LR"]
    framed: set[int] = set()
    for frame in diagram.frames:
        lines.append(f'  subgraph {_key(frame.key)} ["{_text(frame.title)}"]')
        for place in range(frame.first, frame.last + 1):
            framed.add(place)
            lines += [f"    {_node(node)}" for node in diagram.columns[place]]
        lines.append("  end")
    for place, column in enumerate(diagram.columns):
        if place not in framed:
            lines += [f"  {_node(node)}" for node in column]
    for edge in diagram.edges:
        label = f'|"{_text(edge.label)}"|' if edge.label else ""
        lines.append(f"  {_key(edge.source)} -->{label} {_key(edge.target)}")
    lines += [f"  {_key(first)} ~~~ {_key(second)}" for first, second in held_in_place(diagram)]
    dots = [_key(node.key) for column in diagram.columns for node in column if node.kind == "dots"]
    if dots:
        lines += ["  classDef dots fill:none,stroke:none", f"  class {','.join(dots)} dots"]
    return "\n".join([*lines, ""])


def _node(node: Node) -> str:
    first, last = _SHAPES.get(node.kind, _ROUND)
    return f"{_key(node.key)}{first}{'⋮' if node.kind == 'dots' else _text(node.label)}{last}"


def _key(key: str) -> str:
    return re.sub(r"\W", "_", key)


def _text(markup: str) -> str:
    """Return a label that Mermaid takes as text alone, and not as its own Markdown."""
    return plain(markup).translate(_ESCAPES)
