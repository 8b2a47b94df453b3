"""The only loop: advance a session, record, evaluate, stop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

import torch

from chalknet.data import Batches, Source
from chalknet.engine import ProcessGroup, Session
from chalknet.planning import Plan
from chalknet.training.checkpoint import Checkpoint
from chalknet.training.evaluate import evaluate
from chalknet.training.history import Evaluation, History, Outcome
from chalknet.training.interval import Interval
from chalknet.training.signals import Interrupt

_STRETCH_S = 0.1  # an advance is sized to last this long: often enough for a bar, Ctrl-C and a target
_LARGEST_STRETCH = 1 << 20


@dataclass(frozen=True)
class Progress:
    """Where a fit stands, for whoever shows it.

    Args:
        updates: updates made.
        of_updates: updates in the budget; None when the budget is in seconds.
        samples: samples seen.
        seconds: training time so far.
        of_seconds: seconds in the budget; None when it is not in seconds.
        loss: the loss of the last update.
        evaluation: the last evaluation, None before the first.
    """

    updates: int
    of_updates: int | None
    samples: int
    seconds: float
    of_seconds: float | None
    loss: float
    evaluation: Evaluation | None


@dataclass(frozen=True)
class Recording:
    """What is recorded of a fit, and who is told.

    Args:
        evaluate_every: updates between two evaluations over whole data sets; None evaluates at the end
            only. The end is always evaluated.
        record_every: updates between two rows of the history; the last one made is always recorded.
        checkpoint_every: between two checkpoints; None for one at the end alone.
        on_progress: called between stretches of updates, about ten times a second.
    """

    evaluate_every: int | None = None
    record_every: int = 1
    checkpoint_every: Interval | None = None
    on_progress: Callable[[Progress], None] | None = None


@dataclass(frozen=True)
class Run:
    """Everything the loop works on.

    Args:
        plan: what was decided.
        session: the engine's session; where the fit goes on, it stands there already.
        batches: the training samples in their order.
        held_out: samples kept out of the training, or None.
        recording: what is recorded.
        interrupt: says whether somebody wishes the fit to stop.
        group: the processes that share the fit; all of them take every turn alike.
        start: where the fit goes on; None for one that begins.
        keep: is handed the checkpoints; None keeps none.
        log: is shown the history after every stretch.
    """

    plan: Plan
    session: Session
    batches: Batches
    held_out: Source | None
    recording: Recording
    interrupt: Interrupt
    group: ProcessGroup = field(default_factory=ProcessGroup)
    start: Checkpoint | None = None
    keep: Callable[[Checkpoint], None] | None = None
    log: Callable[[History], None] = lambda history: None


def run_loop(run: Run) -> tuple[History, Outcome]:
    """Advance the session until its budget is used or something ends it; return what happened."""
    history = run.start.history if run.start else History(run.plan.recipe.loss_row.metric)
    updates, seconds = (run.start.state.updates, run.start.seconds) if run.start else (0, 0.0)
    saved, per_update_s, loss = monotonic(), 0.0, run.start.loss if run.start else 0.0
    outcome = _ending(run.plan, updates, seconds, run.interrupt.heed(run.group)) if run.start else None
    while outcome is None:
        progress = run.session.advance(_stretch(run, updates, seconds, per_update_s))
        outcome, losses = _verdict(run.plan, progress.losses)
        per_update_s = progress.elapsed_s / len(progress.losses)
        _record(run, history, (updates, seconds), (losses, per_update_s))
        updates, loss = updates + len(losses), losses[-1]
        seconds += progress.elapsed_s
        interrupted = run.interrupt.heed(run.group)
        outcome = outcome or _ending(run.plan, updates, seconds, interrupted)
        if _is_due(run.recording.evaluate_every, updates):
            history.append_evaluation(_evaluation(run, updates, seconds))
        if _is_to_be_kept(run, updates, saved, outcome):
            run.keep(Checkpoint(run.session.state(), history, seconds, loss))  # type: ignore[misc]
            saved = monotonic()
        run.log(history)
        if outcome is None:
            _tell(run, history, updates, seconds, loss)
    # What ends a history is no part of its checkpoints: a fit that goes on has it elsewhere.
    if not len(history) or history.updates[-1] != updates:
        _append(run, history, updates, seconds, loss)
    if not history.evaluations or history.evaluations[-1].updates != updates:
        history.append_evaluation(_evaluation(run, updates, seconds))
    _tell(run, history, updates, seconds, loss)
    return history, outcome


def _is_to_be_kept(run: Run, updates: int, saved: float, outcome: Outcome | None) -> bool:
    """Return whether a checkpoint is due; one of a fit that diverged is of no use to anybody."""
    every = run.recording.checkpoint_every
    if run.keep is None or outcome is Outcome.DIVERGED:
        return False
    if outcome is not None:
        return True
    if every is None:
        return False
    return _is_due(every.updates, updates) or (
        every.seconds is not None and monotonic() - saved >= every.seconds
    )


def _stretch(run: Run, updates: int, seconds: float, per_update_s: float) -> int:
    """Return how many updates come next: about a tenth of a second, and never past a stop."""
    stops = [_LARGEST_STRETCH, 1 if not per_update_s else max(1, int(_STRETCH_S / per_update_s))]
    if run.plan.updates is not None:
        stops.append(run.plan.updates - updates)
    elif per_update_s:
        stops.append(max(1, math.ceil((run.plan.recipe.budget.amount - seconds) / per_update_s)))
    checkpoints = run.recording.checkpoint_every
    for every in (run.recording.evaluate_every, None if checkpoints is None else checkpoints.updates):
        if every is not None:
            stops.append(every - updates % every)
    if run.plan.recipe.target_loss is not None:
        stops.append(1)  # the weights must be those of the very update that reached the target
    return min(stops)


def _verdict(plan: Plan, losses: tuple[float, ...]) -> tuple[Outcome | None, tuple[float, ...]]:
    """Return how these losses end the fit, if they do, and the losses up to that end."""
    for index, loss in enumerate(losses, start=1):
        if not math.isfinite(loss):
            return Outcome.DIVERGED, losses[:index]
    target = plan.recipe.target_loss
    reached = target is not None and losses[-1] <= target
    return Outcome.TARGET_REACHED if reached else None, losses


def _ending(plan: Plan, updates: int, seconds: float, interrupted: bool) -> Outcome | None:
    budget = plan.recipe.budget
    done = seconds >= budget.amount if plan.updates is None else updates >= plan.updates
    if done:
        return Outcome.FINISHED
    return Outcome.INTERRUPTED if interrupted else None


def _record(
    run: Run, history: History, before: tuple[int, float], stretch: tuple[tuple[float, ...], float]
) -> None:
    (updates, seconds), (losses, per_update_s) = before, stretch
    for index, loss in enumerate(losses, start=1):
        if _is_due(run.recording.record_every, updates + index):
            _append(run, history, updates + index, seconds + index * per_update_s, loss)


def _append(run: Run, history: History, updates: int, seconds: float, loss: float) -> None:
    samples = run.batches.samples_in(updates)
    history.append(updates, samples, updates / run.plan.updates_per_epoch, seconds, loss)


def _is_due(every: int | None, updates: int) -> bool:
    return every is not None and updates % every == 0


def _evaluation(run: Run, updates: int, seconds: float) -> Evaluation:
    recipe, device = run.plan.recipe, torch.device(run.plan.placement.device)
    module, group = run.session.module, run.group
    return Evaluation(
        updates=updates,
        samples=run.batches.samples_in(updates),
        seconds=seconds,
        train=evaluate(module, run.batches.source, recipe, device, group),
        held_out=None if run.held_out is None else evaluate(module, run.held_out, recipe, device, group),
    )


def _tell(run: Run, history: History, updates: int, seconds: float, loss: float) -> None:
    if run.recording.on_progress is not None:
        by_time = run.plan.updates is None
        run.recording.on_progress(
            Progress(
                updates=updates,
                of_updates=run.plan.updates,
                samples=run.batches.samples_in(updates),
                seconds=seconds,
                of_seconds=run.plan.recipe.budget.amount if by_time else None,
                loss=loss,
                evaluation=history.evaluations[-1] if history.evaluations else None,
            )
        )
