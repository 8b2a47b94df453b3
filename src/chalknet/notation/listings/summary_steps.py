"""The classes of torch and Keras in tables of layers: which step each is, and which are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalknet.network import BatchNorm, LayerNorm, PReLU, Step

KERAS_ACTIVATIONS = {"ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu", "Softmax": "softmax"}
# What Keras takes where nothing is said, which is not torch's default.
KERAS_OPTIONS = {"LeakyReLU": {"negative_slope": 0.3}}
# Classes of torch and Keras that change a value, and for which there is no step.
NO_STEPS = frozenset(
    "Hardtanh CELU RReLU LogSigmoid Softshrink "
    "Hardshrink Tanhshrink Threshold GLU Softmin Softmax2d AlphaDropout Dropout1d Dropout2d Dropout3d "
    "FeatureAlphaDropout "
    "GaussianNoise GaussianDropout SpatialDropout1D SpatialDropout2D Lambda "
    "Add Subtract Multiply Average Maximum Minimum Concatenate Dot".split()
)
# A step by its class in torch and its number of parameters, None where the table says none.
TORCH_STEPS: Mapping[str, Callable[[int | None], Step]] = {
    "PReLU": lambda parameters: PReLU(per_feature=(parameters or 1) > 1),
    "BatchNorm1d": lambda parameters: BatchNorm(affine=parameters != 0),
    "LayerNorm": lambda parameters: LayerNorm(affine=parameters != 0),
}
KERAS_STEPS: Mapping[str, Callable[[int | None], Step]] = {
    "PReLU": lambda parameters: PReLU(per_feature=True, init=0.0),
    "BatchNormalization": lambda parameters: BatchNorm(1e-3, 0.01, affine=parameters != 0),
    "LayerNormalization": lambda parameters: LayerNorm(1e-3, affine=parameters != 0),
}
PREPARES = ("Normalization", "Rescaling")
