"""PyTorch code analysed statement by statement without running it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import cast

from chalknet.errors import ChalknetError
from chalknet.notation.torch_expressions import NOT_FOLLOWED, Expressions, shown
from chalknet.notation.torch_layers import CodeLayer, Unknown
from chalknet.notation.torch_text import Code
from chalknet.notation.torch_values import (
    Call,
    Class,
    CodeChain,
    Dotted,
    Flow,
    Function,
    Instance,
    elements,
    no_chain,
)

_DEPTH = 60  # calls within calls
_IDLE_ROUNDS = 30  # rounds of a loop that change no name: it fits or prints, and builds nothing


@dataclass(frozen=True)
class Binding:
    """A value that was given a name, empty for none, and the line in which."""

    name: str
    value: object
    line: int

    def __str__(self) -> str:
        return f"{self.name or 'one without a name'} in line {self.line}"


class _Return(Exception):
    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


class Interpreter(ast.NodeVisitor):
    """The abstract interpreter: the names of a text and their values, statement by statement.

    Args:
        code: the parsed text. The names of its outermost level are kept in `bindings`, in their order.
    """

    def __init__(self, code: Code) -> None:
        self.bindings: list[Binding] = []
        self.notes: list[str] = []
        self.scopes: list[dict[str, object]] = [{"__name__": "__main__"}]
        self._code = code
        expressions = Expressions(code, self)
        self._value, self.budget = expressions.value, expressions.budget

    def follow(self) -> None:
        """Analyse the whole text."""
        self._block(self._code.tree.body)

    def instance(self, kind: Class, call: Call) -> Instance:
        """Return an object of the class, made with these arguments."""
        made = Instance(kind, call.span)
        if method := kind.method("__init__"):
            self.enter(Function(method, made), call)
        return made

    def forward(self, instance: Instance, flow: Flow) -> object:
        """Return x after `forward`."""
        method = instance.kind.method("forward") or instance.kind.method("__call__")
        if method is not None:
            return self.enter(Function(method, instance), Call(self._code.source, flow.span, [flow]))
        if instance.chain:
            return flow.through(*instance.chain)
        name = instance.kind.node.name
        return flow.through(no_chain(self._code.source, instance.span, f"{name}, which has no forward"))

    def enter(self, function: Function, call: Call) -> object:
        """Return what a function of the text gives; arguments left out become symbols."""
        if len(self.scopes) > _DEPTH:
            return Unknown(f"{function.node.name}(...)")
        with self.scope(self._arguments(function, call)):
            try:
                self._block(function.node.body)
            except _Return as leaving:
                return leaving.value
        return None

    @contextmanager
    def scope(self, names: dict[str, object]) -> Iterator[None]:
        """Open a scope of its own with these names in it."""
        self.scopes.append(names)
        try:
            yield
        finally:
            self.scopes.pop()

    def bind(self, target: ast.expr, value: object) -> None:
        """Give a value its name, an object its attribute, a list its member."""
        if isinstance(target, ast.Name):
            self._name(target.id, value, target)
        elif isinstance(target, ast.Tuple | ast.List):
            values = elements(value) if isinstance(value, list | tuple | range) else []
            for index, part in enumerate(target.elts):
                self.bind(part, values[index] if index < len(values) else Unknown(shown(target)))
        elif isinstance(target, ast.Attribute):
            owner = self._value(target.value)
            if isinstance(owner, Instance):
                owner.attributes[target.attr] = value
        elif isinstance(target, ast.Subscript):
            owner, place = self._value(target.value), self._value(target.slice)
            many = owner.items if isinstance(owner, CodeChain) else owner
            if isinstance(many, list | dict):
                with suppress(IndexError, TypeError):
                    operator.setitem(cast(dict[object, object], many), place, value)

    def _arguments(self, function: Function, call: Call) -> dict[str, object]:
        node, given = function.node.args, dict(call.keywords)
        names = [argument.arg for argument in (*node.posonlyargs, *node.args)]
        positional = [function.owner, *call.positional] if function.owner else call.positional
        defaults = zip(names[len(names) - len(node.defaults) :], node.defaults, strict=True)
        only = [(a.arg, d) for a, d in zip(node.kwonlyargs, node.kw_defaults, strict=True) if d is not None]
        scope: dict[str, object] = {name: Unknown(name) for name in names}
        scope |= {name: self._value(default) for name, default in (*defaults, *only)}
        scope |= dict(zip(names, positional, strict=False))
        if node.vararg:
            scope[node.vararg.arg] = positional[len(names) :]
        if node.kwarg:
            scope[node.kwarg.arg] = {name: given[name] for name in given if name not in scope}
        return scope | given

    def _name(self, name: str, value: object, node: ast.expr | ast.stmt) -> None:
        self.scopes[-1][name] = value
        if len(self.scopes) == 1:
            self.bindings.append(Binding(name, value, node.lineno))

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self.budget.spend(statement)
            try:
                self.visit(statement)
            except ChalknetError:
                raise
            except NOT_FOLLOWED:  # it would fail when run too, or its value is known only then
                continue

    def generic_visit(self, node: ast.AST) -> None:
        """Pass over every other kind of statement."""

    def visit_Assign(self, node: ast.Assign) -> None:
        """Bind a value to its targets."""
        value = self._value(node.value)
        for target in node.targets:
            self.bind(target, value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Bind a value to its annotated target."""
        if node.value is not None:
            self.bind(node.target, self._value(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Bind what an operator makes of the target and a value."""
        current = self._value(node.target)
        if isinstance(current, list) and isinstance(node.op, ast.Add):
            current.extend(elements(self._value(node.value)))
            return
        target = node.target
        self.bind(target, self._value(ast.copy_location(ast.BinOp(target, node.op, node.value), node)))

    def visit_For(self, node: ast.For) -> None:
        """Follow the rounds of a loop over values."""
        many = self._value(node.iter)
        if not isinstance(many, range):
            many = [Unknown(shown(node.target))] if isinstance(many, Unknown) else elements(many)
        idle, before = 0, self._names()
        for element in many:
            self.budget.spend(node)
            self.bind(node.target, element)
            self._block(node.body)
            targets = {part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)}
            after = [entry for entry in self._names() if entry[0] not in targets]
            idle, before = (idle + 1 if after == before else 0), after
            if idle >= _IDLE_ROUNDS:
                return

    def visit_While(self, node: ast.While) -> None:
        """Follow the rounds of a loop while names change."""
        before = None
        while before != (before := self._names()):
            test = self._value(node.test)
            if not isinstance(test, Unknown) and not test:
                return
            self._block(node.body)
            if isinstance(test, Unknown):
                return

    def visit_If(self, node: ast.If) -> None:
        """Follow the branch that the test chooses; where it is not known, the one that binds names."""
        test = self._value(node.test)
        if not isinstance(test, Unknown | Flow):
            self._block(node.body if test else node.orelse)
            return
        before = self._names()
        self._block(node.body)
        if self._names() != before:
            line = node.lineno
            self.notes.append(f"line {line}: read as if {shown(node.test)} were true")
        else:
            self._block(node.orelse)

    def _names(self) -> list[tuple[str, object]]:
        self.budget.walk(None, *self.scopes[-1].values())
        return [(name, _structure(value)) for name, value in self.scopes[-1].items()]

    def visit_With(self, node: ast.With) -> None:
        """Follow the body."""
        self._block(node.body)

    def visit_Try(self, node: ast.Try) -> None:
        """Follow the code as if nothing failed."""
        self._block([*node.body, *node.orelse, *node.finalbody])

    def visit_Expr(self, node: ast.Expr) -> None:
        """Keep the value of an expression on the outermost level."""
        value = self._value(node.value)
        if len(self.scopes) == 1:
            self.bindings.append(Binding("", value, node.lineno))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Bind a function."""
        self._name(node.name, Function(node), node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Bind a class."""
        self._name(node.name, Class(node, tuple(self._value(base) for base in node.bases)), node)

    def visit_Import(self, node: ast.Import) -> None:
        """Bind the modules that are imported."""
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            self.scopes[-1][bound] = Dotted(alias.name if alias.asname else bound)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Bind the names that are imported from a module."""
        for alias in node.names:
            if alias.name != "*":
                self.scopes[-1][alias.asname or alias.name] = Dotted(f"{node.module or ''}.{alias.name}")

    def visit_Return(self, node: ast.Return) -> None:
        """Leave the function with a value."""
        raise _Return(None if node.value is None else self._value(node.value))


def _structure(value: object) -> object:
    """Return a value's structure, equal for equal descriptions: layers by their steps, not by identity."""
    match value:
        case CodeLayer():
            return (value.step, value.takes)
        case CodeChain(items=items) | Flow(items=items):
            return [_structure(item) for item in items]
        case Instance(attributes=attributes):
            return [(name, _structure(part)) for name, part in attributes.items() if part is not value]
        case list() | tuple():
            return [_structure(item) for item in value]
        case int() | float() | str() | dict():
            return value
        case _:
            return type(value)
