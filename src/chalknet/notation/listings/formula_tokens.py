"""The names and signs of a plain formula, each with its index and its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from chalknet.notation.tokens import Span

WEIGHT = re.compile(r"[WVUA]|W\w+|Theta|theta|w")
BIAS = re.compile(r"b\w*|beta|c|bias")
_TOKEN = re.compile(
    r"\\?[^\W\d_]+(?:\s*[_^]\s*(?:\{[^{}]*\}|\([^\W_]+\)|[0-9]+|[^\W\d_]|\[[^\W_]+\]))*'*|[0-9.]+|[()\[\]+=;,∘·*/|-]|\\[a-zA-Z]+|\S"
)
_INDEX = re.compile(r"[_^]\s*(?:\{([^{}]*)\}|\(([^\W_]+)\)|([0-9]+|[^\W\d_])|\[([^\W_]+)\])")
_POWER = re.compile(r"\^\s*(?:\{\s*[0-9]+\s*\}|[0-9]+)")


class FormulaToken(NamedTuple):
    """A name with its index, `W` and `1`; or a sign.

    Args:
        name: without its index.
        number: its index.
        place: where it stands.
        turned: whether it is transposed.
        power: whether a number stands above it, without brackets.
    """

    name: str
    number: str
    place: Span
    turned: bool = False
    power: bool = False

    @property
    def key(self) -> str:
        """Return the name with its index."""
        return f"{self.name}{self.number}"


def formula_tokens(text: str) -> Iterator[FormulaToken]:
    """Yield the names and signs of a plain formula."""
    for found in _TOKEN.finditer(text):
        written = found.group()
        indices = ["".join(filter(None, index)).strip("()[] ") for index in _INDEX.findall(written)]
        name = re.match(r"\\?[^\W\d_]+|.", written)
        bare = name.group().lstrip("\\") if name else written
        turned = any(index.endswith("T") for index in indices)
        indices = [index.removesuffix("T").strip("()[] ") for index in indices if index != "T"]
        primes = "'" * (len(written) - len(written.rstrip("'"))) if written[0] != "'" else ""
        yield FormulaToken(
            bare if written[0].isalpha() or written[0] == "\\" else written,
            ",".join(index for index in indices if index) + primes,
            Span(*found.span()),
            turned,
            bool(_POWER.search(written)),
        )


def key_of_name(written: str) -> str:
    """Return the key of a name such as `W_1`, written in any way."""
    return next(formula_tokens(written)).key
