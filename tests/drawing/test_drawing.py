"""Drawings: every dialect true or refused, nothing on top of anything else, read back as it was drawn."""

import cmath
import math
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path

import pytest
from defusedxml import ElementTree
from hypothesis import example, given
from hypothesis import strategies as st
from tests.strategies import networks, textbook_networks

import chalknet as cn
from chalknet.drawing import DIALECTS, Style, draw
from chalknet.drawing.scene import Box, Label
from chalknet.errors import CannotExpress, FileProblem, InvalidValue, UnknownName
from chalknet.network import Activation, Linear, Network

F2 = cn.read("1 -> 2 relu -> 1 sigmoid")
F4 = cn.read("784 -> 32 relu -> 1 sigmoid")
LOGISTIC = cn.read("1 -> 1 sigmoid")
GOLDEN = Path(__file__).parents[1] / "golden"
styles = st.builds(
    Style,
    orientation=st.sampled_from(["right", "down"]),
    max_nodes=st.integers(3, 12),
    bias=st.sampled_from(["implied", "nodes"]),
    language=st.sampled_from(["en", "ko"]),
    preset=st.sampled_from(["screen", "slide"]),
    title=st.sampled_from(["", "A network"]),
)


def drawn(network, dialect, style=None, weights=None):
    try:
        return draw(network, dialect, style=style, weights=weights)
    except CannotExpress as problem:
        assert problem.wanted and problem.remedy
        return None


def corners(mark):
    """Return the corners of a box, or of a label as it is turned."""
    if not isinstance(mark, Label):
        left, top, right, bottom = mark.bounds
        return [(left, top), (right, top), (right, bottom), (left, bottom)]
    left, top, right, bottom = replace(mark, angle=0.0).bounds
    turned = cmath.rect(1, math.radians(mark.angle))
    around = [complex(x - mark.x, y - mark.y) * turned for x in (left, right) for y in (top, bottom)]
    return [(mark.x + point.real, mark.y + point.imag) for point in around]


def are_apart(first, second):
    """Return whether two rectangles, however turned, do not overlap by more than half a point."""
    one, two = corners(first), corners(second)
    angles = {
        math.radians(getattr(mark, "angle", 0.0) + right) for mark in (first, second) for right in (0, 90)
    }
    for angle in angles:
        a, b = ([x * math.cos(angle) + y * math.sin(angle) for x, y in points] for points in (one, two))
        if max(a) <= min(b) + 0.5 or max(b) <= min(a) + 0.5:
            return True
    return False


def assert_all_apart(scene):
    for mark in scene.marks:
        left, top, right, bottom = mark.bounds
        assert left >= 0 and top >= 0 and right <= scene.width + 0.01 and bottom <= scene.height + 0.01
    boxes = [mark for mark in scene.marks if isinstance(mark, Box) and mark.kind != "frame"]
    own = {f"{box.id}-label" for box in boxes}
    loose = [mark for mark in scene.marks if isinstance(mark, Label) and mark.id not in own]
    for first, second in combinations([*boxes, *loose], 2):
        assert are_apart(first, second), (first, second)


@given(networks(symbolic=True, settled=False), st.sampled_from([*DIALECTS]), styles)
def test_labels_and_nodes_never_collide_and_nothing_leaves_the_page(network, dialect, style):
    if dialect != "numbers" and (drawing := drawn(network, dialect, style)) is not None:
        assert_all_apart(drawing.scene)


@given(
    st.lists(st.integers(1, 7), min_size=2, max_size=4),
    st.sampled_from(["numbers", "nodes", "features", "layers"]),
    st.sampled_from(["right", "down"]),
    st.integers(0, 99),
)
@example([2, 4, 1], "numbers", "down", 14)
def test_numbers_stand_along_their_edges_or_in_a_table_and_never_over_each_other(widths, dialect, way, seed):
    module = cn.build(cn.read(" relu -> ".join(map(str, widths))), seed=seed)
    drawing = cn.draw(module, dialect, weights="numbers", orientation=way, bias="nodes")
    assert_all_apart(drawing.scene)
    shown = [mark.text for mark in drawing.scene.marks if isinstance(mark, Label)]
    for edge in drawing.diagram.edges:
        if edge.weight is not None:
            assert edge.label in shown or edge.label.removeprefix("*").strip("()") in shown


@given(st.lists(st.integers(1, 40), min_size=2, max_size=5), st.integers(3, 9), styles)
def test_the_heights_of_the_layers_keep_the_order_of_their_widths(widths, most, style):
    style = replace(style, max_nodes=most, orientation="right", bias="implied")
    scene = draw(cn.read(" relu -> ".join(map(str, widths))), "nodes", style=style).scene
    boxes = [mark for mark in scene.marks if isinstance(mark, Box) and mark.kind != "frame"]
    layers = [[box for box in boxes if box.id.startswith(f"layer{at}-")] for at in range(len(widths))]
    heights = [max(b.y + b.height for b in layer) - min(b.y for b in layer) for layer in layers]
    for (one, high), (two, low) in permutations(zip(widths, heights, strict=True), 2):
        assert one <= two or high >= low - 0.01, (one, two)


@pytest.mark.parametrize("dialect", ["features", "layers"])
def test_softmax_takes_the_whole_layer_and_relu_a_unit_alone(dialect):
    diagram = cn.draw("2 -> 3 relu -> 4 softmax", dialect).diagram
    (joint,) = [node for node in diagram.nodes if node.label == "softmax"]
    assert [edge.source for edge in diagram.edges if edge.target == joint.key] == [
        f"u2-{i}" for i in range(4)
    ]
    assert [edge.target for edge in diagram.edges if edge.source == joint.key] == [
        f"v2-{i}" for i in range(4)
    ]
    assert [edge.label for edge in diagram.edges if edge.label] == ["relu"] * 3


@given(networks(symbolic=False, settled=True), st.sampled_from(["nodes", "blocks"]))
def test_a_slide_is_a_page_of_960_by_540_points(network, dialect):
    if (drawing := drawn(network, dialect, Style(preset="slide"))) is not None:
        assert (drawing.scene.width, drawing.scene.height) == pytest.approx((960, 540))
        assert_all_apart(drawing.scene)


@given(networks(symbolic=True, settled=False), st.sampled_from([*DIALECTS]))
def test_a3_what_is_drawn_as_svg_is_read_back_exactly(network, dialect):
    if dialect != "numbers" and (drawing := drawn(network, dialect)) is not None:
        assert cn.read(drawing.svg) == network
        assert cn.read(drawing.text(".html")) == network


@given(textbook_networks(), st.sampled_from([*DIALECTS]), st.sampled_from(["implied", "nodes"]))
@example(
    cn.read("1 -> 1 nobias dropout(0.25) -> 1 nobias -> 1 dropout(0.25)"), "features", "nodes"
)  # a unit that states bias=False stands beside the only bias
@example(cn.read("1 -> 2 nobias dropout(0.25)"), "states", "implied")
def test_a3_a6_the_structure_of_every_dialect_is_read_back(network, dialect, bias):
    if dialect == "numbers" or (drawing := drawn(network, dialect, Style(bias=bias))) is None:
        return
    tikz = () if dialect == "observations" else ((".tex", "tikz"),)  # a row an observation: it is asked which
    for suffix, notation in ((".dot", "dot"), (".mmd", "mermaid"), *tikz):
        again = cn.read(drawing.text(suffix), notation=notation)
        assert not cn.difference(network, again), drawing.text(suffix)


def test_a3_numbers_are_drawn_and_read_back_with_their_values():
    module = cn.build(cn.read("2 -> 3 relu -> 1 sigmoid"), seed=1)
    drawing = cn.draw(module, "numbers", digits=9)
    for suffix in (".dot", ".mmd"):
        again = cn.read(drawing.text(suffix))
        assert not cn.difference(module, again)
        for name, parameter in cn.build(again).named_parameters():
            assert parameter.flatten().tolist() == pytest.approx(
                module.get_parameter(name).flatten().tolist(), rel=1e-6
            )


def test_a3_d1_has_a_row_an_observation_and_d4_leaves_the_one_out():
    d1 = [mark.text for mark in draw(LOGISTIC, "D1").scene.marks if isinstance(mark, Label)]
    assert d1.count("1") == 3
    assert {"x_{1}", "x_{2}", "x_{n}"} <= set(d1)
    assert r"\hat{w}_{0} + x_{n}*\hat{w}_{1},  bias=False" in d1
    d3 = [mark.text for mark in draw(LOGISTIC, "D3").scene.marks if isinstance(mark, Label)]
    assert {"1", "x", r"\hat{y}"} <= set(d3)
    d4 = [mark.text for mark in draw(LOGISTIC, "D4").scene.marks if isinstance(mark, Label)]
    assert "1" not in d4 and r"x*\hat{w}_{1},  bias=True" in d4
    d4b = [mark.text for mark in draw(LOGISTIC, "D4b").scene.marks if isinstance(mark, Label)]
    assert r"x*\hat{w},  bias=True" in d4b


def test_a3_d7_to_d11_name_what_the_lecture_names():
    def texts(network, dialect):
        return {mark.text for mark in draw(network, dialect).scene.marks if isinstance(mark, Label)}

    assert {"X", "u1[:,0]", "u1[:,1]", "v1[:,0]", "v1[:,1]", "u2", r"v2=\hat{y}"} <= texts(F2, "D7")
    assert {"Layer 0", "Layer 1", "Layer 2"} <= texts(F2, "D8")
    assert {"X", "node1", "node2", r"\hat{y}", "Layer 1: relu", "Layer 2: sigmoid"} <= texts(F2, "D9")
    assert {"feature1", "feature2"} <= texts(F2, "D10")
    wanted = {"Input Layer", "Hidden Layer: relu", "Output Layer: sigmoid", "x_{784}", "node32", "⋮"}
    assert wanted <= texts(F4, "D11")


def test_a3_d6_shows_the_weights_and_what_each_node_computes():
    weights = {"0.weight": [[-1.0], [1.0]], "0.bias": [0.0, 0.0], "2.weight": [[-9.0, -4.5]], "2.bias": [0.0]}
    marks = draw(F2, "D6", weights=weights).scene.marks
    texts = {mark.text for mark in marks if isinstance(mark, Label)}
    assert {"*(-1)", "*1", "*(-9)", "*(-4.5)", "-x", "relu(-x)", "u", r"sig(u)=\hat{y}"} <= texts


@pytest.mark.parametrize("dialect", ["D1", "D2", "D3", "D4", "D4b"])
def test_a_dialect_that_cannot_show_a_network_says_why(dialect):
    with pytest.raises(CannotExpress, match="one linear map to one output"):
        draw(F2, dialect)


def test_weights_are_asked_for_where_there_are_none():
    with pytest.raises(InvalidValue, match="a network without weights"):
        draw(F2, "numbers")


def test_numbers_on_too_many_edges_are_refused_with_a_way_out():
    wide = cn.build(cn.read("21 -> 20 relu -> 1"), seed=0)
    with pytest.raises(CannotExpress, match='weights="colour"'):
        cn.draw(wide, "nodes", weights="numbers", max_nodes=50)
    assert "legend-negative" in cn.draw(wide, "nodes", weights="colour", max_nodes=50).svg


@pytest.mark.parametrize("dialect", ["states", "blocks"])
def test_a_dialect_without_weights_on_its_edges_does_not_drop_them_in_silence(dialect):
    with pytest.raises(CannotExpress, match="a dialect whose edges are weights"):
        cn.draw(cn.build(F2, seed=0), dialect, weights="numbers")


def test_the_svg_is_a_picture_for_everyone():
    root = ElementTree.fromstring(draw(F4, "D11").svg)
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.find(f"{space}title").text and "784" in root.find(f"{space}desc").text
    assert "prefers-color-scheme: dark" in root.find(f"{space}style").text
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids)) and "layer1-node32" in ids
    assert "ŷ" in "".join(root.itertext())


def test_every_surface_writes_its_own_language(tmp_path):
    drawing = draw(F4, "D11")
    first = {
        "svg": b"<svg",
        "png": b"\x89PNG",
        "pdf": b"%PDF",
        "tex": rb"\documentclass",
        "html": b"<!doctype html>",
        "dot": b"digraph",
        "mmd": b"flowchart",
    }
    for suffix, start in first.items():
        assert drawing.save(tmp_path / f"net.{suffix}").read_bytes().startswith(start)
    assert b"/Type /Font" in (tmp_path / "net.pdf").read_bytes()
    assert "http" not in (tmp_path / "net.html").read_text().replace("http://www.w3.org", "").replace(
        "https://github.com/chalknet", ""
    )


def test_a_drawing_goes_on_axes_and_into_a_notebook():
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    assert draw(F2, "nodes").on(axes) is axes and axes.patches and axes.texts
    assert draw(F2)._repr_svg_() == draw(F2).svg
    assert "X(n,1) -l1-> u1(n,2)" in draw(F2).alt_text


def test_a_font_that_was_installed_after_matplotlib_listed_its_fonts_is_found(tmp_path, monkeypatch):
    from fontTools.ttLib import TTFont
    from matplotlib import font_manager, get_data_path

    font = TTFont(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    for record in font["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = "NanumGothic"
    font.save(tmp_path / "new.ttf")
    latin = [
        entry for entry in font_manager.fontManager.ttflist if entry.name.startswith(("DejaVu", "Liberation"))
    ]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", latin)
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    with pytest.raises(CannotExpress, match="no font is installed"):
        cn.draw(F2, "D11", language="ko").save(tmp_path / "net.png")
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(tmp_path / "new.ttf")])
    with pytest.warns(UserWarning, match="missing from font"):  # that font has but the name of a Korean one
        assert cn.draw(F2, "D11", language="ko").save(tmp_path / "net.png").exists()


def test_a_paper_drawing_fits_its_column_or_is_refused():
    scene = cn.draw(F4, "D11", preset="paper").scene
    assert scene.print_width_mm <= 89.01
    assert min(mark.size for mark in scene.marks if isinstance(mark, Label)) >= 4.4
    with pytest.raises(CannotExpress, match="too large for the page"):
        cn.draw(cn.read("9" + " -> 9 relu" * 12), "D7", preset="paper")


def test_names_titles_and_colours_are_the_users():
    drawing = cn.draw(
        F2,
        "D9",
        layer_titles=("In", "Middle", "Out"),
        node_names={"node": "h", "x": "t"},
        colours={"hidden": "#123456"},
        title="Mine",
    )
    texts = {mark.text for mark in drawing.scene.marks if isinstance(mark, Label)}
    assert {"In", "Middle: relu", "h_{1}", "t", "Mine"} <= texts
    assert "#123456" in drawing.svg
    assert "은닉층: relu" in cn.draw(F4, "D11", language="ko").svg


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dialect": "D12"}, "one of observations, "),
        ({"orientation": "left"}, "right, down"),
        ({"max_nodes": 1}, "at least 3"),
        ({"colours": {"hiden": "#fff"}}, "Did you mean hidden"),
        ({"colour": "red"}, "Did you mean colours"),
    ],
)
def test_what_cannot_be_drawn_is_told(options, words):
    with pytest.raises((UnknownName, InvalidValue), match=words):
        cn.draw(F2, **options)


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(UnknownName, match=r"ending '\.bmp'"):
        draw(F2).save(tmp_path / "net.bmp")
    with pytest.raises(FileProblem, match="can be written"):
        draw(F2).save(tmp_path / "no" / "net.svg")


def test_samples_that_are_no_vectors_are_shown_as_blocks_alone():
    network = Network((4, 3), (Linear(2), Activation("relu")))
    with pytest.raises(CannotExpress, match="no vectors"):
        draw(network, "nodes")
    assert "Linear 3 → 2" in draw(network, "blocks").svg


@pytest.mark.parametrize("dialect", [*DIALECTS])
def test_the_pictures_are_those_that_were_looked_at(dialect, request):
    network = (
        LOGISTIC
        if dialect in ("observations", "observation", "index-free", "bias-implied", "plain-weight")
        else F2
    )
    weights = {"0.weight": [[-1.0], [1.0]], "0.bias": [0.0, 0.0], "2.weight": [[-9.0, -4.5]], "2.bias": [4.5]}
    svg = draw(network, dialect, weights=weights).svg
    golden = GOLDEN / f"{dialect}.svg"
    if request.config.getoption("--regold"):
        golden.write_text(svg, encoding="utf-8")
    assert svg == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "colour", ["red}</style><script>", "#12345", "#1234567", "red", "", 3, None, "#12345g"]
)
def test_a_colour_is_six_digits_and_nothing_else(colour):
    with pytest.raises(InvalidValue, match="draw colours, hidden"):
        cn.draw(cn.read("2 -> 1"), "layers", colours={"hidden": colour})


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_any_title_gives_an_svg_that_is_xml(title):
    svg = cn.draw(cn.read("2 -> 1"), "layers", title=title, layer_titles=(title, "b", title)).svg
    assert ElementTree.fromstring(svg.encode()).tag.endswith("svg")
