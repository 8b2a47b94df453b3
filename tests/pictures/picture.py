"""A picture with what a careful person sees in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TruthLayer:
    """A layer as it is drawn.

    Args:
        width: the number of its units, or "?" where the picture does not say it.
        activation: the name that the table of activations has for it, or "?" where none is drawn.
        bias: whether a bias is drawn that leads to it; None where nothing is said.
    """

    width: int | str
    activation: str = "?"
    bias: bool | None = None


@dataclass(frozen=True)
class Truth:
    """What a picture shows.

    Args:
        answer: "network"; "refuse" for a picture of something else; "told" where the drawing is no plain
            chain of fully connected layers, so that it is refused, asked about, or read with a doubt.
        layers: the input's first; empty for a picture of something else.
    """

    answer: str
    layers: tuple[TruthLayer, ...] = ()

    def __str__(self) -> str:
        shown = []
        for number, layer in enumerate(self.layers):
            word = "" if layer.activation == "?" or not number else f" {layer.activation}"
            shown.append(f"{layer.width}{word}{' bias' if layer.bias else ''}")
        return " -> ".join(shown) + ("" if self.answer == "network" else f" ({self.answer})")


@dataclass(frozen=True)
class Picture:
    """A file and its truth.

    Args:
        data: the bytes of the file.
        suffix: ".svg", ".pdf", ".png", ".jpg", ".webp", ...
        truth: what it shows.
        kinds: the group first ("vector", "clean raster", "spoiled raster", "hand-like" or "no network"), then
            the renderer, then the properties that it has.
        seed: what it was made from.
    """

    data: bytes
    suffix: str
    truth: Truth
    kinds: tuple[str, ...]
    seed: int | str = field(default=0, compare=False)

    @property
    def group(self) -> str:
        return self.kinds[0]
