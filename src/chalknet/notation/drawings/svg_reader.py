"""SVG: the network inside one of ours, or the graph that Graphviz drew."""

from __future__ import annotations

import html
import re
from statistics import fmean
from typing import TYPE_CHECKING

from chalknet.notation.drawings.sketch import REMEDY, Group, Link, Sketch
from chalknet.notation.tokens import SourceText

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_OURS = re.compile(r"<metadata>\s*<network\b[^>]*>(.*?)</network>", re.S)
_SVG = re.compile(r"<svg\b.*</svg\s*>", re.S)
_ARROW = re.compile(r"^(.*?)(->|--)(.*)$", re.S)


def network_inside(text: str) -> str | None:
    """Return the JSON of the network that a drawing of ours carries, or None."""
    match = _OURS.search(text)
    return html.unescape(match.group(1)) if match else None


def read_svg_sketch(text: str) -> Sketch:
    """Return the graph of an SVG that Graphviz made: its titles are the ids, its texts the labels.

    Raises:
        NotationError: for a damaged or dangerous file, or an SVG of other make.
    """
    sketch = Sketch(SourceText("SVG", text, remedy=REMEDY))
    root = _parsed(sketch, text)
    clusters: list[tuple[str, list[tuple[float, float]]]] = []
    for element in root.findall(".//{*}g"):
        kind, title = element.get("class", ""), _title(element)
        if kind == "graph":
            sketch.caption = "\n".join("".join(part.itertext()) for part in element.findall("{*}text"))
        if kind == "node":
            node = sketch.node(title, max(text.find(f">{title}<"), 0))
            node.label = "\n".join(_texts(element))
            node.shape = _shape(element)
        elif kind == "edge" and (match := _ARROW.match(title)):
            source, target = match.group(1).strip(), match.group(3).strip()
            visible = element.find(".//{*}path") is not None
            sketch.links.append(Link(source, target, "\n".join(_texts(element)), visible))
        elif kind == "cluster":
            sketch.groups[title] = Group(title, "\n".join(_texts(element)))
            clusters.append((title, _points(element)))
    if not sketch.nodes:
        raise sketch.source.refuse(
            0,
            got="an SVG that is neither ours nor Graphviz's",
            wanted="one with the network inside, or with titles of nodes and edges",
            remedy="Give the DOT or Mermaid text it was made from.",
        )
    _into_clusters(root, sketch, clusters)
    _into_fields(root, sketch)
    return sketch


def _into_fields(root: Element, sketch: Sketch) -> None:
    """Put the fields of a record in its place, as far as edges end at their ports."""
    ports: dict[str, dict[str, None]] = {}
    for link in sketch.links:
        for end in (link.source, link.target):
            node, colon, port = end.partition(":")
            if colon and node in sketch.nodes and end not in sketch.nodes:
                ports.setdefault(node, {})[port.partition(":")[0]] = None
    texts = {_title(part): _texts(part) for part in root.iter() if part.get("class") == "node"}
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

    found = _SVG.search(text)
    try:
        # a document type may name Graphviz's own; entities in it are refused
        root: Element = fromstring(text if found is None or "<!ENTITY" in text else found.group())
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


def _title(element: Element) -> str:
    return element.findtext("{*}title", "").strip()


_SHIFTS = {"sub": "_", "super": "^"}


def _texts(element: Element) -> list[str]:
    """Return the texts of a group, those of one line joined: Graphviz writes an index as its own text."""
    lines: dict[float, str] = {}
    for part in element.findall(".//{*}text"):
        sign = _SHIFTS.get(part.get("baseline-shift", ""), "")
        row, text = float(part.get("y", "0")), "".join(part.itertext())
        lines[row] = lines.get(row, "") + sign + text
    return [lines[row] for row in sorted(lines)]


def _shape(element: Element) -> str:
    tags = [_tag(part) for part in element]
    return "ellipse" if "ellipse" in tags else "box" if {"polygon", "path"} & set(tags) else "plaintext"


def _points(element: Element) -> list[tuple[float, float]]:
    for part in element:
        numbers = re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", part.get("points", "") or part.get("d", ""))
        if _tag(part) in ("polygon", "path") and len(numbers) >= 4:
            values = list(map(float, numbers))
            return list(zip(values[::2], values[1::2], strict=False))
    return []


def _into_clusters(
    root: Element, sketch: Sketch, clusters: list[tuple[str, list[tuple[float, float]]]]
) -> None:
    """Give each node the smallest cluster around its middle: an SVG knows places, not members."""
    for element in root.findall(".//{*}g[@class='node']"):
        middle = _middle(element)
        best, smallest = "", float("inf")
        for title, points in clusters:
            if not points or middle is None:
                continue
            left, right = min(x for x, _ in points), max(x for x, _ in points)
            top, bottom = min(y for _, y in points), max(y for _, y in points)
            area = (right - left) * (bottom - top)
            if left <= middle[0] <= right and top <= middle[1] <= bottom and area < smallest:
                best, smallest = title, area
        if best:
            sketch.nodes[_title(element)].group = best


def _middle(element: Element) -> tuple[float, float] | None:
    if (ellipse := element.find(".//{*}ellipse")) is not None:
        return float(ellipse.get("cx", "0")), float(ellipse.get("cy", "0"))
    if points := _points(element):
        return fmean(x for x, _ in points), fmean(y for _, y in points)
    if (text := element.find(".//{*}text")) is not None:
        return float(text.get("x", "0")), float(text.get("y", "0"))
    return None
