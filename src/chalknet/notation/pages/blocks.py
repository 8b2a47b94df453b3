"""The blocks of Markdown, Quarto, MyST, reStructuredText, AsciiDoc and Org, found line by line."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from chalknet.notation.pages.piece import FORM_OF_WORD, PageBlock, names_inside

_FENCE = re.compile(
    r"(?P<margin>[ \t>]*+(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]++)?+)(?P<fence>`{3,}+|~{3,}+|:{3,}+)"
    r"(?P<info>[^\n]*+)"
)
_QUOTE = re.compile(r"(?:[ \t]{0,3}>[ \t]?)*+")
_INFO = re.compile(
    r"[ \t]*+\{?[ \t]*+(?:(?:code-block|sourcecode|code-cell|code|raw)\}[ \t]*+)?+[.=]?+(?P<word>[\w.+/-]*+)",
    re.I,
)
_DIRECTIVE = re.compile(r"(?P<margin>[ \t]*+)\.\.[ \t]++(?P<name>[\w-]++)::(?P<rest>[^\n]*+)")
_DIRECTIVES = {"graphviz": "dot", "digraph": "digraph", "graph": "graph", "mermaid": "mermaid",
               "uml": "plantuml", "d2": "d2", "tikz": "tikz", "math": "math"}  # fmt: skip
_OPTION = re.compile(r":(?P<name>[\w-]++):[ \t]*+(?P<value>[^\n]*+)")
_ADOC = re.compile(r"\[(?:source[ \t]*+,[ \t]*+)?+(?P<word>[\w-]++)(?P<rest>[^\]\n]*+)\][ \t]*+")
_ADOC_DELIMITER = re.compile(r"(?:-{2}|-{4,}+|\.{4,}+|={4,}+|_{4,}+)[ \t]*+")
_ORG = re.compile(r"[ \t]*+#\+begin_(?:src|example|export)\b[ \t]*+(?P<word>[\w-]*+)(?P<rest>[^\n]*+)", re.I)
_ORG_END = re.compile(r"[ \t]*+#\+end_(?:src|example|export)\b", re.I)
_TITLE_LINE = re.compile(
    r"(?:\.(?=[^\s.])|[ \t]*+#\+(?:name|caption)[ \t]*+:[ \t]*+)(?P<title>[^\n]++)", re.I
)
_HEADING = re.compile(r"(?:#{1,6}|={1,6}|\*{1,6})[ \t]++(?P<title>[^\n]++)")
_NAMED = re.compile(
    r"(?:^|[\s,{;:])(?:title|caption|fig-cap|fig\.cap|label|name|id|target)[ \t]*+=?[ \t]*+"
    r"(?P<value>\"[^\"]*+\"|'[^']*+'|(?<==)[^\s,}\]\"']++)"
)
_ID = re.compile(r"(?<=[{\s])#(?P<value>[\w:-]++)")


class _Opening(NamedTuple):
    """The beginning of a block, and how to see its end."""

    kind: str  # "fence", "directive", "adoc" or "org"
    word: str
    sign: str  # the fence, or the delimiter
    quoted: bool
    indent: int
    names: list[str]
    line: int


def blocks_of(text: str) -> Iterator[PageBlock]:
    """Yield the blocks of a page in their order; one that is not closed reaches to the end."""
    yield from _Scan(text).blocks()


class _Scan:
    """Goes through the lines of a page once."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._at = 0
        self._heading = ""
        self._title = ""  # of the block that comes next

    def blocks(self) -> Iterator[PageBlock]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            opening = self._opening(line)
            if opening is not None:
                self._at += 1
                yield self._block(opening)
                self._title = ""
                continue
            if titled := _TITLE_LINE.match(line):
                self._title = titled.group("title").strip()
            elif heading := _HEADING.match(line):
                self._heading = heading.group("title").strip(" #=*")
            elif line.strip():
                self._underlined(line)
            self._at += 1

    def _underlined(self, line: str) -> None:
        """Take a line under which another one of signs alone stands as a heading; forget a title."""
        below = self._lines[self._at + 1].strip() if self._at + 1 < len(self._lines) else ""
        if len(below) >= 3 and not below.strip(below[0]) and below[0] in "=-~^*\"'#":
            self._heading = line.strip()
        if not _ADOC.fullmatch(line):
            self._title = ""

    def _opening(self, line: str) -> _Opening | None:
        bare = line.lstrip()
        if not bare or bare[0] not in "`~:>-*+0123456789.[#":
            return None
        if fence := _FENCE.match(line):
            return self._fence(fence)
        if directive := _DIRECTIVE.match(line):
            return self._directive(directive)
        if org := _ORG.match(line):
            names = [match.group("value").strip("\"'") for match in _NAMED.finditer(org.group("rest"))]
            return _Opening("org", org.group("word").lower(), "", False, 0, names, self._at + 2)
        below = self._lines[self._at + 1] if self._at + 1 < len(self._lines) else ""
        if (adoc := _ADOC.fullmatch(line)) and _ADOC_DELIMITER.fullmatch(below):
            self._at += 1
            word = adoc.group("word").lower()
            return _Opening("adoc", word, below.strip(), False, 0, _names(adoc.group("rest")), self._at + 2)
        return None

    def _fence(self, match: re.Match[str]) -> _Opening | None:
        info, fence, margin = match.group("info"), match.group("fence"), match.group("margin")
        found = _INFO.match(info)
        word = found.group("word").lower().removeprefix("language-") if found else ""
        if fence[0] == ":" and not (word and FORM_OF_WORD.get(word)):
            return None
        if fence[0] == "`" and "`" in info:  # a piece of code within a line
            return None
        quoted = ">" in margin
        indent = len(margin.expandtabs(4))
        return _Opening("fence", word, fence, quoted, indent, _names(info), self._at + 2)

    def _directive(self, match: re.Match[str]) -> _Opening | None:
        name, rest = match.group("name").lower(), match.group("rest").strip()
        word = _DIRECTIVES.get(
            name, rest.lower() if name in ("code-block", "code", "sourcecode", "raw") else None
        )
        if word is None:
            return None
        names = [rest] if rest and name in ("digraph", "graph") else []
        return _Opening("directive", word, "", False, len(match.group("margin")), names, self._at + 2)

    def _block(self, opening: _Opening) -> PageBlock:
        start = self._at
        while self._at < len(self._lines) and not self._ends(opening, self._lines[self._at]):
            self._at += 1
        inside = self._lines[start : self._at]
        if opening.kind != "directive":
            self._at += 1
        if opening.quoted:
            inside = [line[_QUOTE.match(line).end() :] for line in inside]  # type: ignore[union-attr]
        names = [name for name in (self._title, *opening.names) if name]
        if opening.kind == "directive" or (opening.word and inside and inside[0].lstrip().startswith(":")):
            inside = [
                _without_option(line, names) if index < 20 else line for index, line in enumerate(inside)
            ]
        text = textwrap.dedent("\n".join(inside))
        word = opening.word
        if opening.kind == "directive" and word in ("digraph", "graph"):  # Sphinx leaves the braces out
            text, word = f"{word} {{{text}\n}}", "dot"
        names += names_inside(text)
        return PageBlock(
            word, text, opening.line, tuple(dict.fromkeys([*names, *filter(None, [self._heading])]))
        )

    def _ends(self, opening: _Opening, line: str) -> bool:
        if opening.kind == "directive":
            return bool(line.strip()) and len(line) - len(line.lstrip()) <= opening.indent
        if opening.kind == "org":
            return bool(_ORG_END.match(line))
        if opening.kind == "adoc":
            return line.strip() == opening.sign
        if opening.quoted:
            match = _QUOTE.match(line)
            if match is None or ">" not in match.group():
                return True
            line = line[match.end() :]
        bare = line.strip()
        return bare.startswith(opening.sign) and not bare.strip(opening.sign[0])


def _names(info: str) -> list[str]:
    """Return what the words behind an opening call it."""
    info = info[:1_000]
    found = [match.group("value").strip("\"'") for match in (*_NAMED.finditer(info), *_ID.finditer(info))]
    return [name for name in found if name]


def _without_option(line: str, names: list[str]) -> str:
    """Return a line of a directive; one that sets an option is taken out, and names it where it does."""
    option = _OPTION.fullmatch(line.strip())
    if option is None:
        return line
    if option.group("name") in ("caption", "name", "alt", "label") and option.group("value"):
        names.append(option.group("value").strip())
    return ""
