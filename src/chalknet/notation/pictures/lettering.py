"""The words in a picture, read by rapidocr with the models of its wheel."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import Canvas, Pixels
from chalknet.notation.pictures.outlined import Found

_LEAST_TRUST = 0.5
_LETTER = 48  # height in pixels of what the model reads
_MOST_CROPS = 160
_ROUND_LETTERS = frozenset("oO0QCcD○〇●•·.°@Φ8G6①e")


@dataclass(frozen=True)
class Words:
    """A line of words.

    Args:
        text: what it says.
        x, y: its middle.
        width, height: its size, before it is turned.
        angle: how far it is turned, clockwise, in degrees.
        trust: how sure it is.
    """

    text: str
    x: float
    y: float
    width: float
    height: float
    angle: float
    trust: float

    @property
    def is_round_letter(self) -> bool:
        """Return whether it may be a circle that was taken for a letter."""
        return len(self.text) <= 2 and set(self.text) <= _ROUND_LETTERS

    def holds(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Return whether a point is on it."""
        cos, sin = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        dx, dy = x - self.x, y - self.y
        return (
            abs(dx * cos + dy * sin) <= self.width / 2 + margin
            and abs(dy * cos - dx * sin) <= self.height / 2 + margin
        )


@lru_cache(maxsize=1)
def _engine() -> Any:
    """Return the reader of letters; its models are loaded once."""
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"Global.log_level": "error", "Global.use_cls": False})
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return engine


def words_in(canvas: Canvas) -> list[Words]:
    """Return the lines of words in a picture, wherever they stand."""
    seen = _engine()(canvas.colours[:, :, ::-1], use_det=True, use_cls=False, use_rec=True)
    if getattr(seen, "boxes", None) is None or seen.txts is None:
        return []
    found = []
    for corners, text, trust in zip(seen.boxes, seen.txts, seen.scores, strict=True):
        words = _placed(np.asarray(corners, np.float32), str(text).strip(), float(trust))
        if words.text and words.trust >= _LEAST_TRUST:
            found.append(words)
    return found


def _placed(corners: Pixels, text: str, trust: float) -> Words:
    middle = corners.mean(axis=0)
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    width, height = float(np.hypot(*along)), float(np.hypot(*down))
    angle = math.degrees(math.atan2(along[1], along[0]))
    if height > 1.5 * width and len(text) > 1:  # it was turned to be read
        width, height, angle = height, width, angle - 90
    angle = 0.0 if abs(angle) < 4 else angle
    return Words(text, float(middle[0]), float(middle[1]), width, height, angle, trust)


def words_within(canvas: Canvas, shapes: Sequence[Found], known: Sequence[Words]) -> list[Words]:
    """Return what is written in shapes in which no words are known yet, each enlarged and read alone."""
    crops, places = [], []
    for shape in shapes:
        if len(crops) < _MOST_CROPS and not any(words.holds(shape.x, shape.y, 2) for words in known):
            crop = _lettering_in(canvas, shape)
            if crop is not None:
                crops.append(crop.pixels)
                places.append(crop)
    if not crops:
        return []
    return [
        Words(text, crop.x, crop.y, crop.width, crop.height, 0.0, trust)
        for crop, (text, trust) in zip(places, _read_alone(crops), strict=True)
        if text and trust >= _LEAST_TRUST
    ]


def _read_alone(crops: list[Pixels]) -> list[tuple[str, float]]:
    from rapidocr.ch_ppocr_rec import TextRecInput

    reader = _engine().text_rec
    usual = reader.rec_image_shape
    try:
        reader.rec_image_shape = [3, _LETTER, 2 * _LETTER]
        seen = reader(TextRecInput(img=crops, return_word_box=False))
    finally:
        reader.rec_image_shape = usual
    return [(str(text).strip(), float(trust)) for text, trust in zip(seen.txts, seen.scores, strict=True)]


@dataclass(frozen=True)
class _Crop:
    pixels: Pixels
    x: float
    y: float
    width: float
    height: float


def _lettering_in(canvas: Canvas, shape: Found) -> _Crop | None:
    """Return what stands in the middle of a shape and has another colour than it, enlarged."""
    part = 0.36 if shape.is_round else 0.46
    half_x, half_y = max(4.0, part * shape.width), max(4.0, part * shape.height)
    left, right = int(shape.x - half_x), math.ceil(shape.x + half_x) + 1
    top, bottom = int(shape.y - half_y), math.ceil(shape.y + half_y) + 1
    rows, columns = canvas.mask.shape
    left, top, right, bottom = max(0, left), max(0, top), min(columns, right), min(rows, bottom)
    inside = canvas.colours[top:bottom, left:right]
    if min(inside.shape[:2]) < 8:
        return None
    ground = np.median(inside.reshape(-1, 3), axis=0)
    off = np.abs(inside.astype(np.float32) - ground).max(axis=2)
    mask = off > max(40.0, 0.4 * float(off.max()))
    if shape.is_round:
        y, x = np.mgrid[top:bottom, left:right]
        mask &= ((x - shape.x) / (0.44 * shape.width)) ** 2 + ((y - shape.y) / (0.44 * shape.height)) ** 2 < 1
    share = float(mask.mean())
    if not 0.01 < share < 0.6:
        return None
    below, across = np.nonzero(mask)
    x0, x1, y0, y1 = across.min(), across.max() + 1, below.min(), below.max() + 1
    if y1 - y0 < 5:
        return None
    margin = max(2, int(0.2 * (y1 - y0)))
    cut = inside[max(0, y0 - margin) : y1 + margin, max(0, x0 - margin) : x1 + margin]
    scale = _LETTER / cut.shape[0]
    pixels = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    side = _LETTER // 3
    colour = [float(each) for each in ground]
    pixels = cv2.copyMakeBorder(pixels, 0, 0, side, side, cv2.BORDER_CONSTANT, value=colour)
    return _Crop(
        np.ascontiguousarray(pixels[:, :, ::-1]),
        left + (x0 + x1) / 2, top + (y0 + y1) / 2, float(x1 - x0), float(y1 - y0),
    )  # fmt: skip


def without_shapes(words: Sequence[Words], shapes: Sequence[Found]) -> list[Words]:
    """Return the words that are no circles taken for letters."""
    return [
        one
        for one in words
        if not (
            one.is_round_letter
            and any(
                shape.is_round
                and math.hypot(shape.x - one.x, shape.y - one.y) < 0.3 * shape.size
                and one.height < 2.2 * shape.size < 4.5 * one.height
                and shape.size > 0.55 * one.height
                for shape in shapes
            )
        )
    ]
