"""What was asked (Recipe, RunOptions) and what was decided (Plan), as plain data."""

# ruff: noqa: I001  # which writes a name a line; a door has 40 lines at most
# fmt: off
from chalknet.planning.default_recipe import (
    AUTO, CHOICES, HELD_OUT_SHARE, LOSS_OF_TARGET, SMALLEST_BATCH, Defaults, RecipeFacts, default_recipe,
    target_wanted,
)
from chalknet.planning.keywords import (
    OTHER_NAMES, EngineName, RecipeKeywords, RunKeywords, TorchDevice, check_options, optimizer_options,
    options_for, recipe_of, with_options,
)
from chalknet.planning.losses import LOSSES, OWN, Loss
from chalknet.planning.optimizers import OPTIMIZERS, Optimizer, OptionValue
from chalknet.planning.plan import DataFacts, Method, Placement, Plan, method
from chalknet.planning.recipe import BUDGET_UNITS, RECIPE_FIELDS, WATCHED, Budget, Recipe, RunOptions
from chalknet.planning.schedules import SCHEDULES, ChosenSchedule
from chalknet.planning.start import INITIALISATIONS, Initialisation

__all__ = [
    "AUTO", "BUDGET_UNITS", "CHOICES", "HELD_OUT_SHARE", "INITIALISATIONS", "LOSSES", "LOSS_OF_TARGET",
    "OPTIMIZERS", "OTHER_NAMES", "OWN", "RECIPE_FIELDS", "SCHEDULES", "SMALLEST_BATCH", "WATCHED",
    "Budget", "ChosenSchedule", "DataFacts", "Defaults", "EngineName", "Initialisation", "Loss", "Method",
    "Optimizer", "OptionValue", "Placement", "Plan", "Recipe", "RecipeFacts", "RecipeKeywords", "RunKeywords",
    "RunOptions", "TorchDevice", "check_options", "default_recipe", "method", "optimizer_options",
    "options_for", "recipe_of", "target_wanted", "with_options",
]
