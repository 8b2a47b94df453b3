"""What the calls of graphviz, pydot, pygraphviz and networkx add to a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import accumulate, pairwise
from math import prod
from typing import Any, NamedTuple

from chalknet.notation.pages.built_graph import DEEPEST, MOST, BuiltGraph, NotDrawn, quoted
from chalknet.notation.torch_layers import Unknown
from chalknet.notation.torch_values import Call

LIBRARIES = ("graphviz", "pydot", "pydotplus", "pygraphviz", "networkx")
_DIRECTED = (
    "graphviz.Digraph graphviz.dot.Digraph graphviz.graphs.Digraph pydot.Dot pydotplus.Dot "
    "pydotplus.graphviz.Dot networkx.DiGraph networkx.MultiDiGraph networkx.OrderedDiGraph"
)
_UNDIRECTED = (
    "graphviz.Graph graphviz.dot.Graph graphviz.graphs.Graph pygraphviz.AGraph networkx.Graph "
    "networkx.MultiGraph"
)
_KINDS = {**dict.fromkeys(_DIRECTED.split(), True), **dict.fromkeys(_UNDIRECTED.split(), False)}
_PARTS = {"Node": "node", "Edge": "edge", "Cluster": "cluster", "Subgraph": "subgraph"}
_NO_ATTRIBUTES = frozenset(
    "name comment filename directory format engine encoding body strict graph_attr node_attr edge_attr "
    "graph_type graph_name directed _attributes key thing data".split()
)


class Item(NamedTuple):
    """A node or an edge that pydot makes before it is added."""

    kind: str
    ends: tuple[object, ...]
    attributes: dict[str, object]


def made_by(path: str, call: Call, line: int) -> object:
    """Return what a call of one of the libraries makes; None for a call that makes no graph."""
    library, _, name = path.rpartition(".")
    library = library.partition(".")[0]
    if path in _KINDS:
        return _new(path, library, call, line)
    if library in ("pydot", "pydotplus") and name in _PARTS:
        return _part(name, call, line)
    if library == "networkx" and name in _GENERATORS:
        return _GENERATORS[name](call, line)
    return None


def _new(path: str, library: str, call: Call, line: int) -> BuiltGraph:
    directed = _KINDS[path]
    if library in ("pydot", "pydotplus"):
        directed = str(call.keywords.get("graph_type", "digraph")) == "digraph"
    if library == "pygraphviz":
        directed = bool(call.keywords.get("directed", False))
    first = call.argument(0, "graph_name" if library.startswith("pydot") else "name")
    made = BuiltGraph(directed, line, first if isinstance(first, str) else "", library)
    if library == "networkx" and first is not None:
        made.name = ""
        try:
            _add_edges(made, [first], {})
        except (TypeError, ValueError):
            made.problem = (call, "the edges that it is made of")
    for name in ("graph_attr", "node_attr", "edge_attr"):
        given = call.keywords.get(name)
        if isinstance(given, dict):
            getattr(made, name).update({str(key): value for key, value in given.items()})
    if isinstance(body := call.keywords.get("body"), list):
        made.body.extend(body)
    if library != "networkx":
        made.graph_attr.update(_attributes(call))
    return made


def _part(name: str, call: Call, line: int) -> object:
    first = call.argument(0, "name" if name == "Node" else "src" if name == "Edge" else "graph_name")
    if name in ("Cluster", "Subgraph"):
        prefix = "cluster_" if name == "Cluster" else ""
        made = BuiltGraph(True, line, library="pydot", head=f"subgraph {quoted(prefix + str(first or ''))}")
        made.graph_attr.update(_attributes(call))
        return made
    ends = (first,) if name == "Node" else (first, call.argument(1, "dst"))
    return Item(_PARTS[name], tuple(_name_of(end) for end in ends), _attributes(call))


def _name_of(thing: object) -> object:
    name = thing.ends[0] if isinstance(thing, Item) else thing
    return name.strip('"') if isinstance(name, str) and name[:1] == '"' else name


def _attributes(call: Call, *left_out: str) -> dict[str, object]:
    more = call.keywords.get("_attributes")
    made = dict(more) if isinstance(more, dict) else {}
    return made | {
        key: value for key, value in call.keywords.items() if key not in {*_NO_ATTRIBUTES, *left_out}
    }


def _node(chart: BuiltGraph, call: Call) -> object:
    label = call.argument(1, "label")
    attributes = _attributes(call) | ({} if label is None else {"label": label})
    chart.add_node(call.argument(0, "name"), attributes)
    return None


def _edge(chart: BuiltGraph, call: Call) -> object:
    label = call.argument(2, "label")
    attributes = _attributes(call, "tail_name", "head_name") | ({} if label is None else {"label": label})
    chart.add_edge(call.argument(0, "tail_name"), call.argument(1, "head_name"), attributes)
    return None


def _edges(chart: BuiltGraph, call: Call) -> object:
    for pair in _many(call.argument(0, "tail_head_iter")):
        tail, head = _many(pair)
        chart.add_edge(tail, head, {})
    return None


def _attr(chart: BuiltGraph, call: Call) -> object:
    kind = call.argument(0, "kw")
    chart.statements.append(("attr", str(kind or ""), _attributes(call, "kw")))
    return None


def _subgraph(chart: BuiltGraph, call: Call) -> object:
    given = call.argument(0, "graph")
    if isinstance(given, BuiltGraph):
        if given.depth <= chart.depth:
            given.depth = chart.depth + 1
        if given.depth > DEEPEST or given is chart:
            raise NotDrawn(f"subgraphs more than {DEEPEST} deep")
        given.head = given.head or f"subgraph {quoted(given.name)}"
        chart.statements.append(("subgraph", given))
        return given
    name = call.keywords.get("name")
    members = given if isinstance(given, list | tuple | range) else None
    made = chart.child(f"subgraph {quoted(name)}" if name else "subgraph")
    for key in ("graph_attr", "node_attr", "edge_attr"):
        if isinstance(more := call.keywords.get(key), dict):
            getattr(made, key).update(more)
    made.graph_attr.update(_attributes(call, "graph", "nbunch"))
    for member in members or ():
        made.add_node(member, {})
    return made


def _add_node(chart: BuiltGraph, call: Call) -> object:
    first = call.argument(0, "node_for_adding")
    attributes = _attributes(call, "node_for_adding")
    if isinstance(first, Item):
        chart.add_node(first.ends[0], {**first.attributes, **attributes})
    else:
        chart.add_node(first, attributes)
    return None


def _add_nodes(chart: BuiltGraph, call: Call) -> object:
    for one in _many(call.argument(0, "nodes_for_adding")):
        more = one[1] if isinstance(one, tuple) and len(one) == 2 and isinstance(one[1], dict) else {}
        name = one[0] if more else one
        chart.add_node(name, {**_attributes(call, "nodes_for_adding"), **more})
    return None


def _add_edge(chart: BuiltGraph, call: Call) -> object:
    first = call.argument(0, "u_of_edge")
    if isinstance(first, Item):
        tail, head = first.ends
        chart.add_edge(tail, head, first.attributes)
        return None
    chart.add_edge(first, call.argument(1, "v_of_edge"), _attributes(call, "u_of_edge", "v_of_edge"))
    return None


def _add_edges_from(chart: BuiltGraph, call: Call) -> object:
    _add_edges(chart, [call.argument(0, "ebunch_to_add")], _attributes(call, "ebunch_to_add"))
    return None


def _add_edges(chart: BuiltGraph, many: list[object], attributes: dict[str, object]) -> None:
    for edge in _many(many[0]):
        tail, head, *more = _many(edge)
        known = next((one for one in more if isinstance(one, dict)), {})
        chart.add_edge(tail, head, {**attributes, **known})


def _add_weighted(chart: BuiltGraph, call: Call) -> object:
    for edge in _many(call.argument(0, "ebunch_to_add")):
        tail, head, weight = _many(edge)
        chart.add_edge(tail, head, {"label": weight})
    return None


METHODS: dict[str, Callable[[BuiltGraph, Call], object]] = {
    "node": _node, "edge": _edge, "edges": _edges, "attr": _attr, "subgraph": _subgraph,
    "add_node": _add_node, "add_nodes_from": _add_nodes, "add_edge": _add_edge,
    "add_edges_from": _add_edges_from, "add_weighted_edges_from": _add_weighted,
    "add_subgraph": _subgraph,
}  # fmt: skip


def of_networkx(name: str, call: Call) -> bool:
    """Take up a function of networkx that is given a graph; return whether it was one."""
    chart = call.argument(0, "G")
    if not isinstance(chart, BuiltGraph):
        return False
    if name in ("add_path", "add_star", "add_cycle"):
        nodes = list(_many(call.argument(1, "nodes_for_path")))
        pairs = {"add_path": list(pairwise(nodes)), "add_star": [(nodes[0], one) for one in nodes[1:]]}
        for tail, head in pairs.get(name, [*pairwise(nodes), (nodes[-1], nodes[0])]):
            chart.add_edge(tail, head, {})
    elif name.startswith("draw"):
        _drawn(chart, call)
    elif name == "set_node_attributes":
        values, key = call.argument(1, "values"), call.argument(2, "name")
        for node, value in dict(values).items() if isinstance(values, dict) else ():
            chart.add_node(node, {str(key): value} if key is not None else dict(value))
    else:
        return False
    return True


def _drawn(chart: BuiltGraph, call: Call) -> None:
    """Keep what is said when a graph is drawn: where its nodes stand and what is written in them."""
    places, labels = call.argument(1, "pos"), call.keywords.get("labels", call.argument(2, "labels"))
    for values, key in ((places, "pos"), (labels, "label")):
        for node, value in values.items() if isinstance(values, dict) else ():
            if node in chart.nodes:
                chart.add_node(node, {key: value})


def _many(value: object) -> Iterable[Any]:
    if isinstance(value, Unknown) or value is None:
        raise NotDrawn("how many there are")
    if isinstance(value, BuiltGraph):
        return list(value.nodes)
    return value  # type: ignore[return-value]


def _multipartite(call: Call, line: int) -> BuiltGraph:
    sizes = [size for size in call.positional if isinstance(size, int)]
    if prod(sizes) + sum(sizes) > MOST:
        raise NotDrawn(f"more than {MOST:,} nodes and edges")
    made = BuiltGraph(False, line, library="networkx")
    ends = list(accumulate([0, *sizes]))
    layers = [range(start, end) for start, end in pairwise(ends)]
    for number, layer in enumerate(layers):
        for node in layer:
            made.add_node(node, {"subset": number})
    for before, after in pairwise(layers):
        for tail in before:
            for head in after:
                made.add_edge(tail, head, {})
    return made


_GENERATORS: dict[str, Callable[[Call, int], BuiltGraph]] = {"complete_bipartite_graph": _multipartite}
