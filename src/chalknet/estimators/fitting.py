"""One fit of an estimator: from its parameters and rows to a fitted network, with the loop of `fit`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data import ArraySource, Preparation, PreparedColumn
from chalknet.engine import SessionState
from chalknet.errors import InvalidValue, Refused, invalid
from chalknet.estimators.fitted_net import FittedNet
from chalknet.estimators.parameters import is_auto, recipe_of_parameters, with_defaults
from chalknet.estimators.samples import FitRows, scaled_columns, source_of
from chalknet.estimators.scikit_learn import check_random_state, train_test_split
from chalknet.estimators.task import ChosenLoss, TargetTask, chosen_for
from chalknet.lazy import torch
from chalknet.planning import RunOptions, options_for
from chalknet.training import (
    Continuation,
    FitResult,
    MetricsLike,
    Outcome,
    PreparedFit,
    carry_out_prepared,
    prepare,
    threads_left,
)

Array = npt.NDArray[Any]

# Losses for which the target may be scaled: the best yhat is then scaled like the target.
_SCALES_WITH_TARGET = ("mse", "l1", "huber", "pinball", "gaussian_nll")
_FEW_NUMBERS = 1 << 15  # up to this size torch uses one thread (at::internal::GRAIN_SIZE)
_LOOKS = (
    "out",
    "log",
    "metrics",
    "evaluate_every",
    "on_progress",
    "strict",
    "diagnose",
)  # beyond the updates


@dataclass(frozen=True)
class FitRequest:
    """The request of an estimator for one fit.

    Args:
        name: of the estimator, for errors.
        values: of its parameters.
        task: what to predict.
        columns: names of the features.
        classes: the classes as texts, for a kept run; empty for numbers and labels.
        numeric: whether the classes are numbers.
        held_out: held-out rows, if they were given; else a share is taken.
    """

    name: str
    values: Mapping[str, Any]
    task: TargetTask
    columns: list[str]
    classes: tuple[str, ...] = ()
    numeric: bool = False
    held_out: FitRows | None = None

    def with_values(self, **values: Any) -> FitRequest:
        """Return it with other values of some parameters."""
        return replace(self, values={**self.values, **values})


@dataclass(frozen=True)
class PreviousFit:
    """The earlier fit that a fit continues.

    Args:
        net: the network fitted before.
        state: of that fit's session; None to continue only from its weights.
    """

    net: FittedNet
    state: SessionState | None = None


@dataclass(frozen=True)
class EstimatorFit:
    """The result of a fit.

    Args:
        net: the fitted network.
        curve: the mean loss of each epoch.
        held_out_curve: the held-out loss of each evaluation.
        epochs: the number begun.
        interrupted: whether a signal ended it.
        notes: changes to the network, one sentence each.
        doubts: what may not be as intended, likewise.
        state: of the session, if requested.
    """

    net: FittedNet
    curve: list[float]
    held_out_curve: list[float]
    epochs: int
    interrupted: bool
    notes: tuple[str, ...]
    doubts: tuple[str, ...]
    state: SessionState | None = field(default=None, repr=False)


def fit_net(
    request: FitRequest, rows: FitRows, previous: PreviousFit | None = None, *, continuable: bool = False
) -> EstimatorFit:
    """Return a network fitted to some rows.

    Args:
        request: the request of the estimator.
        rows: all rows, including those to be held out.
        previous: the fit to continue; None for a new one.
        continuable: whether to keep its state, so that a later fit can continue it.

    Raises:
        Refused: for a fit that diverges.
        ChalknetError: if network, rows and parameters do not match.
    """
    request = _resolved(request, rows, previous)
    values = request.values
    chosen = chosen_for(values["model"], values["loss"], request.task)
    seed = _seed(values["random_state"])
    rows, held_out = _divided(request, rows, seed)
    recipe = recipe_of_parameters(values, chosen.given, seed, len(rows))
    if rows.weight is not None:
        recipe = replace(recipe, weight=-1)
    preparation = previous.net.preparation if previous else _preparation(request, rows, chosen)
    source = _source(request, rows, held_out, preparation, chosen)
    kept, looks = _SessionTransfer(previous, continuable), bool(values["diagnose"] or values["strict"])

    def prepared(processes: int) -> tuple[PreparedFit, MetricsLike]:
        run = RunOptions(**{**options_for(RunOptions, values), "processes": processes})
        ready = prepare(chosen.model, source, recipe, run, looks_at_samples=looks)
        kept.per_epoch = ready.plan.updates_per_epoch
        return ready, values["metrics"]

    alone = not any(values[name] for name in _LOOKS) and (held_out is None or recipe.watches)
    with threads_left() if rows.x.size <= _FEW_NUMBERS else nullcontext():
        result = carry_out_prepared(
            chosen.model, values, prepared, updates_alone=alone, continuation=kept.continuation
        )
    return _done(result if looks else replace(result, diagnosis=()), chosen, preparation, kept)


@dataclass
class _SessionTransfer:
    """What passes from one fit to the next."""

    previous: PreviousFit | None
    continuable: bool
    per_epoch: int = 1
    state: SessionState | None = None

    @property
    def continuation(self) -> Continuation | None:
        if self.previous is None and not self.continuable:
            return None
        return Continuation(self._begin, self._end)

    def _begin(self, fresh: SessionState) -> SessionState:
        """Return the state in which the session begins, at the start of an epoch; rows may have changed."""
        if self.previous is None:
            return fresh
        if self.previous.state is None:
            weights = {name: torch.from_numpy(value) for name, value in self.previous.net.weights.items()}
            return replace(fresh, weights=weights)
        state = self.previous.state
        return replace(state, updates=state.updates // self.per_epoch * self.per_epoch)

    def _end(self, state: SessionState) -> None:
        self.state = state if self.continuable else None


def _resolved(request: FitRequest, rows: FitRows, previous: PreviousFit | None) -> FitRequest:
    """Return the request with each "auto" replaced; a continued fit keeps its network."""
    values = with_defaults(request.values, request.task.target, rows.weighed_count, rows.x.shape[1])
    if previous is not None and is_auto(request.values["model"]):
        values["model"] = previous.net.network
    return replace(request, values=values)


def _seed(random_state: object) -> int:
    """Return the seed of a fit; a whole number is used as it is, as in `fit`."""
    if isinstance(random_state, Integral) and not isinstance(random_state, bool):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def _divided(request: FitRequest, rows: FitRows, seed: int) -> tuple[FitRows, FitRows | None]:
    """Return the training rows and the held-out rows, each repeated by its weight."""
    values = request.values
    rows = rows.without_weightless()
    if values["shuffle"]:
        rows = rows.in_fixed_order()
    share = values["held_out"]
    held_out = request.held_out
    if held_out is None and share is not None:
        rows, held_out = _split(request, rows, share, seed)
    if not rows.are_counts:
        return rows, held_out and _weighed_like(rows, held_out)
    return rows.repeated(), held_out and (held_out.repeated() if held_out.weight is not None else held_out)


def _weighed_like(rows: FitRows, held_out: FitRows) -> FitRows:
    """Return the held-out rows, with weights if the training rows have them."""
    if rows.weight is None or held_out.weight is not None:
        return replace(held_out, weight=None) if rows.weight is None else held_out
    return replace(held_out, weight=np.ones(len(held_out)))


def _split(request: FitRequest, rows: FitRows, share: object, seed: int) -> tuple[FitRows, FitRows]:
    if not isinstance(share, Real) or isinstance(share, bool) or not 0 < float(share) < 1:
        raise invalid("held_out", share, "a share between 0 and 1, or a pair (X, y)")
    _, first, group = np.unique(rows.hashed(), return_index=True, return_inverse=True)
    if len(first) < 2:  # identical rows stay together: else held-out rows would also be training rows
        raise InvalidValue(
            where="held_out",
            got=f"a share of {len(first)} sample",
            wanted="at least two rows that differ",
            remedy="Give more rows, or leave held_out and early_stopping out.",
        )
    count = min(len(first) - 1, max(1, round(float(share) * len(first))))
    alike = None
    if request.task.kind == "classes":
        classes = rows.y[first]
        sizes = np.unique(classes, return_counts=True)[1]
        alike = classes if sizes.min() > 1 and len(sizes) <= min(count, len(first) - count) else None
    _, chosen = train_test_split(
        np.arange(len(first)), test_size=count, random_state=seed % 2**32, stratify=alike
    )
    held_out = np.isin(group, chosen)
    return rows[np.flatnonzero(~held_out)], rows[np.flatnonzero(held_out)]


def _preparation(request: FitRequest, rows: FitRows, chosen: ChosenLoss) -> Preparation:
    values = request.values
    _check_truths(values, "standardise", "standardise_y", "diagnose", "warm_start")
    x = scaled_columns(rows.x, request.columns, scaled=values["standardise"])
    dtype = RunOptions(dtype=values["dtype"]).dtype or "float32"
    if request.task.kind != "values":
        return Preparation(x, (), dtype)
    scaled = values["standardise_y"] and chosen.loss.name in _SCALES_WITH_TARGET
    names = [f"y{place}" if request.task.outputs > 1 else "y" for place in range(request.task.outputs)]
    return Preparation(x, scaled_columns(rows.y, names, scaled=scaled), dtype)


def _check_truths(values: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if not isinstance(values.get(name, False), bool | np.bool_):
            raise invalid(name, values[name], "True or False")


def _source(
    request: FitRequest, rows: FitRows, held_out: FitRows | None, preparation: Preparation, chosen: ChosenLoss
) -> ArraySource:
    """Return the rows as the source of a fit; its preparation is stored in a kept run."""
    if request.classes:
        words = (PreparedColumn("y", words=request.classes),)
        preparation = replace(preparation, y=words, classes=True, numeric_classes=request.numeric)
    beside = None
    if held_out is not None:
        beside = source_of(
            held_out, preparation, _targets(held_out.y, preparation, chosen.loss, request.task), None
        )
    return source_of(rows, preparation, _targets(rows.y, preparation, chosen.loss, request.task), beside)


def _targets(y: Array, preparation: Preparation, loss: Any, task: TargetTask) -> Array:
    """Return targets in the form that the loss needs."""
    if task.kind == "values":
        return preparation.apply_target(y.reshape(len(y), task.outputs)).astype(preparation.dtype)
    if task.kind == "labels" or loss.target == "probability":
        return y.reshape(len(y), -1).astype(preparation.dtype)
    return y.astype(np.int64)


def _done(
    result: FitResult, chosen: ChosenLoss, preparation: Preparation, kept: _SessionTransfer
) -> EstimatorFit:
    history, per_epoch = result.history, kept.per_epoch
    if result.outcome is Outcome.DIVERGED:
        rate = result.plan.recipe.lr
        raise Refused(
            where="the fit",
            got=f"a loss that is no number after {history.updates[-1]:,} updates",
            wanted="a loss that falls",
            remedy=f"Take a smaller learning rate than lr={rate:g}, or clip_norm=1; keep standardise=True.",
        )
    updates, losses = np.array(history.updates), np.array(history.loss)
    epochs = (updates - 1) // per_epoch
    starts = np.flatnonzero(np.diff(epochs, prepend=-1))
    counts = np.diff(starts, append=len(losses))
    curve = np.add.reduceat(losses, starts) / counts
    held_out = [each.held_out_loss for each in history.evaluations if each.held_out_loss is not None]
    return EstimatorFit(
        net=FittedNet.of(result, chosen.loss, preparation),
        curve=curve.tolist(),
        held_out_curve=held_out,
        epochs=int(epochs[-1]) + 1,
        interrupted=result.outcome is Outcome.INTERRUPTED,
        notes=chosen.notes,
        doubts=result.notes,
        state=kept.state,
    )
