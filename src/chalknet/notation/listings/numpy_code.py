"""Networks in plain NumPy, as courses write them: `Z1 = np.dot(W1, X) + b1`, `A1 = np.tanh(Z1)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.network import Activation, Linear, Network, Shape, activation_name
from chalknet.notation.budget import StepBudget
from chalknet.notation.listings.numpy_functions import function_of, written_out
from chalknet.notation.listings.numpy_shapes import Shapes, is_weight, joined, key_of, named_end
from chalknet.notation.notation import Notation
from chalknet.notation.torch_layers import CodeLayer
from chalknet.notation.torch_network import network_of_layers
from chalknet.notation.torch_text import Code, parse

_PRODUCT = re.compile(r"\b(?:np|numpy|jnp)\.(?:dot|matmul)\(|\.dot\(|[\w\])] @ ")
_OTHER = re.compile(
    r"\b(?:torch|keras|tensorflow|flax|equinox|sklearn\.neural_network)\b|\btf\."
    r"|\bnn\.(?:[A-Z]\w*|functional|init|utils)\b"
)
_FORWARD = re.compile(r"(?i)forward|feed|predict|propagat|^(?:model|net|network|mlp|nn|f)$|__call__")
_NO_FORWARD = re.compile(r"(?i)back|grad|train|^fit|cost|loss|update|step|deriv|prime|init")
_DEEPEST = 20
_WRITE = "Write the network as a formula: 784 -> 32 relu -> 1 sigmoid."


@dataclass(frozen=True)
class _X:
    """An x after some layers.

    Args:
        layers: what it passed.
        open: whether a bias may still be added.
        lost: what was done to it that is no layer; empty for nothing.
        at: where that stands.
    """

    layers: tuple[CodeLayer, ...] = ()
    open: bool = False
    lost: str = ""
    at: ast.expr | None = None


@dataclass(frozen=True)
class _Matrix:
    """A matrix of weights, and whether its axes are exchanged."""

    name: str
    exchanged: bool = False


class _Program:
    """A program whose products with weights are followed.

    Args:
        code: its text.
    """

    def __init__(self, code: Code) -> None:
        self.code = code
        self.shapes = Shapes(code.tree)
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
        """Follow a round of a loop; what a second round would make of x is known only when the code runs."""
        self.follow(node.body, names, depth)
        again = dict(names)
        self.follow(node.body, again, depth)
        for name, value in names.items():
            if (
                isinstance(value, _X)
                and isinstance(other := again[name], _X)
                and _steps(value) != _steps(other)
            ):
                got = "a loop with layers in it whose rounds only running the code would tell"
                wanted = "each product with weights written out"
                raise self.code.source.refuse(
                    self.code.span(node), kind=CannotExpress, got=got, wanted=wanted, remedy=_WRITE
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
            values = [value for value in (one.get(name), other.get(name)) if isinstance(value, _X)]
            names[name] = one.get(name, other.get(name))
            if len(values) == 2 and _steps(values[0]) != _steps(values[1]):
                names[name] = replace(values[0], lost=f"if {ast.unparse(node.test)[:40]}", at=node.test)
        return results[0] if isinstance(results[0], _X) else results[1]

    def _bind(self, target: ast.expr, result: object, names: dict[str, object]) -> None:
        if isinstance(target, ast.Tuple):
            many = result if isinstance(result, list) else [None] * len(target.elts)
            for one, part in zip(target.elts, many, strict=False):
                self._bind(one, part, names)
        elif name := key_of(target):
            names[name] = result

    def value(self, node: ast.expr, names: dict[str, object], depth: int = 0) -> object:
        """Return what an expression is: an x, a matrix of weights, a list, a word; None for anything else."""
        self.budget.spend(node)
        function = function_of(node, lambda one: isinstance(self._name(one, names), _X))
        if function is not None:
            x = self.value(function.x, names, depth)
            return self._applied(x, function.step, node) if isinstance(x, _X) else None
        match node:
            case ast.Attribute(inner, "T"):
                matrix = self.value(inner, names, depth)
                if isinstance(matrix, _Matrix):
                    return replace(matrix, exchanged=not matrix.exchanged)
                return matrix
            case ast.Constant(str(word)):
                return word
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._name(node, names)
            case ast.Tuple(parts) | ast.List(parts):
                return [self.value(part, names, depth) for part in parts]
            case ast.BinOp(left, ast.MatMult(), right):
                return self._product(left, right, node, names, depth)
            case ast.BinOp(left, ast.Add(), right):
                return self._sums(left, right, node, names, depth)
            case ast.Call():
                return self._call(node, names, depth)
        return self._lost(node, names, depth)

    def _name(self, node: ast.expr, names: dict[str, object]) -> object:
        name = key_of(node)
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
        for part in ast.iter_child_nodes(node):
            value = self.value(part, names, depth) if isinstance(part, ast.expr) else None
            if isinstance(value, _X) and value.layers:
                return value if value.lost else replace(value, lost=ast.unparse(node)[:40], at=node)
        return None

    def _call(self, node: ast.Call, names: dict[str, object], depth: int) -> object:
        match node:
            case ast.Call(ast.Attribute(_, "dot" | "matmul"), [left, right]):
                return self._product(left, right, node, names, depth)
            case ast.Call(ast.Attribute(left, "dot"), [right]):
                return self._product(left, right, node, names, depth)
            case ast.Call(ast.Attribute(_, "add"), [left, right]):
                return self._sums(left, right, node, names, depth)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else key_of(node.func)
        given = [self.value(argument, names, depth) for argument in node.args]
        given += [
            self.value(keyword.value, names, depth)
            for keyword in node.keywords
            if keyword.arg not in ("axis", "keepdims")
        ]
        first = given[0] if given else None
        step = self._function(name) if isinstance(first, _X) else None
        if isinstance(first, _X) and step is not None and not first.lost and len(given) > 1:
            return replace(first, lost=ast.unparse(node)[:40], at=node)  # sigmoid(z, derivative=True)
        if isinstance(first, _X) and step is not None:
            return self._applied(first, step, node)
        if name in self.functions and depth < _DEEPEST and not _NO_FORWARD.search(name):
            return self._entered(self.functions[name], node, names, depth)
        return self._lost(node, names, depth)

    def _function(self, name: str) -> Activation | None:
        """Return the activation that a function is, by its body where the text defines it, or its name."""
        kind = activation_name(name) if name not in ("g", "h", "act", "activation") else None
        step = None if kind in (None, "h", "?") else Activation(kind or "")
        function = self.functions.get(name)
        if function is None or _products(function.body):
            return step
        written = written_out(function)
        if written is None and step is not None and step.row.options:
            option = ", ".join(f"{option}={value}" for option, value in step.all_options.items())
            self.notes.append(f"line {function.lineno}: {name} is read by its name alone, with {option}")
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
            return self._lost(node, names, depth)
        x = x if isinstance(x, _X) else _X()
        if matrix.name in self.used and x.lost:
            return x  # the way back, for the gradients
        if x.lost:
            raise self._no_chain(x)
        self.used[matrix.name] = node.lineno
        rows = (self._shape(matrix.name) or (named_end(matrix.name, "out"), named_end(matrix.name, "in")))[:2]
        if len(rows) < 2:
            return self._lost(node, names, depth)
        first_out = (matrix is one) is not matrix.exchanged  # W X has its outputs in rows, X W in columns
        out, arriving = rows if first_out else (rows[1], rows[0])
        if not self._shape(matrix.name):
            out, arriving = named_end(matrix.name, "out"), named_end(matrix.name, "in")
        layer = CodeLayer(self.code.span(node), Linear(out, bias=False), (arriving,), kind="Linear")
        return _X((*x.layers, layer), open=True)

    def _sums(
        self, left: ast.expr, right: ast.expr, node: ast.expr, names: dict[str, object], depth: int
    ) -> object:
        one = self.value(left, names, depth)
        if isinstance(one, _X):
            return self._sum(one, right, names, depth, node)
        return self._sum(self.value(right, names, depth), left, names, depth, node)

    def _sum(self, x: object, bias: ast.expr, names: dict[str, object], depth: int, node: ast.expr) -> object:
        """Return an x with a bias added to its last linear map."""
        if not isinstance(x, _X):
            return None
        other = self.value(bias, names, depth)
        if not x.open or isinstance(other, _X):
            return replace(x, lost=x.lost or ast.unparse(node)[:40], at=x.at or node)
        last = x.layers[-1]
        assert isinstance(last.step, Linear)
        layer = replace(last, step=replace(last.step, bias=True))
        return _X((*x.layers[:-1], layer), lost=x.lost, at=x.at)

    def _applied(self, x: _X, step: Activation, node: ast.expr) -> object:
        if x.lost:
            return x
        if not x.layers:
            return None
        return _X((*x.layers, CodeLayer(self.code.span(node), step, kind=step.kind)))

    def _no_chain(self, x: _X) -> ChalknetError:
        assert x.at is not None
        return self.code.source.refuse(
            self.code.span(x.at),
            kind=CannotExpress,
            got=f"{x.lost}, which is no layer",
            wanted="products with weights, a bias, and activations, one after the other",
            remedy=_WRITE,
        )


def read_numpy(text: str, name: str | None = None) -> Network:
    """Return the network that a plain-NumPy program computes; the program is parsed and never run.

    Args:
        text: the program, with or without the functions that train it.
        name: the function to read, where it is not to be chosen.

    Raises:
        NotationError: for a text without a product of x and weights.
        CannotExpress: for what is no chain of layers, with its line.
        ShapeMismatch: for weights that do not fit each other.
    """
    code = parse(text, "NumPy code")
    program = _Program(code)
    result = _longest(program, name)
    if result is None:
        got = "code without a product of x and a matrix of weights"
        remedy = "Write for instance A1 = np.tanh(X @ W1 + b1)."
        raise code.source.refuse(None, got=got, wanted="such products, and activations", remedy=remedy)
    if result.lost:
        raise program._no_chain(result)
    network = network_of_layers(code.source, joined(result.layers))
    notes = [
        f"{weight} is not used on the way of x: it is left out"
        for weight, shape in program.shapes.of.items()
        if is_weight(weight) and len(shape) == 2 and weight not in program.used
    ]
    return replace(network, notes=(*dict.fromkeys([*network.notes, *program.notes, *notes[:20]]),))


def _longest(program: _Program, name: str | None) -> _X | None:
    """Return the x with the most layers that a function returns, or that the program computes."""
    chosen = [program.functions[name]] if name in program.functions else _forwards(program)
    lost: _X | None = None
    for function in chosen:
        program.used.clear()
        found = _deepest(program.follow(function.body, {}))
        if found is not None and not found.lost:
            return found
        lost = lost or found
    names: dict[str, object] = {}
    program.used.clear()
    program.follow([part for part in program.code.tree.body if not isinstance(part, ast.FunctionDef)], names)
    good = [value for value in names.values() if isinstance(value, _X) and not value.lost]
    return _deepest(good) or lost


def _deepest(values: object) -> _X | None:
    many: Iterable[object] = values if isinstance(values, list) else [values]
    found = [value for value in many if isinstance(value, _X) and value.layers]
    return max(found, key=lambda value: len(value.layers)) if found else None


def _forwards(program: _Program) -> list[ast.FunctionDef]:
    """Return the functions that may be the way of x, the likeliest first; what others call comes last."""
    inside = {
        getattr(part.func, "attr", getattr(part.func, "id", ""))
        for function in program.functions.values()
        for part in ast.walk(function)
        if isinstance(part, ast.Call)
    }
    named = [node for name, node in program.functions.items() if not _NO_FORWARD.search(name)]
    likely = [node for node in named if _FORWARD.search(node.name) or _products(node.body) > 1]
    return sorted(
        likely,
        key=lambda node: (
            "predict" in node.name,
            node.name in inside and _products(node.body) < 2,
            -_products(node.body),
        ),
    )


def _steps(x: _X) -> tuple[object, ...]:
    return (*(layer.step for layer in x.layers), x.lost)


def _products(body: list[ast.stmt]) -> int:
    parts = [part for statement in body for part in ast.walk(statement)]
    dots = sum(isinstance(part, ast.Attribute) and part.attr in ("dot", "matmul") for part in parts)
    return dots + sum(isinstance(part, ast.MatMult) for part in parts)


def recognise_numpy(text: str) -> float:
    """Return how likely it is that a text is a network in plain NumPy."""
    if text.lstrip().startswith("{") and '"cells"' not in text:
        return 0.0
    return 0.955 if _PRODUCT.search(text) and not _OTHER.search(text) else 0.0


NUMPY = Notation(name="numpy", recognise=recognise_numpy, read=read_numpy)
