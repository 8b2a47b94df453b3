"""The layers of a network as drawings show them: X, each linear map with the steps after it, its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from chalknet.drawing.diagram import Edge, Node, units
from chalknet.drawing.style import Style
from chalknet.errors import CannotExpress, InvalidValue
from chalknet.network import Activation, Linear, Network, Size, Visit
from chalknet.notation import write_step

Parameters: TypeAlias = Mapping[str, Sequence[float] | Sequence[Sequence[float]]]


@dataclass(frozen=True)
class DrawnLayer:
    """One layer of a drawing.

    Args:
        number: 0 for the input.
        width: its features.
        linear: the linear map into it; None for the input.
        steps: the steps after that map, in their order.
        last: whether yhat is its value.
    """

    number: int
    width: Size
    linear: Visit | None
    steps: tuple[Visit, ...]
    last: bool

    @property
    def role(self) -> str:
        """Return "input", "hidden" or "output"."""
        if self.number == 0:
            return "input"
        return "output" if self.last else "hidden"

    @property
    def bias(self) -> bool:
        """Return whether the linear map into it has a bias."""
        return self.linear is not None and isinstance(self.linear.step, Linear) and self.linear.step.bias


def layers_of(network: Network, dialect: str) -> list[DrawnLayer]:
    """Return the layers of a network whose samples are vectors after the input's own steps.

    Raises:
        CannotExpress: for a linear map over one axis of several.
    """
    groups: list[list[Visit]] = [[]]
    for visit in network.walk():
        if isinstance(visit.step, Linear):
            groups.append([])
        groups[-1].append(visit)
    layers = []
    for number, group in enumerate(groups):
        shape = group[-1].output_shape if group else network.input_shape
        if len(shape) > 1:
            raise CannotExpress(
                where=f"dialect {dialect}",
                got=f"samples of the shape {shape}, which are no vectors",
                wanted="features in one row",
                remedy="Flatten them first (28x28 flatten -> ...), or take the dialect blocks.",
            )
        linear, steps = (group[0], group[1:]) if number else (None, group)
        layers.append(DrawnLayer(number, shape[0], linear, tuple(steps), number == len(groups) - 1))
    return layers


def layer_title(
    layer: DrawnLayer, layers: list[DrawnLayer], network: Network, style: Style, named: str
) -> str:
    """Return the title of a layer's frame: its name, and the steps that no node shows.

    Args:
        layer: which one.
        layers: all of them.
        network: whose they are.
        style: language and own titles.
        named: "layer" for `Layer 1`, "role" for `Hidden Layer 1`.
    """
    own = style.layer_titles[layer.number] if layer.number < len(style.layer_titles) else ""
    if named == "layer":
        name = style.word("layer", layer.number)
    elif layer.role == "hidden" and len(layers) > 3:
        name = style.word("hidden n", layer.number)
    else:
        name = style.word(layer.role)
    words = [write_step(visit.step, short=False) for visit in layer.steps]
    if layer.linear is None:
        details = ["x".join(map(str, network.input_shape))] * (len(network.input_shape) > 1) + words
    else:
        activated = any(isinstance(visit.step, Activation) for visit in layer.steps)
        details = ["linear"] * (not activated) + words + ["bias=False"] * (not layer.bias)
    return f"{own or name}: {', '.join(details)}" if details else own or name


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

    def of(self, path: str, name: str) -> Any:
        """Return the "weight" of a linear map, a row an output, or its "bias"; None where none is shown."""
        return None if self.style.weights == "none" else self.parameters.get(f"{path}.{name}")

    def edges(self, path: str, sources: Sequence[Node], targets: Sequence[Node]) -> list[Edge]:
        """Return the edges of a linear map from column to column, the bias node's last.

        They carry the weights they stand for, as the style asks.

        Args:
            path: the place of the linear map in the network.
            sources: the nodes of the column before it.
            targets: those of the column behind it.
        """
        matrix, bias = self.of(path, "weight"), self.of(path, "bias")
        rows = _places(targets).items()
        edges = [
            self._edge(source, target, matrix and matrix[row][column])
            for source, column in _places(sources).items()
            for target, row in rows
        ]
        biases = [node.key for node in sources if node.kind == "bias"]
        return edges + [self._edge(key, target, bias and bias[row]) for key in biases for target, row in rows]

    def _edge(self, source: str, target: str, weight: float | None) -> Edge:
        if weight is None or self.style.weights != "numbers":
            return Edge(source, target, weight=weight)
        number = self.style.number(weight)
        return Edge(source, target, f"*({number})" if number.startswith("-") else f"*{number}", weight)


def _places(column: Sequence[Node]) -> dict[str, int]:
    """Return which row of the matrix each unit of a column is; the last one stays the last behind dots."""
    keys = [node.key for node in units(column)]
    return {key: place for place, key in enumerate(keys)} | {keys[-1]: -1}
