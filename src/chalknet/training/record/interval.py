"""How often something is done: every so many updates, or every so many seconds."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from numbers import Integral, Real

from chalknet.errors import InvalidValue

_UNITS = {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0}
_TIME = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Interval:
    """Exactly one of the two is given.

    Args:
        updates: updates between two times.
        seconds: seconds on the clock between two times.
    """

    updates: int | None = None
    seconds: float | None = None

    @classmethod
    def of(cls, value: object, name: str) -> Interval:
        """Return what `200`, `"200"`, `"30s"`, `"5min"` or `"1h"` say.

        Args:
            value: a number of updates, or a text of a number with its unit.
            name: what an error calls it.

        Raises:
            InvalidValue: for anything else, or nothing above zero.

        Example:
            >>> Interval.of("30s", "checkpoint_every")
            Interval(updates=None, seconds=30.0)
        """
        text = str(value).strip()
        if (isinstance(value, Integral) and not isinstance(value, bool)) or text.isdecimal():
            if int(text) > 0:
                return cls(updates=int(text))
        elif isinstance(value, str) and (found := _TIME.fullmatch(text)):
            number, unit = float(found[1]), found[2].lower()
            if unit in _UNITS and 0 < number < math.inf:
                return cls(seconds=number * _UNITS[unit])
        seconds = f", or {str(value)!r} with an s behind it" if isinstance(value, Real) else ""
        raise InvalidValue(
            where=name,
            got=repr(value),
            wanted="a whole number of updates above 0, or a time such as '30s', '5min', '1h'",
            remedy=f"Say {name}=200{seconds}, or {name}='30s'.",
        )

    def __str__(self) -> str:
        return str(self.updates) if self.updates is not None else f"{self.seconds:g}s"
