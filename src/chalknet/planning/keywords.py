"""The options of the verbs: their types, a recipe made from them, and the nearest name for one unknown."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from typing import Any, Literal, Protocol, TypeAlias, TypedDict, TypeVar, get_type_hints

from chalknet.errors import InvalidValue, unknown_name
from chalknet.planning.optimizers import OPTIMIZERS
from chalknet.planning.recipe import BUDGET_UNITS, RECIPE_FIELDS, Recipe
from chalknet.planning.torch_objects import TorchOptimizer

LossName: TypeAlias = Literal[
    "bce", "bce_logits", "cross_entropy", "mse", "l1", "huber", "nll", "focal_cross_entropy", "focal",
    "poisson", "pinball", "gaussian_nll",
]  # fmt: skip
OptimizerName: TypeAlias = Literal["sgd", "adam", "adamw", "rmsprop", "adagrad", "nadam", "lion", "lbfgs"]
InitName: TypeAlias = Literal["he", "he_uniform", "xavier", "xavier_normal", "orthogonal", "zeros"]
WatchedName: TypeAlias = Literal["held_out_loss", "held_out", "train_loss", "train"]
EngineName: TypeAlias = Literal["auto", "eager", "graph", "fused_cpu", "fused_cuda"]
DtypeName: TypeAlias = Literal["float32", "float64"]
Reduction: TypeAlias = Literal["mean", "sum"]
TorchClass: TypeAlias = Callable[..., Any]  # a class of torch.nn or torch.optim, or an instance of a loss


class TorchDevice(Protocol):
    """A `torch.device`."""

    @property
    def type(self) -> str:
        """Return the kind of device: "cpu", "cuda", ..."""


class TorchDtype(Protocol):
    """A `torch.dtype`."""

    @property
    def is_floating_point(self) -> bool:
        """Return whether it is a type of real numbers."""


class OptimizerKeywords(TypedDict, total=False):
    """The optimizers' own options, by torch's names."""

    momentum: float
    dampening: float
    nesterov: bool
    weight_decay: float
    betas: tuple[float, float]
    eps: float
    amsgrad: bool
    alpha: float
    centered: bool
    lr_decay: float
    initial_accumulator_value: float
    momentum_decay: float
    decoupled_weight_decay: bool
    max_iter: int
    max_eval: int | None
    tolerance_grad: float
    tolerance_change: float
    history_size: int
    line_search_fn: str | None


class RecipeKeywords(OptimizerKeywords, total=False):
    """The fields of a `Recipe` as keywords, with those of its optimizer beside them."""

    loss: LossName | str | TorchClass
    optimizer: OptimizerName | TorchClass | TorchOptimizer
    lr: float | None
    batch_size: int | None
    updates: int | None
    epochs: int | None
    samples: int | None
    seconds: float | None
    shuffle: bool
    drop_last: bool
    reduction: Reduction | None
    seed: int
    target_loss: float | None
    schedule: str | None
    warmup: int | None
    clip_norm: float | None
    clip_value: float | None
    class_weight: str | Sequence[float] | Mapping[Any, float] | None
    weight: str | int | None
    l1: float
    l2: float
    init: InitName | str | None
    patience: int | None
    min_delta: float
    watch: WatchedName


class RunKeywords(TypedDict, total=False):
    """The fields of `RunOptions` as keywords."""

    device: str | TorchDevice
    engine: EngineName
    dtype: DtypeName | TorchDtype | None
    threads: int | None
    micro_batch: int | None
    processes: int | None
    strict: bool


def recipe_of(
    verb: str, recipe: Recipe | None, options: Mapping[str, Any], defaults: Mapping[str, Any] | None = None
) -> Recipe:
    """Return the recipe that a verb was given: the keywords, laid over `recipe` where one is given.

    A budget among the keywords takes the place of the recipe's; another optimizer brings its own learning
    rate and options.

    Args:
        verb: the name of the verb, for messages.
        recipe: the recipe that was given, or None.
        options: keywords of the verb; those that are no part of a recipe are left aside.
        defaults: values of fields that neither gives.

    Raises:
        InvalidValue: for no loss at all, or what no recipe can be.
    """
    if recipe is not None and not isinstance(recipe, Recipe):
        raise InvalidValue(
            where=f"{verb}, recipe",
            got=f"a {type(recipe).__name__}",
            wanted='a Recipe, or "auto"' if verb in _CHOOSING else "a Recipe",
            remedy='Write recipe=cn.Recipe(loss="mse", updates=100), or the same keywords without it.',
        )
    own = {name: options[name] for name in RECIPE_FIELDS if name in options}
    others = {name: options[name] for name in optimizer_options() if name in options}
    if any(own.get(unit) is not None for unit in BUDGET_UNITS):
        own = {**dict.fromkeys(BUDGET_UNITS), **own}
    if recipe is None:
        own = {**(defaults or {}), **own}
        if own.get("loss") is None:
            open_ = ' Or have it chosen: recipe="auto" (--recipe auto).' if verb in _CHOOSING else ""
            raise InvalidValue(
                where=verb,
                got="no loss",
                wanted="the loss that is to become small",
                remedy='Say loss="mse" for numbers, "bce" for yes or no, "cross_entropy" for classes.'
                + open_,
            )
        return Recipe(**own, optimizer_options=others)
    if "optimizer" in own:
        own = {"lr": None, **own}
    else:
        others = {**recipe.optimizer_options, **others}
    return replace(recipe, **own, optimizer_options=others)


_CHOOSING = ("fit", "plan")  # verbs that take recipe="auto"


def optimizer_options() -> tuple[str, ...]:
    """Return the names of all options that some optimizer has."""
    return tuple(dict.fromkeys(name for row in OPTIMIZERS.values() for name in row.options))


def check_options(
    verb: str, options: Iterable[str], known: Iterable[str], meant: Mapping[str, str] | None = None
) -> None:
    """Refuse the first option that a verb does not have, offering the nearest of all that it has.

    Args:
        verb: its name.
        options: those that were given.
        known: those that it has.
        meant: what others call them; None for the names that are known to every verb.

    Raises:
        UnknownName: naming it, the verb and the nearest name.
    """
    names = tuple(dict.fromkeys(known))
    for option in options:
        if option not in names:
            raise unknown_name(verb, "option", option, names, meant or OTHER_NAMES)


# What other libraries call our options: not near enough in letters to be found by them.
OTHER_NAMES = {
    "learning_rate": "lr", "learning_rate_init": "lr", "eta": "lr", "max_iter": "updates", "steps": "updates",
    "iterations": "updates", "n_epochs": "epochs", "num_epochs": "epochs", "criterion": "loss",
    "validation_data": "held_out", "validation_split": "held_out", "random_state": "seed",
    "early_stopping": "patience", "n_iter_no_change": "patience", "early_stopping_rounds": "patience",
    "tol": "min_delta", "scheduler": "schedule", "lr_scheduler": "schedule", "warmup_steps": "warmup",
    "clipnorm": "clip_norm", "clipvalue": "clip_value", "gradient_clip_val": "clip_norm",
    "max_grad_norm": "clip_norm", "sample_weight": "weight", "kernel_initializer": "init", "monitor": "watch",
    "n_jobs": "threads", "solver": "optimizer", "opt": "optimizer", "bs": "batch_size",
}  # fmt: skip

Verb = TypeVar("Verb", bound=Callable[..., Any])


def with_options(keywords: type, *values: type) -> Callable[[Verb], Verb]:
    """Return a decorator that shows each option of `**options` in the signature, for `help` and completion.

    Args:
        keywords: the TypedDict of the options.
        *values: the dataclasses that hold them, with their defaults; an option without a default there has
            None.
    """
    types = get_type_hints(keywords)
    given = {field.name: field.default for value in values for field in fields(value)}
    defaults = {name: None if default is MISSING else default for name, default in given.items()}
    names = [*(name for name in defaults if name in types), *(name for name in types if name not in defaults)]

    def shown(verb: Verb) -> Verb:
        signature = inspect.signature(verb)
        own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        options = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(name), annotation=types[name]
            )
            for name in names
            if name not in signature.parameters
        ]
        verb.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
        return verb

    return shown


def options_for(value: type, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a verb's options that are fields of a dataclass."""
    names = {field.name for field in fields(value)}
    return {name: option for name, option in options.items() if name in names}
