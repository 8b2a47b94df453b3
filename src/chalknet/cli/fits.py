"""The commands about data and fits: data, fit, resume, compare, predict, evaluate, demo."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import chalknet as cn
from chalknet.cli import options, words
from chalknet.cli.app import command
from chalknet.cli.interrupts import INTERRUPTED
from chalknet.cli.launch import launch, stoppable, tell_what_is_kept
from chalknet.cli.options import (
    Asked,
    Option,
    data_of,
    given,
    is_auto,
    load_options,
    network_of,
    source_of,
    without,
)
from chalknet.cli.say import (
    answer,
    answers,
    check_page,
    check_picture,
    is_launched,
    put,
    say,
    tell,
    tell_written,
)
from chalknet.errors import Noted
from chalknet.files import SEARCH_MEMBERS
from chalknet.lang import translated
from chalknet.tables import facts

_RECIPE = (*options.RECIPE, *options.STOPPING, *options.OPTIMIZER)
_EXIT_CODES = {"DIVERGED": 1, "INTERRUPTED": INTERRUPTED}
_METHODS = options.BATCH_SIZE._replace(
    help="Samples an update, for each method; all,32,1 when left out.",
    kind=words.counts, metavar="LIST", default="all,32,1",
)  # fmt: skip
_COMPARED = (
    *without(_RECIPE, "batch_size"),
    options.EVALUATE_EVERY,
    options.METRICS,
    *without(options.PLACE, "processes"),
)
_BUDGET = (options.UPDATES, options.EPOCHS, options.SAMPLES, options.SECONDS)
_RESUMED = (*_BUDGET, options.DEVICE, options.ENGINE, options.THREADS, options.PROCESSES, options.STRICT,
    options.METRICS,
)  # fmt: skip


@command(
    options.DATA._replace(metavar="DATA", argument=True),
    options.SOURCE[1:],
    options.AS_JSON,
)
def data(asked: Asked) -> None:
    """Print what is in a data set: observations, shapes, ranges, held-out samples.

    Of a table: its columns with their kinds, gaps and examples, and what a fit would see with these options.

    Example: chalknet data mnist01
    Example: chalknet data houses.csv
    Example: chalknet data houses.csv --y price --one-hot --standardise
    """
    found = cn.describe(data_of(asked), **load_options(asked))
    answer(asked, found, str(facts(found)))


@command(
    options.MODEL._replace(
        default=None, help=f"{options.MODEL.help} auto, or nothing: chosen from the data."
    ),
    options.DATA._replace(default=None),
    options.SOURCE[1:],
    options.RECIPE_CHOICE,
    options.LOSS._replace(default=None),
    without(_RECIPE, "loss"),
    options.PLACE,
    options.RECORD,
    options.PICTURE,
    options.KIND,
    options.REPORT,
    Option("dry_run", "Print the plan and stop.", bool, panel="Output"),
    options.AS_JSON,
    options.READING,
)
def fit(asked: Asked) -> int | None:
    """Fit a network to data; without one, the network and all that is not said are chosen from the data.

    Example: chalknet fit --data houses.csv --y price
    Example: chalknet fit auto --data houses.csv --y price --lr 0.01 --dry-run
    Example: chalknet fit '? -> 9 relu -> ?' --recipe auto --data houses.csv
    Example: chalknet fit '784 -> 32 relu -> 1 sigmoid' --loss bce --updates 700
    Example: chalknet fit '8 -> 1' --loss mse --data a.csv --y price --epochs 9
    Example: chalknet fit '784 -> 1 sigmoid' --loss bce --epochs 5 --processes 2
    Example: chalknet fit '784 -> 1' --loss mse --schedule cosine --epochs 9
    Example: chalknet fit '8 -> 1' --loss l1 --held-out .2 --patience 5 --epochs 9
    Example: chalknet fit net.py --loss mse --data x.npz --seconds 60 --out run
    Example: chalknet fit '4 -> 1' --loss mse --data a.csv --epochs 9 --metrics r2
    Example: chalknet fit net.py --loss bce --epochs 5 --plot a.svg --kind roc
    Example: chalknet fit net.py --loss bce --epochs 5 --report fit.html
    """
    if asked["model"] is None and asked["data"] is None:
        raise cn.InvalidValue(
            where="chalknet fit",
            got="neither a network nor data",
            wanted="at least one of them",
            remedy="Write for instance: chalknet fit --data houses.csv --y price",
        )
    asked = {**asked, "model": asked["model"] or "auto", "data": asked["data"] or "mnist01"}
    check_picture("--plot", asked["plot"])
    check_page("--report", asked["report"])
    several = asked["processes"] not in (None, 1) and not is_launched()
    if several and asked["data"] == "-":
        raise cn.InvalidValue(
            where="--data",
            got="standard input, which one process alone can read",
            wanted="data that every process of the fit can open",
            remedy="Write it to a file and give its path.",
        )
    network = "auto" if asked["model"] == "auto" else network_of(asked)
    how = given(asked, (options.RECIPE_CHOICE,), _RECIPE, options.PLACE)
    source = data_of(asked)
    if is_auto(asked):
        how |= load_options(asked)
    else:
        source = source_of(asked)
    if asked["dry_run"] or several:  # a mistake is found before a process is started
        plan = cn.plan(network, source, **how, **given(asked, (options.METRICS,) if is_auto(asked) else ()))
    if asked["dry_run"]:
        say(str(plan))
        return None
    if several:
        typed = [cn.write(network, "json") if word == "-" else word for word in sys.argv[1:]]
        return launch(plan.placement.processes, typed, asked["out"])
    if is_auto(asked):
        how["on_plan"] = partial(_show_plan, asked)
    with stoppable(asked["out"]), _told_first(asked):
        result = cn.fit(network, source, **how, **given(asked, options.RECORD))
    _save_plot(result, asked)
    if asked["report"] is not None and answers():
        cn.report(result, asked["report"])
        tell_written(asked["report"])
    return _answer(result, str(result), asked)


@command(
    options.MODEL, options.SOURCE, _METHODS, _COMPARED, options.PICTURE, options.AS_JSON, options.READING
)
def compare(asked: Asked) -> int | None:
    """Compare gradient descent, mini-batch SGD and SGD with batch size 1 on equal terms.

    Example: chalknet compare '784 -> 1 sigmoid' --loss bce --updates 700
    Example: chalknet compare net.py --loss bce --updates 700 --plot all.svg
    """
    check_picture("--plot", asked["plot"])
    methods = {
        f"batch size {'all' if size is None else size}": {"batch_size": size} for size in asked["batch_size"]
    }
    network, source = network_of(asked), source_of(asked)
    with stoppable(None):
        comparison = cn.compare(network, source, methods, **given(asked, _COMPARED))
    if not answers():
        return None
    results = comparison.results
    _save_plot(results, asked)
    answer(asked, {name: _summary(result) for name, result in results.items()}, str(comparison))
    return max(_exit_code(result) for result in results.values())


@command(
    options.RUN,
    options.DATA._replace(
        default=None, help="The data, for a run that was fitted to arrays which it did not keep."
    ),
    options.TARGET,
    _RESUMED,
    options.TRUST,
    options.AS_JSON,
)
def resume(asked: Asked) -> int | None:
    """Go on with a run that was killed or interrupted, from its last whole checkpoint.

    A run that has ended goes on when a larger budget is given, counted from its very beginning.

    Example: chalknet resume run/
    Example: chalknet resume run/ --updates 1400
    """
    run, processes = asked["run"], asked["processes"]
    if processes not in (None, 1) and not is_launched():
        return launch(processes, sys.argv[1:], run)
    with stoppable(run), _told_first({**asked, "out": run}):
        result = cn.resume(run, data=data_of(asked), trust=asked["trust"] or False, **given(asked, _RESUMED))
    return _answer(
        result, "\n".join([str(result), *map(translated, result.plan.reasons)]), {**asked, "out": run}
    )


@command(
    options.RUN,
    options.DATA._replace(default=..., help="Features: a .npy file, a table, or whatever fit takes."),
    Option("keep", "Columns of the data to print too, such as an id.", words.names, "COL,COL", "Output"),
    Option("raw", "Print what the network gives, such as logits.", bool, panel="Output"),
    Option("best", "Of a search: predict by so many of the best kept; mean and spread.", int, "N", "Output"),
    options.FILE,
    options.OUT,
    options.AS_JSON,
)
def predict(asked: Asked) -> None:
    """Map data with a kept fit; print classes and probabilities, or values, as CSV with a header.

    Example: chalknet predict run/ --data digits.npy > digits.csv
    Example: chalknet predict run/ --data new.csv --keep id --out prices.csv
    Example: chalknet predict run/ --data new.csv --unknown most-frequent
    Example: chalknet predict searched/ --data new.csv --best 5
    """
    kept = {} if asked["keep"] is None else {"keep": asked["keep"]}
    chosen = {**kept, **given(asked, options.FILE)}
    if asked["best"] is not None:
        together = cn.SearchResult.load(asked["run"]).ensemble(asked["best"]).predict(asked["data"], **chosen)
        _print_rows(asked, together.plain(), together.notes)
        return
    found = cn.predict(_run_of(asked), asked["data"], **chosen)
    _print_rows(asked, found.plain(found.raw_columns if asked["raw"] else None), found.notes)


def _run_of(asked: Asked) -> Path:
    """Return the folder of a run; of a search that of its best one."""
    folder: Path = asked["run"]
    return folder / "best" if (folder / SEARCH_MEMBERS).exists() else folder


def _print_rows(asked: Asked, columns: Mapping[str, Sequence[Any]], notes: Iterable[str]) -> None:
    """Print columns as CSV with a header, or as JSON."""
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    for note in notes:
        tell(f"note: {note}")
    if asked["as_json"]:
        put(json.dumps([dict(zip(columns, row, strict=True)) for row in rows]), asked["out"])
        return
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([list(columns), *rows])
    put(text.getvalue().removesuffix("\n"), asked["out"])


@command(
    options.RUN,
    options.DATA._replace(default=..., help="Rows with their targets: a table, or whatever fit takes."),
    options.TARGET,
    options.METRICS._replace(
        help="Which metrics; all that the fit's task has when left out.", panel="Output"
    ),
    Option("weight", "A column of the data: how much each row counts.", metavar="COL", panel="Data"),
    options.FILE,
    options.PICTURE[0],
    options.KIND,
    options.REPORT,
    options.AS_JSON,
)
def evaluate(asked: Asked) -> None:
    """Judge a kept fit by data whose targets are known; print its metrics, by class where it applies.

    Example: chalknet evaluate run/ --data new.csv
    Example: chalknet evaluate run/ --data new.csv --metrics accuracy,f1 --json
    Example: chalknet evaluate run/ --data new.csv --plot a.svg --kind confusion
    Example: chalknet evaluate run/ --data new.csv --report new.html
    """
    check_picture("--plot", asked["plot"])
    check_page("--report", asked["report"])
    data, chosen = data_of(asked), given(asked, options.FILE, (options.METRICS,))
    run = _run_of(asked)
    found = cn.evaluate(run, data, weight=asked["weight"], **chosen)
    if asked["plot"] is not None or asked["report"] is not None:
        result = cn.load_run(run)
        if asked["plot"] is not None:
            kind = asked["kind"] or ("predicted" if "mse" in found.values else "confusion")
            cn.plot(result, kind=kind, data=data).save(asked["plot"])
            tell_written(asked["plot"])
        if asked["report"] is not None:
            cn.report(result, asked["report"], data=data)
            tell_written(asked["report"])
    answer(asked, found.to_dict(), str(found))


@command(
    options.OUT._replace(
        help="The folder for the report and its pictures; demo when left out.", default="demo"
    )
)
def demo(asked: Asked) -> None:
    """Fit digits 0 and 1 of MNIST by three methods and write one page about it.

    Example: chalknet demo --out demo
    """
    from chalknet.demo import run_demo  # brings matplotlib and torch

    for line in run_demo(asked["out"], tell_written):
        say(translated(line))


def _answer(result: cn.FitResult, text: str, asked: Asked) -> int | None:
    """Print how a fit ended and what is kept of it; return the exit code."""
    if not answers():
        return None
    answer(asked, _summary(result), text)
    if result.outcome is cn.Outcome.INTERRUPTED:
        tell_what_is_kept(asked["out"])
    elif asked["out"] is not None:
        tell_written(asked["out"])
    return _exit_code(result)


def _show_plan(asked: Asked, plan: cn.Plan) -> None:
    """Print what was chosen before it is done: its notes follow after the fit."""
    if answers() and not asked["as_json"]:
        say(f"{replace(plan, notes=())}\n")


@contextmanager
def _told_first(asked: Asked) -> Iterator[None]:
    """Print how a fit ended before the error about the notes that came up in it."""
    try:
        yield
    except Noted as problem:
        if isinstance(problem.result, cn.FitResult):
            _answer(problem.result, str(problem.result), asked)
        raise


def _exit_code(result: cn.FitResult) -> int:
    return _EXIT_CODES.get(result.outcome.name, 0)


def _save_plot(results: Any, asked: Asked) -> None:
    """Draw and save a picture where one was asked for."""
    if asked["plot"] is not None and answers():
        chart = cn.plot(results, asked["over"], kind=asked.get("kind"))
        chart.save(asked["plot"])
        tell_written(asked["plot"])


def _summary(result: cn.FitResult) -> dict[str, Any]:
    history, last = result.history, result.evaluation
    return {
        "outcome": result.outcome.name.lower(),
        "updates": history.updates[-1],
        "samples": history.samples[-1],
        "seconds": history.seconds[-1],
        "loss": history.loss[-1],
        "metric": history.metric,
        "train": last.train,
        "held_out": last.held_out,
        "metrics": {name: _finite(value) for name, value in last.metrics.items()},
        "baseline": None if result.baseline is None else vars(result.baseline),
        "notes": list(result.notes),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
