"""A network as the Keras or flax code that one would write by hand."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalknet.errors import CannotExpress
from chalknet.network import (
    UNKNOWN_WIDTH,
    Activation,
    BatchNorm,
    Dropout,
    Flatten,
    LayerNorm,
    Linear,
    Network,
    PReLU,
    Residual,
    Shape,
    Step,
)


@dataclass(frozen=True)
class _Target:
    """A library whose code is written.

    Args:
        name: what it is called in errors.
        head: what stands before the layers; `{name}`, `{class_name}` and `{shape}` are put in.
        tail: what stands behind them.
        row: a line a layer, of its `{call}`.
        steps: the call that makes each kind of step, of the step and the shape before it; None for one that
            the library cannot make.
        activations: how each activation is written, of its options.
        skip: a line that keeps x under the name `{skip}`.
        add: a line that adds it.
        nothing: how a step that changes nothing is written: it is left out.
    """

    name: str
    head: str
    tail: str
    row: str
    steps: Mapping[type[Step], Callable[[Any, Shape], str | None]]
    activations: Mapping[str, Callable[[Mapping[str, object]], str | None]]
    skip: str = ""
    add: str = ""
    nothing: str = ""


def _plain(text: str) -> Callable[[Mapping[str, object]], str | None]:
    """Return how an activation without options is written; None where it has other options than torch's."""
    return lambda options: None if options else text


def _slope(options: Mapping[str, object]) -> str:
    return f"keras.layers.LeakyReLU(negative_slope={options.get('negative_slope', 0.01)})"


# The activations that Keras and flax call as we do.
_OUR_NAMES = tuple("relu sigmoid tanh softmax log_softmax silu softplus selu relu6".split())


def _dense(call: str) -> Callable[[Linear, Shape], str]:
    return lambda step, shape: f"{call}({step.out_features}{'' if step.bias else ', use_bias=False'})"


def _norm(call: str, first: str = "", scale: str = "scale", shift: str = "center", eps: float = 1e-3) -> Any:
    """Return how a norm is written, of the names of its arguments and the default of its eps."""

    def written(step: BatchNorm | LayerNorm, shape: Shape) -> str:
        given = [first] if first else []
        if isinstance(step, BatchNorm):  # the share that stays, where torch counts what is new
            given.append(f"momentum={round(1 - step.momentum, 15)}")
        given += [f"epsilon={step.eps}"] * (step.eps != eps)
        given += [f"{scale}=False"] * (not step.affine) + [f"{shift}=False"] * (not step.bias)
        return f"{call}({', '.join(given)})"

    return written


def _keras_prelu(step: PReLU, shape: Shape) -> str | None:
    """Return the layer: a slope for each feature, unless they are shared over the features."""
    shared = "" if step.per_feature else ", shared_axes=[1]"
    start = f"alpha_initializer=keras.initializers.Constant({step.init})"
    return f"keras.layers.PReLU({start}{shared})" if len(shape) == 1 else None


_KERAS_STEPS: Mapping[type[Step], Callable[[Any, Shape], str | None]] = {
    Linear: _dense("keras.layers.Dense"),
    Dropout: lambda step, shape: f"keras.layers.Dropout({step.p})",
    Flatten: lambda step, shape: "keras.layers.Flatten()",
    BatchNorm: _norm("keras.layers.BatchNormalization"),
    LayerNorm: _norm("keras.layers.LayerNormalization"),
    PReLU: _keras_prelu,
}
_KERAS = _Target(
    "Keras",
    "import keras\n\n{name} = keras.Sequential(\n    [\n        keras.Input(shape={shape}),\n",
    "    ]\n)",
    "        {call},\n",
    _KERAS_STEPS,
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
# With residual blocks, which no Sequential holds.
_KERAS_GRAPH = replace(
    _KERAS,
    head="import keras\n\ninputs = keras.Input(shape={shape})\nx = inputs\n",
    tail="{name} = keras.Model(inputs, x)",
    row="x = {call}(x)\n",
    skip="{skip} = x\n",
    add="x = keras.layers.Add()([{skip}, x])\n",
)
_FLAX_BATCH_NORM = _norm(
    "nn.BatchNorm", "use_running_average=not training", "use_scale", "use_bias", eps=1e-5
)
_FLAX_LAYER_NORM = _norm("nn.LayerNorm", "", "use_scale", "use_bias", eps=1e-6)
_FLAX = _Target(
    "flax",
    "import jax\nfrom flax import linen as nn\n\n\n"
    "class {class_name}(nn.Module):  # input shape: {shape}\n    @nn.compact\n"
    "    def __call__(self, x, training: bool = False):\n",
    "        return x",
    "        x = {call}\n",
    {
        Linear: lambda step, shape: _dense("nn.Dense")(step, shape) + "(x)",
        Dropout: lambda step, shape: f"nn.Dropout({step.p}, deterministic=not training)(x)",
        Flatten: lambda step, shape: "x.reshape((x.shape[0], -1))",
        BatchNorm: lambda step, shape: _FLAX_BATCH_NORM(step, shape) + "(x)",
        LayerNorm: lambda step, shape: _FLAX_LAYER_NORM(step, shape) + "(x)",
        PReLU: lambda step, shape: (
            None if step.per_feature else f"nn.PReLU(negative_slope_init={step.init})(x)"
        ),
    },
    {
        **{name: _plain(f"nn.{name}(x)") for name in _OUR_NAMES},
        "softsign": _plain("nn.soft_sign(x)"),
        "hardsigmoid": _plain("nn.hard_sigmoid(x)"),
        "identity": _plain("x"),
        "hardswish": _plain("nn.hard_swish(x)"),
        "mish": _plain("jax.nn.mish(x)"),
        "gelu": lambda options: f"nn.gelu(x, approximate={options.get('approximate') == 'tanh'})",
        "leaky_relu": lambda options: (
            f"nn.leaky_relu(x, negative_slope={options.get('negative_slope', 0.01)})"
        ),
        "elu": lambda options: f"nn.elu(x, alpha={options.get('alpha', 1.0)})",
    },
    skip="        {skip} = x\n",
    add="        x = {skip} + x\n",
    nothing="x",
)


def write_keras(network: Network) -> str:
    """Return `net = keras.Sequential([...])`, with residual blocks `keras.Model(...)`, and `import keras`.

    Raises:
        CannotExpress: for a step or a width that Keras has no word for.
    """
    blocks = any(isinstance(step, Residual) for step in network.steps)
    return _write(network, _KERAS_GRAPH if blocks else _KERAS)


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
    taken = {*network.symbols, name}
    rows = "".join(
        _rows([(visit.step, visit.input_shape, visit.path) for visit in network.walk()], target, taken)
    )
    return target.head.format(**shown) + rows + target.tail.format(**shown)


def _tuple(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _rows(steps: Iterable[tuple[Step, Shape, str]], target: _Target, taken: set[str]) -> Iterator[str]:
    """Yield the lines of some steps, each with the shape before it and its place.

    Raises:
        CannotExpress: for a step that the library does not have.
    """
    for step, shape, path in steps:
        if isinstance(step, Residual):
            skip = next(name for name in _SKIPS if name not in taken)
            inner = ((one, arriving, f"{path}.{at}") for at, (one, arriving) in enumerate(step.walk(shape)))
            yield target.skip.format(skip=skip)
            yield from _rows(inner, target, {*taken, skip})
            yield target.add.format(skip=skip)
            continue
        call = _call(step, shape, target)
        if call is None:
            raise _missing(step, path, target)
        if call != target.nothing:
            yield target.row.format(call=call)


_SKIPS = ("skip", *(f"skip{number}" for number in range(2, 100)))


def _missing(step: Step, path: str, target: _Target) -> CannotExpress:
    what = f"the activation {step.kind}" if isinstance(step, Activation) else type(step).__name__
    given = {} if not isinstance(step, Activation) else dict(step.options)
    given = vars(step) if isinstance(step, PReLU) else given
    known = ", ".join((*(kind.__name__ for kind in (*target.steps, Residual)), *target.activations))
    return CannotExpress(
        where=f"{target.name} code, step {path}",
        got=f"{what}{f' with {given}' if given else ''}",
        wanted=f"one that {target.name} has: {known}",
        remedy="Name it with --activation or network.settle(...), or write another form."
        if isinstance(step, Activation)
        else "Write another form.",
    )


def _call(step: Step, shape: Shape, target: _Target) -> str | None:
    """Return the call that makes a step; None where the library has none."""
    if isinstance(step, Activation):
        row = target.activations.get(step.kind)
        return row(dict(step.options)) if row else None
    written = target.steps.get(type(step))
    return written(step, shape) if written else None
