"""Mermaid flowcharts read into a sketch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from chalknet.notation.drawings.sketch import REMEDY, Link, Sketch
from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText

_HEAD = re.compile(r"\s*(?:graph|flowchart(?:-elk)?)\b[ \t]*(TB|TD|BT|RL|LR|[<>^v])?[ \t]*(?=[;\n]|$)", re.I)
_OTHER = re.compile(r"\s*(\w+Diagram(?:-v2)?|gantt|pie|mindmap|timeline|journey|gitGraph|erDiagram)\b")
_FRONT = re.compile(r"\s*+---[ \t]*+\n(.*?)\n---[ \t]*+(?=\n|$)", re.S)
_TITLE = re.compile(r"^[ \t]*+title[ \t]*+:[ \t]*+([^\n]*+)", re.M)
_SUBGRAPH = re.compile(r"subgraph\b")
_END = re.compile(r"end\b(?=[^\S\n]*+(?:[;\n]|$))")
_IGNORED = re.compile(r"(?:classDef|class|style|linkStyle|click|direction|accTitle|accDescr)\b")
_ID = re.compile(r"(?:[\w./$'’\x80-\U0010ffff]++|-(?=\w)){1,1000}+")
_CLASS = re.compile(r":::[\w-]+")
_DATA = re.compile(r"@\{(.*?)\}", re.S)
_DATA_LABEL = re.compile(r"label\s*:\s*(?:\"([^\"]*)\"|'([^']*)'|([^,}]*))")
_DATA_SHAPE = re.compile(r"shape\s*:\s*\"?([\w-]+)")
_PLAIN_LINK = re.compile(
    r"\s*[<]?(?:[ox](?=-|=))?(?:(?P<hidden>~{3,})|-{2,}>|-{3,}|={2,}>|={3,}|-\.+->|-\.+-(?!>)|-{2,}[ox](?=\s)|={2,}[ox](?=\s))"
    r"\s*(?:\|(?P<label>\"[^\"]*\"|[^|]*)\|)?\s*"
)
_TEXT_LINK = re.compile(r"\s*+<?(?:--|==|-\.)\s*+(?P<quoted>\"[^\"]*+\"\s*+)?")
_LINK_ENDS = re.compile(r"\n|;|(?P<tip>-{2,}[>ox-]?|={2,}[>ox=]?|(?<!\.)\.++-[>ox]?)\s*+")
# The brackets around a text, the longest first, and the shape they draw.
_BRACKETS = (
    ("(((", ")))", "doublecircle"),
    ("((", "))", "circle"),
    ("([", "])", "box"),
    ("[[", "]]", "box"),
    ("[(", ")]", "cylinder"),
    ("[/", "/]", "parallelogram"),
    ("[\\", "\\]", "parallelogram"),
    ("[/", "\\]", "parallelogram"),
    ("[\\", "/]", "parallelogram"),
    ("{{", "}}", "hexagon"),
    ("{", "}", "diamond"),
    ("(", ")", "box"),
    ("[", "]", "box"),
    (">", "]", "box"),
)


def read_mermaid_sketch(text: str) -> Sketch:
    """Return what a Mermaid flowchart draws.

    Raises:
        NotationError: with a caret, for another kind of diagram or what is no Mermaid.
    """
    sketch = Sketch(SourceText("Mermaid", text, remedy=REMEDY))
    text = re.sub(r"%%[^\n]*", lambda comment: " " * len(comment.group()), text)
    start = 0
    if front := _FRONT.match(text):
        title = _TITLE.search(front.group(1))
        sketch.caption = title.group(1).strip("\"' ") if title else ""
        start = front.end()
    head = _HEAD.match(text, start)
    if head is None:
        other = _OTHER.match(text, start)
        got = f"a {other.group(1)}" if other else "no flowchart"
        raise sketch.source.refuse(start, got=got, wanted="a flowchart, such as flowchart LR")
    _Reader(sketch, text).read(head.end())
    return sketch


@dataclass
class _Reader:
    """Reads the statements of one flowchart.

    Args:
        sketch: what was found so far.
        text: the text without its comments.
        open_groups: the subgraphs that are not ended yet, the innermost last.
        links: groups of keys at both ends of each link; a key may be a subgraph's.
        words: how many nodes and statements were read.
        ahead: where each closing bracket was found last, so that none is looked for twice.
    """

    sketch: Sketch
    text: str
    open_groups: list[str] = field(default_factory=list)
    links: list[tuple[list[str], list[str], Link]] = field(default_factory=list)
    words: int = 0
    ahead: dict[str, int] = field(default_factory=dict)

    def read(self, at: int) -> None:
        while at < len(self.text):
            if self.text[at].isspace() or self.text[at] == ";":
                at += 1
            else:
                at = self._statement(at)
        if self.open_groups:
            wanted = "end, of a subgraph"
            raise self.sketch.source.refuse(len(self.text), got="the end of the text", wanted=wanted)
        for sources, targets, link in self.links:
            self.sketch.spend(len(sources) * len(targets), link.at)
            self.sketch.connect(self._members(sources), self._members(targets), link)
        for key in self.sketch.groups:  # a subgraph that was named in a link before it was drawn
            node = self.sketch.nodes.get(key)
            if node is not None and node.label is None:
                del self.sketch.nodes[key]

    def _statement(self, at: int) -> int:
        end_of_line = self._find("\n", at)
        if _SUBGRAPH.match(self.text, at):
            self._subgraph(self.text[at + 8 : end_of_line].strip().rstrip(";"), at)
            return end_of_line
        if ended := _END.match(self.text, at):
            if not self.open_groups:
                raise self.sketch.source.refuse(at, got="end without a subgraph", wanted="a node or a link")
            self.open_groups.pop()
            return ended.end()
        if _IGNORED.match(self.text, at):
            return end_of_line
        return self._chain(at)

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
        if rest is None:
            got = repr(self.text[at : at + 12])
            raise self.sketch.source.refuse(at, got=got, wanted="a link such as -->, or a new line")
        return max(rest.end(), at)

    def _link(self, at: int) -> tuple[Link, int] | None:
        """Return the link at this place and where it ends, or None."""
        if plain := _PLAIN_LINK.match(self.text, at):
            label = _unquoted(plain.group("label") or "")
            return Link("", "", label, not plain.group("hidden"), at), plain.end()
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
                return Link("", "", label, True, at), end.end()
        return None

    def _nodes(self, at: int) -> tuple[list[str], int]:
        keys = []
        while True:
            key, at = self._node(at)
            keys.append(key)
            more = re.compile(r"\s*&\s*").match(self.text, at)
            if more is None:
                return keys, at
            at = more.end()

    def _node(self, at: int) -> tuple[str, int]:
        match = _ID.match(self.text, at)
        if match is None:
            got = repr(self.text[at : at + 12]) if at < len(self.text) else "the end of the text"
            raise self.sketch.source.refuse(min(at, len(self.text)), got=got, wanted="the name of a node")
        self.words += 2
        check_limit(self.sketch.source, at, "words of a drawing", self.words)
        key, at = match.group(), match.end()
        node = self.sketch.node(key, match.start())
        if self.open_groups and not node.group and key not in self.sketch.groups:
            node.group = self.open_groups[-1]
        if data := _DATA.match(self.text, at):
            label, shape = _DATA_LABEL.search(data.group(1)), _DATA_SHAPE.search(data.group(1))
            node.label = next(filter(None, label.groups()), "") if label else node.label
            node.shape = shape.group(1) if shape else node.shape
            at = data.end()
        for first, last, shape_name in _BRACKETS:
            if self.text.startswith(first, at):
                end = self._closing(at + len(first), last)
                if end is None:
                    continue
                node.label, node.shape = _unquoted(self.text[at + len(first) : end]), shape_name
                at = end + len(last)
                break
        else:
            if self.text[at : at + 1] in ("[", "(", "{"):
                raise self.sketch.source.refuse(
                    at, got="a bracket that is not closed", wanted="its other half"
                )
        if marked := _CLASS.match(self.text, at):
            at = marked.end()
        return key, at

    def _closing(self, at: int, last: str) -> int | None:
        """Return where the text in brackets ends; a quoted one may hold brackets."""
        quoted = re.compile(r"\s*\"[^\"]*\"\s*").match(self.text, at)
        if quoted:
            return quoted.end() if self.text.startswith(last, quoted.end()) else None
        end = self._find(last, at)
        return None if end == len(self.text) or self._find("\n\n", at) < end else end

    def _members(self, keys: list[str]) -> list[str]:
        """Return the nodes meant: a subgraph stands for all nodes in it."""
        found: list[str] = []
        for key in keys:
            if key in self.sketch.groups:
                inside = {key}
                self.sketch.spend(len(self.sketch.groups) + len(self.sketch.nodes))
                for group in self.sketch.groups.values():
                    inside |= {group.key} if group.parent in inside else set()
                found += [node.key for node in self.sketch.nodes.values() if node.group in inside]
            else:
                found.append(key)
        return found


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
