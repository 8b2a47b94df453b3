"""A fit as an ONNX graph: its inputs are the columns of the data, its outputs classes or values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

import chalknet as cn
from chalknet.data import Preparation
from chalknet.errors import CannotExpress
from chalknet.module import OnnxValue, graph_writer, onnx_bytes, write_chain
from chalknet.network import Embed
from chalknet.planning import Loss
from chalknet.serving.onnx_inputs import BATCH, GraphInputs, reshaped, write_array, write_columns
from chalknet.training import FitResult, Prediction, activation_of_raw, predicted

Array = npt.NDArray[Any]

_ARRAY = "X"  # the name of features without names
_LINKS = {"exp": "Exp", "sigmoid": "Sigmoid", "softmax": "Softmax"}
_TO_DOUBLE, _TO_INT64 = 11, 7
_NO_NUMBER = {"str": "", "int64": np.iinfo(np.int64).min, "float32": nan, "float64": nan}  # of a refused row


def onnx_of(result: FitResult) -> bytes:
    """Return a fit as an ONNX file, including its preparation, its classes and its target's unit.

    Raises:
        CannotExpress: for a module that is not a chain of known steps, or a target ONNX cannot express.
        MissingPackage: without the package `onnx`.
    """
    network, module, preparation = result.plan.network, result.module, result.preparation
    if network is None or not isinstance(module, nn.Sequential):
        raise CannotExpress(
            where=f"the module {result.plan.model}",
            got="a module of your own, whose code ONNX cannot hold",
            wanted="a chain of known steps",
            remedy="Export the module alone by torch.onnx.export(result.module, ...).",
        )
    named = preparation is not None and preparation.named and bool(preparation.x)
    names = [column.name for column in preparation.x] if named and preparation else [_ARRAY]
    writer = graph_writer(_free("chalknet/", names))
    shape = [size for size in result.plan.data.x_shape if isinstance(size, int)]
    if named and preparation is not None:
        graph = write_columns(writer, preparation)
        if len(shape) != 1:
            graph.x = reshaped(writer, graph.x, shape, "samples")
    else:
        graph = write_array(writer, preparation, shape, _ARRAY)
    graph.refuse_other_categories([step for step in network.steps if isinstance(step, Embed)])
    writer.value = graph.x
    written = write_chain(writer, module, network.input_shape)
    answers = _Answers(graph, [size for size in written.output_shape if isinstance(size, int)])
    answers.write(result.plan.recipe.loss_row, preparation)
    facts = {"chalknet": cn.__version__, "loss": result.plan.recipe.loss, **answers.facts}
    return onnx_bytes(writer, network.name, graph.inputs, answers.outputs, facts)


class _Answers:
    """Writes the outputs of a graph, given the output of its network `(n, *shape)`."""

    def __init__(self, graph: GraphInputs, shape: list[int]) -> None:
        self.writer, self.shape, self.inputs = graph.writer, shape, graph.inputs
        self.outputs: dict[str, OnnxValue] = {}
        self.facts: dict[str, str] = {}
        self._raw = self.writer.value
        self._refused = ""
        for each in graph.refused:
            both = (self._refused, each)
            self._refused = self.writer.put(f"refused{each}", "Or", *both) if self._refused else each

    def write(self, loss: Loss, preparation: Preparation | None) -> None:
        """Write the nodes of a loss's predictions, with the formulas of `predicted`."""
        if loss.target not in ("class", "probability"):
            self._write_values(loss, preparation)
            return
        if loss.target == "class" and len(self.shape) != 1:
            raise CannotExpress(
                where="the classes",
                got=f"an answer of shape {tuple(self.shape)} for each row",
                wanted="one class for each row",
                remedy="Export the module alone by torch.onnx.export(result.module, ...).",
            )
        example = np.eye(self.shape[0]) if loss.target == "class" else np.array([[-1.0], [2.0]])
        if loss.target == "probability" and np.prod(self.shape) != 1:
            example = np.full((1, *self.shape), 2.0)
        found = predicted(example.astype(np.float32), loss, preparation, activation_of_raw)
        self.facts["classes"] = json.dumps(found.names)
        (self._write_classes if loss.target == "class" else self._write_probabilities)(loss, found)

    def _write_values(self, loss: Loss, preparation: Preparation | None) -> None:
        put, array, value, shape, kind = self.writer.put, self.writer.array, self._raw, self.shape, "float32"
        if loss.outputs > 1:
            shape = [*shape[:-1], shape[-1] // loss.outputs]
            ends = (
                array(f"values.{name}", np.array([place]))
                for name, place in (("first", 0), ("last", shape[-1]), ("axis", -1))
            )
            value = put("values", "Slice", value, *ends)
        if loss.link:
            value = put("values", _LINKS[loss.link], value)
        if preparation is not None and preparation.scales_target:
            mean, std = (
                np.array([vars(column)[name] for column in preparation.y]) for name in ("mean", "std")
            )
            value, kind = put("values", "Cast", value, to=_TO_DOUBLE), "float64"
            value = put("values", "Mul", value, array("values.std", std))
            value = put("values", "Add", value, array("values.mean", mean))
        if preparation is not None and preparation.named and preparation.y:
            self.facts["targets"] = json.dumps([column.name for column in preparation.y])
        self._give("values", value, kind, shape)

    def _write_classes(self, loss: Loss, found: Prediction) -> None:
        put, own = self.writer.put, found.classes
        assert own is not None
        operation = {"softmax": "Softmax", "exp": "Exp"}["softmax" if "softmax" in loss.applies else "exp"]
        probabilities = put(
            "probabilities", operation, self._raw, **({"axis": 1} if operation == "Softmax" else {})
        )
        number = put("class", "ArgMax", self._raw, axis=1, keepdims=0)
        self._give_classes(own, number)
        self._give("probabilities", probabilities, "float32", self.shape)

    def _write_probabilities(self, loss: Loss, found: Prediction) -> None:
        put, array = self.writer.put, self.writer.array
        one = put("probability", "Sigmoid", self._raw) if "sigmoid" in loss.applies else self._raw
        least = np.array(0.0 if loss.decision == "above 0" else 0.5, np.float32)
        above = put("class", "Greater", self._raw, array("class.least", least))
        count = int(np.prod(self.shape))
        number = put("class", "Cast", above, to=_TO_INT64)
        if count != 1:
            self._give("class", reshaped(self.writer, number, [count], "class.flat"), "int64", [count])
            self._give("probabilities", reshaped(self.writer, one, [count], "flat"), "float32", [count])
            return
        assert found.classes is not None
        self._give_classes(found.classes, reshaped(self.writer, number, [], "class.flat"))
        one = reshaped(self.writer, one, [1], "flat")
        other = put("other", "Sub", array("one", np.array(1, np.float32)), one)
        self._give("probabilities", put("probabilities", "Concat", other, one, axis=1), "float32", [2])

    def _give_classes(self, own: Array, number: str) -> None:
        kind = "str" if own.dtype.kind == "U" else str(own.dtype)
        words = self.writer.array("class.names", own.astype(object) if kind == "str" else own)
        self._give("class", self.writer.put("class", "Gather", words, number), kind, [])

    def _give(self, name: str, value: str, kind: str, shape: Iterable[int]) -> None:
        """Add an output for a value, masked for refused rows."""
        name, shape = _free(name, self.inputs), list(shape)
        if self._refused:
            rows = reshaped(self.writer, self._refused, [1] * len(shape), f"refused {name}")
            of_dtype = object if kind == "str" else kind
            nothing = self.writer.array(f"nothing {name}", np.array(_NO_NUMBER[kind], of_dtype))
            value = self.writer.put(f"given {name}", "Where", rows, nothing, value)
        else:
            value = self.writer.put(f"given {name}", "Identity", value)
        self.writer.nodes[-1].output[0] = name
        self.outputs[name] = OnnxValue(kind, (BATCH, *shape))


def _free(name: str, taken: Iterable[str] | Mapping[str, object]) -> str:
    """Return a name that is not taken nor, if it ends in "/", a prefix of one that is."""
    names = list(taken)
    while any(each == name or (name.endswith("/") and each.startswith(name)) for each in names):
        name = f"predicted {name}"
    return name
