"""The state of Data and Fit in a tab: points, features, a recipe, and the fits."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import chalknet as cn
from chalknet.lang import _
from chalknet.lazy import torch
from chalknet.planning import LOSSES, OPTIMIZERS
from chalknet.studio.drawn_edges import DrawnEdges
from chalknet.studio.features import Array, Features
from chalknet.studio.layer_edits import layers_of, with_activation, with_width
from chalknet.studio.points import DATA_SETS, DrawOptions, Points, draw_points, mnist01, painted
from chalknet.studio.regions import RegionGrid, module_with
from chalknet.studio.training import FitSetting, LiveFit, Turns

MOST_FEATURES, MOST_MARKS = 20, 2_000
FIRST_MARKS = "-2,-2,0;2,2,1"  # one point of each class, to start painting from
_DEFAULTS: Mapping[str, Any] = {
    "data": "", "count": 500, "noise": 0.1, "seed": 1, "formula": "y > sin(x)", "share": 0.3, "features": "",
    "marks": "", "loss": "", "optimizer": "adam", "lr": 0.01, "batch_size": 32, "fit_seed": 0,
    "shuffle": True, "updates": 5000, "speed": "fast",
}  # fmt: skip


class Speed(NamedTuple):
    """A row of the table of speeds: its name on the page, and its updates per second (0: unlimited)."""

    title: Callable[[], str]
    rate: float


SPEEDS: Mapping[str, Speed] = {
    "slow": Speed(lambda: _("1 update a second"), 1),
    "calm": Speed(lambda: _("10 updates a second"), 10),
    "brisk": Speed(lambda: _("100 updates a second"), 100),
    "fast": Speed(lambda: _("1,000 updates a second"), 1_000),
    "full": Speed(lambda: _("full speed"), 0),
}


class Racer(NamedTuple):
    """A fit, and a function that returns its title beside others in the current language."""

    title: Callable[[], str]
    fit: LiveFit


class FitMethod(NamedTuple):
    """A fit to begin: a function that returns its title, and its options of `cn.fit`."""

    title: Callable[[], str]
    options: Mapping[str, Any]


class UploadedTable(NamedTuple):
    """A table that the user sent, the names of its columns, and the one that is its target."""

    path: Path
    names: tuple[str, ...]
    target: str


@dataclass
class FitState:
    """The state of Data and Fit in a tab.

    Args:
        settings: restored by a link, changed in place; values of a wrong type are set to the defaults.

    Attributes:
        key: an unguessable key with which the page requests pictures.
        points: None until there are some.
        features: the inputs of the network, computed from the points' columns.
        grid: the places of a picture; None for points of more than two columns.
        racers: the fits, the main one first; empty until there are some.
        digit: a picture drawn by the user, `(1, 784)`; None without one.
        version: changes with the points.
        table: the user's own; None without one.
        drawn_edges: of the picture of the network, which a fit colours; None without a picture.
    """

    settings: dict[str, Any]

    def __post_init__(self) -> None:
        for name, default in _DEFAULTS.items():
            value = self.settings.get(name)
            kinds = (int, float) if isinstance(default, int | float) else type(default)
            if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool):
                self.settings[name] = default
        for name, table in (("optimizer", OPTIMIZERS), ("speed", SPEEDS)):
            if self.settings[name] not in table:
                self.settings[name] = _DEFAULTS[name]
        self.key = secrets.token_urlsafe(16)
        self.points: Points | None = None
        self.features = Features(())
        self.grid: RegionGrid | None = None
        self.racers: tuple[Racer, ...] = ()
        self.digit: Array | None = None
        self.version = 0
        self.table: UploadedTable | None = None
        self.drawn_edges: DrawnEdges | None = None
        self._folder: Path | None = None
        self._renewals, self._settled = 0, asyncio.Event()

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Mark that points are being made while the block lasts; used in the server's loop alone."""
        self._renewals += 1
        self._settled.clear()
        try:
            yield
        finally:
            self._renewals -= 1
            if not self._renewals:
                self._settled.set()

    @property
    def is_settled(self) -> bool:
        """Return whether there are points and no others are being made."""
        return self.points is not None and not self._renewals

    async def settled(self) -> None:
        """Wait until no points are being made: new points would end a fit started before."""
        while self._renewals:
            await self._settled.wait()

    def store_table(self, name: str, content: bytes) -> Path:
        """Write the user's table to a temporary folder, in place of an earlier one, and return its path.

        Args:
            name: as the browser gave it; only its last part is used.
            content: of the file.
        """
        self._delete_table()
        self._folder = Path(tempfile.mkdtemp(prefix="chalknet-studio-"))
        path = self._folder / (Path(name).name or "data.csv")
        path.write_bytes(content)
        return path

    def _delete_table(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = self.table = None

    @property
    def rate(self) -> float:
        """Return the updates per second wanted; 0 for unlimited."""
        return SPEEDS[self.settings["speed"]].rate

    def take(self, points: Points, texts: Sequence[str] | None = None) -> None:
        """Set new points; this ends the fits.

        Args:
            points: the new points.
            texts: the formulas of the features; None to use every column unchanged.

        Raises:
            ChalknetError: for an invalid feature; nothing is changed then.
        """
        features = Features.of(
            texts or points.names[:MOST_FEATURES] if len(points.names) <= 2 else texts or [], points.names
        )
        grid = RegionGrid.of(points, features)
        if features.formulas:
            features(points.x[:1], points.names)
        self.end_fits()
        self.points, self.features, self.grid = points, features, grid
        self.settings["features"] = "; ".join(formula.text for formula in features.formulas)
        self.version += 1

    def inputs_of(self, x: Array) -> Array:
        """Return the inputs of the network for columns."""
        assert self.points is not None
        return self.features(x, self.points.names) if self.features.formulas else x

    @property
    def inputs(self) -> int:
        """Return how many inputs a network for the points needs."""
        assert self.points is not None
        return len(self.features.formulas) or self.points.x.shape[1]

    def mismatch(self, network: cn.Network) -> str:
        """Return why a network does not suit the points; empty if it does."""
        assert self.points is not None
        layers, wanted = layers_of(network), (self.inputs, self.points.outputs)
        if any(not isinstance(width, int) for width in (*network.input_shape, *network.output_shape)):
            return _("The network has a width that is no number yet.")
        if network.input_shape != (wanted[0],):
            got = "×".join(map(str, network.input_shape))
            return _("The data has {n} features, and the network takes {got}.").format(n=wanted[0], got=got)
        if layers[-1].width != wanted[1]:
            return _("The data needs {n} outputs, and the network has {got}.").format(
                n=wanted[1], got="×".join(map(str, network.output_shape))
            )
        return ""

    def doubt(self, network: cn.Network) -> str:
        """Return why the last activation of a network suits the points badly; empty if it does not."""
        points, last = self.points, network.steps[-1] if network.steps else None
        assert points is not None
        if not isinstance(last, cn.Activation):
            return ""
        if points.classes:
            loss = self.loss(network)
            if LOSSES[loss].wants or loss == "mse":
                return ""
            return _(
                "The loss {loss} takes yhat before an activation, and the network ends with {kind}."
            ).format(loss=loss, kind=last.kind)
        reached, low, high = last.image(), float(points.y.min()), float(points.y.max())
        if reached.low <= low and high <= reached.high:
            return ""
        return _("The targets go from {low} to {high}, and {kind} gives no number outside {bounds}.").format(
            low=f"{low:.3g}", high=f"{high:.3g}", kind=last.kind,
            bounds=f"[{reached.low:g}, {reached.high:g}]",
        )  # fmt: skip

    def suited(self, network: cn.Network) -> cn.Network:
        """Return the network with the inputs, the outputs and the last activation that suit the points."""
        assert self.points is not None
        changed = with_width(network, 0, self.inputs)
        last = len(layers_of(changed)) - 1
        changed = with_width(changed, last, self.points.outputs)
        return with_activation(changed, last, "none") if self.doubt(changed) else changed

    def losses(self) -> tuple[str, ...]:
        """Return the names of the losses that suit the points."""
        assert self.points is not None
        wanted = "real" if not self.points.classes else "class" if self.points.outputs > 1 else "probability"
        return tuple(
            name
            for name, row in LOSSES.items()
            if name == row.name
            and row.outputs == 1
            and (row.target == wanted or (wanted == "probability" and name == "mse"))
        )

    def loss(self, network: cn.Network) -> str:
        """Return the chosen loss if it suits the points, else the one for the network's last activation."""
        suiting = self.losses()
        if self.settings["loss"] in suiting:
            return str(self.settings["loss"])
        last = layers_of(network)[-1].activation
        fitting = (name for name in suiting if last in LOSSES[name].wants)
        return next(fitting, next(name for name in suiting if not LOSSES[name].wants))

    def begin(self, network: cn.Network, methods: Sequence[FitMethod]) -> tuple[Racer, ...]:
        """Return new fits, before their first update; `racers` is not changed.

        Args:
            network: suits the points.
            methods: one for each fit; several fits take turns.

        Raises:
            ChalknetError: for features that are not finite, or a network that cannot be built.
        """
        points = self.points
        assert points is not None
        inputs, is_held_out = self.inputs_of(points.x), points.held_out
        train = (inputs[~is_held_out], points.y[~is_held_out])
        held_out = (inputs[is_held_out], points.y[is_held_out]) if is_held_out.any() else None
        turns = Turns() if len(methods) > 1 else None
        loss, seed = self.loss(network), int(self.settings["fit_seed"])
        options = {"optimizer": self.settings["optimizer"], "lr": float(self.settings["lr"])}
        options["shuffle"] = self.settings["shuffle"]
        return tuple(
            Racer(title, LiveFit(FitSetting(network, train, held_out, loss, seed, {**options, **own}), turns))
            for title, own in methods
        )

    def batch_size(self) -> int | None:
        """Return the batch size; None for all samples."""
        size = int(self.settings["batch_size"])
        assert self.points is not None
        return size if 0 < size < int((~self.points.held_out).sum()) else None

    def three_methods(self) -> list[FitMethod]:
        """Return gradient descent, mini-batches and batch size 1, from the same start."""
        size = self.batch_size()
        size = 32 if size in (None, 1) else size
        return [
            FitMethod(lambda: _("gradient descent"), {"batch_size": None}),
            FitMethod(lambda: _("mini-batches of {n}").format(n=size), {"batch_size": size}),
            FitMethod(lambda: _("batch size 1"), {"batch_size": 1}),
        ]

    def two_devices(self) -> list[FitMethod]:
        """Return the CPU and the first GPU; empty without a GPU."""
        names = [device.name for device in cn.devices()]
        gpu = next((name for name in names if name != "cpu"), None)
        if gpu is None:
            return []
        size = self.batch_size()
        return [
            FitMethod(lambda: "CPU", {"batch_size": size, "device": "cpu"}),
            FitMethod(lambda: "GPU", {"batch_size": size, "device": gpu}),
        ]

    def fitted(self) -> torch.nn.Module | None:
        """Return a module with the latest weights of the main fit; None before its first update."""
        if not self.racers or not self.racers[0].fit.trace.last.updates:
            return None
        fit = self.racers[0].fit
        return module_with(fit.setting.network, fit.trace.last.weights)

    def put(self, racers: tuple[Racer, ...]) -> None:
        """End the current fits and set new ones."""
        self.end_fits()
        self.racers = racers

    def end_fits(self) -> None:
        """End the fits."""
        racers, self.racers = self.racers, ()
        for racer in racers:
            racer.fit.close()

    def close(self) -> None:
        """End the fits, and delete the user's table."""
        self.end_fits()
        self._delete_table()


def wanted_points(settings: Mapping[str, Any]) -> Points:
    """Return the points for the settings, except those from a file.

    Raises:
        ChalknetError: for numbers out of range or an invalid formula.
    """
    name, seed = settings["data"], int(settings["seed"])
    share = min(0.9, max(0.0, float(settings["share"])))
    if name == "mnist01":
        return mnist01()
    if name == "painted":
        return painted(marks_of(settings["marks"])).with_held_out(0.0, seed)
    options = DrawOptions(int(settings["count"]), float(settings["noise"]), abs(seed), settings["formula"])
    return draw_points(name if DATA_SETS[name].draw else "circles", options).with_held_out(share, abs(seed))


def marks_of(text: str) -> list[tuple[float, float, int]]:
    """Return the painted points in a link's text, `x1,x2,class;...`; invalid ones are left out."""
    marks = []
    for part in text.split(";")[:MOST_MARKS]:
        try:
            x1, x2, kind = part.split(",")
            mark = (float(x1), float(x2), int(kind))
        except ValueError:
            continue
        if mark[2] in (0, 1) and all(np.isfinite(mark)) and max(map(abs, mark)) < 1e3:
            marks.append(mark)
    return marks


def text_of_marks(marks: Sequence[tuple[float, float, int]]) -> str:
    """Return painted points as the text in a link."""
    return ";".join(f"{x1:.3g},{x2:.3g},{kind}" for x1, x2, kind in marks)


def centred_digit(drawn: Array) -> Array:
    """Return a drawn digit in MNIST's format: 20 pixels at its longest, centred by its centre of mass.

    Args:
        drawn: how dark each pixel is, from 0 to 1, `(side, side)`.

    Returns:
        `(1, 784)` of float32; zeros where nothing was drawn.
    """
    rows, columns = np.flatnonzero(drawn.max(1) > 0.1), np.flatnonzero(drawn.max(0) > 0.1)
    if not len(rows):
        return np.zeros((1, 784), np.float32)
    cut = torch.from_numpy(drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32))
    scale = 20 / max(cut.shape)
    size = [max(1, round(side * scale)) for side in cut.shape]
    small = torch.nn.functional.interpolate(cut[None, None], size, mode="bilinear", antialias=True)[
        0, 0
    ].numpy()
    weight = small.sum()
    middle = [float((small.sum(1 - axis) * np.arange(small.shape[axis])).sum() / weight) for axis in (0, 1)]
    top, left = (
        int(min(28 - side, max(0, round(13.5 - at)))) for side, at in zip(small.shape, middle, strict=True)
    )
    made = np.zeros((28, 28), np.float32)
    made[top : top + small.shape[0], left : left + small.shape[1]] = np.clip(small, 0, 1)
    return made.reshape(1, 784)
