"""GraphML and GML, the files in which yEd, Gephi, networkx and others keep a graph, read into a sketch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chalknet.notation.drawings.sketch import REMEDY, Link, Place, Sketch
from chalknet.notation.drawings.xml_text import DamagedXml, UnsafeXml, parse_xml
from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_DEEPEST = 50
_NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{0,12})?(?:[eE][+-]?[0-9]{1,2})?")
_SHAPES = {
    "ellipse": "ellipse", "circle": "circle", "rectangle": "box", "roundrectangle": "box", "diamond": "diamond",
    "hexagon": "hexagon", "parallelogram": "parallelogram", "trapezoid": "trapezium", "triangle": "triangle",
}  # fmt: skip
_TOKEN = re.compile(r'\s++|#[^\n]*+|(?P<sign>[\[\]])|"(?P<text>[^"]*+)"|(?P<word>[^\s\[\]"#]++)')
_LABELS = ("label", "name", "labels", "title", "description")
_FACTS = {
    "activation": "{}",
    "units": "{} units",
    "neurons": "{} units",
    "type": "{}",
}  # of a layer or a unit


def read_graphml_sketch(text: str) -> Sketch:
    """Return the graph of a GraphML file, with the labels, shapes and places that yEd writes.

    Raises:
        NotationError: for a damaged or dangerous file.
    """
    sketch = Sketch(SourceText("GraphML", text, remedy="Save it again as plain GraphML, or write it as DOT."))
    root = _parsed(sketch, text)
    names = {key.get("id", ""): key.get("attr.name", "").lower() for key in root.iter() if _tag(key) == "key"}
    waiting: list[tuple[Element, str, bool, int]] = [(root, "", True, 0)]
    groups: list[tuple[str, Element]] = []
    edges: list[tuple[Element, bool]] = []
    while waiting:
        element, group, directed, depth = waiting.pop()
        for part in element:
            tag = _tag(part)
            if tag == "graph" and depth < _DEEPEST:
                waiting.append((part, group, part.get("edgedefault", "directed") != "undirected", depth + 1))
            elif tag == "node":
                key = part.get("id", "")
                inner = next((one for one in part if _tag(one) == "graph"), None)
                if inner is not None:
                    groups.append((key, part))
                    sketch.group(key, _labels(part, names), group, 0)
                    waiting.append((part, key, directed, depth + 1))
                else:
                    _node(sketch, part, key, group, names)
            elif tag == "edge":
                edges.append((part, directed))
    for element, directed in edges:
        _edge(sketch, element, directed, names)
    if not sketch.nodes:
        raise sketch.source.refuse(0, got="a GraphML file without nodes", wanted="nodes and edges")
    return sketch


def _parsed(sketch: Sketch, text: str) -> Element:
    try:
        return parse_xml(text.lstrip("\ufeff \t\n"))
    except DamagedXml as problem:
        raise sketch.source.refuse(None, got=str(problem), wanted="a whole file") from problem
    except UnsafeXml as problem:
        raise sketch.source.refuse(
            None, got=str(problem), wanted="XML without entities of its own"
        ) from problem


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _inside(element: Element) -> Iterator[Element]:
    """Yield the elements inside one, those of graphs within it left out."""
    waiting = list(reversed(element))
    while waiting:
        part = waiting.pop()
        yield part
        waiting += [] if _tag(part) == "graph" else reversed(part)


def _labels(element: Element, names: dict[str, str]) -> str:
    drawn = [
        "".join(part.itertext()).strip() if not len(part) else (part.text or "").strip()
        for part in _inside(element)
        if _tag(part) in ("NodeLabel", "EdgeLabel")
    ]
    if drawn := [text for text in drawn if text]:
        return "\n".join(dict.fromkeys(drawn))
    said = {
        names.get(part.get("key", ""), part.get("key", "")): (part.text or "").strip()
        for part in element
        if _tag(part) == "data"
    }
    label = next((said[name] for name in _LABELS if said.get(name)), "")
    facts = [text.format(said[name]) for name, text in _FACTS.items() if said.get(name)]
    if not facts or _tag(element) != "node":
        return label
    return "\n".join([label or element.get("id", ""), *facts])


def _number(text: str | None) -> float | None:
    return float(text) if text and _NUMBER.fullmatch(text) else None


def _node(sketch: Sketch, element: Element, key: str, group: str, names: dict[str, str]) -> None:
    node = sketch.node(key, 0)
    node.group, node.shape = group, "ellipse"
    drawn = any(_tag(part) in ("ShapeNode", "GenericNode") for part in _inside(element))
    label = _labels(element, names)
    node.label = label if label or drawn else None
    for part in _inside(element):
        tag = _tag(part)
        if tag == "Geometry":
            _place(sketch, key, [_number(part.get(name)) for name in ("x", "y", "width", "height")])
        elif tag == "Shape":
            node.shape = _SHAPES.get(part.get("type", ""), "box")
        elif tag == "Fill":
            node.colour = part.get("color", "") if part.get("hasColor") != "false" else ""
        elif tag == "BorderStyle" and part.get("hasColor") == "false" and not node.colour and label:
            node.shape = "plaintext"


def _place(sketch: Sketch, key: str, numbers: list[float | None]) -> None:
    x, y, width, height = (0.0 if number is None else number for number in numbers)
    sketch.nodes[key].place = Place(x + width / 2, y + height / 2, width, height)


def _edge(sketch: Sketch, element: Element, directed: bool, names: dict[str, str]) -> None:
    ends = [element.get("source", ""), element.get("target", "")]
    for end in ends:
        if end not in sketch.nodes and end not in sketch.groups:
            raise sketch.source.refuse(
                None, got=f"an edge to {end!r}, which is no node", wanted="edges between nodes"
            )
    directed = element.get("directed", str(directed)).lower() == "true"
    style, visible = "", True
    for part in _inside(element):
        if _tag(part) == "Arrows":
            tips = [part.get(name, "none") != "none" for name in ("source", "target")]
            directed = tips[0] != tips[1]
            if tips[0] and not tips[1]:
                ends.reverse()
        elif _tag(part) == "LineStyle":
            style = part.get("type", "line").partition("_")[0]
            style = (
                style
                if style in ("dashed", "dotted")
                else "bold"
                if (_number(part.get("width")) or 1) >= 3
                else ""
            )
    link = Link("", "", _labels(element, names), visible, 0, style, directed)
    sketch.connect(ends[:1], ends[1:], link)


def read_gml_sketch(text: str) -> Sketch:
    """Return the graph of a GML file.

    Raises:
        NotationError: with a caret, for a damaged file.
    """
    sketch = Sketch(SourceText("GML", text, remedy=REMEDY))
    graph = next((value for key, value in _gml(sketch) if key == "graph" and isinstance(value, list)), None)
    if graph is None:
        raise sketch.source.refuse(
            0, got="a GML file without its graph", wanted="graph [ node [ ... ] edge [ ... ] ]"
        )
    directed = any(key == "directed" and str(value) == "1" for key, value in graph)
    for key, value in graph:
        if key == "node" and isinstance(value, list):
            _gml_node(sketch, dict(value))
        elif key == "label" and isinstance(value, str):
            sketch.caption = value
    for key, value in graph:
        if key == "edge" and isinstance(value, list):
            known = dict(value)
            ends = [str(known.get("source", "")), str(known.get("target", ""))]
            if any(end not in sketch.nodes for end in ends):
                got = f"an edge from {ends[0]} to {ends[1]}"
                raise sketch.source.refuse(None, got=got, wanted="edges between nodes")
            graphics = dict(known["graphics"]) if isinstance(known.get("graphics"), list) else {}
            style = str(graphics.get("style", ""))
            style = style if style in ("dashed", "dotted") else ""
            arrow = graphics.get("targetArrow") or graphics.get("arrow") in ("last", "first")
            if graphics.get("arrow") == "first":
                ends.reverse()
            link = Link("", "", str(known.get("label", "")), True, 0, style, bool(directed or arrow))
            sketch.connect(ends[:1], ends[1:], link)
    return sketch


def _gml_node(sketch: Sketch, known: dict[str, Any]) -> None:
    node = sketch.node(str(known.get("id", "")), 0)
    graphics = dict(known["graphics"]) if isinstance(known.get("graphics"), list) else {}
    label = known.get("label")
    node.label = label if isinstance(label, str) else None
    node.shape = _SHAPES.get(str(graphics.get("type", "ellipse")).lower(), "box")
    node.colour = str(graphics.get("fill", ""))
    x, y = (_number(str(graphics.get(name, ""))) for name in ("x", "y"))
    if x is not None and y is not None:
        node.place = Place(
            x, y, _number(str(graphics.get("w", ""))) or 0.0, _number(str(graphics.get("h", ""))) or 0.0
        )


def _gml(sketch: Sketch) -> list[tuple[str, Any]]:
    """Return the keys and values of a GML text, those in brackets as lists of their own."""
    whole: list[tuple[str, Any]] = []
    open_lists, key, at, words, text = [whole], "", 0, 0, sketch.source.text
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise sketch.source.refuse(at, got=repr(text[at]), wanted="a key and its value")
        at, words = match.end(), words + 1
        if match["sign"] == "[":
            inner: list[tuple[str, Any]] = []
            open_lists[-1].append((key, inner))
            open_lists.append(inner)
            if len(open_lists) > _DEEPEST:
                raise sketch.source.refuse(
                    match.start(), got="brackets nested too deep", wanted=f"at most {_DEEPEST}"
                )
            key = ""
        elif match["sign"] == "]":
            if len(open_lists) == 1:
                raise sketch.source.refuse(match.start(), got="a ] that closes nothing", wanted="its [")
            open_lists.pop()
        elif match["text"] is not None or match["word"]:
            value = match["text"] if match["text"] is not None else match["word"]
            if key:
                open_lists[-1].append((key, value))
                key = ""
            else:
                key = value
        if not words % 1_000:
            check_limit(sketch.source, match.start(), "words of a drawing", words)
    if len(open_lists) > 1:
        raise sketch.source.refuse(len(text), got="the end of the text", wanted="a ] for each [")
    return whole
