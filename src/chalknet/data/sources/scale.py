"""How pixels are taken, as bytes or divided by 255: the same in training and in whatever comes later."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import DataError

Array = npt.NDArray[Any]

_FEW_FEATURES = 16  # fewer than that are hardly the pixels of an image
_MOST = 255


def scaled_like(
    x: Array, found: str, trained: str, where: str, notes: dict[str, None] | None = None
) -> Array:
    """Return x with its pixels on the scale of the training rows.

    Args:
        x: `(n, ...)`.
        found: what x is: "bytes" (it held uint8), "divided" (such bytes, divided by 255), or empty.
        trained: what the training rows were: one of these, or "unit" (numbers from 0 to 1).
        where: what an error calls x.
        notes: takes a sentence where what x means had to be assumed.

    Raises:
        DataError: where x cannot be on the same scale.
    """
    if trained in ("", found) or not x.size:
        return x
    notes = {} if notes is None else notes
    least, most = x.min().item(), x.max().item()
    whole = found == "bytes" or bool((x == np.floor(x)).all())
    if trained == "divided":
        if found == "bytes":
            return (x / _MOST).astype(x.dtype)
        if not (least >= 0 and most <= 1):
            got = f"numbers from {least:g} to {most:g} that are no bytes"
            raise _other_scale(where, got, "bytes divided by 255", "x.astype('uint8') (x.byte()), or x / 255")
        notes[f"{where} lies between 0 and 1: taken as bytes that were divided by 255 already"] = None
        return x
    if trained == "bytes":
        if found == "divided":
            return (x * _MOST).round()
        if least >= 0 and most <= 1 and not whole:
            got = "fractions from 0 to 1"
            raise _other_scale(where, got, "bytes from 0 to 255 as they stand", "the bytes, or x * 255")
        return x
    if found == "bytes" and most > 1:
        got = f"bytes up to {most:g}"
        raise _other_scale(
            where, got, "numbers from 0 to 1", "x.astype('float32') / 255 (x / 255 of a tensor)"
        )
    if whole and 2 < most <= _MOST:
        notes[f"{where} holds whole numbers up to {most:g}; x of the fit lay between 0 and 1"] = None
    return x


def scale_of(x: Array) -> str:
    """Return the scale of the numbers of training rows: "unit" where they lie between 0 and 1, else empty."""
    least, most = x.min().item(), x.max().item()
    return "unit" if least >= 0 and most <= 1 else ""


def pixel_note(x: Array, scale: str, name: str) -> str:
    """Return a warning where training rows are bytes, or look like pixels, and stand as they are.

    Args:
        x: the rows, or some of them, `(n, ...)`.
        scale: "bytes" where they were uint8.
        name: what the data is called.
    """
    least, most = x.min().item(), x.max().item()
    features = x[0].size
    if not (least >= 0 and 1 < most <= _MOST):
        return ""
    like_pixels = most > _MOST // 2 and features >= _FEW_FEATURES and bool((x == np.floor(x)).all())
    if scale != "bytes" and not like_pixels:
        return ""
    return (
        f"x of {name} holds {'bytes' if scale == 'bytes' else 'whole numbers'} up to {most:g} as they stand, "
        f"{_BADLY}: give x / 255, or say standardise=True (--standardise)"
    )


_BADLY = "which most networks fit badly"


def is_pixel_note(note: str) -> bool:
    """Return whether a note is one of `pixel_note`, which means nothing where x are numbers of words."""
    return _BADLY in note


def _other_scale(where: str, got: str, trained: str, remedy: str) -> DataError:
    return DataError(
        where=where, got=got, wanted=f"x as in the fit, which had {trained}", remedy=f"Give {remedy}."
    )
