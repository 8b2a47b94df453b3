"""Which files of a folder chalknet wrote for a run: these alone are ever replaced or removed.

A file is known by its full name and by its content. Links are never followed, and whatever is not known
stays where it is.
"""

from __future__ import annotations

import os
import re
from contextlib import ExitStack, suppress
from pathlib import Path

from chalknet.data import Preparation
from chalknet.files import (
    RUN_DATA,
    RUN_HISTORY,
    RUN_NETWORK,
    RUN_PLAN,
    RUN_PREPARATION,
    RUN_WEIGHTS,
    UNFINISHED,
    is_folder,
    is_lock,
    is_regular,
    open_regular,
    read_regular,
    try_lock,
    unfinished_name,
)
from chalknet.module import run_of_tensors
from chalknet.seal import read_sealed
from chalknet.training.kept import checkpoint

LOCK = ".lock"
ASIDE = "run"  # what a run that is being replaced is called for that moment
RUN_FILES = (RUN_PLAN, RUN_NETWORK, RUN_PREPARATION, RUN_HISTORY, RUN_WEIGHTS, RUN_DATA)
_HISTORY_BEGINS = b"updates,samples,epochs,seconds,loss,train_"
_NETWORK_BEGINS = b'{\n  "chalknet": '
_PLAN_KEYS = {"model", "recipe", "data", "placement", "engine", "outcome"}
_LEFTOVER = re.compile(
    rf"\.(.+?)(?:\.old)?\.[a-z0-9_]{{8}}(?:{re.escape(UNFINISHED)})?"
)  # as earlier versions named it too


def is_ours(path: Path, run: str | None) -> bool:
    """Return whether a file in a run's folder was written by chalknet for that run; None is any run."""
    if path.name == LOCK:
        return is_lock(path)
    if not is_regular(path):
        return False
    if (name := unfinished_name(path.name)) is not None:
        return name in RUN_FILES
    try:
        if path.name in (RUN_WEIGHTS, RUN_DATA):
            found = run_of_tensors(path)
            return found is not None and run in (None, found)
        if path.name == RUN_PLAN:
            return read_sealed(path).values.keys() >= _PLAN_KEYS
        if path.name == RUN_PREPARATION:
            return bool(Preparation.from_json(read_regular(path).decode()))
        begins = {RUN_HISTORY: _HISTORY_BEGINS, RUN_NETWORK: _NETWORK_BEGINS}.get(path.name)
        if begins is None:
            return False
        with open_regular(path) as file:
            return file.read(len(begins)) == begins
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return False


def foreign_files(folder: Path, run: str) -> list[str]:
    """Return what in a run's folder was not written by chalknet for the run, by its path in the folder."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.name == checkpoint.FOLDER and is_folder(path):
            inside = (each for each in sorted(path.iterdir()) if not checkpoint.is_ours(each, run))
            found += [f"{path.name}/{each.name}" for each in inside]
        elif not is_ours(path, run):
            found.append(path.name)
    return found


def remove_run(folder: Path) -> None:
    """Remove what chalknet wrote into a run's folder, and the folder itself if nothing else is there."""
    run = _run_of(folder)
    checkpoints = folder / checkpoint.FOLDER
    with suppress(OSError):
        if is_folder(checkpoints):
            for path in checkpoints.iterdir():
                if checkpoint.is_ours(path, run or ""):
                    path.unlink()
            checkpoints.rmdir()
    with suppress(OSError):
        # the plan is last but for the lock: what else is ours is known by it
        for path in sorted(folder.iterdir(), key=lambda path: (path.name == LOCK, path.name == RUN_PLAN)):
            if is_ours(path, run):
                path.unlink()
        folder.rmdir()


def remove_leftovers(place: Path) -> None:
    """Remove the hidden folders that fits killed at their start have left in a folder.

    They are known by their name, and by a lock that no process holds. A run that was being replaced when
    its fit was killed goes back to its place.
    """
    with suppress(OSError):
        for path in place.iterdir():
            found = _LEFTOVER.fullmatch(path.name)
            if found and is_folder(path):
                _remove_leftover(path, place / found[1])


def _remove_leftover(path: Path, place: Path) -> None:
    with suppress(OSError), ExitStack() as stack:
        for folder in (path, path / ASIDE):
            if is_folder(folder) and is_lock(folder / LOCK):
                held = try_lock(folder / LOCK)
                if held is None:
                    return
                stack.enter_context(held)
                if folder.name == ASIDE and not os.path.lexists(place):
                    folder.rename(place)
                else:
                    remove_run(folder)
        path.rmdir()  # where it is empty


def _run_of(folder: Path) -> str | None:
    try:
        return str(read_sealed(folder / RUN_PLAN).values.get("run", ""))
    except (OSError, ValueError):
        return None
