"""DOT as people and programs write it, read into a sketch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from chalknet.errors import ChalknetError
from chalknet.notation.drawings.looks import colour_of, edge_look, place_of
from chalknet.notation.drawings.records import HTML, fields_of, title_of
from chalknet.notation.drawings.sketch import REMEDY, Link, Sketch
from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText

_DEEPEST = 60  # subgraphs within subgraphs
_TOKEN = re.compile(
    r"\s++|//[^\n]*+|/\*.*?\*/|(?<=\n)#[^\n]*+"
    r'|(?P<string>"(?:[^"\\]++|\\.)*+")'
    r"|(?P<name>[^\W\d]\w*|-?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?![^\W\d]))"
    r"|(?P<sign>->|--|[{}\[\];,=:+])",
    re.S,
)


_Defaults: TypeAlias = dict[str, dict[str, str]]


class _Token(NamedTuple):
    kind: str  # "name", "string", "html", "sign" or "end"
    text: str
    at: int


def read_dot_sketch(text: str) -> Sketch:
    """Return what a DOT text draws.

    Raises:
        NotationError: with a caret, for what is no DOT.
    """
    text = "\n" + text if text.startswith("#") else text
    return _Reader(SourceText("DOT", text, remedy=REMEDY)).read()


def _tokens(sketch: Sketch) -> Iterator[_Token]:
    text, at = sketch.source.text, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is not None:
            if match.lastgroup == "string":
                yield _Token("string", match.group()[1:-1].replace("\\\n", "").replace('\\"', '"'), at)
            elif match.lastgroup:
                yield _Token(match.lastgroup, match.group(), at)
            at = match.end()
        elif text[at] == "<":
            end = _end_of_html(sketch, at)
            yield _Token("html", text[at + 1 : end - 1], at)
            at = end
        elif text[at] == "#" or text[at] == "\ufeff":
            at = text.find("\n", at) if text[at] == "#" else at + 1
            at = len(text) if at < 0 else at
        else:
            what = "a text that is not closed" if text[at] == '"' else repr(text[at])
            raise sketch.source.refuse(at, got=what, wanted="a node, an edge or an attribute")
    yield _Token("end", "the end of the text", len(text))


def _end_of_html(sketch: Sketch, start: int) -> int:
    depth = 0
    for match in re.compile("[<>]").finditer(sketch.source.text, start):
        depth += 1 if match.group() == "<" else -1
        if depth == 0:
            return match.end()
    raise sketch.source.refuse(start, got="a label <...> that is not closed", wanted="its >")


class _Reader:
    """Reads one graph, statement by statement."""

    def __init__(self, source: SourceText) -> None:
        self._sketch = Sketch(source)
        self._tokens = _tokens(self._sketch)
        self._now = next(self._tokens)
        self._ports: dict[str, dict[str, str]] = {}
        self._label_of_record: dict[str, str] = {}  # by its fields
        self._unnamed = 0
        self._to_clusters: dict[int, tuple[Link, str, str]] = {}  # links, and the clusters at their ends
        self._strict = self._arrows = False
        self._words = 0

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
        self._reach_clusters()
        if self._strict:
            self._merge_links()
        return self._sketch

    def _reach_clusters(self) -> None:
        """Let the links that end at the frame of a cluster, by `lhead` and `ltail`, lead to all its nodes."""
        if not self._to_clusters:
            return
        inside = {key: dict.fromkeys(nodes) for key, nodes in self._members_of_groups().items()}
        made: list[Link] = []
        seen: set[tuple[str, ...]] = set()
        for link in self._sketch.links:
            _, tail, head = self._to_clusters.get(id(link), (link, "", ""))
            if not (tail or head):
                made.append(link)
                continue
            sources, targets = (
                inside.get(tail) or {link.source: None},
                inside.get(head) or {link.target: None},
            )
            ends = (tail or link.source, head or link.target)
            self._sketch.spend(len(sources) * len(targets), link.at)
            if ends not in seen:  # one arrow between two frames, whichever nodes hold it
                seen.add(ends)
                made += [replace(link, source=one, target=other) for one in sources for other in targets]
        check_limit(self._sketch.source, None, "edges", len(made))
        self._sketch.links = made

    def _members_of_groups(self) -> dict[str, list[str]]:
        """Return the nodes of each group, those of the groups in it too."""
        members: dict[str, list[str]] = {key: [] for key in self._sketch.groups}
        for node in self._sketch.nodes.values():
            group, steps = node.group, 0
            while group in members and steps <= _DEEPEST:
                members[group].append(node.key)
                group, steps = self._sketch.groups[group].parent, steps + 1
        return members

    def _merge_links(self) -> None:
        """Keep the first link between two nodes, as `strict` says."""
        first: dict[object, Link] = {}
        for link in self._sketch.links:
            ends = (link.source, link.target)
            first.setdefault(ends if self._arrows else frozenset(ends), link)
        self._sketch.links = list(first.values())

    def _next(self) -> _Token:
        token, self._now = self._now, next(self._tokens, self._now)
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

    def _name(self) -> _Token:
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
            if not self._met(";", ","):
                members |= dict.fromkeys(self._statement(scope))
        if scope.same_rank:
            for key in members:
                self._sketch.nodes[key].rank = scope.same_rank
        return list(members)

    def _statement(self, scope: _Scope) -> list[str]:
        word = self._now.text.lower() if self._now.kind == "name" else ""
        if word in ("graph", "node", "edge"):
            self._next()
            attributes = self._attributes()
            if word == "graph":
                for key, value in attributes.items():
                    self._set(scope, key, value)
            else:
                scope.defaults[word].update(attributes)
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

    def _named(self, token: _Token, scope: _Scope) -> list[str]:
        """Return the node of a name, made known; of a record all its fields, or the one of its port."""
        known = token.text in self._sketch.nodes or token.text in self._ports
        if not known:
            node = self._sketch.node(token.text, token.at)
            node.label = "" if token.text == "" else None
            self._style(token.text, scope.defaults["node"])
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
        for sources, targets in pairwise(ends):
            first_new = len(self._sketch.links)
            if look.backward:
                sources, targets = targets, sources
            self._sketch.connect(sources, targets, link)
            if any(clusters):
                pair = clusters[::-1] if look.backward else clusters
                self._to_clusters |= {id(made): (made, *pair) for made in self._sketch.links[first_new:]}
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
        label = attributes.get("label")
        if key in self._label_of_record:
            if label not in (None, self._label_of_record[key]):
                wanted = "a record with one label"
                raise self._sketch.source.refuse(self._now.at, got="a second label", wanted=wanted)
        elif label is not None:
            self._sketch.spend(len(label) + label.count("\\N") * len(key), node.at)
            node.label = label.removeprefix(HTML).replace("\\N", key)
            fields = fields_of(self._sketch, node, label)
            if fields:
                self._expand(key, fields, title_of(label))
                self._label_of_record |= dict.fromkeys(self._ports[key].values(), label)
        if "xlabel" in attributes and not node.label:
            node.label = attributes["xlabel"].removeprefix(HTML)
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


@dataclass
class _Scope:
    """What holds inside one pair of braces."""

    group: str
    rank: str
    defaults: _Defaults  # of the nodes and of the edges
    depth: int
    same_rank: str = ""
