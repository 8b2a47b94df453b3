"""The value of an expression of a program that draws, computed without running it."""

from __future__ import annotations

import ast
import itertools
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from chalknet.notation.budget import StepBudget
from chalknet.notation.pages.built_graph import BuiltGraph
from chalknet.notation.pages.program_calls import KNOWN, PYTHON, ProgramCalls
from chalknet.notation.pages.program_values import (
    LONGEST,
    LONGEST_TEXT,
    NOT_FOLLOWED,
    Routine,
    Thing,
    check_text,
    flat,
)
from chalknet.notation.torch_layers import Unknown
from chalknet.notation.torch_text import Code
from chalknet.notation.torch_values import Call, Dotted

if TYPE_CHECKING:
    from chalknet.notation.pages.program import ProgramFollower

_OF_A_GRAPH = ("graph_attr", "node_attr", "edge_attr", "body", "nodes", "edges", "name")
_UNDECLARED = {
    "nx": Dotted("networkx"),
    "graphviz": Dotted("graphviz"),
    "pydot": Dotted("pydot"),
    "Digraph": Dotted("graphviz.Digraph"),
}
_COST_OF_NOT_FOLLOWING = 30  # steps: its expression is looked through and written down
_OPERATORS: Mapping[type[ast.AST], Callable[..., object]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.USub: operator.neg,
    ast.UAdd: operator.pos, ast.Not: operator.not_, ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Is: operator.is_, ast.IsNot: operator.is_not, ast.BitOr: operator.or_, ast.BitAnd: operator.and_,
    ast.In: lambda value, many: value in many, ast.NotIn: lambda value, many: value not in many,
}  # fmt: skip


class ProgramValues(ast.NodeVisitor):
    """Evaluates expressions.

    Args:
        code: what is followed.
        program: its names, and how its functions are entered.
    """

    def __init__(self, code: Code, program: ProgramFollower) -> None:
        self._code = code
        self._program = program
        self.budget = StepBudget(code)
        self._calls = ProgramCalls(self, program)

    def value(self, node: ast.expr | None) -> Any:
        """Return the value of an expression; `Unknown` where it is known only when the program runs."""
        if node is None:
            return None
        self.budget.spend(node)
        try:
            return self._bounded(node, self.visit(node))
        except NOT_FOLLOWED as problem:
            self.budget.spend(node, _COST_OF_NOT_FOLLOWING)
            self._program.not_followed(node, problem)
            return Unknown(ast.unparse(node)[:60])

    def _bounded(self, node: ast.expr, value: object) -> object:
        if isinstance(value, str | list | tuple | dict | set):
            if len(value) > (LONGEST_TEXT if isinstance(value, str) else LONGEST):
                raise ValueError("more than any drawing has")
            self.budget.spend(node, len(value) // (1_000 if isinstance(value, str) else 64))
        elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > 10**12:
            raise ValueError("a number larger than any width")
        return value

    def generic_visit(self, node: ast.AST) -> object:
        """Return `Unknown` for every other kind of expression."""
        return Unknown(ast.unparse(node)[:60])

    def visit_Constant(self, node: ast.Constant) -> object:
        """Return what a literal is."""
        return node.value

    def visit_Name(self, node: ast.Name) -> object:
        """Return what a name stands for."""
        for scope in reversed(self._program.scopes):
            if node.id in scope:
                return scope[node.id]
        return _UNDECLARED.get(node.id) or (
            Dotted(f"builtins.{node.id}") if node.id in PYTHON else Unknown(node.id)
        )

    def visit_Attribute(self, node: ast.Attribute) -> object:
        """Return an attribute of a value, or a name in a module."""
        owner = self.value(node.value)
        match owner:
            case Dotted(path):
                return KNOWN.get(f"{path}.{node.attr}", Dotted(f"{path}.{node.attr}"))
            case Thing(kind, attributes):
                found = attributes.get(node.attr, kind.members.get(node.attr, Unknown(node.attr)))
                if isinstance(found, Routine) and node.attr not in attributes:
                    return Routine(found.arguments, found.body, found.scopes, owner)
                return found
            case BuiltGraph() if node.attr in _OF_A_GRAPH:
                return getattr(owner, node.attr)
            case BuiltGraph() if node.attr == "source":
                return owner.dot()
        return Unknown(ast.unparse(node)[:60])

    def visit_BinOp(self, node: ast.BinOp) -> object:
        """Return what an operator makes of two values."""
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Pow) and not (isinstance(right, int) and abs(right) <= 64):
            raise ValueError("a power that may be too large to compute")
        return self._apply(node, node.op, left, right)

    def _apply(self, node: ast.expr, sign: ast.AST, *values: object) -> object:
        if any(isinstance(value, Unknown) for value in values):
            raise ValueError("an operand that is known only when the program runs")
        self.budget.check_operator(node, sign, values)
        if isinstance(sign, ast.Mod) and isinstance(values[0], str):
            check_text(values[0], values[1:])
        return _OPERATORS[type(sign)](*values)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> object:
        """Return what an operator makes of one value."""
        return self._apply(node, node.op, self.value(node.operand))

    def visit_Compare(self, node: ast.Compare) -> object:
        """Return whether a comparison holds."""
        values = [self.value(part) for part in (node.left, *node.comparators)]
        pairs = zip(node.ops, values, values[1:], strict=False)
        return all(self._apply(node, sign, left, right) for sign, left, right in pairs)

    def visit_BoolOp(self, node: ast.BoolOp) -> object:
        """Return the value that settles an `and` or an `or`."""
        value: object = Unknown("")
        for part in node.values:
            value = self.value(part)
            if isinstance(value, Unknown) or bool(value) == isinstance(node.op, ast.Or):
                return value
        return value

    def visit_IfExp(self, node: ast.IfExp) -> object:
        """Return the part that the test chooses."""
        test = self.value(node.test)
        return test if isinstance(test, Unknown) else self.value(node.body if test else node.orelse)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> object:
        """Return a value that is given a name on the way."""
        value = self.value(node.value)
        self._program.scopes[-1][node.target.id] = value
        return value

    def visit_Lambda(self, node: ast.Lambda) -> object:
        """Return a function without a name."""
        body: list[ast.stmt] = [ast.copy_location(ast.Return(node.body), node.body)]
        return Routine(node.args, body, tuple(self._program.scopes))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> object:
        """Return an f-string of which every part is known."""
        written = []
        for part in node.values:
            if not isinstance(part, ast.FormattedValue):
                written.append(str(self.value(part)))
                continue
            value, form = self.value(part.value), self.value(part.format_spec) or ""
            if isinstance(value, Unknown) or not isinstance(form, str) or re.search(r"\d{3}", form):
                raise ValueError("a part that is known only when the program runs")
            value = repr(flat(value)) if part.conversion == ord("r") else flat(value)
            written.append(format(value, form) if form else str(value))
        if sum(map(len, written)) > LONGEST_TEXT:
            raise ValueError("a text that is too long to make")
        return "".join(written)

    def visit_List(self, node: ast.List) -> object:
        """Return the values of a list."""
        return list(self.spread(node.elts))

    def visit_Tuple(self, node: ast.Tuple) -> object:
        """Return the values of a tuple."""
        return tuple(self.spread(node.elts))

    def visit_Set(self, node: ast.Set) -> object:
        """Return the values of a set."""
        return set(map(flat, self.spread(node.elts)))

    def visit_Dict(self, node: ast.Dict) -> object:
        """Return the values of a dict by their keys."""
        made: dict[object, object] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            made |= {flat(self.value(key)): self.value(value)} if key else dict(self.value(value))
        return made

    def spread(self, nodes: Iterable[ast.expr]) -> Iterator[object]:
        """Yield the values of expressions, those of a starred one each for itself."""
        for node in nodes:
            if isinstance(node, ast.Starred):
                yield from self.members(self.value(node.value))
            else:
                yield self.value(node)

    def members(self, many: object) -> list[Any]:
        """Return what a loop over a value takes one after the other.

        Raises:
            TypeError, ValueError: where that is known only when the program runs, or too many.
        """
        if isinstance(many, Unknown | Dotted):
            raise TypeError("a loop whose rounds only running the program would tell")
        given: Any = many.nodes if isinstance(many, BuiltGraph) else many
        made = list(itertools.islice(given, LONGEST + 1))
        if len(made) > LONGEST:
            raise ValueError("more rounds than any drawing takes")
        return made

    def visit_Subscript(self, node: ast.Subscript) -> object:
        """Return a member or a slice."""
        owner = self.value(node.value)
        if isinstance(node.slice, ast.Slice):
            ends = (self.value(part) for part in (node.slice.lower, node.slice.upper, node.slice.step))
            return operator.getitem(owner, slice(*ends))
        return operator.getitem(owner, flat(self.value(node.slice)))

    def visit_ListComp(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> list[object]:
        """Return the values of a comprehension as a list."""
        made: list[object] = []
        self._program.scopes.append({})
        try:
            self._gather(node.elt, node.generators, made)
        finally:
            self._program.scopes.pop()
        return made

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> object:
        """Return the values of a generator as a list."""
        return self.visit_ListComp(node)

    def visit_SetComp(self, node: ast.SetComp) -> object:
        """Return the values of a comprehension as a list, each once."""
        return list(dict.fromkeys(map(flat, self.visit_ListComp(node))))

    def _gather(self, element: ast.expr, generators: list[ast.comprehension], made: list[object]) -> None:
        if not generators:
            made.append(self.value(element))
            return
        first, *others = generators
        for value in self.members(self.value(first.iter)):
            self._program.bind(first.target, value)
            tests = [self.value(test) for test in first.ifs]
            if any(isinstance(test, Unknown) for test in tests):
                raise ValueError("which members are taken")
            if all(tests):
                self._gather(element, others, made)

    def visit_DictComp(self, node: ast.DictComp) -> object:
        """Return the values of a comprehension by their keys."""
        pair = ast.copy_location(ast.Tuple([node.key, node.value]), node)
        made = self.visit_ListComp(ast.copy_location(ast.ListComp(pair, node.generators), node))
        return {flat(key): value for key, value in cast("list[tuple[object, object]]", made)}

    def visit_Call(self, node: ast.Call) -> object:
        """Return what a call gives; what it draws is added to its graph."""
        owner = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
        keywords: dict[str, object] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value)
            keywords |= {keyword.arg: value} if keyword.arg else value if isinstance(value, dict) else {}
        call = Call(self._code.source, self._code.span(node), list(self.spread(node.args)), keywords)
        return self._calls.made(owner, node, call)
