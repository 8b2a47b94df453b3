"""The account of a drawing: each mark with its role in a reading, and the rule that gave it."""

from __future__ import annotations

from chalknet.network import Account, DrawnMark
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.structures import Structure
from chalknet.notation.drawings.view import Reading


def account_of(structure: Structure, reading: Reading) -> Account:
    """Return the account of a drawing.

    Args:
        structure: what belongs to the network.
        reading: what each column is.
    """
    facts, sides, columns = structure.facts, structure.sides, structure.columns
    roles = {part.column: part for part in reading.parts}
    rows: dict[str, tuple[int, str, str]] = {}
    for number, column in enumerate(columns.all):
        part = roles[number]
        for unit in column.units:
            rows[unit.key] = (number, part.role, part.rule)
    marks = []
    for key, fact in facts.nodes.items():
        number, role, rule = rows.get(
            key, (-1, sides.role(key), sides.roles[key].rule if key in sides.roles else "")
        )
        if key not in rows and role == "unit":
            role = "unknown"
        marks.append(DrawnMark("node", key, fact.text, role, rule, number, fact.node.place))
    titled = {text for column in columns.all for text in column.texts}
    for group in facts.sketch.groups.values():
        if group.title:
            role = "title" if group.title in titled else "caption"
            marks.append(DrawnMark("frame", group.key, plain(group.title), role, ""))
    if facts.sketch.caption:
        marks.append(DrawnMark("caption", "", plain(facts.sketch.caption), "caption", ""))
    aside = tuple(mark.why for mark in facts.sketch.unused if not mark.why.startswith("the ground"))
    return Account(tuple(marks), structure.links_by_role, aside=aside)
