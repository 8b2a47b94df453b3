"""Drawings of other things than networks: plans, charts, tables, maps, by shapes, lines and words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from random import Random

import numpy as np
from tests.pictures.scene import Line, Mark, Shape, Words
from tests.pictures.words import sentence

_NOUNS = "Order Customer Invoice Product Account Payment User Session Report Report File Driver Ticket Course Room".split()
_DO = [
    "Read the file",
    "Ask the user",
    "Check input",
    "Save",
    "Send e-mail",
    "Sort the list",
    "Print",
    "Close",
    "Add to cart",
    "Log in",
]
PEOPLE = [
    "Ana",
    "Boris",
    "Chen",
    "Dora",
    "Emil",
    "Fatma",
    "Goran",
    "Hana",
    "Ivan",
    "Jun",
    "Kim",
    "Lea",
    "Mia",
    "Noor",
    "Otto",
    "Pia",
]


def _join(one: Shape, other: Shape, head: str = "filled") -> Line:
    """Return a line from rim to rim of two boxes or discs."""
    dx, dy = other.x - one.x, other.y - one.y
    length = math.hypot(dx, dy) or 1

    def out(shape: Shape) -> float:
        if shape.kind == "disc":
            return shape.w / 2
        reach = [shape.w / 2 / abs(dx / length) if dx else 1e9, shape.h / 2 / abs(dy / length) if dy else 1e9]
        return min(reach)

    a, b = out(one) / length, 1 - out(other) / length
    return Line(
        ((one.x + a * dx, one.y + a * dy), (one.x + b * dx, one.y + b * dy)), "#222222", 1.5, head=head
    )


def _box(
    x: float, y: float, text: str, *, w: float = 120, h: float = 44, kind: str = "box", fill: str = ""
) -> list[Mark]:
    size = min(14.0, 0.9 * w / max(len(line) for line in text.split("\n")) / 0.56)
    return [Shape(kind, x, y, w, h, fill, "#222222", 1.5), Words(x, y, text, size)]


def _flow_chart(random: Random) -> list[Mark]:
    down = random.random() < 0.6
    fill = random.choice(["", "#dae8fc", "#fff2cc"])
    texts = ["Start", *random.sample(_DO, random.randint(2, 5)), "Valid?", random.choice(_DO), "End"]
    marks: list[Mark] = []
    shapes = []
    for number, text in enumerate(texts):
        x, y = (0, 90 * number) if down else (180 * number, 0)
        kind = "diamond" if text.endswith("?") else "rounded" if text in ("Start", "End") else "box"
        marks += _box(x, y, text, kind=kind, h=60 if kind == "diamond" else 44, fill=fill)
        shapes.append(marks[-2])
    marks += [_join(one, other) for one, other in itertools.pairwise(shapes)]
    judge, back = shapes[-3], shapes[1]
    side = 130 if down else 90
    corner = (
        [(judge.x + side, judge.y), (back.x + side, back.y)] if down else [(judge.x, side), (back.x, side)]
    )
    start = (judge.x + 60, judge.y) if down else (judge.x, 30)
    end = (back.x + 60, back.y) if down else (back.x, 22)
    marks.append(Line((start, *corner, end), "#222222", 1.5, head="filled"))
    marks.append(Words(corner[0][0] + 12, corner[0][1] - 10, "no", 13))
    return marks


def _tree(random: Random) -> list[Mark]:
    depth, sign = random.choice([3, 4]), random.choice(["", "numbers", "letters"])
    marks: list[Mark] = []
    rows: list[list[Shape]] = []
    for level in range(depth):
        rows.append([])
        for place in range(2**level):
            x = (place + 0.5) * 2 ** (depth - level) * 34
            rows[-1].append(
                Shape("disc", x, level * 80, 34, 34, random.choice(["", "#cfe2f3"]), "#222222", 1.5)
            )
    for level in range(depth - 1):
        for place, parent in enumerate(rows[level]):
            marks += [_join(parent, rows[level + 1][2 * place + side], "") for side in (0, 1)]
    for shape in (shape for row in rows for shape in row):
        marks.append(shape)
        if sign:
            marks.append(
                Words(
                    shape.x,
                    shape.y,
                    str(random.randint(1, 99)) if sign == "numbers" else random.choice("ABCDEFGH"),
                    14,
                )
            )
    return marks


def _organisation(random: Random) -> list[Mark]:
    marks = _box(0, 0, "Director\n" + random.choice(PEOPLE))
    head = marks[0]
    for number, role in enumerate(
        random.sample(["Sales", "Finance", "Research", "People", "Support"], random.randint(2, 4))
    ):
        box = _box(150 * (number - 1.5), 110, f"{role}\n{random.choice(PEOPLE)}")
        marks += [*box, _join(head, box[0], "")]
        for row in range(random.randint(0, 3)):
            below = _box(150 * (number - 1.5), 210 + 62 * row, random.choice(PEOPLE), h=34)
            marks += [*below, *([_join(box[0], below[0], "")] if row == 0 else [])]
    return marks


def _classes(random: Random) -> list[Mark]:
    marks: list[Mark] = []
    boxes = []
    for number, name in enumerate(random.sample(_NOUNS, random.randint(3, 5))):
        x, y = (number % 3) * 240, (number // 3) * 220
        shape = Shape("box", x, y, 160, 130, "#fffde7", "#222222", 1.5)
        boxes.append(shape)
        fields = "\n".join(
            f"{random.choice('+-')} {random.choice(['id', 'name', 'date', 'total', 'owner'])}: {random.choice(['int', 'str'])}"
            for _ in range(3)
        )
        marks += [shape, Words(x, y - 48, name, 15, bold=True), Line(((x - 80, y - 32), (x + 80, y - 32)), "#222222", 1.5),
                  Words(x - 70, y + 2, fields, 12, anchor="start"), Line(((x - 80, y + 36), (x + 80, y + 36)), "#222222", 1.5),
                  Words(x - 70, y + 50, "+ save()", 12, anchor="start")]  # fmt: skip
    marks += [
        _join(one, other, random.choice(["open", "wide", ""])) for one, other in itertools.pairwise(boxes)
    ]
    return marks


def _feature_maps(random: Random) -> list[Mark]:
    """Draw stacks of planes in perspective, as papers show a convolutional network."""
    marks: list[Mark] = []
    x, side = 0.0, 150.0
    for _block in range(random.randint(3, 5)):
        planes = random.randint(3, 7)
        fill = random.choice(["#dae8fc", "#f8cecc", "#d5e8d4", "#ffffff"])
        for plane in range(planes):
            dx, dy = 9 * plane, 6 * plane
            corners = ((x + dx, -side / 2 + dy), (x + dx + 0.35 * side, -side / 2 + dy - 0.25 * side),
                       (x + dx + 0.35 * side, side / 2 + dy - 0.25 * side), (x + dx, side / 2 + dy))  # fmt: skip
            marks.append(Line(corners, "#222222", 1.2, closed=True, fill=fill))
        size = random.choice([28, 14, 7, 112, 56])
        marks.append(Words(x + 30, side / 2 + 70, f"{size}×{size}×{random.choice([6, 16, 32, 64])}", 14))
        marks.append(
            Words(
                x + 40, -side / 2 - 60, random.choice(["conv", "pool", "conv + ReLU", "convolution 3×3"]), 14
            )
        )
        x += 0.35 * side + 9 * planes + 50
        side *= 0.72
    return marks


def _map(random: Random) -> list[Mark]:
    marks: list[Mark] = []
    places = [(random.uniform(0, 600), random.uniform(0, 400)) for _ in range(9)]
    for _ in range(4):
        x, y, r = random.uniform(0, 600), random.uniform(0, 400), random.uniform(60, 140)
        corners = tuple(
            (x + r * random.uniform(0.6, 1.2) * math.cos(t), y + r * random.uniform(0.6, 1.2) * math.sin(t))
            for t in np.linspace(0, 6, 14)
        )
        marks.append(
            Line(corners, "#88aa88", 1.5, closed=True, fill=random.choice(["#e5f0d8", "#f4e8d0", "#d8e8f4"]))
        )
    for _ in range(6):
        marks.append(
            Line(
                tuple(random.sample(places, 3)), random.choice(["#d0a040", "#888888"]), random.choice([2, 4])
            )
        )
    for (x, y), name in zip(places, random.sample(PEOPLE, 9), strict=True):
        marks += [
            Shape("disc", x, y, 10, 10, "#ffffff", "#222222", 1.5),
            Words(x + 8, y - 10, name + "ville", 13, anchor="start"),
        ]
    return marks


def _lines_of_a_railway(random: Random) -> list[Mark]:
    marks: list[Mark] = []
    for colour in ("#d62728", "#1f77b4", "#2ca02c"):
        y = random.uniform(0, 300)
        points = tuple((90 * k, y + 60 * random.choice([-1, 0, 0, 1]) * (k > 2)) for k in range(7))
        marks.append(Line(points, colour, 7))
        for x, place in points:
            marks += [
                Shape("disc", x, place, 16, 16, "#ffffff", "#222222", 2.5),
                Words(x + 5, place - 16, random.choice(PEOPLE), 11, anchor="start", angle=-35),
            ]
    return marks


def _table(random: Random) -> list[Mark]:
    marks: list[Mark] = []
    columns, rows = random.randint(3, 6), random.randint(4, 10)
    for row in range(rows + 1):
        marks.append(Line(((0, 30 * row), (100 * columns, 30 * row)), "#222222", 1))
    for column in range(columns + 1):
        marks.append(Line(((100 * column, 0), (100 * column, 30 * rows)), "#222222", 1))
    for row in range(rows):
        for column in range(columns):
            text = (
                random.choice(["layer", "units", "name", "loss"])
                if row == 0
                else f"{random.uniform(0, 100):.1f}"
            )
            marks.append(Words(100 * column + 50, 30 * row + 15, text, 13, bold=row == 0))
    return marks


def _calendar(random: Random) -> list[Mark]:
    marks: list[Mark] = [
        Words(175, -50, random.choice(["May 2024", "October 2023", "März 2025"]), 22, bold=True)
    ]
    marks += [
        Words(50 * k + 25, -15, day, 13) for k, day in enumerate(["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"])
    ]
    for day in range(31):
        x, y = 50 * ((day + 2) % 7) + 25, 44 * ((day + 2) // 7) + 22
        marks += [Words(x, y, str(day + 1), 14)]
        if random.random() < 0.15:
            marks.insert(0, Shape("disc", x, y, 34, 34, "#ffd966", "", 0))
    return marks


def _mind_map(random: Random) -> list[Mark]:
    middle = Shape("disc", 0, 0, 150, 80, "#ffe599", "#222222", 2)
    marks: list[Mark] = []
    ideas = ["holiday", "budget", "food", "friends", "music", "work", "sport", "books"]
    for number, idea in enumerate(random.sample(ideas, random.randint(4, 7))):
        angle = number * 6.283 / 7 + random.uniform(-0.2, 0.2)
        shape = Shape(
            random.choice(["disc", "rounded"]),
            240 * math.cos(angle),
            170 * math.sin(angle),
            100,
            46,
            "#d9ead3",
            "#222222",
            1.5,
        )
        marks += [_join(middle, shape, ""), shape, Words(shape.x, shape.y, idea, 14)]
        if random.random() < 0.5:
            marks.append(Words(shape.x * 1.6, shape.y * 1.6, random.choice(ideas), 12))
            marks.append(
                Line(((shape.x * 1.25, shape.y * 1.25), (shape.x * 1.5, shape.y * 1.5)), "#222222", 1)
            )
    return [*marks, middle, Words(0, 0, random.choice(["Summer", "Party", "My year"]), 18)]


def _circuit(random: Random) -> list[Mark]:
    marks: list[Mark] = [
        Line(((0, 0), (400, 0), (400, 200), (0, 200), (0, 120)), "#222222", 2),
        Line(((0, 80), (0, 0)), "#222222", 2),
    ]
    marks += [
        Line(((-20, 80), (20, 80)), "#222222", 2),
        Line(((-10, 120), (10, 120)), "#222222", 4),
        Words(-40, 100, "9 V", 14),
    ]
    for number in range(3):
        x = 90 + 110 * number
        zigzag = tuple((x + 8 * k, 0 if k in (0, 6) else 12 * (-1) ** k) for k in range(7))
        marks += [Line(zigzag, "#222222", 2), Words(x + 24, -26, f"R{number + 1}", 14)]
        if random.random() < 0.6:
            marks += [
                Line(((x + 80, 0), (x + 80, 200)), "#222222", 2),
                Shape("disc", x + 80, 100, 40, 40, "#ffffff", "#222222", 2),
                Words(x + 80, 100, random.choice("VAM"), 16),
            ]
    return marks


def _page(random: Random) -> list[Mark]:
    marks: list[Mark] = [Words(0, -40, sentence(random, 4), 24, anchor="start", bold=True)]
    for row in range(random.randint(15, 40)):
        marks.append(Words(0, 22 * row, sentence(random, random.choice([11, 12, 12, 5])), 15, anchor="start"))
    return marks


def _program(random: Random) -> list[Mark]:
    lines = ["import torch", "from torch import nn", "", "def main():", "    data = load('train.csv')", "    for row in data:",
             "        print(row)", "    return len(data)", "", "class Shop:", "    name = 'corner'", "    open = True"]  # fmt: skip
    return [
        Words(8 * (len(line) - len(line.lstrip())), 22 * row, line.strip(), 15, anchor="start")
        for row, line in enumerate(lines)
        if line
    ]


def _sets(random: Random) -> list[Mark]:
    marks: list[Mark] = []
    for number, name in enumerate(random.sample(_NOUNS, random.randint(2, 3))):
        x, y = 90 * math.cos(2.1 * number), 90 * math.sin(2.1 * number)
        marks += [
            Shape("disc", x, y, 240, 240, "", random.choice(["#c00000", "#1f4e79", "#222222"]), 3),
            Words(1.7 * x, 1.7 * y, name, 18),
        ]
    return marks


def _friends(random: Random) -> list[Mark]:
    """Draw who knows whom: discs anywhere, with lines between some."""
    shapes: list[Shape] = []
    while len(shapes) < 10:
        x, y = random.uniform(0, 500), random.uniform(0, 400)
        if all(math.dist((x, y), (other.x, other.y)) > 70 for other in shapes):
            shapes.append(Shape("disc", x, y, 44, 44, "#cfe2f3", "#222222", 1.5))
    pairs = sorted(
        (math.dist((a.x, a.y), (b.x, b.y)), m, n)
        for m, a in enumerate(shapes)
        for n, b in enumerate(shapes)
        if m < n
    )
    marks: list[Mark] = [_join(shapes[m], shapes[n], "") for _, m, n in pairs[:16]]
    for shape, name in zip(shapes, random.sample(PEOPLE, 10), strict=True):
        marks += [shape, Words(shape.x, shape.y, name[:4], 13)]
    return marks


def _ring_of_states(random: Random) -> list[Mark]:
    number = random.randint(3, 5)
    names = random.sample(["idle", "ready", "run", "wait", "stop", "done", "off"], number)
    shapes = [
        Shape(
            "disc",
            150 * math.cos(k * 6.283 / number),
            150 * math.sin(k * 6.283 / number),
            70,
            70,
            "",
            "#222222",
            2,
        )
        for k in range(number)
    ]
    marks: list[Mark] = [
        _join(one, other) for one, other in zip(shapes, [*shapes[1:], shapes[0]], strict=True)
    ]
    for shape, name in zip(shapes, names, strict=True):
        marks += [shape, Words(shape.x, shape.y, name, 16)]
    return marks


def _molecule(random: Random) -> list[Mark]:
    marks: list[Mark] = []
    for ring in range(random.randint(1, 3)):
        corners = [
            (
                104 * ring + 60 * math.cos(math.pi / 6 + k * math.pi / 3),
                60 * math.sin(math.pi / 6 + k * math.pi / 3),
            )
            for k in range(6)
        ]
        marks.append(Line(tuple(corners), "#000000", 3, closed=True))
        marks += [Line((tuple(0.85 * (c - o) + o for c, o in zip(corners[k], (104 * ring, 0), strict=True)),
                        tuple(0.85 * (c - o) + o for c, o in zip(corners[k + 1], (104 * ring, 0), strict=True))), "#000000", 3) for k in (0, 2, 4)]  # fmt: skip
    marks += [
        Line(((-52, -30), (-100, -58)), "#000000", 3),
        Words(-118, -66, random.choice(["OH", "NH_{2}", "CH_{3}"]), 20),
    ]
    return marks


def _seats(random: Random) -> list[Mark]:
    marks: list[Mark] = []
    for row in range(random.randint(3, 6)):
        for seat in range(random.randint(4, 9)):
            marks += [
                Shape(
                    random.choice(["disc", "disc", "rounded"]),
                    50 * seat,
                    56 * row,
                    36,
                    36,
                    random.choice(["#ffffff", "#93c47d", "#e06666"]),
                    "#222222",
                    1.5,
                )
            ]
            marks.append(Words(50 * seat, 56 * row, f"{'ABCDEFG'[row]}{seat + 1}", 12))
    return marks


def _plan_of_weeks(random: Random) -> list[Mark]:
    marks: list[Mark] = []
    for row, text in enumerate(random.sample(_DO, 6)):
        start, wide = random.uniform(0, 300), random.uniform(40, 200)
        marks += [
            Words(-10, 34 * row, text, 13, anchor="end"),
            Shape("rounded", start + wide / 2, 34 * row, wide, 22, "#6fa8dc", "", 0),
        ]
    marks += [Line(((100 * k, -25), (100 * k, 200)), "#bbbbbb", 1, dash=True) for k in range(6)]
    return marks


def _board(random: Random) -> list[Mark]:
    marks: list[Mark] = [
        Shape("box", 50 * x + 25, 50 * y + 25, 50, 50, "#b58863" if (x + y) % 2 else "#f0d9b5", "", 0)
        for x in range(8)
        for y in range(8)
    ]
    for _ in range(14):
        x, y = random.randrange(8), random.randrange(8)
        marks.append(
            Shape(
                "disc",
                50 * x + 25,
                50 * y + 25,
                38,
                38,
                random.choice(["#ffffff", "#222222"]),
                "#000000",
                1.5,
            )
        )
    return marks


SCENES: dict[str, Callable[[Random], list[Mark]]] = {
    "flow chart": _flow_chart, "tree": _tree, "organisation": _organisation, "class diagram": _classes,
    "feature maps": _feature_maps, "map": _map, "railway": _lines_of_a_railway, "table": _table, "calendar": _calendar,
    "mind map": _mind_map, "circuit": _circuit, "page of text": _page, "program": _program, "sets": _sets,
    "friends": _friends, "states": _ring_of_states, "molecule": _molecule, "seats": _seats, "weeks": _plan_of_weeks,
    "board game": _board,
}  # fmt: skip
