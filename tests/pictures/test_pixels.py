"""What ends of lines, pale panels and titles say, without a model that reads letters."""

from itertools import pairwise

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

import chalknet as cn  # noqa: E402
from chalknet.notation.drawings.agreement import together  # noqa: E402
from chalknet.notation.drawings.vocabulary import said, without_more  # noqa: E402
from chalknet.notation.pictures.canvas import canvas_of  # noqa: E402
from chalknet.notation.pictures.labels import shared_out  # noqa: E402
from chalknet.notation.pictures.lettering import Lettering  # noqa: E402
from chalknet.notation.pictures.outlined import Found, outlined  # noqa: E402
from chalknet.notation.pictures.pairs import Joint  # noqa: E402
from chalknet.notation.pictures.pointing import pointing  # noqa: E402
from chalknet.notation.pictures.strokes import heads_of  # noqa: E402

UNITS = [Found("disc", x, y, 40, 40) for x, ys in ((60, (60, 140, 220)), (260, (100, 180))) for y in ys]
PAIRS = [(one, other) for one in (0, 1, 2) for other in (3, 4)]


def arrows(tip_at_end):
    """Return a picture of lines from three units to two, with filled heads or none, and the lines."""
    image = np.full((280, 340, 3), 255, np.uint8)
    joints = []
    for one, other in PAIRS:
        a, b = UNITS[one], UNITS[other]
        way = np.array([b.x - a.x, b.y - a.y]) / np.hypot(b.x - a.x, b.y - a.y)
        start, end = np.array([a.x, a.y]) + 21 * way, np.array([b.x, b.y]) - 21 * way
        cv2.line(image, *(tuple(map(int, np.round(at))) for at in (start, end)), (0, 0, 0), 1, cv2.LINE_AA)
        if tip_at_end is not None:
            tip, back = (end, -way) if tip_at_end else (start, way)
            aside = np.array([-back[1], back[0]])
            corners = [tip, tip + 13 * back + 6 * aside, tip + 13 * back - 6 * aside]
            cv2.fillPoly(image, [np.round(corners).astype(np.int32)], (0, 0, 0), cv2.LINE_AA)
        joints.append(Joint(one, other, tuple(map(float, start)), tuple(map(float, end)), 1.0))
    return image, joints


@pytest.mark.parametrize("tip_at_end", [True, False, None])
def test_heads_stand_at_the_end_where_they_are_drawn(tip_at_end):
    image, joints = arrows(tip_at_end)
    canvas = canvas_of(np.pad(image, ((0, 800), (0, 800), (0, 0)), constant_values=255))  # not enlarged
    hidden = np.zeros(canvas.mask.shape, np.uint8)
    heads = pointing(UNITS, joints, heads_of(canvas, hidden, UNITS, joints))
    assert {(head.start, head.end) for head in heads} == {(tip_at_end is False, tip_at_end is True)}


def test_a_pale_panel_over_most_of_the_ground_hides_no_pale_units():
    image = np.full((1000, 1200, 3), 255, np.uint8)
    image[100:900, 100:1000] = 240
    for x in (300, 600):
        cv2.circle(image, (x, 400), 40, (205, 230, 250), -1, cv2.LINE_AA)
    found = [shape for shape in outlined(canvas_of(image)) if shape.kind == "disc"]
    assert sorted(round(shape.x, -1) for shape in found) == [300, 600]


def test_a_width_in_words_comes_before_the_number_of_the_layer():
    assert together([said("Hidden layer 1"), said("12 neurons")]).width == 12


def test_times_under_several_units_counts_them():
    assert without_more("× 3", 3) == ("3 units", 0)
    assert without_more("× 3", 1) == ("× 3", 0)


def test_titles_that_run_into_one_another_are_shared_out():
    line = Lettering("Hidden layer 1Hidden layer 2Output layer", 400, 10, 600, 14, 0.0, 0.9)
    shapes = [Found("disc", x, y, 30, 30) for x in (190, 420, 620) for y in (60, 120)]
    titles = shared_out([line], shapes, [[0, 1], [2, 3], [4, 5]])
    assert [one.text for one in titles] == ["Hidden layer 1", "Hidden layer 2", "Output layer"]


def circles(*columns, words=()):
    """Return an SVG of columns that are joined whole, beside the bars of a chart."""
    places = [[(80 + 120 * n, 60 + 60 * row) for row in range(count)] for n, count in enumerate(columns)]
    marks = [
        f'<path d="M{x0} {y0} L{x1} {y1}" stroke="black"/>'
        for left, right in pairwise(places)
        for x0, y0 in left
        for x1, y1 in right
    ]
    marks += [
        f'<circle cx="{x}" cy="{y}" r="15" fill="white" stroke="black"/>' for each in places for x, y in each
    ]
    marks += [
        f'<text x="{x}" y="{y}" text-anchor="middle" font-size="12">{text}</text>' for x, y, text in words
    ]
    marks += ['<rect x="600" y="10" width="40" height="390" fill="#77a"/>']
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="700" height="420">{"".join(marks)}</svg>'


def test_titles_count_though_a_chart_beside_reaches_further():
    words = [(80 + 120 * n, 330, text) for n, text in enumerate(("3 neurons", "12 neurons", "2 neurons"))]
    network = cn.read(circles(3, 4, 2, words=words))
    assert cn.write(network, "shorthand") == "3 -> 12 ? -> 2 ?"
    assert any("says 12, but 4 are drawn" in note for note in network.notes)


def test_numbers_of_units_written_with_times_are_no_repetition():
    words = [(80 + 120 * n, 330, f"× {count}") for n, count in enumerate((3, 4, 2))]
    assert cn.write(cn.read(circles(3, 4, 2, words=words)), "shorthand") == "3 -> 4 ? -> 2 ?"
