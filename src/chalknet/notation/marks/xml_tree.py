"""XML as a tree that knows where each element stands, read without entities, nesting or other traps."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText

_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([a-zA-Z][a-zA-Z0-9]{1,30};)")
_MOST_REFERENCES = 10_000
_NAMESPACE = re.compile(r"https?://[^&<>\s]{0,200}|")


@dataclass(slots=True)
class Element:
    """An element of XML.

    Args:
        tag: its name without a prefix.
        attributes: as written, prefixes kept.
        at: where it stands in the text.
        children: elements, and the texts between them.
        comment: what stands in a comment right before it.
    """

    tag: str
    attributes: dict[str, str]
    at: int
    children: list[Element | str] = field(default_factory=list)
    comment: str = ""

    def get(self, name: str, default: str = "") -> str:
        """Return an attribute."""
        return self.attributes.get(name, default)

    def elements(self) -> Iterator[Element]:
        """Yield the elements directly inside."""
        return (child for child in self.children if not isinstance(child, str))

    def walk(self) -> Iterator[Element]:
        """Yield the element and all inside it, in the order of the text."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += [child for child in reversed(element.children) if not isinstance(child, str)]

    def words(self) -> str:
        """Return all texts inside, joined."""
        found: list[str] = []
        waiting: list[Element | str] = [self]
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                found.append(part)
            else:
                waiting += reversed(part.children)
        return "".join(found)


class _Unsafe(Exception):
    """Something in a document that is not read for safety."""


def read_xml(source: SourceText) -> Element:
    """Return the root of a document.

    Raises:
        NotationError: for what is damaged, has entities of its own, or has too many elements.
    """
    text = source.text
    if "undefined entity" in (problem := _first_problem(text)):
        # names that only HTML has, such as &nbsp;
        text = _NAMED.sub(lambda name: html.unescape(f"&{name.group(1)}").replace("<", "&lt;"), text)
        problem = ""
    if problem:
        at = int(problem.partition(" ")[0])
        got = f"damaged XML ({problem.partition(' ')[2]})"
        raise source.refuse(min(at, len(text)), got=got, wanted="a whole document")
    builder = _TreeBuilder(source, text)
    try:
        builder.parse()
    except _Unsafe as unsafe:
        got = f"an XML that is not read for safety ({unsafe})"
        raise source.refuse(None, got=got, wanted="one without entities of its own") from unsafe
    except (expat.ExpatError, ValueError) as broken:
        got = f"damaged XML ({broken})"
        raise source.refuse(None, got=got, wanted="a whole document") from broken
    return builder.root


def _first_problem(text: str) -> str:
    """Return where a document is damaged and how; nothing for a sound one."""
    parser = expat.ParserCreate()
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as problem:
        rows = text.split("\n")[: problem.lineno - 1]
        return f"{sum(len(row) + 1 for row in rows) + problem.offset} {problem}"
    return ""


class _TreeBuilder:
    """Builds the tree while the text is parsed."""

    def __init__(self, source: SourceText, text: str) -> None:
        self._source, self._data = source, text.encode("utf-8", "replace")
        self._is_plain = len(self._data) == len(text)
        self._byte, self._at = 0, 0
        self._count, self._said = 0, ""
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._words
        self._parser.CommentHandler = self._comment
        self._parser.EntityDeclHandler = self._entity
        self.root = Element("", {}, 0)
        self._open = [self.root]

    def parse(self) -> None:
        self._parser.Parse(self._data, True)
        self.root = next(self.root.elements(), self.root)

    def _place(self) -> int:
        """Return the character that the parser has come to; it counts bytes."""
        byte = self._parser.CurrentByteIndex
        if self._is_plain:
            return byte
        self._at += len(self._data[self._byte : byte].decode("utf-8", "replace"))
        self._byte = byte
        return self._at

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag.rpartition(":")[2], attributes, self._place())
        element.comment, self._said = self._said, ""
        self._open[-1].children.append(element)
        self._open.append(element)
        self._count += 1
        if not self._count % 10_000:
            check_limit(self._source, element.at, "words of a drawing", self._count)

    def _end(self, tag: str) -> None:
        self._open.pop()
        self._said = ""

    def _words(self, words: str) -> None:
        self._open[-1].children.append(words)

    def _comment(self, words: str) -> None:
        self._said = words.strip()

    def _entity(self, name: str, is_parameter: bool, value: str | None, *_: object) -> None:
        """Take entities that only name a namespace, as Illustrator writes them."""
        if is_parameter or value is None or not _NAMESPACE.fullmatch(value):
            raise _Unsafe("an entity")
        if self._data.count(b"&") > _MOST_REFERENCES:
            raise _Unsafe("too many entities")
