"""DOT as people and programs write it, read into a sketch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from chalknet.errors import ChalknetError
from chalknet.network import Activation
from chalknet.notation.drawings.dot_tokens import DotScanner, DotToken
from chalknet.notation.drawings.looks import EdgeLook, colour_of, edge_look, place_of
from chalknet.notation.drawings.records import HTML, fields_of, title_of
from chalknet.notation.drawings.sketch import REMEDY, Link, Sketch
from chalknet.notation.drawings.vocabulary import said
from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText

_DEEPEST = 60  # subgraphs within subgraphs
_WORD = r"[^\W\d]\w*+|-?(?:\.[0-9]++|[0-9]++(?:\.[0-9]*+)?+)(?![^\W\d])"
# An edge between two names, as programs write them by the thousand, up to its attributes.
_PLAIN_EDGE = re.compile(
    rf'(?:"([^"\\]*+)"|({_WORD}))\s*+(?:->|--)\s*+(?:"([^"\\]*+)"|({_WORD}))\s*+(?:;[;\s]*+|(?=[\[}}"\w]))'
)
_PLAIN_ATTRIBUTES = re.compile(r'\[([^\[\]"<>/#+]*+(?:"[^"\\]*+"[^\[\]"<>/#+]*+)*+)\][;\s]*+(?![\[/#])')
_KEYWORDS = frozenset("node edge graph digraph subgraph strict".split())
_MOST_LOOKS = 10_000  # that are remembered


_Defaults: TypeAlias = dict[str, dict[str, str]]


def read_dot_sketch(text: str) -> Sketch:
    """Return what a DOT text draws.

    Raises:
        NotationError: with a caret, for what is no DOT.
    """
    text = "\n" + text if text.startswith("#") else text
    return _Reader(SourceText("DOT", text, remedy=REMEDY)).read()


class _Reader:
    """Reads one graph, statement by statement."""

    def __init__(self, source: SourceText) -> None:
        self._sketch = Sketch(source)
        self._scanner = DotScanner(source)
        self._now = self._scanner.next()
        self._ports: dict[str, dict[str, str]] = {}
        self._label_of_record: dict[str, str] = {}  # by its fields
        self._unnamed = 0
        self._to_clusters: list[tuple[list[str], list[str], Link, tuple[str, str]]] = []
        self._strict = self._arrows = False
        self._words = self._statements = 0

    def read(self) -> Sketch:
        self._strict = self._now.text.lower() == "strict"
        if self._strict:
            self._next()
        self._arrows = self._now.text.lower() == "digraph"
        if self._now.text.lower() not in ("digraph", "graph"):
            raise self._refuse(wanted="digraph { ... }")
        self._next()
        if self._now.text != "{":
            self._name()
        self._block("", "", {"node": {}, "edge": {}}, 0)
        if self._now.text.lower() in ("digraph", "graph", "strict") and self._now.kind == "name":
            wanted = "one graph in a text"
            remedy = "Give each graph a text of its own."
            raise self._sketch.source.refuse(self._now.at, got="a second graph", wanted=wanted, remedy=remedy)
        self._link_clusters()
        if self._strict:
            self._merge_links()
        return self._sketch

    def _link_clusters(self) -> None:
        """Draw the links that end at the frame of a cluster, by `lhead` and `ltail`."""
        for sources, targets, link, frames in self._to_clusters:
            tail, head = (
                [frame]
                if frame in self._sketch.groups
                else [one for key in keys for one in self._fields(key)]
                for frame, keys in zip(frames, (sources, targets), strict=True)
            )
            self._sketch.connect(tail, head, link)

    def _fields(self, key: str) -> list[str]:
        """Return the fields of a record, the node itself for another one."""
        return list(self._ports[key].values()) if key in self._ports else [key]

    def _merge_links(self) -> None:
        """Keep the first link between two nodes, as `strict` says."""
        first: dict[object, Link] = {}
        for link in self._sketch.links:
            ends = (link.source, link.target)
            first.setdefault(ends if self._arrows else frozenset(ends), link)
        self._sketch.links = list(first.values())

    def _next(self) -> DotToken:
        token, self._now = self._now, self._scanner.next()
        self._words += 1
        if not self._words % 1_000:
            check_limit(self._sketch.source, token.at, "words of a drawing", self._words)
        return token

    def _is_at(self, *signs: str) -> bool:
        return self._now.kind == "sign" and self._now.text in signs

    def _met(self, *signs: str) -> bool:
        """Return whether one of the signs stands here, and go past it."""
        met = self._is_at(*signs)
        if met:
            self._next()
        return met

    def _refuse(self, wanted: str) -> ChalknetError:
        got = self._now.text if self._now.kind == "end" else repr(self._now.text)
        return self._sketch.source.refuse(self._now.at, got=got, wanted=wanted)

    def _name(self) -> DotToken:
        if self._now.kind not in ("name", "string", "html"):
            raise self._refuse(wanted="a name")
        token = self._next()
        pieces = [token.text]
        while token.kind == "string" and self._met("+"):
            if self._now.kind != "string":
                raise self._refuse(wanted="a text in quotes, as before the +")
            pieces.append(self._next().text)
        return token._replace(text="".join(pieces)) if len(pieces) > 1 else token

    def _block(self, group: str, rank: str, defaults: _Defaults, depth: int) -> list[str]:
        """Read `{ ... }` and return the nodes named in it."""
        if depth > _DEEPEST:
            raise self._refuse(wanted=f"subgraphs at most {_DEEPEST} deep")
        if not self._met("{"):
            raise self._refuse(wanted="'{'")
        members: dict[str, None] = {}
        self._sketch.spend(sum(map(len, defaults.values())), self._now.at)
        scope = _Scope(group, rank, {kind: dict(entries) for kind, entries in defaults.items()}, depth)
        while not self._met("}"):
            if self._now.kind == "end":
                raise self._refuse(wanted="'}'")
            if self._now.kind in ("name", "string") and self._plain_edges(scope, members):
                continue
            if not self._met(";", ","):
                members |= dict.fromkeys(self._statement(scope))
        if scope.same_rank:
            for key in members:
                self._sketch.nodes[key].rank = scope.same_rank
        return list(members)

    def _plain_edges(self, scope: _Scope, members: dict[str, None]) -> bool:
        """Read the edges between two names that stand here; return whether there were any."""
        text, start = self._sketch.source.text, self._now.at
        at, nodes, links = start, self._sketch.nodes, self._sketch.links
        while edge := _PLAIN_EDGE.match(text, at):
            quoted, bare, quoted_head, bare_head = edge.groups()
            if (bare and bare.lower() in _KEYWORDS) or (bare_head and bare_head.lower() in _KEYWORDS):
                break
            attributes, end = None, edge.end()
            if text.startswith("[", end):
                attributes = _PLAIN_ATTRIBUTES.match(text, end)
                if attributes is None:
                    break
                end = attributes.end()
            keys = (bare if quoted is None else quoted, bare_head if quoted_head is None else quoted_head)
            if self._ports and not self._ports.keys().isdisjoint(keys):
                break
            look = self._look_of(scope, attributes)
            if look is None:
                break
            for key in keys:
                if key not in nodes:
                    self._new_node(key, at, scope)
            if keys[0] not in nodes or keys[1] not in nodes:  # records now
                break
            for key in keys:
                if scope.group and not nodes[key].group:
                    nodes[key].group = scope.group
                members[key] = None
            source, target = reversed(keys) if look.backward else keys
            links.append(Link(source, target, look.label, look.visible, at, look.style, look.directed))
            at = end
            self._words += 4
            if not len(links) % 1_000:
                check_limit(self._sketch.source, at, "edges", len(links))
                check_limit(self._sketch.source, at, "words of a drawing", self._words)
        if at > start:
            check_limit(self._sketch.source, at, "edges", len(links))
            self._scanner.at = at
            self._now = self._scanner.next()
        return at > start

    def _look_of(self, scope: _Scope, attributes: re.Match[str] | None) -> EdgeLook | None:
        """Return how an edge with these attributes looks; None where it ends at a frame."""
        written = attributes.group(1) if attributes else ""
        known = scope.looks.get(written)
        if known is None:
            found = dict(scope.defaults["edge"])
            if attributes is not None:
                here = (self._scanner.at, self._now)
                self._scanner.at = attributes.start()
                self._now = self._scanner.next()
                found |= self._attributes()
                self._scanner.at, self._now = here
            if "ltail" in found or "lhead" in found:
                return None
            self._sketch.spend(len(found))
            known = edge_look(found, arrows=self._arrows)
            if len(scope.looks) < _MOST_LOOKS:
                scope.looks[written] = known
        return known

    def _new_node(self, key: str, at: int, scope: _Scope) -> None:
        """Draw a node where it is first named."""
        self._sketch.node(key, at).label = "" if key == "" else None
        self._style(key, scope.defaults["node"])

    def _statement(self, scope: _Scope) -> list[str]:
        self._statements += 1
        check_limit(self._sketch.source, self._now.at, "statements of a drawing", self._statements)
        word = self._now.text.lower() if self._now.kind == "name" else ""
        if word in ("graph", "node", "edge"):
            self._next()
            attributes = self._attributes()
            if word == "graph":
                for key, value in attributes.items():
                    self._set(scope, key, value)
            else:
                scope.defaults[word].update(attributes)
                scope.looks.clear()
            return []
        first = self._operand(scope)
        if first is None:
            return []
        if self._is_at("->", "--"):
            return self._edges(first, scope)
        attributes = self._attributes()
        for key in first:
            self._style(key, attributes)
        return first

    def _operand(self, scope: _Scope) -> list[str] | None:
        """Return the nodes of one end of an edge; None for `key = value`, which sets something."""
        if self._is_at("{"):
            return self._subgraph("", scope)
        if self._now.text.lower() == "subgraph" and self._now.kind == "name":
            self._next()
            name = "" if self._now.text == "{" else self._name().text
            return self._subgraph(name, scope)
        keys: list[str] = []
        while True:
            token = self._name()
            if not keys and self._met("="):
                self._set(scope, token.text, self._name().text)
                return None
            keys += self._named(token, scope)
            if not self._met(",") or self._now.kind not in ("name", "string"):
                return keys

    def _subgraph(self, name: str, scope: _Scope) -> list[str]:
        group = scope.group
        if name.lower().startswith("cluster"):
            group = name
            if name not in self._sketch.groups:
                self._sketch.group(name, "", scope.group, self._now.at)
        self._unnamed += 1
        if self._now.text != "{":  # a subgraph named again
            self._sketch.spend(len(self._sketch.nodes), self._now.at)
            return [key for key, node in self._sketch.nodes.items() if node.group == name]
        return self._block(group, f"rank{self._unnamed}", scope.defaults, scope.depth + 1)

    def _named(self, token: DotToken, scope: _Scope) -> list[str]:
        """Return the node of a name, made known; of a record all its fields, or the one of its port."""
        if token.text not in self._sketch.nodes and token.text not in self._ports:
            self._new_node(token.text, token.at, scope)
        node_or_fields = self._sketch.nodes.get(token.text)
        if node_or_fields is not None and not node_or_fields.group:
            node_or_fields.group = scope.group
        fields = self._ports.get(token.text)
        port = ""
        while self._met(":"):
            name = self._name().text
            port = port or name
        if fields is None:
            return [token.text]
        for key in fields.values():
            self._sketch.nodes[key].group = self._sketch.nodes[key].group or scope.group
        return [fields[port]] if port in fields else list(fields.values())

    def _edges(self, first: list[str], scope: _Scope) -> list[str]:
        ends = [first]
        at = self._now.at
        while self._met("->", "--"):
            ends.append(self._operand(scope) or [])
        self._sketch.spend(len(scope.defaults["edge"]), at)
        attributes = {**scope.defaults["edge"], **self._attributes()}
        look = edge_look(attributes, arrows=self._arrows)
        link = Link("", "", look.label, look.visible, at, look.style, look.directed)
        clusters = (attributes.get("ltail", ""), attributes.get("lhead", ""))
        if look.backward:
            clusters = clusters[::-1]
        for sources, targets in pairwise(ends):
            if look.backward:
                sources, targets = targets, sources
            if any(clusters):
                self._to_clusters.append((sources, targets, link, clusters))
            else:
                self._sketch.connect(sources, targets, link)
        return list(dict.fromkeys(key for end in ends for key in end))

    def _attributes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while self._met("["):
            while not self._met("]"):
                if self._met(",", ";"):
                    continue
                key = self._name().text.lower()
                found[key] = "true"
                if self._met("="):
                    token = self._name()
                    found[key] = HTML + token.text if token.kind == "html" else token.text
        return found

    def _set(self, scope: _Scope, key: str, value: str) -> None:
        key = key.lower()
        if key == "label" and scope.group and scope.group in self._sketch.groups:
            self._sketch.groups[scope.group].title = value.removeprefix(HTML)
        elif key == "label" and scope.depth == 0:
            self._sketch.caption = value.removeprefix(HTML)
        elif key == "rank":
            scope.same_rank = f"{scope.rank}-{value}"

    def _style(self, key: str, attributes: dict[str, str]) -> None:
        node = self._sketch.nodes.get(key)
        if node is None:
            return
        node.shape = attributes.get("shape", node.shape).lower()
        if "invis" in attributes.get("style", ""):
            node.shape = "invisible"
        label, beside = attributes.get("label"), attributes.get("xlabel", "").removeprefix(HTML)
        if key in self._label_of_record:
            if label not in (None, self._label_of_record[key]):
                wanted = "a record with one label"
                raise self._sketch.source.refuse(self._now.at, got="a second label", wanted=wanted)
        elif label is not None:
            self._sketch.spend(len(label) + label.count("\\N") * len(key), node.at)
            node.label = label.removeprefix(HTML).replace("\\N", key)
            fields = fields_of(self._sketch, node, label)
            if fields:
                self._expand(key, fields, title_of(label) or (beside if _names_function(beside) else ""))
                self._label_of_record |= dict.fromkeys(self._ports[key].values(), label)
        if beside and key in self._sketch.nodes:
            node.label = (
                f"{node.label}\n{beside}" if node.label and _names_function(beside) else node.label or beside
            )
        node.colour = colour_of(attributes) or node.colour
        node.place = place_of(attributes) or node.place

    def _expand(self, key: str, fields: list[tuple[str, str]], title: str) -> None:
        """Put the fields of a record in the place of the node, in a group under the table's title."""
        record = self._sketch.nodes.pop(key)
        self._sketch.spend(len(fields) * len(key) + len(self._sketch.links), record.at)
        if title:
            self._sketch.group(key, title, record.group, record.at)
            record.group = key
        self._ports[key] = {}
        for number, (port, text) in enumerate(fields):
            name = f"{key}:{port or number}"
            node = self._sketch.node(name, record.at)
            node.label, node.group, node.rank = text, record.group, record.rank or f"record-{key}"
            self._ports[key][port or str(number)] = name
        touching = [link for link in self._sketch.links if key in (link.source, link.target)]
        if touching:
            self._sketch.links = [
                link for link in self._sketch.links if key not in (link.source, link.target)
            ]
        for link in touching:
            all_fields = list(self._ports[key].values())
            sources = all_fields if link.source == key else [link.source]
            self._sketch.connect(sources, all_fields if link.target == key else [link.target], link)


def _names_function(text: str) -> bool:
    return any(isinstance(step, Activation) and step.kind != "?" for step in said(text).steps)


@dataclass
class _Scope:
    """What holds inside one pair of braces."""

    group: str
    rank: str
    defaults: _Defaults  # of the nodes and of the edges
    depth: int
    same_rank: str = ""
    looks: dict[str, EdgeLook] = field(default_factory=dict)  # of edges, by their attributes as written
