"""The optimizers, one row each, with torch's own options and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

OptionValue: TypeAlias = float | bool | str | tuple[float, float] | None


@dataclass(frozen=True)
class Optimizer:
    """One optimizer of `torch.optim`.

    Args:
        name: the name used everywhere in chalknet.
        torch_class: the class of `torch.optim`, or `module.Class` for one from elsewhere.
        lr: torch's default learning rate.
        options: the other options and torch's defaults of them.
        choices: for an option that is a word, the words.
        whole_batch: whether it takes all samples an update, which it maps several times.
    """

    name: str
    torch_class: str
    lr: float
    options: Mapping[str, OptionValue]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole_batch: bool = False


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
    Optimizer(
        "adagrad",
        "Adagrad",
        1e-2,
        {"lr_decay": 0.0, "weight_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10},
    ),
    Optimizer(
        "nadam",
        "NAdam",
        2e-3,
        {
            "betas": (0.9, 0.999),
            "eps": 1e-8,
            "weight_decay": 0.0,
            "momentum_decay": 4e-3,
            "decoupled_weight_decay": False,
        },
    ),
    Optimizer("lion", "chalknet.engine.lion.Lion", 1e-4, {"betas": (0.9, 0.99), "weight_decay": 0.0}),
    Optimizer(
        "lbfgs",
        "LBFGS",
        1.0,
        {
            "max_iter": 20,
            "max_eval": None,
            "tolerance_grad": 1e-7,
            "tolerance_change": 1e-9,
            "history_size": 100,
            "line_search_fn": None,
        },
        {"line_search_fn": ("strong_wolfe",)},
        whole_batch=True,
    ),
)

OPTIMIZERS: Mapping[str, Optimizer] = {row.name: row for row in _ROWS}
