"""The names of the methods: gradient descent, SGD and what they were once called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """What a batch size makes of gradient descent.

    Args:
        name: the name used today.
        once: the name it once had.
    """

    name: str
    once: str


def method(batch_size: int | None, observations: int) -> Method:
    """Return the names of fitting with so many samples an update.

    Args:
        batch_size: samples an update, None for all.
        observations: samples in the data.
    """
    if batch_size is None or batch_size == observations:
        return Method("gradient descent", "batch gradient descent")
    if batch_size == 1:
        return Method("SGD with batch size 1", "stochastic gradient descent")
    return Method(f"SGD with batch size {batch_size}", "mini-batch stochastic gradient descent")
