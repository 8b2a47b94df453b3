"""The words on a page of a PDF: letters put together along their line, indices and powers marked."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from chalknet.notation.drawings.sketch import Place
from chalknet.notation.limits import check_limit
from chalknet.notation.marks.geometry import Transform
from chalknet.notation.marks.mark import AnyMark, Point, TextMark, UnreadMark
from chalknet.notation.pictures.source import PictureSource

_INVISIBLE = 3  # how text is painted that only a search is to find
_BLANK = frozenset(" \t\xa0\u2002\u2003\u2009\u202f")
_ODD = {"\ufffe": "-", "\x02": "-", "\xad": "-", "−": "-"}  # a hyphen at the end of a line
_GAP, _FAR, _APART = (
    0.17,
    0.9,
    0.36,
)  # of a letter's size: between words, and between texts, written as one or apart
_SMALLER, _RAISED = 0.88, 0.12  # an index's size, and how far it stands off the line


class _Letter(NamedTuple):
    """A letter where it is seen.

    Args:
        sign: itself.
        at: the beginning of its line on the ground line.
        end: where the next one begins.
        size: of its font.
        angle: of its line, clockwise, in degrees.
        of: the text of the file that it belongs to.
    """

    sign: str
    at: Point
    end: Point
    size: float
    angle: float
    of: int


def texts_of_page(source: PictureSource, raw: Any, page: Any, view: Transform) -> list[AnyMark]:
    """Return the texts of a page.

    Args:
        source: what it is called in an error.
        raw: the functions of pdfium.
        page: the page.
        view: where a point of it comes to lie.
    """
    text = raw.FPDFText_LoadPage(page)
    if not text:
        return []
    try:
        letters = list(_letters(source, raw, text, view))
    finally:
        raw.FPDFText_ClosePage(text)
    found: list[AnyMark] = []
    run: list[_Letter] = []
    blank = False
    words = ""
    for letter in letters:
        if letter.sign in _BLANK:
            blank = True
            continue
        joined = _joined(run, letter) if run else None
        if joined is None:
            found += _text(run, words)
            run, words = [], ""
        words += (" " if joined == " " or (blank and run and joined == "") else joined or "") + letter.sign
        run.append(letter)
        blank = False
    return [*found, *_text(run, words)]


def _letters(source: PictureSource, raw: Any, text: Any, view: Transform) -> Iterator[_Letter]:
    count = raw.FPDFText_CountChars(text)
    check_limit(source, None, "words of a drawing", max(0, count))
    x, y = ctypes.c_double(), ctypes.c_double()
    box, matrix = raw.FS_RECTF(), raw.FS_MATRIX()
    for number in range(count):
        sign = chr(raw.FPDFText_GetUnicode(text, number) or 0xFFFD)
        if raw.FPDFText_IsGenerated(text, number) == 1 or sign in "\r\n":
            continue
        each = raw.FPDFText_GetTextObject(text, number)
        if each and raw.FPDFTextObj_GetTextRenderMode(each) == _INVISIBLE:
            continue
        raw.FPDFText_GetCharOrigin(text, number, x, y)
        raw.FPDFText_GetLooseCharBox(text, number, box)
        if not raw.FPDFText_GetMatrix(text, number, matrix):
            continue
        size = raw.FPDFText_GetFontSize(text, number) * math.hypot(matrix.c, matrix.d)
        turned = math.atan2(matrix.b, matrix.a)
        wide = abs(box.right - box.left), abs(box.top - box.bottom)
        cos, sin = math.cos(turned), math.sin(turned)
        along = _extent(wide, abs(cos), abs(sin), size)
        start = view.at(x.value, y.value)
        end = view.at(x.value + along * cos, y.value + along * sin)
        angle = math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))
        if size > 0:
            of = ctypes.addressof(each.contents) if each else 0
            yield _Letter(_ODD.get(sign, sign), start, end, size, angle, of)


def _extent(wide: Point, cos: float, sin: float, size: float) -> float:
    """Return how far a letter reaches along its line, given the upright box around it."""
    if sin < 0.05:
        return wide[0]
    if cos < 0.05:
        return wide[1]
    return max(0.2 * size, (wide[0] - size * sin) / cos if cos > sin else (wide[1] - size * cos) / sin)


def _joined(run: list[_Letter], letter: _Letter) -> str | None:
    """Return what stands between a letter and those before it, as a blank or `_`; None for a new text."""
    last = run[-1]
    size = max(last.size, letter.size)
    if abs((letter.angle - last.angle + 180) % 360 - 180) > 3:
        return None
    turn = math.radians(last.angle)
    dx, dy = letter.at[0] - last.end[0], letter.at[1] - last.end[1]
    along, down = dx * math.cos(turn) + dy * math.sin(turn), dy * math.cos(turn) - dx * math.sin(turn)
    back, far = (0.6, _FAR) if letter.of == last.of else (0.13, _APART)
    if not -back * size < along < far * size or abs(down) > 0.75 * size:
        return None
    between = " " if along > _GAP * size else ""
    if abs(down) <= _RAISED * size:
        return between
    if letter.size < _SMALLER * last.size:
        return "_" if down > 0 else "^"
    if last.size < _SMALLER * letter.size:  # back on the line
        return between
    if letter.size < _SMALLER * max(one.size for one in run):  # from an index to a power
        return "_" if down > 0 else "^"
    return None


def _text(run: list[_Letter], words: str) -> list[AnyMark]:
    if not run:
        return []
    size = max(letter.size for letter in run)
    angle = run[0].angle
    turn = math.radians(angle)
    cos, sin = math.cos(turn), math.sin(turn)
    x, y = run[0].at
    long = max((one.end[0] - x) * cos + (one.end[1] - y) * sin for one in run)
    # the middle of the line, a third of a letter over its ground
    middle = (x + long / 2 * cos + 0.33 * size * sin, y + long / 2 * sin - 0.33 * size * cos)
    place = Place(*middle, max(long, 0.2 * size), size)
    if "\ufffd" in words and not any(sign.isalnum() for sign in words):
        return [UnreadMark("letters drawn as shapes", place)]
    return [TextMark(words, place, size, 0.0 if abs(angle) < 0.5 else angle)]
