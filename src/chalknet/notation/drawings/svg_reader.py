"""SVG: the network inside one of ours, or the graph that Graphviz drew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import dist
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from chalknet.errors import CannotExpress
from chalknet.notation.drawings.labels import unescaped
from chalknet.notation.drawings.mermaid_svg import is_of_mermaid, read_mermaid_svg
from chalknet.notation.drawings.records import are_units
from chalknet.notation.drawings.sketch import REMEDY, Link, Place, Sketch
from chalknet.notation.drawings.svg_shapes import (
    DrawnFrame,
    frame_of,
    inside_of,
    line_style,
    lines_of,
    number_of,
    points_of,
    stated,
    tag_of,
)
from chalknet.notation.drawings.xml_text import DamagedXml, UnsafeXml, parse_xml
from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_OURS = re.compile(r"<metadata>\s*+<network\b[^<>]*+>")
_OF_MODULE = re.compile(r'<metadata>\s*+<module xmlns="https://github.com/chalknet/chalknet">([^<>]*+)<')
_GRAPHVIZ = re.compile(r"<(?:\w+:)?g\b[^<>]*?\bclass\s*=\s*[\"'](?:node|edge|cluster)[\"']")
_LINES = re.compile(r"<(?:\w+:)?(?:line|path|polyline)\b")
_SVG, _SVG_END = re.compile(r"<svg\b"), re.compile(r"</svg\s*+>")
_HEADS = ("polygon", "ellipse", "polyline")
_COMPASS = frozenset("n ne e se s sw w nw c _".split())


def network_inside(text: str) -> str | None:
    """Return the JSON of the network that a drawing of ours carries, or None."""
    opening = _OURS.search(text)
    end = text.find("</network>", opening.end()) if opening else -1
    return unescaped(text[opening.end() : end]) if opening and end >= 0 else None


@dataclass
class _Drawn:
    """A group that Graphviz drew: its kind, and what is inside it in the order of the text."""

    kind: str
    element: Element
    inside: list[Element]

    @property
    def title(self) -> str:
        """Return what it is called."""
        return self.element.findtext("{*}title", "").strip()


def read_svg_sketch(text: str) -> Sketch:
    """Return the graph of an SVG: Graphviz's by its titles, any other by its geometry.

    Raises:
        NotationError: for a damaged or dangerous file, or one in which nothing is linked.
        CannotExpress: for our drawing of a module that is no Network.
    """
    if module := _OF_MODULE.search(text):
        raise CannotExpress(
            where="SVG",
            got=unescaped(module[1]),
            wanted="a drawing of a Network",
            remedy="Give the module itself: cn.fit takes any module, and cn.draw(module, 'stacks') draws it.",
        )
    sketch = Sketch(SourceText("SVG", text, remedy=REMEDY))
    root = _parsed(sketch, text)
    if is_of_mermaid(root):
        return read_mermaid_svg(sketch, root)
    if not _GRAPHVIZ.search(text):
        return _of_other_make(text)
    drawn = list(_groups(root))
    places = {match.group(1): match.start() for match in re.finditer(r">([^<>]*+)<", text)}
    for group in drawn:
        title, at = group.title, places.get(group.title, 0)
        if group.kind == "graph":
            texts = group.element.findall("{*}text")
            sketch.caption = "\n".join("".join(part.itertext()) for part in texts)
        elif group.kind == "node":
            _node(sketch, group, at)
        elif group.kind == "cluster":
            sketch.group(title, "\n".join(_texts(sketch, group)), "", at)
    named = any(re.search("->|--", group.title) for group in drawn if group.kind == "edge")
    if not any(sketch.nodes) or (not named and _LINES.search(text)):  # classes of the same names elsewhere
        return _of_other_make(text)
    edges = [_edge(sketch, group) for group in drawn if group.kind == "edge"]
    _into_clusters(drawn, sketch)
    fields = _fields(drawn, sketch, edges)
    for edge in edges:
        sources, targets = (_at(sketch, end, fields) for end in (edge.tail, edge.head))
        if edge.backward:
            sources, targets = targets, sources
        for end in (*sources, *targets):
            if end not in sketch.nodes and end not in sketch.groups:
                raise sketch.source.refuse(
                    places.get(end, 0),
                    got=f"a connection of {end!r}, and no node of that name",
                    wanted="both ends of each connection",
                )
        sketch.connect(sources, targets, edge.link)
    return sketch


def _node(sketch: Sketch, group: _Drawn, at: int) -> None:
    node = sketch.node(group.title, at)
    node.label = "\n".join(cell.text for cell in _cells(sketch, group))
    node.shape = _shape(group.element)
    node.place = _frame(sketch, group)
    first = next((part for part in group.inside if tag_of(part) in ("ellipse", "polygon", "path")), None)
    fill = "none" if first is None else stated(first, "fill")
    node.colour = "" if fill in ("none", "transparent") else fill


class _End(NamedTuple):
    """An end of an edge: its node, the port behind a colon, and where the line ends."""

    node: str
    port: str
    x: float
    y: float


class _Edge(NamedTuple):
    """An edge as it is drawn; `backward` says that its only head stands at its tail."""

    tail: _End
    head: _End
    link: Link
    backward: bool


def _edge(sketch: Sketch, group: _Drawn) -> _Edge:
    """Return an edge: its title names its ends, its line and heads say how it looks."""
    title = group.title
    check_limit(sketch.source, None, "characters in a label", len(title))
    (tail, tail_port), (head, head_port) = _ends(sketch, title)
    path = next((part for part in group.inside if tag_of(part) == "path"), None)
    line = [] if path is None else points_of(sketch, path.get("d", ""))
    start, end = (line[0], line[-1]) if line else ((0.0, 0.0), (0.0, 0.0))
    tips = [_tip(sketch, part, start, end) for part in group.inside if tag_of(part) in _HEADS]
    at_start = [tip.at_start for tip in tips]
    start = next((tip.place for tip in tips if tip.at_start), start)
    end = next((tip.place for tip in tips if not tip.at_start), end)
    visible = path is not None and stated(path, "stroke") not in ("none", "transparent")
    style = "" if path is None else line_style(path)
    directed = len(set(at_start)) == 1
    link = Link("", "", "\n".join(_texts(sketch, group)), visible, 0, style, directed)
    return _Edge(_End(tail, tail_port, *start), _End(head, head_port, *end), link, directed and at_start[0])


class _Tip(NamedTuple):
    """Where the head of an arrow ends, and whether that is at the beginning of its line."""

    place: tuple[float, float]
    at_start: bool


def _tip(sketch: Sketch, part: Element, start: tuple[float, float], end: tuple[float, float]) -> _Tip:
    """Return the tip of a head: of its corners the farthest from the end of the line that it stands at."""
    if tag_of(part) == "ellipse":
        corners = [(number_of(sketch, part, "cx"), number_of(sketch, part, "cy"))]
    else:
        corners = points_of(sketch, part.get("points", "")) or [end]
    middle = fmean(x for x, _ in corners), fmean(y for _, y in corners)
    at_start = dist(middle, start) < dist(middle, end)
    near = start if at_start else end
    return _Tip(max(corners, key=lambda corner: dist(corner, near)), at_start)


def _ends(sketch: Sketch, title: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return node and port of both ends; a node's id may hold colons and arrows of its own."""
    splits = list(re.finditer("->|--", title))
    sketch.spend(len(splits))
    found = []
    for split in splits:
        pair = (_known(sketch, title[: split.start()]), _known(sketch, title[split.end() :]))
        if pair[0] and pair[1]:
            found.append((bool(pair[0][1]) + bool(pair[1][1]), (pair[0], pair[1])))
    if found:
        return min(found, key=lambda one: one[0])[1]
    tail, _, head = title.partition("->" if "->" in title else "--")
    return (tail.strip(), ""), (head.strip(), "")


def _known(sketch: Sketch, end: str) -> tuple[str, str] | None:
    """Return the node that an end of an edge names, and its port."""
    parts = end.strip().split(":")
    for count in range(len(parts), max(0, len(parts) - 3), -1):
        node = ":".join(parts[:count])
        if node in sketch.nodes:
            return node, parts[count] if count < len(parts) else ""
    return None


def _of_other_make(text: str) -> Sketch:
    from chalknet.notation.marks import read_picture  # it stands on this room

    return read_picture(text)


def _groups(root: Element) -> Iterator[_Drawn]:
    """Yield the groups with a class, in the order of the text; those of nodes hold no further ones."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        kind = element.get("class", "") if tag_of(element) == "g" else ""
        if kind in ("node", "edge", "cluster"):
            yield _Drawn(kind, element, list(inside_of(element)))
            continue
        if kind:
            yield _Drawn(kind, element, [])
        waiting += reversed(element)


class _Field(NamedTuple):
    """A field of a record or a cell of a table: its node, its text and where that stands."""

    key: str
    text: str
    x: float
    y: float


def _fields(drawn: list[_Drawn], sketch: Sketch, edges: list[_Edge]) -> dict[str, dict[str, list[str]]]:
    """Put the fields of records in their place, as DOT has them; return the nodes of each port."""
    ports: dict[str, dict[str, list[_End]]] = {}
    for edge in edges:
        for end in (edge.tail, edge.head):
            if end.port and end.port not in _COMPASS:
                ports.setdefault(end.node, {}).setdefault(end.port, []).append(end)
    made: dict[str, dict[str, list[str]]] = {}
    for group in drawn:
        key = group.title
        if group.kind != "node" or key not in sketch.nodes or key in made:
            continue
        fields = _cells(sketch, group)
        if len(fields) < 2 or not (key in ports or are_units([field.text for field in fields])):
            continue
        record = sketch.nodes.pop(key)
        for field in fields:
            unit = sketch.node(field.key, record.at)
            unit.label, unit.group, unit.rank = field.text, record.group, f"record-{key}"
            unit.place = Place(field.x, field.y)
        made[key] = {"": [field.key for field in fields], **_of_ports(sketch, fields, ports.get(key, {}))}
    return made


def _of_ports(sketch: Sketch, fields: list[_Field], ports: dict[str, list[_End]]) -> dict[str, list[str]]:
    """Return the field of each port: the one at which its lines end, each field for one port first."""
    sketch.spend(len(fields) * (len(ports) + sum(map(len, ports.values()))))
    distances = sorted(
        (sum(dist((field.x, field.y), (end.x, end.y)) for end in ends) / len(ends), port, field.key)
        for port, ends in ports.items()
        for field in fields
    )
    found: dict[str, list[str]] = {}
    taken: set[str] = set()
    for _, port, key in distances:
        if port not in found and (key not in taken or len(taken) == len(fields)):
            found[port] = [key]
            taken.add(key)
    return found


def _at(sketch: Sketch, end: _End, fields: dict[str, dict[str, list[str]]]) -> list[str]:
    """Return the nodes that an edge ends at: the field of its port, else all fields of a record."""
    if end.node not in fields:
        return [end.node]
    return fields[end.node].get(end.port, fields[end.node][""])


def _cells(sketch: Sketch, group: _Drawn) -> list[_Field]:
    """Return the texts of a node between the lines that part its fields."""
    cells: list[list[Element]] = [[]]
    for part in group.inside:
        if tag_of(part) in ("polygon", "polyline", "path", "ellipse"):
            cells.append([])
        elif tag_of(part) == "text":
            cells[-1].append(part)
    found = []
    for number, texts in enumerate(filter(None, cells)):
        text = "\n".join(lines_of(sketch, texts))
        x = fmean(number_of(sketch, part, "x") for part in texts)
        y = fmean(number_of(sketch, part, "y") for part in texts)
        found.append(_Field(f"{group.title}:{number}", text, x, y))
    return found


def _parsed(sketch: Sketch, text: str) -> Element:
    opening = _SVG.search(text)
    end = next((found for found in _from_behind(_SVG_END, "</svg", text)), None)
    try:
        # a document type may name Graphviz's own; entities in it are refused
        whole = opening is None or end is None or end <= opening.start() or "<!ENTITY" in text
        return parse_xml(text if whole or opening is None else text[opening.start() : end])
    except DamagedXml as problem:
        line, column = problem.position
        at = sum(len(row) + 1 for row in text.split("\n")[: line - 1]) + column
        got = str(problem)
        raise sketch.source.refuse(min(at, len(text)), got=got, wanted="a whole SVG") from problem
    except UnsafeXml as problem:
        wanted = "an SVG without entities of its own"
        raise sketch.source.refuse(None, got=str(problem), wanted=wanted) from problem


def _from_behind(pattern: re.Pattern[str], sign: str, text: str) -> Iterator[int]:
    """Yield where the matches of a pattern, which begins with a sign, end, the last one first."""
    at = text.rfind(sign)
    while at >= 0:
        if match := pattern.match(text, at):
            yield match.end()
        at = text.rfind(sign, 0, at)


def _texts(sketch: Sketch, group: _Drawn) -> list[str]:
    """Return the texts of a group, those of one line joined: Graphviz writes an index as its own text."""
    return lines_of(sketch, [part for part in group.inside if tag_of(part) == "text"])


def _shape(element: Element) -> str:
    tags = [tag_of(part) for part in inside_of(element)]
    if "ellipse" in tags:
        return "ellipse"
    return "box" if {"polygon", "path"} & set(tags) else "plaintext"


def _frame(sketch: Sketch, group: _Drawn) -> Place | None:
    """Return the middle and the size of what a node is drawn as."""
    first = {tag_of(part): part for part in reversed(group.inside)}
    if (ellipse := first.get("ellipse")) is not None:
        x, y, across, down = (number_of(sketch, ellipse, name) for name in ("cx", "cy", "rx", "ry"))
        return Place(x, y, 2 * across, 2 * down)
    if points := frame_of(sketch, group.element):
        box = DrawnFrame.around("", points)
        middle = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        return Place(*middle, box.right - box.left, box.bottom - box.top)
    if (text := first.get("text")) is not None:
        return Place(number_of(sketch, text, "x"), number_of(sketch, text, "y"))
    return None


def _into_clusters(drawn: list[_Drawn], sketch: Sketch) -> None:
    """Give each node the smallest cluster around its middle: an SVG knows places, not members."""
    frames = [(group.title, frame_of(sketch, group.element)) for group in drawn if group.kind == "cluster"]
    boxes = sorted(
        (DrawnFrame.around(title, points) for title, points in frames if points), key=lambda box: box.area
    )
    for group in drawn:
        place = sketch.nodes[group.title].place if group.kind == "node" and boxes else None
        if place is not None:
            sketch.spend(len(boxes))
            around = next((box.title for box in boxes if box.holds(place.x, place.y)), "")
            sketch.nodes[group.title].group = around or sketch.nodes[group.title].group
