"""Numbers of parameters that are written in a drawing: a check of the widths that were read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from chalknet.notation.drawings.columns import UnitColumn
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.words import WRITTEN_COUNT

_MOST_SUMS = 1_000  # ways in which layers may have biases


def count_in(text: str) -> int:
    """Return the number of parameters or weights that a text states; 0 where it does not.

    Args:
        text: a label or a caption.
    """
    match = WRITTEN_COUNT.search(plain(text))
    return int(next(filter(None, match.groups())).replace(",", "")) if match else 0


def misfits(
    widths: Sequence[int | str], columns: Sequence[UnitColumn], captions: Sequence[str]
) -> Iterator[str]:
    """Yield a sentence for each number of parameters that does not fit, whichever layers have biases.

    Args:
        widths: of the input and of each layer.
        columns: that of each layer, which may state its own number.
        captions: texts that may state the number of the whole.
    """
    sizes = [width for width in widths if isinstance(width, int)]
    if len(sizes) != len(widths):
        return
    weights, fitting = 0, {0}
    for column, (before, after) in zip(columns, pairwise(sizes), strict=True):
        own = before * after
        weights += own
        fitting |= {biases + after for biases in fitting} if len(fitting) < _MOST_SUMS else set()
        stated = count_in(column.units[0].text) if column.is_single else 0
        if stated not in (0, own, own + after):
            name = plain(column.units[0].text).split("\n")[0]
            yield _differs(f"{name} states", stated, own, after)
    for stated in filter(None, map(count_in, captions)):
        if len(fitting) < _MOST_SUMS and stated - weights not in fitting:
            yield _differs("a caption states", stated, weights, sum(sizes[1:]))


def _differs(who: str, stated: int, weights: int, biases: int) -> str:
    """Return the sentence for a number of parameters that fits no reading of the biases."""
    return f"{who} {stated:,} parameters, but {weights:,} weights and {biases:,} biases were read"
