"""What was asked (Recipe) and what was decided (Plan), as plain data."""

from chalknet.planning.losses import LOSSES, Loss
from chalknet.planning.methods import Method, method
from chalknet.planning.optimizers import OPTIMIZERS, Optimizer, OptionValue
from chalknet.planning.plan import DataFacts, Placement, Plan
from chalknet.planning.recipe import BUDGET_UNITS, Budget, Recipe

__all__ = [
    "BUDGET_UNITS",
    "LOSSES",
    "OPTIMIZERS",
    "Budget",
    "DataFacts",
    "Loss",
    "Method",
    "Optimizer",
    "OptionValue",
    "Placement",
    "Plan",
    "Recipe",
    "method",
]
