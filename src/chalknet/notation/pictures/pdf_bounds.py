"""How much a page of a PDF would unpack to, known before it is: long streams, and forms that draw forms."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chalknet.notation.limits import LIMITS, check_limit
from chalknet.notation.pictures.source import PictureSource

_OBJECT = re.compile(rb"(?<![0-9])([0-9]{1,10})[\s\0]{1,20}[0-9]{1,5}[\s\0]{1,20}obj\b")
_STREAM = re.compile(rb"\bstream\r?\n?")
_IMAGE = re.compile(rb"/Subtype\s*/Image\b")
_FORM = re.compile(rb"/Subtype\s*/Form\b")
_LENGTH = re.compile(rb"/Length\s+([0-9]{1,10})\b(?!\s+[0-9]+\s+R)")
_NAME = rb"/([^\s\0/<>\[\]()%{}]{1,200})"
_NAMED = re.compile(_NAME + rb"\s+([0-9]{1,10})\s+[0-9]{1,5}\s+R\b")
_DRAWN = re.compile(_NAME + rb"\s+Do\b")
_REFERENCE = re.compile(rb"([0-9]{1,10})\s+[0-9]{1,5}\s+R\b")
_CONTENTS = re.compile(rb"/Contents\s*(\[[^\]]*\]|[0-9]{1,10}\s+[0-9]{1,5}\s+R)")
_ELSEWHERE = re.compile(rb"/(?:Resources|XObject|Parent)\s+([0-9]{1,10})\s+[0-9]{1,5}\s+R\b")
_SIDES = re.compile(rb"/(?:Width|Height)\s+([0-9]{1,12})\b(?!\s+[0-9]+\s+R)")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_HEAD = 50_000  # bytes of a dictionary that are looked at
_PACKED = {rb"/FlateDecode": "flate", rb"/Fl": "flate", rb"/ASCII85Decode": "85", rb"/A85": "85",
           rb"/ASCIIHexDecode": "hex", rb"/AHx": "hex"}  # fmt: skip
_FILTER = re.compile(rb"/Filter\s*(\[[^\]]*\]|/\w+)")
_WORD = re.compile(rb"/\w+")
_UNKNOWN = 20  # how often a stream that cannot be looked into may draw each of its forms
_UNPACKED = "unpacked bytes of a PDF"
_MOST = 10**15


@dataclass
class _Stream:
    """The content of a page, or a form.

    Args:
        size: its bytes, unpacked.
        draws: how often it draws what it calls by a name; None where it cannot be looked into.
        head: its dictionary.
    """

    size: int
    draws: Counter[bytes] | None
    head: bytes


@dataclass
class _Found:
    """The objects of a file.

    Args:
        heads: dictionaries by the number of their object.
        streams: contents, likewise.
        unpacked: the bytes of all of them together.
    """

    heads: dict[int, bytes] = field(default_factory=dict)
    streams: dict[int, _Stream] = field(default_factory=dict)
    unpacked: int = 0


def check_bounds(source: PictureSource, data: bytes) -> None:
    """Refuse a PDF of which a page would unpack to more than any drawing has.

    Raises:
        NotationError: for one, before pdfium sees it.
    """
    found = _Found()
    for number, head, body in _objects(data):
        found.heads[number] = found.heads.get(number, b"") + head  # versions of one object count together
        if body is None:
            continue
        if _IMAGE.search(head):
            width, height, *_ = *(int(side) for side in _SIDES.findall(head)), 1, 1
            check_limit(source, None, "pixels of a picture", width * height)
        else:
            _look_into(source, found, number, head, body)
    sizes = _sizes(source, found)
    for head in found.heads.values():
        contents = [int(each) for part in _CONTENTS.findall(head) for each in _REFERENCE.findall(part)]
        names = _names(found, head) if contents else {}
        size = sum(_size(found, each, names, sizes) for each in contents)
        check_limit(source, None, _UNPACKED, min(size, _MOST))
    check_limit(source, None, _UNPACKED, max(sizes.values(), default=0))


def _objects(data: bytes) -> Iterator[tuple[int, bytes, bytes | None]]:
    """Yield the number, the dictionary and the content of every object."""
    at = 0
    while (opening := _OBJECT.search(data, at)) is not None:
        start = opening.end()
        end = data.find(b"endobj", start)
        end = len(data) if end < 0 else end
        stream = _STREAM.search(data, start, end)
        if stream is None:
            yield int(opening[1]), data[start : min(end, start + _HEAD)], None
            at = start
            continue
        head = data[start : min(stream.start(), start + _HEAD)]
        stated = _LENGTH.search(head)
        closing = stream.end() + int(stated[1]) if stated else -1
        if stated is None or data[closing : closing + 20].strip()[:9] != b"endstream":
            closing = data.find(b"endstream", stream.end())
            closing = len(data) if closing < 0 else closing
        yield int(opening[1]), head, data[stream.end() : closing]
        at = closing


def _look_into(source: PictureSource, found: _Found, number: int, head: bytes, body: bytes) -> None:
    content = _unpacked(source, head, body)
    size = len(content) if content is not None else 10 * len(body)
    found.unpacked += size
    check_limit(source, None, _UNPACKED, found.unpacked // 8)  # all pages together
    if content is not None and b"/ObjStm" in head:
        found.heads |= {part: content[at:to] for part, at, to in _packed_objects(head, content)}
        return
    draws = None if content is None else Counter(map(_plain, _DRAWN.findall(content)))
    found.streams[number] = _Stream(size, draws, head)


def _packed_objects(head: bytes, content: bytes) -> Iterator[tuple[int, int, int]]:
    first = re.search(rb"/First\s+([0-9]{1,10})", head)
    begin = int(first[1]) if first else 0
    numbers = [int(each) for each in content[:begin].split()[:200_000] if each.isdigit()]
    places = [*[begin + at for at in numbers[1::2]], len(content)]
    yield from zip(numbers[::2], places, places[1:], strict=False)


def _unpacked(source: PictureSource, head: bytes, body: bytes) -> bytes | None:
    """Return a content unpacked, no more of it than the limit; None for what cannot be unpacked here."""
    most = LIMITS[_UNPACKED]
    filters = _FILTER.search(head)
    for word in _WORD.findall(filters[1]) if filters else []:
        how = _PACKED.get(word)
        try:
            if how == "flate":
                unpacking = zlib.decompressobj()
                body = unpacking.decompress(body, most + 1)
            elif how == "85":
                body = base64.a85decode(b"".join(body.split()).partition(b"~")[0])
            elif how == "hex":
                body = bytes.fromhex(body.partition(b">")[0].decode("ascii"))
            else:
                return None
        except (zlib.error, binascii.Error, ValueError):
            return None
        check_limit(source, None, _UNPACKED, len(body))
    return body


def _plain(name: bytes) -> bytes:
    """Return a name without the signs that it may be written by."""
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), name) if b"#" in name else name


def _names(found: _Found, head: bytes) -> dict[bytes, int]:
    """Return the forms that a page or a form may draw, by the names that it has for them."""
    names: dict[bytes, int] = {}
    waiting, seen = [head], set[int]()
    while waiting and len(seen) < 200:
        text = waiting.pop()
        for name, number in _NAMED.findall(text):
            if int(number) in found.streams:
                names.setdefault(_plain(name), int(number))
        for number in map(int, _ELSEWHERE.findall(text)):
            if number not in seen and number in found.heads:
                seen.add(number)
                waiting.append(found.heads[number])
    return names


def _size(found: _Found, number: int, names: Mapping[bytes, int], sizes: Mapping[int, int]) -> int:
    """Return what a content and all that it draws unpack to."""
    stream = found.streams.get(number)
    if stream is None:
        return 0
    if stream.draws is None:
        inside = sum(_UNKNOWN * sizes.get(each, 0) for each in names.values() if each != number)
    else:
        inside = sum(times * sizes.get(names.get(name, -1), 0) for name, times in stream.draws.items())
    return stream.size + inside


def _sizes(source: PictureSource, found: _Found) -> dict[int, int]:
    """Return the size of every form with all that it draws.

    Raises:
        NotationError: for forms that draw one another in a circle.
    """
    sizes: dict[int, int] = {}
    forms = {number: stream for number, stream in found.streams.items() if _FORM.search(stream.head)}
    names = {number: _names(found, stream.head) for number, stream in forms.items()}
    drawn: dict[int, list[int]] = {}
    for number, stream in forms.items():
        called = names[number].items() if stream.draws is None else [
            (name, names[number][name]) for name in stream.draws if name in names[number]
        ]  # fmt: skip
        drawn[number] = [each for _, each in called if each in forms]
    for first in forms:
        waiting, open_ones = [first], set[int]()
        while waiting:
            number = waiting[-1]
            inside = [each for each in drawn[number] if each not in sizes]
            if number in sizes or not inside:
                sizes[number] = min(_MOST, _size(found, number, names[number], sizes))
                waiting.pop()
                open_ones.discard(number)
                continue
            open_ones.add(number)
            if open_ones.intersection(inside):
                got, wanted = "forms that draw one another in a circle", "a PDF whose forms come to an end"
                raise source.refuse(None, got=got, wanted=wanted, remedy="Take a screenshot of the page.")
            waiting += inside
    return sizes
