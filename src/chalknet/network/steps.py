"""The table of the kinds of steps, and the lookups in it."""

from __future__ import annotations

from typing import Any

from chalknet.errors import InvalidValue
from chalknet.network.activation import ACTIVATIONS, Activation, ActivationKind
from chalknet.network.embedding import EMBED
from chalknet.network.layers import DROPOUT, FLATTEN, LINEAR
from chalknet.network.norms import BATCH_NORM, LAYER_NORM
from chalknet.network.prelu import PRELU
from chalknet.network.residual import RESIDUAL_CLASS, Residual
from chalknet.network.shape import Shape
from chalknet.network.step import Arguments, LayerCall, Step, StepKind, TorchLayer


def _activation_layer(row: ActivationKind) -> TorchLayer:
    if row.name == "identity":  # torch's Identity takes any argument and ignores it
        return TorchLayer(row.torch_class, None, lambda given: Activation(row.name))

    def make(given: Arguments) -> Step:
        if given.get("dim") not in (None, 1, -1):
            raise InvalidValue(
                where=row.torch_class,
                got=f"dim={given['dim']!r}",
                wanted="dim=1 or dim=-1, over the features",
                remedy="Over the batch, the samples would no longer be mapped one by one.",
            )
        return Activation(row.name, {name: value for name, value in given.items() if name in row.options})

    function = row.name if row.torch_class.isidentifier() else ""  # torch has functions for its own alone
    return TorchLayer(row.torch_class, row.parameters, make, function=function)


def _activation_call(step: Activation, input_shape: Shape) -> LayerCall:
    axis = {} if step.row.elementwise else {"dim": -1}  # softmax runs over the features, the last axis
    return LayerCall(step.row.torch_class, {**dict(step.options), **axis})


ACTIVATION = StepKind(
    step=Activation,
    layers=lambda: [_activation_layer(row) for row in ACTIVATIONS.values() if row.settled],
    call=_activation_call,
    words=(),  # the names and aliases of the table of activations
    is_idle=lambda step, input_shape: step.kind == "identity",
)


def _residual_call(step: Residual, input_shape: Shape) -> LayerCall:
    inner = tuple(layer_call(one, shape) for one, shape in step.walk(input_shape))
    return LayerCall(RESIDUAL_CLASS, {"layers": inner})


RESIDUAL = StepKind(
    step=Residual,
    layers=lambda: [
        TorchLayer(RESIDUAL_CLASS, ("layers",), lambda given: Residual(given["layers"].steps), takes="layers")
    ],
    call=_residual_call,
    words=(),  # it is written around the words of its steps
)
STEPS: dict[str, StepKind[Any]] = {
    kind.step.__name__: kind
    for kind in (LINEAR, DROPOUT, FLATTEN, ACTIVATION, PRELU, LAYER_NORM, BATCH_NORM, RESIDUAL, EMBED)
}


def kind_of(step: Step) -> StepKind[Any]:
    """Return the row of a step's kind."""
    return STEPS[type(step).__name__]


def layer_call(step: Step, input_shape: Shape) -> LayerCall:
    """Return the layer of `torch.nn` that a step is, for the shape that arrives."""
    return kind_of(step).call(step, input_shape)


def torch_layers() -> dict[str, TorchLayer]:
    """Return the classes of `torch.nn` that are read as a step, by their names."""
    return {layer.name: layer for kind in STEPS.values() for layer in kind.layers()}
