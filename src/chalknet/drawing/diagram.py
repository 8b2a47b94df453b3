"""What a drawing shows, before the layout: nodes in columns, edges, frames around columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalknet.network import Size


@dataclass(frozen=True)
class Node:
    """One thing that is drawn.

    Args:
        key: its own name, such as `layer1-node2`.
        label: its text, in the markup of `text`.
        kind: "input", "hidden", "output", "bias", "block", "dots" or "text".
        title: what hovering shows.
        tall: whether it is as tall as the column before it.
        width: of dots, how many units the column has in all.
    """

    key: str
    label: str
    kind: str
    title: str = ""
    tall: bool = False
    width: Size | None = None


@dataclass(frozen=True)
class Edge:
    """An arrow from one node to another, by their keys.

    Args:
        source, target: the nodes' keys.
        label: its text.
        weight: the weight it stands for, where it is known.
    """

    source: str
    target: str
    label: str = ""
    weight: float | None = None


@dataclass(frozen=True)
class Frame:
    """A titled box around neighbouring columns, from the first to the last."""

    key: str
    title: str
    first: int
    last: int


@dataclass(frozen=True)
class Diagram:
    """Columns of nodes in the order of the flow."""

    columns: tuple[tuple[Node, ...], ...]
    edges: tuple[Edge, ...]
    frames: tuple[Frame, ...] = ()

    @property
    def nodes(self) -> list[Node]:
        """Return all nodes, column by column."""
        return [node for column in self.columns for node in column]

    @property
    def outside(self) -> list[Node]:
        """Return the nodes that are in no frame."""
        framed = {node.key for frame in self.frames for node in self.inside(frame)}
        return [node for node in self.nodes if node.key not in framed]

    def inside(self, frame: Frame) -> list[Node]:
        """Return the nodes in a frame."""
        return [node for column in self.columns[frame.first : frame.last + 1] for node in column]


def shown_indices(width: Size, most: int) -> list[int | str | None]:
    """Return the indices of the nodes to draw, from 0; None stands for the dots between them.

    A symbolic width `m` is drawn as its first two and `m-1`.
    """
    if isinstance(width, str):
        return [0, 1, None, f"{width}-1"]
    return [*range(width)] if width <= most else [0, 1, None, width - 1]


def from_one(index: int | str) -> str:
    """Return an index counted from 1: `m-1` -> `m`."""
    return str(index + 1) if isinstance(index, int) else index.removesuffix("-1")


def units(nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes of a column that stand for a unit."""
    return [node for node in nodes if node.kind not in ("dots", "bias")]
