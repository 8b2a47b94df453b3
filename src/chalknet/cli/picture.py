"""The picture that a command draws beside its answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import chalknet as cn
from chalknet.cli.say import tell_written
from chalknet.errors import look_up, writing


def check_picture(option: str, path: Path | None) -> None:
    """Refuse before the work what could not be drawn after it.

    Raises:
        UnknownName: for an ending of no picture.
        FileProblem: for a folder that does not exist.
    """
    if path is None:
        return
    where = f"{option} {path}"
    look_up(dict.fromkeys(cn.Chart.suffixes), path.suffix.lower(), where, "ending")
    with writing(where):
        path.parent.stat()


def save_picture(path: Path | None, plot: Callable[[], cn.Chart]) -> None:
    """Draw and save a picture where one was asked for."""
    if path is not None:
        plot().save(path)
        tell_written(path)
