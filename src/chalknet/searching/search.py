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
from chalknet.planning import (
    Recipe,
    RecipeKeywords,
    RunKeywords,
    RunOptions,
    check_options,
    options_for,
    with_options,
)
from chalknet.searching.criterion import criterion_of
from chalknet.searching.journal import Journal
from chalknet.searching.member import Member
from chalknet.searching.refits import Refits
from chalknet.searching.result import SearchResult, ranked
from chalknet.searching.rounds import Search, parts_of, settings_of
from chalknet.searching.space import space_of
from chalknet.searching.workers import checked_jobs
from chalknet.training import ColumnKeywords, MetricLike, interruptible, one_thread

HOWS = ("grid", "random", "halving")


class SearchKeywords(RecipeKeywords, RunKeywords, ColumnKeywords, total=False):
    """The options of a search that all its fits share."""


@public()
@with_options(SearchKeywords, Recipe, RunOptions)
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
    **options: Unpack[SearchKeywords],
) -> SearchResult:
    """Fit many networks to the same data, rank them, and fit the best one again.

    Each fit gives, bit for bit, the results of `fit` with `threads=1`. Fits run in parallel threads, or with
    `joblib.parallel_config(backend)` on that backend, also on other machines.

    Args:
        models: whatever `read` accepts, a list of such models, or a dict of them by name. A named width
            (`"? -> width relu -> ?"`) takes its values from `over`, `?` at the ends from the data.
        data: whatever `load` accepts.
        over: the values to try, by name: fields of the recipe and options of its optimizer, names of widths,
            `activation` for the activations `?` of a formula, and `seed`. Values are a list, a range, or a
            string: "range(5)", or a distribution to draw from (random, halving): "uniform(0, 0.5)",
            "log(1e-4, 0.1)", "whole(8, 64)"; or an object of scipy.stats.
        metric: the ranking metric, over held-out samples: "loss" (default), the name of a metric (r2,
            mae, accuracy, auc, ...), or a function of (y_true, y_pred).
        higher: whether higher is better, for a function whose name does not end in `_score`,
            `_error` or `_loss`.
        how: "grid" tries every combination, "random" draws settings, "halving" fits all of them briefly and
            continues the best ones, fewer each time, until one has used the whole budget.
        draws: the number of settings to draw; for "halving" None for the whole grid.
        draw_seed: of the draws.
        factor: for halving: one in `factor` settings continues, to `factor` times the updates.
        folds: the number of folds of a cross-validation; None for a single split.
        held_out: as in `fit`; by default the data's own held-out samples, or else a fifth of the rows.
        recipe: the `Recipe` shared by all fits; its fields may be given as keywords instead, or overridden by
            keywords.
        out: a folder for one line per finished fit, and for the best fits. Called again after a kill or with
            more values, the search makes only the missing fits.
        keep: how many of the best fits are fitted again and kept in `out`, for an ensemble.
        n_jobs: the number of parallel fits; None or -1 for the number of cores.
        on_member: called with each finished fit, the number finished, and the total.
        **options: those options of `fit` that say how, where and to which columns to fit: loss, optimizer,
            lr, batch_size, updates, ..., engine, dtype, y, one_hot, fill, .... By default, `device` is "cpu"
            and `threads` is 1 for each fit.

    Raises:
        UnknownName: for a name in `over` that neither the recipe nor a model has, or an unknown metric.
        InvalidValue: for invalid values, numbers or metric.
        FileProblem: for a folder that is not a search's.
        ChalknetError: before the first fit, if network, data and recipe do not match.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 100)
        >>> over = {"width": [2, 8], "lr": [0.01, 0.1], "seed": range(2)}
        >>> found = cn.search("? -> width tanh -> ?", (x, x**2), over, loss="mse", updates=50)
        >>> len(found.rows), found.rows[0].fits
        (4, 2)
    """
    check_options("search", options, (*_OWN, *SearchKeywords.__annotations__))
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
        columns = {name: each for name, each in options.items() if name in ColumnKeywords.__annotations__}
        parts, told = parts_of(run, data, held_out, folds, settings, columns)
        with journal.open(), interruptible() as interrupt:
            made = Search(settings, space.seeds, parts, run, criterion, journal, jobs, interrupt, on_member)
            scores = made.halved(factor) if how == "halving" else made.all()
            refits = Refits(made.order(scores), parts.whole, run, criterion, journal)
            best = None if interrupt.is_set else refits.kept(1 if out is None else keep)
            stopped = interrupt.is_set or refits.interrupted
            found = SearchResult(
                tuple(ranked(scores, criterion)),
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
    """Return where fits run: on one thread each, and on the CPU, by default."""
    run = RunOptions(**options_for(RunOptions, options))
    device = "cpu" if run.any_device else run.device  # measuring would take longer than most fits
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
