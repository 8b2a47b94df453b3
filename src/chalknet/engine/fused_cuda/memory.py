"""What lies on the device besides the weights: the samples, and the memory of a launch."""

from __future__ import annotations

import numpy as np
import torch

from chalknet.engine.fused_cpu.samples import Samples
from chalknet.engine.fused_cuda.schedules import KernelPlan
from chalknet.engine.orders import Rows


class LaunchMemory:
    """The memory of a launch besides samples and weights.

    Args:
        schedule: how much of it there is.
        batch: samples of a batch.
        like: an empty tensor of the type and device.
    """

    def __init__(self, schedule: KernelPlan, batch: int, like: torch.Tensor) -> None:
        def zeros(numbers: int, dtype: torch.dtype) -> torch.Tensor:
            return like.new_zeros(max(numbers, 1), dtype=dtype)

        self._zeros = zeros
        self.work = zeros(schedule.work, like.dtype)
        self.parts = zeros(-(-batch // schedule.constants["TILE_ROWS"]), torch.float64)
        self.sums = zeros(2 * schedule.launch.blocks, torch.float64)
        self.counter, self.made = zeros(0, torch.int32), zeros(0, torch.int64)
        self._losses = zeros(0, torch.float64)
        self._order: tuple[Rows, torch.Tensor] = (np.empty(0, dtype=np.int64), zeros(0, torch.int32))

    def order_of(self, rows: Rows) -> torch.Tensor:
        """Return the rows ahead on the device; those of the launch before are there already."""
        if rows is not self._order[0]:
            self._order = rows, torch.from_numpy(rows).to(self._order[1])
        return self._order[1]

    def losses_of(self, updates: int) -> torch.Tensor:
        """Return room for the losses of so many updates."""
        if len(self._losses) < updates:
            self._losses = self._zeros(updates, torch.float64)
        return self._losses


class DeviceSamples:
    """Samples on the device, as flat rows.

    Args:
        taken: the samples as flat arrays.
        like: an empty tensor of the type and device.

    Attributes:
        count: how many there are.
        tensors: x, y or class numbers, and what each sample weighs.
    """

    def __init__(self, taken: Samples, like: torch.Tensor) -> None:
        def there(array: Rows) -> torch.Tensor:
            tensor = torch.from_numpy(array).to(like.device)
            return tensor if tensor.data_ptr() % 16 == 0 else tensor.clone()  # wide copies begin there

        y = taken.classes if len(taken.classes) else taken.y
        self.taken, self.count = taken, len(y) // taken.targets
        self.tensors = there(taken.x), there(y), there(taken.weights)
