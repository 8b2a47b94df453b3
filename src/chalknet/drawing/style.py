"""The options of a drawing: how it looks, not what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypedDict, get_args

from chalknet.errors import invalid, look_up
from chalknet.tables import Shown

# On a light and on a dark page. Okabe and Ito's colours, which colour-blind readers can distinguish;
# fills of the same hues.
_COLOURS: Mapping[str, tuple[str, str]] = {
    "input": ("#cde9f8", "#12475f"),
    "hidden": ("#ffe6bf", "#6b4700"),
    "output": ("#c9ece0", "#0b5540"),
    "bias": ("#f2f2f2", "#444444"),
    "block": ("#eef3f8", "#26323d"),
    "frame": ("#f0f0f0", "#2b2b2b"),
    "page": ("#ffffff", "#161616"),
    "ink": ("#000000", "#f2f2f2"),
    "line": ("#555555", "#b0b0b0"),
    "positive": ("#0072B2", "#56B4E9"),
    "negative": ("#D55E00", "#E69F00"),
}
_COLOUR = re.compile("#[0-9a-fA-F]{6}")
COLOURS: Mapping[str, str] = {part: light for part, (light, dark) in _COLOURS.items()}
DARK: Mapping[str, str] = {part: dark for part, (light, dark) in _COLOURS.items()}


@dataclass(frozen=True)
class Preset:
    """Size of a page: the font's size in points; the width on paper or the whole page, where fixed."""

    font_size: float
    smallest_font: float
    print_width_mm: float | None = None
    page: tuple[float, float] | None = None


PRESETS: Mapping[str, Preset] = {
    "screen": Preset(14, 14),
    "paper": Preset(7, 5, 89),
    "paper-wide": Preset(7, 5, 183),
    "slide": Preset(24, 12, page=(960, 540)),
}
# What every surface draws alike, in widths of an ordinary line, which is a fourteenth of the font's size.
LINES_A_FONT_SIZE = 14
HEAD_LENGTH, HEAD_WIDTH = 8.0, 6.4  # of an arrow
DASHES = (4.0, 2.0)  # of a negative weight: ink, gap
CORNER = 4.0  # the radius of a box's corners
HALO = 3.0  # of the page's colour around the label of an edge
BASELINE = 0.35  # of the font's size, from the middle of a line of text down to its baseline
RAISED = 0.38  # of the font's size, by which a power stands higher
LOWERED = 0.27  # by which an index stands lower
SCRIPT = 0.7  # the size of both
FONTS = ("Helvetica", "Arial", "Liberation Sans")
TEXT_COLOURS: Mapping[str, str] = {"cell-head": "line"}  # by kind of text; else "ink"
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
        "parameters": "매개변수 {}개",
        "Input": "입력",
    },
}
Orientation: TypeAlias = Literal["right", "down"]
WeightsMode: TypeAlias = Literal["none", "numbers", "colour"]
BiasMode: TypeAlias = Literal["implied", "nodes"]
EdgesMode: TypeAlias = Literal["straight", "curved"]
LanguageName: TypeAlias = Literal["en", "ko"]  # the keys of WORDS
PresetName: TypeAlias = Literal["screen", "paper", "paper-wide", "slide"]  # the keys of PRESETS
NodeName: TypeAlias = Literal["x", "node", "yhat"]
PicturePart: TypeAlias = Literal[  # the keys of COLOURS
    "input", "hidden", "output", "bias", "block", "frame", "page", "ink", "line", "positive", "negative"
]
Titles: TypeAlias = Sequence[str]
_CHOICES: Mapping[str, Iterable[str]] = {
    "orientation": get_args(Orientation),
    "weights": get_args(WeightsMode),
    "bias": get_args(BiasMode),
    "edges": get_args(EdgesMode),
    "language": WORDS,
    "preset": PRESETS,
}


class StyleOptions(TypedDict, total=False):
    """The options of `draw`, the fields of `Style`."""

    orientation: Orientation
    max_nodes: int
    weights: WeightsMode
    bias: BiasMode
    edges: EdgesMode
    language: LanguageName
    preset: PresetName
    title: str
    layer_titles: Titles
    node_names: Mapping[NodeName, str]
    colours: Mapping[PicturePart, str]
    digits: int


@dataclass(frozen=True, repr=False)
class Style(Shown):
    """What a drawing looks like.

    Args:
        orientation: "right" or "down", the direction in which the data flows.
        max_nodes: a layer of more nodes is drawn as its first two, dots, and its last with its true index.
        weights: "none", "numbers" on the edges, or "colour": colour and width of the edges, with a legend.
        bias: "implied", or "nodes": a node 1 for each linear map that has one.
        edges: "straight", or "curved"; an edge with a label stays straight, since the label stands along it.
        language: of the layers' names: "en" or "ko".
        preset: "screen", "paper" (89 mm), "paper-wide" (183 mm) or "slide" (960 x 540 points, 16:9, filled).
        title: a line over the drawing.
        layer_titles: the layers' own titles, the input's first; empty for the dialect's.
        node_names: what stands for "x", "node" and "yhat" in the nodes' names.
        colours: other colours for "input", "hidden", "output", "bias", "block", "frame", "page", "ink",
            "line", "positive", "negative", as #rrggbb.
        digits: significant digits of a weight.

    Raises:
        UnknownName, InvalidValue: for anything else.

    Example:
        >>> import chalknet as cn
        >>> cn.Style(orientation="down", max_nodes=5).max_nodes
        5
    """

    orientation: Orientation = "right"
    max_nodes: int = 8
    weights: WeightsMode = "none"
    bias: BiasMode = "implied"
    edges: EdgesMode = "straight"
    language: LanguageName = "en"
    preset: PresetName = "screen"
    title: str = ""
    layer_titles: Titles = ()
    node_names: Mapping[NodeName, str] = field(default_factory=dict)
    colours: Mapping[PicturePart, str] = field(default_factory=dict)
    digits: int = 3

    def __post_init__(self) -> None:
        for option, known in _CHOICES.items():
            look_up(dict.fromkeys(known), getattr(self, option), f"draw {option}", option)
        for part in self.colours:
            look_up(COLOURS, part, "draw colours", "part")
        for part, colour in self.colours.items():
            if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
                raise invalid(f"draw colours, {part}", colour, "a colour as #rrggbb", "Write it as #1f77b4.")
        for node in self.node_names:
            look_up(dict.fromkeys(get_args(NodeName)), node, "draw node_names", "node")
        object.__setattr__(self, "layer_titles", tuple(self.layer_titles))
        for name, least, most in (("max_nodes", 3, 1_000), ("digits", 1, 100)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                wanted = f"a whole number of at least {least} and at most {most:,}"
                raise invalid(f"draw {name}", value, wanted, f"Leave {name} out for its default.")

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
