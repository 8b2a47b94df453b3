"""Write a fit to a file that other programs, or people, read: ONNX, or a model card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from chalknet.errors import look_up, public
from chalknet.files import user_path, write_output
from chalknet.training import FitResult


@public()
def export(model: FitResult | str | Path, path: str | Path) -> None:
    """Write a fit for others: to a `.onnx` file what predicts, to a `.md` file a model card.

    The ONNX file takes the columns as they stand in the data, one input `(n, 1)` for each, by name: numbers
    as float64, with NaN for a gap, words as texts, with "" for a gap. Features without names are one input
    `X` `(n, ...)`, float32, or float64 where they are standardised; pixels are the bytes of their file. It
    gives `class` `(n,)` and `probabilities` `(n, classes)`, or `values` `(n, targets)` in the target's unit,
    as `predict` does. A row that `predict` refuses gives NaN, and the class "" or the least int64.

    Args:
        model: a FitResult, or the folder that a fit was kept in.
        path: the file to write, by its ending; one that is there is written over.

    Raises:
        UnknownName: for another ending.
        CannotExpress: for a step that ONNX does not have, or a module of your own, by its name.
        MissingPackage: for ONNX without the package onnx.
        FileProblem: when the file cannot be written.

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
    from chalknet.serving.onnx_graph import onnx_of  # brings onnx

    return onnx_of(_result_of(model))


def card_bytes(model: FitResult | Path) -> bytes:
    """Return the model card of a fit, or of the folder that it was kept in."""
    from chalknet.serving.card import card_of

    folder = None if isinstance(model, FitResult) else model
    return card_of(_result_of(model), folder).encode("utf-8", "backslashreplace")


def _result_of(model: FitResult | Path) -> FitResult:
    if isinstance(model, FitResult):
        return model
    from chalknet.training import load_run  # brings torch

    return load_run(model)


_WRITERS: Mapping[str, Callable[[FitResult | Path], bytes]] = {".onnx": _onnx, ".md": card_bytes}
