"""How many multiply-adds a module makes of what it maps, counted by torch while it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class CountedMultiplyAdds(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Count the multiply-adds of products, convolutions, attention and LSTMs in the body.

    Attributes:
        multiply_adds: counted so far; an operation that torch has no formula for counts nothing.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.multiply_adds = 0

    def __torch_dispatch__(
        self, func: Any, types: object, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run one operation, and add what it multiplies."""
        found = func(*args, **(kwargs or {}))
        count = _COUNTS.get(func._overloadpacket)
        if count is not None:
            with suppress(Exception):  # shapes that the formula was not written for
                self.multiply_adds += int(count(*args, **(kwargs or {}), out_val=found)) // 2
        return found


def _lstm_flops(x: torch.Tensor, *rest: torch.Tensor, out_val: object, **_: object) -> int:
    """Return the flops of oneDNN's LSTM: each step of a sequence meets its two matrices of weights once."""
    steps = x.numel() // x.shape[-1]
    return 2 * steps * (rest[0].numel() + rest[1].numel())


_COUNTS: Mapping[object, Callable[..., Any]] = {
    **flop_registry,
    torch.ops.aten.mkldnn_rnn_layer: _lstm_flops,
}
