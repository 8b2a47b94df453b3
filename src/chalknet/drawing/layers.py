"""The layers of a network as drawings show them: X, and each linear map with the steps after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chalknet.drawing.style import Style
from chalknet.errors import CannotExpress
from chalknet.network import Activation, Linear, Network, Shape, Size, Visit
from chalknet.notation import write_step


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
            _refuse_axes(visit.input_shape, dialect)
            groups.append([])
        groups[-1].append(visit)
    layers = []
    for number, group in enumerate(groups):
        linear = group[0] if number else None
        shape = group[-1].output_shape if group else network.input_shape
        layers.append(
            DrawnLayer(number, _width(shape, dialect), linear, tuple(group[1:] if number else group), False)
        )
    return [*layers[:-1], replace(layers[-1], last=True)]


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
    hidden = sum(other.role == "hidden" for other in layers)
    if named == "layer":
        name = style.word("layer", layer.number)
    elif layer.role == "hidden" and hidden > 1:
        name = style.word("hidden n", layer.number)
    else:
        name = style.word(layer.role)
    details = list(details_of(layer, network))
    return f"{own or name}: {', '.join(details)}" if details else own or name


def details_of(layer: DrawnLayer, network: Network) -> Iterator[str]:
    """Yield the words for what a layer does besides its linear map."""
    if layer.linear is None and len(network.input_shape) > 1:
        yield "x".join(map(str, network.input_shape))
    words = [write_step(visit.step, short=False) for visit in layer.steps]
    if layer.linear is not None and not any(isinstance(visit.step, Activation) for visit in layer.steps):
        yield "linear"
    yield from words
    if layer.linear is not None and not layer.bias:
        yield "bias=False"


def _width(shape: Shape, dialect: str) -> Size:
    _refuse_axes(shape, dialect)
    return shape[0]


def _refuse_axes(shape: Shape, dialect: str) -> None:
    if len(shape) > 1:
        raise CannotExpress(
            where=f"dialect {dialect}",
            got=f"samples of the shape {shape}, which are no vectors",
            wanted="features in one row",
            remedy="Flatten them first (28x28 flatten -> ...), or take the dialect blocks.",
        )
