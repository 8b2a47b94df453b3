"""Write a fit as an ONNX file or a model card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from chalknet.errors import look_up, public
from chalknet.files import user_path, write_output
from chalknet.training import FitResult


@public()
def export(model: FitResult | str | Path, path: str | Path) -> None:
    """Export a fit: to a `.onnx` file with pre- and postprocessing, or to a `.md` file as a model card.

    The ONNX model takes the columns as they are in the data, one input `(n, 1)` for each, by name: numbers
    as float64, with NaN for a gap, words as strings, with "" for a gap. Features without names are one input
    `X` `(n, ...)`, float32, or float64 if they are standardised; pixels are bytes, as in their files. Its
    outputs are those of `predict`: `class` `(n,)` and `probabilities` `(n, classes)`, or `values`
    `(n, targets)` in the target's unit. A row that `predict` refuses gives NaN, and the class "" or
    the smallest int64.

    Args:
        model: a FitResult, or the folder of a kept fit.
        path: the file to write; its ending sets the format. An existing file is overwritten.

    Raises:
        UnknownName: for another ending.
        CannotExpress: for a step that ONNX does not have, or a module of your own; names it.
        MissingPackage: for ONNX without the package onnx.
        FileProblem: if the file cannot be written.

    Example:
        >>> import tempfile
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> result = cn.fit("1 -> 1", (x, 2 * x), loss="mse", lr=0.5, updates=100)
        >>> cn.export(result, tempfile.mkdtemp() + "/double.onnx")
    """
    place = user_path(path, "path")
    write = look_up(_WRITERS, place.suffix.lower(), f"path {place}", "ending")
    content = write(model if isinstance(model, FitResult) else user_path(model, "model"))
    write_output(place, content)


def _onnx(model: FitResult | Path) -> bytes:
    from chalknet.serving.onnx_graph import onnx_of  # imports onnx

    return onnx_of(_result_of(model))


def card_bytes(model: FitResult | Path) -> bytes:
    """Return the model card of a fit, or of a kept one's folder."""
    from chalknet.serving.card import card_of

    folder = None if isinstance(model, FitResult) else model
    return card_of(_result_of(model), folder).encode("utf-8", "backslashreplace")


def _result_of(model: FitResult | Path) -> FitResult:
    if isinstance(model, FitResult):
        return model
    from chalknet.training import load_run  # imports torch

    return load_run(model)


_WRITERS: Mapping[str, Callable[[FitResult | Path], bytes]] = {".onnx": _onnx, ".md": card_bytes}
