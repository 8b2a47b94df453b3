"""The losses, one row each, under torch's own definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from chalknet.errors import unknown_name
from chalknet.network import name_of_row
from chalknet.planning.spelled import RowSetting, name_and_words, settings_of, spelled

OWN = "callable:"  # what the name of a loss begins with that is a function of the user's


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
        target: what y must be: "probability" (between 0 and 1), "real", "class" (a class number), or "any" (a
            class number where yhat has several numbers for one whole number of y, else "real").
        metric: what is evaluated on whole data sets: "accuracy" (a share) or "error" (the mean loss).
        decision: for an accuracy, how yhat is read as a class: "above 0.5", "above 0" or "largest".
        wants: activations the network must end with, empty when any will do.
        applies: activations the loss applies itself, so that a network ending with one has it twice.
        settings: the numbers that it takes, written `pinball(0.9)`.
        options: their values, the defaults where none are given; torch's arguments of the same names.
        spread_gradient: for a loss of two numbers of yhat for one of y, the derivative in the second one,
            which formulas call `spread`: the outputs are all first ones, then all second ones.
        least: the smallest target that there can be.
        link: the activation that turns yhat into a value in the target's own unit; empty where it is one.
        function: the callable itself, where it is one of the user's.
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
    settings: Mapping[str, RowSetting] = field(default_factory=dict)
    options: Mapping[str, float] = field(default_factory=dict)
    spread_gradient: str = ""
    least: float = -inf
    link: str = ""
    function: Callable[..., Any] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        defaults = {name: setting.default or 0.0 for name, setting in self.settings.items()}
        object.__setattr__(self, "options", {**defaults, **self.options})

    @property
    def outputs(self) -> int:
        """Return how many numbers yhat has for one of y."""
        return 2 if self.spread_gradient else 1


_P = "(1 / (1 + exp(-yhat)))"
_LOGITS = "((1 - y) * yhat + max(-yhat, 0) + log1p(exp(-abs(yhat))))"
_MISSED = f"max({_P} + y - 2 * {_P} * y, 1e-30)"  # the probability of the other class
_VARIANCE = "max(exp(spread), 1e-6)"  # the guard is torch's own
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
        "delta * (abs(yhat - y) - delta / 2) if abs(yhat - y) > delta else (yhat - y) ** 2 / 2",
        "delta * max(min((yhat - y) / delta, 1), -1)",
        "real",
        "error",
        settings={"delta": RowSetting(1.0, 0, open=True)},
    ),
    Loss(
        "nll",
        ("negative_log_likelihood",),
        "NLLLoss",
        "-z[y]",
        "-(i == y)",
        "class",
        "accuracy",
        "largest",
        wants=("log_softmax",),
    ),
    Loss(
        "focal_cross_entropy",
        ("focal_ce",),
        "chalknet.module.losses.FocalCrossEntropyLoss",
        "-(1 - p[y]) ** gamma * log(p[y])",
        "((1 - p[y]) ** gamma - gamma * (1 - p[y]) ** (gamma - 1) * p[y] * log(p[y])) * (p - (i == y))",
        "class",
        "accuracy",
        "largest",
        applies=("softmax", "sigmoid"),
        settings={"gamma": RowSetting(2.0)},
    ),
    Loss(
        "focal",
        ("sigmoid_focal", "binary_focal"),
        "chalknet.module.losses.FocalLoss",
        f"{_LOGITS} * exp(gamma * log({_MISSED}))",
        f"exp(gamma * log({_MISSED})) "
        f"* ({_P} - y + gamma * {_LOGITS} * {_P} * (1 - {_P}) * (1 - 2 * y) / {_MISSED})",
        "probability",
        "accuracy",
        "above 0",
        applies=("sigmoid", "softmax"),
        settings={"gamma": RowSetting(2.0)},
    ),
    Loss(
        "poisson",
        ("poisson_nll",),
        "PoissonNLLLoss",
        "exp(yhat) - y * yhat",
        "exp(yhat) - y",
        "real",
        "error",
        least=0.0,
        link="exp",
    ),
    Loss(
        "pinball",
        ("quantile",),
        "chalknet.module.losses.PinballLoss",
        "q * (y - yhat) if y > yhat else (q - 1) * (y - yhat)",
        "-q if y > yhat else 1 - q",
        "real",
        "error",
        settings={"q": RowSetting(0.5, 0, 1, open=True)},
    ),
    Loss(
        "gaussian_nll",
        ("gaussian",),
        "chalknet.module.losses.GaussianLoss",
        f"(log({_VARIANCE}) + (yhat - y) ** 2 / {_VARIANCE}) / 2",
        f"(yhat - y) / {_VARIANCE}",
        "real",
        "error",
        spread_gradient=f"(1 - (yhat - y) ** 2 / {_VARIANCE}) * exp(spread) / {_VARIANCE} / 2",
    ),
)

LOSSES: dict[str, Loss] = {row.name: row for row in _ROWS}
"""The rows by name. A row that is added here is known everywhere."""


def loss_name(spelling: str) -> str | None:
    """Return the name of the loss that is spelled so (`MSELoss`, `ce`, `bce_logits_loss`), or None."""
    rows = LOSSES.values()
    return name_of_row(rows, spelling) or name_of_row(rows, spelling.strip().lower().removesuffix("loss"))


def settled_loss(spelling: str) -> str:
    """Return the text by which a recipe keeps a loss: its name, and the settings that are not the defaults.

    Raises:
        UnknownName: for a loss or a setting without a row.
        InvalidValue: for a setting that it cannot have.
    """
    if spelling.startswith(OWN):
        return spelling
    words, inner = name_and_words(spelling)
    name = loss_name(words)
    if name is None:
        raise unknown_name("loss", "loss", spelling, LOSSES)
    known = LOSSES[name].settings
    return spelled(name, settings_of(name, inner, known), known)


def row_of(loss: str) -> Loss:
    """Return the row of a loss as a recipe keeps it, with the values of its settings."""
    if loss.startswith(OWN):
        return _own_row(loss)
    name, inner = name_and_words(loss)
    row = LOSSES[name]
    if not row.settings:
        return row
    return replace(row, options=settings_of(name, inner, row.settings))


class OwnLoss(str):
    """The name of a callable that was given as the loss, which holds the callable.

    Of a kept run the name alone is read, as a plain text.
    """

    function: Callable[..., Any]

    @classmethod
    def of(cls, function: Callable[..., Any]) -> OwnLoss:
        """Return the name of a callable."""
        own = cls(f"{OWN}{getattr(function, '__name__', type(function).__name__)}")
        own.function = function
        return own

    def __deepcopy__(self, memo: object) -> OwnLoss:
        return self


def _own_row(loss: str) -> Loss:
    """Return the row of a callable: torch's own losses with other settings are read as their row is."""
    function = getattr(loss, "function", None)
    name = loss_name(loss.removeprefix(OWN))
    if name is not None:
        return replace(LOSSES[name], name=str(loss), torch_class="", function=function)
    return Loss(str(loss), (), "", "", "", "any", "error", function=function)
