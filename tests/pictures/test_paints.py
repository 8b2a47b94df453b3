"""Units known by their colour, words that are none, titles in a row: without a model that reads letters."""

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from chalknet.notation.drawings.sketch import Place  # noqa: E402
from chalknet.notation.marks.captions import titles_of_columns  # noqa: E402
from chalknet.notation.marks.mark import TextMark  # noqa: E402
from chalknet.notation.pictures.canvas import canvas_of  # noqa: E402
from chalknet.notation.pictures.choice import without_blots  # noqa: E402
from chalknet.notation.pictures.completed import completed  # noqa: E402
from chalknet.notation.pictures.dots import rows_of_dots  # noqa: E402
from chalknet.notation.pictures.labels import shared_out  # noqa: E402
from chalknet.notation.pictures.lettering import Lettering  # noqa: E402
from chalknet.notation.pictures.no_words import without_rims  # noqa: E402
from chalknet.notation.pictures.outlined import Found, outlined  # noqa: E402

BLUE, DARK = (68, 114, 196), (31, 119, 180)


def paper():
    return np.full((1000, 1000, 3), 255, np.uint8)


def test_painted_boxes_are_found_between_arrowheads_that_cover_the_space_beside_them():
    image, rng = paper(), np.random.default_rng(5)
    places = [(100 + 130 * n, 500) for n in range(7)]
    for x, y in places:
        for aside in rng.uniform(-50, 50, 14):
            cv2.line(image, (x + int(aside * 3), 200), (x, y - 20), DARK, 2, cv2.LINE_AA)
            tip = np.array([(x + aside, y - 40), (x + aside + 12, y - 16), (x + aside - 12, y - 14)])
            cv2.fillPoly(image, [tip.astype(np.int32)], DARK, cv2.LINE_AA)
        cv2.rectangle(image, (x - 20, y - 20), (x + 20, y + 20), BLUE, -1)
        cv2.putText(image, "0.5", (x - 14, y + 5), 0, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    found = [one for one in outlined(canvas_of(image)) if one.is_paint and abs(one.y - 500) < 4]
    assert sorted(round(one.x / 10) * 10 for one in found) == [x for x, _ in places]
    assert all(38 <= one.width <= 46 and 38 <= one.height <= 46 for one in found)


def test_where_dark_lines_lie_on_one_another_is_no_unit_among_painted_ones():
    image = paper()
    painted = [Found("disc", x, 300, 60, 60, is_paint=True) for x in (100, 300, 500, 700)]
    for unit in painted:
        cv2.circle(image, (int(unit.x), 300), 30, BLUE, -1)
    cv2.circle(image, (400, 600), 30, (50, 50, 50), -1)
    cv2.circle(image, (600, 600), 29, (0, 0, 0), 2, cv2.LINE_AA)
    blot, empty = Found("disc", 400, 600, 60, 60), Found("disc", 600, 600, 60, 60, off=0.005)
    assert without_blots(canvas_of(image), [*painted, blot, empty], ()) == [*painted, empty]


@pytest.mark.parametrize("text", ["(14)", "hidden units 2"])
def test_words_in_line_with_units_are_not_circled(text):
    image = paper()
    units = [Found("disc", 300, y, 52, 52) for y in (300, 400, 500, 600)]
    for unit in units:
        cv2.circle(image, (300, int(unit.y)), 25, (0, 0, 0), 2, cv2.LINE_AA)
    cv2.ellipse(image, (300, 200), (25, 25), 0, 110, 250, (0, 0, 0), 2, cv2.LINE_AA)
    cv2.ellipse(image, (300, 200), (25, 25), 0, -70, 70, (0, 0, 0), 2, cv2.LINE_AA)
    place = Lettering(text, 300, 200, 52 if text[0] == "(" else 150, 36, 0.0, 0.9)
    canvas = canvas_of(image)
    assert len(completed(canvas, units, [])) == 5
    assert len(completed(canvas, units, [place])) == 4


def test_words_over_several_units_and_words_with_the_sides_of_a_box_are_read_again():
    boxes = [Found("box", x, 100, 40, 40) for x in (100, 150)]
    over_both, with_sides, inside = (
        Lettering(text, x, 100, width, 20, 0.0, 0.9)
        for text, x, width in (("0.3][0.5", 125, 80), ("10.7", 100, 41), ("0.7", 100, 28))
    )
    assert without_rims([over_both, with_sides, inside], boxes) == [inside]


def test_titles_that_touch_belong_to_their_columns():
    units = [Found("disc", x, y, 40, 40) for x in (100, 300, 500) for y in (100, 200)]
    line = Lettering("Input LayerHidden Layer 1Output Layer", 300, 300, 600, 20, 0.0, 0.9)
    read = shared_out([line], units, [[0, 1], [2, 3], [4, 5]])
    assert [(one.text, one.x) for one in read] == [
        ("Input Layer", 100), ("Hidden Layer 1", 300), ("Output Layer", 500),
    ]  # fmt: skip


def test_equal_letters_in_lines_of_words_that_could_not_be_read_are_no_dots():
    image = paper()
    for y in (300, 360, 420):
        cv2.circle(image, (500, y), 8, (0, 0, 0), -1, cv2.LINE_AA)
    canvas = canvas_of(image)
    lines = [Lettering("", 530, y, 120, 30, 0.0, 0.0) for y in (300, 360, 420)]
    assert len(rows_of_dots(canvas, [], [], 40)) == 1
    assert rows_of_dots(canvas, [], lines, 40) == []


def test_titles_of_columns_are_a_row_though_their_letters_differ_in_height():
    places = [Place(x, y, 30, 30) for x in (100, 300, 500) for y in (200, 260)]
    heights = (15.0, 14.0, 21.0)
    texts = {
        number: TextMark("Tanh", Place(x, 102, 40, size), size)
        for number, (x, size) in enumerate(zip((100, 300, 500), heights, strict=True))
    }
    found = titles_of_columns(texts, [0, 0, 1, 1, 2, 2], places, sideways=True)
    assert found == {0: 0, 1: 1, 2: 2}
