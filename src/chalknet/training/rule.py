"""The published rule of `auto`: cost = start + updates x time of an update, and the cheapest wins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalknet.engine import StartupCost
from chalknet.units import show_count, show_seconds

MEASURED_SHARE = 0.05  # of a fit, at the most, goes into measuring how it is to be run
SHORT_S = 2.0  # a fit as short as this gains less than it would lose by starting anything
MARGIN, OTHER_DEVICE_MARGIN = 0.05, 0.2  # what a candidate must save at the least to be preferred
_ACCELERATOR_HOPE = 10.0  # times as fast as the CPU by which a GPU has to pay before it is woken


@dataclass(frozen=True)
class Candidate:
    """One way to run a fit.

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
    """What running a fit in one way costs.

    Args:
        update_s: seconds of an update.
        start_s: seconds before the first update that the plain loop on the CPU does not need.
    """

    update_s: float
    start_s: float = 0.0

    def total_s(self, updates: float) -> float:
        """Return the seconds of so many updates, the start among them."""
        return self.start_s + updates * self.update_s


def cheapest(costs: Mapping[Candidate, Cost], updates: float) -> Candidate:
    """Return the candidate whose start and updates take least.

    On one device a candidate is preferred to those before it when it saves 5 % of their time; the best one of
    another device is preferred to the best one at home when it saves 20 %.

    Args:
        costs: the candidates in the order of preference, with what was found of each; the first is at home.
        updates: how many updates there are to make.
    """
    best: dict[str, Candidate] = {}
    for candidate in costs:
        before = best.setdefault(candidate.device, candidate)
        if costs[candidate].total_s(updates) < (1 - MARGIN) * costs[before].total_s(updates):
            best[candidate.device] = candidate
    chosen, *abroad = best.values()
    for candidate in abroad:
        if costs[candidate].total_s(updates) < (1 - OTHER_DEVICE_MARGIN) * costs[chosen].total_s(updates):
            chosen = candidate
    return chosen


def is_worth_starting(
    candidate: Candidate, startup_cost: StartupCost, costs: Mapping[Candidate, Cost], updates: float
) -> bool:
    """Return whether a candidate that is not measured yet is to be started for a trial.

    It is when the fit would gain even at the least speed that the candidate promises, or when its start is
    no more than the share of the fit that measuring may take.

    Args:
        candidate: who has not been measured.
        startup_cost: what its engine promises.
        costs: what was found before, the one at home first.
        updates: how many updates there are to make.
    """
    home = next(iter(costs))
    least_s = min(cost.total_s(updates) for cost in costs.values())
    hope = startup_cost.times_as_fast * (1.0 if candidate.device == home.device else _ACCELERATOR_HOPE)
    start_s = startup_cost.start_s + startup_cost.once_s
    hoped_s = start_s + updates * costs[home].update_s / hope
    return hoped_s < (1 - MARGIN) * least_s or start_s <= MEASURED_SHARE * least_s


def show_costs(costs: Mapping[Candidate, Cost], recalled: Sequence[Candidate], updates: float) -> str:
    """Return what was found, as a reason of a plan.

    Args:
        costs: what was found of each candidate.
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
