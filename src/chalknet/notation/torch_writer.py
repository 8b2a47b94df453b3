"""A network as the Sequential that one would write by hand."""

from __future__ import annotations

import keyword
from collections.abc import Mapping

from chalknet.errors import CannotExpress
from chalknet.network import (
    EMBED_CLASS,
    RESIDUAL_CLASS,
    UNKNOWN_WIDTH,
    Activation,
    LayerCall,
    Network,
    Shape,
    TorchLayer,
    layer_call,
    shape_taken,
    torch_layers,
)
from chalknet.notation.torch_values import common_name

RESIDUAL_CODE = """class ResidualLayer(torch.nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = torch.nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x)
"""
# The classes that a network may need and torch does not have, as they are written above it.
OWN_CLASSES = {RESIDUAL_CLASS: RESIDUAL_CODE}
IMPORTED = {EMBED_CLASS: "from chalknet.module import EmbedLayer"}


def write_torch(network: Network) -> str:
    """Return `net = torch.nn.Sequential(...)`, with `import torch` before it.

    Raises:
        CannotExpress: for an activation that is not known, or a symbol that Python keeps for itself.
    """
    _refuse(network)
    name = network.name if _is_free(network.name) and network.name not in network.symbols else "net"
    layers, calls = torch_layers(), [layer_call(visit.step, visit.input_shape) for visit in network.walk()]
    taken = (layers[call.layer].sizes_taken(call.arguments) for call in calls)
    inferred = shape_taken(zip(network.steps, taken, strict=True)) or ("m",)  # by a reader of the code
    comment = "" if inferred == network.input_shape else _comment(network.input_shape)
    steps = "".join(f"    {_written(call, layers)},\n" for call in calls)
    used = {call.layer for call in calls}
    imported = "".join(f"\n{line}" for layer, line in IMPORTED.items() if layer in used)
    own = "".join(f"\n\n{code}" for layer, code in OWN_CLASSES.items() if layer in used)
    above = f"import torch{imported}{own}\n\n" + "\n" * bool(own)
    return f"{above}{name} = torch.nn.Sequential({comment}\n{steps})"


def _written(call: LayerCall, layers: Mapping[str, TorchLayer]) -> str:
    """Return the call as code; a width that is a symbol is written as a name."""
    layer = layers[call.layer]
    kind = (
        call.layer.rpartition(".")[2]
        if call.layer in {**OWN_CLASSES, **IMPORTED}
        else f"torch.nn.{call.layer}"
    )
    if inner := call.arguments.get("layers"):
        return f"{kind}({', '.join(_written(one, layers) for one in inner)})"
    widths = (*layer.widths, layer.takes)
    arguments = [
        f"{name}={value if name in widths else repr(value)}" for name, value in call.arguments.items()
    ]
    return f"{kind}({', '.join(arguments)})"


def _comment(shape: Shape) -> str:
    return f"  # input shape: ({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _is_free(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and common_name(name) is None


def _refuse(network: Network) -> None:
    """Raise `CannotExpress` for what a Sequential written by hand cannot be."""
    where = f"network {network.name}"
    for symbol in network.symbols:
        if symbol == UNKNOWN_WIDTH:
            raise CannotExpress(
                where=where,
                got="the width ?, which nobody has named",
                wanted="a number, or a symbol such as m",
                remedy="Write it in its place; the network of a fit has the widths of its data.",
            )
        if not _is_free(symbol):
            raise CannotExpress(
                where=where,
                got=f"the width {symbol!r}, a word that Python or PyTorch keeps for itself",
                wanted="a symbol such as m",
                remedy=f"Give it a number: network.bind({symbol}=32), or another letter.",
            )
    if unknown := network.unsettled:
        kinds = ", ".join(f"step {visit.path} ({visit.step.kind})" for visit in unknown)  # type: ignore[attr-defined]
        example = [*["relu"] * (len(unknown) - 1), "sigmoid"]
        raise CannotExpress(
            where=where,
            got=f"{len(unknown)} activation{'s' * (len(unknown) > 1)} that can be any function: {kinds}",
            wanted="known activations, since PyTorch has no class for any function",
            remedy=f"Say them in their order: --activation {','.join(example)}, "
            f"or network.settle({', '.join(map(repr, example))}).",
        )
    for visit in network.walk():
        name, step = layer_call(visit.step, visit.input_shape).layer, visit.step
        if not name.isidentifier() and name not in {**OWN_CLASSES, **IMPORTED}:
            what = f"activation {step.kind}" if isinstance(step, Activation) else type(step).__name__
            raise CannotExpress(
                where=f"{where}, step {visit.path}",
                got=f"the {what}, whose class is {name}",
                wanted="classes of torch.nn alone",
                remedy="Build the module itself: cn.build(network).",
            )
