"""Lion, an optimizer that torch has not, as torch writes its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

# mypy: disable-error-code="no-untyped-call, no-untyped-def, untyped-decorator, misc"


class Lion(torch.optim.Optimizer):
    """Move each weight by lr in the direction of the sign of an average of gradients.

    Source: X. Chen et al., Symbolic discovery of optimization algorithms (2023), algorithm 2.

    Args:
        params: what is fitted.
        lr: the learning rate.
        betas: of the average whose sign is taken, and of the one that is kept.
        weight_decay: decoupled from the gradient, as in AdamW.
    """

    def __init__(
        self,
        params: Iterable[torch.Tensor],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make an update."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, group)
        return loss

    def _move(self, parameter: torch.Tensor, group: dict[str, Any]) -> None:
        state, (beta1, beta2), gradient = self.state[parameter], group["betas"], parameter.grad
        assert gradient is not None
        if not state:
            state["exp_avg"] = torch.zeros_like(parameter)
        average = state["exp_avg"]
        if group["weight_decay"] != 0:
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
        direction = average.lerp(gradient, 1 - beta1).sign_()
        parameter.add_(direction, alpha=-group["lr"])
        average.lerp_(gradient, 1 - beta2)
