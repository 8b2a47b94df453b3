"""The account of a drawing as a picture: the user's drawing, each node in the colour of its role."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from chalknet.drawing.diagram import Diagram, Edge, Node
from chalknet.drawing.drawing import Dialect, Drawing, scene_of
from chalknet.drawing.scene import Label, Mark, Photo, Scene, Tracing
from chalknet.drawing.style import COLOURS, Style
from chalknet.drawing.text import width_of
from chalknet.errors import CannotExpress
from chalknet.network import Account, DrawnMark, Network, SeenPicture
from chalknet.notation import write

# The colour of each role is that of a part of our own drawings.
_KINDS = {
    **dict.fromkeys(("unit", "layer", "operation"), "hidden"),
    **dict.fromkeys(("activation", "value"), "block"),
    **dict.fromkeys(("bias", "weight"), "bias"),
    "input": "input",
    "elided": "dots",
}
_ROW = Dialect(
    "account", "account", "what each mark was taken for", lambda network, style, weights: Diagram((), ())
)
_LONGEST = 60
# The colour of each role over a picture: strong ones, of Okabe and Ito.
_STRONG = {
    "input": "#0072b2", "unit": "#e69f00", "layer": "#e69f00", "operation": "#e69f00", "output": "#009e73",
    "activation": "#cc79a7", "value": "#cc79a7", "bias": "#56b4e9", "weight": "#56b4e9", "elided": "#d55e00",
    "connection": "#d55e00", "put aside": "#999999", "unknown": "#ff0000",
}  # fmt: skip
_OTHER = "#6a3d9a"  # what stands beside the network
_PIXELS = 2000, 900  # of the longer side: at most, at least
_POINTS_A_PIXEL = 0.36  # so that a PNG of it has the picture's own pixels
_FONT = 9.0


def draw_account(network: Network) -> Drawing:
    """Return the drawing that a network was read from, each node with the role it was given, in its colour.

    Args:
        network: as `read` returned it from a drawing.

    Raises:
        CannotExpress: for a network that was not read from a drawing.
    """
    account = network.account
    if account is None:
        raise CannotExpress(
            where="the account of a drawing",
            got="a network that was not read from a drawing",
            wanted="one from DOT, Mermaid, SVG or another drawing",
            remedy="Read the drawing with cn.read and give what it returns.",
        )
    diagram = _diagram(account)
    if account.picture is not None:
        return Drawing(network, "account", diagram, _over(network, account, account.picture))
    return Drawing(network, "account", diagram, scene_of(network, _ROW, diagram, Style()))


def _over(network: Network, account: Account, picture: SeenPicture) -> Scene:
    """Return the user's own picture, with every mark in the colour of its role, and what the colours mean."""
    most, least = _PIXELS
    longest = max(picture.width, picture.height, 1.0)
    scale = min(most, max(least, longest)) / longest * _POINTS_A_PIXEL
    width, height = picture.width * scale, picture.height * scale
    found = list(_tracings(account, picture))
    marks: list[Mark] = [Photo(0, 0, width, height, picture.image(most))]
    marks += [tracing.moved(0, 0, scale) for _, tracing in found]
    counts = Counter(role for role, _ in found)
    legend = list(_colours(counts, width, height))
    wide = max([width, *(mark.bounds.right for mark in legend)])
    bottom = max([height, *(mark.bounds.bottom for mark in legend)])
    formula = write(network, "arrows")
    seen = ", ".join(f"{count} {role}" for role, count in counts.items())
    return Scene(
        wide + (_FONT if wide > width else 0.0),
        bottom + _FONT,
        (*marks, *legend),
        title=f"{network.name}: {_ROW.what}",
        description=f"A picture with what each mark in it was taken for ({seen}): the network {formula}.",
        network=write(network, "json"),
        colours=dict(COLOURS),
    )


def _tracings(account: Account, picture: SeenPicture) -> Iterator[tuple[str, Tracing]]:
    """Yield each mark of a picture with its role, in the picture's own unit; what counts most comes last."""
    width = max(picture.width, picture.height) / 400
    for mark in picture.aside:
        role = mark.role
        yield role, Tracing(mark.points, _STRONG.get(role, _OTHER), mark.closed, mark.why or role, width / 2)
    for source, target, role in account.links:
        if points := picture.lines.get((source, target)):
            yield role, Tracing(points, _STRONG.get(role, _OTHER), False, role, width)
    units = [mark.column for mark in account.marks if mark.role in ("unit", "layer", "operation")]
    for node in account.marks:
        outline = picture.outlines.get(node.key, ()) if node.kind == "node" else ()
        if outline and node.role != "nothing":
            role = "output" if node.role == "unit" and node.column == max(units) else node.role
            title = f"{' '.join(node.text.split())[:_LONGEST]} ({node.role}) {node.rule}".strip()
            yield role, Tracing(outline, _STRONG.get(role, _OTHER), True, title, width)


def _colours(counts: Counter[str], width: float, height: float) -> Iterator[Mark]:
    """Yield what each colour means, in lines under the picture."""
    x, y = _FONT, height + 1.5 * _FONT
    for role, count in counts.items():
        text = f"{role} ({count})"
        long = width_of(text, _FONT)
        if x > _FONT and x + long + 2 * _FONT > width:
            x, y = _FONT, y + 1.8 * _FONT
        half = _FONT / 2
        corners = ((x, y - half), (x + _FONT, y - half), (x + _FONT, y + half), (x, y + half))
        yield Tracing(corners, _STRONG.get(role, _OTHER), True, role)
        yield Label(x + 1.5 * _FONT + long / 2, y, text, _FONT, "legend", "")
        x += long + 3.5 * _FONT


def _diagram(account: Account) -> Diagram:
    places = _places(account)
    columns: dict[int, list[Node]] = defaultdict(list)
    last = max((mark.column for mark in account.marks), default=0)
    outputs = max(
        (mark.column for mark in account.marks if mark.role in ("unit", "layer", "operation")), default=0
    )
    for number, mark in enumerate(account.marks):
        if mark.kind == "node" and mark.role != "nothing":
            columns[places.get(mark.key, last + 1)].append(_node(mark, number, outputs))
    keys = {mark.key: f"mark{number}" for number, mark in enumerate(account.marks) if mark.role != "nothing"}
    edges = [
        Edge(keys[source], keys[target], "" if role == "connection" else role)
        for source, target, role in account.links
        if source in keys and target in keys
    ]
    return Diagram(tuple(tuple(columns[place]) for place in sorted(columns)), tuple(edges))


def _node(mark: DrawnMark, number: int, outputs: int) -> Node:
    kind = _KINDS.get(mark.role, "text")
    kind = "output" if kind == "hidden" and mark.column == outputs else kind
    words = " ".join(mark.text.split())
    shown = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 3]}..."
    label = f"{shown}\n({mark.role})" if shown else f"({mark.role})"
    return Node(f"mark{number}", label, kind, mark.rule)


def _places(account: Account) -> dict[str, int]:
    """Return the column of each node; what stands beside the network is put beside what it is linked with."""
    places = {mark.key: mark.column for mark in account.marks if mark.kind == "node" and mark.column >= 0}
    for _ in range(2):  # a target stands beside the loss, the loss beside the output
        for source, target, _role in account.links:
            if source not in places and target in places:
                places[source] = places[target] - 1
            elif target not in places and source in places:
                places[target] = places[source] + 1
    return places
