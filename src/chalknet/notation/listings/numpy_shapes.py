"""The weights of a plain-NumPy program: which names they have, and of what shapes they are made."""

from __future__ import annotations

import ast
import re

from chalknet.network import Shape, Size
from chalknet.notation.listings.numpy_numbers import ProgramNumbers, Scope, within

_MAKERS = frozenset(
    "randn rand normal uniform zeros ones random standard_normal random_sample full empty xavier he"
    " random_normal random_uniform truncated_normal get_variable".split()  # of TensorFlow
)
_WEIGHT = re.compile(
    r"(?:self\.)?(?:[Ww]|[Ww]eights?|[Tt]heta|syn|kernel)_?(?:\d\w*|[a-z]{0,3}|hidden|out(?:put)?)_?\d*"
)
_DEEPEST = 12


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
        self._numbers = ProgramNumbers(tree, self._axis)
        self._nested = 0  # arrays whose shapes tell each other's
        self.of: dict[str, Shape] = {}
        for node, scope in within(tree):
            match node:
                case ast.Assign(targets, value):
                    for target in targets:
                        self._assigned(target, value, scope)
                        if isinstance(target, ast.Name) and isinstance(value, ast.Dict):
                            self._entries(f"{target.id}.", value, scope)
                case ast.AnnAssign(target, _, ast.expr() as value):
                    self._assigned(target, value, scope)
                case ast.Dict():
                    self._entries("", node, scope)

    def _assigned(self, target: ast.expr, value: ast.expr, scope: Scope) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, part in zip(target.elts, value.elts, strict=False):
                self._assigned(one, part, scope)
            return
        name = key_of(target)
        if name and isinstance(value, ast.List):
            for place, part in enumerate(value.elts):
                self._made(f"{name}[{place}]", part, scope)
        if name:
            self._made(name, value, scope)

    def _entries(self, owner: str, value: ast.Dict, scope: Scope) -> None:
        """Keep what a dictionary holds, also behind its own name: `biases["out"]` beside `weights["out"]`."""
        for key, entry in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self._made(f"{owner}{key.value}", entry, scope)

    def key(self, node: ast.expr) -> str:
        """Return the name that an expression is kept under, with that of its dictionary where it is known."""
        match node:
            case ast.Subscript(ast.Name(owner), ast.Constant(str(name))) if f"{owner}.{name}" in self.of:
                return f"{owner}.{name}"
        return key_of(node)

    def _made(self, name: str, value: ast.expr, scope: Scope) -> None:
        shape = self._shape(value, scope)
        if len(shape) in (1, 2) and name not in self.of:
            self.of[name] = shape

    def _shape(self, value: ast.expr, scope: Scope) -> Shape:
        """Return the shape of what an expression makes; empty where it is not known."""
        match value:
            case ast.BinOp(left, ast.Mult() | ast.Div() | ast.Sub() | ast.Add(), right):
                return self._shape(left, scope) or self._shape(right, scope)
            case ast.Call(ast.Attribute(_, "array"), [ast.List() as rows, *_]):
                return self._shape(rows, scope)
            case ast.Call(ast.Attribute(_, "Variable"), [made, *_]):
                return self._shape(made, scope)
            case ast.Call(ast.Attribute(inner, "astype" | "copy"), _):
                return self._shape(inner, scope)
            case ast.Attribute(inner, "T"):
                return self._shape(inner, scope)[::-1]
            case ast.List([ast.List(first), *_] as rows):
                return (len(rows), len(first))
            case ast.Call(ast.Attribute(_, name) | ast.Name(name), arguments, keywords) if name in _MAKERS:
                return self._sizes(name, arguments, keywords, scope)
        return ()

    def _sizes(
        self, name: str, arguments: list[ast.expr], keywords: list[ast.keyword], scope: Scope
    ) -> Shape:
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
        return tuple(self._size(entry, scope) for entry in entries)

    def _size(self, node: ast.expr, scope: Scope) -> Size:
        """Return a size as a number or, where it is not known, as a symbol."""
        number = self._numbers.of(node, scope)
        if number is not None:
            return number
        match node:
            case ast.Subscript(ast.Attribute(inner, "shape"), ast.Constant(int(axis))):
                return f"{_word(ast.unparse(inner))}_{axis}"
        return _word(key_of(node) or ast.unparse(node))

    def _axis(self, made: ast.expr, scope: Scope, axis: int) -> int | None:
        """Return the number of rows or columns of the array that an expression makes."""
        if self._nested > _DEEPEST:
            return None
        self._nested += 1
        shape = self._shape(made, scope)
        self._nested -= 1
        size = shape[axis] if 0 <= axis < len(shape) else None
        return size if isinstance(size, int) else None


def _word(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_")[:30] or "k"
