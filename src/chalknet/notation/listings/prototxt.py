"""The text form of protocol buffers, in which Caffe keeps networks: fields, values, messages in braces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from chalknet.notation.tokens import SourceText, Span

_DEEPEST = 30  # of braces
_WORD = re.compile(
    r"(?P<blank>[\s,;]++|\#[^\n]*+)|(?P<text>\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+')"
    r"|(?P<name>[A-Za-z_]\w*+)|(?P<number>[-+]?(?:\d[\w.]*+(?:(?<=[eE])[-+]\d++)?|\.\d[\w.]*+))|(?P<sign>.)"
)


@dataclass
class ProtoMessage:
    """What stands in a pair of braces: values by their names, each with its place.

    Args:
        span: where it stands.
        fields: numbers, texts and messages by their names, in their order.
    """

    span: Span
    fields: dict[str, list[object]] = field(default_factory=dict)

    def get(self, name: str, default: object = None) -> object:
        """Return the last value of a name; a default where there is none."""
        return self.fields.get(name, [default])[-1]

    def all(self, name: str) -> list[object]:
        """Return the values of a name."""
        return self.fields.get(name, [])

    def part(self, name: str) -> ProtoMessage:
        """Return the message of a name; an empty one where there is none."""
        found = self.get(name)
        return found if isinstance(found, ProtoMessage) else ProtoMessage(self.span)


class ProtoReader:
    """Reads the text form of protocol buffers.

    Args:
        source: the text.
    """

    def __init__(self, source: SourceText) -> None:
        self._source = source
        self._words = [
            (one.lastgroup or "sign", one.group(), Span(*one.span()))
            for one in _WORD.finditer(source.text)
            if one.lastgroup != "blank"
        ]
        self._at = 0

    def read(self, start: Span, depth: int = 0) -> ProtoMessage:
        """Return what stands up to the closing brace, or the end of the text."""
        message = ProtoMessage(start)
        while self._at < len(self._words):
            kind, text, span = self._words[self._at]
            self._at += 1
            if text in ("}", ">") and kind == "sign":
                if depth:
                    return message
                raise self._source.refuse(span, got=f"{text} without its other half", wanted="layer { ... }")
            if kind != "name":
                raise self._source.refuse(span, got=repr(text), wanted="the name of a field")
            if self._sign(":"):
                self._at += 1
            message.fields.setdefault(text, []).extend(self._values(span, depth))
        if depth:
            raise self._source.refuse(start, got="a brace that is not closed", wanted="layer { ... }")
        return message

    def _sign(self, *signs: str) -> bool:
        known = self._at < len(self._words)
        return known and self._words[self._at][0] == "sign" and self._words[self._at][1] in signs

    def _values(self, name: Span, depth: int) -> Iterator[object]:
        """Yield the values behind a name: one, or those of a list."""
        if depth > _DEEPEST:
            raise self._source.refuse(name, got="braces nested too deep", wanted=f"at most {_DEEPEST}")
        if self._sign("["):
            self._at += 1
            while self._at < len(self._words) and not self._sign("]"):
                yield self._value(name, depth)
            self._at += 1
        else:
            yield self._value(name, depth)

    def _value(self, name: Span, depth: int) -> object:
        if self._at >= len(self._words):
            raise self._source.refuse(name, got="a field without a value", wanted="num_output: 10")
        kind, text, span = self._words[self._at]
        self._at += 1
        if kind == "sign" and text in ("{", "<"):
            return self.read(name, depth + 1)
        if kind == "text":
            return text[1:-1]
        if kind == "name":
            return text
        number = _number(text) if kind == "number" else None
        if number is None:
            raise self._source.refuse(span, got=repr(text[:20]), wanted="a number, a text or a name")
        return number


def _number(text: str) -> int | float | None:
    text = text.rstrip("fFuUlL")
    try:
        return int(text) if text.lstrip("+-").isdigit() and len(text) < 20 else float(text)
    except ValueError:
        return None
