"""The row of a table that a spelling means: `sig`, `LeakyReLU`, `leaky-relu`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol
from unicodedata import normalize


class NamedRow(Protocol):
    """A row that is found by its name, its aliases or the name of its class."""

    @property
    def name(self) -> str:
        """Return the name used everywhere in chalknet."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Return the other spellings."""

    @property
    def torch_class(self) -> str:
        """Return the name of its class; its last part is a spelling too."""


def name_of_row(rows: Iterable[NamedRow], spelling: str) -> str | None:
    """Return the name of the first row that is spelled so, or None; case, `_` and `-` make no difference."""
    wanted = _folded(spelling.strip())
    for row in rows:
        if wanted and wanted in map(_folded, (row.name, *row.aliases, row.torch_class.rpartition(".")[2])):
            return row.name
    return None


@lru_cache(4096)  # of what a text holds again and again, and of the rows
def _folded(spelling: str) -> str:
    return normalize("NFC", spelling.lower().replace("_", "").replace("-", ""))
