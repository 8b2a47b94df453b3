"""From the steps of a chain to the nodes of an ONNX graph, as plain values: a function a kind of step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from chalknet.module.onnx_chain import NOT_FITTED
from chalknet.module.onnx_nodes import Array, refusal
from chalknet.network import (
    ACTIVATIONS,
    Activation,
    BatchNorm,
    Dropout,
    Embed,
    Flatten,
    LayerNorm,
    Linear,
    PReLU,
    Residual,
    Step,
    Visit,
    numbers,
)

_ELSEWHERE = "Write another notation, or export the module by torch.onnx.export."
_INT64 = 7  # as ONNX numbers its types
INPUT = "X"  # the name of what arrives
ML_DOMAIN = "ai.onnx.ml"


@dataclass
class GraphWriter:
    """The nodes and weights written so far, and the name of the value that the last node gives.

    Args:
        make_node: of the package onnx.
        nodes: in their order.
        constants: by name.
        value: the name of what arrives, and then of what the last node gives.
        prefix: what the names of nodes and of constants begin with.
    """

    make_node: Callable[..., Any]
    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    value: str = INPUT
    prefix: str = ""

    def put(self, path: str, operation: str, *inputs: str, **attributes: object) -> str:
        """Write one node and return the name of what it gives."""
        for name, number in attributes.items():
            if isinstance(number, float):
                _float32(f"step {path}, {name}", number)
        self.value = f"{self.prefix}{path}/{operation}"
        self.nodes.append(self.make_node(operation, inputs, [self.value], name=self.value, **attributes))
        return self.value

    def number(self, name: str, number: float) -> str:
        """Write one number and return its name."""
        return self.array(name, _float32(f"the number {name}", number))

    def array(self, name: str, values: Array) -> str:
        """Write constant values and return their name."""
        self.constants[f"{self.prefix}{name}"] = values
        return f"{self.prefix}{name}"


def _float32(where: str, number: float) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        array = np.array(number, dtype=np.float32)
    if not np.isfinite(array) or bool(array) != bool(number):
        wanted, remedy = "a number that float32 can hold", "ONNX keeps options of activations as float32."
        raise refusal(where, repr(number), wanted, remedy)
    return array


def write_node(writer: GraphWriter, visit: Visit, layer: nn.Module) -> None:
    """Write the nodes of one step.

    Args:
        writer: takes the nodes.
        visit: the step.
        layer: the module that was built of it, with its weights.

    Raises:
        CannotExpress: for a step that has no row here, or an option that ONNX does not allow.
    """
    WRITERS.get(type(visit.step), _refuse_step)(writer, visit, layer)


def _refuse_step(writer: GraphWriter, visit: Visit, layer: nn.Module) -> None:
    wanted = f"one of {', '.join(kind.__name__ for kind in WRITERS)}"
    got = "a step for which no operation of ONNX is known here"
    raise refusal(_where(visit), got, wanted, _ELSEWHERE)


def _where(visit: Visit) -> str:
    return f"step {visit.path} ({type(visit.step).__name__})"


def _write_linear(writer: GraphWriter, visit: Visit, layer: nn.Module) -> None:
    """Write a linear map: Gemm over rows, MatMul and Add where a sample has more axes."""
    rows = len(visit.input_shape) == 1
    names = []  # weight, then bias
    for name, parameter in layer.named_parameters():
        array = parameter.detach().to("cpu", torch.float32).numpy()
        names.append(writer.array(f"{visit.path}.{name}", array if rows or array.ndim == 1 else array.T))
    if rows:
        writer.put(visit.path, "Gemm", writer.value, *names, transB=1)
        return
    writer.put(visit.path, "MatMul", writer.value, names[0])
    for bias in names[1:]:
        writer.put(visit.path, "Add", writer.value, bias)


def _write_activation(writer: GraphWriter, visit: Visit, layer: nn.Module) -> None:
    step, path, x = visit.step, visit.path, writer.value
    assert isinstance(step, Activation)
    options = dict(step.options)
    if step.kind == "silu":
        writer.put(path, "Mul", x, writer.put(path, "Sigmoid", x))
    elif step.kind == "softplus" and options:
        _write_softplus(writer, path, step.all_options)
    elif step.kind == "relu6":
        writer.put(path, "Clip", x, writer.number(f"{path}.min", 0.0), writer.number(f"{path}.max", 6.0))
    elif step.kind == "hardsigmoid":
        writer.put(path, "HardSigmoid", x, alpha=1 / 6, beta=0.5)
    elif not step.row.onnx or set(options) - set(step.row.onnx_options.values()):
        shown = "".join(f" {name}={value}" for name, value in options.items())
        known = ", ".join(row.name for row in ACTIVATIONS.values() if row.onnx)
        got = f"{step.kind}{shown}, which is no operation of ONNX"
        raise refusal(_where(visit), got, f"one of {known}", _ELSEWHERE)
    else:
        given = {name: step.all_options[option] for name, option in step.row.onnx_options.items()}
        writer.put(path, step.row.onnx, x, **given, **({} if step.row.elementwise else {"axis": -1}))


def _write_softplus(writer: GraphWriter, path: str, options: Mapping[str, Any]) -> None:
    """Write log(1 + exp(beta x)) / beta, and x itself where beta x is above the threshold."""
    x = scaled = writer.value
    beta, threshold = options["beta"], options["threshold"]
    if beta != 1:
        scaled = writer.put(path, "Mul", x, writer.number(f"{path}.beta", beta))
    smooth = writer.put(path, "Softplus", scaled)
    if beta != 1:
        smooth = writer.put(path, "Div", smooth, writer.number(f"{path}.beta", beta))
    if threshold != ACTIVATIONS["softplus"].options["threshold"]:
        above = writer.put(path, "Greater", scaled, writer.number(f"{path}.threshold", threshold))
        writer.put(path, "Where", above, x, smooth)


def _write_dropout(writer: GraphWriter, visit: Visit, layer: nn.Module) -> None:
    assert isinstance(visit.step, Dropout)
    if visit.step.p == 1:
        wanted = "a probability below 1, which is what ONNX allows"
        raise refusal(_where(visit), "p=1", wanted, "Leave the step out, or choose a smaller p.")
    writer.put(visit.path, "Dropout", writer.value, writer.number(f"{visit.path}.ratio", visit.step.p))


def _write_flatten(writer: GraphWriter, visit: Visit, layer: nn.Module) -> None:
    writer.put(visit.path, "Flatten", writer.value, axis=1)


def _constants(writer: GraphWriter, visit: Visit, layer: nn.Module) -> dict[str, str]:
    """Write the parameters and averages of a layer, and return their names."""
    names = {}
    for name, tensor in (*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False)):
        if tensor.is_floating_point():
            names[name] = f"{visit.path}.{name}"
            writer.constants[names[name]] = tensor.detach().to("cpu", torch.float32).numpy()
    return names


def _write_prelu(writer: GraphWriter, visit: Visit, layer: nn.Module) -> None:
    writer.put(visit.path, "PRelu", writer.value, _constants(writer, visit, layer)["weight"])


def _write_layer_norm(writer: GraphWriter, visit: Visit, layer: nn.Module) -> None:
    assert isinstance(visit.step, LayerNorm)
    names = _constants(writer, visit, layer)
    if "weight" not in names:  # which the operation cannot do without
        names["weight"] = f"{visit.path}.weight{NOT_FITTED}"
        writer.constants[names["weight"]] = np.ones(numbers(visit.input_shape[-1:]), dtype=np.float32)
    given = [names[name] for name in ("weight", "bias") if name in names]
    writer.put(visit.path, "LayerNormalization", writer.value, *given, axis=-1, epsilon=visit.step.eps)


def _write_batch_norm(writer: GraphWriter, visit: Visit, layer: nn.Module) -> None:
    """Write a BatchNorm by its running averages; ONNX counts momentum the other way round."""
    assert isinstance(visit.step, BatchNorm)
    names, ones = _constants(writer, visit, layer), np.ones(numbers(visit.input_shape[-1:]), dtype=np.float32)
    for name, usual in (("weight", ones), ("bias", 0 * ones)):  # which the operation cannot do without
        if name not in names:
            names[name] = f"{visit.path}.{name}{NOT_FITTED}"
            writer.constants[names[name]] = usual
    given = [names[name] for name in ("weight", "bias", "running_mean", "running_var")]
    momentum = 1 - visit.step.momentum
    writer.put(
        visit.path, "BatchNormalization", writer.value, *given, epsilon=visit.step.eps, momentum=momentum
    )


def _write_residual(writer: GraphWriter, visit: Visit, layer: nn.Module) -> None:
    assert isinstance(visit.step, Residual) and isinstance(layer.layers, nn.Sequential)
    arrived = writer.value
    inner = zip(visit.step.walk(visit.input_shape), layer.layers, strict=True)
    for place, ((step, shape), child) in enumerate(inner):
        write_node(writer, Visit(f"{visit.path}.{place}", step, shape, step.output_shape(shape)), child)
    writer.put(visit.path, "Add", arrived, writer.value)


def _write_embed(writer: GraphWriter, visit: Visit, layer: nn.Module) -> None:
    """Write the row of the first feature behind the others."""
    path, x, names = visit.path, writer.value, _constants(writer, visit, layer)
    for name, places in (("first", 0), ("begin", [1]), ("end", [2**31 - 1]), ("axis", [1])):
        names[name] = f"{path}.{name}"
        writer.constants[names[name]] = np.array(places, dtype=np.int64)
    number = writer.put(path, "Cast", writer.put(path, "Gather", x, names["first"], axis=1), to=_INT64)
    row = writer.put(f"{path}.row", "Gather", names["weight"], number)
    others = writer.put(path, "Slice", x, names["begin"], names["end"], names["axis"])
    writer.put(path, "Concat", others, row, axis=1)


# What writes a step; the row of a new step may be left out, then writing it is refused.
WRITERS: dict[type[Step], Callable[[GraphWriter, Visit, nn.Module], None]] = {
    Linear: _write_linear,
    Activation: _write_activation,
    Dropout: _write_dropout,
    Flatten: _write_flatten,
    PReLU: _write_prelu,
    LayerNorm: _write_layer_norm,
    BatchNorm: _write_batch_norm,
    Residual: _write_residual,
    Embed: _write_embed,
}
