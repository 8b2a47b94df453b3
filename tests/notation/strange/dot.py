"""Graphviz DOT of a picture, as people and tools write it."""

from __future__ import annotations

import re

from tests.notation.strange.choice import Choices
from tests.notation.strange.picture import Link, Node, Picture
from tests.notation.strange.writing import Style, arranged, bundles, single

SHAPES = {
    "circle": "circle", "box": "box", "round": "box", "stadium": "box", "diamond": "diamond", "point": "point",
    "text": "plaintext", "ellipse": "ellipse", "hexagon": "hexagon", "doublecircle": "doublecircle",
    "cylinder": "cylinder", "record": "record",
}  # fmt: skip
STYLES = {
    "dotted": "style=dotted",
    "dashed": "style=dashed",
    "invisible": "style=invis",
    "thick": "penwidth=2",
}
LOOKS = [
    "splines=line",
    "nodesep=0.3",
    "ranksep=1.5",
    "splines=false",
    'bgcolor="transparent"',
    "fontname=Helvetica",
]
COLOURS = ["lightblue", "#ffcc99", "palegreen", "gray90", "orange"]
RESERVED = {"node", "edge", "graph", "digraph", "subgraph", "strict"}


def quoted(word: str, always: bool = False) -> str:
    """Return a word as DOT needs it."""
    bare = re.fullmatch(r"[A-Za-z_\u0080-\U0010ffff][\w\u0080-\U0010ffff]*|-?\d+(\.\d+)?", word)
    if bare and not always and word.lower() not in RESERVED:
        return word
    return '"' + word.replace('"', '\\"').replace("\n", "\\n") + '"'


def label_of(node: Node) -> str:
    """Return the label as DOT writes it: a record as it is, HTML where there is an index below."""
    if "<sub>" in node.label:
        return "<" + node.label.replace("\n", "<br/>").replace("&", "&amp;") + ">"
    return quoted(node.label.replace("$$", "$"), True)


def write(choices: Choices, picture: Picture, style: Style, tool: str) -> str:
    """Return the drawing as DOT."""
    end = choices.one([";", ";", ""])
    common = _common_shape(picture)
    quote = choices.chance(0.3)
    head = "graph" if style.undirected else "digraph"
    name = choices.one(["", " G", " net", ' "my net"', " nn"])
    if tool == "networkx":
        head, name, end = f"strict {head}", ' ""', ";"
    lines = [f"{head}{name} {{", *_settings(choices, picture, style, common, end)]
    single_defined = _Definer(choices, picture, style, common, quote)
    blocks = [
        _group(choices, picture, single_defined, number, key, end)
        for number, key in enumerate(picture.groups)
    ]
    free = [node for node in picture.nodes.values() if node.group is None]
    nodes = [f"  {single_defined.of(node, tool)}{end}" for node in free]
    links = bundles(picture.links) if style.order == "lists" else single(picture.links)
    drawn = []
    for bundle in links:
        drawn.append("  " + _link(bundle.starts, bundle.ends, bundle.link, style, single_defined.name) + end)
    if style.ranks:
        blocks += _ranks(picture, single_defined.name)
    lines += arranged(choices, style, [block for block in blocks if block] + nodes, drawn)
    text = "\n".join([*lines, "}"]) + "\n"
    return _commented(choices, text) if style.decoration in ("comments", "everything") else text


class _Definer:
    """Writes the statements of nodes with one habit of commas and quotes."""

    def __init__(self, choices: Choices, picture: Picture, style: Style, common: str, quote: bool) -> None:
        self.choices, self.picture, self.style, self.common, self.quote = (
            choices,
            picture,
            style,
            common,
            quote,
        )
        self.comma = choices.one([", ", " ", ","])
        self.colour = choices.one(COLOURS)

    def name(self, key: str) -> str:
        return quoted(self.style.ids[key], self.quote)

    def of(self, node: Node, tool: str = "") -> str:
        attributes = []
        if node.label != self.style.ids[node.key] and not (node.shape == "point" and not node.label):
            attributes.append(f"label={label_of(node)}")
        if SHAPES[node.shape] != self.common:
            attributes.append(f"shape={SHAPES[node.shape]}")
        styles = ["rounded"] if node.shape in ("round", "stadium") else []
        if self.style.decoration in ("classes", "everything", "emoji") and node.role == "unit":
            styles.append("filled")
            attributes.append(f'fillcolor="{self.colour}"')
        if styles:
            attributes.append(f'style="{",".join(styles)}"')
        if tool == "networkx":
            attributes.append(f"layer={int(node.column // 2)}")
        return self.name(node.key) + (f" [{self.comma.join(attributes)}]" if attributes else "")


def _common_shape(picture: Picture) -> str:
    shapes = [SHAPES[node.shape] for node in picture.nodes.values() if node.shape != "point"]
    return max(sorted(set(shapes)), key=shapes.count)


def _settings(choices: Choices, picture: Picture, style: Style, common: str, end: str) -> list[str]:
    lines = []
    if style.direction != "none":
        direction = {"TD": "TB"}.get(style.direction, style.direction)
        lines.append(f"rankdir={direction}" if choices.chance(0.7) else f'rankdir="{direction}"')
    lines += choices.shuffled(LOOKS)[: choices.one([0, 0, 1, 2])]
    words = [picture.title] if picture.title else []
    words += [picture.caption] if picture.caption and style.caption_at == "label" else []
    if words:
        lines.append('label="' + "\\n".join(words) + '"')
        lines += [choices.one(["labelloc=t", "labelloc=b", "fontsize=20"])]
    lines.append(f"node [shape={common}]")
    if style.decoration == "everything":
        lines.append('edge [color="gray" arrowsize=0.5]')
    return [f"  {line}{end}" for line in lines]


def _group(choices: Choices, picture: Picture, definer: _Definer, number: int, key: str, end: str) -> str:
    members = [node for node in picture.nodes.values() if node.group == key]
    if not members:
        return ""
    title = picture.groups[key].replace("\n", "\\n")
    if definer.style.decoration in ("emoji", "everything"):
        title = f"{choices.one(['📥', '🧠', '📤'])} {title}"
    body = "".join(f"    {definer.of(node)}{end}\n" for node in members)
    return f'  subgraph cluster_{number} {{\n    label="{title}"{end}\n{body}  }}'


def _ranks(picture: Picture, name) -> list[str]:
    columns: dict[float, list[str]] = {}
    for node in picture.nodes.values():
        if node.group is None:
            columns.setdefault(node.column, []).append(name(node.key))
    return [f"  {{ rank=same; {'; '.join(keys)} }}" for keys in columns.values() if len(keys) > 1]


def _link(starts: list[str], ends: list[str], link: Link, style: Style, name) -> str:
    sign = "--" if style.undirected else "->"
    sides = [" ".join(map(name, side)) for side in (starts, ends)]
    sides = [
        f"{{{side}}}" if " " in side and len(keys) > 1 else side
        for side, keys in zip(sides, (starts, ends), strict=True)
    ]
    attributes = [f"label={quoted(link.label, True)}"] if link.label else []
    attributes += [STYLES[link.style]] if link.style in STYLES else []
    if not link.arrow and not style.undirected and link.style != "invisible":
        attributes.append("dir=none")
    if not link.arrow and style.loose:
        attributes.append("constraint=false")
    return f"{sides[0]} {sign} {sides[1]}" + (f" [{', '.join(attributes)}]" if attributes else "")


def _commented(choices: Choices, text: str) -> str:
    comment = choices.one(["// the network", "# made by make_dot.py", "/* layers:\n   see slides -> p. 4 */"])
    return f"{comment}\n{text}"
