"""Layers of haiku, which are made where they are called, in a function that `hk.transform` takes."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from chalknet.network import BatchNorm, Flatten, LayerNorm, Linear
from chalknet.notation.libraries.jax import GELU, REFUSED
from chalknet.notation.libraries.library import (
    Given,
    LayerRow,
    Library,
    Piece,
    fixed,
    linear,
    norm,
    number,
    truth,
    width,
)
from chalknet.notation.torch_layers import Unknown

_FURTHER = r"name|\w+_init|axis_name|axis_index|cross_replica_axis\w*|data_format|param_axis"


def _mlp(library: Library, given: Given) -> list[Piece]:
    """Return the pieces of `hk.nets.MLP([50, 6])`: an activation behind each layer but the last one."""
    sizes = given.get("output_sizes")
    if isinstance(sizes, Unknown) or not isinstance(sizes, list | tuple):
        sizes = [width(given, "output_sizes")]  # raises the error for what is no list
    final = truth(given, "activate_final", False)
    pieces: list[Piece] = []
    for place, size in enumerate(sizes):
        pieces.append(Piece(Linear(width({"output_sizes": size}, "output_sizes"), truth(given, "with_bias"))))
        if final or place < len(sizes) - 1:
            pieces += library.named(given.get("activation", "relu"))
    return pieces


def _norm(kind: type[BatchNorm | LayerNorm], momentum: str) -> LayerRow:
    """Return the row of a norm, whose share of what stays has a name of its own here."""
    made = norm(kind, "create_scale", "create_offset", 1e-5)

    def make(library: Library, given: Given) -> list[Piece]:
        renamed = {
            {"eps": "epsilon", "decay_rate": "momentum"}.get(name, name): value
            for name, value in given.items()
        }
        if momentum and "momentum" not in renamed:
            renamed["momentum"] = number(given, momentum)
        return list(made(library, renamed))

    names = ("create_scale", "create_offset")
    parameters = (*names, "decay_rate", "eps") if momentum else ("axis", *names, "eps")
    return LayerRow(parameters, make, _FURTHER)


HAIKU = Library(
    "haiku",
    {
        "Linear": LayerRow(("output_size", "with_bias"), linear("output_size", "with_bias"), _FURTHER),
        "MLP": LayerRow(
            ("output_sizes", "w_init", "b_init", "with_bias", "activation", "activate_final"), _mlp, _FURTHER
        ),
        "Flatten": LayerRow((), fixed(Flatten()), r"name|preserve_dims"),
        "BatchNorm": _norm(BatchNorm, "decay_rate"),
        "LayerNorm": _norm(LayerNorm, ""),
    },
    GELU,
    REFUSED,
)
_SAMPLES = frozenset("zeros ones empty normal uniform".split())
_JOINS = re.compile(r"\b(?:concatenate|hstack|concat)\(")
_TRANSFORMS = ("transform", "transform_with_state", "without_apply_rng")


def sample_width(tree: ast.Module, text: str) -> int | None:
    """Return the width of the sample by which a network of jax is built: `net.init(key, jnp.ones((1, 13)))`.

    Args:
        tree: the code.
        text: the text of the code; where it joins several samples, their widths are added.
    """
    named = _assigned_once(tree.body)
    sizes = {
        name: one.value
        for name, one in named.items()
        if isinstance(one, ast.Constant) and isinstance(one.value, int)
    }
    samples = _assigned_once(ast.walk(tree)) | named
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "init":
            given = [samples.get(getattr(one, "id", ""), one) for one in node.args]
            widths = [width for one in given for width in _width(one, sizes)]
            if len(widths) == 1 or (len(widths) > 1 and _JOINS.search(text)):
                found.add(sum(widths))
    return found.pop() if len(found) == 1 else None


def _assigned_once(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """Return what stands behind each name that some code assigns once."""
    assigned = [
        (one.targets[0].id, one.value)
        for one in nodes
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
    ]
    often = Counter(name for name, _ in assigned)
    return {name: value for name, value in assigned if often[name] == 1}


def _width(given: ast.expr, sizes: dict[str, int]) -> Iterator[int]:
    """Yield the width of an argument that is a sample of one row."""
    called = given.func if isinstance(given, ast.Call) else None
    if (
        not isinstance(called, ast.Attribute)
        or called.attr not in _SAMPLES
        or not isinstance(given, ast.Call)
    ):
        return
    for shape in given.args:
        if isinstance(shape, ast.Tuple | ast.List) and len(shape.elts) == 2:
            last = shape.elts[1]
            size = last.value if isinstance(last, ast.Constant) else sizes.get(getattr(last, "id", ""))
            if isinstance(size, int) and not isinstance(size, bool):
                yield size


def transformed_names(tree: ast.Module) -> frozenset[str]:
    """Return the names of the functions that are given to `hk.transform`, or stand below it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_transform(node.func) and node.args:
            found |= {node.args[0].id} if isinstance(node.args[0], ast.Name) else set()
        elif isinstance(node, ast.FunctionDef) and any(map(_is_transform, node.decorator_list)):
            found.add(node.name)
    return frozenset(found)


def _is_transform(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in _TRANSFORMS
