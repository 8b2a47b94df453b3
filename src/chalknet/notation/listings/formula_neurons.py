r"""Equations of single neurons, `h_1 = \sigma(w_{11} x_1 + w_{12} x_2 + b_1)`, as one of their layer."""

from __future__ import annotations

import re
from typing import NamedTuple

_SPACE = r"(?:\s|\\[,;:! ]|\\cdot(?![a-z])|·|\*|&){0,6}"
_NUMBER = r"[0-9]+(?:(?:[.]|\{,\})[0-9]+)?|\.[0-9]+"
_INDEX = r"_?\{?(?P<%s>[1-9][0-9]?)\}?"
_FUNCTION = r"\\?[A-Za-z]{1,12}(?:\s{0,6}\{\s{0,6}[A-Za-z ]{1,12}\s{0,6}\})?"
_OPEN, _CLOSE = (
    r"(?:\\left\s{0,6}|\\[bB]igg?l?\s{0,6})?[(\[]",
    r"(?:\\right\s{0,6}|\\[bB]igg?r?\s{0,6})?[)\]]",
)
_LEFT = r"(?<![\w\\^{])(?:(?P<left>[a-z])(?:_?\{?(?P<number>[1-9])\}?)?"
_LEFT += r"|\\hat\s{0,6}\{?\s{0,6}(?P<hat>y)\s{0,6}\}?)"
_EQUATION = re.compile(
    rf"{_LEFT}\s{{0,6}}&?\s{{0,6}}=\s{{0,6}}&?\s{{0,6}}(?:(?P<function>{_FUNCTION})\s{{0,6}}{_OPEN}(?P<inside>[^()\[\]=;\n]{{3,400}}?){_CLOSE}"
    r"|(?P<sum>[^()\[\]=,;\n$\\]{3,400}))(?=\s{0,6}(?:[,;.]?\s{0,6}(?:\$|\\\\|\\end|\\q?quad|\\\]|\\\)|\n|$|,\s{0,6}[a-z]_?|\b(?:and|und|et)\b)))"
)
_TERM = re.compile(
    rf"{_SPACE}(?P<sign>[-+−])?{_SPACE}(?:(?P<factor>{_NUMBER})|(?P<weight>[wvuWVU])_?\{{?(?P<indices>[1-9]{{1,2}}|[1-9],[1-9])\}}?)?"
    rf"{_SPACE}(?P<value>[xhzau]){_INDEX % 'at'}{_SPACE}"
)
_CONSTANT = re.compile(
    rf"{_SPACE}(?P<sign>[-+−]){_SPACE}(?:(?P<number>{_NUMBER})|(?P<bias>[bc])(?:_?\{{?[0-9]\}}?)?){_SPACE}"
)


class Neuron(NamedTuple):
    """An equation of one neuron.

    Args:
        start, end: where it stands.
        left: the letter of its value.
        number: which one of its layer it is; 0 for the only one.
        function: how its function is written; empty for none.
        value: the letter of what arrives.
        factors: the weight of each, by its number; None where it has a name.
        bias: the number that is added, None where it has a name; 0 where nothing is.
        added: whether a bias is written.
    """

    start: int
    end: int
    left: str
    number: int
    function: str
    value: str
    factors: dict[int, float | None]
    bias: float | None
    added: bool


class JoinedNeurons(NamedTuple):
    """A text with an equation for each layer, and the numbers of its weights and biases, a list a row."""

    text: str
    sizes: dict[str, tuple[str, str | None]]
    numbers: dict[str, list[list[float]]]


def with_neurons_joined(text: str) -> JoinedNeurons:
    """Return a text in which equations of single neurons are those of their layers."""
    layers: dict[str, list[Neuron]] = {}
    for found in _EQUATION.finditer(text):
        if (neuron := _neuron(found)) is not None:
            layers.setdefault(neuron.left, []).append(neuron)
    whole = {left: layer for left, layer in layers.items() if _is_layer(layer)}
    known = any(neuron.function for layer in whole.values() for neuron in layer)
    if not known or not any(len(layer) > 1 for layer in whole.values()):
        return JoinedNeurons(text, {}, {})
    if any(layer[0].value in layers and layer[0].value not in whole for layer in whole.values()):
        return JoinedNeurons(text, {}, {})
    sizes: dict[str, tuple[str, str | None]] = {}
    numbers: dict[str, list[list[float]]] = {}
    put: list[tuple[int, int, str]] = []
    for left, layer in whole.items():
        before = whole.get(layer[0].value, [])
        arriving = max(len(before), *(at for neuron in layer for at in neuron.factors))
        if before and arriving > len(before):
            return JoinedNeurons(text, {}, {})
        sizes[f"Wn{left}"] = (str(len(layer)), str(arriving))
        if all(factor is not None for neuron in layer for factor in neuron.factors.values()):
            numbers[f"Wn{left}"] = [
                [neuron.factors.get(at) or 0.0 for at in range(1, arriving + 1)] for neuron in layer
            ]
            if all(neuron.bias is not None for neuron in layer):
                numbers[f"bn{left}"] = [[neuron.bias or 0.0] for neuron in layer]
        product = f"W_{{n{left}}} {layer[0].value}" + (
            f" + b_{{n{left}}}" if any(neuron.added for neuron in layer) else ""
        )
        side = f"{layer[0].function}({product})" if layer[0].function else product
        put.append((layer[0].start, layer[0].end, f"{left} = {side}"))
        put += [(neuron.start, neuron.end, " ") for neuron in layer[1:]]
    for start, end, written in sorted(put, reverse=True):
        text = text[:start] + written + text[end:]
    return JoinedNeurons(text, sizes, numbers)


def _neuron(found: re.Match[str]) -> Neuron | None:
    """Return the neuron of an equation; None where it is none."""
    side = (found["inside"] or found["sum"]).rstrip()
    factors: dict[int, float | None] = {}
    values: set[str] = set()
    at, bias, added = 0, 0.0, False
    named_bias = False
    while at < len(side):
        if term := _TERM.match(side, at):
            index = int(term["at"])
            wrong = term["indices"] and str(index) not in term["indices"]
            if index in factors or wrong or (at and not term["sign"]) or added:
                return None
            factors[index] = None if term["weight"] else _value(term["sign"], term["factor"] or "1")
            if term["weight"] and term["sign"] not in (None, "+"):
                return None
            values.add(term["value"])
            at = term.end()
        elif (constant := _CONSTANT.match(side, at)) and not added:
            added = True
            named_bias = constant["number"] is None
            bias = 0.0 if named_bias else _value(constant["sign"], constant["number"])
            at = constant.end()
        else:
            return None
    left = found["left"] or "y"
    if len(values) != 1 or left in values or (len(factors) < 2 and not found["function"]):
        return None
    return Neuron(
        found.start(), found.end(), left, int(found["number"] or 0), (found["function"] or "").strip(),
        values.pop(), factors, None if named_bias else bias, added,
    )  # fmt: skip


def _value(sign: str | None, digits: str) -> float:
    number = float(digits.replace("{,}", "."))
    return -number if sign in ("-", "−") else number


def _is_layer(layer: list[Neuron]) -> bool:
    """Return whether neurons are those of one layer: numbered from 1, with one function and one input."""
    numbers = [neuron.number for neuron in layer]
    alike = {(neuron.function, neuron.value) for neuron in layer}
    named = {factor is None for neuron in layer for factor in neuron.factors.values()}
    some = any(neuron.added for neuron in layer)
    every = all(neuron.added for neuron in layer) or named == {False}
    in_order = numbers == [0] or numbers == list(range(1, len(layer) + 1))
    return in_order and len(alike) == 1 and len(named) == 1 and (every or not some)
