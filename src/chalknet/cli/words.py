"""From a word of the command line to the value that a verb takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import typer

T = TypeVar("T")


class Nothing:
    """What a word stands for that says None, where an option that is left out says something else."""


NOTHING = Nothing()


def names(word: str) -> list[str]:
    """Return the names of a list: `a,b` -> `["a", "b"]`."""
    return [name.strip() for name in word.split(",") if name.strip()]


def rows(word: str) -> list[int | str]:
    """Return numbers and words of a list: `3,units` -> `[3, "units"]`."""
    return [int(name) if name.isdecimal() else name for name in names(word)]


def number_or_name(word: str) -> float | str:
    """Return a number where the word is one, else the word."""
    try:
        return float(word)
    except ValueError:
        return word


def batch_size(word: str) -> int | None:
    """Return a number of samples; None for `all`."""
    return None if word.strip() == "all" else _read(int, word, "a whole number, or all")


def chosen_batch_size(word: str) -> int | Nothing:
    """Return a number of samples; `all` says None, as leaving it out of a chosen recipe does not."""
    size = batch_size(word)
    return NOTHING if size is None else size


def count_or_none(word: str) -> int | Nothing:
    """Return a whole number; `none` says None."""
    return NOTHING if word.strip() == "none" else _read(int, word, "a whole number, or none")


def text_or_none(word: str) -> str | Nothing:
    """Return the word; `none` says None."""
    return NOTHING if word.strip() == "none" else word


def counts(word: str) -> list[int | None]:
    """Return the whole numbers of a list, None for `all`: `all,32,1` -> `[None, 32, 1]`."""
    return [batch_size(name) for name in names(word)]


def pair(word: str) -> tuple[float, ...]:
    """Return the numbers of `0.9,0.999`."""
    return tuple(_read(float, name, "two numbers, such as 0.9,0.999") for name in word.split(","))


def column(word: str) -> str | int:
    """Return the number of a column where the word is one, else its name."""
    return int(word) if word.lstrip("-").isdecimal() else word


def class_weight(word: str) -> str | list[float] | dict[str, float]:
    """Return what classes weigh: `balanced`, `1,5` in their order, or `no=1,yes=5` by name."""
    if word.strip() == "balanced":
        return word.strip()
    wanted = "balanced, 1,5 or no=1,yes=5"
    if "=" in word:
        pairs = [part.partition("=") for part in word.split(",")]
        return {name.strip(): _read(float, value, wanted) for name, _, value in pairs}
    return [_read(float, value, wanted) for value in word.split(",")]


def process_count(word: str) -> int:
    """Return a whole number of at least 1."""
    wanted = "a whole number greater than or equal to 1"
    if (number := _read(int, word, wanted)) < 1:
        raise typer.BadParameter(f"{word}: {wanted}")
    return number


def size(word: str) -> tuple[str, int]:
    """Return a symbol and its number: `m=784` -> `("m", 784)`."""
    symbol, equals, number = word.partition("=")
    if not (symbol and equals and number.isdecimal()):
        raise typer.BadParameter(f"{word}: write it as --set m=784")
    return symbol, int(number)


def values_over(word: str) -> tuple[str, list[Any] | str]:
    """Return a name and its values: `lr=0.1,0.01` -> `("lr", [0.1, 0.01])`; `range(5)` and its like stay."""
    name, equals, text = word.partition("=")
    if not (name.strip() and equals and text.strip()):
        raise typer.BadParameter(f"{word}: write it as --over lr=0.1,0.01")
    if _CALL.fullmatch(text.strip()):
        return name.strip(), text.strip()
    return name.strip(), [_value(part) for part in _SEPARATE.split(text) if part.strip()]


_CALL = re.compile(r"(range|whole|uniform|log)\s*\(.*\)", re.DOTALL)
_SEPARATE = re.compile(
    r",(?![^()]*\))"
)  # a comma in brackets belongs to the value: plateau(patience=3, factor=.5)
_VALUES = {"true": True, "false": False, "none": None, "all": None}


def _value(word: str) -> Any:
    word = word.strip()
    if word.lower() in _VALUES:
        return _VALUES[word.lower()]
    for kind in (int, float):
        with suppress(ValueError):
            return kind(word)
    return word


def delimiter(word: str) -> str:
    r"""Return the character between two fields; a tab may be written as `\t`."""
    return "\t" if word == "\\t" else word


def imputation(word: str) -> float | str | dict[str, float | str] | Nothing:
    """Return what gaps are filled with, for all columns or by column: `mean`, `0`, `a=0,b=median`; `none`."""
    if word.strip() == "none":
        return NOTHING
    if "=" not in word:
        return number_or_name(word)
    pairs = [part.partition("=") for part in word.split(",")]
    return {column.strip(): number_or_name(value.strip()) for column, _, value in pairs}


def limits(word: str) -> dict[str, int]:
    """Return limits by their names: `columns=100000` -> `{"columns": 100000}`."""
    pairs = [part.partition("=") for part in word.split(",")]
    return {name.strip(): _read(int, most, "NAME=N, such as columns=100000") for name, _, most in pairs}


def _read(kind: Callable[[str], T], word: str, wanted: str) -> T:
    try:
        return kind(word)
    except ValueError:
        raise typer.BadParameter(f"{word}: {wanted}") from None
