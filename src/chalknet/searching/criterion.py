"""The metric by which fits are ranked: the held-out loss, a metric by name, or a function."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from chalknet.errors import InvalidValue, invalid, unknown_name
from chalknet.training import METRICS, AskedMetric, Evaluation, MetricsLike, asked_metrics, metric_name

_LOSS = "loss"
_HIGHER, _LOWER = ("_score", "accuracy"), ("_error", "_loss", "_deviance")
_CHANGES_LOSS = ("loss", "class_weight", "weight")


@dataclass(frozen=True)
class Criterion:
    """The metric by which fits are ranked.

    Args:
        name: of the metric.
        higher: whether higher is better.
        metrics: what evaluations compute for it.
        known_as: identifies the metric; for a function it includes the code.
    """

    name: str
    higher: bool
    metrics: tuple[AskedMetric, ...] = ()
    known_as: str = _LOSS

    @property
    def asked(self) -> MetricsLike:
        """Return the metrics to request from a fit."""
        return cast(MetricsLike, self.metrics)

    def value(self, evaluation: Evaluation) -> float:
        """Return the metric's value in an evaluation; NaN if it could not be computed."""
        if self.name == _LOSS and not self.metrics:
            found = evaluation.held_out_loss
        else:
            found = evaluation.metrics.get(f"held_out_{self.name}")
        return math.nan if found is None else float(found)

    def order(self, value: float) -> float:
        """Return a sort key for a value: smaller is better."""
        return -value if self.higher else value


def criterion_of(metric: object, higher: object, varied: Sequence[str]) -> Criterion:
    """Return the criterion for a metric.

    Args:
        metric: None or "loss" for the held-out loss; the name of a metric, or a function.
        higher: whether higher is better, for a function whose name does not tell.
        varied: the names of what differs between fits.

    Raises:
        UnknownName: for an unknown metric.
        InvalidValue: for a function without a direction, or for the loss if it differs between fits.
    """
    if higher is not None and not isinstance(higher, bool):
        raise invalid("higher", higher, "True or False")
    if metric is None or (isinstance(metric, str) and metric.strip().lower() == _LOSS):
        differs = [name for name in _CHANGES_LOSS if name in varied]
        if differs:
            raise InvalidValue(
                where="metric",
                got=f"the held-out loss for fits that differ in {differs[0]}: it is not the same number",
                wanted="a metric that is the same for all of them",
                remedy="Say metric='mae' or metric='accuracy' (--metric mae).",
            )
        return Criterion(_LOSS, False)
    if isinstance(metric, str) and metric_name(metric) is None:
        raise unknown_name("metric", "metric", metric, (_LOSS, *METRICS))
    if isinstance(metric, Sequence) and not isinstance(metric, str):
        raise invalid("metric", metric, "one metric, by which fits are ranked", "Say metric='r2'.")
    if isinstance(metric, Mapping) and len(metric) != 1:
        raise invalid("metric", metric, "one metric, by which fits are ranked", "Say metric='r2'.")
    asked = asked_metrics(metric, "metric")
    row = METRICS.get(asked[0].kept_as.rpartition("=")[2])
    known_as = asked[0].kept_as if row is not None else f"{asked[0].kept_as} {code_of(metric)}"
    return Criterion(asked[0].name, _is_higher(asked[0], row, higher), asked, known_as)


def code_of(function: Any) -> str:
    """Return a text that tells a function from others of its name; for a dict, that of its function."""
    if isinstance(function, Mapping):
        function = next(iter(function.values()))
    inner = getattr(function, "func", function)  # of a functools.partial
    given = (getattr(function, "args", ()), sorted(getattr(function, "keywords", {}).items()))
    code = getattr(inner, "__code__", None)
    own = getattr(inner, "__qualname__", type(inner).__qualname__)
    parts = (own, given) if code is None else (own, given, code.co_code, code.co_names, _constants(code))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _constants(code: Any) -> list[Any]:
    return [_constants(each) if hasattr(each, "co_consts") else each for each in code.co_consts]


def _is_higher(asked: AskedMetric, row: Any, higher: bool | None) -> bool:
    if row is not None:
        return bool(row.higher)
    if higher is not None:
        return higher
    for endings, answer in ((_HIGHER, True), (_LOWER, False)):
        if asked.name.endswith(endings):
            return answer
    raise InvalidValue(
        where="metric",
        got=f"the function {asked.name}, of which it is not known whether more is better",
        wanted="higher=True or higher=False beside it",
        remedy="Say higher=True where the largest number is the best.",
    )
