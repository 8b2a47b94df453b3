"""The value of an expression in PyTorch code, evaluated without running it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from chalknet.errors import ChalknetError
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

_STEPS = 300_000  # expressions evaluated before a text is refused as too long: about a second
_LARGEST = 10**12
_LONGEST = 10_000
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


class World(Protocol):
    """The names of the text, and how its own functions and classes are entered."""

    scopes: list[dict[str, object]]

    def scope(self, names: dict[str, object]) -> AbstractContextManager[None]:
        """Open a scope of its own with these names in it."""

    def bind(self, target: ast.expr, value: object) -> None:
        """Give a value its name."""

    def enter(self, function: Function, call: Call) -> object:
        """Return what a function of the text gives."""

    def instance(self, kind: Class, call: Call) -> Instance:
        """Return an object of a class of the text."""

    def forward(self, instance: Instance, flow: Flow) -> object:
        """Return x after an object's `forward`."""


class Expressions:
    """Evaluates expressions; a value that is known only when the code runs becomes `Unknown`.

    Args:
        code: what is followed.
        world: what its names stand for.
    """

    def __init__(self, code: Code, world: World) -> None:
        self._code = code
        self._world = world
        self._steps = 0

    def value(self, node: ast.expr) -> object:
        """Return the value of an expression; `Unknown` where it is known only when the code runs."""
        self._steps += 1
        if self._steps > _STEPS:
            raise self._code.source.refuse(
                self._code.span(node),
                got="a program too long to follow",
                wanted="the lines that define the network",
                remedy="Give the definition of the network alone.",
            )
        evaluate = _EXPRESSIONS.get(type(node))
        try:
            return Unknown(shown(node)) if evaluate is None else evaluate(self, node)
        except ChalknetError:
            raise
        except NOT_FOLLOWED:
            return Unknown(shown(node))

    def _constant(self, node: ast.Constant) -> object:
        return node.value

    def _lookup(self, node: ast.Name) -> object:
        for scope in (self._world.scopes[-1], self._world.scopes[0], BUILTINS):
            if node.id in scope:
                return scope[node.id]
        return common_name(node.id) or Unknown(node.id)

    def _attribute(self, node: ast.Attribute) -> object:
        owner = self.value(node.value)
        if isinstance(owner, Dotted):
            return Dotted(f"{owner.path}.{node.attr}")
        if isinstance(owner, Instance):
            if node.attr in owner.attributes:
                return owner.attributes[node.attr]
            method = owner.kind.method(node.attr)
            return Function(method, owner) if method else Unknown(shown(node))
        if isinstance(owner, CodeLayer) and owner.step is not None:  # self.fc1.out_features
            return vars(owner.step).get(node.attr, Unknown(shown(node)))
        return Unknown(shown(node))

    def _operation(self, node: ast.BinOp) -> object:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, Flow) or isinstance(right, Flow):
            flow = left if isinstance(left, Flow) else right
            assert isinstance(flow, Flow)
            return flow.through(no_chain(self._code.source, self._code.span(node), f"the sum {shown(node)}"))
        if isinstance(node.op, ast.Pow) and not (isinstance(right, int) and abs(right) <= 64):
            raise ValueError("a power that may be too large to compute")
        lists = [value for value in (left, right) if isinstance(value, list | tuple | str)]
        times = next((value for value in (left, right) if isinstance(value, int)), 0)
        if isinstance(node.op, ast.Mult) and lists and len(lists[0]) * times > _LONGEST:
            raise ValueError("a list that is too long to make")
        result = self._apply(node.op, left, right)
        if isinstance(result, int | float) and abs(result) > _LARGEST:
            raise ValueError("a number larger than any width")
        return result

    def _apply(self, sign: ast.AST, *values: object) -> object:
        if any(isinstance(value, Unknown) for value in values):
            raise ValueError("an operand that is known only when the code runs")
        return _OPERATORS[type(sign)](*values)

    def _unary(self, node: ast.UnaryOp) -> object:
        return self._apply(node.op, self.value(node.operand))

    def _comparison(self, node: ast.Compare) -> object:
        if len(node.ops) > 1:
            return Unknown(shown(node))
        return self._apply(node.ops[0], self.value(node.left), self.value(node.comparators[0]))

    def _logic(self, node: ast.BoolOp) -> object:
        value: object = Unknown(shown(node))
        for part in node.values:
            value = self.value(part)
            if isinstance(value, Unknown) or bool(value) == isinstance(node.op, ast.Or):
                return value
        return value

    def _choice(self, node: ast.IfExp) -> object:
        test = self.value(node.test)
        if isinstance(test, Unknown):
            return Unknown(shown(node))
        return self.value(node.body if test else node.orelse)

    def _list(self, node: ast.List | ast.Tuple) -> object:
        many = list(self._spread(node.elts))
        return tuple(many) if isinstance(node, ast.Tuple) else many

    def _dict(self, node: ast.Dict) -> object:
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

    def _subscript(self, node: ast.Subscript) -> object:
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

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> object:
        made: list[object] = []
        with self._world.scope(dict(self._world.scopes[-1])):
            self._gather(node.elt, node.generators, made)
        return made

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

    # Calls

    def _call(self, node: ast.Call) -> object:
        if _is_super_init(node):
            return self._super_init(node)
        owner = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
        call = self._arguments(node)
        if isinstance(node.func, ast.Attribute) and isinstance(owner, CodeChain):
            return chain_method(owner, node.func.attr, call)
        if isinstance(node.func, ast.Attribute) and isinstance(owner, Flow):
            return flow_method(owner, node.func.attr, call)
        if isinstance(node.func, ast.Attribute) and isinstance(owner, list | dict):
            method = _METHODS[type(owner)].get(node.func.attr)
            return method(owner, *call.positional, **call.keywords) if method else Unknown("...")
        if isinstance(node.func, ast.Attribute) and isinstance(owner, Instance | CodeLayer):
            passing = self._module_method(owner, node.func.attr, call)
            if passing is not None:
                return passing
        return self._called(self.value(node.func), node, call)

    def _called(self, callee: object, node: ast.Call, call: Call) -> object:
        if isinstance(callee, Dotted):
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


def _is_super_init(node: ast.Call) -> bool:
    return (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == "__init__"
        and isinstance(node.func.value, ast.Call)
        and isinstance(node.func.value.func, ast.Name)
        and node.func.value.func.id == "super"
    )


def shown(node: ast.AST) -> str:
    """Return the code of a node, cut where it is long."""
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:37]}..."


_EXPRESSIONS: Mapping[type[ast.expr], Callable[..., object]] = {
    ast.Constant: Expressions._constant,
    ast.Name: Expressions._lookup,
    ast.Attribute: Expressions._attribute,
    ast.BinOp: Expressions._operation,
    ast.UnaryOp: Expressions._unary,
    ast.Compare: Expressions._comparison,
    ast.BoolOp: Expressions._logic,
    ast.IfExp: Expressions._choice,
    ast.List: Expressions._list,
    ast.Tuple: Expressions._list,
    ast.Dict: Expressions._dict,
    ast.Subscript: Expressions._subscript,
    ast.ListComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.Call: Expressions._call,
}
