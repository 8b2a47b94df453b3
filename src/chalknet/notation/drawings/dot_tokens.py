"""The words of DOT: names, texts, HTML labels and signs, with their places."""

from __future__ import annotations

import re
from typing import NamedTuple

from chalknet.notation.tokens import SourceText

_TOKEN = re.compile(
    r"\s++|//[^\n]*+|/\*.*?\*/|(?<=\n)#[^\n]*+"
    r'|(?P<string>"(?:[^"\\]++|\\.)*+")'
    r"|(?P<name>[^\W\d]\w*|-?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?![^\W\d]))"
    r"|(?P<sign>->|--|[{}\[\];,=:+])",
    re.S,
)


class DotToken(NamedTuple):
    """A word, what it is and where it stands."""

    kind: str  # "name", "string", "html", "sign" or "end"
    text: str
    at: int


class DotScanner:
    """Takes a text apart into tokens; a place may be jumped to."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.at = 0  # behind the last token

    def next(self) -> DotToken:
        """Return the next token; behind the last one, the end."""
        text = self.source.text
        while self.at < len(text):
            at = self.at
            match = _TOKEN.match(text, at)
            if match is not None:
                self.at = match.end()
                if match.lastgroup == "string":
                    return DotToken("string", match.group()[1:-1].replace("\\\n", "").replace('\\"', '"'), at)
                if match.lastgroup:
                    return DotToken(match.lastgroup, match.group(), at)
            elif text[at] == "<":
                self.at = _end_of_html(self.source, at)
                return DotToken("html", text[at + 1 : self.at - 1], at)
            elif text[at] == "#" or text[at] == "\ufeff":
                end = text.find("\n", at) if text[at] == "#" else at + 1
                self.at = len(text) if end < 0 else end
            else:
                what = "a text that is not closed" if text[at] == '"' else repr(text[at])
                raise self.source.refuse(at, got=what, wanted="a node, an edge or an attribute")
        return DotToken("end", "the end of the text", len(text))


def _end_of_html(source: SourceText, start: int) -> int:
    depth = 0
    for match in re.compile("[<>]").finditer(source.text, start):
        depth += 1 if match.group() == "<" else -1
        if depth == 0:
            return match.end()
    raise source.refuse(start, got="a label <...> that is not closed", wanted="its >")
