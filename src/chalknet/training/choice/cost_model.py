"""The cost model of `auto`: cost = start + updates x time of an update, and the cheapest wins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalknet.engine import StartupCost
from chalknet.units import show_count, show_seconds

MEASURED_SHARE = 0.05  # of a fit at most goes into choosing how to run it
SHORT_S = 2.0  # a shorter fit loses more by starting another engine than it can gain
MARGIN, OTHER_DEVICE_MARGIN = 0.05, 0.2  # the share of the time that a candidate must save to be preferred
_ACCELERATOR_SPEEDUP = 10.0  # assumed of a GPU over the CPU as long as it was not measured


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
    many = show_count(math.ceil(updates))
    word = "remembered from an earlier fit" if once else "measured"
    return f"{word}: {', '.join(each)}: {many} updates take {' or '.join(totals)}"
