"""Map new data with a fitted network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, TypedDict, Unpack

import torch
from torch import nn

from chalknet.data import FeatureReading, FileOptions, LoadOptions, Preparation, feature_blocks, texts_of
from chalknet.errors import ShapeMismatch, invalid, public
from chalknet.files import user_path
from chalknet.hardware import checked_device
from chalknet.planning import check_options, with_options
from chalknet.training.choice.fitted_model import first_yhat, forward
from chalknet.training.history import FitResult
from chalknet.training.kept.run_folder import load_run
from chalknet.training.prediction import Prediction, predicted
from chalknet.training.record.module_use import evaluation_mode

_ROWS_AT_A_TIME = 8192


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
    model: FitResult | nn.Module | str | Path,
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
    if isinstance(model, str | Path):
        model = load_run(user_path(model, "model"))
    module = model.module if isinstance(model, FitResult) else model
    if not isinstance(module, nn.Module):
        wanted = "a FitResult, a module, or the folder of a kept fit"
        raise invalid("model", model, wanted, "Fit the network first.")
    result = model if isinstance(model, FitResult) else None
    reading = reading_for(result, options)
    names = (keep,) if isinstance(keep, str) else keep
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise invalid("keep", keep, "the name of a column, or a list of them")
    kept = texts_of(data, names, reading.options) if names else {}
    parts = list(_mapped(module, data, reading, result))
    loss = None if result is None else result.plan.recipe.loss_row
    raw = torch.cat(parts).numpy()
    found = predicted(raw, loss, reading.preparation)
    return replace(found, kept=kept, notes=(*reading.notes, *_replacements(reading)))


def reading_for(result: FitResult | None, options: Any) -> FeatureReading:
    """Return how data is read for a fit: as the training rows were, but for what is asked otherwise.

    Args:
        result: the fit; None for a module.
        options: those of `predict`.
    """
    asked = {name: value for name, value in options.items() if value is not None}
    preparation = None if result is None else result.preparation
    kept = {} if preparation is None else dict(preparation.reading)
    checked = LoadOptions(**{**kept, **asked})
    names = FileOptions.__dataclass_fields__
    reading = FileOptions(**{name: getattr(checked, name) for name in names})
    width = None if result is None else prod(_numbers(result.plan.data.x_shape))
    return FeatureReading(_with_unknown(preparation, asked), reading, width)


def _with_unknown(preparation: Preparation | None, asked: dict[str, Any]) -> Preparation | None:
    if preparation is None or "unknown" not in asked:
        return preparation
    return replace(preparation, unknown=asked["unknown"])


def _mapped(
    module: nn.Module, data: object, reading: FeatureReading, result: FitResult | None
) -> Iterator[torch.Tensor]:
    """Yield what the module gives for the rows of data, some at a time."""
    parameter = next(iter(module.parameters()), torch.empty(0))
    checked_device(parameter.device)
    dtype = None
    with evaluation_mode(module):
        for block in feature_blocks(data, reading):
            rows = block if result is None else _as_fitted(block, tuple(result.plan.data.x_shape))
            for part in torch.split(rows, _ROWS_AT_A_TIME):
                dtype = dtype or _input_dtype(result or module, module, part)
                yield forward(module, part.to(parameter.device, dtype)).cpu()


def _input_dtype(model: FitResult | nn.Module, module: nn.Module, x: torch.Tensor) -> torch.dtype:
    """Return the dtype in which a module takes x: as the fit found it, or as its first row shows."""
    if isinstance(model, FitResult):
        whole, own = model.plan.data.whole_numbers, next(module.parameters()).dtype
        return torch.int64 if whole else own
    return first_yhat(module, x[:1])[1]


def _as_fitted(rows: torch.Tensor, x_shape: tuple[int | str, ...]) -> torch.Tensor:
    sizes = _numbers(x_shape)
    if prod(rows.shape[1:]) != prod(sizes):
        raise ShapeMismatch(
            where="predict",
            got=f"x of shape {tuple(rows.shape)}",
            wanted=f"{prod(sizes)} features a row",
            remedy="Give the columns the network was fitted on, in their order.",
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
