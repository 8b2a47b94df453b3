"""The account of a drawing as a picture: the user's drawing, each node in the colour of its role."""

from __future__ import annotations

from collections import defaultdict

from chalknet.drawing.diagram import Diagram, Edge, Node
from chalknet.drawing.drawing import Dialect, Drawing, scene_of
from chalknet.drawing.style import Style
from chalknet.errors import CannotExpress
from chalknet.network import Account, DrawnMark, Network

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
    diagram, style = _diagram(account), Style()
    return Drawing(network, "account", diagram, scene_of(network, _ROW, diagram, style))


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
