"""Random networks with a place for every unit, and how a drawing that shows one is compared with it."""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

DIRECTIONS = {"LR": (1, 0), "RL": (-1, 0), "TB": (0, 1), "BT": (0, -1)}
SHAPES = ("disc", "box", "rounded", "ellipse", "diamond")


@dataclass
class Truth:
    """What is to be drawn.

    Args:
        widths: units a column.
        spots: the middle of each unit.
        links: pairs of numbers of units.
        labels: of the units; empty for none.
        titles: of the columns, with their places.
        size: width and height of a unit.
        shape: of all units.
        directed: whether arrows are drawn.
        gap: how far ends stay away from the rim, in radii; negative: they run on inside; -1: to the middle.
        at_label: where labels stand: "in" or "beside".
        stubs: units with an arrow from or to nothing.
        direction: a name of `DIRECTIONS`.
    """

    widths: list[int]
    spots: list[tuple[float, float]]
    links: list[tuple[int, int]]
    labels: list[str]
    titles: list[tuple[str, float, float]]
    size: tuple[float, float]
    shape: str
    directed: bool
    gap: float
    at_label: str
    direction: str
    stubs: list[int] = field(default_factory=list)
    dots: list[tuple[float, float]] = field(default_factory=list)

    def ends(self, one: int, other: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return where the line from one unit to another begins and ends."""
        return self.off(one, self.spots[other]), self.off(other, self.spots[one])

    def off(self, unit: int, towards: tuple[float, float]) -> tuple[float, float]:
        """Return the point near the rim of a unit in the direction of another point."""
        x, y = self.spots[unit]
        dx, dy = towards[0] - x, towards[1] - y
        far = math.hypot(dx, dy)
        rim = rim_distance(self.shape, self.size, dx / far, dy / far)
        part = 0.0 if self.gap == -1 else rim + self.gap * min(self.size) / 2
        return x + dx / far * part, y + dy / far * part

    def stub(self, unit: int) -> tuple[tuple[float, float], tuple[float, float], bool]:
        """Return an arrow from nothing into a unit of the first column, or out of one of the last."""
        ux, uy = DIRECTIONS[self.direction]
        x, y = self.spots[unit]
        leads_in = unit < self.widths[0]
        sign = -1 if leads_in else 1
        far = 2.2 * max(self.size)
        near = self.off(unit, (x + sign * far * ux, y + sign * far * uy))
        away = (x + sign * far * ux, y + sign * far * uy)
        return (away, near, True) if leads_in else (near, away, False)


def rim_distance(shape, size, ux, uy):
    """Return how far the rim is from the middle in a direction."""
    half_x, half_y = size[0] / 2, size[1] / 2
    if shape in ("disc", "ellipse"):
        return 1 / math.hypot(ux / half_x, uy / half_y)
    if shape == "diamond":
        return 1 / (abs(ux) / half_x + abs(uy) / half_y)
    return min(half / abs(part) for half, part in ((half_x, ux), (half_y, uy)) if abs(part) > 1e-9)


def truth_of(seed: int) -> Truth:
    """Return a random network and how it is drawn."""
    random = Random(seed)
    widths = [random.randint(1, 6) for _ in range(random.randint(2, 5))]
    direction = random.choice(["LR", "LR", "LR", *DIRECTIONS])
    shape = random.choice(SHAPES) if random.random() < 0.5 else "disc"
    height = random.choice([6, 10, 20, 40])
    width = (
        height if shape in ("disc", "diamond") or random.random() < 0.3 else height * random.uniform(1.2, 2)
    )
    if shape == "ellipse" and width == height:
        width *= 1.4
    size = (width, height)
    pitch, step = max(size) * random.uniform(3, 7), max(size) * random.uniform(1.4, 2.5)
    ux, uy = DIRECTIONS[direction]
    spots, columns, titles = [], [], []
    for column, count in enumerate(widths):
        members = []
        for place in range(count):
            across = (place - (count - 1) / 2) * step
            members.append(len(spots))
            spots.append((column * pitch * ux + across * abs(uy), column * pitch * uy + across * abs(ux)))
        columns.append(members)
    if random.random() < 0.4 and ux:
        top = -(max(widths) - 1) / 2 * step - height * 0.5 - 22
        names = ["Input", "Hidden", "Output", "Layer", "Units"]
        titles = [(f"{names[index % 5]} {index}", index * pitch * ux, top) for index in range(len(widths))]
    links = [(a, b) for one, other in pairwise(columns) for a in one for b in other]
    if random.random() < 0.25 and len(links) > 4:
        gone = set(random.sample(links, len(links) // 4))
        links = [link for link in links if link not in gone]
    random.shuffle(links)
    at_label = random.choice(["in", "none", "none", "beside"]) if height >= 20 else "none"
    labels = [
        f"{'xhzuy'[min(column, 4)]}{place + 1}" for column, c in enumerate(widths) for place in range(c)
    ]
    stubs = []
    if random.random() < 0.3 and at_label != "beside":
        stubs = [*columns[0], *(columns[-1] if random.random() < 0.6 else [])]
    return Truth(
        widths, spots, links, labels if at_label != "none" else ["" for _ in labels], titles, size, shape,
        random.random() < 0.5, random.choice([-1, -0.3, 0, 0, 0.05, 0.2, 0.5]), at_label, direction, stubs,
    )  # fmt: skip


def wrong_with(truth: Truth, sketch, place=lambda x, y: (x, y)) -> str:
    """Return what a sketch shows otherwise than the truth; nothing where it is the same.

    Args:
        truth: what was drawn.
        sketch: what was read.
        place: where a point of the truth comes to lie in the drawing.
    """
    units = {}
    spots = {number: place(*spot) for number, spot in enumerate(truth.spots)}
    drawn = [node for node in sketch.nodes.values() if node.shape not in ("plaintext", "point")]
    if len(drawn) != len(spots):
        return f"{len(drawn)} units in the place of {len(spots)}"
    for node in drawn:
        number = min(spots, key=lambda one: math.dist(spots[one], node.place[:2]))
        units[node.key] = number
    if len(set(units.values())) != len(spots):
        return "units at other places"
    points = {node.key for node in sketch.nodes.values() if node.shape == "point"}
    links, stubs = set(), []
    for link in sketch.links:
        if link.source in points or link.target in points:
            stubs.append(units.get(link.source, units.get(link.target)))
            continue
        if link.source not in units or link.target not in units:
            return "a link to a text"
        pair = (units[link.source], units[link.target])
        if link.directed != truth.directed:
            return "another direction"
        links.add(pair if truth.directed else tuple(sorted(pair)))
    wanted = set(truth.links) if truth.directed else {tuple(sorted(link)) for link in truth.links}
    if links != wanted:
        return f"{len(wanted - links)} links missing, {len(links - wanted)} too many"
    if sorted(stubs) != sorted(truth.stubs):
        return f"{len(stubs)} stubs in the place of {len(truth.stubs)}"
    for node in drawn:
        if node.text != truth.labels[units[node.key]]:
            return f"{node.text!r} in the place of {truth.labels[units[node.key]]!r}"
    texts = sorted(node.text for node in sketch.nodes.values() if node.shape == "plaintext")
    if texts != sorted(title for title, _, _ in truth.titles) and not sketch.caption:
        return f"texts {texts}"
    return ""
