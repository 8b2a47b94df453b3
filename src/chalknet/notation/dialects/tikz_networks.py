"""Packages of TikZ that draw networks: neuralnetwork, tikz-network, the boxes of PlotNeuralNet."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from chalknet.notation.dialects.tex_macros import Names, expand, with_arguments
from chalknet.notation.dialects.tex_numbers import number
from chalknet.notation.dialects.tex_text import Cursor, Unread, bare, split
from chalknet.notation.dialects.tikz_picture import Picture, TexPoint, shown_text
from chalknet.notation.dialects.tikz_places import place
from chalknet.notation.dialects.tikz_styles import LineLook, Look, Scope, line_of, options_of

_MOST_NODES = 5_000
_BOX = re.compile(r"(?:Right)?(?:Banded)?Box\s*+=\s*+|Ball\s*+=\s*+|Box\s*+=\s*+")
_CONVOLUTION = re.compile(r"conv|pool|unpool|deconv|up ?sampl|skip", re.I)
_DENSE = re.compile(r"fc|dense|full|linear|softmax|sigmoid|soft ?max|relu|tanh|input|output|mlp", re.I)
_PARENTHESES = re.compile(r"\(([^()]*+)\)\s*+\(([^()]*+)\)")


class Layers:
    """The layers that the package neuralnetwork has drawn so far.

    Args:
        reader: the reader of the picture.
        options: of the environment.
    """

    def __init__(self, reader: Any, options: str) -> None:
        self.reader, self.drawn = reader, 0
        self.nodes: list[list[int]] = []
        title = dict(options_of(options)).get("title")
        if title:
            reader.sketch.caption = shown_text(title)

    def layer(self, given: str, kind: str, names: Names, at: int) -> None:
        r"""Draw a layer: `count=3, bias=true, title=Input, text=\x`."""
        options = {option.key: option.value or "" for option in options_of(given)}
        count = int(number(expand(options.get("count", "0"), names, self.reader.count)))
        if not 0 <= count <= _MOST_NODES:
            raise Unread(f"a layer of {count:,} nodes", f"at most {_MOST_NODES:,}")
        has_bias = options.get("bias", "false" if kind == "output" else "true").strip() != "false"
        excluded = {int(number(part)) for part in split(bare(options.get("exclude", ""))) if part}
        place, drawn = len(self.nodes), []
        group = f"L{place}"
        title = shown_text(expand(options.get("title", ""), names, self.reader.count))
        picture: Picture = self.reader.picture
        for node in range(0 if has_bias else 1, count + 1):
            if node in excluded:
                continue
            text = self._text(options.get("text", ""), place, node, names)
            look = Look("circle", True, "", 0.7, 0.7)
            key = picture.node(f"L{place}-{node}", look, text, TexPoint(2.5 * place, -1.0 * node), at)
            self.reader.sketch.nodes[key].rank = group
            drawn.append(node)
        self.nodes.append(drawn)
        if title:
            picture.group(f"{group} layer", title, [f"L{place}-{node}" for node in drawn], at)

    def _text(self, text: str, place: int, node: int, names: Names) -> str:
        text = text.strip() or (names["default text"].body.strip() if "default text" in names else "")
        if node == 0 and not text:
            return "$b$"
        if not text.startswith("\\"):
            return text
        macro = names.get(text[1:].strip())
        if macro is None:
            return (
                "" if text in ("\\nn@defaultnodetext", "\\relax") else expand(text, names, self.reader.count)
            )
        return expand(with_arguments(macro.body, [str(place), str(node)]), names, self.reader.count)

    def link_layers(self, given: str, at: int) -> None:
        """Draw the lines from each node of the last layer but one to each node of the last that is no bias."""
        if len(self.nodes) < 2:
            raise Unread("\\linklayers before there are two layers", "two layers to link")
        options = {option.key: option.value or "" for option in options_of(given)}
        left = [
            {int(number(part)) for part in split(bare(options.get(key, ""))) if part}
            for key in ("not from", "not to")
        ]
        label = shown_text(options.get("label", ""))
        before, after = len(self.nodes) - 2, len(self.nodes) - 1
        for source in self.nodes[before]:
            for target in self.nodes[after]:
                if target and source not in left[0] and target not in left[1]:
                    self._line((before, source), (after, target), options, label, at)

    def link(self, given: str, at: int) -> None:
        """Draw one line: `from layer=0, from node=1, to layer=1, to node=2`."""
        options = {option.key: option.value or "" for option in options_of(given)}
        ends = [
            tuple(int(number(options.get(f"{end} {part}", "0"))) for part in ("layer", "node"))
            for end in ("from", "to")
        ]
        self._line(ends[0], ends[1], options, shown_text(options.get("label", "")), at)

    def _line(
        self, source: tuple[int, ...], target: tuple[int, ...], options: dict[str, str], label: str, at: int
    ) -> None:
        picture: Picture = self.reader.picture
        style = self.reader.scope.flat(options_of(bare(options.get("style", ""))), self.reader.count)
        line = line_of(style, LineLook(drawn=True, last=True))
        names = [f"L{layer}-{node}" for layer, node in (source, target)]
        picture.link(picture.key(names[0]), picture.key(names[1]), line, label, at)


def _layer(kind: str) -> Callable[[Any, Cursor, Names, Scope, int], None]:
    def draw(reader: Any, cursor: Cursor, names: Names, scope: Scope, at: int) -> None:
        reader.layers = reader.layers or Layers(reader, "")
        reader.layers.layer(expand_options(cursor), kind, names, at)

    return draw


def expand_options(cursor: Cursor) -> str:
    """Return the options at the cursor as they are written: the text of a node is a command's name."""
    return cursor.option() if cursor.is_at("[") else ""


def _link_layers(reader: Any, cursor: Cursor, names: Names, scope: Scope, at: int) -> None:
    reader.layers = reader.layers or Layers(reader, "")
    reader.layers.link_layers(expand(expand_options(cursor), names, reader.count), at)


def _link(reader: Any, cursor: Cursor, names: Names, scope: Scope, at: int) -> None:
    reader.layers = reader.layers or Layers(reader, "")
    reader.layers.link(expand(expand_options(cursor), names, reader.count), at)


def _vertex(reader: Any, cursor: Cursor, names: Names, scope: Scope, at: int) -> None:
    r"""Draw `\Vertex[x=0, y=1, label=a]{A}` of tikz-network."""
    options = {
        one.key: one.value or "" for one in options_of(expand(expand_options(cursor), names, reader.count))
    }
    where = TexPoint(None, None)
    if cursor.is_at("("):
        where = place(reader.picture, scope, expand(cursor.group("("), names, reader.count), where)
    name = expand(cursor.group(), names, reader.count)
    label = options.get("label", options.get("L", options.get("Lpos", "") and ""))
    if "x" in options or "y" in options:
        where = place(reader.picture, scope, f"{options.get('x', '0')},{options.get('y', '0')}", where)
    shape = "box" if options.get("shape") in ("rectangle", "square") else "circle"
    look = Look(shape, True, options.get("color", ""), 0.6, 0.6)
    text = (
        label
        if "label" in options or "L" in options or not options.get("IdAsLabel", "IdAsLabel" in options)
        else name
    )
    reader.picture.node(name, look, text, where, at)


def _edge(reader: Any, cursor: Cursor, names: Names, scope: Scope, at: int) -> None:
    r"""Draw `\Edge[Direct, label=w](A)(B)`."""
    options = {one.key: one.value for one in options_of(expand(expand_options(cursor), names, reader.count))}
    ends = [expand(cursor.group("("), names, reader.count) for _ in range(2)]
    style = line_of(options_of(options.get("style") or ""), LineLook(drawn=True))
    style.last = style.last or ("Direct" in options and options["Direct"] != "false")
    keys = [reader.picture.key(end) for end in ends]
    reader.picture.link(keys[0], keys[1], style, shown_text(options.get("label") or ""), at)


def _text(reader: Any, cursor: Cursor, names: Names, scope: Scope, at: int) -> None:
    options = {
        one.key: one.value or "0" for one in options_of(expand(expand_options(cursor), names, reader.count))
    }
    where = place(
        reader.picture, scope, f"{options.get('x', '0')},{options.get('y', '0')}", TexPoint(None, None)
    )
    reader.picture.node("", Look(), expand(cursor.group(), names, reader.count), where, at)


def _bayes_edge(reader: Any, cursor: Cursor, names: Names, scope: Scope, at: int) -> None:
    r"""Draw `\edge {a, b} {c};` of tikz-bayesnet."""
    style = line_of(
        options_of(expand(expand_options(cursor), names, reader.count)), LineLook(drawn=True, last=True)
    )
    ends = [[part for part in split(expand(cursor.group(), names, reader.count)) if part] for _ in range(2)]
    for source in ends[0]:
        for target in ends[1]:
            reader.picture.link(reader.picture.key(source), reader.picture.key(target), style, "", at)


NETWORKS: dict[str, Callable[[Any, Cursor, Names, Scope, int], None]] = {
    "layer": _layer("hidden"),
    "inputlayer": _layer("input"),
    "hiddenlayer": _layer("hidden"),
    "outputlayer": _layer("output"),
    "linklayers": _link_layers,
    "link": _link,
    "Vertex": _vertex,
    "Edge": _edge,
    "Text": _text,
    "edge": _bayes_edge,
}


def fully_connected(reader: Any, text: str, scope: Scope, at: int) -> None:
    """Draw a box of PlotNeuralNet that is fully connected; those of a convolution are refused by name.

    Raises:
        Unread: for another drawing of its own.
    """
    body = Cursor(text)
    while body.skip() < len(text) and text[body.at] in "[(a":
        if text[body.at] == "a":
            body.at += 2
            continue
        body.group(text[body.at])
    content = bare(body.group()) if body.is_at("{") else ""
    match = _BOX.match(content)
    if match is None:
        raise Unread("\\pic, a drawing of its own", "nodes, or the fully connected boxes of PlotNeuralNet")
    options = {one.key: (one.value or "").strip() for one in options_of(bare(content[match.end() :]))}
    words = " ".join((options.get("name", ""), options.get("caption", ""), options.get("fill", "")))
    if content.startswith("Ball"):
        words += " dense"
    if _CONVOLUTION.search(words) or not _DENSE.search(words):
        raise Unread(
            f"the box {options.get('name', '')!r} of PlotNeuralNet, a feature map of a convolution",
            "fully connected layers alone",
        )
    labels = [bare(options.get(key, "")).strip(' "{},') for key in ("caption", "xlabel", "zlabel", "ylabel")]
    name = options.get("name", "")
    key = reader.picture.node(
        name,
        Look("box", True),
        "\\\\".join(filter(None, labels)),
        TexPoint(2.0 * len(reader.picture.places), 0.0),
        at,
    )
    for side in ("east", "west", "north", "south", "near", "far", "nearnortheast", "anchor"):
        reader.picture.names[f"{name}-{side}"] = key
