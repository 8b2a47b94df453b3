"""A fit from its first update here to its result: what `fit` and `resume` have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace

from chalknet.engine import ProcessGroup
from chalknet.errors import InvalidValue
from chalknet.hardware import explain
from chalknet.planning import Plan
from chalknet.system import in_notebook
from chalknet.training.choice.prepare import noted
from chalknet.training.choice.torch_threads import FITS, using_threads
from chalknet.training.choice.weights import without_weights
from chalknet.training.diagnosis.baseline import baseline_of
from chalknet.training.diagnosis.evidence import FitEvidence
from chalknet.training.diagnosis.rules import diagnose
from chalknet.training.history import FitResult, Progress
from chalknet.training.kept.run_folder import RunFolder
from chalknet.training.logs.feeds import LogFeed, open_feeds
from chalknet.training.record.record_options import RecordOptions
from chalknet.training.run.judging import check_metrics, notes_of_metrics
from chalknet.training.run.lean import Looped, looped_from, torch_threads
from chalknet.training.run.live_curve import LiveCurve, live_curve
from chalknet.training.run.loop import FitStart
from chalknet.units import show_value


def carry_out(start: FitStart) -> FitResult:
    """Run the loop of a fit to its end, and keep the result."""
    group, plan = ProcessGroup.here(), start.prepared.plan
    check_metrics(start.record.asked, start.prepared)
    with ExitStack() as stack:
        on_progress = stack.enter_context(_progress_listener(start.record, plan, group))
        with group.agreement():
            folder, feeds = stack.enter_context(_outputs(start, group))
        _check_alike(start, group)
        stack.enter_context(group.watched())
        stack.enter_context(FITS.working())
        stack.enter_context(using_threads(torch_threads(start)))
        stack.enter_context(explain(plan))
        looped = looped_from(start, group, on_progress, None if folder is None else folder.save, feeds)
        if isinstance(on_progress, LiveCurve):
            on_progress.finish(looped.history, looped.outcome)
        notes = [
            *looped.notes,
            *(note for feed in feeds for note in feed.end(looped.history, looped.outcome)),
        ]
        notes += notes_of_metrics(looped.history)
        plan = replace(looped.plan, notes=tuple(dict.fromkeys((*looped.plan.notes, *notes))))
        result = _result(start, plan, looped)
        if folder is not None:
            folder.keep(result)
        group.wait()  # then every process finds the folder as the first one leaves it
    looped.interrupt.raise_again()
    if start.prepared.strict and (notes or result.diagnosis):
        problem = noted((*notes, *result.diagnosis))
        problem.result = result
        raise problem
    return result


def _result(start: FitStart, plan: Plan, looped: Looped) -> FitResult:
    """Return the result, with the trivial predictor beside it and what went wrong, where that is asked."""
    prepared, session, history, outcome = start.prepared, looped.session, looped.history, looped.outcome
    result = FitResult(
        plan, session.module, history, outcome, session.compile_s, prepared.preparation,
        source=without_weights(prepared.source, plan.recipe),
    )  # fmt: skip
    if start.updates_alone:
        return result
    evidence = FitEvidence(plan, prepared, session.module, history, outcome)
    return replace(result, baseline=baseline_of(prepared), diagnosis=diagnose(evidence))


def check_started(asked: int | None, group: ProcessGroup) -> None:
    """Refuse a number of processes that is not the number of those that run.

    Raises:
        InvalidValue: naming both, and how to start so many.
    """
    if asked is not None and asked != group.size:
        raise InvalidValue(
            where="processes",
            got=f"{asked} for a fit that {'1 process makes' if group.size == 1 else f'{group.size} share'}",
            wanted="as many as were started",
            remedy=f"Start the script with torchrun --nproc-per-node {asked}, or let the command do it: "
            f"chalknet fit ... --processes {asked}.",
        )


def _progress_listener(
    record: RecordOptions, plan: Plan, group: ProcessGroup
) -> AbstractContextManager[Callable[[Progress], object] | None]:
    """Return what holds the function that the first process calls with its progress: the user's, or a bar."""
    if not group.leads:
        return nullcontext()
    shows_bar = record.progress or (record.progress is None and record.on_progress is None and _sees_bars())
    if not shows_bar:
        return nullcontext(record.on_progress)
    total = plan.recipe.budget.amount if plan.updates is None else plan.updates
    return live_curve(total) if in_notebook() else _bar(plan, total)


def _sees_bars() -> bool:
    """Return whether a bar can be seen: in a terminal or a notebook, not in a pipe."""
    return (sys.stderr is not None and sys.stderr.isatty()) or in_notebook()


@contextmanager
def _bar(plan: Plan, total: float) -> Iterator[Callable[[Progress], object]]:
    """Show a bar with loss, updates/s and time left; yield what the loop calls with its progress."""
    from tqdm import tqdm  # only a terminal needs it

    shown = tqdm(
        total=total,
        unit=" s" if plan.updates is None else " updates",
        mininterval=0.1,
        dynamic_ncols=True,
        leave=False,
        bar_format="{l_bar}{bar}| {n:.0f}/{total:.0f}{unit} [{elapsed}<{remaining}{postfix}]",
    )

    def show(progress: Progress) -> None:
        rate = progress.updates / progress.seconds if progress.seconds else 0.0
        shown.set_postfix_str(f"{rate:,.0f} updates/s, loss {show_value(progress.loss)}", refresh=False)
        now = progress.seconds if progress.of_updates is None else progress.updates
        shown.update(min(now, total) - shown.n)

    try:
        yield show
    finally:
        shown.close()


@contextmanager
def _outputs(start: FitStart, group: ProcessGroup) -> Iterator[tuple[RunFolder | None, Sequence[LogFeed]]]:
    """Open the folder and the logs, which the first process alone writes."""
    if not group.leads:
        yield None, ()
        return
    history = start.checkpoint.history if start.checkpoint else None
    with start.folder as folder, open_feeds(start.prepared.plan, start.logs, history) as feeds:
        yield folder and folder.with_logs({feed.name: feed.log.key for feed in feeds}), feeds


def _check_alike(start: FitStart, group: ProcessGroup) -> None:
    """Refuse processes that were asked for different fits, which would wait for each other for ever.

    Raises:
        InvalidValue: in a process whose fit is not the first one's, naming what differs.
    """
    plan, record = start.prepared.plan, start.record
    asked = vars(plan.recipe) | vars(plan.data) | {"model": plan.model, "engine": plan.engine}
    asked |= {name: vars(record)[name] for name in ("evaluate_every", "record_every", "checkpoint_every")}
    del asked["name"]  # a file may be elsewhere on each machine
    first = group.from_first(asked)
    others = [f"{name}={value!r}" for name, value in asked.items() if value != first[name]]
    with group.agreement():
        if others:
            raise InvalidValue(
                where="a fit in several processes",
                got=f"{', '.join(others)}, which is not what process 0 was given",
                wanted="the same fit in all of them",
                remedy="Call it in each process with the same arguments.",
            )
