"""Count layers, nodes, parameters and multiply-adds: the sums over the steps of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from chalknet.errors import look_up
from chalknet.lang import translated
from chalknet.network import Network, Size
from chalknet.tables import Cell, Table, Tabular, facts
from chalknet.units import show_count

Convention: TypeAlias = Literal["trainable", "textbook"]
# How many layers are counted besides the linear maps, and the sentence that says so.
_CONVENTIONS = {
    "trainable": (0, "a layer is a linear map with trainable parameters"),
    "textbook": (1, "the input is counted as a layer too"),
}


@dataclass(frozen=True, repr=False)
class Counts(Tabular):
    """The counts of a network, and the convention they follow.

    Args:
        convention: "trainable" or "textbook".
        layers: number of layers under that convention.
        hidden_layers: layers whose values are neither X nor yhat; the same under both conventions.
        nodes: the number of nodes of each layer, which is its number of features; the input's first
            under "textbook".
        parameters: trainable parameters; None while a width is a symbol.
        multiply_adds: multiply-adds to map one sample forward; None while a width is a symbol.
        buffers: numbers beside the parameters that are averaged and not fitted, as of BatchNorm; None while
            a width is a symbol.

    Example:
        >>> import chalknet as cn
        >>> cn.count("1 -> 2 relu -> 1").nodes
        (2, 1)
    """

    convention: str
    layers: int
    hidden_layers: int
    nodes: tuple[Size, ...]
    parameters: int | None
    multiply_adds: int | None
    buffers: int | None = 0

    @property
    def table(self) -> Table:
        """Return the counts by their names."""
        return facts(
            {
                "layers": Cell(
                    self.layers, f"{self.layers} ({translated(_CONVENTIONS[self.convention][1])})"
                ),
                "hidden layers": self.hidden_layers,
                "nodes": Cell(list(self.nodes), ", ".join(map(str, self.nodes)) or "none"),
                "parameters": Cell(self.parameters, _show_sum(self.parameters)),
                **({"buffers": Cell(self.buffers, _show_sum(self.buffers))} if self.buffers != 0 else {}),
                "multiply-adds": Cell(self.multiply_adds, f"{_show_sum(self.multiply_adds)} a sample"),
            }
        )


def count_network(network: Network, convention: Convention = "trainable") -> Counts:
    """Return the counts of a network; see `cn.count`.

    Raises:
        UnknownName: for another convention.
    """
    input_layers, _ = look_up(_CONVENTIONS, convention, "count", "convention")
    visits = list(network.walk())
    widths = [width for visit in visits for width in visit.step.layers(visit.input_shape)]
    return Counts(
        convention=convention,
        layers=len(widths) + input_layers,
        hidden_layers=max(len(widths) - 1, 0),
        nodes=(*[network.input_shape[-1]] * input_layers, *widths),
        parameters=_sum([visit.step.parameters(visit.input_shape) for visit in visits]),
        multiply_adds=_sum([visit.step.multiply_adds(visit.input_shape) for visit in visits]),
        buffers=_sum([visit.step.buffers(visit.input_shape) for visit in visits]),
    )


def _sum(terms: list[int | None]) -> int | None:
    known = [term for term in terms if term is not None]
    return sum(known) if len(known) == len(terms) else None


def _show_sum(value: int | None) -> str:
    return "unknown until every width is a number" if value is None else show_count(value)
