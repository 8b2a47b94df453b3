"""The encoding of a text, given or found by its content, and the text as UTF-8 whatever its encoding."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

from chalknet.data.formats.csv_languages import as_likely, guesses
from chalknet.data.formats.limits import over_limit, unpacked_limit
from chalknet.data.formats.option_words import option
from chalknet.data.formats.packed import opened
from chalknet.errors import DataError, invalid

UTF8 = "utf-8"
BOM = codecs.BOM_UTF8
_MARKS = {
    codecs.BOM_UTF8: UTF8,
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1c\x1d\x1e\x1f"))
_SIGNS = "\n\r,;\t"  # one of which stands in every table
_WRITE_ANEW = "Write the file anew as CSV in UTF-8: it is damaged, or no text."
_PART_BYTES = 8 << 20


@dataclass(frozen=True)
class Encoding:
    """The encoding of a text.

    Args:
        name: as Python calls it.
        note: what was inferred, and how to say it otherwise; empty for what is certain.
    """

    name: str
    note: str = ""


def encoding_of(path: Path, head: bytes, given: str | None, *, whole: bool) -> Encoding:
    """Return the encoding of a text.

    Args:
        path: what messages call it.
        head: its first bytes.
        given: the encoding that the user says it is in.
        whole: whether `head` is all of it.

    Raises:
        DataError: for bytes that are no text.
        InvalidValue: for an encoding of something else than text.
    """
    if given is not None:
        name = _text_encoding(given)
        if name == UTF8 and (other := _marked(head) or UTF8) != UTF8:
            raise undecodable(path, UTF8, fitting=other)
        return Encoding(name)
    if found := _marked(head):
        return Encoding(found)
    refuse_controls(path, head)
    return Encoding(UTF8) if _decodes(head, UTF8, whole) else _guessed(path, head, whole)


def _marked(head: bytes) -> str | None:
    """Return the encoding that a mark at the beginning, or zeros between the letters, tell."""
    marked = (name for mark, name in _MARKS.items() if head.startswith(mark))
    return next(marked, None) or (_by_zeros(head) if b"\0" in head else None)


def refuse_controls(path: Path, text: bytes, remedy: str = _WRITE_ANEW) -> None:
    """Raise a DataError for a text that holds bytes which no text has."""
    if found := [byte for byte in _CONTROLS if byte in text]:
        at = min(map(text.index, found))
        raise DataError(
            where=f"{path}, line {line_ends(text[:at]) + 1}",
            got=f"bytes that are no text: {text[max(0, at - 10) : at + 10]!r}",
            wanted="text",
            remedy=remedy,
        )


def _text_encoding(name: str) -> str:
    try:
        "a".encode(name)
    except (LookupError, UnicodeError):
        raise invalid("encoding", name, 'the name of an encoding of texts, such as "cp949"') from None
    return UTF8 if codecs.lookup(name).name in (UTF8, "utf-8-sig", "ascii") else name


def _guessed(path: Path, head: bytes, whole: bool) -> Encoding:
    found = guesses(head, whole=whole)
    if not found or _is_damaged_utf8(head):
        raise undecodable(path, UTF8)
    best, others = found[0], as_likely(found)
    note = (
        f"{path.name} is not in UTF-8; by its letters it is read as {best.encoding} ({best.language}), with "
        f"words such as {best.words[0]!r}"
    )
    if others:
        shown = (f"{guess.encoding} ({guess.words[0]!r})" for guess in others[:2])
        note += f", though it may as well be {' or '.join(shown)}"
    other = (*others, *found[1:], best)[0].encoding
    return Encoding(best.encoding, f"{note}; {option('encoding', other)}, say, reads it otherwise")


def _is_damaged_utf8(head: bytes) -> bool:
    """Return whether most letters beyond ASCII are UTF-8, and some bytes are not."""
    text = head.decode(UTF8, "replace")
    bad = text.count("\ufffd")
    return sum(letter > "\x7f" for letter in text) - bad > 2 * bad


def _by_zeros(head: bytes) -> str | None:
    """Return which UTF-16 or UTF-32 a text without a mark is in, by where its zero bytes stand."""
    units = max(1, len(head) // 2)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    names = ["utf-32-le", "utf-32-be"] if min(even, odd) > 0.2 * units else []
    names += ["utf-16-le"] if odd > max(0.1 * units, 4 * even) else []
    names += ["utf-16-be"] if even > max(0.1 * units, 4 * odd) else []
    return next(
        (name for name in names if _decodes(head, name, whole=False) and _has_signs(head, name)), None
    )


def _has_signs(head: bytes, encoding: str) -> bool:
    """Return whether most bytes that look like delimiters and line ends are such in an encoding too."""
    decoded = head.decode(encoding, "ignore")
    seen = sum(head.count(sign.encode()) for sign in _SIGNS)
    return "\0" not in decoded and 0 < seen <= 2 * sum(decoded.count(sign) for sign in _SIGNS)


def _decodes(text: bytes, encoding: str, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(text, whole)
    except UnicodeError:
        return False
    return True


def utf8_parts(
    path: Path,
    encoding: str,
    start: int = 0,
    *,
    end: int | None = None,
    size: int = _PART_BYTES,
    limits: Mapping[str, int] | None = None,
) -> Iterator[bytes]:
    """Yield a text as UTF-8, from one of its bytes to another, in parts of about `size` bytes.

    Args:
        path: the file, unpacked where it is packed.
        encoding: that it is in.
        start: byte of the text as UTF-8; where it is in another encoding, it is decoded again up to there.
        end: byte of the text as UTF-8 to stop at; None for all of it.
        size: bytes that are read at a time.
        limits: how much is read, where the user says so.

    Raises:
        DataError: for bytes that the encoding does not have, or more than a packed file may hold.
    """
    with opened(path) as file:
        packed = not isinstance(file, io.BufferedReader)
        # where an end is given, all up to there was read before
        most = unpacked_limit(path.stat().st_size, limits) if packed and end is None else None
        position = file.seek(start) if encoding == UTF8 else 0
        aligned = size - position % size  # so that the parts end where they do when read from the beginning
        for part in _read(file, size, aligned) if encoding == UTF8 else _decoded(path, file, encoding, size):
            kept = part[max(0, start - position) : None if end is None else max(0, end - position)]
            position += len(part)
            if most is not None and position > most:
                raise over_limit(str(path), "unpacked_bytes", limits, f"more than {most:,} bytes", 4 * most)
            if kept:
                yield kept
            if end is not None and position >= end:
                return


def _read(file: IO[bytes], size: int, first: int = 0) -> Iterator[bytes]:
    part = file.read(first or size)
    while part:
        yield part
        part = file.read(size)


def _decoded(path: Path, file: IO[bytes], encoding: str, size: int) -> Iterator[bytes]:
    """Yield what a file in another encoding holds, as UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)()
    more = True
    while more:
        raw = file.read(size)
        more = bool(raw)
        try:
            text = decoder.decode(raw, not more).encode(UTF8)
        except UnicodeError as problem:
            raise undecodable(path, encoding) from problem
        if text:
            yield text


def last_bytes(
    path: Path, encoding: str, size: int, limits: Mapping[str, int] | None = None
) -> tuple[int, bytes]:
    """Return at which byte of a text, as UTF-8, its last bytes begin, and these bytes.

    A text that is packed or in another encoding is read through for it.
    """
    with opened(path) as file:
        if encoding == UTF8 and isinstance(file, io.BufferedReader):
            at = file.seek(max(0, file.seek(0, io.SEEK_END) - size))
            return at, file.read(size)
    tail, length = b"", 0
    for part in utf8_parts(path, encoding, size=1 << 20, limits=limits):
        tail = (tail + part)[-size:]
        length += len(part)
    return length - len(tail), tail


def line_ends(text: bytes) -> int:
    r"""Return how many lines end in a text: by \n, \r\n or \r."""
    ends = text.count(b"\n")
    return ends + text.count(b"\r") - text.count(b"\r\n") if b"\r" in text else ends


def undecodable(path: Path, encoding: str, start: int = 0, fitting: str = "") -> DataError:
    """Return the error for a text with bytes that its encoding does not have.

    Args:
        path: the file.
        encoding: what was tried.
        start: byte of a text in UTF-8 at which to begin to look.
        fitting: an encoding that does have them; "" to find one.
    """
    decoder, shown = codecs.getincrementaldecoder(encoding)(), b""
    above = utf8_parts(path, UTF8, end=start) if start else ()
    lines = _Lines(sum(map(line_ends, above)))
    with opened(path) as file:
        file.seek(start)
        for part in chain(_read(file, 1 << 16), [b""]):
            try:
                lines.count(decoder.decode(part, not part))
            except UnicodeDecodeError as problem:
                whole, at = problem.object, problem.start
                lines.count(whole[:at].decode(encoding, "replace"))
                shown = whole[max(0, at - 10) : at + 10]
                fitting = fitting or _fitting(path, whole[max(0, at - 200) : at + 200])
                break
            except UnicodeError:  # an encoding that names no place
                break
    name, fitting = "UTF-8" if encoding == UTF8 else encoding, fitting or "latin-1"
    return DataError(
        where=f"{path}, line {lines.ended + 1}",
        got=f"bytes that are not {name}: {shown!r}",
        wanted=f"text in {name}",
        remedy=f"Say what it is in, {option('encoding', fitting)}, or mend that line.",
    )


@dataclass
class _Lines:
    """How many lines of a text have ended, which comes in parts.

    Args:
        ended: so many.
        last: the last letter so far.
    """

    ended: int
    last: str = ""

    def count(self, part: str) -> None:
        """Go on with another part."""
        self.ended += line_ends(part.encode(UTF8, "replace")) - (self.last == "\r" and part[:1] == "\n")
        self.last = part[-1:] or self.last


def _fitting(path: Path, near: bytes) -> str:
    """Return the likeliest encoding that all of a file can be read in, by the bytes near a fault."""
    if _reads(path, UTF8):
        return UTF8
    likely = guesses(near, whole=False)
    return next((guess.encoding for guess in likely if _reads(path, guess.encoding)), "latin-1")


def _reads(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    most, count = unpacked_limit(path.stat().st_size, None), 0
    with opened(path) as file:
        try:
            for part in chain(_read(file, _PART_BYTES), [b""]):
                decoder.decode(part, not part)
                count += len(part)
                if count > most:
                    break
        except UnicodeError:
            return False
    return True
