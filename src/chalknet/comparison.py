"""Several plans, one question, one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from chalknet.data import Source, load
from chalknet.errors import InvalidValue
from chalknet.network import Network
from chalknet.planning import BUDGET_UNITS, method
from chalknet.tables import Shown
from chalknet.training import Chart, FitResult, Outcome, fit, plot
from chalknet.units import show_count, show_seconds, show_share, show_value

# What has to be alike for the comparison to be fair, and how to say so.
_SHARED = {
    "seed": "start from other weights",
    "shuffle": "see the samples in another order",
    "dtype": "compute in another precision",
    "held_out": "be held against other samples",
    **dict.fromkeys(BUDGET_UNITS, "be given another budget"),
}
_MINI_BATCH = 32


@dataclass(frozen=True, repr=False)
class Comparison(Shown):
    """Fits of one network to the same data, from the same start, on the same counter.

    Args:
        results: a FitResult for each name, in the order asked for.
        counter: what was alike: so many updates, samples or seconds.
    """

    results: Mapping[str, FitResult]
    counter: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the headings of the table."""
        first = next(iter(self.results.values()))
        metric = first.history.metric
        held_out = (f"held-out {metric}",) if first.plan.data.held_out else ()
        return (
            "name",
            "method today",
            "once called",
            "updates",
            "samples seen",
            "training time",
            "last loss",
            f"training {metric}",
            *held_out,
            "ended",
        )

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Return a row of texts for each fit."""
        return tuple(_row(name, result) for name, result in self.results.items())

    @property
    def run_by(self) -> str:
        """Return by what each method was run: with `auto` each has the engine that is cheapest for it."""
        ways: dict[str, list[str]] = {}
        for name, result in self.results.items():
            ways.setdefault(result.plan.where, []).append(name)
        if len(ways) == 1:
            return f"all run by {next(iter(ways))}"
        each = "; ".join(f"{', '.join(names)} by {way}" for way, names in ways.items())
        return f"each run by what is cheapest for it, which the training times depend on: {each}"

    def plot(self, over: str = "updates", *, data: object = None) -> Chart:
        """Return one picture of all fits; see `plot`."""
        return plot(self.results, over, data=data)

    def __str__(self) -> str:
        table = [self.columns, *self.rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(self.columns))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        heading = f"the same start and {self.counter} each"
        return "\n".join([heading, *(line.rstrip() for line in lines), self.run_by])


def compare(
    network: Network,
    data: object,
    methods: Mapping[str, Mapping[str, Any]] | None = None,
    **shared: Any,
) -> Comparison:
    """Return fits of one network by several methods, on equal terms.

    Every fit builds the network anew from the same seed, sees the samples in the same kind of order and
    is given the same budget; a method that asks for another seed, order or budget is refused.

    Args:
        network: what is fitted.
        data: whatever `load` takes.
        methods: a name and the keywords of `fit` that are its own: `{"all": {}, "one": {"batch_size": 1}}`;
            None compares gradient descent, SGD with batches of 32 and SGD with batch size 1.
        **shared: the keywords of `fit` that all have in common: loss, seed, and a budget in updates,
            samples or seconds.

    Raises:
        InvalidValue: for methods that are not on equal terms, or a counter in epochs.

    Example:
        >>> import torch, chalknet as cn
        >>> x = torch.linspace(-1, 1, 100)
        >>> print(cn.compare(cn.read("1 -> 1"), (x, 2 * x), loss="mse", updates=20).columns[0])
        name
    """
    if isinstance(network, nn.Module):
        raise InvalidValue(
            where="compare",
            got=f"a module of class {type(network).__name__}",
            wanted="a Network, which is built anew for every method",
            remedy="Say cn.read(module) first; its weights are drawn anew.",
        )
    source = load(data, held_out=shared.pop("held_out", None))
    methods = _default_methods(source) if methods is None else methods
    _check_equal_terms(methods, shared)
    results: dict[str, FitResult] = {}
    for name, own in methods.items():
        results[name] = fit(network, source, **{**shared, **own})
        if results[name].outcome is Outcome.INTERRUPTED:
            break
    unit = next(unit for unit in BUDGET_UNITS if shared.get(unit) is not None)
    return Comparison(results, f"{shared[unit]:,} {unit}")


def _default_methods(source: Source) -> dict[str, dict[str, int | None]]:
    sizes = dict.fromkeys([None, min(_MINI_BATCH, len(source)), 1])
    return {method(size, len(source)).name: {"batch_size": size} for size in sizes}


def _check_equal_terms(methods: Mapping[str, Mapping[str, Any]], shared: Mapping[str, Any]) -> None:
    if not methods:
        raise InvalidValue(
            where="compare",
            got="no methods",
            wanted="at least one",
            remedy='Say {"name": {"batch_size": 1}}.',
        )
    for name, own in methods.items():
        if not isinstance(own, Mapping):
            raise InvalidValue(
                where=f"method {name!r}",
                got=repr(own),
                wanted="keywords of fit, as a dict",
                remedy='Say {"name": {"batch_size": 1}}.',
            )
        for keyword, what in _SHARED.items():
            if keyword in own and own[keyword] != shared.get(keyword):
                raise InvalidValue(
                    where=f"method {name!r}",
                    got=f"{keyword}={own[keyword]!r} of its own: it would {what}",
                    wanted="the same for all methods",
                    remedy=f"Say {keyword}={own[keyword]!r} beside the methods, for all of them.",
                )
    if shared.get("epochs") is not None:
        raise InvalidValue(
            where="compare",
            got=f"epochs={shared['epochs']}",
            wanted="a counter that is alike for every batch size: updates, samples or seconds",
            remedy="An epoch is as many samples for each: say samples=epochs * n.",
        )


def _row(name: str, result: FitResult) -> tuple[str, ...]:
    history, last, plan = result.history, result.evaluation, result.plan
    show = show_share if history.metric == "accuracy" else show_value
    used = method(plan.recipe.batch_size, plan.data.observations)
    held_out = () if last.held_out is None else (show(last.held_out),)
    return (
        name,
        used.name,
        used.once,
        show_count(history.updates[-1]),
        show_count(history.samples[-1]),
        show_seconds(history.seconds[-1]),
        show_value(history.loss[-1]),
        show(last.train),
        *held_out,
        str(result.outcome).split(":")[0],
    )
