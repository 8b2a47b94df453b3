"""Words that stand over, in or under a column of units, by the places at which both are drawn."""

from __future__ import annotations

from statistics import median

from chalknet.notation.drawings.sketch import Drawn, Sketch

_NEAR = 0.3  # of the way from one column to the next


def name_columns(sketch: Sketch) -> None:
    """Tell of each word that no line leads to in which column of units it stands, by its `rank`."""
    linked = {end for link in sketch.links if link.visible for end in (link.source, link.target)}
    units = [node for node in sketch.nodes.values() if node.key in linked and node.place and not node.group]
    words = [
        node for node in sketch.nodes.values() if node.place and _is_word(node) and node.key not in linked
    ]
    steps = [
        (abs(two.place.x - one.place.x), abs(two.place.y - one.place.y))
        for link in sketch.links
        if (one := sketch.nodes.get(link.source)) and (two := sketch.nodes.get(link.target))
        if one.place and two.place
    ]
    if not (units and words and steps):
        return
    across, down = (median(sorted(step[axis] for step in steps)) for axis in (0, 1))
    sideways = across >= down
    gap = max(across, down)
    columns: dict[int, list[Drawn]] = {}
    for unit in sorted(units, key=lambda node: _along(node, sideways=sideways)):
        last = next(reversed(columns.values()), None)
        if last and _along(unit, sideways=sideways) - _along(last[0], sideways=sideways) <= _NEAR * gap:
            last.append(unit)
        else:
            columns[len(columns)] = [unit]
    if len(columns) < 2 or max(map(len, columns.values())) < 2:
        return
    sketch.spend(len(words) * len(columns))
    for word in words:
        here = _along(word, sideways=sideways)
        number = min(columns, key=lambda one: abs(_along(columns[one][0], sideways=sideways) - here))
        if abs(_along(columns[number][0], sideways=sideways) - here) <= _NEAR * gap:
            word.rank = f"column {number + 1}"
            for unit in columns[number]:
                unit.rank = unit.rank or f"column {number + 1}"


def _is_word(node: Drawn) -> bool:
    return node.shape == "plaintext" and bool(node.label) and not node.group


def _along(node: Drawn, *, sideways: bool) -> float:
    assert node.place is not None
    return node.place.x if sideways else node.place.y
