"""SVG as mermaid-cli and the pages of Mermaid write it, read into a sketch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from chalknet.notation.drawings.sketch import Link, Place, Sketch
from chalknet.notation.drawings.svg_shapes import DrawnFrame, line_style, points_of, stated, tag_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NODE_ID = re.compile(r"(?:.*?-)?flowchart-(?P<key>.+)-[0-9]++", re.S)
_EDGE_ID = re.compile(r"(?:.*?-)?L(?P<sign>[-_])(?P<ends>.+)(?P=sign)[0-9]++", re.S)
_ENDS = re.compile(r"\bL([SE])-(\S++)")
_MOVED = re.compile(r"translate\(\s*+(-?[0-9.]{1,30}+)[,\s]++(-?[0-9.]{1,30}+)")
_FARTHEST_RIM = 25.0  # from the end of a line: an arrow head, and some air
_LONGEST = 4_000  # characters of an id
_BLOCKS = ("p", "div", "br", "tspan", "li")
_ROUND = {"circle": "circle", "ellipse": "ellipse"}


class _Part(NamedTuple):
    """A group of the SVG and how far it is moved."""

    element: Element
    x: float
    y: float


def is_of_mermaid(root: Element) -> bool:
    """Return whether an SVG is one of Mermaid's flowcharts."""
    kind = root.get("aria-roledescription", "")
    return kind.startswith(("flowchart", "graph", "block")) or any(
        _has(part, "edgePaths") or _has(part, "flowchart-link") for part in root.iter()
    )


def read_mermaid_svg(sketch: Sketch, root: Element) -> Sketch:
    """Return what a flowchart of Mermaid shows; its ids name the nodes and the ends of the edges."""
    paths: list[_Part] = []
    labels: list[Element] = []
    frames: list[tuple[str, Place]] = []
    for part in _parts(root):
        element = part.element
        if _has(element, "cluster"):
            frames.append(_cluster(sketch, part))
        elif _has(element, "node") and tag_of(element) in ("g", "a"):
            _node(sketch, part)
        elif tag_of(element) == "path" and (_has(element, "flowchart-link") or element.get("data-edge")):
            paths.append(part)
        elif _has(element, "edgeLabel") and tag_of(element) == "g":
            labels.append(element)
    if not sketch.nodes:
        raise sketch.source.refuse(
            None,
            got="an SVG of Mermaid without nodes",
            wanted="a flowchart",
            remedy="Give the Mermaid text that it was made from.",
        )
    _links(sketch, paths, labels)
    _into_frames(sketch, frames)
    return sketch


def _parts(root: Element) -> Iterator[_Part]:
    """Yield the elements in the order of the text, each with its shift; of a node only the group itself."""
    waiting = [_Part(root, 0.0, 0.0)]
    while waiting:
        part = waiting.pop()
        yield part
        element = part.element
        if _has(element, "node") and tag_of(element) in ("g", "a") and not _holds_root(element):
            continue
        moved = [_moved(inner, part) for inner in element]
        waiting += reversed(moved)


def _holds_root(element: Element) -> bool:
    return any(_has(inner, "root") for inner in element)


def _moved(element: Element, around: _Part) -> _Part:
    match = _MOVED.search(element.get("transform", ""))
    if match is None:
        return _Part(element, around.x, around.y)
    try:
        return _Part(element, around.x + float(match.group(1)), around.y + float(match.group(2)))
    except ValueError:
        return _Part(element, around.x, around.y)


def _node(sketch: Sketch, part: _Part) -> None:
    element = part.element
    match = _NODE_ID.fullmatch(element.get("id", "")[:_LONGEST])
    key = element.get("data-id") or (match.group("key") if match else element.get("id", ""))
    if not key:
        return
    node = sketch.node(key, 0)
    node.label = _text(element)
    shape = next((inner for inner in element.iter() if _has(inner, "label-container")), None)
    shape = (
        shape if shape is not None else next((one for one in element.iter() if tag_of(one) in _ROUND), None)
    )
    node.shape = "box" if shape is None else _ROUND.get(tag_of(shape), "box")
    fill = "" if shape is None else stated(shape, "fill")
    node.colour = "" if fill in ("none", "transparent") else fill
    node.place = Place(part.x, part.y, *_size(sketch, shape))


def _size(sketch: Sketch, shape: Element | None) -> tuple[float, float]:
    """Return the width and the height of a node's frame."""
    if shape is None:
        return 0.0, 0.0
    if tag_of(shape) in _ROUND:
        radii = [_length(shape, name) or _length(shape, "r") for name in ("rx", "ry")]
        return 2 * radii[0], 2 * radii[1]
    if points := points_of(sketch, shape.get("points", "")):
        box = DrawnFrame.around("", points)
        return box.right - box.left, box.bottom - box.top
    return _length(shape, "width"), _length(shape, "height")


def _cluster(sketch: Sketch, part: _Part) -> tuple[str, Place]:
    element = part.element
    key = element.get("data-id") or element.get("id") or f"cluster {len(sketch.groups)}"
    sketch.group(key, _text(element), "", 0)
    frame = next((inner for inner in element.iter() if tag_of(inner) == "rect"), None)
    x, y, width, height = (_length(frame, name) for name in ("x", "y", "width", "height"))
    return key, Place(part.x + x + width / 2, part.y + y + height / 2, width, height)


def _length(element: Element | None, name: str) -> float:
    match = None if element is None else re.match(r"-?[0-9]{1,12}(?:\.[0-9]{1,12})?", element.get(name, ""))
    return float(match.group()) if match else 0.0


def _links(sketch: Sketch, paths: list[_Part], labels: list[Element]) -> None:
    """Draw the edges, each with the label that names it or, where none does, the one of its number."""
    named: dict[str, str] = {}
    for label in labels:
        key = next((inner.get("data-id", "") for inner in label.iter() if inner.get("data-id")), "")
        if key:
            named[key] = _text(label)
    numbered = [_text(label) for label in labels] if not named and len(labels) == len(paths) else []
    for number, part in enumerate(paths):
        path = part.element
        source, target = _ends(sketch, path) or _ends_by_place(sketch, part)
        key = path.get("data-id") or path.get("id") or ""
        text = named.get(key, numbered[number] if numbered else "")
        kinds = path.get("class", "")
        style = (
            "dotted" if "edge-pattern-dotted" in kinds else "dashed" if "edge-pattern-dashed" in kinds else ""
        )
        style = style or ("bold" if "edge-thickness-thick" in kinds else line_style(path))
        visible = "invisible" not in kinds and stated(path, "stroke") not in ("none", "transparent")
        start, end = (bool(path.get(name)) for name in ("marker-start", "marker-end"))
        if start and not end:
            source, target = target, source
        sketch.connect([source], [target], Link("", "", text, visible, 0, style, start != end))


def _ends(sketch: Sketch, path: Element) -> tuple[str, str] | None:
    """Return the ends of an edge: its classes `LS-a LE-b` name them, or its id `L_a_b_0`; else None."""
    said = dict(_ENDS.findall(path.get("class", "")))
    if len(said) == 2:
        return said["S"], said["E"]
    match = _EDGE_ID.fullmatch((path.get("data-id") or path.get("id") or "")[:_LONGEST])
    if match:
        parts = match.group("ends").split(match.group("sign"))
        sketch.spend(len(parts))
        for count in range(1, len(parts)):
            ends = match.group("sign").join(parts[:count]), match.group("sign").join(parts[count:])
            if all(end in sketch.nodes or end in sketch.groups for end in ends):
                return ends
    return None


def _ends_by_place(sketch: Sketch, part: _Part) -> tuple[str, str]:
    """Return the nodes whose rims are nearest to the ends of a line: an edge with an id names none.

    Raises:
        NotationError: where no node is near.
    """
    line = points_of(sketch, part.element.get("d", ""))
    found = [_nearest(sketch, part.x + x, part.y + y) for x, y in (line[:1] + line[-1:])]
    if len(found) == 2 and found[0] and found[1]:
        return found[0], found[1]
    raise sketch.source.refuse(
        None,
        got=f"an edge that does not say where it ends ({part.element.get('id', 'without an id')[:80]})",
        wanted="an id such as L_a_b_0, or a line that ends at two nodes",
        remedy="Give the Mermaid text that the SVG was made from.",
    )


def _nearest(sketch: Sketch, x: float, y: float) -> str | None:
    sketch.spend(len(sketch.nodes))
    best, nearest = _FARTHEST_RIM, None
    for node in sketch.nodes.values():
        place = node.place or Place(0, 0)
        gap = max(abs(x - place.x) - place.width / 2, abs(y - place.y) - place.height / 2)
        if abs(gap) < best:
            best, nearest = abs(gap), node.key
    return nearest


def _into_frames(sketch: Sketch, frames: list[tuple[str, Place]]) -> None:
    """Give each node the smallest frame around its middle."""
    frames = sorted(frames, key=lambda frame: frame[1].width * frame[1].height)
    for node in sketch.nodes.values():
        sketch.spend(len(frames))
        place = node.place
        if place is not None:
            node.group = next(
                (
                    key
                    for key, frame in frames
                    if abs(place.x - frame.x) * 2 <= frame.width
                    and abs(place.y - frame.y) * 2 <= frame.height
                ),
                "",
            )


def _text(element: Element) -> str:
    """Return the words inside an element, a line for each block of them."""
    words: list[str] = []
    waiting: list[Element | str] = [element]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            words.append(part)
            continue
        if tag_of(part) in ("style", "title", "desc", "script"):
            continue
        inner: list[Element | str] = ["\n"] if tag_of(part) in _BLOCKS else []
        inner.append(part.text or "")
        for child in part:
            inner += [child, child.tail or ""]
        waiting += reversed(inner)
    lines = [" ".join(line.split()) for line in "".join(words).split("\n")]
    return "\n".join(filter(None, lines))


def _has(element: Element, kind: str) -> bool:
    return kind in element.get("class", "").split()
