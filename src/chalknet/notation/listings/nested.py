r"""Formulas as papers write them: `σ(W₂ ReLU(W₁x + b₁) + b₂)`, or a line a layer, with `\newcommand`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalknet.network import Linear, Network
from chalknet.notation.limits import check_limit
from chalknet.notation.listings.formula_equations import Equations
from chalknet.notation.listings.formula_products import UNEXPLAINED, Products
from chalknet.notation.listings.formula_text import FORMULA, WORDS, plain_formula
from chalknet.notation.listings.formula_told import MAP, Told, told, without_words
from chalknet.notation.listings.unshown import joined
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText
from chalknet.notation.torch_layers import CodeLayer
from chalknet.notation.torch_network import network_of_layers

_REMEDY = "Write for instance y = σ(W₂ ReLU(W₁ x + b₁) + b₂), or 784 -> 32 relu -> 1 sigmoid."
_FOREIGN = re.compile(r"\\(?:over|under)set|\bimport\b|^[ \t]*+def |\bnp\.", re.M)
_CODE = re.compile(r"@|\*\*")  # in a formula; an address or bold letters in the words around it
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_ARROW = re.compile(r"->|→|\\(?:to|rightarrow|longrightarrow)(?![a-z])")
_GAP = r"\s{0,6}"
_SIGN = r"(?:[·*]|\\(?:cdot|ast|star|times)(?![a-z]))?"
_CIRCLE = r"(?<!\^)(?<!\^\{)(?:∘|\\circ(?![a-z]))"
_INDEX = rf"(?:{_GAP}[_^]{_GAP}(?:\{{[^{{}}]{{0,20}}\}}|[0-9]{{1,9}}|[^\W\d_]|\([^\W_]{{1,9}}\))){{0,3}}"
_VALUE = rf"[xXhHzZaAuv](?![a-z]){_INDEX}"
_APPLIED = re.compile(
    rf"W{_INDEX}{_GAP}{_SIGN}{_GAP}(?:{_VALUE}|(?:[A-Za-z]{{1,20}}{_GAP})?\()|{_VALUE}{_GAP}W(?![a-z])"
)
_SIZED = re.compile(
    rf"(?<![A-Za-z\\])([AUV]){_INDEX}{_GAP}(?:∈|\\in(?![a-z])){_GAP}(?:R|ℝ){_GAP}\^{_GAP}[{{(]{_GAP}\w+{_GAP}(?:×|x|\\times)"
)
_OTHER_APPLIED = re.compile(
    rf"(?<![A-Za-z\\])([AUV]){_INDEX}{_GAP}{_SIGN}{_GAP}(?:{_VALUE}|(?:[A-Za-z]{{1,20}}{_GAP})?\()"
)
_NEURON = re.compile(rf"\(\s{{0,6}}w{_INDEX}{_GAP}[·*]?{_GAP}{_VALUE}")
_COMPOSED = re.compile(rf"=[^=\n]*?(?:{_CIRCLE}\s*[A-Z](?![a-z])|(?<![A-Za-z])[A-Z]{_INDEX}\s*{_CIRCLE})")


def read_nested(text: str, name: str | None = None) -> Network:
    r"""Return the network of a formula of products, biases and functions, nested or a line a layer.

    Args:
        text: such as `\hat y = \sigma(W_2\,\mathrm{ReLU}(W_1 x + b_1) + b_2)`; sizes as `W_1 ∈ R^{32×784}`.
        name: of no use here: the text holds one network.

    Raises:
        NotationError: for what is no such formula, with a caret.
        UnknownName: for a function that is no activation.
    """
    check_limit(SourceText("formula", text), None, "characters in a formula", len(text))
    plain = plain_formula(text)
    shown = plain.text.replace(WORDS, "\n").replace(FORMULA, "\n")
    source = SourceText("formula", shown, remedy=_REMEDY)
    said = told(plain)
    reading = Equations(source, said)
    layers = joined(reading.read().layers)
    network = network_of_layers(source, layers)
    unused = sorted(reading.used - {layer.kind for layer in layers})
    last = max(place for place, layer in enumerate(layers) if isinstance(layer.step, Linear))
    if any(layer.kind == UNEXPLAINED for layer in layers[:last]):
        reading.notes.append("σ is not explained: read as the logistic function")
    notes = [*reading.notes, *(f"{weight} is not used on the way of x: it is left out" for weight in unused)]
    symbols = any(isinstance(step, Linear) and isinstance(step.out_features, str) for step in network.steps)
    if symbols and not said.sizes:
        notes.append("the formula does not say the widths: they are named after the weights")
    weights = _weights(layers, reading.products, said)
    if plain.numbers and len(weights) < _parameters(network):
        notes.append("weights that the formula does not give as numbers are left open")
    notes += plain.notes
    return replace(network, notes=(*network.notes, *dict.fromkeys(notes)), weights=weights)


def _parameters(network: Network) -> int:
    """Return how many weights and biases a network has, each matrix as one."""
    return sum(1 + step.bias for step in network.steps if isinstance(step, Linear))


def _weights(layers: Sequence[CodeLayer], read: Products, said: Told) -> dict[str, list[Any]]:
    """Return the numbers that a text gives for weights and biases, by the names of the built module."""
    found: dict[str, list[Any]] = {}
    steps = [layer for layer in layers if layer.step is not None]
    for place, layer in enumerate(steps):
        if not isinstance(layer.step, Linear):
            continue
        rows = said.numbers.get(layer.kind)
        turned = rows is not None and layer.kind in read.turned
        if rows is not None and said.sizes.get(layer.kind, ("", ""))[1] is not None:
            found[f"{place}.weight"] = (
                [list(column) for column in zip(*rows, strict=True)] if turned else rows
            )
        key, taken_away = read.biases.get(layer.kind, ("", False))
        bias = said.numbers.get(key) or ([[float(key)]] if _NUMBER.fullmatch(key) else None)
        if bias is not None and layer.step.bias:
            numbers = [-number if taken_away else number for row in bias for number in row]
            if len(numbers) == layer.step.out_features:
                found[f"{place}.bias"] = numbers
    return found


def recognise_nested(text: str) -> float:
    """Return how likely it is that a text is a formula of products with weights."""
    if len(text) > 20_000 or _FOREIGN.search(text):
        return 0.0
    plain = without_words(plain_formula(text).text)
    arrows = _ARROW.search(plain)
    if _CODE.search(plain) or (arrows and "R" not in plain and "ℝ" not in plain):
        return 0.0
    stated = MAP.sub(" ", plain) if arrows else plain
    if arrows and _ARROW.search(stated):
        return 0.0
    sized = {found[1] for found in _SIZED.finditer(plain)}
    applied = any(found[1] in sized for found in _OTHER_APPLIED.finditer(stated))
    found = applied or _APPLIED.search(stated) or _NEURON.search(stated) or _COMPOSED.search(stated)
    return (0.96 if arrows else 0.94) if found else 0.0


NESTED = Notation(name="nested", suffixes=(".tex",), recognise=recognise_nested, read=read_nested)
