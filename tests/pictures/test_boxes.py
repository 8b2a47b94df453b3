"""Boxes with words: short arrows between them, tables of cells, bars of a chart."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import chalknet as cn

FONT = ImageFont.load_default(size=22)


def paper(width, height):
    image = Image.new("RGB", (width, height), "white")
    return image, ImageDraw.Draw(image)


def box(pen, left, top, width, height, *lines, fill="white"):
    pen.rectangle((left, top, left + width, top + height), fill=fill, outline="black", width=2)
    for number, line in enumerate(lines):
        middle = top + height * (number + 1) / (len(lines) + 1)
        pen.text((left + width / 2, middle), line, fill="black", font=FONT, anchor="mm")


@pytest.mark.slow
@pytest.mark.parametrize("down", [False, True])
def test_arrows_that_do_not_reach_their_boxes_join_them(down):
    image, pen = paper(300, 900) if down else paper(1150, 240)
    layers = [("Input", "784"), ("Dense 256", "ReLU"), ("Dense 64", "ReLU"), ("Dense 10", "Softmax")]
    for number, lines in enumerate(layers):
        left, top = (60, 40 + 210 * number) if down else (40 + 280 * number, 60)
        box(pen, left, top, 180, 120, *lines)
        if number:
            x, y = (150, top - 45) if down else (left - 50, 120)
            ahead = [(x, y + 14), (x - 8, y), (x + 8, y)] if down else [(x + 14, y), (x, y - 8), (x, y + 8)]
            pen.line((x, y - 16, x, y) if down else (x - 16, y, x, y), fill="black", width=3)
            pen.polygon(ahead, fill="black")
    network = cn.read(np.asarray(image))
    assert network == cn.read("784 -> 256 relu -> 64 relu -> 10 softmax")


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["", "output:", "dense"])
def test_the_cells_of_a_table_are_one_layer_though_one_is_not_read(lost):
    image, pen = paper(760, 620)
    rows = [("input_1", "InputLayer", 20, 20), ("dense", "Dense relu", 20, 64), ("dense_1", "Dense", 64, 3)]
    for number, (name, kind, into, out) in enumerate(rows):
        top = 30 + 200 * number
        for left, width, lines in (
            (60, 200, (name, kind)),
            (260, 150, ("input:", "output:")),
            (410, 260, (f"(None, {into})", f"(None, {out})")),
        ):
            for row, line in enumerate(lines):
                box(pen, left, top + 60 * row, width, 60, "" if line == lost and number == 1 else line)
        if number:
            pen.line((365, top - 80, 365, top - 12), fill="black", width=3)
            pen.polygon([(365, top), (357, top - 14), (373, top - 14)], fill="black")
    network = cn.read(np.asarray(image))
    assert cn.write(network, "shorthand").startswith("20 -> 64 relu -> 3")


@pytest.mark.slow
@pytest.mark.parametrize("apart", [0, 40])
def test_the_bars_of_a_chart_are_no_network(apart):
    image, pen = paper(900, 500)
    for number, high in enumerate((120, 260, 330, 200, 90)):
        left = 80 + number * (110 + apart)
        box(pen, left, 440 - high, 110, high, fill="#4c72b0")
        pen.text((left + 55, 425 - high), str(high), fill="black", font=FONT, anchor="mm")
    pen.line((60, 440, 860, 440), fill="black", width=2)
    with pytest.raises(cn.NotationError):
        cn.read(np.asarray(image))
