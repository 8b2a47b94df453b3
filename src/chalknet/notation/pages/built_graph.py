"""Graphs that a program builds by calls of graphviz, pydot, pygraphviz or networkx, written down as DOT."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalknet.notation.pages.program_values import flat
from chalknet.notation.torch_layers import Unknown
from chalknet.notation.torch_values import Call

MOST = 200_000  # nodes and edges that are added
DEEPEST = 50  # subgraphs within subgraphs
_SEEN = frozenset(
    "label xlabel headlabel taillabel shape style dir rank rankdir fillcolor color group subset layer pos "
    "arrowhead arrowtail peripheries constraint lhead ltail compound weight".split()
)


class NotDrawn(ValueError):
    """What a call draws is known only when the program runs."""


@dataclass(eq=False)
class BuiltGraph:
    """A graph as it grows.

    Args:
        directed: whether its edges have arrows.
        line: where it is made.
        name: what it is called.
        library: whose calls it takes.
        head: how a subgraph is opened; empty for the graph itself.
        statements: what it holds, in the order of the calls.
        graph_attr, node_attr, edge_attr: what holds for all of it.
        nodes: networkx's nodes and what is known of each.
        problem: what was added is known only when the program runs: the place of the call and why.
    """

    directed: bool
    line: int
    name: str = ""
    library: str = "graphviz"
    head: str = ""
    depth: int = 0
    statements: list[tuple[Any, ...]] = field(default_factory=list)
    graph_attr: dict[str, object] = field(default_factory=dict)
    node_attr: dict[str, object] = field(default_factory=dict)
    edge_attr: dict[str, object] = field(default_factory=dict)
    nodes: dict[object, dict[str, object]] = field(default_factory=dict)
    edges: list[tuple[object, object]] = field(default_factory=list)
    body: list[object] = field(default_factory=list)
    problem: tuple[Call | None, str] | None = None

    def add_node(self, name: object, attributes: Mapping[str, object]) -> None:
        """Draw a node, or say more of one."""
        self._check(name)
        self.nodes.setdefault(name, {}).update(attributes)
        self.statements.append(("node", name, attributes))

    def add_edge(self, tail: object, head: object, attributes: Mapping[str, object]) -> None:
        """Draw an edge."""
        self._check(tail, head)
        for end in (tail, head):
            self.nodes.setdefault(end, {})
        self.edges.append((tail, head))
        self.statements.append(("edge", tail, head, attributes))

    def _check(self, *names: object) -> None:
        for name in names:
            if isinstance(name, Unknown):
                raise NotDrawn("the name of a node")
            flat(name)
        if len(self.statements) >= MOST:
            raise NotDrawn(f"more than {MOST:,} nodes and edges")

    def child(self, head: str) -> BuiltGraph:
        """Return a new subgraph of it.

        Raises:
            NotDrawn: for one too deep inside others.
        """
        if self.depth >= DEEPEST:
            raise NotDrawn(f"subgraphs more than {DEEPEST} deep")
        made = BuiltGraph(self.directed, self.line, library=self.library, head=head, depth=self.depth + 1)
        self.statements.append(("subgraph", made))
        return made

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was drawn in it."""
        return not self.statements and not self.body

    def dot(self) -> str:
        """Return it as DOT.

        Raises:
            NotDrawn: where a name or a label is known only when the program runs, or for too large a graph.
        """
        lines: list[str] = []
        self._write(lines, 0)
        return "\n".join(lines)

    def _write(self, lines: list[str], depth: int) -> None:
        if depth > DEEPEST:
            raise NotDrawn(f"subgraphs more than {DEEPEST} deep")
        kind = "digraph" if self.directed else "graph"
        lines += [self.head or f"{kind} {quoted(self.name) if self.name else ''}", "{"]
        for kind, attributes in (
            ("graph", self.graph_attr),
            ("node", self.node_attr),
            ("edge", self.edge_attr),
        ):
            if attributes:
                lines.append(f"{kind}{_list(attributes)}")
        lines += [str(line) for line in self.body if isinstance(line, str)]
        for statement in self.statements:
            if len(lines) > MOST:
                raise NotDrawn(f"more than {MOST:,} nodes and edges")
            if statement[0] == "subgraph":
                statement[1]._write(lines, depth + 1)
            else:
                lines.append(self._line(statement))
        lines += [f"{{rank=same; {'; '.join(map(quoted, nodes))}}}" for nodes in self._layers()]
        lines.append("}")

    def _layers(self) -> list[list[object]]:
        """Return the nodes of each layer that networkx is told."""
        layers: dict[object, list[object]] = {}
        for node, known in self.nodes.items() if self.library == "networkx" else ():
            layer = next((known[key] for key in ("layer", "subset", "bipartite") if key in known), None)
            if isinstance(layer, str | int | float):
                layers.setdefault(layer, []).append(node)
        return list(layers.values())

    def _line(self, statement: tuple[Any, ...]) -> str:
        match statement:
            case ("node", name, attributes):
                return f"{quoted(name)}{_list(attributes)};"
            case ("edge", tail, head, attributes):
                arrow = "->" if self.directed else "--"
                return f"{self._end(tail)} {arrow} {self._end(head)}{_list(attributes)};"
            case ("attr", kind, attributes) if kind:
                return f"{kind}{_list(attributes)}"
            case ("attr", _, attributes):
                return "".join(f"{key}={quoted(value)};" for key, value in _shown(attributes))
        return str(statement[1])

    def _end(self, name: object) -> str:
        """Return the name at the end of an edge; graphviz and pydot have ports behind a colon."""
        parts = [name] if self.library in ("networkx", "pygraphviz") else str(name).split(":", 2)
        return ":".join(map(quoted, parts))


def quoted(value: object) -> str:
    """Return a value as DOT writes it: HTML as it is, anything else in quotes."""
    text = str(value)
    if text.startswith("<") and text.endswith(">"):
        return text
    return '"' + text.replace('\\"', '"').replace('"', '\\"') + '"'


def _shown(attributes: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    for key, value in attributes.items():
        if key not in _SEEN or value is None:
            continue
        if isinstance(value, Unknown):
            if key in ("label", "xlabel", "rank"):
                raise NotDrawn(f"the {key} {value.source}")
            continue
        if key == "pos" and isinstance(value, list | tuple) and len(value) == 2:
            value = ",".join(map(str, value))
        if isinstance(value, str | int | float):
            yield key, value


def _list(attributes: Mapping[str, object]) -> str:
    inside = ", ".join(f"{key}={quoted(value)}" for key, value in _shown(attributes))
    return f" [{inside}]" if inside else ""
