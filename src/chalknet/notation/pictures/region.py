"""The part of a picture that holds a network: shapes that lines join, and what stands in and beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from chalknet.notation.disjoint_sets import DisjointSets
from chalknet.notation.drawings.sketch import Place
from chalknet.notation.drawings.vocabulary import clauses
from chalknet.notation.marks.settings import stands_under
from chalknet.notation.pictures.choice import unit_holds
from chalknet.notation.pictures.dots import DotRow
from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found
from chalknet.notation.pictures.pairs import Joint
from chalknet.notation.pictures.strokes import Heads, TracedLine

_FEWEST_JOINTS = 3  # lines that make a network of units without words
_FEWEST_BARS = 4
_LONGEST_LINE = 40  # letters, of a name or of what is said of an activation


@dataclass(frozen=True)
class Contents:
    """What is drawn.

    Args:
        shapes: the units.
        frames: outlines around several of them.
        words: lines of words.
        joints: straight lines between two shapes, by their numbers.
        heads: for each of these whether arrowheads stand at its ends.
        lines: other lines.
        dots: rows of small discs.
        dense: the numbers of shapes between which lines are too dense to follow.
        size: the usual size of a unit.
        loose: lines between units that end nowhere.
        passed_over: where writing stands in boxes that could not be read.
        keys: small shapes of a legend, with words beside them.
    """

    shapes: list[Found] = field(default_factory=list)
    frames: list[Found] = field(default_factory=list)
    words: list[Lettering] = field(default_factory=list)
    joints: list[Joint] = field(default_factory=list)
    heads: list[Heads] = field(default_factory=list)
    lines: list[TracedLine] = field(default_factory=list)
    dots: list[DotRow] = field(default_factory=list)
    dense: list[list[int]] = field(default_factory=list)
    size: float = 0.0
    loose: list[TracedLine] = field(default_factory=list)
    passed_over: list[Found] = field(default_factory=list)
    keys: list[Found] = field(default_factory=list)


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.top <= y <= self.bottom


def network_part(seen: Contents) -> Contents:
    """Return what belongs to the largest group of joined shapes; everything where nothing is joined."""
    if _are_bars(seen.shapes):
        return replace(seen, joints=[], heads=[], lines=[], dense=[])
    groups = _groups(len(seen.shapes), seen)
    if not seen.joints:
        traced = Counter(groups[line.ends[0]] for line in seen.lines if line.ends)
        few = traced and max(traced.values()) < _FEWEST_JOINTS
        is_any = few and not any(_says_words(seen, groups, group) for group in traced)
        return replace(seen, lines=[], dense=[]) if is_any else seen
    counts = Counter(groups[joint.one] for joint in seen.joints)
    largest = counts.most_common(1)[0]
    if largest[1] < _FEWEST_JOINTS and not _says_words(seen, groups, largest[0]):
        return replace(seen, joints=[], heads=[], dense=[])
    main = {group for group, count in counts.items() if count >= 0.34 * largest[1]}
    box = _around(
        [shape for shape, group in zip(seen.shapes, groups, strict=True) if group in main], seen.size
    )
    kept = [number for number, shape in enumerate(seen.shapes) if groups[number] in main
            or (box.holds(shape.x, shape.y) and _is_like_others(shape, seen, groups, main))]  # fmt: skip
    new = {number: place for place, number in enumerate(kept)}
    joined = [
        (replace(joint, one=new[joint.one], other=new[joint.other]), heads)
        for joint, heads in zip(seen.joints, seen.heads, strict=True)
        if joint.one in new and joint.other in new
    ]
    return replace(
        seen,
        shapes=[seen.shapes[number] for number in kept],
        frames=[frame for frame in seen.frames if box.holds(frame.x, frame.y)],
        words=_with_told(
            [one for one in seen.words if box.holds(one.x, one.y) and not _is_prose(one, box)], seen.words
        ),
        joints=[joint for joint, _ in joined],
        heads=[heads for _, heads in joined],
        lines=[
            replace(line, ends=(new[line.ends[0]], new[line.ends[1]]))
            for line in seen.lines
            if line.ends and set(line.ends) <= new.keys()
        ],
        loose=[line for line in seen.loose if all(box.holds(*point) for point in line.points)],
        passed_over=[line for line in seen.passed_over if box.holds(line.x, line.y)],
        dots=[row for row in seen.dots if box.holds(row.x, row.y)],
        keys=[key for key in seen.keys if box.holds(key.x, key.y)],
        dense=[
            members for old in seen.dense if (members := [new[number] for number in old if number in new])
        ],
    )


def _are_bars(shapes: Sequence[Found]) -> bool:
    """Return whether most shapes stand on one line, equally wide and unequally high: those of a chart."""
    boxes = [shape for shape in shapes if not shape.is_round]
    if len(boxes) < max(_FEWEST_BARS, 0.7 * len(shapes)):
        return False
    for sides in (
        [(one.y + one.height / 2, one.width, one.height) for one in boxes],
        [(one.x - one.width / 2, one.height, one.width) for one in boxes],
    ):
        ground, wide = (median(each) for each in list(zip(*sides, strict=True))[:2])
        bars = [
            long for foot, thick, long in sides
            if abs(foot - ground) < 0.05 * max(side[2] for side in sides) and 0.9 < thick / wide < 1.1
        ]  # fmt: skip
        if len(bars) >= max(_FEWEST_BARS, 0.7 * len(boxes)) and max(bars) > 1.3 * min(bars):
            return True
    return False


def _says_words(seen: Contents, groups: Sequence[int], group: int) -> bool:
    """Return whether words stand in a shape of a group: two circles and a line alone are any drawing."""
    members = [shape for shape, here in zip(seen.shapes, groups, strict=True) if here == group]
    return any(unit_holds(shape, one) and len(one.text) > 1 for shape in members for one in seen.words)


def _groups(count: int, seen: Contents) -> list[int]:
    """Return for each shape the number of the group of joined shapes that it is in."""
    groups = DisjointSets(range(count))
    traced = (line.ends for line in seen.lines if line.ends)
    for one, other in (*((joint.one, joint.other) for joint in seen.joints), *traced):
        groups.join(one, other)
    return [groups.first_of(number) for number in range(count)]


def _around(shapes: Sequence[Found], size: float) -> _Box:
    left = min(shape.x - shape.width / 2 for shape in shapes)
    right = max(shape.x + shape.width / 2 for shape in shapes)
    top = min(shape.y - shape.height / 2 for shape in shapes)
    bottom = max(shape.y + shape.height / 2 for shape in shapes)
    aside = max(0.3 * (right - left), 4 * size)
    over = max(0.22 * (bottom - top), 3 * size)
    return _Box(left - aside, top - over, right + aside, bottom + over)


def _is_like_others(shape: Found, seen: Contents, groups: Sequence[int], main: set[int]) -> bool:
    """Return whether a shape that nothing joins has the size and form of one that is joined."""
    return any(
        other.kind == shape.kind and 0.8 < other.size / shape.size < 1.25
        for other, group in zip(seen.shapes, groups, strict=True)
        if group in main
    )


def _with_told(near: list[Lettering], words: Sequence[Lettering]) -> list[Lettering]:
    """Return the words with what is said elsewhere: names over settings of a form, activations of layers."""
    others = [one for one in words if one not in near and not one.angle and len(one.text) < _LONGEST_LINE]
    found = [
        one
        for one in others
        if _tells_activation(one.text)
        or any(stands_under(_place(value), _place(one), one.height) for value in near if not value.angle)
    ]
    return [*near, *found]


def _tells_activation(text: str) -> bool:
    """Return whether a line says which activation layers have, as in a list beside the picture."""
    return any(clause.role in ("hidden", "output") for clause in clauses(text.strip("•·*- ")))


def _place(words: Lettering) -> Place:
    return Place(words.x, words.y, words.width, words.height)


def _is_prose(words: Lettering, box: _Box) -> bool:
    """Return whether words are a line of the text around a figure."""
    return len(words.text) > 60 or words.width > 0.9 * (box.right - box.left)
