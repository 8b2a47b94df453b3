"""What is no unit is not taken for one, and a unit that lines or a hand spoil is found; no letters are read."""

import math
from itertools import pairwise

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

import chalknet as cn  # noqa: E402
from chalknet.notation.pictures.around_words import around_words  # noqa: E402
from chalknet.notation.pictures.bundles import settled  # noqa: E402
from chalknet.notation.pictures.canvas import canvas_of  # noqa: E402
from chalknet.notation.pictures.choice import chosen  # noqa: E402
from chalknet.notation.pictures.completed import completed, missed  # noqa: E402
from chalknet.notation.pictures.dots import rows_of_dots  # noqa: E402
from chalknet.notation.pictures.labels import mended  # noqa: E402
from chalknet.notation.pictures.lettering import Lettering  # noqa: E402
from chalknet.notation.pictures.no_words import without_shapes  # noqa: E402
from chalknet.notation.pictures.outlined import Found, outlined  # noqa: E402
from chalknet.notation.pictures.pairs import Joint  # noqa: E402


def words(text, x, y, width=30.0, height=16.0, trust=0.95):
    return Lettering(text, x, y, width, height, 0.0, trust)


def test_meshes_between_fine_lines_are_no_units():
    image = np.full((360, 700, 3), 255, np.uint8)
    columns = [
        [(x, 180 + (row - (count - 1) / 2) * 46) for row in range(count)]
        for x, count in ((100, 6), (350, 7), (600, 6))
    ]
    for left, right in pairwise(columns):
        for one in left:
            for other in right:
                ends = (tuple(round(8 * each) for each in end) for end in (one, other))
                cv2.line(image, *ends, (205, 205, 205), 1, cv2.LINE_AA, 3)
    for x, y in (place for column in columns for place in column):
        cv2.circle(image, (round(8 * x), round(8 * y)), 80, (255, 255, 255), -1, cv2.LINE_AA, 3)
        cv2.circle(image, (round(8 * x), round(8 * y)), 80, (50, 50, 50), 1, cv2.LINE_AA, 3)
    canvas = canvas_of(image)
    units = completed(canvas, chosen(outlined(canvas), []).units, [])
    assert len(units) == 19
    assert {round(unit.x / canvas.scale, -1) for unit in units} == {100, 350, 600}


def test_a_circle_that_a_hand_leaves_open_is_found_in_the_ink_that_is_left():
    image = np.full((1000, 1000, 3), 255, np.uint8)
    for x, y in ((200, 300), (200, 600), (600, 300)):
        cv2.circle(image, (x, y), 50, (0, 0, 0), 4, cv2.LINE_AA)
    cv2.ellipse(image, (600, 600), (52, 48), 0, 40, 340, (0, 0, 0), 4, cv2.LINE_AA)
    cv2.line(image, (255, 600), (545, 600), (0, 0, 0), 3, cv2.LINE_AA)
    canvas = canvas_of(image)
    units = [Found("disc", x, y, 104.0, 104.0, off=0.01) for x, y in ((200, 300), (200, 600), (600, 300))]
    left = canvas.mask.astype(np.uint8)
    for unit in units:
        cv2.circle(left, (int(unit.x), int(unit.y)), 56, 0, -1)
    (found,) = missed(canvas, units, [], left)
    assert math.dist((found.x, found.y), (600, 600)) < 0.2 * 52  # by as much may a hand be off the radius


def test_parts_into_which_an_arrow_cuts_a_box_are_no_units():
    whole = Found("box", 200, 100, 190.0, 60.0, is_filled=True, dark=90.0)
    parts = [Found("rounded", x, 100, 80.0, 58.0, is_filled=True, dark=90.0) for x in (146, 254)]
    others = [replaced(whole, y) for y in (250, 400)]
    assert chosen([whole, *parts, *others], []).units == [whole, *others]


def replaced(shape, y):
    return Found(shape.kind, shape.x, y, shape.width, shape.height, is_filled=True, dark=shape.dark)


def test_letters_of_a_line_are_no_dots_and_dots_between_units_are():
    image = np.full((400, 1000, 3), 255, np.uint8)
    cv2.putText(
        image, "moeo oemoeaoo moeaoem", (60, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (0, 0, 0), 3, cv2.LINE_AA
    )
    for x in (470, 500, 530):
        cv2.circle(image, (x, 250), 6, (0, 0, 0), -1, cv2.LINE_AA)
    (row,) = rows_of_dots(canvas_of(image), [], [], 80.0)
    assert (round(row.x, -1), round(row.y, -1)) == (500, 250)


def test_words_of_a_text_stay_though_their_letters_are_round():
    line = words("Table sample above case", 200, 30, 300, 22)
    letters = [Found("disc", x, 30, 12.0, 12.0) for x in (80, 140, 300)]
    assert without_shapes([line], letters, 12.0) == [line]
    assert without_shapes([words("OOO", 200, 30, 60, 22)], [Found("disc", x, 30, 18.0, 18.0) for x in (180, 200, 220)], 18.0) == []  # fmt: skip


def test_a_digit_alone_takes_the_letter_of_its_column():
    units = [Found("disc", 100, y, 60.0, 60.0) for y in (100, 200)]
    found = mended([words("1", 100, 100), words("y2", 100, 200)], units, [[0, 1]], sideways=True)
    assert [one.text for one in found] == ["y1", "y2"]


def test_a_unit_is_found_around_words_in_line_with_others_and_not_around_a_title():
    image = np.full((700, 1000, 3), 255, np.uint8)
    for y in (150, 300, 450, 600):
        cv2.ellipse(image, (500, y), (60, 30), 0, 0, 360, (0, 0, 0), 2, cv2.LINE_AA)
    units = [Found("ellipse", 500, y, 122.0, 62.0) for y in (150, 300, 600)]
    said = [words(f"a{y}", 500, y) for y in (150, 300, 450, 600)] + [words("hidden", 500, 50)]
    (found,) = around_words(canvas_of(image), units, said)
    assert math.dist((found.x, found.y), (500, 450)) < 8


def test_lines_that_pass_by_a_bias_do_not_lead_to_it():
    places = [(100, 100), (100, 200), (100, 300), (400, 100), (400, 200), (400, 300), (700, 150), (700, 250)]
    units = [Found("disc", x, y, 40.0, 40.0) for x, y in places]
    lines = (
        [(a, b) for a in range(3) for b in (3, 4)] + [(a, b) for a in (3, 4, 5) for b in (6, 7)] + [(2, 5)]
    )
    joints = [Joint(a, b, places[a], places[b], 1.0) for a, b in lines]
    kept = settled(units, joints, np.zeros((400, 800), np.uint8), alone={5}).joints
    assert {(one.one, one.other) for one in kept} == {*lines} - {(2, 5)}


def test_the_shadow_on_a_noisy_picture_belongs_to_its_ground():
    shade = np.linspace(235, 190, 1000)[None, :] + np.random.default_rng(3).normal(0, 2, (1000, 1000))
    image = np.repeat(np.clip(shade, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    cv2.line(image, (100, 500), (900, 500), (170, 165, 160), 3, cv2.LINE_AA)
    mask = canvas_of(image).mask
    assert mask[499:502, 150:600].mean() > 0.9
    assert mask[:400].mean() < 0.01


def test_two_rows_are_read_as_they_are_seen_though_a_name_is_missing():
    units = [("", 100, 60), ("y2", 200, 60), *((f"x{n}", 50 + 100 * n, 260) for n in range(1, 5))]
    shapes = "".join(
        f'<circle cx="{x}" cy="{y}" r="20" fill="none" stroke="black"/><text x="{x}" y="{y}">{name}</text>'
        for name, x, y in units
    )
    lines = "".join(
        f'<line x1="{a}" y1="{b + 20}" x2="{x}" y2="{y - 20}" stroke="black"/>'
        for _, a, b in units[:2]
        for _, x, y in units[2:]
    )
    read = cn.read(f'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="320">{lines}{shapes}</svg>')
    assert [step.out_features for step in read.steps if isinstance(step, cn.Linear)] == [2]
    assert read.input_shape == (4,)


def test_a_value_of_one_among_values_is_no_bias():
    lines = "".join(f'"{a}" -> "{b}"; ' for a in ("0.5", "1.0", "0.2") for b in ("0.7", "0.9"))
    read = cn.read(f"digraph {{ {lines} }}")
    assert read.input_shape == (3,)
