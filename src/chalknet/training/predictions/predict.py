"""Map new data with a fitted network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from math import prod
from pathlib import Path
from typing import Any, Protocol, TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from chalknet.data import FeatureReading, FileOptions, LoadOptions, Preparation, feature_blocks, texts_of
from chalknet.errors import DataError, ShapeMismatch, invalid, public
from chalknet.files import user_path
from chalknet.lazy import torch, torch_is_loaded
from chalknet.network import Embed
from chalknet.planning import Plan, check_options, with_options
from chalknet.training.history import FitResult
from chalknet.training.kept.run_files import read_ended_setting, read_weights
from chalknet.training.predictions.array_forward import ArrayForward, weight_shapes
from chalknet.training.predictions.prediction import Prediction, predicted
from chalknet.training.record.features import features_of

Array = npt.NDArray[Any]

_NONE: Mapping[str, Any] = {}


class PredictKeywords(TypedDict, total=False):
    """The options of `predict`; those left out stay as they were in the fit."""

    unknown: str | None
    delimiter: str | None
    header: bool | None
    encoding: str | None
    comment: str | None
    skip_rows: int | str | Sequence[int | str] | None
    decimal: str | None
    missing: str | Sequence[str] | None
    limits: Mapping[str, int] | None


@public(x="data")
@with_options(PredictKeywords)
def predict(
    model: FitResult | torch.nn.Module | str | Path,
    data: object,
    *,
    keep: str | Sequence[str] = (),
    **options: Unpack[PredictKeywords],
) -> Prediction:
    """Return what a fitted network says of each row: classes and probabilities, or values; Dropout off.

    Rows are treated as the training rows were: columns with names are found by their names, in any order, and
    filled, standardised and coded with the same numbers; pixels are on the same scale.

    Args:
        model: a FitResult, a module, or the folder that a fit was kept in.
        data: features `(n, ...)`: an array, a `.npy` file of features alone, a table of named columns (a
            file, a DataFrame, a dict), or whatever else `load` takes (its targets are left aside).
        keep: names of columns of the data, such as an id, that are kept beside what is predicted.
        unknown: what becomes of a word, or a gap, that the training rows did not have: "refuse", "missing"
            or "most-frequent".
        delimiter: of a text, as in `load`.
        header: whether a text's first row holds names.
        encoding: of a text.
        comment: what lines of a text begin with that are left out.
        skip_rows: rows of a text that are left out.
        decimal: of numbers in a text, "." or ",".
        missing: further words that stand for a gap.
        limits: how much is read of a file at most, as in `load`.
        **options: all of the above after `keep`; left out, they are as they were in the fit.

    Raises:
        UnknownName: for columns of the fit that are missing, an option that does not exist.
        ShapeMismatch: when x does not have the features that the network takes.
        DataError: for gaps, words and pixels on another scale than the training rows had.

    Example:
        >>> import numpy as np
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> result = cn.fit("1 -> 1", (x, 2 * x), loss="mse", lr=0.5, updates=100)
        >>> np.asarray(cn.predict(result, [[3.0]])).round(2).tolist()
        [[6.0]]
    """
    check_options("predict", options, ("model", "data", "keep", *PredictKeywords.__annotations__))
    return predict_with(_fitted(model), data, keep, options)


def predict_with(
    fitted: FittedForward, data: object, keep: str | Sequence[str] = (), options: Mapping[str, Any] = _NONE
) -> Prediction:
    """Return what a fit that is open already says of each row; see `predict`."""
    reading = _reading(fitted, options)
    names = (keep,) if isinstance(keep, str) else keep
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise invalid("keep", keep, "the name of a column, or a list of them")
    kept = texts_of(data, names, reading.options) if names else {}
    return replace(answers(fitted, feature_blocks(data, reading), reading), kept=kept)


def answers(fitted: FittedForward, blocks: Iterable[Array], reading: FeatureReading) -> Prediction:
    """Return what a fit says of features `(n, ...)` that are prepared, with the notes of their reading."""
    plan, forward = fitted.plan, fitted.forward
    raw = forward(blocks if plan is None else (as_fitted(block, plan) for block in blocks))
    loss = None if plan is None else plan.recipe.loss_row
    found = predicted(raw, loss, reading.preparation, forward.activation)
    return replace(found, notes=(*reading.notes, *_replacements(reading)))


class _Forward(Protocol):
    """A forward pass in evaluation mode, and the activations by which it is read."""

    def __call__(self, blocks: Iterable[Array]) -> Array: ...

    def activation(self, kind: str, values: Array) -> Array: ...


@dataclass(frozen=True)
class FittedForward:
    """What predicts: a forward pass, and what is known of its fit."""

    forward: _Forward
    plan: Plan | None = None
    preparation: Preparation | None = None


def fitted_of(model: object, verb: str) -> FittedForward:
    """Return what predicts with a FitResult or the folder of a kept run, whose loss is known.

    Raises:
        InvalidValue: for anything else, a bare module too.
    """
    if not isinstance(model, FitResult | str | Path):
        wanted = "a FitResult, or the folder of a kept fit, which knows its loss"
        raise invalid("model", model, wanted, f"Give what cn.fit returned: cn.{verb}(result, data).")
    return _fitted(model)


def _fitted(model: object) -> FittedForward:
    return _kept(model) if isinstance(model, str | Path) else _in_memory(model)


def _in_memory(model: object) -> FittedForward:
    """Return what predicts with a FitResult or a module."""
    module = model.module if isinstance(model, FitResult) else model
    if not torch_is_loaded() or not isinstance(module, torch.nn.Module):
        wanted = "a FitResult, a module, or the folder of a kept fit"
        raise invalid("model", model, wanted, "Fit the network first.")
    from chalknet.training.predictions.module_forward import ModuleForward  # brings torch

    if not isinstance(model, FitResult):
        return FittedForward(ModuleForward(module, None))
    return FittedForward(ModuleForward(module, model.plan.data.whole_numbers), model.plan, model.preparation)


def _kept(path: str | Path) -> FittedForward:
    """Return what predicts with a kept run: its network on arrays, or else its module by torch."""
    folder = user_path(path, "model")
    setting = read_ended_setting(folder)
    plan = setting.plan
    shapes = weight_shapes(plan)
    weights = None if shapes is None else read_weights(folder, setting, shapes)
    if weights is not None and plan.network is not None:
        preparation = features_of(setting.preparation, plan.recipe)
        return FittedForward(ArrayForward(plan.network, weights), plan, preparation)
    from chalknet.training.kept.run_folder import load_run  # brings torch

    return _in_memory(load_run(folder))


def _reading(fitted: FittedForward, options: Any) -> FeatureReading:
    """Return how data is read for a fit: as the training rows were, but for what is asked otherwise."""
    preparation, reading = file_options(fitted, options)
    width = None if fitted.plan is None else prod(_numbers(fitted.plan.data.x_shape))
    return FeatureReading(with_unknown(preparation, options), reading, width)


def file_options(fitted: FittedForward, options: Mapping[str, Any]) -> tuple[Preparation | None, FileOptions]:
    """Return how the columns of the training rows were prepared, and how the text of a file is read."""
    asked = {name: value for name, value in options.items() if value is not None}
    preparation = fitted.preparation
    kept = {} if preparation is None else dict(preparation.reading)
    checked = LoadOptions(**{**kept, **asked})
    names = FileOptions.__dataclass_fields__
    return preparation, FileOptions(**{name: getattr(checked, name) for name in names})


def with_unknown(preparation: Preparation | None, asked: Mapping[str, Any]) -> Preparation | None:
    """Return a preparation with another answer to words that the training rows did not have, where asked."""
    if preparation is None or asked.get("unknown") is None:
        return preparation
    return replace(preparation, unknown=asked["unknown"])


def as_fitted(rows: Array, plan: Plan, where: str = "predict") -> Array:
    """Return rows of x in the shape that the network takes.

    Raises:
        ShapeMismatch: for another number of features.
        DataError: for a number of a category that its embedding does not have.
    """
    sizes = _numbers(plan.data.x_shape)
    if prod(rows.shape[1:]) != prod(sizes):
        raise ShapeMismatch(
            where=where,
            got=f"x of shape {tuple(rows.shape)}",
            wanted=f"{prod(sizes)} features a row",
            remedy="Give the columns the network was fitted on, in their order.",
        )
    embeds = () if plan.network is None else plan.network.steps
    for place, step in enumerate(takewhile(lambda step: isinstance(step, Embed), embeds)):
        numbers, (categories, *_) = rows[:, place], step.symbols()
        wrong = np.flatnonzero(~((numbers >= 0) & (numbers < categories) & (numbers == np.rint(numbers))))
        if len(wrong):
            row, last = wrong[0], int(categories) - 1
            raise DataError(
                where=f"{where}, feature {place}, row {row} of these rows",
                got=f"{numbers[row]:g}",
                wanted=f"the number of a category, from 0 to {last}",
                remedy="Number the categories as in the training rows.",
            )
    return rows.reshape(len(rows), *sizes)


def _numbers(shape: Sequence[int | str]) -> list[int]:
    return [size for size in shape if isinstance(size, int)]


def _replacements(reading: FeatureReading) -> Iterator[str]:
    """Yield a sentence for each column in which words and gaps were replaced."""
    way = "" if reading.preparation is None else reading.preparation.unknown
    for column, count in reading.replaced.items():
        values = "1 value" if count == 1 else f"{count:,} values"
        yield f"column {column}: {values} that the training rows did not have, replaced (unknown={way!r})"
