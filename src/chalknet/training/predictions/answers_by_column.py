"""What predictions have in common: their columns as a table, a DataFrame and plain values."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from chalknet.tables import Table, Tabular
from chalknet.training.history import data_frame

Array = npt.NDArray[Any]


class AnswersByColumn(Tabular):
    """Answers with a row for each row of x."""

    __slots__ = ()

    @property
    @abstractmethod
    def columns(self) -> dict[str, Array]:
        """Return the columns by their names."""

    @property
    @abstractmethod
    def notes(self) -> tuple[str, ...]:
        """Return what was assumed of the new rows, a sentence each."""

    @property
    def table(self) -> Table:
        """Return a row for each row of x."""
        columns = self.columns
        rows = tuple(zip(*(column.tolist() for column in columns.values()), strict=True))
        return Table(tuple(columns), rows, notes=tuple(f"note: {note}" for note in self.notes), own=True)

    def plain(self, columns: Mapping[str, Array] | None = None) -> dict[str, list[Any]]:
        """Return columns, those of `columns` where none are given, as lists of Python's values.

        The text of a number is the shortest that is the same number in its dtype.
        """
        found = self.columns if columns is None else columns
        return {name: [shortest(value) for value in column] for name, column in found.items()}

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` with a row for each row of x.

        Raises:
            MissingPackage: without pandas.
        """
        return data_frame(self.columns, f"{type(self).__name__}.to_pandas")


def shortest(value: Any) -> Any:
    """Return Python's value for one of numpy; a number's text is the shortest that is the same there."""
    return type(value.item())(str(value))
