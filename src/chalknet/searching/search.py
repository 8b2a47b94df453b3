"""Search: fit many networks to the same data, rank them by one metric, and keep the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any, Unpack

from chalknet.errors import InvalidValue, invalid, look_up, public, whole_number
from chalknet.files import user_path
from chalknet.forms import ModelLike
from chalknet.planning import Recipe, RunOptions, check_options, options_for, with_options
from chalknet.searching.criterion import criterion_of
from chalknet.searching.journal import Journal
from chalknet.searching.member import Member
from chalknet.searching.refits import Refits
from chalknet.searching.result import SearchResult, ranked
from chalknet.searching.rounds import Search, parts_of, settings_of
from chalknet.searching.space import space_of
from chalknet.searching.workers import checked_jobs
from chalknet.training import MetricLike, PlanKeywords, interruptible, one_thread

HOWS = ("grid", "random", "halving")


@public()
@with_options(PlanKeywords, Recipe, RunOptions)
def search(
    models: ModelLike | Sequence[ModelLike] | Mapping[str, ModelLike],
    data: object,
    over: Mapping[str, Any] | None = None,
    *,
    metric: MetricLike | Mapping[str, MetricLike] | None = None,
    higher: bool | None = None,
    how: str = "grid",
    draws: int | None = None,
    draw_seed: int = 0,
    factor: int = 3,
    folds: int | None = None,
    held_out: object = None,
    recipe: Recipe | None = None,
    out: str | Path | None = None,
    keep: int = 1,
    n_jobs: int | None = None,
    on_member: Callable[[Member, int, int], None] | None = None,
    **options: Unpack[PlanKeywords],
) -> SearchResult:
    """Return the table of many fits to the same data, ranked, and the best one, fitted again.

    Each fit has, bit for bit, the numbers that `fit` gives with `threads=1`. They are made side by side in
    threads; under `joblib.parallel_config(backend)` wherever that backend makes them, on other machines too.

    Args:
        models: whatever `read` takes, a list of such models, or a dict of them by name. A name in the place
            of a width (`"? -> width relu -> ?"`) is filled from `over`, `?` at the ends from the data.
        data: whatever `load` takes.
        over: by name, the values to try: fields of the recipe and options of its optimizer, names of widths,
            `activation` for the activations `?` of a formula, and `seed`. Values are a list, a range, or a
            text: "range(5)", and to draw from (random, halving) "uniform(0, 0.5)", "log(1e-4, 0.1)",
            "whole(8, 64)"; or an object of scipy.stats.
        metric: by which fits are ranked, over held-out samples: "loss" (default), the name of a metric (r2,
            mae, accuracy, auc, ...), or a function of (y_true, y_pred).
        higher: whether more of the metric is better, for a function whose name does not end in `_score`,
            `_error` or `_loss`.
        how: "grid" tries everything, "random" draws settings, "halving" gives all of them a short fit and
            lets the best ones go on, a part of them each time, until one has made the whole budget.
        draws: how many settings are drawn; for "halving" None for the whole grid.
        draw_seed: of the draws.
        factor: of a halving: one in so many settings goes on, with so many times the updates.
        folds: in how many parts the rows are cut, each of which is held out once (cross-validation); None for
            one held-out part.
        held_out: as in `fit`; without it and without folds, and where the data bring no held-out samples, a
            fifth of the rows.
        recipe: a `Recipe` that all have in common; its fields may be given as keywords instead, or as
            keywords over it.
        out: a folder for a line for each fit that has ended, and the best fits. A search that was killed goes
            on there when it is called again; so does one over more values, for what is new.
        keep: how many of the best fits are fitted again and kept in `out`, for an ensemble.
        n_jobs: how many fits are made at a time; None or -1 for as many as there are cores.
        on_member: is called with each fit that has ended, how many have, and of how many.
        **options: those of the options of `fit` that say how and where: loss, optimizer, lr, batch_size,
            updates, ..., engine, dtype. Left out, `device` is "cpu" and `threads` is 1, for each fit.

    Raises:
        UnknownName: for a name in `over` that neither the recipe nor a model has, or an unknown metric.
        InvalidValue: for values, numbers or a metric that cannot be.
        FileProblem: for a folder of something else.
        ChalknetError: of the kind that names what does not fit together, before the first fit.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 100)
        >>> over = {"width": [2, 8], "lr": [0.01, 0.1], "seed": range(2)}
        >>> found = cn.search("? -> width tanh -> ?", (x, x**2), over, loss="mse", updates=50)
        >>> len(found.rows), found.rows[0].fits
        (4, 2)
    """
    check_options("search", options, (*_OWN, *PlanKeywords.__annotations__))
    _check(how, draws, factor, keep, on_member)
    if options.get("processes") is not None:
        remedy = "Leave it out, and say n_jobs=2 (--n-jobs 2) for two fits at a time."
        raise invalid("processes", options["processes"], "fits that are made by one process each", remedy)
    started = perf_counter()
    space = space_of(models, over, recipe, options)
    criterion = criterion_of(metric, higher, space.varied)
    jobs = checked_jobs(n_jobs)
    run = _run_options(options)
    settings, drawn = settings_of(space, how, draws, draw_seed)
    journal = Journal(None if out is None else user_path(out, "out"))
    with one_thread():
        parts, told = parts_of(run, data, held_out, folds, settings)
        with journal.open(), interruptible() as interrupt:
            made = Search(settings, space.seeds, parts, run, criterion, journal, jobs, interrupt, on_member)
            standings = made.halved(factor) if how == "halving" else made.all()
            refits = Refits(made.order(standings), parts.whole, run, criterion, journal)
            best = None if interrupt.is_set else refits.kept(1 if out is None else keep)
            stopped = interrupt.is_set or refits.interrupted
            found = SearchResult(
                tuple(ranked(standings, criterion)),
                criterion.name,
                criterion.higher,
                best=best,
                seconds=perf_counter() - started,
                fits=made.fits,
                interrupted=stopped,
                notes=(*drawn, *told, *made.notes, *([_INTERRUPTED] if stopped else [])),
                refit=refits.at,
            )
            journal.keep({**found.facts(), "kept": refits.names})
    interrupt.raise_again()
    return found


_INTERRUPTED = "interrupted: the table has the settings all of whose fits have ended"
_OWN = (
    "models", "data", "over", "metric", "higher", "how", "draws", "draw_seed", "factor", "folds",
    "held_out", "recipe", "out", "keep", "n_jobs", "on_member",
)  # fmt: skip


def _run_options(options: Mapping[str, Any]) -> RunOptions:
    """Return where fits run: on one thread each, and on the CPU, unless it is said otherwise."""
    run = RunOptions(**options_for(RunOptions, options))
    device = "cpu" if run.any_device else run.device  # to measure each fit would take longer than most do
    return replace(run, device=device, threads=1 if run.threads is None else run.threads)


def _check(how: object, draws: object, factor: object, keep: object, on_member: object) -> None:
    look_up(dict.fromkeys(HOWS), how, "how", "way to search")
    if draws is not None:
        whole_number("draws", draws, "Say draws=20 (--draws 20).")
    if how == "grid" and draws is not None:
        raise invalid("draws", draws, "none for a grid, which tries everything", 'Say how="random".')
    if how == "random" and draws is None:
        raise InvalidValue(
            where="draws", got="None", wanted="how many settings are drawn",
            remedy="Say draws=20 (--draws 20).",
        )  # fmt: skip
    if whole_number("factor", factor, "Say factor=3 (--factor 3).", most=1000) < 2:
        raise invalid("factor", factor, "at least 2", "Say factor=3 (--factor 3).")
    whole_number("keep", keep, "Say keep=5 (--keep 5).", most=1000)
    if on_member is not None and not callable(on_member):
        raise invalid("on_member", on_member, "a function of a member, how many ended, and of how many")
