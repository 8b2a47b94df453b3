"""What is drawn plainly in pixels is found as marks, on any ground; nothing takes long or much memory."""

import math
import resource
import time
from itertools import pairwise
from random import Random

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")
pytest.importorskip("rapidocr")

from chalknet.notation.marks import DotsMark, ShapeMark, StrokeMark, TextMark  # noqa: E402
from chalknet.notation.pictures.raster import raster_marks  # noqa: E402

pytestmark = pytest.mark.slow  # letters are read, a second a picture

BLACK, WHITE, GREY = (0, 0, 0), (255, 255, 255), (130, 130, 130)
FINE = 3  # bits of a pixel's part, as cv2 counts them


def scene(seed):
    """Return columns of points, the radius of a unit, and the size of the picture."""
    random = Random(seed)
    radius, gap, pitch = random.choice([14, 20, 28]), random.uniform(2.6, 3.6), random.choice([7, 9])
    widths = [random.randint(1, 5) for _ in range(random.choice([2, 3, 3, 4]))]
    height = max(widths) * gap * radius
    columns = [
        [
            (radius * (3 + pitch * place), 2 * radius + height / 2 + (row - (width - 1) / 2) * gap * radius)
            for row in range(width)
        ]
        for place, width in enumerate(widths)
    ]
    return columns, radius, (round(height + 4 * radius), round(radius * (6 + pitch * (len(widths) - 1))))


def fixed(point):
    return tuple(round(each * 2**FINE) for each in point)


def drawn(seed, *, boxes=False, ground=WHITE, line=BLACK, fill=None):
    """Return a picture of columns that are joined whole."""
    columns, radius, (height, width) = scene(seed)
    image = np.full((height, width, 3), ground, np.uint8)
    for left, right in pairwise(columns):
        for one in left:
            for other in right:
                cv2.line(image, fixed(one), fixed(other), line, 1, cv2.LINE_AA, FINE)
    for column in columns:
        for x, y in column:
            if boxes:
                corners = fixed((x - radius, y - 0.8 * radius)), fixed((x + radius, y + 0.8 * radius))
                cv2.rectangle(image, *corners, fill or ground, -1, cv2.LINE_AA, FINE)
                cv2.rectangle(image, *corners, line, 2, cv2.LINE_AA, FINE)
            else:
                cv2.circle(image, fixed((x, y)), radius * 2**FINE, fill or ground, -1, cv2.LINE_AA, FINE)
                cv2.circle(image, fixed((x, y)), radius * 2**FINE, line, 2, cv2.LINE_AA, FINE)
    return image


def found(marks, kind):
    return [mark for mark in marks if isinstance(mark, kind)]


def wrong_with(seed, marks):
    """Return what differs from the scene of a seed; empty where all is found, and nothing else."""
    columns, radius, _ = scene(seed)
    spots = [spot for column in columns for spot in column]
    shapes, strokes = found(marks, ShapeMark), found(marks, StrokeMark)
    pairs = {(a, b) for left, right in pairwise(columns) for a in left for b in right}
    names = {}
    for shape in shapes:
        near = min(spots, key=lambda spot: math.dist(spot, shape.place[:2]))
        if (
            math.dist(near, shape.place[:2]) > 0.15 * radius
            or abs(shape.place.width - 2 * radius) > 0.3 * radius
        ):
            return f"{shape.kind} at {shape.place}"
        names[shape.key] = near
    if len(set(names.values())) < len(spots):
        return f"{len(shapes)} of {len(spots)} shapes"
    seen = {tuple(sorted((names[stroke.source], names[stroke.target]))) for stroke in strokes}
    return "" if seen == pairs else f"{len(seen & pairs)} of {len(pairs)} strokes, {len(seen - pairs)} others"


MANNERS = [
    {},
    {"boxes": True},
    {"fill": (250, 200, 120)},
    {"line": GREY},
    {"ground": (30, 60, 40), "line": WHITE},
]


def test_units_and_lines_of_plain_scenes_are_found():
    wrong = {
        (seed, number): what
        for number, manner in enumerate(MANNERS)
        for seed in range(2)
        if (what := wrong_with(seed, raster_marks(drawn(seed, **manner))))
    }
    assert len(wrong) <= 1, wrong  # of 10: where many lines cross at one point, one may be hidden


def test_a_transparent_picture_shows_the_same_on_either_ground():
    image = drawn(1)
    for line in (0, 255):
        clear = np.dstack([np.full_like(image, line), 255 - image[:, :, 0]])
        assert wrong_with(1, raster_marks(clear)) == ""


def test_grey_and_colours_say_the_same():
    image = drawn(2)
    assert [mark.place for mark in found(raster_marks(image[:, :, 0]), ShapeMark)] == [
        mark.place for mark in found(raster_marks(image), ShapeMark)
    ]


def test_words_and_dots_are_found():
    image = np.full((400, 500, 3), 255, np.uint8)
    cv2.putText(image, "Hidden 32", (150, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.0, BLACK, 2, cv2.LINE_AA)
    for y in (120, 320):
        cv2.circle(image, (250, y), 30, BLACK, 2, cv2.LINE_AA)
    for y in (200, 220, 240):
        cv2.circle(image, (250, y), 4, BLACK, -1, cv2.LINE_AA)
    marks = raster_marks(image)
    assert "Hidden32" in [mark.words.replace(" ", "") for mark in found(marks, TextMark)]
    (dots,) = found(marks, DotsMark)
    assert math.dist((dots.place.x, dots.place.y), (250, 220)) < 3


def test_every_mark_has_a_confidence_below_one():
    assert all(mark.confidence < 1 for mark in raster_marks(drawn(3)) if hasattr(mark, "confidence"))


def test_an_empty_picture_shows_nothing():
    assert raster_marks(np.zeros((50, 70), np.uint8)) == []


@pytest.mark.parametrize("noise", ["random", "stripes", "tiny"])
def test_what_is_no_drawing_takes_neither_long_nor_much_memory(noise):
    shapes = {"random": (1400, 2000, 3), "stripes": (1500, 2000, 3), "tiny": (1, 1, 4)}
    image = np.random.default_rng(0).integers(0, 256, shapes[noise], np.uint8)
    if noise == "stripes":
        image[:] = np.where(np.arange(2000) % 6 < 3, 0, 255)[None, :, None]
    before = time.process_time()
    raster_marks(image)
    assert time.process_time() - before < 40  # hangs; about 4 s here
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2_500_000  # kB, of all tests of the process
