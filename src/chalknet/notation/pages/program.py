"""A program that holds drawings as texts or builds them, followed statement by statement and never run."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from chalknet.errors import ChalknetError
from chalknet.notation.pages.built_graph import BuiltGraph, NotDrawn
from chalknet.notation.pages.expressions import ProgramValues
from chalknet.notation.pages.graph_calls import METHODS
from chalknet.notation.pages.program_values import NOT_FOLLOWED, Kind, Routine, Thing, flat
from chalknet.notation.torch_layers import Unknown
from chalknet.notation.torch_text import Code
from chalknet.notation.torch_values import Call, Dotted

_DEPTH = 40  # calls within calls
MOST_TEXTS = 2_000


class _Leave(Exception):
    """The end of a function or of a round of a loop."""

    def __init__(self, kind: str, value: object = None) -> None:
        super().__init__(kind)
        self.kind, self.value = kind, value


class ProgramFollower(ast.NodeVisitor):
    """Follows a program: its names, the graphs that it builds and the texts that it makes.

    Args:
        code: the parsed text.
    """

    def __init__(self, code: Code) -> None:
        self.scopes: list[dict[str, object]] = [{"__name__": "__main__"}]
        self.graphs: list[BuiltGraph] = []
        self.code = code
        self._expressions = ProgramValues(code, self)
        self._value = self._expressions.value
        self.texts: dict[str, tuple[int, str]] = {}  # those that were given to a call
        self.lines: dict[str, int] = {}  # of the names of the outermost level
        self.printed: list[str] = []
        self._unsure = ""  # why what is drawn here is known only when the program runs
        self._entered: set[int] = set()
        self._depth = 0  # calls within calls
        self.source, self.span = code.source, code.span
        self.stopped: ChalknetError | None = None  # why it was not followed to its end

    def follow(self) -> None:
        """Follow the whole text, and what it defines and never calls where nothing else draws."""
        self._block(self.code.tree.body)
        if any(not chart.is_empty for chart in self.graphs):
            return
        for name, value in list(self.scopes[0].items()):
            if isinstance(value, Routine) and id(value.body) not in self._entered and not _needed(value):
                call = Call(self.code.source, self.code.span(self.code.tree.body[0]))
                self.scopes[0].setdefault(f"{name}()", self._entered_safely(value, call))

    # What calls do

    def drawn(self, chart: BuiltGraph, node: ast.Call, call: Call) -> object:
        """Add what a call draws to its graph."""
        assert isinstance(node.func, ast.Attribute)
        if self._unsure:
            chart.problem = chart.problem or (call, self._unsure)
        try:
            return METHODS[node.func.attr](chart, call)
        except NOT_FOLLOWED as problem:
            why = str(problem) if isinstance(problem, NotDrawn) else "what this call adds"
            chart.problem = chart.problem or (call, why)
            return None

    def seen(self, node: ast.Call, values: Iterable[object]) -> None:
        """Remember the texts that a call is given."""
        for value in values:
            if isinstance(value, str) and len(value) > 12 and len(self.texts) < MOST_TEXTS:
                self.texts.setdefault(value, (node.lineno, ""))

    def note_printed(self, call: Call, end: str = "\n") -> None:
        """Remember what is printed, or written to a file."""
        shown = ["?" if isinstance(value, Unknown) else str(value) for value in call.positional]
        self.printed.append(" ".join(shown)[:100_000] + end)

    def entered(self, function: Routine | Kind, call: Call) -> object:
        """Return what a function gives, or an object of a class."""
        if isinstance(function, Kind):
            made = Thing(function)
            if isinstance(start := function.members.get("__init__"), Routine):
                self._enter(Routine(start.arguments, start.body, start.scopes, made), call)
            return made
        return self._enter(function, call)

    def _entered_safely(self, function: Routine, call: Call) -> object:
        try:
            return self._enter(function, call)
        except NOT_FOLLOWED:
            return None

    def _enter(self, function: Routine, call: Call) -> object:
        if self._depth > _DEPTH:
            raise ValueError("functions that call themselves too deep")
        self._entered.add(id(function.body))
        scope = self._given(function, call)
        around, self.scopes = self.scopes, [*(function.scopes or self.scopes[:1]), scope]
        self._depth += 1
        try:
            self._block(function.body)
        except _Leave as leaving:
            return leaving.value if leaving.kind == "return" else None
        finally:
            self.scopes = around
            self._depth -= 1
        return None

    def _given(self, function: Routine, call: Call) -> dict[str, object]:
        arguments = function.arguments
        names = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
        positional = (
            [function.owner, *call.positional] if function.owner is not None else list(call.positional)
        )
        defaults = dict(zip(names[len(names) - len(arguments.defaults) :], arguments.defaults, strict=True))
        only = {
            one.arg: default for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        }
        scope: dict[str, object] = {name: Unknown(name) for name in (*names, *only)}
        scope |= {
            name: self._value(default)
            for name, default in {**defaults, **only}.items()
            if default is not None
        }
        scope |= dict(zip(names, positional, strict=False))
        if arguments.vararg:
            scope[arguments.vararg.arg] = tuple(positional[len(names) :])
        extra = {name: value for name, value in call.keywords.items() if name not in scope}
        if arguments.kwarg:
            scope[arguments.kwarg.arg] = extra
        return scope | {name: value for name, value in call.keywords.items() if name in scope}

    # Statements

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self._expressions.budget.spend(statement)
            try:
                self.visit(statement)
            except NOT_FOLLOWED as problem:
                self.not_followed(statement, problem)

    def not_followed(self, node: ast.AST, problem: Exception) -> None:
        """Remember for each graph that an expression or a statement adds to that it is not known any more."""
        for part in ast.walk(node):
            if not isinstance(part, ast.Call) or not isinstance(part.func, ast.Attribute):
                continue
            grown = [part.func.value] if part.func.attr in METHODS else part.args[:1]
            for name in grown if part.func.attr.startswith("add_") or part.func.attr in METHODS else ():
                chart = self._known(name)
                if isinstance(chart, BuiltGraph) and chart.problem is None:
                    call = Call(self.code.source, self.code.span(part))
                    chart.problem = (call, str(problem) or "what this adds")

    def _known(self, node: ast.expr) -> object:
        """Return what a name, or an attribute of one, stands for now; None for any other expression."""
        if isinstance(node, ast.Attribute):
            owner = self._known(node.value)
            return owner.attributes.get(node.attr) if isinstance(owner, Thing) else None
        name = node.id if isinstance(node, ast.Name) else ""
        return next((scope[name] for scope in reversed(self.scopes) if name in scope), None)

    def generic_visit(self, node: ast.AST) -> None:
        """Pass over a statement that draws nothing."""

    def visit_Assign(self, node: ast.Assign) -> None:
        """Give a value to its targets."""
        value = self._value(node.value)
        for target in node.targets:
            self.bind(target, value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Give a value to its annotated target."""
        if node.value is not None:
            self.bind(node.target, self._value(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Give the target what an operator makes of it and a value."""
        current = self._value(node.target)
        if isinstance(current, list) and isinstance(node.op, ast.Add):
            current.extend(self._expressions.members(self._value(node.value)))
        else:
            made = ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)
            self.bind(node.target, self._value(made))

    def bind(self, target: ast.expr, value: Any) -> None:
        """Give a value to a name, an attribute, a member or several of them."""
        if isinstance(target, ast.Name):
            self.scopes[-1][target.id] = value
            if len(self.scopes) == 1:
                self.lines.setdefault(target.id, target.lineno)
        elif isinstance(target, ast.Attribute):
            owner = self._value(target.value)
            if isinstance(owner, Thing):
                owner.attributes[target.attr] = value
            elif isinstance(owner, BuiltGraph) and isinstance(value, dict):
                getattr(owner, target.attr, {}).update(value)
        elif isinstance(target, ast.Subscript):
            owner = self._value(target.value)
            if isinstance(owner, dict | list):
                owner[flat(self._value(target.slice))] = value  # type: ignore[call-overload]
        elif isinstance(target, ast.Tuple | ast.List):
            members = self._expressions.members(value)
            starred = next((at for at, one in enumerate(target.elts) if isinstance(one, ast.Starred)), None)
            if starred is not None:
                after = len(target.elts) - starred - 1
                middle = members[starred : len(members) - after]
                members = [*members[:starred], middle, *members[len(members) - after :]]
            for one, member in zip(target.elts, members, strict=True):
                self.bind(one.value if isinstance(one, ast.Starred) else one, member)

    def visit_For(self, node: ast.For) -> None:
        """Follow the rounds of a loop."""
        many = self._value(node.iter)
        if isinstance(many, Unknown | Dotted):
            self._doubtful("how often this loop goes round", [*node.body, *node.orelse])
            return
        for value in self._expressions.members(many):
            self._expressions.budget.spend(node)
            self.bind(node.target, value)
            if self._round(node.body):
                return
        self._block(node.orelse)

    def visit_While(self, node: ast.While) -> None:
        """Follow the rounds of a loop while its test holds."""
        for _ in range(100_000):
            self._expressions.budget.spend(node)
            test = self._value(node.test)
            if isinstance(test, Unknown):
                self._doubtful("how often this loop goes round", node.body)
                return
            if not test or self._round(node.body):
                return

    def _round(self, body: list[ast.stmt]) -> bool:
        """Follow one round of a loop; return whether it leaves the loop."""
        try:
            self._block(body)
        except _Leave as leaving:
            if leaving.kind == "return":
                raise
            return leaving.kind == "break"
        return False

    def _doubtful(self, why: str, body: list[ast.stmt]) -> None:
        """Follow statements of which only running the program tells whether they are met."""
        before, self._unsure = self._unsure, self._unsure or why
        try:
            self._round(body)
        finally:
            self._unsure = before

    def visit_If(self, node: ast.If) -> None:
        """Follow the branch that the test chooses, or both with a doubt."""
        test = self._value(node.test)
        if isinstance(test, Unknown | Dotted):
            self._doubtful("whether this branch is taken", node.body)
            self._doubtful("whether this branch is taken", node.orelse)
        else:
            self._block(node.body if test else node.orelse)

    def visit_With(self, node: ast.With) -> None:
        """Follow the body, its contexts given to their names."""
        for item in node.items:
            context = self._value(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, context)
        self._block(node.body)

    def visit_Try(self, node: ast.Try) -> None:
        """Follow the code as if nothing failed."""
        self._block([*node.body, *node.orelse, *node.finalbody])

    def visit_Expr(self, node: ast.Expr) -> None:
        """Evaluate an expression."""
        self._value(node.value)

    def visit_Return(self, node: ast.Return) -> None:
        """Leave the function with a value."""
        raise _Leave("return", self._value(node.value))

    def visit_Break(self, node: ast.Break) -> None:
        """Leave the loop."""
        raise _Leave("break")

    def visit_Continue(self, node: ast.Continue) -> None:
        """Go on with the next round."""
        raise _Leave("continue")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Keep a function."""
        around = tuple(self.scopes)
        self.scopes[-1][node.name] = Routine(node.args, node.body, around)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Keep a class."""
        self.scopes.append({})
        try:
            self._block(node.body)
        finally:
            members = self.scopes.pop()
        self.scopes[-1][node.name] = Kind(members)

    def visit_Import(self, node: ast.Import) -> None:
        """Keep the modules that are imported."""
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            self.scopes[-1][bound] = Dotted(alias.name if alias.asname else bound)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Keep the names that are imported."""
        for alias in node.names:
            self.scopes[-1][alias.asname or alias.name] = Dotted(f"{node.module or ''}.{alias.name}")


def _needed(function: Routine) -> bool:
    arguments = function.arguments
    return len(arguments.args) + len(arguments.posonlyargs) > len(arguments.defaults)
