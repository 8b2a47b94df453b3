"""A drawing of a network: made by a dialect, placed on a scene, saved by the surface of a file's ending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from chalknet.drawing.blocks import draw_blocks
from chalknet.drawing.diagram import Diagram
from chalknet.drawing.features import draw_features, draw_layers, draw_numbers, draw_states
from chalknet.drawing.layout import marks_of, place
from chalknet.drawing.nodes import draw_features_as_nodes, draw_input_hidden_output, draw_nodes
from chalknet.drawing.observations import (
    draw_bias_implied,
    draw_index_free,
    draw_observation,
    draw_observations,
    draw_plain_weight,
)
from chalknet.drawing.scene import Box, Label, Line, Mark, Scene
from chalknet.drawing.style import COLOURS, Style
from chalknet.drawing.surfaces import SURFACES
from chalknet.drawing.text import height_of, width_of
from chalknet.drawing.weights import Parameters, Weights
from chalknet.errors import CannotExpress, unknown_name, writing
from chalknet.files import expanded
from chalknet.network import Network
from chalknet.notation import write

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Dialect:
    """One way to draw a network: its names, what it shows in a line, and the function that draws it."""

    name: str
    id: str
    what: str
    make: Callable[[Network, Style, Weights], Diagram]


_ROWS = (
    Dialect("observations", "D1", "every observation its own row, the bias as a node 1", draw_observations),
    Dialect("observation", "D2", "the row of observation i", draw_observation),
    Dialect("index-free", "D3", "the row without its index", draw_index_free),
    Dialect("bias-implied", "D4", "the node 1 left out, bias=True supplies it", draw_bias_implied),
    Dialect("plain-weight", "D4b", "the same with a plain ŵ", draw_plain_weight),
    Dialect("states", "D5", "x → u → y, a node a state", draw_states),
    Dialect("numbers", "D6", "the weights' values, each node named by what it computes", draw_numbers),
    Dialect("features", "D7", "every column of X, u1, v1, ... a node", draw_features),
    Dialect("layers", "D8", "the columns in boxes, a box a layer", draw_layers),
    Dialect("nodes", "D9", "u→v as one node, a box a layer", draw_nodes),
    Dialect("features-as-nodes", "D10", "the same, a node called a feature", draw_features_as_nodes),
    Dialect("input-hidden-output", "D11", "input, hidden and output layer", draw_input_hidden_output),
    Dialect("blocks", "blocks", "one box a step, with shapes and parameters", draw_blocks),
)
DIALECTS: Mapping[str, Dialect] = {row.name: row for row in _ROWS}
_BY_ID = {row.id.lower(): row for row in _ROWS}
_MARGIN = 0.9  # around the page, in font sizes


@dataclass(frozen=True)
class Drawing:
    """A picture of a network, which shows itself in a notebook.

    Args:
        network: what is drawn.
        dialect: how.
        diagram: what it shows.
        scene: where everything stands.
    """

    network: Network
    dialect: str
    diagram: Diagram
    scene: Scene

    @property
    def alt_text(self) -> str:
        """Return in words what the picture shows."""
        return self.scene.description

    @property
    def svg(self) -> str:
        """Return the picture as SVG, with the network inside."""
        return self.text(".svg")

    def text(self, suffix: str) -> str:
        """Return what a file of this ending would hold: ".svg", ".tex", ".html", ".dot" or ".mmd"."""
        content = SURFACES[suffix](self.scene, self.diagram)
        return content if isinstance(content, str) else content.decode("latin-1")

    def save(self, path: str | Path) -> Path:
        """Write the picture in the language of the file's ending, and return the path.

        Args:
            path: ends in .svg, .png, .pdf, .tex (TikZ), .html, .dot, .gv or .mmd (Mermaid).

        Raises:
            UnknownName: for another ending.
            FileProblem: when it cannot be written.
        """
        path = expanded(path)
        suffix = path.suffix.lower()
        if suffix not in SURFACES:
            raise unknown_name(f"save {path}", "ending", suffix, SURFACES)
        content = SURFACES[suffix](self.scene, self.diagram)
        with writing(path):
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    def on(self, axes: Axes) -> Axes:
        """Draw the picture on axes of matplotlib and return them."""
        from chalknet.drawing.surfaces.matplotlib_axes import draw_on  # brings matplotlib

        draw_on(axes, self.scene)
        return axes

    def _repr_svg_(self) -> str:
        return self.svg


def draw(
    network: Network, dialect: str = "nodes", *, style: Style | None = None, weights: Parameters | None = None
) -> Drawing:
    """Return a drawing of the network.

    Args:
        network: what is drawn.
        dialect: a name or a number of the table: "nodes" or "D9".
        style: how it looks.
        weights: parameters under the names of the built module, for the dialects that show them.

    Raises:
        UnknownName: for another dialect.
        CannotExpress: for a network that the dialect cannot show truly, with the reason.
    """
    row = DIALECTS.get(dialect) or _BY_ID.get(dialect.lower())
    if row is None:
        raise unknown_name("draw", "dialect", dialect, [*DIALECTS, *(known.id for known in _ROWS)])
    style = style or Style()
    if row.name == "numbers" and style.weights == "none":
        some = any(any(values) for key, values in (weights or {}).items() if key.endswith("bias"))
        style = replace(style, weights="numbers", bias="nodes" if some else style.bias)
    shown = Weights(weights or {}, style)
    if style.weights != "none":
        shown.require(f"weights={style.weights!r}")
    diagram = row.make(network, style, shown)
    if style.weights != "none" and all(edge.weight is None for edge in diagram.edges):
        raise CannotExpress(
            where=f"dialect {row.name}",
            got=f"weights={style.weights!r}",
            wanted="a dialect whose edges are weights",
            remedy="Take nodes, features, layers or numbers, or leave the weights out.",
        )
    return Drawing(network, row.name, diagram, _scene(network, row, diagram, style))


def _scene(network: Network, row: Dialect, diagram: Diagram, style: Style) -> Scene:
    page = style.page
    size = page.font_size
    layout = place(diagram, style, size)
    marks = marks_of(layout)
    marks += _legend(diagram, style, marks, size)
    marks += _heading(style, marks, size)
    left, top, right, bottom = _bounds(marks)
    margin = _MARGIN * size
    width, height = right - left + 2 * margin, bottom - top + 2 * margin
    scale = 1.0
    if page.print_width_mm is not None:
        scale = min(1.0, page.print_width_mm / 25.4 * 72 / width)
        _refuse_too_small(scale * size * 0.9, page.smallest_font, style.preset)
    moved = tuple(_moved(mark, margin - left, margin - top, scale) for mark in marks)
    return Scene(
        width * scale,
        height * scale,
        moved,
        title=style.title or f"{network.name}: {row.what}",
        description=_description(network, row),
        network=write(network, "json"),
        colours={**COLOURS, **style.colours},
        print_width_mm=None if page.print_width_mm is None else width * scale / 72 * 25.4,
    )


def _refuse_too_small(font: float, smallest: float, preset: str) -> None:
    if font < smallest * 0.9:
        raise CannotExpress(
            where=f"preset {preset}",
            got=f"a font of {font:.1f} pt, the drawing is too wide for the page",
            wanted=f"at least {smallest:g} pt",
            remedy='Take preset="paper-wide", orientation="down", or the dialect blocks.',
        )


def _legend(diagram: Diagram, style: Style, marks: list[Mark], size: float) -> list[Mark]:
    """Return what colour and width of the edges mean, below the drawing."""
    weights = [edge.weight for edge in diagram.edges if edge.weight is not None]
    if style.weights != "colour" or not weights:
        return []
    left, _, _, bottom = _bounds(marks)
    strongest = max(map(abs, weights))
    rows = [
        ("positive", f"positive weight, up to {style.number(strongest)}"),
        ("negative", "negative weight, dashed"),
    ]
    legend: list[Mark] = []
    for number, (kind, text) in enumerate(rows):
        y = bottom + (1.6 + 1.5 * number) * size
        legend.append(Line(left, y, left + 3 * size, y, kind, f"legend-{kind}", text, False, 2.5 * size / 14))
        x = left + 3.6 * size + width_of(text, size) / 2
        legend.append(Label(x, y, text, size, "legend", f"legend-{kind}-label"))
    return legend


def _heading(style: Style, marks: list[Mark], size: float) -> list[Mark]:
    if not style.title:
        return []
    left, top, right, _ = _bounds(marks)
    y = top - height_of(style.title, size * 1.2) * 0.8
    return [Label((left + right) / 2, y, style.title, size * 1.2, "heading", "heading")]


def _bounds(marks: list[Mark]) -> tuple[float, float, float, float]:
    boxes = [bounds_of(mark) for mark in marks]
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def bounds_of(mark: Mark) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a mark."""
    match mark:
        case Box():
            return mark.x, mark.y, mark.x + mark.width, mark.y + mark.height
        case Line():
            return min(mark.x1, mark.x2), min(mark.y1, mark.y2), max(mark.x1, mark.x2), max(mark.y1, mark.y2)
        case Label():
            width, height = width_of(mark.text, mark.size) / 2, height_of(mark.text, mark.size) / 2
            return mark.x - width, mark.y - height, mark.x + width, mark.y + height


def _moved(mark: Mark, by_x: float, by_y: float, scale: float) -> Mark:
    def x(value: float) -> float:
        return (value + by_x) * scale

    def y(value: float) -> float:
        return (value + by_y) * scale

    match mark:
        case Box():
            width, height = mark.width * scale, mark.height * scale
            return replace(mark, x=x(mark.x), y=y(mark.y), width=width, height=height)
        case Line():
            x1, y1, x2, y2 = x(mark.x1), y(mark.y1), x(mark.x2), y(mark.y2)
            return replace(mark, x1=x1, y1=y1, x2=x2, y2=y2, width=mark.width * scale)
        case Label():
            return replace(mark, x=x(mark.x), y=y(mark.y), size=mark.size * scale)


def _description(network: Network, row: Dialect) -> str:
    formula = write(network, "arrows")
    return f"The feed-forward network {formula}, drawn as dialect {row.id} ({row.what})."
