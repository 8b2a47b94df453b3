"""The cost of an update, estimated from its counts: arithmetic, and bytes that go through memory."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from chalknet.network import Network, numbers
from chalknet.planning import Placement, Recipe

_PASSES = 4  # an array between two steps is written and read, and so is its gradient in the backward pass
_SLOTS = {"adam": 2, "adamw": 2, "rmsprop": 1, "sgd": 0}  # arrays that an optimizer keeps of each parameter
_CACHE_BYTES = 2 << 20  # a core's own: smaller arrays do not go through memory
_IN_BLOCKS = ("fused_cpu",)  # engines that keep what lies between two steps in the cache

# An ordinary core or two, for a first guess before anything is measured.
_USUAL_OVERHEAD_S, _USUAL_FLOPS, _USUAL_BYTES = 150e-6, 100e9, 10e9


@dataclass(frozen=True)
class CostEstimate:
    """The least that one update has to compute and to move.

    Args:
        flops: multiplications and additions: two products for the first linear map, three for the others,
            since the gradient of x is not needed.
        bytes: what goes through memory; arrays that fit into a core's own cache are not counted.
    """

    flops: float
    bytes: float


def estimate_cost(
    network: Network, samples: int, recipe: Recipe, placement: Placement, engine: str
) -> CostEstimate:
    """Return the cost of an update over so many samples.

    Args:
        network: every width a number.
        samples: in an update.
        recipe: its optimizer keeps arrays beside the weights.
        placement: its dtype says how many bytes a number has.
        engine: `fused_cpu` keeps what lies between two steps in the cache.
    """
    visits = list(network.walk())
    products = [visit.step.multiply_adds(visit.input_shape) or 0 for visit in visits]
    first = next((each for each in products if each), 0)
    size = 8 if placement.dtype == "float64" else 4
    between = 0 if engine in _IN_BLOCKS else sum(prod(numbers(visit.output_shape)) for visit in visits)
    weights = sum(visit.step.parameters(visit.input_shape) or 0 for visit in visits)
    traffic = (
        (prod(numbers(network.input_shape)) * samples * size, 2),  # x forward, and for the first gradients
        (between * samples * size, _PASSES),
        (weights * size, 2 * (1 + _slots(recipe)) + 2 * (engine not in _IN_BLOCKS)),  # and the gradients
    )
    return CostEstimate(
        flops=2.0 * (3 * sum(products) - first) * samples,
        bytes=float(sum(held * passes for held, passes in traffic if held > _CACHE_BYTES)),
    )


def usual_update_s(network: Network | None, samples: int, recipe: Recipe, placement: Placement) -> float:
    """Return about how many seconds an update of the plain loop takes on an ordinary machine."""
    if network is None:
        return _USUAL_OVERHEAD_S
    cost = estimate_cost(network, samples, recipe, placement, "eager")
    return _USUAL_OVERHEAD_S + max(cost.flops / _USUAL_FLOPS, cost.bytes / _USUAL_BYTES)


def _slots(recipe: Recipe) -> int:
    return _SLOTS[recipe.optimizer] + bool(recipe.optimizer_options.get("momentum"))
