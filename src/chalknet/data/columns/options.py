"""What is asked of `load`: which columns are x and y, what becomes of words and gaps, how files are read."""

from __future__ import annotations

import codecs
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from chalknet.data.formats import SKIPPED_ROWS, Column, FileOptions
from chalknet.data.formats import limits as file_limits
from chalknet.errors import DataError, InvalidValue, invalid, look_up, unknown_name, whole_number
from chalknet.files import user_path
from chalknet.units import DTYPES

FILLS = ("mean", "median", "auto")
AUTO = {False: "mean", True: "missing"}  # of a column of numbers, of words
UNKNOWNS = ("refuse", "missing", "most-frequent")
Columns = str | int | Sequence[str | int]
_NAMES_SHOWN = 200


@dataclass(frozen=True)
class LoadOptions(FileOptions):
    """What is asked of data; the keywords of `load` under the same names, checked when it is made.

    Args:
        x: names or numbers of the columns that are features; None for all but the target.
        y: names or numbers of the columns that are the target; None for the last column.
        one_hot: columns of words that become a column of 0 and 1 for each word; True for every one of text.
        embed: columns whose categories become one number each, counted from 0, in front of the other
            features; for a network that begins with `embed(...)` of them.
        classes: whether the target's words become class numbers, in sorted order.
        fill: what takes the place of missing features: "mean", "median", a number, "auto" (the mean, or a
            category "missing" for words), or a dict by column.
        standardise: features brought to mean 0 and standard deviation 1; True for all numbers, "both" for
            the target too, or columns, which may be the target's.
        drop: names or numbers of columns that are left out.
        unknown: what becomes of a word, or a gap, that the training rows did not have: one of UNKNOWNS.
        dtype: of x, "float32" or "float64".
        cache: the folder of converted tables; None for the user's own.

    Raises:
        InvalidValue, UnknownName: for a value that an option cannot take.
    """

    x: Columns | None = None
    y: Columns | None = None
    one_hot: bool | Columns = False
    embed: Columns | None = None
    classes: bool = False
    fill: str | float | Mapping[str, str | float] | None = None
    standardise: bool | Columns = False
    drop: Columns | None = None
    unknown: str = "refuse"
    dtype: str = "float32"
    cache: str | Path | None = None

    def __post_init__(self) -> None:
        vars(self).update(
            x=_columns("x", self.x, unless=(None,)),
            y=_columns("y", self.y, unless=(None,)),
            one_hot=_columns("one_hot", self.one_hot, unless=(True, False, None)),
            embed=_columns("embed", self.embed, unless=(None,)),
            drop=_columns("drop", self.drop, unless=(None,)),
            standardise=_columns("standardise", self.standardise, unless=(True, False, None, "both")),
            classes=_flag("classes", self.classes),
            header=_flag("header", self.header, None),
            encoding=_encoding(self.encoding),
            comment=_text("comment", self.comment),
            skip_rows=_skipped(self.skip_rows),
            missing=_words("missing", self.missing),
            fill=_fill(self.fill),
            cache=_folder("cache", self.cache),
            in_memory=_flag("in_memory", self.in_memory, None),
            limits=_limits(self.limits),
            dtype=str(self.dtype).removeprefix("torch."),
        )
        look_up(dict.fromkeys(UNKNOWNS), self.unknown, "unknown", "way to treat unknown words")
        if self.dtype not in DTYPES:
            raise unknown_name("dtype", "dtype", self.dtype, DTYPES)
        if self.decimal is not None and not (isinstance(self.decimal, str) and self.decimal in (".", ",")):
            raise invalid("decimal", self.decimal, "'.' or ','")
        if self.delimiter is not None and not (isinstance(self.delimiter, str) and len(self.delimiter) == 1):
            raise invalid("delimiter", self.delimiter, "one character")

    @property
    def selects(self) -> bool:
        """Return whether something is asked that only columns of a table can take."""
        named = (self.x, self.y, self.drop)
        return any(each is not None for each in named) or bool(self.one_hot or self.embed or self.classes)

    @property
    def changes(self) -> bool:
        """Return whether values are changed, and not only columns chosen."""
        return bool(self.one_hot or self.embed or self.classes or self.fill is not None or self.standardise)

    @property
    def needs_digits(self) -> bool:
        """Return whether more is computed of numbers than float32 holds: differences, means, medians."""
        fills = self.fill.values() if isinstance(self.fill, Mapping) else (self.fill,)
        return bool(self.standardise) or self.unknown != "refuse" or any(fill in FILLS for fill in fills)

    @property
    def keywords(self) -> dict[str, object]:
        """Return the keywords of `load` that were given, as JSON can hold them."""
        changed = {
            name: value
            for name, value in vars(self).items()
            if value != self.__dataclass_fields__[name].default
        }
        plain: dict[str, object] = json.loads(json.dumps(changed, default=_plain))
        return plain


def _plain(value: Mapping[str, object] | Path) -> dict[str, object] | str:
    return str(value.resolve()) if isinstance(value, Path) else dict(value)


def _flag(name: str, value: Any, *others: object) -> Any:
    """Return an option that is True or False, or one of some other values, or raise InvalidValue."""
    if any(value is other for other in others):
        return value
    if isinstance(value, Integral | np.bool_) and value in (0, 1):
        return bool(value)
    raise invalid(name, value, "True or False")


def sides(
    options: LoadOptions, columns: Sequence[Column], where: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the numbers of the columns that are features, and of the target's.

    Args:
        options: what is asked.
        columns: those of the table.
        where: what messages call the table.

    Raises:
        UnknownName: for a column that is not there.
        DataError: for a table of one column, two columns of one name.
        InvalidValue: for a column that is x and y, or is left out and named.
    """
    names = [column.name for column in columns]
    dropped = positions(options.drop or (), names, f"drop of {where}")
    there = [i for i in range(len(names)) if i not in dropped]
    if len(there) < 2 and (options.x is None or options.y is None):
        raise DataError(
            where=where,
            got="no column" if not there else f"one column, {names[there[0]]}",
            wanted="at least two, the last of which is the target",
            remedy=_one_column_remedy(options, dropped),
        )
    y = positions(options.y, names, f"y of {where}") if options.y is not None else (there[-1],)
    rest = tuple(i for i in there if i not in y)
    x = positions(options.x, names, f"x of {where}") if options.x is not None else rest
    first = positions(options.embed or (), names, f"embed of {where}")
    if strange := set(first) - set(x):
        raise InvalidValue(
            where="embed",
            got=f"{names[min(strange)]!r}, which is no column of x",
            wanted="columns of x",
            remedy="Name it in x too, or leave it out of drop.",
        )
    x = (*first, *(i for i in x if i not in first))
    _check_sides(options, names, (x, y, dropped), where)
    return x, y


def _one_column_remedy(options: LoadOptions, dropped: tuple[int, ...]) -> str:
    if dropped:
        return "Leave fewer out."
    if options.delimiter is not None:
        return "Leave delimiter= (--delimiter) out: what stands between the fields is found then."
    return "Add the target as a column, or give arrays (x, y)."


def _check_sides(
    options: LoadOptions, names: Sequence[str], parts: tuple[tuple[int, ...], ...], where: str
) -> None:
    """Raise an InvalidValue for a column that has two parts to play, or for a side without columns."""
    x, y, dropped = parts
    gone = [names[i] for i in (*x, *y) if i in dropped]
    if gone:
        raise InvalidValue(
            where="drop",
            got=f"{gone[0]!r}, which is named in x or y too",
            wanted="columns that nothing else names",
            remedy="Name it in one of them alone.",
        )
    both = [names[i] for i in x if i in y]
    if both or not x or not y:
        raise InvalidValue(
            where=where,
            got=f"{both[0]!r} as feature and as target" if both else "no column of x or of y",
            wanted="columns for x and others for y",
            remedy='Name the target, y="price" (--y price); it is the last column otherwise.',
        )
    if options.classes and len(y) > 1:
        raise InvalidValue(
            where="classes",
            got=f"{len(y)} columns of the target",
            wanted="one column for classes",
            remedy="Name the one that holds the classes, y=... (--y).",
        )


def word_columns(
    options: LoadOptions, columns: Sequence[Column], x: Sequence[int], y: Sequence[int], where: str
) -> set[int]:
    """Return the numbers of the columns that are read as words.

    Raises:
        UnknownName: for a column that is not there.
        InvalidValue: for a column that is not in x.
    """
    names = [column.name for column in columns]
    embedded = set(positions(options.embed or (), names, f"embed of {where}"))
    if options.one_hot is True:
        words = {i for i in x if columns[i].kind == "text"}
    else:
        words = set(positions(options.one_hot or (), names, f"one_hot of {where}"))
        strange = words - set(x)
        if strange:
            raise InvalidValue(
                where="one_hot",
                got=f"{names[min(strange)]!r}, which is no column of x",
                wanted="columns of x",
                remedy="Say classes=True (--classes) for words of the target.",
            )
    return words | embedded | (set(y) if options.classes else set())


def positions(columns: Columns | bool, names: Sequence[str], where: str) -> tuple[int, ...]:
    """Return the numbers of columns given by name or by number, each once."""
    found = []
    counts, first = Counter(names), {name: number for number, name in reversed(list(enumerate(names)))}
    for column in (columns,) if isinstance(columns, str | int) else columns:
        number = first[column] if column in first else _number(column, len(names))
        if number is None:
            raise unknown_name(where, "column", str(column), names[:_NAMES_SHOWN])
        if isinstance(column, str) and counts[column] > 1:
            raise DataError(
                where=where,
                got=f"{counts[column]} columns called {column!r}",
                wanted="a name that one column has",
                remedy="Give its number, counted from 0, or rename it.",
            )
        found.append(number)
    twice = [names[number] for number, count in Counter(found).items() if count > 1]
    if twice:
        raise InvalidValue(
            where=where, got=f"{twice[0]!r} twice", wanted="each column once", remedy="Leave one of them out."
        )
    return tuple(found)


def _number(column: str | int, count: int) -> int | None:
    """Return the number of a column of so many, counted from the end where it is negative; None for none."""
    try:
        number = int(column)
    except ValueError:
        return None
    return range(count)[number] if -count <= number < count else None


def _columns(name: str, value: Any, unless: tuple[object, ...]) -> object:
    """Return an option that names columns as a tuple of them; other values it may have stay as they are."""
    if any(value is other or (isinstance(value, str) and value == other) for other in unless):
        return value
    several = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    columns: tuple[Any, ...] = tuple(value) if several else (value,)
    if not all(isinstance(column, str | Integral) and not isinstance(column, bool) for column in columns):
        raise invalid(name, value, "the name or the number of a column, or a list of them")
    return tuple(column if isinstance(column, str) else int(column) for column in columns)


def _text(name: str, value: object) -> str | None:
    if value is None or (isinstance(value, str) and value):
        return value
    raise invalid(name, value, "a text")


def _words(name: str, value: object) -> tuple[str, ...]:
    words = (value,) if isinstance(value, str) else value
    if isinstance(words, Sequence) and all(isinstance(word, str) for word in words):
        return tuple(words)
    raise invalid(name, value, "a word or a list of words")


def _encoding(value: object) -> str | None:
    name = _text("encoding", value)
    try:
        return name and codecs.lookup(name).name
    except (LookupError, ValueError, UnicodeError):
        raise invalid("encoding", value, 'the name of an encoding, such as "cp949" or "utf-16"') from None


def _skipped(value: object) -> tuple[int | str, ...]:
    """Return the option `skip_rows` as a tuple of a number of lines and kinds of rows."""
    each: Any
    skipped: list[int | str] = []
    for each in value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else (value,):
        if isinstance(each, str) and not each.isdecimal() and each not in SKIPPED_ROWS:
            raise unknown_name("skip_rows", "kind of rows", each, (*SKIPPED_ROWS, "a number of lines"))
        if not isinstance(each, str):
            each = 0 if isinstance(each, Integral) and each == 0 else whole_number("skip_rows", each)
        skipped.append(int(each) if str(each).isdecimal() else each)
    return tuple(skipped)


def _folder(name: str, value: object) -> Path | None:
    if value is None or isinstance(value, str | os.PathLike):
        return None if value is None else user_path(value, name)
    raise invalid(name, value, "the path of a folder")


def _fill(fill: object) -> object:
    """Return the option `fill`, its numbers as floats or ints of Python."""
    if isinstance(fill, Mapping):
        return {str(column): _fill_value(value) for column, value in fill.items()}
    if isinstance(fill, str) and fill not in FILLS:
        raise unknown_name("fill", "way to fill gaps", fill, (*FILLS, "a number", "a dict by column"))
    return fill if fill is None else _fill_value(fill)


def _limits(value: object) -> dict[str, int] | None:
    """Return the option `limits` as a dict of whole numbers."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise invalid("limits", value, "a dict such as {'columns': 100000}")
    for name in value:
        look_up(file_limits.LIMITS, name, "limits", "limit")
    return {name: whole_number(f"limit {name}", most) for name, most in value.items()}


_LARGEST = 3.4e38  # of float32


def _fill_value(value: Any) -> str | float:
    if isinstance(value, str):
        return value
    if isinstance(value, Real) and not isinstance(value, bool) and -_LARGEST <= float(value) <= _LARGEST:
        return int(value) if isinstance(value, Integral) else float(value)
    numbers_and_words = "a number, or a dict such as {'age': 'median', 'city': 'unknown'}"
    raise invalid("fill", value, f"{', '.join(FILLS)}, {numbers_and_words}")
