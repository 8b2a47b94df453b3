"""Values whose `repr` is one line, whatever they hold; `str` is the full text."""

from __future__ import annotations

from chalknet.units import full_text, one_line


class OneLine:
    """A dataclass that is shown as the call that makes it; declare it with `repr=False`."""

    def __repr__(self) -> str:
        return one_line(str(self))

    def __str__(self) -> str:
        return full_text(self)
