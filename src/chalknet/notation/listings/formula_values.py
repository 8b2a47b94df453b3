"""What becomes of x in a formula, and why a sign of it is no part of a network."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalknet.errors import ChalknetError
from chalknet.network import activation_name
from chalknet.notation.listings.formula_tokens import FormulaToken
from chalknet.notation.listings.formula_told import LETTER
from chalknet.notation.tokens import SourceText
from chalknet.notation.torch_layers import CodeLayer

STEP = re.compile(r"[a-z]+\s*[-+]\s*[0-9]|[-+]\s*[0-9]")  # the index of what came before
_WHY = {  # what a sign says of a formula that is no chain of layers
    "odot": "a product entry by entry, as in gates",
    "⊙": "a product entry by entry, as in gates",
    "otimes": "a product entry by entry, or an outer one",
    "⊗": "a product entry by entry, or an outer one",
    "∘": "a product entry by entry, or a composition within a product",
    "circ": "a product entry by entry, or a composition within a product",
    "ast": "a convolution",
    "star": "a convolution",
    "oplus": "values put beside each other",
    "sum": "a sum over an index: write it as a product of matrices",
    "frac": "a fraction",
    "Q": "attention",
    "K": "attention",
    "concat": "values put beside each other",
}


@dataclass(frozen=True)
class X:
    """x after some layers; `open` while a bias may follow."""

    layers: tuple[CodeLayer, ...] = ()
    open: bool = False


def refuse_token(source: SourceText, token: FormulaToken, why: str) -> ChalknetError:
    """Return the error for a token, which `why` explains."""
    shown = source.text[slice(*token.place)].strip()
    named = _WHY.get(token.name, "")
    if not named and STEP.search(token.number):
        named = "a recurrence, or a rule for layers that are not written out"
    wanted = "weights W, an x, a bias b, and functions in brackets"
    return source.refuse(token.place, got=f"{shown!r} {why}{named and ': '}{named}", wanted=wanted)


def is_function(token: FormulaToken) -> bool:
    """Return whether a name is that of an activation, or a letter for one."""
    return bool(LETTER.fullmatch(token.name) or activation_name(token.name))
