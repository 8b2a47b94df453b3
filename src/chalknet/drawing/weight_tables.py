"""Tables of weights below the drawing, where there are too many to stand on the edges."""

from __future__ import annotations

from collections.abc import Iterator

from chalknet.drawing.diagram import Diagram, Edge
from chalknet.drawing.placed import DiagramLayout, WeightTable
from chalknet.drawing.scene import Bounds, Label
from chalknet.drawing.text import height_of, plain, width_of
from chalknet.errors import CannotExpress

_MOST_ON_EDGES = 12  # weights between two columns that can be read on their edges
_MOST_CELLS = 400  # of a table that a reader can still use


def tables_of(diagram: Diagram) -> tuple[list[WeightTable], set[Edge]]:
    """Return the tables that a diagram needs, and the edges whose weights stand in them.

    Raises:
        CannotExpress: for more weights between two columns than a reader could use.
    """
    place = {node.key: at for at, column in enumerate(diagram.columns) for node in column}
    between: dict[int, list[Edge]] = {}
    for edge in diagram.edges:
        if edge.label and edge.weight is not None:
            between.setdefault(place[edge.source], []).append(edge)
    tables, told = [], set[Edge]()
    for at, edges in between.items():
        if len(edges) > _MOST_CELLS:
            raise CannotExpress(
                where="drawing",
                got=f"{len(edges)} weights between two columns",
                wanted=f"at most {_MOST_CELLS}",
                remedy='Take weights="colour", or a smaller max_nodes.',
            )
        if len(edges) > _MOST_ON_EDGES:
            cells = {(edge.source, edge.target): edge.label for edge in edges}
            rows = tuple(
                node for node in diagram.columns[at] if any(node.key == source for source, _ in cells)
            )
            columns = tuple(node for node in diagram.nodes if any(node.key == target for _, target in cells))
            tables.append(WeightTable(rows, columns, cells))
            told |= set(edges)
    return tables, told


def table_marks(layout: DiagramLayout, tables: list[WeightTable], around: Bounds) -> Iterator[Label]:
    """Yield the labels of tables below what is drawn, side by side as far as it is wide."""
    size = layout.size * 0.9
    left, top, lowest = around.left, around.bottom + 1.5 * size, 0.0
    for table in tables:
        texts = [["", *(node.label for node in table.columns)]]
        for row in table.rows:
            cells = [table.cells.get((row.key, node.key), "") for node in table.columns]
            texts.append([row.label, *(cell.removeprefix("*").strip("()") for cell in cells)])
        widths = [max(width_of(line[at], size) for line in texts) + size for at in range(len(texts[0]))]
        line_height = max(height_of(line[at], size) for line in texts for at in range(len(line))) * 1.15
        if left > around.left and left + sum(widths) > around.right:
            left, top, lowest = around.left, top + lowest + size, 0.0
        for number, line in enumerate(texts):
            x, y = left, top + (number + 0.5) * line_height
            for at, (text, width) in enumerate(zip(line, widths, strict=True)):
                if text:
                    kind = "cell" if number and at else "cell-head"
                    key = f"table-{plain(table.rows[0].key)}-{number}-{at}"
                    yield Label(x + width / 2, y, text, size, kind, key)
                x += width
        left += sum(widths) + 2 * size
        lowest = max(lowest, len(texts) * line_height)
