"""The losses, one row each, under torch's own definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Loss:
    """One loss.

    Args:
        name: the name used everywhere in chalknet.
        aliases: other spellings read as this one.
        torch_class: the class of `torch.nn`.
        formula: the loss of one value, in yhat (p a probability, z a logit) and y.
        target: what y must be: "probability" (between 0 and 1), "real" or "class" (a class number).
        metric: what is evaluated on whole data sets: "accuracy" (a share) or "error" (the mean loss).
        decision: for an accuracy, how yhat is read as a class: "above 0.5", "above 0" or "largest".
        wants: activations the network must end with, empty when any will do.
        applies: activations the loss applies itself, so that a network ending with one has it twice.
    """

    name: str
    aliases: tuple[str, ...]
    torch_class: str
    formula: str
    target: str
    metric: str
    decision: str = ""
    wants: tuple[str, ...] = ()
    applies: tuple[str, ...] = ()


_ROWS = (
    Loss(
        "bce",
        ("binary_cross_entropy",),
        "BCELoss",
        "-(y log p + (1 - y) log(1 - p))",
        "probability",
        "accuracy",
        "above 0.5",
        wants=("sigmoid", "softmax"),
    ),
    Loss(
        "bce_logits",
        ("bce_with_logits", "binary_cross_entropy_with_logits"),
        "BCEWithLogitsLoss",
        "log(1 + exp(z)) - y z",
        "probability",
        "accuracy",
        "above 0",
        applies=("sigmoid", "softmax"),
    ),
    Loss(
        "cross_entropy",
        ("ce",),
        "CrossEntropyLoss",
        "log(sum(exp(z))) - z_y",
        "class",
        "accuracy",
        "largest",
        applies=("softmax", "sigmoid"),
    ),
    Loss("mse", ("squared_error", "l2"), "MSELoss", "(yhat - y)^2", "real", "error"),
    Loss("l1", ("mae", "absolute_error"), "L1Loss", "|yhat - y|", "real", "error"),
    Loss("huber", (), "HuberLoss", "(yhat - y)^2 / 2 near 0, |yhat - y| - 1/2 beyond 1", "real", "error"),
)

LOSSES: Mapping[str, Loss] = {row.name: row for row in _ROWS}
LOSS_SPELLINGS = {
    spelling.replace("_", ""): row.name
    for row in _ROWS
    for spelling in (row.name, *row.aliases, row.torch_class.lower(), f"{row.name}_loss")
}
