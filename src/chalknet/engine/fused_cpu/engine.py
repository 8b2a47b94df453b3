"""The engine: which plans it can run, and the session it opens."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from chalknet.data import Batches
from chalknet.engine.engine import StartupCost, refused
from chalknet.engine.fused_cpu.names import CLASS_LOSS, activation_reason, loss_reason
from chalknet.errors import MissingPackage
from chalknet.network import Activation, Dropout, Flatten, Linear, Network
from chalknet.planning import Placement, Plan, Recipe
from chalknet.units import DTYPES

if TYPE_CHECKING:
    from chalknet.engine.fused_cpu.session import FusedSession

_STEPS = (Linear, Activation, Dropout, Flatten)
_LOADING_S, _COMPILING_S = 1.1, 35.0  # measured on two cores, until a trial run measures them here
_TIMES_AS_FAST = 2.0  # the smallest of the published figures: where all is one matrix product
_INSTALL = 'pip install "chalknet[fused]"'


class FusedCpu:
    """Run k updates in one compiled call: gather, forward, loss, backward, optimizer, next batch.

    The same training as `eager`: only the order in which sums are taken differs. Dropout draws from a
    generator of its own: the same distribution, reproducible from the seed, other bits than torch's.
    """

    name = "fused_cpu"
    streams = False
    stops_at_target = True

    def refusals(self, network: Network | None, recipe: Recipe, placement: Placement) -> tuple[str, ...]:
        """Return the reasons why this engine cannot run it; empty when it can."""
        reasons = [*_placement_reasons(placement), *_recipe_reasons(recipe)]
        if network is None:
            reasons.append("it runs networks of Linear, activations, Dropout and Flatten, not any module")
        else:
            reasons += _network_reasons(network, recipe)
        return tuple(reasons) or _numba_reasons()

    def startup_cost(self, network: Network | None, recipe: Recipe, placement: Placement) -> StartupCost:
        """Return what loading its kernels costs in a process, and compiling them once on a machine."""
        if network is not None and _is_loaded(network, placement.dtype):
            return StartupCost(times_as_fast=_TIMES_AS_FAST)
        once_s = 0.0 if _compiled_before() else _COMPILING_S
        return StartupCost(_LOADING_S, once_s, _TIMES_AS_FAST)

    def open(self, plan: Plan, batches: Batches, module: nn.Module | None) -> FusedSession:
        """Return a session with the weights and orders that the eager engine has.

        Raises:
            Refused: for a plan that `refusals` gives reasons against.
            MissingPackage: when numba is not installed.
        """
        reasons = self.refusals(plan.network, plan.recipe, plan.placement)
        if reasons and reasons == _numba_reasons():
            raise MissingPackage(
                where=f"engine {self.name}",
                got=reasons[0],
                wanted="numba, which compiles the loop",
                remedy=f"Install it: {_INSTALL}.",
            )
        if reasons:
            remedy = 'Say engine="auto", or engine="eager", which runs whatever torch runs.'
            raise refused(self.name, "; ".join(reasons), "a plan that it can run", remedy)
        from chalknet.engine.fused_cpu.session import FusedSession

        return FusedSession(plan, batches, module)


def _is_loaded(network: Network, dtype: str) -> bool:
    """Return whether this process has loaded the kernel of this network's schedule and dtype."""
    schedules = sys.modules.get(f"{__package__}.schedules")  # importing it would bring numba
    return schedules is not None and schedules.is_loaded(network, dtype)


def _compiled_before() -> bool:
    """Return whether numba's cache has kernels of the present sources."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    places = [Path(__file__).parent / "__pycache__", Path.home() / ".cache" / "numba"]
    kept = [file for place in ([Path(named)] if named else places) for file in place.rglob("*.nbi")]
    sources = max(source.stat().st_mtime for source in Path(__file__).parent.glob("*.py"))
    return any(file.stat().st_mtime >= sources for file in kept)


def _placement_reasons(placement: Placement) -> list[str]:
    reasons = []
    if placement.device != "cpu":
        reasons.append(f"it runs on the CPU, not on {placement.device}")
    if placement.processes > 1:
        reasons.append(f"it computes in one process, not in {placement.processes} that share each update")
    if placement.dtype not in DTYPES:
        reasons.append(f"it computes in {' or '.join(DTYPES)}, not in {placement.dtype}")
    return reasons


def _recipe_reasons(recipe: Recipe) -> list[str]:
    reasons = []
    if recipe.optimizer_options.get("amsgrad", False):
        reasons.append(f"it has no amsgrad for {recipe.optimizer}")
    if why := loss_reason(recipe.loss_row):
        reasons.append(f"it has no code for the loss {recipe.loss}, {why}")
    return reasons


def _network_reasons(network: Network, recipe: Recipe) -> list[str]:
    reasons = []
    if network.symbols:
        reasons.append(f"the width {network.symbols[0]} is not a number")
    for visit in network.walk():
        step = visit.step
        if not isinstance(step, _STEPS):
            reasons.append(f"it has no code for step {visit.path}, {type(step).__name__}")
        elif isinstance(step, Activation) and (why := activation_reason(step)):
            reasons.append(f"it has no code for step {visit.path}, the activation {step.kind}, {why}")
    if not any(isinstance(step, Linear) for step in network.steps):
        reasons.append("the network has no Linear to fit")
    if recipe.loss == CLASS_LOSS and len(network.output_shape) != 1:
        reasons.append(f"it takes cross_entropy of one row of classes a sample, not {network.output_shape}")
    return reasons


def _numba_reasons() -> tuple[str, ...]:
    try:
        import_module("numba")
    except Exception as problem:  # a broken numba fails in ways of its own
        return (f"numba cannot be imported ({problem}); {_INSTALL}",)
    return ()
