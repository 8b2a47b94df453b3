"""What the writers share: ids by scheme, bundles of links, the order of statements, pages around."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.notation.strange.choice import Choices
from tests.notation.strange.picture import Link, Picture

IDS = {
    "x1 h1_1 y1": 5.0, "letters": 1.5, "numbers": 1.5, "n0": 2, "uuid": 0.7, "L0N1": 2, "layer and unit": 1.5,
    "misleading": 1.5, "unicode": 0.8, "blanks": 0.8, "colons": 0.5, "labels": 3, "from 140234": 0.4,
}  # fmt: skip
ORDERS = {
    "nodes first": 4.0,
    "inline": 3,
    "edges first": 1.5,
    "shuffled": 1.5,
    "lists": 4,
    "layer by layer": 2,
}
UNICODE = ["узел{}", "节点{}", "é{}", "노드{}", "α{}", "ユニット{}", "größe{}"]
ROOTS = ["x{}", "hidden{}", "input_{}", "layer{}", "h{}", "y{}", "b{}"]


@dataclass
class Style:
    """How one drawing is written; made by the composer, read by the writers."""

    direction: str = "LR"
    order: str = "nodes first"
    ids: dict[str, str] = field(default_factory=dict)
    decoration: str = "plain"
    undirected: bool = False
    ranks: bool = False
    loose: bool = False  # links within a layer that move nothing
    caption_at: str = "text"


def _letters(number: int) -> str:
    word = ""
    while True:
        word = chr(65 + number % 26) + word
        number = number // 26 - 1
        if number < 0:
            return word


def _named(key: str, number: int, last: int) -> str:
    found = re.fullmatch(r"u(\d+)_(\d+)", key)
    if not found:
        return key
    place, at = int(found[1]), int(found[2]) + 1
    return f"x{at}" if place == 0 else f"y{at}" if place == last else f"h{place}_{at}"


def ids_of(choices: Choices, picture: Picture, scheme: str, blanks: bool) -> dict[str, str]:
    """Return the id of every node by the scheme; a dialect may allow no blanks in them."""
    keys, rng = list(picture.nodes), choices.rng
    places = [int(key[1 : key.index("_")]) for key in keys if re.fullmatch(r"u\d+_\d+", key)]
    last = max(places, default=0)
    pattern, start = choices.one(UNICODE), choices.one([0, 1])
    root = choices.one(ROOTS)
    jumps = [rng.randint(1, 9) for _ in keys]
    schemes: dict[str, Callable[[int, str], str]] = {
        "x1 h1_1 y1": lambda n, key: _named(key, n, last),
        "letters": lambda n, key: _letters(n),
        "numbers": lambda n, key: str(n + start),
        "n0": lambda n, key: f"n{n + start}",
        "node1": lambda n, key: f"node{n + 1}",
        "uuid": lambda n, key: "u" + uuid.UUID(int=rng.getrandbits(128)).hex[:12],
        "L0N1": lambda n, key: re.sub(r"^u(\d+)_(\d+)$", r"L\1N\2", key),
        "layer and unit": lambda n, key: re.sub(r"^u(\d+)_", r"layer\1_", key),
        "misleading": lambda n, key: root.format(sum(jumps[: n + 1])),
        "unicode": lambda n, key: pattern.format(n + start),
        "blanks": lambda n, key: f"node {n + start}",
        "colons": lambda n, key: f"{key[:1]}:{n + start}",
        "labels": lambda n, key: _by_label(picture, key, n, blanks),
        "from 140234": lambda n, key: str(140234500000000 + 336 * n),
    }
    return {key: schemes[scheme](n, key) for n, key in enumerate(keys)}


def _by_label(picture: Picture, key: str, number: int, blanks: bool) -> str:
    label = picture.nodes[key].label
    same = sum(node.label == label for node in picture.nodes.values())
    pattern = r"[^\W_][\w.+ ]*" if blanks else r"(?:(?![₀-₉⁰-⁹¹²³])[^\W_])(?:(?![₀-₉⁰-⁹¹²³])\w)*"
    taken = (
        re.fullmatch(pattern, label) and same == 1 and label.lower() not in ("end", "graph", "node", "edge")
    )
    return label if taken else f"k{number}"  # no unit is labelled k


@dataclass
class Bundle:
    """Links that one statement draws: each start to each end."""

    starts: list[str]
    ends: list[str]
    link: Link


def bundles(links: list[Link]) -> list[Bundle]:
    """Return the links as lists to lists, `a & b --> c & d`, wherever all of them are there."""
    by_start: dict[tuple[str, str, str, bool], list[str]] = {}
    firsts: dict[tuple[str, str, str, bool], Link] = {}
    for link in links:
        key = (link.start, link.label, link.style, link.arrow)
        by_start.setdefault(key, []).append(link.end)
        firsts.setdefault(key, link)
    found: dict[tuple[tuple[str, ...], str, str, bool], Bundle] = {}
    for (start, *look), ends in by_start.items():
        bundle = found.setdefault(
            (tuple(ends), *look),
            Bundle([], ends, firsts[(start, *look)]),  # type: ignore[arg-type]
        )
        bundle.starts.append(start)
    return list(found.values())


def single(links: list[Link]) -> list[Bundle]:
    """Return one statement a link."""
    return [Bundle([link.start], [link.end], link) for link in links]


def arranged(choices: Choices, style: Style, nodes: list[str], links: list[str]) -> list[str]:
    """Return the statements in the order of the style."""
    if style.order == "shuffled":
        return choices.shuffled([*nodes, *links])
    if style.order == "layer by layer":  # some nodes, the links that a loop had by then, and so on
        steps = range(4)
        parts = [
            (
                nodes[len(nodes) * k // 4 : len(nodes) * (k + 1) // 4],
                links[len(links) * k // 4 : len(links) * (k + 1) // 4],
            )
            for k in steps
        ]
        return [line for some, others in parts for line in [*some, *others]]
    return [*links, *nodes] if style.order == "edges first" else [*nodes, *links]


INTRODUCTIONS = [
    "# Exercise 3\n\nConsider the following network.\n", "## The model\n", "Here is the architecture we use:\n",
    "# 실습\n\n아래 그림을 보세요.\n", "# Aufgabe 2\n\nGegeben ist das folgende Netz:\n", "### Architecture 🧠\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\nSee below.\n",
]  # fmt: skip
ENDINGS = [
    "\nTrain it with backpropagation.\n",
    "\n",
    "\n---\nlast update: May 2023\n",
    "\n- questions?\n- next: CNNs\n",
]


def page(choices: Choices, body: str, language: str, container: str, caption: str) -> str:
    """Return the page that holds the drawing."""
    if container == "none":
        return body
    start, end = choices.one(INTRODUCTIONS), choices.one(ENDINGS)
    words = f"\n{caption}\n" if caption else ""
    if container == "markdown":
        fence = choices.one(["```", "```", "```", "~~~", "````"])
        return f"{start}\n{fence}{language}\n{body}{fence}\n{words}{end}"
    if container == "quarto":
        return (
            f"---\ntitle: Lecture\nformat: html\n---\n\n{start}\n```{{{language}}}\n{body}```\n{words}{end}"
        )
    if container == "html":
        holder = (
            f'<pre class="mermaid">\n{body}</pre>' if language == "mermaid" else body[body.index("<svg") :]
        )
        return f"<!DOCTYPE html>\n<html><head><title>net</title></head>\n<body>\n<h1>Net</h1>\n{holder}\n<p>{caption}</p>\n</body></html>\n"
    return (
        f'import graphviz\n\nsource = """\n{body}"""\ngraphviz.Source(source).render("net", format="png")\n'
    )
