"""Which way lines point: an end has a head where most lines have one of the same size there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from chalknet.notation.pictures.arrangement import columns_of
from chalknet.notation.pictures.outlined import Found
from chalknet.notation.pictures.pairs import Joint
from chalknet.notation.pictures.strokes import Barb, Heads, TracedLine

_SEEN = 0.25  # of all lines, that have a head of the usual size
_TIMES = 3  # as many of them at one end of the lines as at the other
_MOST_BARBS = 1500
_AGREE = 0.3  # of all lines, that have to point one way
_DISSENT = 0.25  # of these, as many of which point the other way leave it open


def pointing(shapes: Sequence[Found], joints: Sequence[Joint], heads: Sequence[Heads]) -> list[Heads]:
    """Return the heads of lines as most lines have them, all of them pointing one way.

    Heads of one picture are of one size. Where few such are seen, each bundle is asked which ends are wide;
    where bundles disagree, that is no heads but the lines that meet there.

    Args:
        shapes: the units.
        joints: the lines between them.
        heads: what is seen at the ends of each line.
    """
    column = {number: place for place, members in enumerate(columns_of(shapes, joints)) for number in members}
    forwards = [column.get(joint.one, -1) < column.get(joint.other, -1) for joint in joints]
    across = [column.get(joint.one, -1) != column.get(joint.other, -1) for joint in joints]
    ahead = _way_of_barbs(heads, forwards)
    if ahead is None:
        ahead = _way_of_bundles(joints, heads, column)
    if ahead is None:
        return [Heads(False, False)] * len(joints)
    return [
        Heads(forward != ahead, forward == ahead) if here else Heads(False, False)
        for forward, here in zip(forwards, across, strict=True)
    ]


def _way_of_barbs(heads: Sequence[Heads], forwards: Sequence[bool]) -> bool | None:
    """Return whether heads of the usual size stand ahead on lines, or behind; None for too few of them."""
    barbs = [barb for head in heads for barb in (*head.start_barbs, *head.end_barbs)]
    if not barbs:
        return None
    usual = max(barbs[:_MOST_BARBS], key=lambda one: sum(_are_alike(each, one) for each in barbs))
    counts = {True: 0, False: 0}
    for head, forward in zip(heads, forwards, strict=True):
        for at_end, each in ((False, head.start_barbs), (True, head.end_barbs)):
            counts[at_end == forward] += any(_are_alike(barb, usual) for barb in each)
    ahead = counts[True] >= counts[False]
    most, fewest = counts[ahead], counts[not ahead]
    return ahead if most >= max(2, _SEEN * len(heads)) and most >= _TIMES * fewest else None


def _are_alike(one: Barb, other: Barb) -> bool:
    """Return whether two sides of heads are of one size."""
    return abs(one.long - other.long) <= max(2.0, 0.2 * other.long) and abs(one.wide - other.wide) <= max(
        1.5, 0.2 * other.wide
    )


def _way_of_bundles(joints: Sequence[Joint], heads: Sequence[Heads], column: dict[int, int]) -> bool | None:
    """Return True where most bundles are wide ahead; None where they have no heads, or disagree.

    What is wide behind may be a line that tapers: heads that point back are believed for their shape alone.
    """
    bundles: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, joint in enumerate(joints):
        bundles[_ordered(column.get(joint.one, -1), column.get(joint.other, -1))].append(number)
    votes, all_lines = Counter[bool](), 0
    forwards = [column.get(joint.one, -1) < column.get(joint.other, -1) for joint in joints]
    for (low, high), members in bundles.items():
        if low == high:
            continue
        firsts = [heads[n].start if forwards[n] else heads[n].end for n in members]
        lasts = [heads[n].end if forwards[n] else heads[n].start for n in members]
        has_first, has_last = _most(firsts, lasts), _most(lasts, firsts)
        all_lines += len(members)
        if has_first != has_last:
            votes[has_last] += len(members)
    ahead, agree = votes.most_common(1)[0] if votes else (True, 0)
    if agree < _AGREE * all_lines or votes[not ahead] > _DISSENT * agree:
        return None
    return True if ahead else None


def turned_alike(
    shapes: Sequence[Found], lines: Sequence[TracedLine], joints: Sequence[Joint], heads: Sequence[Heads]
) -> list[TracedLine]:
    """Return traced lines with heads that point as those of other lines do; without where these have none.

    A head is easily seen where lines merely meet, and one that points back would make a cycle.

    Args:
        shapes: the units.
        lines: that were traced.
        joints: the other lines.
        heads: how these point.
    """
    points = {number: place for place, members in enumerate(columns_of(shapes, joints)) for number in members}
    ahead = next((
        points[joint.one] < points[joint.other] if head.end else points[joint.one] > points[joint.other]
        for joint, head in zip(joints, heads, strict=True) if head.start or head.end
    ), None)  # fmt: skip
    found = []
    for line in lines:
        first, last = (points[number] for number in line.ends or (0, 0))
        if abs(first - last) > 1 or first == last:
            found.append(line)
        else:
            end = ahead is not None and (first < last) == ahead
            found.append(replace(line, start_head=ahead is not None and not end, end_head=end))
    return found


def _most(heads: Sequence[bool | None], others: Sequence[bool | None]) -> bool:
    """Return whether most ends that can be seen have heads, and more than the ends on the other side."""
    seen, away = ([one for one in each if one is not None] for each in (heads, others))
    share = sum(seen) / max(1, len(seen))
    return share > 0.5 and share > 2 * sum(away) / max(1, len(away))


def _ordered(one: int, other: int) -> tuple[int, int]:
    return (min(one, other), max(one, other))
