"""Graphs of ONNX as `onnx.helper.printable_graph` and `onnx.printer.to_text` write them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from chalknet.errors import CannotExpress
from chalknet.network import ACTIVATIONS, Network
from chalknet.notation.arrows import SHORTHAND
from chalknet.notation.limits import check_limit
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText, Span

_NAME = r"(?<![\w./:-])[\w./:-]{1,200}+"
_TYPE = r"(?:FLOAT|DOUBLE|INT64|float|double|float16|FLOAT16|int64)"
_TENSORS = (
    re.compile(rf"%(?P<name>{_NAME})\[{_TYPE}(?:, ?(?P<sizes>[\w.?x-]{{0,60}}))?\]"),
    re.compile(rf"(?<!\w){_TYPE} ?\[(?P<sizes>[\w.?, -]{{0,60}})\] (?P<name>{_NAME})"),
)
_NODE = re.compile(
    rf"%?(?P<out>{_NAME}) ?= ?(?:[\w.]{{1,40}}::)?(?P<kind>[A-Z]\w{{1,40}}) ?"
    r"(?:[\[<](?P<attributes>[^\[\]<>\n]{0,400})[\]>])? ?\((?P<taken>[^()\n]{0,2000})\)"
)
_GRAPH = re.compile(rf"^[ \t]*+graph {_NAME} ?\(|{_NAME} ?\([^()\n]{{0,2000}}\) ?=> ?\(", re.M)
_ATTRIBUTE = re.compile(r"(\w{1,40})(?:\s?:\s?\w{1,10})? ?= ?(-?[\w.+-]{1,40}|\"[^\"\n]{0,40}\")")
_PASSES = ("Identity", "Cast", "Squeeze", "Reshape")
_STEPS = {"Flatten": "flatten", "BatchNormalization": "batchnorm", "LayerNormalization": "layernorm"}
_FUNCTIONS = {row.onnx: row for row in ACTIVATIONS.values() if row.onnx and row.name != "identity"}
_REMEDY = "Give the ONNX file itself, or the text of a graph that is one chain of linear maps."


@dataclass
class _Chain:
    """The layers of a graph up to a node.

    Args:
        value: the name of what the last of them gives.
        before: the name of what it took.
        parts: the layers as a formula, the input first.
    """

    value: str
    before: str = ""
    parts: list[str] = field(default_factory=list)

    def add(self, out: str, step: str = "") -> None:
        """Add a step to the last layer; none for what changes nothing."""
        self.before, self.value = self.value, out
        self.parts[-1] += f" {step}" if step else ""


def recognise_onnx_text(text: str) -> float:
    """Return how likely it is that a text is a graph of ONNX."""
    if "Gemm" not in text and "MatMul" not in text:
        return 0.0
    text = text.replace('"', "")
    return 0.98 if _GRAPH.search(text) and _NODE.search(text) else 0.0


def read_onnx_text(text: str, name: str | None = None) -> Network:
    """Return the network of a graph of ONNX that was printed.

    Args:
        text: what `onnx.helper.printable_graph(model.graph)` or `onnx.printer.to_text(model)` gave.
        name: of no use here.

    Raises:
        CannotExpress: for a node that no step of a chain describes.
        NotationError: for a graph without a size of its weights.
    """
    text = text.replace('"', "")  # which the newer printer puts around names
    source = SourceText("graph of ONNX", text, remedy=_REMEDY)
    check_limit(source, None, "characters of code", len(text))
    sizes = {
        found["name"]: tuple(re.split(r"[x,] ?", found["sizes"] or ""))
        for pattern in _TENSORS
        for found in pattern.finditer(text)
    }
    nodes = [*_NODE.finditer(text)]
    check_limit(source, None, "layers", len(nodes))
    made = {node["out"] for node in nodes}
    taken = [part for node in nodes for part in _inputs(node)]
    stored = {part for node in nodes for part in _inputs(node)[1:] if part not in made}
    first = next((part for part in taken if part not in made and part not in stored), "")
    chain = _Chain(first)
    for node in nodes:
        _advance(source, chain, node, sizes, stored)
    if not chain.parts or "->" not in " -> ".join(chain.parts):
        raise source.refuse(
            None, got="a graph without a linear map", wanted="Gemm or MatMul with the sizes of its weights"
        )
    assert SHORTHAND.read is not None
    network = SHORTHAND.read(" -> ".join(chain.parts), None)
    return replace(network, notes=tuple(note for note in network.notes if "bias" not in note))


def _inputs(node: re.Match[str]) -> list[str]:
    return [part.strip().lstrip("%") for part in node["taken"].split(",") if part.strip()]


def _advance(
    source: SourceText,
    chain: _Chain,
    node: re.Match[str],
    sizes: dict[str, tuple[str, ...]],
    stored: set[str],
) -> None:
    """Add one node to the chain.

    Raises:
        CannotExpress: for a node that no step of a chain describes, or that takes another value.
    """
    kind, parts = node["kind"], _inputs(node)
    attributes = {key: value.strip('"') for key, value in _ATTRIBUTE.findall(node["attributes"] or "")}
    values = [part for part in parts if part not in stored]
    if kind == "Constant" and not parts:
        stored.add(node["out"])
        return
    if kind == "Mul" and set(values) == {chain.before, chain.value} and chain.parts[-1].endswith(" sigmoid"):
        chain.parts[-1] = chain.parts[-1].removesuffix(" sigmoid")
        chain.add(node["out"], "silu")  # x times its sigmoid
        return
    if values == [chain.value] and kind in ("Gemm", "MatMul"):
        _linear(source, chain, node, sizes, turned=kind == "Gemm" and attributes.get("transB", "0") == "1")
    elif (
        values == [chain.value] and kind == "Add" and len(parts) == 2 and chain.parts[-1].endswith(" nobias")
    ):
        chain.parts[-1] = chain.parts[-1].removesuffix(" nobias")
        chain.add(node["out"])
    elif values == [chain.value] and kind in _FUNCTIONS and len(chain.parts) > 1:
        row = _FUNCTIONS[kind]
        options = [attributes[key] for key in row.onnx_options if key in attributes and kind != "Gelu"]
        chain.add(node["out"], f"{row.name}({float(options[0]):.6g})" if options else row.name)
    elif values == [chain.value] and kind == "Dropout" and len(chain.parts) > 1:
        chain.add(node["out"], f"dropout({attributes.get('ratio', 0.5)})")
    elif values == [chain.value] and kind in _STEPS and chain.parts:
        chain.add(node["out"], _STEPS[kind])
    elif values == [chain.value] and kind in _PASSES:
        chain.before, chain.value = chain.value, node["out"]
    else:
        raise source.refuse(
            Span(*node.span()), kind=CannotExpress, got=f"{kind} of {', '.join(parts)}",
            wanted="a chain of linear maps and activations", remedy=_REMEDY,
        )  # fmt: skip


def _linear(
    source: SourceText, chain: _Chain, node: re.Match[str], sizes: dict[str, tuple[str, ...]], *, turned: bool
) -> None:
    """Add a linear map, whose weights are stored by outputs where they are turned."""
    parts = _inputs(node)
    weights = sizes.get(parts[1], ()) if len(parts) > 1 else ()
    if len(weights) != 2 or not all(size.isdigit() for size in weights):
        raise source.refuse(
            Span(*node.span()), got=f"{node['kind']} without the sizes of its weights", wanted="two sizes"
        )
    out, into = weights if turned else weights[::-1]
    stated = sizes.get(parts[0], ())[-1:]
    last = chain.parts[-1].split()[0] if chain.parts else next(filter(str.isdigit, stated), into)
    if last != into:
        raise source.refuse(Span(*node.span()), got=f"{into} inputs behind {last} units", wanted="as many")
    chain.parts += ([into] if not chain.parts else []) + [f"{out} nobias" if len(parts) < 3 else out]
    chain.add(node["out"])


ONNX_TEXT = Notation(name="onnx-text", recognise=recognise_onnx_text, read=read_onnx_text)
