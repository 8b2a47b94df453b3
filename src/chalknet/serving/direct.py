"""Columns of plain values to features without a table: microseconds instead of milliseconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data import FeatureReading, LoadOptions, Preparation, PreparedColumn
from chalknet.errors import ChalknetError
from chalknet.training import (
    FitResult,
    FittedForward,
    Prediction,
    answers,
    fitted_of,
    predict_with,
    with_unknown,
)

Array = npt.NDArray[Any]

_MOST_EXACT = 2**53
_NUMBERS: frozenset[type] = frozenset({int, float})
_TRUTHS: frozenset[type] = frozenset({bool})


class _NotPlain(Exception):
    """Raised for values that need the full path: numbers as text, unknown words, refused gaps."""


@dataclass(frozen=True)
class Predictor:
    """A loaded fit that predicts rows for many requests.

    Args:
        fitted: makes the predictions.
    """

    fitted: FittedForward

    @classmethod
    def of(cls, model: FitResult | Path, unknown: str | None = None) -> Predictor:
        """Return the predictor of a fit, with the given treatment of unknown words.

        Raises:
            UnknownName: for an unknown treatment.
            FileProblem: for a folder without a finished run.
        """
        if unknown is not None:
            LoadOptions(unknown=unknown)  # refuses unknown treatments
        fitted = fitted_of(model, "serve")
        return cls(replace(fitted, preparation=with_unknown(fitted.preparation, {"unknown": unknown})))

    def answer(self, data: object, options: Mapping[str, Any] | None = None) -> Prediction:
        """Return the result of `predict` for any data that it accepts."""
        return predict_with(self.fitted, data, (), options or {})

    def answer_columns(self, columns: Mapping[str, Sequence[object]]) -> Prediction | None:
        """Return the result of `predict` for plain columns, bit for bit; None if `predict` itself is needed.

        Args:
            columns: of the fit, by name; numbers, words of the training rows, None for a gap.
        """
        direct = self._direct
        if direct is None:
            return None
        try:
            reading = FeatureReading(self.fitted.preparation)
            return answers(self.fitted, [direct.features(columns, reading.replaced)], reading)
        except (_NotPlain, ChalknetError):
            return None

    @cached_property
    def _direct(self) -> _DirectColumns | None:
        preparation = self.fitted.preparation
        if preparation is None or not preparation.named or not preparation.x or self.fitted.plan is None:
            return None
        if preparation.scale or preparation.reading.get("missing"):
            return None
        if any(column.coded for column in preparation.x):  # categories of an embedding
            return None
        return _DirectColumns(preparation)


@dataclass(frozen=True)
class _DirectColumns:
    """Turns plain values into features, as the preparation of the training rows does."""

    preparation: Preparation

    def features(self, columns: Mapping[str, Sequence[object]], replaced: Counter[str]) -> Array:
        """Return x `(rows, width)`; gaps are counted in columns where the training rows had none.

        Raises:
            _NotPlain: for values that need the full path.
            DataError: for a number that is too large once it is standardised.
        """
        rows = len(columns[self.preparation.x[0].name])
        if not rows or any(len(columns[column.name]) != rows for column in self.preparation.x):
            raise _NotPlain
        numbers = self._numbers_of(columns, rows, replaced)
        if not self._words:
            return numbers
        x = np.zeros((rows, self.preparation.width), numbers.dtype)
        x[:, self._places] = numbers
        for column, start, gap in self._words:
            for row, place in enumerate(self._word_places(column, columns[column.name], gap, replaced)):
                if place >= 0:
                    x[row, start + place] = 1
        return x

    def _numbers_of(
        self, columns: Mapping[str, Sequence[object]], rows: int, replaced: Counter[str]
    ) -> Array:
        """Return the columns of numbers `(rows, numbers)`, prepared."""
        raw = np.empty((rows, len(self._numbers.x)), self._raw_dtype)
        for i, (column, gaps) in enumerate(zip(self._numbers.x, self._gaps, strict=True)):
            values = columns[column.name]
            kinds = {*map(type, values)} - gaps
            if not kinds <= _NUMBERS and kinds != _TRUTHS:
                raise _NotPlain
            if int in kinds and not all(type(value) is not int or _is_exact(value) for value in values):
                raise _NotPlain
            with np.errstate(over="ignore"):
                raw[:, i] = values
        if np.isinf(raw).any():
            raise _NotPlain  # the full path raises the error that names the number
        if not self._numbers.x:
            return np.empty((rows, 0), self.preparation.dtype)
        return self._numbers.apply(raw, owned=True, replaced=replaced)

    def _word_places(
        self, column: PreparedColumn, values: Sequence[object], gap: int | None, replaced: Counter[str]
    ) -> list[int]:
        found = []
        for value in values:
            if value is None and gap is not None:
                place: int | None = gap
                if column.fill is None:
                    replaced[column.name] += 1
            else:
                place = column.places.get(value) if type(value) is str and value.strip() else None
            if place is None:
                raise _NotPlain
            found.append(place)
        return found

    @cached_property
    def _numbers(self) -> Preparation:
        """Return the preparation of only the columns of numbers."""
        return replace(self.preparation, x=tuple(each for each in self.preparation.x if each.words is None))

    @cached_property
    def _gaps(self) -> list[frozenset[type]]:
        """Return for each column of numbers the type that stands for a gap, if gaps are filled."""
        unknown = self.preparation.unknown
        return [
            frozenset({NoneType} if each.number_of_gap(unknown) is not None else ())
            for each in self._numbers.x
        ]

    @cached_property
    def _raw_dtype(self) -> str:
        return "float64" if self.preparation.needs_digits else self.preparation.dtype

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(column.width for column in self.preparation.x)]

    @cached_property
    def _places(self) -> list[int]:
        pairs = zip(self.preparation.x, self._starts, strict=False)
        return [start for column, start in pairs if column.words is None]

    @cached_property
    def _words(self) -> list[tuple[PreparedColumn, int, int | None]]:
        """Return each column of words, where it begins in x, and where a gap is counted."""
        pairs = zip(self.preparation.x, self._starts, strict=False)
        unknown = self.preparation.unknown
        return [(each, at, each.place_of_gap(unknown)) for each, at in pairs if each.words is not None]


def _is_exact(value: Any) -> bool:
    return bool(-_MOST_EXACT <= value <= _MOST_EXACT)
