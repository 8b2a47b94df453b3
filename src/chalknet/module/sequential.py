"""From a Network to the plain torch module that one would write by hand."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module

import torch
from torch import nn

from chalknet.errors import Unsettled
from chalknet.module.random import DEFAULT_GENERATORS, RandomStream
from chalknet.network import UNKNOWN_WIDTH, LayerCall, Network, Visit, layer_call


def build(network: Network, *, seed: int | None = None, stream: RandomStream | None = None) -> nn.Sequential:
    """Return a plain `nn.Sequential` with freshly drawn weights.

    Args:
        network: every width a number, every activation known.
        seed: with `seed=s` the weights are those that `torch.manual_seed(s)` and the `Sequential`
            written by hand give, and the caller's random numbers go on as if nothing was drawn;
            without it they are drawn from torch's default generator, as by hand. Weights that the network
            carries, because a drawing shows them, replace the random ones.
        stream: in place of a seed, what the weights are drawn from.

    Raises:
        Unsettled: naming the symbolic widths or the steps whose activation is not known.

    Example:
        >>> from chalknet.network import Linear, Network
        >>> build(Network(1, (Linear(1),)), seed=43052)[0].bias.item()
        -0.8470...
    """
    require_settled(network)
    stream = stream if seed is None else RandomStream(seed)
    with DEFAULT_GENERATORS if stream is None else _drawing(network, stream):
        module = nn.Sequential(*[_layer(visit) for visit in network.walk()])
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name, values in network.weights.items():  # read from a drawing
            parameters[name].copy_(torch.tensor(values))
    return module


def _drawing(network: Network, stream: RandomStream) -> AbstractContextManager[None]:
    """Return a context in which the layers of a network are made from a stream."""
    layers = (layer_call(visit.step, visit.input_shape).layer for visit in network.walk())
    return stream.initialising() if all(layer.isidentifier() for layer in layers) else stream.lent()


def _layer(visit: Visit) -> nn.Module:
    return _made(layer_call(visit.step, visit.input_shape))


def _made(call: LayerCall) -> nn.Module:
    if inner := call.arguments.get("layers"):
        return class_named(call.layer)(*map(_made, inner))
    return class_named(call.layer)(**call.arguments)


def class_named(name: str) -> type[nn.Module]:
    """Return a class of `torch.nn`, or for `module.Class` of another module."""
    module, _, own_name = name.rpartition(".")
    found: type[nn.Module] = getattr(import_module(module or "torch.nn"), own_name)
    return found


def require_settled(network: Network) -> None:
    """Raise `Unsettled` when a width is a symbol or an activation is not known."""
    if UNKNOWN_WIDTH in network.symbols:
        raise Unsettled(
            where=f"network {network.name}",
            got="the width ?, which nobody has named",
            wanted="a number for every width",
            remedy="Write it in its place; a fit takes the widths ? of x and yhat from the data.",
        )
    if network.symbols:
        example = ", ".join(f"{symbol}=32" for symbol in network.symbols)
        raise Unsettled(
            where=f"network {network.name}",
            got=f"the symbolic width {', '.join(network.symbols)}",
            wanted="a number for every width",
            remedy=f"Give the number: network.bind({example}), or --set {example.replace(', ', ' --set ')}.",
        )
    for visit in network.unsettled:
        raise Unsettled(
            where=f"network {network.name}, step {visit.path}",
            got=f"the activation {visit.step.kind!r}, which can be any function",  # type: ignore[attr-defined]
            wanted="a known activation",
            remedy="Write which one it is, such as relu or sigmoid.",
        )
