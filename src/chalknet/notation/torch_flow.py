"""What a function or a method of x gives in code that is followed: x after one more layer."""

from __future__ import annotations

import re
from dataclasses import replace

from chalknet.notation.torch_layers import CodeLayer, Unknown, layer_of_function, make_layer
from chalknet.notation.torch_values import Call, Flow, no_chain

# Methods that give the module, or x, back: they do not change the layers.
SELF = frozenset(
    "to cuda cpu float double half bfloat16 train eval requires_grad_ apply share_memory type compile "
    "contiguous clone detach".split()
)
# Methods that tell something about x, known only when the code runs.
_SIZES = frozenset("size dim numel ndimension is_floating_point is_contiguous get_device stride".split())
# Keywords that do not change the network.
_NO_OPTIONS = ("dtype", "_stacklevel")


def flow_method(flow: Flow, name: str, call: Call) -> object:
    """Return x after a function of torch or a method of x."""
    if name in SELF:
        return flow
    if name in _SIZES:
        return Unknown(f"{flow.x}.{name}({', '.join(map(str, call.positional))})")
    in_place = name.endswith("_") and not name.endswith("__")
    layer = layer_of_function(name.removesuffix("_"))
    if layer is not None and layer.name == "Dropout":
        return _dropout(flow, call, in_place)
    if layer is not None:
        positional = call.positional[: len(layer.parameters or ())]
        keywords = {key: value for key, value in call.keywords.items() if key not in _NO_OPTIONS}
        if (
            layer.name == "Flatten" and not positional and "start_dim" not in keywords
        ):  # 0, unlike the layer's
            return flow.through(CodeLayer(call.span, kind="flatten without start_dim=1", drops_axis=True))
        made = make_layer(call.source, layer.name, positional, keywords, call.span)
        return flow.through(replace(made, in_place=in_place or made.in_place))
    if name in ("view", "reshape") and (sizes := _sizes_of_samples(call)):
        flat = make_layer(call.source, "Flatten", [], {}, call.span)
        return flow.through(replace(flat, gives=sizes[0] if isinstance(sizes[0], int) else None))
    if name in _ROWS and _drops_an_axis(name, call):
        return flow.through(CodeLayer(call.span, kind=f"{name}(...) of {flow.x}", drops_axis=True))
    problem = no_chain(call.source, call.span, f"{name}(...) of {flow.x}")
    return flow.through(replace(problem, in_place=in_place))


# What gives one number a sample without the axis of the features, where there is one feature.
_ROWS = ("squeeze", "view", "reshape", "ravel")


def _drops_an_axis(name: str, call: Call) -> bool:
    given = call.argument(0, "dim" if name == "squeeze" else "shape")
    return (
        given in (None, -1, 1) if name == "squeeze" else given in (None, -1, (-1,)) and len(call.values) < 2
    )


def _dropout(flow: Flow, call: Call, in_place: bool) -> object:
    """Return x after `F.dropout`, which drops in evaluation too unless `training` says otherwise."""
    given = {**dict(zip(("p", "training", "inplace"), call.positional, strict=False)), **call.keywords}
    training = given.pop("training", given.pop("train", True))
    if training is False:
        return flow
    if not isinstance(training, bool):
        shown = training.source if isinstance(training, Unknown) else repr(training)
        got = f"dropout with training={shown}, which only running the code would tell"
        remedy = "Write training=self.training, or use nn.Dropout."
        return flow.through(no_chain(call.source, call.span, got, remedy))
    made = make_layer(call.source, "Dropout", [], given, call.span)
    return flow.through(replace(made, always=True, in_place=in_place or made.in_place))


_BATCH = re.compile(r"\w+|\w+\.size\(0\)|\w+\.shape\[0\]|len\(\w+\)")


def _sizes_of_samples(call: Call) -> list[object]:
    """Return the one size that a view gives each sample, or nothing where it may mix the samples."""
    sizes = call.positional
    if len(sizes) == 1 and isinstance(sizes[0], list | tuple):
        sizes = list(sizes[0])
    if len(sizes) != 2 or (isinstance(sizes[1], Unknown) and not sizes[1].source.isidentifier()):
        return []
    batch = sizes[0]
    of_batch = isinstance(batch, Unknown) and bool(_BATCH.fullmatch(batch.source)) and sizes[1] != 1
    return [None if sizes[1] == -1 else sizes[1]] if batch == -1 != sizes[1] or of_batch else []
