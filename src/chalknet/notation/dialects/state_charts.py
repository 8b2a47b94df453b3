"""Diagrams of states, as Mermaid and PlantUML write them, and PlantUML's of activities, read into a sketch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.notation.drawings.sketch import Link, Sketch
from chalknet.notation.drawings.vocabulary import said

_REMEDY = "Write it as boxes with one arrow from each layer to the next."
_NAME = r"\"[^\"]*\"|[^\W\d][\w.]*|\d\w*"
_ARROW = r"[-.=]+(?:\[(?P<style>[^\[\]]*)\])?(?:(?:left|right|up|down|le|ri|do|[lrud])(?=[-.=]))?[-.=]*>"
_TRANSITION = re.compile(
    rf"(?P<source>\[\*\]|{_NAME})\s*{_ARROW}\s*(?P<target>\[\*\]|\[H\*?\]|{_NAME})\s*(?::\s*(?P<label>.*))?"
)
_STATE = re.compile(
    rf"state\s+(?P<first>{_NAME})(?:\s+as\s+(?P<second>{_NAME}))?\s*(?P<kind><<\w+>>)?"
    r"(?:\s*#[\w:;.-]+)?\s*(?::\s*(?P<told>[^{]*))?(?P<open>\{)?"
)
_DESCRIBED = re.compile(rf"(?P<key>{_NAME})\s*:\s*(?P<told>.+)")
_CLASSED = re.compile(r":::[\w-]+")
_PASSED = re.compile(
    r"(?:direction|classDef|class|style|hide|scale|skinparam|left to right|top to bottom|accTitle|accDescr"
    r"|header|footer|!pragma)\b",
    re.I,
)
_TITLE = re.compile(r"(?:title|caption)\s+(.*)")
_NOTE = re.compile(r"(?:floating\s+)?note\b(?:[^:\"]*(?::\s*(?P<text>.*))|.*)")
_BLANK = re.compile(r"(?<=[^\W\d_]{3})_|_(?=[^\W\d_]{3})")  # a name of a state has no blanks
_LINE_BREAK = re.compile(r"\\n|<br\s*/?>")
_BRANCHES = re.compile(
    r"(?:if|elseif|else|fork|split|while|endwhile|repeat|switch|case|backward|goto|label)\b|===|\(\w\)\s*$"
)
_ENDS = re.compile(r"(?:start|stop|end|kill|detach)\s*;?\s*$")
_ACTION = re.compile(r"(?:#[\w:.-]+(?:\\\w+)?)?:(?P<text>.*)", re.S)
_ACTION_ENDS = re.compile(r"[;|<>/\]}]\s*(?:<<\w+>>)?\s*$")
_LABELLED_ARROW = re.compile(r"-(?:\[[^\[\]]*\])?-*>\s*(?P<label>.*?);?\s*$")
_PART = re.compile(
    r"(?:partition|group|package|rectangle|card)\s+(?P<title>[^{]*?)\s*(?:#\S+\s*)?(?P<open>\{)?$"
)
_OLD_END = r"\(\*(?:top)?\)|\"[^\"]*\"(?:\s+as\s+\w+)?|===\w+===|[^\W\d]\w*"
_OLD = re.compile(
    rf"(?P<source>{_OLD_END})?\s*{_ARROW}\s*(?:\[(?P<label>[^\[\]]*)\])?\s*(?P<target>{_OLD_END})"
)


_FEWEST_LAYERS = 2  # that are stated in so many words


class ChartLine(NamedTuple):
    """A line of a diagram, and where it stands in the text."""

    text: str
    at: int


def read_states(sketch: Sketch, lines: Iterable[ChartLine], *, named: bool) -> None:
    """Draw the states of a diagram as boxes, and its transitions as arrows.

    Args:
        sketch: where they are drawn.
        lines: those of the diagram, without its head.
        named: whether a state that is described keeps its name above the description, as in PlantUML.

    Raises:
        NotationError: with a caret, for what is not understood.
        CannotExpress: for states beside each other.
    """
    reader = _States(sketch, named=named)
    for line in lines:
        reader.line(line.text.strip().rstrip(";").strip(), line.at)
    reader.finish()


def read_activities(sketch: Sketch, lines: Iterable[ChartLine]) -> None:
    """Draw the activities of a PlantUML diagram as boxes, each joined to the one before it.

    Raises:
        NotationError: with a caret, for what is not understood.
        CannotExpress: for branches and loops.
    """
    reader = _Activities(sketch)
    for line in lines:
        reader.line(line.text.strip(), line.at)
    reader.finish()


@dataclass
class _Chart:
    """What both kinds of diagrams have: notes, frames, titles.

    Args:
        sketch: what was found so far.
        open: the frames that are open, the innermost last.
        note: the lines of a note that is open; None for none.
    """

    sketch: Sketch
    open: list[str] = field(default_factory=list)
    note: list[str] | None = None
    at: int = 0
    what: ClassVar[str] = ""

    def passes(self, text: str, at: int) -> bool:
        """Return whether a line says nothing of the boxes, having put its words where they belong."""
        self.at = at
        if self.note is not None:
            if re.match(r"end\s*note\b", text):
                self._free("\n".join(self.note))
                self.note = None
            else:
                self.note.append(text)
            return True
        if not text or _PASSED.match(text):
            return True
        if title := _TITLE.match(text):
            self.sketch.caption = _said(title[1])
            return True
        if found := _NOTE.match(text):
            if found["text"]:
                self._free(found["text"])
            else:
                self.note = []
            return True
        if text == "}" and self.open:
            self.open.pop()
            return True
        return False

    def _free(self, text: str) -> None:
        node = self.sketch.node(f"note at {self.at}", self.at)
        node.label, node.shape = _said(text), "plaintext"

    def frame(self, key: str, title: str) -> None:
        """Open a frame."""
        self.sketch.group(key, title, self.open[-1] if self.open else "", self.at)
        self.open.append(key)

    def box(self, key: str, label: str | None = None) -> str:
        """Return the key of a box, drawn here where it is new."""
        node = self.sketch.node(key, self.at)
        if node.label is None:
            node.label, node.shape = (_BLANK.sub(" ", key) if label is None else label), "box"
            node.group = self.open[-1] if self.open else ""
        return key

    def refuse(self, text: str, wanted: str) -> ChalknetError:
        """Return the error for a line that is not understood."""
        return self.sketch.source.refuse(self.at, got=text[:40], wanted=wanted)

    def branches(self, what: str) -> ChalknetError:
        """Return the error for what is no row of boxes."""
        return self.sketch.source.refuse(
            self.at, kind=CannotExpress, got=what, wanted="one layer behind the other", remedy=_REMEDY
        )

    def finish(self) -> None:
        """Check that all is closed, and that the boxes are layers, as in few charts of this kind."""
        if self.open or self.note is not None:
            raise self.refuse("the end of the text", "a } for each {, and the end of each note")
        texts = [node.text for node in self.sketch.nodes.values() if node.shape != "plaintext"]
        if sum(map(_states_a_layer, texts)) < _FEWEST_LAYERS:
            raise self.sketch.source.refuse(
                None,
                got=f"a chart of {self.what} in which nothing speaks of layers",
                wanted="boxes that state widths or activations",
                remedy=_REMEDY,
            )


@dataclass
class _States(_Chart):
    """Reads the lines of a diagram of states.

    Args:
        named: whether a state keeps its name above its description.
        described: the states with a description.
        links: the arrows between two states or frames.
    """

    what = "states"
    named: bool = False
    described: set[str] = field(default_factory=set)
    links: list[tuple[str, str, Link]] = field(default_factory=list)

    def line(self, text: str, at: int) -> None:
        """Read one line."""
        text = _CLASSED.sub("", text)
        if self.passes(text, at):
            return
        if text in ("--", "||"):
            raise self.branches("states beside each other")
        if found := _STATE.fullmatch(text):
            self._state(found)
        elif found := _TRANSITION.fullmatch(text):
            self._transition(found)
        elif found := _DESCRIBED.fullmatch(text):
            self._describe(self._key(found["key"]), found["told"])
        elif re.fullmatch(_NAME, text):
            self._key(text)
        else:
            raise self.refuse(text, "a state, a transition or a note")

    def _key(self, name: str) -> str:
        key = name.strip('"')
        return key if key in self.sketch.groups else self.box(key)

    def _state(self, found: re.Match[str]) -> None:
        first, second = found["first"].strip('"'), (found["second"] or "").strip('"')
        key, label = (second, first) if second else (first, first)
        if second and found["second"].startswith('"'):
            key, label = first, second
        if found["kind"]:
            raise self.branches(f"a {found['kind'].strip('<>')} of states")
        if found["open"]:
            self.frame(key, _said(label))
            return
        self.box(key)
        if label != key:
            self.sketch.nodes[key].label = _said(label)
        if found["told"]:
            self._describe(key, found["told"])

    def _describe(self, key: str, text: str) -> None:
        if key not in self.sketch.nodes:
            self.sketch.groups[key].title += f"\n{_said(text)}"
            return
        node = self.sketch.nodes[key]
        keeps = self.named or key in self.described
        node.label = f"{node.text}\n{_said(text)}" if keeps else _said(text)
        self.described.add(key)

    def _transition(self, found: re.Match[str]) -> None:
        ends = [found["source"], found["target"]]
        if "[H" in ends[1]:
            raise self.branches("a transition to a history of states")
        if "[*]" in ends:
            for end in ends:
                if end != "[*]":
                    self._key(end)
            return
        style = "dashed" if any(word in (found["style"] or "") for word in ("dashed", "dotted")) else ""
        link = Link(
            "", "", _said(found["label"] or ""), "hidden" not in (found["style"] or ""), self.at, style
        )
        self.links.append((self._key(ends[0]), self._key(ends[1]), link))

    def finish(self) -> None:
        """Draw the arrows."""
        super().finish()
        for source, target, link in self.links:
            self.sketch.connect([source], [target], link)


@dataclass
class _Activities(_Chart):
    """Reads the lines of a diagram of activities, of the newer and of the older kind."""

    what = "activities"
    last: str = ""
    label: str = ""
    text: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def line(self, text: str, at: int) -> None:
        """Read one line."""
        if self.text:
            self._action(text)
        elif self.passes(text, at) or _ENDS.match(text) or re.fullmatch(r"\|[^|]*\|(?:[^|]*\|?)?", text):
            return
        elif re.match(r"(?:end\s*(?:group|partition))\b", text):
            if self.open:
                self.open.pop()
        elif _BRANCHES.match(text):
            raise self.branches("an activity diagram of PlantUML with branches")
        elif found := _ACTION.match(text):
            self._action(found["text"])
        elif found := _OLD.fullmatch(text):
            self._older(found)
        elif found := _LABELLED_ARROW.match(text):
            self.label = _said(found["label"])
        elif found := _PART.match(text):
            self.frame(f"part at {at}", _said(found["title"].strip('"')))
        else:
            raise self.refuse(text, "an activity, an arrow or a note")

    def _action(self, text: str) -> None:
        """Take up a line of an activity, and draw it where it ends."""
        self.text.append(_ACTION_ENDS.sub("", text))
        if not _ACTION_ENDS.search(text):
            return
        label, self.text = _said("\n".join(self.text)), []
        self._join(self.box(f"activity {len(self.sketch.nodes) + 1}", label))

    def _join(self, key: str) -> None:
        if self.last:
            self.sketch.connect([self.last], [key], Link("", "", self.label, at=self.at))
        self.last, self.label = key, ""

    def _older(self, found: re.Match[str]) -> None:
        if found["source"]:
            self.last = self._end(found["source"])
        self.label = _said(found["label"] or "")
        if target := self._end(found["target"]):
            self._join(target)
        self.last = target

    def _end(self, text: str) -> str:
        """Return the key of one end of an arrow; empty for the start and the end of all."""
        if text.startswith("(*"):
            return ""
        if text.startswith("==="):
            raise self.branches("an activity diagram of PlantUML with branches")
        label, _, name = text.partition('" as ')
        label = label.strip('"')
        if name:
            self.names[name.strip()] = label
        return self.box(self.names.get(label, label), _said(self.names.get(label, label)))

    def finish(self) -> None:
        """Check that the last activity is ended."""
        super().finish()
        if self.text:
            raise self.refuse(self.text[0], "a ; behind the activity")


def _states_a_layer(text: str) -> bool:
    """Return whether a box names an activation, or a width beside a map, a role or units."""
    one = said(text)
    counted = one.width is not None and (one.operation or bool(one.role) or one.counted)
    return bool(one.steps) or counted


def _said(text: str) -> str:
    return _LINE_BREAK.sub("\n", text.strip().strip('"')).strip()
