"""A table of a page: its cells, row by row, whatever signs stand between them."""

from __future__ import annotations

from typing import NamedTuple


class CellTable(NamedTuple):
    """A table.

    Args:
        cells: of each row, the headings first; as many in each.
        lines: of each row, counted from 1.
        behind: what stands right under it, and may be a row that it lost.
    """

    cells: list[list[str]]
    lines: list[int]
    behind: tuple[str, ...] = ()

    @property
    def turned(self) -> CellTable:
        """Return the table with its columns as rows."""
        columns = [list(column) for column in zip(*self.cells, strict=True)]
        return CellTable(columns, [self.lines[0]] * len(columns), self.behind)
