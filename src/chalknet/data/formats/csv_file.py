"""CSV files as tables: delimited text, in pieces that end where a row ends, parsed by Arrow."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from chalknet.data.formats import arrow_memory as memory
from chalknet.data.formats.arrow import column_of, numbers_of_arrow
from chalknet.data.formats.csv_layout import (
    CsvLayout,
    TextPiece,
    line_number,
    not_utf8,
    pieces,
)
from chalknet.data.formats.csv_scan import layout_of
from chalknet.data.formats.number_text import (
    WORD_GAPS,
    ColumnReading,
    DecimalSigns,
    Evidence,
    NumberStyle,
    Place,
    Tally,
    decimals_of,
    has_leading_zeros,
    judged,
)
from chalknet.data.formats.pyarrow_module import module, pyarrow
from chalknet.data.formats.table import NUMBER_KINDS, Block, Column, DataTable, FileOptions, TableColumn
from chalknet.data.formats.text_columns import Texts, add_texts, numbers_of_columns, words_of_columns
from chalknet.errors import DataError
from chalknet.units import is_number

_RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
_BEHIND = re.compile(
    r"In CSV column #\d+: (?:Row #(\d+): )?CSV conversion error to null: invalid value '(.*)'$", re.S
)
_SAMPLE_BYTES = 1 << 18
_ZERO_THAT_LEADS = re.compile(rb"(?<![0-9.])0[0-9xX]")  # as in 007 and 0x1F


def open_csv(path: Path, options: FileOptions) -> DataTable:
    """Return a delimited text as a table.

    Args:
        path: the file.
        options: how it is written, where that is known.

    Raises:
        MissingPackage: without pyarrow.
        FileProblem: when it cannot be opened.
        DataError: when it is empty, or no text.
    """
    layout = layout_of(path, options)
    head = next(pieces(path, layout, layout.start), TextPiece(b"", layout.start, layout.start))
    if not head.text.strip():
        raise DataError(
            where=str(path),
            got=f"a header ({', '.join(layout.names[:5])}{', ...' if len(layout.names) > 5 else ''}) alone",
            wanted="rows below it",
            remedy="If it holds data, header=False (--no-header)."
            if any(map(is_number, layout.names))
            else "Write the data anew.",
        )
    file = _CsvFile(path, layout, options)
    table = file.parsed(head, None)
    there = range(len(layout.names) - len(layout.ignored))  # what is ignored stands behind the columns
    beginning = _arrays(table.slice(0, 1000))
    file.columns = tuple(column_of(layout.names[i], beginning[str(i)]) for i in there)
    size = path.stat().st_size
    return DataTable(
        path.name, path, file.columns, file.blocks, size, layout.key, notes=layout.notes, judge=file.judge
    )


@dataclass
class _CsvFile:
    """A text that is open for reading, and what is known of its columns.

    Args:
        path: the file.
        layout: how it is written.
        options: what was said of its numbers and gaps.
        columns: by their first rows.
        readings: of columns whose texts were all read, by their numbers.
        places: lines in words, as far as they were asked for.
    """

    path: Path
    layout: CsvLayout
    options: FileOptions
    columns: tuple[Column, ...] = ()
    readings: dict[int, ColumnReading] = field(default_factory=dict)
    places: dict[Place, str] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the words that stand for gaps because it was said so."""
        return tuple(self.options.missing)

    def blocks(self, chosen: Sequence[TableColumn], start: int) -> Iterator[Block]:
        """Yield columns block by block; where they hold more than plain numbers, they are judged then."""
        late = False  # whether columns were judged by what stands here, which a later beginning would miss
        for piece in pieces(self.path, self.layout, max(start, self.layout.start)):
            plain = self._plain(chosen)
            try:
                table = self.parsed(piece, self._types(chosen, plain), convert_problems=False)
            except pyarrow().ArrowInvalid as problem:
                found = self._judge(plain - self.readings.keys(), plain)
                if self._plain(chosen) == plain:
                    raise self._unparsed(piece, str(problem)) from problem
                self._check_late(found, piece)
                late = True
                table = self.parsed(piece, self._types(chosen, self._plain(chosen)))
            yield Block(self._values(table, piece, chosen), table.num_rows, piece.end, resumable=not late)

    def _plain(self, chosen: Sequence[TableColumn]) -> set[int]:
        """Return the columns that Arrow parses as numbers."""
        return {
            each.index
            for each in chosen
            if each.dtype != "words"
            and self.columns[each.index].kind in NUMBER_KINDS
            and ((found := self.readings.get(each.index)) is None or _is_plain(found))
        }

    def _types(self, chosen: Sequence[TableColumn], plain: set[int]) -> dict[str, Any]:
        pa = pyarrow()
        booleans = {i for i in plain if self.columns[i].kind == "boolean"}
        return {
            str(i): pa.bool_() if i in booleans else pa.float64() if i in plain else pa.string()
            for i in (each.index for each in chosen)
        }

    def _values(self, table: Any, piece: TextPiece, chosen: Sequence[TableColumn]) -> tuple[Any, ...]:
        """Return the columns of a parsed piece as words and numbers."""
        arrays = _arrays(table)
        columns = [arrays[str(each.index)] for each in chosen]
        words = [i for i, each in enumerate(chosen) if each.dtype == "words"]
        told, string = set(words), pyarrow().string()
        texts = [i for i, each in enumerate(columns) if i not in told and each.type == string]
        unquoted = self._unquoted(piece, [chosen[i].index for i in words])
        found: dict[int, Any] = {}
        as_texts = [Texts(columns[i], unquoted.get(chosen[i].index)) for i in words]
        found.update(zip(words, words_of_columns(as_texts, self.missing), strict=True))
        readings = [self.readings[chosen[i].index] for i in texts]
        numbers = numbers_of_columns([columns[i] for i in texts], readings, self.missing)
        found.update(zip(texts, numbers, strict=True))
        return tuple(
            found[i] if i in found else numbers_of_arrow(column, self.missing)
            for i, column in enumerate(columns)
        )

    def _unquoted(self, piece: TextPiece, words: Sequence[int]) -> dict[int, Any]:
        """Return which words of a piece are gaps without quotation marks; {} where nothing is quoted."""
        if not words or b'"' not in piece.text:
            return {}
        types = {str(i): pyarrow().string() for i in words}
        table = self.parsed(piece, types, null_values=[*WORD_GAPS], quoted_strings_can_be_null=False)
        arrays = _arrays(table)
        return {i: memory.numpy_flags(arrays[str(i)].is_null()) for i in words}

    def _check_late(self, found: Mapping[int, Column], piece: TextPiece) -> None:
        """Raise a DataError for a column parsed as plain numbers so far that is written otherwise."""
        for column in found.values():
            reading = column.reading
            assert reading is not None
            if reading.problem is not None:
                raise reading.problem
            if reading.style.thousands == "." and piece.start > self.layout.start:
                raise DataError(
                    where=f"column {column.name!r} of {self.path.name}",
                    got="points that separate thousands, which only its last rows show",
                    wanted="numbers that its first rows show how to read",
                    remedy="Say decimal=',' (--decimal ',').",
                )

    def judge(self, indexes: Sequence[int]) -> dict[int, Column]:
        """Return columns with their readings: those of texts, and of numbers that may be something else."""
        told = {i for i in indexes if self._is_text(i) or i in self.readings}
        wanted = [i for i in indexes if i in told or i in self._doubtful]
        return self._judge(set(wanted) - self.readings.keys(), wanted)

    def _judge(self, unread: Collection[int], wanted: Collection[int]) -> dict[int, Column]:
        if unread:
            tallies = self._tallies(unread, self.layout.start)
            for i, tally in tallies.items():
                self.readings[i] = judged(self.layout.names[i], tally, self._evidence(i))
        return {
            i: replace(self.columns[i], kind=self.readings[i].kind, reading=self.readings[i]) for i in wanted
        }

    def _tallies(self, indexes: Collection[int], start: int) -> dict[int, Tally]:
        tallies = {i: Tally() for i in indexes}
        for piece in pieces(self.path, self.layout, start):
            self._add(tallies, piece)
        return tallies

    def _add(self, tallies: Mapping[int, Tally], piece: TextPiece) -> None:
        table = self.parsed(piece, {str(i): pyarrow().string() for i in tallies})
        unquoted = self._unquoted(piece, list(tallies))
        arrays = _arrays(table)
        texts = [Texts(arrays[str(i)], unquoted.get(i)) for i in tallies]
        add_texts(list(tallies.values()), texts, self.missing, piece.start)

    @cached_property
    def _beginning(self) -> TextPiece:
        """Return the first rows."""
        piece = next(pieces(self.path, self.layout, self.layout.start))
        cut = piece.text.rfind(b"\n", 0, _SAMPLE_BYTES) + 1
        if len(piece.text) > _SAMPLE_BYTES and cut and b'"' not in piece.text[:cut]:
            piece = replace(piece, text=piece.text[:cut])
        return piece

    @cached_property
    def _sample(self) -> dict[int, Tally]:
        """Return tallies of the first rows of the columns that may hold numbers."""
        maybe = [i for i, column in enumerate(self.columns) if column.kind in ("text", *NUMBER_KINDS)]
        tallies = {i: Tally() for i in maybe}
        self._add(tallies, self._beginning)
        return tallies

    def _is_text(self, index: int) -> bool:
        return self.columns[index].kind == "text"

    @cached_property
    def _doubtful(self) -> frozenset[int]:
        """Return the columns that Arrow takes for numbers and that may hold something else."""
        may_be = self.options.decimal == "," or self.layout.delimiter != ","
        if not may_be and not _ZERO_THAT_LEADS.search(self._beginning.text):
            return frozenset()
        numbers = (i for i, column in enumerate(self.columns) if column.kind in NUMBER_KINDS)
        return frozenset(i for i in numbers if self._is_doubtful(self._sample[i]))

    def _is_doubtful(self, tally: Tally) -> bool:
        signs = decimals_of(tally)
        two = signs == {".", ","} and self.layout.delimiter != ","
        said = self.options.decimal == "," and bool(signs)
        hexadecimal = any(shape.lower().startswith(("zx", "-zx", "+zx")) for shape in tally.shapes)
        return two or said or hexadecimal or has_leading_zeros(tally)

    def _evidence(self, index: int) -> Evidence:
        only = self._signs.without(index)
        return Evidence(self.path.name, self._place, self.options.decimal, self.layout.delimiter, only)

    @cached_property
    def _signs(self) -> DecimalSigns:
        return DecimalSigns(self._sample)

    def _place(self, place: Place) -> str:
        if place not in self.places:  # most columns of words have their first word in one row
            piece = next(pieces(self.path, self.layout, place[0]))
            self.places[place] = f"line {self._line(piece, place[1] + 1)}"
        return self.places[place]

    def parsed(
        self,
        piece: TextPiece,
        types: dict[str, Any] | None,
        *,
        threads: bool = True,
        convert_problems: bool = True,
        **null: Any,
    ) -> Any:
        """Return the rows of a piece as an Arrow table; columns are called by their numbers.

        Args:
            piece: the rows.
            types: of the columns that are read; None for all, of types that Arrow finds.
            threads: whether it uses threads, which do not count the rows.
            convert_problems: whether an error of Arrow's becomes one of ours.
            null: Arrow's options for words that are null; left out, nothing but an empty field is.
        """
        pa, csv = pyarrow(), module("pyarrow.csv")
        if types is not None and not null:
            types = types | {str(i): pa.null() for i in self.layout.ignored}
        options = {"null_values": [""], "strings_can_be_null": types is None or bool(null), **null}
        try:
            return csv.read_csv(
                pa.BufferReader(_in_arrow_memory(piece.text)),
                read_options=csv.ReadOptions(
                    column_names=[str(i) for i in range(len(self.layout.names))],
                    block_size=max(1 << 20, len(piece.text) if not threads else 0),
                    use_threads=threads,
                ),
                parse_options=csv.ParseOptions(
                    delimiter=self.layout.delimiter, newlines_in_values=b'"' in piece.text
                ),
                convert_options=csv.ConvertOptions(
                    column_types=types or {}, include_columns=list(types or {}), **options
                ),
            )
        except pa.ArrowInvalid as problem:
            if not convert_problems:
                raise
            if threads:  # once more in one thread, which counts the rows
                return self.parsed(piece, types, threads=False, **null)
            raise self._unparsed(piece, str(problem)) from problem

    def _unparsed(self, piece: TextPiece, problem: str) -> DataError:
        if "UTF8" in problem:
            return not_utf8(self.path, piece.start)
        ragged = _RAGGED.search(problem)
        if ragged:
            row, wanted, got = map(int, ragged.groups())
            return DataError(
                where=f"{self.path}, line {self._line(piece, row)}",
                got=f"{got} fields",
                wanted=f"{wanted} fields, as in the first row",
                remedy="Quote the fields that hold the delimiter, or fill the row up.",
            )
        behind = _BEHIND.search(problem)
        if behind:
            return DataError(
                where=f"{self.path}, line {self._line(piece, int(behind[1] or 0))}",
                got=f"{behind[2][:40]!r} behind the last delimiter",
                wanted="nothing there, as in the first rows",
                remedy="Take it out, or give that column a name in the header.",
            )
        return DataError(
            where=str(self.path), got=problem, wanted="delimited text", remedy="Look at the rows near there."
        )

    def _line(self, piece: TextPiece, row: int) -> int:
        """Return the line that the row of a piece, counted from 1, begins in; blank lines are no rows."""
        lines = piece.text.splitlines(keepends=True)
        rows, inside = 0, False
        for number, line in enumerate(lines):
            if not inside and line.strip():
                rows += 1
                if rows == row:
                    return line_number(self.path, piece.start, self.layout.encoding) + number
            inside ^= line.count(b'"') % 2 == 1
        return line_number(self.path, piece.start, self.layout.encoding)


def _arrays(table: Any) -> dict[str, Any]:
    """Return the columns of a table by their names, each in one piece."""
    whole = table.combine_chunks()
    batches = whole.to_batches()
    columns = batches[0].columns if len(batches) == 1 else [each.combine_chunks() for each in whole.columns]
    return dict(zip(whole.column_names, columns, strict=True))


def _is_plain(reading: ColumnReading) -> bool:
    """Return whether Arrow itself reads a column: plain numbers whose gaps are empty, booleans likewise."""
    plain = reading.style == NumberStyle() and reading.problem is None
    return plain and all(text == "" for text in reading.gaps)


def _in_arrow_memory(text: bytes) -> Any:
    """Return a copy of a text in Arrow's memory.

    Arrow's threads let go of what they read after the table is there; of Python's bytes they can do so only
    while Python runs, and a program that ends just then is aborted ("terminate called without ...").
    """
    pa = pyarrow()
    buffer = pa.allocate_buffer(len(text))
    pa.FixedSizeBufferWriter(buffer).write(text)
    return buffer
