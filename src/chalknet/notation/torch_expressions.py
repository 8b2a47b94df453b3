"""The value of an expression in PyTorch code, evaluated without running it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalknet.errors import ChalknetError
from chalknet.notation.budget import StepBudget
from chalknet.notation.libraries.known import assumed_names
from chalknet.notation.torch_called import Called
from chalknet.notation.torch_calls import BUILTINS
from chalknet.notation.torch_layers import CodeLayer, Unknown
from chalknet.notation.torch_text import Code
from chalknet.notation.torch_values import (
    Added,
    Call,
    Class,
    CodeChain,
    Dotted,
    Flow,
    Function,
    Instance,
    Super,
    around,
    common_name,
    elements,
    iterated,
    no_chain,
    roots,
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
_WHOLE = (slice(None), ...)
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
        self._called = Called(code, world, self.budget)
        self._assumed = assumed_names(code.source.text)

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
        value = self._world.names.find(node.id)
        if isinstance(value, Flow) and (line := self._world.names.written_over(value)):
            got = f"{node.id}, which line {line} changes in place"
            remedy = (
                f"Write {node.id} = ... in line {line}, with a function that leaves its argument as it is."
            )
            return value.through(no_chain(self._code.source, self._code.span(node), got, remedy))
        if value is None and node.id not in self._world.names.scopes[-1]:
            return (
                BUILTINS.get(node.id)
                or self._assumed.get(node.id)
                or common_name(node.id)
                or Unknown(node.id)
            )
        return value

    def visit_Attribute(self, node: ast.Attribute) -> object:
        """Return an attribute of a value, or a name in a module."""
        return self.attribute(self.value(node.value), node.attr, node)

    def attribute(self, owner: object, name: str, node: ast.expr) -> object:
        """Return an attribute of a value, which a node of the text asks for."""
        if name == "training" and isinstance(owner, Instance | CodeChain | CodeLayer):
            self._world.mode_matters = True
            return self._world.training
        match owner:
            case Dotted(path):
                return Dotted(f"{path}.{name}")
            case Instance(attributes=attributes) if name in attributes:
                return attributes[name]
            case Instance(kind, chain=chain) | Super(Instance(kind, chain=chain)):
                return self._member(owner, kind, chain, name, node)
            case Class():
                return self._member(owner, owner, None, name, node)
            case CodeChain(modules=modules) if name in modules:
                return modules[name]
            case CodeLayer(step=step, takes=takes) if step is not None:  # self.fc1.out_features
                if name == "in_features" and len(takes) == 1:
                    return takes[0]
                known = vars(step).get(name, Unknown(shown(node), of=(owner,)))
                known = Unknown(shown(node), of=(owner,)) if known is True else known
                return None if known is False else known  # a bias
        return Unknown(shown(node), of=roots(owner))

    def _member(
        self, owner: object, kind: Class, chain: CodeChain | None, name: str, node: ast.expr
    ) -> object:
        """Return what a class binds to a name, bound to the object as Python does."""
        if isinstance(owner, Super):
            after = owner.instance.kind.line
            places = after[after.index(owner.home) + 1 :] if owner.home in after else []
            found = next((base.members[name] for base in places if name in base.members), None)
            owner = owner.instance
        else:
            found = kind.member(name)
        if not isinstance(found, Function):
            if found is None and chain is not None and name in chain.modules:
                return chain.modules[name]
            return Unknown(shown(node), of=roots(owner)) if found is None else found
        decorators = {shown(decorator).rpartition(".")[2] for decorator in found.node.decorator_list}
        if "staticmethod" in decorators or (isinstance(owner, Class) and "classmethod" not in decorators):
            return found
        bound = replace(found, owner=kind if "classmethod" in decorators else owner)  # type: ignore[arg-type]
        if decorators & {"property", "cached_property"}:
            return self._world.enter(bound, Call(self._code.source, self._code.span(node)))
        return bound

    def visit_BinOp(self, node: ast.BinOp) -> object:
        """Return what an operator makes of two values."""
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, CodeChain) and isinstance(node.op, ast.Add | ast.Mult):
            if isinstance(right, int):
                self.budget.check_operator(node, node.op, (left.items, right))
            more = left.items * right if isinstance(right, int) else left.items + elements(right)
            return CodeChain.of(self._code.span(node), more)
        if isinstance(node.op, ast.Add) and (found := around(left, right)) is not None:
            return found.before.through(Added(self._code.span(node), found.passed))
        if flow := next((value for value in (left, right) if isinstance(value, Flow)), None):
            return flow.through(no_chain(self._code.source, self._code.span(node), shown(node)))
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
        operand = self.value(node.operand)
        if isinstance(operand, Flow) and not isinstance(node.op, ast.Not):
            return operand.through(no_chain(self._code.source, self._code.span(node), shown(node)))
        if isinstance(operand, Unknown | Flow):
            return Unknown(shown(node), of=roots(operand))
        return self._apply(node, node.op, operand)

    def visit_Compare(self, node: ast.Compare) -> object:
        """Return whether a comparison holds."""
        values = [self.value(part) for part in (node.left, *node.comparators)]
        if any(isinstance(value, Unknown) for value in values) and not isinstance(
            node.ops[0], ast.Is | ast.IsNot
        ):
            return Unknown(shown(node), of=roots(*values))
        if any(isinstance(value, Flow) for value in values) and values[-1] is not None:
            return Unknown(shown(node), of=roots(*values))
        pairs = zip(node.ops, values, values[1:], strict=False)
        return all(self._apply(node, sign, left, right) for sign, left, right in pairs)

    def visit_BoolOp(self, node: ast.BoolOp) -> object:
        """Return the value that settles an `and` or an `or`."""
        value: object = Unknown(shown(node))
        for part in node.values:
            value = self.value(part)
            if isinstance(value, Unknown | Flow):
                return Unknown(shown(node), of=roots(value))
            if bool(value) == isinstance(node.op, ast.Or):
                return value
        return value

    def visit_IfExp(self, node: ast.IfExp) -> object:
        """Return the part that the test chooses."""
        test = self.value(node.test)
        if isinstance(test, Unknown | Flow):
            values = [test, self.value(node.body), self.value(node.orelse)]
            return Unknown(shown(node), of=roots(*values))
        return self.value(node.body if test else node.orelse)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> object:
        """Return a value that is given a name on the way."""
        value = self.value(node.value)
        self._world.bind(node.target, value, node.value)
        return value

    def visit_Lambda(self, node: ast.Lambda) -> object:
        """Return a function without a name."""
        body: list[ast.stmt] = [ast.copy_location(ast.Return(node.body), node.body)]
        made = ast.FunctionDef("a lambda", node.args, body, decorator_list=[])
        return Function(ast.copy_location(made, node), closure=tuple(self._world.names.scopes[1:]))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> object:
        """Return an f-string of which every part is known."""
        written = ""
        for part in node.values:
            value = self.value(part.value if isinstance(part, ast.FormattedValue) else part)
            if not isinstance(value, str | int | float):
                return Unknown(shown(node))
            plain = not isinstance(part, ast.FormattedValue) or (
                part.format_spec is None and part.conversion < 0
            )
            if not plain:
                return Unknown(shown(node))
            written += str(value)
        return written

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
                yield from iterated(self.value(node.value))
            else:
                yield self.value(node)

    def visit_Subscript(self, node: ast.Subscript) -> object:
        """Return a member or a slice."""
        owner, place = self.value(node.value), self.place(node.slice)
        if isinstance(owner, Instance) and owner.chain:
            owner = owner.chain
        if isinstance(owner, CodeChain):
            taken = owner.part(place)
            return (
                replace(taken, span=self._code.span(node))
                if isinstance(taken, CodeChain) and isinstance(place, slice)
                else taken
            )
        if isinstance(owner, list | tuple | dict | range | str):
            return operator.getitem(owner, place)
        if isinstance(owner, Flow):
            if isinstance(place, tuple) and len(place) == 2 and place[1] == 0 and place[0] in _WHOLE:
                return owner.through(CodeLayer(self._code.span(node), kind=shown(node), drops_axis=True))
            return owner.through(no_chain(self._code.source, self._code.span(node), shown(node)))
        return Unknown(shown(node), of=roots(owner))

    def visit_Slice(self, node: ast.Slice) -> object:
        """Return a slice inside a tuple, as in `x[:, 0]`."""
        return self.place(node)

    def place(self, node: ast.expr) -> Any:
        """Return the value of a subscript, a slice too.

        Raises:
            LookupError: for one that is known only when the code runs.
        """
        if not isinstance(node, ast.Slice):
            place = self.value(node)
            if isinstance(place, Unknown):
                raise LookupError("a place that is known only when the code runs")
            return place
        first, last, by = (self.value(part) if part else None for part in (node.lower, node.upper, node.step))
        return slice(first, last, by)

    def visit_ListComp(self, node: ast.ListComp) -> object:
        """Return the values of a comprehension as a list."""
        made: list[object] = []
        self.budget.spend(node.elt, len(self._world.names.scopes[-1]) // 16)
        with self._world.names.scope(dict(self._world.names.scopes[-1])):
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
            self._world.bind(first.target, Unknown(shown(first.target), of=many.of))
            self.value(element)
            raise ValueError("nobody knows how many there are")
        for value in iterated(many):
            self._world.bind(first.target, value)
            if all(self.value(test) for test in first.ifs):
                self._gather(element, others, made)

    def visit_DictComp(self, node: ast.DictComp) -> object:
        """Return the values of a comprehension by their keys."""
        pair = ast.Tuple([node.key, node.value])
        made = self.visit_ListComp(ast.ListComp(ast.copy_location(pair, node), node.generators))
        return dict(made)  # type: ignore[call-overload]

    def visit_Call(self, node: ast.Call) -> object:
        """Return what a call gives."""
        match node.func:
            case ast.Attribute(inner, name):
                owner = self.value(inner)
                call = self._arguments(node)
                return self._called.method(owner, name, node, call, self.attribute)
            case ast.Name("super"):
                return self._super()
        return self._called.function(self.value(node.func), node, self._arguments(node), self.attribute)

    def _arguments(self, node: ast.Call) -> Call:
        positional = list(self._spread(node.args))
        keywords: dict[str, object] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg is None:
                keywords |= value if isinstance(value, dict) else {}
            else:
                keywords[keyword.arg] = value
        return Call(self._code.source, self._code.span(node), positional, keywords)

    def _super(self) -> object:
        """Return `super()` of the method that is followed."""
        method = self._world.names.functions[-1] if self._world.names.functions else None
        if method is None or method.home is None or not isinstance(method.owner, Instance):
            return Unknown("super()")
        return Super(method.owner, method.home)


def shown(node: ast.AST) -> str:
    """Return the code of a node, cut where it is long."""
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:37]}..."
