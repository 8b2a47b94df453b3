"""A picture made of pixels becomes marks: shapes, strokes, dots and words, each with how sure it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks.mark import AnyMark, DotsMark, ShapeMark, StrokeMark, TextMark, UnreadMark
from chalknet.notation.pictures.apart import joints_apart
from chalknet.notation.pictures.around_words import around_words
from chalknet.notation.pictures.arrangement import columns_of, forward, runs_sideways
from chalknet.notation.pictures.bent import bent_joints
from chalknet.notation.pictures.bundles import open_pairs, settled
from chalknet.notation.pictures.canvas import InkedPicture, Pixels, canvas_of
from chalknet.notation.pictures.cells import rows_joined, without_cells, without_halves
from chalknet.notation.pictures.choice import Chosen, chosen, usual_size, without_blots
from chalknet.notation.pictures.completed import completed, missed
from chalknet.notation.pictures.dots import DotRow, rows_of_dots
from chalknet.notation.pictures.figures import whole_of
from chalknet.notation.pictures.foreign import without_letters
from chalknet.notation.pictures.haze import with_hazes
from chalknet.notation.pictures.hubs import hubs
from chalknet.notation.pictures.labels import biases, mended, shared_out
from chalknet.notation.pictures.legend import legend_keys
from chalknet.notation.pictures.lettering import Lettering, words_in, words_within
from chalknet.notation.pictures.no_words import without_rims, without_scraps, without_shapes
from chalknet.notation.pictures.outlined import Found, outlined
from chalknet.notation.pictures.pairs import Joint, free_pairs, hidden_by, joints_of, with_own_ink
from chalknet.notation.pictures.pointing import pointing, turned_alike
from chalknet.notation.pictures.region import Contents, network_part
from chalknet.notation.pictures.ruling import ruled, without_ruling
from chalknet.notation.pictures.second_look import lines_passed_over
from chalknet.notation.pictures.strokes import Heads, TracedLine, heads_of, joining, left_over, traced

_OWN_WIDTH = 7  # of a line, in pixels, with the wobble of a hand
_MOST_BENT = 1500  # pairs between which a bent line is looked for


def raster_marks(image: Pixels) -> list[AnyMark]:
    """Return what is drawn in a picture, in its pixels, each mark with a confidence below 1.

    Args:
        image: (height, width), or (height, width, 1 to 4), of bytes: grey, or red, green and blue; the last
            of 2 or 4 channels is opacity.

    Example:
        >>> import numpy as np
        >>> raster_marks(np.full((40, 40, 3), 255, np.uint8))
        []
    """
    canvas = canvas_of(image)
    seen = network_part(seen_in(canvas))
    return _Marking(canvas, seen).marks()


def seen_in(canvas: InkedPicture) -> Contents:
    """Return everything that is drawn, in pixels of the canvas."""
    if not bool(canvas.mask.any()):
        return Contents()
    canvas, choice, words, unread = _shapes_and_words(canvas)
    keys = legend_keys(choice.units, words, choice.size)
    choice = replace(choice, units=[unit for unit in choice.units if unit not in keys])
    whole = without_cells(without_halves(choice.units, words), words)
    tables = [unit for unit in whole if unit not in choice.units]
    words = rows_joined(words, tables)
    choice = replace(choice, units=whole)
    words += without_rims(words_within(canvas, choice.units, words), choice.units)
    words += words_within(canvas, lines_passed_over(canvas, choice.units, words, tables), words)
    hidden = hidden_by(canvas, choice.units, words)
    joints = _joints(canvas, hidden, choice.units)
    left = left_over(canvas, choice.units, joints, words)
    extended = [*choice.units, *missed(canvas, choice.units, words, left)]
    if more := [one for one in without_blots(canvas, extended, words) if one not in choice.units]:
        choice = replace(choice, units=[*choice.units, *more])
        words += without_rims(words_within(canvas, more, words), more)
        hidden = hidden_by(canvas, choice.units, words)
        joints = _joints(canvas, hidden, choice.units)
    loose = _loose_ink(canvas, hidden, joints)
    lines = settled(choice.units, joints, loose, biases(choice.units, words))
    lines = with_hazes(canvas, hidden, choice.units, lines)
    between = lines.joints or joints_apart(canvas, choice.units, words)
    lines = replace(lines, joints=forward(choice.units, between))
    dots = rows_of_dots(canvas, choice.units, [*words, *unread], choice.size)
    dots = [row for row in dots if not any(joint.dashed and _is_on(row, joint) for joint in lines.joints)]
    others, loose_ends = joining(
        traced(left_over(canvas, choice.units, lines.joints, words), choice.units), choice.units, lines.joints
    )
    heads = pointing(choice.units, lines.joints, heads_of(canvas, hidden, choice.units, lines.joints))
    others = turned_alike(choice.units, others, lines.joints, heads)
    columns, sideways = columns_of(choice.units, lines.joints), runs_sideways(choice.units, lines.joints)
    words = mended(words, choice.units, columns, sideways=sideways)
    if sideways:
        words = shared_out(words, choice.units, columns)
    return Contents(
        choice.units, choice.frames, words, lines.joints, heads, others, dots, lines.dense, choice.size,
        loose_ends, lines_passed_over(canvas, choice.units, words, tables), keys,
    )  # fmt: skip


class _Sight(NamedTuple):
    """The picture, its shapes, its words, and where words stand that could not be read."""

    canvas: InkedPicture
    choice: Chosen
    words: list[Lettering]
    unread: list[Lettering]


def _shapes_and_words(canvas: InkedPicture) -> _Sight:
    """Return the shapes and words of a picture, which is without its ruling where it is ruled."""
    lettered = words_in(canvas)
    words, unread = lettered.words, lettered.unread
    shapes = outlined(canvas)
    if (ruling := ruled(shapes)) and (plain := without_ruling(canvas, ruling)) is not canvas:
        canvas, shapes = plain, outlined(plain)
    shapes = without_letters(canvas, shapes, lettered)
    words = without_shapes(words, shapes, usual_size(shapes, words))
    choice = chosen(shapes, words)
    choice = replace(choice, units=completed(canvas, choice.units, [*words, *unread]))
    words = without_scraps(without_rims(words, choice.units), choice.units)
    if more := around_words(canvas, choice.units, words):
        choice = replace(choice, units=completed(canvas, [*choice.units, *more], [*words, *unread]))
    choice = replace(choice, units=without_blots(canvas, choice.units, words))
    choice = replace(choice, units=[*choice.units, *hubs(canvas, choice.units, words)])
    return _Sight(canvas, choice, words, unread)


def _is_on(row: DotRow, joint: Joint) -> bool:
    """Return whether dots are those of a dotted line."""
    (x0, y0), (x1, y1) = joint.start, joint.end
    dx, dy = x1 - x0, y1 - y0
    part = min(1.0, max(0.0, ((row.x - x0) * dx + (row.y - y0) * dy) / (dx * dx + dy * dy)))
    return math.hypot(x0 + part * dx - row.x, y0 + part * dy - row.y) < max(row.width, row.height) / 2


def _loose_ink(canvas: InkedPicture, hidden: Pixels, joints: Sequence[Joint]) -> Pixels:
    """Return where ink is that belongs to no unit, word or line: 2; where it belongs to a line: 1."""
    ink = (canvas.mask & (hidden == 0)).astype(np.uint8)
    found: Pixels = 2 * ink
    for joint in joints:
        if joint.trust > 0.5:
            cv2.polylines(found, [np.round(joint.points).astype(np.int32)], False, 1, _OWN_WIDTH)
    found[ink == 0] = 0
    return found


def _joints(canvas: InkedPicture, hidden: Pixels, units: Sequence[Found]) -> list[Joint]:
    """Return the lines between units: straight ones, and bent ones where columns are not joined whole."""
    if len(units) < 2:
        return []
    pairs = free_pairs(units)
    joints = joints_of(canvas, hidden, units, pairs)
    sure = [joint for joint in joints if joint.trust > 0.5]
    asked = open_pairs(units, joints, _MOST_BENT)
    if len(sure) < len(units) - 1:  # too few to know the columns
        joined = {(joint.one, joint.other) for joint in sure}
        asked = [(int(a), int(b)) for a, b in pairs[:_MOST_BENT] if (a, b) not in joined]
    bent = bent_joints(canvas, hidden, units, asked, 0.06)
    known = {(joint.one, joint.other): joint for joint in [*joints, *bent]}
    return with_own_ink(canvas, hidden, list(known.values()))


@dataclass
class _Marking:
    """Turns what was seen into marks, in the pixels of the picture."""

    canvas: InkedPicture
    seen: Contents

    def marks(self) -> list[AnyMark]:
        seen = self.seen
        found: list[AnyMark] = [self._shape(shape, frame=True) for shape in seen.frames]
        found += [
            self._shape(shape)._replace(key=f"s{number + 1}") for number, shape in enumerate(seen.shapes)
        ]
        found += [
            self._stroke(joint.points, heads, joint.trust, "dashed" if joint.dashed else "")._replace(
                source=f"s{joint.one + 1}", target=f"s{joint.other + 1}"
            )
            for joint, heads in zip(seen.joints, seen.heads, strict=True)
        ]
        for line in seen.lines:
            stroke = self._stroke(line.points, Heads(line.start_head, line.end_head), line.trust, "")
            if line.ends:
                stroke = stroke._replace(source=f"s{line.ends[0] + 1}", target=f"s{line.ends[1] + 1}")
            found.append(stroke)
        found += [self._shape(key) for key in seen.keys]
        found += [self._dots(row) for row in seen.dots]
        found += [self._text(words) for words in seen.words]
        found += [self._loose(line) for line in seen.loose]
        found += [
            UnreadMark("writing in a box", self._place(line.x, line.y, line.width, line.height))
            for line in seen.passed_over
        ]
        for members in seen.dense:
            found.append(self._dense([seen.shapes[number] for number in members]))
        return [mark._replace(at=number) for number, mark in enumerate(found)]

    def _place(self, x: float, y: float, width: float, height: float) -> Place:
        part = 1 / self.canvas.scale
        return Place(*(round(each * part, 2) for each in (x, y, width, height)))

    def _shape(self, shape: Found, *, frame: bool = False) -> ShapeMark:
        return ShapeMark(
            shape.kind,
            self._place(shape.x, shape.y, shape.width, shape.height),
            angle=round(shape.angle, 1),
            fill=self._colour(shape),
            outline="black",
            frame=frame,
            confidence=min(0.99, shape.trust),
        )

    def _colour(self, shape: Found) -> str:
        """Return the usual colour between the middle and the rim; none for that of the ground."""
        if not shape.is_filled:
            return ""
        mask = np.zeros(self.canvas.mask.shape, np.uint8)
        half = (max(1, round(0.4 * shape.width)), max(1, round(0.4 * shape.height)))
        cv2.ellipse(mask, (round(shape.x), round(shape.y)), half, shape.angle, 0, 360, 1, -1)
        left, right = max(0, round(shape.x) - half[0]), round(shape.x) + half[0] + 1
        top, bottom = max(0, round(shape.y) - half[1]), round(shape.y) + half[1] + 1
        inside = self.canvas.colours[top:bottom, left:right][mask[top:bottom, left:right] > 0]
        if not len(inside):
            return ""
        red, green, blue = np.median(inside, axis=0).astype(int)
        return f"#{red:02x}{green:02x}{blue:02x}"

    def _stroke(
        self, points: Sequence[tuple[float, float]], heads: Heads, trust: float, style: str
    ) -> StrokeMark:
        part = 1 / self.canvas.scale
        placed = tuple((round(x * part, 2), round(y * part, 2)) for x, y in points)
        return StrokeMark(placed, bool(heads.start), bool(heads.end), style, confidence=min(0.99, trust))

    def _dots(self, row: DotRow) -> DotsMark:
        place = self._place(row.x, row.y, row.width, row.height)
        return DotsMark(place, row.number, confidence=row.trust)

    def _text(self, words: Lettering) -> TextMark:
        place = self._place(words.x, words.y, words.width, words.height)
        size = round(words.height / self.canvas.scale, 2)
        return TextMark(words.text, place, size, round(words.angle, 1), confidence=min(0.99, words.trust))

    def _loose(self, line: TracedLine) -> UnreadMark:
        (x0, y0), (x1, y1) = line.points[0], line.points[-1]
        place = self._place((x0 + x1) / 2, (y0 + y1) / 2, abs(x1 - x0), abs(y1 - y0))
        return UnreadMark("a line that ends nowhere", place)

    def _dense(self, shapes: Sequence[Found]) -> UnreadMark:
        whole = whole_of(Place(shape.x, shape.y, shape.width, shape.height) for shape in shapes)
        return UnreadMark("lines too dense to follow", self._place(*whole))
