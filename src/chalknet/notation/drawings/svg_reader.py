"""SVG: the network inside one of ours, or the graph that Graphviz drew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from chalknet.errors import shown
from chalknet.notation.drawings.labels import unescaped
from chalknet.notation.drawings.sketch import REMEDY, Link, Sketch
from chalknet.notation.tokens import SourceText

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_OURS = re.compile(r"<metadata>\s*+<network\b[^<>]*+>")
_GRAPHVIZ = re.compile(r"<(?:\w+:)?g\b[^<>]*?\bclass\s*=\s*[\"'](?:node|edge|cluster)[\"']")
_SVG, _SVG_END = re.compile(r"<svg\b"), re.compile(r"</svg\s*+>")
_ARROW = re.compile(r"^(.*?)(->|--)(.*)$", re.S)
_NUMBER = re.compile(
    r"\s*+([+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30}+)?|\.[0-9]{1,30}+)(?:[eE][+-]?[0-9]{1,2})?)(?:px|pt)?\s*+"
)


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
    """
    if not _GRAPHVIZ.search(text):
        return _of_other_make(text)
    sketch = Sketch(SourceText("SVG", text, remedy=REMEDY))
    drawn = list(_groups(_parsed(sketch, text)))
    places = {match.group(1): match.start() for match in re.finditer(r">([^<>]*+)<", text)}
    for group in drawn:
        title, at = group.title, places.get(group.title, 0)
        if group.kind == "graph":
            texts = group.element.findall("{*}text")
            sketch.caption = "\n".join("".join(part.itertext()) for part in texts)
        elif group.kind == "node":
            node = sketch.node(title, at)
            node.label = "\n".join(_texts(sketch, group))
            node.shape = _shape(group.element)
        elif group.kind == "edge" and (match := _ARROW.match(title)):
            visible = any(_tag(part) == "path" for part in group.inside)
            link = Link("", "", "\n".join(_texts(sketch, group)), visible)
            sketch.connect([match.group(1).strip()], [match.group(3).strip()], link)
        elif group.kind == "cluster":
            sketch.group(title, "\n".join(_texts(sketch, group)), "", at)
    if not any(sketch.nodes):
        return _of_other_make(text)
    _into_clusters(drawn, sketch)
    _into_fields(drawn, sketch)
    return sketch


def _of_other_make(text: str) -> Sketch:
    from chalknet.notation.marks import read_picture  # it stands on this room

    return read_picture(text)


def _groups(root: Element) -> Iterator[_Drawn]:
    """Yield the groups with a class, in the order of the text; those of nodes hold no further ones."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        kind = element.get("class", "") if _tag(element) == "g" else ""
        if kind in ("node", "edge", "cluster"):
            yield _Drawn(kind, element, list(_inside(element)))
            continue
        if kind:
            yield _Drawn(kind, element, [])
        waiting += reversed(element)


def _inside(element: Element) -> Iterator[Element]:
    """Yield the elements inside a group in the order of the text; a text is one, whatever it holds."""
    waiting = [element]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += [] if _tag(part) == "text" else reversed(part)


def _into_fields(drawn: list[_Drawn], sketch: Sketch) -> None:
    """Put the fields of a record in its place, as far as edges end at their ports."""
    ports: dict[str, dict[str, None]] = {}
    for link in sketch.links:
        for end in (link.source, link.target):
            node, colon, port = end.partition(":")
            if colon and node in sketch.nodes and end not in sketch.nodes:
                ports.setdefault(node, {})[port.partition(":")[0]] = None
    texts = {group.title: _texts(sketch, group) for group in drawn if group.kind == "node" and ports}
    fields: dict[str, list[str]] = {}
    for key, names in ports.items():
        labels = texts.get(key, [])
        if len(labels) == len(names) > 1:
            record = sketch.nodes.pop(key)
            for name, label in zip(sorted(names), labels, strict=True):
                unit = sketch.node(f"{key}:{name}", record.at)
                unit.label, unit.group, unit.rank = label, record.group, f"record-{key}"
            fields[key] = [f"{key}:{name}" for name in sorted(names)]
    for link in sketch.links:
        link.source, link.target = (_field(end, fields) for end in (link.source, link.target))


def _field(end: str, fields: dict[str, list[str]]) -> str:
    node, _, port = end.partition(":")
    name = f"{node}:{port.partition(':')[0]}"
    return name if name in fields.get(node, ()) else node


def _parsed(sketch: Sketch, text: str) -> Element:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    opening = _SVG.search(text)
    end = next((found for found in _from_behind(_SVG_END, "</svg", text)), None)
    try:
        # a document type may name Graphviz's own; entities in it are refused
        whole = opening is None or end is None or end <= opening.start() or "<!ENTITY" in text
        root: Element = fromstring(text if whole or opening is None else text[opening.start() : end])
        return root
    except ParseError as problem:
        line, column = problem.position
        at = sum(len(row) + 1 for row in text.split("\n")[: line - 1]) + column
        got = f"damaged XML ({problem})"
        raise sketch.source.refuse(min(at, len(text)), got=got, wanted="a whole SVG") from problem
    except (DefusedXmlException, ValueError, RecursionError) as problem:
        got = f"an XML that is not read for safety ({type(problem).__name__})"
        raise sketch.source.refuse(None, got=got, wanted="an SVG without entities of its own") from problem


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _from_behind(pattern: re.Pattern[str], sign: str, text: str) -> Iterator[int]:
    """Yield where the matches of a pattern, which begins with a sign, end, the last one first."""
    at = text.rfind(sign)
    while at >= 0:
        if match := pattern.match(text, at):
            yield match.end()
        at = text.rfind(sign, 0, at)


_FARTHEST = 1e9
_SHIFTS = {"sub": "_", "super": "^"}


def _texts(sketch: Sketch, group: _Drawn) -> list[str]:
    """Return the texts of a group, those of one line joined: Graphviz writes an index as its own text."""
    lines: dict[float, list[str]] = {}
    for part in group.inside:
        if _tag(part) == "text":
            sign = _SHIFTS.get(part.get("baseline-shift", ""), "")
            lines.setdefault(_number(sketch, part, "y"), []).append(sign + "".join(part.itertext()))
    return ["".join(lines[row]) for row in sorted(lines)]


def _number(sketch: Sketch, element: Element, name: str) -> float:
    """Return the number of an attribute, 0 where it is left out."""
    written = element.get(name, "0")
    match = _NUMBER.fullmatch(written)
    if match is None:
        got = f"{name}={shown(written)}, which is no place in the drawing"
        raise sketch.source.refuse(None, got=got, wanted="a number, with px, pt or no unit")
    return float(match.group(1))


def _shape(element: Element) -> str:
    tags = [_tag(part) for part in element]
    return "ellipse" if "ellipse" in tags else "box" if {"polygon", "path"} & set(tags) else "plaintext"


def _points(sketch: Sketch, element: Element) -> list[tuple[float, float]]:
    for part in element:
        numbers = re.findall(
            r"-?[0-9]++(?:\.[0-9]++)?+(?:e-?[0-9]++)?+", part.get("points", "") or part.get("d", "")
        )
        if _tag(part) in ("polygon", "path") and len(numbers) >= 4:
            values = list(map(float, numbers))
            if (widest := max(values, key=abs)) and not abs(widest) < _FARTHEST:
                got = f"a frame that reaches to {widest}"
                raise sketch.source.refuse(None, got=got, wanted=f"places of at most {_FARTHEST:.0e}")
            return list(zip(values[::2], values[1::2], strict=False))
    return []


def _into_clusters(drawn: list[_Drawn], sketch: Sketch) -> None:
    """Give each node the smallest cluster around its middle: an SVG knows places, not members."""
    frames = [(group.title, _points(sketch, group.element)) for group in drawn if group.kind == "cluster"]
    boxes = sorted(
        (_Box.around(title, points) for title, points in frames if points), key=lambda box: box.area
    )
    for group in drawn:
        middle = _middle(sketch, group) if group.kind == "node" and boxes else None
        if middle is not None:
            sketch.spend(len(boxes))
            around = next((box.title for box in boxes if box.holds(*middle)), "")
            sketch.nodes[group.title].group = around or sketch.nodes[group.title].group


class _Box(NamedTuple):
    """The frame of a cluster."""

    title: str
    left: float
    right: float
    top: float
    bottom: float

    @classmethod
    def around(cls, title: str, points: list[tuple[float, float]]) -> _Box:
        across, down = zip(*points, strict=True)
        return cls(title, min(across), max(across), min(down), max(down))

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.top <= y <= self.bottom


def _middle(sketch: Sketch, group: _Drawn) -> tuple[float, float] | None:
    first = {_tag(part): part for part in reversed(group.inside)}
    if (ellipse := first.get("ellipse")) is not None:
        return _number(sketch, ellipse, "cx"), _number(sketch, ellipse, "cy")
    if points := _points(sketch, group.element):
        return fmean(x for x, _ in points), fmean(y for _, y in points)
    if (text := first.get("text")) is not None:
        return _number(sketch, text, "x"), _number(sketch, text, "y")
    return None
