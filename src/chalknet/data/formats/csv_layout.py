"""How a delimited text is written, and its whole rows in pieces of a few MB."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chalknet.data.formats.csv_comments import blanked, without_comments
from chalknet.data.formats.csv_encoding import UTF8, line_ends, undecodable, utf8_parts
from chalknet.data.formats.csv_rows import Separator, is_missing
from chalknet.data.formats.limits import limit_of, over_limit
from chalknet.data.formats.option_words import option, skip_option
from chalknet.errors import DataError

_PIECE_BYTES = 8 << 20
_LINE_END = re.compile(rb"[\r\n]")
_BOM_INSIDE = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class CsvLayout:
    """How a delimited text is written.

    Args:
        separator: what stands between two fields.
        names: of the columns; their numbers where the text has no header. Those of `ignored` are among them.
        start: byte of the text as UTF-8 at which the first row begins.
        notes: what was assumed, a sentence each.
        encoding: that the text is in.
        end: byte of the text as UTF-8 at which the rows end; None for its end.
        comment: what comments begin with, which are left out.
        header: the header as it is written, which no row may hold again; empty where there is none.
        skipped: what the user leaves out, numbers of lines and kinds of rows.
        number_first: whether the first column holds numbers.
        comment_marks: what lines begin with that are refused as comments; no first row begins with it.
        ignored: positions in a row that are no columns of the table, such as one after a last delimiter.
        limits: how much is read, where the user says so.
    """

    separator: Separator
    names: tuple[str, ...]
    start: int
    notes: tuple[str, ...] = ()
    encoding: str = UTF8
    end: int | None = None
    comment: str | None = None
    header: bytes = b""
    skipped: tuple[int | str, ...] = ()
    number_first: bool = False
    comment_marks: tuple[str, ...] = ()
    ignored: frozenset[int] = frozenset()
    limits: Mapping[str, int] | None = None

    @property
    def delimiter(self) -> str:
        """Return what stands between two fields of the pieces of the text."""
        return self.separator.delimiter

    @property
    def key(self) -> str:
        """Return all that decides which rows are read, for the cache."""
        special = {
            "encoding": self.encoding if self.encoding != UTF8 else None,
            "blanks": self.separator.blanks,
            "comment": self.comment,
            "end": self.end,
            "without": "headers" if "headers" in self.skipped else None,
        }
        parts = (f" {name}={value!r}" for name, value in special.items() if value)
        return f"{self.delimiter} {self.start}{''.join(parts)}"

    def plain(self, text: bytes, beginnings: bytes) -> bytes:
        """Return whole rows as a parser takes them: a delimiter between fields, left-out lines blank.

        Args:
            text: the rows.
            beginnings: the bytes that its lines begin with.
        """
        text = self._without_headers(without_comments(text, self.comment))
        blank = b" " if self.delimiter == "\t" else b" \t"
        if set(blank) & set(beginnings) and b'"' not in text:
            text = re.sub(rb"(?:\A|(?<=[\r\n]))[%b]++(?=[\r\n]|\Z)" % blank, b"", text)
        if self.ignored and not self.separator.blanks:
            delimiter = re.escape(self.delimiter.encode())
            text = re.sub(rb"(%b) ++(?=[\r\n]|\Z)" % delimiter, rb"\1", text)
        return self.separator.delimited(text)

    def _without_headers(self, text: bytes) -> bytes:
        if "headers" in self.skipped:
            starts = [0, *(start + len(self.header) for start in headers_in(text, self.header))]
            ends = [*(start - len(self.header) for start in starts[1:]), len(text)]
            text = b"".join(text[start:end] for start, end in zip(starts, ends, strict=True))
        return text


@dataclass(frozen=True)
class TextPiece:
    """Some whole rows of a text.

    Args:
        text: the rows in UTF-8; a line that is left out is blank, so that lines can be counted.
        start: byte of the text as UTF-8 at which they begin.
        end: byte of the text as UTF-8 at which the next piece begins.
    """

    text: bytes
    start: int
    end: int


def pieces(path: Path, layout: CsvLayout, start: int) -> Iterator[TextPiece]:
    """Yield a text from a byte on in pieces of a few MB, each of whole rows.

    Args:
        path: the file.
        layout: how it is written.
        start: byte of the text as UTF-8 at which a row begins.

    Raises:
        DataError: for a row without an end, the header again, comments that were not asked to be left out,
            bytes that the encoding does not have.
    """
    rest, longest = b"", limit_of("row_bytes", layout.limits)
    parts = utf8_parts(path, layout.encoding, start, end=layout.end, size=_PIECE_BYTES, limits=layout.limits)
    for more in parts:
        text = rest + more
        cut = _last_row_end(blanked(text, layout.comment))
        if cut:
            yield from _piece(path, layout, text[:cut], start)
            start += cut
        if len(text) - cut > longest:
            line = line_number(path, start, layout.encoding)
            where, got = f"{path}, line {line}", f"a row of more than {longest:,} bytes"
            raise over_limit(where, "row_bytes", layout.limits, got, 4 * longest)
        rest = text[cut:]
    if rest.strip():
        _refuse_open_quotation(path, layout, rest, start)
        yield from _piece(path, layout, rest, start)


def _piece(path: Path, layout: CsvLayout, text: bytes, start: int) -> Iterator[TextPiece]:
    """Yield some whole rows as a piece, unless nothing of them is left."""
    beginnings = _beginnings(text)
    _refuse_strange_rows(path, layout, text, start, beginnings)
    plain = layout.plain(text, beginnings)
    if re.search(rb"[^\r\n]", plain):
        yield TextPiece(plain, start, start + len(text))


def _refuse_open_quotation(path: Path, layout: CsvLayout, text: bytes, start: int) -> None:
    """Raise a DataError for a field whose quotation mark is never closed, so that it holds all the rest."""
    if without_comments(text, layout.comment).count(b'"') % 2 == 0:
        return
    plain = layout.separator.delimited(without_comments(text, layout.comment)).decode(UTF8, "replace")
    rows, line = csv.reader(io.StringIO(plain, newline=""), delimiter=layout.delimiter, strict=True), 0
    try:
        for _ in rows:
            line = rows.line_num
    except csv.Error as problem:
        if "end of data" in str(problem) or "field limit" in str(problem):
            raise DataError(
                where=f"{path}, line {line_number(path, start, layout.encoding) + line}",
                got="a quotation mark that is opened there and never closed",
                wanted="quoted fields with a mark at both ends",
                remedy="Close it, or write it twice where it belongs to the field.",
            ) from problem


def _beginnings(text: bytes) -> bytes:
    """Return the bytes that the lines of a text begin with and that are more than a letter or a figure.

    Looking for single bytes takes a tenth of a millisecond for 8 MB, for what follows a line end a hundred
    times as long: that is done only where it can be found.
    """
    letters = np.frombuffer(text, np.uint8)
    there = bytes(sign for sign in b"#/%! \t" if sign in text)
    dashes = letters == ord("-")
    if (dashes[:-1] & dashes[1:]).any():
        there += b"-"
    if not there:
        return b""
    ends = letters[:-1] == ord("\n")
    if b"\r" in text:
        ends |= letters[:-1] == ord("\r")
    found = np.bincount(letters[np.flatnonzero(ends) + 1], minlength=256)
    return bytes(sign for sign in there if found[sign] or text[0] == sign)


def line_number(path: Path, position: int, encoding: str = UTF8) -> int:
    """Return the number, counted from 1, of the line that a byte of a text as UTF-8 stands in."""
    lines, before = 1, b""
    for part in utf8_parts(path, encoding, end=position, size=_PIECE_BYTES) if position else ():
        lines += line_ends(part) - (before == b"\r" and part[:1] == b"\n")
        before = part[-1:]
    return lines


def not_utf8(path: Path, start: int) -> DataError:
    """Return the error for a text that is not UTF-8, with the first line at fault from a byte on."""
    return undecodable(path, UTF8, start)


def headers_in(text: bytes, header: bytes) -> Iterator[int]:
    """Yield where lines of a text begin that are the header again."""
    can_be = bool(header) and all(letter in text for letter in set(header))  # fast where it is not there
    at = text.find(header) if can_be else -1
    while at >= 0:
        end = at + len(header)
        before, after = text[max(0, at - 4) : at].removesuffix(_BOM_INSIDE)[-1:], text[end : end + 1]
        if before in (b"", b"\n", b"\r") and after in (b"", b"\n", b"\r"):
            yield at
        at = text.find(header, at + len(header))


def _refuse_strange_rows(path: Path, layout: CsvLayout, text: bytes, start: int, beginnings: bytes) -> None:
    """Raise a DataError for rows that are no data, unless they are left out or everything is to be read."""
    if 0 in layout.skipped:
        return
    if "headers" not in layout.skipped:
        for at in headers_in(text, layout.header):
            remedy = skip_option(layout.skipped, "headers")
            raise _strange(path, layout, start + at, "the header again", remedy)
    for mark in (mark for mark in layout.comment_marks if mark.encode()[0] in beginnings):
        for at in _lines_that_begin_with(text, mark.encode()):
            end = _LINE_END.search(text, at, at + (1 << 16))
            line = text[at : end.start() if end else at + (1 << 16)]
            if _is_comment(line, mark, layout):
                what = f"a comment, {line.decode(UTF8, 'replace')[:60]!r}"
                raise _strange(path, layout, start + at, what, option("comment", mark))


def _lines_that_begin_with(text: bytes, mark: bytes) -> Iterator[int]:
    """Yield where lines begin with a mark, but not those within quotation marks."""
    for end in (b"\n", b"\r"):
        at, counted, quotes = text.find(end + mark), 0, 0
        while at >= 0:
            quotes += text.count(b'"', counted, at)
            counted = at
            if quotes % 2 == 0:
                yield at + 1
            at = text.find(end + mark, at + 1)


def _is_comment(line: bytes, mark: str, layout: CsvLayout) -> bool:
    """Return whether a line is a comment: of another width than the rows, or words where a number stands."""
    fields = layout.separator.fields(line)
    if len(fields) != len(layout.names):
        return mark != "--" or not is_missing(fields[0])
    words = fields[0].removeprefix(mark)
    return layout.number_first and bool(re.match(r"\s+\w", words))


def _strange(path: Path, layout: CsvLayout, position: int, what: str, remedy: str) -> DataError:
    return DataError(
        where=f"{path}, line {line_number(path, position, layout.encoding)}",
        got=what,
        wanted="a row of the table",
        remedy=f"Leave such lines out: {remedy}.",
    )


def _last_row_end(text: bytes) -> int:
    """Return the byte after the last line end that stands outside quotation marks; 0 when there is none."""
    end_of_line = b"\n" if b"\n" in text else b"\r"
    last = text.rfind(end_of_line)
    if text.count(b'"', 0, last + 1) % 2 == 0:
        return last + 1
    letters = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(letters == ord(end_of_line))
    outside = ends[np.searchsorted(np.flatnonzero(letters == ord('"')), ends) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0
