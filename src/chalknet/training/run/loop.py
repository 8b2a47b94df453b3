"""The only loop: advance a session, record, evaluate, stop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import torch

from chalknet.engine import ProcessGroup, Session
from chalknet.planning import Plan
from chalknet.training.choice.prepare import PreparedFit
from chalknet.training.history import Evaluation, History, Outcome, Progress
from chalknet.training.kept.checkpoint import Checkpoint
from chalknet.training.record.evaluate import evaluate
from chalknet.training.record.interval import Interval
from chalknet.training.record.record_options import RecordOptions
from chalknet.training.run.signals import Interrupt

_STRETCH_S = 0.1  # an advance is sized to last this long: often enough for a bar, Ctrl-C and a target
_LARGEST_STRETCH = 1 << 20


@dataclass(frozen=True)
class LoopInputs:
    """Everything the loop works on.

    Args:
        prepared: what was decided, and the samples.
        session: the engine's session; of a fit that goes on, restored from its checkpoint.
        record: what is recorded.
        interrupt: whether a signal asked the fit to stop.
        group: the processes that share the fit; all of them take every turn alike.
        start: where the fit goes on; None for one that begins.
        keep: is called with the checkpoints; None keeps none.
        log: is called with the history after every stretch.
    """

    prepared: PreparedFit
    session: Session
    record: RecordOptions
    interrupt: Interrupt
    group: ProcessGroup
    start: Checkpoint | None
    keep: Callable[[Checkpoint], None] | None
    log: Callable[[History], None]

    @property
    def plan(self) -> Plan:
        """Return what was decided."""
        return self.prepared.plan


def run_loop(run: LoopInputs) -> tuple[History, Outcome]:
    """Advance the session until its budget is used or something ends it; return what happened."""
    history = run.start.history if run.start else History(run.plan.recipe.loss_row.metric)
    updates, seconds = (run.start.state.updates, run.start.seconds) if run.start else (0, 0.0)
    saved, per_update_s, loss = monotonic(), 0.0, run.start.loss if run.start else 0.0
    outcome = _ending(run.plan, updates, seconds, run.interrupt.agreed(run.group)) if run.start else None
    while outcome is None:
        progress = run.session.advance(_stretch(run, updates, seconds, per_update_s))
        outcome, losses = _checked_losses(run.plan, progress.losses)
        per_update_s = progress.elapsed_s / len(progress.losses)
        _record(run, history, (updates, seconds), (losses, per_update_s))
        updates, loss = updates + len(losses), losses[-1]
        seconds += progress.elapsed_s
        interrupted = run.interrupt.agreed(run.group)
        outcome = outcome or _ending(run.plan, updates, seconds, interrupted)
        if _is_due(run.record.evaluate_every, updates):
            history.append_evaluation(_evaluation(run, updates, seconds))
        if _is_to_be_kept(run, updates, saved, outcome):
            run.keep(Checkpoint(run.session.state(), history, seconds, loss))  # type: ignore[misc]
            saved = monotonic()
        run.log(history)
        if outcome is None:
            _report(run, history, updates, seconds, loss)
    # The last row and evaluation are not in the checkpoints: a fit that goes on has them at another update.
    if not len(history) or history.updates[-1] != updates:
        _append(run, history, updates, seconds, loss)
    if not history.evaluations or history.evaluations[-1].updates != updates:
        history.append_evaluation(_evaluation(run, updates, seconds))
    _report(run, history, updates, seconds, loss)
    return history, outcome


def _is_to_be_kept(run: LoopInputs, updates: int, saved: float, outcome: Outcome | None) -> bool:
    """Return whether a checkpoint is due; a fit that diverged has none at its end."""
    if run.keep is None or outcome is not None:
        return run.keep is not None and outcome is not Outcome.DIVERGED
    every = _checkpoint_interval(run)
    return _is_due(every.updates, updates) or (
        every.seconds is not None and monotonic() - saved >= every.seconds
    )


def _checkpoint_interval(run: LoopInputs) -> Interval:
    every = run.record.checkpoint_every
    return every if isinstance(every, Interval) else Interval()


def _stretch(run: LoopInputs, updates: int, seconds: float, per_update_s: float) -> int:
    """Return how many updates come next: about a tenth of a second, and never past a stop."""
    stops = [_LARGEST_STRETCH, 1 if not per_update_s else max(1, int(_STRETCH_S / per_update_s))]
    if run.plan.updates is not None:
        stops.append(run.plan.updates - updates)
    elif per_update_s:
        stops.append(max(1, math.ceil((run.plan.recipe.budget.amount - seconds) / per_update_s)))
    for every in (run.record.evaluate_every, _checkpoint_interval(run).updates):
        if every is not None:
            stops.append(every - updates % every)
    if run.plan.recipe.target_loss is not None:
        stops.append(1)  # the weights must be those of the very update that reached the target
    return min(stops)


def _checked_losses(plan: Plan, losses: tuple[float, ...]) -> tuple[Outcome | None, tuple[float, ...]]:
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
    run: LoopInputs, history: History, before: tuple[int, float], stretch: tuple[tuple[float, ...], float]
) -> None:
    (updates, seconds), (losses, per_update_s) = before, stretch
    for index, loss in enumerate(losses, start=1):
        if _is_due(run.record.record_every, updates + index):
            _append(run, history, updates + index, seconds + index * per_update_s, loss)


def _append(run: LoopInputs, history: History, updates: int, seconds: float, loss: float) -> None:
    samples = run.prepared.batches.samples_in(updates)
    history.append(updates, samples, updates / run.plan.updates_per_epoch, seconds, loss)


def _is_due(every: int | None, updates: int) -> bool:
    return every is not None and updates % every == 0


def _evaluation(run: LoopInputs, updates: int, seconds: float) -> Evaluation:
    recipe, device = run.plan.recipe, torch.device(run.plan.placement.device)
    module, group = run.session.module, run.group
    return Evaluation(
        updates=updates,
        samples=run.prepared.batches.samples_in(updates),
        seconds=seconds,
        train=evaluate(module, run.prepared.batches.source, recipe, device, group),
        held_out=None
        if run.prepared.held_out is None
        else evaluate(module, run.prepared.held_out, recipe, device, group),
    )


def _report(run: LoopInputs, history: History, updates: int, seconds: float, loss: float) -> None:
    if run.record.on_progress is not None:
        by_time = run.plan.updates is None
        run.record.on_progress(
            Progress(
                updates=updates,
                of_updates=run.plan.updates,
                samples=run.prepared.batches.samples_in(updates),
                seconds=seconds,
                of_seconds=run.plan.recipe.budget.amount if by_time else None,
                loss=loss,
                evaluation=history.evaluations[-1] if history.evaluations else None,
            )
        )
