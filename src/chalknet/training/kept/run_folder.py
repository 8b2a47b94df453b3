"""The folder of a run: held by one process, written while it fits, loaded when it is done."""

from __future__ import annotations

import os
import platform
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from chalknet.data import ArraySource
from chalknet.errors import FileProblem, InvalidValue, public
from chalknet.files import (
    RUN_DATA,
    RUN_HISTORY,
    RUN_NETWORK,
    RUN_WEIGHTS,
    digest_of,
    is_regular,
    try_lock,
    user_path,
)
from chalknet.module import (
    build,
    check_weights,
    expected_weights,
    flat,
    most_bytes,
    tensors_from_bytes,
    tensors_to_bytes,
)
from chalknet.planning import Plan
from chalknet.seal import damaged
from chalknet.training.choice.prepare import PreparedFit
from chalknet.training.choice.timing_cache import installed_versions
from chalknet.training.history import FitResult
from chalknet.training.kept import checkpoint, run_files
from chalknet.training.kept.history_rows import history_to_bytes
from chalknet.training.kept.ours import (
    LOCK,
    RUN_FILES,
    is_ours,
)
from chalknet.training.kept.run_files import Setting, read_setting, write_setting
from chalknet.training.record.features import features_of
from chalknet.training.record.record_options import RecordOptions


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
        return replace(self, setting=write_setting(self.path, replace(self.setting, logs=logs)))

    def save(self, made: checkpoint.Checkpoint) -> None:
        """Keep a checkpoint of the run."""
        checkpoint.save(self.path, made, self.setting.run)

    def keep(self, result: FitResult) -> None:
        """Write the result: weights, history, and last the plan with the outcome and their checksums."""
        module = result.module if result.plan.network is None else flat(result.module)
        contents = {
            RUN_WEIGHTS: tensors_to_bytes(module.state_dict(), self.setting.run),
            RUN_HISTORY: history_to_bytes(result.history),
        }
        setting = replace(
            self.setting, plan=result.plan, outcome=result.outcome, baseline=result.baseline,
            diagnosis=result.diagnosis,
        )  # fmt: skip
        for name, content in contents.items():
            setting = run_files.write_file(self.path, setting, name, content)
        ended = result.outcome.ended
        if ended:
            setting = replace(setting, files={n: sum_ for n, sum_ in setting.files.items() if n != RUN_DATA})
        write_setting(self.path, setting)
        if ended and is_ours(self.path / RUN_DATA, setting.run):
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
        run=uuid.uuid4().hex,
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
def held(path: Path) -> Iterator[None]:
    """Hold the folder of an existing run for this process.

    Raises:
        FileProblem: when it holds no run, another process is writing it, or a file of somebody else's has
            the name of one that is to be written.
    """
    setting = read_setting(path)
    with locked(path):
        checkpoint.check_folder(path)
        for name in RUN_FILES:
            if os.path.lexists(path / name) and not is_ours(path / name, setting.run):
                raise checkpoint.foreign(path / name)
        yield


def adopted(path: Path, setting: Setting) -> Setting:
    """Return the setting of a run that an earlier version began, its copy of the data among its files."""
    if setting.sealed or not is_regular(path / RUN_DATA):
        return setting
    return replace(setting, files={RUN_DATA: digest_of(path / RUN_DATA)})


def kept_data(path: Path, setting: Setting) -> ArraySource | None:
    """Return the copy of the arrays that is kept with a run under way, if there is one.

    Raises:
        FileProblem: when it is damaged, or not the one that was kept.
    """
    if (RUN_DATA not in setting.files) if setting.sealed else not os.path.lexists(path / RUN_DATA):
        return None
    tensors = tensors_from_bytes(run_files.read_file(path, setting, RUN_DATA), path / RUN_DATA)
    held_out = None
    try:
        if "held_out_x" in tensors:
            held_out = ArraySource(tensors["held_out_x"], tensors["held_out_y"], "data held out")
        return ArraySource(tensors["x"], tensors["y"], "data", held_out)
    except KeyError as problem:
        raise damaged(path / RUN_DATA, problem) from problem


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
    ended = run_files.read_ended(folder)
    setting = ended.setting
    if setting.plan.network is None:
        target = module = module_of(folder, setting.plan, module, "load_run")
        weights = _weights(folder, setting, target.state_dict())
    else:
        weights = _weights(folder, setting)
        module = module_of(folder, setting.plan, module, "load_run")
        target = flat(module)
    try:
        target.load_state_dict(weights)
    except RuntimeError as problem:
        raise damaged(folder / RUN_WEIGHTS, problem) from problem
    return FitResult(
        setting.plan, module, ended.history, ended.outcome,
        preparation=features_of(setting.preparation, setting.plan.recipe),
        baseline=setting.baseline, diagnosis=setting.diagnosis,
    )  # fmt: skip


def _weights(
    folder: Path, setting: Setting, own: Mapping[str, torch.Tensor] | None = None
) -> Mapping[str, torch.Tensor]:
    """Return the weights of a run, found to be those of its network before that is built.

    Args:
        folder: of the run.
        setting: of the run.
        own: the parameters of the user's module, where no Network describes it.
    """
    plan, path = setting.plan, folder / RUN_WEIGHTS
    try:
        expected = expected_weights(plan.network, plan.placement.dtype) if plan.network else own or {}
    except ValueError as problem:
        raise damaged(folder / RUN_NETWORK, problem) from problem
    content = run_files.read_file(
        folder,
        setting,
        RUN_WEIGHTS,
        None if own else most_bytes(each.nbytes for each in expected.values()),
    )
    weights = tensors_from_bytes(content, path)
    if plan.network is not None:
        try:
            check_weights(weights, expected)
        except ValueError as problem:
            raise damaged(path, problem) from problem
    return weights


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


def locked(path: Path) -> AbstractContextManager[object]:
    """Return the lock on a run's folder.

    Raises:
        FileProblem: when another process holds it, or something else has its name.
    """
    try:
        lock = try_lock(path / LOCK)
    except FileProblem:
        raise
    except OSError as problem:
        raise unwritable(path, problem) from problem
    if lock is None:
        raise busy(path)
    return lock


def busy(path: Path) -> FileProblem:
    """Return the error for a run that another process writes."""
    return FileProblem(
        where=str(path),
        got="a run that another process is writing now",
        wanted="a run that no other process is writing",
        remedy="Wait until it ends, or give another name.",
    )


def unwritable(path: Path, problem: OSError) -> FileProblem:
    """Return the error for a place in which no run can be kept."""
    return FileProblem(
        where=f"out={str(path)!r}",
        got=getattr(problem, "got", None) or problem.strerror or str(problem),
        wanted="a folder that can be written",
        remedy="Give a place that exists, is yours and has room.",
    )
