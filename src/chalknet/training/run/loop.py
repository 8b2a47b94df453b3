"""The only loop: advance a session, record, evaluate, stop; also for a signal, after an update."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from time import monotonic
from types import FrameType

import numpy as np
import torch
from torch import nn

from chalknet.engine import ENGINES, ProcessGroup, Session, SessionState
from chalknet.planning import Plan
from chalknet.system import BURST
from chalknet.training.choice.prepare import PreparedFit
from chalknet.training.history import History, NextCall, Outcome, Progress, Rows
from chalknet.training.kept.checkpoint import Checkpoint
from chalknet.training.kept.run_folder import RunFolder
from chalknet.training.logs.feeds import LogFeed
from chalknet.training.record.record_options import Interval, RecordOptions
from chalknet.training.run.judging import judge_for
from chalknet.training.run.watch import Watch, evaluation_of

_STRETCH_S = 0.1  # an advance is sized to last this long: often enough for a bar, Ctrl-C and a target
_LARGEST_STRETCH = 1 << 20
_NO_UPDATE = 1 << 62  # a number that no fit reaches
_SIGNALS = [each for each in signal.Signals if each.name in ("SIGINT", "SIGTERM", "SIGHUP")]


@dataclass
class Interrupt:
    """Whether a signal asked the fit to stop.

    Args:
        number: the first signal that came to this process; set the moment it comes.
        agreed_number: the signal that all processes of the fit stop for.
        ending: whether the program is ending, for a fit in another thread than the main one, which gets no
            signals; None in the main thread.
    """

    number: int | None = None
    agreed_number: int | None = None
    ending: threading.Event | None = None

    @property
    def is_set(self) -> bool:
        """Return whether a signal came to this process."""
        return self.number is not None or (self.ending is not None and self.ending.is_set())

    def agreed(self, group: ProcessGroup) -> bool:
        """Return whether a signal came to any of the processes; all of them get the same answer."""
        if self.is_set:
            self.number = self.number or signal.SIGINT
        self.agreed_number = int(group.largest(self.number or 0)) or None
        return self.agreed_number is not None

    def raise_again(self) -> None:
        """Send SIGTERM or SIGHUP again, which ends the process now that all is kept; Ctrl-C ends the fit."""
        for number in dict.fromkeys((self.number, self.agreed_number)):
            if number not in (None, signal.SIGINT):
                signal.raise_signal(number)


@dataclass(frozen=True)
class Continuation:
    """A fit that begins with what an earlier one left, and leaves its own state.

    Args:
        begin: gives the state to begin with, for that of the session that was opened.
        end: is given the session's state behind the last update.
    """

    begin: Callable[[SessionState], SessionState]
    end: Callable[[SessionState], None]


@dataclass(frozen=True)
class FitStart:
    """Where a fit begins, or goes on.

    Args:
        prepared: the plan and the data.
        record: what is recorded.
        folder: the run's folder, held once it is entered; None where nothing is kept.
        logs: the logs asked for, each with the key of its run; None for a new run.
        checkpoint: where the fit goes on; None for one that begins.
        updates_alone: whether nothing is looked at but what the updates need: no last evaluation, no
            trivial predictor, no diagnosis.
        continuation: what it begins with and leaves; None for a fit of its own.
    """

    prepared: PreparedFit
    record: RecordOptions
    folder: AbstractContextManager[RunFolder | None]
    logs: Mapping[str, str | None]
    checkpoint: Checkpoint | None = None
    updates_alone: bool = False
    continuation: Continuation | None = None


@dataclass(frozen=True)
class LoopInputs:
    """Everything the loop works on.

    Args:
        start: what was decided, the samples, what is recorded, and where the fit goes on.
        session: the engine's session; of a fit that goes on, restored from its checkpoint.
        on_progress: is called with the progress, about ten times a second or as often as it asks to be.
        interrupt: whether a signal asked the fit to stop.
        group: the processes that share the fit; all of them take every turn alike.
        keep: keeps a checkpoint; None where nothing is kept.
        logs: see the history after every stretch.
        watch: for a fit that goes by what is evaluated.
        until: updates after which the fit pauses, as if it were interrupted there; None to go on to its end.
    """

    start: FitStart
    session: Session
    on_progress: Callable[[Progress], object] | None
    interrupt: Interrupt
    group: ProcessGroup
    keep: Callable[[Checkpoint], None] | None = None
    logs: Sequence[LogFeed] = ()
    watch: Watch | None = None
    until: int | None = None

    @property
    def plan(self) -> Plan:
        """Return what was decided."""
        return self.start.prepared.plan

    def evaluate(self, history: History, updates: int, seconds: float) -> None:
        """Add an evaluation over all training and held-out samples, and go by it."""
        prepared = self.start.prepared
        judge = judge_for(prepared, self.start.record.asked, self.group)
        evaluation = evaluation_of(self.session, prepared, judge, (updates, seconds))
        history.append_evaluation(evaluation)
        history.reasons.update(judge.reasons)
        if self.watch is not None:
            self.watch.see(evaluation)


def run_loop(run: LoopInputs) -> tuple[History, Outcome]:
    """Advance the session until its budget is used or something ends it; return what happened."""
    checkpoint, watch = run.start.checkpoint, run.watch
    history = checkpoint.history if checkpoint else History(run.plan.recipe.loss_row.metric)
    updates, seconds = (checkpoint.state.updates, checkpoint.seconds) if checkpoint else (0, 0.0)
    saved, per_update_s, loss = monotonic(), 0.0, checkpoint.loss if checkpoint else 0.0
    outcome, most = None, _LARGEST_STRETCH
    if checkpoint:
        if watch is not None:
            watch.go_on(history, checkpoint.best)
        outcome = _ending(run, updates, seconds, run.interrupt.agreed(run.group))
    while outcome is None:
        some = min(most, _stretch(run, updates, seconds, per_update_s))
        progress = (
            run.session.advance(some) if watch is None else watch.advance(some, updates, history, seconds)
        )
        outcome, losses = _checked_losses(run.plan, progress.losses)
        per_update_s = progress.elapsed_s / len(progress.losses)
        _record(run, history, np.arange(1, len(losses) + 1), (updates, seconds, per_update_s), losses)
        updates, loss = updates + len(losses), losses[-1]
        seconds += progress.elapsed_s
        interrupted = run.interrupt.agreed(run.group)
        if _is_due(run.start.record.evaluate_every, updates):
            run.evaluate(history, updates, seconds)
        outcome = outcome or _ending(run, updates, seconds, interrupted)
        if outcome is not None and not _has_finite_weights(run.session.module):
            outcome = Outcome.DIVERGED  # by the last update: its loss was computed before the weights moved
        if run.keep is not None and _is_to_be_kept(run, updates, saved, outcome):
            run.keep(Checkpoint(run.session.state(), history, seconds, loss, _best(watch)))
            saved = monotonic()
        for feed in run.logs:
            feed.see(history)
        if outcome is None and (most := _report(run, history, updates, seconds, loss)) == 0:
            outcome = Outcome.INTERRUPTED
            if run.keep is not None:
                run.keep(Checkpoint(run.session.state(), history, seconds, loss, _best(watch)))
    # The last row and evaluation are not in the checkpoints: a fit that goes on has them at another update.
    if not len(history) or history.updates[-1] != updates:
        _append(run, history, np.array([updates]), np.array([seconds]), np.array([loss]))
    evaluates = watch is not None or not run.start.updates_alone
    if evaluates and (not history.evaluations or history.evaluations[-1].updates != updates):
        run.evaluate(history, updates, seconds)
    if watch is not None and outcome is not Outcome.DIVERGED:
        watch.end(history)
    _report(run, history, updates, seconds, loss)
    return history, outcome


def _best(watch: Watch | None) -> Mapping[str, torch.Tensor]:
    return {} if watch is None else watch.watcher.weights


def _is_to_be_kept(run: LoopInputs, updates: int, saved: float, outcome: Outcome | None) -> bool:
    """Return whether a checkpoint is due; a fit that diverged has none at its end."""
    if outcome is not None:
        return outcome is not Outcome.DIVERGED
    every = _checkpoint_interval(run)
    return _is_due(every.updates, updates) or (
        every.seconds is not None and monotonic() - saved >= every.seconds
    )


def _checkpoint_interval(run: LoopInputs) -> Interval:
    every = run.start.record.checkpoint_every
    return every if isinstance(every, Interval) else Interval()


def _stretch(run: LoopInputs, updates: int, seconds: float, per_update_s: float) -> int:
    """Return how many updates come next: about a tenth of a second, and never past a stop."""
    stops = [_LARGEST_STRETCH, 1 if not per_update_s else max(1, int(_STRETCH_S / per_update_s))]
    stops += [end - updates for end in (run.plan.updates, run.until) if end is not None]
    if run.plan.updates is None and per_update_s:
        stops.append(max(1, math.ceil((run.plan.recipe.budget.amount - seconds) / per_update_s)))
    for every in (run.start.record.evaluate_every, _checkpoint_interval(run).updates):
        if every is not None:
            stops.append(every - updates % every)
    if run.plan.recipe.target_loss is not None and not ENGINES[run.plan.engine].stops_at_target:
        stops.append(1)  # the weights must be those of the very update that reached the target
    return min(stops)


def _checked_losses(plan: Plan, losses: tuple[float, ...]) -> tuple[Outcome | None, tuple[float, ...]]:
    """Return how these losses end the fit, if they do, and the losses up to that end."""
    if not all(map(math.isfinite, losses)):
        first = next(index for index, loss in enumerate(losses, start=1) if not math.isfinite(loss))
        return Outcome.DIVERGED, losses[:first]
    target = plan.recipe.target_loss
    reached = target is not None and losses[-1] <= target
    return Outcome.TARGET_REACHED if reached else None, losses


def _ending(run: LoopInputs, updates: int, seconds: float, interrupted: bool) -> Outcome | None:
    plan, budget = run.plan, run.plan.recipe.budget
    if run.watch is not None and run.watch.watcher.stops:
        return Outcome.STOPPED_EARLY
    done = seconds >= budget.amount if plan.updates is None else updates >= plan.updates
    if done:
        return Outcome.FINISHED
    paused = run.until is not None and updates >= run.until
    return Outcome.INTERRUPTED if interrupted or paused else None


def _has_finite_weights(module: nn.Module) -> bool:
    return all(bool(weight.isfinite().all()) for weight in module.parameters() if weight.requires_grad)


def _record(
    run: LoopInputs, history: History, index: Rows, before: tuple[int, float, float], losses: Sequence[float]
) -> None:
    """Add the rows that are due of a stretch of updates.

    Args:
        run: says which are due.
        history: gets them.
        index: 1, 2, ...: an index for each loss.
        before: updates and seconds before the stretch, and seconds of an update.
        losses: of its updates.
    """
    updates, seconds, per_update_s = before
    every = min(run.start.record.record_every, _NO_UPDATE)
    due = (updates + index) % every == 0
    index = index[due]
    _append(run, history, updates + index, seconds + index * per_update_s, np.array(losses)[due])


def _append(run: LoopInputs, history: History, updates: Rows, seconds: Rows, losses: Rows) -> None:
    samples = run.start.prepared.batches.samples_in(updates)
    history.extend(updates, samples, updates / run.plan.updates_per_epoch, seconds, losses)


def _is_due(every: int | None, updates: int) -> bool:
    return every is not None and updates % every == 0


def _report(run: LoopInputs, history: History, updates: int, seconds: float, loss: float) -> int:
    """Call `on_progress`; return after how many updates at most it is called again, 0 to end the fit."""
    answer: object = None
    if run.on_progress is not None:
        by_time = run.plan.updates is None
        answer = run.on_progress(
            Progress(
                updates=updates,
                of_updates=run.plan.updates,
                samples=run.start.prepared.batches.samples_in(updates),
                seconds=seconds,
                of_seconds=run.plan.recipe.budget.amount if by_time else None,
                loss=loss,
                evaluation=history.evaluations[-1] if history.evaluations else None,
                module=run.session.module,
            )
        )
    most = answer.updates if isinstance(answer, NextCall) else _LARGEST_STRETCH
    return run.group.from_first(most)  # of several processes the first one is asked


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Note the first Ctrl-C, SIGTERM or SIGHUP in place of its effect; the second one has its usual effect.

    Only the main thread can do so. A fit in another thread stops once the program is ending, as it is after a
    Ctrl-C that nobody handles: Python waits for such threads. A signal that is ignored stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield Interrupt(ending=_program_ending())
        return
    interrupt = Interrupt()
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {number: handler for number, handler in handlers.items() if handler != signal.SIG_IGN}
    if None in before.values():
        yield interrupt
        return

    def note_signal(number: int, frame: FrameType | None) -> None:
        interrupt.number = number
        BURST.repeats()  # the command takes one that comes right after it for the same
        put_back()

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, note_signal)
    try:
        yield interrupt
    finally:
        put_back()


@cache
def _program_ending() -> threading.Event:
    """Return the event that is set when the program ends, before Python waits for its threads.

    Of what is registered Python calls the latest first, so concurrent.futures, which waits for its threads,
    has to be registered before.
    """
    ending = threading.Event()
    import_module("concurrent.futures.thread")
    register = getattr(threading, "_register_atexit", lambda call: None)  # concurrent.futures uses it too
    try:
        register(ending.set)
    except RuntimeError:  # the program is ending already
        ending.set()
    return ending
