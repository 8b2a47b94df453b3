"""The command that searches: many fits to the same data, ranked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import chalknet as cn
from chalknet.cli import options, words
from chalknet.cli.app import command
from chalknet.cli.interrupts import INTERRUPTED
from chalknet.cli.launch import stoppable, what_is_kept
from chalknet.cli.options import Asked, Option, data_of, given, load_options
from chalknet.cli.say import answer, tell, tell_written
from chalknet.files import user_path

_SEARCH = tuple(
    row._replace(panel="Search")
    for row in (
        Option(
            "over",
            "Values to try, of a width or an option, as often as you like: lr=0.1,0.01, 'seed=range(5)'; to "
            "draw from, 'lr=log(1e-4,0.1)', 'width=whole(8,64)', 'momentum=uniform(0,1)'.",
            words.values_over, "NAME=V,V", many=True,
        ),
        Option("metric", "Rank by it: loss (default), r2, mae, rmse, accuracy, auc, f1, ..."),
        Option("how", "grid (default): all; random: some; halving: all a little, the best ones longer."),
        Option("draws", "How many settings are drawn, for random and halving.", int),
        Option("draw_seed", "Seed of what is drawn; 0 when left out.", int),
        Option("factor", "Of a halving: one in so many goes on; 3 when left out.", int),
        Option("folds", "Cut the rows in so many parts; hold each out once (cross-validation).", int),
        Option("keep", "How many of the best are kept in --out, for predict --best.", int),
        Option("n_jobs", "Fits at a time; as many as there are cores.", int),
    )
)  # fmt: skip
_RECIPE = (*options.RECIPE, *options.STOPPING, *options.OPTIMIZER)
_PLACE = options.without(options.PLACE, "processes")


@command(
    options.MODEL._replace(
        name="models", many=True, metavar="MODEL...",
        help="A model, or several: a formula, with a name for a width that is searched, such as "
        "'? -> width relu -> ?'; or whatever fit takes.",
    ),
    _SEARCH,
    options.SOURCE,
    _RECIPE,
    _PLACE,
    options.OUT._replace(
        help="A folder for a line for each fit and for the best one; the same command goes on there.",
        metavar="FOLDER",
    ),
    Option("csv", "Write the table as CSV too.", user_path, "FILE", "Output"),
    options.AS_JSON,
)  # fmt: skip
def search(asked: Asked) -> int | None:
    """Fit many networks to the same data, rank them by held-out rows, keep the best.

    Example: chalknet search '? -> w -> ?' --over w=8,32 --loss mse --epochs 9
    Example: chalknet search net.py --over lr=.1,.01 --loss l1 --epochs 9 --out s
    Example: chalknet search net.py --over 'seed=range(5)' --loss l1 --epochs 9
    Example: chalknet search a.py b.py --loss mse --epochs 9 --metric r2 --folds 5
    Example: chalknet search a.py --over 'lr=log(.1,1)' --how random --draws 9 ...
    """
    models = [cn.read(model) for model in asked["models"]]
    named = dict(zip(asked["models"], models, strict=True)) if len(models) > 1 else models[0]
    chosen = {**given(asked, _SEARCH, _RECIPE, _PLACE), "over": dict(asked["over"] or [])}
    chosen |= load_options(asked)
    with stoppable(asked["out"]), _counting() as count:
        found = cn.search(named, data_of(asked), **chosen, out=asked["out"], on_member=count)
    return _answered(found, asked)


def _answered(found: cn.SearchResult, asked: Asked) -> int | None:
    """Print the table and what is kept; return the exit code."""
    if asked["csv"] is not None:
        found.to_csv(asked["csv"])
        tell_written(asked["csv"])
    facts = found.facts()
    best = None if found.best is None else f"{found.best.plan.model}\n{found.best}"
    answer(
        asked, facts, "\n\n".join(filter(None, (str(found), best and f"the best one, fitted again: {best}")))
    )
    out = asked["out"]
    if found.interrupted:
        tell(what_is_kept(out))
        return INTERRUPTED
    if found.best is None:
        return 1
    if out is not None:
        tell_written(out / "best")
    return None


@contextmanager
def _counting() -> Iterator[Callable[[Any, int, int], None] | None]:
    """Yield what counts the fits that have ended, in a line of the terminal that is wiped at the end."""
    if not sys.stderr.isatty():
        yield None
        return

    def count(member: Any, ended: int, of: int) -> None:
        sys.stderr.write(f"\r{ended:,} of {of:,} fits ")
        sys.stderr.flush()

    try:
        yield count
    finally:
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
