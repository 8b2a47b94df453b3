r"""Formulas as papers write them: `σ(W₂ ReLU(W₁x + b₁) + b₂)`, or a line a layer, with `\newcommand`."""

from __future__ import annotations

import re
from dataclasses import replace

from chalknet.network import Linear, Network
from chalknet.notation.limits import check_limit
from chalknet.notation.listings.formula_equations import Equations
from chalknet.notation.listings.formula_products import UNEXPLAINED
from chalknet.notation.listings.formula_text import FORMULA, WORDS, plain_formula
from chalknet.notation.listings.formula_told import MAP, told
from chalknet.notation.listings.unshown import joined
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText
from chalknet.notation.torch_network import network_of_layers

_REMEDY = "Write for instance y = σ(W₂ ReLU(W₁ x + b₁) + b₂), or 784 -> 32 relu -> 1 sigmoid."
_FOREIGN = re.compile(r"\\(?:over|under)set|\bimport\b|^[ \t]*+def |\bnp\.|@|\*\*", re.M)
_ARROW = re.compile(r"->|→|\\(?:to|rightarrow|longrightarrow)(?![a-z])")
_GAP = r"\s{0,6}"
_SIGN = r"(?:[·*]|\\(?:cdot|ast|star|times)(?![a-z]))?"
_CIRCLE = r"(?<!\^)(?<!\^\{)(?:∘|\\circ(?![a-z]))"
_INDEX = rf"(?:{_GAP}[_^]{_GAP}(?:\{{[^{{}}]{{0,20}}\}}|[0-9]{{1,9}}|[^\W\d_]|\([^\W_]{{1,9}}\))){{0,3}}"
_VALUE = rf"[xXhHzZaAuv](?![a-z]){_INDEX}"
_APPLIED = re.compile(
    rf"W{_INDEX}{_GAP}{_SIGN}{_GAP}(?:{_VALUE}|(?:[A-Za-z]{{1,20}}{_GAP})?\()|{_VALUE}{_GAP}W(?![a-z])"
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
    if plain.matrices:
        notes.append("the numbers of the matrices give the widths; as weights they are not kept")
    return replace(network, notes=(*network.notes, *dict.fromkeys(notes)))


def recognise_nested(text: str) -> float:
    """Return how likely it is that a text is a formula of products with weights."""
    if len(text) > 20_000 or _FOREIGN.search(text):
        return 0.0
    arrows = _ARROW.search(text)
    if arrows and "R" not in text and "ℝ" not in text:
        return 0.0
    plain = plain_formula(text).text
    stated = MAP.sub(" ", plain) if arrows else plain
    if arrows and _ARROW.search(stated):
        return 0.0
    found = _APPLIED.search(stated) or _NEURON.search(stated) or _COMPOSED.search(stated)
    return (0.96 if arrows else 0.94) if found else 0.0


NESTED = Notation(name="nested", recognise=recognise_nested, read=read_nested)
