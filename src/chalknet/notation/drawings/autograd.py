"""Graphs of autograd, as torchviz prints them, brought to the layers they come from."""

from __future__ import annotations

from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.sketch import Sketch
from chalknet.notation.drawings.words import pattern

_BACKWARD = pattern(r"(\w+?)Backward\d*$")
_PRODUCTS = {"Addmm": "", "Mm": ", bias=False", "Linear": ""}
_PLUMBING = ("AccumulateGrad", "TBackward", "TransposeBackward", "PermuteBackward")
_NAMES = {"NativeDropout": "dropout", "LogSoftmax": "log_softmax", "LeakyRelu": "leaky_relu", "Silu": "silu"}
_MATRIX = pattern(r"\((\d+),\s*(\d+)\)")


def from_autograd(sketch: Sketch) -> None:
    """Put layers in the place of autograd's nodes: a product with its weight's box becomes a Linear."""
    kinds = {key: _BACKWARD.search(plain(node.text).split("\n")[0]) for key, node in sketch.nodes.items()}
    if not any(kinds.values()):
        return
    into: dict[str, list[str]] = {}
    for link in sketch.links:
        into.setdefault(link.target, []).append(link.source)
    gone = {key for key, node in sketch.nodes.items() if plain(node.text).startswith(_PLUMBING)}
    for key, match in kinds.items():
        if match is None or key in gone:
            continue
        name, node = match.group(1), sketch.nodes[key]
        if name in _PRODUCTS:
            sizes = [_matrix(sketch, into, source, gone) for source in into.get(key, [])]
            matrix = next(filter(None, sizes), None)
            node.label = f"Linear({matrix[1]}, {matrix[0]}{_PRODUCTS[name]})" if matrix else "Linear"
        else:
            node.label = _NAMES.get(name, name.lower())
    nodes = sketch.nodes = {key: sketch.nodes[key] for key in kinds if kinds[key] and key not in gone}
    sketch.links = [link for link in sketch.links if link.source in nodes and link.target in nodes]


def _matrix(sketch: Sketch, into: dict[str, list[str]], key: str, gone: set[str]) -> tuple[int, int] | None:
    """Return the shape (out, in) of the weight behind a transposition."""
    for _ in range(6):
        if key not in gone:
            match = _MATRIX.search(plain(sketch.nodes[key].text))
            return (int(match.group(1)), int(match.group(2))) if match and not into.get(key) else None
        sources = into.get(key, [])
        if not sources:
            return None
        key = sources[0]
    return None
