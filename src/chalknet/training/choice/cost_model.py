"""The cost model of `auto`: start + updates x time of an update, the least wins; and a first estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, prod

from chalknet.engine import StartupCost
from chalknet.network import Network, numbers
from chalknet.planning import Placement, Recipe
from chalknet.units import show_count, show_seconds

MEASURED_SHARE = 0.05  # of a fit at most goes into choosing how to run it
SHORT_S = 2.0  # a shorter fit loses more by starting another engine than it can gain
MARGIN, OTHER_DEVICE_MARGIN = 0.05, 0.2  # the share of the time that a candidate must save to be preferred
_ACCELERATOR_SPEEDUP = 10.0  # assumed of a GPU over the CPU as long as it was not measured

_PASSES = 4  # an array between two steps is written and read, and so is its gradient in the backward pass
_SLOTS = {
    "adam": 2,
    "adamw": 2,
    "rmsprop": 1,
    "sgd": 0,
    "nadam": 2,
    "adagrad": 1,
    "lion": 1,
    "lbfgs": 200,
}  # arrays that an optimizer keeps of each parameter
_CACHE_BYTES = 2 << 20  # a core's own: smaller arrays do not go through memory
_IN_BLOCKS = ("fused_cpu",)  # engines that keep what lies between two steps in the cache

# An ordinary core or two, for a first guess before anything is measured.
_USUAL_OVERHEAD_S, _USUAL_FLOPS, _USUAL_BYTES = 150e-6, 100e9, 10e9


@dataclass(frozen=True)
class Candidate:
    """A device, an engine and a number of threads that can run a fit.

    Args:
        device: a torch device.
        engine: the name of an engine.
        threads: CPU threads torch may use.
    """

    device: str
    engine: str
    threads: int

    def __str__(self) -> str:
        threads = f"{self.threads} thread{'s' * (self.threads != 1)}"
        return f"{self.engine} {threads if self.device == 'cpu' else f'on {self.device}'}"


@dataclass(frozen=True)
class Cost:
    """What running a fit by one candidate costs.

    Args:
        update_s: seconds of an update.
        start_s: seconds before the first update, beyond those of the plain loop on the CPU.
    """

    update_s: float
    start_s: float = 0.0

    def total_s(self, updates: float) -> float:
        """Return the seconds of the start and so many updates."""
        return self.start_s + updates * self.update_s


def cheapest(costs: Mapping[Candidate, Cost], updates: float) -> Candidate:
    """Return the candidate whose start and updates take least.

    On one device a candidate is preferred to those before it when it saves 5 % of their time; the best one on
    another device is preferred to the best one on the default device when it saves 20 %.

    Args:
        costs: the cost of each candidate, in the order of preference; the first is on the default device.
        updates: how many updates there are to make.
    """
    best: dict[str, Candidate] = {}
    for candidate in costs:
        before = best.setdefault(candidate.device, candidate)
        if costs[candidate].total_s(updates) < (1 - MARGIN) * costs[before].total_s(updates):
            best[candidate.device] = candidate
    chosen, *on_other_devices = best.values()
    for candidate in on_other_devices:
        if costs[candidate].total_s(updates) < (1 - OTHER_DEVICE_MARGIN) * costs[chosen].total_s(updates):
            chosen = candidate
    return chosen


def is_worth_starting(
    candidate: Candidate, startup_cost: StartupCost, costs: Mapping[Candidate, Cost], updates: float
) -> bool:
    """Return whether a candidate that has not been measured yet should be started for a trial run.

    It should when the fit would gain even at the least speed-up that its engine promises, or when its start
    takes no more than the share of the fit that measuring may take.

    Args:
        candidate: the candidate that has not been measured.
        startup_cost: what its engine promises.
        costs: what was measured before, the default candidate first.
        updates: how many updates there are to make.
    """
    default = next(iter(costs))
    least_s = min(cost.total_s(updates) for cost in costs.values())
    on_default_device = candidate.device == default.device
    speedup = startup_cost.times_as_fast * (1.0 if on_default_device else _ACCELERATOR_SPEEDUP)
    start_s = startup_cost.start_s + startup_cost.once_s
    expected_s = start_s + updates * costs[default].update_s / speedup
    return expected_s < (1 - MARGIN) * least_s or start_s <= MEASURED_SHARE * least_s


def show_costs(costs: Mapping[Candidate, Cost], recalled: Sequence[Candidate], updates: float) -> str:
    """Return the costs as a reason of a plan.

    Args:
        costs: the cost of each candidate.
        recalled: those of them that an earlier fit measured.
        updates: how many updates there are to make.
    """
    once = len(recalled) == len(costs)
    each = [
        f"{candidate} {show_seconds(cost.update_s)}"
        + " an update" * (index == 0)
        + (f" + {show_seconds(cost.start_s)} to start" if cost.start_s else "")
        + " (remembered)" * (candidate in recalled and not once)
        for index, (candidate, cost) in enumerate(costs.items())
    ]
    totals = [show_seconds(cost.total_s(updates)) for cost in costs.values()]
    many = show_count(ceil(updates))
    word = "remembered from an earlier fit" if once else "measured"
    return f"{word}: {', '.join(each)}: {many} updates take {' or '.join(totals)}"


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
    slots = _SLOTS[recipe.optimizer] + bool(recipe.optimizer_options.get("momentum"))
    traffic = (
        (prod(numbers(network.input_shape)) * samples * size, 2),  # x forward, and for the first gradients
        (between * samples * size, _PASSES),
        (weights * size, 2 * (1 + slots) + 2 * (engine not in _IN_BLOCKS)),  # and the gradients
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
