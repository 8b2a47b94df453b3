"""What was asked (Recipe, RunOptions) and what was decided (Plan), as plain data."""

from chalknet.planning.keywords import (
    OTHER_NAMES,
    EngineName,
    RecipeKeywords,
    RunKeywords,
    TorchDevice,
    check_options,
    optimizer_options,
    options_for,
    recipe_of,
    with_options,
)
from chalknet.planning.losses import LOSSES, Loss
from chalknet.planning.optimizers import OPTIMIZERS, Optimizer, OptionValue
from chalknet.planning.plan import DataFacts, Method, Placement, Plan, method
from chalknet.planning.recipe import BUDGET_UNITS, RECIPE_FIELDS, Budget, Recipe, RunOptions

# fmt: off
__all__ = [
    "BUDGET_UNITS", "LOSSES", "OPTIMIZERS", "OTHER_NAMES", "RECIPE_FIELDS",
    "Budget", "DataFacts", "EngineName", "Loss", "Method", "Optimizer", "OptionValue",
    "Placement", "Plan", "Recipe", "RecipeKeywords", "RunKeywords", "RunOptions",
    "TorchDevice", "check_options", "method", "optimizer_options", "options_for",
    "recipe_of", "with_options",
]
