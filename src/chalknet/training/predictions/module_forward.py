"""The forward pass of a module by torch, in evaluation mode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import nn

from chalknet.hardware import checked_device
from chalknet.training.choice.fitted_model import first_yhat, forward
from chalknet.training.record.module_use import evaluation_mode

Array = npt.NDArray[Any]

_ROWS_AT_A_TIME = 8192


@dataclass(frozen=True)
class ModuleForward:
    """A module as it maps new rows: Dropout off.

    Args:
        module: on the device on which it stays.
        whole_numbers: whether it takes x as int64; None where that is to be found out with its first row.
    """

    module: nn.Module
    whole_numbers: bool | None

    def __call__(self, blocks: Iterable[Array]) -> Array:
        """Return yhat of the rows of some blocks."""
        found: Array = torch.cat(list(self._mapped(blocks))).numpy()
        return found

    def _mapped(self, blocks: Iterable[Array]) -> Iterator[torch.Tensor]:
        parameter = next(iter(self.module.parameters()), torch.empty(0))
        checked_device(parameter.device)
        dtype = None
        with evaluation_mode(self.module):
            for block in blocks:
                for part in torch.split(torch.from_numpy(block), _ROWS_AT_A_TIME):
                    dtype = dtype or self._input_dtype(part)
                    yield forward(self.module, part.to(parameter.device, dtype)).cpu()

    def _input_dtype(self, x: torch.Tensor) -> torch.dtype:
        """Return the dtype in which the module takes x: as the fit found it, or as its first row shows."""
        if self.whole_numbers is None:
            return first_yhat(self.module, x[:1])[1]
        return torch.int64 if self.whole_numbers else next(self.module.parameters()).dtype

    def activation(self, kind: str, values: Array) -> Array:
        """Return softmax, sigmoid or exp of what the module gave."""
        of: Any = _FUNCTIONS[kind]
        found: Array = of(torch.from_numpy(values)).numpy()
        return found


_FUNCTIONS: Mapping[str, Any] = {
    "softmax": lambda raw: raw.softmax(dim=1),
    "sigmoid": torch.sigmoid,
    "exp": torch.exp,
}
