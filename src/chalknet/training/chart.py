"""A picture that shows and saves itself; curves with bands, and images under their captions."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from chalknet.errors import invalid, public, unknown_name, whole_number
from chalknet.files import user_path, write_output
from chalknet.units import one_line, xml_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# M. Okabe and K. Ito, Color Universal Design (2008); each colour comes with a line style of its own.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
_MARKERS = ("o", "s", "^", "D", "v", "x")
MOST_POINTS = 2000  # more points than a picture has pixels only make the file large
_NARROW = 5.0  # inches, the width of a panel on a narrow screen
# matplotlib's colours on a dark page: what is drawn in them there. Curves keep theirs, but for the darkest.
_DARK = {
    'path[style*="fill: #ffffff"]': "fill: #161616",
    'text:not([style*="fill:"])': "fill: #f2f2f2",
    ':not([style*="fill: #000000"])[style*="stroke: #000000"]': "stroke: #b0b0b0",
    '[style*="stroke: #4c4c4c"], [style*="stroke: #666666"]': "stroke: #b0b0b0",
    '[style*="stroke: #0072b2"]': "stroke: #3d9ad9",
    '[style*="fill: #0072b2"]': "fill: #3d9ad9",
}


@dataclass(frozen=True)
class Chart:
    """A picture that shows itself in a notebook and saves itself as SVG, PNG or PDF.

    Args:
        figure: the matplotlib figure, to go on with.
        alt_text: what it shows, as a sentence.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> chart = cn.plot(cn.fit("1 -> 1", (x, 2 * x), loss="mse", updates=5))
        >>> len(chart.alt_text) > 0
        True
    """

    figure: Figure
    alt_text: str
    suffixes: ClassVar[tuple[str, ...]] = (".svg", ".png", ".pdf")

    @property
    def svg(self) -> str:
        """Return the picture as SVG with live text, dark on a dark page."""
        import matplotlib as mpl

        buffer = io.StringIO()
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "chalknet"}):
            self.figure.savefig(buffer, format="svg", metadata={"Date": None, "Title": self.alt_text})
        text = buffer.getvalue().replace("<svg ", '<svg class="chalknet-chart" ', 1)
        return xml_text(text.replace("</style>", f"{_dark_rules()}</style>", 1))

    @property
    def narrow_svg(self) -> str:
        """Return the picture with its panels below each other, as a phone shows them."""
        panels = self.figure.axes
        places = [place for axes in panels if (place := axes.get_subplotspec()) is not None]
        if len(panels) == 1 or len(places) < len(panels):
            return self.svg
        width, height = self.figure.get_size_inches()
        rows, columns = places[0].get_gridspec().get_geometry()
        taller = height / rows * len(panels) * min(1.0, _NARROW / (width / columns))
        below = self.figure.add_gridspec(len(panels), 1)
        try:
            self.figure.set_size_inches(_NARROW, taller)
            for row, axes in enumerate(panels):
                axes.set_subplotspec(below[row])
            return self.svg
        finally:
            self.figure.set_size_inches(width, height)
            for axes, was in zip(panels, places, strict=True):
                axes.set_subplotspec(was)

    def save(self, path: str | Path) -> None:
        """Write the picture to a `.svg`, `.png` or `.pdf` file.

        Raises:
            UnknownName: for another ending.
            FileProblem: when the file cannot be written.
        """
        path = user_path(path, "path")
        if path.suffix.lower() not in self.suffixes:
            raise unknown_name(str(path), "picture format", path.suffix, self.suffixes)
        if path.suffix.lower() == ".svg":
            write_output(path, self.svg.encode())
        else:
            buffer = io.BytesIO()
            self.figure.savefig(buffer, dpi=150, format=path.suffix[1:].lower())
            write_output(path, buffer.getvalue())

    def __repr__(self) -> str:
        return one_line(f"Chart({self.alt_text})")

    def __str__(self) -> str:
        return self.alt_text

    def _repr_svg_(self) -> str:
        return self.svg


@dataclass(frozen=True)
class Curve:
    """A curve with a band: its places, its values, and what the values lie between."""

    places: list[float]
    values: list[float]
    lows: list[float]
    highs: list[float]


def plot_curves(
    curves: Mapping[str, Curve],
    labels: tuple[str, str],
    *,
    alt_text: str,
    marks: Sequence[tuple[float, str]] = (),
) -> Chart:
    """Return a picture of curves on logarithmic axes, each with its band, and of places marked on them.

    Args:
        curves: names and curves; each has a colour, a line style and a marker of its own.
        labels: of the horizontal and the vertical axis.
        alt_text: what the picture shows, as a sentence.
        marks: places on the horizontal axis, and what is written there.
    """
    figure, (axes,) = new_figure(1, (6.4, 4.2))
    for index, (name, curve) in enumerate(curves.items()):
        style, marker = style_of(index, name), _MARKERS[index % len(_MARKERS)]
        axes.fill_between(curve.places, curve.lows, curve.highs, color=style["color"], alpha=0.2, lw=0)
        axes.plot(curve.places, curve.values, marker=marker, ms=4, **style)
    for place, words in marks:
        axes.axvline(place, color="0.4", lw=0.8, ls=":")
        axes.annotate(
            words, (place, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=8
        )
    axes.set(xscale="log", yscale="log", xlabel=labels[0], ylabel=labels[1])
    axes.grid(alpha=0.25)
    if curves:
        axes.legend(frameon=False, fontsize=8)
    return Chart(figure, alt_text)


@public()
def plot_images(images: torch.Tensor, captions: Sequence[str], *, alt_text: str, columns: int = 6) -> Chart:
    """Return a picture of grey images, each under its caption.

    Args:
        images: `(n, height, width)`, dark is 1.
        captions: a text each.
        alt_text: what the picture shows, as a sentence.
        columns: images in a row, at least 1.

    Raises:
        InvalidValue: for anything but images of equal size with a caption each.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> chart = cn.plot_images(torch.rand(2, 8, 8), ["a", "b"], alt_text="Two grey images.")
        >>> chart.alt_text
        'Two grey images.'
    """
    columns = whole_number("columns", columns, most=100)
    if not isinstance(images, torch.Tensor | np.ndarray) or images.ndim != 3 or not len(images):
        raise invalid("images", images, "a tensor or an array `(n, height, width)`, n at least 1")
    are_texts = isinstance(captions, list | tuple) and all(isinstance(caption, str) for caption in captions)
    if not are_texts or len(captions) != len(images):
        raise invalid("captions", captions, f"{len(images)} texts, one for each image")
    if not isinstance(alt_text, str):
        raise invalid("alt_text", alt_text, "a sentence")
    images = torch.as_tensor(images)
    rows = -(-len(images) // columns)
    figure, panels = new_figure(rows * columns, (1.25 * columns, 1.6 * rows), rows)
    for axes in panels:
        axes.set_axis_off()
    for axes, image, caption in zip(panels, images, captions, strict=False):
        axes.imshow(image.numpy(), cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(caption, fontsize=9)
    return Chart(figure, alt_text)


def _dark_rules() -> str:
    """Return the style of a chart on a dark screen; matplotlib writes its own into each element."""
    rules = " ".join(
        ", ".join(f".chalknet-chart {part.strip()}" for part in selector.split(","))
        + f" {{ {look} !important }}"
        for selector, look in _DARK.items()
    )
    return f"@media screen and (prefers-color-scheme: dark) {{ {rules} }}"


def style_of(index: int, name: str) -> dict[str, Any]:
    """Return the colour and the line style of one of several curves."""
    colour, line = COLOURS[index % len(COLOURS)], _LINES[index % len(_LINES)]
    return {"color": colour, "ls": line, "lw": 1.6, "label": name or None}


def new_figure(
    panels: int, inches: tuple[float, float] | None = None, rows: int = 1
) -> tuple[Figure, Sequence[Axes]]:
    """Return an empty figure and its panels, row by row.

    Args:
        panels: how many.
        inches: width and height; None for the usual size of a panel.
        rows: of panels.
    """
    from matplotlib.figure import Figure  # heavy, and needed only here

    figure = Figure(figsize=inches or (4.6 * panels + 0.4, 3.4), layout="constrained")
    return figure, list(figure.subplots(rows, panels // rows, squeeze=False).flat)
