"""A document in LaTeX: which pictures it holds, which one is meant, and what stands under it."""

from __future__ import annotations

import re
from typing import NamedTuple

from chalknet.notation.dialects.tex_text import Cursor, Unread, with_accents
from chalknet.notation.dialects.tikz_picture import shown_text
from chalknet.notation.tokens import SourceText

_PICTURE = re.compile(r"\\begin\s*+\{(tikzpicture|neuralnetwork|tikzgraph)\}|\\tikz(?![a-zA-Z@])")
STATEMENT = re.compile(
    r"\\(?:node|draw|path|foreach|matrix|graph|Vertex|inputlayer|coordinate|filldraw|tikzset)(?![a-zA-Z])"
)
_MOST_PICTURES = 300
_STOPS = re.compile(r"\\.|[{};]", re.S)
_OPEN_OR_END = re.compile(r"\\(begin|end)\s*+\{(?:tikzpicture|neuralnetwork|tikzgraph)\}")
_CAPTION = re.compile(r"\\caption\*?\s*+(?=[\[{])")
_TITLED = re.compile(r"\\label\s*+\{([^{}]*+)\}")


_BREAK = re.compile(
    r"\\\\|\\(?:begin|end)\s*+\{[^{}]*+\}(?:\s*+[\[{][^\[\]{}\n]*+[\]}])*+|\\(?:item|par|centering)(?![a-zA-Z])"
    r"|\\(?:(?:sub){0,2}section|chapter|(?:sub)?paragraph|frametitle|title)\*?\s*+\{[^{}]*+\}"
)
_TEXT = re.compile(
    r"\\(?:cite\w*|ref|label|eqref|autoref|footnotemark)\s*+\{[^{}]*+\}|\\(?!(?:tanh|sigma)(?![a-zA-Z]))[a-zA-Z]++\*?\s?|[{}~]"
)


class FoundPicture(NamedTuple):
    """A picture of a document: where its body begins and ends, its options, its caption."""

    start: int
    end: int
    options: str
    kind: str


def pictures(source: SourceText, text: str) -> list[FoundPicture]:
    """Return the pictures of a document without comments, in their order.

    Raises:
        NotationError: for one that is not closed.
    """
    found: list[FoundPicture] = []
    at = 0
    try:
        while match := _PICTURE.search(text, at):
            cursor = Cursor(text, at=match.end())
            if match[1]:
                end = _end_of(text, cursor.at)
                options = cursor.option() if cursor.is_at("[") else ""
                found.append(FoundPicture(cursor.at, end, options, match[1]))
                at = end
            else:
                options = cursor.option() if cursor.is_at("[") else ""
                cursor.skip()
                start = cursor.at
                if cursor.is_at("{"):
                    cursor.group()
                    found.append(FoundPicture(start + 1, cursor.at - 1, options, "tikz"))
                else:
                    cursor.at = _end_of_statement(text, start)
                    found.append(FoundPicture(start, cursor.at, options, "tikz"))
                at = max(cursor.at, match.end())
    except Unread as problem:
        raise source.refuse(at, got=problem.got, wanted=problem.wanted) from problem
    return [one for one in found if STATEMENT.search(text, one.start, one.end) or one.kind != "tikz"] or found


def _end_of_statement(text: str, at: int) -> int:
    r"""Return where the statement of a `\tikz` without braces ends, behind its semicolon."""
    braces = 0
    for match in _STOPS.finditer(text, at):
        braces += (match.group() == "{") - (match.group() == "}")
        if match.group() == ";" and braces <= 0:
            return match.end()
    return len(text)


def _end_of(text: str, at: int) -> int:
    """Return where a picture ends, one that stands inside one of its nodes being a part of it."""
    depth = 1
    for match in _OPEN_OR_END.finditer(text, at):
        depth += 1 if match[1] == "begin" else -1
        if not depth:
            return match.start()
    return len(text)


def chosen(source: SourceText, text: str, found: list[FoundPicture], name: str | None) -> FoundPicture:
    """Return the picture that is meant; of a text without any, the whole of it."""
    if not found:
        start = STATEMENT.search(text)
        if start is None:
            raise source.refuse(0, got="no picture", wanted="\\begin{tikzpicture} ... \\end{tikzpicture}")
        return FoundPicture(0, len(text), "", "bare")
    if len(found) == 1:
        return found[0]
    if len(found) > _MOST_PICTURES:
        got = f"{len(found):,} pictures"
        raise source.refuse(found[1].start, got=got, wanted=f"at most {_MOST_PICTURES:,}")
    names = [_names(text, one, place) for place, one in enumerate(found)]
    if name is not None:
        meant = [one for one, spelled in zip(found, names, strict=True) if name in spelled]
        if len(meant) == 1:
            return meant[0]
    lines = [
        f"{spelled[-1]} (line {text.count(chr(10), 0, one.start) + 1})"
        for one, spelled in zip(found, names, strict=True)
    ]
    raise source.refuse(
        found[1].start,
        got=f"{len(found)} pictures: {', '.join(lines[:12])}",
        wanted="one, or the name of the one that is meant",
        remedy=f"Say which, with --name {names[0][-1]!r} or name={names[0][-1]!r}.",
    )


def _names(text: str, one: FoundPicture, place: int) -> list[str]:
    """Return what a picture may be called: its number, its caption, its label."""
    before = text.rfind("\\begin{figure", 0, one.start)
    after = text.find("\\end{figure", one.end)
    names = [str(place + 1)]
    inside = before >= 0 and after >= 0 and text.find("\\end{figure", before, one.start) < 0
    if inside and (match := _TITLED.search(text, one.end, after)):
        names.append(match[1])
    return names


def caption(text: str) -> str:
    """Return what stands under the figure of a document; empty for nothing."""
    match = _CAPTION.search(text)
    if match is None:
        return ""
    cursor = Cursor(text, at=match.end())
    try:
        if cursor.is_at("["):
            cursor.option()
        return shown_text(cursor.group())[:1_000]
    except Unread:
        return ""


def prose(text: str) -> str:
    r"""Return the sentences around the only picture of a document; empty where it has none or several.

    Args:
        text: the document, without comments.
    """
    found = pictures(SourceText("TikZ", text), text)
    begin = text.find("\\begin{document}")
    if len(found) != 1 or found[0].start < begin:
        return ""
    before = text[max(begin, 0) : found[0].start]
    around = _BREAK.sub("\n\n", f"{before[: before.rfind(chr(92))]}\n\n{text[found[0].end :]}")
    return _TEXT.sub(" ", with_accents(around))
