"""How a drawing looks: colours, widths of lines, shapes, distances."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.pictures.words import fonts

_FILLS = (
    ("#ffcccc", "#ccffcc", "#ccccff"),
    ("#1f77b4", "#ff7f0e", "#2ca02c"),
    ("#f8cecc", "#dae8fc", "#d5e8d4"),
    ("#ffe6a7", "#bfd7ea", "#ff9b85"),
    ("#e63946", "#457b9d", "#2a9d8f"),
    ("#6fa8dc", "#f6b26b", "#93c47d"),
    ("#ffff66", "#66ccff", "#ff9966"),
    ("#d9d9d9", "#a6a6a6", "#7f7f7f"),
    ("#4472c4", "#4472c4", "#4472c4"),
    ("#f9c74f", "#90be6d", "#f94144"),
    ("#cdb4db", "#ffc8dd", "#a2d2ff"),
    ("#00a651", "#2e3192", "#ed1c24"),
)
_DARK = ("#1e1e1e", "#000000", "#0f172a", "#263238", "#222222", "#2b2b4b")
_LIGHT = ("#ffffff",) * 6 + ("#fafafa", "#fffff8", "#f5f5dc", "#eef3f8", "#f0f0f0")


@dataclass
class Look:
    """The look of a drawing; lengths in radii of a unit.

    Args:
        ground, ink: the colours of the page and of letters and outlines; ground empty for a transparent one.
        fills: of the input's, the hidden and the output's units; empty for none.
        outline: colour and width of the outline; width 0 for none.
        edge: colours of the edges, one of which is taken for each.
        edge_width: of an edge.
        heads: "", "filled", "open" or "wide".
        shapes: of the input's, hidden and output's units.
        step: from the middle of a unit to the next in its column.
        gap: from a column to the next.
        short: how far an edge ends before the rim.
        under: whether edges end in the middle of units that cover them.
        curved: whether edges are curves.
        font: the family of the words.
        bold: whether titles are.
    """

    ground: str
    ink: str
    fills: tuple[str, str, str]
    outline: str
    outline_width: float
    edge: tuple[str, ...]
    edge_width: float
    heads: str
    shapes: tuple[str, str, str]
    step: float
    gap: float
    short: float
    under: bool
    curved: bool
    font: str
    bold: bool


def look(random: Random, has: set[str]) -> Look:
    """Draw a look that has the properties."""
    dark = "dark ground" in has
    ground = random.choice(_DARK if dark else _LIGHT)
    ink = random.choice(("#ffffff", "#eeeeee") if dark else ("#000000",) * 5 + ("#333333", "#1a1a66"))
    if "transparent" in has:
        ground = ""
    fills, outline = ("", "", ""), ink
    if "coloured" in has:
        fills = random.choice(_FILLS)
        if random.random() < 0.3:
            fills = tuple(random.sample(fills, 3))
        outline = random.choice([ink, ink, "", "fill"])
    elif random.random() < 0.5:
        plain = ground or ("#222222" if dark else "#ffffff")
        fills = (plain,) * 3
    touching = "touching units" in has
    gap = random.uniform(4.5, 9)
    shapes = _shapes(random, has)
    thin = "thin lines" in has
    outline_width = random.uniform(0.03, 0.06) if thin else random.uniform(0.05, 0.14)
    filled = all(fills)
    return Look(
        ground,
        ink,
        fills,
        outline,
        outline_width if outline else 0.0,
        _edges(random, has, dark, ink),
        random.uniform(0.025, 0.05) if thin else random.uniform(0.05, 0.13),
        random.choice(["filled", "filled", "open", "wide"]) if "arrowheads" in has else "",
        shapes,
        random.uniform(2.0, 2.12) if touching else random.uniform(2.4, 3.8),
        gap,
        random.uniform(0.15, 0.5) if "edges stop short" in has else 0.0,
        filled and "arrowheads" not in has and "edges stop short" not in has and random.random() < 0.5,
        "arrowheads" not in has and random.random() < 0.06,
        random.choice(sorted(fonts())),
        random.random() < 0.25,
    )


def _shapes(random: Random, has: set[str]) -> tuple[str, str, str]:
    if "boxes" not in has:
        return ("disc",) * 3
    box = random.choice(["box", "rounded"])
    if random.random() < 0.45:  # boxes hand in, or boxes throughout
        has.add("boxes and circles")
        return (box, "disc", random.choice(["disc", box]))
    return (box,) * 3


def _edges(random: Random, has: set[str], dark: bool, ink: str) -> tuple[str, ...]:
    greys = ("#bbbbbb", "#999999") if dark else ("#555555", "#888888", "#aaaaaa", "#444444")
    if "coloured" in has and random.random() < 0.4:
        sets = (
            ("#1f77b4",),
            ("#d62728", "#1f77b4"),
            ("#2a9d8f",),
            ("#ff7f0e", "#2ca02c", "#9467bd", "#1f77b4"),
        )
        return random.choice(sets)
    return (ink,) if random.random() < 0.5 else (random.choice(greys),)


def contrast(fill: str, ink: str) -> str:
    """Return black or white, which is read on a fill; the ink on none."""
    if not fill:
        return ink
    red, green, blue = (int(fill[at : at + 2], 16) for at in (1, 3, 5))
    return "#000000" if 0.3 * red + 0.59 * green + 0.11 * blue > 130 else "#ffffff"
