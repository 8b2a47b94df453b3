"""PlantUML's own preprocessor: variables, loops, conditions and procedures, written out line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from chalknet.notation.dialects.tex_numbers import calculate, shown
from chalknet.notation.dialects.tex_text import Unread, split
from chalknet.notation.drawings.sketch import Sketch

_DEEPEST = 40
_LONGEST = 4_000  # characters of a line or a value
_ASSIGNED = re.compile(r"!(?:global\s+|local\s+)?\$?(\w+)\s*\??=\s*(.*)")
_DEFINED = re.compile(r"!define(?:long)?\s+(\w+)(\([^()]*\))?\s*(.*)")
_PROCEDURE = re.compile(r"!(?:unquoted\s+)?(?:final\s+)?(procedure|function)\s+\$?(\w+)\s*\(([^()]*)\)(.*)")
_VARIABLE = re.compile(r"\$(\w+)")
_CALL = re.compile(r"\$?(\w+)\s*\((.*)\)\s*")
_OPENS = ("!while", "!foreach", "!if", "!ifdef", "!ifndef", "!procedure", "!function", "!unquoted", "!final")
_CLOSES = ("!endwhile", "!endfor", "!endif", "!endprocedure", "!endfunction")


class TextLine(NamedTuple):
    """A line and where it stands in the text."""

    text: str
    at: int


@dataclass
class _Procedure:
    arguments: list[str]
    body: list[TextLine]


@dataclass
class Preprocessor:
    """Writes the lines of a diagram out.

    Args:
        sketch: counts the steps.
    """

    sketch: Sketch
    procedures: dict[str, _Procedure] = field(default_factory=dict)
    defined: dict[str, str] = field(default_factory=dict)

    def lines(self, lines: list[TextLine], names: dict[str, str], depth: int = 0) -> Iterator[TextLine]:
        """Yield what the lines stand for.

        Raises:
            Unread: for a directive that is not understood.
        """
        if depth > _DEEPEST:
            raise Unread("procedures and loops nested too deep", f"at most {_DEEPEST}")
        at = 0
        while at < len(lines):
            line = lines[at]
            self.sketch.spend(60 + len(line.text), line.at)
            text = line.text.strip()
            if not text.startswith("!"):
                yield from self._plain(line, names, depth)
                at += 1
            elif text.startswith(_OPENS):
                end = _end(lines, at)
                yield from self._block(text, lines[at + 1 : end], names, depth)
                at = end + 1
            else:
                self._directive(text, names)
                at += 1

    def _plain(self, line: TextLine, names: dict[str, str], depth: int) -> Iterator[TextLine]:
        call = _CALL.fullmatch(line.text.strip())
        if call and call[1] in self.procedures:
            procedure = self.procedures[call[1]]
            given = [self._value(part, names) for part in split(call[2])] if call[2].strip() else []
            inner = dict(names)
            for place, argument in enumerate(procedure.arguments):
                name, _, default = argument.partition("=")
                value = given[place] if place < len(given) else self._value(default, names)
                inner[name.strip().lstrip("$")] = value
            yield from self.lines(procedure.body, inner, depth + 1)
            return
        yield line._replace(text=self.replaced(line.text, names))

    def replaced(self, text: str, names: dict[str, str]) -> str:
        """Return a line with the values of its variables in their places."""
        if len(text) > _LONGEST:
            raise Unread(f"a line of {len(text):,} characters", f"at most {_LONGEST:,}")
        if self.defined:
            text = re.sub(r"\w+", lambda word: self.defined.get(word[0], word[0]), text)
        if "$" in text or "##" in text:
            text = _VARIABLE.sub(lambda word: names.get(word[1], word[0]), text).replace("##", "")
        return text

    def _value(self, text: str, names: dict[str, str]) -> str:
        """Return what an expression stands for: texts and numbers joined or added."""
        text = text.strip()
        parts = split(text.replace("+", "\0"), "\0")
        quoted = [part for part in parts if len(part) > 1 and part[0] == part[-1] == '"']
        if quoted:
            return self._short(
                "".join(part[1:-1] if part in quoted else self.replaced(part, names) for part in parts)
            )
        text = self.replaced(text, names)
        text = re.sub(r"%(?:intval|string)\s*\(([^()]*)\)", r"\1", text)
        try:
            return shown(calculate(text))
        except Unread:
            return self._short(text)

    def _short(self, text: str) -> str:
        if len(text) > _LONGEST:
            raise Unread(f"a value of {len(text):,} characters", f"at most {_LONGEST:,}")
        return text

    def _directive(self, text: str, names: dict[str, str]) -> None:
        if match := _ASSIGNED.fullmatch(text):
            names[match[1]] = self._value(match[2], names)
        elif match := _DEFINED.fullmatch(text):
            if match[2]:
                raise Unread("!define with arguments", "!procedure, or the lines written out")
            self.defined[match[1]] = match[3]
        elif text.startswith(("!include", "!import")) and "<" not in text:
            raise Unread(text[:40], "a diagram in one file: write its lines here")
        elif not text.startswith(
            ("!theme", "!pragma", "!include", "!import", "!log", "!assert", "!undef", "!option", "!return")
        ):
            raise Unread(text[:40], "a directive such as !while, !if, !procedure or !$n = 3")

    def _block(
        self, head: str, body: list[TextLine], names: dict[str, str], depth: int
    ) -> Iterator[TextLine]:
        if match := _PROCEDURE.match(head):
            arguments = [part for part in split(match[3]) if part]
            self.procedures[match[2]] = _Procedure(arguments, body)
        elif head.startswith("!while"):
            while self._holds(head[6:], names):
                yield from self.lines(body, names, depth + 1)
                self.sketch.spend(200)
        elif match := re.match(r"!foreach\s+\$?(\w+)\s+in\s+(.*)", head):
            listed = self.replaced(match[2], names)
            for member in split(listed.strip("[]{} ")):
                names[match[1]] = member.strip('"')
                yield from self.lines(body, names, depth + 1)
        elif head.startswith("!if"):
            yield from self.lines(self._branch(head, body, names), names, depth + 1)
        else:
            raise Unread(head[:40], "a directive such as !while, !if, !procedure or !$n = 3")

    def _branch(self, head: str, body: list[TextLine], names: dict[str, str]) -> list[TextLine]:
        """Return the lines of the branch that holds."""
        holds, chosen, start, depth = self._tested(head, names), [], 0, 0
        done = False
        for place, line in enumerate(body):
            text = line.text.strip()
            depth += text.startswith(_OPENS) - text.startswith(_CLOSES)
            if depth or not text.startswith("!else"):
                continue
            if holds and not done:
                chosen, done = body[start:place], True
            start = place + 1
            holds = not done and (not text.startswith("!elseif") or self._holds(text[7:], names))
        return chosen if done else body[start:] if holds else []

    def _tested(self, head: str, names: dict[str, str]) -> bool:
        word, _, rest = head.partition(" ")
        if word in ("!ifdef", "!ifndef"):
            return (rest.strip() in self.defined) == (word == "!ifdef")
        return self._holds(head[3:], names)

    def _holds(self, text: str, names: dict[str, str]) -> bool:
        replaced = self.replaced(text, names)
        return bool(calculate(re.sub(r"%(?:intval|string)\s*\(([^()]*)\)", r"\1", replaced)))


def _end(lines: list[TextLine], start: int) -> int:
    """Return the place of the line that ends a block."""
    head = lines[start].text.strip()
    if (match := _PROCEDURE.match(head)) and match[1] == "function" and "return" in match[4]:
        return start
    depth = 0
    for place in range(start, len(lines)):
        text = lines[place].text.strip()
        depth += text.startswith(_OPENS) - text.startswith(_CLOSES)
        if depth <= 0:
            return place
    raise Unread(f"{head[:40]} that is not ended", "its end")
