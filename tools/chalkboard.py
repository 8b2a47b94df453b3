"""The README's photograph: a network chalked on a board, seen a little from the side, in uneven light.

`python tools/chalkboard.py` writes docs/pictures/board.jpg, and beside it what is seen in it. Nothing in it
is foreign: strokes with wobble and dust are drawn, blurred, turned and lit here, from one seed.
"""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

import chalknet as cn

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
WIDTH, HEIGHT = 1200, 760
BOARD, CHALK = (38, 72, 58), (232, 236, 226)
COLUMNS = ((230, 3, "x"), (560, 4, "h"), (890, 1, "y"))  # where, units, letter
RADIUS, STEP = 46, 150
TITLES = ((230, "input"), (560, "ReLU"), (890, "sigmoid"))


def main() -> None:
    """Write the photograph and its account."""
    chance = random.Random(7)
    layer = Image.new("L", (WIDTH, HEIGHT), 0)
    pen = ImageDraw.Draw(layer)
    font = ImageFont.truetype(_font(), 34)
    columns = [
        [(x, HEIGHT / 2 + 30 + (place - (count - 1) / 2) * STEP) for place in range(count)]
        for x, count, _ in COLUMNS
    ]
    for one, other in pairwise(columns):
        for start in one:
            for end in other:
                _line(pen, chance, _rim(start, end), _rim(end, start))
    for (_, _, letter), column in zip(COLUMNS, columns, strict=True):
        for number, spot in enumerate(column, start=1):
            _circle(pen, chance, spot)
            words = letter if len(column) == 1 else f"{letter}{number}"
            pen.text(spot, words, fill=235, font=font, anchor="mm")
    for x, words in TITLES:
        pen.text((x, 60), words, fill=225, font=font, anchor="mm")
    _photographed(layer).save(FOLDER / "board.jpg", quality=82)
    network = cn.read(FOLDER / "board.jpg")
    cn.draw_account(network).save(FOLDER / "board-seen.jpg")
    print(network, *network.notes, sep="\n")


def _font() -> str:
    from matplotlib.font_manager import findfont

    return str(findfont("DejaVu Sans"))


def _rim(spot: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
    (x, y), (u, v) = spot, towards
    far = ((u - x) ** 2 + (v - y) ** 2) ** 0.5
    return x + (u - x) / far * (RADIUS + 4), y + (v - y) / far * (RADIUS + 4)


def _line(
    pen: ImageDraw.ImageDraw, chance: random.Random, start: tuple[float, float], end: tuple[float, float]
) -> None:
    points = []
    for step in range(13):
        share = step / 12
        x, y = (a + (b - a) * share for a, b in zip(start, end, strict=True))
        points.append((x + chance.gauss(0, 0.9), y + chance.gauss(0, 0.9)))
    pen.line(points, fill=chance.randint(190, 235), width=4, joint="curve")


def _circle(pen: ImageDraw.ImageDraw, chance: random.Random, spot: tuple[float, float]) -> None:
    begin, points = chance.uniform(0, 6.3), []
    for step in range(41):
        turn = begin + step / 40 * 6.35
        radius = RADIUS + chance.gauss(0, 0.8) + step / 40 * 2
        points.append((spot[0] + radius * np.cos(turn), spot[1] + radius * np.sin(turn)))
    pen.line(points, fill=235, width=5, joint="curve")


def _photographed(layer: Image.Image) -> Image.Image:
    """Return the board with its dust and light, turned a little."""
    noise = np.random.default_rng(7)
    chalk = np.asarray(layer.filter(ImageFilter.GaussianBlur(0.9)), dtype=float) / 255
    chalk *= np.clip(noise.normal(0.92, 0.16, chalk.shape), 0, 1)  # the grain of the board
    smear = Image.fromarray((noise.random((19, 30)) * 255).astype(np.uint8)).resize((WIDTH, HEIGHT), 3)
    ground = np.array(BOARD) + (np.asarray(smear, dtype=float)[..., None] - 128) * 0.09
    light = 1.15 - 0.4 * np.linspace(0, 1, WIDTH)[None, :, None] * np.linspace(0.6, 1, HEIGHT)[:, None, None]
    shown = ground * (1 - chalk[..., None]) + np.array(CHALK) * chalk[..., None]
    shown = np.clip(shown * light + noise.normal(0, 3, shown.shape), 0, 255)
    image = Image.fromarray(shown.astype(np.uint8))
    quad = (14, 22, 0, HEIGHT - 8, WIDTH - 20, HEIGHT, WIDTH, 0)  # corners, seen from the side
    return image.transform((WIDTH, HEIGHT), Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)


if __name__ == "__main__":
    main()
