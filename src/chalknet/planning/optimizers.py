"""The optimizers, one row each, with torch's own options and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

OptionValue: TypeAlias = float | bool | tuple[float, float]


@dataclass(frozen=True)
class Optimizer:
    """One optimizer of `torch.optim`.

    Args:
        name: the name used everywhere in chalknet.
        torch_class: the class of `torch.optim`.
        lr: torch's default learning rate.
        options: the other options and torch's defaults of them.
    """

    name: str
    torch_class: str
    lr: float
    options: Mapping[str, OptionValue]


_ADAM: dict[str, OptionValue] = {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "amsgrad": False}
_ROWS = (
    Optimizer(
        "sgd", "SGD", 1e-3, {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}
    ),
    Optimizer("adam", "Adam", 1e-3, _ADAM),
    Optimizer("adamw", "AdamW", 1e-3, {**_ADAM, "weight_decay": 1e-2}),
    Optimizer(
        "rmsprop",
        "RMSprop",
        1e-2,
        {"alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0, "centered": False},
    ),
)

OPTIMIZERS: Mapping[str, Optimizer] = {row.name: row for row in _ROWS}
