"""A picture as it is shown under the account of its marks, and where each mark stands in it."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from functools import partial

from chalknet.network import PlacedMark, SeenPicture
from chalknet.notation.drawings.sketch import Drawn, Place, Sketch
from chalknet.notation.marks.mark import AnyMark, Point, ShapeMark, StrokeMark, TextMark
from chalknet.notation.picture_kinds import PDF, picture_kind
from chalknet.notation.pictures.opening import PictureData, called, opened_pixels
from chalknet.notation.pictures.pdf import opened_pdf
from chalknet.notation.pictures.source import PictureSource

_POINTS_ROUND = 36


def shown_picture(data: PictureData, page: int | None, longest: int) -> bytes:
    """Return a picture as a PNG, a photo as a JPEG.

    Args:
        data: the picture as it was given.
        page: which page of a PDF, or which of several pictures; None for the first.
        longest: pixels that its longer side has at most.
    """
    from PIL import Image

    source, kind = PictureSource(called(data)), picture_kind(data) if isinstance(data, bytes) else None
    if kind == PDF and isinstance(data, bytes):
        with opened_pdf(source, data) as file:
            image = Image.fromarray(file.picture(page or 1, longest))
    else:
        image = Image.fromarray(opened_pixels(source, data, page).array)
    image.thumbnail((longest, longest))
    stream = io.BytesIO()
    if kind is not None and kind.name == "JPEG":
        image.convert("RGB").save(stream, "JPEG", quality=88)
    else:
        image.save(stream, "PNG")
    return stream.getvalue()


def seen_picture(
    data: PictureData, page: int | None, size: tuple[float, float], marks: Sequence[AnyMark], sketch: Sketch
) -> SeenPicture:
    """Return a picture with the place of every mark.

    Args:
        data: the picture as it was given.
        page: which page, likewise.
        size: width and height, in the unit of the marks.
        marks: numbered from 1, as the sketch has them.
        sketch: what was made of them.
    """
    outlines = {key: line for key, node in sketch.nodes.items() if (line := _outline(node, marks))}
    lines: dict[tuple[str, str], tuple[Point, ...]] = {}
    for link in sketch.links:
        stroke = marks[link.at - 1] if 0 < link.at <= len(marks) else None
        if isinstance(stroke, StrokeMark):
            lines.setdefault((link.source, link.target), stroke.points)
            lines.setdefault((link.target, link.source), stroke.points)
    return SeenPicture(
        *size, outlines, lines, tuple(_aside(marks, sketch)), partial(shown_picture, data, page)
    )


def _outline(node: Drawn, marks: Sequence[AnyMark]) -> tuple[Point, ...]:
    mark = marks[node.at - 1] if 0 < node.at <= len(marks) else None
    if node.place is None or node.shape == "point":
        return ()
    if isinstance(mark, ShapeMark) and abs(mark.place.x - node.place.x) < 0.5 * max(node.place.width, 1.0):
        return rim_points(mark)
    return _corners(node.place)


def rim_points(shape: ShapeMark) -> tuple[Point, ...]:
    """Return points on the rim of a shape."""
    x, y, width, height = shape.place
    if shape.corners:
        return shape.corners
    if shape.kind in ("disc", "ellipse"):
        turns = [2 * math.pi * step / _POINTS_ROUND for step in range(_POINTS_ROUND)]
        flat = [(width / 2 * math.cos(turn), height / 2 * math.sin(turn)) for turn in turns]
    elif shape.kind == "diamond":
        flat = [(0.0, -height / 2), (width / 2, 0.0), (0.0, height / 2), (-width / 2, 0.0)]
    else:
        flat = [(px - x, py - y) for px, py in _corners(shape.place)]
    cos, sin = math.cos(math.radians(shape.angle)), math.sin(math.radians(shape.angle))
    return tuple((x + px * cos - py * sin, y + px * sin + py * cos) for px, py in flat)


def _corners(place: Place) -> tuple[Point, ...]:
    x, y, half_x, half_y = place.x, place.y, place.width / 2, place.height / 2
    return (
        (x - half_x, y - half_y),
        (x + half_x, y - half_y),
        (x + half_x, y + half_y),
        (x - half_x, y + half_y),
    )


def _aside(marks: Sequence[AnyMark], sketch: Sketch) -> Iterator[PlacedMark]:
    """Yield what is no node and no link: captions, and what found no use."""
    captions = set(sketch.caption.split("\n")) - {""}
    for mark in marks:
        if isinstance(mark, TextMark) and mark.words in captions:
            yield PlacedMark("caption", "", _corners(mark.place))
    for unused in sketch.unused:
        if unused.why == "the ground":
            continue
        drawn = marks[unused.at - 1] if 0 < unused.at <= len(marks) else None
        points = drawn.points if isinstance(drawn, StrokeMark) else _corners(unused.place)
        yield PlacedMark("put aside", unused.why, points, not isinstance(drawn, StrokeMark))
