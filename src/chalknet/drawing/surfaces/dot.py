"""DOT: the diagram in Graphviz's language."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from chalknet.drawing.diagram import Diagram, Node
from chalknet.drawing.scene import Scene
from chalknet.drawing.text import lines_of

_SHAPES = {"block": "box", "dots": "plaintext", "text": "plaintext", "bias": "circle"}


def write_dot(scene: Scene, diagram: Diagram) -> str:
    """Return the diagram as a digraph; frames are clusters."""
    lines = [
        f"digraph {_quoted(scene.title)} {{",
        '  rankdir=LR; node [shape=ellipse, fontname="Helvetica"]; edge [fontname="Helvetica"];',
    ]
    inside = {place: frame for frame in diagram.frames for place in range(frame.first, frame.last + 1)}
    for number, frame in enumerate(diagram.frames):
        lines.append(f"  subgraph cluster_{number} {{")
        lines.append(
            f"    label={_label(frame.title)}; style=filled; color={_quoted(scene.colours['frame'])};"
        )
        for column in diagram.columns[frame.first : frame.last + 1]:
            lines += [f"    {_node(node)}" for node in column]
        lines.append("  }")
    for place, column in enumerate(diagram.columns):
        if place not in inside:
            lines += [f"  {_node(node)}" for node in column]
    for edge in diagram.edges:
        label = f" [label={_label(edge.label)}]" if edge.label else ""
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.target)}{label};")
    lines += [
        f"  {_quoted(first)} -> {_quoted(second)} [style=invis];" for first, second in held_in_place(diagram)
    ]
    return "\n".join([*lines, "}", ""])


def held_in_place(diagram: Diagram) -> Iterator[tuple[str, str]]:
    """Yield the invisible edges that keep the dots in their columns."""
    for before, here in zip(diagram.columns, diagram.columns[1:], strict=False):
        for node in here:
            if node.kind == "dots":
                yield before[0].key, node.key
        for node in before:
            if node.kind == "dots" and before is diagram.columns[0]:
                yield node.key, here[0].key


def _node(node: Node) -> str:
    label = '"⋮"' if node.kind == "dots" else _label(node.label)
    shape = _SHAPES.get(node.kind)
    return f"{_quoted(node.key)} [label={label}{f', shape={shape}' if shape else ''}];"


def _label(markup: str) -> str:
    lines = lines_of(markup)
    if all(run.shift == 0 for line in lines for run in line):
        return _quoted("\n".join("".join(run.text for run in line) for line in lines))
    tags = {0: "{}", 1: "<SUP>{}</SUP>", -1: "<SUB>{}</SUB>"}
    rows = ["".join(tags[run.shift].format(escape(run.text, quote=False)) for run in line) for line in lines]
    return f"<{'<BR/>'.join(rows)}>"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
