"""The closed outlines in a picture: discs, ellipses and boxes, filled or not, each with how well it fits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels
from chalknet.notation.pictures.paints import painted

_FEWEST = 6  # pixels that a shape measures across
_MOST_CONTOURS = 4000
_THICKEST = 10.0  # of a line; more is the width of what is filled
_EXACT = 0.1  # of trust, more, where the size is exact
_LARGEST = 0.75  # of the picture's sides


@dataclass(frozen=True)
class _Areas:
    """A mask whose parts may be shapes.

    Args:
        mask: of bytes, 1 where the areas are.
        is_inner: whether they lie within an outline.
        least: the least size of a shape.
        are_paint: whether they are areas of one colour that is not the ground's.
    """

    mask: Pixels
    is_inner: bool
    least: float
    are_paint: bool = False


@dataclass(frozen=True)
class Found:
    """A shape that was found.

    Args:
        kind: "disc", "ellipse", "box" or "rounded".
        x, y: its middle.
        width, height: its size from rim to rim, the line of its outline included.
        angle: how far it is turned, in degrees.
        off: how badly the form fits, as a part of its size.
        seen: how much of its outline is seen, 0 to 1.
        is_filled: whether it has another colour than the ground.
        dark: how much ink its rim has; 0 where that was not measured.
        is_paint: whether it is an area of one colour that is not the ground's: its size is exact.
    """

    kind: str
    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0
    off: float = 0.0
    seen: float = 1.0
    is_filled: bool = False
    dark: float = 0.0
    is_paint: bool = False

    @property
    def size(self) -> float:
        """Return the smaller side."""
        return min(self.width, self.height)

    @property
    def is_round(self) -> bool:
        """Return whether it is a disc or an ellipse."""
        return self.kind in ("disc", "ellipse")

    def holds(self, x: float, y: float) -> bool:
        """Return whether a point is in the rectangle of its size, however it is turned."""
        return abs(x - self.x) <= self.width / 2 and abs(y - self.y) <= self.height / 2

    @property
    def trust(self) -> float:
        """Return how sure it is that this was drawn as a shape."""
        small = min(1.0, self.size / 14)
        return max(0.02, self.seen * small * (1 - min(0.9, 6 * self.off)))


def outlined(canvas: InkedPicture) -> list[Found]:
    """Return the shapes in a picture, several where they overlap."""
    edges = edges_of(canvas)
    found: list[Found] = []
    for areas in _areas(canvas, edges):
        contours, hierarchy = cv2.findContours(areas.mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        if hierarchy is None:
            continue
        outer = [contour for contour, tree in zip(contours, hierarchy[0], strict=True) if tree[3] < 0]
        outer = [contour for contour in outer if len(contour) >= 3 * _FEWEST]
        outer.sort(key=len, reverse=True)
        for contour in outer[:_MOST_CONTOURS]:
            shape = _fitted(contour, canvas)
            fitted = [shape] if shape is not None else [] if areas.is_inner else _heaped(contour, canvas)
            found += [_measured(canvas, edges, one, areas) for one in fitted if one.size >= areas.least]
    return _without_doubles([shape for shape in found if shape.seen > 0.7])


def _areas(canvas: InkedPicture, edges: Pixels) -> Iterator[_Areas]:
    """Yield masks whose parts may be shapes.

    What closes gaps gives every small hole its own form: such holes say nothing.
    """
    mask = canvas.mask.astype(np.uint8)
    yield _Areas(1 - mask, True, _FEWEST)
    yield _Areas((canvas.ink <= max(canvas.least, 0.45 * canvas.level)).astype(np.uint8), True, _FEWEST)
    for gap in (5, 9, 15):
        yield _Areas(1 - cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _round(gap)), True, 2.2 * gap)
    yield _Areas((edges < max(4.0, 0.25 * canvas.least)).astype(np.uint8), True, _FEWEST)
    thick = thickness(canvas)
    lines = [2 * round(times * thick / 2) + 3 for times in (1.9, 3.5)]
    for paint in painted(canvas, edges):
        without_lines = cv2.morphologyEx(paint, cv2.MORPH_OPEN, _round(lines[0]))
        yield _Areas(without_lines, True, 2.0 * lines[0], are_paint=True)
    for line in lines:
        yield _Areas(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _round(line)), False, 1.3 * line)


def thickness(canvas: InkedPicture) -> float:
    """Return how thick most lines are, in pixels: twice the distance from their middle to their side."""
    mask = canvas.ink > max(canvas.least, 0.4 * canvas.level)
    inner = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    ridge = (inner >= cv2.dilate(inner, np.ones((3, 3), np.uint8)) - 1e-3) & mask
    values = inner[ridge]
    return min(_THICKEST, max(1.0, 2 * float(np.median(values)) - 1)) if values.size else 1.0


def _round(size: int) -> Pixels:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))


def edges_of(canvas: InkedPicture) -> Pixels:
    """Return how fast colours change at each pixel."""
    smooth = cv2.GaussianBlur(canvas.colours, (0, 0), 1.0)
    across = cv2.Scharr(smooth, cv2.CV_32F, 1, 0) / 32
    down = cv2.Scharr(smooth, cv2.CV_32F, 0, 1) / 32
    found: Pixels = np.sqrt(across**2 + down**2).max(axis=2)
    return found


def _fitted(contour: Pixels, canvas: InkedPicture) -> Found | None:
    """Return the shape that a closed line is, or None."""
    left, top, width, height = cv2.boundingRect(contour)
    rows, columns = canvas.mask.shape
    if min(width, height) < _FEWEST or (width > _LARGEST * columns and height > _LARGEST * rows):
        return None
    if left <= 1 or top <= 1 or left + width >= columns - 1 or top + height >= rows - 1:
        return None
    hull = cv2.convexHull(contour)
    area = cv2.contourArea(hull)
    if area < 20 or cv2.contourArea(contour) < 0.72 * area:
        return None
    (x, y), (w, h), turn = cv2.minAreaRect(hull)
    if min(w, h) < _FEWEST or max(w, h) > 14 * min(w, h):
        return None
    points = _evenly(hull[:, 0, :].astype(np.float32), 72)
    allowed = 0.4 / min(w, h)
    round_off, ellipse = _off_of_ellipse(points)
    box_off = _off_of_box(points, (x, y), (w, h), turn)
    if ellipse is not None and round_off <= box_off * 1.1:
        bound = 0.05 if ellipse.kind == "disc" else 0.025
        return ellipse if round_off < bound + allowed and max(w, h) < 4 * min(w, h) else None
    if box_off < 0.04 + allowed:
        return _box_of((x, y), (w, h), turn, box_off, area)
    return None


def _box_of(
    middle: tuple[float, float], size: tuple[float, float], turn: float, off: float, area: float
) -> Found | None:
    (w, h), turn = size, (turn + 180) % 180
    if 45 < turn <= 135:
        w, h, turn = h, w, turn - 90
    elif turn > 135:
        turn -= 180
    if abs(turn) > 14:
        return None
    kind = "rounded" if area < 0.965 * w * h else "box"
    return Found(kind, middle[0], middle[1], w, h, turn if abs(turn) > 1 else 0.0, off)


def _evenly(points: Pixels, count: int) -> Pixels:
    """Return so many points at equal distances along a closed line."""
    closed = np.vstack([points, points[:1]])
    steps = np.hypot(*np.diff(closed, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    where = np.linspace(0, along[-1], count, endpoint=False)
    return np.stack([np.interp(where, along, closed[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)


def _off_of_ellipse(points: Pixels) -> tuple[float, Found | None]:
    middle = points.mean(axis=0)
    far = np.hypot(*(points - middle).T)
    radius = float(far.mean())
    plain = float(np.abs(far / radius - 1).mean())
    (x, y), (w, h), turn = cv2.fitEllipseDirect(points)
    if not all(map(math.isfinite, (x, y, w, h))) or min(w, h) < _FEWEST:
        return math.inf, None
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    dx, dy = points[:, 0] - x, points[:, 1] - y
    rho = np.hypot((dx * cos + dy * sin) / (w / 2), (dy * cos - dx * sin) / (h / 2))
    off = float(np.abs(rho - 1).mean())
    if max(w, h) < 1.18 * min(w, h):
        size = 2 * radius
        return min(off, plain), Found("disc", x, y, size, size, 0.0, min(off, plain))
    turn %= 180
    if 45 < turn <= 135:
        w, h, turn = h, w, turn - 90
    elif turn > 135:
        turn -= 180
    return off, Found("ellipse", x, y, w, h, turn if abs(turn) > 8 else 0.0, off)


def _off_of_box(points: Pixels, middle: tuple[float, float], size: tuple[float, float], turn: float) -> float:
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    dx, dy = points[:, 0] - middle[0], points[:, 1] - middle[1]
    across = size[0] / 2 - np.abs(dx * cos + dy * sin)
    down = size[1] / 2 - np.abs(dy * cos - dx * sin)
    return float(np.minimum(np.abs(across), np.abs(down)).mean()) / min(size)


def _heaped(contour: Pixels, canvas: InkedPicture) -> list[Found]:
    """Return the discs of which an area consists where they touch, or lines run between them."""
    left, top, width, height = cv2.boundingRect(contour)
    if min(width, height) < _FEWEST or len(contour) > 20_000:
        return []
    area = np.zeros((height + 2, width + 2), np.uint8)
    cv2.drawContours(area, [contour - (left - 1, top - 1)], -1, 1, -1)
    ink = np.pad(canvas.mask[top : top + height, left : left + width].astype(np.uint8), 1)
    closed: Pixels = cv2.morphologyEx(
        ink, cv2.MORPH_CLOSE, _round(max(3, min(height, width) // 7))
    )  # words within
    area[closed == 0] = 0
    inner = cv2.distanceTransform(area, cv2.DIST_L2, 5)
    found: list[Found] = []
    for _ in range(60):
        _, radius, _, (x, y) = cv2.minMaxLoc(inner)
        if radius < _FEWEST / 2 or (found and radius < 0.6 * found[0].width / 2):
            break
        found.append(Found("disc", left - 1 + x, top - 1 + y, 2 * radius, 2 * radius, 0.0, 0.03))
        cv2.circle(inner, (x, y), math.ceil(1.25 * radius), 0, -1)
    return found


def _measured(canvas: InkedPicture, edges: Pixels, shape: Found, areas: _Areas) -> Found:
    """Return a shape with its outer rim, and how much of its outline is seen."""
    count = 64
    ux, uy = _directions(shape, count)
    reach = min(14, math.ceil(0.3 * shape.size) + 4)
    inside = min(3, math.ceil(0.1 * shape.size))
    steps = np.arange(-inside, reach + 1, dtype=np.float32)
    px, py = _rim_points(shape, ux, uy, steps)
    ink = cv2.remap(canvas.ink, px, py, cv2.INTER_LINEAR)
    change = cv2.remap(edges, px, py, cv2.INTER_LINEAR)
    profile = np.percentile(ink, 20, axis=0) if areas.are_paint else np.median(ink, axis=0)
    peak_at = int(profile[: inside + 7].argmax())
    peak = float(profile[peak_at])
    outer = peak_at
    while outer + 1 < len(profile) and profile[outer + 1] > max(0.5 * peak, canvas.least):
        outer += 1
    if not areas.is_inner and outer > peak_at + 4:
        outer = inside
    grown = float(steps[outer]) + 0.5 if outer + 1 < len(profile) else 0.0
    near = slice(max(0, min(peak_at, inside) - 2), min(len(steps), max(outer, inside) + 3))
    strong = max(0.2 * peak, 0.35 * canvas.least, 5.0)
    seen = float((change[:, near].max(axis=1) > strong / 2).mean())
    filled = is_inked_within(canvas, shape)
    if not areas.is_inner and shape.is_round and _is_part_of_line(canvas, shape):
        seen = 0.0
    width, height = shape.width + 2 * grown, shape.height + 2 * grown
    dark = float(np.median(ink[:, near].max(axis=1)))
    return replace(shape, width=width, height=height, seen=seen, is_filled=filled, dark=dark,
                   is_paint=areas.are_paint)  # fmt: skip


def is_inked_within(canvas: InkedPicture, shape: Found) -> bool:
    """Return whether most of a shape has another colour than the ground, a little within its outline."""
    px, py = _rim_points(shape, *_directions(shape, 64), np.array([-0.2 * shape.size], np.float32))
    return float(np.median(cv2.remap(canvas.ink, px, py, cv2.INTER_LINEAR))) > canvas.least


def rim_ink(canvas: InkedPicture, shape: Found) -> float:
    """Return how much ink the rim of a shape has: lines that form a mesh have less than units, or more."""
    ux, uy = _directions(shape, 64)
    px, py = _rim_points(shape, ux, uy, np.arange(-3, 4, dtype=np.float32))
    return float(np.median(cv2.remap(canvas.ink, px, py, cv2.INTER_LINEAR).max(axis=1)))


def rim_lines(canvas: InkedPicture, shape: Found) -> float:
    """Return on how much of the outline of a shape the ink changes across it within two pixels."""
    ux, uy = _directions(shape, 64)
    ink = cv2.remap(
        canvas.ink, *_rim_points(shape, ux, uy, np.arange(-5, 6, dtype=np.float32)), cv2.INTER_LINEAR
    )
    inside, rim, outside = ink[:, :2].mean(axis=1), ink[:, 3:8].max(axis=1), ink[:, -2:].mean(axis=1)
    step = np.maximum(rim - np.minimum(inside, outside), np.abs(inside - outside))
    return float((step > max(canvas.least, 0.25 * canvas.level)).mean())


def _is_part_of_line(canvas: InkedPicture, shape: Found) -> bool:
    """Return whether there is ink on most of a ring around a disc: it is a piece of a line or an area."""
    ux, uy = _directions(shape, 64)
    px, py = _rim_points(shape, ux, uy, np.array([max(2.5, 0.08 * shape.size)], np.float32))
    around = cv2.remap(canvas.ink, px, py, cv2.INTER_LINEAR)
    return float((around > max(canvas.least, 0.3 * canvas.level)).mean()) > 0.5


def _directions(shape: Found, count: int) -> tuple[Pixels, Pixels]:
    """Return points on the outline of a shape, seen from its middle."""
    if shape.is_round:
        turn = np.linspace(0, 2 * math.pi, count, endpoint=False)
        return np.cos(turn) * shape.width / 2, np.sin(turn) * shape.height / 2
    w, h = shape.width / 2, shape.height / 2
    corners = np.array([(-w, -h), (w, -h), (w, h), (-w, h)], np.float32)
    points = _evenly(corners, count)
    return points[:, 0], points[:, 1]


def _rim_points(shape: Found, ux: Pixels, uy: Pixels, steps: Pixels) -> tuple[Pixels, Pixels]:
    """Return places at so many pixels outside the outline, (points, steps)."""
    w, h = shape.width / 2, shape.height / 2
    if shape.is_round:
        far = np.hypot(ux / w**2, uy / h**2)
        nx, ny = ux / w**2 / far, uy / h**2 / far
    else:
        level = np.abs(uy) / h > np.abs(ux) / w
        nx, ny = np.where(level, 0, np.sign(ux)), np.where(level, np.sign(uy), 0)
    px, py = ux[:, None] + nx[:, None] * steps, uy[:, None] + ny[:, None] * steps
    cos, sin = math.cos(math.radians(shape.angle)), math.sin(math.radians(shape.angle))
    x, y = shape.x + px * cos - py * sin, shape.y + px * sin + py * cos
    return x.astype(np.float32), y.astype(np.float32)


def _without_doubles(shapes: list[Found]) -> list[Found]:
    """Return one of shapes that are found several times: the one that fits best, the larger where alike."""
    kept: list[Found] = []
    for shape in sorted(
        shapes, key=lambda one: -one.trust - 0.12 * math.log(one.size) - _EXACT * one.is_paint
    ):
        if not any(_is_same(shape, other) for other in kept):
            kept.append(shape)
    return kept


def _is_same(one: Found, other: Found) -> bool:
    apart = math.hypot(one.x - other.x, one.y - other.y)
    smaller, larger = sorted((one.size, other.size))
    if apart < 0.35 * larger and larger < 1.7 * smaller:
        return True
    alike = one.is_round and other.is_round and larger < 2.5 * smaller
    return alike and apart < 0.38 * (one.size + other.size)
