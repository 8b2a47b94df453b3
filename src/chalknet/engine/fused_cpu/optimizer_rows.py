"""What the compiled optimizers read of a recipe: their numbers, and torch's names of what they keep."""

from __future__ import annotations

from chalknet.planning import Recipe

LR, DECAY, MOMENTUM, DAMPENING, NESTEROV, BETA1, BETA2, EPS, CENTERED = range(9)
FRESH, SIZE, ROOT, NUMBERS = range(9, 13)

# What torch calls the three arrays beside the weights.
_ADAM_SLOTS = ("exp_avg", "exp_avg_sq", "")
SLOTS = {
    "sgd": ("momentum_buffer", "", ""),
    "adam": _ADAM_SLOTS,
    "adamw": _ADAM_SLOTS,
    "rmsprop": ("grad_avg", "square_avg", "momentum_buffer"),
}
COUNTS_STEPS = ("adam", "adamw", "rmsprop")  # those of which torch keeps the number of updates too

CODES = {name: code for code, name in enumerate(SLOTS)}


def numbers_of(recipe: Recipe) -> list[float]:
    """Return the recipe's numbers in the order in which the compiled rows read them."""
    options = {**recipe.optimizer_row.options, **recipe.optimizer_options}
    betas = options.get("betas", (0.0, options.get("alpha", 0.0)))
    assert isinstance(betas, tuple | list)
    names = ("weight_decay", "momentum", "dampening", "nesterov")
    numbers = [recipe.lr or 0.0, *(options.get(name, 0.0) for name in names), *betas]
    return [float(value) for value in (*numbers, options.get("eps", 0.0), options.get("centered", False))]  # type: ignore[arg-type]


def slots_of(recipe: Recipe) -> tuple[bool, bool, bool]:
    """Return which of the three arrays beside the weights the recipe's optimizer writes."""
    o = numbers_of(recipe)
    adaptive = recipe.optimizer != "sgd"
    first = o[CENTERED] != 0 if recipe.optimizer == "rmsprop" else adaptive or o[MOMENTUM] != 0
    return first, adaptive, recipe.optimizer == "rmsprop" and o[MOMENTUM] != 0


def is_plain_sgd(recipe: Recipe) -> bool:
    """Return whether an update is the gradient times a number, and nothing is kept."""
    numbers = numbers_of(recipe)
    return recipe.optimizer == "sgd" and numbers[MOMENTUM] == numbers[DECAY] == 0
