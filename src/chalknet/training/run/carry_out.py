"""A fit from its first update here to its result: what `fit` and `resume` have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import torch

from chalknet.counting import count_network
from chalknet.engine import ENGINES, ProcessGroup, Session, SessionState
from chalknet.errors import CodeUnavailable, FileProblem, InvalidValue
from chalknet.hardware import explain
from chalknet.planning import Plan
from chalknet.training.choice.doubts import divergence_note
from chalknet.training.choice.fitted_model import module_errors
from chalknet.training.choice.prepare import noted
from chalknet.training.choice.torch_threads import FITS, eager_threads, using_threads
from chalknet.training.choice.weights import without_weights
from chalknet.training.diagnosis.baseline import baseline_of
from chalknet.training.diagnosis.evidence import FitEvidence
from chalknet.training.diagnosis.rules import diagnose
from chalknet.training.history import FitResult, History, Outcome, Progress
from chalknet.training.kept.run_folder import RunFolder
from chalknet.training.logs.feeds import LogFeed, open_feeds
from chalknet.training.record.record_options import RecordOptions
from chalknet.training.run.judging import check_metrics, notes_of_metrics
from chalknet.training.run.loop import FitStart, LoopInputs, interruptible, run_loop
from chalknet.training.run.watch import Watch
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
        stack.enter_context(using_threads(_torch_threads(start)))
        stack.enter_context(explain(plan))
        session, plan = _opened(start, plan)
        if start.checkpoint is not None:
            _restore(session, start.checkpoint.state, plan)
        if start.continuation is not None:
            _restore(session, start.continuation.begin(session.state()), plan)
        with interruptible() as interrupt, module_errors(session.module, plan):
            watch = Watch.of(session, start.prepared, group, start.record)
            inputs = LoopInputs(start, session, on_progress, interrupt, group, folder, feeds, watch)
            history, outcome = run_loop(inputs)
        added = plan.notes[len(start.prepared.plan.notes) :]
        told = () if watch is None else watch.notes
        notes = [
            *added,
            *session.notes,
            *told,
            *(note for feed in feeds for note in feed.end(history, outcome)),
        ]
        if outcome is Outcome.DIVERGED:
            notes.append(divergence_note(start.prepared.batches.source, plan.recipe, history.updates[-1]))
        notes += notes_of_metrics(history)
        plan = replace(plan, notes=tuple(dict.fromkeys((*plan.notes, *notes))))
        if start.continuation is not None:
            start.continuation.end(session.state())
        result = _result(start, plan, session, history, outcome)
        if folder is not None:
            folder.keep(result)
        group.wait()  # then every process finds the folder as the first one leaves it
    interrupt.raise_again()
    if start.prepared.strict and (notes or result.diagnosis):
        problem = noted((*notes, *result.diagnosis))
        problem.result = result
        raise problem
    return result


def _result(start: FitStart, plan: Plan, session: Session, history: History, outcome: Outcome) -> FitResult:
    """Return the result, with the trivial predictor beside it and what went wrong, where that is asked."""
    prepared = start.prepared
    result = FitResult(
        plan, session.module, history, outcome, session.compile_s, prepared.preparation,
        source=without_weights(prepared.source, plan.recipe),
    )  # fmt: skip
    if start.updates_alone:
        return result
    evidence = FitEvidence(plan, prepared, session.module, history, outcome)
    return replace(result, baseline=baseline_of(prepared), diagnosis=diagnose(evidence))


def _torch_threads(start: FitStart) -> int:
    """Return torch's threads: one where a compiled loop leaves it small evaluations alone."""
    plan = start.prepared.plan
    if plan.engine == "fused_cpu" and start.updates_alone and not plan.recipe.watches:
        return torch.get_num_threads()  # it has nothing to do
    if plan.engine != "fused_cpu" or plan.network is None:
        return plan.placement.threads
    rows = max(plan.data.observations, plan.data.held_out)
    multiply_adds = count_network(plan.network).multiply_adds or 0
    return eager_threads(plan.placement.threads, rows * multiply_adds, 0)


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
) -> AbstractContextManager[Callable[[Progress], None] | None]:
    """Return what holds the function that the first process calls with its progress: the user's, or a bar."""
    if not group.leads:
        return nullcontext()
    shows_bar = record.progress or (record.progress is None and record.on_progress is None and _sees_bars())
    return _bar(plan) if shows_bar else nullcontext(record.on_progress)


def _sees_bars() -> bool:
    """Return whether a bar can be seen: in a terminal or a notebook, not in a pipe."""
    return (sys.stderr is not None and sys.stderr.isatty()) or _in_notebook()


@contextmanager
def _bar(plan: Plan) -> Iterator[Callable[[Progress], None]]:
    """Show a bar with loss, updates/s and time left; yield what the loop calls with its progress."""
    total = plan.recipe.budget.amount if plan.updates is None else plan.updates
    shown = _tqdm()(
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


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config


def _tqdm() -> Any:
    if _in_notebook() and find_spec("ipywidgets"):
        from tqdm.notebook import tqdm
    else:
        from tqdm import tqdm
    return tqdm


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
