"""A new folder for a run: made beside its place, and put there, or in the place of an older run, at once."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from chalknet.data import ArraySource, Source
from chalknet.errors import ChalknetError, FileProblem
from chalknet.files import RUN_DATA, RUN_PLAN, RUN_WEIGHTS, UNFINISHED, is_regular, try_lock
from chalknet.module import tensors_to_bytes
from chalknet.training.choice.prepare import PreparedFit
from chalknet.training.kept import checkpoint, run_files
from chalknet.training.kept.ours import ASIDE, LOCK, foreign_files, remove_leftovers, remove_run
from chalknet.training.kept.run_files import Setting, read_setting, write_setting
from chalknet.training.kept.run_folder import RunFolder, busy, locked, setting_of, unwritable
from chalknet.training.record.record_options import RecordOptions

_NAMES_SHOWN = 5
_LARGEST_COPY_BYTES = 256 << 20  # arrays up to this size are kept with a run that is under way


@contextmanager
def claimed(prepared: PreparedFit, record: RecordOptions) -> Iterator[RunFolder]:
    """Hold a new run's folder for this process.

    It is made at once, so that a place that cannot be written is refused before the first update; it is
    removed again when the body fails and there is no checkpoint or result in it.

    Raises:
        FileProblem: when something else is there, another process is writing it, or it cannot be written.
    """
    path, setting = _place(Path(str(record.out))), setting_of(prepared, record)
    with _held_for_overwriting(path, overwrite=record.overwrite) as replaces:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_leftovers(path.parent)
            unfinished, lock = _new_folder(path)
            try:
                setting = _write_data(unfinished, setting, prepared.source)
                setting = write_setting(unfinished, setting)
                _move(unfinished, path, replaces=replaces)
            except BaseException:
                remove_run(unfinished)
                raise
        except OSError as problem:
            if isinstance(problem, FileProblem) and problem.__cause__ is None:
                raise  # it says all itself
            if path.exists() and problem.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise busy(path) from problem  # another process has made it meanwhile
            raise unwritable(path, problem) from problem
    with lock:
        try:
            yield RunFolder(path, setting)
        except BaseException:
            if not (path / checkpoint.FOLDER).exists() and not (path / RUN_WEIGHTS).exists():
                remove_run(path)
            raise


@contextmanager
def _held_for_overwriting(path: Path, *, overwrite: bool) -> Iterator[bool]:
    """Hold the folder of a run that is to be replaced; yield whether there is one."""
    occupied = path.exists() and (not path.is_dir() or any(path.iterdir()))
    if not occupied:
        yield False
        return
    setting = _setting_of_occupied(path)
    with locked(path):
        if not overwrite:
            raise _occupied(
                path,
                "a run that was kept before",
                "Say overwrite=True (--overwrite) to replace it, cn.resume(path) (chalknet resume RUN) "
                "to go on with it, or give another name.",
            )
        _check_all_ours(path, setting)
        yield True


def _setting_of_occupied(path: Path) -> Setting:
    if not is_regular(path / RUN_PLAN):
        raise _occupied(path, "something that is no run", "Give another name.")
    try:
        return read_setting(path)
    except ChalknetError as problem:
        what = f"something that is no run, or a damaged one ({problem.where}: {problem.got})"
        raise _occupied(path, what, "Give another name, or remove it yourself.") from problem


def _check_all_ours(path: Path, setting: Setting) -> None:
    """Refuse to replace a folder in which anything was not written by chalknet for its run.

    Raises:
        FileProblem: naming what would be lost.
    """
    foreign = foreign_files(path, setting.run)
    if foreign:
        more = f" and {len(foreign) - _NAMES_SHOWN} more" if len(foreign) > _NAMES_SHOWN else ""
        raise _occupied(
            path,
            f"a run, and in it {', '.join(foreign[:_NAMES_SHOWN])}{more}, which chalknet did not write",
            "Move that elsewhere, or give another name: nothing but a run is replaced.",
        )


def _place(path: Path) -> Path:
    """Return where a run is made: the folder itself where a link to it was given.

    Raises:
        FileProblem: for a link to nowhere.
    """
    if path.is_symlink() and not path.exists():
        raise _occupied(path, "a link to nowhere", "Give another name, or remove the link.")
    return path.resolve()


def _new_folder(path: Path) -> tuple[Path, AbstractContextManager[object]]:
    """Return a hidden folder beside a run's place, on the same file system, and the lock on it."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=UNFINISHED, dir=path.parent))
        with suppress(FileNotFoundError):  # taken for a leftover in between
            made.chmod(0o755)
            lock = try_lock(made / LOCK)
            if lock is not None:
                return made, lock


def _write_data(folder: Path, setting: Setting, source: Source) -> Setting:
    """Keep a copy of arrays until the run is done: they have no place from which to load them again."""
    if setting.origin is not None or not isinstance(source, ArraySource):
        return setting
    parts = {"": source, "held_out_": source.held_out}
    tensors = {
        f"{part}{side}": getattr(array, side)
        for part, array in parts.items()
        if isinstance(array, ArraySource)
        for side in ("x", "y")
    }
    if sum(tensor.nbytes for tensor in tensors.values()) > _LARGEST_COPY_BYTES:
        return setting
    return run_files.write_file(folder, setting, RUN_DATA, tensors_to_bytes(tensors, setting.run))


def _move(unfinished: Path, place: Path, *, replaces: bool) -> None:
    """Put a folder in its place; the run that was there is removed once the new one is."""
    if not replaces:
        if place.exists():
            place.rmdir()  # an empty folder; one that is not empty any more stays
        unfinished.rename(place)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=UNFINISHED, dir=place.parent)) / ASIDE
    place.rename(aside)
    try:
        _check_all_ours(aside, read_setting(aside))  # nothing was put there meanwhile
        unfinished.rename(place)
    except BaseException:
        aside.rename(place)
        aside.parent.rmdir()
        raise
    remove_run(aside)
    aside.parent.rmdir()


def _occupied(path: Path, got: str, remedy: str) -> FileProblem:
    return FileProblem(where=f"out={str(path)!r}", got=got, wanted="a new or empty folder", remedy=remedy)
