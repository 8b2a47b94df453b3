"""A row of a table with settings of its own, as a text: `pinball(0.9)`, `step(every=100, factor=0.5)`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from chalknet.errors import InvalidValue, unknown_name

_CALL = re.compile(r"\s*([^()]*?)\s*\(([^()]*)\)\s*")


class RowSetting(NamedTuple):
    """A number that a row takes.

    Args:
        default: where it is not written; None where it has to be, or where the fit tells it.
        least: the smallest value.
        most: the largest one.
        open: whether the two bounds themselves are none of its values.
        whole: whether it is a whole number.
        needed: whether it has to be written.
    """

    default: float | None
    least: float = 0.0
    most: float = math.inf
    open: bool = False
    whole: bool = False
    needed: bool = False

    @property
    def wanted(self) -> str:
        """Return what it may be, in words."""
        kind = "a whole number" if self.whole else "a finite number"
        if math.isinf(self.most):
            return f"{kind} {'above' if self.open else 'of at least'} {self.least:g}"
        between = "between" if self.open else "from"
        return f"{kind} {between} {self.least:g} {'and' if self.open else 'to'} {self.most:g}"

    def allows(self, value: float) -> bool:
        """Return whether it may be this number."""
        inside = self.least < value < self.most if self.open else self.least <= value <= self.most
        return math.isfinite(value) and inside and not (self.whole and value != int(value))


def name_and_words(text: str) -> tuple[str, str]:
    """Return the name that a text begins with, and what stands in the brackets behind it."""
    found = _CALL.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


def settings_of(where: str, words: str, known: Mapping[str, RowSetting]) -> dict[str, float]:
    """Return the settings that are written in the brackets behind a name.

    Args:
        where: what an error calls the row.
        words: such as `0.9` or `every=100, factor=0.5`; without a name in the order of the row.
        known: the settings of the row.

    Raises:
        UnknownName: for a setting that the row has not.
        InvalidValue: for a value that it cannot have, one given twice, or one that is missing.
    """
    given: dict[str, float] = {}
    for place, word in enumerate(filter(None, map(str.strip, words.split(",")))):
        name, equals, value = (part.strip() for part in word.partition("="))
        if not equals:
            name, value = ([*known][place] if place < len(known) else ""), word
        if name not in known:
            raise unknown_name(where, "setting", name or word, known or ("no setting at all",))
        if name in given:
            raise _refused(where, f"{name} twice", "each setting once", f"{name}={known[name].default}")
        given[name] = _number(where, name, value, known[name])
    for name, setting in known.items():
        if setting.needed and name not in given:
            raise _refused(where, f"no {name}", f"{name}, {setting.wanted}", f"{name}=100")
    return given


def spelled(name: str, given: Mapping[str, float], known: Mapping[str, RowSetting]) -> str:
    """Return the text of a row with its settings, those that are the defaults left out."""
    own = {key: given[key] for key in known if key in given and given[key] != known[key].default}
    return f"{name}({', '.join(f'{key}={_shortest(value)}' for key, value in own.items())})" if own else name


def _shortest(value: float) -> str:
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _number(where: str, name: str, word: str, setting: RowSetting) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not setting.allows(value):
        raise _refused(where, f"{name}={word}", setting.wanted, f"{name}={setting.default or 100:g}")
    return value


def _refused(where: str, got: str, wanted: str, example: str) -> InvalidValue:
    return InvalidValue(where=where, got=got, wanted=wanted, remedy=f"Write it as {where}({example}).")
