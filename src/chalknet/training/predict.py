"""Map new data with a fitted network."""

from __future__ import annotations

from math import prod
from pathlib import Path

import torch
from torch import nn

from chalknet.data import feature_blocks
from chalknet.errors import ShapeMismatch, invalid, public
from chalknet.files import user_path
from chalknet.hardware import checked_device
from chalknet.training.choice.fitted_model import first_yhat, forward
from chalknet.training.history import FitResult
from chalknet.training.kept.run_folder import load_run
from chalknet.training.record.module_use import evaluation_mode

_ROWS_AT_A_TIME = 8192


@public()
def predict(model: FitResult | nn.Module | str | Path, x: object) -> torch.Tensor:
    """Return yhat for each row of x, on the CPU, shape `(n, outputs)`, Dropout off.

    Args:
        model: a FitResult, a module, or the folder that a fit was kept in.
        x: features `(n, ...)`: an array, a `.npy` file of features alone, or whatever else `load` takes
            (its targets are left aside). For a fit to columns of a file: a CSV, Parquet or Arrow file or a
            dict with columns of these names, in any order, treated as the training rows were; numbers that
            were standardised are given back in their own unit.

    Raises:
        ShapeMismatch: when x does not have the features that the network takes.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> result = cn.fit("1 -> 1", (x, 2 * x), loss="mse", lr=0.5, updates=100)
        >>> cn.predict(result, [[3.0]]).shape
        torch.Size([1, 1])
    """
    if isinstance(model, str | Path):
        model = load_run(user_path(model, "model"))
    module = model.module if isinstance(model, FitResult) else model
    if not isinstance(module, nn.Module):
        wanted = "a FitResult, a module, or the folder of a kept fit"
        raise invalid("model", model, wanted, "Fit the network first.")
    preparation = model.preparation if isinstance(model, FitResult) else None
    parameter = next(iter(module.parameters()), torch.empty(0))
    checked_device(parameter.device)
    parts, dtype = [], None
    with evaluation_mode(module):
        for block in feature_blocks(x, preparation):
            rows = (
                _as_fitted(block, tuple(model.plan.data.x_shape)) if isinstance(model, FitResult) else block
            )
            for part in torch.split(rows, _ROWS_AT_A_TIME):
                dtype = dtype or _input_dtype(model, module, part)
                parts.append(forward(module, part.to(parameter.device, dtype)).cpu())
    yhat = torch.cat(parts)
    return yhat if preparation is None else torch.from_numpy(preparation.restore(yhat.numpy()))


def _input_dtype(model: FitResult | nn.Module, module: nn.Module, x: torch.Tensor) -> torch.dtype:
    """Return the dtype in which a module takes x: as the fit found it, or as its first row shows."""
    if isinstance(model, FitResult):
        whole, own = model.plan.data.whole_numbers, next(module.parameters()).dtype
        return torch.int64 if whole else own
    return first_yhat(module, x[:1])[1]


def _as_fitted(rows: torch.Tensor, x_shape: tuple[int | str, ...]) -> torch.Tensor:
    sizes = [size for size in x_shape if isinstance(size, int)]
    if prod(rows.shape[1:]) != prod(sizes):
        raise ShapeMismatch(
            where="predict",
            got=f"x of shape {tuple(rows.shape)}",
            wanted=f"{prod(sizes)} features a row",
            remedy="Give the columns the network was fitted on, in their order.",
        )
    return rows.reshape(len(rows), *sizes)
