"""The weights of a plain-NumPy program: which names they have, and of what shapes they are made."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping

from chalknet.network import Shape, Size

_MAKERS = frozenset(
    "randn rand normal uniform zeros ones random standard_normal random_sample full empty xavier he".split()
)
_WEIGHT = re.compile(
    r"(?:self\.)?(?:[Ww]|[Ww]eights?|[Tt]heta|syn|kernel)_?(?:\d\w*|[a-z]{0,3}|hidden|out(?:put)?)_?\d*"
)
_BATCH = re.compile(r"(?:m|n|N|batch(?:_size)?|n_samples)")


def key_of(node: ast.expr) -> str:
    """Return the name that an expression is kept under: `W1`, `self.W1`, `parameters["W1"]`; or nothing."""
    match node:
        case ast.Name(name) | ast.Attribute(ast.Name("self"), name):
            return name
        case ast.Subscript(_, ast.Constant(str(name))):
            return name
        case ast.Subscript(ast.Name(name) | ast.Attribute(_, name), ast.Constant(int(place))):
            return f"{name}[{place}]"
    return ""


def list_of_weights(node: ast.expr) -> str:
    """Return the name of weights that a variable chooses: `weights[i]`, `p["W" + str(l)]`; or nothing."""
    match node:
        case ast.Subscript(ast.Name(name) | ast.Attribute(_, name), ast.Name() | ast.BinOp(ast.Name())):
            return name if is_weight(name) else ""
        case ast.Subscript(_, ast.BinOp(ast.Constant(str(name)), ast.Add(), _)):
            return name if is_weight(name) else ""
        case ast.Subscript(_, ast.JoinedStr([ast.Constant(str(name)), ast.FormattedValue()])):
            return name if is_weight(name) else ""
    return ""


def is_weight(name: str) -> bool:
    """Return whether a name is one that courses give to a matrix of weights."""
    return bool(_WEIGHT.fullmatch(name))


class Shapes:
    """What a program says of the shapes of its arrays, and of its numbers.

    Args:
        tree: the program.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._numbers: dict[str, Size] = {}
        self.of: dict[str, Shape] = {}
        for node in ast.walk(tree):
            match node:
                case ast.Assign(targets, value):
                    for target in targets:
                        self._assigned(target, value)
                case ast.AnnAssign(target, _, ast.expr() as value):
                    self._assigned(target, value)
                case ast.Dict(keys, values):
                    for key, value in zip(keys, values, strict=True):
                        if isinstance(key, ast.Constant) and isinstance(key.value, str):
                            self._made(key.value, value)

    def _assigned(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, part in zip(target.elts, value.elts, strict=False):
                self._assigned(one, part)
            return
        name = key_of(target)
        if name and isinstance(value, ast.Constant) and type(value.value) is int:
            self._numbers[name] = value.value
        elif name and isinstance(value, ast.List):
            for place, part in enumerate(value.elts):
                self._made(f"{name}[{place}]", part)
            self._made(name, value)
        elif name:
            self._made(name, value)

    def _made(self, name: str, value: ast.expr) -> None:
        shape = self._shape(value)
        if len(shape) in (1, 2) and name not in self.of:
            self.of[name] = shape

    def _shape(self, value: ast.expr) -> Shape:
        """Return the shape of what an expression makes; empty where it is not known."""
        match value:
            case ast.BinOp(left, ast.Mult() | ast.Div() | ast.Sub() | ast.Add(), right):
                return self._shape(left) or self._shape(right)
            case ast.Call(ast.Attribute(_, "array"), [ast.List() as rows, *_]):
                return self._shape(rows)
            case ast.Call(ast.Attribute(inner, "astype" | "copy"), _):
                return self._shape(inner)
            case ast.List([ast.List(first), *_] as rows):
                return (len(rows), len(first))
            case ast.Call(ast.Attribute(_, name) | ast.Name(name), arguments, keywords) if name in _MAKERS:
                return self._sizes(name, arguments, keywords)
        return ()

    def _sizes(self, name: str, arguments: list[ast.expr], keywords: list[ast.keyword]) -> Shape:
        given = {keyword.arg: keyword.value for keyword in keywords}
        size = given.get("size", given.get("shape"))
        tuples = [one for one in arguments if isinstance(one, ast.Tuple | ast.List)]
        if size is None:
            size = tuples[0] if tuples else None
        if isinstance(size, ast.Tuple | ast.List):
            entries = list(size.elts)
        elif size is not None:
            entries = [size]
        else:
            entries = [] if name in ("normal", "uniform", "random", "full") else arguments
        return tuple(self.size(entry) for entry in entries)

    def size(self, node: ast.expr) -> Size:
        """Return a size as a number or, where it is not known, as a symbol."""
        match node:
            case ast.Constant(int(value)) if 0 < value < 10**12:
                return value
            case ast.Subscript(ast.Attribute(inner, "shape"), ast.Constant(int(axis))):
                known = self.of.get(key_of(inner), ())
                return known[axis] if axis < len(known) else f"{_word(ast.unparse(inner))}_{axis}"
            case ast.BinOp(left, sign, right) if type(sign) in _SIGNS:
                one, other = self.size(left), self.size(right)
                if (
                    isinstance(one, int)
                    and isinstance(other, int)
                    and (made := _SIGNS[type(sign)](one, other)) > 0
                ):
                    return made
        name = key_of(node)
        return self._numbers.get(name) or _word(name or ast.unparse(node))


_SIGNS: Mapping[type, Callable[[int, int], int]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other if one * other < 10**12 else 0,
    ast.FloorDiv: lambda one, other: one // other,
}


def _word(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_")[:30] or "k"
