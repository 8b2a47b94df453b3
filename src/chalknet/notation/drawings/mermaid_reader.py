"""Mermaid flowcharts and diagrams of states read into a sketch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from chalknet.notation.drawings.sketch import REMEDY, Drawn, Link, Sketch
from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText

_HEAD = re.compile(
    r"\s*(?:(?:graph|flowchart(?:-elk)?)\b[ \t]*(?:TB|TD|BT|RL|LR|[<>^v])?"
    r"|(?P<blocks>block(?:-beta)?)\b)[ \t]*(?=[;\n]|$)",
    re.I,
)
_STATES = re.compile(r"\s*stateDiagram(?:-v2)?[ \t]*(?=[;\n]|$)")
_OTHER = re.compile(
    r"\s*([\w-]+(?:Diagram(?:-v2)?|-beta)|gantt|pie|mindmap|timeline|journey|gitGraph|erDiagram|kanban)\b"
)
_FRONT = re.compile(r"\s*+---[ \t]*+\n(.*?)\n---[ \t]*+(?=\n|$)", re.S)
_TITLE = re.compile(r"^[ \t]*+title[ \t]*+:[ \t]*+([^\n]*+)", re.M)
_SUBGRAPH = re.compile(r"subgraph\b|block:")
_END = re.compile(r"end\b(?=[^\S\n]*+(?:[;\n]|$))")
_IGNORED = re.compile(r"(?:click|direction|accTitle|columns)\b")
_STYLING = re.compile(
    r"(?P<word>classDef|class|style|linkStyle)[ \t]++"
    r"(?P<what>[^\s;]++(?:[ \t]*+,[ \t]*+[^\s;,]++)*+)[ \t]*+(?P<how>[^;\n]*+)"
)
_DESCRIPTION = re.compile(r"accDescr[ \t]*+(?::[^\n]*+|\{[^{}]*+\})")
_NO_LINE_END = re.compile(r"[^\n]")
_ID = re.compile(r"(?:[\w./$'’!#%*+?\\\x80-\U0010ffff]++|-(?=\w)|=(?![=>])){1,1000}+")
_CLASS = re.compile(r":::([\w-]+)")
_SPAN = re.compile(r":[0-9]++|(?<=space):[0-9]++")
_DATA = re.compile(r"@\{((?:[^{}\"']++|\"[^\"]*+\"|'[^']*+')*+)\}")
_DATA_LABEL = re.compile(r"label\s*:\s*(?:\"([^\"]*)\"|'([^']*)'|([^,}]*))")
_DATA_SHAPE = re.compile(r"shape\s*:\s*\"?([\w-]+)")
_EDGE_ID = re.compile(r"\s*+(?P<id>[\w-]{1,200}?)@(?=[<ox]?(?:--|==|-\.|~~~))")
_PLAIN_LINK = re.compile(
    r"\s*+(?P<start><|[ox](?=--|==|-\.))?+(?P<body>~{3,}+|-\.++-(?P<tip1>>|[ox](?=[\s|]))?+"
    r"|-{2,}(?P<tip2>>|[ox](?=[\s|])|(?<=---))|={2,}(?P<tip3>>|[ox](?=[\s|])|(?<====)))"
    r"\s*+(?:\|(?P<label>\"[^\"]*+\"|[^|]*+)\|)?+\s*+"
)
_TEXT_LINK = re.compile(
    r"\s*+(?P<start><|[ox](?=--|==|-\.))?+(?P<body>--|==|-\.)\s*+(?P<quoted>\"[^\"]*+\"\s*+)?"
)
_LINK_ENDS = re.compile(r"\n|;|(?P<tip>-{2,}[>ox-]?|={2,}[>ox=]?|(?<!\.)\.++-[>ox]?)\s*+")
# The brackets around a text, the longest first, and the shape they draw.
_BRACKETS = (
    ("(((", (")))",), "doublecircle"),
    ("((", ("))",), "circle"),
    ("([", ("])",), "box"),
    ("(-", ("-)",), "ellipse"),
    ("[[", ("]]",), "box"),
    ("[(", (")]",), "cylinder"),
    ("[/", ("/]", "\\]"), "parallelogram"),
    ("[\\", ("\\]", "/]"), "parallelogram"),
    ("{{", ("}}",), "hexagon"),
    ("{", ("}",), "diamond"),
    ("(", (")",), "box"),
    ("[", ("]",), "box"),
    (">", ("]",), "box"),
)
# The names of shapes behind @{ shape: ... }, and what Graphviz calls them.
_SHAPES = {
    **dict.fromkeys("circ circle".split(), "circle"),
    **dict.fromkeys("dbl-circ double-circle fr-circ framed-circle stop".split(), "doublecircle"),
    **dict.fromkeys("sm-circ small-circle start f-circ filled-circle junction".split(), "point"),
    **dict.fromkeys("text brace brace-l brace-r braces comment".split(), "plaintext"),
    **dict.fromkeys("diam decision diamond question".split(), "diamond"),
    **dict.fromkeys("hex hexagon prepare".split(), "hexagon"),
    **dict.fromkeys("cyl cylinder database db lin-cyl h-cyl das".split(), "cylinder"),
    **dict.fromkeys("lean-r lean-l in-out out-in lean-right lean-left trap-b trap-t".split(),
                    "parallelogram"),
    **dict.fromkeys("rect proc process rectangle rounded event stadium terminal pill fr-rect "
                    "subroutine subproc st-rect procs processes div-rect lin-rect notch-rect "
                    "card".split(), "box"),
}  # fmt: skip


def read_mermaid_sketch(text: str) -> Sketch:
    """Return what a Mermaid flowchart draws.

    Raises:
        NotationError: with a caret, for another kind of diagram or what is no Mermaid.
    """
    sketch = Sketch(SourceText("Mermaid", text, remedy=REMEDY))
    text = _without_comments(text)
    start = 0
    if front := _FRONT.match(text):
        title = _TITLE.search(front.group(1))
        sketch.caption = title.group(1).strip("\"' ") if title else ""
        start = front.end()
    if states := _STATES.match(text, start):
        from chalknet.notation.dialects.state_charts import ChartLine, read_states

        at, lines = states.end(), []
        for row in text[at:].split("\n"):
            lines.append(ChartLine(row, at + len(row) - len(row.lstrip())))
            at += len(row) + 1
        read_states(sketch, lines, named=False)
        return sketch
    head = _HEAD.match(text, start)
    if head is None:
        other = _OTHER.match(text, start)
        got = f"a {other.group(1)}" if other else "no flowchart"
        at = start + len(text[start:]) - len(text[start:].lstrip())
        raise sketch.source.refuse(at, got=got, wanted="a flowchart, such as flowchart LR")
    _Reader(sketch, text, in_blocks=bool(head.group("blocks"))).read(head.end())
    return sketch


def _without_comments(text: str) -> str:
    """Return a text with its comments and settings replaced by spaces, line for line."""
    pieces, done = [], 0
    while (start := text.find("%%{", done)) >= 0 and (end := text.find("}%%", start)) >= 0:
        pieces += [text[done:start], _NO_LINE_END.sub(" ", text[start : end + 3])]
        done = end + 3
    text = "".join([*pieces, text[done:]])
    return re.sub(r"%%[^\n]*", lambda comment: " " * len(comment.group()), text)


@dataclass
class _Reader:
    """Reads the statements of one flowchart.

    Args:
        sketch: what was found so far.
        text: the text without its comments.
        open_groups: the subgraphs that are not ended yet, the innermost last.
        links: groups of keys at both ends of each link; a key may be a subgraph's.
        words: how many nodes and statements were read.
        in_blocks: whether nodes stand in rows of blocks, as in a block diagram.
        edge_ids: the names of links, which are no nodes.
        classes: the colours of classes; `painted` those of nodes and of nodes' classes.
        link_looks: what `linkStyle` says of links, by number.
        ahead: where each closing bracket was found last, so that none is looked for twice.
    """

    sketch: Sketch
    text: str
    open_groups: list[str] = field(default_factory=list)
    links: list[tuple[list[str], list[str], Link]] = field(default_factory=list)
    words: int = 0
    ahead: dict[str, int] = field(default_factory=dict)
    in_blocks: bool = False
    edge_ids: set[str] = field(default_factory=set)
    classes: dict[str, str] = field(default_factory=dict)
    painted: list[tuple[str, str]] = field(default_factory=list)
    colours: dict[str, str] = field(default_factory=dict)
    link_looks: dict[int, str] = field(default_factory=dict)

    def read(self, at: int) -> None:
        while at < len(self.text):
            if self.text[at].isspace() or self.text[at] == ";":
                at += 1
            else:
                at = self._statement(at)
        if self.open_groups:
            wanted = "end, of a subgraph"
            raise self.sketch.source.refuse(len(self.text), got="the end of the text", wanted=wanted)
        for key in self.sketch.groups:  # a link that names a subgraph leads to its frame
            self.sketch.nodes.pop(key, None)
        number = 0
        for sources, targets, link in self.links:
            self.sketch.spend(len(sources) * len(targets), link.at)
            if self.link_looks:
                for source in sources:
                    for target in targets:
                        one = _styled(link, self.link_looks.get(number, self.link_looks.get(-1, "")))
                        self.sketch.connect([source], [target], one)
                        number += 1
            else:
                self.sketch.connect(sources, targets, link)
        self._paint()

    def _statement(self, at: int) -> int:
        end_of_line = self._find("\n", at)
        if _SUBGRAPH.match(self.text, at):
            words = self.text[at:end_of_line].removeprefix("subgraph").removeprefix("block:")
            self._subgraph(words.strip().rstrip(";"), at)
            return end_of_line
        if ended := _END.match(self.text, at):
            if not self.open_groups:
                raise self.sketch.source.refuse(at, got="end without a subgraph", wanted="a node or a link")
            self.open_groups.pop()
            return ended.end()
        if _IGNORED.match(self.text, at):
            return end_of_line
        if styling := _STYLING.match(self.text, at):
            self._styling(styling)
            return max(styling.end(), at + 1)
        if described := _DESCRIPTION.match(self.text, at):
            return described.end()
        return self._chain(at)

    def _styling(self, match: re.Match[str]) -> None:
        """Take up the colours of classes and nodes, and which links are dashed or not seen."""
        names = [name.strip() for name in match.group("what").split(",")]
        how = match.group("how")
        self.sketch.spend(len(names), match.start())
        fill = _FILL.search(how)
        if match.group("word") == "classDef":
            self.classes |= dict.fromkeys(names, fill.group(1) if fill else "")
        elif match.group("word") == "style":
            self.colours |= dict.fromkeys(names, fill.group(1)) if fill else {}
        elif match.group("word") == "class":
            self.painted += [(name, how.strip()) for name in names]
        else:
            numbers = [-1 if name == "default" else int(name) for name in names if _NUMBER.fullmatch(name)]
            self.link_looks |= dict.fromkeys(numbers, how)

    def _paint(self) -> None:
        for key, name in self.painted:
            if key in self.sketch.nodes:
                self.sketch.nodes[key].colour = self.classes.get(name, "")
        default = self.classes.get("default", "")
        for node in self.sketch.nodes.values():
            node.colour = self.colours.get(node.key, node.colour or default)

    def _find(self, sign: str, at: int) -> int:
        """Return where a sign stands next; the end of the text where it does not."""
        if self.ahead.get(sign, -1) < at:
            found = self.text.find(sign, at)
            self.ahead[sign] = len(self.text) if found < 0 else found
        return self.ahead[sign]

    def _subgraph(self, words: str, at: int) -> None:
        match = re.fullmatch(r"([^\s\[]++)\s*+\[(.*)\]", words, re.S)
        key, title = (match.group(1), match.group(2)) if match else (words, words)
        key, title = key.strip('"') or f"subgraph{at}", _unquoted(title)
        if len(self.open_groups) > 60:
            raise self.sketch.source.refuse(at, got="subgraphs nested too deep", wanted="at most 60")
        self.sketch.group(key, title, self.open_groups[-1] if self.open_groups else "", at)
        self.open_groups.append(key)

    def _chain(self, at: int) -> int:
        sources, at = self._nodes(at)
        while found := self._link(at):
            link, at = found
            targets, at = self._nodes(at)
            self.links.append((sources, targets, link))
            sources = targets
        rest = re.compile(r"[ \t]*+(?=[;\n]|$)").match(self.text, at)
        if rest is None and self.in_blocks:
            return at
        if rest is None:
            got = repr(self.text[at : at + 12])
            raise self.sketch.source.refuse(at, got=got, wanted="a link such as -->, or a new line")
        return max(rest.end(), at)

    def _link(self, at: int) -> tuple[Link, int] | None:
        """Return the link at this place and where it ends, or None."""
        if named := _EDGE_ID.match(self.text, at):
            self.edge_ids.add(named.group("id"))
            at = named.end()
        if plain := _PLAIN_LINK.match(self.text, at):
            tip = plain.group("tip1") or plain.group("tip2") or plain.group("tip3")
            label = _unquoted(plain.group("label") or "")
            return _drawn(plain.group("start"), plain.group("body"), tip, label, at), plain.end()
        opening = _TEXT_LINK.match(self.text, at)
        if opening is None:
            return None
        starts = [opening.end(), *([opening.start("quoted")] if opening.group("quoted") else [])]
        for start in starts:  # behind the quotes, else the quotes are part of a longer text
            end = _LINK_ENDS.search(self.text, start)
            if end and end.group("tip") and (start == starts[-1] or end.start() == start):
                label = _unquoted(
                    self.text[opening.start("quoted") if len(starts) > 1 else start : end.start()]
                )
                tip = end.group("tip")[-1] if end.group("tip")[-1] in ">ox" else ""
                return _drawn(opening.group("start"), opening.group("body"), tip, label, at), end.end()
        return None

    def _nodes(self, at: int) -> tuple[list[str], int]:
        keys = []
        while True:
            found, at = self._node(at)
            keys += found
            more = re.compile(r"\s*&\s*").match(self.text, at)
            if more is None:
                return keys, at
            at = more.end()

    def _node(self, at: int) -> tuple[list[str], int]:
        """Return the node at this place, or nothing for what is none, and where it ends."""
        match = _ID.match(self.text, at)
        if match is None:
            got = repr(self.text[at : at + 12]) if at < len(self.text) else "the end of the text"
            raise self.sketch.source.refuse(min(at, len(self.text)), got=got, wanted="the name of a node")
        self.words += 2
        check_limit(self.sketch.source, at, "words of a drawing", self.words)
        key, at = match.group(), match.end()
        if key in self.edge_ids and (data := _DATA.match(self.text, at)):
            return [], data.end()
        if self.in_blocks and key == "space":
            span = _SPAN.match(self.text, at)
            return [], span.end() if span else at
        node = self.sketch.node(key, match.start())
        if self.open_groups and not node.group and key not in self.sketch.groups:
            node.group = self.open_groups[-1]
        if data := _DATA.match(self.text, at):
            label, shape = _DATA_LABEL.search(data.group(1)), _DATA_SHAPE.search(data.group(1))
            node.label = next(filter(None, label.groups()), "") if label else node.label
            node.shape = _SHAPES.get(shape.group(1), shape.group(1)) if shape else node.shape
            at = data.end()
        at = self._label(node, at)
        if marked := _CLASS.match(self.text, at):
            self.painted.append((key, marked.group(1)))
            at = marked.end()
        if self.in_blocks and (span := _SPAN.match(self.text, at)):
            at = span.end()
        return [key], at

    def _label(self, node: Drawn, at: int) -> int:
        """Read the text in brackets behind a node, where there is one, and return where it ends."""
        for first, lasts, shape_name in _BRACKETS:
            if not self.text.startswith(first, at):
                continue
            ends = [
                (end, last) for last in lasts if (end := self._closing(at + len(first), last)) is not None
            ]
            if ends:
                end, last = min(ends)
                node.label, node.shape = _unquoted(self.text[at + len(first) : end]), shape_name
                return end + len(last)
        if self.text[at : at + 1] in ("[", "(", "{"):
            raise self.sketch.source.refuse(at, got="a bracket that is not closed", wanted="its other half")
        return at

    def _closing(self, at: int, last: str) -> int | None:
        """Return where the text in brackets ends; a quoted one may hold brackets."""
        quoted = re.compile(r"\s*\"[^\"]*\"\s*").match(self.text, at)
        if quoted:
            return quoted.end() if self.text.startswith(last, quoted.end()) else None
        end = self._find(last, at)
        return None if end == len(self.text) or self._find("\n\n", at) < end else end


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


_FILL = re.compile(r"(?<![\w-])fill[ \t]*+:[ \t]*+([^,;\s]++)")
_NUMBER = re.compile(r"[0-9]{1,9}|default")
_UNSEEN = re.compile(
    r"(?<![\w-])(?:stroke[ \t]*+:[ \t]*+(?:none|transparent)"
    r"|(?:stroke-)?opacity[ \t]*+:[ \t]*+0(?![.\d])"
    r"|display[ \t]*+:[ \t]*+none|stroke-width[ \t]*+:[ \t]*+0(?![.\d]))"
)


def _drawn(start: str | None, body: str, tip: str | None, label: str, at: int) -> Link:
    """Return a link by its line and its two ends."""
    style = "dotted" if "." in body else "bold" if body.startswith("=") else ""
    return Link("", "", label, not body.startswith("~"), at, style, directed=bool(tip) != bool(start))


def _styled(link: Link, how: str) -> Link:
    """Return a link as `linkStyle` says."""
    dashed = "stroke-dasharray" in how and not re.search(r"stroke-dasharray[ \t]*+:[ \t]*+0(?![.\d ])", how)
    visible = link.visible and not _UNSEEN.search(how)
    return replace(link, visible=visible, style="dashed" if dashed and not link.style else link.style)
