"""Lines of a text that are no rows of its table: titles, comments, units, totals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import isclose
from pathlib import Path

from chalknet.data.formats.csv_rows import TextRow, is_missing, is_value, is_word, number_columns
from chalknet.errors import DataError

COMMENT_MARKS = ("#", "//", "%", "--", "!")
_UNIT = re.compile(
    r"[\[(].*[\])]|[mcdkµunMG]?(?:m|g|s|A|K|Hz|Pa|V|W|J|N|l|L|b|B|t|h|Wh|bar|eV)(?:[/·*]?[a-zA-Z]{1,3})?[-^]*[1-4²³]?"
    r"|[°º]?[CFK]|°|℃|㎡|m²|%|‰|ppm|ppb|dB|min|sec|hr?s?|days?|years?|yrs?|deg|rad|mol|lux|lx|mph|rpm|ft|in|lbs?|oz"
    r"|USD|EUR|KRW|GBP|JPY|[$€£¥₩]|원|만원|천원|억원|개|명|년|세|건|대|회|층|평|unitless|counts?"
    r"|int(?:eger)?(?:32|64)?|float(?:32|64)?|double|string|text|str|object|bool(?:ean)?|date",
)
_TOTALS = frozenset(
    "total totals subtotal sum sums summe gesamt gesamtsumme insgesamt somme totale suma soma totaal итого "
    "всего 合计 总计 總計 合計 計 计 합계 총계 총합 총합계 소계 계 전체 평균 mean average avg durchschnitt "
    "mittelwert mittel moyenne media promedio median".split()
)
_TOTAL = re.compile(r"(?:grand|sub|column|overall)[- ]?total.*|total .*|sum of .*|gesamt.*|.*(?:합계|총계)")
_MOST_AFTER = 20


def usual_width(rows: Sequence[TextRow]) -> int:
    """Return how many fields the rows of a table have, whatever stands above them."""
    counts = Counter(row.width for row in rows)
    several = {width: count for width, count in counts.items() if width > 1}
    if several:
        width = max(several, key=lambda each: several[each])
        if several[width] > 1 or several[width] >= 0.3 * len(rows):
            return width
    return max(counts, key=lambda each: counts[each])


def mark_of(row: TextRow) -> str | None:
    """Return what a row begins with that marks comments."""
    return next((mark for mark in COMMENT_MARKS if row.fields[0].startswith(mark)), None)


def is_comment(row: TextRow, width: int) -> bool:
    """Return whether a row is a comment: of another width than others, or with a blank behind the mark."""
    mark = mark_of(row)
    if mark is None or is_value(row.fields[0]):
        return False
    return row.width != width or bool(re.match(r"\s+\w", row.text.lstrip().removeprefix(mark)))


def commented_names(rows: Sequence[TextRow], width: int) -> tuple[str, ...] | None:
    """Return the names of a first row such as `# a, b, y`, which numbers follow; None for any other row."""
    first, mark = rows[0], mark_of(rows[0])
    if mark is None or len(rows) < 2 or rows[1].width != width:
        return None
    rest = first.fields[0].removeprefix(mark).lstrip(mark[0]).strip()
    fields = (rest, *first.fields[1:]) if rest else first.fields[1:]
    is_plain = fields == first.fields[1:] and first.width == width  # a column that is called "#"
    numbers = number_columns([row for row in rows[1:] if row.width == width], width)
    named = len(fields) == width and all(map(is_word, fields)) and not is_plain
    return fields if named and any(is_value(rows[1].fields[column]) for column in numbers) else None


def count_before(rows: Sequence[TextRow], width: int, *, padded: bool) -> int:
    """Return how many rows at the beginning are none of the table's: titles, comments.

    Args:
        rows: the first ones of a text.
        width: of the table's rows.
        padded: whether rows of the full width that hold a title and empty fields count too.
    """
    for at in range(len(rows) - 1):
        row, below = rows[at], rows[at + 1 :]
        if not is_comment(row, width) and (row.width > width or not _is_title(row, below, width, padded)):
            return at
        if commented_names(rows[at:], width):
            return at
    return 0


def _is_title(row: TextRow, below: Sequence[TextRow], width: int, padded: bool) -> bool:
    is_above_names = _is_header(below, width)
    if not row.filled:
        return True
    if row.width == width:
        return padded and width > 1 and row.filled < min(2, width) and bool(row.fields[0]) and is_above_names
    if row.width == width - 1 and below[0].width == width:
        return is_above_names or (
            row.width == 1 and not has_row_names(below) and not ends_empty(below, width)
        )
    return True


def _is_header(rows: Sequence[TextRow], width: int) -> bool:
    """Return whether the first full row holds words above numbers, and no number."""
    full = [row for row in rows if row.width == width and row.filled]
    if not full or any(map(is_value, full[0].fields)):
        return False
    numbers = number_columns(full[1:], width)
    return any(is_word(full[0].fields[column]) for column in numbers)


def has_row_names(rows: Sequence[TextRow]) -> bool:
    """Return whether the first column names rows: no two alike, words or numbers that count."""
    names = [row.fields[0] for row in rows]
    counts = all(name == str(number) for number, name in enumerate(names, start=1))
    return len(set(names)) == len(names) and (counts or all(map(is_word, names)))


def ends_empty(rows: Sequence[TextRow], width: int) -> bool:
    """Return whether every row has the width and an empty last field."""
    return bool(rows) and all(row.width == width and not row.fields[-1] for row in rows)


def are_units(row: TextRow) -> bool:
    """Return whether a row holds nothing but units of measure, and gaps."""
    return all(_UNIT.fullmatch(field) or is_missing(field) for field in row.fields)


def is_units(row: TextRow, header: TextRow, below: Sequence[TextRow], *, asked: bool) -> bool:
    """Return whether the row under the header holds units, or names again, and no data.

    Args:
        row: the row.
        header: the names.
        below: the rows under it.
        asked: whether the user says that there is one.
    """
    below = [each for each in below if each.fields != header.fields and each.width == row.width]
    if row.fields == header.fields or not below or any(map(is_value, row.fields)):
        return False
    if asked:
        return row.filled > 0
    numbers = [row.fields[column] for column in number_columns(list(below), row.width) if column < row.width]
    words = [field for field in numbers if is_word(field)]
    if not words or not all(is_word(field) or is_missing(field) for field in numbers):
        return False
    return all(map(_UNIT.fullmatch, words)) or (len(words) > 1 and len(words) == len(numbers) == row.width)


def rows_after(rows: Sequence[TextRow], width: int, *, whole: bool) -> list[TextRow]:
    """Return the rows at the end of a text that are none of the table's: totals, remarks, empty rows.

    Args:
        rows: the last ones.
        width: of the table's rows.
        whole: whether these are all its rows.
    """
    after: list[TextRow] = []
    for at in range(len(rows) - 1, max(1, len(rows) - _MOST_AFTER), -1):
        if not _is_after(rows[at], rows[:at], width, whole):
            break
        after.insert(0, rows[at])
    return after


def _is_after(row: TextRow, above: Sequence[TextRow], width: int, whole: bool) -> bool:
    above = [each for each in above if each.width == width]
    if not row.filled:
        return True
    if row.filled == 1 and (row.width == 1 < width or (row.width == width > 2)):
        return any(is_word(field) for field in row.fields) and len(above) > 1
    if row.width != width:
        return is_word(row.fields[0]) and not any(map(is_value, row.fields)) and row.width < width
    words = [column for column, field in enumerate(row.fields) if is_word(field)]
    numbers = number_columns(list(above), width)
    if not any(is_value(row.fields[column]) for column in numbers):
        return False
    if words:
        return _says_total(row.fields[words[0]]) and not any(
            each.fields[words[0]] == row.fields[words[0]] for each in above
        )
    lacks = not row.fields[0] and all(each.fields[0] for each in above)
    return lacks and whole and _is_sum(row, above, numbers)


def _says_total(field: str) -> bool:
    word = field.lower().strip(" :.*=-")
    return word in _TOTALS or _TOTAL.fullmatch(word) is not None


def _is_sum(row: TextRow, above: Sequence[TextRow], numbers: set[int]) -> bool:
    """Return whether a row holds the sum of a column above it."""
    for column in numbers:
        try:
            values = [float(each.fields[column] or 0) for each in above]
            if len(values) > 1 and isclose(float(row.fields[column]), sum(values), rel_tol=1e-6):
                return True
        except ValueError:
            continue
    return False


def shown_lines(lines: Sequence[bytes], most: int = 3) -> str:
    """Return some lines as an error shows them."""
    texts = [line.decode("utf-8", "replace").strip()[:60] for line in lines if line.strip()]
    return ", ".join(map(repr, texts[:most])) + (", ..." if len(texts) > most else "")


def lines_word(first: int, last: int) -> str:
    """Return `line 1`, or `lines 1 to 3`."""
    return f"line {first}" if first == last else f"lines {first} to {last}"


def before_table(path: Path, lines: Sequence[bytes], remedy: str) -> DataError:
    """Return the error for lines above the table."""
    return DataError(
        where=f"{path}, {lines_word(1, len(lines))}",
        got=f"{shown_lines(lines)} above a table of another shape",
        wanted="the names of the columns, or the first row",
        remedy=f"Leave {'it' if len(lines) == 1 else 'them'} out: {remedy}.",
    )
