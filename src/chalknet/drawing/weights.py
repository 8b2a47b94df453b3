"""The weights of a network on the edges of its drawing: as numbers, or as colour and width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from chalknet.drawing.diagram import Edge, Node
from chalknet.drawing.layers import DrawnLayer
from chalknet.drawing.style import Style
from chalknet.errors import InvalidValue

Matrix: TypeAlias = Sequence[Sequence[float]]
Parameters: TypeAlias = Mapping[str, Sequence[float] | Matrix]


@dataclass(frozen=True)
class ShownWeights:
    """The parameters a drawing may show, under the names of the built module: `0.weight`, `0.bias`.

    Args:
        parameters: `(out_features, in_features)` rows for a weight, `(out_features,)` for a bias; empty
            for a network that is not built.
        style: whether and how they are shown.
    """

    parameters: Parameters
    style: Style

    def require(self, what: str) -> None:
        """Raise InvalidValue when there are no weights to show."""
        if not self.parameters:
            raise InvalidValue(
                where=what,
                got="a network without weights",
                wanted="a built or fitted module, or a drawing with numbers",
                remedy="Give the module itself: draw(cn.build(network)), or the folder of a kept fit.",
            )

    def matrix(self, layer: DrawnLayer) -> Matrix | None:
        """Return the weights of the linear map into a layer, a row an output."""
        key = f"{layer.linear.path}.weight" if layer.linear else ""
        return self.parameters.get(key)  # type: ignore[return-value]

    def bias(self, layer: DrawnLayer) -> Sequence[float] | None:
        """Return the bias of the linear map into a layer."""
        key = f"{layer.linear.path}.bias" if layer.linear else ""
        return self.parameters.get(key)  # type: ignore[return-value]

    def on(
        self, layer: DrawnLayer, sources: Sequence[Node], targets: Sequence[Node], edges: list[Edge]
    ) -> list[Edge]:
        """Return the edges of a linear map with their weights as the style asks."""
        matrix = self.matrix(layer)
        if self.style.weights == "none" or matrix is None:
            return edges
        row, column = _places(targets, len(matrix)), _places(sources, len(matrix[0]))
        return [self._with(edge, matrix[row[edge.target]][column[edge.source]]) for edge in edges]

    def on_bias(self, layer: DrawnLayer, targets: Sequence[Node], edges: list[Edge]) -> list[Edge]:
        """Return the edges from a bias node with their biases as the style asks."""
        bias = self.bias(layer)
        if self.style.weights == "none" or bias is None:
            return edges
        row = _places(targets, len(bias))
        return [self._with(edge, bias[row[edge.target]]) for edge in edges]

    def _with(self, edge: Edge, weight: float) -> Edge:
        label = f"*{bracketed(self.style.number(weight))}" if self.style.weights == "numbers" else ""
        return replace(edge, label=label, weight=weight)


def bracketed(number: str) -> str:
    """Return a number as a factor: `-1` -> `(-1)`."""
    return f"({number})" if number.startswith("-") else number


def _places(column: Sequence[Node], width: int) -> dict[str, int]:
    """Return which row of the matrix each node of a column is; after the dots come the last ones."""
    nodes = [node for node in column if node.kind != "bias"]
    dots = next((at for at, node in enumerate(nodes) if node.kind == "dots"), len(nodes))
    return {
        node.key: at if at < dots else width - (len(nodes) - at)
        for at, node in enumerate(nodes)
        if node.kind != "dots"
    }
