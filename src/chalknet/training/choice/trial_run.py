"""A few real updates of a copy of the model on the fit's own batches, to measure what one costs."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from time import perf_counter

import numpy as np
import torch
from torch import nn

from chalknet.data import Batches
from chalknet.engine import ENGINES, Session
from chalknet.module import draws_from_default
from chalknet.planning import Plan
from chalknet.training.choice.cost_model import Cost
from chalknet.training.choice.torch_threads import using_threads

# The fastest stretch counts: a disturbance only ever makes one longer. Each takes a part of what is left.
_PARTS = 3
_LEAST_S, _MOST_S = 0.01, 0.025  # of updates after the first
_SHORTEST_S = 1e-7  # below the resolution of a clock


def run_trial(
    plan: Plan,
    batches: Batches,
    module: nn.Module | None,
    share: float,
    clock: Callable[[], float] = perf_counter,
) -> Cost:
    """Return the seconds of an update by a plan, and those of its start.

    Neither the module nor any random number of the caller's is touched.

    Args:
        plan: with the engine and the placement that are tried.
        batches: the fit's own samples in their order.
        module: the module to be fitted, of which a copy is updated; None builds the plan's network.
        share: updates that are no more than a share of the fit; some hundredths of a second are always spent.
        clock: seconds that only go up.
    """
    started = clock()
    draws = module is not None and draws_from_default(module)  # it may then draw of Python's and numpy's too
    with using_threads(plan.placement.threads), _random_state_kept() if draws else nullcontext():
        session = ENGINES[plan.engine].open(plan, batches, copy.deepcopy(module))
        first_s = _update_s(session, 1)
        start_s = clock() - started
        one_by_one = plan.recipe.target_loss is not None  # as in the loop of the fit
        update_s = _fastest_s(session, share, first_s, one_by_one)
    if plan.placement.device.startswith("cuda"):
        del session
        torch.cuda.empty_cache()  # the fit needs the memory of the trial
    return Cost(update_s, max(0.0, start_s - update_s))


def _fastest_s(session: Session, share: float, first_s: float, one_by_one: bool) -> float:
    """Return the seconds of an update in the fastest of a few stretches."""
    best_s, spent_s, each = first_s, 0.0, 1
    while True:
        spendable_s = min(_MOST_S, max(_LEAST_S, share * best_s))
        after_the_first = not spent_s and share >= 2  # the first one warms up what all others use
        if spent_s + each * best_s > spendable_s and not after_the_first:
            return best_s
        update_s = _update_s(session, each)
        best_s, spent_s = min(best_s, update_s), spent_s + each * update_s
        if not one_by_one:
            each = max(1, int((spendable_s - spent_s) / (_PARTS * best_s)))


def _update_s(session: Session, updates: int) -> float:
    """Return the seconds of one of so many updates; of fewer where a loss is not a number."""
    progress = session.advance(updates)
    return max(_SHORTEST_S, progress.elapsed_s / len(progress.losses))


@contextmanager
def _random_state_kept() -> Iterator[None]:
    """Put Python's and numpy's random numbers back; torch's are kept by the session itself."""
    found, numbers = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(found)
        np.random.set_state(numbers)
