"""Pictures of what a fit looks at: importance of features, regions over two features, a curve over one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch

from chalknet.data import ArraySource, Source
from chalknet.errors import invalid
from chalknet.training.chart import COLOURS, MOST_POINTS, Chart, new_figure, style_of
from chalknet.training.history import FitResult
from chalknet.training.metrics.answers import Array, Undefined
from chalknet.training.metrics.classes import accuracy
from chalknet.training.metrics.values import r2
from chalknet.training.pictures.material import Material, refused
from chalknet.training.predictions.evaluate import judged
from chalknet.units import show_value

_ROWS, _ROUNDS = 1000, 5
_MOST_BARS = 30
_GRID = 200
_SHADES = 10  # of probabilities or values between the least and the largest


def importance(material: Material) -> Chart:
    """Return by how much the accuracy or R² falls when a feature's values are mixed up among the rows."""
    names = [name for name, _ in _columns(material)]
    falls = _falls(material)
    if len(falls) > _MOST_BARS:
        kept = np.sort(np.argsort(-falls.mean(axis=1))[:_MOST_BARS])
        names, falls = [names[i] for i in kept], falls[kept]
    order = np.argsort(falls.mean(axis=1), kind="stable")
    figure, (axes,) = new_figure(1, (6.4, 1.2 + 0.26 * len(names)))
    means, spread = falls.mean(axis=1)[order], falls.std(axis=1)[order]
    axes.barh([names[i] for i in order], means, xerr=spread, color=COLOURS[0], height=0.65, ecolor="0.3")
    what = "R²" if material.answers.task == "values" else "accuracy"
    axes.set_xlabel(f"by how much {what} falls without it")
    axes.set_title(f"permutation importance, {material.part}", fontsize=10, loc="left")
    axes.axvline(0, color="0.4", lw=0.8)
    axes.grid(alpha=0.25, axis="x")
    first = ", ".join(f"{names[i]} {show_value(float(falls[i].mean()))}" for i in order[::-1][:3])
    return Chart(figure, f"Permutation importance, {material.part}: {what} falls most without {first}")


def _columns(material: Material) -> list[tuple[str, list[int]]]:
    """Return the columns of the data and the features that each became."""
    found, width = material.preparation, int(np.prod(material.x.shape[1:]))
    if found is None or not found.x:
        return [(f"x{i}", [i]) for i in range(width)]
    starts = np.cumsum([0, *(column.width for column in found.x)])
    return [
        (column.name, list(range(starts[i], starts[i] + column.width))) for i, column in enumerate(found.x)
    ]


def _falls(material: Material) -> Array:
    """Return how far the metric falls for each column, `(columns, rounds)`."""
    count = min(len(material.source), _ROWS)
    rows = torch.arange(count) * len(material.source) // count
    x, y = material.source.take(rows)
    generator = np.random.default_rng(0)
    metric = r2 if material.answers.task == "values" else accuracy

    def of(changed: torch.Tensor) -> float:
        source = ArraySource(changed, y, material.source.name, provenance=_provenance(material.source))
        try:
            return metric(judged(material.fitted, source)).value
        except Undefined as problem:
            raise refused("importance", f"rows of which {problem}", "rows that differ", "history") from None

    whole, flat = of(x), x.reshape(len(x), -1)
    found = []
    for _, places in _columns(material):
        falls = []
        for _ in range(_ROUNDS):
            changed = flat.clone()
            changed[:, places] = flat[torch.from_numpy(generator.permutation(len(flat)))][:, places]
            falls.append(whole - of(changed.reshape(x.shape)))
        found.append(falls)
    return np.array(found)


def _provenance(source: Source):  # type: ignore[no-untyped-def]
    return getattr(source, "provenance", None)


def regions(material: Material) -> Chart:
    """Return what a fit says over the plane of two features, and the rows on top."""
    if material.x.shape[1:] != (2,):
        width = int(np.prod(material.x.shape[1:]))
        got = f"{width} feature{'s' * (width != 1)}"
        raise refused(material.kind, got, "two features, the axes", "importance")
    answers = material.answers
    figure, (axes,) = new_figure(1, (5.4, 4.4))
    sides = [np.linspace(*_widened(material.x[:, i].numpy()), _GRID) for i in range(2)]
    grid = np.stack([each.reshape(-1) for each in np.meshgrid(*sides)], axis=1)
    source = ArraySource(
        grid.astype(np.float32), np.zeros(len(grid), np.int64), provenance=_provenance(material.source)
    )
    said = _said(material, source)
    shown = [_unscaled(material, i, side) for i, side in enumerate(sides)]
    x = [_unscaled(material, i, material.x[:, i].numpy()) for i in range(2)]
    y = answers.y[np.arange(len(material.x)) * len(answers.y) // len(material.x)]
    if answers.task == "classes":
        for number in range(len(answers.names)):
            colour = COLOURS[number % len(COLOURS)]
            where = (said == number).astype(float).reshape(_GRID, _GRID)
            if where.any():
                axes.contourf(*shown, where, levels=[0.5, 1.5], colors=[colour], alpha=0.25)
            chosen = y == number
            axes.plot(
                x[0][chosen],
                x[1][chosen],
                ls="none",
                marker="osD^vP"[number % 6],
                ms=4,
                mec="white",
                mew=0.4,
                color=colour,
                label=answers.names[number],
            )
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    else:
        drawn = axes.contourf(*shown, said.reshape(_GRID, _GRID), levels=_SHADES, cmap="viridis", alpha=0.8)
        figure.colorbar(drawn, ax=axes, label="predicted")
        axes.plot(*x, ls="none", marker=".", ms=3, color="black", alpha=0.5)
    names = material.names_of_x()
    axes.set(xlabel=names[0], ylabel=names[1])
    axes.set_title(f"what the fit says, and {material.part}", fontsize=10, loc="left")
    if answers.task == "classes":
        shares = [f"{name} {np.mean(said == number):.0%}" for number, name in enumerate(answers.names)]
        seen = f"{', '.join(shares)} of the plane"
    else:
        seen = f"values from {show_value(float(said.min()))} to {show_value(float(said.max()))}"
    return Chart(figure, f"Decision regions over {names[0]} and {names[1]}, {material.part}: {seen}")


def _said(material: Material, source: Source) -> Array:
    found = judged(material.fitted, source)
    return found.yhat if found.task == "classes" else found.yhat[:, 0]


def _widened(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    edge = 0.05 * (high - low) or 1.0
    return low - edge, high + edge


def _unscaled(material: Material, column: int, values: Array) -> Array:
    """Return a feature as it stands in the data."""
    found = material.preparation
    if found is None or not found.x or found.x[column].words is not None:
        return values
    return values * found.x[column].std + found.x[column].mean


def curve(named: Mapping[str, FitResult], materials: Mapping[str, Material]) -> Chart:
    """Return the rows of one feature and the fitted line of each fit through them."""
    material = next(iter(materials.values()))
    if material.x.shape[1:] != (1,):
        remedy = 'Say over="updates" for a network with more features.'
        raise invalid(
            'plot over="x"', tuple(material.x.shape[1:]), "one feature, the horizontal axis", remedy
        )
    figure, (axes,) = new_figure(1)
    answers = material.answers
    chosen = slice(0, len(answers.y), max(1, len(answers.y) // MOST_POINTS))
    x = torch.cat([material.source.take(slice(0, len(material.source))).x]).numpy().reshape(-1)
    points = answers.y.reshape(len(answers.y), -1)
    for i in range(points.shape[1]):
        label = "observations" if i == 0 else None
        axes.plot(
            _unscaled(material, 0, x[chosen]),
            points[chosen, i],
            ls="none",
            marker=".",
            ms=3,
            color="0.6",
            label=label,
        )
    grid = np.linspace(x.min(), x.max(), 2 * _GRID, dtype=np.float32).reshape(-1, 1)
    for index, (name, each) in enumerate(materials.items()):
        style = style_of(index, name or "yhat") | {"lw": 2}
        axes.plot(_unscaled(each, 0, grid[:, 0]), _line(each, grid), **style)
    axes.set(
        xlabel=_name(material), ylabel=answers.names[0] if answers.task == "values" and answers.names else "y"
    )
    axes.legend(frameon=False, fontsize=8)
    names = ", ".join(name for name in named if name) or "the fit"
    return Chart(figure, f"{material.source.name}: the observations and the fitted line of {names}")


def _name(material: Material) -> str:
    return "x" if material.preparation is None or not material.preparation.x else material.names_of_x()[0]


def _line(material: Material, grid: Array) -> Array:
    """Return what a fit says over one feature: values, or the probability of each class."""
    truth = np.zeros(
        (len(grid), *material.source.y_shape), np.float32 if material.answers.task == "values" else np.int64
    )
    source = ArraySource(grid, truth, provenance=_provenance(material.source))
    found = replace(judged(material.fitted, source))
    if found.task == "values":
        return found.yhat
    odds = found.odds
    return odds[:, 1] if found.task == "classes" and odds.shape[1] == 2 else odds
