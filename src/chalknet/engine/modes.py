"""The network of a module whose layers are in training or in evaluation mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from chalknet.network import Dropout, Network, Residual, Step


def in_modes(network: Network, module: nn.Module) -> Network:
    """Return the network of a module; a Dropout in evaluation mode drops nothing."""
    modes = iter([leaf.training for leaf in module.modules() if isinstance(leaf, nn.Dropout)])

    def changed(steps: Sequence[Step]) -> tuple[Step, ...]:
        return tuple(
            replace(step, steps=changed(step.steps))
            if isinstance(step, Residual)
            else replace(step, p=step.p * next(modes))
            if isinstance(step, Dropout)
            else step
            for step in steps
        )

    return replace(network, steps=changed(network.steps))
