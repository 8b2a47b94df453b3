"""Graphs of operations, as torchviz, torchlens, ONNX and TensorFlow print them, brought to their layers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.operators import from_operators
from chalknet.notation.drawings.scalars import from_scalars
from chalknet.notation.drawings.sketch import Link, Sketch
from chalknet.notation.drawings.words import pattern

_BACKWARD = pattern(r"(\w+?)Backward\d*$")
_OPERATION = pattern(r"(?:[\w./:-]*[/:])?([A-Za-z]+)(?:[ _]?\(op#?\d+\)|[_:]\d+)?$")
_LENS = pattern(r"([a-z]+)(?:_\d+){1,2}$")
_PRODUCTS = frozenset("Addmm Mm Linear Gemm MatMul Product".split())
_WITH_BIAS = frozenset("Addmm Linear Gemm".split())
_SUMS = frozenset("Add BiasAdd AddV2".split())
_TURNED = frozenset("T Transpose Permute".split())
# What only passes a value on, or tells its shape.
_PASSED = frozenset(
    "T Transpose Permute View UnsafeView ReshapeAlias Reshape Squeeze Unsqueeze Clone Alias ToCopy Identity "
    "ReadVariableOp".split()
)
_SIGNS = {**dict.fromkeys("·*×⋅∙@•", "Product"), "+": "Add"}  # W · x + b, drawn with the boxes of W and b
_NAMES = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "NativeDropout": "dropout",
    "LogSoftmax": "log_softmax",
    "LeakyRelu": "leaky_relu",
    "Silu": "silu",
    "HardSwish": "hardswish",
}
_SIZES = pattern(r"[(\[<⟨]\s*(\d+(?:\s*[,×x]\s*\d+)*)\s*,?\s*[)\]>⟩]")
_TIMES = pattern(r"(?<![\w.^(])(\d+)\s*[×x]\s*(\d+)(?![\w.])")
_ROWS = pattern(r"[(\[]?\s*[A-Za-z]\w*\s*[×x,]\s*(\d+)\s*[)\]]?")  # m × 3: samples and features
_MADE = pattern(r"Linear\(\d+, (\d+)")
_PARAMETERS = pattern(r"params?:?\D*(\d+)\s*x\s*(\d+)")
_WEIGHT = pattern(r"weight|kernel|\b[wW]\d*\b")
_VALUE_NAME = pattern(
    r"(?:[\w./:-]+_output(?:[_:]\d+)?|onnx::[A-Za-z]+_\d+)(?:\s*\n?\s*(?:b?float|tensor)\w*\W[^\n]*)?", re.I
)  # what ONNX calls the result of an operation
_SLOPE = pattern(r"(?:alpha|negative_slope)\s*[=:]\s*(\d*\.?\d+)")
_SLOPED = frozenset(("LeakyRelu", "LeakyReLU", "Elu"))
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class _Weight(NamedTuple):
    """The sizes of a parameter, whether it is transposed on its way, and whether it is called a weight."""

    sizes: tuple[int, ...]
    turned: bool
    named: bool


def from_autograd(sketch: Sketch) -> None:
    """Put layers in the place of operations: a product with its weight's box becomes a Linear.

    The links of frames have reached their nodes by then.
    """
    sketch.reach_frames()
    first = {key: plain(node.text).split("\n")[0].strip() for key, node in sketch.nodes.items()}
    backward = {key: found.group(1) for key, text in first.items() if (found := _BACKWARD.search(text))}
    if backward:
        gradient = {key for key, text in first.items() if text.startswith("AccumulateGrad")}
        _Graph(sketch, backward, gradient, _turned_round(sketch, gradient, backward)).to_layers()
    elif not (from_operators(sketch) or _from_torchlens(sketch, first) or from_scalars(sketch)):
        named = {key: match.group(1) for key, text in first.items() if (match := _OPERATION.fullmatch(text))}
        named = {key: name for key, name in named.items() if not _VALUE_NAME.fullmatch(first[key])}
        named = {key: name for key, name in named.items() if len(name) > 1}
        named |= {key: _SIGNS[text] for key, text in first.items() if text in _SIGNS}
        if {"Gemm", "MatMul", "Product"} & set(named.values()):
            graph = _Graph(sketch, named, set(), False)
            if graph.has_weights:
                graph.to_layers()


def _turned_round(sketch: Sketch, gradient: set[str], backward: dict[str, str]) -> bool:
    """Return whether the arrows lead from the result back to the parameters, as gradients flow."""
    links = [link for link in sketch.links if link.directed]
    into = sum(link.target in gradient and link.source in backward for link in links)
    out = sum(link.source in gradient and link.target in backward for link in links)
    return into > out


@dataclass
class _Graph:
    """A graph of operations.

    Args:
        sketch: what is drawn.
        operations: the name of each operation by its node.
        gradient: the nodes that collect a parameter's gradient.
        reverse: whether the arrows are to be turned round.
    """

    sketch: Sketch
    operations: dict[str, str]
    gradient: set[str]
    reverse: bool

    def __post_init__(self) -> None:
        if self.reverse:
            for link in self.sketch.links:
                link.source, link.target = link.target, link.source
        self._into: dict[str, list[str]] = {}
        for link in self.sketch.links:
            if link.directed or not self.gradient:  # saved values hang on lines without an arrow
                self._into.setdefault(link.target, []).append(link.source)

    @property
    def has_weights(self) -> bool:
        """Return whether boxes of parameters lead into products."""
        products = [key for key, name in self.operations.items() if name in _PRODUCTS]
        return any(self._weights(key, 2) and len(self._into[key]) > 1 for key in products)

    def to_layers(self) -> None:
        """Write each layer into its node, and take out all that only helps to compute it."""
        nodes = self.sketch.nodes
        parameters = {key for key in nodes if self._is_parameter(key)}
        biased: set[str] = set()
        passed: set[str] = set()
        for key, name in self.operations.items():
            if key in parameters or key in self.gradient:
                continue
            if name in _SUMS and (self._weights(key, 1) or self._gradients(key)):
                products = [one for one in self._sources(key) if self.operations.get(one) in _PRODUCTS]
                biased.update(products)
                passed.update([key] if products else [])
            elif name in _PASSED:
                passed.add(key)
        for key, name in self.operations.items():
            if name in _PRODUCTS:
                nodes[key].label = self._product(key, name, key in biased)
            elif key not in passed:
                slope = _SLOPE.search(plain(nodes[key].text)) if name in _SLOPED else None
                word = _NAMES.get(name, _CAMEL.sub(" ", name).lower())
                nodes[key].label = f"{word}({slope.group(1)})" if slope else word
        if "Product" in self.operations.values():  # the vectors between the operations
            passed |= {key for key in nodes if key not in self.operations and self._operations_into(key)}
        passed |= {key for key in nodes if self._is_value(key)}
        shown = self.operations.keys() if self.gradient or self.reverse else nodes.keys()
        kept = {key for key in shown if key not in parameters | passed | self.gradient}
        self.sketch.links = self._bridged(passed, kept)
        self.sketch.nodes = {key: nodes[key] for key in nodes if key in kept}

    def _is_value(self, key: str) -> bool:
        """Return whether a node is the named result of one operation on its way to the next."""
        named = _VALUE_NAME.fullmatch(plain(self.sketch.nodes[key].text))
        return bool(named) and key not in self.operations and self._operations_into(key)

    def _operations_into(self, key: str) -> bool:
        return any(source in self.operations for source in self._into.get(key, []))

    def _product(self, key: str, name: str, biased: bool) -> str:
        weights = self._weights(key, 2)
        bias = "" if biased or name in _WITH_BIAS else ", bias=False"
        if not weights:
            return "Linear"
        weight = max(weights, key=lambda one: (one.turned, one.named))
        first, second = weight.sizes
        as_written = name == "Product" and (second == self._arriving(key) or first != self._arriving(key))
        as_torch = weight.turned or name in ("Linear", "Gemm") or as_written  # a row an output
        taken, given = (second, first) if as_torch else (first, second)
        return f"Linear({taken}, {given}{bias})"

    def _arriving(self, key: str) -> int | None:
        """Return how many features a product takes: the units that lead there, or as a box before says."""
        sources = [source for source in self._into.get(key, []) if not self._is_parameter(source)]
        if len(sources) != 1:
            return len(sources) or None
        for _ in range(8):
            text = self.sketch.nodes[sources[0]].label or ""
            if made := _MADE.match(text):
                return int(made.group(1))
            if rows := _ROWS.search(plain(text)):
                return int(rows.group(1))
            sources = [one for one in self._into.get(sources[0], []) if not self._is_parameter(one)]
            if len(sources) != 1:
                break
        return None

    def _is_parameter(self, key: str) -> bool:
        """Return whether a node is the box of a parameter: it has sizes, and nothing leads into it."""
        if key in self.operations and not _SIZES.search(plain(self.sketch.nodes[key].text)):
            return False
        return bool(_sizes(self.sketch, key)) and not self._into.get(key)

    def _sources(self, key: str) -> list[str]:
        """Return what leads into a node, behind what only passes a value on."""
        found = []
        for source in self._into.get(key, []):
            for _ in range(6):
                if self.operations.get(source) not in _PASSED or not self._into.get(source):
                    break
                source = self._into[source][0]
            found.append(source)
        return found

    def _gradients(self, key: str) -> bool:
        return any(source in self.gradient for source in self._sources(key))

    def _weights(self, key: str, axes: int) -> list[_Weight]:
        """Return the parameters with so many axes that lead into a node."""
        found = []
        for source in self._into.get(key, []):
            turned = False
            for _ in range(6):
                if source not in self.gradient and self.operations.get(source) not in _PASSED:
                    break
                turned ^= self.operations.get(source) in _TURNED
                if not self._into.get(source):
                    break
                source = self._into[source][0]
            sizes = _sizes(self.sketch, source)
            if len(sizes) == axes and self._is_parameter(source):
                named = bool(_WEIGHT.search(plain(self.sketch.nodes[source].text)))
                found.append(_Weight(sizes, turned, named))
        return found

    def _bridged(self, passed: set[str], kept: set[str]) -> list[Link]:
        """Return the links between the nodes that are kept, past those that only pass a value on."""
        behind: dict[str, list[str]] = {}
        for link in self.sketch.links:
            if link.source in passed:
                behind.setdefault(link.source, []).append(link.target)
        made: dict[tuple[str, str], Link] = {}  # the parts of a vector are joined once
        for link in self.sketch.links:
            if link.source not in kept:
                continue
            waiting, seen = [link.target], set()
            while waiting:
                target = waiting.pop()
                self.sketch.spend(1, link.at)
                if target in kept:
                    ends = (link.source, target)
                    made.setdefault(ends, Link(*ends, link.label, link.visible, link.at))
                elif target not in seen:
                    seen.add(target)
                    waiting += behind.get(target, [])
        return list(made.values())


def _sizes(sketch: Sketch, key: str) -> tuple[int, ...]:
    text = plain(sketch.nodes[key].text) if key in sketch.nodes else ""
    if times := _TIMES.search(text):  # 3 × 1 is a column, 1 × 3 a row
        sizes = tuple(map(int, times.groups()))
        return sizes if 1 not in sizes or _WEIGHT.search(text) else (max(sizes),)
    found = _SIZES.search(text)
    return tuple(int(size) for size in re.split(r"\D+", found.group(1)) if size)[:4] if found else ()


def _from_torchlens(sketch: Sketch, first: dict[str, str]) -> bool:
    """Put layers in the place of torchlens's nodes `linear_1_1`; return whether there were any."""
    found = {key: match.group(1) for key, text in first.items() if (match := _LENS.fullmatch(text))}
    if "linear" not in found.values() or not {"input", "output"} & set(found.values()):
        return False
    for key, name in found.items():
        text = plain(sketch.nodes[key].text)
        if name == "linear" and (parameters := _PARAMETERS.search(text)):
            given, taken = parameters.groups()
            sketch.nodes[key].label = f"Linear({taken}, {given})"
        elif name not in ("input", "output"):
            sketch.nodes[key].label = _NAMES.get(name, name)
    return True
