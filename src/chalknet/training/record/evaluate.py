"""The metric of a module over a whole data set."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from chalknet.data import Source
from chalknet.engine import ProcessGroup, WeightedLoss, loss_function, unpacked
from chalknet.hardware import evaluation_rows
from chalknet.module import RandomStream, draws_from_default
from chalknet.planning import Recipe
from chalknet.training.record.module_use import evaluation_mode

# Loss.decision -> whether each row of yhat is right about y.
_RIGHT: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "above 0.5": lambda yhat, y: (yhat > 0.5) == (y > 0.5),
    "above 0": lambda yhat, y: (yhat > 0) == (y > 0.5),
    "largest": lambda yhat, y: yhat.argmax(dim=1) == y,
}


class FoundOver(NamedTuple):
    """What is found over all of a source: the metric, accuracy or error, and the mean loss.

    The loss is the one that is fitted, without penalties; it weighs the samples as the fit does, and so does
    an error. An accuracy counts each sample once.
    """

    metric: float
    loss: float


@dataclass
class Collected:
    """What a network gave for all rows of a source, and the truth, block by block."""

    _yhat: list[torch.Tensor] = field(default_factory=list)
    _y: list[torch.Tensor] = field(default_factory=list)

    def add(self, yhat: torch.Tensor, y: torch.Tensor) -> None:
        """Keep a block."""
        self._yhat.append(yhat.detach().cpu())
        self._y.append(y.cpu())

    @property
    def raw(self) -> npt.NDArray[Any]:
        """Return what the network gave, `(n, ...)`."""
        return _array(self._yhat)

    @property
    def y(self) -> npt.NDArray[Any]:
        """Return the truth, `(n, ...)`."""
        return _array(self._y)


def _array(blocks: list[torch.Tensor]) -> npt.NDArray[Any]:
    whole = torch.cat(blocks)
    half = whole.dtype in (torch.bfloat16, torch.float16)  # numpy has no bfloat16
    return np.asarray((whole.float() if half else whole).numpy())


def evaluate(
    module: nn.Module,
    source: Source,
    recipe: Recipe,
    device: torch.device,
    group: ProcessGroup,
    collected: Collected | None = None,
) -> FoundOver:
    """Return the accuracy, or for a regression the mean loss, over all of a source, and the loss.

    Where the module or the source may draw random numbers, they are those that follow the recipe's seed.

    Args:
        module: mapped in evaluation mode (Dropout off), then put back into its modes.
        source: samples with targets as the recipe's loss wants them.
        recipe: tells which metric.
        device: where the module is.
        group: the processes, of which each maps its share of the rows.
        collected: gets yhat and y of all rows, which each process maps then; None to keep nothing.
    """
    row = recipe.loss_row
    error_of = WeightedLoss(recipe, "none") if recipe.weighs else loss_function(recipe, reduction="none")
    right = _RIGHT.get(row.decision)
    sums = [0.0] * 4
    draws = draws_from_default(module) or not source.is_repeatable
    with evaluation_mode(module), RandomStream(recipe.seed, device).lent() if draws else nullcontext():
        rows = evaluation_rows(module)
        lanes = (group.rank, group.rank + 1) if collected is None else (0, group.size)
        first, stop = (len(source) * lane // group.size for lane in lanes)
        for start in range(first, stop, rows):
            x, y = source.take(slice(start, min(start + rows, stop)))
            yhat, y = module(x.to(device)), y.to(device)
            losses = error_of(yhat, y).double() if bool(yhat.isfinite().all()) else yhat.double() * torch.nan
            plain = y
            if recipe.weighs:
                plain, _ = unpacked(yhat, y, classes=row.target == "class", outputs=row.outputs)
            if collected is not None:
                collected.add(yhat, plain)
            values = right(yhat, plain).double() if right else losses
            for place, each in enumerate((values, losses)):
                sums[2 * place] += each.sum().item()
                sums[2 * place + 1] += each.numel()
    metrics, counted, losses_, of = group.total(sums)
    return FoundOver(metrics / counted, losses_ / of)
