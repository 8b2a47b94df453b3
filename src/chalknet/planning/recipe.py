"""A Recipe: how a network is asked to be fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

from chalknet.errors import InvalidValue, checked_seed, invalid, look_up, unknown_name
from chalknet.planning.losses import LOSSES, Loss
from chalknet.planning.optimizers import OPTIMIZERS, Optimizer, OptionValue
from chalknet.planning.torch_objects import loss_of, optimizer_of
from chalknet.tables import Shown

BUDGET_UNITS = ("updates", "epochs", "samples", "seconds")
REDUCTIONS = ("mean", "sum")
_REDUCTIONS = {name: name for name in REDUCTIONS}
_LARGEST = 3.4e38  # of float32, in which torch keeps the numbers of a fit


@dataclass(frozen=True)
class Budget:
    """How long a fit goes on: so many updates, epochs, samples or seconds of training."""

    unit: str
    amount: float


@dataclass(frozen=True, repr=False)
class Recipe(Shown):
    """What was asked of a fit; checked when it is made.

    Args:
        loss: bce, bce_logits, cross_entropy, mse, l1 or huber; or torch's class or instance of one of them,
            such as `nn.BCELoss()`. Kept as the name.
        optimizer: sgd, adam, adamw or rmsprop; or torch's class or an instance, whose settings are taken.
            Kept as the name.
        optimizer_options: that optimizer's own options by torch's names; the others are torch's defaults.
        lr: the learning rate; None for torch's default of this optimizer.
        batch_size: samples an update: None for all of them (gradient descent), 1, or any number between.
        updates: how many updates; of updates, epochs, samples and seconds exactly one is given.
        epochs: how many times every sample is seen.
        samples: at least how many samples are seen.
        seconds: how many seconds of training time, to the next update.
        shuffle: whether each epoch has a new order.
        drop_last: whether a short last batch is left out.
        reduction: "mean" or "sum" of the losses of an update's own samples; None for the mean. It is
            "sum" too where torch's instance given as the loss was made with reduction="sum".
        seed: of the weights, the orders and Dropout: `torch.manual_seed(seed)` before the network is built.
        target_loss: stop at the first update whose loss is at most this.

    Raises:
        UnknownName: for a loss, optimizer or option that is in no table.
        InvalidValue: for a number out of its range, no budget, or two.

    Example:
        >>> Recipe(loss="bce", batch_size=2048, updates=700).lr
        0.001
    """

    loss: str
    optimizer: str = "sgd"
    optimizer_options: Mapping[str, OptionValue] = field(default_factory=dict)
    lr: float | None = None
    batch_size: int | None = None
    updates: int | None = None
    epochs: int | None = None
    samples: int | None = None
    seconds: float | None = None
    shuffle: bool = False
    drop_last: bool = False
    reduction: str | None = None
    seed: int = 0
    target_loss: float | None = None

    def __post_init__(self) -> None:
        loss, optimizer = loss_of(self.loss), optimizer_of(self.optimizer)
        row = OPTIMIZERS[optimizer.name]
        settings = {
            "loss": loss.name,
            "optimizer": optimizer.name,
            "reduction": _reduction(self.reduction, loss.reduction),
            "lr": _one_of("lr", self.lr, optimizer.lr, row.lr),
            "optimizer_options": {**optimizer.options, **self.optimizer_options},
        }
        for name, value in settings.items():
            object.__setattr__(self, name, value)
        _check_options(row, self.optimizer_options)
        _check_numbers(self)
        _check_budget(self)
        for name, plain in _PLAIN.items():  # numpy's numbers become Python's
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else plain(value))

    @property
    def budget(self) -> Budget:
        """Return the one budget that was given."""
        unit, amount = next(iter(_given_budgets(self).items()))
        return Budget(unit, amount)

    @property
    def loss_row(self) -> Loss:
        """Return the row of the table of losses."""
        return LOSSES[self.loss]

    @property
    def optimizer_row(self) -> Optimizer:
        """Return the row of the table of optimizers."""
        return OPTIMIZERS[self.optimizer]


def _reduction(given: object, carried: str | None) -> str:
    """Return the reduction: torch's instances carry "mean" unless they were made with another one."""
    rows = [
        look_up(_REDUCTIONS, name, "reduction", "reduction") for name in (given, carried) if name is not None
    ]
    return "sum" if "sum" in rows else "mean"


def _one_of(name: str, given: object, carried: object, default: object) -> object:
    """Return the value of an option that was given, or that torch's instance carries, or the default."""
    if given is not None and carried is not None and given != carried:
        raise InvalidValue(
            where=name,
            got=f"{given!r} beside an instance of torch's with {carried!r}",
            wanted="one of the two",
            remedy=f"Leave {name} out, or give the class instead of the instance.",
        )
    return default if given is None and carried is None else carried if given is None else given


def _given_budgets(recipe: Recipe) -> dict[str, float]:
    amounts = {unit: getattr(recipe, unit) for unit in BUDGET_UNITS}
    return {unit: amount for unit, amount in amounts.items() if amount is not None}


def _check_budget(recipe: Recipe) -> None:
    given = _given_budgets(recipe)
    if len(given) != 1:
        raise InvalidValue(
            where="how long to fit",
            got=" and ".join(f"{unit}={amount}" for unit, amount in given.items()) or "no budget",
            wanted=f"exactly one of {', '.join(BUDGET_UNITS)}",
            remedy="Say for instance updates=700 (--updates 700).",
        )
    unit, amount = next(iter(given.items()))
    whole = unit == "seconds" or _is_whole(amount)
    if not whole or not _is_finite(amount) or amount <= 0:
        raise invalid(
            unit, amount, "a number above 0" if unit == "seconds" else "a whole number of at least 1"
        )


_PLAIN: dict[str, Callable[..., object]] = {
    **dict.fromkeys(("batch_size", "updates", "epochs", "samples", "seed"), int),
    **dict.fromkeys(("lr", "seconds", "target_loss"), float),
    "optimizer_options": lambda options: {name: _plain(value) for name, value in options.items()},
}


def _plain(value: Any) -> OptionValue:
    if isinstance(value, bool):
        return value
    return (float(value[0]), float(value[1])) if isinstance(value, tuple | list) else float(value)


def _check_numbers(recipe: Recipe) -> None:
    for name in ("shuffle", "drop_last"):
        if not isinstance(getattr(recipe, name), bool):
            raise invalid(name, getattr(recipe, name), "True or False")
    if not _is_finite(recipe.lr) or recipe.lr < 0:  # type: ignore[operator]
        raise invalid("lr", recipe.lr, "a finite learning rate of at least 0")
    if recipe.batch_size is not None and (not _is_whole(recipe.batch_size) or recipe.batch_size < 1):
        raise invalid(
            "batch_size",
            recipe.batch_size,
            "a whole number of at least 1, or None (all) for gradient descent",
        )
    checked_seed(recipe.seed)
    if recipe.target_loss is not None and not _is_finite(recipe.target_loss):
        raise invalid("target_loss", recipe.target_loss, "a finite number")


def _check_options(row: Optimizer, options: Mapping[str, OptionValue]) -> None:
    for name, value in options.items():
        if name not in row.options:
            known = [
                *row.options,
                *(field for field in Recipe.__dataclass_fields__ if field != "optimizer_options"),
            ]
            raise unknown_name(f"optimizer {row.name}", "option", name, known)
        default = row.options[name]
        pair = isinstance(default, tuple)
        if pair and not (isinstance(value, tuple | list) and len(value) == 2 and all(map(_is_finite, value))):
            raise invalid(name, value, "a pair of numbers, such as (0.9, 0.999)")
        if isinstance(default, bool) and not isinstance(value, bool):
            raise invalid(name, value, "True or False")
        if not pair and not isinstance(default, bool) and not (_is_finite(value) and value >= 0):  # type: ignore[operator]
            raise invalid(name, value, "a finite number of at least 0")
    if options.get("nesterov") and (not options.get("momentum") or options.get("dampening")):
        raise invalid("nesterov", True, "a momentum above 0 and no dampening beside it")


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_finite(value: object) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    return bool(-_LARGEST <= value <= _LARGEST)  # type: ignore[operator]  # numpy's floats are Real too
