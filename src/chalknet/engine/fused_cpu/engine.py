"""The engine: which plans it can run, and the session it opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from chalknet.data import Batches
from chalknet.engine.engine import StartupCost, refused
from chalknet.engine.fused_cpu.names import activation_reason, loss_reason, table_steps
from chalknet.engine.fused_cpu.optimizer_rows import CODES
from chalknet.engine.fused_cpu.step_table import KNOWN_STEPS
from chalknet.errors import CodeUnavailable
from chalknet.network import Activation, Linear, Network
from chalknet.planning import Placement, Plan, Recipe
from chalknet.units import DTYPES

if TYPE_CHECKING:
    from chalknet.engine.fused_cpu.session import FusedSession

_KNOWN = ", ".join(step.__name__ for step in KNOWN_STEPS)
_LOADING_S, _COMPILING_S = 0.1, 20.0  # measured on two cores, until a trial run measures them here
_TIMES_AS_FAST = 2.0  # the smallest of the published figures: where all is one matrix product


class FusedCpu:
    """Run k updates in one compiled call: gather, forward, loss, backward, optimizer, next batch.

    The same training as `eager`: only the order in which sums are taken differs. Dropout draws from a
    generator of its own: the same distribution, reproducible from the seed, other bits than torch's.
    """

    name = "fused_cpu"
    stops_at_target = True

    def refusals(self, network: Network | None, recipe: Recipe, placement: Placement) -> tuple[str, ...]:
        """Return the reasons why this engine cannot run it; empty when it can."""
        reasons = [*_placement_reasons(placement), *_recipe_reasons(recipe)]
        if network is None:
            reasons.append(f"it runs networks of {_KNOWN}, not any module")
        else:
            reasons += _network_reasons(network, recipe)
        return tuple(reasons)

    def startup_cost(self, network: Network | None, recipe: Recipe, placement: Placement) -> StartupCost:
        """Return what loading its code costs in a process, and compiling it where none is at hand."""
        if network is None:
            return StartupCost(_LOADING_S, 0.0, _TIMES_AS_FAST)
        start_s = 0.0 if _code_is("loaded", network, recipe, placement.dtype) else _LOADING_S
        once_s = 0.0 if _code_is("at_hand", network, recipe, placement.dtype) else _COMPILING_S
        return StartupCost(start_s, once_s, _TIMES_AS_FAST)

    def open(self, plan: Plan, batches: Batches, module: nn.Module | None) -> FusedSession:
        """Return a session with the weights and orders that the eager engine has.

        Raises:
            Refused: for a plan that `refusals` gives reasons against.
            CodeUnavailable: where there is no compiled code for this machine, and none can be made.
        """
        reasons = self.refusals(plan.network, plan.recipe, plan.placement)
        if reasons:
            remedy = 'Say engine="auto", or engine="eager", which runs whatever torch runs.'
            raise refused(self.name, "; ".join(reasons), "a plan that it can run", remedy)
        try:
            from chalknet.engine.fused_cpu.session import FusedSession
        except ImportError as problem:
            raise CodeUnavailable(
                where=f"engine {self.name}",
                got=f"llvmlite, which cannot be imported ({problem})",
                wanted="llvmlite, which loads the compiled code",
                remedy="Install it: pip install llvmlite numba.",
            ) from problem
        return FusedSession(plan, batches, module)


def _code_is(where: str, network: Network, recipe: Recipe, dtype: str) -> bool:
    """Return whether all code of a network's fit is "loaded" in this process, or "at_hand" in files."""
    try:
        from chalknet.engine.fused_cpu import objects, schedules
    except ImportError:  # without llvmlite
        return False
    return all(map(getattr(objects, f"is_{where}"), schedules.units_of(network, recipe, dtype)))


def _placement_reasons(placement: Placement) -> list[str]:
    reasons = []
    if placement.device != "cpu":
        reasons.append(f"it runs on the CPU, not on {placement.device}")
    if placement.processes > 1:
        reasons.append(f"it computes in one process, not in {placement.processes} that share each update")
    if placement.micro_batch is not None:
        reasons.append(f"it takes an update whole, not {placement.micro_batch:,} samples at a time")
    if placement.dtype not in DTYPES:
        reasons.append(f"it computes in {' or '.join(DTYPES)}, not in {placement.dtype}")
    return reasons


def _recipe_reasons(recipe: Recipe) -> list[str]:
    reasons = []
    if recipe.optimizer_options.get("amsgrad", False):
        reasons.append(f"it has no amsgrad for {recipe.optimizer}")
    if recipe.optimizer not in CODES:
        reasons.append(f"it has no code for the optimizer {recipe.optimizer}")
    if why := loss_reason(recipe.loss_row):
        reasons.append(f"it has no code for the loss {recipe.loss}, {why}")
    return reasons


def _network_reasons(network: Network, recipe: Recipe) -> list[str]:
    reasons = []
    if network.symbols:
        reasons.append(f"the width {network.symbols[0]} is not a number")
    inner = ((visit.path, step) for visit in network.walk() for step in table_steps([visit.step]))
    for path, step in dict.fromkeys(inner):
        if not isinstance(step, KNOWN_STEPS):
            reasons.append(f"it has no code for step {path}, {type(step).__name__}")
        elif isinstance(step, Activation) and (why := activation_reason(step)):
            reasons.append(f"it has no code for step {path}, the activation {step.kind}, {why}")
    if not any(isinstance(step, Linear) for step in table_steps(network.steps)):
        reasons.append("the network has no Linear to fit")
    if recipe.loss_row.target == "class" and len(network.output_shape) != 1:
        reasons.append(f"it takes {recipe.loss} of one row of classes a sample, not {network.output_shape}")
    return reasons
