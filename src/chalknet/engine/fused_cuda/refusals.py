"""What the kernels have code for: one table each for steps, losses, optimizers and their options.

Whatever is in no table is refused by its name, however it came into the tables of the other rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalknet.engine.fused_cpu.names import CLASS_LOSSES, activation_reason, loss_reason, table_steps
from chalknet.engine.fused_cuda.formulas import formula_reason
from chalknet.engine.fused_cuda.optimizers import RATES
from chalknet.network import (
    Activation,
    BatchNorm,
    Dropout,
    Embed,
    Flatten,
    LayerNorm,
    Linear,
    Network,
    PReLU,
    Residual,
    Step,
)
from chalknet.planning import Loss, Placement, Recipe
from chalknet.units import DTYPES


def _has_code(step: Step) -> str:
    return ""


def _activation(step: Step) -> str:
    assert isinstance(step, Activation)
    why, row = activation_reason(step), step.row
    return why or formula_reason((row.formula, row.derivative) if row.elementwise else (), step.all_options)


def _unknown(step: Step) -> str:
    return "of which it knows nothing"


# Why a step of a class cannot be compiled, empty where it can; a class without a row has no code.
STEPS: Mapping[type[Step], Callable[[Step], str]] = {
    Linear: _has_code, Activation: _activation, Dropout: _has_code, Flatten: _has_code, PReLU: _has_code,
    LayerNorm: _has_code, BatchNorm: _has_code, Residual: _has_code, Embed: _has_code,
}  # fmt: skip
ROW_LOSSES = ("cross_entropy", "nll", "focal_cross_entropy")  # of class numbers: in losses.cuh
_OPTIONS = frozenset(
    "momentum dampening weight_decay nesterov betas eps alpha centered lr_decay initial_accumulator_value "
    "momentum_decay decoupled_weight_decay".split()
)  # all other options of an optimizer have to be as they are by default


def network_reasons(network: Network | None, recipe: Recipe) -> list[str]:
    """Return what of a network has no code."""
    if network is None:
        known = ", ".join(step.__name__ for step in STEPS)
        return [f"it runs networks of {known}, not any module"]
    reasons = [f"the width {symbol} is not a number" for symbol in network.symbols[:1]]
    inner = ((visit.path, step) for visit in network.walk() for step in table_steps([visit.step]))
    for path, step in dict.fromkeys(inner):
        if why := STEPS.get(type(step), _unknown)(step):
            name = f"the activation {step.kind}" if isinstance(step, Activation) else type(step).__name__
            reasons.append(f"it has no code for step {path}, {name}, {why}")
    if not any(isinstance(step, Linear) for step in table_steps(network.steps)):
        reasons.append("the network has no Linear to fit")
    if recipe.loss_row.target == "class" and len(network.output_shape) != 1:
        reasons.append(f"it takes {recipe.loss} of one row of classes a sample, not {network.output_shape}")
    last, outputs = network.output_shape[-1], recipe.loss_row.outputs
    if isinstance(last, int) and last % outputs:
        reasons.append(f"{recipe.loss} takes {outputs} numbers of yhat for one of y, which {last} are not")
    return reasons


def recipe_reasons(recipe: Recipe) -> list[str]:
    """Return what of a recipe has no code."""
    reasons = []
    if recipe.optimizer not in RATES:
        reasons.append(f"it has no code for the optimizer {recipe.optimizer}")
    usual = recipe.optimizer_row.options
    for name, value in recipe.optimizer_options.items():
        if name not in _OPTIONS and value != usual.get(name):
            reasons.append(f"it has no {name} for {recipe.optimizer}")
    if why := _loss(recipe.loss_row):
        reasons.append(f"it has no code for the loss {recipe.loss}, {why}")
    return reasons


def _loss(row: Loss) -> str:
    """Return why a loss cannot be compiled; empty when it can."""
    if row.name in CLASS_LOSSES:
        return "" if row.name in ROW_LOSSES else "which is one of class numbers"
    formulas = row.formula, row.gradient, row.spread_gradient or "0"
    return loss_reason(row) or formula_reason(formulas, row.options)


def placement_reasons(placement: Placement) -> list[str]:
    """Return what of a placement is not for one launch on one device."""
    reasons = []
    if placement.processes > 1:
        reasons.append(f"it computes in one process, not in {placement.processes} that share each update")
    if placement.micro_batch is not None:
        reasons.append(f"it takes an update whole, not {placement.micro_batch:,} samples at a time")
    if placement.dtype not in DTYPES:
        reasons.append(f"it computes in {' or '.join(DTYPES)}, not in {placement.dtype}")
    return reasons
