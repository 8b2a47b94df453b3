"""One side of an equation: weights times x, plus biases, within functions."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from chalknet.errors import ChalknetError, ShapeMismatch
from chalknet.network import Activation, Linear, Size, activation_name
from chalknet.notation.listings.formula_tokens import BIAS, WEIGHT, FormulaToken
from chalknet.notation.listings.formula_told import LETTER, Told, function_told
from chalknet.notation.listings.formula_values import STEP, X, refuse_token
from chalknet.notation.listings.unshown import named_end
from chalknet.notation.tokens import SourceText
from chalknet.notation.torch_layers import CodeLayer
from chalknet.notation.words import read_step

INPUTS = ("x", "X", "a0", "h0", "z0", "A0", "H0", "x0", "X0", "Z0")
UNEXPLAINED = "sigma"  # read as the logistic function, as most formulas mean it
_DEEPEST = 50
_TIMES = ("·", "*", "cdot", "times", "{", "}")
_VECTORS = ("v", "u", "a", "beta", "c")  # weights where they are transposed
_BIASES = (
    "a",
    "d",
    "e",
    "r",
    "s",
    "t",
    "u",
    "v",
    "gamma",
    "delta",
    "theta",
)  # behind a +, where no equation gives them
_STEP_FUNCTION = re.compile(r"sgn|sign|step|heaviside|Heaviside|hardlim|unitstep")
_NUMBER = re.compile(r"[0-9]+\.?[0-9]*\.?|\.[0-9]+")


class _Sides(NamedTuple):
    """The widths that weights lead to and from."""

    out: Size
    arriving: Size


class Products:
    """Reads sides of equations; what they give is known by its name to those that follow.

    Args:
        source: the text, to point into.
        said: what it tells beside its equations.
    """

    def __init__(self, source: SourceText, said: Told) -> None:
        self._source = source
        self._said = said
        self._sizes = said.sizes
        self._known: dict[str, X] = {}
        self._tokens: list[FormulaToken] = []
        self._at = 0
        self._argument = ""
        self._letters: dict[str, str] = {}
        self.defined: set[str] = set()
        self.used: set[str] = set()
        self.notes: list[str] = []
        self.turned: set[str] = set()  # weights with a column an output
        self.biases: dict[str, tuple[str, bool]] = {}  # of each map, and whether it is taken away

    def name(self, name: str, value: X) -> None:
        """Let a name stand for a value in what is read later."""
        self._known[name] = value

    def read(self, tokens: list[FormulaToken], argument: str) -> X | None:
        """Return what one side of an equation gives; None for biases alone.

        Args:
            tokens: the side.
            argument: the x of `f(x) = ...`; empty where none is written.
        """
        self._tokens, self._at, self._argument = tokens, 0, argument
        value = self._sum(0)
        if self._at < len(self._tokens):
            raise self._refuse(self._tokens[self._at], "that does not belong to the formula")
        return value

    def _peek(self) -> FormulaToken | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _sum(self, depth: int) -> X | None:
        """Return products and biases up to a bracket or the end."""
        if depth > _DEEPEST:
            raise self._source.refuse(None, got="brackets nested too deep", wanted="at most 50")
        begin = self._at
        value = self._product(depth)
        bias = self._tokens[begin] if value is None and begin < len(self._tokens) else None
        while (sign := self._peek()) and sign.name in ("+", "-"):
            self._at += 1
            begin = self._at
            other = self._product(depth)
            if value is not None and other is not None:
                why = "between two values of x: a residual connection, a gate or a recurrence"
                raise self._refuse(sign, why)
            if other is None:
                bias = self._tokens[begin] if begin < len(self._tokens) else None
            first = value if value is not None else other
            if first is None or not first.open or (other is not None and sign.name == "-"):
                raise self._refuse(sign, "behind what is no product with weights")
            value = self._with_bias(first, bias)
            if bias is not None:
                self.biases[str(value.layers[-1].kind)] = (bias.key, sign.name == "-")
        return value

    def _with_bias(self, value: X, bias: FormulaToken | None) -> X:
        layer = value.layers[-1]
        assert isinstance(layer.step, Linear)
        size = self._sizes.get(bias.key) if bias else None
        numbers = [side for side in size or () if side and side.isdigit()]
        entries = max(map(int, numbers), default=None)
        width = layer.step.out_features
        if bias and entries is not None and isinstance(width, int) and width != entries:
            raise self._source.refuse(
                bias.place,
                kind=ShapeMismatch,
                got=f"the bias {bias.key} with {entries} entries, but {layer.kind} gives {width}",
                wanted=f"a bias with {width} entries",
            )
        width = entries if entries is not None and not isinstance(width, int) else width
        step = replace(layer.step, out_features=width, bias=True)
        return X((*value.layers[:-1], replace(layer, step=step)), open=True)

    def settled(self, value: X, place: FormulaToken, entries: int) -> X:
        """Return a value of stated width, which its last map has where it does not say its own.

        Raises:
            ShapeMismatch: where it says another one.
        """
        at = max(
            (at for at, layer in enumerate(value.layers) if isinstance(layer.step, Linear)), default=None
        )
        if at is None:
            return value
        step = value.layers[at].step
        assert isinstance(step, Linear)
        if isinstance(step.out_features, int) and step.out_features != entries:
            raise self._source.refuse(
                place.place,
                kind=ShapeMismatch,
                got=f"{place.key} with {entries} entries, but its weights give {step.out_features}",
                wanted=f"{step.out_features} entries",
            )
        settled = replace(value.layers[at], step=replace(step, out_features=entries))
        return replace(value, layers=(*value.layers[:at], settled, *value.layers[at + 1 :]))

    def _product(self, depth: int) -> X | None:
        """Return factors next to each other: weights, x, functions of brackets; None for a bias."""
        weights: list[FormulaToken] = []
        behind: list[FormulaToken] = []  # X W, a sample a row
        constants: list[FormulaToken] = []
        value: X | None = None
        begin = self._at
        while (token := self._peek()) and token.name not in ("+", "-", ")", "]", ",", ";"):
            self._at += 1
            if token.name in _TIMES:
                if token.name in ("*", "times") and "\\" in self._source.text:
                    raise self._refuse(token, "which is no product of matrices: a convolution")
                if token.name == "*":
                    self.notes.append("* is read as a product of matrices, not as a convolution")
                continue
            found = self._factor(token, depth)
            if found is not None:
                if value is not None:
                    raise self._refuse(token, "times another value of x")
                value = found
            elif self._is_weight(token):
                (weights if value is None else behind).append(token)
            elif BIAS.fullmatch(token.name) or _NUMBER.fullmatch(token.name) or self._is_free(token):
                constants.append(token)
            elif token.name not in ("(", "["):
                raise self._refuse(token, "which is no weight, bias, function or x")
        if constants and (value is not None or weights or len(constants) > 1):
            raise self._refuse(constants[-1], "as a factor")
        if value is None and weights:
            self._check_constant(weights)
            return None
        if value is None and not constants and self._at == begin:
            place = self._tokens[min(begin, len(self._tokens) - 1)]
            raise self._refuse(place, "with nothing beside it")
        if weights and behind:
            raise self._refuse(behind[0], "behind x, which has weights before it, too")
        for weight in behind:
            value = self._mapped(weight, value or X(), rows=True)
        for weight in reversed(weights):
            value = self._mapped(weight, value or X())
        return value

    def _is_weight(self, token: FormulaToken) -> bool:
        """Return whether a factor is a weight: a matrix, or a vector that is transposed, `v^T h`."""
        vector = token.turned and token.name in _VECTORS
        return bool(vector or WEIGHT.fullmatch(token.name)) and token.key not in self._known

    def _is_free(self, token: FormulaToken) -> bool:
        """Return whether a name stands alone beside a product, and nothing says what it is: a bias."""
        following = self._peek()
        alone = following is None or following.name in ("+", "-", ")", "]")
        before = self._tokens[self._at - 2].name if self._at > 1 else ""
        return alone and before in ("+", "-") and token.name in _BIASES and token.key not in self.defined

    def _check_constant(self, weights: list[FormulaToken]) -> None:
        """Accept one column of numbers or a threshold, which is a bias; refuse weights without x."""
        if len(weights) == 1 and weights[0].name == "theta":
            return
        if len(weights) == 1 and weights[0].number.startswith("m") and "1" in self._sizes[weights[0].key]:
            return
        raise self._refuse(weights[0], "without an x behind it")

    def _factor(self, token: FormulaToken, depth: int) -> X | None:
        """Return the value that a factor is; None for weights, biases and numbers."""
        if token.name in ("(", "["):
            return self._bracket(depth)
        if self._calls() and token.key in self._known:
            return self._called(token, depth)
        if self._is_function(token):
            return self._function(token, depth)
        if token.key in self._known:
            return self._known[token.key]
        if token.key == self._argument and token.key:
            return X()
        if token.key in self.defined and not WEIGHT.fullmatch(token.name):
            raise self._refuse(token, "which is used before it is known: a recurrence, or a circle")
        if token.power and token.name in ("x", "X") and token.number not in ("0", "1"):
            raise self._refuse(token, "which is a power of x")
        if token.key in INPUTS or (token.name in ("x", "X") and not STEP.search(token.number)):
            return X()
        return None

    def _calls(self) -> bool:
        following = self._peek()
        return following is not None and following.name in ("(", "[")

    def _called(self, token: FormulaToken, depth: int) -> X:
        """Return what a function that an equation defines makes of its argument."""
        self._at += 1
        value, body = self._bracket(depth), self._known[token.key]
        names = {layer.kind for layer in body.layers if isinstance(layer.step, Linear)}
        if value is None or names & {layer.kind for layer in value.layers if isinstance(layer.step, Linear)}:
            raise self._refuse(token, "a second time, with the same weights")
        return X((*value.layers, *body.layers), open=False)

    def _is_function(self, token: FormulaToken) -> bool:
        return (
            self._calls()
            and token.name[0].isalpha()
            and token.name not in ("odot", "otimes", "ast", "star", "oplus")
            and (not WEIGHT.fullmatch(token.name) or self._told(token) is not None)
            and token.key not in self._known
            and token.key not in INPUTS
            and token.name != "b"
        )

    def _bracket(self, depth: int, *, of: str = "") -> X | None:
        opening = self._tokens[self._at - 1]
        value = self._sum(depth + 1)
        if (closing := self._peek()) and closing.name == ",":
            value = self._larger(closing, value, depth, of)
            closing = self._peek()
        if closing is None or closing.name not in (")", "]"):
            raise self._refuse(opening, "that is never closed")
        self._at += 1
        signs = [token.name for token in self._tokens[self._at : self._at + 2]]
        if value is not None and signs in (["_", "+"], ["^", "+"]):  # the positive part
            self._at += 2
            return X((*value.layers, CodeLayer(closing.place, Activation("relu"))))
        return value

    def _larger(self, comma: FormulaToken, value: X | None, depth: int, of: str) -> X | None:
        """Return the z of max(0, z) and max(z, 0)."""
        zero = self._tokens[self._at - 1]
        self._at += 1
        other = self._sum(depth + 1)
        last = self._tokens[self._at - 1]
        constant = zero if value is None else last
        if (
            of != "max"
            or (value is None) == (other is None)
            or not re.fullmatch(r"0(?:\.0*)?", constant.name)
        ):
            raise self._refuse(comma, "between two values, beside max(0, z)")
        return other if value is None else value

    def _function(self, token: FormulaToken, depth: int) -> X | None:
        if token.number.endswith("'"):
            raise self._refuse(token, "which is a derivative")
        self._at += 1
        value = self._bracket(depth, of=token.name)
        if value is None:
            raise self._refuse(token, "of what is no x")
        kind = "relu" if token.name == "max" else self._kind(token)
        with self._source.pointing(token.place):
            step = read_step(kind) if "(" in kind else Activation(kind)
        kind = UNEXPLAINED if token.key == UNEXPLAINED and self._told(token) is None else ""
        return X((*value.layers, CodeLayer(token.place, step, kind=kind)))

    def _told(self, token: FormulaToken) -> str | None:
        """Return the activation that the text says a letter is, with its index or without it."""
        told = function_told(token.name, token.number, self._said.words)
        return told or (function_told(token.name, "", self._said.words) if token.number else None)

    def _kind(self, token: FormulaToken) -> str:
        """Return the activation that a name or a letter stands for; `?` where nothing explains it."""
        if _STEP_FUNCTION.fullmatch(token.name):
            return self._step_function(token)
        if not LETTER.fullmatch(token.name) and not WEIGHT.fullmatch(token.name):
            told = (
                self._told(token) if token.name == "h" else None
            )  # any activation, unless the text says which
            return told or activation_name(token.name) or token.name
        if token.key not in self._letters:
            found = self._told(token)
            if found == "step":
                found = self._step_function(token)
            if found is None and token.key != UNEXPLAINED:
                self.notes.append(f"the text does not say which function {token.key} is: it stays ?")
            self._letters[token.key] = found or ("sigmoid" if token.key == UNEXPLAINED else "?")
        return self._letters[token.key]

    def _step_function(self, token: FormulaToken) -> str:
        self.notes.append(
            f"{token.key}: a step function has no gradient and is no activation here: it stays ?"
        )
        return "?"

    def _mapped(self, weight: FormulaToken, value: X, *, rows: bool = False) -> X:
        if weight.key in self.used:
            raise self._refuse(weight, "a second time, with the same weights")
        self.used.add(weight.key)
        first = not any(isinstance(layer.step, Linear) for layer in value.layers)
        self.turned |= {weight.key} if rows != weight.turned else set()
        out, arriving = self._sides_of(weight, first=first, rows=rows != weight.turned)
        step = Linear(out, bias=self._said.affine.get(weight.key, False))
        return X((*value.layers, CodeLayer(weight.place, step, (arriving,), kind=weight.key)), open=True)

    def _sides_of(self, weight: FormulaToken, *, first: bool, rows: bool) -> _Sides:
        """Return the widths that a weight leads to and from: its own, else those of its bias and of x."""
        x = self._x_width(rows) if first else None
        if weight.key in self._sizes:
            one, other = self._sizes[weight.key]
            if other is None:  # a vector: one unit
                one, other = "1", one
                rows = False
            sides = _Sides(*map(_size, (other, one) if rows else (one, other)))
            if isinstance(x, int) and isinstance(sides.arriving, int) and x != sides.arriving:
                raise self._source.refuse(
                    weight.place,
                    kind=ShapeMismatch,
                    got=f"{weight.key} takes {sides.arriving} features, but x has {x}",
                    wanted=f"weights that take {x} features",
                )
            return sides
        if weight.turned and weight.name.islower() and rows:
            return _Sides(1, x or named_end(weight.key, "in"))
        bias = self._sizes.get(f"b{weight.number}")
        widths = [side for side in bias or () if side and side != "1"] or (["1"] if bias else [])
        out = _size(widths[0]) if widths else named_end(weight.key, "out")
        return _Sides(out, x or named_end(weight.key, "in"))

    def _x_width(self, rows: bool) -> Size | None:
        """Return how many features x has, as far as the text tells."""
        size = self._sizes.get("x") or self._sizes.get("X") or self._sizes.get(self._argument)
        if size is None:
            return None
        one, other = size
        if other is None or "1" in size:
            return _size(one if other in (None, "1") else other)
        return _size(other if rows else one)

    def _refuse(self, token: FormulaToken, why: str) -> ChalknetError:
        return refuse_token(self._source, token, why)


def _size(text: str) -> Size:
    name = re.sub(r"\W", "_", text)
    return int(name) if name.isdigit() and len(name) < 13 else name
