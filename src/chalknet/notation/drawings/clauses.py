"""Clauses of captions beside the maps of a reading: of which they speak, and whether they agree."""

from __future__ import annotations

import re

from chalknet.network import Activation
from chalknet.notation.drawings.columns import UnitColumn
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.view import Map
from chalknet.notation.drawings.vocabulary import Said, layer_number


def speaks_of(clause: Said, role: str, number: int) -> bool:
    """Return whether a clause speaks of a layer of this role and number."""
    return clause.role == role and layer_number(clause.text) in (0, number if role == "hidden" else 0)


def contradicts(clause: Said, one: Map) -> bool:
    """Return whether a clause names another activation than a map has."""
    told = [step for step in clause.steps if isinstance(step, Activation) and step != Activation("?")]
    drawn = [step for step in one.steps if isinstance(step, Activation) and step != Activation("?")]
    return bool(told and drawn and told[0].kind not in [step.kind for step in drawn])


def stem_of(column: UnitColumn) -> str:
    """Return the letters that the names of a column's units begin with: `h[0]`, `h[1]` -> `h`."""
    stems = {re.match(r"[^\W\d_]*", plain(unit.text)).group() for unit in column.units}  # type: ignore[union-attr]
    return stems.pop() if len(stems) == 1 else ""
