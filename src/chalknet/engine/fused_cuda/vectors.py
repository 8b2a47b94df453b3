"""The vector of all weights, and those of what the optimizer keeps: views of them under torch's names."""

from __future__ import annotations

import torch
from torch import nn

from chalknet.engine.fused_cpu.optimizer_rows import SLOTS, first_sum, slots_of
from chalknet.engine.fused_cuda.schedules import KernelPlan
from chalknet.engine.fused_cuda.stages import Stage
from chalknet.planning import Recipe


def linears_of(module: nn.Module) -> list[nn.Linear]:
    """Return the Linears of a module, in the order of the network's."""
    return [child for child in module.modules() if isinstance(child, nn.Linear)]


def trained_of(stages: list[Stage], module: nn.Module) -> list[tuple[bool, bool]]:
    """Return of each stage whether its weight and its bias are trained."""
    linears = iter(linears_of(module))
    found = []
    for stage in stages:
        if not stage.weights:
            found.append((False, False))
            continue
        linear = next(linears)
        bias = linear.bias is not None and linear.bias.requires_grad
        found.append((linear.weight.requires_grad, bias))
    return found


class Vectors:
    """The weights of a fit on its device, and what its optimizer keeps of them.

    Args:
        schedule: where the weights of each stage lie.
        stages: of the network.
        module: whose weights they are.
        named: the same under the names that a state has.
        recipe: names the optimizer.
        like: an empty tensor of the type and device.

    Attributes:
        weights: all weights: a Linear as `(inputs, outputs)`, its bias behind it.
        kept: the three vectors of the optimizer; those that it does not use have one number.
        slots: views of them, by parameter and torch's name.
    """

    def __init__(
        self,
        schedule: KernelPlan,
        stages: list[Stage],
        module: nn.Module,
        named: nn.Module,
        recipe: Recipe,
        like: torch.Tensor,
    ) -> None:
        places = [at for at, stage in zip(schedule.weights_at, stages, strict=True) if stage.weights]
        linears, used = linears_of(module), slots_of(recipe)
        self.weights = like.new_zeros(schedule.weights)
        self.kept = [like.new_zeros(schedule.weights if is_used else 1) for is_used in used]
        self.kept[1].fill_(first_sum(recipe))
        self._views = _pairs(linears, places, self.weights)
        names: dict[torch.Tensor, str] = {
            parameter: name for name, parameter in named.named_parameters() if parameter.requires_grad
        }
        self.slots: dict[str, dict[str, torch.Tensor]] = {name: {} for name in names.values()}
        for slot, vector, is_used in zip(SLOTS[recipe.optimizer], self.kept, used, strict=True):
            for parameter, view in _pairs(linears, places, vector) if is_used else ():
                if parameter in names:
                    self.slots[names[parameter]][slot] = view

    @torch.no_grad()
    def read(self) -> None:
        """Take the module's weights."""
        for parameter, view in self._views:
            view.copy_(parameter)

    @torch.no_grad()
    def write(self) -> None:
        """Give the module the weights."""
        for parameter, view in self._views:
            parameter.copy_(view)


def _pairs(
    linears: list[nn.Linear], places: list[int], vector: torch.Tensor
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return each parameter with its view of a vector."""
    pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
    for linear, at in zip(linears, places, strict=True):
        outputs, inputs = linear.weight.shape
        end = at + inputs * outputs
        pairs.append((linear.weight, vector[at:end].view(inputs, outputs).t()))
        if linear.bias is not None:
            pairs.append((linear.bias, vector[end : end + outputs]))
    return pairs
