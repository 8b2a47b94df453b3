"""Random networks drawn in many manners are sketched as they are; so are drawings as programs write them."""

import math
from pathlib import Path
from random import Random

import pytest
from tests.notation.marks.program_writers import drawio, excalidraw, matplotlib_svg
from tests.notation.marks.svg_writers import WRITERS, by_hand
from tests.notation.marks.truths import truth_of, wrong_with

import chalknet as cn
from chalknet.errors import NotationError
from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks import ShapeMark, StrokeMark, TextMark, read_picture, sketch_of, svg_marks
from chalknet.notation.marks.drawio import read_drawio
from chalknet.notation.marks.excalidraw import read_excalidraw
from chalknet.notation.tokens import SourceText

SAMPLES = Path(__file__).parent / "samples"
SEEDS = range(1000, 1025)


def sketch_of_svg(text):
    source, marks = svg_marks(text)
    return sketch_of(marks, source)


def failures(read, seeds=SEEDS):
    """Return the seeds whose drawing was not sketched as drawn, and what was wrong."""
    found = {}
    for seed in seeds:
        truth = truth_of(seed)
        if wrong := read(truth, Random(seed)):
            found[seed] = wrong
    print(f"{len(seeds) - len(found)} of {len(seeds)} right")
    return found


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__)
def test_an_svg_of_a_random_network_is_sketched_as_drawn(writer):
    assert not failures(lambda truth, random: wrong_with(truth, sketch_of_svg(writer(truth, random))))


def test_what_matplotlib_saves_is_sketched_as_drawn():
    def read(truth, random):
        text, place = matplotlib_svg(truth, random)
        if truth.at_label == "in":
            truth.labels = [f"${label[0]}_{label[1:]}$" for label in truth.labels]
        return wrong_with(truth, sketch_of_svg(text), place)

    assert not failures(read, SEEDS[:12])


def test_a_page_of_drawio_is_sketched_as_drawn():
    def read(truth, random):
        sketch = read_drawio(drawio(truth, random))
        for node in sketch.nodes.values():
            node.label = node.label.replace("_", "")  # x<sub>1</sub>
        return wrong_with(truth, sketch)

    assert not failures(read)


def test_a_scene_of_excalidraw_is_sketched_as_drawn():
    assert not failures(lambda truth, random: wrong_with(truth, read_excalidraw(excalidraw(truth, random))))


def moved(random):
    """Return a transform as SVG writes it, and what it does: turned, mirrored, scaled, shifted."""
    quarter, mirror = random.choice([0, 90, 180, 270]), random.choice([1, -1])
    scale, dx, dy = 10 ** random.uniform(-2, 2), random.uniform(-1e4, 1e4), random.uniform(-1e4, 1e4)
    cos, sin = round(math.cos(math.radians(quarter))), round(math.sin(math.radians(quarter)))
    written = f"translate({dx},{dy}) rotate({quarter}) scale({scale} {mirror * scale})"

    def place(x, y):
        x, y = scale * x, mirror * scale * y
        return dx + cos * x - sin * y, dy + sin * x + cos * y

    return written, place


def test_a_drawing_is_sketched_the_same_at_any_scale_turned_and_mirrored():
    def read(truth, random):
        text = by_hand(truth, random).replace('<rect width="100%" height="100%" fill="white"/>', "")
        written, place = moved(random)
        head, _, rest = text.partition("</defs>")
        inside = rest.removesuffix("</svg>")
        text = f'{head}</defs><g transform="{written}"><g transform="translate(5)">{inside}</g></g></svg>'
        return wrong_with(truth, sketch_of_svg(text), lambda x, y: place(x + 5, y))

    assert not failures(read)


def test_marks_in_any_order_are_sketched_the_same():
    def read(truth, random):
        source, marks = svg_marks(by_hand(truth, random))
        random.shuffle(marks)
        return wrong_with(truth, sketch_of(marks, source))

    assert not failures(read)


LOOKS = {
    "nnsvg": (6, 9, "Input Layer ∈ ℝ²"),
    "plantuml": (3, 2, "ReLU"),
    "inkscape": (3, 2, "x_1"),
    "drawio_export": (2, 1, "Dense 32\nReLU"),
    "d2": (2, 1, "a"),
    "dots": (7, 13, "ŷ"),
}


@pytest.mark.parametrize("name", LOOKS)
def test_an_svg_as_a_program_writes_it_is_sketched(name):
    sketch = read_picture((SAMPLES / f"{name}.svg").read_text(encoding="utf-8"))
    shapes, links, text = LOOKS[name]
    assert len([node for node in sketch.nodes.values() if node.shape != "plaintext"]) == shapes
    assert len(sketch.links) == links
    assert text in [node.text for node in sketch.nodes.values()]


@pytest.mark.parametrize(
    ("name", "shorthand"),
    [
        ("nnsvg", "2 -> 3 ? -> 1 ?"),
        ("drawio_export", "1 -> 32 relu"),
        ("plantuml", "2 -> 1 relu"),
        ("dots", "784 -> k1 ? -> 1 ?"),
    ],
)
def test_a_plain_drawing_is_read_to_its_network(name, shorthand):
    assert cn.write(cn.read(SAMPLES / f"{name}.svg"), "shorthand") == shorthand


def test_labels_of_arrows_styles_colours_and_groups_are_kept():
    sketch = read_picture((SAMPLES / "plantuml.svg").read_text(encoding="utf-8"))
    assert [(link.label, link.style, link.directed) for link in sketch.links] == [
        ("w1", "", True),
        ("", "dashed", True),
    ]
    sketch = read_picture((SAMPLES / "dots.svg").read_text(encoding="utf-8"))
    assert [group.title for group in sketch.groups.values()] == ["Input (784)"]
    assert [node.label for node in sketch.nodes.values()].count("⋮") == 2
    assert {node.colour for node in sketch.nodes.values() if node.shape == "circle"} == {"#eef"}
    assert [each.why for each in sketch.unused] == ["a line within a shape"]


def test_the_fields_of_a_class_are_fields_of_a_record():
    sketch = read_picture((SAMPLES / "classes.svg").read_text(encoding="utf-8"))
    assert {node.rank for node in sketch.nodes.values()} == {"record-0", "record-1"}
    assert len(sketch.links) == 1


def test_where_nothing_is_linked_is_said():
    with pytest.raises(NotationError, match="40 circles, 1 text, in which nothing is linked"):
        cn.read(SAMPLES / "seat.svg")


@pytest.mark.parametrize("kind", ["plot", "bar", "scatter", "step"])
def test_a_plot_is_no_network(kind):
    import io

    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.add_subplot()
    getattr(axes, kind)(range(9), [x * x for x in range(9)], **({"marker": "o"} if kind == "plot" else {}))
    axes.set(title="Training", xlabel="epoch", ylabel="loss")
    axes.grid(kind == "bar")
    out = io.StringIO()
    figure.savefig(out, format="svg")
    with pytest.raises(NotationError, match="in which nothing is linked"):
        cn.read(out.getvalue())


def disc(x, y, size=20.0):
    return ShapeMark("disc", Place(x, y, size, size))


SOURCE = SourceText("marks", "")


def test_every_mark_is_accounted_for():
    marks = [
        disc(0, 0), disc(0, 0, 18), disc(100, 0), StrokeMark(((10, 0), (90, 0))), StrokeMark(((0, 300), (50, 300))),
        StrokeMark(((-4, 0), (0, 3), (4, 0))), TextMark("free", Place(50, 500, 20, 10), 10),
    ]  # fmt: skip
    sketch = sketch_of(marks, SOURCE)
    assert len(sketch.links) == 1 and sketch.caption == "free"
    assert sorted(each.why for each in sketch.unused) == [
        "a line that joins nothing",
        "a line within a shape",
    ]


def test_an_arrow_between_words_joins_them():
    words = [TextMark(word, Place(x, 0, 20, 10), 10) for word, x in (("784", 0), ("128", 100))]
    sketch = sketch_of([*words, StrokeMark(((14, 0), (86, 0)), end_head=True)], SOURCE)
    link = sketch.links[0]
    assert [sketch.nodes[key].text for key in (link.source, link.target)] == ["784", "128"]


def test_a_line_may_run_past_a_shape_and_end_in_an_empty_one():
    marks = [disc(0, 0), disc(100, 26), disc(200, 0), StrokeMark(((0, 0), (200, 0)))]
    assert [(one.source, one.target) for one in sketch_of(marks, SOURCE).links] == [("n1", "n3")]


def test_heads_at_both_ends_are_two_links():
    sketch = sketch_of([disc(0, 0), disc(100, 0), StrokeMark(((10, 0), (90, 0)), True, True)], SOURCE)
    assert [(one.source, one.target) for one in sketch.links] == [("n1", "n2"), ("n2", "n1")]


@pytest.mark.parametrize("widths", [(784, 128, 16, 128, 784), (12, 6, 3)])
def test_a_row_of_words_under_bars_of_any_height_says_what_each_is(widths):
    most = max(widths)
    bars = [(40 + 130 * at, 30 + 190 * width / most) for at, width in enumerate(widths)]
    marks = "".join(f'<rect x="{x}" y="{130 - high / 2}" width="34" height="{high}"/>' for x, high in bars)
    marks += "".join(
        f'<polyline fill="none" stroke="black" points="{x + 36},130 {x + 126},130 {x + 118},125"/>'
        for x, _ in bars[:-1]
    )
    marks += "".join(
        f'<text x="{x + 17}" y="260" font-size="13" text-anchor="middle">{width}</text>'
        + (f'<text x="{x + 17}" y="278" font-size="13" text-anchor="middle">ReLU</text>' if at else "")
        for at, ((x, _), width) in enumerate(zip(bars, widths, strict=True))
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="800" height="300"><g fill="#ddd" stroke="black">{marks}</g></svg>'
    assert not cn.difference(
        " relu -> ".join(map(str, widths)).replace(" relu", "", 1) + " relu", cn.read(svg)
    )
