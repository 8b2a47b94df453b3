"""The training as an animated GIF or WebP, or its last moment as a PNG: predictions, points and loss."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isfinite

import numpy as np
from PIL import Image, ImageDraw

from chalknet.studio.comparing import compared_rows, confusion
from chalknet.studio.features import Array
from chalknet.studio.fitting_frames import curve_of, sentence
from chalknet.studio.fitting_state import FitState, Racer
from chalknet.studio.history import Snapshot
from chalknet.studio.regions import SIDE, RegionGrid, as_bytes, weight_tiles

KINDS = ("GIF", "WEBP", "PNG")
_FRAMES, _FRAME_MS, _LAST_MS = 40, 100, 1500
_SIZE, _MARGIN, _CURVE, _LINE = 400, 12, 150, 34  # pixels
_PAPER, _INK = (244, 244, 240), (29, 34, 39)
_COLOURS = ((213, 94, 0), (0, 114, 178), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233))


def moving_picture(state: FitState, kind: str) -> bytes:
    """Return the training of the fits, side by side, as an image file.

    Args:
        state: has at least one fit.
        kind: one of `KINDS`; "PNG" shows the last moment only.
    """
    racers, dots = state.racers, _dots(state)
    moments = [racer.fit.trace.moments for racer in racers]
    count = 1 if kind == "PNG" else min(_FRAMES, max(map(len, moments)))
    shares = np.linspace(0, 1, count) if count > 1 else np.ones(1)
    frames = [_frame(state, dots, [_at(each, share) for each in moments]) for share in shares]
    made = io.BytesIO()
    options: dict[str, object] = {}
    if kind != "PNG":
        times = [_FRAME_MS] * (count - 1) + [_LAST_MS]
        options = {"save_all": True, "duration": times, "loop": 0, "method": 2}
    if kind == "GIF":
        frames = [frame.quantize(128, dither=Image.Dither.NONE) for frame in frames]
    frames[0].save(made, kind, append_images=frames[1:], **options)
    return made.getvalue()


def _at(moments: Sequence[Snapshot], share: float) -> Snapshot:
    """Return the moment after a fraction of all updates."""
    wanted = share * moments[-1].updates
    return min(moments, key=lambda moment: abs(moment.updates - wanted))


def _frame(state: FitState, dots: Image.Image, moments: Sequence[Snapshot]) -> Image.Image:
    racers = state.racers
    width = len(racers) * (_SIZE + _MARGIN) + _MARGIN
    height = _SIZE + _LINE * 2 + _CURVE + 2 * _MARGIN
    sheet = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, (racer, moment) in enumerate(zip(racers, moments, strict=True)):
        left = _MARGIN + number * (_SIZE + _MARGIN)
        sheet.paste(_place(state, racer, moment, dots), (left, _MARGIN))
        first, _, rest = f"{racer.title()}: {sentence(racer, moment)}".removeprefix(": ").partition(" · loss")
        pen.text((left, _SIZE + _MARGIN + 4), _latin(first), fill=_INK, font_size=13)
        pen.text((left, _SIZE + _MARGIN + 22), _latin(f"loss{rest}" if rest else ""), fill=_INK, font_size=13)
    _loss(pen, racers, moments, (_MARGIN, height - _CURVE - _MARGIN, width - _MARGIN, height - _MARGIN))
    return sheet


def _latin(text: str) -> str:
    """Return the text with only the letters of the built-in font."""
    return text.encode("latin-1", "replace").decode("latin-1")


def _place(state: FitState, racer: Racer, moment: Snapshot, dots: Image.Image) -> Image.Image:
    """Return the prediction at each place, with the points; for pixels, the first layer's weights."""
    points, grid, model = state.points, state.grid, racer.fit.model
    assert points is not None
    sheet = Image.new("RGB", (_SIZE, _SIZE), (255, 255, 255))
    if grid is None:
        if points.pixels:
            return _tiles(sheet, moment.weights, points.pixels)
        return (_confusion if points.classes else _values)(sheet, state, racer, moment)
    predictions = model.predictions(moment.weights, grid.inputs)
    if points.x.shape[1] == 2:
        values = np.frombuffer(as_bytes(grid, predictions), np.uint8)
        colours = _classes(values) if predictions.shape[1] > 1 else _shades(values)
        sheet = Image.fromarray(colours.reshape(SIDE, SIDE, 3), "RGB")
        sheet = sheet.resize((_SIZE, _SIZE), Image.Resampling.BILINEAR)
    sheet.paste(dots, (0, 0), dots)
    if points.x.shape[1] == 1 and predictions.shape[1] == 1:
        curve = _within(np.stack([grid.x[:, 0], predictions[:, 0]], 1), *_corners(grid))
        ImageDraw.Draw(sheet).line([(x, y) for x, y in curve.tolist()], fill=_COLOURS[1], width=3)
    return sheet


def _dots(state: FitState) -> Image.Image:
    """Return the points on a transparent background; they are the same in every frame."""
    points, grid = state.points, state.grid
    assert points is not None
    sheet = Image.new("RGBA", (_SIZE, _SIZE), (0, 0, 0, 0))
    if grid is None:
        return sheet
    pen, rows = ImageDraw.Draw(sheet), points.shown()
    target = points.y.reshape(len(points.y), -1)[rows, 0]
    fills = [list(_INK)] * len(rows)
    if points.x.shape[1] == 2:
        span = (grid.values[1] - grid.values[0]) or 1
        scaled = np.clip(255 * (target - grid.values[0]) / span, 0, 255).astype(np.uint8)
        many = len(points.classes) > 2
        fills = [list(_COLOURS[int(each) % 6]) for each in target] if many else _shades(scaled).tolist()
    second = points.x[rows, 1] if points.x.shape[1] == 2 else target
    places = _within(np.stack([points.x[rows, 0], second], 1), *_corners(grid))
    for (x, y), fill in zip(places.tolist(), fills, strict=True):
        pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=(*map(int, fill), 255), outline=(255, 255, 255, 255))
    return sheet


def _corners(grid: RegionGrid) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the lower left and upper right corner of a picture; a curve gets room above it."""
    if len(grid.low) == 2:
        return grid.low, grid.high
    low, high = grid.values
    spread = 0.15 * ((high - low) or 1)
    return (grid.low[0], low - spread), (grid.high[0], high + spread)


def _within(places: Array, low: Sequence[float], high: Sequence[float]) -> Array:
    """Return places in pixels, `(places, 2)`, y from the top."""
    share = (places - np.array(low)) / (np.array(high) - np.array(low))
    share[:, 1] = 1 - share[:, 1]
    return np.asarray(np.clip(np.nan_to_num(share), -1, 2) * _SIZE)


def _shades(values: Array) -> Array:
    away = (values.astype(np.float64) - 127.5)[:, None] / 127.5
    colour = np.where(away < 0, _COLOURS[0], _COLOURS[1])
    return np.asarray(_PAPER + (colour - np.array(_PAPER)) * 0.75 * np.abs(away), np.uint8)


def _classes(values: Array) -> Array:
    kinds, sure = np.split(values, 2)
    colour = np.array(_COLOURS)[kinds % len(_COLOURS)]
    return np.asarray(_PAPER + (colour - np.array(_PAPER)) * 0.7 * sure[:, None] / 255, np.uint8)


def _tiles(sheet: Image.Image, weights: Mapping[str, Array], pixels: int) -> Image.Image:
    count, sent = weight_tiles(weights, pixels)
    if not count:
        return sheet
    across = int(np.ceil(np.sqrt(count)))
    side = _SIZE // across
    shades = _shades(np.frombuffer(sent, np.uint8)).reshape(count, pixels, pixels, 3)
    for number, tile in enumerate(shades):
        image = Image.fromarray(tile, "RGB").resize((side - 2, side - 2), Image.Resampling.NEAREST)
        sheet.paste(image, ((number % across) * side, (number // across) * side))
    return sheet


def _values(sheet: Image.Image, state: FitState, racer: Racer, moment: Snapshot) -> Image.Image:
    """Draw the predicted values over the true ones."""
    points, pen = state.points, ImageDraw.Draw(sheet)
    assert points is not None
    rows = points.shown()
    predicted = racer.fit.model.predictions(moment.weights, state.inputs_of(points.x[rows]))[:, 0]
    true = points.y.reshape(len(points.y), -1)[rows, 0]
    margin = 0.15 * (float(true.max() - true.min()) or 1.0)
    low, high = [float(true.min()) - margin] * 2, [float(true.max()) + margin] * 2
    pen.line((0, _SIZE, _SIZE, 0), fill=(170, 170, 170))
    for (x, y), aside in zip(
        _within(np.stack([true, predicted], 1), low, high), points.held_out[rows], strict=True
    ):
        pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=_COLOURS[0 if aside else 1])
    return sheet


def _confusion(sheet: Image.Image, state: FitState, racer: Racer, moment: Snapshot) -> Image.Image:
    """Draw how many samples of a true class, a row, are predicted to be of each class."""
    points, pen = state.points, ImageDraw.Draw(sheet)
    assert points is not None
    inputs = state.inputs_of(points.x[compared_rows(points)])
    counts = confusion(racer.fit.model, moment.weights, points, inputs).counts
    side = _SIZE / len(counts)
    for (row, column), count in np.ndenumerate(counts):
        share = count / max(1, counts[row].sum())
        colour = np.array(_PAPER) + (np.array(_COLOURS[1 if row == column else 0]) - _PAPER) * 0.75 * share
        left, top = column * side, row * side
        pen.rectangle((left + 1, top + 1, left + side - 1, top + side - 1), fill=tuple(colour.astype(int)))
        if side > 20:
            pen.text((left + side / 2, top + side / 2), str(count), fill=_INK, anchor="mm", font_size=12)
    return sheet


def _loss(
    pen: ImageDraw.ImageDraw,
    racers: Sequence[Racer],
    moments: Sequence[Snapshot],
    box: tuple[int, int, int, int],
) -> None:
    """Draw the training loss up to the moments, over the updates."""
    left, top, right, bottom = box
    pen.rectangle(box, outline=(150, 150, 150))
    curves = [curve_of(racer.fit.trace.moments)[:, [0, 3]] for racer in racers]
    largest = max((float(curve[:, 1].max()) for curve in curves if len(curve)), default=1.0) or 1.0
    most = max((float(curve[-1, 0]) for curve in curves if len(curve)), default=1.0) or 1.0
    for number, (curve, moment) in enumerate(zip(curves, moments, strict=True)):
        places = [
            (left + (right - left) * updates / most, bottom - (bottom - top - 6) * loss / largest)
            for updates, loss in curve.tolist()
            if updates <= moment.updates and isfinite(loss)
        ]
        for pair in pairwise(places):
            pen.line(pair, fill=_COLOURS[(number + 1) % len(_COLOURS)], width=2)
    pen.text(
        (left + 6, top + 4), f"loss, up to {largest:.3g}; updates, up to {most:,.0f}", fill=_INK, font_size=12
    )
