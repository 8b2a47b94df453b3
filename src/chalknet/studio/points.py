"""Data sets to try a network on: generated from a seed, typed as a formula, or read from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

import chalknet as cn
from chalknet.lang import _
from chalknet.studio.features import Array, parse_formula

BOX = 6.0  # drawn points lie between -6 and 6
MOST_POINTS, MOST_ROWS = 5_000, 200_000  # generated; from a file
_SHOWN_POINTS = 2_000


@dataclass(frozen=True)
class Points:
    """Samples, and which of them are held out.

    Args:
        name: of the data set.
        x: the columns, `(rows, columns)` of float32.
        y: `(rows, 1)` of float32: 0 or 1, or a number; for three or more classes the class indices,
            `(rows,)` of int64.
        names: of the columns, as formulas use them: x1, x2, ...
        titles: a description of each column.
        held_out: which rows are held out, `(rows,)` of bool.
        classes: the names of the classes; empty if y is a number.
        pixels: the side of the square picture in each row; 0 if rows are not pictures.
        notes: the assumptions, one sentence each.
    """

    name: str
    x: Array
    y: Array
    names: tuple[str, ...]
    titles: tuple[str, ...]
    held_out: Array
    classes: tuple[str, ...] = ()
    pixels: int = 0
    notes: tuple[str, ...] = ()

    @property
    def outputs(self) -> int:
        """Return how many outputs a network for them needs."""
        return len(self.classes) if len(self.classes) > 2 else 1

    def shown(self) -> Array:
        """Return the rows to draw: all of them, or evenly chosen ones if there are many."""
        step = -(-len(self.x) // _SHOWN_POINTS)
        return np.arange(0, len(self.x), step)

    def with_held_out(self, share: float, seed: int) -> Points:
        """Return them with another share of held-out rows, drawn from the seed."""
        aside = np.zeros(len(self.x), bool)
        count = round(len(self.x) * share)
        aside[np.random.default_rng([seed, 1]).permutation(len(self.x))[: min(count, len(self.x) - 1)]] = True
        return replace(self, held_out=aside)


@dataclass(frozen=True)
class DrawOptions:
    """The options of generated points.

    Args:
        count: the number of points.
        noise: from 0 to 1: how far points stray, or the share that has the wrong class.
        seed: of the random numbers.
        formula: as typed, if the data set is a formula.
    """

    count: int = 500
    noise: float = 0.1
    seed: int = 1
    formula: str = "y > sin(x)"


class DrawnPoints(NamedTuple):
    """Columns and targets as generated."""

    x: Array
    y: Array
    classes: bool = True


Draw = Callable[[np.random.Generator, DrawOptions], DrawnPoints]


def _moons(random: np.random.Generator, options: DrawOptions) -> DrawnPoints:
    y = np.arange(options.count) % 2
    angle = random.uniform(0, np.pi, options.count)
    x = np.stack([np.cos(angle), np.sin(angle)], 1)
    x[y == 1] = [1, 0.5] - x[y == 1]
    return DrawnPoints(_strayed(random, (x - [0.5, 0.25]) * 3.2, options.noise), y)


def _circles(random: np.random.Generator, options: DrawOptions) -> DrawnPoints:
    y = np.arange(options.count) % 2
    radius = np.where(y == 1, random.uniform(0, 2.5, options.count), random.uniform(3.5, 5, options.count))
    angle = random.uniform(0, 2 * np.pi, options.count)
    return DrawnPoints(_strayed(random, _polar(radius, angle), options.noise), y)


def _spirals(random: np.random.Generator, options: DrawOptions) -> DrawnPoints:
    y = np.arange(options.count) % 2
    along = np.arange(options.count) // 2 / max(1, options.count // 2)
    x = _polar(5 * along, 1.75 * along * 2 * np.pi + np.pi * y)
    return DrawnPoints(_strayed(random, x, options.noise / 2), y)


def _xor(random: np.random.Generator, options: DrawOptions) -> DrawnPoints:
    x = random.uniform(-5, 5, (options.count, 2))
    x += 0.3 * np.sign(x)
    return DrawnPoints(_strayed(random, x, options.noise), (x[:, 0] * x[:, 1] < 0) * 1)


def _gaussians(random: np.random.Generator, options: DrawOptions) -> DrawnPoints:
    y = np.arange(options.count) % 2
    spread = 0.5 + 2.5 * options.noise
    return DrawnPoints(random.normal(np.where(y == 1, 2.0, -2.0)[:, None], spread, (options.count, 2)), y)


def _line(random: np.random.Generator, options: DrawOptions) -> DrawnPoints:
    x = np.linspace(-BOX, BOX, options.count)[:, None]
    return DrawnPoints(x, 2 * x[:, 0] + random.normal(0, 20 * options.noise, options.count), classes=False)


def _wave(random: np.random.Generator, options: DrawOptions) -> DrawnPoints:
    x = np.linspace(-BOX, BOX, options.count)[:, None]
    return DrawnPoints(x, np.sin(x[:, 0]) + random.normal(0, options.noise, options.count), classes=False)


def _formula(random: np.random.Generator, options: DrawOptions) -> DrawnPoints:
    """Return points with the values of a formula: classes if it is a comparison, else numbers.

    A formula of x alone that gives a number has one column; a leading `y = ` is ignored.
    """
    text = options.formula.strip()
    if text[:1] == "y" and text[1:].lstrip()[:1] == "=" and text[1:].lstrip()[:2] != "==":
        text = text.partition("=")[2]
    formula = parse_formula(text, ("x1", "x2"), {"x": "x1", "y": "x2"})
    width = 1 if not formula.decides and "x2" not in formula.names else 2
    x = random.uniform(-BOX, BOX, (options.count, width))
    y = formula({"x1": x[:, 0], "x2": x[:, -1]})
    found = np.isfinite(y)
    if found.sum() < 2:
        raise cn.DataError(
            where=_("the formula {text}").format(text=options.formula[:60]),
            got=_("no number for {n} of {rows} points").format(n=int((~found).sum()), rows=len(y)),
            wanted=_("numbers where x and y are between -6 and 6"),
            remedy=_("Write for instance {example}.").format(example="sqrt(abs(x))"),
        )
    x, y = x[found], y[found]
    if formula.decides:
        wrong = random.random(len(y)) < options.noise / 2
        return DrawnPoints(x, np.where(wrong, 1 - y, y))
    return DrawnPoints(x, y + random.normal(0, options.noise * (y.std() or 1.0), len(y)), classes=False)


def _polar(radius: Array, angle: Array) -> Array:
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], 1)


def _strayed(random: np.random.Generator, x: Array, noise: float) -> Array:
    return x + random.normal(0, 2 * noise, x.shape) if noise else x


class DataSet(NamedTuple):
    """A row of the table of data sets.

    Args:
        title: returns its name in the language of the page.
        draw: generates it; None if it comes from elsewhere.
    """

    title: Callable[[], str]
    draw: Draw | None = None


DATA_SETS: Mapping[str, DataSet] = {
    "circles": DataSet(lambda: _("Circles"), _circles),
    "moons": DataSet(lambda: _("Moons"), _moons),
    "spirals": DataSet(lambda: _("Spirals"), _spirals),
    "xor": DataSet(lambda: _("XOR"), _xor),
    "gaussians": DataSet(lambda: _("Gaussians"), _gaussians),
    "formula": DataSet(lambda: _("A formula"), _formula),
    "line": DataSet(lambda: _("A noisy line: y = 2x + noise"), _line),
    "wave": DataSet(lambda: _("A noisy wave: y = sin(x) + noise"), _wave),
    "mnist01": DataSet(lambda: _("MNIST: digits 0 and 1")),
    "painted": DataSet(lambda: _("Painted by hand")),
    "file": DataSet(lambda: _("A file of mine (CSV)")),
}


def draw_points(name: str, options: DrawOptions) -> Points:
    """Return points of a generated data set.

    Args:
        name: a key of `DATA_SETS` whose row has a `draw`.
        options: the options.

    Raises:
        InvalidValue: for an invalid formula, or a number out of range.

    Example:
        >>> from chalknet.studio.points import DrawOptions, draw_points
        >>> points = draw_points("xor", DrawOptions(count=100, noise=0))
        >>> points.x.shape, sorted(set(points.y.ravel().tolist()))
        ((100, 2), [0.0, 1.0])
    """
    draw = DATA_SETS[name].draw
    assert draw is not None
    _check(_("the number of points"), options.count, 4, MOST_POINTS)
    _check(_("the noise"), options.noise, 0, 1)
    x, y, classes = draw(np.random.default_rng(options.seed), options)
    return points_of(DATA_SETS[name].title(), x, y, classes=("0", "1") if classes else ())


def points_of(name: str, x: Array, y: Array, *, classes: Sequence[str] = ()) -> Points:
    """Return points from columns `(rows, columns)` and targets `(rows,)`, none of them held out."""
    names = tuple(f"x{place}" for place in range(1, x.shape[1] + 1))
    targets = y.astype(np.int64) if len(classes) > 2 else y.astype(np.float32)[:, None]
    return Points(name, x.astype(np.float32), targets, names, names, np.zeros(len(x), bool), tuple(classes))


def painted(marks: Sequence[tuple[float, float, int]]) -> Points:
    """Return the points that a user painted, each with x1, x2 and class.

    Raises:
        DataError: for fewer than two points.
    """
    if len(marks) < 2:
        raise cn.DataError(
            where=_("the painted points"),
            got=_("{n} points").format(n=len(marks)),
            wanted=_("at least two"),
            remedy=_("Press on the picture to add points."),
        )
    table = np.array(marks, np.float64)
    return points_of(DATA_SETS["painted"].title(), table[:, :2], table[:, 2], classes=("0", "1"))


def mnist01() -> Points:
    """Return the digits 0 and 1 of MNIST, with the test set held out."""
    source = cn.load("mnist01")
    return replace(_points_of_source(source, ("0", "1")), name=DATA_SETS["mnist01"].title(), pixels=28)


def read_table(path: Path, target: str, *, held_out: float) -> Points:
    """Return the rows of a file: words one-hot encoded, gaps filled, numbers standardised.

    Args:
        path: of the file.
        target: the column to predict.
        held_out: the share of held-out rows.

    Raises:
        ChalknetError: as `cn.load` does.
    """
    share = held_out or None
    source = cn.load(
        path, y=target, one_hot=True, fill="auto", standardise=True, held_out=share, unknown="missing",
        cache=path.parent / "cache",
    )  # fmt: skip
    if len(source) > MOST_ROWS:
        raise cn.DataError(
            where=path.name,
            got=_("{n} rows").format(n=len(source)),
            wanted=_("at most {n} in the studio").format(n=MOST_ROWS),
            remedy=f"chalknet fit --data {path.name} --y {target}",
        )
    return replace(_points_of_source(source, _classes_of(source)), name=path.name)


def columns_of(path: Path) -> tuple[str, ...]:
    """Return the names of a file's columns.

    Raises:
        ChalknetError: as `cn.describe` does.
    """
    described = cn.describe(path)
    return tuple(name for name in described if name not in ("name", "rows", "problem"))


def _classes_of(source: cn.Source) -> tuple[str, ...]:
    """Return the names of the classes: words, or 0 and 1 if the target has no other values; else nothing."""
    words = source.preparation.y[0].words if source.preparation and source.preparation.y else None
    if words:
        return tuple(map(str, words))
    y = np.asarray(source.take(slice(0, len(source))).y)
    return ("0", "1") if set(np.unique(y).tolist()) == {0, 1} else ()


def _points_of_source(source: cn.Source, classes: tuple[str, ...]) -> Points:
    parts = [source] if source.held_out is None else [source, source.held_out]
    taken = [part.take(slice(0, len(part))) for part in parts]
    x = np.concatenate([np.asarray(part.x).reshape(len(part.x), -1) for part in taken])
    y = np.concatenate([np.asarray(part.y).reshape(len(part.y), -1)[:, 0] for part in taken])
    aside = np.repeat([False, True][: len(parts)], [len(part) for part in parts])
    points = replace(points_of(source.name, x, y, classes=classes), held_out=aside, notes=source.notes)
    return replace(points, titles=_titles(source, points.names))


def _titles(source: cn.Source, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return a description of each column of x: a column of the file, or a word in one."""
    if source.preparation is None:
        return names
    titles = [
        title
        for column in source.preparation.x
        for title in (
            [f"{column.name} = {word}" for word in column.words]
            if column.words is not None
            else [column.name]
        )
    ]
    return tuple(map(str, titles)) if len(titles) == len(names) else names


def _check(where: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise cn.InvalidValue(
            where=where,
            got=f"{value:g}",
            wanted=_("a number from {least} to {most}").format(least=f"{least:g}", most=f"{most:g}"),
            remedy=_("Write for instance {example}.").format(example=f"{max(least, most / 10):g}"),
        )
