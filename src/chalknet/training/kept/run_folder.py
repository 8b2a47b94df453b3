"""The folder of a run: held by one process, written while it fits, loaded when it is done."""

from __future__ import annotations

import errno
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from chalknet.data import ArraySource, Source
from chalknet.errors import FileProblem, InvalidValue, public
from chalknet.files import RUN_DATA, RUN_PLAN, RUN_WEIGHTS, try_lock, user_path, write_whole
from chalknet.module import build, flat, read_tensors, tensors_to_bytes
from chalknet.planning import Plan
from chalknet.training.choice.prepare import PreparedFit
from chalknet.training.choice.timing_cache import installed_versions
from chalknet.training.history import FitResult
from chalknet.training.kept import checkpoint, run_files
from chalknet.training.kept.run_files import Setting, damaged, read_setting, write_setting
from chalknet.training.record.record_options import RecordOptions

_LOCK = ".lock"
_LARGEST_COPY_BYTES = 256 << 20  # arrays up to this size are kept with a run that is under way


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run, held by this process.

    Args:
        path: where it is.
        setting: what is kept of the run beside its checkpoints.
    """

    path: Path
    setting: Setting

    def with_logs(self, logs: Mapping[str, str]) -> RunFolder:
        """Return the folder after the keys of the run's logs were written to it."""
        folder = replace(self, setting=replace(self.setting, logs=logs))
        write_setting(folder.path, folder.setting)
        return folder

    def keep(self, result: FitResult) -> None:
        """Write the result: weights, history, and last the plan with the outcome."""
        module = result.module if result.plan.network is None else flat(result.module)
        write_whole(self.path / RUN_WEIGHTS, tensors_to_bytes(module.state_dict()))
        run_files.write_history(self.path, result.history)
        write_setting(self.path, replace(self.setting, plan=result.plan, outcome=result.outcome))
        if result.outcome.ended:
            (self.path / RUN_DATA).unlink(missing_ok=True)


def setting_of(prepared: PreparedFit, record: RecordOptions) -> Setting:
    """Return what a run needs to go on in another process."""
    source = prepared.source
    return Setting(
        plan=prepared.plan,
        record=record,
        origin=source.origin,
        fingerprint=source.fingerprint(),
        made_with=made_with(),
        preparation=source.preparation,
    )


def made_with() -> dict[str, str]:
    """Return the versions and the kind of machine on which the last bits of a fit depend."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "vector instructions": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
        **installed_versions(),
    }


@contextmanager
def claimed(prepared: PreparedFit, record: RecordOptions) -> Iterator[RunFolder]:
    """Hold a new run's folder for this process.

    It is made at once, so that a place that cannot be written is refused before the first update; it is
    removed again when the body fails and there is no checkpoint or result in it.

    Raises:
        FileProblem: when something else is there, another process is writing it, or it cannot be written.
    """
    path, setting = Path(str(record.out)), setting_of(prepared, record)
    with _held_for_overwriting(path, overwrite=record.overwrite):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(
                prefix=f".{path.name}.", dir=path.parent, ignore_cleanup_errors=True
            ) as beside:  # its place, on the same file system
                unfinished = Path(beside)
                unfinished.chmod(0o755)
                lock = _locked(unfinished)
                write_setting(unfinished, setting)
                _write_data(unfinished, setting, prepared.source)
                _move(unfinished, path)
        except OSError as problem:
            if path.exists() and problem.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise _busy(path) from problem  # another process has made it meanwhile
            raise _unwritable(path, problem) from problem
    with lock:
        try:
            yield RunFolder(path, setting)
        except BaseException:
            if not (path / checkpoint.FOLDER).exists() and not (path / RUN_WEIGHTS).exists():
                shutil.rmtree(path, ignore_errors=True)
            raise


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the folder of an existing run for this process.

    Raises:
        FileProblem: when it holds no run, or another process is writing it.
    """
    read_setting(path)
    with _locked(path):
        yield


def kept_data(path: Path) -> ArraySource | None:
    """Return the copy of the arrays that is kept with a run under way, if there is one."""
    if not (path / RUN_DATA).exists():
        return None
    tensors = read_tensors(path / RUN_DATA)
    held_out = None
    if "held_out_x" in tensors:
        held_out = ArraySource(tensors["held_out_x"], tensors["held_out_y"], "data held out")
    return ArraySource(tensors["x"], tensors["y"], "data", held_out)


@public()
def load_run(path: str | Path, *, module: nn.Module | None = None) -> FitResult:
    """Return a fit that was kept with `out=path`: its module with the fitted weights, history and plan.

    Args:
        path: the folder.
        module: the module to put the weights into; needed only when what was fitted was no chain that
            a Network describes.

    Raises:
        FileProblem: for a folder that holds no run, one that has not ended, or a damaged one.

    Example:
        >>> import tempfile
        >>> import torch
        >>> import chalknet as cn
        >>> x, run = torch.linspace(-1, 1, 50), tempfile.mkdtemp() + "/run"
        >>> _ = cn.fit("1 -> 1", (x, 2 * x), loss="mse", updates=5, out=run)
        >>> cn.load_run(run).history.updates[-1]
        5
    """
    folder = user_path(path, "path")
    setting = read_setting(folder)
    if setting.outcome is None:
        raise FileProblem(
            where=str(folder),
            got="a run that is under way, or was killed",
            wanted="one that has ended",
            remedy=f"Go on with it: cn.resume({str(path)!r}) (chalknet resume {path}).",
        )
    history = run_files.read_history(folder, setting.plan.recipe.loss_row.metric)
    module = module_of(folder, setting.plan, module, "load_run")
    target = module if setting.plan.network is None else flat(module)
    try:
        target.load_state_dict(read_tensors(folder / RUN_WEIGHTS))
    except RuntimeError as problem:
        raise damaged(folder / RUN_WEIGHTS, problem) from problem
    return FitResult(setting.plan, module, history, setting.outcome, preparation=setting.preparation)


def module_of(folder: Path, plan: Plan, module: nn.Module | None, verb: str) -> nn.Module:
    """Return the module that was given, or the one of a kept plan with any weights.

    Raises:
        InvalidValue: for what is no module, or no module where no Network describes it.
    """
    if module is not None or plan.network is None:
        if isinstance(module, nn.Module):
            return module
        raise InvalidValue(
            where=str(folder),
            got=f"the weights of {plan.model}" if module is None else f"a {type(module).__name__} as module",
            wanted="the module they belong to" if module is None else "an nn.Module",
            remedy=f"Build it and say {verb}(path, module=your_module).",
        )
    return build(plan.network, seed=0).to(getattr(torch, plan.placement.dtype))


@contextmanager
def _held_for_overwriting(path: Path, *, overwrite: bool) -> Iterator[None]:
    occupied = path.exists() and (not path.is_dir() or any(path.iterdir()))
    if not occupied:
        yield
        return
    if not (path / RUN_PLAN).exists():
        raise _occupied(path, "something that is no run", "Give another name.")
    with _locked(path):
        if not overwrite:
            raise _occupied(
                path,
                "a run that was kept before",
                "Say overwrite=True (--overwrite) to replace it, cn.resume(path) (chalknet resume RUN) "
                "to go on with it, or give another name.",
            )
        yield


def _locked(path: Path) -> AbstractContextManager[object]:
    try:
        lock = try_lock(path / _LOCK)
    except OSError as problem:
        raise _unwritable(path, problem) from problem
    if lock is None:
        raise _busy(path)
    return lock


def _busy(path: Path) -> FileProblem:
    return FileProblem(
        where=str(path),
        got="a run that another process is writing now",
        wanted="a run that no other process is writing",
        remedy="Wait until it ends, or give another name.",
    )


def _write_data(folder: Path, setting: Setting, source: Source) -> None:
    """Keep a copy of arrays until the run is done: they have no place from which to load them again."""
    if setting.origin is not None or not isinstance(source, ArraySource):
        return
    parts = {"": source, "held_out_": source.held_out}
    tensors = {
        f"{part}{side}": getattr(array, side)
        for part, array in parts.items()
        if isinstance(array, ArraySource)
        for side in ("x", "y")
    }
    if sum(tensor.nbytes for tensor in tensors.values()) <= _LARGEST_COPY_BYTES:
        write_whole(folder / RUN_DATA, tensors_to_bytes(tensors))


def _move(unfinished: Path, place: Path) -> None:
    if place.exists():
        aside = Path(tempfile.mkdtemp(prefix=f".{place.name}.old.", dir=place.parent))
        place.rename(aside / "run")
        unfinished.rename(place)
        shutil.rmtree(aside)
    else:
        unfinished.rename(place)


def _occupied(path: Path, got: str, remedy: str) -> FileProblem:
    return FileProblem(where=f"out={str(path)!r}", got=got, wanted="a new or empty folder", remedy=remedy)


def _unwritable(path: Path, problem: OSError) -> FileProblem:
    return FileProblem(
        where=f"out={str(path)!r}",
        got=getattr(problem, "got", None) or problem.strerror or str(problem),
        wanted="a folder that can be written",
        remedy="Give a place that exists, is yours and has room.",
    )
