"""How much is read of a file: more than data has, so that no file takes all memory or time."""

from __future__ import annotations

from collections.abc import Mapping

from chalknet.data.formats.option_words import option
from chalknet.errors import DataError

LIMITS: Mapping[str, int] = {
    "columns": 20_000,
    "row_bytes": 64 << 20,
    "unpacked_bytes": 128 << 20,
    "input_bytes": 4 << 30,
}
"""The limits by their names, as `limits=` of `load` takes them: columns of a table, bytes of a row of a text,
of what is unpacked, of standard input. A file may always unpack to GROWTH times its size."""

GROWTH = 50
_REASONS = {
    "columns": "Look for the delimiter, or leave columns out of the file; if it is meant to be so wide",
    "row_bytes": "Look for a quotation mark that is opened there and never closed; if rows are so long",
    "unpacked_bytes": "Unpack it and give what is in it; or, if that is really data",
    "input_bytes": "Write it to a file and give its path; or, if it has an end",
}


def limit_of(name: str, given: Mapping[str, int] | None) -> int:
    """Return a limit: what the user gave, else ours."""
    return (given or {}).get(name, LIMITS[name])


def unpacked_limit(packed_bytes: int, given: Mapping[str, int] | None) -> int:
    """Return how many bytes a packed file of a size may hold."""
    return max(limit_of("unpacked_bytes", given), GROWTH * packed_bytes)


def over_limit(where: str, name: str, given: Mapping[str, int] | None, got: str, needed: int) -> DataError:
    """Return the error for what is beyond a limit.

    Args:
        where: what is beyond it.
        name: of the limit.
        given: the limits that the user gave.
        got: what was found.
        needed: the limit that would do, as far as is known.
    """
    raised = option("limits", {**(given or {}), name: needed})
    return DataError(
        where=where,
        got=got,
        wanted=f"at most {limit_of(name, given):,} ({name})",
        remedy=f"{_REASONS[name]}, raise the limit: {raised}.",
    )
