"""Which character, or which blanks, stand between the fields of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from chalknet.data.formats.csv_rows import Separator, is_value

BLANK = Separator("\t", 1)
_USUAL = tuple(map(Separator, ",;\t|"))
_BLANKS = (BLANK, Separator("\t", 2))
_UNUSUAL = tuple(map(Separator, ":^~\x1f!&/"))
_DELIMITERS = ",;\t|"
_TWO_VALUES = re.compile(r"\d[ \t]+[-+]?\d")
_WITH_A_BLANK = re.compile(r"^[-+]?\d{1,3}( \d{3})+\b|\d \d{1,2}:\d\d")  # 1 234 567 or 2021-03-04 10:00
_ROWS_LOOKED_AT = 50
_BYTES_LOOKED_AT = 1 << 20
_FIELDS_LOOKED_AT = 5_000
_LEAST, _GOOD = 0.3, 0.8  # what blanks need, and what a character needs to be preferred to them


@dataclass(frozen=True)
class _Merit:
    """How well a separator parts the rows of a text.

    Args:
        separator: the one.
        score: share of rows in the longest run of one width, by the share of their fields that look whole.
        width: how many fields these rows have.
    """

    separator: Separator
    score: float
    width: int


def separator_of(rows: Sequence[bytes]) -> tuple[Separator, str]:
    """Return what parts the rows of a text, and a note where that is unusual.

    Args:
        rows: its first ones.
    """
    shown = rows[: max(3, min(_ROWS_LOOKED_AT, _BYTES_LOOKED_AT // max(map(len, rows), default=1)))]
    usual = max((_merit(shown, each) for each in _USUAL), key=lambda merit: (merit.score, merit.width))
    one, two = (_merit(shown, each) for each in _BLANKS)
    blanks = two if two.score > one.score or (two.score == one.score and two.width < one.width) else one
    rival = usual.score * (2 if usual.separator.delimiter == "\t" else 1)  # blanks are parted by tabs too
    if blanks.score > max(rival, _LEAST) and usual.score < _GOOD:
        return blanks.separator, ""
    if usual.score > 0:
        return usual.separator, ""
    strange = max((_merit(shown, each) for each in _UNUSUAL), key=lambda merit: (merit.score, merit.width))
    if strange.score == 1 and len(shown) > 1:
        return strange.separator, (
            f"{strange.separator.delimiter!r} is taken for what stands between the fields; "
            "delimiter=',' (--delimiter ','), say, reads the text otherwise"
        )
    return usual.separator, ""


def _merit(rows: Sequence[bytes], separator: Separator) -> _Merit:
    parted = [separator.fields(row) for row in rows]
    runs = [list(run) for _, run in groupby(parted, key=len)]
    longest = max((run for run in runs if len(run[0]) > 1), key=len, default=[])
    if not longest:
        return _Merit(separator, 0.0, 1)
    shown = max(1, _FIELDS_LOOKED_AT // len(longest))
    fields = [field for row in longest for field in row[:shown]]
    clean = sum(_is_clean(field, separator) for field in fields) / len(fields)
    return _Merit(separator, len(longest) / len(parted) * clean, len(longest[0]))


def _is_clean(field: str, separator: Separator) -> bool:
    """Return whether a field looks whole: a single value, or words without another delimiter."""
    if not field or (separator.blanks and (field[0] in _DELIMITERS or field[-1] in _DELIMITERS)):
        return not field
    if _TWO_VALUES.search(field) and not _WITH_A_BLANK.search(field):
        return False
    if is_value(field):
        return True
    return not any(
        sign in field for sign in (";", "\t", "|", *"," * (", " not in field)) if sign != separator.delimiter
    )
