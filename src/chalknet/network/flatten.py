"""Flatten: all values of a sample in one row."""

from __future__ import annotations

from dataclasses import dataclass

from chalknet.errors import InvalidValue
from chalknet.network.shape import Shape, size_of
from chalknet.network.step import Arguments, LayerCall, Step, StepKind, TorchLayer


@dataclass(frozen=True)
class Flatten(Step):
    """Lay the values of one sample in one row, the last axis fastest: (28, 28) -> (784,).

    Example:
        >>> import chalknet as cn
        >>> cn.Network((28, 28), (cn.Flatten(), cn.Linear(10))).output_shape
        (10,)
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the number of values as the only size."""
        if len(input_shape) == 1:
            return input_shape
        size = size_of(input_shape)
        if size is None:
            raise InvalidValue(
                where="Flatten",
                got=f"the shape {input_shape}",
                wanted="sizes that are numbers, or a single symbol",
                remedy="Give the symbol a number first: network.bind(m=28).",
            )
        return (size,)


def _read(given: Arguments) -> Flatten:
    axes = given.get("start_dim", 1), given.get("end_dim", -1)
    if axes != (1, -1):
        raise InvalidValue(
            where="Flatten",
            got=f"start_dim={axes[0]!r}, end_dim={axes[1]!r}",
            wanted="all axes of a sample in one row, start_dim=1 and end_dim=-1",
            remedy="Write Flatten().",
        )
    return Flatten()


FLATTEN = StepKind(
    step=Flatten,
    layers=lambda: [TorchLayer("Flatten", ("start_dim", "end_dim"), _read, function="flatten")],
    call=lambda step, input_shape: LayerCall("Flatten", {}),
    words=("flatten", "flat"),
    is_idle=lambda step, input_shape: len(input_shape) == 1,
)
