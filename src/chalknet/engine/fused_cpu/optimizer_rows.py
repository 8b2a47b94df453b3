"""What the compiled optimizers read of a recipe: their numbers, and torch's names of what they keep."""

from __future__ import annotations

from chalknet.planning import Recipe

LR, DECAY, MOMENTUM, DAMPENING, NESTEROV, BETA1, BETA2, EPS, CENTERED, FADE, DECOUPLED = range(11)
FRESH, SIZE, ROOT, MOVE, UPDATE, NUMBERS = range(11, 17)

# What torch calls the three arrays beside the weights.
_ADAM_SLOTS = ("exp_avg", "exp_avg_sq", "")
SLOTS = {
    "sgd": ("momentum_buffer", "", ""),
    "adam": _ADAM_SLOTS,
    "adamw": _ADAM_SLOTS,
    "rmsprop": ("grad_avg", "square_avg", "momentum_buffer"),
    "adagrad": ("", "sum", ""),
    "nadam": _ADAM_SLOTS,
    "lion": ("exp_avg", "", ""),
}
COUNTS_STEPS = ("adam", "adamw", "rmsprop", "adagrad", "nadam")  # of which torch keeps the number of updates
MULTIPLIES = "nadam"  # of which torch keeps the product of the updates' momenta too

CODES = {name: code for code, name in enumerate(SLOTS)}


def numbers_of(recipe: Recipe) -> list[float]:
    """Return the recipe's numbers in the order in which the compiled rows read them."""
    options = {**recipe.optimizer_row.options, **recipe.optimizer_options}
    betas = options.get("betas", (0.0, options.get("alpha", 0.0)))
    assert isinstance(betas, tuple | list)
    names = ("weight_decay", "momentum", "dampening", "nesterov")
    fade = "momentum_decay" if recipe.optimizer == MULTIPLIES else "lr_decay"
    more = ("eps", "centered", fade, "decoupled_weight_decay")
    numbers = [recipe.lr or 0.0, *(options.get(name, 0.0) for name in names), *betas]
    return [float(value) for value in (*numbers, *(options.get(name, 0.0) for name in more))]  # type: ignore[arg-type]


def slots_of(recipe: Recipe) -> tuple[bool, bool, bool]:
    """Return which of the three arrays beside the weights the recipe's optimizer writes."""
    o = numbers_of(recipe)
    first, second, third = (bool(name) for name in SLOTS[recipe.optimizer])
    if recipe.optimizer == "sgd":
        first = o[MOMENTUM] != 0
    if recipe.optimizer == "rmsprop":
        first, third = o[CENTERED] != 0, o[MOMENTUM] != 0
    return first, second, third


def first_sum(recipe: Recipe) -> float:
    """Return what the second array begins with: Adagrad's can begin with a number."""
    given = recipe.optimizer_options.get("initial_accumulator_value", 0.0)
    assert isinstance(given, float)
    return given


def is_plain_sgd(recipe: Recipe) -> bool:
    """Return whether an update is the gradient times a number, and nothing is kept."""
    numbers = numbers_of(recipe)
    plain = recipe.optimizer == "sgd" and numbers[MOMENTUM] == numbers[DECAY] == 0
    return plain and not recipe.alters_gradients
