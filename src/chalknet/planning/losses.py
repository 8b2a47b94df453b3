"""The losses, one row each, under torch's own definitions."""

from __future__ import annotations

from dataclasses import dataclass

from chalknet.network import name_of_row


@dataclass(frozen=True)
class Loss:
    """One loss: all that planning, fitting and evaluating know of it.

    Args:
        name: the name used everywhere in chalknet.
        aliases: other spellings read as this one.
        torch_class: the class of `torch.nn`, or `module.Class` for one from elsewhere; it takes `reduction`.
        formula: the loss of one value as a Python expression in `yhat`, `y` and the names of
            `FORMULA_FUNCTIONS`; for class numbers, of a row z of yhat.
        gradient: its derivative in yhat, in the same language.
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
    gradient: str
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
        "(y - 1) * max(log1p(-yhat), -100) - y * max(log(yhat), -100)",  # the guards are torch's own
        "(yhat - y) / max((1 - yhat) * yhat, 1e-12)",
        "probability",
        "accuracy",
        "above 0.5",
        wants=("sigmoid", "softmax"),
    ),
    Loss(
        "bce_logits",
        ("bce_with_logits", "binary_cross_entropy_with_logits"),
        "BCEWithLogitsLoss",
        "(1 - y) * yhat + max(-yhat, 0) + log1p(exp(-abs(yhat)))",
        "1 / (1 + exp(-yhat)) - y",
        "probability",
        "accuracy",
        "above 0",
        applies=("sigmoid", "softmax"),
    ),
    Loss(
        "cross_entropy",
        ("ce",),
        "CrossEntropyLoss",
        "log(sum(exp(z))) - z[y]",
        "exp(z) / sum(exp(z)) - (i == y)",
        "class",
        "accuracy",
        "largest",
        applies=("softmax", "sigmoid"),
    ),
    Loss("mse", ("squared_error", "l2"), "MSELoss", "(yhat - y) ** 2", "2 * (yhat - y)", "real", "error"),
    Loss(
        "l1",
        ("mae", "absolute_error"),
        "L1Loss",
        "abs(yhat - y)",
        "-1 if yhat < y else 1 if yhat > y else 0",
        "real",
        "error",
    ),
    Loss(
        "huber",
        (),
        "HuberLoss",
        "abs(yhat - y) - 1 / 2 if abs(yhat - y) > 1 else (yhat - y) ** 2 / 2",
        "max(min(yhat - y, 1), -1)",
        "real",
        "error",
    ),
)

LOSSES: dict[str, Loss] = {row.name: row for row in _ROWS}
"""The rows by name. A row that is added here is known everywhere."""


def loss_name(spelling: str) -> str | None:
    """Return the name of the loss that is spelled so (`MSELoss`, `ce`, `bce_logits_loss`), or None."""
    rows = LOSSES.values()
    return name_of_row(rows, spelling) or name_of_row(rows, spelling.strip().lower().removesuffix("loss"))
