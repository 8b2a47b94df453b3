"""What happened in some fits: losses, evaluations and metrics over updates, samples or seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from chalknet.training.chart import MOST_POINTS, Chart, new_figure, style_of
from chalknet.training.evaluation import Evaluation, watched
from chalknet.training.history import FitResult
from chalknet.units import show_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AXES = {"updates": "updates", "samples": "samples seen", "seconds": "training time in seconds"}
_MOST_PANELS = 6
_PARTS = ("train", "held_out")


def history_chart(named: Mapping[str, FitResult], over: str) -> Chart:
    """Return losses, evaluations and metrics of some fits over updates, samples or seconds."""
    results = list(named.values())
    metric = results[0].history.metric
    asked = _metrics_of(results)
    count = 2 + len(asked)
    rows = 1 if count <= 3 else 2
    figure, (left, *others) = new_figure(
        count + count % rows, None if rows == 1 else (4.6 * -(-count // 2) + 0.4, 6.8), rows
    )
    for axes in others[count - 1 :]:
        axes.set_axis_off()
    for index, (name, result) in enumerate(named.items()):
        style = style_of(index, name)
        _curve(left, getattr(result.history, over), result.history.loss, style)
        for axes, each in zip(others, ("", *asked), strict=False):
            _evaluations(axes, result, over, each, style)
    aside = any(result.plan.data.held_out for result in results)
    for axes, each in zip(others, (metric, *asked), strict=False):
        where = ": training (line), held out (×)" if aside else " on all training samples (line)"
        _titled(axes, f"{each}{where}", over)
    _titled(left, "loss of each update", over)
    if over == "samples" and len(named) > 1:  # methods differ by orders of magnitude in samples
        for axes in (left, *others):
            axes.set_xscale("log")
    if any(named):
        left.legend(frameon=False, fontsize=8)
    names = ", ".join(name for name in named if name) or "one fit"
    shown = " and ".join([", ".join(["Loss", metric, *asked][:-1]), [metric, *asked][-1]])
    return Chart(figure, f"{shown} over {AXES[over]}: {names}")


def _metrics_of(results: Sequence[FitResult]) -> list[str]:
    """Return the metrics that were asked for, those of single classes and columns left out."""
    names = [
        name.removeprefix("train_")
        for result in results
        for name in result.history.metric_names
        if name.startswith("train_") and not name.endswith(")")
    ]
    return list(dict.fromkeys(names))[:_MOST_PANELS]


def _titled(axes: Axes, title: str, over: str) -> None:
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel(AXES[over])
    axes.grid(alpha=0.25)


def _evaluations(axes: Axes, result: FitResult, over: str, metric: str, style: Mapping[str, Any]) -> None:
    """Draw a metric of the evaluations, training as a line, held out as crosses; "" is their own metric."""
    evaluations = result.history.evaluations
    train, held_out = (_found(evaluations, f"{part}_{metric}" if metric else part, over) for part in _PARTS)
    if len(train[0]) == 1:
        _level(axes, train[0][0], train[1][0], "training", style)
    else:
        axes.plot(*train, marker="o" if len(train[0]) < 3 else "", **style)
    colour, apart = style["color"], max(1, len(held_out[0]) // 15)
    if len(held_out[0]) > 1:
        axes.plot(*held_out, ls="none", marker="x", ms=4, markevery=apart, color=colour)
    elif held_out[0]:
        look = {"color": colour, "ls": ":", "lw": 1}
        _level(axes, held_out[0][0], held_out[1][0], "held out", look, end=0.98)


def _found(evaluations: Sequence[Evaluation], name: str, over: str) -> tuple[list[float], list[float]]:
    """Return places and values of what was found: a fit that stops early evaluates what it watches alone."""
    pairs = [(getattr(each, over), watched(each, name)) for each in evaluations]
    known = [pair for pair in pairs if not math.isnan(pair[1])]
    return [place for place, _ in known], [value for _, value in known]


def _curve(axes: Axes, places: Sequence[float], losses: Sequence[float], style: Mapping[str, Any]) -> None:
    """Draw a loss; a noisy one pale, with its running mean over a fiftieth of the rows on top."""
    if len(losses) == 1:
        _level(axes, places[0], losses[0], "loss", style)
        return
    x, y = torch.tensor(places, dtype=torch.float64), torch.tensor(losses, dtype=torch.float64)
    width = max(1, len(y) // 50)
    sums = torch.cat([torch.zeros(1, dtype=torch.float64), y.cumsum(0)])
    mean = (sums[width:] - sums[:-width]) / width
    thin = max(1, len(y) // MOST_POINTS)
    axes.plot(x[::thin], y[::thin], color=style["color"], alpha=0.25, lw=0.8)
    axes.plot(x[width - 1 :][::thin], mean[::thin], **style)


def _level(
    axes: Axes, place: float, value: float, words: str, style: Mapping[str, Any], end: float = 0.02
) -> None:
    """Draw a value found at one place alone as a line labelled at an end: a single dot shows nothing."""
    axes.axhline(value, **style)
    axes.axvline(place, color="0.4", lw=0.8, ls=":")
    words = f"{words} {show_value(value)}"
    axes.annotate(
        words,
        (end, value),
        xycoords=("axes fraction", "data"),
        ha="left" if end < 0.5 else "right",
        va="bottom",
        fontsize=8,
    )
