"""A scene as part of a page of text, of a slide, or beside another figure."""

from __future__ import annotations

import math
from random import Random

from tests.pictures.scene import Line, Scene, Shape, Words, moved, width_of
from tests.pictures.words import sentence


def on_a_page(scene: Scene, random: Random) -> str:
    """Add what surrounds a figure, and return which surroundings these are."""
    kind = random.choices(["text", "slide", "beside a plot", "window"], [45, 30, 15, 10])[0]
    {"text": _text, "slide": _slide, "beside a plot": _plot, "window": _window}[kind](scene, random)
    return kind


def _paragraph(
    random: Random, left: float, top: float, width: float, lines: int, size: float, ink: str
) -> list[Words]:
    letters = int(width / (0.5 * size))
    found = []
    for line in range(lines):
        text = sentence(random, 40)[: letters if line < lines - 1 else letters // 2]
        found.append(Words(left, top + line * 1.35 * size, text, size, ink, "start", needed=False))
    return found


def _text(scene: Scene, random: Random) -> None:
    left, top, right, bottom = scene.bounds
    size = random.uniform(13, 18)
    width = max(right - left, 420)
    left -= (width - (right - left)) / 2
    above, below = random.randint(0, 8), random.randint(2, 9)
    caption = random.choice(["Figure {}.", "Fig. {}:", "Figure {} |"]).format(random.randint(1, 9))
    text = f"{caption} {sentence(random, 7)}"
    if width_of(text, size) < width:
        scene.marks.append(Words(left + width / 2, bottom + 2 * size, text, size, scene.ink, needed=False))
    scene.marks += (
        _paragraph(random, left, top - (above + 1) * 1.35 * size, width, above, size, scene.ink)
        if above
        else []
    )
    scene.marks += _paragraph(random, left, bottom + 5 * size, width, below, size, scene.ink)


def _slide(scene: Scene, random: Random) -> None:
    left, top, right, bottom = scene.bounds
    size = random.uniform(15, 22)
    title = random.choice(["Lecture 5", "How it works", "Recap", "The model", "Neural networks", "Today"])
    scene.marks.append(
        Words(left, top - 3.5 * size, title, 1.8 * size, scene.ink, "start", bold=True, needed=False)
    )
    if random.random() < 0.6:
        for line in range(random.randint(2, 4)):
            text = "• " + sentence(random, random.randint(2, 4))
            scene.marks.append(
                Words(
                    right + 2 * size,
                    top + (1 + 2 * line) * size,
                    text,
                    size,
                    scene.ink,
                    "start",
                    needed=False,
                )
            )
    _, _, right, _ = scene.bounds
    colour = random.choice(["#c00000", "#1f4e79", "#2a9d8f"])
    scene.marks.append(
        Shape("box", (left + right) / 2, bottom + 3.2 * size, right - left, 0.4 * size, colour, "", 0)
    )
    foot = f"{random.choice(['University', 'Deep learning', 'Course notes'])}   {random.randint(2, 60)}"
    scene.marks.append(Words(right, bottom + 4.4 * size, foot, 0.7 * size, scene.ink, "end", needed=False))
    if random.random() < 0.4:  # a logo
        points = tuple(
            (right + size * math.cos(turn * 2.1), top - 3 * size + size * math.sin(turn * 2.1))
            for turn in range(3)
        )
        scene.marks.append(Line(points, colour, 1, closed=True, fill=colour))


def _plot(scene: Scene, random: Random) -> None:
    """Draw a chart of bars or a curve to the right of the figure."""
    first, top, right, bottom = scene.bounds
    left, high = right + 70, min(max(bottom - top, 120), 1.2 * max(right - first, 120))
    base, wide = top + high, 1.1 * high
    scene.marks.append(Line(((left, top), (left, base), (left + wide, base)), scene.ink, 1.5))
    if random.random() < 0.5:
        for bar in range(5):
            tall = random.uniform(0.2, 0.95) * high
            x = left + (bar + 0.7) * wide / 5.5
            scene.marks.append(
                Shape("box", x, base - tall / 2, 0.6 * wide / 5, tall, "#6fa8dc", scene.ink, 1)
            )
    else:
        points = tuple((left + t * wide / 30, base - high * 0.9 * (1 - math.exp(-t / 8))) for t in range(31))
        scene.marks.append(Line(points, "#d62728", 2.5))
    scene.marks.append(Words(left + wide / 2, base + 18, "epoch", 14, scene.ink, needed=False))
    scene.marks.append(Words(left - 16, top + high / 2, "accuracy", 14, scene.ink, angle=-90, needed=False))


def _window(scene: Scene, random: Random) -> None:
    left, top, right, bottom = scene.bounds
    width = right - left + 80
    x, y = (left + right) / 2, top - 50
    scene.marks.append(Shape("box", x, y, width, 32, "#dddddd", "", 0))
    for number, colour in enumerate(("#ff5f56", "#ffbd2e", "#27c93f")):
        scene.marks.append(Shape("dots", left - 40 + 20 + 22 * number, y, 12, 12, colour, "", 0))
    scene.marks.append(
        Words(x, y, random.choice(["notes.pdf", "slides", "Untitled"]), 14, "#333333", needed=False)
    )
    scene.marks.append(Shape("box", x, bottom + 40, width, 22, "#eeeeee", "", 0))


def fitted(scene: Scene, random: Random, *, longest: float, least: float) -> tuple[Scene, float, float]:
    """Return the scene moved to its own page with a margin, and the page's width and height in pixels.

    Args:
        scene: as it was laid out.
        random: its numbers.
        longest: the longer side that is wanted, in pixels.
        least: the size in pixels that the smallest words on which the truth rests must have.
    """
    left, top, right, bottom = scene.bounds
    margin = random.uniform(0.02, 0.12) * max(right - left, bottom - top)
    width, height = right - left + 2 * margin, bottom - top + 2 * margin
    scale = min(max(longest / max(width, height), least / scene.smallest), 2400 / max(width, height))
    marks = [moved(mark, (margin - left) * scale, (margin - top) * scale, scale) for mark in scene.marks]
    return (
        Scene(marks, scene.ground, scene.font, scene.ink),
        math.ceil(width * scale),
        math.ceil(height * scale),
    )
