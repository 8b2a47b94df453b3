"""The value of an expression in PyTorch code, evaluated without running it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from chalknet.errors import ChalknetError
from chalknet.notation.budget import StepBudget
from chalknet.notation.torch_layers import CodeLayer, Unknown
from chalknet.notation.torch_text import Code
from chalknet.notation.torch_values import (
    BUILTINS,
    Call,
    Class,
    CodeChain,
    Dotted,
    Flow,
    Function,
    Instance,
    call_layer,
    call_torch,
    chain_method,
    common_name,
    elements,
    flow_method,
    no_chain,
)

if TYPE_CHECKING:
    from chalknet.notation.torch_statements import Interpreter

_OPERATORS: Mapping[type[ast.AST], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda value, many: value in many,
    ast.NotIn: lambda value, many: value not in many,
}
_METHODS: Mapping[type, Mapping[str, Callable[..., object]]] = {
    list: {name: vars(list)[name] for name in "append extend insert pop reverse copy index".split()},
    dict: {name: vars(dict)[name] for name in "pop copy items keys values get update".split()},
}
NOT_FOLLOWED = (ArithmeticError, TypeError, LookupError, ValueError, AttributeError, StopIteration)


class Expressions(ast.NodeVisitor):
    """Evaluates expressions; a value that is known only when the code runs becomes `Unknown`.

    Args:
        code: what is followed.
        world: what its names stand for.
    """

    def __init__(self, code: Code, world: Interpreter) -> None:
        self._code = code
        self._world = world
        self.budget = StepBudget(code)

    def value(self, node: ast.expr) -> object:
        """Return the value of an expression; `Unknown` where it is known only when the code runs."""
        self.budget.spend(node)
        try:
            return self.budget.made(node, self.visit(node))
        except ChalknetError:
            raise
        except NOT_FOLLOWED:
            return Unknown(shown(node))

    def generic_visit(self, node: ast.AST) -> object:
        """Return `Unknown` for every other kind of expression."""
        return Unknown(shown(node))

    def visit_Constant(self, node: ast.Constant) -> object:
        """Return what a literal is."""
        return node.value

    def visit_Name(self, node: ast.Name) -> object:
        """Return what a name stands for."""
        for scope in (self._world.scopes[-1], self._world.scopes[0], BUILTINS):
            if node.id in scope:
                return scope[node.id]
        return common_name(node.id) or Unknown(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> object:
        """Return an attribute of a value, or a name in a module."""
        match owner := self.value(node.value):
            case Dotted(path):
                return Dotted(f"{path}.{node.attr}")
            case Instance(attributes=attributes) if node.attr in attributes:
                return attributes[node.attr]
            case Instance(kind) if method := kind.method(node.attr):
                return Function(method, owner)
            case CodeLayer(step=step) if step is not None:  # self.fc1.out_features
                return vars(step).get(node.attr, Unknown(shown(node)))
        return Unknown(shown(node))

    def visit_BinOp(self, node: ast.BinOp) -> object:
        """Return what an operator makes of two values."""
        left, right = self.value(node.left), self.value(node.right)
        if flow := next((value for value in (left, right) if isinstance(value, Flow)), None):
            return flow.through(no_chain(self._code.source, self._code.span(node), f"the sum {shown(node)}"))
        if isinstance(node.op, ast.Pow) and not (isinstance(right, int) and abs(right) <= 64):
            raise ValueError("a power that may be too large to compute")
        return self._apply(node, node.op, left, right)

    def _apply(self, node: ast.expr, sign: ast.AST, *values: object) -> object:
        if any(isinstance(value, Unknown) for value in values):
            raise ValueError("an operand that is known only when the code runs")
        self.budget.check_operator(node, sign, values)
        return _OPERATORS[type(sign)](*values)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> object:
        """Return what an operator makes of one value."""
        return self._apply(node, node.op, self.value(node.operand))

    def visit_Compare(self, node: ast.Compare) -> object:
        """Return whether a comparison holds."""
        if len(node.ops) > 1:
            return Unknown(shown(node))
        return self._apply(node, node.ops[0], self.value(node.left), self.value(node.comparators[0]))

    def visit_BoolOp(self, node: ast.BoolOp) -> object:
        """Return the value that settles an `and` or an `or`."""
        value: object = Unknown(shown(node))
        for part in node.values:
            value = self.value(part)
            if isinstance(value, Unknown) or bool(value) == isinstance(node.op, ast.Or):
                return value
        return value

    def visit_IfExp(self, node: ast.IfExp) -> object:
        """Return the part that the test chooses."""
        test = self.value(node.test)
        if isinstance(test, Unknown):
            return Unknown(shown(node))
        return self.value(node.body if test else node.orelse)

    def visit_List(self, node: ast.List) -> object:
        """Return the values of a list."""
        return list(self._spread(node.elts))

    def visit_Tuple(self, node: ast.Tuple) -> object:
        """Return the values of a tuple."""
        return tuple(self._spread(node.elts))

    def visit_Dict(self, node: ast.Dict) -> object:
        """Return the values of a dict by their keys."""
        made: dict[object, object] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                made |= dict(self.value(value))  # type: ignore[call-overload]
            else:
                made[self.value(key)] = self.value(value)
        return made

    def _spread(self, nodes: list[ast.expr]) -> Iterator[object]:
        for node in nodes:
            if isinstance(node, ast.Starred):
                yield from elements(self.value(node.value))
            else:
                yield self.value(node)

    def visit_Subscript(self, node: ast.Subscript) -> object:
        """Return a member or a slice."""
        owner, place = self.value(node.value), self._place(node.slice)
        if isinstance(owner, CodeChain):
            taken = operator.getitem(owner.items, place)
            return CodeChain(self._code.span(node), taken) if isinstance(place, slice) else taken
        if isinstance(owner, list | tuple | dict | range | str):
            return operator.getitem(owner, place)
        return Unknown(shown(node))

    def _place(self, node: ast.expr) -> Any:
        if not isinstance(node, ast.Slice):
            return self.value(node)
        first, last, by = (self.value(part) if part else None for part in (node.lower, node.upper, node.step))
        return slice(first, last, by)

    def visit_ListComp(self, node: ast.ListComp) -> object:
        """Return the values of a comprehension as a list."""
        made: list[object] = []
        self.budget.spend(node.elt, len(self._world.scopes[-1]) // 16)
        with self._world.scope(dict(self._world.scopes[-1])):
            self._gather(node.elt, node.generators, made)
        return made

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> object:
        """Return the values of a generator as a list."""
        return self.visit_ListComp(ast.ListComp(node.elt, node.generators))

    def _gather(self, element: ast.expr, generators: list[ast.comprehension], made: list[object]) -> None:
        if not generators:
            made.append(self.value(element))
            return
        first, *others = generators
        many = self.value(first.iter)
        if isinstance(many, Unknown):
            raise ValueError("nobody knows how many there are")
        for value in elements(many):
            self._world.bind(first.target, value)
            if all(self.value(test) for test in first.ifs):
                self._gather(element, others, made)

    def visit_Call(self, node: ast.Call) -> object:
        """Return what a call gives."""
        match node.func:
            case ast.Attribute(ast.Call(ast.Name("super")), "__init__"):
                return self._super_init(node)
            case ast.Attribute(value, name):
                owner, call = self.value(value), self._arguments(node)
            case _:
                return self._called(self.value(node.func), node, self._arguments(node))
        match owner:
            case CodeChain():
                return chain_method(owner, name, call)
            case Flow():
                return flow_method(owner, name, call)
            case list() | dict():
                method = _METHODS[type(owner)].get(name)
                self.budget.walk(node, owner, *call.positional)
                return method(owner, *call.positional, **call.keywords) if method else Unknown("...")
            case Instance() | CodeLayer() if passing := self._module_method(owner, name, call):
                return passing
        return self._called(self.value(node.func), node, call)

    def _called(self, callee: object, node: ast.Call, call: Call) -> object:
        if isinstance(callee, Dotted):
            if callee.path.startswith(("builtins.", "math.")):
                self.budget.check_call(node, callee.last, call.positional)
            return call_torch(callee, call)
        if isinstance(callee, CodeLayer | CodeChain):
            return call_layer(callee, call)
        if isinstance(callee, Function):
            return self._world.enter(callee, call)
        if isinstance(callee, Class):
            return self._world.instance(callee, call)
        if isinstance(callee, Instance):
            first = call.argument(0, "x")
            return self._world.forward(callee, first if isinstance(first, Flow) else Flow(call.span))
        first = call.argument(0, "input")
        if isinstance(first, Flow) and isinstance(callee, Unknown):
            return first.through(no_chain(self._code.source, call.span, f"{callee.source}({first.x})"))
        return Unknown(shown(node), callee.source if isinstance(callee, Unknown) else "")

    def _module_method(self, owner: Instance | CodeLayer, name: str, call: Call) -> object:
        """Return what a method that every `nn.Module` has gives, or None."""
        if name in ("add_module", "register_module") and isinstance(owner, Instance):
            owner.attributes[str(call.argument(0, "name"))] = call.argument(1, "module")
            return owner
        if isinstance(owner, Instance) and (owner.kind.method(name) or name in owner.attributes):
            return None
        passing = chain_method(CodeChain(call.span, []), name, call)
        return owner if isinstance(passing, CodeChain) else None

    def _arguments(self, node: ast.Call) -> Call:
        keywords: dict[str, object] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg is None:
                keywords |= value if isinstance(value, dict) else {}
            else:
                keywords[keyword.arg] = value
        return Call(self._code.source, self._code.span(node), list(self._spread(node.args)), keywords)

    def _super_init(self, node: ast.Call) -> object:
        owner = next(iter(self._world.scopes[-1].values()), None)
        if not isinstance(owner, Instance):
            return None
        call = self._arguments(node)
        for base in owner.kind.bases:
            if isinstance(base, Class) and (method := base.method("__init__")):
                self._world.enter(Function(method, owner), call)
            elif isinstance(base, Dotted) and base.last == "Sequential":
                owner.chain.append(call_torch(base, call))
        return None


def shown(node: ast.AST) -> str:
    """Return the code of a node, cut where it is long."""
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:37]}..."
