"""What is asked of a table: which columns are x and y, and what becomes of words and gaps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

from chalknet.errors import DataError, InvalidValue, unknown_name

FILLS = ("mean", "median")
Columns = str | int | Sequence[str | int]
_DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Choice:
    """What is asked of a table; the keywords of `load` under the same names, checked when it is made.

    Args:
        x: names or numbers of the columns that are features; None for all but the target.
        y: names or numbers of the columns that are the target; None for the last column.
        one_hot: columns of words that become a column of 0 and 1 for each word; True for every one of text.
        classes: whether the target's words become class numbers, in sorted order.
        fill: what takes the place of missing features: "mean", "median", a number, or a dict by column.
        standardise: features brought to mean 0 and standard deviation 1; True for all numbers, "both" for
            the target too.
        dtype: of x, "float32" or "float64".
        delimiter: of a text; None to find out.
        header: whether a text's first row holds names; None to find out.
    """

    x: Columns | None = None
    y: Columns | None = None
    one_hot: bool | Columns = False
    classes: bool = False
    fill: str | float | Mapping[str, str | float] | None = None
    standardise: bool | Columns = False
    dtype: str = "float32"
    delimiter: str | None = None
    header: bool | None = None

    def __post_init__(self) -> None:
        for name in ("x", "y", "one_hot", "standardise"):
            value = getattr(self, name)
            if isinstance(value, str) and (name, value) == ("standardise", "both"):
                continue
            if isinstance(value, str) or (isinstance(value, Integral) and not isinstance(value, bool)):
                value = (value,)
            object.__setattr__(self, name, tuple(value) if isinstance(value, Sequence) else value)
        fills = self.fill.values() if isinstance(self.fill, Mapping) else (self.fill,)
        for fill in fills:
            word = isinstance(fill, str)
            if (not isinstance(fill, Real) and not word and fill is not None) or isinstance(fill, bool):
                raise _not_a_fill(fill)
            if word and not isinstance(self.fill, Mapping) and fill not in FILLS:
                raise unknown_name(
                    "fill", "way to fill gaps", str(fill), (*FILLS, "a number", "a dict by column")
                )
        if self.dtype not in _DTYPES:
            raise unknown_name("dtype", "dtype", str(self.dtype), _DTYPES)
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise InvalidValue(
                where="delimiter", got=repr(self.delimiter), wanted="one character", remedy="Leave it out."
            )

    @property
    def changes(self) -> bool:
        """Return whether values are changed, and not only columns chosen."""
        return bool(self.one_hot or self.classes or self.fill is not None or self.standardise)

    @property
    def keywords(self) -> dict[str, object]:
        """Return the keywords of `load` that were given, as JSON can hold them."""
        given = {name: getattr(self, name) for name in self.__dataclass_fields__}
        changed = {
            name: value for name, value in given.items() if value != self.__dataclass_fields__[name].default
        }
        plain: dict[str, object] = json.loads(json.dumps(changed, default=dict))
        return plain


@dataclass(frozen=True)
class Chosen:
    """Which columns of a table are read.

    Args:
        x: numbers of the columns that are features.
        y: numbers of the columns that are the target.
        words: those among them that are read as words.
    """

    x: tuple[int, ...]
    y: tuple[int, ...]
    words: frozenset[int]


def choose(choice: Choice, names: Sequence[str], texts: Sequence[bool], where: str) -> Chosen:
    """Return the columns that a choice means.

    Args:
        choice: what is asked.
        names: the table's columns.
        texts: for each column whether it is one of text.
        where: what messages call the table.

    Raises:
        UnknownName: for a column that is not there.
        DataError: for a table of one column, two columns of one name.
        InvalidValue: for a column that is x and y.
    """
    if len(names) < 2 and (choice.x is None or choice.y is None):
        raise DataError(
            where=where,
            got=f"one column, {names[0]}",
            wanted="at least two, the last of which is the target",
            remedy="If it has more, name what stands between them: delimiter=';' (--delimiter ';').",
        )
    y = positions(choice.y, names, f"y of {where}") if choice.y is not None else (len(names) - 1,)
    rest = tuple(i for i in range(len(names)) if i not in y)
    x = positions(choice.x, names, f"x of {where}") if choice.x is not None else rest
    both = [names[i] for i in x if i in y]
    if both or not x or not y:
        raise InvalidValue(
            where=where,
            got=f"{both[0]!r} as feature and as target" if both else "no column of x or of y",
            wanted="columns for x and others for y",
            remedy='Name the target, y="price" (--y price); it is the last column otherwise.',
        )
    if choice.classes and len(y) > 1:
        raise InvalidValue(
            where="classes",
            got=f"{len(y)} columns of the target",
            wanted="one column for classes",
            remedy="Name the one that holds the classes, y=... (--y).",
        )
    if choice.one_hot is True:
        words = {i for i in x if texts[i]}
    else:
        words = set(positions(choice.one_hot or (), names, f"one_hot of {where}"))
        strange = words - set(x)
        if strange:
            raise InvalidValue(
                where="one_hot",
                got=f"{names[min(strange)]!r}, which is no column of x",
                wanted="columns of x",
                remedy="Say classes=True (--classes) for words of the target.",
            )
    return Chosen(x, y, frozenset(words | (set(y) if choice.classes else set())))


def positions(columns: Columns | bool, names: Sequence[str], where: str) -> tuple[int, ...]:
    """Return the numbers of columns given by name or by number, each once."""
    found = []
    for column in columns if isinstance(columns, Sequence) and not isinstance(columns, str) else (columns,):
        number = _number(column, names)
        if number is None:
            raise unknown_name(where, "column", str(column), names[:200])
        if isinstance(column, str) and names.count(column) > 1:
            raise DataError(
                where=where,
                got=f"{names.count(column)} columns called {column!r}",
                wanted="a name that one column has",
                remedy="Give its number, counted from 0, or rename it.",
            )
        found.append(number)
    twice = [names[number] for number in found if found.count(number) > 1]
    if twice:
        raise InvalidValue(
            where=where, got=f"{twice[0]!r} twice", wanted="each column once", remedy="Leave one of them out."
        )
    return tuple(found)


def _number(column: str | int, names: Sequence[str]) -> int | None:
    if isinstance(column, str) and column in names:
        return names.index(column)
    try:
        number = int(column)
    except ValueError:
        return None
    return range(len(names))[number] if -len(names) <= number < len(names) else None


def _not_a_fill(fill: object) -> InvalidValue:
    return InvalidValue(
        where="fill",
        got=repr(fill),
        wanted=f"{', '.join(FILLS)}, a number, or a dict such as {{'age': 'median', 'city': 'unknown'}}",
        remedy="Leave it out to be told of gaps.",
    )
