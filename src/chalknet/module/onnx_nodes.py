"""A node of an ONNX graph as plain values, what refuses it, and what it makes of constants alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chalknet.errors import CannotExpress

Array: TypeAlias = NDArray[Any]

_LONGEST_SHAPE = 1000  # axes; what Concat makes of constants, which could double again and again


@dataclass(frozen=True)
class GraphNode:
    """One node of a graph; `where` is what an error calls it."""

    where: str
    operation: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def refuse(self, got: str, wanted: str, remedy: str = "") -> NoReturn:
        """Raise `CannotExpress` for this node."""
        remedy = remedy or "A network of another kind can still be fitted as a torch module."
        raise refusal(self.where, got, wanted, remedy)


def refusal(where: str, got: str, wanted: str, remedy: str) -> CannotExpress:
    """Return the error for what a graph holds and a chain does not, or the other way round."""
    return CannotExpress(where=where, got=got, wanted=wanted, remedy=remedy)


def constant_of(node: GraphNode, constants: Mapping[str, Array]) -> Array:
    """Return what a node makes of constants alone."""
    given = [constants[name] for name in node.inputs if name]
    axes = [array.ndim for array in given]
    match node.operation, axes:
        case "Constant", [] if len(node.attributes) == 1:
            return np.asarray(*node.attributes.values())
        case "Identity", [_]:
            return given[0]
        case "Transpose", [2]:
            return given[0] if node.attributes.get("perm") == [0, 1] else given[0].T
        case "Gather", [1, 0 | 1] if given[1].dtype.kind == "i" and given[1].size == 1:
            if -len(given[0]) <= given[1] < len(given[0]):
                return given[0][given[1]]
        case "Unsqueeze", [0, *_]:
            return given[0].reshape(1)
        case "Concat", [_, *_] if set(axes) == {1} and sum(map(len, given)) <= _LONGEST_SHAPE:
            return np.concatenate(given)
    return node.refuse("a calculation of constants", "the constants", "Export it with constant folding.")
