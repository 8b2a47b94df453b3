"""What was asked (Recipe) and what was decided (Plan), as plain data."""

from chalknet.plan.losses import LOSSES, Loss
from chalknet.plan.methods import Method, method
from chalknet.plan.optimizers import OPTIMIZERS, Optimizer, OptionValue
from chalknet.plan.plan import DataFacts, Placement, Plan
from chalknet.plan.recipe import BUDGET_UNITS, Budget, Recipe

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
