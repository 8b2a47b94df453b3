"""The memory of the engine `fused_cpu`, from counts: no hidden values, but copies of the weights."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from chalknet.network import Activation, Linear, Network
from chalknet.planning import Recipe

# The constants of the engine's schedules.
_TILE_BYTES, _TILE_ROWS = 512 << 10, 8
_MOST_SHARES, _WORTH_A_THREAD = 8, 60_000
_FEW_INPUTS, _MANY_UNITS, _NARROW = 8, 64, 4
# Arrays of the optimizer's state for each weight: always, and by an option.
_SLOTS: dict[str, tuple[int, dict[str, int]]] = {
    "sgd": (0, {"momentum": 1}),
    "adam": (2, {"amsgrad": 1}),
    "adamw": (2, {"amsgrad": 1}),
    "rmsprop": (1, {"momentum": 1, "centered": 1}),
}


@dataclass(frozen=True)
class FusedNeeds:
    """Bytes that the engine needs besides the module."""

    copies: int
    gradients: int
    optimizer: int
    arenas: int


def fused_needs(network: Network, recipe: Recipe, rows: int, threads: int, itemsize: int) -> FusedNeeds:
    """Return what the engine needs besides the module's own parameters.

    Args:
        network: every width a number.
        recipe: its optimizer.
        rows: samples in a batch.
        threads: CPU threads.
        itemsize: bytes of one number.
    """
    visits = [visit for visit in network.walk() if isinstance(visit.step, Linear)]
    weights = sum(visit.step.parameters(visit.input_shape) or 0 for visit in visits)
    transposed = sum(
        _last(visit.input_shape) * _last(visit.output_shape)
        for visit in visits[1:]
        if _last(visit.output_shape) > _NARROW
    )
    always, by_option = _SLOTS[recipe.optimizer]
    slots = always + sum(many for option, many in by_option.items() if recipe.optimizer_options.get(option))
    blocks = _uses_blocks(network)
    work = 3 * rows * sum(visit.step.multiply_adds(visit.input_shape) or 0 for visit in visits)
    shares = max(1, min(threads, _MOST_SHARES, rows // 2, work // _WORTH_A_THREAD))
    row = 2 * sum(_values(visit.output_shape) for visit in network.walk()) + _values(network.input_shape)
    tile = (
        rows if blocks else max(1, min(-(-rows // shares), max(_TILE_ROWS, _TILE_BYTES // (row * itemsize))))
    )
    ends = _values(network.input_shape) + 4 * _values(network.output_shape)
    return FusedNeeds(
        copies=(weights + transposed) * itemsize,
        gradients=0 if blocks else shares * weights * itemsize,
        optimizer=slots * weights * itemsize,
        arenas=shares * tile * (ends if blocks else row) * itemsize,
    )


def _uses_blocks(network: Network) -> bool:
    """Return whether hidden values are recomputed block by block: one wide hidden layer, narrow ends."""
    kinds = [type(step) for step in network.steps]
    if kinds[:3] != [Linear, Activation, Linear] or set(kinds[3:]) - {Activation}:
        return False
    shapes = [visit.output_shape for visit in network.walk()]
    hidden = network.steps[1]
    assert isinstance(hidden, Activation)
    inputs, units, outputs = (_last(shape) for shape in (network.input_shape, shapes[0], shapes[2]))
    narrow = inputs <= _FEW_INPUTS and units >= _MANY_UNITS and outputs <= _NARROW
    return narrow and len(network.input_shape) == 1 and hidden.row.elementwise


def _last(shape: tuple[int | str, ...]) -> int:
    return int(shape[-1])


def _values(shape: tuple[int | str, ...]) -> int:
    return prod(int(size) for size in shape)
