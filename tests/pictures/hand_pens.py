"""A scene drawn by an unsteady hand: pen on paper, chalk on a board, marker on a whiteboard."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from tests.pictures.letters import spelled, strokes
from tests.pictures.scene import Line, Point, Scene, Shape, Words, runs, width_of
from tests.pictures.vector_pens import head_points

TOOLS = ("pen", "pencil", "squared paper", "chalk", "whiteboard", "tablet")
_SMOOTH = 2


@dataclass
class _Hand:
    """What a hand does to every line.

    Args:
        wobble: how far lines stray, of a unit's radius.
        miss: how far ends stray, likewise.
        open: how much of a circle may be missing or drawn twice, in degrees.
        gaps: the chance that a line is interrupted.
        size: a unit's radius, in pixels.
    """

    wobble: float
    miss: float
    open: float
    gaps: float
    size: float
    random: Random


def painted(scene: Scene, width: int, height: int, random: Random, tool: str) -> Image.Image:
    """Return a scene as somebody draws it with a tool of TOOLS."""
    radii = [
        min(mark.w, mark.h) / 2 for mark in scene.marks if isinstance(mark, Shape) and mark.kind != "dots"
    ]
    size = sorted(radii)[len(radii) // 2] if radii else 15
    careful = random.random()
    hand = _Hand(0.03 + 0.1 * careful, 0.04 + 0.22 * careful, 4 + 26 * careful, 0.25 * careful, size, random)
    colours = _inks(tool, random)
    masks: dict[str, Image.Image] = {}
    thick = {
        "pen": 0.07,
        "pencil": 0.05,
        "squared paper": 0.07,
        "chalk": 0.16,
        "whiteboard": 0.17,
        "tablet": 0.1,
    }[tool]
    thick = max(thick * random.uniform(0.8, 1.3) * size, 1.0)
    for mark in scene.marks:
        colour = _ink_of(mark, colours)
        mask = masks.setdefault(colour, Image.new("L", (width * _SMOOTH, height * _SMOOTH), 0))
        for path, force in _paths(mark, hand):
            _stroke(mask, path, thick * force, hand)
    return _on_ground(masks, (width, height), tool, random)


def _inks(tool: str, random: Random) -> list[str]:
    dark = ["#101030", "#1a237e", "#000000", "#222222", "#0d47a1"]
    found = {
        "chalk": ["#f4f4ee"],
        "pencil": ["#444444", "#555555", "#333344"],
        "whiteboard": ["#111111", "#0033aa", "#b00020", "#00662b"],
        "tablet": ["#000000", "#d32f2f", "#1565c0", "#2e7d32"],
    }.get(tool, dark)
    main = random.choice(found[:2] if tool in ("whiteboard", "tablet") else found)
    others = {"chalk": ["#f6e27a", "#f2a7b0", "#9fd3f2"]}.get(tool, found)
    return [main, random.choice(others) if random.random() < 0.3 else main]


def _ink_of(mark: Shape | Line | Words, colours: list[str]) -> str:
    return colours[0] if isinstance(mark, Shape) else colours[1] if isinstance(mark, Line) else colours[0]


def _paths(mark: Shape | Line | Words, hand: _Hand) -> list[tuple[list[Point], float]]:
    """Return the strokes of a mark, each with how firm it is."""
    if isinstance(mark, Shape):
        return [(path, 1.0) for path in _shape(mark, hand)]
    if isinstance(mark, Line):
        return [(path, hand.random.uniform(0.75, 1.05)) for path in _line(mark, hand)]
    return [(path, 0.9) for path in _words(mark, hand)]


def _shape(mark: Shape, hand: _Hand) -> list[list[Point]]:
    random = hand.random
    if mark.kind == "dots":
        return [[(mark.x, mark.y), (mark.x + 0.5, mark.y + 0.5)]]
    if mark.kind == "disc":
        sweep = math.radians(360 + random.uniform(-hand.open, hand.open))
        start = random.uniform(-2.2, -0.9)
        grow, flat = random.uniform(-0.06, 0.1) * hand.wobble * 8, random.uniform(0.9, 1.08)
        steps = max(24, int(mark.w))
        path = []
        for step in range(steps + 1):
            t = step / steps
            r = 1 + grow * t + 0.35 * hand.wobble * math.sin(5 * t + start)
            angle = start + sweep * t
            path.append(
                (mark.x + r * flat * mark.w / 2 * math.cos(angle), mark.y + r * mark.h / 2 * math.sin(angle))
            )
        return [path]
    x0, y0, x1, y1 = mark.x - mark.w / 2, mark.y - mark.h / 2, mark.x + mark.w / 2, mark.y + mark.h / 2
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    if random.random() < 0.5:
        return [_wobbled(corners, hand)]
    return [_wobbled([_near(one, hand), _near(two, hand)], hand) for one, two in itertools.pairwise(corners)]


def _near(point: Point, hand: _Hand) -> Point:
    r = 0.5 * hand.miss * hand.size
    return point[0] + hand.random.gauss(0, r), point[1] + hand.random.gauss(0, r)


def _line(mark: Line, hand: _Hand) -> list[list[Point]]:
    random = hand.random
    points = list(mark.points)
    if mark.closed:
        return [_wobbled([*points, points[0]], hand)]
    points[0], points[-1] = _near(points[0], hand), _near(points[-1], hand)
    path = _wobbled(points, hand)
    found = [path]
    if mark.dash:
        found = [path[at : at + 4] for at in range(0, len(path), 7)]
    elif random.random() < hand.gaps and len(path) > 14:
        middle = random.randint(4, len(path) - 6)
        found = [path[:middle], path[middle + random.randint(1, 2) :]]
    if mark.head:
        left, tip, right = head_points(mark._replace(points=(points[-2], points[-1])), 0.5 * hand.size)
        found += [[left, tip], [tip, right]] if random.random() < 0.5 else [[left, tip, right]]
    return [each for each in found if len(each) > 1]


def _wobbled(points: list[Point], hand: _Hand) -> list[Point]:
    """Return a path with many points that strays by slow waves."""
    random = hand.random
    path: list[Point] = []
    phases = [(random.uniform(0, 6.3), random.uniform(0.8, 1.4)) for _ in range(2)]
    total = sum(math.dist(one, two) for one, two in itertools.pairwise(points)) or 1
    far = 0.0
    for one, two in itertools.pairwise(points):
        length = math.dist(one, two) or 1e-6
        steps = max(1, int(length / 4))
        nx, ny = -(two[1] - one[1]) / length, (two[0] - one[0]) / length
        for step in range(steps + (two is points[-1])):
            t = step / steps
            s = (far + t * length) / max(total, 4 * hand.size)
            off = (
                hand.wobble
                * hand.size
                * sum(math.sin(phase + 9 * speed * s) for phase, speed in phases)
                * 0.6
            )
            path.append(
                (one[0] + (two[0] - one[0]) * t + nx * off, one[1] + (two[1] - one[1]) * t + ny * off)
            )
        far += length
    return path


def _spelled(line: str) -> str:
    return line if "_{" in line else spelled(line)


def _words(mark: Words, hand: _Hand) -> list[list[Point]]:
    random = hand.random
    found = []
    lines = [line for line in map(_spelled, mark.text.split("\n")) if line]
    for number, line in enumerate(lines):
        pieces = [(strokes(piece), 0.75 * mark.size * (0.75 if low else 1), low) for piece, low in runs(line)]
        total = sum(wide * size for (_, wide), size, _ in pieces)
        shrink = min(1.0, width_of(line, mark.size) / total)  # as wide as its place was meant to be
        pieces = [(stroke, size * shrink, low) for stroke, size, low in pieces]
        total *= shrink
        x = mark.x - {"start": 0, "middle": total / 2, "end": total}[mark.anchor]
        top = mark.y + (number - (len(lines) - 1) / 2) * 1.25 * mark.size
        for (parts, wide), size, low in pieces:
            for part in parts:
                dx, dy = random.gauss(0, 0.03) * size, random.gauss(0, 0.03) * size
                slant = random.uniform(0.0, 0.12)
                path = []
                for px, py in part:
                    jx, jy = random.gauss(0, 0.02) * size, random.gauss(0, 0.02) * size
                    y = top + (py - 0.5) * size + (0.4 * size if low else 0)
                    path.append((x + px * size + slant * (1 - py) * size + dx + jx, y + dy + jy))
                found.append(_round(path) if len(path) > 2 else path)
            x += (wide + 0.15) * size
    return found


def _round(path: list[Point]) -> list[Point]:
    """Return a path whose corners are cut (Chaikin, 1974), as a pen cuts them."""
    for _ in range(2):
        inner = []
        for (a, b), (c, d) in itertools.pairwise(path):
            inner += [(0.75 * a + 0.25 * c, 0.75 * b + 0.25 * d), (0.25 * a + 0.75 * c, 0.25 * b + 0.75 * d)]
        path = [path[0], *inner, path[-1]]
    return path


def _stroke(mask: Image.Image, path: list[Point], thick: float, hand: _Hand) -> None:
    """Draw a path with a pressure that changes along it."""
    draw = ImageDraw.Draw(mask)
    phase = hand.random.uniform(0, 6.3)
    for number, (one, two) in enumerate(itertools.pairwise(path)):
        force = 1 + 0.25 * math.sin(phase + number / 5)
        width = max(1, round(thick * force * _SMOOTH))
        ends = [(one[0] * _SMOOTH, one[1] * _SMOOTH), (two[0] * _SMOOTH, two[1] * _SMOOTH)]
        draw.line(ends, fill=255, width=width)
        r = width / 2
        draw.ellipse([ends[1][0] - r, ends[1][1] - r, ends[1][0] + r, ends[1][1] + r], fill=255)


def _on_ground(
    masks: dict[str, Image.Image], size: tuple[int, int], tool: str, random: Random
) -> Image.Image:
    noise = np.random.default_rng(random.randrange(1 << 30))
    image = _ground(size, tool, random, noise)
    for colour, mask in masks.items():
        cover = np.asarray(mask.resize(size, Image.Resampling.LANCZOS), float)[..., None] / 255
        ink = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], float)
        if tool == "chalk":
            grain = noise.random(size[::-1])
            grain = np.asarray(
                Image.fromarray((255 * grain).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8)), float
            )
            cover *= np.clip(0.35 + (grain[..., None] - 105) / 30, 0.25, 1)
        elif tool == "pencil":
            cover *= (0.55 + 0.45 * noise.random(size[::-1]))[..., None]
        elif tool == "whiteboard":
            cover *= 0.85
        image = image * (1 - cover) + ink * cover
    return Image.fromarray(np.clip(image, 0, 255).astype(np.uint8))


def _ground(size: tuple[int, int], tool: str, random: Random, noise: np.random.Generator) -> np.ndarray:
    """Return the paper or the board, without a drawing."""
    width, height = size
    tints = {"chalk": (random.choice([(38, 70, 56), (30, 60, 45), (45, 50, 52)])), "whiteboard": (236, 238, 240),
             "tablet": (255, 255, 255), "pen": (247, 245, 238), "pencil": (244, 242, 236), "squared paper": (246, 247, 246)}  # fmt: skip
    image = np.ones((height, width, 3)) * np.array(tints[tool], float)
    if tool == "tablet":
        return image
    if tool == "squared paper":
        step = max(8, int(max(size) / random.randint(22, 40)))
        line = np.array(random.choice([(170, 195, 225), (190, 205, 215), (200, 180, 190)]), float)
        for start in range(step // 2, height, step):
            image[start] = 0.4 * image[start] + 0.6 * line
        for start in range(step // 3, width, step):
            image[:, start] = 0.4 * image[:, start] + 0.6 * line
    coarse = noise.normal(0, 1, (6, 6))
    shape = Image.fromarray(coarse.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
    strength = {"chalk": 7, "whiteboard": 8, "pen": 5, "pencil": 5, "squared paper": 5}[tool]
    image += strength * np.asarray(shape)[..., None]
    return image + noise.normal(0, 2.5 if tool == "chalk" else 1.2, (height, width, 1))
