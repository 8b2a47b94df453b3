"""Pictures of a regression: predicted against true values, and what is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chalknet.training.chart import COLOURS, MOST_POINTS, Chart, new_figure
from chalknet.training.metrics.answers import Answers, Array, Undefined
from chalknet.training.metrics.values import r2
from chalknet.training.pictures.material import Material
from chalknet.units import show_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_PANELS = 6


def predicted(material: Material) -> Chart:
    """Return predicted over true values, a panel for each column of the target."""
    material.wants("values")
    answers = material.answers
    panels, columns = _panels(answers)
    figure, all_axes = new_figure(panels, (4.2 * panels + 0.4, 4.2))
    for i, axes in enumerate(all_axes):
        y, yhat = _thin(answers.y[:, i]), _thin(answers.yhat[:, i])
        axes.plot(y, yhat, ls="none", marker=".", ms=4, alpha=_paleness(y), color=COLOURS[0])
        ends = [float(min(y.min(), yhat.min())), float(max(y.max(), yhat.max()))]
        axes.plot(ends, ends, color="0.4", lw=0.8, ls=":")
        axes.set(xlabel=f"true {columns[i]}", ylabel=f"predicted {columns[i]}")
        axes.grid(alpha=0.25)
    all_axes[0].set_title(f"{material.part}: {_r2(answers)}", fontsize=10, loc="left")
    return Chart(
        figure, f"Predicted against true {', '.join(columns[:panels])}, {material.part}: {_r2(answers)}"
    )


def residuals(material: Material) -> Chart:
    """Return true less predicted values over the predicted ones, and how they are spread."""
    material.wants("values")
    answers = material.answers
    left = answers.y[:, 0] - answers.yhat[:, 0]
    name = _panels(answers)[1][0]
    figure, (axes, beside) = new_figure(2, (8.4, 3.6))
    axes.plot(
        _thin(answers.yhat[:, 0]),
        _thin(left),
        ls="none",
        marker=".",
        ms=4,
        alpha=_paleness(_thin(left)),
        color=COLOURS[0],
    )
    axes.set(xlabel=f"predicted {name}", ylabel="true less predicted")
    axes.set_title(f"residuals, {material.part}", fontsize=10, loc="left")
    beside.hist(left, bins=min(40, max(5, int(np.sqrt(len(left))))), color=COLOURS[0], alpha=0.6)
    beside.set(xlabel="true less predicted", ylabel="rows")
    for each in (axes, beside):
        each.grid(alpha=0.25)
    _zero_lines(axes, beside)
    middle, spread = show_value(float(left.mean())), show_value(float(left.std()))
    return Chart(figure, f"Residuals of {name}, {material.part}: mean {middle}, standard deviation {spread}")


def _zero_lines(across: Axes, up: Axes) -> None:
    across.axhline(0, color="0.4", lw=0.8, ls=":")
    up.axvline(0, color="0.4", lw=0.8, ls=":")


def _panels(answers: Answers) -> tuple[int, tuple[str, ...]]:
    count = answers.y.shape[1]
    names = (
        answers.names
        if len(answers.names) == count
        else ("y",)
        if count == 1
        else tuple(f"y{i}" for i in range(count))
    )
    return min(count, _MOST_PANELS), names


def _r2(answers: Answers) -> str:
    try:
        return f"R² {show_value(r2(answers).value)}"
    except Undefined as problem:
        return f"no R², {problem}"


def _thin(values: Array) -> Array:
    return values[:: max(1, len(values) // MOST_POINTS)]


def _paleness(values: Array) -> float:
    return float(np.clip(60 / np.sqrt(len(values) + 1) / 3, 0.15, 0.8))
