"""What a step of a network states of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from chalknet.network.shape import Shape


class Step(ABC):
    """One step on the path from X to yhat: facts and no behaviour."""

    trainable: ClassVar[bool] = False

    @abstractmethod
    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one sample behind this step."""

    def parameters(self, input_shape: Shape) -> int | None:
        """Return the number of trainable parameters; None while a width is a symbol."""
        return 0

    def multiply_adds(self, input_shape: Shape) -> int | None:
        """Return the multiply-adds for one sample; None while a width is a symbol."""
        return 0
