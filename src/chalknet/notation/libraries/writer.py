"""A network as the Keras or flax code that one would write by hand."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from chalknet.errors import CannotExpress
from chalknet.network import UNKNOWN_WIDTH, Activation, Dropout, Flatten, Linear, Network, Shape, Step


@dataclass(frozen=True)
class _Target:
    """A library whose code is written.

    Args:
        name: what it is called in errors.
        head: what stands before the layers; `{name}` and `{shape}` are put in.
        tail: what stands behind them.
        row: a line a layer.
        linear: the call that makes a linear map, of its width and whether it has a bias.
        dropout: the call that makes a Dropout.
        flatten: the call that makes a Flatten; empty where there is none.
        activations: how each activation is written, of its options.
        nothing: how a step that changes nothing is written: it is left out.
    """

    name: str
    head: str
    tail: str
    row: str
    linear: Callable[[Linear], str]
    dropout: str
    flatten: str
    activations: Mapping[str, Callable[[Mapping[str, object]], str | None]]
    nothing: str = ""


def _plain(text: str) -> Callable[[Mapping[str, object]], str | None]:
    """Return how an activation without options is written; None where it has other options than torch's."""
    return lambda options: None if options else text


def _slope(options: Mapping[str, object]) -> str:
    return f"keras.layers.LeakyReLU(negative_slope={options.get('negative_slope', 0.01)})"


# The activations that Keras and flax call as we do.
_OUR_NAMES = tuple("relu sigmoid tanh softmax log_softmax silu softplus selu relu6".split())
_KERAS = _Target(
    "Keras",
    "import keras\n\n{name} = keras.Sequential(\n    [\n        keras.Input(shape={shape}),\n",
    "    ]\n)",
    "        {call},\n",
    lambda step: f"keras.layers.Dense({step.out_features}{'' if step.bias else ', use_bias=False'})",
    "keras.layers.Dropout({p})",
    "keras.layers.Flatten()",
    {
        **{
            name: _plain(f'keras.layers.Activation("{name}")')
            for name in (*_OUR_NAMES, "gelu", "mish", "softsign")
        },
        "hardswish": _plain('keras.layers.Activation("hard_silu")'),
        "hardsigmoid": _plain('keras.layers.Activation("hard_sigmoid")'),
        "identity": _plain('keras.layers.Activation("linear")'),
        "leaky_relu": _slope,
        "elu": lambda options: f"keras.layers.ELU(alpha={options.get('alpha', 1.0)})",
    },
)
_FLAX = _Target(
    "flax",
    "import jax\nfrom flax import linen as nn\n\n\n"
    "class {class_name}(nn.Module):  # input shape: {shape}\n    @nn.compact\n"
    "    def __call__(self, x, training: bool = False):\n",
    "        return x",
    "        x = {call}\n",
    lambda step: f"nn.Dense({step.out_features}{'' if step.bias else ', use_bias=False'})(x)",
    "nn.Dropout({p}, deterministic=not training)(x)",
    "x.reshape((x.shape[0], -1))",
    {
        **{name: _plain(f"nn.{name}(x)") for name in _OUR_NAMES},
        "softsign": _plain("nn.soft_sign(x)"),
        "hardsigmoid": _plain("nn.hard_sigmoid(x)"),
        "identity": _plain("x"),
        "hardswish": _plain("nn.hard_swish(x)"),
        "gelu": lambda options: f"nn.gelu(x, approximate={options.get('approximate') == 'tanh'})",
        "leaky_relu": lambda options: (
            f"nn.leaky_relu(x, negative_slope={options.get('negative_slope', 0.01)})"
        ),
        "elu": lambda options: f"nn.elu(x, alpha={options.get('alpha', 1.0)})",
    },
    nothing="x",
)


def write_keras(network: Network) -> str:
    """Return `net = keras.Sequential([...])`, with `import keras` before it.

    Raises:
        CannotExpress: for a step or a width that Keras has no word for.
    """
    return _write(network, _KERAS)


def write_flax(network: Network) -> str:
    """Return a `flax.linen` module whose layers are made where they are called.

    Raises:
        CannotExpress: for a step or a width that flax has no word for.
    """
    return _write(network, _FLAX)


def _write(network: Network, target: _Target) -> str:
    for size in network.symbols:
        if size == UNKNOWN_WIDTH or keyword.iskeyword(size):
            raise CannotExpress(
                where=f"network {network.name}",
                got=f"the width {size}",
                wanted="a number, or a symbol such as m",
                remedy="Write it in its place; the network of a fit has the widths of its data.",
            )
    name = network.name if network.name.isidentifier() and not keyword.iskeyword(network.name) else "net"
    name = "net" if name in (*network.symbols, "keras", "nn", "jax") else name
    shown = {"name": name, "class_name": name[:1].upper() + name[1:], "shape": _tuple(network.input_shape)}
    rows = "".join(target.row.format(call=call) for call in _calls(network, target) if call != target.nothing)
    return target.head.format(**shown) + rows + target.tail


def _tuple(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _calls(network: Network, target: _Target) -> Iterator[str]:
    for visit in network.walk():
        call = _call(visit.step, target)
        if call is None:
            step = visit.step
            what = f"the activation {step.kind}" if isinstance(step, Activation) else type(step).__name__
            options = f" with {dict(step.options)}" if isinstance(step, Activation) and step.options else ""
            raise CannotExpress(
                where=f"network {network.name}, step {visit.path}",
                got=f"{what}{options}",
                wanted=f"one that {target.name} has: {', '.join(target.activations)}",
                remedy="Name it with --activation or network.settle(...), or write another form.",
            )
        yield call


def _call(step: Step, target: _Target) -> str | None:
    """Return the call that makes a step; None where the library has none."""
    if isinstance(step, Linear):
        return target.linear(step)
    if isinstance(step, Dropout):
        return target.dropout.format(p=step.p)
    if isinstance(step, Flatten):
        return target.flatten
    row = target.activations.get(step.kind) if isinstance(step, Activation) else None
    return row(dict(step.options)) if row and isinstance(step, Activation) else None
