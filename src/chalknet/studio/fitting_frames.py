"""The data that the page's canvases request: the points once, and frames of the fits repeatedly."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import isfinite
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from fastapi import Response
from nicegui import App

import chalknet as cn
from chalknet.lang import _, speaking
from chalknet.studio.comparing import compared_rows, confusion
from chalknet.studio.features import Array
from chalknet.studio.fitting_state import FitState, Racer
from chalknet.studio.history import Snapshot
from chalknet.studio.regions import as_bytes, weight_tiles

ROUTE = "/studio-fit"
_PAINTERS = 2
_CURVE = 160  # points sent for a curve
_DIGITS = 12  # examples shown with their predictions


class Frames:
    """The states of all tabs by their keys, and the responses to their canvases.

    Frames are computed in separate threads in which torch uses one CPU thread: several would wait for each
    other longer than a frame takes (measured: 48 ms of CPU time for 3 ms).
    """

    def __init__(self) -> None:
        self.states: WeakValueDictionary[str, FitState] = WeakValueDictionary()
        self.painters = ThreadPoolExecutor(_PAINTERS, "studio-pictures", initializer=_one_thread)
        self._is_warm = False

    @classmethod
    def of(cls, application: App) -> Frames:
        """Return the frames of an application; its routes are added on the first call."""
        state = application.state
        if not hasattr(state, "chalknet_frames"):
            state.chalknet_frames = None
            _add_routes(application)
        if state.chalknet_frames is None:
            state.chalknet_frames = cls()
        return state.chalknet_frames  # type: ignore[no-any-return]

    def warm(self) -> None:
        """Load in a thread, once, what the first fit would take seconds to load."""
        if not self._is_warm:
            self._is_warm = True
            self.painters.submit(_fit_once)

    def close(self) -> None:
        """End the fits of all tabs before the program exits, and wait briefly for their threads."""
        racers = [racer for state in self.states.values() for racer in state.racers]
        for racer in racers:
            racer.fit.close()
        self.painters.shutdown(wait=False, cancel_futures=True)
        for racer in racers:
            racer.fit.join(2.0)


def _one_thread() -> None:
    from chalknet.training import using_threads  # imports torch, which the first page does not need

    using_threads(1).__enter__()  # for as long as the thread lives


def _fit_once() -> None:
    x = np.zeros((4, 1), np.float32)
    cn.fit("1 -> 1", (x, x), loss="mse", updates=1, progress=False)


def _add_routes(application: App) -> None:
    async def ask(key: str, work: Any, *words: Any) -> Response:
        import asyncio

        frames = application.state.chalknet_frames
        state = frames and frames.states.get(key)
        if state is None:
            return Response(status_code=204)  # the page has been rebuilt meanwhile
        content = await asyncio.get_running_loop().run_in_executor(frames.painters, work, state, *words)
        return Response(content, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})

    @application.get(ROUTE + "/{key}/frame")
    async def frame(key: str, at: int = -1, language: str = "en") -> Response:
        return await ask(key, frame_of, at, language)

    @application.get(ROUTE + "/{key}/points")
    async def points(key: str) -> Response:
        return await ask(key, points_frame)

    def end() -> None:
        frames, application.state.chalknet_frames = application.state.chalknet_frames, None
        if frames is not None:
            frames.close()

    application.on_shutdown(end)
    # NiceGUI answers every remaining address, so this route must come before it.
    routes = application.router.routes
    routes[:] = [*routes[-2:], *routes[:-2]]


def packed(header: dict[str, Any], *parts: bytes) -> bytes:
    """Return the length of a header (four bytes), the header as JSON, then the parts, aligned to 4 bytes."""
    text = json.dumps({**header, "parts": [len(part) for part in parts]}).encode()
    text += b" " * (-len(text) % 4)
    body = b"".join(part + b"\0" * (-len(part) % 4) for part in parts)
    return len(text).to_bytes(4, "little") + text + body


def points_frame(state: FitState) -> bytes:
    """Return the points to draw, `(points, 4)` of float32: x1, x2 or y, class, held out."""
    points, grid = state.points, state.grid
    if points is None:
        return packed({"version": state.version, "count": 0})
    rows = points.shown()
    target = points.y.reshape(len(points.y), -1)[rows, 0].astype(np.float32)
    header: dict[str, Any] = {
        "version": state.version, "columns": points.x.shape[1], "classes": points.classes,
        "pixels": points.pixels, "titles": points.titles[:40],
    }  # fmt: skip
    if grid is not None:
        header |= {"low": grid.low, "high": grid.high, "values": grid.values}
    elif len(target):
        header |= {"targets": [float(target.min()), float(target.max())]}
    second = points.x[rows, 1] if points.x.shape[1] > 1 else target
    table = np.stack([points.x[rows, 0], second, target, points.held_out[rows]], 1).astype(np.float32)
    parts = [table.tobytes()]
    if points.pixels:
        parts.append((255 * points.x[_examples(state)]).astype(np.uint8).tobytes())
    return packed(header | {"count": len(rows)}, *parts)


def frame_of(state: FitState, at: int, language: str) -> bytes:
    """Return a frame of the fits: their regions or curves after some updates, and the loss curves.

    Args:
        state: of a tab.
        at: the number of updates; -1 for the last moment.
        language: of the texts.
    """
    with speaking(language):
        racers, parts = state.racers, list[bytes]()
        shown = [_shown(state, racer, at, parts) for racer in racers]
        header = {
            "version": state.version,
            "running": any(racer.fit.is_running for racer in racers),
            "updates": max((racer.fit.trace.last.updates for racer in racers), default=0),
            "racers": shown,
        } | _edges(state, at, parts)
        return packed(header, *parts)


def _edges(state: FitState, at: int, parts: list[bytes]) -> dict[str, Any]:
    """Return the version of the drawn edges if the first fit is of their network; appends their weights."""
    drawn, racers = state.drawn_edges, state.racers
    if drawn is None or not drawn.ids or not racers or racers[0].fit.setting.network != drawn.network:
        return {}
    parts.append(drawn.weights(_moment(racers[0], at).weights).tobytes())
    return {"edges": drawn.version, "edge_weights": len(parts) - 1}


def _moment(racer: Racer, at: int) -> Snapshot:
    return racer.fit.trace.last if at < 0 else racer.fit.trace.at(at)


def _shown(state: FitState, racer: Racer, at: int, parts: list[bytes]) -> dict[str, Any]:
    trace, moment = racer.fit.trace, _moment(racer, at)
    shown: dict[str, Any] = {
        "title": racer.title(),
        "text": sentence(racer, moment),
        "problem": racer.fit.problem,
    }
    shown |= {"updates": moment.updates, **_picture(state, racer, moment, parts)}
    parts.append(curve_of(trace.moments).tobytes())
    return shown | {"curve": len(parts) - 1}


def _picture(state: FitState, racer: Racer, moment: Snapshot, parts: list[bytes]) -> dict[str, Any]:
    """Return the kind of picture of a moment; its bytes are appended to the parts."""
    points, model = state.points, racer.fit.model
    assert points is not None
    if state.grid is not None:
        predictions = model.predictions(moment.weights, state.grid.inputs)
        if points.x.shape[1] == 1 and predictions.shape[1] == 1:
            parts.append(predictions.astype(np.float32).tobytes())
            return {"kind": "curve", "picture": len(parts) - 1}
        parts.append(as_bytes(state.grid, predictions))
        return {"kind": "classes" if predictions.shape[1] > 1 else "plane", "picture": len(parts) - 1}
    if not points.pixels or state.features.formulas:
        return _comparison(state, racer, moment, parts)
    count, tiles = weight_tiles(moment.weights, points.pixels)
    parts.append(tiles)
    said = model.predictions(moment.weights, points.x[_examples(state)])[:, 0]
    shown: dict[str, Any] = {"kind": "tiles", "count": count, "picture": len(parts) - 1, "said": _plain(said)}
    if state.digit is not None:
        shown["digit"] = _plain(model.predictions(moment.weights, state.digit)[0])[0]
    return shown


def _comparison(state: FitState, racer: Racer, moment: Snapshot, parts: list[bytes]) -> dict[str, Any]:
    """Return the kind of picture of points of three columns and more: predictions beside the targets."""
    points, model = state.points, racer.fit.model
    assert points is not None
    if not points.classes:
        rows = points.shown()
        values = model.predictions(moment.weights, state.inputs_of(points.x[rows]))[:, 0]
        parts.append(values.astype(np.float32).tobytes())
        return {"kind": "values", "picture": len(parts) - 1}
    inputs = state.inputs_of(points.x[compared_rows(points)])
    found = confusion(model, moment.weights, points, inputs)
    parts.append(found.counts.tobytes())
    return {"kind": "confusion", "picture": len(parts) - 1, "held_out": found.held_out}


def curve_of(moments: Sequence[Snapshot]) -> Array:
    """Return `(points, 5)` of float32: updates, samples, seconds, training loss, held-out loss."""
    found = list(_curve(moments))
    step = -(-len(found) // _CURVE) if found else 1
    if step > 1:
        found = [*found[:-1:step], found[-1]]
    return np.array(found, np.float32).reshape(-1, 5)


def _curve(moments: Sequence[Snapshot]) -> Iterator[tuple[float, ...]]:
    for moment in moments:
        if isfinite(moment.evaluation.train_loss):
            yield (
                moment.updates, moment.samples, moment.seconds,
                moment.evaluation.train_loss, moment.evaluation.held_out_loss,
            )  # fmt: skip


def sentence(racer: Racer, moment: Snapshot) -> str:
    """Return the state of a fit in words."""
    evaluation = moment.evaluation
    epochs = moment.updates / racer.fit.setting.updates_per_epoch
    said = [
        _("update {n}").format(n=f"{moment.updates:,}"),
        _("epoch {n}").format(n=f"{epochs:,.1f}" if epochs < 100 else f"{epochs:,.0f}"),
    ]
    values = (
        (_("loss {value}"), evaluation.train_loss, "{:.4g}"),
        (_("held-out loss {value}"), evaluation.held_out_loss, "{:.4g}"),
        (_("accuracy {value}"), evaluation.train, "{:.2%}"),
        (_("held-out accuracy {value}"), evaluation.held_out, "{:.2%}"),
        (_("{value} s of training"), moment.seconds, "{:.3g}"),
    )
    said += [text.format(value=form.format(value)) for text, value, form in values if isfinite(value)]
    return " · ".join(said)


def _examples(state: FitState) -> Array:
    """Return the rows shown as pictures: held-out ones if there are any, evenly from all classes."""
    assert state.points is not None
    held_out = np.flatnonzero(state.points.held_out)
    rows = held_out if len(held_out) >= _DIGITS else np.arange(len(state.points.x))
    return np.asarray(rows[np.linspace(0, len(rows) - 1, _DIGITS).astype(int)])


def _plain(values: Array) -> list[float]:
    return [round(float(value), 4) if isfinite(value) else 0.0 for value in values.ravel()]
