"""A plan becomes a scene: columns of units or a chain of boxes, in one of four directions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from tests.pictures.looks import Look, contrast
from tests.pictures.plan import Plan
from tests.pictures.scene import Line, Point, Scene, Shape, Words, width_of

UNIT = 20.0  # a unit's radius


@dataclass
class _Cell:
    """A unit, a bias unit or dots at its place: how far along the flow, and how far across."""

    kind: str
    row: int
    along: float
    across: float
    at: Point = (0.0, 0.0)


def scene_of(plan: Plan, look: Look, random: Random) -> Scene:
    """Return the scene of a plan."""
    if plan.boxes:
        return _chain(plan, look, random)
    scene = Scene([], look.ground, look.font, look.ink)
    columns = _columns(plan, look, random)
    for column in columns:
        for cell in column:
            cell.at = _turned(plan.direction, cell.along, cell.across)
    scene.marks += _edge_marks(plan, look, columns, random)
    _bias_edges(plan, look, columns, scene, random)
    for number, column in enumerate(columns):
        for cell in column:
            _draw_cell(plan, look, number, cell, scene)
    _stubs(plan, look, columns, scene, random)
    _skips(plan, look, columns, scene)
    _titles(plan, look, columns, scene, random)
    return scene


def _turned(direction: str, along: float, across: float) -> Point:
    places = {
        "right": (along, across),
        "left": (-along, across),
        "down": (across, along),
        "up": (across, -along),
    }
    x, y = places[direction]
    return x * UNIT, y * UNIT


def _columns(plan: Plan, look: Look, random: Random) -> list[list[_Cell]]:
    """Return the cells of each column, centred or aligned at their first."""
    centred = random.random() < 0.9
    bias_first = random.random() < 0.65
    heights = [layer.drawn for layer in plan.layers]
    gap = max(look.gap, min(14, 0.7 * max(heights)))
    if plan.direction in ("down", "up"):
        gap = max(4.5, min(gap, 8))
    found = []
    for number, layer in enumerate(plan.layers):
        cells = []
        for row in range(layer.drawn):
            cells.append(_Cell("unit", row, number * gap, 0))
            if layer.dots_after == row + 1:
                cells.append(_Cell("dots", row, number * gap, 0))
        if layer.bias:
            cells.insert(0 if bias_first else len(cells), _Cell("bias", 0, number * gap, 0))
        place = 0.0
        for before, cell in zip([None, *cells], cells, strict=False):
            near = before is not None and "bias" in (before.kind, cell.kind)
            place += 0 if before is None else max(look.step, 2.6) if near else look.step
            cell.across = place
        middle = cells[-1].across / 2 if centred else 0
        for cell in cells:
            cell.across -= middle
        found.append(cells)
    return found


def _draw_cell(plan: Plan, look: Look, number: int, cell: _Cell, scene: Scene) -> None:
    layer, role = plan.layers[number], _role(plan, number)
    x, y = cell.at
    if cell.kind == "dots":
        upright = plan.direction in ("right", "left")
        for step in (-0.55, 0, 0.55):
            dx, dy = (0, step * UNIT) if upright else (step * UNIT, 0)
            scene.marks.append(Shape("dots", x + dx, y + dy, 0.24 * UNIT, 0.24 * UNIT, look.ink, "", 0))
        return
    fill = look.fills[role]
    outline = fill if look.outline == "fill" else look.outline
    if cell.kind == "bias":
        bias_fill = "#ffd966" if "coloured" in plan.has else fill
        scene.marks.append(
            Shape(
                "disc",
                x,
                y,
                1.9 * UNIT,
                1.9 * UNIT,
                bias_fill,
                outline or look.ink,
                look.outline_width * UNIT,
            )
        )
        scene.marks.append(_fit(layer.bias, x, y, contrast(bias_fill, look.ink)))
        return
    stroke = outline if look.outline_width else ""
    shape = Shape(look.shapes[role], x, y, 2 * UNIT, 2 * UNIT, fill, stroke or ("" if fill else look.ink),
                  max(look.outline_width, 0 if fill else 0.05) * UNIT)  # fmt: skip
    scene.marks.append(shape)
    words = layer.inside[cell.row] if cell.row < len(layer.inside) else ""
    if words:
        scene.marks.append(
            _fit(words, x, y, contrast(fill, look.ink), italic=len(words) < 3 and words.isalpha())
        )
    if layer.icon:
        scene.marks.append(_curve(layer.activation, x, y, contrast(fill, look.ink)))
    if cell.row < len(layer.beside) and layer.beside[cell.row].strip():
        scene.marks.append(_beside(plan, number, cell, layer.beside[cell.row], look))


def _fit(words: str, x: float, y: float, colour: str, *, italic: bool = False) -> Words:
    """Return words in a unit, as large as they fit."""
    size = min(1.0 * UNIT, 1.55 * UNIT / width_of(words, 1.0))
    return Words(x, y, words, size, colour, italic=italic, needed=len(words) < 7)


def _role(plan: Plan, number: int) -> int:
    return 0 if number == 0 else 2 if number == len(plan.layers) - 1 else 1


def _beside(plan: Plan, number: int, cell: _Cell, words: str, look: Look) -> Words:
    x, y = cell.at
    first = number == 0
    if plan.direction in ("right", "left"):
        left = first == (plan.direction == "right")
        return Words(
            x + (-1.4 if left else 1.4) * UNIT, y, words, 0.85 * UNIT, look.ink, "end" if left else "start"
        )
    above = first == (plan.direction == "down")
    return Words(
        x, y + (-1.7 if above else 1.7) * UNIT, words, min(0.8, 2.2 / width_of(words, 1.0)) * UNIT, look.ink
    )


def _curve(activation: str, x: float, y: float, colour: str) -> Line:
    """Return the curve of an activation, as an icon within a unit."""
    functions = {
        "relu": lambda t: max(t, 0) * 1.1 - 0.45,
        "sigmoid": lambda t: 1.1 / (1 + math.exp(-8 * t)) - 0.55,
        "tanh": lambda t: 0.6 * math.tanh(5 * t),
    }
    steps = [step / 10 - 1 for step in range(21)]
    points = tuple((x + 0.6 * UNIT * t, y - 0.6 * UNIT * functions[activation](t)) for t in steps)
    return Line(points, colour, 0.1 * UNIT)


def _trimmed(one: Point, other: Point, start: float, end: float) -> tuple[Point, Point]:
    length = math.dist(one, other) or 1.0
    dx, dy = (other[0] - one[0]) / length, (other[1] - one[1]) / length
    return (one[0] + dx * start, one[1] + dy * start), (other[0] - dx * end, other[1] - dy * end)


def _rim(shape: str, one: Point, other: Point) -> float:
    """Return how far the rim of a unit is from its middle, towards another point."""
    if shape == "disc":
        return UNIT
    angle = math.atan2(other[1] - one[1], other[0] - one[0])
    return UNIT / max(abs(math.cos(angle)), abs(math.sin(angle)))


def _edge(look: Look, one: Point, other: Point, shapes: tuple[str, str], colour: str) -> Line:
    start = 0 if look.under else _rim(shapes[0], one, other) + look.short * UNIT
    end = 0 if look.under else _rim(shapes[1], other, one) + look.short * UNIT
    first, last = _trimmed(one, other, start, end)
    points = (first, last)
    if look.curved:
        points = tuple(_bent(first, last, step / 16) for step in range(17))
    return Line(points, colour, look.edge_width * UNIT, head=look.heads)


def _bent(one: Point, other: Point, t: float) -> Point:
    """Return a point of the curve that leaves and arrives along the longer axis."""
    wide = abs(other[0] - one[0]) >= abs(other[1] - one[1])
    ease = 3 * t * t - 2 * t**3
    dx, dy = other[0] - one[0], other[1] - one[1]
    return (one[0] + dx * (t if wide else ease), one[1] + dy * (ease if wide else t))


def _units(column: list[_Cell]) -> list[_Cell]:
    return [cell for cell in column if cell.kind == "unit"]


def _edge_marks(plan: Plan, look: Look, columns: list[list[_Cell]], random: Random) -> list[Line | Words]:
    lines: list[Line | Words] = []
    labelled = "numbers on edges" in plan.has and len(plan.edges) <= 16
    if not labelled:
        plan.has.discard("numbers on edges")
    for number, row, other in plan.edges:
        one, two = _units(columns[number])[row].at, _units(columns[number + 1])[other].at
        shapes = look.shapes[_role(plan, number)], look.shapes[_role(plan, number + 1)]
        lines.append(_edge(look, one, two, shapes, random.choice(look.edge)))
        if labelled:
            t = 0.3 + 0.12 * (other % 3)
            x, y = one[0] + (two[0] - one[0]) * t, one[1] + (two[1] - one[1]) * t
            words = f"{random.uniform(-1, 1):.1f}" if random.random() < 0.97 else "w"
            lines.append(Words(x, y - 0.4 * UNIT, words, 0.6 * UNIT, look.ink, needed=False))
    return lines


def _bias_edges(plan: Plan, look: Look, columns: list[list[_Cell]], scene: Scene, random: Random) -> None:
    dashed = random.random() < 0.35
    for number, column in enumerate(columns[:-1]):
        for cell in column:
            if cell.kind == "bias":
                for other in _units(columns[number + 1]):
                    shapes = "disc", look.shapes[_role(plan, number + 1)]
                    line = _edge(look, cell.at, other.at, shapes, random.choice(look.edge))
                    scene.marks.append(line._replace(dash=dashed))


def _stubs(plan: Plan, look: Look, columns: list[list[_Cell]], scene: Scene, random: Random) -> None:
    """Draw arrows into the first and out of the last units, with or without words."""
    if "arrows in and out" not in plan.has:
        return
    sides = random.choice([(True, True), (True, False), (False, True)])
    words = random.random() < 0.6
    letters = random.choice([("x", "y"), ("x", "ŷ"), ("p", "a")])
    drawn = False
    for first, wanted in zip((True, False), sides, strict=True):
        number = 0 if first else len(columns) - 1
        layer = plan.layers[number]
        if not wanted or layer.beside:
            continue
        for cell in _units(columns[number]):
            drawn = True
            away = cell.along + (-1 if first else 1) * (1 + look.short)
            far = cell.along + (-1 if first else 1) * 3
            ends = [_turned(plan.direction, far, cell.across), _turned(plan.direction, away, cell.across)]
            points = tuple(ends if first else reversed(ends))
            scene.marks.append(
                Line(points, look.ink, max(look.edge_width, 0.05) * UNIT, head=look.heads or "filled")
            )
            if words and not layer.inside and layer.dots_after is None:
                at = _turned(plan.direction, cell.along + (-1 if first else 1) * 3.7, cell.across)
                name = letters[0 if first else 1] + ("" if layer.drawn == 1 else f"_{{{cell.row + 1}}}")
                scene.marks.append(Words(*at, name, 0.9 * UNIT, look.ink, italic=True))
    if not drawn:
        plan.has.discard("arrows in and out")


def _skips(plan: Plan, look: Look, columns: list[list[_Cell]], scene: Scene) -> None:
    for turn, (number, row, other) in enumerate(plan.skips):
        one, two = _units(columns[number])[row], _units(columns[number + 2])[other]
        edge = min if turn == 0 else max
        bulge = edge(cell.across for column in columns[number : number + 3] for cell in column) + (
            -2.5 if turn == 0 else 2.5
        )
        points = []
        for step in range(21):
            t = step / 20
            along = one.along + (two.along - one.along) * t
            across = (1 - t) ** 3 * one.across + 3 * t * (1 - t) * bulge * 1.3 + t**3 * two.across
            points.append(_turned(plan.direction, along, across))
        inside = [
            point for point in points if min(math.dist(point, one.at), math.dist(point, two.at)) > 1.02 * UNIT
        ]
        scene.marks.append(
            Line(tuple(inside), look.edge[0], max(look.edge_width, 0.06) * UNIT, head=look.heads or "filled")
        )


def _titles(plan: Plan, look: Look, columns: list[list[_Cell]], scene: Scene, random: Random) -> None:
    """Write titles, activations and widths before or behind the columns, and a title over all."""
    below = random.random() < 0.35
    cells = [cell for column in columns for cell in column]
    upright = plan.direction in ("right", "left")
    gap = abs(columns[1][0].along - columns[0][0].along)
    (max if below else min)(cell.across for cell in cells)
    count_apart = random.random() < 0.4
    left, top, right, bottom = scene.bounds
    for number, column in enumerate(columns):
        layer = plan.layers[number]
        lines = [layer.title, layer.said, *([] if count_apart and upright else [layer.count])]
        text = "\n".join(line for line in lines if line)
        if upright:
            size = min(0.9, 0.92 * gap / max(width_of(text or "x", 1.0), 1)) * UNIT
            if size < 0.6 * UNIT and layer.title:
                text = text.replace(" ", "\n", 1)
                size = min(0.9, 0.92 * gap / width_of(text, 1.0)) * UNIT
            high = 0.6 * size * 1.2 * len(text.split("\n"))
            x = column[0].at[0]
            y = bottom + high + 0.4 * UNIT if below else top - high - 0.4 * UNIT
            if text:
                scene.marks.append(Words(x, y, text, size, look.ink, bold=look.bold))
            if count_apart and layer.count:
                y = top - 0.9 * UNIT if below else bottom + 0.9 * UNIT
                size = min(0.9, 0.92 * gap / width_of(layer.count, 1.0)) * UNIT
                scene.marks.append(Words(x, y, layer.count, size, look.ink))
        elif text:
            x = right + 1.0 * UNIT if below else left - 1.0 * UNIT
            anchor = "start" if below else "end"
            scene.marks.append(Words(x, column[0].at[1], text, 0.85 * UNIT, look.ink, anchor, bold=look.bold))
    if "coloured" in plan.has and random.random() < 0.1:
        _legend(plan, look, scene)
    _whole_title(plan, look, scene)


def _legend(plan: Plan, look: Look, scene: Scene) -> None:
    """Say beside the drawing what the colours of the units mean."""
    plan.has.add("legend")
    _, top, right, _ = scene.bounds
    rows = [*zip(look.fills, ("input", "hidden", "output"), strict=True)]
    for row, (fill, word) in enumerate(rows if len(plan.layers) > 2 else rows[::2]):
        y = top + 1.2 * row * UNIT
        scene.marks.append(
            Shape("dots", right + 2 * UNIT, y, 0.5 * UNIT, 0.5 * UNIT, fill, look.ink, 0.04 * UNIT)
        )
        scene.marks.append(Words(right + 2.6 * UNIT, y, word, 0.7 * UNIT, look.ink, "start", needed=False))


def _whole_title(plan: Plan, look: Look, scene: Scene) -> None:
    if plan.title:
        left, top, right, _ = scene.bounds
        words = Words(
            (left + right) / 2, top - 1.4 * UNIT, plan.title, 1.2 * UNIT, look.ink, bold=True, needed=False
        )
        scene.marks.append(words)


def _chain(plan: Plan, look: Look, random: Random) -> Scene:
    """Return a scene with a box a layer; an activation stands in its layer's box or in a box of its own."""
    scene = Scene([], look.ground, look.font, look.ink)
    apart = random.random() < 0.4
    texts: list[tuple[str, int]] = []
    for number, layer in enumerate(plan.layers):
        role = _role(plan, number)
        own = layer.said and apart
        texts.append((layer.inside[0] + ("" if own or not layer.said else f"\n{layer.said}"), role))
        if own:
            texts.append((layer.said, role))
    wide = max(width_of(text, 0.9 * UNIT) for text, _ in texts) + 1.2 * UNIT
    high = max(len(text.split("\n")) for text, _ in texts) * 1.1 * UNIT + 1.0 * UNIT
    kind = random.choice(["box", "rounded", "rounded"])
    space = random.uniform(1.5, 3) * UNIT
    side = plan.direction in ("right", "left")
    step = (wide if side else high) + space
    for number, (text, role) in enumerate(texts):
        place = number * step * (-1 if plan.direction in ("up", "left") else 1)
        x, y = (place, 0.0) if side else (0.0, place)
        fill = look.fills[role]
        outline = look.outline if look.outline not in ("", "fill") else ("" if fill else look.ink)
        width = max(0.05, look.outline_width) * UNIT if outline else 0
        scene.marks.append(Shape(kind, x, y, wide, high, fill, outline, width))
        scene.marks.append(Words(x, y, text, 0.9 * UNIT, contrast(fill, look.ink)))
        if number:
            sign = -1 if plan.direction in ("up", "left") else 1
            ends = (
                place - sign * (step - (wide if side else high) / 2),
                place - sign * (wide if side else high) / 2,
            )
            points = tuple((end, 0.0) if side else (0.0, end) for end in ends)
            scene.marks.append(Line(points, look.ink, 0.1 * UNIT, head=look.heads or "filled"))
    _whole_title(plan, look, scene)
    return scene
