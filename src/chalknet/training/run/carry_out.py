"""A fit from its first update here to its result: what `fit` and `resume` have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace

from chalknet.engine import ENGINES, ProcessGroup, Session
from chalknet.errors import InvalidValue
from chalknet.hardware import explain
from chalknet.planning import Plan
from chalknet.training.choice.prepare import PreparedFit
from chalknet.training.choice.threads import using_threads
from chalknet.training.history import History, Progress
from chalknet.training.kept.checkpoint import Checkpoint
from chalknet.training.kept.run_folder import RunFolder
from chalknet.training.logs.feeds import LogFeeds, open_feeds
from chalknet.training.record.bar import bar, wants_bar
from chalknet.training.record.record_options import RecordOptions
from chalknet.training.result import FitResult
from chalknet.training.run.loop import LoopInputs, run_loop
from chalknet.training.run.signals import interruptible


@dataclass(frozen=True)
class FitStart:
    """Where a fit begins, or goes on.

    Args:
        prepared: the plan and the data.
        record: what is recorded.
        folder: opens the run's folder; gives None where nothing is kept.
        logs: the logs asked for, each with the key of its run; None for a new run.
        checkpoint: where the fit goes on; None for one that begins.
    """

    prepared: PreparedFit
    record: RecordOptions
    folder: Callable[[], AbstractContextManager[RunFolder | None]]
    logs: Mapping[str, str | None]
    checkpoint: Checkpoint | None = None

    @property
    def history(self) -> History | None:
        """Return what was recorded before."""
        return None if self.checkpoint is None else self.checkpoint.history


def carry_out(start: FitStart) -> FitResult:
    """Run the loop of a fit to its end, and keep the result."""
    group, plan = ProcessGroup.here(), start.prepared.plan
    with ExitStack() as stack:
        on_progress = stack.enter_context(_progress_listener(start.record, plan, group))
        with group.agreement():
            folder, feeds = stack.enter_context(_outputs(start, group))
        _check_alike(start, group)
        stack.enter_context(group.watched())
        stack.enter_context(using_threads(plan.placement.threads))
        stack.enter_context(explain(plan))
        session = _open_session(start)
        with interruptible() as interrupt:
            history, outcome = run_loop(
                LoopInputs(
                    start.prepared,
                    session,
                    replace(start.record, on_progress=on_progress),
                    interrupt,
                    group,
                    start.checkpoint,
                    None if folder is None else folder.keep_checkpoint,
                    feeds.see,
                )
            )
        notes = (*session.notes, *feeds.end(history, outcome))
        result = FitResult(
            replace(plan, reasons=(*plan.reasons, *notes)),
            session.module,
            history,
            outcome,
            session.compile_s,
            notes,
            start.prepared.preparation,
        )
        if folder is not None:
            folder.keep(result)
        group.wait()  # then every process finds the folder as the first one leaves it
    interrupt.raise_again()
    return result


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


@contextmanager
def _progress_listener(
    record: RecordOptions, plan: Plan, group: ProcessGroup
) -> Iterator[Callable[[Progress], None] | None]:
    """Yield what is called with the progress, in the first process: the caller's function, or a bar."""
    shows_bar = record.progress or (record.progress is None and record.on_progress is None and wants_bar())
    if not group.leads or not shows_bar:
        yield record.on_progress if group.leads else None
        return
    with bar(plan) as show:
        yield show


@contextmanager
def _outputs(start: FitStart, group: ProcessGroup) -> Iterator[tuple[RunFolder | None, LogFeeds]]:
    """Open the folder and the logs, which the first process alone writes."""
    if not group.leads:
        yield None, LogFeeds()
        return
    with start.folder() as folder, open_feeds(start.prepared.plan, start.logs, start.history) as feeds:
        yield folder and folder.with_logs(feeds.keys), feeds


def _open_session(start: FitStart) -> Session:
    prepared = start.prepared
    session = ENGINES[prepared.plan.engine].open(prepared.plan, prepared.batches, prepared.module)
    if start.checkpoint is not None:
        session.restore(start.checkpoint.state)
    return session


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
