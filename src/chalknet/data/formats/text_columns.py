"""Columns of texts in Arrow's memory: what is tallied of them, and their numbers and words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chalknet.data.formats import arrow_memory as memory
from chalknet.data.formats.number_text import (
    APOSTROPHES,
    MINUS,
    NUMBER_GAPS,
    SPACES,
    WORD_GAPS,
    ColumnReading,
    NumberStyle,
    Seen,
    Tally,
    styles_of,
)
from chalknet.data.formats.pyarrow_module import module, pyarrow
from chalknet.data.formats.table import Words

_MOST_SHAPES = 50_000  # of words, those of numbers aside
_OTHERS = "other words"
_ROWS_TOGETHER = 1 << 16


@dataclass(frozen=True)
class Texts:
    """Some rows of a column of texts.

    Args:
        values: an Arrow array of strings; null is a gap in any column.
        unquoted: which of them may be gaps of words; None where all may, in all columns of a block.
    """

    values: Any
    unquoted: npt.NDArray[np.bool_] | None = None


def add_texts(
    tallies: Sequence[Tally], texts: Sequence[Texts], missing: Sequence[str], position: int
) -> None:
    """Add the texts of a block to the tallies of its columns.

    Short columns are looked at many at a time: what a call of Arrow's costs is then shared by them.

    Args:
        tallies: those of the columns so far.
        texts: the next ones of each, all of one length.
        missing: further words that stand for gaps.
        position: where the block begins.
    """
    for some in _together([each.values for each in texts]):
        _add_together(tallies[some], texts[some], missing, position)


def _add_together(
    tallies: Sequence[Tally], texts: Sequence[Texts], missing: Sequence[str], position: int
) -> None:
    compute, rows, joined = module("pyarrow.compute"), len(texts[0].values), _joined(texts)
    if not rows:
        return
    trimmed = compute.utf8_trim_whitespace(joined.values).fill_null(memory.text(""))
    gaps = _gaps_of_numbers(trimmed, missing)
    words = _gaps_of_words(trimmed, joined, missing)
    for chosen, kept in ((gaps, "gaps"), (words, "unquoted")):
        if chosen.any():
            for each in _different(trimmed, chosen, rows):
                getattr(tallies[each.column], kept)[each.text] += each.times
    shapes = compute.replace_substring_regex(trimmed, r"^([^0-9]*)0", r"\1Z")
    shapes = compute.replace_substring_regex(shapes, "[0-9]", "0")
    for each in _different(shapes, ~gaps, rows):
        found, shape = tallies[each.column].shapes, each.text
        full = len(found) >= _MOST_SHAPES and shape not in found and not styles_of(shape)
        place = each.column * rows + each.row
        seen = found.setdefault(
            _OTHERS if full else shape, Seen(0, trimmed[place].as_py(), (position, each.row))
        )
        seen.count += each.times


class _Text(NamedTuple):
    """A text of one of several columns: how often it occurs there, and first in which row."""

    column: int
    text: str
    times: int
    row: int


def _different(texts: Any, chosen: npt.NDArray[np.bool_], rows: int) -> Iterator[_Text]:
    """Yield the different texts of columns that stand one after another, among those chosen, in order."""
    encoded = texts.dictionary_encode()
    places = np.flatnonzero(chosen)
    words = encoded.dictionary.to_pylist()
    keys = memory.numpy_numbers(encoded.indices, -1)[places] + places // rows * len(words)
    if len(texts) == rows:  # of one column: counted without sorting
        counts = np.bincount(keys, minlength=len(words))
        first = np.zeros(len(counts), np.int64)
        first[keys[::-1]] = places[::-1]
        keys = np.flatnonzero(counts)
        first, counts = first[keys], counts[keys]
    else:
        keys, first, counts = np.unique(keys, return_index=True, return_counts=True)
        first = places[first]
    order = np.argsort(first, kind="stable")
    for key, place, count in zip(*(each[order].tolist() for each in (keys, first, counts)), strict=True):
        yield _Text(place // rows, words[key % len(words)], count, place % rows)


def _joined(texts: Sequence[Texts]) -> Texts:
    """Return the texts of columns one after another."""
    if len(texts) == 1:
        return texts[0]
    flags = [each.unquoted for each in texts if each.unquoted is not None]
    values = pyarrow().concat_arrays([each.values for each in texts])
    return Texts(values, np.concatenate(flags) if flags else None)


def numbers_of_columns(
    columns: Sequence[Any], readings: Sequence[ColumnReading], missing: Sequence[str]
) -> list[npt.NDArray[np.float64]]:
    """Return columns of texts, each `(rows,)`, as float64 with NaN for gaps; short ones many at a time.

    Args:
        columns: Arrow arrays of strings, all of one length.
        readings: how all texts of each column were judged.
        missing: further words that stand for gaps.

    Raises:
        DataError: where a column was judged to hold something else.
    """
    found: dict[int, npt.NDArray[np.float64]] = {}
    alike: dict[tuple[bool, NumberStyle], list[int]] = {}
    for i, reading in enumerate(readings):
        if reading.problem is not None:
            raise reading.problem
        alike.setdefault((reading.kind == "boolean", reading.style), []).append(i)
    for (boolean, style), places in alike.items():
        for some in _together([columns[i] for i in places]):
            joined = _joined([Texts(columns[i]) for i in places[some]])
            numbers = _numbers(joined.values, boolean, style, missing)
            parts = numbers.reshape(len(places[some]), -1)
            found.update(zip(places[some], parts, strict=True))
    return [found[i] for i in range(len(columns))]


def _numbers(
    values: Any, boolean: bool, style: NumberStyle, missing: Sequence[str]
) -> npt.NDArray[np.float64]:
    compute = module("pyarrow.compute")
    plain = compute.utf8_trim_whitespace(values).fill_null(memory.text(""))
    gaps = _gaps_of_numbers(plain, missing)
    plain = compute.if_else(memory.flags(~gaps), plain, memory.text("nan"))
    if boolean:
        found = memory.numpy_flags(compute.equal(compute.utf8_lower(plain), memory.text("true"))).astype(
            np.float64
        )
        found[gaps] = np.nan
        return found
    groups = APOSTROPHES if style.thousands == "'" else style.thousands
    for sign in (*SPACES, *groups.strip(), style.affix):
        if sign:
            plain = compute.replace_substring(plain, sign, "")
    if style.decimal != ".":
        plain = compute.replace_substring(plain, style.decimal, ".")
    plain = compute.replace_substring(plain, MINUS, "-")
    return np.array(memory.numpy_numbers(compute.cast(plain, "float64"), np.nan))


def words_of_columns(columns: Sequence[Texts], missing: Sequence[str]) -> list[Words]:
    """Return columns of texts, all of one length, as words; those are missing that are unquoted gaps."""
    found: list[Words] = []
    for some in _together([each.values for each in columns]):
        texts = _joined(columns[some])
        trimmed = module("pyarrow.compute").utf8_trim_whitespace(texts.values).fill_null(memory.text(""))
        gaps = _gaps_of_words(trimmed, texts, missing)
        values = module("pyarrow.compute").if_else(
            memory.flags(~gaps), texts.values, pyarrow().nulls(len(gaps), texts.values.type)
        )
        encoded = values.dictionary_encode()
        numbers = memory.numpy_numbers(encoded.indices.cast("int64"), -1)
        words = encoded.dictionary.to_pylist()
        parts = numbers.reshape(len(columns[some]), -1)
        found += [Words(numbers, tuple(words))] if len(parts) == 1 else [_own(part, words) for part in parts]
    return found


def _own(numbers: npt.NDArray[np.int64], words: Sequence[str]) -> Words:
    """Return a column with numbers of its own for its words, in the order in which they first stand there."""
    there = numbers >= 0
    different, first, places = np.unique(numbers[there], return_index=True, return_inverse=True)
    order = np.argsort(first)
    own = np.full(len(numbers), -1)
    own[there] = np.argsort(order)[places]
    return Words(own, tuple(words[number] for number in different[order].tolist()))


def _together(columns: Sequence[Any]) -> Iterator[slice]:
    """Yield which columns of one length are looked at in one go."""
    some = max(1, _ROWS_TOGETHER // max(1, len(columns[0]) if columns else 1))
    yield from (slice(first, first + some) for first in range(0, len(columns), some))


def _gaps_of_words(trimmed: Any, texts: Texts, missing: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which texts are gaps in a column of words: the usual ones as spelled, unless they are quoted."""
    usual = _among(trimmed, WORD_GAPS)
    if texts.unquoted is not None:
        usual &= texts.unquoted | _among(trimmed, [""])
    return usual | _among(trimmed, missing)


def _gaps_of_numbers(trimmed: Any, missing: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which texts are gaps in a column of numbers, in small or large letters."""
    lower = module("pyarrow.compute").utf8_lower(trimmed)
    return _among(lower, [*NUMBER_GAPS, *(word.strip().lower() for word in missing)])


def _among(texts: Any, words: Sequence[str]) -> npt.NDArray[np.bool_]:
    known = memory.texts([word.strip() for word in words])
    return memory.numpy_flags(module("pyarrow.compute").is_in(texts, known))
