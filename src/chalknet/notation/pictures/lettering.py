"""The words in a picture, read by rapidocr with the models of its wheel."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels
from chalknet.notation.pictures.outlined import Found

_TIMES = re.compile(r"[×✕X](?=_?\d{1,3}$)")  # what the models read for the x of x1
_RELU = re.compile(
    r"\bRe[LlI1] ?(?:[UV][Il1]?|[lI1]{2})(?![^\W_])"
)  # and for ReLU where its U is two strokes
_LEAST_TRUST = 0.5
LIKE_LINES = frozenset("一二三十卜口日田目回工士王八人入ニハエトヒノリメ个人大又丫米水木不小川")
_LEAST_ALONE = 0.65
_UPRIGHT, _SURE = 1.4, 0.9  # times higher than wide, and less sure: words that may run upwards
_LETTER = 48  # height in pixels of what the model reads
_MOST_CROPS = 160
_AT_ONCE, _LONG = 8, 40.0  # crops that are read at once, and their widths together, in heights
_SHORT = 2  # letters
_FEWEST_LETTERS = 5  # of words that could not be read
_MOST_LINES = 150
_ASIDE = 0.18  # of a round unit's width, from whose middle its words stand; more is a piece of its rim
_LONGEST = 1100  # of the picture in which lines of words are looked for
ROUND_LETTERS = frozenset("oO0QCcD○〇●•·.°@Φ8G6①e")


@dataclass(frozen=True)
class Lettering:
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
        return len(self.text) <= 2 and set(self.text) <= ROUND_LETTERS

    @property
    def is_long(self) -> bool:
        """Return whether it has more letters than a label, or is as long as those would be."""
        return len(self.text) > 3 or self.width > 3 * self.height

    def holds(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Return whether a point is on it."""
        cos, sin = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        dx, dy = x - self.x, y - self.y
        return (
            abs(dx * cos + dy * sin) <= self.width / 2 + margin
            and abs(dy * cos - dx * sin) <= self.height / 2 + margin
        )


@dataclass(frozen=True)
class _Reader:
    """The models of rapidocr: `find` gives the corners of lines of words, `read` what crops of them say."""

    find: Any
    read: Any


@lru_cache(maxsize=1)
def _reader() -> _Reader:
    """Return the reader of letters; its models are loaded once."""
    from rapidocr import RapidOCR

    names = {"Global.log_level": "critical", "Det.limit_side_len": 64, "Rec.rec_batch_num": _AT_ONCE}
    engine = RapidOCR(params=names)
    find, read = (getattr(engine, f"_load_{what}_model")() for what in ("det", "rec"))
    reader = _Reader(find, read)
    reader.read.rec_image_shape = [3, _LETTER, 2 * _LETTER]  # narrow: most labels have one or two letters
    return reader


@dataclass(frozen=True)
class Lettered:
    """The lines of words in a picture.

    Args:
        words: that could be read.
        unread: without a text, those in a script that the models do not know, or too small.
        blank: all places at which nothing was read.
    """

    words: list[Lettering]
    unread: list[Lettering]
    blank: list[Lettering]


def words_in(canvas: InkedPicture) -> Lettered:
    """Return the lines of words in a picture, wherever they stand."""
    part = min(1.0, _LONGEST / max(canvas.mask.shape))
    small = cv2.resize(canvas.colours, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
    seen = _reader().find(np.ascontiguousarray(small[:, :, ::-1]))
    if seen.boxes is None:
        return Lettered([], [], [])
    boxes = [np.asarray(corners, np.float32) / part for corners in seen.boxes[:_MOST_LINES]]
    placed = [_tightened(canvas, _placed(corners)) for corners in boxes]
    crops = [_cut(canvas, words) for words in placed]
    read = [
        replace(one, text=text, trust=trust) for one, (text, trust) in zip(placed, _read(crops), strict=True)
    ]
    read = _turned(canvas, read)
    found = [one for one in read if _says_something(one.text) and one.trust >= _LEAST_TRUST]
    unread = [replace(one, text="", trust=0.0) for one in read if one not in found]
    count = letters_in(canvas, unread)
    return Lettered(_whole(canvas, found), [one for one in unread if count[one] >= _FEWEST_LETTERS], unread)


def _turned(canvas: InkedPicture, words: Sequence[Lettering]) -> list[Lettering]:
    """Return the words, with those higher than wide read as a short line that runs upwards, where surer."""
    high = [
        n
        for n, one in enumerate(words)
        if not one.angle and one.height > _UPRIGHT * one.width and one.trust < _SURE
    ]
    upwards = [replace(words[n], width=words[n].height, height=words[n].width, angle=-90.0) for n in high]
    found = list(words)
    read = _read([_cut(canvas, one) for one in upwards])
    for n, one, (text, trust) in zip(high, upwards, read, strict=True):
        if len(text) > 1 and trust > max(_LEAST_ALONE, words[n].trust):
            found[n] = replace(one, text=text, trust=trust)
    return found


def letters_in(canvas: InkedPicture, places: Sequence[Lettering]) -> dict[Lettering, int]:
    """Return how many parts that hang together stand at each place: letters are many, dots of an elision few.

    Args:
        canvas: the picture.
        places: lines of words, or what was taken for some.
    """
    if not places:
        return {}
    _, _, _, middles = cv2.connectedComponentsWithStats(canvas.mask.astype(np.uint8), connectivity=8)
    found = {}
    for one in places:
        near = middles[np.hypot(*(middles - (one.x, one.y)).T) < one.width / 2 + 1]
        found[one] = sum(one.holds(float(x), float(y)) for x, y in near)
    return found


def _whole(canvas: InkedPicture, words: Sequence[Lettering]) -> list[Lettering]:
    """Return the words, with short ones read again together with letters right beside them.

    Of a label with an index below the line, as o_1, often the index alone is found.
    """
    short = [n for n, one in enumerate(words) if len(one.text) <= _SHORT]
    if not short:
        return list(words)
    _, _, stats, _ = cv2.connectedComponentsWithStats(canvas.mask.astype(np.uint8), connectivity=8)
    wider = {n: words[n] for n in short if not words[n].angle}
    for _ in range(_SHORT + 1):  # a letter further each time
        wider = {n: _widened(one, stats[1:], words) for n, one in wider.items()}
    wider = {n: one for n, one in wider.items() if one is not words[n]}
    read = _read([_cut(canvas, one) for one in wider.values()])
    found = dict(enumerate(words))
    for (n, one), (text, trust) in zip(wider.items(), read, strict=True):
        if n in found and len(text) > len(words[n].text) and trust >= _LEAST_ALONE:
            for other in short:
                if one.holds(words[other].x, words[other].y):
                    found.pop(other, None)
            found[n] = replace(one, text=text, trust=trust)
    return list(found.values())


def _widened(one: Lettering, parts: Pixels, words: Sequence[Lettering]) -> Lettering:
    """Return where a word stands with the letters to its left, and right, that no longer word holds.

    Args:
        one: the word.
        parts: left, top, width and height of all that hangs together, and its area, (count, 5).
        words: all words.
    """
    x, y = parts[:, 0] + parts[:, 2] / 2, parts[:, 1] + parts[:, 3] / 2
    small = (parts[:, 3] < 1.6 * one.height) & (parts[:, 2] < 1.8 * one.height)
    small &= (parts[:, 2] > 0.15 * one.height) & (np.abs(y - one.y) < 0.9 * one.height)
    gap = np.abs(x - one.x) - (parts[:, 2] + one.width) / 2
    close = np.flatnonzero(small & (gap < 0.35 * one.height) & (gap > -0.5 * parts[:, 2]))
    others = [one, *(word for word in words if len(word.text) > _SHORT)]
    near = [n for n in close if not any(word.holds(x[n], y[n]) for word in others)]
    if not near or len(near) > _SHORT + 1:
        return one
    left = min(one.x - one.width / 2, *(parts[n, 0] for n in near), math.inf)
    right = max(one.x + one.width / 2, *(parts[n, 0] + parts[n, 2] for n in near), -math.inf)
    top = min(one.y - one.height / 2, *(parts[n, 1] for n in near), math.inf)
    bottom = max(one.y + one.height / 2, *(parts[n, 1] + parts[n, 3] for n in near), -math.inf)
    return replace(one, x=float(left + right) / 2, y=float(top + bottom) / 2, width=float(right - left),
                   height=float(bottom - top))  # fmt: skip


def _tightened(canvas: InkedPicture, words: Lettering) -> Lettering:
    """Return level words without the margin around their letters."""
    if words.angle:
        return words
    left, right = max(0, round(words.x - words.width / 2)), round(words.x + words.width / 2) + 1
    top, bottom = max(0, round(words.y - words.height / 2)), round(words.y + words.height / 2) + 1
    inside = canvas.colours[top:bottom, left:right].astype(np.float32)
    if min(inside.shape[:2]) < 6:
        return words
    rim = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
    off = np.abs(inside - np.median(rim, axis=0)).max(axis=2)
    down, across = np.nonzero(off > 0.5 * float(off.max()))
    x0, x1, y0, y1 = across.min() - 1, across.max() + 2, down.min() - 1, down.max() + 2
    if y1 - y0 < 0.35 * words.height or x1 - x0 < 0.2 * words.width:
        return words
    return replace(words, x=left + (x0 + x1) / 2, y=top + (y0 + y1) / 2, width=float(x1 - x0),
                   height=float(y1 - y0))  # fmt: skip


def _says_something(text: str) -> bool:
    """Return whether a text has a letter or a digit, or is a sign that drawings of networks have."""
    return any(each.isalnum() for each in text) or bool(set(text) & set("∑∫+?⋮⋯…"))


def _cut(canvas: InkedPicture, words: Lettering) -> Pixels:
    """Return a line of words as the model reads it: level."""
    margin = 0.18 * words.height
    width, height = max(4, round(words.width + 2 * margin)), max(4, round(words.height + 2 * margin))
    turn = cv2.getRotationMatrix2D((words.x, words.y), words.angle, 1.0)
    turn[:, 2] += np.array([width / 2 - words.x, height / 2 - words.y])
    cut = cv2.warpAffine(canvas.colours, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(cut[:, :, ::-1])


def _read(crops: Sequence[Pixels]) -> list[tuple[str, float]]:
    """Return what crops say, and how sure that is."""
    if not crops:
        return []
    from rapidocr.ch_ppocr_rec import TextRecInput

    read = _reader().read
    found: dict[int, tuple[str, float]] = {}
    for batch in _batches(crops):
        seen = read(TextRecInput(img=[crops[number] for number in batch], return_word_box=False))
        for number, text, trust in zip(batch, seen.txts, seen.scores, strict=True):
            found[number] = (as_label(str(text).strip()), float(trust))
    return [found[number] for number in range(len(crops))]


def _batches(crops: Sequence[Pixels]) -> list[list[int]]:
    """Return the numbers of crops that are read at once: as long as each other, and few long ones.

    The model makes all of them as long as the longest; its memory grows with their length together.
    """
    long = [crop.shape[1] / crop.shape[0] for crop in crops]
    batches: list[list[int]] = []
    for number in sorted(range(len(crops)), key=long.__getitem__):
        if not batches or len(batches[-1]) == _AT_ONCE or (len(batches[-1]) + 1) * long[number] > _LONG:
            batches.append([])
        batches[-1].append(number)
    return batches


def as_label(text: str) -> str:
    """Return what was read as drawings of networks write it: x1, and h(x) where a rim hides its end."""
    return _closed(_RELU.sub("ReLU", _TIMES.sub("x", text)))


def _closed(text: str) -> str:
    """Return a text with the bracket that closes it, which the rim of a unit often hides."""
    if text.count("(") == text.count(")") + 1 and text[-1:].isalnum():
        return text + ")"
    return text


def _placed(corners: Pixels) -> Lettering:
    """Return where a line of words stands, given the corners around it."""
    middle = corners.mean(axis=0)
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    width, height = float(np.hypot(*along)), float(np.hypot(*down))
    angle = math.degrees(math.atan2(along[1], along[0]))
    if height > 2.2 * width:  # it runs upwards
        width, height, angle = height, width, angle - 90
    angle = 0.0 if abs(angle) < 4 else angle
    return Lettering("", float(middle[0]), float(middle[1]), width, height, angle, 0.0)


def words_within(
    canvas: InkedPicture, shapes: Sequence[Found], known: Sequence[Lettering]
) -> list[Lettering]:
    """Return what is written in shapes in which no words are known yet, each enlarged and read alone."""
    crops: list[Pixels] = []
    places: list[_Crop] = []
    for shape in shapes:
        if len(crops) < _MOST_CROPS and not any(words.holds(shape.x, shape.y, 2) for words in known):
            crop = _lettering_in(canvas, shape)
            if crop is not None:
                crops.append(crop.pixels)
                places.append(crop)
    if not crops:
        return []
    return [
        Lettering(text, crop.x, crop.y, crop.width, crop.height, 0.0, trust)
        for crop, (text, trust) in zip(places, _read(crops), strict=True)
        if _says_something(text) and trust >= _LEAST_ALONE and text not in LIKE_LINES
    ]


@dataclass(frozen=True)
class _Crop:
    pixels: Pixels
    x: float
    y: float
    width: float
    height: float


def _lettering_in(canvas: InkedPicture, shape: Found) -> _Crop | None:
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
    aside = abs(left + (x0 + x1) / 2 - shape.x) / shape.width
    if y1 - y0 < 5 or (shape.is_round and aside > _ASIDE):
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
