"""The core: an immutable description of a network that cannot exist in an invalid state."""

from chalknet.network.activation import (
    ACTIVATIONS,
    FORMULA_FUNCTIONS,
    Activation,
    ActivationKind,
    activation_name,
    unknown_in_formula,
)
from chalknet.network.dropout import Dropout
from chalknet.network.flatten import Flatten
from chalknet.network.linear import Linear
from chalknet.network.network import STEPS, Network, Visit
from chalknet.network.shape import Shape, Size, as_shape, show_shape, size_of
from chalknet.network.spelling import name_of_row
from chalknet.network.step import Step

__all__ = [
    "ACTIVATIONS",
    "FORMULA_FUNCTIONS",
    "STEPS",
    "Activation",
    "ActivationKind",
    "Dropout",
    "Flatten",
    "Linear",
    "Network",
    "Shape",
    "Size",
    "Step",
    "Visit",
    "activation_name",
    "as_shape",
    "name_of_row",
    "show_shape",
    "size_of",
    "unknown_in_formula",
]
