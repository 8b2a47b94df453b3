"""The marks of a page of a PDF: paths, texts and images, with transforms and forms within forms followed."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from chalknet.errors import ChalknetError, InvalidValue
from chalknet.notation.drawings.sketch import Place
from chalknet.notation.limits import check_limit
from chalknet.notation.marks.geometry import Transform, on_curve
from chalknet.notation.marks.mark import AnyMark, Point, ShapeMark, StrokeMark, TextMark, UnreadMark
from chalknet.notation.marks.outlines import place_of
from chalknet.notation.marks.painted import Paint, PathPart, path_marks, path_part
from chalknet.notation.pictures.dashes import with_dashes_joined
from chalknet.notation.pictures.extra import needed_for
from chalknet.notation.pictures.pdf_bounds import check_bounds
from chalknet.notation.pictures.pdf_text import texts_of_page
from chalknet.notation.pictures.source import PictureSource

if TYPE_CHECKING:
    import numpy as np

_PDFIUM = threading.RLock()  # which is made for one thread at a time
_MOST_WORDS = 2_000  # of a page, around which white rims are looked for
_DEEPEST = 28  # forms within forms
_LARGEST_PAGE = 20_000.0  # points of a side
_SEEN = 8  # of 255, from which on a colour is seen
_MOST_DASHES = 16


class PdfPage(NamedTuple):
    """A page as it is looked at.

    Args:
        number: from 1.
        width, height: in points.
        marks: in the order of drawing, in points from the upper left corner.
        images: where its images stand.
    """

    number: int
    width: float
    height: float
    marks: list[AnyMark]
    images: list[Place]


class PdfFile:
    """A PDF that is open; made by `opened_pdf`."""

    def __init__(self, source: PictureSource, document: Any, raw: Any) -> None:
        self._source, self._document, self._raw = source, document, raw
        self.pages: int = len(document)

    def page(self, number: int) -> PdfPage:
        """Return what is drawn on a page.

        Args:
            number: of the page, from 1.

        Raises:
            NotationError: for a damaged page, or one with more marks than any drawing has.
            InvalidValue: for a page that is not there.
        """
        with self._opened(number) as page:
            source = replace(self._source, what=f"{self._source.what}, page {number}")
            width, height = page.get_width(), page.get_height()
            view = _view(page, page.get_rotation())
            reader = _PageReader(source, self._raw, view)
            reader.read(page.raw)
            marks = [*with_dashes_joined(reader.marks), *texts_of_page(source, self._raw, page.raw, view)]
            lined, words = _lined(marks), [mark for mark in marks if isinstance(mark, TextMark)][:_MOST_WORDS]
            inside = [
                mark
                for mark in marks
                if _is_on(mark, width, height)
                and not _is_blank(mark, lined, 0.05 * width * height)
                and not _is_halo(mark, words)
            ]
            return PdfPage(number, width, height, inside, reader.images)

    def picture(self, number: int, longest: int, place: Place | None = None) -> np.ndarray[Any, Any]:
        """Return a page, or a part of it, as pixels: height x width x 3.

        Args:
            number: of the page, from 1.
            longest: pixels of the longer side.
            place: the part, in points; None for all of it.
        """
        with self._opened(number) as page:
            width, height = page.get_width(), page.get_height()
            shown = place or Place(width / 2, height / 2, width, height)
            scale = longest / max(shown.width, shown.height, 1.0)
            crop = (
                max(0.0, shown.x - shown.width / 2),
                max(0.0, height - shown.y - shown.height / 2),
                max(0.0, width - shown.x - shown.width / 2),
                max(0.0, shown.y - shown.height / 2),
            )
            bitmap = page.render(scale=scale, crop=crop, rev_byteorder=True, prefer_bgrx=False)
            try:
                pixels: np.ndarray[Any, Any] = bitmap.to_numpy()[..., :3].copy()
                return pixels
            finally:
                bitmap.close()

    @contextmanager
    def _opened(self, number: int) -> Iterator[Any]:
        if not 1 <= number <= self.pages:
            pages = f"a page from 1 to {self.pages}" if self.pages > 1 else "1, the only page"
            raise InvalidValue(where="page", got=str(number), wanted=pages,
                               remedy="Leave page out to have the network looked for.")  # fmt: skip
        page = None
        try:
            page = self._document[number - 1]
            if max(page.get_width(), page.get_height()) > _LARGEST_PAGE:
                got = f"a page of {page.get_width():,.0f} x {page.get_height():,.0f} points"
                raise self._source.refuse(None, got=got, wanted=f"at most {_LARGEST_PAGE:,.0f}")
            yield page
        except ChalknetError:
            raise
        except (self._document_error(), OSError, ValueError, ctypes.ArgumentError) as problem:
            raise _damaged(self._source, problem) from problem
        finally:
            if page is not None:
                page.close()

    def _document_error(self) -> type[Exception]:
        from pypdfium2 import PdfiumError

        error: type[Exception] = PdfiumError
        return error


@contextmanager
def opened_pdf(source: PictureSource, data: bytes) -> Iterator[PdfFile]:
    """Open a PDF and close it; other threads wait meanwhile.

    Args:
        source: what it is called in an error.
        data: the file.

    Raises:
        NotationError: for a file that is damaged, locked, or made to unpack to more than any drawing has.
        MissingPackage: without pypdfium2.
    """
    check_limit(source, None, "bytes of a picture", len(data))
    with needed_for("a PDF"):
        import pypdfium2 as pdfium
    check_bounds(source, data)
    with _PDFIUM:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as problem:
            if "password" in str(problem).lower():
                got, remedy = (
                    "a PDF that is locked by a password",
                    "Save it without one, or take a screenshot.",
                )
                raise source.refuse(None, got=got, wanted="an open one", remedy=remedy) from problem
            raise _damaged(source, problem) from problem
        try:
            yield PdfFile(source, document, pdfium.raw)
        finally:
            document.close()


def _damaged(source: PictureSource, problem: Exception) -> ChalknetError:
    reason = " ".join(str(problem).split())[:80]
    return source.refuse(None, got=f"a damaged PDF ({reason})", wanted="a whole PDF", remedy="Save it again.")


def _view(page: Any, rotation: int) -> Transform:
    """Return how a point of the page comes to lie where it is seen, from the upper left corner."""
    left, bottom, right, top = page.get_cropbox()
    width, height = right - left, top - bottom
    upright = Transform(1, 0, 0, -1, -left, top)
    turned = {
        90: Transform(0, 1, -1, 0, height, 0),
        180: Transform(-1, 0, 0, -1, width, height),
        270: Transform(0, -1, 1, 0, 0, width),
    }
    return turned[rotation].after(upright) if rotation in turned else upright


def _is_on(mark: AnyMark, width: float, height: float) -> bool:
    """Return whether a mark is on the page, and does not fill it: its ground."""
    place = place_of(mark.points) if isinstance(mark, StrokeMark) else mark.place
    outside = (
        place.x + place.width / 2 < 0
        or place.y + place.height / 2 < 0
        or place.x - place.width / 2 > width
        or place.y - place.height / 2 > height
    )
    return not outside and not (place.width >= 0.98 * width and place.height >= 0.98 * height)


def _rounded(place: Place) -> tuple[int, ...]:
    return tuple(round(side) for side in place)


def _lined(marks: list[AnyMark]) -> set[tuple[int, ...]]:
    """Return the places of shapes with a line, and of upright and level lines."""
    shapes = {_rounded(mark.place) for mark in marks if isinstance(mark, ShapeMark) and mark.outline}
    strokes = [place_of(mark.points) for mark in marks if isinstance(mark, StrokeMark)]
    return shapes | {_rounded(place) for place in strokes if min(place.width, place.height) < 0.5}


def _is_blank(mark: AnyMark, lined: set[tuple[int, ...]], large: float) -> bool:
    """Return whether a mark is a large white box without a line around it, which is not seen on paper."""
    if not isinstance(mark, ShapeMark) or mark.kind != "box" or mark.outline or mark.fill != "#ffffff":
        return False
    x, y, width, height = mark.place
    sides = [Place(x, y + side * height / 2, width) for side in (-1, 1)]
    sides += [Place(x + side * width / 2, y, 0.0, height) for side in (-1, 1)]
    seen = _rounded(mark.place) in lined or any(_rounded(side) in lined for side in sides)
    return width * height >= large and not seen


def _is_halo(mark: AnyMark, words: Sequence[TextMark]) -> bool:
    """Return whether a mark is part of the white rim that keeps lines away from the letters of a word."""
    if not isinstance(mark, ShapeMark) or (mark.fill, mark.outline) != ("#ffffff", "#ffffff"):
        return False
    x, y = mark.place.x, mark.place.y
    return any(
        abs(x - word.place.x) <= word.place.width / 2 + word.size / 4
        and abs(y - word.place.y) <= word.place.height / 2 + word.size / 4
        and mark.place.height <= 1.5 * word.size
        for word in words
    )


class _PageReader:
    """Goes through the objects of a page."""

    def __init__(self, source: PictureSource, raw: Any, view: Transform) -> None:
        self._source, self._raw, self._view = source, raw, view
        self._count = self._points = 0
        self.marks: list[AnyMark] = []
        self.images: list[Place] = []
        self._floats = [ctypes.c_float() for _ in range(4)]
        self._ints = [ctypes.c_uint() for _ in range(4)]
        self._read: dict[int, Callable[[Any, Transform], None]] = {
            raw.FPDF_PAGEOBJ_PATH: self._path,
            raw.FPDF_PAGEOBJ_IMAGE: self._image,
        }

    def read(self, page: Any) -> None:
        """Take what is drawn on a page, but its texts."""
        raw = self._raw
        objects = [
            raw.FPDFPage_GetObject(page, n) for n in range(self._counted(raw.FPDFPage_CountObjects(page)))
        ]
        waiting = [(each, self._view, 0) for each in reversed(objects)]
        while waiting:
            each, here, depth = waiting.pop()
            kind = raw.FPDFPageObj_GetType(each)
            if kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
                inside = here.after(self._matrix(each))
                count = self._counted(raw.FPDFFormObj_CountObjects(each))
                waiting += [
                    (raw.FPDFFormObj_GetObject(each, n), inside, depth + 1) for n in reversed(range(count))
                ]
            elif kind in self._read:
                self._read[kind](each, here)

    def _counted(self, count: int) -> int:
        self._count += max(0, count)
        check_limit(self._source, None, "words of a drawing", self._count)
        return max(0, count)

    def _matrix(self, each: Any) -> Transform:
        matrix = self._raw.FS_MATRIX()
        if not self._raw.FPDFPageObj_GetMatrix(each, matrix):
            return Transform()
        return Transform(matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)

    def _image(self, each: Any, here: Transform) -> None:
        where = here.after(self._matrix(each))
        place = place_of([where.at(x, y) for x, y in ((0, 0), (1, 0), (0, 1), (1, 1))])
        self.images.append(place)
        self.marks.append(UnreadMark("a picture", place))

    def _path(self, each: Any, here: Transform) -> None:
        where = here.after(self._matrix(each))
        fills, lines = ctypes.c_int(), ctypes.c_int()
        self._raw.FPDFPath_GetDrawMode(each, fills, lines)
        fill = self._colour(self._raw.FPDFPageObj_GetFillColor, each) if fills.value else ""
        line = self._colour(self._raw.FPDFPageObj_GetStrokeColor, each) if lines.value else ""
        if fill or line:
            parts = list(self._parts(each, where))
            self.marks += path_marks(parts, self._paint(each, where, fill, line))

    def _paint(self, each: Any, where: Transform, fill: str, line: str) -> Paint:
        if not line:
            return Paint(fill)
        width = self._floats[0]
        thickness = width.value if self._raw.FPDFPageObj_GetStrokeWidth(each, width) else 1.0
        count = self._raw.FPDFPageObj_GetDashCount(each)
        style = ""
        if 0 < count <= _MOST_DASHES:
            dashes = (ctypes.c_float * count)()
            self._raw.FPDFPageObj_GetDashArray(each, dashes, count)
            if any(dashes) and (count == 1 or any(dashes[1::2])):
                style = "dotted" if dashes[0] <= 1.5 * thickness else "dashed"
        return Paint(fill, line, max(thickness * where.scale, 0.1), style)

    def _colour(self, get: Callable[..., int], each: Any) -> str:
        red, green, blue, seen = self._ints
        if not get(each, red, green, blue, seen):
            return "#000000"  # of a pattern or another space of colours
        return f"#{red.value:02x}{green.value:02x}{blue.value:02x}" if seen.value >= _SEEN else ""

    def _parts(self, each: Any, where: Transform) -> Iterator[PathPart]:
        raw, (x, y, *_) = self._raw, self._floats
        count = raw.FPDFPath_CountSegments(each)
        self._points += max(0, count)
        check_limit(self._source, None, "points of a drawing", self._points)
        points: list[Point] = []
        bends: list[Point] = []
        for number in range(count):
            segment = raw.FPDFPath_GetPathSegment(each, number)
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            point, kind = where.at(x.value, y.value), raw.FPDFPathSegment_GetType(segment)
            if kind == raw.FPDF_SEGMENT_MOVETO:
                if len(points) > 1:
                    yield path_part(points, False)
                points, bends = [point], []
            elif kind == raw.FPDF_SEGMENT_BEZIERTO and points:
                bends.append(point)
                if len(bends) == 3:
                    points += on_curve(points[-1], *bends)
                    bends = []
            elif points:
                points.append(point)
            if raw.FPDFPathSegment_GetClose(segment) and len(points) > 1:
                yield path_part(points, True)
                points = [points[0]]
        if len(points) > 1:
            yield path_part(points, False)
