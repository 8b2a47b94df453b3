"""What a user adds from outside: activations and losses, one row each."""

import torch
from torch import nn

from chalknet.network import ActivationKind
from chalknet.planning import Loss


class Snake(nn.Module):
    """z + sin(z)^2 written with what a formula has: a rational bump in its place."""

    def __init__(self, steepness: float = 2.0) -> None:
        super().__init__()
        self.steepness = steepness

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return z + 1 / (1 + self.steepness * z * z)


class LogCosh(nn.Module):
    """log(cosh(yhat - y))."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, yhat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        away = (yhat - y).abs()
        losses = away + torch.log1p(torch.exp(-2 * away)) - torch.log(torch.tensor(2.0, dtype=away.dtype))
        return {"mean": losses.mean, "sum": losses.sum, "none": lambda: losses}[self.reduction]()


CELU = ActivationKind(
    "celu",
    ("celoo",),
    "celu",
    "CELU",
    "z if z > 0 else alpha * expm1(z / alpha)",
    "1 if z > 0 else exp(z / alpha)",
    {"alpha": 1.0},
    inplace=True,
    onnx="Celu",
    onnx_options={"alpha": "alpha"},
)
SNAKE = ActivationKind(
    "snake",
    (),
    "snake",
    f"{__name__}.Snake",
    "z + 1 / (1 + steepness * z**2)",
    "1 - 2 * steepness * z / (1 + steepness * z**2) ** 2",
    {"steepness": 2.0},
)
WINDING = ActivationKind("winding", (), "winding", "Tanhshrink", "z - fabs(z)", "1 - abs(z)")
SOFT_MARGIN = Loss(
    "soft_margin",
    ("logistic_loss",),
    "SoftMarginLoss",
    "log1p(exp(-y * yhat))",
    "-y / (1 + exp(y * yhat))",
    "real",
    "error",
)
LOG_COSH = Loss(
    "log_cosh",
    (),
    f"{__name__}.LogCosh",
    "abs(yhat - y) + log1p(exp(-2 * abs(yhat - y))) - log(2)",
    "tanh(yhat - y)",
    "real",
    "error",
)
