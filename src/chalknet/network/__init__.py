"""The core: an immutable description of a network that cannot exist in an invalid state."""

from chalknet.network.account import Account, DrawnMark, PlacedMark, SeenPicture
from chalknet.network.activation import (
    ACTIVATIONS,
    FORMULA_FUNCTIONS,
    Activation,
    ActivationKind,
    Range,
    activation_name,
    unknown_in_formula,
)
from chalknet.network.embedding import EMBED_CLASS, Embed
from chalknet.network.layers import Dropout, Flatten, Linear
from chalknet.network.network import Network, Visit, shape_taken
from chalknet.network.norms import BatchNorm, LayerNorm
from chalknet.network.prelu import PReLU
from chalknet.network.residual import RESIDUAL_CLASS, Residual
from chalknet.network.shape import UNKNOWN_WIDTH, Shape, Size, as_shape, numbers, show_shape, size_of
from chalknet.network.spelling import name_of_row
from chalknet.network.step import Arguments, LayerCall, Step, StepKind, TorchLayer
from chalknet.network.steps import STEPS, kind_of, layer_call, torch_layers

# fmt: off
__all__ = [
    "ACTIVATIONS", "EMBED_CLASS", "FORMULA_FUNCTIONS", "RESIDUAL_CLASS", "STEPS", "UNKNOWN_WIDTH",
    "Account", "Activation", "ActivationKind", "Arguments", "BatchNorm", "DrawnMark", "Dropout", "Embed",
    "Flatten", "LayerCall", "LayerNorm", "Linear", "Network", "PReLU", "PlacedMark", "Range", "Residual",
    "SeenPicture", "Shape", "Size", "Step", "StepKind", "TorchLayer", "Visit", "activation_name",
    "as_shape", "kind_of", "layer_call", "name_of_row", "numbers", "shape_taken", "show_shape", "size_of",
    "torch_layers", "unknown_in_formula",
]
