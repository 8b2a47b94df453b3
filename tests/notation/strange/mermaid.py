"""Mermaid text of a picture, as people, scripts and language models write it."""

from __future__ import annotations

import re

from tests.notation.strange.choice import Choices
from tests.notation.strange.picture import Link, Node, Picture
from tests.notation.strange.writing import Bundle, Style, arranged, bundles, single

SHAPES = {
    "circle": "(({}))", "box": "[{}]", "round": "({})", "stadium": "([{}])", "diamond": "{{{}}}", "ellipse": "([{}])",
    "hexagon": "{{{{{}}}}}", "doublecircle": "((({})))", "cylinder": "[({})]", "text": "[{}]", "record": "[{}]",
}  # fmt: skip
ARROWS = {"solid": "-->", "thick": "==>", "dotted": "-.->", "dashed": "-.->", "invisible": "~~~"}
LINES = {"solid": "---", "thick": "===", "dotted": "-.-", "dashed": "-.-", "invisible": "~~~"}
EMOJI = {"input": "📥", "output": "📤", "hidden": "🧠"}
COLOURS = ["#f9f", "#bbf", "#e1f5fe", "#ffcc80", "#c8e6c9"]


def label_text(label: str, quoted: bool) -> str:
    """Return a label as it stands between the brackets."""
    text = label.replace('"', "#quot;").replace("\n", "<br/>" if quoted else "<br>")
    plain = re.fullmatch(r"[\w .,:+=?áéíóúñçãõäöüßŷ-]*\w[\w .,:+=?-]*", text) and text.lower() not in (
        "end",
        "o",
        "x",
    )
    return text if plain and not quoted else f'"{text or " "}"'


def write(choices: Choices, picture: Picture, style: Style) -> str:
    """Return the drawing as Mermaid."""
    quoted = choices.chance(0.5)
    word = choices.one(["flowchart", "graph"])
    defined: set[str] = set()

    def name(key: str) -> str:
        node = picture.nodes[key]
        if style.order in ("inline", "lists") and key not in defined:
            defined.add(key)
            return _node(node, style.ids[key], quoted)
        return style.ids[key]

    blocks = _groups(choices, picture, style, quoted, defined)
    free = [node for node in picture.nodes.values() if node.group is None]
    late = {link.start for link in picture.links} | {link.end for link in picture.links}
    nodes = []
    for node in free:
        if style.order in ("inline", "lists") and node.key in late:
            continue
        nodes.append("    " + _node(node, style.ids[node.key], quoted))
    links = bundles(picture.links) if style.order == "lists" else single(picture.links)
    drawn = _links(links, style, name, choices)
    lines = _header(choices, picture, style, word)
    lines += arranged(choices, style, [*blocks, *nodes], drawn)
    if choices.chance(0.2):
        lines = [
            line + ";" if line.startswith("    ") and "\n" not in line and "%%" not in line else line
            for line in lines
        ]
    return "\n".join([*lines, *_decoration(choices, picture, style)]) + "\n"


def _header(choices: Choices, picture: Picture, style: Style, word: str) -> list[str]:
    lines = []
    if picture.title:
        lines += ["---", f'title: "{picture.title}"', "---"]
    if style.decoration in ("classes", "everything"):
        lines.append(
            choices.one(["%%{init: {'theme': 'base'}}%%", '%%{init: {"flowchart": {"curve": "linear"}}}%%'])
        )
    direction = "" if style.direction == "none" else f" {style.direction}"
    lines.append(word + direction)
    if style.decoration in ("comments", "everything"):
        lines.append("    %% generated, do not edit --> really")
    return lines


def _node(node: Node, name: str, quoted: bool) -> str:
    if node.shape == "point":
        return f"{name}@{{ shape: f-circ }}"
    if node.label == name and node.shape in ("box", "text") and re.fullmatch(r"\w+", name):
        return name
    if node.shape == "text" and quoted:
        return f"{name}@{{ shape: text, label: {label_text(node.label, True)} }}"
    return name + SHAPES[node.shape].format(label_text(node.label, quoted))


def _groups(choices: Choices, picture: Picture, style: Style, quoted: bool, defined: set[str]) -> list[str]:
    blocks = []
    inner = choices.one(["", "        direction TB\n"])
    for number, (key, title) in enumerate(picture.groups.items()):
        members = [node for node in picture.nodes.values() if node.group == key]
        if not members:
            continue
        lines = "".join(f"        {_node(node, style.ids[node.key], quoted)}\n" for node in members)
        defined.update(node.key for node in members)
        if style.decoration in ("emoji", "everything"):
            title = f"{choices.one(list(EMOJI.values()))} {title}"
        heading = f'S{number}["{title.replace(chr(10), "<br/>")}"]'
        blocks.append(f"    subgraph {heading}\n{inner}{lines}    end")
    return blocks


def _links(links: list[Bundle], style: Style, name, choices: Choices) -> list[str]:
    drawn, at = [], 0
    chained = style.order in ("lists", "inline") and choices.chance(0.5)
    while at < len(links):
        bundle = links[at]
        text = (
            " & ".join(map(name, bundle.starts))
            + _arrow(bundle.link, style, choices)
            + " & ".join(map(name, bundle.ends))
        )
        while chained and at + 1 < len(links) and links[at + 1].starts == links[at].ends:
            at += 1
            text += _arrow(links[at].link, style, choices) + " & ".join(map(name, links[at].ends))
        drawn.append("    " + text)
        at += 1
    return drawn


def _arrow(link: Link, style: Style, choices: Choices) -> str:
    lined = not link.arrow or (style.undirected and link.style in ("solid", "thick"))
    arrow = (LINES if lined else ARROWS)[link.style]
    if not link.label or link.style == "invisible":
        return f" {arrow} "
    text = link.label if re.fullmatch(r"\w+|-?\d+\.\d+", link.label) else f'"{link.label}"'
    return f" {arrow}|{text}| "


def _decoration(choices: Choices, picture: Picture, style: Style) -> list[str]:
    if style.decoration not in ("classes", "everything", "emoji"):
        return []
    lines = [f"    classDef neuron fill:{choices.one(COLOURS)},stroke:#333,stroke-width:2px"]
    units = [style.ids[node.key] for node in picture.nodes.values() if node.role == "unit"]
    lines.append(f"    class {','.join(units)} neuron")
    if style.decoration == "everything":
        lines.append(f"    style {style.ids[next(iter(picture.nodes))]} fill:{choices.one(COLOURS)}")
        if picture.links:
            lines.append("    linkStyle 0 stroke:red,stroke-width:2px")
    return lines
