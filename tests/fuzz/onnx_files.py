"""Damaged and hostile ONNX files: bytes changed, graphs that are no chain, tensors that promise too much."""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper
from tests.fuzz.bounded import Case, outcomes

import chalknet as cn

_NETWORKS = (
    "4 -> 3 relu -> 1 sigmoid",
    "28x28 flatten -> 3 nobias leaky_relu(0.2) dropout(0.5) -> 2 softmax",
    "6 -> 5 gelu -> 4 silu -> 3 elu -> 2 log_softmax",
)
_OPERATIONS = (
    "Gemm", "MatMul", "Add", "Dropout", "Flatten", "Reshape", "Relu", "Softmax", "Constant", "Concat",
    "Transpose", "Shape", "Gather", "Unsqueeze", "Identity", "Mul", "Div", "Erf", "If", "Loop", "",
)  # fmt: skip
_NUMBERS = (0, 1, -1, 2, 7, 2**31, 2**62, -(2**63))
_FLOATS = (float("nan"), float("inf"), -float("inf"), 0.0, 1e38, -1.0)
PLACES = (
    "/etc/passwd", "../secret.bin", "a/../../secret.bin", "link.bin", "endless.bin", "sparse.bin", "pipe.bin",
    "weights.bin", "", ".", "\x00", "gone.bin",
)  # fmt: skip
_BATCH, _LARGEST_BYTES = 200, 30_000_000  # what is larger takes memory in proportion to it
_LARGEST_CHANGED = 50_000
_SECRET = bytes(range(64)) * 16  # what no network may show


def examples() -> list[bytes]:
    """Return ONNX files as chalknet writes them."""
    return [cn.write(network, "onnx") for network in _NETWORKS]


def prepare(folder: Path) -> None:
    """Put beside the files what a file may name and must not get."""
    (folder.parent / "secret.bin").write_bytes(_SECRET)
    (folder / "weights.bin").write_bytes(np.ones(400, dtype=np.float32).tobytes())
    (folder / "link.bin").symlink_to(folder.parent / "secret.bin")
    (folder / "endless.bin").symlink_to("/dev/zero")
    with (folder / "sparse.bin").open("wb") as file:
        file.truncate(1 << 40)
    os.mkfifo(folder / "pipe.bin")


def damaged(content: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return a file with one to four kinds of damage to its bytes."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(content) + 1)
        end = min(len(content), start + chance.choice((1, 1, 4, 50)))
        other = chance.choice(others)
        at = chance.randrange(len(other))
        put = chance.choice((
            b"", content[start:end] * 2,
            bytes(each ^ 1 << chance.randrange(8) for each in content[start:end]),
            other[at : at + chance.choice((5, 100))], chance.randbytes(4), b"\xff" * 9, bytes(end - start),
        ))  # fmt: skip
        content = content[:start] + put + content[end:]
    return content[: chance.randrange(len(content) + 1)] if chance.random() < 0.1 else content


def _operation(graph: Any, chance: random.Random) -> None:
    chance.choice(graph.node).op_type = chance.choice(_OPERATIONS)


def _wires(graph: Any, chance: random.Random) -> None:
    node, names = (
        chance.choice(graph.node),
        [name for each in graph.node for name in (*each.input, *each.output)],
    )
    side = chance.choice((node.input, node.output))
    match chance.randrange(4):
        case 0:
            del side[chance.randrange(len(side) + 1) :]
        case 1:
            side.extend(chance.choices([*names, "", "x\x1b[31m"], k=chance.choice((1, 2, 2000))))
        case 2 if side:
            side[chance.randrange(len(side))] = chance.choice([*names, ""])
        case _:
            node.input.extend(node.output)  # a cycle


def _order(graph: Any, chance: random.Random) -> None:
    nodes = list(graph.node)
    chance.shuffle(nodes)
    del graph.node[:]
    graph.node.extend(nodes * chance.choice((1, 1, 2, 300)))


def _attribute(graph: Any, chance: random.Random) -> None:
    value = chance.choice((
        chance.choice(_NUMBERS), chance.choice(_FLOATS), "x", [1, 0], [chance.choice(_FLOATS)],
        numpy_helper.from_array(np.zeros(3, dtype=np.float32)), graph,
    ))  # fmt: skip
    names = [
        "alpha",
        "beta",
        "transA",
        "transB",
        "axis",
        "perm",
        "ratio",
        "value",
        "allowzero",
        "approximate",
        "epsilon",
    ]
    made = helper.make_attribute(chance.choice(names), value)
    if chance.random() < 0.3:
        made.type = chance.choice(list(AttributeProto.AttributeType.values()))
    chance.choice(graph.node).attribute.append(made)


def _tensor(graph: Any, chance: random.Random) -> None:
    if not graph.initializer:
        return
    tensor = chance.choice(graph.initializer)
    match chance.randrange(5):
        case 0:
            del tensor.dims[:]
            tensor.dims.extend(chance.choices((*_NUMBERS, 3, 4, 10**6), k=chance.randrange(5)))
        case 1:
            tensor.data_type = chance.randrange(30)
        case 2:
            tensor.raw_data = tensor.raw_data[: chance.randrange(len(tensor.raw_data) + 1)]
        case 3:
            tensor.float_data.extend(chance.choices(_FLOATS, k=9))
        case _:
            tensor.name = chance.choice([each.name for each in graph.initializer])


def _outside(graph: Any, chance: random.Random) -> None:
    if not graph.initializer:
        return
    tensor = chance.choice(graph.initializer)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entries = {"location": chance.choice(PLACES)}
    entries |= {
        key: str(chance.choice((0, 4, 10**12, -1, "x")))
        for key in ("offset", "length")
        if chance.random() < 0.5
    }
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)


def _shapes(graph: Any, chance: random.Random) -> None:
    dims = chance.choice((*graph.input, *graph.output)).type.tensor_type.shape.dim
    if dims and chance.random() < 0.7:
        chance.choice(dims).dim_value = chance.choice(_NUMBERS)
    else:
        dims.add(dim_param=chance.choice(("n", "", "a b", "\x1b")))


def _doubled(graph: Any, chance: random.Random) -> None:
    """Add constants that double, and are the new shape of a Reshape."""
    nodes = [helper.make_node("Constant", [], ["c0"], value_ints=[0, -1])]
    nodes += [helper.make_node("Concat", [f"c{i}", f"c{i}"], [f"c{i + 1}"], axis=0) for i in range(40)]
    nodes.append(helper.make_node("Reshape", [graph.input[0].name, "c40"], ["reshaped"]))
    kept = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *kept])


def _many(graph: Any, chance: random.Random) -> None:
    graph.node.extend(
        helper.make_node("Relu", [f"r{i}"], [f"r{i + 1}"]) for i in range(chance.choice((100, 20_000)))
    )


_CHANGES: tuple[Callable[[Any, random.Random], None], ...] = (
    _operation, _wires, _wires, _order, _attribute, _attribute, _tensor, _tensor, _outside, _shapes,
    _doubled, _many,
)  # fmt: skip


def changed(content: bytes, chance: random.Random) -> bytes:
    """Return a file whose graph says something else."""
    model = onnx.load_model_from_string(content)
    for _ in range(chance.choice((1, 1, 2, 3))):
        if model.ByteSize() < _LARGEST_CHANGED:  # a later change may copy the graph, hundreds of times
            chance.choice(_CHANGES)(model.graph, chance)
    if chance.random() < 0.1:
        model.opset_import[0].version = chance.choice((-1, 0, 7, 12, 99, 2**40))
    return bytes(model.SerializeToString())


def nested(depth: int) -> bytes:
    """Return a model whose graph has a node that has an attribute that is a graph, and so on."""
    content = b""
    for _ in range(depth):
        for field in (_GRAPH_OF_ATTRIBUTE, _ATTRIBUTE_OF_NODE, _NODE_OF_GRAPH):
            content = field + _varint(len(content)) + content
    return b"\x08\x09" + _GRAPH_OF_MODEL + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    return (bytes([number & 127 | 128]) + _varint(number >> 7)) if number > 127 else bytes([number])


_GRAPH_OF_MODEL, _NODE_OF_GRAPH, _ATTRIBUTE_OF_NODE, _GRAPH_OF_ATTRIBUTE = b"\x3a", b"\x0a", b"\x2a", b"\x32"


def fuzz(seed: int, seconds: float) -> dict[str, Any]:
    """Read damaged ONNX files for some time.

    Args:
        seed: of the choices.
        seconds: how long new files are made.

    Returns:
        How many were tried, read and refused, the longest time, and under "wrong" what must not be.
    """
    chance, whole, counts, wrong, worst = random.Random(seed), examples(), Counter[str](), [], 0.0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "files"
        folder.mkdir()
        prepare(folder)
        warm = folder / "warm.onnx"
        warm.write_bytes(whole[0])
        ends = time.monotonic() + seconds
        while not counts or time.monotonic() < ends:
            paths = []
            for index in range(_BATCH):
                one = chance.choice(whole)
                match chance.randrange(12):
                    case 0 | 1 | 2:
                        content = damaged(one, whole, chance)
                    case 3:
                        content = nested(chance.choice((1, 30, 99, 2_000)))
                    case _:
                        content = changed(one, chance)
                path = folder / f"{index}.onnx"
                path.write_bytes(content if len(content) < _LARGEST_BYTES else one)
                paths.append(path)
            for found in outcomes([Case(None, str(path), "", 0) for path in paths], warm=[str(warm)]):
                counts["wrong" if found.is_bad else found.what] += 1
                worst = max(worst, found.seconds)
                if found.is_bad:
                    kept = Path(found.case.beginning).read_bytes()
                    wrong.append(f"{found.what} from {kept[:2000]!r}")
    return {"seed": seed, "tried": sum(counts.values()), **counts, "worst_s": worst, "wrong": wrong}
