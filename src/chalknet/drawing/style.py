"""How a drawing is to look: what the user can set, and nothing of what is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from chalknet.errors import InvalidValue, unknown_name

# Okabe and Ito's colours, which colour-blind readers can tell apart; light fills of the same hues.
COLOURS: Mapping[str, str] = {
    "input": "#cde9f8",
    "hidden": "#ffe6bf",
    "output": "#c9ece0",
    "bias": "#f2f2f2",
    "block": "#eef3f8",
    "frame": "#f0f0f0",
    "page": "#ffffff",
    "ink": "#000000",
    "line": "#555555",
    "positive": "#0072B2",
    "negative": "#D55E00",
}
DARK: Mapping[str, str] = {
    "input": "#12475f",
    "hidden": "#6b4700",
    "output": "#0b5540",
    "bias": "#444444",
    "block": "#26323d",
    "frame": "#2b2b2b",
    "page": "#161616",
    "ink": "#f2f2f2",
    "line": "#b0b0b0",
    "positive": "#56B4E9",
    "negative": "#E69F00",
}


@dataclass(frozen=True)
class Preset:
    """Size of a page: the font's size in points, and the width on paper where there is one."""

    font_size: float
    smallest_font: float
    print_width_mm: float | None


PRESETS: Mapping[str, Preset] = {
    "screen": Preset(14, 14, None),
    "paper": Preset(7, 5, 89),
    "paper-wide": Preset(7, 5, 183),
    "slide": Preset(24, 24, None),
}
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "layer": "Layer {}",
        "input": "Input Layer",
        "hidden": "Hidden Layer",
        "hidden n": "Hidden Layer {}",
        "output": "Output Layer",
        "parameters": "{} parameters",
        "Input": "Input",
    },
    "ko": {
        "layer": "층 {}",
        "input": "입력층",
        "hidden": "은닉층",
        "hidden n": "은닉층 {}",
        "output": "출력층",
        "parameters": "모수 {}개",
        "Input": "입력",
    },
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "orientation": ("right", "down"),
    "weights": ("none", "numbers", "colour"),
    "bias": ("implied", "nodes"),
    "language": tuple(WORDS),
    "preset": tuple(PRESETS),
}
Titles: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Style:
    """What a drawing looks like.

    Args:
        orientation: "right" or "down", the way the data flows.
        max_nodes: a layer of more nodes is drawn as its first two, dots, and its last with its true index.
        weights: "none", "numbers" on the edges, or "colour": colour and width of the edges, with a legend.
        bias: "implied", or "nodes": a node 1 for each linear map that has one.
        language: of the layers' names: "en" or "ko".
        preset: "screen", "paper" (89 mm), "paper-wide" (183 mm) or "slide".
        title: a line over the drawing.
        layer_titles: the layers' own titles, the input's first; empty for the dialect's.
        node_names: what stands for "x", "node" and "yhat" in the nodes' names.
        colours: other colours for "input", "hidden", "output", "bias", "block", "frame", "page", "ink",
            "line", "positive", "negative", as #rrggbb.
        digits: significant digits of a weight.

    Raises:
        UnknownName, InvalidValue: for anything else.
    """

    orientation: str = "right"
    max_nodes: int = 8
    weights: str = "none"
    bias: str = "implied"
    language: str = "en"
    preset: str = "screen"
    title: str = ""
    layer_titles: Titles = ()
    node_names: Mapping[str, str] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    digits: int = 3

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise unknown_name(f"draw {name}", name, str(getattr(self, name)), choices)
        for name in self.colours:
            if name not in COLOURS:
                raise unknown_name("draw colours", "part", name, COLOURS)
        for name in self.node_names:
            if name not in ("x", "node", "yhat"):
                raise unknown_name("draw node_names", "node", name, ("x", "node", "yhat"))
        object.__setattr__(self, "layer_titles", tuple(self.layer_titles))
        for name, least in (("max_nodes", 3), ("digits", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InvalidValue(
                    where=f"draw {name}",
                    got=repr(value),
                    wanted=f"a whole number of at least {least}",
                    remedy=f"Leave {name} out for its default.",
                )

    @property
    def page(self) -> Preset:
        """Return the preset's sizes."""
        return PRESETS[self.preset]

    def word(self, key: str, *values: object) -> str:
        """Return a word of the style's language."""
        return WORDS[self.language][key].format(*values)

    def number(self, value: float) -> str:
        """Return a weight as it is written on an edge."""
        return f"{value:.{self.digits}g}" if value == value else "nan"
