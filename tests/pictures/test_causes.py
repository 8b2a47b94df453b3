"""What stands behind, beside and between units in pictures: without a model that reads letters."""

from itertools import pairwise

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

import chalknet as cn  # noqa: E402
from chalknet.notation.drawings.sketch import Place  # noqa: E402
from chalknet.notation.marks.captions import titles_of_columns  # noqa: E402
from chalknet.notation.marks.mark import TextMark  # noqa: E402
from chalknet.notation.pictures.bundles import Settled  # noqa: E402
from chalknet.notation.pictures.canvas import canvas_of  # noqa: E402
from chalknet.notation.pictures.choice import chosen, without_blots  # noqa: E402
from chalknet.notation.pictures.dots import rows_of_dots  # noqa: E402
from chalknet.notation.pictures.haze import with_hazes  # noqa: E402
from chalknet.notation.pictures.labels import shared_out  # noqa: E402
from chalknet.notation.pictures.legend import legend_keys  # noqa: E402
from chalknet.notation.pictures.lettering import Lettering  # noqa: E402
from chalknet.notation.pictures.outlined import Found, outlined  # noqa: E402
from chalknet.notation.pictures.pairs import hidden_by  # noqa: E402
from chalknet.notation.pictures.second_look import lines_passed_over  # noqa: E402

PALE, GREEN, BLACK, GREY = (214, 232, 250), (60, 170, 90), (0, 0, 0), (150, 160, 175)


def paper(shade=255):
    return np.full((700, 1000, 3), shade, np.uint8)


def words(text, x, y, width=60.0, height=20.0):
    return Lettering(text, x, y, width, height, 0.0, 0.9)


def joined(image, columns, colour):
    for left, right in pairwise(columns):
        for one in left:
            for other in right:
                cv2.line(image, one, other, colour, 1, cv2.LINE_AA)


def test_units_on_a_pale_panel_of_any_form_are_found():
    image = paper()
    columns = [[(x, y) for y in range(top, 700 - top, 110)] for x, top in ((200, 130), (500, 240))]
    corners = np.array([(120, 60), (600, 180), (600, 520), (120, 640)])
    cv2.fillPoly(image, [corners], PALE, cv2.LINE_AA)
    joined(image, columns, GREY)
    for spot in (*columns[0], *columns[1]):
        cv2.circle(image, spot, 25, GREEN, -1, cv2.LINE_AA)
    canvas = canvas_of(image)
    assert not canvas.mask[600, 150]
    assert canvas.mask[130, 200]
    found = [one for one in outlined(canvas) if one.kind == "disc" and 44 < one.size < 58]
    assert {(round(one.x, -1), round(one.y, -1)) for one in found} == {*columns[0], *columns[1]}


def test_neither_a_pale_box_with_words_nor_a_shade_of_a_photograph_is_a_panel():
    image = paper()
    cv2.rectangle(image, (200, 200), (700, 450), PALE, -1)
    cv2.putText(image, "Dense 64", (300, 340), 0, 2, BLACK, 3, cv2.LINE_AA)
    assert canvas_of(image).mask[220, 220]
    shaded = np.clip(
        255 - 60 * np.abs(np.linspace(-1, 1, 1000))[None, :, None] * np.ones((700, 1, 3)), 0, 255
    )
    shaded = shaded.astype(np.uint8)
    for x in (150, 260, 370):
        cv2.circle(shaded, (x, 350), 30, BLACK, 3, cv2.LINE_AA)
    before = shaded.copy()
    canvas_of(shaded)
    assert np.array_equal(canvas_of(shaded).colours, before)


def test_a_shadow_with_a_sharp_rim_is_no_ink():
    light = np.linspace(246, 206, 1000)[None, :] * np.ones((700, 1))
    grain = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, light.shape), (0, 0), 4)
    image = np.repeat((light + 11 * grain / grain.std()).clip(0, 255)[:, :, None], 3, axis=2).astype(np.uint8)
    image[:320, 520:] = image[:320, 520:] // 2
    cv2.rectangle(image, (560, 90), (850, 190), (40, 40, 45), 3, cv2.LINE_AA)
    canvas = canvas_of(image)
    assert float(canvas.mask[40:80, 560:850].mean()) < 0.05
    assert float(canvas.mask[89:92, 580:830].mean()) > 0.9


def test_a_mesh_of_crossing_lines_is_no_unit_among_units_of_one_colour():
    image = paper()
    units = [Found("disc", x, y, 60, 60, off=0.01) for x in (100, 500) for y in (150, 350, 550)]
    for unit in units:
        cv2.circle(image, (int(unit.x), int(unit.y)), 29, BLACK, 2, cv2.LINE_AA)
    for turn in range(0, 60, 7):
        cv2.line(image, (270, 320 + turn), (330, 380 - turn), BLACK, 2, cv2.LINE_AA)
    mesh = Found("disc", 300, 350, 60, 60, off=0.05)
    assert without_blots(canvas_of(image), [*units, mesh], ()) == units
    assert without_blots(canvas_of(image), [*units, mesh], [words("x1", 300, 350)]) == [*units, mesh]


def test_a_vague_disc_far_paler_than_all_units_is_none_and_two_of_one_colour_are():
    image = paper()
    units = [Found("disc", x, 300, 60, 60, off=0.03, is_filled=True) for x in (100, 250, 400)]
    pale = [Found("disc", x, 500, 60, 60, off=0.03, is_filled=True) for x in (150, 350)]
    for unit, colour in (*((unit, GREEN) for unit in units), *((one, PALE) for one in pale)):
        cv2.circle(image, (int(unit.x), int(unit.y)), 30, colour, -1, cv2.LINE_AA)
    canvas = canvas_of(image)
    assert without_blots(canvas, [*units, pale[0]], ()) == units
    assert without_blots(canvas, [*units, *pale], ()) == [*units, *pale]


def test_a_vague_outline_around_clear_boxes_hides_none_of_them():
    boxes = [Found("box", 300, y, 30, 30, off=0.002) for y in (100, 160, 220)]
    around = Found("rounded", 300, 130, 36, 95, off=0.04)
    assert chosen([*boxes, around], []).units == boxes


def test_ragged_dots_are_dots_and_specks_all_over_a_picture_are_none():
    image = paper()
    for y in (300, 340, 380):
        cv2.circle(image, (500, y), 9, BLACK, -1)
        cv2.rectangle(image, (500, y - 9), (509, y - 5), (255, 255, 255), -1)
    assert len(rows_of_dots(canvas_of(image), [], [], 60)) == 1
    letters = [words("p1", 500, y, 24, 24) for y in (300, 340, 380)]
    assert rows_of_dots(canvas_of(image), [], letters[:1], 60)
    assert rows_of_dots(canvas_of(image), [], letters, 60) == []
    rng = np.random.default_rng(1)
    for x, y in zip(rng.integers(30, 970, 40), rng.integers(30, 670, 40), strict=True):
        cv2.circle(image, (int(x), int(y)), 9, BLACK, -1)
    assert rows_of_dots(canvas_of(image), [], [], 60) == []


def test_small_discs_with_words_beside_them_are_keys_of_a_legend():
    units = [Found("disc", x, y, 46, 46, is_filled=True) for x in (100, 500) for y in (100, 200)]
    keys = [Found("disc", x, 400, 18, 18, is_filled=True) for x in (200, 400)]
    beside = [words("hidden units", x + 80, 400, 120) for x in (200, 400)]
    assert legend_keys([*units, *keys], beside, 46) == keys
    assert legend_keys([*units, *keys], beside[:1], 46) == []
    assert legend_keys([*units, *keys], [words("x1", x + 30, 400, 20) for x in (200, 400)], 46) == []


def legend_svg(first, second):
    columns = [[(60, y) for y in (50, 110)], [(200, y) for y in (20, 80, 140)], [(340, 80)]]
    fills = ("#bbbbbb", "#88dd88", "#ffbb77")
    marks = "".join(
        f'<path d="M{one[0] + 20} {one[1]} L{other[0] - 20} {other[1]}" stroke="black"/>'
        for left, right in pairwise(columns)
        for one in left
        for other in right
    )
    marks += "".join(
        f'<circle cx="{x}" cy="{y}" r="20" fill="{fill}" stroke="black"/>'
        for column, fill in zip(columns, fills, strict=True)
        for x, y in column
    )
    marks += "".join(
        f'<circle cx="40" cy="{y}" r="8" fill="{fill}"/><text x="56" y="{y + 5}" font-size="14">{text}</text>'
        for y, fill, text in ((220, fills[1], first), (245, fills[2], second))
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="420" height="280">{marks}</svg>'


def test_the_words_of_a_legend_speak_of_the_layer_of_their_colour():
    network = cn.read(legend_svg("hidden units (tanh)", "classes (softmax)"))
    assert [(one.out_features, act.kind) for one, act in zip(network.steps[::2], network.steps[1::2], strict=True)] == [
        (3, "tanh"), (1, "softmax"),
    ]  # fmt: skip
    assert network.account.aside == ("a key of a legend",) * 2
    turned = cn.read(legend_svg("hidden units (relu)", "output (sigmoid)"))
    assert [one.kind for one in turned.steps[1::2]] == ["relu", "sigmoid"]


def test_the_cells_of_a_table_are_read_once():
    image = paper()
    table = Found("box", 500, 300, 600, 200)
    for y in (240, 360):
        cv2.putText(image, "output: (None, 64)", (260, y + 10), 0, 1, BLACK, 2, cv2.LINE_AA)
    inside = [words("dense Dense output: (None, 64)", 500, 300, 540, 40)]
    canvas = canvas_of(image)
    assert lines_passed_over(canvas, [table], inside)
    assert lines_passed_over(canvas, [table], inside, [table]) == []


@pytest.mark.parametrize(
    ("line", "titles"),
    [
        ("Hidden Layer 3 Output Layer", ["Hidden Layer 3", "Output Layer"]),
        ("3 hidden 2 output", ["3 hidden", "2 output"]),
    ],
)
def test_a_number_in_a_line_of_titles_stays_where_the_others_stand(line, titles):
    units = [Found("disc", x, y, 40, 40) for x in (200, 400) for y in (100, 200)]
    place = words(line, 300 if line[0] == "3" else 305, 300, 330)
    assert [one.text for one in shared_out([place], units, [[0, 1], [2, 3]])] == titles


def test_a_haze_of_fine_lines_joins_two_columns_whole_and_none_is_sure():
    image = paper(0)
    columns = [[(x, 60 + 36 * n) for n in range(16)] for x in (200, 600)]
    joined(image, columns, (12, 12, 12))
    for spot in (*columns[0], *columns[1]):
        cv2.circle(image, spot, 12, (200, 200, 200), 2, cv2.LINE_AA)
    units = [Found("disc", x, y, 26, 26) for column in columns for x, y in column]
    canvas = canvas_of(image)
    hidden = hidden_by(canvas, units, [])
    found = with_hazes(canvas, hidden, units, Settled([], []))
    assert len(found.joints) == 256
    assert max(joint.trust for joint in found.joints) < 0.5
    assert len(found.dense) == 1
    bare = canvas_of(np.where(image > 20, image, 0).astype(np.uint8))
    assert with_hazes(bare, hidden, units, Settled([], [])) == Settled([], [])


def test_titles_keep_their_distance_to_columns_of_unequal_length():
    columns = {100: (100, 200, 300), 300: (40, 120, 200, 280, 360), 500: (160, 240)}
    places = [Place(x, y, 40, 40) for x, column in columns.items() for y in column]
    numbers = [number for number, column in enumerate(columns.values()) for _ in column]
    ends = zip(columns, (300, 360, 240), (52, 58, 66), strict=True)
    texts = {n: TextMark("ReLU", Place(x, end + off, 50, 16), 16.0) for n, (x, end, off) in enumerate(ends)}
    assert titles_of_columns(texts, numbers, places, sideways=True) == {0: 0, 1: 1, 2: 2}
    far = {n: text._replace(place=text.place._replace(y=text.place.y + 90 * n)) for n, text in texts.items()}
    assert titles_of_columns(far, numbers, places, sideways=True) == {}


@pytest.mark.parametrize(("sign", "kinds"), [("Σ", ["?", "?"]), ("u", ["?"])])
def test_a_sum_in_each_of_several_units_is_the_sign_of_a_neuron(sign, kinds):
    nodes = " ".join(f'h{n} [label="{sign}"];' for n in range(3))
    links = " ".join(f"x{i} -> h{n}; h{n} -> y;" for i in (1, 2) for n in range(3))
    network = cn.read(f"digraph {{ {nodes} {links} }}")
    assert [one.kind.replace("h", "?") for one in network.steps if isinstance(one, cn.Activation)] == kinds
