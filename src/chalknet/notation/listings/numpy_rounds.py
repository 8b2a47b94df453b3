"""How often a loop over the layers of a plain-NumPy program goes round, by the widths that it is given."""

from __future__ import annotations

import ast
import re

from chalknet.notation.listings.numpy_numbers import Scope, within
from chalknet.notation.listings.numpy_shapes import is_weight

_SIZES = re.compile(
    r"(?i)(?:n_?)?(?:layers?_?)?(?:sizes?|dims?|dimensions?|structure|topology|architecture|units|neurons|shapes?|widths?)"
    r"|layers|n_?n_\w+|arch\w*|layers?_\w+|(?:num_)?nodes\w*"
)
_PARAMETERS = re.compile(r"(?i)params?|parameters|theta|weights_and_biases")
_OF_LAYERS = re.compile(r"(?i)(?:self\.)?(?:b|bs|biases|bias|weights?|w|ws|thetas?)")
_DEEPEST = 8
_MOST = 200  # rounds


class Rounds:
    """What a program says of its loops over layers.

    Args:
        tree: the program.
    """

    def __init__(self, tree: ast.Module) -> None:
        made = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
        found: set[tuple[int, ...]] = set()
        self._values: dict[tuple[Scope, str], ast.expr | None] = {}  # None for what is assigned twice
        self._scopes: dict[ast.For, Scope] = {}
        for node, scope in within(tree):
            match node:
                case ast.For():
                    self._scopes[node] = scope
                case ast.Call(ast.Name(name), arguments, keywords) if name in made:
                    given = [*arguments, *(keyword.value for keyword in keywords)]
                    found |= {sizes for value in given if (sizes := _sizes_in(value))}
                case ast.Assign([target], value):
                    name = _name(target)
                    place = (None if isinstance(target, ast.Attribute) else scope, name)
                    self._values[place] = None if place in self._values else value
                    if _SIZES.fullmatch(name) and (sizes := _sizes_in(value)):
                        found.add(sizes)
        self.sizes = found.pop() if len(found) == 1 else ()
        self._scope: Scope = None  # of the loop that is counted
        self._pairs = False  # whether it goes through weights with their biases

    def takes_last(self, value: ast.expr) -> bool:
        """Return whether an expression is the last weights with their bias in a list: `params[-1]`."""
        match value:
            case ast.Subscript(owner, ast.UnaryOp(ast.USub(), ast.Constant(1))):
                return bool(self.sizes and _PARAMETERS.fullmatch(_name(owner)))
        return False

    def of(self, node: ast.For) -> int | None:
        """Return how often a loop goes round; None where that is not known."""
        self._scope, self._pairs = self._scopes.get(node), isinstance(node.target, ast.Tuple)
        count = self._count(node.iter, 0) if self.sizes else None
        return count if count is not None and 0 < count <= _MOST else None

    def _count(self, node: ast.expr, depth: int) -> int | None:
        """Return how many members an expression has."""
        if depth > _DEEPEST:
            return None
        match node:
            case ast.Call(ast.Name("zip"), [_, *_] as several):
                counts = [self._count(one, depth + 1) for one in several]
                known = [count for count in counts if count is not None]
                return min(known, default=None)
            case ast.Call(ast.Name("enumerate" | "list" | "tuple"), [one, *_]):
                return self._count(one, depth + 1)
            case ast.Call(ast.Name("range"), [last]):
                return self._number(last, depth + 1)
            case ast.Call(ast.Name("range"), [first, last]):
                begin, end = self._number(first, depth + 1), self._number(last, depth + 1)
                return None if begin is None or end is None else end - begin
            case ast.Subscript(inner, ast.Slice(lower, upper, None)):
                whole, before, behind = self._count(inner, depth + 1), _cut(lower, 1), _cut(upper, -1)
                if whole is None or before is None or behind is None:
                    return None
                return whole - before - behind
        name = _name(node)
        if _OF_LAYERS.fullmatch(name) or is_weight(name):
            return len(self.sizes) - 1
        if _PARAMETERS.fullmatch(name):  # a dictionary of weights and biases, or a list of pairs
            return (1 if self._pairs else 2) * (len(self.sizes) - 1)
        return len(self.sizes) if _SIZES.fullmatch(name) else None

    def _number(self, node: ast.expr, depth: int) -> int | None:
        if depth > _DEEPEST:
            return None
        match node:
            case ast.Constant(int(value)):
                return value
            case ast.Call(ast.Name("len"), [one]):
                return self._count(one, depth + 1)
            case ast.BinOp(left, ast.Add() | ast.Sub() | ast.FloorDiv() as sign, right):
                former, latter = self._number(left, depth + 1), self._number(right, depth + 1)
                if former is None or not latter:
                    return former if latter == 0 else None
                if isinstance(sign, ast.FloorDiv):
                    return former // latter
                return former + latter if isinstance(sign, ast.Add) else former - latter
        name = _name(node)
        assigned = self._values.get((self._scope, name), self._values.get((None, name)))
        return None if assigned is None else self._number(assigned, depth + 1)


def _cut(bound: ast.expr | None, usual: int) -> int | None:
    """Return how many members a bound of a slice leaves out; None for one that is not known."""
    if bound is None:
        return 0
    match bound:
        case ast.Constant(int(value)) if usual > 0:
            return value
        case ast.UnaryOp(ast.USub(), ast.Constant(int(value))) if usual < 0:
            return value
    return None


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _sizes_in(node: ast.expr) -> tuple[int, ...]:
    """Return the numbers of a list of widths; empty for anything else."""
    if not isinstance(node, ast.List | ast.Tuple) or len(node.elts) < 2:
        return ()
    values = [one.value for one in node.elts if isinstance(one, ast.Constant) and type(one.value) is int]
    whole = len(values) == len(node.elts) and all(0 < value < 10**9 for value in values)
    return tuple(values) if whole else ()
