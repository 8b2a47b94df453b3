"""Held-out digits as a fitted network sees them: sure ones, doubtful ones, wrong ones."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch

import chalknet as cn
from chalknet.reporting import grey_image_of

_EACH = 6
# What the digits of a group have in common, and what is said over them.
_GROUPS = {
    "sure": "Right, and surest: three zeros and three ones",
    "doubtful": "Right, and least sure",
    "wrong": "Wrong",
}


@dataclass(frozen=True)
class Digit:
    """A digit and what the network says of it.

    Args:
        pixels: `(28, 28)`, white is 0 and black is 1.
        group: "sure", "doubtful" or "wrong".
        is_one: what it is.
        says_one: what the network says.
        probability: of what the network says.
    """

    pixels: np.ndarray
    group: str
    is_one: bool
    says_one: bool
    probability: float

    @property
    def caption(self) -> str:
        """Return what the network says, how sure it is and, where it is wrong, what is true."""
        says = f"says {self.says_one:d}: {self.probability:.3f}"
        return says if self.group != "wrong" else f"{says}, is {self.is_one:d}"


def digits_of(result: cn.FitResult) -> list[Digit]:
    """Return the held-out digits to show, group by group."""
    held_out = cn.load("mnist01").held_out
    assert held_out is not None
    x, y = held_out.take(slice(0, len(held_out)))
    yhat = np.asarray(cn.predict(result, x).raw, dtype=float).reshape(-1)
    truth, says = np.asarray(y).reshape(-1) > 0.5, yhat > 0.5
    sure, right = np.where(says, yhat, 1 - yhat), truth == says
    by_doubt = np.argsort(sure, kind="stable")
    surest = by_doubt[::-1]
    half = _EACH // 2
    chosen = {
        "sure": [*_first(surest, right & ~says, half), *_first(surest, right & says, half)],
        "doubtful": _first(by_doubt, right, _EACH),
        "wrong": _first(surest, ~right, _EACH),
    }
    pixels = np.asarray(x).reshape(-1, 28, 28)
    return [
        Digit(pixels[row], group, bool(truth[row]), bool(says[row]), float(sure[row]))
        for group, rows in chosen.items()
        for row in rows
    ]


def _first(order: np.ndarray, wanted: np.ndarray, most: int) -> list[int]:
    """Return the first rows of an order that are wanted."""
    return [int(row) for row in order if wanted[row]][:most]


def picture_of(digits: Sequence[Digit]) -> cn.Chart:
    """Return the digits as one picture."""
    counts = {group: sum(digit.group == group for digit in digits) for group in _GROUPS}
    shown = ", ".join(f"{count} {group}" for group, count in counts.items())
    return cn.plot_images(
        torch.from_numpy(np.stack([digit.pixels for digit in digits])),
        [digit.caption.replace(", ", ",\n") for digit in digits],
        alt_text=f"Held-out digits and what the network says of them: {shown}",
    )


def html_of(digits: Iterable[Digit]) -> str:
    """Return the digits as figures that find their place on a page of any width."""
    return "".join(
        f'<h3>{_GROUPS[group]}</h3><div class="digits">{"".join(map(_figure, each))}</div>'
        for group, each in groupby(digits, key=lambda digit: digit.group)
    )


def _figure(digit: Digit) -> str:
    image = grey_image_of(digit.pixels, f"a handwritten {digit.is_one:d}")
    bar = f'<meter min="0.5" max="1" value="{digit.probability:.4f}"></meter>'
    caption = f"<figcaption>{html.escape(digit.caption)}</figcaption>"
    return f'<figure class="{digit.group}">{image}{bar}{caption}</figure>'
