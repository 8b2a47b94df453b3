"""The picture that a command draws beside its answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import chalknet as cn
from chalknet.cli.say import tell_written


def check_picture(option: str, path: Path | None) -> None:
    """Refuse before the work what could not be drawn after it.

    Raises:
        UnknownName: for an ending of no picture.
        FileProblem: for a folder that does not exist.
    """
    if path is None:
        return
    where, endings = f"{option} {path}", ", ".join(cn.Chart.suffixes)
    if path.suffix.lower() not in cn.Chart.suffixes:
        raise cn.UnknownName(
            where=where,
            got=f"the ending {path.suffix!r}",
            wanted=f"one of {endings}",
            remedy="Write one of them.",
        )
    if not path.parent.is_dir():
        raise cn.FileProblem(
            where=where,
            got="no such folder",
            wanted="a folder that exists",
            remedy=f"Make it: mkdir {path.parent}",
        )


def save_picture(path: Path | None, plot: Callable[[], cn.Chart]) -> None:
    """Draw and save a picture where one was asked for."""
    if path is not None:
        plot().save(path)
        tell_written(path)
