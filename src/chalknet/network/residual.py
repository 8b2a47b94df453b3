"""Residual: some steps, to whose result what arrived is added."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from chalknet.errors import InvalidValue, ShapeMismatch
from chalknet.network.activation import Activation
from chalknet.network.shape import Shape, Size, show_shape
from chalknet.network.step import Step

RESIDUAL_CLASS = "chalknet.module.ResidualLayer"


@dataclass(frozen=True)
class Residual(Step):
    """Add what arrives to what some steps make of it: h = z + steps(z).

    Args:
        steps: at least one; behind them the shape is that before them.

    Source: K. He et al., Deep Residual Learning for Image Recognition, CVPR (2016).

    Example:
        >>> import chalknet as cn
        >>> cn.count("8 -> 16 relu [32 relu -> 16] + skip -> 1").parameters  # 144 + 544 + 528 + 17
        1233
    """

    steps: tuple[Step, ...]
    trainable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))
        wrong = [step for step in self.steps if not isinstance(step, Step) or step.at_the_start]
        if wrong or not self.steps:
            raise InvalidValue(
                where="Residual",
                got=repr(wrong[0]) if wrong else "no step at all",
                wanted="at least one step, none of them an embedding",
                remedy="Write for instance [32 relu -> 64] + skip.",
            )
        for step in self.steps:
            if isinstance(step, Activation) and not step.row.settled:
                raise InvalidValue(
                    where="Residual",
                    got=f"the activation {step.kind!r}, which can be any function",
                    wanted="known activations inside a residual block",
                    remedy="Write which one it is, such as relu.",
                )

    def walk(self, input_shape: Shape) -> Iterator[tuple[Step, Shape]]:
        """Yield every step with the shape before it."""
        for step in self.steps:
            yield step, input_shape
            input_shape = step.output_shape(input_shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input shape, which has to be that behind the steps."""
        *_, (last, before) = self.walk(input_shape)
        behind = last.output_shape(before)
        if behind != input_shape:
            raise ShapeMismatch(
                where="Residual",
                got=f"the shape {show_shape(behind)} behind its steps, and {show_shape(input_shape)} before",
                wanted="the same shape, since both are added",
                remedy=f"Let its last linear map lead to {input_shape[-1]} features.",
            )
        return input_shape

    def parameters(self, input_shape: Shape) -> int | None:
        """Return the sum over its steps."""
        return _sum(step.parameters(shape) for step, shape in self.walk(input_shape))

    def buffers(self, input_shape: Shape) -> int | None:
        """Return the sum over its steps."""
        return _sum(step.buffers(shape) for step, shape in self.walk(input_shape))

    def multiply_adds(self, input_shape: Shape) -> int | None:
        """Return the sum over its steps."""
        return _sum(step.multiply_adds(shape) for step, shape in self.walk(input_shape))

    def mixes_samples(self) -> bool:
        """Return whether one of its steps does."""
        return any(step.mixes_samples() for step in self.steps)

    def layers(self, input_shape: Shape) -> tuple[Size, ...]:
        """Return the widths of the layers in it."""
        return tuple(width for step, shape in self.walk(input_shape) for width in step.layers(shape))

    def symbols(self) -> tuple[Size, ...]:
        """Return the sizes of its steps."""
        return tuple(size for step in self.steps for size in step.symbols())

    def bound(self, number_of: Callable[[Size], Size]) -> Step:
        """Return it with every size of its steps replaced."""
        return replace(self, steps=tuple(step.bound(number_of) for step in self.steps))


def _sum(terms: Iterator[int | None]) -> int | None:
    known = list(terms)
    return None if None in known else sum(term for term in known if term is not None)
