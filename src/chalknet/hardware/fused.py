"""What the engine `fused_cpu` keeps, from counts: no hidden values, but copies of weights for its kernels."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from chalknet.engine import fused_rules as rules
from chalknet.network import Linear, Network
from chalknet.planning import Recipe

# What a recipe's optimizer keeps beside the weights: (option that makes it, how many arrays it adds).
_SLOTS: dict[str, tuple[int, dict[str, int]]] = {
    "sgd": (0, {"momentum": 1}),
    "adam": (2, {"amsgrad": 1}),
    "adamw": (2, {"amsgrad": 1}),
    "rmsprop": (1, {"momentum": 1, "centered": 1}),
}


@dataclass(frozen=True)
class FusedNeeds:
    """Bytes that the engine keeps beside the module."""

    copies: int
    gradients: int
    optimizer: int
    arenas: int


def fused_needs(network: Network, recipe: Recipe, rows: int, threads: int, itemsize: int) -> FusedNeeds:
    """Return what the engine keeps beside the module's own parameters.

    Args:
        network: every width a number.
        recipe: its optimizer.
        rows: samples in a batch.
        threads: CPU threads.
        itemsize: bytes of one number.
    """
    visits = [visit for visit in network.walk() if isinstance(visit.step, Linear)]
    weights = sum(visit.step.parameters(visit.input_shape) or 0 for visit in visits)
    turned = sum(
        _last(visit.input_shape) * _last(visit.output_shape)
        for visit in visits[1:]
        if _last(visit.output_shape) > rules.NARROW_OUTPUTS
    )
    always, by_option = _SLOTS[recipe.optimizer]
    slots = always + sum(many for option, many in by_option.items() if recipe.optimizer_options.get(option))
    blocks = rules.walks_blocks(network)
    work = 3 * rows * sum(visit.step.multiply_adds(visit.input_shape) or 0 for visit in visits)
    shares = max(1, min(threads, rules.MOST_SHARES, rows // 2, work // rules.WORTH_A_THREAD))
    row = 2 * sum(_values(visit.output_shape) for visit in network.walk()) + _values(network.input_shape)
    tile = (
        rows
        if blocks
        else max(1, min(-(-rows // shares), max(rules.MOST_TILE_ROWS, rules.TILE_BYTES // (row * itemsize))))
    )
    ends = _values(network.input_shape) + 4 * _values(network.output_shape)
    return FusedNeeds(
        copies=(weights + turned) * itemsize,
        gradients=0 if blocks else shares * weights * itemsize,
        optimizer=slots * weights * itemsize,
        arenas=shares * tile * (ends if blocks else row) * itemsize,
    )


def _last(shape: tuple[int | str, ...]) -> int:
    return int(shape[-1])


def _values(shape: tuple[int | str, ...]) -> int:
    return prod(int(size) for size in shape)
