"""DOT and Mermaid: the diagram as text that Graphviz and Markdown pages lay out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import pairwise

from chalknet.drawing.diagram import Diagram, Node
from chalknet.drawing.scene import Scene
from chalknet.drawing.text import lines_of, plain

_DOT_SHAPES = {"block": "box", "dots": "plaintext", "text": "plaintext", "bias": "circle"}
_DOT_SCRIPTS = {0: "{}", 1: "<SUP>{}</SUP>", -1: "<SUB>{}</SUB>"}
_MERMAID_ESCAPES = str.maketrans(
    {"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "\n": "<br/>", "*": "#42;", "`": "#96;"}
)


def write_dot(scene: Scene, diagram: Diagram) -> str:
    """Return the diagram as a digraph of Graphviz; frames are clusters."""
    lines = [
        f"digraph {_quoted(scene.title)} {{",
        '  rankdir=LR; node [shape=ellipse, fontname="Helvetica"]; edge [fontname="Helvetica"];',
    ]
    for number, frame in enumerate(diagram.frames):
        colour = _quoted(scene.colours["frame"])
        lines.append(f"  subgraph cluster_{number} {{")
        lines.append(f"    label={_dot_label(frame.title)}; style=filled; color={colour};")
        lines += [f"    {_dot_node(node)}" for node in diagram.inside(frame)]
        lines.append("  }")
    lines += [f"  {_dot_node(node)}" for node in diagram.outside]
    for edge in diagram.edges:
        label = f" [label={_dot_label(edge.label)}]" if edge.label else ""
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.target)}{label};")
    lines += [f"  {_quoted(first)} -> {_quoted(second)} [style=invis];" for first, second in _held(diagram)]
    return "\n".join([*lines, "}", ""])


def write_mermaid(scene: Scene, diagram: Diagram) -> str:
    """Return the diagram as `flowchart LR` of Mermaid; frames are subgraphs."""
    lines = ["flowchart LR"]
    for frame in diagram.frames:
        lines.append(f'  subgraph {_mermaid_key(frame.key)} ["{_mermaid_text(frame.title)}"]')
        lines += [f"    {_mermaid_node(node)}" for node in diagram.inside(frame)]
        lines.append("  end")
    lines += [f"  {_mermaid_node(node)}" for node in diagram.outside]
    for edge in diagram.edges:
        label = f'|"{_mermaid_text(edge.label)}"|' if edge.label else ""
        lines.append(f"  {_mermaid_key(edge.source)} -->{label} {_mermaid_key(edge.target)}")
    lines += [f"  {_mermaid_key(first)} ~~~ {_mermaid_key(second)}" for first, second in _held(diagram)]
    dots = [_mermaid_key(node.key) for node in diagram.nodes if node.kind == "dots"]
    if dots:
        lines += ["  classDef dots fill:none,stroke:none", f"  class {','.join(dots)} dots"]
    return "\n".join([*lines, ""])


def _held(diagram: Diagram) -> Iterator[tuple[str, str]]:
    """Yield the invisible edges that keep the dots in their columns."""
    for before, here in pairwise(diagram.columns):
        yield from ((before[0].key, node.key) for node in here if node.kind == "dots")
        if before is diagram.columns[0]:
            yield from ((node.key, here[0].key) for node in before if node.kind == "dots")


def _dot_node(node: Node) -> str:
    label = '"⋮"' if node.kind == "dots" else _dot_label(node.label)
    shape = _DOT_SHAPES.get(node.kind)
    return f"{_quoted(node.key)} [label={label}{f', shape={shape}' if shape else ''}];"


def _dot_label(markup: str) -> str:
    lines = lines_of(markup)
    if all(run.shift == 0 for line in lines for run in line):
        return _quoted("\n".join("".join(run.text for run in line) for line in lines))
    rows = (
        "".join(_DOT_SCRIPTS[run.shift].format(escape(run.text, quote=False)) for run in line)
        for line in lines
    )
    return f"<{'<BR/>'.join(rows)}>"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _mermaid_node(node: Node) -> str:
    first, last = ('["', '"]') if node.kind in ("block", "dots", "text") else ('(("', '"))')
    return f"{_mermaid_key(node.key)}{first}{'⋮' if node.kind == 'dots' else _mermaid_text(node.label)}{last}"


def _mermaid_key(key: str) -> str:
    return re.sub(r"\W", "_", key)


def _mermaid_text(markup: str) -> str:
    """Return a label that Mermaid takes as text alone, and not as its own Markdown."""
    return plain(markup).translate(_MERMAID_ESCAPES)
