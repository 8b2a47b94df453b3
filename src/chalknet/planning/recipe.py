"""What was asked: a Recipe, how a network is to be fitted; RunOptions, where, by what, how precisely."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
from types import NoneType
from typing import Any

from chalknet.errors import InvalidValue, checked_seed, invalid, look_up, unknown_name, whole_number
from chalknet.planning.losses import Loss, row_of
from chalknet.planning.optimizers import OPTIMIZERS, Optimizer, OptionValue
from chalknet.planning.schedules import ChosenSchedule, check_length, schedule_of
from chalknet.planning.start import checked_init
from chalknet.planning.torch_objects import loss_of, optimizer_of
from chalknet.planning.weighing import checked_class_weight, checked_column
from chalknet.tables import Shown
from chalknet.units import DTYPES

WATCHED = ("held_out_loss", "held_out", "train_loss", "train")
BUDGET_UNITS = ("updates", "epochs", "samples", "seconds")
REDUCTIONS = ("mean", "sum")
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
        loss: bce, bce_logits, cross_entropy, nll, focal(gamma), focal_cross_entropy(gamma), mse, l1,
            huber(delta), pinball(q), poisson or gaussian_nll; torch's class or instance of one of them, such
            as `nn.BCELoss()`; or any function `(yhat, y)` of tensors. Kept as the name.
        optimizer: sgd, adam, adamw, rmsprop, adagrad, nadam, lion or lbfgs; or torch's class or an instance,
            whose settings are taken. Kept as the name.
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
        schedule: how the learning rate goes on: "step(every=100, factor=0.1)", "cosine", "one_cycle" or
            "plateau(patience=10)", with settings in brackets; None for one that stays.
        warmup: updates in which the learning rate rises from nothing; the schedule begins behind them.
        clip_norm: the most that the norm of all gradients of an update together may be.
        clip_value: the most that each number of a gradient may be, on either side of 0.
        class_weight: "balanced", or a number for each class, in a list or by the class's name: what its
            samples weigh.
        weight: the name or the number of a column of x that is no feature, but what each sample weighs.
        l1: times the sum of all weights' sizes, added to the loss; weights are what has two axes or more,
            which biases have not.
        l2: times the sum of all weights' squares, added likewise.
        init: how a network's weights are drawn: he, he_uniform, xavier, xavier_normal, orthogonal or zeros,
            the biases being 0; None for torch's own.
        patience: stop after so many evaluations without a better one, and take the weights of the best one.
        min_delta: by how much an evaluation has to be better to count as better.
        watch: what is held to be better: "held_out_loss", "held_out" (the accuracy or error that is
            evaluated), or "train_loss" and "train", the same over the training samples; or a metric that the
            fit is asked for, such as "held_out_mae".

    Raises:
        UnknownName: for a loss, optimizer, schedule or option that is in no table.
        InvalidValue: for a number out of its range, no budget, or two.

    Example:
        >>> import chalknet as cn
        >>> cn.Recipe(loss="bce", batch_size=2048, updates=700).lr
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
    schedule: str | None = None
    warmup: int | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    class_weight: str | tuple[float, ...] | Mapping[str, float] | None = None
    weight: str | int | None = None
    l1: float = 0.0
    l2: float = 0.0
    init: str | None = None
    patience: int | None = None
    min_delta: float = 0.0
    watch: str = "held_out_loss"

    def __post_init__(self) -> None:
        loss, carried_reduction = loss_of(self.loss)
        optimizer, carried = optimizer_of(self.optimizer)
        row = OPTIMIZERS[optimizer]
        settings = {
            "loss": loss,
            "optimizer": optimizer,
            "reduction": _reduction(self.reduction, carried_reduction),
            "lr": _learning_rate(self.lr, carried.pop("lr", None), row.lr),
            "optimizer_options": _checked_options(row, {**carried, **self.optimizer_options}),
            "seed": checked_seed(self.seed),
            "schedule": None if self.schedule is None else str(schedule_of(self.schedule)),
            "class_weight": checked_class_weight(self.class_weight),
            "weight": checked_column(self.weight),
            "init": checked_init(self.init),
        }
        for name, value in settings.items():
            object.__setattr__(self, name, value)
        for name, kind in _FIELDS.items():
            value = getattr(self, name)
            if value is not None or getattr(Recipe, name) is not None:  # None where it may be left out
                object.__setattr__(self, name, kind.checked(name, value))
        if not (isinstance(self.watch, str) and self.watch.startswith(("train_", "held_out_"))):
            look_up(dict.fromkeys(WATCHED), self.watch, "watch", "value to watch")  # metrics: by the fit
        _check_budget(self)
        if self.chosen_schedule is not None:
            check_length(self.chosen_schedule, self.seconds)
        _check_whole_batch(self)

    @property
    def budget(self) -> Budget:
        """Return the one budget that was given."""
        return next(Budget(unit, vars(self)[unit]) for unit in BUDGET_UNITS if vars(self)[unit] is not None)

    @property
    def loss_row(self) -> Loss:
        """Return the row of the table of losses, with the values of its settings."""
        return row_of(self.loss)

    @property
    def chosen_schedule(self) -> ChosenSchedule | None:
        """Return the schedule of the learning rate; None where it stays."""
        return None if self.schedule is None else schedule_of(self.schedule)

    @property
    def watches(self) -> bool:
        """Return whether the fit goes by what its evaluations find."""
        chosen = self.chosen_schedule
        return self.patience is not None or (chosen is not None and chosen.row.by_evaluations)

    @property
    def weighs(self) -> bool:
        """Return whether samples weigh differently."""
        return self.weight is not None or self.class_weight is not None

    @property
    def alters_gradients(self) -> bool:
        """Return whether something is done to the gradients before the optimizer takes them."""
        return bool(self.clip_norm or self.clip_value or self.l1 or self.l2)

    @property
    def optimizer_row(self) -> Optimizer:
        """Return the row of the table of optimizers."""
        return OPTIMIZERS[self.optimizer]


RECIPE_FIELDS = tuple(field.name for field in fields(Recipe) if field.name != "optimizer_options")


def _reduction(given: object, carried: str | None) -> str:
    """Return the reduction: torch's instances carry "mean" unless they were made with another one."""
    for name in (given, carried):
        if name is not None:
            look_up(dict.fromkeys(REDUCTIONS), name, "reduction", "reduction")
    return "sum" if "sum" in (given, carried) else "mean"


def _learning_rate(given: object, carried: object, default: float) -> object:
    """Return the learning rate that was given, or that torch's instance carries, or the default."""
    if given is not None and carried is not None and given != carried:
        raise InvalidValue(
            where="lr",
            got=f"{given!r} beside an instance of torch's with {carried!r}",
            wanted="one of the two",
            remedy="Leave lr out, or give the class instead of the instance.",
        )
    return next((rate for rate in (given, carried) if rate is not None), default)


def _check_budget(recipe: Recipe) -> None:
    given = [f"{unit}={amount}" for unit in BUDGET_UNITS if (amount := getattr(recipe, unit)) is not None]
    if len(given) != 1:
        raise InvalidValue(
            where="how long to fit",
            got=" and ".join(given) or "no budget",
            wanted=f"exactly one of {', '.join(BUDGET_UNITS)}",
            remedy="Say for instance updates=700 (--updates 700).",
        )


def _check_whole_batch(recipe: Recipe) -> None:
    if recipe.optimizer_row.whole_batch and recipe.batch_size is not None:
        raise InvalidValue(
            where=f"optimizer {recipe.optimizer}",
            got=f"batch_size={recipe.batch_size}",
            wanted="all samples an update, which it maps several times",
            remedy='Leave batch_size out, or take optimizer="adam".',
        )


@dataclass(frozen=True)
class _Kind:
    """What an option may be: whether a value will do, what is wanted, and its type in Python, not numpy."""

    allows: Callable[[Any], bool]
    wanted: str
    plain: Callable[[Any], Any]

    def checked(self, name: str, value: object) -> Any:
        """Return the value in its own type, or refuse it."""
        if not self.allows(value):
            raise invalid(name, value, self.wanted)
        return self.plain(value)


def _is_finite(value: object) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    return bool(-_LARGEST <= value <= _LARGEST)  # type: ignore[operator]  # numpy's floats are Real too


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and all(map(_is_finite, value))


_TRUTH = _Kind(lambda value: isinstance(value, bool), "True or False", bool)
_COUNT = _Kind(lambda value: _is_whole(value) and value >= 1, "a whole number of at least 1", int)
_ABOVE_0 = _Kind(lambda value: _is_finite(value) and value > 0, "a number above 0", float)
_AT_LEAST_0 = _Kind(lambda value: _is_finite(value) and value >= 0, "a finite number of at least 0", float)
_FIELDS = {
    "shuffle": _TRUTH,
    "drop_last": _TRUTH,
    "lr": _Kind(
        lambda value: _is_finite(value) and value >= 0, "a finite learning rate of at least 0", float
    ),
    "batch_size": replace(_COUNT, wanted=f"{_COUNT.wanted}, or None (all) for gradient descent"),
    "updates": _COUNT,
    "epochs": _COUNT,
    "samples": _COUNT,
    "seconds": _ABOVE_0,
    "target_loss": _Kind(_is_finite, "a finite number", float),
    "warmup": _COUNT,
    "clip_norm": _ABOVE_0,
    "clip_value": _ABOVE_0,
    "l1": _AT_LEAST_0,
    "l2": _AT_LEAST_0,
    "patience": _COUNT,
    "min_delta": _AT_LEAST_0,
}
_OPTIONS: dict[type, _Kind] = {  # by the type of torch's default
    bool: _TRUTH,
    float: _AT_LEAST_0,
    int: _COUNT,
    NoneType: _COUNT,
    tuple: _Kind(_is_pair, "a pair of numbers, such as (0.9, 0.999)", lambda pair: tuple(map(float, pair))),
}


def _option(row: Optimizer, name: str, value: object) -> Any:
    """Return the value of an optimizer's option in its own type, or refuse it."""
    default = row.options[name]
    if value is None and default is None:
        return None
    if name in row.choices:
        return look_up(dict.fromkeys(row.choices[name], value), value, f"optimizer {row.name}", name)
    return _OPTIONS[type(default)].checked(name, value)


_MEANT = {"max_iter": "updates"}  # scikit-learn's name of the length, and one of L-BFGS's own options


def _checked_options(row: Optimizer, options: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    for name in options:
        if name not in row.options:
            raise unknown_name(
                f"optimizer {row.name}", "option", name, [*row.options, *RECIPE_FIELDS], _MEANT
            )
    checked = {name: _option(row, name, value) for name, value in options.items()}
    if checked.get("nesterov") and (not checked.get("momentum") or checked.get("dampening")):
        raise invalid("nesterov", True, "a momentum above 0 and no dampening beside it")
    return checked


_COUNTS = {
    "threads": "Leave it out for torch's number.",
    "micro_batch": "Leave it out for whole batches.",
    "processes": "Say processes=2 (--processes 2) on a machine with two cores or devices.",
}


@dataclass(frozen=True, repr=False)
class RunOptions(Shown):
    """What the caller asked of the run; checked when it is made.

    Args:
        device: "auto" takes the cheapest by measurement; or a torch device such as "cpu" or "cuda:0", or a
            `Device`.
        engine: "auto" takes `fused_cpu` on the CPU wherever it can run the fit, else `eager`, and measures on
            a GPU; or the name of an engine.
        dtype: "float32" or "float64", or torch's dtype of that name; None keeps a given module's own, and is
            float32 for a network.
        threads: CPU threads torch may use, at least 1; None leaves torch's number.
        micro_batch: samples of an update computed at a time; None for all of them.
        processes: how many processes share each update; None for as many as were started.
        strict: whether a note, which tells what may not be as it was meant, is an error.

    Raises:
        UnknownName: for another dtype.
        InvalidValue: for a number below 1.

    Example:
        >>> RunOptions(device="cpu", dtype="float64").threads is None
        True
    """

    device: object = "auto"
    engine: str = "auto"
    dtype: str | None = None
    threads: int | None = None
    micro_batch: int | None = None
    processes: int | None = None
    strict: bool = False

    def __post_init__(self) -> None:
        _TRUTH.checked("strict", self.strict)
        dtype = None if self.dtype is None else str(self.dtype).removeprefix("torch.")
        if dtype is not None:
            look_up(dict.fromkeys(DTYPES), dtype, "dtype", "dtype")
        for name, value in (("engine", str(self.engine)), ("dtype", dtype)):
            object.__setattr__(self, name, value)
        for name, remedy in _COUNTS.items():
            number = getattr(self, name)
            if number is not None:
                checked = whole_number(name, number, remedy, most=2**31 - 1)
                object.__setattr__(self, name, checked)

    @property
    def any_device(self) -> bool:
        """Return whether the device is left open."""
        return isinstance(self.device, str) and self.device == "auto"
