"""The names of PyTorch code that is analysed: scopes, followed functions, what is in them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chalknet.notation.budget import StepBudget
from chalknet.notation.torch_layers import CodeLayer, Unknown
from chalknet.notation.torch_values import CodeChain, Flow, Function, Instance, Model, roots


@dataclass(frozen=True)
class Binding:
    """A value that was given a name, empty for none, and the line in which."""

    name: str
    value: object
    line: int

    def __str__(self) -> str:
        return f"{self.name or 'one without a name'} in line {self.line}"


class Return(Exception):
    """Raised where a function is left with a value."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


class Jump(Exception):
    """Raised by a `break`, which leaves the loop, and by a `continue`, which does not."""

    def __init__(self, leaves: bool) -> None:
        super().__init__()
        self.leaves = leaves


class Names:
    """The names of a text in their scopes; those of the outermost level are in `bindings` too, in order."""

    def __init__(self) -> None:
        self.bindings: list[Binding] = []
        self.scopes: list[dict[str, object]] = [{"__name__": "__main__"}]
        self.functions: list[Function] = []  # that are being followed
        self._spent: dict[int, tuple[object, int]] = {}  # each memory that was written over, and the line
        self._outer: list[dict[str, dict[str, object]]] = [{}]  # names that `global` and `nonlocal` redirect

    @property
    def closure(self) -> tuple[dict[str, object], ...]:
        """Return the scopes around the function that is followed, the innermost last."""
        return self.functions[-1].closure if self.functions else ()

    def redirect(self, names: Iterable[str], scopes: Iterable[dict[str, object]]) -> None:
        """Let names of the current scope stand for those of the last of some scopes that has them."""
        for scope in scopes:
            outermost = scope is self.scopes[0]
            self._outer[-1] |= {name: scope for name in names if outermost or name in scope}

    @contextmanager
    def scope(self, names: dict[str, object]) -> Iterator[None]:
        """Open a scope of its own with these names in it."""
        self.scopes.append(names)
        self._outer.append({})
        try:
            yield
        finally:
            self.scopes.pop()
            self._outer.pop()

    def find(self, name: str) -> object:
        """Return what a name of the text stands for; None where nothing binds it."""
        for scope in (self.scopes[-1], *reversed(self.closure), self.scopes[0]):
            if name in scope:
                return scope[name]
        return None

    def bind(self, name: str, value: object, node: ast.expr | ast.stmt) -> None:
        """Give a value its name."""
        scope = self._outer[-1].get(name, self.scopes[-1])
        scope[name] = value
        if scope is self.scopes[0]:
            self.bindings.append(Binding(name, value, node.lineno))

    def write_over(self, line: int, *values: object) -> None:
        """Remember that a line changes in place each x that values are or are parts of."""
        for flow in roots(*values):
            if isinstance(flow, Flow):
                self._spent[id(flow.memory)] = (flow.memory, line)

    def written_over(self, flow: Flow) -> int:
        """Return the line that changes an x in place, 0 for none."""
        return self._spent[id(flow.memory)][1] if id(flow.memory) in self._spent else 0

    def flows(self, node: ast.AST) -> dict[str, Flow]:
        """Return each x that code names."""
        named = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
        return {name: value for name in named if isinstance(value := self.find(name), Flow)}

    def touched(self, *nodes: ast.AST) -> list[object]:
        """Return the layers, chains and objects that code names."""
        named = [part.id for node in nodes for part in ast.walk(node) if isinstance(part, ast.Name)]
        values = [self.find(name) for name in dict.fromkeys(named)]
        return [value for value in values if any(isinstance(one, Model) for one in roots(value))]

    def structures(self, budget: StepBudget) -> list[tuple[str, object]]:
        """Return the names of the current scope with their values' structures, which a budget counts."""
        budget.walk(None, *self.scopes[-1].values())
        return [(name, _structure(value)) for name, value in self.scopes[-1].items()]


def _structure(value: object) -> object:
    """Return a value's structure, equal for equal descriptions: layers by their steps, not by identity."""
    match value:
        case CodeLayer():
            return (value.step, value.takes)
        case CodeChain(items=items) | Flow(items=items):
            return [_structure(item) for item in items]
        case Instance(attributes=attributes, chain=chain):
            inner = [(name, _structure(part)) for name, part in attributes.items() if part is not value]
            return [*inner, _structure(chain)]
        case list() | tuple():
            return [_structure(item) for item in value if not isinstance(item, Unknown)]
        case int() | float() | str():
            return value
        case dict():
            return {name: _structure(part) for name, part in value.items()}
        case _:
            return type(value)
