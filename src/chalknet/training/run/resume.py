"""Go on with a run that was killed, interrupted, or is to be longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

from torch import nn

from chalknet.data import HasProvenance, Provenance, Source, found_again, load, load_like
from chalknet.engine import ProcessGroup, join
from chalknet.errors import DataError, FileProblem, InvalidValue, invalid, public, shown
from chalknet.files import user_path
from chalknet.network import Network
from chalknet.planning import (
    BUDGET_UNITS,
    DataFacts,
    EngineName,
    Plan,
    RunOptions,
    TorchDevice,
    check_options,
    with_options,
)
from chalknet.training.choice.prepare import PreparedFit, load_for, noted, prepare
from chalknet.training.history import FitResult, Progress
from chalknet.training.kept import run_folder
from chalknet.training.kept.checkpoint import Checkpoint, newest
from chalknet.training.kept.run_files import Setting, read_setting
from chalknet.training.logs.feeds import check_logs
from chalknet.training.metrics.asked import MetricsLike
from chalknet.training.record.module_use import fitting
from chalknet.training.run.carry_out import carry_out, check_started
from chalknet.training.run.loop import FitStart


class ResumeKeywords(TypedDict, total=False):
    """The options of `resume`; those left out stay as they were."""

    updates: int | None
    epochs: int | None
    samples: int | None
    seconds: float | None
    device: str | TorchDevice | None
    engine: EngineName | None
    threads: int | None
    processes: int | None
    strict: bool
    progress: bool | None
    on_progress: Callable[[Progress], object] | None
    trust: bool
    metrics: MetricsLike


@public()
@with_options(ResumeKeywords)
def resume(
    path: str | Path,
    *,
    data: object = None,
    module: nn.Module | None = None,
    **options: Unpack[ResumeKeywords],
) -> FitResult:
    """Return the result of a kept run, after going on with it from its last whole checkpoint.

    On the same machine, device, engine and number of threads, weights and history (but for its seconds) are
    bit for bit those of a run that was never stopped; what differs is named in the plan's reasons.
    A run that has ended is only loaded, unless a larger budget is given.

    Args:
        path: the folder that the fit was kept in with `out`.
        data: the data, where it is somewhere else now, or where arrays were given to the fit that were too
            large to be kept with the run. It is treated as it was in the fit.
        module: the module, newly made, where no Network describes it.
        updates: a new budget, counted from the run's very beginning.
        epochs: the same in epochs.
        samples: the same in samples seen.
        seconds: the same in seconds of training.
        device: another device than before.
        engine: another engine than before.
        threads: another number of threads than before.
        processes: as in `fit`: as many as run now, however many there were before.
        strict: as in `fit`; notes of the run before are among those that are errors.
        progress: as in `fit`.
        on_progress: as in `fit`.
        metrics: as in `fit`; left out, those of the run, of which functions are not kept.
        trust: whether the files and logs that the run's plan names may be read and written though this user
            did not make the run on this machine.
        **options: all of the above after `module`; left out, they are as before.

    Raises:
        FileProblem: for a folder without a run, a run that another process writes, damaged files.
        InvalidValue: for a run of somebody else whose plan names its data, without `data` or `trust`.
        DataError: when the data is no longer what it was.
        UnknownName: for an option that does not exist.

    Example:
        >>> import tempfile
        >>> import torch
        >>> import chalknet as cn
        >>> x, run = torch.linspace(-1, 1, 50), tempfile.mkdtemp() + "/run"
        >>> _ = cn.fit("1 -> 1", (x, 2 * x), loss="mse", lr=0.5, updates=50, out=run)
        >>> cn.resume(run, updates=100, data=(x, 2 * x)).history.updates[-1]
        100
    """
    check_options("resume", options, ("path", "data", "module", *ResumeKeywords.__annotations__))
    folder, group = user_path(path, "path"), join()
    with ExitStack() as stack:
        with group.agreement():
            kept = stack.enter_context(_kept_run(folder, data, options)) if group.leads else None
        kept = group.from_first(kept)
        if kept is None:
            return run_folder.load_run(folder, module=module)
        with group.agreement():
            stack.enter_context(fitting(module))
            start = _start_of(kept, data, module, options)
        return carry_out(start)


@dataclass(frozen=True)
class _KeptRun:
    """A run to go on with: its setting with the new budget, and the newest whole checkpoint."""

    folder: Path
    setting: Setting
    trusted: bool
    checkpoint: Checkpoint | None
    notes: tuple[str, ...]

    @property
    def updates(self) -> int:
        """Return the updates that were made."""
        return self.checkpoint.state.updates if self.checkpoint else 0


@contextmanager
def _kept_run(folder: Path, data: object, options: Mapping[str, Any]) -> Iterator[_KeptRun | None]:
    """Hold the folder of a run; yield where the run stands, None when there is nothing left to do."""
    trust = options.get("trust", False)
    if not isinstance(trust, bool):
        raise invalid("trust", trust, "True or False")
    budget = {unit: options[unit] for unit in BUDGET_UNITS if options.get(unit) is not None}
    with run_folder.held(folder):
        setting = read_setting(folder)
        if setting.outcome is not None and setting.outcome.ended and not budget:
            yield None
            return
        if budget:
            budget = {**dict.fromkeys(BUDGET_UNITS), **budget}
            plan = replace(setting.plan, recipe=replace(setting.plan.recipe, **budget))
            setting = replace(setting, plan=plan)
        trusted = setting.own or trust
        setting, notes = (setting, ()) if trusted else _without_places(folder, setting, data)
        last, found = newest(folder, setting)
        yield _KeptRun(folder, run_folder.adopted(folder, setting), trusted, last, (*notes, *found))


def _without_places(folder: Path, setting: Setting, data: object) -> tuple[Setting, tuple[str, ...]]:
    """Return a setting that names no place to read or write, and what is left out for that.

    Raises:
        InvalidValue: where the plan alone says where the data are.
    """
    origin: Mapping[str, Any] | None = setting.origin
    notes: tuple[str, ...] = ()
    if origin is not None and data is None:
        raise InvalidValue(
            where=str(folder),
            got=f"a run that was not made by you on this machine, with the data {shown(origin.get('data'))}",
            wanted="data that you name yourself, or your word that its plan.json may name them",
            remedy="Say cn.resume(path, data=...) (--data FILE); or trust=True (--trust).",
        )
    if setting.logs:
        notes = (
            f"{', '.join(setting.logs)} is left as it is: the run was not made by you on this machine, and "
            "trust=True (--trust) was not said",
        )
    kept = {
        name: value
        for name, value in (origin or {}).items()
        if name not in ("data", "cache") and (name != "held_out" or isinstance(value, float))
    }
    return replace(setting, origin=None if origin is None else kept, logs={}), notes


def _start_of(kept: _KeptRun, data: object, module: nn.Module | None, options: Mapping[str, Any]) -> FitStart:
    """Return where the fit goes on, with the data and options of now."""
    setting, plan, logs, group = kept.setting, kept.setting.plan, kept.setting.logs, ProcessGroup.here()
    check_logs(logs)
    asked: dict[str, Any] = {name: options.get(name) for name in ("progress", "on_progress")}
    asked |= {"metrics": options["metrics"]} if options.get("metrics") is not None else {}
    record = replace(setting.record, **asked)
    run = _run_options(plan, group.size, options)
    check_started(options.get("processes"), group)
    model: Network | nn.Module
    if module is None and plan.network is not None:
        model = plan.network
    else:
        model, run = run_folder.module_of(kept.folder, plan, module, "cn.resume"), replace(run, dtype=None)
    source, found = _data_of(kept, data, run)
    prepared = prepare(model, source, plan.recipe, run)
    found = (*found, *_check_same(kept, prepared))
    reasons = dict.fromkeys((*plan.reasons, _continuation(kept, prepared.plan)))
    notes = dict.fromkeys((*plan.notes, *prepared.plan.notes, *kept.notes, *found))
    prepared = replace(prepared, plan=replace(prepared.plan, reasons=tuple(reasons), notes=tuple(notes)))
    if prepared.strict and notes:
        raise noted(tuple(notes))

    now = run_folder.setting_of(prepared, record)
    now = replace(now, run=setting.run, files=setting.files, sealed=setting.sealed)
    if kept.trusted and source.origin is None and setting.origin is not None:  # the same data from memory
        now = replace(now, origin=setting.origin, fingerprint=setting.fingerprint)
    setting = now
    folder = nullcontext(run_folder.RunFolder(kept.folder, setting))
    return FitStart(prepared, record, folder, logs, kept.checkpoint)


def _run_options(plan: Plan, processes: int, options: Mapping[str, Any]) -> RunOptions:
    """Return what was before where nothing else is asked; more processes have fewer threads."""
    then, alike = plan.placement, plan.placement.processes == processes
    device = then.device if processes == 1 and alike else then.device.partition(":")[0]
    before = {"device": device, "engine": plan.engine, "threads": then.threads if alike else None}
    asked = {name: options[name] for name in before if options.get(name) is not None}
    kept = {"dtype": then.dtype, "micro_batch": then.micro_batch, "processes": processes}
    return RunOptions(**{**before, **asked, **kept}, strict=options.get("strict", False))


def _data_of(kept: _KeptRun, data: object, run: RunOptions) -> tuple[Source, tuple[str, ...]]:
    """Return the data, treated as it was in the fit, and notes about where it was found."""
    origin, preparation = kept.setting.origin, kept.setting.preparation
    if isinstance(data, Source):
        return load_for(run, data, None), ()
    if data is not None and origin is None:
        return load_like(data, preparation), ()
    if origin is not None:
        place = (Path(data),) if isinstance(data, str | Path) else ()
        given = {} if data is None else {"data": data}
        keywords, notes = found_again({**origin, **given}, *place, kept.folder)
        try:
            return load(**keywords), notes
        except FileProblem as problem:
            if data is None and not Path(problem.where).exists():
                problem.remedy = _MOVED.format(kept.folder)
            raise
        except DataError as problem:
            if data is not None or not notes:
                raise
            raise FileProblem(  # a file of the same name that lies beside the run is another one
                where=str(origin["data"]),
                got=f"no such file; {keywords['data']} does not fit: {problem.where}: got {problem.got}",
                wanted="the data of the fit",
                remedy=_MOVED.format(kept.folder),
            ) from None
    arrays = run_folder.kept_data(kept.folder, kept.setting)
    if arrays is None:
        raise InvalidValue(
            where=str(kept.folder),
            got="a run whose data were arrays that are not kept with it",
            wanted="the data",
            remedy="Say cn.resume(path, data=(x, y)).",
        )
    return arrays.replace(provenance=Provenance(preparation=preparation)), ()


_MOVED = "Say where it is now: cn.resume({0!r}, data='...') (chalknet resume {0} --data FILE)."


def _check_same(kept: _KeptRun, prepared: PreparedFit) -> tuple[str, ...]:
    """Raise when the data or the budget does not suit what was done before; return notes about the data."""
    source, setting = prepared.source, kept.setting
    then, now = _shapes(setting.plan.data), _shapes(prepared.plan.data)
    found = source.fingerprint()
    earlier = source.provenance.earlier if isinstance(source, HasProvenance) else ()
    differs = bool(setting.fingerprint and found) and setting.fingerprint not in (found, *earlier)
    from_memory = source.origin is None and setting.origin is not None
    if then == now and differs and not from_memory:
        then, now = "the same data", "another content than the run began with"
    if then != now:
        raise DataError(
            where=source.name,
            got=now,
            wanted=then,
            remedy="Give the data as it was, or begin another run with it.",
        )
    budget = prepared.plan.updates
    if budget is not None and budget < kept.updates:
        raise InvalidValue(
            where="the budget",
            got=f"{budget:,} updates",
            wanted=f"more than the {kept.updates:,} that were made",
            remedy="It is counted from the run's very beginning.",
        )
    return (_NOT_COMPARED,) if differs else ()


_NOT_COMPARED = "the data comes from memory now: its content was not compared with that of the run's file"


def _shapes(data: DataFacts) -> str:
    return f"{data.observations:,} observations, x {data.x_shape}, y {data.y_shape}"


def _continuation(kept: _KeptRun, now: Plan) -> str:
    """Return from where the run goes on, and what keeps it from being the same bit for bit."""
    facts_then = {**_circumstances(kept.setting.plan), **kept.setting.made_with}
    facts_now = {**_circumstances(now), **run_folder.made_with()}
    others = [
        f"{name} {facts_now[name]} instead of {value}"
        for name, value in facts_then.items()
        if facts_now.get(name, value) != value
    ]
    sentence = f"gone on from update {kept.updates:,}"
    if not others:
        return sentence
    return f"{sentence} with {', '.join(others)}: the same training, but not the same last bits"


def _circumstances(plan: Plan) -> dict[str, object]:
    placement = vars(plan.placement)
    return {"engine": plan.engine, **{name: placement[name] for name in ("device", "threads", "processes")}}
