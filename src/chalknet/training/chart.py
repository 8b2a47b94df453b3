"""Pictures of fits: losses and metrics over updates, samples or seconds; a line through its points."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from chalknet.data import load
from chalknet.errors import invalid, look_up, public, unknown_name, whole_number
from chalknet.files import user_path, write_output
from chalknet.training.history import FitResult, watched
from chalknet.training.predictions.predict import predict
from chalknet.units import one_line, show_value, xml_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# M. Okabe and K. Ito, Color Universal Design (2008); each colour comes with a line style of its own.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
_MARKERS = ("o", "s", "^", "D", "v", "x")
_AXES = {"updates": "updates", "samples": "samples seen", "seconds": "training time in seconds"}
_MOST_POINTS = 2000  # more points than a picture has pixels only make the file large


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
        """Return the picture as SVG text with live text."""
        import matplotlib as mpl

        buffer = io.StringIO()
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "chalknet"}):
            self.figure.savefig(buffer, format="svg", metadata={"Date": None, "Title": self.alt_text})
        return xml_text(buffer.getvalue())

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


@public()
def plot(
    results: FitResult | Mapping[str, FitResult], over: str = "updates", *, data: object = None
) -> Chart:
    """Return a picture of one fit or of several, named.

    Args:
        results: a FitResult, or names and FitResults (`Comparison.results`).
        over: "updates", "samples" or "seconds" draws losses and evaluations; "x" draws the points of
            `data` and each fitted line through them, for networks with one feature in and out.
        data: for over="x", whatever `load` takes.

    Raises:
        UnknownName: for another `over`.
        InvalidValue: for over="x" without data, or with more than one feature.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> result = cn.fit("1 -> 1", (x, 2 * x), loss="mse", updates=5)
        >>> cn.plot(result).suffixes
        ('.svg', '.png', '.pdf')
    """
    named = {"": results} if isinstance(results, FitResult) else results
    fits = list(named.values()) if isinstance(named, Mapping) else []
    if not fits or not all(isinstance(value, FitResult) for value in fits):
        wanted = "a FitResult, or names and FitResults as a dict"
        raise invalid("results", results, wanted, "Give cn.plot(result), or the results of a comparison.")
    look_up({**_AXES, "x": ""}, over, "plot", "axis")
    return _lines_chart(named, data) if over == "x" else _history_chart(named, over)


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
    figure, (axes,) = _figure(1, (6.4, 4.2))
    for index, (name, curve) in enumerate(curves.items()):
        style, marker = _style(index, name), _MARKERS[index % len(_MARKERS)]
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
    figure, panels = _figure(rows * columns, (1.25 * columns, 1.6 * rows), rows)
    for axes in panels:
        axes.set_axis_off()
    for axes, image, caption in zip(panels, images, captions, strict=False):
        axes.imshow(image.numpy(), cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(caption, fontsize=9)
    return Chart(figure, alt_text)


def _history_chart(named: Mapping[str, FitResult], over: str) -> Chart:
    metric = next(iter(named.values())).history.metric
    figure, (left, right) = _figure(2)
    for index, (name, result) in enumerate(named.items()):
        history, style = result.history, _style(index, name)
        _curve(left, getattr(history, over), history.loss, style)
        evaluations = history.evaluations
        # a fit that stops early evaluates what it watches alone, but at its end
        trained = [each for each in evaluations if not math.isnan(each.train)]
        kept_out = [each for each in evaluations if each.held_out is not None]
        places = [getattr(each, over) for each in trained]
        if len(trained) == 1:
            _level(right, places[0], trained[0].train, "training", style)
        else:
            train = [each.train for each in trained]
            right.plot(places, train, marker="o" if len(train) < 3 else "", **style)
        colour, apart = style["color"], max(1, len(kept_out) // 15)
        if len(kept_out) > 1:
            held_out = [watched(each, "held_out") for each in kept_out]
            at = [getattr(each, over) for each in kept_out]
            right.plot(at, held_out, ls="none", marker="x", ms=4, markevery=apart, color=colour)
        elif kept_out:
            at = getattr(kept_out[0], over)
            _level(
                right, at, watched(kept_out[0], "held_out"), "held out", {"color": colour, "ls": ":", "lw": 1}
            )
    for axes, title in ((left, "loss of each update"), (right, f"{metric} on all training samples (line)")):
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_xlabel(_AXES[over])
        axes.grid(alpha=0.25)
    if any(result.plan.data.held_out for result in named.values()):
        right.set_title(f"{metric}: training (line), held out (×)", fontsize=10, loc="left")
    if over == "samples" and len(named) > 1:  # methods differ by orders of magnitude in samples
        left.set_xscale("log")
        right.set_xscale("log")
    if any(named):
        left.legend(frameon=False, fontsize=8)
    names = ", ".join(name for name in named if name) or "one fit"
    return Chart(figure, f"Loss and {metric} over {_AXES[over]}: {names}")


def _curve(axes: Axes, places: Sequence[float], losses: Sequence[float], style: Mapping[str, Any]) -> None:
    """Draw a loss; a noisy one pale, with its running mean over a fiftieth of the rows on top."""
    if len(losses) == 1:
        _level(axes, places[0], losses[0], "loss", style)
        return
    x, y = torch.tensor(places, dtype=torch.float64), torch.tensor(losses, dtype=torch.float64)
    width = max(1, len(y) // 50)
    sums = torch.cat([torch.zeros(1, dtype=torch.float64), y.cumsum(0)])
    mean = (sums[width:] - sums[:-width]) / width
    thin = max(1, len(y) // _MOST_POINTS)
    axes.plot(x[::thin], y[::thin], color=style["color"], alpha=0.25, lw=0.8)
    axes.plot(x[width - 1 :][::thin], mean[::thin], **style)


def _level(axes: Axes, place: float, value: float, words: str, style: Mapping[str, Any]) -> None:
    """Draw a value found at one place alone as a labelled line: a single dot shows nothing."""
    axes.axhline(value, **style)
    axes.axvline(place, color="0.4", lw=0.8, ls=":")
    words = f"{words} {show_value(value)}"
    axes.annotate(words, (0.02, value), xycoords=("axes fraction", "data"), va="bottom", fontsize=8)


def _lines_chart(named: Mapping[str, FitResult], data: object) -> Chart:
    if data is None:
        raise invalid("data", data, 'the points to draw for over="x"', "Give data=(x, y).")
    source = load(data)
    if source.x_shape != (1,):
        remedy = 'Say over="updates" for a network with more features.'
        raise invalid('plot over="x"', source.x_shape, "one feature, the horizontal axis", remedy)
    figure, (axes,) = _figure(1)
    seen = source.take(slice(0, len(source), max(1, len(source) // _MOST_POINTS)))
    points = [part.reshape(-1) for part in seen]
    axes.plot(*points, ls="none", marker=".", ms=3, color="0.6", label="observations")
    x = source.take(slice(0, len(source))).x
    grid = torch.linspace(x.min().item(), x.max().item(), 400).reshape(-1, 1)
    for index, (name, result) in enumerate(named.items()):
        style = _style(index, name or "yhat") | {"lw": 2}
        axes.plot(grid, predict(result.module, grid).raw.reshape(400, -1), **style)
    axes.set(xlabel="x", ylabel="y")
    axes.legend(frameon=False, fontsize=8)
    names = ", ".join(name for name in named if name) or "the fit"
    return Chart(figure, f"{source.name}: the observations and the fitted line of {names}")


def _style(index: int, name: str) -> dict[str, Any]:
    """Return the colour and the line style of one of several curves."""
    colour, line = _COLOURS[index % len(_COLOURS)], _LINES[index % len(_LINES)]
    return {"color": colour, "ls": line, "lw": 1.6, "label": name or None}


def _figure(
    panels: int, inches: tuple[float, float] | None = None, rows: int = 1
) -> tuple[Figure, Sequence[Axes]]:
    from matplotlib.figure import Figure  # heavy, and needed only here

    figure = Figure(figsize=inches or (4.6 * panels + 0.4, 3.4), layout="constrained")
    return figure, list(figure.subplots(rows, panels // rows, squeeze=False).flat)
