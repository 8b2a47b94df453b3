"""Operators whose own box states their weights, as exports of ONNX do: `Gemm | B: float32[400,24]`."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.sketch import Sketch
from chalknet.notation.drawings.words import pattern

_NAME = pattern(r"(?:[\w./:-]*[/:.])?([A-Za-z]+)(?:[ _:]?\d+)?", re.I)  # behind a path
_PRODUCTS = {
    **dict.fromkeys(("linear", "addmm", "dense", "fullyconnected"), True),
    **dict.fromkeys(("gemm", "matmul", "mm"), False),
}  # whether the rows of the weights are the outputs
_TYPED = pattern(
    r"(?:(?:[a-z]+\()?(?:b?float|f|bf|half|double|fp|int|tensor)\d*\)?|(?<![a-z])(?:weights?|kernel|bias|[bcw]))\s*[:=]?\s*"
    r"(?:(?:b?float|f|bf|half|double|fp)\d*\s*)?[\[(<]\s*(\d+)\s*(?:,\s*(\d+)\s*)?,?\s*[\])>]",
    re.I,
)
_TURNED = pattern(r"trans_?B\s*[=:]\s*(1|true)", re.I)


class _Operator(NamedTuple):
    """What a box states: its operator, the sizes of its matrix and of its bias, its other lines."""

    name: str
    matrix: tuple[int, int] | None
    bias: int | None
    turned: bool
    lines: tuple[str, ...] = ()
    is_path: bool = False


def from_operators(sketch: Sketch) -> bool:
    """Write `Linear(24, 400)` into the boxes that state a product's weights; return whether there were any.

    A sum behind a product whose box states a bias of its width is the bias of that product.
    """
    found = {key: _operator(node.text) for key, node in sketch.nodes.items()}
    products = {key: one for key, one in found.items() if one.name in _PRODUCTS and one.matrix}
    before = {link.target: link.source for link in sketch.links}
    sums = {
        key: before[key]
        for key, one in found.items()
        if one.name in ("add", "biasadd") and one.bias and not one.matrix and before.get(key) in products
    }
    if not products:
        return False
    biased = {product: found[key].bias for key, product in sums.items()}
    by_rows = _by_rows([one.matrix for one in products.values() if one.matrix])
    any_bias = bool(sums) or any(one.bias for one in products.values())
    for key, one in found.items():
        if key in products:
            rows_out = one.turned or (one.name == "gemm" and by_rows)
            sketch.nodes[key].label = _layer(one, one.bias or biased.get(key), rows_out, any_bias)
        elif one.is_path:
            sketch.nodes[key].label = "\n".join((one.name, *one.lines))
    for link in sketch.links:
        link.source = sums.get(link.source, link.source)
    sketch.links = [link for link in sketch.links if link.target not in sums]
    for key in sums:
        del sketch.nodes[key]
    return True


def _layer(one: _Operator, bias: int | None, rows_out: bool, any_bias: bool) -> str:
    """Return a product as a layer, `Linear(24, 400, bias=True)`; its bias says which side comes out."""
    assert one.matrix is not None
    first, second = one.matrix
    if first != second and bias in one.matrix:
        rows_out = first == bias
    taken, given = (second, first) if rows_out else (first, second)
    return f"Linear({taken}, {given}{f', bias={bool(bias)}' if any_bias else ''})"


def _by_rows(matrices: list[tuple[int, int]]) -> bool:
    """Return whether matrices fit to one another where each row is an output, as torch keeps them."""
    pairs = [*pairwise(matrices)]
    return not pairs or not all(one[1] == other[0] for one, other in pairs)


def _operator(text: str) -> _Operator:
    """Return what a box says of an operator; its name is empty for any other box."""
    first, *lines = [line for part in re.split(r"[\n|{}]", plain(text)) if (line := part.strip())] or [""]
    match = _NAME.fullmatch(first)
    name = match[1].lower() if match else ""
    sizes = [found for line in lines for found in _TYPED.findall(line)] if name else []
    matrix = next(((int(one), int(other)) for one, other in sizes if other), None)
    bias = next((int(one) for one, other in sizes if not other), None)
    turned = bool(_TURNED.search(text)) or _PRODUCTS.get(name, False)
    is_path = bool(name) and first != match[1] if match else False
    return _Operator(name, matrix, bias, turned, tuple(lines), is_path)
