"""Mermaid flowcharts read into a sketch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from chalknet.notation.drawings.sketch import REMEDY, Group, Link, Sketch
from chalknet.notation.tokens import SourceText

_HEAD = re.compile(r"\s*(?:graph|flowchart(?:-elk)?)\b[ \t]*(TB|TD|BT|RL|LR|[<>^v])?[ \t]*(?=[;\n]|$)", re.I)
_OTHER = re.compile(r"\s*(\w+Diagram(?:-v2)?|gantt|pie|mindmap|timeline|journey|gitGraph|erDiagram)\b")
_FENCE = re.compile(r"```\s*mermaid[^\n]*\n(.*?)(?:```|\Z)", re.S | re.I)
_FRONT = re.compile(r"\s*---\s*\n(.*?)\n---[ \t]*(?=\n|$)", re.S)
_IGNORED = re.compile(r"(?:classDef|class|style|linkStyle|click|direction|accTitle|accDescr)\b")
_ID = re.compile(r"(?:\w|[./$'’]|[^\x00-\x7f]|-(?=\w))+")
_CLASS = re.compile(r":::[\w-]+")
_DATA = re.compile(r"@\{(.*?)\}", re.S)
_DATA_LABEL = re.compile(r"label\s*:\s*(?:\"([^\"]*)\"|'([^']*)'|([^,}]*))")
_DATA_SHAPE = re.compile(r"shape\s*:\s*\"?([\w-]+)")
_PLAIN_LINK = re.compile(
    r"\s*[<]?(?:[ox](?=-|=))?(?:(?P<hidden>~{3,})|-{2,}>|-{3,}|={2,}>|={3,}|-\.+->|-\.+-(?!>)|-{2,}[ox](?=\s)|={2,}[ox](?=\s))"
    r"\s*(?:\|(?P<label>\"[^\"]*\"|[^|]*)\|)?\s*"
)
_TEXT_LINK = re.compile(
    r"\s*<?(?:--|==|-\.)\s*(?P<label>\"[^\"]*\"|[^\n;]*?)\s*(?:-{2,}[>ox-]?|={2,}[>ox=]?|\.+-[>ox]?)\s*"
)
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
    fenced = _FENCE.search(text)
    if fenced:
        text = re.sub(r"[^\n]", " ", text[: fenced.start(1)]) + fenced.group(1)
    sketch = Sketch(SourceText("Mermaid", text, remedy=REMEDY))
    text = re.sub(r"%%[^\n]*", lambda comment: " " * len(comment.group()), text)
    start = 0
    if front := _FRONT.match(text):
        title = re.search(r"^\s*title\s*:\s*(.*)$", front.group(1), re.M)
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
    """

    sketch: Sketch
    text: str
    open_groups: list[str] = field(default_factory=list)
    links: list[tuple[list[str], list[str], Link]] = field(default_factory=list)

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
            self.sketch.connect(self._members(sources), self._members(targets), link)
        for key in self.sketch.groups:  # a subgraph that was named in a link before it was drawn
            node = self.sketch.nodes.get(key)
            if node is not None and node.label is None:
                del self.sketch.nodes[key]

    def _statement(self, at: int) -> int:
        line = self.text[at:].partition("\n")[0]
        end_of_line = at + len(line)
        if re.match(r"subgraph\b", line):
            self._subgraph(line[8:].strip().rstrip(";"), at)
            return end_of_line
        if ended := re.match(r"end\b(?=\s*(?:;|$))", line):
            if not self.open_groups:
                raise self.sketch.source.refuse(at, got="end without a subgraph", wanted="a node or a link")
            self.open_groups.pop()
            return at + ended.end()
        if _IGNORED.match(line):
            return end_of_line
        return self._chain(at)

    def _subgraph(self, words: str, at: int) -> None:
        match = re.fullmatch(r"([^\s\[]+)\s*\[(.*)\]", words, re.S)
        key, title = (match.group(1), match.group(2)) if match else (words, words)
        key, title = key.strip('"') or f"subgraph{at}", _unquoted(title)
        if len(self.open_groups) > 60:
            raise self.sketch.source.refuse(at, got="subgraphs nested too deep", wanted="at most 60")
        self.sketch.groups[key] = Group(key, title, self.open_groups[-1] if self.open_groups else "")
        self.open_groups.append(key)

    def _chain(self, at: int) -> int:
        sources, at = self._nodes(at)
        while found := _PLAIN_LINK.match(self.text, at) or _TEXT_LINK.match(self.text, at):
            written = found.groupdict()
            link = Link("", "", _unquoted(written["label"] or ""), not written.get("hidden"), at)
            targets, at = self._nodes(found.end())
            self.links.append((sources, targets, link))
            sources = targets
        rest = re.compile(r"[ \t]*(?=[;\n]|$)").match(self.text, at)
        if rest is None:
            got = repr(self.text[at : at + 12])
            raise self.sketch.source.refuse(at, got=got, wanted="a link such as -->, or a new line")
        return max(rest.end(), at)

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
        end = self.text.find(last, at)
        line = self.text.find("\n\n", at)
        return None if end < 0 or (0 <= line < end) else end

    def _members(self, keys: list[str]) -> list[str]:
        """Return the nodes meant: a subgraph stands for all nodes in it."""
        found: list[str] = []
        for key in keys:
            if key in self.sketch.groups:
                inside = {key}
                for group in self.sketch.groups.values():
                    inside |= {group.key} if group.parent in inside else set()
                found += [node.key for node in self.sketch.nodes.values() if node.group in inside]
            else:
                found.append(key)
        return found


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
