"""Paths as a user writes them."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from chalknet.planning import invalid_option


def user_path(path: object, where: str) -> Path:
    """Return a path with `~` expanded; the `~name` of a user who does not exist stays as it is.

    Args:
        path: what the user gave.
        where: what an error calls it.

    Raises:
        InvalidValue: for what is no path.
    """
    if not isinstance(path, str | PathLike) or not str(path).strip() or "\0" in str(path):
        raise invalid_option(where, path, "a path", f"Give {where} as a text or a Path.")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
