"""What each mark of a drawing was taken for when the drawing was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from chalknet.tables import Table, Tabular


class DrawnMark(NamedTuple):
    """A mark of a drawing.

    Args:
        kind: "node", "frame" or "caption".
        key: its id in the drawing.
        text: what is written in it, in plain words.
        role: what it was taken for, such as "unit", "bias", "hand-out" or "caption".
        rule: the evidence that spoke loudest for it; empty where nothing else came into question.
        column: the number of its column from the first; -1 for what stands beside the columns.
        place: x, y, width and height as they are drawn; None where the drawing does not say.
    """

    kind: str
    key: str
    text: str
    role: str
    rule: str
    column: int = -1
    place: tuple[float, float, float, float] | None = None


Points: TypeAlias = tuple[tuple[float, float], ...]


class PlacedMark(NamedTuple):
    """Something in a picture that is neither a node nor a link.

    Args:
        role: "caption" or "put aside".
        why: the reason for which it was put aside.
        points: its line, or its outline.
        closed: whether it is an outline.
    """

    role: str
    why: str
    points: Points
    closed: bool = True


@dataclass(frozen=True)
class SeenPicture:
    """The picture that a network was read from, and where its marks are in it.

    Args:
        width, height: in pixels, or for a PDF in points.
        outlines: of each node, by its key.
        lines: of each link, by the keys of its ends.
        aside: what is neither.
        image: from pixels of the longer side to the picture as a PNG or a JPEG.
    """

    width: float
    height: float
    outlines: Mapping[str, Points]
    lines: Mapping[tuple[str, str], Points]
    aside: tuple[PlacedMark, ...]
    image: Callable[[int], bytes]


@dataclass(frozen=True, repr=False)
class Account(Tabular):
    """Every mark of a drawing with the role that it was given, and why.

    Args:
        marks: nodes, frames and captions.
        links: both ends and the role of each link: "connection", "order" or "gradient".
        readings: the networks that the drawing may show, the likeliest first.
        aside: why other marks of a drawing by its geometry were put aside, a reason each.
        picture: the picture that it was read from; None for a drawing in a text.

    Example:
        >>> import chalknet as cn
        >>> print(cn.read('digraph { {x1 x2} -> y; y -> result }').account)
        element  text    role        because
        node     x1      input       it comes first
        node     x2      input       it comes first
        node     y       unit        each unit is joined with all before it
        node     result  hand-out    it says that it is the result, and no unit is called so
        links    3       connection
    """

    marks: tuple[DrawnMark, ...]
    links: tuple[tuple[str, str, str], ...]
    readings: tuple[Any, ...] = ()
    aside: tuple[str, ...] = ()
    picture: SeenPicture | None = field(default=None, compare=False, repr=False)

    @property
    def unexplained(self) -> tuple[DrawnMark, ...]:
        """Return the marks that the reading does not explain."""
        return tuple(mark for mark in self.marks if mark.role == "unknown")

    @property
    def table(self) -> Table:
        """Return the account as a table: a mark a row, the links counted by their role."""
        rows: list[list[str]] = [
            [mark.kind, mark.text or mark.key, mark.role, mark.rule] for mark in self.marks
        ]
        rows += [
            ["links", str(count), role, ""] for role, count in Counter(link[2] for link in self.links).items()
        ]
        aside = [mark.why for mark in self.picture.aside if mark.why] if self.picture else self.aside
        rows += [["others", str(count), "put aside", why] for why, count in Counter(aside).items()]
        return Table(("element", "text", "role", "because"), tuple(map(tuple, rows)))
