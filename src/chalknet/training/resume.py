"""Go on with a run that was killed, interrupted, or is to be longer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from torch import nn

from chalknet.data import Source, load
from chalknet.engine import join
from chalknet.errors import DataError, InvalidValue
from chalknet.planning import BUDGET_UNITS, DataFacts
from chalknet.training.checkpoint import Checkpoint, newest
from chalknet.training.choose import Prepared, Wish, prepare
from chalknet.training.fit import carry_out, listening
from chalknet.training.log import Feeds, check_logs, open_feeds
from chalknet.training.loop import Progress
from chalknet.training.result import FitResult
from chalknet.training.run_files import Setting, read_setting
from chalknet.training.run_folder import RunFolder, held, kept_data, load_run, made_with, setting_of
from chalknet.training.sharing import check_started


def resume(
    path: str | Path,
    *,
    data: object = None,
    module: nn.Module | None = None,
    updates: int | None = None,
    epochs: int | None = None,
    samples: int | None = None,
    seconds: float | None = None,
    device: str | None = None,
    engine: str | None = None,
    threads: int | None = None,
    processes: int | None = None,
    progress: bool | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> FitResult:
    """Return the result of a kept run, after going on with it from its last whole checkpoint.

    On the same machine, device, engine and number of threads, weights and history (but for its seconds) are
    bit for bit those of a run that was never stopped; what is otherwise is told in the plan's reasons.
    A run that has ended is only loaded, unless a larger budget is given.

    Args:
        path: the folder that the fit was kept in with `out`.
        data: the data, where arrays were given to the fit that were too large to be kept with the run.
        module: the module, newly made, where no Network describes it.
        updates: a new budget, counted from the run's very beginning.
        epochs: the same in epochs.
        samples: the same in samples seen.
        seconds: the same in seconds of training.
        device: another device than before.
        engine: another engine than before.
        threads: another number of threads than before.
        processes: as in `fit`: as many as run now, however many there were before.
        progress: as in `fit`.
        on_progress: as in `fit`.

    Raises:
        FileProblem: for a folder without a run, a run that another process is at, damaged checkpoints.
        DataError: when the data is no longer what it was.

    Example:
        >>> import tempfile, torch, chalknet as cn
        >>> x, run = torch.linspace(-1, 1, 50), tempfile.mkdtemp() + "/run"
        >>> _ = cn.fit(cn.read("1 -> 1"), (x, 2 * x), loss="mse", lr=0.5, updates=50, out=run)
        >>> cn.resume(run, updates=100, data=(x, 2 * x)).history.updates[-1]
        100
    """
    folder = Path(path)
    budget = {"updates": updates, "epochs": epochs, "samples": samples, "seconds": seconds}
    asked = {unit: amount for unit, amount in budget.items() if amount is not None}

    group = join()
    with ExitStack() as stack:
        held_here = partial(_held, folder, asked, stack)
        found = group.from_first(group.all_or_none(lambda: held_here() if group.leads else None))
        if found is None:
            return load_run(folder, module=module)
        setting, start, notes = found

        def prepared_here() -> tuple[Prepared, Source]:
            check_started(processes, group)
            check_logs(tuple(setting.logs))
            source = _data_of(folder, setting, data)
            wish = _as_before(setting, group.size, engine, device, threads)
            prepared = _prepared(folder, setting, source, wish, module)
            _check_same(setting, source, start, prepared)
            return prepared, source

        prepared, source = group.all_or_none(prepared_here)
        reasons = (*setting.plan.reasons, *notes, *_what_differs(setting, prepared, start))
        decided = replace(prepared.plan, reasons=tuple(dict.fromkeys(reasons)))
        recording = stack.enter_context(listening(setting.recording, decided, progress, on_progress))

        def opened_here() -> tuple[RunFolder | None, Feeds]:
            if not group.leads:
                return None, Feeds()
            history = None if start is None else start.history
            feeds = stack.enter_context(open_feeds(decided, setting.logs, history))
            now = replace(setting_of(decided, setting.recording, source), origin=setting.origin)
            return RunFolder(folder, now).with_logs(feeds.keys), feeds

        run, feeds = group.all_or_none(opened_here)
        return carry_out(replace(prepared, plan=decided), recording, run, feeds, start)


class _Held(NamedTuple):
    """What a run's folder says, and what is wrong with its newest checkpoints."""

    setting: Setting
    start: Checkpoint | None
    notes: tuple[str, ...]


def _held(folder: Path, asked: Mapping[str, float], stack: ExitStack) -> _Held | None:
    """Return where a run stands, its folder held from now on; None when there is nothing left to do."""
    stack.enter_context(held(folder))
    setting = read_setting(folder)
    if setting.outcome is not None and setting.outcome.ended and not asked:
        return None
    return _Held(_with_budget(setting, asked), *newest(folder))


def _as_before(
    setting: Setting, processes: int, engine: str | None, device: str | None, threads: int | None
) -> Wish:
    """Return the wish for what was before where nothing else is asked; more processes have fewer threads."""
    then = setting.plan.placement
    alike = then.processes == processes
    return Wish(
        device or (then.device if processes == 1 and alike else then.device.partition(":")[0]),
        engine or setting.plan.engine,
        then.dtype,
        threads or (then.threads if alike else None),
        then.micro_batch,
        processes,
    )


def _with_budget(setting: Setting, asked: Mapping[str, float]) -> Setting:
    if not asked:
        return setting
    budget: dict[str, Any] = {**dict.fromkeys(BUDGET_UNITS), **asked}
    recipe = replace(setting.plan.recipe, **budget)
    return replace(setting, plan=replace(setting.plan, recipe=recipe))


def _data_of(folder: Path, setting: Setting, data: object) -> Source:
    if data is not None:
        return load(data)
    if setting.origin is not None:
        return load(**setting.origin)
    kept = kept_data(folder)
    if kept is None:
        raise InvalidValue(
            where=str(folder),
            got="a run whose data were arrays that are not kept with it",
            wanted="the data",
            remedy="Say cn.resume(path, data=(x, y)).",
        )
    return kept


def _prepared(
    folder: Path, setting: Setting, source: Source, wish: Wish, module: nn.Module | None
) -> Prepared:
    plan, recipe = setting.plan, setting.plan.recipe
    if plan.network is not None and module is None:
        return prepare(plan.network, source, recipe, wish)
    if module is None:
        raise InvalidValue(
            where=str(folder),
            got=f"the checkpoints of {plan.model}",
            wanted="the module they belong to",
            remedy="Build it and say cn.resume(path, module=your_module).",
        )
    return prepare(module, source, recipe, replace(wish, dtype=None))


def _check_same(setting: Setting, source: Source, start: Checkpoint | None, prepared: Prepared) -> None:
    """Raise when what the run goes on with is not what it began with."""
    then, now = setting.plan.data, prepared.plan.data
    if _shapes(then) != _shapes(now):
        raise _other_data(source, _shapes(now), _shapes(then))
    if setting.fingerprint is not None and source.fingerprint() not in (None, setting.fingerprint):
        raise _other_data(source, "another content than the run began with", "the same data")
    done, budget = start.state.updates if start else 0, prepared.plan.updates
    if budget is not None and budget < done:
        raise InvalidValue(
            where="the budget",
            got=f"{budget:,} updates",
            wanted=f"more than the {done:,} that were made",
            remedy="It is counted from the run's very beginning.",
        )


def _shapes(data: DataFacts) -> str:
    return f"{data.observations:,} observations, x {data.x_shape}, y {data.y_shape}"


def _other_data(source: Source, got: str, wanted: str) -> DataError:
    return DataError(
        where=source.name,
        got=got,
        wanted=wanted,
        remedy="Give the data as it was, or begin another run with it.",
    )


def _what_differs(setting: Setting, prepared: Prepared, start: Checkpoint | None) -> tuple[str, ...]:
    """Return from where the run goes on, and what keeps it from being the same bit for bit."""
    then, now = setting.plan, prepared.plan
    facts_then: dict[str, object] = {"engine": then.engine, "device": then.placement.device}
    facts_now: dict[str, object] = {"engine": now.engine, "device": now.placement.device}
    facts_then |= {"threads": then.placement.threads, "processes": then.placement.processes}
    facts_now |= {"threads": now.placement.threads, "processes": now.placement.processes}
    facts_then, facts_now = facts_then | dict(setting.made_with), facts_now | made_with()
    others = [
        f"{name} {facts_now[name]} instead of {value}"
        for name, value in facts_then.items()
        if name in facts_now and facts_now[name] != value
    ]
    went_on = f"gone on from update {start.state.updates if start else 0:,}"
    if others:
        return (f"{went_on} with {', '.join(others)}: the same training, but not the same last bits",)
    return (went_on,)
