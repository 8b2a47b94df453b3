"""The surfaces draw one picture: SVG, PDF, PNG and TikZ agree in place, ink and line."""

import re
from io import BytesIO

import numpy as np
import pypdfium2 as pdfium
import pytest
import torch
from PIL import Image, ImageFilter
from tests.pictures.browser import browser, program

import chalknet as cn
from chalknet.drawing.scene import Box, Label, Line

_SCALE = 2  # pixels a point
torch.manual_seed(0)
MODULE = cn.build("3 -> 5 tanh -> 4 softmax", seed=0)
CONVOLUTION = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3), torch.nn.ReLU(), torch.nn.Flatten())
DRAWINGS = {
    "a title, indices and dots": lambda: cn.draw("784 -> 32 relu -> 1 sigmoid", "D11", title="A $x title"),
    "numbers in tables": lambda: cn.draw(MODULE, "D6"),
    "numbers along edges": lambda: cn.draw(cn.build("1 -> 2 relu -> 1", seed=0), "D6"),
    "colours and dashes": lambda: cn.draw(MODULE, "D9", weights="colour"),
    "hats and labels": lambda: cn.draw("1 -> 1 sigmoid", "D1"),
    "paper": lambda: cn.draw("784 -> 32 relu -> 1 sigmoid", "D11", preset="paper"),
    "a slide": lambda: cn.draw("2 -> 3 -> 1", "D8", preset="slide"),
    "pale curves": lambda: cn.draw(
        "3 -> 12 relu -> 12 -> 2", "D9", max_nodes=12, edges="curved", orientation="down"
    ),
    "stacks": lambda: cn.draw(CONVOLUTION, "stacks", input_shape=(1, 28, 28)),
}


def ink(picture, size):
    """Return how dark a picture is at each place, a little blurred, so that a pixel more or less is none."""
    return 255 - np.asarray(picture.convert("L").resize(size).filter(ImageFilter.BoxBlur(3)), float)


@pytest.mark.slow
@pytest.mark.skipif(not program(), reason="a browser draws the SVG")
@pytest.mark.parametrize("name", DRAWINGS)
def test_the_svg_of_a_browser_the_pdf_and_the_png_are_one_picture(name, tmp_path):
    drawing = DRAWINGS[name]()
    width, height = drawing.scene.width, drawing.scene.height
    size = round(width * _SCALE), round(height * _SCALE)
    place = (
        f"<style>svg {{ position: absolute; left: 0; top: 0; width: {width}px; height: {height}px }}</style>"
    )
    shot = browser().photograph(place + drawing.svg, int(width) + 1, int(height) + 1, scale=_SCALE)
    svg = ink(Image.open(BytesIO(shot)).crop((0, 0, *size)), size)
    with pdfium.PdfDocument(drawing.save(tmp_path / "a.pdf")) as document:
        pdf = ink(document[0].render(scale=_SCALE).to_pil(), size)
    for other in (pdf, ink(Image.open(drawing.save(tmp_path / "a.png")), size)):
        assert other.sum() == pytest.approx(svg.sum(), rel=0.09)
        assert np.corrcoef(other.ravel(), svg.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("name", DRAWINGS)
def test_tikz_has_the_places_the_lines_and_the_letters_of_the_scene(name):
    scene, text = DRAWINGS[name]().scene, DRAWINGS[name]().text(".tex")
    for mark in scene.marks:
        if isinstance(mark, Box) and mark.kind != "frame":
            at = f"({mark.x + mark.width / 2:.2f},{mark.y + mark.height / 2:.2f})"
            assert f"minimum width={mark.width:.2f}pt, minimum height={mark.height:.2f}pt]" in text
            assert f"at {at} " in text
        if isinstance(mark, Label):
            assert f"\\fontsize{{{mark.size:.1f}}}" in text
    drawn = re.findall(r"\\draw\[(?:line|positive|negative)[^\]]*line width=([\d.]+)pt", text)
    assert drawn == [f"{mark.width:.2f}" for mark in scene.marks if isinstance(mark, Line)]
    assert f"line width={scene.stroke:.4g}pt" in text and f"length={8 * scene.stroke:.4g}pt" in text


@pytest.mark.parametrize("orientation", ["right", "down"])
def test_curves_leave_and_enter_along_the_flow_and_edges_with_labels_stay_straight(orientation):
    scene = cn.draw("3 -> 4 relu -> 2", "D7", edges="curved", orientation=orientation).scene
    lines = [mark for mark in scene.marks if isinstance(mark, Line)]
    assert len([line for line in lines if line.controls]) == 12 + 8
    for line in lines:
        if line.controls:
            (ax, ay), (bx, by) = line.controls
            assert (
                (ay, by) == (line.y1, line.y2) if orientation == "right" else (ax, bx) == (line.x1, line.x2)
            )
    assert (
        cn.draw("3 -> 4 relu -> 2", "D7").scene == cn.draw("3 -> 4 relu -> 2", "D7", edges="straight").scene
    )
    svg = cn.draw("3 -> 4 relu -> 2", "D7", edges="curved").svg
    assert svg.count('fill="none" d="M') == 20 and cn.read(svg) == cn.read("3 -> 4 relu -> 2")


def test_the_denser_the_edges_the_paler_they_are():
    opacities = []
    for width in (3, 8, 16, 40):
        drawing = cn.draw(f"{width} -> {width} relu -> 1", "D9", max_nodes=100)
        lines = [mark for mark in drawing.scene.marks if isinstance(mark, Line)]
        opacities.append(lines[0].opacity)
        assert lines[-1].opacity == 1  # to a single unit
    assert opacities[0] == 1 and opacities == sorted(opacities, reverse=True)
    assert 0.2 <= opacities[-1] < 0.3 and f'opacity="{opacities[-1]:g}"' in drawing.svg
    assert f"opacity={opacities[-1]:g}" in drawing.text(".tex")


@pytest.mark.parametrize(
    "formula", ["784 -> 32 relu -> 1 sigmoid", "784 -> 128 relu -> 64 relu -> 10 softmax"]
)
def test_numbers_of_a_wide_network_stand_on_a_page_of_a_sane_width(formula):
    module = cn.build(formula, seed=0)
    assert cn.draw(module, "D6").scene.width < 2.5 * cn.draw(module, "D7").scene.width
