"""A fit's updates alone: of `fit` the middle part, of many fits at once all that there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from threading import Event

import torch
from torch import nn

from chalknet.counting import count_network
from chalknet.engine import ENGINES, ProcessGroup, Session, SessionState
from chalknet.errors import ChalknetError, CodeUnavailable, FileProblem, InvalidValue
from chalknet.hardware import explain
from chalknet.planning import Plan
from chalknet.training.choice.doubts import divergence_note
from chalknet.training.choice.fitted_model import module_errors
from chalknet.training.choice.prepare import PreparedFit
from chalknet.training.choice.torch_threads import FITS, eager_threads, using_threads
from chalknet.training.evaluation import Evaluation, best_evaluation
from chalknet.training.history import History, Outcome, Progress
from chalknet.training.kept.checkpoint import Checkpoint
from chalknet.training.logs.feeds import LogFeed
from chalknet.training.metrics.asked import MetricsLike
from chalknet.training.record.record_options import RecordOptions
from chalknet.training.run.judging import check_metrics
from chalknet.training.run.loop import FitStart, Interrupt, LoopInputs, interruptible, run_loop
from chalknet.training.run.watch import Watch


@dataclass(frozen=True)
class Looped:
    """What the loop of a fit gave.

    Args:
        plan: as it was carried out.
        session: with the weights.
        history: what was recorded.
        outcome: how it ended.
        notes: what the engine and the loop have to say, a sentence each.
        interrupt: whether a signal asked the fit to stop.
    """

    plan: Plan
    session: Session
    history: History
    outcome: Outcome
    notes: Sequence[str]
    interrupt: Interrupt


@dataclass(frozen=True)
class LeanFit:
    """A fit that was neither kept, nor shown, nor diagnosed.

    Args:
        module: with the weights of the last update, or the best ones where the recipe has a patience.
        history: a row for every recorded update, and the evaluations.
        outcome: how it ended; INTERRUPTED where it paused.
        notes: what did not go as it was asked, a sentence each.
        evaluation: of the module.
        checkpoint: from which a fit that paused goes on; None for any other.
    """

    module: nn.Module
    history: History
    outcome: Outcome
    notes: tuple[str, ...]
    evaluation: Evaluation
    checkpoint: Checkpoint | None = None


def fit_lean(
    prepared: PreparedFit,
    *,
    metrics: MetricsLike = (),
    until: int | None = None,
    checkpoint: Checkpoint | None = None,
    ending: Event | None = None,
) -> LeanFit:
    """Return a fit with the very numbers of `fit`, without its folder, bar, logs and diagnosis.

    Many fits may be made from one `prepare`: `with_seed` gives the same fit from another start.

    Args:
        prepared: the plan and the data; they are not changed, and threads may share them.
        metrics: what evaluations compute, as in `fit`.
        until: updates after which the fit pauses: what it gives then has a checkpoint.
        checkpoint: where a fit that paused goes on, bit for bit as if it had not; it is not changed.
        ending: once set, the fit stops after an update; None to stop for Ctrl-C and other signals.
    """
    record = RecordOptions(metrics=metrics, progress=False)
    check_metrics(record.asked, prepared)
    kept: list[Checkpoint] = []
    start = FitStart(prepared, record, nullcontext(), {}, checkpoint and _copied(checkpoint))
    interrupts = interruptible() if ending is None else nullcontext(Interrupt(ending=ending))
    with ExitStack() as stack:
        stack.enter_context(FITS.working())
        stack.enter_context(using_threads(torch_threads(start)))
        stack.enter_context(explain(prepared.plan))
        keep = None if until is None else _keeping(kept)
        looped = looped_from(start, ProcessGroup.here(), keep=keep, interrupts=interrupts, until=until)
    looped.interrupt.raise_again()
    paused = kept[-1] if kept and looped.outcome is Outcome.INTERRUPTED else None
    history, outcome, recipe = looped.history, looped.outcome, prepared.plan.recipe
    best = None
    if recipe.patience is not None and outcome is not Outcome.DIVERGED:
        best = best_evaluation(history.evaluations, recipe, history.metric)
    last = best or history.evaluations[-1]
    return LeanFit(looped.session.module, history, outcome, tuple(looped.notes), last, paused)


def with_seed(prepared: PreparedFit, seed: int) -> PreparedFit:
    """Return the same fit with another seed of its weights, orders and Dropout."""
    plan = prepared.plan
    return replace(prepared, plan=replace(plan, recipe=replace(plan.recipe, seed=seed)))


def looped_from(
    start: FitStart,
    group: ProcessGroup,
    on_progress: Callable[[Progress], object] | None = None,
    keep: Callable[[Checkpoint], None] | None = None,
    logs: Sequence[LogFeed] = (),
    *,
    interrupts: AbstractContextManager[Interrupt] | None = None,
    until: int | None = None,
) -> Looped:
    """Open a session where a fit begins or goes on, and run the loop.

    Args:
        start: what was decided, and where.
        group: the processes that share the fit.
        on_progress: is called with the progress.
        keep: keeps checkpoints.
        logs: see the history.
        interrupts: holds what stops the loop; None for signals.
        until: updates after which it pauses.
    """
    decided = start.prepared.plan
    session, plan = _opened(start, decided)
    if start.record.on_plan is not None:
        _call_with_plan(start.record.on_plan, plan)
    if start.checkpoint is not None:
        _restore(session, start.checkpoint.state, plan)
    if start.continuation is not None:
        _restore(session, start.continuation.begin(session.state()), plan)
    with interrupts or interruptible() as interrupt, module_errors(session.module, plan):
        watch = Watch.of(session, start.prepared, group, start.record)
        inputs = LoopInputs(start, session, on_progress, interrupt, group, keep, logs, watch, until)
        history, outcome = run_loop(inputs)
    notes = [*plan.notes[len(decided.notes) :], *session.notes, *(() if watch is None else watch.notes)]
    if outcome is Outcome.DIVERGED:
        notes.append(divergence_note(start.prepared.batches.source, plan.recipe, history.updates[-1]))
    if start.continuation is not None:
        start.continuation.end(session.state())
    return Looped(plan, session, history, outcome, notes, interrupt)


def torch_threads(start: FitStart) -> int:
    """Return torch's threads: one where a compiled loop leaves it small evaluations alone."""
    plan = start.prepared.plan
    if plan.engine == "fused_cpu" and start.updates_alone and not plan.recipe.watches:
        return torch.get_num_threads()  # it has nothing to do
    if plan.engine != "fused_cpu" or plan.network is None:
        return plan.placement.threads
    rows = max(plan.data.observations, plan.data.held_out)
    multiply_adds = count_network(plan.network).multiply_adds or 0
    return eager_threads(plan.placement.threads, rows * multiply_adds, 0)


def _copied(checkpoint: Checkpoint) -> Checkpoint:
    """Return a checkpoint whose history does not grow with that of a fit."""
    return replace(checkpoint, history=deepcopy(checkpoint.history))


def _keeping(kept: list[Checkpoint]) -> Callable[[Checkpoint], None]:
    """Return what keeps the last checkpoint in a list."""

    def keep(checkpoint: Checkpoint) -> None:
        kept[:] = [_copied(checkpoint)]

    return keep


def _opened(start: FitStart, plan: Plan) -> tuple[Session, Plan]:
    """Return a session and its plan: of the engine eager, with a note, where compiled code cannot be had."""
    batches, module = start.prepared.batches, start.prepared.module
    try:
        return ENGINES[plan.engine].open(plan, batches, module), plan
    except CodeUnavailable as problem:
        note = (
            f"{problem.where} could not be used, and eager made the updates: {problem.got}. {problem.remedy}"
        )
        plan = replace(plan, engine="eager", notes=(*plan.notes, note))
        return ENGINES["eager"].open(plan, batches, module), plan


def _restore(session: Session, state: SessionState, plan: Plan) -> None:
    """Let a session go on from a checkpoint.

    Raises:
        FileProblem: for a checkpoint that is none of this model's.
    """
    try:
        session.restore(state)
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as problem:
        raise FileProblem(
            where=f"the checkpoint of update {state.updates:,}",
            got=str(problem).strip().partition("\n")[0],
            wanted=f"a state of {plan.model}, fitted by {plan.recipe.optimizer}",
            remedy="Give the module that the run was begun with, or fit again in another folder.",
        ) from problem


def _call_with_plan(function: Callable[[Plan], None], plan: Plan) -> None:
    """Call the user's function with the plan.

    Raises:
        InvalidValue: for one that does not take it, or fails.
    """
    try:
        function(plan)
    except ChalknetError:
        raise
    except Exception as problem:
        raise InvalidValue(
            where="on_plan",
            got=f"{type(problem).__name__}: {problem}",
            wanted="a function of one argument, a Plan",
            remedy="Write for instance on_plan=print.",
        ) from problem
