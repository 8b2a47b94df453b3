"""How a delimited text is written, found from its first and its last rows where it is not given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from chalknet.data.formats.csv_comments import blanked
from chalknet.data.formats.csv_delimiter import BLANK, separator_of
from chalknet.data.formats.csv_encoding import (
    BOM,
    UTF8,
    encoding_of,
    last_bytes,
    line_ends,
    refuse_controls,
    undecodable,
    utf8_parts,
)
from chalknet.data.formats.csv_header import Header, header_of, index_note, names_of
from chalknet.data.formats.csv_layout import CsvLayout, line_number
from chalknet.data.formats.csv_other_rows import (
    COMMENT_MARKS,
    are_units,
    before_table,
    commented_names,
    count_before,
    ends_empty,
    has_row_names,
    is_comment,
    is_units,
    lines_word,
    mark_of,
    rows_after,
    shown_lines,
    usual_width,
)
from chalknet.data.formats.csv_rows import (
    Separator,
    TextRow,
    is_word,
    number_columns,
    row_spans,
    rows_of,
)
from chalknet.data.formats.limits import limit_of, over_limit
from chalknet.data.formats.no_table import refuse_other
from chalknet.data.formats.option_words import option, skip_option
from chalknet.data.formats.packed import opened
from chalknet.data.formats.table import FileOptions
from chalknet.errors import DataError, invalid

_HEAD_BYTES = 1 << 20
_TAIL_BYTES = 64 << 10
_ROWS_LOOKED_AT = 120
_FIELDS_LOOKED_AT = 50_000
_LEAST_LINES = 3
_SEPARATOR_LINE = re.compile(rb'(?:\xef\xbb\xbf)?"?sep=(.)"?[ \t]*(?:\r\n?|\n|\Z)', re.I)


@dataclass(frozen=True)
class _Scan:
    """The first rows of a text, as far as they are understood.

    Args:
        path: the file.
        options: what is asked.
        encoding: that it is in.
        whole: whether `rows` are all there are.
        text: its first bytes as UTF-8, comments blanked.
        separator: what stands between fields.
        width: how many fields a row has.
        rows: from the header, or the first row, on; comments are none of them.
        notes: what was assumed so far.
    """

    path: Path
    options: FileOptions
    encoding: str
    whole: bool
    text: bytes
    separator: Separator
    width: int
    rows: tuple[TextRow, ...]
    notes: tuple[str, ...] = ()

    @property
    def skipped(self) -> tuple[int | str, ...]:
        """Return what the user leaves out."""
        given = self.options.skip_rows
        return (given,) if isinstance(given, int | str) else tuple(given)

    @property
    def refuses(self) -> bool:
        """Return whether lines that are no rows are refused: unless the user said that none is left out."""
        return 0 not in self.skipped

    def told(self, *notes: str) -> _Scan:
        """Return it with further notes."""
        return replace(self, notes=(*self.notes, *filter(None, notes)))


def layout_of(path: Path, options: FileOptions) -> CsvLayout:
    """Return how a text is written.

    Args:
        path: the file; gzip, bzip2 and xz are unpacked.
        options: what is known of it.

    Raises:
        FileProblem: when it cannot be opened.
        DataError: when it is empty, no text, or has lines that are no rows and that nothing leaves out.
        InvalidValue: for an option that it cannot take.
    """
    scan = _without_lines_before(_first_look(path, options))
    return _with_end(_layout(scan), scan)


def _first_look(path: Path, options: FileOptions) -> _Scan:
    with opened(path) as file:
        head = file.read(_HEAD_BYTES)
    refuse_other(path, head)
    encoding = encoding_of(path, head, options.encoding, whole=len(head) < _HEAD_BYTES)
    lines = _lines_skipped(options)
    text, whole = _first_lines(path, encoding.name, options, lines + _LEAST_LINES)
    if not text.removeprefix(BOM).strip():
        raise DataError(where=str(path), got="an empty file", wanted="rows", remedy="Write the data anew.")
    refuse_controls(path, text)
    start, delimiter, note = _after_separator_line(path, text)
    start = max(start, _line_start(text, lines))
    masked = blanked(text, options.comment)
    spans = list(islice(row_spans(masked, start), _ROWS_LOOKED_AT + 1))
    if not whole and len(spans) > 1 and spans[-1][1] >= len(text):
        spans.pop()  # cut off
    if not spans:
        raise DataError(
            where=str(path),
            got="no row below the lines that are left out",
            wanted="rows",
            remedy=f"Leave fewer out: skip_rows has {lines} lines." if lines else "Leave comment= out.",
        )
    separator, strange = _separator(options, delimiter, masked, spans)
    first = rows_of(masked, spans[:1], separator)[0].width
    if first > limit_of("columns", options.limits):
        raise over_limit(str(path), "columns", options.limits, f"{first:,} columns", first)
    rows = rows_of(masked, spans[: max(3, min(_ROWS_LOOKED_AT, _FIELDS_LOOKED_AT // first))], separator)
    width = usual_width([row for row in rows if not mark_of(row)] or rows)
    scan = _Scan(path, options, encoding.name, whole, masked, separator, width, tuple(rows))
    return scan.told(encoding.note, note, strange)


def _first_lines(path: Path, encoding: str, options: FileOptions, lines: int) -> tuple[bytes, bool]:
    """Return the first megabyte of a text, more where its first lines are longer, and whether that is all."""
    parts, length, ended, longest = list[bytes](), 0, 0, limit_of("row_bytes", options.limits)
    for part in utf8_parts(path, encoding, size=_HEAD_BYTES):
        if parts and ended >= lines:
            return b"".join(parts), False
        parts.append(part)
        length, ended = length + len(part), ended + line_ends(part)
        if length > (ended + 1) * longest:
            got = f"a row of more than {longest:,} bytes"
            raise over_limit(str(path), "row_bytes", options.limits, got, 4 * longest)
    return b"".join(parts), True


def _lines_skipped(options: FileOptions) -> int:
    given = options.skip_rows
    numbers = [
        each for each in ((given,) if isinstance(given, int | str) else given) if isinstance(each, int)
    ]
    if len(numbers) > 1:
        raise invalid("skip_rows", given, "one number of lines at the top, beside kinds of rows")
    return sum(numbers)


def _line_start(text: bytes, lines: int) -> int:
    """Return where the text goes on below some lines."""
    at = 0
    for found in islice(re.finditer(rb"\r\n?|\n", text), lines):
        at = found.end()
    if lines and line_ends(text) < lines:
        return len(text)
    return at or (len(BOM) if text.startswith(BOM) else 0)


def _after_separator_line(path: Path, text: bytes) -> tuple[int, str | None, str]:
    """Return where the text goes on, its delimiter and a note, where its first line says `sep=;`."""
    found = _SEPARATOR_LINE.match(text)
    if found is None:
        return 0, None, ""
    delimiter = found[1].decode("latin-1")
    return (
        found.end(),
        delimiter,
        f"line 1 of {path.name}, sep={delimiter}, names the delimiter and is no row",
    )


def _separator(
    options: FileOptions, delimiter: str | None, text: bytes, spans: Sequence[tuple[int, int]]
) -> tuple[Separator, str]:
    given = options.delimiter or delimiter
    if given is not None:
        return (BLANK if given == " " else Separator(given)), ""
    return separator_of([text[start:end].rstrip(b"\r\n") for start, end in spans])


def _without_lines_before(scan: _Scan) -> _Scan:
    """Return the scan of the table alone; refuse titles and comments above it."""
    counted = any(isinstance(each, int) for each in scan.skipped)
    padded = scan.options.header is None and not counted
    before = count_before(scan.rows, scan.width, padded=padded) if scan.refuses else 0
    if before:
        raise _lines_before(scan, before)
    first, *others = scan.rows
    names = commented_names(scan.rows, scan.width) if scan.options.header is not False else None
    if names:
        note = f"line {first.line} begins with {mark_of(first)!r} and is taken for the names of the columns"
        without = option("comment", mark_of(first))
        first, scan = replace(first, fields=names), scan.told(f"{note}; {without} leaves it out")
    comments = [row for row in others if is_comment(row, scan.width)]
    rows = [row for row in others if row not in comments]
    return replace(scan, rows=(first, *rows))


def _lines_before(scan: _Scan, before: int) -> DataError:
    lines = scan.rows[before].line - 1
    marks = {mark_of(row) for row in scan.rows[:before]}
    inside = {mark_of(row) for row in scan.rows[before:] if is_comment(row, scan.width)} - {None}
    comments = [option("comment", mark) for mark in sorted(filter(None, inside))]
    if len(marks) == 1 and (mark := marks.pop()):
        remedy = option("comment", mark)
    else:
        remedy = " and ".join([skip_option(scan.skipped, lines), *comments[:1]])
    above = re.split(rb"\r\n?|\n", scan.text)[:lines]
    return before_table(scan.path, above, remedy)


def _layout(scan: _Scan) -> CsvLayout:
    """Return the layout of the rows, whatever stands at their end."""
    scan, header = _header(scan)
    first, full = (
        scan.rows[0],
        [row for row in scan.rows[1:] if row.width == scan.width] or list(scan.rows[1:]),
    )
    written, start = (first.fields, first.end) if header.is_header else ((), first.start)
    if written and first.width == scan.width + 1 and not written[-1] and full:
        written = written[:-1]
    if header.is_header:
        scan, start, full = _below_header(scan, first, full)
    else:
        full = [first, *full]
    names = names_of(written) if written else tuple(map(str, range(first.width)))
    ignored = ends_empty(full, len(names)) and not (written and written[-1]) and len(names) > 1
    if not _is_chosen(scan.options, names):
        index = "" if header.row_names else index_note(written, names, full)
        aside = {*({0} if index or header.row_names else ()), *(getattr(scan.options, "drop", None) or ())}
        unnamed = [i for i, name in enumerate(written) if not name and i not in aside]
        scan = scan.told(index).told(_unnamed_note(unnamed[: len(unnamed) - ignored]))
    return CsvLayout(
        scan.separator,
        names,
        start,
        scan.notes,
        encoding=scan.encoding,
        comment=scan.options.comment,
        header=_as_written(scan, first) if header.is_header else b"",
        skipped=scan.skipped,
        number_first=bool(number_columns(full, 1)),
        comment_marks=()
        if scan.options.comment
        else tuple(set(COMMENT_MARKS) - {mark_of(row) for row in full}),
        ignored=frozenset([len(names) - 1] if ignored else []),
        limits=scan.options.limits,
    )


def _unnamed_note(columns: Sequence[int]) -> str:
    if not columns:
        return ""
    listed = ", ".join(map(str, columns))
    have = f"column {listed} has" if len(columns) == 1 else f"columns {listed} have"
    return f"{have} no name and is called by its number; {option('drop', list(columns))} leaves it out"


def _header(scan: _Scan) -> tuple[_Scan, Header]:
    """Return whether the first row holds names, and the scan with a name or an empty one for each column."""
    first, below = scan.rows[0], scan.rows[1:]
    full = [row for row in below if row.width == scan.width]
    shorter = (
        first.width == scan.width - 1 and len(full) == len(below) > 0 and scan.options.header is not False
    )
    if not shorter:
        header = header_of([first, *(full or below)], scan.options.header)
        return scan.told(header.note), header
    if ends_empty(full, scan.width):
        first = replace(first, fields=(*first.fields, ""))
        header = header_of([first, *full], scan.options.header)
        return replace(scan.told(header.note), rows=(first, *below)), header
    if not has_row_names(full):
        return scan, Header(True)
    first = replace(first, fields=("", *first.fields))
    note = (
        f"line {first.line} has one name less than the rows have fields: the first column has none, and is "
        "read as a column like any other; drop=[0] (--drop 0) leaves it out"
    )
    told = "" if _is_chosen(scan.options, names_of(first.fields)) else note
    return replace(scan.told(told), rows=(first, *below)), Header(True, row_names=True)


def _as_written(scan: _Scan, row: TextRow) -> bytes:
    text = scan.text[row.start : row.end].strip(b" \r\n")
    try:
        text.decode(UTF8)
    except UnicodeDecodeError:
        raise undecodable(scan.path, UTF8) from None
    return text


def _is_chosen(options: FileOptions, names: Sequence[str]) -> bool:
    """Return whether the user chose columns, or leaves the first one out."""
    dropped = getattr(options, "drop", None) or ()
    return getattr(options, "x", None) is not None or bool({0, "0", names[0], -len(names)} & set(dropped))


def _below_header(scan: _Scan, header: TextRow, rows: Sequence[TextRow]) -> tuple[_Scan, int, list[TextRow]]:
    """Return where the rows below the header begin, and which they are, without a row of units."""
    asked = "units" in scan.skipped
    if not rows or not is_units(rows[0], header, rows[1:], asked=asked):
        note = "skip_rows='units' leaves nothing out: the row below the header holds values" if asked else ""
        return scan.told(note), header.end, list(rows)
    if not asked and scan.refuses:
        names = skip_option(scan.skipped, rows[0].line - 1)
        otherwise = "" if are_units(rows[0]) else f"; if it holds the names, leave out what is above, {names}"
        raise DataError(
            where=f"{scan.path}, line {rows[0].line}",
            got=f"{shown_lines([scan.text[rows[0].start : rows[0].end]])}, words between header and numbers",
            wanted="a row of the table",
            remedy=f"If it holds units, leave it out, {skip_option(scan.skipped, 'units')}{otherwise}.",
        )
    return scan, rows[0].end if asked else header.end, list(rows[1:] if asked else rows)


def _with_end(layout: CsvLayout, scan: _Scan) -> CsvLayout:
    """Return the layout without totals and remarks at its end, which are refused or told where they stay."""
    asked = "totals" in scan.skipped
    at, tail = last_bytes(scan.path, layout.encoding, _TAIL_BYTES, layout.limits)
    begin = max(0, layout.start - at)
    if at + begin > layout.start:  # in the middle of a line
        begin = tail.find(b"\n") + 1
    masked = blanked(tail, layout.comment)
    spans = list(row_spans(masked, begin))[-_ROWS_LOOKED_AT:]
    whole = at + begin == layout.start and len(spans) < _ROWS_LOOKED_AT
    if masked.count(b'"', begin) % 2 or not spans:
        return layout
    rows = rows_of(masked, spans, layout.separator)
    after = rows_after(rows, len(layout.names), whole=whole)
    if not after or not scan.refuses:
        return layout
    if asked:
        return replace(layout, end=at + after[0].start)
    line = line_number(scan.path, at + after[0].start, layout.encoding)
    last = line + after[-1].line - after[0].line
    shown = shown_lines([tail[row.start : row.end] for row in after])
    without = skip_option(scan.skipped, "totals")
    numbers = number_columns(rows[: -len(after)], len(layout.names))
    if any(_is_unreadable(row, len(layout.names), numbers) for row in after):
        raise DataError(
            where=f"{scan.path}, {lines_word(line, last)}",
            got=f"{shown}, totals or remarks at the end",
            wanted="rows of the table",
            remedy=f"Leave {'it' if len(after) == 1 else 'them'} out: {without}.",
        )
    read, them = ("is", "it") if len(after) == 1 else ("are", "them")
    note = f"{lines_word(line, last)} at the end ({shown}) may be totals or empty, and {read} read as data"
    return replace(layout, notes=(*layout.notes, f"{note}; {without} leaves {them} out"))


def _is_unreadable(row: TextRow, width: int, numbers: set[int]) -> bool:
    return row.width != width or any(is_word(row.fields[column]) for column in numbers)
