"""A drawing of a network: made by a dialect, placed on a scene, saved by the surface of a file's ending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from chalknet.drawing.diagram import Diagram
from chalknet.drawing.features import draw_blocks, draw_features, draw_layers, draw_numbers, draw_states
from chalknet.drawing.layers import Parameters, ShownWeights
from chalknet.drawing.layout import marks_of, place
from chalknet.drawing.nodes import NodeNames
from chalknet.drawing.observations import Observations
from chalknet.drawing.page import on_page
from chalknet.drawing.scene import Label, Line, Mark, Scene, bounds_of
from chalknet.drawing.style import LINES_A_FONT_SIZE, Style
from chalknet.drawing.surfaces import SURFACES
from chalknet.drawing.text import width_of
from chalknet.errors import CannotExpress, look_up
from chalknet.files import user_path, write_output
from chalknet.network import Network
from chalknet.notation import write
from chalknet.units import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Dialect:
    """A style of diagram, as one textbook draws it.

    Args:
        name, id: its names.
        what: what it shows, in a line.
        make: the function that draws it.
        needs_weights: whether it shows the weights' values.
    """

    name: str
    id: str
    what: str
    make: Callable[[Network, Style, ShownWeights], Diagram]
    needs_weights: bool = False


_ROWS = (
    Dialect(
        "observations",
        "D1",
        "every observation its own row, the bias as a node 1",
        Observations("D1", ("1", "2", None, "n"), True).draw,
    ),
    Dialect("observation", "D2", "the row of observation i", Observations("D2", ("i",), True).draw),
    Dialect("index-free", "D3", "the row without its index", Observations("D3", ("",), True).draw),
    Dialect("bias-implied", "D4", "the node 1 left out, bias=True supplies it", Observations("D4").draw),
    Dialect("plain-weight", "D4b", "the same with a plain ŵ", Observations("D4b", numbered=False).draw),
    Dialect("states", "D5", "x → u → y, a node a state", draw_states),
    Dialect("numbers", "D6", "the weights' values, each node named by what it computes", draw_numbers, True),
    Dialect("features", "D7", "every column of X, u1, v1, ... a node", draw_features),
    Dialect("layers", "D8", "the columns in boxes, a box a layer", draw_layers),
    Dialect("nodes", "D9", "u→v as one node, a box a layer", NodeNames("D9").draw),
    Dialect(
        "features-as-nodes", "D10", "the same, a node called a feature", NodeNames("D10", node="feature").draw
    ),
    Dialect(
        "input-hidden-output",
        "D11",
        "input, hidden and output layer",
        NodeNames("D11", x="x", titles="role").draw,
    ),
    Dialect("blocks", "blocks", "one box a step, with shapes and parameters", draw_blocks),
)
DialectName: TypeAlias = Literal[
    "observations", "D1", "observation", "D2", "index-free", "D3", "bias-implied", "D4", "plain-weight",
    "D4b", "states", "D5", "numbers", "D6", "features", "D7", "layers", "D8", "nodes", "D9",
    "features-as-nodes", "D10", "input-hidden-output", "D11", "blocks",
]  # fmt: skip
TextSuffix: TypeAlias = Literal[".svg", ".tex", ".html", ".dot", ".gv", ".mmd"]
DIALECTS: dict[str, Dialect] = {row.name: row for row in _ROWS}


@dataclass(frozen=True)
class Drawing:
    """A picture of a network, which shows itself in a notebook.

    Args:
        network: what is drawn; None for a module that is not a Network.
        dialect: how.
        diagram: what it shows.
        scene: the marks at their places.

    Example:
        >>> import chalknet as cn
        >>> cn.draw("1 -> 2 relu -> 1").svg[:4]
        '<svg'
    """

    network: Network | None
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

    def text(self, suffix: TextSuffix) -> str:
        """Return what a file of this ending would hold: ".svg", ".tex", ".html", ".dot", ".gv" or ".mmd".

        Raises:
            UnknownName: for another ending.
            CannotExpress: for ".png" and ".pdf", which are no text.
        """
        content = self._content(suffix, "text")
        if isinstance(content, bytes):
            raise CannotExpress(
                where=f"text {suffix}",
                got="a format that is no text",
                wanted=f"one of {', '.join(get_args(TextSuffix))}",
                remedy="Write the file instead: drawing.save(path).",
            )
        return content

    def save(self, path: str | Path) -> Path:
        """Write the picture in the language of the file's ending, and return the path.

        Args:
            path: ends in .svg, .png, .pdf, .tex (TikZ), .html, .dot, .gv or .mmd (Mermaid).

        Raises:
            UnknownName: for another ending.
            FileProblem: when it cannot be written.
        """
        path = user_path(path)
        content = self._content(path.suffix.lower(), f"save {path}")
        write_output(path, content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
        return path

    def on(self, axes: Axes) -> Axes:
        """Draw the picture on axes of matplotlib and return them."""
        from chalknet.drawing.surfaces.matplotlib_axes import draw_on  # brings matplotlib

        draw_on(axes, self.scene)
        return axes

    def __repr__(self) -> str:
        return one_line(f"Drawing(dialect={self.dialect!r}, network={self.network or self.scene.title})")

    def __str__(self) -> str:
        return self.alt_text

    def _repr_svg_(self) -> str:
        return self.svg

    def _content(self, suffix: str, where: str) -> str | bytes:
        return look_up(SURFACES, suffix, where, "ending")(self.scene, self.diagram)


def find_dialect(name: object) -> Dialect:
    """Return the dialect of a name or a number, "nodes" or "D9".

    Raises:
        UnknownName: for another one.
    """
    by_id = {row.id.lower(): row for row in DIALECTS.values()}
    known = DIALECTS | {row.id: row for row in DIALECTS.values()}
    return by_id.get(str(name).lower()) or look_up(known, name, "draw", "dialect")


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
    row = find_dialect(dialect)
    style = style or Style()
    if row.needs_weights and style.weights == "none":
        some = any(any(values) for key, values in (weights or {}).items() if key.endswith("bias"))
        style = replace(style, weights="numbers", bias="nodes" if some else style.bias)
    shown = ShownWeights(weights or {}, style)
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
    return Drawing(network, row.name, diagram, scene_of(network, row, diagram, style))


def scene_of(network: Network, row: Dialect, diagram: Diagram, style: Style) -> Scene:
    """Return the page that shows a diagram of a network."""
    marks = marks_of(place(diagram, style))
    marks += _legend(diagram, style, marks, style.page.font_size)
    formula = write(network, "arrows")
    return on_page(
        marks,
        style,
        title=f"{network.name}: {row.what}",
        description=f"The feed-forward network {formula}, drawn as dialect {row.id} ({row.what}).",
        network=write(network, "json"),
    )


def _legend(diagram: Diagram, style: Style, marks: list[Mark], size: float) -> list[Mark]:
    """Return what colour and width of the edges mean, below the drawing."""
    weights = [abs(edge.weight) for edge in diagram.edges if edge.weight is not None]
    if style.weights != "colour" or not weights:
        return []
    left, _, _, bottom = bounds_of(marks)
    rows = [
        ("positive", f"positive weight, up to {style.number(max(weights))}"),
        ("negative", "negative weight, dashed"),
    ]
    legend: list[Mark] = []
    for number, (kind, text) in enumerate(rows):
        y = bottom + (1.6 + 1.5 * number) * size
        legend.append(
            Line(
                left,
                y,
                left + 3 * size,
                y,
                kind,
                f"legend-{kind}",
                text,
                False,
                2.5 * size / LINES_A_FONT_SIZE,
            )
        )
        x = left + 3.6 * size + width_of(text, size) / 2
        legend.append(Label(x, y, text, size, "legend", f"legend-{kind}-label"))
    return legend
