"""The whole numbers of a program that is only read: by assignments, and by what functions are called with."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

Scope: TypeAlias = "ast.FunctionDef | None"  # None: the program itself
_LARGEST, _DEEPEST = 10**12, 12
_SIGNS: Mapping[type, Callable[[int, int], int]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.FloorDiv: lambda one, other: one // other if other else 0,
}


class ProgramNumbers:
    """What a program says of its whole numbers.

    A name in a function is what is assigned to it there; an argument what all calls of the function give it,
    or else its default; `self.n` what any method assigns to it; other names what the program itself assigns.

    Args:
        tree: the program.
        axis: the length of an axis of what an expression in a function makes; None where it is not known.
    """

    def __init__(self, tree: ast.Module, axis: Callable[[ast.expr, Scope, int], int | None]) -> None:
        self._axis = axis
        self._assigned: dict[tuple[Scope, str], list[ast.expr]] = defaultdict(list)
        self._calls: dict[str, list[tuple[ast.Call, Scope]]] = defaultdict(list)
        self._names: dict[ast.FunctionDef, str] = {}  # by which each is called: of a class, its `__init__`
        self._found: dict[tuple[ast.expr, Scope], int | None] = {}
        self._own: dict[str, list[tuple[ast.expr, Scope]]] = defaultdict(list)  # of `self.n`
        for node, scope in within(tree):
            match node:
                case ast.ClassDef(name, body=body):
                    for part in body:
                        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                            self._names[part] = name
                case ast.FunctionDef(name):
                    self._names.setdefault(node, name)
                case ast.Assign(targets, value):
                    for target in targets:
                        self._assign(target, value, scope)
                case ast.AnnAssign(target, _, ast.expr() as value):
                    self._assign(target, value, scope)
                case ast.AugAssign(target) | ast.For(target) | ast.comprehension(target):
                    for one in ast.walk(target):
                        if isinstance(one, ast.Name):
                            self._assigned[scope, one.id].append(ast.Constant(None))
                case ast.Call(ast.Name(name) | ast.Attribute(_, name)):
                    self._calls[name].append((node, scope))
        self._functions = {name: function for function, name in self._names.items()}

    def _assign(self, target: ast.expr, value: ast.expr, scope: Scope) -> None:
        match target, value:
            case ast.Tuple(elts=targets), ast.Tuple(elts=values):
                for one, part in zip(targets, values, strict=False):
                    self._assign(one, part, scope)
            case ast.Tuple(elts=targets), ast.Call():
                for place, one in enumerate(targets):
                    self._assign(one, ast.Subscript(value, ast.Constant(place), ast.Load()), scope)
            case ast.Name(name), _:
                self._assigned[scope, name].append(value)
            case ast.Attribute(ast.Name("self"), name), _:
                self._own[name].append((value, scope))

    def of(self, node: ast.expr, scope: Scope, depth: int = 0) -> int | None:
        """Return the number that an expression in a function is; None where it tells none, or several."""
        if depth > _DEEPEST:
            return None
        if (node, scope) not in self._found:
            self._found[node, scope] = None  # of itself, it would tell nothing
            self._found[node, scope] = self._number(node, scope, depth)
        return self._found[node, scope]

    def _number(self, node: ast.expr, scope: Scope, depth: int) -> int | None:
        match node:
            case ast.Constant(value) if type(value) is int:
                return value if 0 < value < _LARGEST else None
            case ast.Subscript(ast.Attribute(ast.Name(name), "shape"), ast.Constant(int(axis))):
                where = scope if (scope, name) in self._assigned else None
                if scope is not None and where is None and self._given(name, scope) is not None:
                    return None
                return self._only(self._axis(made, where, axis) for made in self._assigned[where, name])
            case ast.Subscript(ast.Call(ast.Name(name) | ast.Attribute(_, name)), ast.Constant(int(place))):
                return self._returned(name, place, depth)
            case ast.BinOp(left, sign, right) if type(sign) in _SIGNS:
                one, other = self.of(left, scope, depth + 1), self.of(right, scope, depth + 1)
                made = _SIGNS[type(sign)](one, other) if one is not None and other is not None else 0
                return made if 0 < made < _LARGEST else None
            case ast.Attribute(ast.Name("self"), name):
                return self._only((self.of(value, where, depth + 1) for value, where in self._own[name]))
            case ast.Name(name):
                return self._named(name, scope, depth)
        return None

    def _named(self, name: str, scope: Scope, depth: int) -> int | None:
        if values := self._assigned.get((scope, name)):
            return self._only(self.of(value, scope, depth + 1) for value in values)
        if scope is None:
            return None
        given = self._given(name, scope)
        if given is not None:
            return self._only(self.of(value, where, depth + 1) for value, where in given)
        return self._named(name, None, depth)

    def _given(self, name: str, function: ast.FunctionDef) -> list[tuple[ast.expr, Scope]] | None:
        """Return what an argument is given, and where; None for a name that is no argument."""
        arguments = [*function.args.posonlyargs, *function.args.args]
        names = [one.arg for one in arguments]
        defaults: dict[str, ast.expr] = dict(
            zip(names[len(names) - len(function.args.defaults) :], function.args.defaults, strict=True)
        )
        for one, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
            names.append(one.arg)
            if default is not None:
                defaults[one.arg] = default
        if name not in names:
            return None
        place = names.index(name) - (names[:1] == ["self"])
        found: list[tuple[ast.expr, Scope]] = []
        for call, scope in self._calls.get(self._names[function], []):
            keywords = {keyword.arg: keyword.value for keyword in call.keywords}
            if name in keywords:
                found.append((keywords[name], scope))
            elif 0 <= place < len(call.args):
                found.append((call.args[place], scope))
            elif name in defaults:
                found.append((defaults[name], None))
        return found or ([(defaults[name], None)] if name in defaults else [])

    def _returned(self, name: str, place: int, depth: int) -> int | None:
        """Return one of the numbers that a function returns."""
        function = self._functions.get(name)
        if function is None:
            return None
        returned = [one.value for one in ast.walk(function) if isinstance(one, ast.Return)]
        if not all(isinstance(value, ast.Tuple) and place < len(value.elts) for value in returned):
            return None
        parts = [value.elts[place] for value in returned if isinstance(value, ast.Tuple)]
        return self._only(self.of(part, function, depth + 1) for part in parts)

    def _only(self, values: Iterator[int | None]) -> int | None:
        """Return the one number that all values are; None for others."""
        found = set(values)
        return found.pop() if len(found) == 1 else None


def within(tree: ast.Module) -> Iterator[tuple[ast.AST, Scope]]:
    """Yield all parts of a program in their order, each with the function in which it stands."""
    waiting: list[tuple[ast.AST, Scope]] = [(tree, None)]
    while waiting:
        node, scope = waiting.pop()
        yield node, scope
        inner = node if isinstance(node, ast.FunctionDef) else scope
        waiting += [(child, inner) for child in reversed([*ast.iter_child_nodes(node)])]
