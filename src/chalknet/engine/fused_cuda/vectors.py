"""The vector of all weights, and those of what the optimizer keeps: views of them under torch's names."""

from __future__ import annotations

import torch
from torch import nn

from chalknet.engine.fused_cpu.optimizer_rows import SLOTS, first_sum, slots_of
from chalknet.engine.fused_cpu.step_table import averaging_of, owners_of
from chalknet.engine.fused_cuda.schedules import KernelPlan
from chalknet.engine.fused_cuda.stages import LINEAR, MATRICES, Stage
from chalknet.planning import Recipe


def trained_of(stages: list[Stage], module: nn.Module) -> list[tuple[bool, bool]]:
    """Return of each stage whether its weight and its bias are trained."""
    owners = iter(owners_of(module))
    found = []
    for stage in stages:
        own = dict(next(owners).named_parameters(recurse=False)) if stage.weights else {}
        weight, bias = (name in own and own[name].requires_grad for name in ("weight", "bias"))
        found.append((weight, bias))
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
        weights: all weights: a Linear as `(inputs, outputs)`, an embedding as `(categories, width)`, the
            factors of a norm or slopes of PReLU as a line; the bias behind it.
        kept: the three vectors of the optimizer; those that it does not use have one number.
        averages: what BatchNorms keep of the batches: running means and variances among it.
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
        places = [(s, at) for s, at in zip(stages, schedule.weights_at, strict=True) if s.weights]
        owners, used = owners_of(module), slots_of(recipe)
        self.weights = like.new_zeros(schedule.weights)
        self.kept = [like.new_zeros(schedule.weights if is_used else 1) for is_used in used]
        self.kept[1].fill_(first_sum(recipe))
        self.averages = like.new_zeros(max(schedule.averages, 1))
        self._views = _pairs(owners, places, self.weights)
        names: dict[torch.Tensor, str] = {
            parameter: name for name, parameter in named.named_parameters() if parameter.requires_grad
        }
        self.slots: dict[str, dict[str, torch.Tensor]] = {name: {} for name in names.values()}
        for slot, vector, is_used in zip(SLOTS[recipe.optimizer], self.kept, used, strict=True):
            for parameter, view in _pairs(owners, places, vector) if is_used else ():
                if parameter in names:
                    self.slots[names[parameter]][slot] = view
        norms = [(s, here["AVERAGES"]) for s, here in zip(stages, schedule.places, strict=True) if s.averages]
        self._views += _averages(averaging_of(module), norms, self.averages)

    @torch.no_grad()
    def read(self) -> None:
        """Take the module's weights and running averages."""
        for parameter, view in self._views:
            view.copy_(parameter)

    @torch.no_grad()
    def write(self) -> None:
        """Give the module the weights and running averages."""
        for parameter, view in self._views:
            parameter.copy_(view)


def _pairs(
    owners: list[nn.Module], places: list[tuple[Stage, int]], vector: torch.Tensor
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return each parameter with its view of a vector."""
    pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
    for owner, (stage, at) in zip(owners, places, strict=True):
        own = dict(owner.named_parameters(recurse=False))
        end = at + stage.lines * stage.line
        view = vector[at:end].view(stage.lines, stage.line) if stage.kind in MATRICES else vector[at:end]
        pairs.append((own["weight"], view.t() if stage.kind == LINEAR else view))
        if stage.bias:
            pairs.append((own["bias"], vector[end : end + stage.line]))
    return pairs


def _averages(
    norms: list[nn.BatchNorm1d], places: list[tuple[Stage, int]], vector: torch.Tensor
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return each running mean and variance with its view of a vector."""
    pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
    for norm, (stage, at) in zip(norms, places, strict=True):
        assert norm.running_mean is not None and norm.running_var is not None
        middle = at + stage.outputs
        pairs.append((norm.running_mean, vector[at:middle]))
        pairs.append((norm.running_var, vector[middle : middle + stage.outputs]))
    return pairs
