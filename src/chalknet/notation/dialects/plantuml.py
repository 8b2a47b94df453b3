"""PlantUML's diagrams of components, use cases, objects and rectangles, read into a sketch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.notation.dialects.plantuml_macros import Preprocessor, TextLine
from chalknet.notation.dialects.state_charts import ChartLine, read_activities, read_states
from chalknet.notation.dialects.tex_text import Unread
from chalknet.notation.drawings.sketch import Link, Sketch
from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText

REMEDY = "Write it as components, circles or rectangles and arrows, such as circle x1 and x1 --> h1."
_SHAPES = {
    "circle": "circle", "usecase": "ellipse", "label": "plaintext", "interface": "circle", "entity": "circle",
    "boundary": "circle", "control": "circle", "database": "cylinder", "hexagon": "hexagon", "cloud": "cloud",
    "queue": "cylinder", "diamond": "diamond", "portin": "point", "portout": "point", "port": "point",
    **dict.fromkeys((
        "actor", "agent", "artifact", "card", "collections", "component", "file", "folder", "frame", "node",
        "package", "person", "process", "rectangle", "stack", "storage", "object", "map", "action",
    ), "box"),
}  # fmt: skip
_START = re.compile(r"[ \t]*@start(\w+)[^\n]*")
_QUOTE_COMMENT = re.compile(r"^[ \t]*+'[^\n]*+", re.M)
_STATES, _ACTIVITIES = "state diagram", "activity diagram"
_OTHER = (
    ("sequence diagram", re.compile(r"(?:participant|activate|deactivate|autonumber|alt|opt|loop|par|critical|return)\b")),
    ("class diagram", re.compile(r"(?:abstract\s+)?(?:class|enum|annotation|struct|exception|protocol)\s+[\w\"]|interface\s+\w+\s*\{")),
    (_STATES, re.compile(r"state\s+[\w\"]|\[\*\]")),
    (_ACTIVITIES, re.compile(r"(?:start|stop|fork|repeat|partition)\s*$|:[^:]*;\s*$|if\s*\(.*\)\s*then|while\s*\(.*\)\s*is|\(\*\)")),
    ("timing diagram", re.compile(r"(?:robust|concise|clock)\s+[\"\w]")),
    ("network diagram", re.compile(r"nwdiag\b")),
)  # fmt: skip
_ID = r"[^\W\d_][\w.]*|[\w.]+"
_NAME = rf"\"[^\"]*\"|\[[^\[\]]*\]|\([^()]*\)|:[^:\s][^:]*:|(?:{_ID})"
_LINK = re.compile(
    rf"(?P<source>{_NAME}|\(\)\s*(?:{_ID}))\s*(?:\"(?P<near>[^\"]*)\")?\s*"
    r"(?P<left>(?:(?<=\s)[ox]|[<*#+^}{|@0)(]){0,3})"
    r"(?P<body>[-.=~]+(?:\[(?P<style>[^\[\]]*)\])?(?:(?:left|right|up|down|le|ri|do|[lrud])(?=[-.=~]))?(?:\[(?P<style2>[^\[\]]*)\])?[-.=~]*)"
    r"(?P<right>(?:[>*#+^}{|@0)(]|[ox](?=\s)){0,3})"
    rf"\s*(?:\"(?P<far>[^\"]*)\"(?=\s*[\w\[(:\"]))?\s*(?P<target>{_NAME}|\(\)\s*(?:{_ID}))"
    r"\s*(?:#[^:]*)?(?:<<[^<>]*>>\s*)?(?::(?P<label>.*))?"
)
_ELEMENT = re.compile(
    r"(?P<kind>\w+)/?\s+(?P<first>\"[^\"]*\"|\[[^\[\]]*\]|\([^()]*\)|[^\s\"\[({#<]+)?"
    r"(?:\s+as\s+(?P<second>\"[^\"]*\"|[^\s\"\[({#<]+))?\s*(?P<rest>(?:<<[^<>]*>>|\$\w+|#[^\s{\[]+|\[\[[^\[\]]*\]\]|\s)*)(?P<open>[{\[])?\s*(?P<inside>.*)"
)
_BRACKETED = re.compile(
    r"(?P<first>\[[^\[\]]*\]|\([^()]*\)|\(\)\s*(?:\"[^\"]*\"|\w+)|:[^:]+:)(?:\s+as\s+(?P<second>[\w.]+|\"[^\"]*\"))?\s*(?P<rest>(?:<<[^<>]*>>|#\S+|\s)*)"
)
_IGNORED = re.compile(
    r"(?:skinparam|hide|show|scale|left to right|top to bottom|allow_?mixing|remove|header|footer|center|mainframe|sprite|url|set|newpage|legend|ranksep|nodesep|restore|style|order|together|swimlane)\b",
    re.I,
)
_NOTE = re.compile(
    r"note\s+(?:(?:left|right|top|bottom)\s+(?:of\s+)?(?P<of>[^:\s]+)?\s*|(?P<quoted>\"[^\"]*\")\s+as\s+(?P<key>\w+)|as\s+(?P<id>\w+)|on link)\s*(?:#\S+)?\s*(?::(?P<text>.*))?"
)
# A stereotype or a colour may stand before the name as well as behind it.
_STYLED_BEFORE = re.compile(r"((?:(?:<<[^<>]*>>|#\w+)\s*)+)(as\s+[\w.]+)")
_COLOUR = re.compile(r"#([\w:;.-]+)")


def read_plantuml_sketch(text: str) -> Sketch:
    """Return what a PlantUML text draws.

    Raises:
        NotationError: with a caret, for what is not understood.
        CannotExpress: for another kind of diagram, by its name.
    """
    source = SourceText("PlantUML", text, remedy=REMEDY)
    sketch = Sketch(source)
    plain = _QUOTE_COMMENT.sub(_blanks, _without_blocks(text))
    start = _START.search(plain)
    begin = start.end() if start else 0
    end = plain.find("@end", begin)
    if start and start[1] == "dot":
        from chalknet.notation.drawings.dot_reader import read_dot_sketch

        return read_dot_sketch(text[begin : end if end >= 0 else len(text)])
    if start and start[1] != "uml":
        raise _other(source, f"a diagram of the kind @start{start[1]}", start.start())
    lines, at = [], begin
    for row in plain[begin : end if end >= 0 else len(plain)].split("\n"):
        lines.append(TextLine(row, at + len(row) - len(row.lstrip())))
        at += len(row) + 1
    for line in lines:
        check_limit(source, line.at, "characters in a label", len(line.text))
    kind = _kind_of(source, lines)
    if kind:
        chart = [ChartLine(*one) for one in Preprocessor(sketch).lines(lines, {})]
        if kind == _STATES:
            read_states(sketch, chart, named=True)
        else:
            read_activities(sketch, chart)
        return sketch
    reader = _Reader(sketch)
    line = TextLine("", begin)
    try:
        for line in Preprocessor(sketch).lines(lines, {}):
            reader.line(line)
        reader.finish()
    except Unread as problem:
        raise source.refuse(reader.at, got=problem.got, wanted=problem.wanted) from problem
    return sketch


def _without_blocks(text: str) -> str:
    """Return a text whose comments between /' and '/ are blanks."""
    parts, at = [], 0
    while (start := text.find("/'", at)) >= 0 and (end := text.find("'/", start + 2)) >= 0:
        parts += [text[at:start], re.sub(r"[^\n]", " ", text[start : end + 2])]
        at = end + 2
    return "".join([*parts, text[at:]])


def _blanks(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def _other(source: SourceText, what: str, at: int) -> ChalknetError:
    return source.refuse(
        at,
        kind=CannotExpress,
        got=f"{what} of PlantUML",
        wanted="components, circles or rectangles joined by arrows",
    )


def _kind_of(source: SourceText, lines: list[TextLine]) -> str:
    """Return which kind of chart is read line by line; empty for boxes and arrows.

    Raises:
        CannotExpress: for a diagram of another kind; arrows between names that nothing declares are messages.
    """
    declared = False
    first_arrow: TextLine | None = None
    for line in lines:
        text = line.text.strip()
        word = re.match(r"\w+", text)
        declared = declared or bool(word and word[0] in _SHAPES) or text.startswith(("[", "(", "!"))
        for kind, pattern in _OTHER:
            if pattern.match(text):
                if kind in (_STATES, _ACTIVITIES):
                    return kind
                raise _other(source, f"a {kind}", line.at)
        if re.search(r"[-.]+(?:\w+[-.]+)?>", text) and not declared and not re.search(r"[\[(:]\S", text):
            first_arrow = first_arrow or line
        if text.endswith("[*]"):
            return _STATES
        declared = declared or bool(
            re.search(r"-(?:up|down|left|right|[udlr])-|-\[|\)\s*[-.]|\]\s*[-.]|[->]\s*[\[(]", text)
        )
    if first_arrow is not None and not declared:
        raise _other(source, "a sequence diagram", first_arrow.at)
    return ""


@dataclass
class _Reader:
    """Reads the lines of one diagram.

    Args:
        sketch: what was found so far.
        open: what is open, the innermost last: a group's key, or empty for a block without a frame.
        until: what ends the lines that are only passed.
    """

    sketch: Sketch
    open: list[str] = field(default_factory=list)
    until: re.Pattern[str] | None = None
    links: list[tuple[str, str, Link]] = field(default_factory=list)
    at: int = 0
    _text_of: str = ""
    _noted: str | None = None
    _rows: list[str] = field(default_factory=list)
    _keys: dict[str, str] = field(default_factory=dict)

    def line(self, line: TextLine) -> None:
        """Read one line."""
        text, self.at = line.text.strip(), line.at
        if self.until is not None:
            if self.until.match(text):
                self._close_text(self.until.match(text))
            elif self._text_of:
                self._rows.append(text)
            return
        if not text:
            return
        if text == "}":
            if not self.open:
                raise Unread("a } that closes nothing", "its {")
            self.open.pop()
        elif text.startswith(("title", "caption")) and (match := re.match(r"(title|caption)\b\s*(.*)", text)):
            self._title(match)
        elif text.lower().startswith("note"):
            self._note(text)
        elif text.startswith("<style>"):
            self.until = re.compile(r"</style>")
        elif _IGNORED.match(text):
            self._ignore(text)
        else:
            self._statement(text)

    def _title(self, match: re.Match[str]) -> None:
        if match[2]:
            self.sketch.caption = _text(match[2])
        else:
            self.until, self._text_of = re.compile(r"end\s*title"), "\0title"

    def _ignore(self, text: str) -> None:
        if re.match(r"together\b", text):
            self.open.append(self.open[-1] if self.open else "")
        elif re.match(r"legend\b", text):
            self.until, self._text_of = re.compile(r"end\s*legend"), "\0legend"
        elif text.endswith("{"):
            self.until = re.compile(r"\}")

    def _close_text(self, match: re.Match[str] | None) -> None:
        """Put the lines that were passed where they belong."""
        text = "\n".join(self._rows)
        key, self._text_of, self._rows, self.until = self._text_of, "", [], None
        if key == "\0title":
            self.sketch.caption = _text(text)
        elif key == "\0legend":
            self._free(_text(text), key[1:])
        elif key.startswith("\0note"):
            self._beside(_text(text), self._noted, key[1:])
        elif key in self.sketch.nodes:
            node = self.sketch.nodes[key]
            node.label = "\n".join(part for part in (node.label, _text(text)) if part)
            if match and (tail := match.group().strip("]} ")):
                node.colour = tail.lstrip("#")

    def _beside(self, text: str, of: str | None, name: str = "note") -> None:
        """Keep a note: beside a frame it says something of what is in it, elsewhere it is a text of its own."""
        frame = self.sketch.groups.get((of or "").strip('"'))
        if frame is not None and text:
            frame.title = "\n".join(part for part in (frame.title, text) if part)
        else:
            self._free(text, name)

    def _free(self, text: str, name: str) -> None:
        if text:
            key = name if name not in ("legend", "note") else f"{name} at {self.at}"
            node = self.sketch.node(key, self.at)
            node.label, node.shape = text, "plaintext"

    def _note(self, text: str) -> None:
        match = _NOTE.match(text)
        if match is None:
            raise Unread(text[:40], "a note such as note right of a : text")
        if match["text"] is not None:
            self._beside(_text(match["text"]), match["of"])
        elif match["quoted"]:
            self._free(_text(match["quoted"]), match["key"])
            self._keys[match["key"]] = match["key"]
        else:
            self.until, self._noted = re.compile(r"end\s*note"), match["of"]
            self._text_of = "\0note" if not match["id"] else "\0note " + match["id"]

    def _statement(self, text: str) -> None:
        text = _STYLED_BEFORE.sub(r"\2 \1", text)
        if (match := _LINK.fullmatch(text)) and re.search(r"[-.=~]", match["body"]):
            self._link(match)
        elif (match := _BRACKETED.fullmatch(text)) is not None:
            self._bracketed(match["first"], match["second"], match["rest"])
        elif (match := _ELEMENT.fullmatch(text)) and match["kind"] in _SHAPES:
            self._element(match)
        elif match := re.match(rf"({_ID})\s*:\s*(.*)", text):  # a field of an object
            if match[1] not in self._keys:
                raise Unread(text[:40], "an element, an arrow or a note")
            node = self.sketch.nodes.get(self._keys[match[1]])
            if node is not None:
                node.label = f"{node.text}\n{_text(match[2])}"
        else:
            raise Unread(text[:40], "an element, an arrow or a note")

    def _element(self, match: re.Match[str]) -> None:
        first, second, kind = match["first"] or "", match["second"], match["kind"]
        label, key = _spoken(first), _spoken(second or first)
        if second and second.startswith('"') and not first.startswith('"'):
            label, key = _spoken(second), _spoken(first)
        colour = _COLOUR.search(match["rest"] or "")
        if match["open"] == "{" and kind not in ("object", "map", "json"):
            key = key or f"{kind} at {self.at}"
            self.sketch.group(key, label, self.open[-1] if self.open else "", self.at)
            self._keys[key] = key
            if match["inside"].strip() != "}":
                self.open.append(key)
            return
        node = self._node(key, label, _SHAPES[kind])
        node_colour = colour[1] if colour else ""
        self.sketch.nodes[node].colour = node_colour
        if match["open"]:
            inside = match["inside"].strip()
            closing = "]" if match["open"] == "[" else "}"
            if inside.endswith(closing):
                self.sketch.nodes[node].label = _text(inside[:-1]) or label
            else:
                self.sketch.nodes[node].label = label if second or match["open"] == "{" else ""
                self._rows = [inside] if inside else []
                self.until, self._text_of = re.compile(r"[^\[\]{}]*\]|\}" if closing == "]" else r"\}"), node
                self.until = re.compile(r"\]\s*(?:#\S+)?$" if closing == "]" else r"\}")

    def _bracketed(self, first: str, second: str | None, rest: str | None = None) -> str:
        shape = {"[": "box", "(": "ellipse", ":": "box"}[first[0]]
        if first.startswith("()"):
            first, shape = first[2:].strip(), "circle"
        label = _spoken(first)
        key = self._node(_spoken(second or first), label, shape)
        if rest and (colour := _COLOUR.search(rest)):
            self.sketch.nodes[key].colour = colour[1]
        return key

    def _node(self, key: str, label: str, shape: str) -> str:
        node = self.sketch.node(key, self.at)
        node.label, node.shape = label, shape
        node.group = node.group or (self.open[-1] if self.open else "")
        self._keys[key] = key
        return key

    def _end(self, text: str) -> str:
        """Return the key of one end of a link, a node that is named here first if it is."""
        if text.startswith(("[", "(", ":")):
            key = _spoken(text[2:] if text.startswith("()") else text)
            return key if key in self._keys else self._bracketed(text, None)
        key = _spoken(text)
        if key in self._keys:
            return key
        return self._node(key, key, "box")

    def _link(self, match: re.Match[str]) -> None:
        source, target = self._end(match["source"]), self._end(match["target"])
        left, right = match["left"], match["right"]
        first, last = "<" in left, ">" in right
        styles = f"{match['style'] or ''},{match['style2'] or ''}".split(",")
        dotted = "." in match["body"].split("[")[0] or "~" in match["body"]
        style = next(
            (one.strip() for one in styles if one.strip() in ("dashed", "dotted", "bold")),
            "dashed" if dotted else "",
        )
        style = style or ("bold" if "=" in match["body"] or "thickness" in ",".join(styles) else "")
        if first and not last:
            source, target = target, source
        texts = [match["label"], match["near"], match["far"]]
        label = "\n".join(_text(part) for part in texts if part and part.strip())
        link = Link("", "", label, "hidden" not in styles, self.at, style, first != last)
        self.links.append((source, target, link))

    def finish(self) -> None:
        """Draw the links."""
        if self.open:
            raise Unread("the end of the text", "a } for each {")
        if self.until is not None:
            raise Unread("the end of the text", "the end of the note or the block")
        for source, target, link in self.links:
            self.sketch.connect([source], [target], link)


def _spoken(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] + text[-1] in ('""', "[]", "()", "::"):
        text = text[1:-1].strip()
    return _text(text)


def _text(text: str) -> str:
    text = text.strip().replace("\\n", "\n").replace("\\l", "\n")
    text = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    return re.sub(r"</?(?:b|i|u|color|size|font|back|math|latex)(?:[:=][^<>]*)?>", "", text).strip()
