"""A random network, and how much of each layer is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from tests.notation.strange.choice import Choices
from tests.notation.strange.picture import TruthLayer
from tests.notation.strange.words import HIDDEN_ACTIVATIONS, LANGUAGES

LARGE = {
    "input": [784, 784, 64, 100, 13, 30, 256, 1024, 20, 3072, 16],
    "hidden": [128, 16, 30, 32, 64, 100, 256, 512, 300, 15, 50, 12],
    "output": [10, 10, 26, 100, 1000, 12],
}
# How a layer that is not drawn in full says its width. "symbol" is x_d, "unknown" says nothing.
SOURCES = {
    "last label": 5.0,
    "more": 3,
    "title": 4,
    "plus": 2,
    "caption": 2,
    "symbol": 1.5,
    "unknown": 1.5,
    "box": 2,
}
SYMBOLS = {"input": "dmnp", "hidden": "kmpq", "output": "ckK"}


@dataclass
class Layer:
    """One layer: its true width and activation, and the units drawn before and behind the dots."""

    role: str
    width: int | str
    first: int
    last: int = 0
    source: str = "drawn"
    activation: str = "?"
    place: str = "nowhere"  # where the activation is said
    dropout: float | None = None
    bias: bool | None = None

    @property
    def elided(self) -> bool:
        """Return whether dots stand for some of its units."""
        return self.source not in ("drawn", "plus", "box")

    @property
    def drawn(self) -> int:
        """Return how many units are drawn."""
        return self.first + self.last

    def truth(self) -> TruthLayer:
        """Return the layer as a careful person reads it."""
        said = self.activation if self.place not in ("nowhere", "sum and f") else "?"
        width = "?" if self.source == "unknown" or self.width == "n" else self.width
        return TruthLayer(width, said if self.role != "input" else "", self.bias, self.dropout)


@dataclass
class Plan:
    """A network and the words of the person who draws it."""

    layers: list[Layer]
    language: str

    @property
    def hidden(self) -> list[Layer]:
        """Return the hidden layers."""
        return self.layers[1:-1]

    def truth(self) -> list[TruthLayer]:
        """Return the reading of a careful person."""
        return [layer.truth() for layer in self.layers]


def plan(choices: Choices, sizes: bool = True) -> Plan:
    """Return a random network of one to four layers of weights, all units drawn."""
    language = choices.pick("language", LANGUAGES)
    depth = int(choices.pick("layers of weights", {"1": 1.6, "2": 5, "3": 3, "4": 1}))
    size = choices.pick("size", {"small": 6, "some to twelve": 1}) if sizes else "small"
    roles = ["input", *["hidden"] * (depth - 1), "output"]
    ranges = {"input": range(1, 6), "hidden": range(2, 6), "output": range(1, 4)}
    layers = []
    for role in roles:
        width = choices.one(ranges[role])
        if role == "output" and choices.chance(0.4):
            width = 1
        if size == "some to twelve" and role != "output" and choices.chance(0.6):
            width = choices.rng.randint(6, 12)
        layers.append(Layer(role, width, width))
    if depth == 1:  # one unit behind one other is no network to a stranger
        layers[0].width = layers[0].first = max(2, layers[0].drawn)
    _choose_activations(choices, layers)
    return Plan(layers, language)


def _choose_activations(choices: Choices, layers: list[Layer]) -> None:
    hidden = choices.pick("hidden activation", HIDDEN_ACTIVATIONS)
    for layer in layers[1:-1]:
        layer.activation = hidden
    if len(layers) > 3 and choices.chance(0.2):
        choices.keep("hidden activation", "mixed")
        others = choices.shuffled(HIDDEN_ACTIVATIONS)
        for layer in layers[1:-1]:
            layer.activation = others.pop()
    wide = layers[-1].width != 1
    layers[-1].activation = choices.pick(
        "output activation",
        {"softmax": 5, "sigmoid": 2, "identity": 1, "tanh": 0.5} if wide else
        {"sigmoid": 5, "identity": 2, "tanh": 1, "relu": 0.5},
    )  # fmt: skip


def elide(choices: Choices, layer: Layer, allowed: list[str]) -> None:
    """Make a layer a large one of which a few units are drawn."""
    layer.source = choices.pick(f"elided {layer.role}", {name: SOURCES[name] for name in allowed})
    layer.width = choices.one(LARGE[layer.role])
    layer.first, layer.last = choices.one([(2, 1), (3, 1), (2, 2), (4, 0), (3, 0), (1, 1), (3, 2), (4, 1)])
    if layer.source in ("last label", "symbol") and not layer.last:
        layer.last = 1
    if layer.source == "symbol":
        layer.width = choices.one(SYMBOLS[layer.role])
    if layer.source == "more":
        layer.last = choices.one([0, 0, 1]) if layer.first > 1 else 0
    if layer.source == "box":  # the whole layer is one box with its width
        layer.first, layer.last = 1, 0
    if layer.source == "plus":
        layer.first, layer.last = min(10, layer.width - 2), 0
