"""The follower of plain-NumPy programs: what becomes of x, product by product, without running anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.network import Activation, Linear, Shape, activation_name
from chalknet.notation.budget import StepBudget
from chalknet.notation.listings.numpy_functions import function_of, is_reduced, written_out
from chalknet.notation.listings.numpy_rounds import Rounds
from chalknet.notation.listings.numpy_shapes import Shapes, is_weight, key_of, list_of_weights
from chalknet.notation.listings.unshown import named_end
from chalknet.notation.torch_layers import CodeLayer
from chalknet.notation.torch_text import Code

NO_FORWARD = re.compile(r"(?i)back|grad|train|^fit|cost|loss|update|step|deriv|prime|init")
WRITE_FORMULA = "Write the network as a formula: 784 -> 32 relu -> 1 sigmoid."
_DEEPEST = 20


@dataclass(frozen=True)
class FollowedX:
    """An x after some layers.

    Args:
        layers: what it passed.
        open: whether a bias may still be added.
        lost: what was done to it that is no layer; empty for nothing.
        at: where that stands.
        part: how far a softmax in several statements is, "shifted" or "exp"; empty for none.
    """

    layers: tuple[CodeLayer, ...] = ()
    open: bool = False
    lost: str = ""
    at: ast.expr | None = None
    part: str = ""


@dataclass(frozen=True)
class _Matrix:
    """A matrix of weights, and whether its axes are exchanged."""

    name: str
    exchanged: bool = False


class Program:
    """A program whose products with weights are followed.

    Args:
        code: its text.
    """

    def __init__(self, code: Code) -> None:
        self.code = code
        self.shapes = Shapes(code.tree)
        self.rounds = Rounds(code.tree)
        self.functions = {
            node.name: node for node in ast.walk(code.tree) if isinstance(node, ast.FunctionDef)
        }
        self.used: dict[str, int] = {}
        self.budget = StepBudget(code)
        self.notes: list[str] = []

    def follow(self, body: list[ast.stmt], names: dict[str, object], depth: int = 0) -> object:
        """Follow statements; return what they return."""
        for statement in body:
            self.budget.spend(statement)
            match statement:
                case ast.Assign([ast.Tuple(targets)], value) if self.rounds.takes_last(value):
                    names |= _weights_of_list(targets)
                case ast.Assign(targets, value):
                    result = self.value(value, names, depth)
                    for target in targets:
                        self._bind(target, result, names)
                case ast.AugAssign(target, ast.Add(), value) if isinstance(target, ast.Name):
                    names[target.id] = self._sum(names.get(target.id), value, names, depth, value)
                case ast.Return(ast.expr() as value):
                    return self.value(value, names, depth)
                case ast.Expr(value):
                    self.value(value, names, depth)
                case ast.For() | ast.While():
                    self._loop(statement, names, depth)
                case ast.With(_, inner):
                    self.follow(inner, names, depth)
                case ast.If():
                    found = self._branch(statement, names, depth)
                    if found is not None:
                        return found
        return None

    def _loop(self, node: ast.For | ast.While, names: dict[str, object], depth: int) -> None:
        """Follow a loop over layers round by round; of others one: only running tells what a second makes."""
        rounds = self.rounds.of(node) if isinstance(node, ast.For) and products_in(node.body) else None
        if rounds is not None and isinstance(node, ast.For):
            names |= _weights_of_list(ast.walk(node.target))
            for _ in range(rounds):
                self.follow(node.body, names, depth)
            return
        self.follow(node.body, names, depth)
        again = dict(names)
        self.follow(node.body, again, depth)
        for name, value in names.items():
            if (
                isinstance(value, FollowedX)
                and isinstance(other := again[name], FollowedX)
                and _steps(value) != _steps(other)
            ):
                got = "a loop with layers in it whose rounds only running the code would tell"
                wanted = "each product with weights written out"
                raise self.code.source.refuse(
                    self.code.span(node), kind=CannotExpress, got=got, wanted=wanted, remedy=WRITE_FORMULA
                )

    def _branch(self, node: ast.If, names: dict[str, object], depth: int) -> object:
        """Follow the branch that a test chooses; where it is not known, both, which must do the same to x."""
        match node.test:
            case ast.Compare(ast.Name(name), [ast.Eq()], [ast.Constant(str(word))]) if isinstance(
                names.get(name), str
            ):
                return self.follow(node.body if names[name] == word else node.orelse, names, depth)
        one, other = dict(names), dict(names)
        results = self.follow(node.body, one, depth), self.follow(node.orelse, other, depth)
        for name in one.keys() | other.keys():
            values = [value for value in (one.get(name), other.get(name)) if isinstance(value, FollowedX)]
            names[name] = one.get(name, other.get(name))
            if len(values) == 2 and _steps(values[0]) != _steps(values[1]):
                names[name] = replace(values[0], lost=f"if {ast.unparse(node.test)[:40]}", at=node.test)
        return results[0] if isinstance(results[0], FollowedX) else results[1]

    def _bind(self, target: ast.expr, result: object, names: dict[str, object]) -> None:
        if isinstance(target, ast.Tuple):
            many = result if isinstance(result, list) else [None] * len(target.elts)
            for one, part in zip(target.elts, many, strict=False):
                self._bind(one, part, names)
        elif name := self.shapes.key(target):
            names[name] = result

    def value(self, node: ast.expr, names: dict[str, object], depth: int = 0) -> object:
        """Return what an expression is: an x, a matrix of weights, a list, a word; None for anything else."""
        self.budget.spend(node)
        function = function_of(node, lambda one: isinstance(self._name(one, names), FollowedX))
        if function is not None:
            x = self.value(function.x, names, depth)
            if isinstance(x, FollowedX) and x.part == "exp" and function.step.kind == "softmax":
                x = FollowedX(x.layers)
            return self._applied(x, function.step, node) if isinstance(x, FollowedX) else None
        match node:
            case ast.Attribute(inner, "T"):
                matrix = self.value(inner, names, depth)
                if isinstance(matrix, _Matrix):
                    return replace(matrix, exchanged=not matrix.exchanged)
                return matrix
            case ast.Constant(str(word)):
                return word
            case ast.Subscript(ast.BinOp() | ast.Call() as inner, index) if isinstance(
                x := self.value(inner, names, depth), FollowedX
            ):
                return self._one_number(x, index, node)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._name(node, names)
            case ast.Tuple(parts) | ast.List(parts):
                return [self.value(part, names, depth) for part in parts]
            case ast.BinOp(left, ast.Sub(), right) if shifted := self._shifted(
                left, right, node, names, depth
            ):
                return shifted
            case ast.BinOp(left, ast.MatMult(), right):
                return self._product(left, right, node, names, depth)
            case ast.BinOp(left, ast.Add(), right):
                return self._sums(left, right, node, names, depth)
            case ast.Call():
                return self._call(node, names, depth)
        return self._lost(node, names, depth)

    def _one_number(self, x: FollowedX, index: ast.expr, node: ast.expr) -> FollowedX:
        """Return x behind `[0]` or `[:, 0]`, which takes its only number; lost behind any other index."""
        last = index.elts[-1] if isinstance(index, ast.Tuple) and index.elts else index
        if x.lost or not (isinstance(last, ast.Constant) and last.value == 0):
            return x if x.lost else replace(x, lost=ast.unparse(node)[:40], at=node)
        self.notes.append(f"line {node.lineno}: [{ast.unparse(index)}] gives one number a sample: not read")
        return x

    def _shifted(
        self, left: ast.expr, right: ast.expr, node: ast.BinOp, names: dict[str, object], depth: int
    ) -> object:
        """Return x without its largest value, `z - z.max()`, which changes no softmax; None for others."""
        if not is_reduced(left, right, "max"):
            return None
        x = self.value(left, names, depth)
        if not isinstance(x, FollowedX) or x.lost:
            return None
        return replace(x, part="shifted", lost=ast.unparse(node)[:40], at=node)

    def _name(self, node: ast.expr, names: dict[str, object]) -> object:
        name = self.shapes.key(node)
        if listed := list_of_weights(node):
            return _Matrix(f"{listed}[]")
        if name in names:
            found = names[name]
            return (
                _Matrix(name) if found is None and (is_weight(name) or len(self._shape(name)) == 2) else found
            )
        return _Matrix(name) if name and (is_weight(name) or len(self._shape(name)) == 2) else None

    def _shape(self, name: str) -> Shape:
        return self.shapes.of.get(name, ())

    def _lost(self, node: ast.expr, names: dict[str, object], depth: int) -> object:
        """Return an x that something was done to which is no layer, where the expression has one."""
        values: list[object] = []
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                values.append(self.value(part, names, depth))
            else:  # such as what a comprehension goes through
                values += [self._name(one, names) for one in ast.walk(part) if isinstance(one, ast.Name)]
        return _lost_among(values, node)

    def _call(self, node: ast.Call, names: dict[str, object], depth: int) -> object:
        match node:
            case ast.Call(ast.Attribute(_, "dot" | "matmul"), [left, right]):
                return self._product(left, right, node, names, depth)
            case ast.Call(ast.Attribute(left, "dot"), [right]):
                return self._product(left, right, node, names, depth)
            case ast.Call(ast.Attribute(_, "add" | "bias_add"), [left, right]):
                return self._sums(left, right, node, names, depth)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else key_of(node.func)
        given = [self.value(argument, names, depth) for argument in node.args]
        given += [
            self.value(keyword.value, names, depth)
            for keyword in node.keywords
            if keyword.arg not in ("axis", "keepdims")
        ]
        first = given[0] if given else None
        if name == "exp" and isinstance(first, FollowedX) and (first.part == "shifted" or not first.lost):
            return replace(first, part="exp", lost=ast.unparse(node)[:40], at=node)
        step = self._function(name) if isinstance(first, FollowedX) else None
        if isinstance(first, FollowedX) and step is not None and not first.lost and len(given) > 1:
            return replace(first, lost=ast.unparse(node)[:40], at=node)  # sigmoid(z, derivative=True)
        if isinstance(first, FollowedX) and step is not None:
            return self._applied(first, step, node)
        if name in self.functions and depth < _DEEPEST and not NO_FORWARD.search(name):
            return self._entered(self.functions[name], node, names, depth)
        return _lost_among([self._owner(node, names, depth), *given], node)

    def _owner(self, node: ast.Call, names: dict[str, object], depth: int) -> object:
        """Return what a call is a method of: x in `x.mean()`."""
        return self.value(node.func.value, names, depth) if isinstance(node.func, ast.Attribute) else None

    def _function(self, name: str) -> Activation | None:
        """Return the activation that a function is, by its body where the text defines it, or its name."""
        kind = activation_name(name) if name not in ("g", "h", "act", "activation") else None
        step = None if kind in (None, "h", "?") else Activation(kind or "")
        function = self.functions.get(name)
        if function is None or products_in(function.body):
            return step
        written = written_out(function)
        if written is None and step is not None:
            options = "".join(f", {option}={value}" for option, value in step.all_options.items())
            self.notes.append(
                f"line {function.lineno}: {name} is read as {step.kind}{options} by its name "
                "alone: its code is not known here"
            )
        return step if written is None else written

    def _entered(
        self, function: ast.FunctionDef, node: ast.Call, names: dict[str, object], depth: int
    ) -> object:
        arguments = [argument.arg for argument in function.args.args]
        arguments = arguments[1:] if arguments[:1] == ["self"] else arguments
        inside: dict[str, object] = {}
        for name, part in [
            *zip(arguments, node.args, strict=False),
            *((one.arg, one.value) for one in node.keywords),
        ]:
            inside[name or ""] = self.value(part, names, depth)
        return self.follow(function.body, inside, depth + 1)

    def _product(
        self, left: ast.expr, right: ast.expr, node: ast.expr, names: dict[str, object], depth: int
    ) -> object:
        one, other = self.value(left, names, depth), self.value(right, names, depth)
        if isinstance(one, _Matrix) and isinstance(other, _Matrix):  # x may be an array of a known shape
            one, other = (None, other) if is_weight(other.name) and not is_weight(one.name) else (one, None)
        matrix = one if isinstance(one, _Matrix) else other
        x = other if matrix is one else one
        if not isinstance(matrix, _Matrix):
            return _lost_among([one, other], node)
        x = x if isinstance(x, FollowedX) else FollowedX()
        of_data = matrix is one and matrix.exchanged and not is_weight(matrix.name)  # X.T @ dz
        if x.lost and (of_data or matrix.name in self.used):
            return x  # the way back, for the gradients
        if x.lost:
            raise self.no_chain(x)
        self.used[matrix.name] = node.lineno
        if matrix.name.endswith("[]"):
            return self._next_of_list(x, matrix, node)
        rows = (self._shape(matrix.name) or (named_end(matrix.name, "out"), named_end(matrix.name, "in")))[:2]
        if len(rows) < 2:
            return _lost_among([x], node)
        first_out = (matrix is one) is not matrix.exchanged  # W X has its outputs in rows, X W in columns
        out, arriving = rows if first_out else (rows[1], rows[0])
        if not self._shape(matrix.name):
            out, arriving = named_end(matrix.name, "out"), named_end(matrix.name, "in")
        layer = CodeLayer(self.code.span(node), Linear(out, bias=False), (arriving,), kind=matrix.name)
        return FollowedX((*x.layers, layer), open=True)

    def _next_of_list(self, x: FollowedX, matrix: _Matrix, node: ast.expr) -> FollowedX:
        """Return x behind the next weights of a list, whose widths are those that the program is given."""
        place, sizes = sum(isinstance(layer.step, Linear) for layer in x.layers), self.rounds.sizes
        known = place + 1 < len(sizes)
        out, arriving = (sizes[place + 1], sizes[place]) if known else (f"k{place + 1}", f"k{place}")
        kind = f"{matrix.name[:-1]}{place}]"
        layer = CodeLayer(self.code.span(node), Linear(out, bias=False), (arriving,), kind=kind)
        return FollowedX((*x.layers, layer), open=True)

    def _sums(
        self, left: ast.expr, right: ast.expr, node: ast.expr, names: dict[str, object], depth: int
    ) -> object:
        one = self.value(left, names, depth)
        if isinstance(one, FollowedX):
            return self._sum(one, right, names, depth, node)
        return self._sum(self.value(right, names, depth), left, names, depth, node)

    def _sum(self, x: object, bias: ast.expr, names: dict[str, object], depth: int, node: ast.expr) -> object:
        """Return an x with a bias added to its last linear map."""
        if not isinstance(x, FollowedX):
            return None
        other = self.value(bias, names, depth)
        if not x.open or isinstance(other, FollowedX):
            return replace(x, lost=x.lost or ast.unparse(node)[:40], at=x.at or node)
        last = x.layers[-1]
        assert isinstance(last.step, Linear)
        layer = replace(last, step=replace(last.step, bias=True))
        return FollowedX((*x.layers[:-1], layer), lost=x.lost, at=x.at)

    def _applied(self, x: FollowedX, step: Activation, node: ast.expr) -> object:
        if x.lost:
            return x
        if not x.layers:
            return None
        return FollowedX((*x.layers, CodeLayer(self.code.span(node), step, kind=step.kind)))

    def no_chain(self, x: FollowedX) -> ChalknetError:
        """Return the error for an x that something was done to which is no layer."""
        assert x.at is not None
        return self.code.source.refuse(
            self.code.span(x.at),
            kind=CannotExpress,
            got=f"{x.lost}, which is no layer",
            wanted="products with weights, a bias, and activations, one after the other",
            remedy=WRITE_FORMULA,
        )


def _weights_of_list(targets: Iterable[ast.AST]) -> dict[str, object]:
    """Return the weights among names that stand for the next members of a list."""
    found = [one.id for one in targets if isinstance(one, ast.Name) and is_weight(one.id)]
    return {name: _Matrix(f"{name}[]") for name in found}


def _lost_among(values: object, node: ast.expr) -> FollowedX | None:
    """Return the x among the parts of an expression, marked as lost by it; None where there is none."""
    found = deepest(values)
    return found if found is None or found.lost else replace(found, lost=ast.unparse(node)[:40], at=node)


def deepest(values: object) -> FollowedX | None:
    """Return the x with the most layers among values, however they are nested in lists."""
    found: list[FollowedX] = []
    waiting = [values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, FollowedX) and value.layers:
            found.append(value)
    return max(reversed(found), key=lambda value: len(value.layers)) if found else None


def products_in(body: list[ast.stmt]) -> int:
    """Return how many products of matrices stand in some statements."""
    parts = [part for statement in body for part in ast.walk(statement)]
    dots = sum(isinstance(part, ast.Attribute) and part.attr in ("dot", "matmul") for part in parts)
    return dots + sum(isinstance(part, ast.MatMult) for part in parts)


def _steps(x: FollowedX) -> tuple[object, ...]:
    return (*(layer.step for layer in x.layers), x.lost)
