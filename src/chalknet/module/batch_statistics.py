"""The layers whose result for a sample depends on the other samples of its batch."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def batch_statistics(module: nn.Module) -> tuple[str, ...]:
    """Return the layers that take mean and variance over a batch in training, such as "1 (BatchNorm1d)".

    One that is in evaluation mode uses the running mean and variance that it has, and is not among them.

    Args:
        module: in the modes in which it is fitted.
    """
    return tuple(
        f"{name or 'itself'} ({type(layer).__name__})"
        for name, layer in module.named_modules()
        if isinstance(layer, _BatchNorm) and (layer.training or layer.running_mean is None)
    )
