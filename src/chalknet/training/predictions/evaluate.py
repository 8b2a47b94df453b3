"""Judge a fit by rows whose targets are known: every metric that its task has, by class where it applies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from chalknet.data import LoadOptions, Source, load_like, texts_of
from chalknet.errors import InvalidValue, invalid, public
from chalknet.lazy import torch
from chalknet.planning import Plan, check_options, with_options
from chalknet.tables import Cell, Table, Tabular
from chalknet.training.history import FitResult
from chalknet.training.metrics.answers import Answers, Score
from chalknet.training.metrics.asked import MetricsLike, asked_metrics, check_task, scores
from chalknet.training.metrics.table import metrics_for
from chalknet.training.predictions.judged import answers_of
from chalknet.training.predictions.predict import (
    FittedForward,
    PredictKeywords,
    as_fitted,
    file_options,
    fitted_of,
    with_unknown,
)
from chalknet.units import one_line, show_count, show_value

Array = npt.NDArray[Any]

_BLOCK_NUMBERS = 1 << 22


@dataclass(frozen=True, repr=False, eq=False)
class Scores(Tabular):
    """How good a fit is, by rows whose targets are known.

    Args:
        rows: how many rows were judged.
        scores: each metric with its value, the values of single classes or columns in `by`, and why it could
            not be computed in `reason`.
        names: the classes, or the target's columns.
        notes: what was assumed, and what could not be computed, a sentence each.
        data: what the rows are called.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> result = cn.fit("1 -> 1", (x, 2 * x), loss="mse", lr=0.5, updates=100)
        >>> round(cn.evaluate(result, (x, 2 * x))["r2"], 3)
        1.0
    """

    rows: int
    scores: Mapping[str, Score]
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    data: str = ""

    @property
    def values(self) -> dict[str, float]:
        """Return the metrics by name."""
        return {name: score.value for name, score in self.scores.items()}

    def __getitem__(self, name: str) -> float:
        return self.scores[name].value

    @property
    def table(self) -> Table:
        """Return a row for each metric, with a column for each class or column of the target."""
        parts = [part for part in self.names if any(part in score.by for score in self.scores.values())]
        rows: list[tuple[Any, ...]] = []
        for name, score in self.scores.items():
            if name == "confusion" and score.by:
                rows += self._confusion(parts, score)
            else:
                rows.append((name, _cell(score.value), *(_cell(score.by.get(part)) for part in parts)))
        title = f"{self.data}: {show_count(self.rows)} rows" if self.data else f"{show_count(self.rows)} rows"
        notes = tuple(f"note: {note}" for note in self.notes)
        return Table(("metric", "all", *parts), tuple(rows), title, notes)

    def _confusion(self, parts: Sequence[str], score: Score) -> Iterator[tuple[Any, ...]]:
        for true in parts:
            counts = [score.by[f"{true} as {said}"] for said in parts]
            yield (f"rows of {true}, said to be", _count(sum(counts)), *map(_count, counts))

    def to_dict(self) -> dict[str, Any]:
        """Return rows, metrics, their values by class or column, and notes, as JSON can hold them."""
        return {
            "data": self.data,
            "rows": self.rows,
            "metrics": {name: _number(value) for name, value in self.values.items()},
            "by": {
                name: {part: _number(value) for part, value in score.by.items()}
                for name, score in self.scores.items()
                if score.by
            },
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {show_value(value)}" for name, value in self.values.items())
        return one_line(f"Scores({show_count(self.rows)} rows: {shown})")


def _cell(value: float | None) -> Cell | None:
    return None if value is None or np.isnan(value) else Cell(value, show_value(value))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _count(value: float) -> Cell:
    whole = int(value) if float(value).is_integer() else value
    return Cell(whole, show_count(whole) if isinstance(whole, int) else show_value(value))


@public()
@with_options(PredictKeywords)
def evaluate(
    model: FitResult | str | Path,
    data: object = None,
    metrics: MetricsLike = None,
    *,
    weight: object = None,
    **options: Unpack[PredictKeywords],
) -> Scores:
    """Return how good a fit is by rows whose targets are known, in a table.

    The rows are treated as the training rows were, as `predict` does: columns are found by their names, in
    any order, and filled, standardised and coded with the same numbers. Numbers are in the target's own unit.

    Args:
        model: a FitResult, or the folder that a fit was kept in.
        data: whatever `load` takes, with its targets. Left out, the rows that a FitResult held out; where it
            held out none, its training rows.
        metrics: as in `fit`; None for all that the task has.
        weight: how much each row counts: the name of a column of the data, or a number for each row.
        unknown: what becomes of a word, or a gap, that the training rows did not have, as in `predict`.
        delimiter: of a text, as in `load`.
        header: whether a text's first row holds names.
        encoding: of a text.
        comment: what lines of a text begin with that are left out.
        skip_rows: rows of a text that are left out.
        decimal: of numbers in a text, "." or ",".
        missing: further words that stand for a gap.
        limits: how much is read of a file at most, as in `load`.
        **options: all of the above after `weight`; left out, they are as they were in the fit.

    Raises:
        UnknownName: for a metric that does not exist, columns of the fit that are missing.
        InvalidValue: for a metric of another task, a fit without its data.
        DataError: for gaps, words and targets that the training rows did not have.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> result = cn.fit("1 -> 1", (x, 2 * x), loss="mse", lr=0.5, updates=100)
        >>> cn.evaluate(result, (x, 2 * x + 1), "mae").values
        {'mae': 1.0...}
    """
    check_options(
        "evaluate", options, ("model", "data", "metrics", "weight", *PredictKeywords.__annotations__)
    )
    fitted = fitted_of(model, "evaluate")
    asked = None if metrics is None else asked_metrics(metrics)
    source, notes = rows_to_judge(model, fitted, data, options)
    answers = judged(fitted, source)
    plan = _plan(fitted)
    loss = plan.recipe.loss_row
    chosen = asked_metrics([row.name for row in metrics_for(answers.task)]) if asked is None else asked
    check_task(chosen, answers.task, loss.name)
    if weight is not None:
        answers = replace(answers, weights=_weights(weight, data, fitted, options, len(answers.y)))
    found = scores(answers, chosen)
    notes += [_note(name, score) for name, score in found.items() if score.reason]
    return Scores(len(answers.y), found, answers.names, tuple(dict.fromkeys(notes)), source.name)


def _note(name: str, score: Score) -> str:
    unknown = " could not be computed" if np.isnan(score.value) else ""
    return f"metric {name}{unknown}: {score.reason}"


def _plan(fitted: FittedForward) -> Plan:
    assert fitted.plan is not None
    return fitted.plan


def rows_to_judge(
    model: object, fitted: FittedForward, data: object, options: Mapping[str, Any]
) -> tuple[Source, list[str]]:
    """Return rows with their targets, treated as the training rows were, and what was assumed of them.

    Args:
        model: the FitResult or the folder.
        fitted: the same, as it predicts.
        data: whatever `load` takes; None for the rows that a FitResult held out.
        options: how a file is read.

    Raises:
        InvalidValue: for a fit that does not have its data.
    """
    if data is None:
        source = model.source if isinstance(model, FitResult) else None
        if source is None:
            wanted = "the rows to judge the fit by: it was loaded, and does not have its data"
            raise invalid("data", data, wanted, "Give data=(x, y), or the path of a file (--data FILE).")
        if source.held_out is None:
            return source, ["these are the training rows: the fit held out none"]
        return source.held_out, []
    preparation, reading = file_options(fitted, options)
    source = load_like(data, with_unknown(preparation, options), LoadOptions(**vars(reading)))
    return source, list(source.notes)


def judged(fitted: FittedForward, source: Source) -> Answers:
    """Return the answers of a fit for all rows of a source, beside the truth."""
    from chalknet.training.choice.fitted_model import ModelShapes  # brings torch
    from chalknet.training.choice.targets import make_ready

    plan = _plan(fitted)
    x_shape = tuple(size for size in plan.data.x_shape if isinstance(size, int))
    rows = max(1, _BLOCK_NUMBERS // max(1, prod(source.x_shape or (1,))))
    starts = range(0, len(source), rows)
    raw = fitted.forward(
        as_fitted(_array(source.take(slice(at, at + rows)).x), plan, "evaluate") for at in starts
    )
    shapes = ModelShapes(x_shape, tuple(raw.shape[1:]), whole_numbers=plan.data.whole_numbers)
    dtype = getattr(torch, plan.placement.dtype)
    ready, _ = make_ready(source.replace(held_out=None), plan.recipe.loss_row, shapes, dtype)
    y = torch.cat([ready.take(slice(at, at + rows)).y for at in starts])
    return answers_of(raw, _array(y), plan.recipe.loss_row, fitted.preparation)


def _array(values: torch.Tensor) -> Array:
    half = values.dtype in (torch.bfloat16, torch.float16)
    found: Array = (values.float() if half else values).detach().numpy()
    return found


def _weights(
    weight: object, data: object, fitted: FittedForward, options: Mapping[str, Any], rows: int
) -> Array:
    """Return how much each row counts, of a column or of numbers."""
    given: Any = weight
    if isinstance(weight, str):
        _, reading = file_options(fitted, options)
        given = texts_of(data, [weight], reading)[weight]
    try:
        found = np.asarray(given, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError, RuntimeError):
        raise invalid("weight", weight, "the name of a column, or a number for each row") from None
    if len(found) != rows or not np.isfinite(found).all() or (found < 0).any() or not found.any():
        raise InvalidValue(
            where="weight",
            got=f"{show_count(len(found))} numbers from {found.min(initial=0):g} on, for {rows} rows",
            wanted="a finite number of at least 0 for each row, not all of them 0",
            remedy="Give one weight a row, or leave weight out.",
        )
    return found
