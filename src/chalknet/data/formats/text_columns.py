"""Columns of texts in Arrow's memory: what is tallied of them, and their numbers and words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.formats.number_text import (
    APOSTROPHES,
    MINUS,
    NUMBER_GAPS,
    SPACES,
    WORD_GAPS,
    ColumnReading,
    Seen,
    Tally,
    styles_of,
)
from chalknet.data.formats.pyarrow_module import module, pyarrow
from chalknet.data.formats.table import Words

_MOST_SHAPES = 50_000  # of words, those of numbers aside
_OTHERS = "other words"


@dataclass(frozen=True)
class Texts:
    """Some rows of a column of texts.

    Args:
        values: an Arrow array of strings; null is a gap in any column.
        unquoted: which of them may be gaps of words; None where all may.
    """

    values: Any
    unquoted: npt.NDArray[np.bool_] | None = None


def add_texts(tally: Tally, texts: Texts, missing: Sequence[str], position: int) -> None:
    """Add the texts of a block to a column's tally.

    Args:
        tally: that of the column so far.
        texts: its next ones.
        missing: further words that stand for gaps.
        position: where the block begins.
    """
    compute = module("pyarrow.compute")
    trimmed = compute.utf8_trim_whitespace(texts.values).fill_null("")
    gaps = _gaps_of_numbers(trimmed, missing)
    words = _gaps_of_words(trimmed, texts, missing)
    tally.gaps += _counted(compute, trimmed, gaps)
    tally.unquoted += _counted(compute, trimmed, words)
    shapes = compute.replace_substring_regex(trimmed, r"^([^0-9]*)0", r"\1Z")
    shapes = compute.replace_substring_regex(shapes, "[0-9]", "0")
    encoded = shapes.dictionary_encode()
    numbers = np.where(gaps, -1, encoded.indices.to_numpy(zero_copy_only=False))
    there = np.flatnonzero(~gaps)
    counts = np.bincount(numbers[there], minlength=len(encoded.dictionary))
    firsts = np.zeros(len(counts), np.int64)
    firsts[numbers[there[::-1]]] = there[::-1]
    for shape, count, row in zip(
        encoded.dictionary.to_pylist(), counts.tolist(), firsts.tolist(), strict=True
    ):
        if not count:
            continue
        full = len(tally.shapes) >= _MOST_SHAPES and shape not in tally.shapes and not styles_of(shape)
        seen = tally.shapes.setdefault(
            _OTHERS if full else shape, Seen(0, trimmed[row].as_py(), (position, row))
        )
        seen.count += count


def numbers_of_texts(values: Any, reading: ColumnReading, missing: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return texts `(rows,)` as float64 with NaN for gaps.

    Args:
        values: an Arrow array of strings.
        reading: how all texts of their column were judged.
        missing: further words that stand for gaps.

    Raises:
        DataError: where the column was judged to hold something else.
    """
    if reading.problem is not None:
        raise reading.problem
    style = reading.style
    compute = module("pyarrow.compute")
    plain = compute.utf8_trim_whitespace(values).fill_null("")
    gaps = _gaps_of_numbers(plain, missing)
    plain = compute.if_else(compute.invert(pyarrow().array(gaps)), plain, "nan")
    if reading.kind == "boolean":
        found = _flags(compute.equal(compute.utf8_lower(plain), "true")).astype(np.float64)
        found[gaps] = np.nan
        return found
    groups = APOSTROPHES if style.thousands == "'" else style.thousands
    for sign in (*SPACES, *groups.strip(), style.affix):
        if sign:
            plain = compute.replace_substring(plain, sign, "")
    if style.decimal != ".":
        plain = compute.replace_substring(plain, style.decimal, ".")
    plain = compute.replace_substring(plain, MINUS, "-")
    return np.array(compute.cast(plain, "float64").to_numpy(zero_copy_only=False))


def words_of_texts(texts: Texts, missing: Sequence[str]) -> Words:
    """Return texts as words; those are missing that are gaps and are not quoted."""
    compute = module("pyarrow.compute")
    trimmed = compute.utf8_trim_whitespace(texts.values).fill_null("")
    gaps = _gaps_of_words(trimmed, texts, missing)
    values = compute.if_else(pyarrow().array(gaps), None, texts.values)
    encoded = values.dictionary_encode()
    numbers = encoded.indices.cast("int64").fill_null(-1).to_numpy(zero_copy_only=False)
    return Words(numbers, tuple(encoded.dictionary.to_pylist()))


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
    known = pyarrow().array([word.strip() for word in words], texts.type)
    return _flags(module("pyarrow.compute").is_in(texts, known))


def _flags(values: Any) -> npt.NDArray[np.bool_]:
    return np.array(values.to_numpy(zero_copy_only=False), bool)


def _counted(compute: Any, texts: Any, chosen: npt.NDArray[np.bool_]) -> Counter[str]:
    if not chosen.any():
        return Counter()
    found = compute.value_counts(texts.filter(pyarrow().array(chosen)))
    return Counter({each["values"]: each["counts"] for each in found.to_pylist()})
