"""ONNX files: a chain read with its weights, and written; the only file that imports onnx."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from torch import nn

from chalknet.errors import ChalknetError, FileProblem, MissingPackage, NotationError, unknown_name
from chalknet.files import open_regular
from chalknet.module.onnx_chain import (
    REMEDIES,
    LayerChain,
    TensorShape,
    known_operations,
)
from chalknet.module.onnx_nodes import Array, GraphNode, refusal
from chalknet.module.onnx_sums import residual_sums
from chalknet.module.onnx_writer import INPUT, ML_DOMAIN, GraphWriter, write_node
from chalknet.module.read import flat, read_module
from chalknet.network import Network, Shape, Size
from chalknet.system import available_bytes

_LARGEST_FILE_BYTES = 2_000_000_000  # protobuf reads no more
_COPIES = 4  # of the weights while they are read: the file, protobuf's, the checker's, the module's
_MOST_NODES, _MOST_ENDS = 120_000, 100  # of 10,000 layers, an activation each
_OLDEST_OPSET = 7  # before it, Add and Gemm broadcast by rules of their own
_OPSET, _IR_VERSION = 20, 9  # the first with Gelu, and the file version of its time
_ML_OPSET = 3
_DEFAULT_DOMAIN = ("", "ai.onnx")
_OUTPUT = "yhat"


@dataclass(frozen=True)
class OnnxModel:
    """What an ONNX file holds.

    Args:
        module: the chain with its weights, in the number type of the file.
        input_shape: shape of one sample, the batch axis left out; None where the file does not state it.
    """

    module: nn.Sequential
    input_shape: Shape | None


def read_onnx(path: Path) -> OnnxModel:
    """Return the chain of linear maps and activations that an ONNX file holds, with its weights.

    A weight that two nodes of the graph share becomes two equal ones. Weights in a file of their own
    beside this one are read from there.

    Raises:
        MissingPackage: without the package `onnx`.
        FileProblem: for a file that cannot be opened or is too large.
        NotationError: for a file that is damaged, or no ONNX at all.
        CannotExpress: naming the node that is no step of a chain.
        ShapeMismatch: for a linear map that does not take what arrives.
    """
    onnx = _onnx()
    model = _checked(_parsed(path, onnx), path.parent, onnx)
    graph = model.graph
    constants = {tensor.name: _array(tensor, onnx) for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    if len(inputs) != 1 or len(graph.output) != 1:
        got = f"{len(inputs)} inputs and {len(graph.output)} outputs"
        raise refusal("the graph", got, "one input and one output", "Export the chain from X to yhat alone.")
    nodes = [_node(node, index, onnx) for index, node in enumerate(graph.node)]
    uses = Counter(name for node in nodes for name in node.inputs)
    uses[graph.output[0].name] += 1
    opset = max(entry.version for entry in model.opset_import if entry.domain in _DEFAULT_DOMAIN)
    shape, number_type = _input_type(inputs[0], onnx)
    sums = residual_sums(nodes, inputs[0].name)
    chain = LayerChain(inputs[0].name, shape, number_type, opset, constants, uses, sums)
    for node in nodes:
        chain.advance(node)
    module = chain.finish(graph.output[0].name)
    return OnnxModel(module, _sample_shape(shape, module))


def write_onnx(module: nn.Sequential, input_shape: Shape) -> bytes:
    """Return the ONNX file of a chain, with its weights as float32 and any number `n` of samples.

    Options of activations are kept as float32 too: 0.2 is read back as 0.2, what is beyond the seventh
    digit is rounded.

    Args:
        module: a chain of Linear, activations, Dropout and Flatten, as `build` gives it.
        input_shape: shape of one sample, the batch axis left out.

    Raises:
        MissingPackage: without the package `onnx`.
        CannotExpress: for a module that is no chain, too large, or with a number that ONNX does not allow.
    """
    writer = graph_writer()
    network = write_chain(writer, module, input_shape)
    writer.nodes[-1].output[0] = _OUTPUT
    batch = "batch" if "n" in network.symbols else "n"
    inputs = {INPUT: OnnxValue("float32", (batch, *network.input_shape))}
    outputs = {_OUTPUT: OnnxValue("float32", (batch, *network.output_shape))}
    return onnx_bytes(writer, network.name, inputs, outputs)


@dataclass(frozen=True)
class OnnxValue:
    """What goes into a graph or comes out of it.

    Args:
        number_type: as numpy calls it; "str" for texts.
        shape: with the batch axis; a text stands for any size.
    """

    number_type: str
    shape: tuple[Size, ...]


def graph_writer(prefix: str = "") -> GraphWriter:
    """Return what takes the nodes of a graph.

    Args:
        prefix: what the names of its values begin with.

    Raises:
        MissingPackage: without the package `onnx`.
    """
    return GraphWriter(_onnx().helper.make_node, prefix=prefix)


def write_chain(writer: GraphWriter, module: nn.Sequential, input_shape: Shape) -> Network:
    """Write the nodes of a chain behind those that are there, with its weights; return its network.

    Args:
        writer: takes the nodes.
        module: as in `write_onnx`.
        input_shape: shape of one sample.

    Raises:
        CannotExpress: as in `write_onnx`.
    """
    network = read_module(module, input_shape=input_shape)
    weights_bytes = 4 * sum(parameter.numel() for parameter in module.parameters())
    if weights_bytes > _LARGEST_FILE_BYTES:
        got = f"weights of {weights_bytes / 1e9:.1f} GB"
        raise refusal("the ONNX file", got, "at most 2 GB", "Keep the weights as safetensors.")
    for visit, layer in zip(network.walk(), flat(module), strict=True):
        write_node(writer, visit, layer)
    return network


def onnx_bytes(
    writer: GraphWriter,
    name: str,
    inputs: Mapping[str, OnnxValue],
    outputs: Mapping[str, OnnxValue],
    facts: Mapping[str, str] | None = None,
) -> bytes:
    """Return the ONNX file of a graph, found to be valid.

    Args:
        writer: its nodes and constants.
        name: of the graph.
        inputs: what goes in, by name.
        outputs: what comes out; the values of nodes of these names.
        facts: what else a reader of the file finds in it.
    """
    onnx, helper = _onnx(), _onnx().helper
    ends = [
        [
            helper.make_tensor_value_info(
                each, helper.np_dtype_to_tensor_dtype(np.dtype(value.number_type)), value.shape
            )
            for each, value in side.items()
        ]
        for side in (inputs, outputs)
    ]
    constants = [onnx.numpy_helper.from_array(array, name) for name, array in writer.constants.items()]
    graph = helper.make_graph(writer.nodes, name, *ends, constants)
    domains = [helper.make_opsetid("", _OPSET)]
    if any(node.domain == ML_DOMAIN for node in writer.nodes):
        domains.append(helper.make_opsetid(ML_DOMAIN, _ML_OPSET))
    model = helper.make_model(graph, opset_imports=domains, ir_version=_IR_VERSION, producer_name="chalknet")
    helper.set_model_props(model, dict(facts or {}))
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _onnx() -> ModuleType:
    try:
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
    except ImportError as problem:
        raise MissingPackage(
            where="ONNX files",
            got="no package onnx",
            wanted="onnx 1.17 or newer",
            remedy='Install it: pip install "chalknet[onnx]"',
        ) from problem
    module: ModuleType = onnx
    return module


def _parsed(path: Path, onnx: ModuleType) -> Any:
    from google.protobuf.message import DecodeError  # onnx brings it

    most = min(_LARGEST_FILE_BYTES, available_bytes() // _COPIES)
    try:
        size = path.stat().st_size if path.is_file() else None
        data = path.read_bytes() if size is not None and size <= most else b""
    except OSError as problem:
        raise _file_problem(path, problem.strerror or str(problem)) from problem
    if size is None:
        raise _file_problem(path, "a folder or device" if path.exists() else "no such file")
    if size > most:
        room = "" if size > _LARGEST_FILE_BYTES else ", for which memory has no room"
        raise _file_problem(path, f"a file of {size / 1e9:.1f} GB{room}")
    try:
        model = onnx.load_model_from_string(data)
    except DecodeError as problem:
        raise _damaged("bytes that are no ONNX file, or only a part of one") from problem
    if not model.ir_version or not model.HasField("graph"):
        raise _damaged("bytes that are no ONNX file" if data else "an empty file")
    return model


def _checked(model: Any, folder: Path, onnx: ModuleType) -> Any:
    """Return the model, its operations known, its weights loaded, and passed by onnx's own checker."""
    known = known_operations()
    if len(model.graph.node) > _MOST_NODES:
        got = f"{len(model.graph.node):,} nodes"
        raise refusal("the graph", got, f"at most {_MOST_NODES:,}", "Export a smaller network.")
    for index, node in enumerate(model.graph.node):
        where = _where(node, index)
        if node.domain not in _DEFAULT_DOMAIN or node.op_type not in known:
            got = f"the operation {node.domain or ''}{'.' * bool(node.domain)}{node.op_type}"
            near = unknown_name(where, "operation", str(node.op_type), known)
            raise refusal(where, got, near.wanted, REMEDIES.get(node.op_type, near.remedy))
        ends = max(len(node.input), len(node.output), len(node.attribute))
        if ends > _MOST_ENDS:
            raise refusal(
                where, f"{ends:,} inputs, outputs or attributes", f"at most {_MOST_ENDS}", "Export it anew."
            )
    opsets = [entry.version for entry in model.opset_import if entry.domain in _DEFAULT_DOMAIN]
    if opsets and max(opsets) < _OLDEST_OPSET:
        remedy = "Export it anew, or raise it with onnx.version_converter."
        raise refusal("the ONNX file", f"opset {max(opsets)}", f"opset {_OLDEST_OPSET} or newer", remedy)
    if model.graph.sparse_initializer:
        raise refusal("the graph", "sparse weights", "dense weights", "Export the weights as they are.")
    room = available_bytes()
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            room -= _load_beside(tensor, folder, room, onnx)
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError, TypeError, RuntimeError, AttributeError) as problem:
        raise _damaged(f"a graph that is not valid ({_first_line(problem)})") from problem
    return model


def _load_beside(tensor: Any, folder: Path, room: int, onnx: ModuleType) -> int:
    """Read a weight from a file in the folder of the ONNX file, and from nowhere else; return its bytes.

    Args:
        tensor: whose place of data is replaced by the data.
        folder: of the ONNX file.
        room: how many bytes memory has left.
        onnx: the package.
    """
    known = {entry.key: entry.value for entry in tensor.external_data}
    location = known.get("location", "")
    path = folder / location
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"the place {location!r}, which is not in the folder of the ONNX file")
        offset, length = (int(known.get(key) or 0) for key in ("offset", "length"))
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
        needed = int(math.prod(tensor.dims) * dtype.itemsize)
        if min((offset, *tensor.dims)) < 0 or length not in (0, needed):
            raise ValueError(f"offset {offset} and length {length} for {needed:,} bytes")
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if needed > size - offset or needed > room // _COPIES:
                raise ValueError(f"{size:,} bytes; the weight needs {needed:,} from byte {offset:,}")
            file.seek(offset)
            tensor.raw_data = file.read(needed)
    except (OSError, ValueError, KeyError, TypeError, ChalknetError) as problem:
        got = getattr(problem, "got", None) or getattr(problem, "strerror", None) or str(problem)
        raise _file_problem(path, f"weights kept in a file of their own, {got}") from problem
    del tensor.external_data[:]
    tensor.data_location = onnx.TensorProto.DEFAULT
    return needed


def _array(tensor: Any, onnx: ModuleType) -> Array:
    try:
        array: Array = onnx.numpy_helper.to_array(tensor)
    except (ValueError, TypeError, OverflowError, KeyError) as problem:
        raise _damaged(f"the weight {tensor.name!r}, cut off or of no known type") from problem
    return array


def _node(node: Any, index: int, onnx: ModuleType) -> GraphNode:
    kinds = onnx.AttributeProto
    readers: dict[int, Callable[[Any], object]] = {
        kinds.FLOAT: lambda given: np.float32(given.f),
        kinds.FLOATS: lambda given: np.array(given.floats, dtype=np.float32),
        kinds.INT: lambda given: int(given.i),
        kinds.INTS: lambda given: list(given.ints),
        kinds.STRING: lambda given: given.s.decode("utf-8", "replace"),
        kinds.TENSOR: lambda given: _array(given.t, onnx),
    }
    result = GraphNode(_where(node, index), node.op_type, tuple(node.input), tuple(node.output), {})
    for given in node.attribute:
        if given.type not in readers:
            result.refuse(f"the attribute {given.name!r} of a rare type", "numbers, words and tensors")
    return replace(result, attributes={given.name: readers[given.type](given) for given in node.attribute})


def _where(node: Any, index: int) -> str:
    return f"node {node.name or index} ({node.op_type})"


def _input_type(value: Any, onnx: ModuleType) -> tuple[TensorShape, str]:
    """Return the shape of the input with its batch axis, as far as stated, and its number type."""
    kind, types = value.type.tensor_type, onnx.TensorProto
    number_type = {types.FLOAT16: "float16", types.FLOAT: "float32", types.DOUBLE: "float64"}.get(
        kind.elem_type
    )
    shape = tuple(_size(dim) for dim in kind.shape.dim)
    if number_type is None or len(shape) < 2:
        raise refusal(
            f"the input {value.name!r}",
            f"the number type {kind.elem_type} and {len(shape)} axes",
            "float16, float32 or float64, and the batch axis in front of the features",
            "Export the model with a batch of float32 samples as its example.",
        )
    return shape, number_type


def _size(dim: Any) -> Size | None:
    if dim.dim_value > 0:
        return int(dim.dim_value)
    symbol = dim.dim_param
    return symbol if isinstance(symbol, str) and symbol.isidentifier() else None


def _sample_shape(shape: TensorShape, module: nn.Sequential) -> Shape | None:
    """Return the shape without the batch axis, its last symbol settled by the first linear map."""
    sizes = tuple(size for size in shape[1:] if size is not None)
    if len(sizes) != len(shape) - 1:
        return None
    widths = [layer.in_features for layer in module if isinstance(layer, nn.Linear)]
    flattened = any(isinstance(layer, nn.Flatten) for layer in module)
    if widths and isinstance(sizes[-1], str) and not flattened:
        sizes = (*sizes[:-1], widths[0])
    return None if flattened and any(isinstance(size, str) for size in sizes) else sizes


def _file_problem(path: Path, got: str) -> FileProblem:
    return FileProblem(
        where=str(path),
        got=got,
        wanted="a readable ONNX file of at most 2 GB",
        remedy="Check the name; weights in a file of their own lie beside it.",
    )


def _damaged(got: str) -> NotationError:
    return NotationError(
        where="the ONNX file",
        got=got,
        wanted="a whole and valid ONNX file",
        remedy="Copy or export it again.",
    )


def _first_line(problem: Exception) -> str:
    return next((line.strip()[:200] for line in str(problem).splitlines() if line.strip()), "no reason given")
