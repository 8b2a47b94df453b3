"""Several plans, one question, one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Unpack

from chalknet.data import Source
from chalknet.errors import InvalidValue, invalid, public
from chalknet.forms import ModelLike, model_of
from chalknet.network import Network
from chalknet.planning import (
    BUDGET_UNITS,
    Recipe,
    RunOptions,
    check_options,
    method,
    options_for,
    recipe_of,
    with_options,
)
from chalknet.tables import Table, Tabular
from chalknet.training import Chart, FitKeywords, FitResult, Outcome, RecordOptions, fit, load_for, plot
from chalknet.units import one_line, show_count, show_seconds, show_share, show_value

# What has to be alike for the comparison to be fair, and what a method would do otherwise.
_SHARED = {
    "seed": "start from other weights",
    "shuffle": "see the samples in another order",
    "dtype": "compute in another precision",
    "held_out": "be held against other samples",
    **dict.fromkeys(BUDGET_UNITS, "be given another budget"),
}
_MINI_BATCH = 32


@dataclass(frozen=True, repr=False)
class Comparison(Tabular):
    """Fits of one network to the same data, from the same start, on the same counter.

    Args:
        results: a FitResult for each name, in the order asked for.
        counter: what was alike: so many updates, samples or seconds.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 100)
        >>> comparison = cn.compare("1 -> 1", (x, 2 * x), loss="mse", updates=20)
        >>> comparison.counter
        '20 updates'
    """

    results: Mapping[str, FitResult]
    counter: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the headings of the table."""
        return tuple(_facts(*next(iter(self.results.items()))))

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Return a row of texts for each fit."""
        return tuple(tuple(_facts(name, result).values()) for name, result in self.results.items())

    @property
    def run_by(self) -> str:
        """Return the engine that ran each method: with `auto` each has the one that is cheapest for it."""
        engines: dict[str, list[str]] = {}
        for name, result in self.results.items():
            engines.setdefault(result.plan.where, []).append(name)
        if len(engines) == 1:
            return f"all run by {next(iter(engines))}"
        each = "; ".join(f"{', '.join(names)} by {engine}" for engine, names in engines.items())
        return f"each run by what is cheapest for it, which the training times depend on: {each}"

    def plot(self, over: str = "updates", *, data: object = None) -> Chart:
        """Return one picture of all fits; see `plot`."""
        return plot(self.results, over, data=data)

    def __repr__(self) -> str:
        return one_line(f"Comparison({self.counter} each: {', '.join(self.results)})")

    @property
    def table(self) -> Table:
        """Return a row for each fit, under what they had in common."""
        title = f"the same start and {self.counter} each"
        return Table(self.columns, self.rows, title, (self.run_by, *self._notes()))

    def _notes(self) -> list[str]:
        """Return each note once, with the fits that it is about where it is not about all."""
        about: dict[str, list[str]] = {}
        for name, result in self.results.items():
            for note in result.notes:
                about.setdefault(note, []).append(name)
        some = {
            note: f" ({', '.join(names)})" for note, names in about.items() if len(names) < len(self.results)
        }
        return [f"note{some.get(note, '')}: {note}" for note in about]


@public(network="model")
@with_options(FitKeywords, Recipe, RunOptions, RecordOptions)
def compare(
    model: ModelLike,
    data: object,
    methods: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    recipe: Recipe | None = None,
    held_out: object = None,
    **shared: Unpack[FitKeywords],
) -> Comparison:
    """Return fits of one network by several methods, on equal terms.

    Every fit builds the network anew from the same seed, sees the samples in the same kind of order and
    is given the same budget; a method that asks for another seed, order or budget is refused.

    Args:
        model: whatever `read` takes, but a module, whose weights could not be drawn anew.
        data: whatever `load` takes.
        methods: a name and the options of `fit` that are its own: `{"all": {}, "one": {"batch_size": 1}}`;
            None compares gradient descent, SGD with batches of 32 and SGD with batch size 1.
        recipe: a `Recipe` that all have in common; its fields may be given as keywords instead, or as
            keywords over it.
        held_out: as in `fit`.
        **shared: the options of `fit` that all have in common: loss, seed, and a budget in updates,
            samples or seconds.

    Raises:
        InvalidValue: for methods that are not on equal terms, a counter in epochs, or a module.
        UnknownName: for an option that `fit` does not have.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 100)
        >>> comparison = cn.compare("1 -> 1", (x, 2 * x), loss="mse", updates=20)
        >>> list(comparison.results)
        ['gradient descent', 'SGD with batch size 32', 'SGD with batch size 1']
    """
    network = _network_of(model)
    known = ("model", "data", "methods", "recipe", "held_out", *FitKeywords.__annotations__)
    check_options("compare", shared, known)
    source = load_for(RunOptions(**options_for(RunOptions, shared)), data, held_out)
    methods = _default_methods(source) if methods is None else methods
    _check_methods(methods)
    _check_equal_terms(methods, {**(vars(recipe) if isinstance(recipe, Recipe) else {}), **shared})
    recipes = [recipe_of("compare", recipe, {**shared, **own}) for own in methods.values()]
    _check_counter(recipes[0])
    results: dict[str, FitResult] = {}
    for name, own in methods.items():
        options: dict[str, Any] = {**shared, **own}
        results[name] = fit(network, source, recipe=recipe, **options)
        if results[name].outcome is Outcome.INTERRUPTED:
            break
    return Comparison(results, f"{recipes[0].budget.amount:,} {recipes[0].budget.unit}")


def _network_of(model: ModelLike) -> Network:
    found = model_of(model)
    if isinstance(found, Network):
        return found
    wanted = "a network, which is built anew for every method"
    raise invalid("model", model, wanted, "Give cn.read(module); its weights are drawn anew.")


def _default_methods(source: Source) -> dict[str, dict[str, int | None]]:
    sizes = dict.fromkeys([None, min(_MINI_BATCH, len(source)), 1])
    return {method(size, len(source)).name: {"batch_size": size} for size in sizes}


def _check_methods(methods: object) -> None:
    if not isinstance(methods, Mapping) or not methods:
        raise _no_methods(
            "compare", "no methods" if isinstance(methods, Mapping) else repr(methods), "at least one"
        )
    for name, own in methods.items():
        if not isinstance(own, Mapping):
            raise _no_methods(f"method {name!r}", repr(own), "options of fit, as a dict")
        check_options(f"method {name!r}", map(str, own), (*FitKeywords.__annotations__, "held_out"))


def _no_methods(where: str, got: str, wanted: str) -> InvalidValue:
    return InvalidValue(where=where, got=got, wanted=wanted, remedy='Say {"name": {"batch_size": 1}}.')


def _check_equal_terms(methods: Mapping[str, Mapping[str, Any]], shared: Mapping[str, Any]) -> None:
    for name, own in methods.items():
        for keyword, what in _SHARED.items():
            if keyword in own and own[keyword] != shared.get(keyword):
                raise InvalidValue(
                    where=f"method {name!r}",
                    got=f"{keyword}={own[keyword]!r} of its own: it would {what}",
                    wanted="the same for all methods",
                    remedy=f"Say {keyword}={own[keyword]!r} beside the methods, for all of them.",
                )


def _check_counter(recipe: Recipe) -> None:
    if recipe.epochs is not None:
        wanted = "a counter that is alike for every batch size: updates, samples or seconds"
        remedy = "An epoch is as many samples for each: say samples=epochs * n."
        raise invalid("epochs", recipe.epochs, wanted, remedy)


def _metrics(result: FitResult) -> dict[str, str]:
    """Return the metrics that were asked for, by headings; of held-out samples where there are any."""
    found = result.evaluation.metrics
    part = "train" if result.evaluation.held_out is None else "held_out"
    words = {"train": "training", "held_out": "held-out"}[part]
    whole = [name for name in found if name.startswith(f"{part}_") and not name.endswith(")")]
    return {f"{words} {name.removeprefix(f'{part}_')}": show_value(found[name]) for name in whole}


def _facts(name: str, result: FitResult) -> dict[str, str]:
    """Return what the table says of a fit, by the headings."""
    history, last, plan = result.history, result.evaluation, result.plan
    show = show_share if history.metric == "accuracy" else show_value
    used = method(plan.recipe.batch_size, plan.data.observations)
    held_out = {} if last.held_out is None else {f"held-out {history.metric}": show(last.held_out)}
    return {
        "name": name,
        "method today": used.name,
        "once called": used.once,
        "updates": show_count(history.updates[-1]),
        "samples seen": show_count(history.samples[-1]),
        "training time": show_seconds(history.seconds[-1]),
        "last loss": show_value(history.loss[-1]),
        f"training {history.metric}": show(last.train),
        **held_out,
        **_metrics(result),
        "ended": str(result.outcome).split(":")[0],
    }
