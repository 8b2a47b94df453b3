r"""Formulas as papers write them: `σ(W₂ ReLU(W₁x + b₁) + b₂)`, or a line a layer, with `\newcommand`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from chalknet.errors import ChalknetError
from chalknet.network import Activation, Linear, Network, Size, activation_name
from chalknet.notation.dialects.tex_macros import Macro, expand
from chalknet.notation.dialects.tex_text import Unread
from chalknet.notation.limits import check_limit
from chalknet.notation.listings.unshown import joined, named_end
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText, Span
from chalknet.notation.torch_layers import CodeLayer
from chalknet.notation.torch_network import network_of_layers

_REMEDY = "Write for instance y = σ(W₂ ReLU(W₁ x + b₁) + b₂), or 784 -> 32 relu -> 1 sigmoid."
_MACRO = re.compile(
    r"\\(?:(?:re)?newcommand\*?|def)\s*\{?\\(\w+)\}?\s*(?:\[([0-9])\])?\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
)
_OPERATOR = re.compile(r"\\DeclareMathOperator\*?\s*\{\\(\w+)\}\s*\{([^{}]*)\}")
_FONTS = re.compile(
    r"\\(?:math(?:bf|rm|it|sf|bb|cal)|boldsymbol|bm|textbf?|textrm|operatorname\*?|left|right|[bB]igg?[lrm]?|text|mbox"
    r"|displaystyle|hat|widehat|tilde|bar|vec)(?![a-zA-Z])|\\[,;:!]|\\q?quad|\$|&|~"
)
_ENVIRONMENT = re.compile(
    r"\\(?:begin|end)\{[^{}]*\}|\\\[|\\\]|\\\(|\\\)|\\(?:label|tag)\{[^{}]*\}|\\nonumber"
)
_GREEK = {"σ": "sigma", "φ": "phi", "ϕ": "phi", "Φ": "phi", "ψ": "psi", "ρ": "rho", "θ": "theta", "ŷ": "yhat"}
_TOKEN = re.compile(
    r"\\?[^\W\d_]+(?:\s*[_^]\s*(?:\{[^{}]*\}|\([^\W_]+\)|[0-9]+|[^\W\d_]|\[[^\W_]+\]))*'*|[0-9.]+|[()\[\]+=;,∘·*/|-]|\\[a-zA-Z]+|\S"
)
_INDEX = re.compile(r"[_^]\s*(?:\{([^{}]*)\}|\(([^\W_]+)\)|([0-9]+|[^\W\d_])|\[([^\W_]+)\])")
_WEIGHT = re.compile(r"[WVUA]|W\w+|Theta|theta|w")
_SIZE = re.compile(
    r"(?<![^\W\d_\\])(?P<name>\\?[^\W\d_]{1,5}(?:\s{0,6}[_^]\s{0,6}"
    r"(?:\{[^{}]{0,20}\}|\([^\W_]{1,9}\)|[0-9]{1,9}|[^\W\d_])){0,3})"
    r"\s{0,6}(?:∈|\\in(?![a-z])|in\b)\s*(?:ℝ|R|\\R)(?![a-zA-Z])\s*(?:\^\s*[{(]?\s*"
    r"(?P<out>[0-9]+|[^\W\d]\w*)\s*(?:(?:×|\\times|x)\s*(?P<in>\w+)\s*)?[})]?)?"
)
_JOINED = re.compile(r"(?<![A-Za-z])([xXhHzZaA])(?=W(?![a-z]))|(?<![A-Za-z])(W)(?=[xXhHzZaA](?![a-z]))")
_ENDS = (";", ",", ".", "with", "where", "and")  # what stands between one equation and the next
_INPUTS = ("x", "X", "a0", "h0", "z0", "A0", "H0", "x0")
_DEEPEST = 50
_MOST_STEPS = 300_000  # of putting commands in their place
_TRANSPOSED = re.compile(
    r"\^\s*(?:\{\s*)?(?:\\(?:top|intercal|mathsf\{T\}|mathrm\{T\})|T(?![a-zA-Z])|⊤)(?:\s*\})?|[ᵀ⊤]"
)


class _Token(NamedTuple):
    """A name with its index, `W` and `1`; or a sign."""

    name: str
    number: str
    place: Span
    turned: bool = False  # transposed


@dataclass(frozen=True)
class _X:
    """x after some layers; `last` while a bias may follow."""

    layers: tuple[CodeLayer, ...] = ()
    open: bool = False


_Value: TypeAlias = "_X | None"


def read_nested(text: str, name: str | None = None) -> Network:
    r"""Return the network of a formula of products, biases and functions, nested or a line a layer.

    Args:
        text: such as `\hat y = \sigma(W_2\,\mathrm{ReLU}(W_1 x + b_1) + b_2)`; sizes as `W_1 ∈ R^{32×784}`.
        name: of no use here: the text holds one network.

    Raises:
        NotationError: for what is no such formula, with a caret.
        UnknownName: for a function that is no activation.
    """
    source = SourceText("formula", _plain(text), remedy=_REMEDY)
    check_limit(source, None, "characters in a formula", len(source.text))
    sizes = {_key(match["name"]): (match["out"] or "1", match["in"]) for match in _SIZE.finditer(source.text)}
    stated = _SIZE.sub(lambda found: " " * len(found.group()), source.text)
    reading = _Reading(source, sizes)
    layers = joined(reading.read(list(_tokens(stated))).layers)
    network = network_of_layers(source, layers)
    unused = sorted(reading.used - {layer.kind for layer in layers})
    notes = [f"{weight} is not used on the way of x: it is left out" for weight in unused]
    notes += [] if sizes else ["the formula does not say the widths: they are named after the weights"]
    return replace(network, notes=(*network.notes, *notes))


def recognise_nested(text: str) -> float:
    """Return how likely it is that a text is a formula of products with weights."""
    if len(text) > 20_000 or re.search(
        r"->|→|\\to\b|\\(?:over|under)set|\bimport\b|^[ \t]*+def |\bnp\.|@|\*\*", text
    ):
        return 0.0
    plain = _plain(text)
    gap = r"\s{0,6}"
    index = rf"(?:{gap}[_^]{gap}(?:\{{[^{{}}]{{0,20}}\}}|[0-9]{{1,9}}|[^\W\d_]|\([^\W_]{{1,9}}\))){{0,3}}"
    value = rf"[xXhHzZaA](?![a-z]){index}"
    applied = re.search(
        rf"W{index}{gap}[·*]?{gap}(?:{value}|(?:[A-Za-z]{{1,20}}{gap})?\()|{value}{gap}W(?![a-z])", plain
    )
    neuron = re.search(rf"\(\s{{0,6}}w{index}{gap}[·*]?{gap}{value}", plain)
    return 0.94 if applied or neuron else 0.0


def _plain(text: str) -> str:
    """Return a text with macros, fonts and Unicode's small digits resolved."""
    text = _without_macros(text)
    text = _TRANSPOSED.sub("^{T}", text)
    text = re.sub(r"\\\\(?:\[[^\[\]\n]{0,20}\])?", "\n", text)
    text = _FONTS.sub(" ", _ENVIRONMENT.sub(" ", text))
    text = re.sub(
        r"([⁰¹²³⁴-⁹]+)[ˣ×]([⁰¹²³⁴-⁹]+)",
        lambda found: "^{" + " × ".join(unicodedata.normalize("NFKC", side) for side in found.groups()) + "}",
        text,
    )
    text = re.sub(
        r"(?<=[^\W\d_])([₀-₉]+)", lambda found: "_{" + unicodedata.normalize("NFKC", found[1]) + "}", text
    )
    text = re.sub(
        r"(?<=[^\W\d_])⁽?([⁰¹²³⁴-⁹]+)⁾?",
        lambda found: "^{" + unicodedata.normalize("NFKC", found[1]) + "}",
        text,
    )
    text = re.sub(r"\\(sigma|phi|varphi|psi|rho|theta|Theta|tanh|max)(?![a-zA-Z])", r" \1", text)
    text = re.sub(r"\{\s*([^\W\d_]+)\s*\}(?!\s*[×x])", r" \1 ", text)  # \mathrm{ReLU}
    text = re.sub(r"(?<![{_^\w])([A-Za-z]{1,2})([0-9]+)", r"\1_{\2}", text)  # W1
    text = _JOINED.sub(r"\1\2 ", text)
    return "".join(f" {_GREEK[letter]}" if letter in _GREEK else letter for letter in text)


def _without_macros(text: str) -> str:
    """Return a text with its own commands replaced; the text as it is where they run in a circle."""
    names = {name: Macro(f" {body} ", int(count or 0)) for name, count, body in _MACRO.findall(text)}
    names |= {name: Macro(f" {body} ") for name, body in _OPERATOR.findall(text)}
    text = _OPERATOR.sub(" ", _MACRO.sub(" ", text))
    spent = 0

    def spend(steps: int) -> None:
        nonlocal spent
        spent += steps
        if spent > _MOST_STEPS:
            raise Unread("commands that stand for too much", "fewer of them")

    try:
        return expand(text, names, spend) if names else text
    except Unread:
        return text


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        written = found.group()
        indices = ["".join(filter(None, index)).strip("()[] ") for index in _INDEX.findall(written)]
        name = re.match(r"\\?[^\W\d_]+|.", written)
        bare = name.group().lstrip("\\") if name else written
        turned = any(index.endswith("T") for index in indices)
        indices = [index.removesuffix("T").strip("()[] ") for index in indices if index != "T"]
        yield _Token(
            bare if written[0].isalpha() or written[0] == "\\" else written,
            ",".join(indices),
            Span(*found.span()),
            turned,
        )


def _key(written: str) -> str:
    token = next(_tokens(written))
    return f"{token.name}{token.number}"


class _Reading:
    """Reads a formula's tokens.

    Args:
        source: the text, to point into.
        sizes: the rows of each weight, bias or state that it states, and the columns where there are some.
    """

    def __init__(self, source: SourceText, sizes: Mapping[str, tuple[str, str | None]]) -> None:
        self._source = source
        self._sizes = sizes
        self._known: dict[str, _X] = {}
        self._tokens: list[_Token] = []
        self._at = 0
        self.used: set[str] = set()

    def read(self, tokens: list[_Token]) -> _X:
        """Return x after all of the formula; each line may name what it gives."""
        last: _X | None = None
        for line in self._lines(tokens):
            sides = self._sides(line)
            if len(sides) == 1 and not any(
                token.name == "(" or _WEIGHT.fullmatch(token.name) for token in line
            ):
                continue  # words
            self._tokens, self._at = sides[-1], 0
            value = self._sum(0)
            if self._at < len(self._tokens):
                raise self._refuse(self._tokens[self._at], "that does not belong to the formula")
            if value is None or not value.layers:
                continue
            last = value
            for side in sides[:-1]:
                self._known[_named(side)] = value
        if last is None:
            raise self._source.refuse(None, got="no product of weights and x", wanted="W x + b in a function")
        return last

    def _lines(self, tokens: list[_Token]) -> Iterator[list[_Token]]:
        line: list[_Token] = []
        depth = 0
        for place, token in enumerate(tokens):
            depth += (token.name in "([") - (token.name in ")]")
            before = tokens[place - 1].place.end if place else token.place.start
            between = self._source.text[before : token.place.start]
            ends = "\n" in between or "\\\\" in between or token.name in _ENDS
            if ends and depth <= 0 and line and token.name not in "+=":
                yield line
                line = []
            if token.name not in (*_ENDS, "\\"):
                line.append(token)
        if line:
            yield line

    def _sides(self, line: list[_Token]) -> list[list[_Token]]:
        sides: list[list[_Token]] = [[]]
        for token in line:
            if token.name == "=":
                sides.append([])
            else:
                sides[-1].append(token)
        if len(sides) > 1 and not sides[-1]:
            raise self._refuse(line[-1], "with nothing behind it")
        return sides

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _sum(self, depth: int) -> _Value:
        """Return products and biases up to a bracket or the end."""
        if depth > _DEEPEST:
            raise self._source.refuse(None, got="brackets nested too deep", wanted="at most 50")
        value = self._product(depth)
        while (sign := self._peek()) and sign.name == "+":
            self._at += 1
            other = self._product(depth)
            if value is not None and other is not None:
                raise self._refuse(sign, "between two values of x")
            first = value if value is not None and value.layers else other
            if first is None or not first.open:
                raise self._refuse(sign, "behind what is no product with weights")
            layer = first.layers[-1]
            value = _X((*first.layers[:-1], replace(layer, step=replace(layer.step, bias=True))))  # type: ignore[type-var]
        return value

    def _product(self, depth: int) -> _Value:
        """Return factors next to each other: weights, x, functions of brackets."""
        weights: list[_Token] = []
        behind: list[_Token] = []  # X W, a sample a row
        value: _Value = None
        while (token := self._peek()) and token.name not in ("+", ")", "]", ",", ";"):
            self._at += 1
            if token.name in ("·", "*", "cdot", "times", "∘", "circ", "0", "{", "}"):
                continue
            found = value
            if token.name in ("(", "["):
                found = self._bracket(depth)
            elif self._is_function(token):
                found = self._function(token, depth)
            elif self._name(token) in self._known:
                found = self._known[self._name(token)]
            elif _WEIGHT.fullmatch(token.name):
                (weights if value is None else behind).append(token)
            elif self._name(token) in _INPUTS or token.name in ("x", "X"):
                found = _X()
            elif not re.fullmatch(r"b\w*|beta|c|bias", token.name):
                raise self._refuse(token, "which is no weight, bias, function or x")
            if value is not None and found is not value:
                raise self._refuse(token, "times another value of x")
            value = found
        for weight in behind:
            value = self._mapped(weight, value, rows=True)
        for weight in reversed(weights):
            value = self._mapped(weight, value)
        return value

    def _name(self, token: _Token) -> str:
        return f"{token.name}{token.number}"

    def _is_function(self, token: _Token) -> bool:
        following = self._peek()
        return (
            following is not None
            and following.name in ("(", "[")
            and token.name[0].isalpha()
            and (not _WEIGHT.fullmatch(token.name) and self._name(token) not in self._known)
            and token.name not in _INPUTS
            and not re.fullmatch(r"b", token.name)
        )

    def _bracket(self, depth: int) -> _Value:
        opening = self._tokens[self._at - 1]
        value = self._sum(depth + 1)
        if (closing := self._peek()) and closing.name == ",":  # max(0, z)
            self._at += 1
            value = self._sum(depth + 1)
            closing = self._peek()
        if closing is None or closing.name not in (")", "]"):
            raise self._refuse(opening, "that is never closed")
        self._at += 1
        return value

    def _function(self, token: _Token, depth: int) -> _Value:
        self._at += 1
        value = self._bracket(depth)
        if value is None or not value.layers:
            return value
        kind = "relu" if token.name == "max" else activation_name(token.name)
        with self._source.pointing(token.place):
            step = Activation(kind or token.name)
        return _X((*value.layers, CodeLayer(token.place, step)))

    def _mapped(self, weight: _Token, value: _Value, *, rows: bool = False) -> _X:
        name = self._name(weight)
        if name in self.used:
            raise self._refuse(weight, "a second time, with the same weights")
        self.used.add(name)
        out, arriving = self._sides_of(weight, rows=rows != weight.turned)
        step = Linear(_size(re.sub(r"\W", "_", out)), bias=False)
        layer = CodeLayer(weight.place, step, (_size(re.sub(r"\W", "_", arriving)),), kind=name)
        return _X((*(value.layers if value else ()), layer), open=True)

    def _sides_of(self, weight: _Token, *, rows: bool) -> tuple[str, str]:
        """Return the widths that a weight leads to and from: its own, else those of its bias and of x."""
        name = self._name(weight)
        if name in self._sizes:
            first, second = self._sizes[name]
            if second is None:  # a vector: one unit
                return "1", first
            return (second, first) if rows else (first, second)
        bias, start = (
            self._sizes.get(f"b{weight.number}"),
            self._sizes.get("x") if self.used == {name} else None,
        )
        return bias[0] if bias else named_end(name, "out"), start[0] if start else named_end(name, "in")

    def _refuse(self, token: _Token, why: str) -> ChalknetError:
        shown = self._source.text[slice(*token.place)].strip()
        wanted = "weights W, an x, a bias b, and functions in brackets"
        return self._source.refuse(token.place, got=f"{shown!r} {why}", wanted=wanted)


def _named(side: list[_Token]) -> str:
    return "".join(f"{token.name}{token.number}" for token in side if token.name not in "()[]")


def _size(text: str) -> Size:
    return int(text) if text.isdigit() and len(text) < 13 else text


NESTED = Notation(name="nested", recognise=recognise_nested, read=read_nested)
