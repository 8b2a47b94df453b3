"""TikZ: a document of its own, in the fonts of the paper it is put into."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from chalknet.drawing.scene import Box, Face, Label, Line, Photo, Scene, Tracing
from chalknet.drawing.style import COLOURS, CORNER, DASHES, HEAD_LENGTH, HEAD_WIDTH, TEXT_COLOURS
from chalknet.drawing.text import TextRun, lines_of
from chalknet.errors import CannotExpress

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "→": r"$\rightarrow$",
    "×": r"$\times$",
    "⋮": r"$\vdots$",
    "⋯": r"$\cdots$",
    "σ": r"$\sigma$",
    "'": "$'$",
    **{letter: f"\\{letter}" for letter in "#$%&_{}"},
}


_NODES = ("input", "hidden", "output", "bias", "block")
_TEXTS = ("title", "heading", "legend", "dots", "cell", "cell-head", "edge-label", "size", "step")


def write_tikz(scene: Scene) -> str:
    """Return a LaTeX document with one picture: named nodes, edges between them, and styles to change."""
    colours = [
        f"\\definecolor{{chalk{part}}}{{HTML}}{{{colour.removeprefix('#').upper()}}}"
        for part, colour in scene.colours.items()
        if part in COLOURS
    ]
    return "\n".join(
        [
            r"\documentclass[tikz,border=0pt]{standalone}",
            r"\usepackage[utf8]{inputenc}",
            r"\usepackage[T1]{fontenc}",
            r"\usepackage{textcomp}",
            *([r"\usepackage{kotex}"] if scene.has_wide_letters else []),
            r"\usetikzlibrary{arrows.meta,backgrounds,fit,shapes.geometric}",
            *colours,
            *_styles(scene, scene.stroke),
            r"\begin{document}",
            r"\sffamily",
            r"\begin{tikzpicture}[x=1pt, y=-1pt]",
            f"\\useasboundingbox (0,0) rectangle ({scene.width:.2f},{scene.height:.2f});",
            *_marks(scene),
            r"\end{tikzpicture}",
            r"\end{document}",
            "",
        ]
    )


def _styles(scene: Scene, stroke: float) -> Iterator[str]:
    """Yield the look of every kind of node, line and text."""
    sizes = {mark.kind: mark.size for mark in scene.marks if isinstance(mark, Label)}
    yield r"\tikzset{"
    yield (
        f"  unit/.style={{draw=chalkline, line width={stroke:.4g}pt, text=chalkink, align=center, "
        "inner sep=0pt" + _font(sizes, "label") + "},"
    )
    for kind in _NODES:
        corners = f", rounded corners={CORNER * stroke:.4g}pt" if kind == "block" else ""
        yield f"  {kind}/.style={{unit, fill=chalk{kind}{corners}}},"
    yield f"  frame/.style={{fill=chalkframe, rounded corners={CORNER * stroke:.4g}pt, inner sep=10pt}},"
    yield r"  line/.style={draw=chalkline}, positive/.style={draw=chalkpositive},"
    on, off = (length * stroke for length in DASHES)
    yield f"  negative/.style={{draw=chalknegative, dash pattern=on {on:.4g}pt off {off:.4g}pt}},"
    head = f"length={HEAD_LENGTH * stroke:.4g}pt, width={HEAD_WIDTH * stroke:.4g}pt"
    yield f"  headed/.style={{-{{Triangle[{head}]}}}},"
    yield r"  words/.style={text=chalkink, align=center, inner sep=1pt},"
    for kind in _TEXTS:
        if kind in sizes:
            colour = f", text=chalk{TEXT_COLOURS[kind]}" if kind in TEXT_COLOURS else ""
            yield f"  {kind}/.style={{words{colour}{_font(sizes, kind)}}},"
    yield "}"


def _font(sizes: Mapping[str, float], kind: str) -> str:
    size = sizes.get(kind)
    return f", font=\\fontsize{{{size:.1f}}}{{{size * 1.25:.1f}}}\\selectfont\\sffamily" if size else ""


def _marks(scene: Scene) -> Iterator[str]:
    """Yield frames, nodes with their labels, the edges between them with theirs, and other texts."""
    boxes = {mark.id: mark for mark in scene.marks if isinstance(mark, Box)}
    labels = {mark.id: mark for mark in scene.marks if isinstance(mark, Label)}
    titles = {box.id: labels.pop(f"{box.id}-title") for box in boxes.values() if box.kind == "frame"}
    for box in boxes.values():
        if box.kind != "frame":
            yield _node(box, labels.pop(f"{box.id}-label", None))
    for mark in scene.marks:
        match mark:
            case Face():
                yield _face(mark)
            case Line():
                own = None if mark.id.startswith("legend") else labels.pop(f"{mark.id}-label", None)
                yield _edge(mark, own, boxes)
            case Label() if mark.id in labels or not mark.id:
                yield f"\\node[{mark.kind}] at ({mark.x:.2f},{mark.y:.2f}) {{{_words(mark)}}};"
            case Photo() | Tracing():
                raise CannotExpress(
                    where="TikZ",
                    got="a picture of the user's own",
                    wanted="lines and texts",
                    remedy="Save it as .svg, .png, .pdf or .html.",
                )

    frames = [box for box in boxes.values() if box.kind == "frame"]
    if frames:
        yield r"\begin{scope}[on background layer]"
        yield from (_frame(frame, titles[frame.id], boxes.values()) for frame in frames)
        yield r"\end{scope}"


def _frame(frame: Box, title: Label, boxes: Iterable[Box]) -> str:
    """Return a frame that fits the nodes in it, wherever they are moved."""
    around = frame.bounds
    inside = [
        f"({_name(box.id)})"
        for box in boxes
        if box is not frame
        and around.left < box.x + box.width / 2 < around.right
        and around.top < box.y + box.height / 2 < around.bottom
    ]
    return f"\\node[frame, fit={{{' '.join(inside)}}}, label={{[title]above:{{{_words(title)}}}}}] {{}};"


def _face(face: Face) -> str:
    corners = " -- ".join(f"({x:.2f},{y:.2f})" for x, y in face.points)
    fill = f"chalk{face.kind}"
    fill = f"chalkline!{round(100 * face.shade)}!{fill}" if face.shade else fill
    return f"\\draw[{face.kind}, line join=round, fill={fill}] {corners} -- cycle;"


def _node(box: Box, label: Label | None) -> str:
    at = f"({box.x + box.width / 2:.2f},{box.y + box.height / 2:.2f})"
    shape = "ellipse, " if box.round else ""
    size = f"minimum width={box.width:.2f}pt, minimum height={box.height:.2f}pt"
    words = _words(label) if label else ""
    return f"\\node[{box.kind}, {shape}{size}] ({_name(box.id)}) at {at} {{{words}}};"


def _edge(line: Line, label: Label | None, boxes: Mapping[str, Box]) -> str:
    source, _, target = line.id.partition("--")
    begin = _anchor(boxes.get(source), (line.x1, line.y1))
    end = _anchor(boxes.get(target), (line.x2, line.y2))
    style = line.kind + (", headed" if line.arrow else "") + f", line width={line.width:.2f}pt"
    style += f", opacity={line.opacity:g}" if line.opacity < 1 else ""
    words = f"node[edge-label, {_beside(line, label)}] {{{_words(label)}}} " if label else ""
    way = "--"
    if line.controls:
        inner = " and ".join(f"({x:.2f},{y:.2f})" for x, y in line.controls)
        way = f".. controls {inner} .."
    return f"\\draw[{style}] {begin} {way} {words}{end};"


def _beside(line: Line, label: Label) -> str:
    """Return where a label stands at its line: how far along, on which side, turned or upright."""
    across, down = line.x2 - line.x1, line.y2 - line.y1
    x, y = label.x - line.x1, label.y - line.y1
    part = (x * across + y * down) / (across**2 + down**2)
    if label.angle:
        return f"sloped, {'above' if (across * y - down * x) * across < 0 else 'below'}, pos={part:.2f}"
    if abs(across) > abs(down):
        return f"{'above' if y < down * part else 'below'}, pos={part:.2f}"
    return f"{'right' if x > across * part else 'left'}, pos={part:.2f}"


def _anchor(box: Box | None, point: tuple[float, float]) -> str:
    """Return the point at the rim of a node, by the node's name; the bare point without a node."""
    if box is None or box.kind == "frame":
        return f"({point[0]:.2f},{point[1]:.2f})"
    if not box.round:  # a box is met at any height of its side
        side = "east" if point[0] > box.x + box.width / 2 else "west"
        return f"({_name(box.id)}.{side} |- 0,{point[1]:.2f})"
    across, down = point[0] - box.x - box.width / 2, point[1] - box.y - box.height / 2
    return f"({_name(box.id)}.{math.degrees(math.atan2(-down, across)):.0f})"


def _words(label: Label) -> str:
    return r"\\".join("".join(map(_run, line)) for line in lines_of(label.text))


def _name(key: str) -> str:
    """Return a name that TikZ takes for a node."""
    return re.sub(r"[^A-Za-z0-9-]", "-", key)


def _run(run: TextRun) -> str:
    text = _escaped(run.text)
    if run.shift == 0:
        return text
    return f"\\textsu{'per' if run.shift > 0 else 'b'}script{{{text}}}"


def _escaped(text: str) -> str:
    pieces: list[str] = []
    for letter in unicodedata.normalize("NFD", text):
        if letter == "\u0302" and pieces:
            pieces[-1] = f"$\\hat{{\\mathsf{{{pieces[-1]}}}}}$"
        else:
            pieces.append(_SPECIAL.get(letter, letter))
    return unicodedata.normalize("NFC", "".join(pieces))
