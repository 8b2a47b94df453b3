"""The text of D2 as statements: keys with dots, values, blocks in braces, texts between bars."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from chalknet.notation.dialects.tex_text import Unread
from chalknet.notation.drawings.sketch import Sketch

_DEEPEST = 50
_BLANKS = re.compile(r"(?:[\s;]++|#[^\n]*+)*+")
_SPACES = re.compile(r"(?:[^\S\n]|\\\n)*+")
_QUOTED = re.compile(r"\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\n]|'')*+'")
_PLAIN = re.compile(r"(?:[^\s:;{}\"'|#\[\]]|\\.|[^\S\n]++(?![#{]|\s)|(?<=\S)#|(?<=[\w)*])\[[^\[\]\n]*+\])++")
_ARROW = re.compile(r"<-+>|<-+|-+>|--+")
_BAR_OPEN = re.compile(r"(\|+)([^\w\s|]*)(\w*)")
_VALUE_END = re.compile(r"[\n;{}]|(?<=\s)#")


@dataclass
class Statement:
    """One statement.

    Args:
        key: the words before the colon, with their quotes.
        at: where it stands.
        value: the text behind the colon; None for none.
        raw: whether the value is a text between bars.
        block: the statements in braces; None for no braces.
    """

    key: str
    at: int
    value: str | None = None
    raw: bool = False
    block: list[Statement] | None = None


def statements(sketch: Sketch, text: str) -> list[Statement]:
    """Return the statements of a text.

    Raises:
        Unread: with what is not understood.
    """
    return _Reader(sketch, text).block(0)


@dataclass
class _Reader:
    sketch: Sketch
    text: str
    at: int = 0
    words: int = 0
    _missing: set[str] = field(default_factory=set)

    def block(self, depth: int) -> list[Statement]:
        if depth > _DEEPEST:
            raise Unread("braces nested too deep", f"at most {_DEEPEST}")
        found: list[Statement] = []
        while True:
            self._skip(_BLANKS)
            if self.text.startswith('"""', self.at):
                end = self.text.find('"""', self.at + 3)
                self.at = len(self.text) if end < 0 else end + 3
                continue
            if self.at >= len(self.text):
                if depth:
                    raise Unread("the end of the text", "a }")
                return found
            if self.text[self.at] == "}":
                if not depth:
                    raise Unread("a } that closes nothing", "its {")
                self.at += 1
                return found
            found.append(self._statement(depth))
            self.sketch.spend(60, self.at)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _statement(self, depth: int) -> Statement:
        start = self.at
        statement = Statement(self._key(), start)
        if self.at == start:
            raise Unread(
                repr(self.text[self.at : self.at + 12]), "a key such as a, or an arrow such as a -> b"
            )
        self._skip(_SPACES)
        if self.text.startswith(":", self.at):
            self.at += 1
            self._skip(_SPACES)
            self._value(statement)
            self._skip(_SPACES)
        if self.text.startswith("{", self.at):
            self.at += 1
            statement.block = self.block(depth + 1)
        return statement

    def _key(self) -> str:
        start = self.at
        while self.at < len(self.text):
            match = _QUOTED.match(self.text, self.at) or _PLAIN.match(self.text, self.at)
            if match is None or not match.group():
                break
            self.at = match.end()
            if self.text.startswith(" ", self.at):
                self._skip(_SPACES)
        return self.text[start : self.at].strip()

    def _value(self, statement: Statement) -> None:
        if self.text.startswith("|", self.at):
            self._raw(statement)
        elif match := _QUOTED.match(self.text, self.at):
            statement.value, self.at = unquoted(match.group()), match.end()
        elif self.text.startswith("[", self.at):
            end = self.text.find("]", self.at)
            if end < 0:
                raise Unread("a list that is not closed", "its ]")
            statement.value, self.at = self.text[self.at : end + 1], end + 1
        else:
            start = self.at
            while end_match := _VALUE_END.search(self.text, self.at):
                if end_match.group() == "{" and self.text[end_match.start() - 1 : end_match.start()] == "$":
                    closing = self.text.find("}", end_match.start())
                    self.at = len(self.text) if closing < 0 else closing + 1
                    continue
                break
            self.at = end_match.start() if end_match else len(self.text)
            value = self.text[start : self.at].strip()
            statement.value = value or None

    def _raw(self, statement: Statement) -> None:
        """Read a text between bars: `|md # Title |`, `||| ... |||`, `|`ts ... `|`."""
        match = _BAR_OPEN.match(self.text, self.at)
        if match is None:
            raise Unread("a | alone", "a text such as |md text |")
        closing = match[2][::-1] + match[1]
        end = self.text.find(closing, match.end())
        if end < 0:
            raise Unread("a text between bars that is not closed", closing)
        statement.value, statement.raw = self.text[match.end() : end].strip(), True
        self.at = end + len(closing)


def unquoted(text: str) -> str:
    """Return a text without its quotes."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\|", "|")


def arrows(key: str) -> Iterator[tuple[str, str]]:
    """Yield the ends of a chain of arrows, each with the arrow behind it; one alone where there is none."""
    start = at = 0
    while at < len(key):
        quoted = _QUOTED.match(key, at)
        if quoted:
            at = quoted.end()
        elif (match := _ARROW.match(key, at)) and not (
            match.group() == "--" and key[at : at + 3] == "---" and False
        ):
            yield key[start:at].strip(), match.group()
            start = at = match.end()
        else:
            at += 1
    yield key[start:].strip(), ""


def path(key: str) -> list[str]:
    """Return the words of a key between its dots, those in quotes whole."""
    parts, start, at = [], 0, 0
    while at < len(key):
        quoted = _QUOTED.match(key, at)
        if quoted:
            at = quoted.end()
            continue
        if key[at] == ".":
            parts.append(key[start:at])
            start = at + 1
        at += 1
    return [
        " ".join(unquoted(part).split(" ")).strip()
        if part.strip()[:1] not in "\"'" or not part.strip()
        else unquoted(part)
        for part in [*parts, key[start:]]
    ]
