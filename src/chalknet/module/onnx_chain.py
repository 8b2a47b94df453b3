"""From the nodes of a graph, as plain values, to the layers of a chain, for `read_onnx`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from chalknet.errors import ShapeMismatch
from chalknet.module.activation_patterns import ATTRIBUTES, OPERATIONS, Expression, X, activation_of
from chalknet.module.onnx_nodes import Array, GraphNode, constant_of, refusal
from chalknet.module.own_layers import ResidualLayer
from chalknet.module.sequential import build
from chalknet.network import (
    ACTIVATIONS,
    Activation,
    ActivationKind,
    Dropout,
    Flatten,
    Network,
    Size,
    Step,
    size_of,
)

NOT_FITTED = ".not_fitted"  # ends the name of a constant that is no parameter
TensorShape: TypeAlias = tuple[Size | None, ...]

_LONGEST_PATTERN = 12  # nodes that make one activation; GELU by tanh takes nine


@dataclass(frozen=True)
class _Block:
    """A residual block that is being read: what arrives at it, its shape, and the layers before the block."""

    arrived: str
    shape: TensorShape
    before: list[nn.Module]


@dataclass
class LayerChain:
    """The layers read so far, and the value that the last of them gives.

    Args:
        value: the name of that value.
        shape: its shape, the batch axis in front; None for a size that is not known.
        number_type: the number type of every weight, such as "float32".
        opset: the version of the operations.
        constants: the values that do not depend on the input, by name.
        uses: how many of the nodes not yet read take each value; the output counts as one.
        sums: the value that arrives at each residual block, by the name of the block's sum.
        blocks: the residual blocks that have begun, the innermost last.
        layers: the modules so far, of the innermost block.
        pattern: the values computed from `value` while several nodes together make an activation.
    """

    value: str
    shape: TensorShape
    number_type: str
    opset: int
    constants: dict[str, Array]
    uses: Counter[str]
    sums: dict[str, str]
    blocks: list[_Block] = field(default_factory=list)
    layers: list[nn.Module] = field(default_factory=list)
    pattern: dict[str, Expression] = field(default_factory=dict)

    def advance(self, node: GraphNode) -> None:
        """Read one node: a layer, a constant, or one of the nodes that make an activation together.

        Raises:
            CannotExpress: for a node that no step of a chain describes.
        """
        arriving = [name for name in node.inputs if name and name not in self.constants]
        if node.outputs[0] in self.sums and self._ends_block(node):
            return
        self._begin_blocks()
        self.uses.subtract(node.inputs)
        if not arriving:
            self.constants[node.outputs[0]] = constant_of(node, self.constants)
            return
        if node.operation == "Shape" and arriving == [self.value]:
            self.constants[node.outputs[0]] = _shape_as_target(self, node)
            return
        alone = arriving == [self.value] and not self.uses[self.value] and not self.pattern
        read = _activation if node.operation in _activation_rows() else READERS.get(node.operation)
        layer = read(self, node) if alone and read else None
        if layer is None:
            layer = self._match_pattern(node, arriving)
        if layer is not None:
            self.layers.append(layer)
            self.value, self.pattern = node.outputs[0], {}

    def _begin_blocks(self) -> None:
        """Begin the residual blocks at which the value arrives, unless they have begun."""
        begun = sum(block.arrived == self.value for block in self.blocks)
        for _ in range(list(self.sums.values()).count(self.value) - begun):
            self.uses[self.value] -= 1  # the sum's
            self.blocks.append(_Block(self.value, self.shape, self.layers))
            self.layers = []

    def _ends_block(self, node: GraphNode) -> bool:
        """End the innermost residual block with its sum, or return False where that is not its sum."""
        if not self.blocks or self.pattern or set(node.inputs) != {self.blocks[-1].arrived, self.value}:
            return False
        block = self.blocks.pop()
        if self.shape[1:] != block.shape[1:]:
            node.refuse(f"a sum of the shapes {block.shape} and {self.shape}", "the same shape twice")
        self.uses[self.value] -= 1
        self.layers = [*block.before, ResidualLayer(*self.layers)]
        self.value = node.outputs[0]
        return True

    def finish(self, output: str) -> nn.Sequential:
        """Return the module; the chain must end at the output of the graph."""
        if self.value != output or not self.layers or self.blocks:
            raise refusal(
                f"the output {output!r}",
                f"a chain of layers that ends at {self.value!r}",
                "one chain of layers from the input to the output",
                "Several nodes together may only be an activation as torch.onnx.export writes it.",
            )
        return nn.Sequential(*self.layers)

    def _match_pattern(self, node: GraphNode, arriving: Sequence[str]) -> nn.Module | None:
        known: dict[str, Expression] = {self.value: X, **self.pattern}
        elementary = OPERATIONS.get(node.operation)
        used_again = any(self.uses[name] for name in known)
        if not set(arriving) <= set(known) or (used_again and elementary is None):
            node.refuse(
                f"a branch at {arriving[0]!r}",
                "a chain, in which each value goes into one node",
                REMEDIES.get(node.operation, ""),
            )
        arguments = [known[name] if name in known else self.number(name) for name in node.inputs]
        beside = ATTRIBUTES.get(node.operation, {})
        arguments += [shortest(node.attributes.get(name, usual)) for name, usual in beside.items()]
        expression = elementary(*arguments) if elementary and None not in arguments else None
        if expression is None or len(self.pattern) >= _LONGEST_PATTERN:
            node.refuse(
                f"a calculation ({node.operation}) that no step describes",
                "a linear map with one bias, or an activation, such as x * sigmoid(x)",
                REMEDIES.get(node.operation, ""),
            )
        self.pattern[node.outputs[0]] = expression
        activation = None if used_again else activation_of(expression)
        return None if activation is None else _module(activation)

    def number(self, name: str) -> float | None:
        """Return the single number that a constant is, or None."""
        array = self.constants.get(name)
        if array is None:
            return None  # an input that was left out
        single = array.size == 1 and array.ndim <= len(self.shape) and array.dtype.kind in "fiu"
        return shortest(array.reshape(-1)[0]) if single else None

    def weight(self, node: GraphNode, index: int) -> Array:
        """Return the constant that is the node's input of this index, in the number type of the graph."""
        array = self.constants.get(node.inputs[index])
        if array is None:
            node.refuse("a weight that is calculated", "a constant weight, the second operand after X")
        if array.dtype.name != self.number_type or not array.size:
            node.refuse(f"a weight of {_show(array)}", f"weights of {self.number_type}, as the input is")
        return array

    def linear(self, node: GraphNode, weight: Array, bias: Array | None) -> nn.Module:
        """Return the layer of a weight (out, in) and a bias (out,), and record the shape after it."""
        arriving = self.shape[-1]
        if isinstance(arriving, int) and arriving != weight.shape[1]:
            raise ShapeMismatch(
                where=node.where,
                got=f"{arriving} features from the step before it",
                wanted=f"{weight.shape[1]} features",
                remedy="Export the network anew: its widths do not meet.",
            )
        self.shape = (*self.shape[:-1], weight.shape[0])
        return _linear(weight, bias)

    def flat(self) -> nn.Module:
        """Return a Flatten, and record the shape after it."""
        self.shape = (self.shape[0], size_of(self.shape[1:]))
        return _module(Flatten())


def known_operations() -> tuple[str, ...]:
    """Return the operations of ONNX that are read here."""
    return tuple(dict.fromkeys([*READERS, *_activation_rows(), *OPERATIONS, *_OF_CONSTANTS]))


def _activation_rows() -> dict[str, ActivationKind]:
    """Return the activations that are one operation, by its name."""
    return {row.onnx: row for row in ACTIVATIONS.values() if row.onnx}


def shortest(value: Any) -> float:
    """Return the shortest decimal that is this number in its own type: float32(0.2) -> 0.2."""
    return float(str(value))


def _gemm(chain: LayerChain, node: GraphNode) -> nn.Module:
    alpha, beta = (float(node.attributes.get(name, 1)) for name in ("alpha", "beta"))
    if node.attributes.get("transA"):
        node.refuse("transA=1", "transA=0, the samples in the rows of X")
    weight = chain.weight(node, 1)
    if weight.ndim != 2 or len(chain.shape) != 2:
        node.refuse(f"a weight of {_show(weight)} behind a value of shape {chain.shape}", "two axes each")
    weight = _times(alpha, weight if node.attributes.get("transB") else weight.T)  # (out, in)
    bias = None
    if len(node.inputs) > 2 and node.inputs[2] and beta:
        bias = _times(beta, _bias(chain, node, 2, len(weight)))
    return chain.linear(node, weight, bias)


def _times(factor: float, array: Array) -> Array:
    with np.errstate(all="ignore"):  # a weight may well be inf or nan
        return array if factor == 1 else factor * array


def _matmul(chain: LayerChain, node: GraphNode) -> nn.Module:
    weight = chain.weight(node, 1)  # (in, out)
    if weight.ndim != 2:
        node.refuse(f"a weight of {_show(weight)}", "a matrix, of two axes")
    return chain.linear(node, weight.T, None)


def _add(chain: LayerChain, node: GraphNode) -> nn.Module | None:
    """Return the linear map before with this bias; None where there is none that lacks one."""
    last = chain.layers[-1] if chain.layers else None
    if not isinstance(last, nn.Linear) or last.bias is not None:
        return None
    bias = _bias(chain, node, 1 - node.inputs.index(chain.value), last.out_features)
    chain.layers.pop()
    return _linear(last.weight.detach().numpy(), bias)


def _bias(chain: LayerChain, node: GraphNode, index: int, out_features: int) -> Array:
    """Return the constant of this index as a bias (out,); one number or axes of size 1 in front are fine."""
    array = chain.weight(node, index)
    last = array.shape[-1] if array.ndim else 1
    if array.ndim > len(chain.shape) or array.size != last or last not in (1, out_features):
        node.refuse(f"a bias of {_show(array)}", f"one number for each of the {out_features} features")
    return np.broadcast_to(array.reshape(-1), (out_features,))


def _dropout(chain: LayerChain, node: GraphNode) -> nn.Module:
    given = node.inputs[1] if len(node.inputs) > 1 else ""
    p = chain.number(given) if given else shortest(node.attributes.get("ratio", 0.5))
    if p is None:
        node.refuse("a ratio that is no single number", "a number between 0 and 1")
    return _module(Dropout(p))


def _flatten(chain: LayerChain, node: GraphNode) -> nn.Module:
    axis = node.attributes.get("axis", 1)
    if axis not in (1, 1 - len(chain.shape)):
        node.refuse(f"axis={axis}", "axis=1, all values of a sample in one row")
    return chain.flat()


def _reshape(chain: LayerChain, node: GraphNode) -> nn.Module:
    target = chain.constants[node.inputs[1]].tolist() if node.inputs[1] in chain.constants else []
    batch, size = chain.shape[0], size_of(chain.shape[1:])
    batches = [batch] if node.attributes.get("allowzero") else [0, batch]
    whole = [[first, size] for first in (-1, *batches)] if size is not None else []
    if target not in [*whole, *([first, -1] for first in batches if first is not None)]:
        node.refuse(
            f"the new shape {target}",
            "all values of a sample in one row, (0, -1)",
            "Write nn.Flatten() in the module and export it anew.",
        )
    return chain.flat()


def _activation(chain: LayerChain, node: GraphNode) -> nn.Module:
    row = _activation_rows()[node.operation]
    axis = node.attributes.get("axis", -1 if chain.opset >= 13 else 1)
    if not row.elementwise and axis not in (-1, len(chain.shape) - 1):
        node.refuse(f"axis={axis} of a value of shape {chain.shape}", "the last axis, the features")
    given = {
        option: node.attributes[name] for name, option in row.onnx_options.items() if name in node.attributes
    }
    numbers = {option: shortest(value) for option, value in given.items() if not isinstance(value, str)}
    return _module(Activation(row.name, given | numbers))


def _swish(chain: LayerChain, node: GraphNode) -> nn.Module:
    if node.attributes.get("alpha", 1.0) != 1.0:
        node.refuse(f"alpha={node.attributes['alpha']}", "alpha=1, which is SiLU")
    return _module(Activation("silu"))


def _prelu(chain: LayerChain, node: GraphNode) -> nn.Module:
    slopes, width = chain.weight(node, 1).reshape(-1), chain.shape[-1]
    if len(slopes) not in (1, width) or (len(slopes) > 1 and len(chain.shape) != 2):
        node.refuse(f"{len(slopes)} slopes", f"one, or one for each of the {width} features")
    layer = nn.PReLU(len(slopes), device="meta")
    return _with_values(layer, weight=slopes)


def _layer_norm(chain: LayerChain, node: GraphNode) -> nn.Module:
    width, axis = chain.shape[-1], node.attributes.get("axis", -1)
    if axis not in (-1, len(chain.shape) - 1) or not isinstance(width, int):
        node.refuse(f"axis={axis} of a value of shape {chain.shape}", "the last axis, the features")
    given = {"weight": _bias(chain, node, 1, width)}
    if len(node.inputs) > 2 and node.inputs[2]:
        given["bias"] = _bias(chain, node, 2, width)
    eps, affine = shortest(node.attributes.get("epsilon", 1e-5)), _is_fitted(node, 1)
    layer = nn.LayerNorm(width, eps=eps, elementwise_affine=affine, bias="bias" in given, device="meta")
    return _with_values(layer, **(given if affine else {}))


def _batch_norm(chain: LayerChain, node: GraphNode) -> nn.Module:
    width = chain.shape[-1]
    if len(chain.shape) != 2 or not isinstance(width, int) or node.attributes.get("training_mode"):
        node.refuse(f"one of a value of shape {chain.shape}", "features in one row, in evaluation mode")
    names = ("weight", "bias", "running_mean", "running_var")
    values = {name: _bias(chain, node, index, width) for index, name in enumerate(names, 1)}
    eps = shortest(node.attributes.get("epsilon", 1e-5))
    momentum = round(1 - shortest(node.attributes.get("momentum", 0.9)), 7)
    fitted = {name: _is_fitted(node, index) for index, name in enumerate(("weight", "bias"), 1)}
    layer = nn.BatchNorm1d(width, eps, momentum, affine=fitted["weight"], bias=fitted["bias"])
    return _with_values(layer, **{name: value for name, value in values.items() if fitted.get(name, True)})


def _is_fitted(node: GraphNode, index: int) -> bool:
    """Return whether an input is a parameter; our own files name what an operation has to be given beside."""
    return not node.inputs[index].endswith(NOT_FITTED)


def _with_values(layer: nn.Module, **values: Array) -> nn.Module:
    """Return a layer with its parameters and averages in place of those that it was made with."""
    for name, array in values.items():
        tensor = torch.from_numpy(np.array(array, order="C"))
        if name in layer._parameters:
            setattr(layer, name, nn.Parameter(tensor))
        else:
            layer._buffers[name] = tensor
    return layer


def _shape_as_target(chain: LayerChain, node: GraphNode) -> Array:
    """Return the shape with 0 for the batch, the sign by which a Reshape keeps it."""
    if node.attributes or size_of(chain.shape[1:]) is None:
        node.refuse("a shape that is not wholly known", "numbers behind the batch axis", REMEDIES["Shape"])
    return np.array([0, *chain.shape[1:]])


def _linear(weight: Array, bias: Array | None) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    layer.weight = nn.Parameter(torch.from_numpy(np.array(weight, order="C")))
    if bias is not None:
        layer.bias = nn.Parameter(torch.from_numpy(np.array(bias, order="C")))
    return layer


def _module(step: Step) -> nn.Module:
    return build(Network((1,), (step,)))[0]


def _show(array: Array) -> str:
    return f"{array.dtype.name} and shape {array.shape}"


# The layer of an operation; a new step may add a row for its own.
READERS: dict[str, Callable[[LayerChain, GraphNode], nn.Module | None]] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Add": _add,
    "Dropout": _dropout,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Swish": _swish,
    "PRelu": _prelu,
    "LayerNormalization": _layer_norm,
    "BatchNormalization": _batch_norm,
}
_OF_CONSTANTS = ("Constant", "Transpose", "Shape", "Gather", "Unsqueeze", "Concat")
REMEDIES: Mapping[str, str] = {
    "ReduceMean": "Export it with opset_version=17 or newer, which knows LayerNormalization.",
    "Cast": "The numbers keep one type on the way: export the model in float32.",
    "Unsqueeze": "Samples are rows: give the model an input with the batch axis in front.",
    "Squeeze": "The output keeps its axes: squeeze it outside of the model.",
    "Shape": "Write nn.Flatten() in place of x.view(x.size(0), -1), and export it anew.",
}
