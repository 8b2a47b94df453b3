"""Whether the first row of a text holds the names of its columns, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chalknet.data.formats.csv_rows import TextRow, is_missing, is_value, is_word, number_columns
from chalknet.data.formats.option_words import option

_YEARS = range(1800, 2101)
_INDEX_NAMES = frozenset(
    "index idx id no no. nr nr. row rownames row_names obs # unnamed: 번호 순번 연번 番号 序号 编号".split()
)


@dataclass(frozen=True)
class Header:
    """What the first row of a text is.

    Args:
        is_header: whether it holds the names of the columns.
        note: why, where that is not certain, and how to say it otherwise.
        row_names: whether the first column has no name, and names the rows.
    """

    is_header: bool
    note: str = ""
    row_names: bool = False


def header_of(rows: Sequence[TextRow], given: bool | None) -> Header:
    """Return whether the first of some rows holds names.

    Args:
        rows: the first rows of a table.
        given: what the user says of it.
    """
    first, below = rows[0], [row for row in rows[1:] if row.fields != rows[0].fields]
    if given is not None:
        return Header(given)
    words = [column for column, field in enumerate(first.fields) if is_word(field)]
    numbers = number_columns(below, first.width)
    above_numbers = bool(numbers & set(words))
    figures = [field for field in first.fields if is_value(field)]
    if not figures:
        if above_numbers or len(rows) == 1:
            return Header(bool(words))
        if not words:
            return _data(first, "it holds no words")
        again = _comes_again(first, below, words)
        return _data(first, f"its {again!r} comes again below") if again else _names(first, "it holds words")
    if above_numbers:
        return _names(first, "it has words above numbers")
    if why := _why_figures_are_names(first, below):
        return _names(first, why)
    return _data(first, "it holds numbers")


def _names(first: TextRow, why: str) -> Header:
    return Header(
        True,
        f"line {first.line} ({_shown(first.fields)}) is taken for the names of the columns, because {why}; "
        "header=False (--no-header) reads it as data",
    )


def _data(first: TextRow, why: str) -> Header:
    return Header(
        False,
        f"line {first.line} ({_shown(first.fields)}) is taken for data, because {why}; "
        "header=True (--header) takes it for the names of the columns",
    )


def _shown(fields: Sequence[str]) -> str:
    return " | ".join(field[:20] for field in fields[:4]) + (" | ..." if len(fields) > 4 else "")


def _comes_again(first: TextRow, below: Sequence[TextRow], words: Sequence[int]) -> str | None:
    """Return a word of the first row that stands in its column again, as no name does."""
    for column in words:
        if first.fields[column] in {row.fields[column] for row in below if column < row.width}:
            return first.fields[column]
    return None


def _why_figures_are_names(first: TextRow, below: Sequence[TextRow]) -> str:
    """Return why figures in the first row are names (years, or numbers of columns), or ""."""
    columns = [column for column, field in enumerate(first.fields) if is_value(field)]
    labels = [field for field in first.fields if not is_value(field)]
    texts = [first.fields[column] for column in columns]
    if not below or not all(map(_is_whole, texts)):
        return ""
    numbers, values = [int(text) for text in texts], _values(below, columns)
    steps = {after - before for before, after in pairwise(numbers)}
    in_years = all(number in _YEARS for number in numbers) and len(steps) == 1 and steps <= {-1, 1, 2, 5, 10}
    if in_years and not any(_is_whole(value) and int(value) in _YEARS for value in values):
        return "it holds years in a row over other values"
    counts = len(numbers) > 1 and numbers in (
        list(range(len(numbers))),
        list(range(1, len(numbers) + 1)),
    )
    fractions = bool(values) and all(not value.lstrip("-").isdecimal() for value in values)
    if counts and (fractions or _counts_rows(first, below)) and not any(labels[1:]):
        return "it numbers the columns"
    return ""


def _values(rows: Sequence[TextRow], columns: Sequence[int]) -> list[str]:
    fields = (row.fields[column] for row in rows for column in columns if column < row.width)
    return [field for field in fields if not is_missing(field)]


def _counts_rows(first: TextRow, below: Sequence[TextRow]) -> bool:
    """Return whether an unnamed first column counts the rows."""
    return not first.fields[0] and counts_by_one([row.fields[0] for row in below])


def counts_by_one(fields: Sequence[str]) -> bool:
    """Return whether fields are 0, 1, 2, ... or 1, 2, 3, ..."""
    if len(fields) < 2 or not all(map(_is_whole, fields)):
        return False
    numbers = list(map(int, fields))
    return numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _is_whole(field: str) -> bool:
    """Return whether a field is a whole number of no more digits than anything is counted with."""
    return field.isdecimal() and len(field) < 20


def names_of(fields: Sequence[str]) -> tuple[str, ...]:
    """Return the names of columns; a column without a name is called by its number."""
    known = set(fields)
    return tuple(
        field or (str(i) if str(i) not in known else f"Unnamed: {i}") for i, field in enumerate(fields)
    )


def index_note(header: Sequence[str], names: Sequence[str], rows: Sequence[TextRow]) -> str:
    """Return a note for a first column that only counts the rows; "" where there is none.

    Args:
        header: the names as they are written, "" for none.
        names: the names of the columns.
        rows: the first rows below them.
    """
    written = header[0].strip().lower() if header else ""
    unnamed = not written or written.startswith("unnamed:")
    if header and not unnamed and written not in _INDEX_NAMES:
        return ""
    column = [row.fields[0] for row in rows]
    enough = 2 if header and unnamed else 3
    if len(column) < enough or not counts_by_one(column) or (len(names) < 3 and not (header and unnamed)):
        return ""
    without = option("drop", [0 if names[0] == "0" else names[0]])
    return (
        f"column {names[0]!r} counts the rows ({', '.join(column[:3])}, ...), as an index does, and is read "
        f"as a column like any other; {without} leaves it out"
    )
