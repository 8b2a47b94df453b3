"""Dots that are inputs, letters that are no shapes and small boxes among discs: without a model of letters."""

import pytest

cv2 = pytest.importorskip("cv2")

import numpy as np  # noqa: E402

from chalknet.notation.pictures import lettering  # noqa: E402
from chalknet.notation.pictures.canvas import _plain_ground, canvas_of  # noqa: E402
from chalknet.notation.pictures.cells import without_halves  # noqa: E402
from chalknet.notation.pictures.choice import chosen, without_blots  # noqa: E402
from chalknet.notation.pictures.completed import completed  # noqa: E402
from chalknet.notation.pictures.foreign import without_letters  # noqa: E402
from chalknet.notation.pictures.hubs import hubs  # noqa: E402
from chalknet.notation.pictures.labels import shared_out  # noqa: E402
from chalknet.notation.pictures.lettering import Lettered, Lettering, as_label  # noqa: E402
from chalknet.notation.pictures.no_words import without_rims  # noqa: E402
from chalknet.notation.pictures.outlined import Found  # noqa: E402
from chalknet.notation.pictures.page import page_alone  # noqa: E402
from chalknet.notation.pictures.pairs import Joint, joints_of  # noqa: E402
from chalknet.notation.pictures.region import Contents, network_part  # noqa: E402
from chalknet.notation.pictures.strokes import Heads  # noqa: E402

BLACK = (0, 0, 0)


def paper():
    return np.full((700, 1000, 3), 255, np.uint8)


def line(text, x, y, width, height=20.0):
    return Lettering(text, x, y, width, height, 0.0, 0.9)


def drawn(image, units, dots, *, turned):
    """Draw units, and dots from which lines run to all of them; return where the dots stand."""
    for unit in units:
        for x, y in dots:
            end = (int(unit.x), int(unit.y + unit.height / 2)) if turned else (int(unit.x - 20), int(unit.y))
            cv2.line(image, (x, y), end, BLACK, 2, cv2.LINE_AA)
        cv2.circle(image, (int(unit.x), int(unit.y)), 20, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(image, (int(unit.x), int(unit.y)), 20, BLACK, 2, cv2.LINE_AA)
    for spot in dots:
        cv2.circle(image, spot, 8, BLACK, -1, cv2.LINE_AA)


@pytest.mark.parametrize("turned", [False, True])
def test_dots_beyond_the_units_from_which_lines_spread_are_inputs(turned):
    image = paper()
    if turned:
        units = [Found("disc", x, 150, 42, 42) for x in (200, 330, 460, 590)]
        dots = [(x, 480) for x in (270, 520)]
    else:
        units = [Found("disc", 600, y, 42, 42) for y in (100, 220, 340, 460, 580)]
        dots = [(200, y) for y in (160, 340, 520)]
    drawn(image, units, dots, turned=turned)
    found = hubs(canvas_of(image), units, [])
    assert sorted((round(dot.x, -1), round(dot.y, -1)) for dot in found) == sorted(dots)
    assert hubs(canvas_of(image), units[:2], []) == []


def test_dots_without_lines_and_places_where_lines_cross_are_no_inputs():
    image = paper()
    units = [Found("disc", x, y, 42, 42) for x in (200, 700) for y in (150, 350, 550)]
    for one in units[:3]:
        for other in units[3:]:
            cv2.line(image, (int(one.x), int(one.y)), (int(other.x), int(other.y)), BLACK, 3, cv2.LINE_AA)
    for y in (250, 450):
        cv2.circle(image, (60, y), 8, BLACK, -1, cv2.LINE_AA)
    assert hubs(canvas_of(image), units, []) == []


def test_a_line_runs_to_the_middle_of_a_dot_and_to_the_side_of_a_box():
    image = paper()
    cv2.line(image, (300, 500), (520, 186), BLACK, 2, cv2.LINE_AA)
    boxes = [Found("box", x, 150, 110, 72) for x in (120, 320, 520)]
    shapes = [*boxes, Found("disc", 300, 500, 22, 22, is_filled=True)]
    hidden = np.zeros(image.shape[:2], np.uint8)
    (joint,) = joints_of(canvas_of(image), hidden, shapes, np.array([(2, 3)]))
    assert joint.trust > 0.5


def foreign(image):
    """Draw two lines of letters of many forms; return where they stand, and the outlines in them."""
    shapes = []
    for y in (300, 340):
        for n in range(12):
            x, wide = 200 + 26 * n, 8 + 3 * (n % 4)
            cv2.ellipse(image, (x, y), (wide // 2, 8), 0, 0, 360, BLACK, 2, cv2.LINE_AA)
            shapes.append(Found("disc" if wide > 12 else "ellipse", x, y, wide, 16, is_filled=True))
    return [line("", 343, y, 320) for y in (300, 340)], shapes


def test_letters_of_lines_that_cannot_be_read_are_no_shapes_and_those_of_short_titles_neither():
    image = paper()
    lines, shapes = foreign(image)
    title = line("", 200, 100, 70)
    letter, unit = Found("disc", 190, 100, 12, 12), Found("disc", 500, 500, 40, 40)
    words = Lettered([], [], [*lines, title])
    assert without_letters(canvas_of(image), [*shapes, letter, unit], words) == [unit]
    assert without_letters(canvas_of(image), [letter, unit], Lettered([], [], [title])) == [letter, unit]


def test_two_rows_of_units_that_were_taken_for_lines_are_no_letters():
    image = paper()
    units = [Found("disc", 150 + 60 * n, y, 40, 40) for n in range(10) for y in (200, 500)]
    for unit in units:
        cv2.circle(image, (int(unit.x), int(unit.y)), 20, BLACK, 3, cv2.LINE_AA)
    rows = Lettered([], [], [line("", 420, y, 590, 42) for y in (200, 500)])
    assert without_letters(canvas_of(image), units, rows) == units


def test_exact_small_boxes_among_discs_are_units():
    discs = [Found("disc", x, y, 40, 40, off=0.009) for x in (300, 500) for y in (100, 200, 300, 400)]
    boxes = [Found("box", 100, y, 27, 27, off=0.004) for y in (150, 250, 350)]
    assert set(chosen([*discs, *boxes], []).units) == {*discs, *boxes}
    assert set(chosen([*discs, boxes[0]], []).units) == set(discs)


def test_the_two_halves_of_a_neuron_are_one_unit_and_boxes_that_touch_are_two():
    halves = [Found("box", x, y, 40, 50) for x in (300, 342) for y in (100, 220)]
    sums = [line("Σ", 300, y, 16) for y in (100, 220)]
    found = without_halves(halves, sums)
    assert sorted((one.x, one.y, one.width) for one in found) == [(321, 100, 82), (321, 220, 82)]
    assert without_halves(halves, [line("x1", 300, 100, 16)]) == halves


def test_lines_of_a_paragraph_are_not_cut_into_titles():
    units = [Found("disc", x, y, 40, 40) for x in (200, 400) for y in (100, 200)]
    columns = [[0, 1], [2, 3]]
    titles = line("Hidden Layer 3 Output Layer", 305, 300, 330)
    prose = line("that net has units which learn slowly", 305, 300, 330)
    below = line("as the next one of these lines will tell", 300, 324, 340)
    assert [one.text for one in shared_out([titles], units, columns)] == ["Hidden Layer 3", "Output Layer"]
    assert shared_out([prose, below], units, columns)[0] == prose


def test_what_lies_around_a_page_in_a_photograph_is_no_ink():
    rng = np.random.default_rng(5)
    image = np.full((600, 900, 3), 18.0)
    page = np.array([(130, 60), (790, 90), (770, 550), (100, 520)])
    cv2.fillPoly(image, [page], (205, 215, 225))
    cv2.circle(image, (400, 300), 40, (60, 60, 70), 3, cv2.LINE_AA)
    image += cv2.GaussianBlur(rng.normal(0, 22, image.shape), (0, 0), 1.5)
    image = image.clip(0, 255).astype(np.uint8)
    canvas = canvas_of(image)
    ink = canvas.mask & (canvas.ink > 0.5 * canvas.level)
    assert float(ink[:60].mean()) < 0.01
    assert float(ink[int(258 * canvas.scale) : int(262 * canvas.scale), 440:450].mean()) > 0.5
    dark = np.full((600, 900, 3), 18, np.uint8)
    cv2.rectangle(dark, (100, 100), (300, 300), (220, 220, 220), -1)
    assert page_alone(dark) is dark


def test_a_line_far_from_a_network_is_kept_where_it_says_an_activation():
    units = [Found("disc", x, y, 40, 40) for x in (600, 800) for y in (200, 300, 400)]
    joints = [Joint(a, b, (620, 200), (780, 200), 1.0) for a in range(3) for b in range(3, 6)]
    lines = [
        line(text, 120, y, 150) for text, y in (("• Hidden layer: relu", 60), ("Agenda: lunch, relu", 90))
    ]
    seen = Contents(units, [], lines, joints, [Heads(0, 0)] * 9, size=40)
    assert network_part(seen).words == lines[:1]


@pytest.mark.parametrize("read", ["Relll", "ReLU", "RelU", "ReLI1", "Rel UI"])
def test_relu_is_read_where_its_last_letter_is_two_strokes(read):
    assert as_label(read) == "ReLU"
    assert [as_label(word) for word in ("Release", "Rel", "Relax")] == ["Release", "Rel", "Relax"]


def test_the_rim_of_a_box_is_no_letter_of_another_script():
    box = Found("box", 300, 300, 50, 50)
    rim, letter = line("回", 300, 300, 44, 44), line("b", 300, 300, 14, 22)
    assert without_rims([rim, letter], [box]) == [letter]


def test_a_word_that_is_higher_than_wide_is_read_as_it_runs_upwards_where_that_is_surer(monkeypatch):
    said = {(-90.0, 40.0): ("FC 64", 0.95), (-90.0, 30.0): ("一", 0.99)}
    monkeypatch.setattr(lettering, "_cut", lambda canvas, one: (one.angle, one.width))
    monkeypatch.setattr(lettering, "_read", lambda crops: [said[crop] for crop in crops])
    word, digit, sure = (
        Lettering(text, 100, 100, 14, high, 0.0, trust)
        for text, high, trust in (("2", 40.0, 0.6), ("1", 30.0, 0.8), ("7", 40.0, 0.97))
    )
    found = lettering._turned(canvas_of(paper()), [word, digit, sure])
    assert found == [Lettering("FC 64", 100, 100, 40.0, 14, -90.0, 0.95), digit, sure]


def test_open_circles_are_found_where_all_others_are_a_little_longer_than_wide():
    image = paper()
    spots = [(200, 200), (200, 400), (500, 200), (500, 400)]
    for n, spot in enumerate(spots):
        cv2.ellipse(image, spot, (36, 36), 70 * n, 0, 330, BLACK, 4, cv2.LINE_AA)
    units = [Found("disc", *spots[0], 76, 76, off=0.01), Found("ellipse", *spots[1], 80, 72, off=0.01)]
    found = completed(canvas_of(image), units, [])
    assert sorted((round(one.x, -1), round(one.y, -1)) for one in found) == spots


def test_fine_lines_all_over_a_plain_ground_are_neither_noise_nor_ground():
    image = np.full((400, 600, 3), 255, np.uint8)
    image[40:360:3, 60:540] = (120, 130, 150)
    image[41:360:3, 60:540] = (190, 195, 205)
    canvas = canvas_of(image)
    assert canvas.is_flat and canvas.ground == (255, 255, 255)
    assert not canvas.mask[: int(30 * canvas.scale)].any() and canvas.mask[:, 500].any()
    grainy = np.random.default_rng(2).integers(200, 255, image.shape).astype(np.uint8)
    assert _plain_ground(grainy) is None


def test_vague_discs_of_several_colours_among_many_of_one_are_none():
    image = paper()
    units = [
        Found("disc", x, 60 * n, 18, 18, off=0.02, is_filled=True) for x in (200, 600) for n in range(1, 9)
    ]
    for unit in units:
        cv2.circle(image, (int(unit.x), int(unit.y)), 9, (0, 60, 60), -1, cv2.LINE_AA)
        cv2.circle(image, (int(unit.x), int(unit.y)), 7, (40, 170, 150), -1, cv2.LINE_AA)
    for y in range(282, 320, 4):
        cv2.line(image, (380, y), (420, y), (90, 100, 120), 2)
    mesh = Found("disc", 400, 300, 18, 18, off=0.05, is_filled=True)
    assert without_blots(canvas_of(image), [*units, mesh], ()) == units


def test_a_vague_bar_among_discs_is_none_and_one_with_words_or_clear_sides_is():
    units = [
        Found("disc", x, y, 20, 20, off=0.02, is_filled=True) for x in (200, 400) for y in range(50, 350, 50)
    ]
    vague = Found("rounded", 300, 200, 25, 200, off=0.03, is_filled=True)
    clear = Found("box", 600, 200, 25, 200, off=0.004, is_filled=True)
    assert set(chosen([*units, vague, clear], []).units) == {*units, clear}
    assert vague in chosen([*units, vague], [line("softmax", 300, 200, 20)]).units
