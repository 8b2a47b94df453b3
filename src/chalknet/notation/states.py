"""A network as a row of named states, the same for every notation that writes them."""

from __future__ import annotations

from dataclasses import dataclass

from chalknet.network import Linear, Network, Shape, Step


@dataclass(frozen=True)
class NamedState:
    """A state on the way from X to yhat, and the step that leads to it.

    Args:
        letter: `X`, `u` behind a linear map, `v` behind any other step.
        index: the number of linear maps so far.
        primes: how many more steps without weights lie between, for a name of its own.
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
