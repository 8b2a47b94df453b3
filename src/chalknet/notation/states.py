"""The named states of a formula: `X` is the input, `u1` follows a linear map, `v1` an activation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from chalknet.network import Linear, Network, Shape, Step
from chalknet.notation.words import write_step

Role: TypeAlias = Literal["input", "linear", "activated", "output"]

_ROLES: Mapping[str, Role] = {
    "x": "input",
    "input": "input",
    "u": "linear",
    "z": "linear",
    "v": "activated",
    "a": "activated",
    "y": "output",
    "ŷ": "output",
    "yhat": "output",
    "net": "output",
    "output": "output",
}


def role_of(name: str) -> Role | None:
    """Return the role of a state, without its number (`u^{(1)}`, `v_2`, `net(X)`), or None."""
    return _ROLES.get(re.sub(r"[\W\d_]", "", name.partition("(")[0]).lower())


@dataclass(frozen=True)
class NamedState:
    """A state on the path from X to yhat, and the step that leads to it.

    Args:
        letter: `X`, `u` after a linear map, `v` after any other step.
        index: the number of linear maps so far.
        primes: how many steps other than linear maps lie between, to make the name unique.
        shape: shape of one sample.
        step: the step that leads here; None for X.
    """

    letter: str
    index: int
    primes: int
    shape: Shape
    step: Step | None

    @property
    def name(self) -> str:
        """Return the name as it is typed: `X`, `u1`, `v1`, `v1'`."""
        return "X" if self.step is None else f"{self.letter}{self.index}{chr(39) * self.primes}"

    @property
    def word(self) -> str:
        """Return the word over the arrow that leads here: `l1`, `relu`; empty for X."""
        return "" if self.step is None else write_step(self.step, self.index)


def states_of(network: Network) -> list[NamedState]:
    """Return the states X, u1, v1, u2, ... in their order."""
    row = [NamedState("X", 0, 0, network.input_shape, None)]
    for visit in network.walk():
        last = row[-1]
        if isinstance(visit.step, Linear):
            row.append(NamedState("u", last.index + 1, 0, visit.output_shape, visit.step))
        else:
            primes = last.primes + 1 if last.letter == "v" else 0
            row.append(NamedState("v", last.index, primes, visit.output_shape, visit.step))
    return row
