"""One table for every result: text that fits the terminal, HTML, JSON; and values that show themselves."""

from __future__ import annotations

import json
import math
import re
import shutil
import sys
import unicodedata
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from importlib import import_module
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeAlias

from chalknet.errors import InvalidValue
from chalknet.lang import _, language, translated
from chalknet.units import show_count, show_value

if TYPE_CHECKING:
    from rich.console import RenderableType

_GAP = 2  # spaces between two columns
_NARROWEST, _UNLIMITED = 20, 1_000_000  # widths


class Shown:
    """A value that shows itself: one line as its `repr`, the full text as its `str`, HTML in a notebook.

    `chalknet.display` writes them. It stands above the rooms whose values it shows, so it is imported by name
    when a value is shown: the only place where a lower floor reaches a higher one.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(import_module("chalknet.display").line_of(self))

    def __str__(self) -> str:
        return str(import_module("chalknet.display").text_of(self))

    def _repr_html_(self) -> str:
        return str(import_module("chalknet.display").html_of(self))


class Tabular(Shown):
    """A value that is shown as a table."""

    __slots__ = ()

    @property
    @abstractmethod
    def table(self) -> Table:
        """Return the value as a table: its texts, and its raw values for programs."""

    def __str__(self) -> str:
        return str(self.table)


@dataclass(frozen=True)
class Cell:
    """A value and the text that shows it.

    Args:
        value: what JSON gets: a number, a text, a truth value, None, or a list or dict of these.
        text: what is printed.
    """

    value: Any
    text: str


Value: TypeAlias = Cell | str | int | float | bool | None


@dataclass(frozen=True, repr=False)
class Table(Shown):
    """Rows under columns; without columns, the names and values of one thing, a line each.

    Columns of numbers are right-aligned. Where the columns do not fit the width, each row becomes a block of
    lines, `column: text`. No text is ever cut.

    Args:
        columns: the headings, which may be blank; empty for names and values.
        rows: one cell a column, or a name and a value; a number is printed by `units`, None as an empty cell.
        title: a line above.
        notes: lines below.
        own: whether headings and cells are a user's own words, which are in no other language.

    Texts are shown in the language of the moment (`chalknet.lang`); raw values and their names do not change.

    Raises:
        InvalidValue: for a row of another length.

    Example:
        >>> print(Table(("name", "updates"), (("all", 700), ("one", 12665))).text())
        name  updates
        all       700
        one    12,665
        >>> print(facts({"layers": 2, "parameters": 25153}).text())
        layers           2
        parameters  25,153
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    title: str = ""
    notes: tuple[str, ...] = ()
    own: bool = False

    def __post_init__(self) -> None:
        wanted = len(self.columns) or 2
        for row in self.rows:
            if len(row) != wanted:
                raise InvalidValue(
                    where="table",
                    got=f"a row of {len(row)} cells",
                    wanted=f"rows of {wanted}",
                    remedy="Give one cell for each column, None for an empty one.",
                )

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """Return the text of each cell, row by row."""
        texts = tuple(tuple(map(_text_of, row)) for row in self.rows)
        return (
            texts if self.own or language() == "en" else tuple(tuple(map(translated, row)) for row in texts)
        )

    @property
    def headings(self) -> tuple[str, ...]:
        """Return the columns as they are shown."""
        return self.columns if self.own else tuple(map(translated, self.columns))

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Return for each column whether it holds numbers and, beside them, nothing but empty cells."""
        return tuple(
            all(map(_is_number_or_none, column)) and any(cell is not None for cell in column)
            for column in zip(*self.rows, strict=True)
        ) or (False,) * len(self.columns)

    def text(self, width: int | None = None) -> str:
        """Return the table as text.

        Args:
            width: the most columns of the terminal that a line may take, a Korean letter taking two; None
                for no limit. Below 20 it counts as 20.
        """
        limit = _UNLIMITED if width is None else max(width, _NARROWEST)
        if not self.columns:
            lines = self._facts()
            if max(map(text_width, lines), default=0) <= limit:
                return "\n".join(lines)
        return _typeset(self._parts(limit), limit)

    def __str__(self) -> str:
        on_terminal = sys.stdout is not None and sys.stdout.isatty()
        return self.text(shutil.get_terminal_size().columns if on_terminal else None)

    def html(self) -> str:
        """Return the table as escaped HTML without styles; cells of numbers have the class `number`."""
        numeric = self.numeric
        tags = ["td"] * len(numeric) if self.columns else ["th", "td"]
        head = _html_row(["th"] * len(numeric), self.headings, numeric) if self.columns else ""
        rows = "".join(_html_row(tags, row, numeric) for row in self.texts)
        title = f"<caption>{escape(translated(self.title))}</caption>" if self.title else ""
        notes = "".join(f"<p>{escape(translated(note))}</p>" for note in self.notes)
        return f"<table>{title}<thead>{head}</thead><tbody>{rows}</tbody></table>{notes}"

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the raw values, a dict a row; of names and values one dict of all."""
        raw = [[cell.value if isinstance(cell, Cell) else cell for cell in row] for row in self.rows]
        if not self.columns:
            return [{str(name): value for name, value in raw}]
        return [dict(zip(self.columns, row, strict=True)) for row in raw]

    def to_json(self) -> str:
        """Return the raw values as JSON; null stands for what is infinite or no number."""
        dicts = [{name: _finite(value) for name, value in row.items()} for row in self.to_dicts()]
        return json.dumps(dicts, ensure_ascii=False, allow_nan=False)

    def _facts(self) -> list[str]:
        """Return a line for each name and its value; rich, which is slow to load, is not needed for it."""
        names = max((text_width(name) for name, _ in self.texts), default=0)
        right = self.numeric[1:] == (True,)
        values = max((text_width(value) for _, value in self.texts), default=0) if right else 0
        lines = [
            name + " " * (names - text_width(name) + _GAP + max(0, values - text_width(value))) + value
            for name, value in self.texts
        ]
        above, below = filter(None, [translated(self.title)]), map(translated, self.notes)
        return [*above, *map(str.rstrip, lines), *below]

    def _parts(self, limit: int) -> Iterator[RenderableType]:
        """Yield what is printed, from the top down: columns where they fit the limit, else blocks."""
        from rich.text import Text  # slow to load

        yield from map(Text, filter(None, [translated(self.title)]))
        lines = [self.headings, *self.texts] if self.columns else []
        widths = [max(map(text_width, column)) for column in zip(*lines, strict=True)]
        if self.columns and sum(widths) + _GAP * (len(widths) - 1) <= limit:
            yield self._grid()
        else:
            for index, row in enumerate(self.texts):
                pairs = zip(self.headings, row, strict=True) if self.columns else [row]
                yield from [Text()] if self.columns and index else []
                yield from (Text(f"{name}: {text}" if name else text) for name, text in pairs if text)
            yield from [Text()] if self.columns and self.rows and self.notes else []
        yield from map(Text, map(translated, self.notes))

    def _grid(self) -> RenderableType:
        from rich.table import Table as Grid
        from rich.text import Text

        grid = Grid(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=any(self.columns))
        for column, numeric in zip(self.headings, self.numeric, strict=True):
            grid.add_column(Text(column), justify="right" if numeric else "left", overflow="fold")
        for row in self.texts:
            grid.add_row(*map(Text, row))
        return grid


def facts(values: Mapping[str, Value], title: str = "", notes: tuple[str, ...] = ()) -> Table:
    """Return the table of names and values of one thing."""
    return Table((), tuple(values.items()), title, notes)


def text_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: wide letters two, combining ones none."""
    if text.isascii() and text.isprintable():
        return len(text)
    seen = (sign for sign in text if unicodedata.category(sign) not in _COMBINING)
    return sum(_WIDTHS.get(unicodedata.east_asian_width(sign), 1) for sign in seen)


def one_line(text: str) -> str:
    """Return a text with blanks in the place of line breaks and other control characters."""
    return _BREAKS.sub(" ", text)


_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # Unicode's classes Cc, Zl and Zp
_WIDTHS, _COMBINING = {"W": 2, "F": 2}, ("Mn", "Me", "Cf")


def _text_of(cell: Value) -> str:
    if cell is None or isinstance(cell, str | Cell):
        return one_line(cell.text if isinstance(cell, Cell) else cell or "")
    if isinstance(cell, bool):
        return _("yes") if cell else _("no")
    return show_count(cell) if isinstance(cell, int) else show_value(cell)


def _is_number_or_none(cell: Value) -> bool:
    value = cell.value if isinstance(cell, Cell) else cell
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _html_row(tags: Iterable[str], texts: Iterable[str], numeric: Iterable[bool]) -> str:
    kinds = (' class="number"' if right else "" for right in numeric)
    cells = zip(tags, kinds, texts, strict=True)
    return f"<tr>{''.join(f'<{tag}{kind}>{escape(text)}</{tag}>' for tag, kind, text in cells)}</tr>"


def _typeset(parts: Iterable[RenderableType], limit: int) -> str:
    from rich.console import Console  # slow to load

    page = StringIO()
    console = Console(
        file=page, width=limit, height=25, color_system=None, force_terminal=False, force_jupyter=False,
        legacy_windows=False, markup=False, emoji=False, highlight=False,
    )  # fmt: skip
    for part in parts:
        console.print(part, overflow="fold")
    return "\n".join(line.rstrip() for line in page.getvalue().rstrip("\n").split("\n"))
