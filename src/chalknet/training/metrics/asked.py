"""The metrics asked for: by name, functions of the user's and scikit-learn's, torchmetrics' objects."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chalknet.errors import InvalidValue, invalid, unknown_name
from chalknet.lazy import torch
from chalknet.training.metrics.answers import TASKS, Answers, Array, Score, Undefined
from chalknet.training.metrics.table import METRICS, metric_name, metrics_for

MetricLike: TypeAlias = str | Callable[..., Any]
MetricsLike: TypeAlias = MetricLike | Sequence[MetricLike] | Mapping[str, MetricLike] | None

_WANTED = "names such as 'r2' and 'auc', functions of (y_true, y_pred), or a dict of names and functions"
_OWN = "()"  # behind the name of a function in a kept run
# What the second parameter of a function is called that takes probabilities, as in scikit-learn's.
_TAKES_ODDS = ("y_score", "y_prob", "y_proba", "probas_pred", "pred_decision", "proba", "probabilities")
_ALSO_TAKE_ODDS = ("log_loss", "d2_log_loss_score", "d2_brier_score")  # though it is called y_pred
_FIRST_PREDICTED = ("preds", "input", "yhat", "y_pred")  # as torch and torchmetrics order the two
_AVERAGED = ("f1_score", "precision_score", "recall_score", "jaccard_score", "fbeta_score")
# scikit-learn's functions of two classes, and what makes them take more.
_OF_MANY: Mapping[str, Mapping[str, str]] = {
    "roc_auc_score": {"multi_class": "ovr"},
    **{name: {"average": "macro"} for name in _AVERAGED},
}


@dataclass(frozen=True)
class AskedMetric:
    """A metric as a fit or an evaluation computes it.

    Args:
        name: what it is called in histories and tables.
        of: gives it, of answers.
        task: what it judges; empty for a function of the user's, which may judge anything.
        kept_as: how a kept run names it.
    """

    name: str
    of: Callable[[Answers], Score]
    task: str = ""
    kept_as: str = ""


def asked_metrics(asked: object, where: str = "metrics") -> tuple[AskedMetric, ...]:
    """Return the metrics that are asked for.

    Args:
        asked: a name, a function, a list of these, or a dict of names and functions.
        where: what an error calls them.

    Raises:
        UnknownName: for a name that no metric has.
        InvalidValue: for anything else, or two metrics of one name.
    """
    if isinstance(asked, str) or _is_metric(asked):
        asked = [asked]
    if isinstance(asked, Mapping):
        pairs = [(name, each) for name, each in asked.items()]
    elif isinstance(asked, Sequence) and not isinstance(asked, bytes | bytearray):
        pairs = [(None, each) for each in asked]
    else:
        raise invalid(where, asked, _WANTED)
    found = [_metric(name, each, where) for name, each in pairs]
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise InvalidValue(
                where=where,
                got=f"two metrics called {name}",
                wanted="one of each name",
                remedy=f'Leave one out, or name them: {where}={{"first": ..., "second": ...}}.',
            )
    return tuple(found)


def _metric(name: object, value: object, where: str) -> AskedMetric:
    if isinstance(value, AskedMetric):
        return value
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise invalid(where, name, "a name for each metric", 'Say {"mine": function}.')
    if isinstance(value, str):
        found = metric_name(value)
        if found is None:
            raise unknown_name(where, "metric", value, METRICS)
        row = METRICS[found]
        own = str(name or row.name)
        return AskedMetric(own, row.of, row.task, row.name if own == row.name else f"{own}={row.name}")
    if not _is_metric(value):
        raise invalid(where, value, _WANTED)
    own = str(name or _name_of(value))
    return AskedMetric(own, _adapted(value), kept_as=f"{own}{_OWN}")


def kept_metrics(names: Iterable[str]) -> tuple[AskedMetric, ...]:
    """Return the metrics of a kept run; in the place of a function, one that says that it was not kept."""
    return tuple(map(_kept_metric, names))


def _kept_metric(kept_as: str) -> AskedMetric:
    name, _, row = kept_as.rpartition("=")
    if row in METRICS:
        return asked_metrics({name or row: row})[0]
    return _lost(kept_as)


def _lost(kept_as: str) -> AskedMetric:
    def lost(answers: Answers) -> Score:
        raise Undefined("a function is not kept with a run; give it again: cn.resume(path, metrics=[...])")

    return AskedMetric(kept_as.removesuffix(_OWN), lost, kept_as=kept_as)


def check_task(metrics: Iterable[AskedMetric], task: str, loss: str) -> None:
    """Refuse a metric of numbers for classes, and the other way round.

    Args:
        metrics: as they were asked for.
        task: what the fit's answers are.
        loss: the name of its loss.

    Raises:
        InvalidValue: naming those that fit.
    """
    kind = "values" if task == "values" else "classes"
    for metric in metrics:
        if metric.task and metric.task != kind:
            names = ", ".join(row.name for row in metrics_for(task))
            raise InvalidValue(
                where="metrics",
                got=f"{metric.name}, which judges {'numbers' if metric.task == 'values' else 'classes'}, for "
                f"a fit by {loss}, whose answers are {TASKS[task]}",
                wanted=names,
                remedy=f"Say metrics={metrics_for(task)[0].name!r} "
                f"(--metrics {metrics_for(task)[0].name}), or take a loss for the other kind of target.",
            )


def scores(answers: Answers, metrics: Iterable[AskedMetric]) -> dict[str, Score]:
    """Return each metric of some answers; one that cannot be computed is NaN, with the reason."""
    return {metric.name: _score(answers, metric) for metric in metrics}


def flattened(found: Mapping[str, Score]) -> Iterator[tuple[str, float]]:
    """Yield each number of some scores by its name: `f1`, then `f1(cat)`, `f1(dog)`."""
    for name, score in found.items():
        yield name, score.value
        yield from ((f"{name}({part})", value) for part, value in score.by.items())


def _score(answers: Answers, metric: AskedMetric) -> Score:
    if not answers.is_finite:
        return Score(math.nan, reason="the answers hold infinite numbers, or no numbers")
    if answers.yhat.shape != answers.y.shape:
        shapes = f"{answers.yhat.shape[1:]} for targets of shape {answers.y.shape[1:]}"
        return Score(math.nan, reason=f"the answers of this loss are of shape {shapes}")
    try:
        with np.errstate(all="ignore"):
            return metric.of(answers)
    except Undefined as problem:
        return Score(math.nan, reason=str(problem))
    except Exception as problem:  # whatever a function of the user's does, the fit goes on
        text = (str(problem).strip().splitlines() or [""])[0]
        return Score(math.nan, reason=f"{type(problem).__name__}: {text}")


def _is_metric(value: object) -> bool:
    return isinstance(value, AskedMetric) or (callable(value) and not isinstance(value, type))


def _name_of(value: Any) -> str:
    inner = getattr(value, "func", value)  # of a functools.partial
    name = getattr(inner, "__name__", "") or type(value).__name__
    return "metric" if name == "<lambda>" else str(name)


def _adapted(value: Any) -> Callable[[Answers], Score]:
    """Return a metric of answers, of a function or of an object of torchmetrics' kind."""
    if all(callable(getattr(value, name, None)) for name in ("update", "compute", "reset")):
        return lambda answers: _by_name(_updated(value, answers), answers)
    parameters = _parameters(value)
    name = _name_of(value)
    takes_odds = name in _ALSO_TAKE_ODDS or any(each in _TAKES_ODDS for each in parameters[1:2])
    turned = bool(parameters[:1]) and parameters[0] in _FIRST_PREDICTED
    of_torch = turned and parameters[0] in ("preds", "input")

    def metric(answers: Answers) -> Score:
        pair: list[Any]
        if turned:
            said = _predicted(answers, odds=of_torch)
            pair = [said, _true(answers)]
        else:
            pair = [_true(answers), _predicted(answers, odds=takes_odds)]
        if of_torch:
            pair = [torch.from_numpy(np.ascontiguousarray(each)) for each in pair]
        return _by_name(value(*pair, **_more(value, name, answers)), answers)

    return metric


def _parameters(value: Any) -> list[str]:
    try:
        return list(inspect.signature(value).parameters)
    except (TypeError, ValueError):  # built in
        return []


def _more(value: Any, name: str, answers: Answers) -> dict[str, Any]:
    """Return what scikit-learn's functions of two classes want to be told for more of them, unless it is."""
    module = str(getattr(getattr(value, "func", value), "__module__", ""))
    several = answers.probabilities is not None and (
        answers.probabilities.shape[1] > 2 or answers.task == "labels"
    )
    if not module.startswith("sklearn.") or not several:
        return {}
    said = getattr(value, "keywords", {})
    more = {key: way for key, way in _OF_MANY.get(name, {}).items() if key not in said}
    return {} if answers.task == "labels" and "multi_class" in more else more


def _updated(metric: Any, answers: Answers) -> Any:
    """Return what an object of torchmetrics' kind gives for some answers; it is reset before and after."""
    said, true = (
        torch.from_numpy(np.ascontiguousarray(each))
        for each in (_predicted(answers, odds=True), _true(answers))
    )
    metric.reset()
    try:
        metric.update(said, true)
        return metric.compute()
    finally:
        metric.reset()


def _true(answers: Answers) -> Array:
    """Return the truth as functions take it: one column as `(n,)`."""
    return _narrow(answers.y)


def _predicted(answers: Answers, *, odds: bool) -> Array:
    """Return the answers as functions take them: values or classes, or of classes the probabilities."""
    if not odds or answers.probabilities is None:
        return _narrow(answers.yhat)
    if answers.task == "classes" and answers.probabilities.shape[1] == 2:
        return answers.probabilities[:, 1]
    return _narrow(answers.probabilities)


def _narrow(values: Array) -> Array:
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


def _by_name(found: Any, answers: Answers) -> Score:
    """Return what a function gave as a score: one number, or several with their names."""
    if isinstance(found, Score):
        return found
    if isinstance(found, Mapping):
        by = {str(name): float(value) for name, value in found.items()}
        return Score(next(iter(by.values()), math.nan) if len(by) == 1 else math.nan, by)
    if hasattr(found, "detach"):
        found = found.detach().cpu()
    numbers = np.asarray(found, dtype=float)
    if numbers.size == 1:
        value = float(numbers.reshape(()))
        return Score(value, reason="" if math.isfinite(value) else f"it gave {value}")
    names = answers.names if len(answers.names) == len(numbers) else tuple(map(str, range(len(numbers))))
    if numbers.ndim != 1:
        raise Undefined(f"it gave an array of shape {numbers.shape}, not a number")
    return Score(float(numbers.mean()), dict(zip(names, map(float, numbers), strict=True)))
