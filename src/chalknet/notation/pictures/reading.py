"""From a picture to its network: pixels or pages become marks, and these are read as every drawing is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalknet.errors import ChalknetError, Undecided
from chalknet.network import Network
from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks.mark import AnyMark, ShapeMark, StrokeMark, TextMark, UnreadMark
from chalknet.notation.marks.outlines import place_of
from chalknet.notation.marks.reading import checked
from chalknet.notation.marks.sketching import sketch_of
from chalknet.notation.picture_kinds import PDF, picture_kind
from chalknet.notation.pictures.extra import needed_for
from chalknet.notation.pictures.opening import PictureData, called, opened_pixels
from chalknet.notation.pictures.source import PictureSource

if TYPE_CHECKING:
    import numpy as np

_DOUBTFUL = 0.5  # a mark that is less sure is told
_KINDS = ((StrokeMark, "line"), (ShapeMark, "shape"), (TextMark, "text"))
_ROUND = ("disc", "ellipse")


def read_image(data: PictureData, name: str | None = None, page: int | None = None) -> Network:
    """Return the network that a picture shows.

    Args:
        data: the file, or the picture that a program holds.
        name: which network or which figure, where there are several.
        page: which page of a PDF, or which of several pictures in a file.

    Raises:
        NotationError: for a picture in which no network is seen, saying what is; a damaged or too large one.
        Undecided: for a picture that can be read in several ways equally well.
        MissingPackage: without the packages of the extra `pictures`.
    """
    if isinstance(data, bytes) and picture_kind(data) == PDF:
        from chalknet.notation.pictures.pdf_reading import read_pdf

        return read_pdf(data, name, page)
    source = PictureSource(called(data))
    pixels = opened_pixels(source, data, page)
    high, wide = pixels.array.shape[:2]
    marks = [moved(mark, pixels.scale) for mark in raster_marks(pixels.array)]
    size = (wide * pixels.scale, high * pixels.scale)
    network = network_of_marks(marks, source, name, (data, page, size))
    return replace(network, notes=(*network.notes, *pixels.notes)) if pixels.notes else network


def raster_marks(pixels: np.ndarray[Any, Any]) -> list[AnyMark]:
    """Return what is seen in pixels.

    Args:
        pixels: height x width x 3 or 4, uint8.

    Raises:
        MissingPackage: without the packages that look at pictures.
    """
    with needed_for("a picture"):
        from chalknet.notation.pictures.raster import raster_marks as marks_in
    return marks_in(pixels)


def network_of_marks(
    marks: Sequence[AnyMark],
    source: PictureSource,
    name: str | None,
    seen: tuple[PictureData, int | None, tuple[float, float]],
) -> Network:
    """Return the network that marks show, with their account over the picture.

    Args:
        marks: in the order of drawing.
        source: what the picture is called in an error.
        name: which of several networks.
        seen: the picture as it was given, its page, and its size in the unit of the marks.
    """
    from chalknet.notation.drawings.meaning import network_of
    from chalknet.notation.pictures.showing import seen_picture

    numbered = [mark._replace(at=number) for number, mark in enumerate(marks, start=1)]
    source = replace(source, spots=tuple(_middle(mark) for mark in numbered))
    try:
        width, height = seen[2]
        ground = ShapeMark("box", Place(width / 2, height / 2, width, height), fill="#ffffff")
        sketch = sketch_of([ground, *numbered], source)  # no frame in it is taken for the paper
        unread = Counter(mark.what for mark in numbered if isinstance(mark, UnreadMark))
        network = network_of(checked(sketch), name)
    except RecursionError as problem:
        raise source.refuse(
            None, got="frames nested too deep", wanted="the picture of a network"
        ) from problem
    except Undecided:
        raise
    except ChalknetError as problem:
        problem.got += f"; seen in the picture: {_seen(numbered)}"
        raise
    notes = [*network.notes, *_doubts(numbered), *(_not_read(what, count) for what, count in unread.items())]
    picture = seen_picture(*seen, numbered, sketch)
    readings = network.account.readings if network.account else ()
    shown = tuple(replace(one, account=replace(one.account, picture=picture)) for one in readings)
    account = network.account and replace(network.account, readings=shown, picture=picture)
    return replace(network, notes=tuple(notes), account=account)


def moved(mark: AnyMark, scale: float, x: float = 0.0, y: float = 0.0) -> AnyMark:
    """Return a mark made larger, and then moved by x and y."""
    if scale == 1 and not x and not y:
        return mark
    if isinstance(mark, StrokeMark):
        points = tuple((px * scale + x, py * scale + y) for px, py in mark.points)
        return mark._replace(points=points, width=mark.width * scale)
    place = Place(mark.place.x * scale + x, mark.place.y * scale + y,
                  mark.place.width * scale, mark.place.height * scale)  # fmt: skip
    if isinstance(mark, TextMark):
        return mark._replace(place=place, size=mark.size * scale)
    if isinstance(mark, ShapeMark):
        corners = tuple((px * scale + x, py * scale + y) for px, py in mark.corners)
        return mark._replace(place=place, corners=corners)
    return mark._replace(place=place)


def _middle(mark: AnyMark) -> tuple[float, float]:
    place = place_of(mark.points) if isinstance(mark, StrokeMark) else mark.place
    return place.x, place.y


def _seen(marks: Sequence[AnyMark]) -> str:
    """Return what there is in a picture, as an error says it."""
    shapes = [mark.kind for mark in marks if isinstance(mark, ShapeMark)]
    circles = sum(kind in _ROUND for kind in shapes)
    counts = {
        "circle": circles,
        "box or other shape": len(shapes) - circles,
        "line": sum(isinstance(mark, StrokeMark) for mark in marks),
        "text": sum(isinstance(mark, TextMark) for mark in marks),
    }
    plurals = {"box or other shape": "boxes and other shapes"}
    parts = [
        f"{count} {what if count == 1 else plurals.get(what, f'{what}s')}"
        for what, count in counts.items()
        if count
    ]
    words = next((" ".join(mark.words.split())[:40] for mark in marks if isinstance(mark, TextMark)), "")
    return ", ".join(parts) + (f", such as {words!r}" if words else "") if parts else "nothing"


def _doubts(marks: Sequence[AnyMark]) -> list[str]:
    """Return a sentence on marks that were hard to see, where there are any."""
    doubtful = Counter(
        what
        for mark in marks
        for kind, what in _KINDS
        if isinstance(mark, kind) and mark.confidence < _DOUBTFUL
    )
    if not doubtful:
        return []
    parts = [f"{count} {what}{'s' * (count > 1)}" for what, count in doubtful.items()]
    were = "was" if sum(doubtful.values()) == 1 else "were"
    what = f"{' and '.join(parts)} {were} hard to see"
    return [f"read from a picture: {what}; --explain -o seen.png shows what was seen"]


def _not_read(what: str, count: int) -> str:
    return f"not read: {what}" if count == 1 else f"not read: {what} ({count} times)"
