"""What stands beside a network: biases, dots, captions, losses, targets, training. Each by the weight of its evidence."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from chalknet.notation.drawings.beside import beside, is_only
from chalknet.notation.drawings.colours import name_of, names_in
from chalknet.notation.drawings.facts import POINTS, STORES, Fact, Facts
from chalknet.notation.drawings.rules import Role, Rule, Weighed, weigh
from chalknet.notation.drawings.sketch import Link
from chalknet.notation.drawings.vocabulary import is_bias, is_decimal
from chalknet.notation.drawings.words import BIAS_WORD, OPERATOR, SUM

_BEHIND: frozenset[Role] = frozenset(("loss", "training"))
_FEATURES = frozenset(("weight", "weights"))
_BIAS_ON_ARROW = re.compile(r"\s{0,9}[bθcΘ][_^]?\{?\(?\w{0,6}\)?\}?\s{0,9}")
_NEIGHBOURS = {"1": {"0", "2"}, "b": {"a", "A"}, "B": {"a", "A"}}
_LETTER = re.compile(r"[^\W\d_]")
_IS_ONE = re.compile(r"=\s*\+?1\b")
_INDEXED = re.compile(r"([^\W\d_]{1,4})(?:\^[\[(]?\d{1,3}[\])]?)?_?\(?(\d{1,6})")
_BIAS_VECTOR = re.compile(r"[bBθ][\^_]?\(?\d*\)?\s*[\[(]?\s*\d+\s*(?:[×x,]\s*\d+)?\s*[)\]]?")
_INDEX_0 = re.compile(r"([^\W\d_]{1,4})(?:\^[\[(]?\d{1,3}[\])]?)?_?(?:0|\(0\)).{0,12}", re.S)


def _several_words(text: str) -> bool:
    """Return whether a text has several words, and no mere name of a unit, such as `h 1`."""
    parts = text.split()
    return len(text) >= 5 and len(parts) > 1 and any(_LETTER.search(part) for part in parts)


@dataclass
class Sides:
    """The nodes beside a network, with the role of each.

    Args:
        roles: of the nodes that are no units, by id.
        close: nodes whose role was nearly another one, with it.
        notes: what had to be assumed.
    bias_colours: of those nodes that are known as biases.
    """

    roles: dict[str, Weighed] = field(default_factory=dict)
    close: dict[str, Weighed] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    bias_colours: frozenset[str] = frozenset()

    def role(self, key: str) -> Role:
        """Return the role of a node; a unit where it is none of those beside a network."""
        return self.roles[key].role if key in self.roles else "unit"


@dataclass(frozen=True, eq=False)
class _Scene:
    """What all nodes together say, looked up once."""

    facts: Facts

    @cached_property
    def texts(self) -> Counter[str]:
        return Counter(fact.text for fact in self.facts.nodes.values() if not fact.alone)

    @cached_property
    def ranks(self) -> Counter[str]:
        return Counter(fact.node.rank for fact in self.facts.nodes.values() if not fact.alone)

    @cached_property
    def first_words(self) -> frozenset[str]:
        """Return what the labels begin with: `2` of `2 | relu`."""
        return frozenset(re.split(r"[\s|,(]", text, maxsplit=1)[0] for text in self.texts)

    @cached_property
    def loose_points(self) -> int:
        """Return how many points without a link or a name there are."""
        facts = self.facts.nodes.values()
        return sum(fact.alone and fact.node.shape in POINTS and not fact.text for fact in facts)

    @cached_property
    def counts_from_zero(self) -> bool:
        return any(fact.into and _INDEX_0.fullmatch(fact.text) for fact in self.facts.nodes.values())

    @cached_property
    def has_index_bias(self) -> bool:
        """Return whether a node with the index 0, into which nothing leads, stands beside one with the index 1."""
        zeros = [
            _INDEX_0.fullmatch(fact.text)
            for fact in self.facts.nodes.values()
            if not fact.into and fact.out_of
        ]
        return any(match and f"{match[1]}1".lower() in self.names for match in zeros)

    @cached_property
    def bias_colours(self) -> frozenset[str]:
        """Return the colours that a legend or a caption gives to biases: as written, and by name."""
        nodes = self.facts.nodes.values()
        entries = [
            fact
            for fact in nodes
            if fact.alone and BIAS_WORD.search(fact.text) and fact.said.bias is not False
        ]
        texts = [fact.text for fact in entries] + self.facts.sketch.caption.split("\n")
        named = {name for text in texts if BIAS_WORD.search(text) for name in names_in(text)}
        drawn = {fact.node.colour for fact in entries} - {""}
        return frozenset(named | (drawn - self.colours_fed))

    @cached_property
    def colours_fed(self) -> frozenset[str]:
        """Return the colours of nodes to which something leads."""
        return frozenset(fact.node.colour for fact in self.facts.nodes.values() if fact.into)

    @cached_property
    def holds_values(self) -> bool:
        """Return whether a node is named by a decimal number."""
        return any(is_decimal(fact.text) for fact in self.facts.nodes.values())

    @cached_property
    def names(self) -> frozenset[str]:
        found = (_INDEXED.match(text) for text in self.texts)
        return frozenset(f"{match[1]}{match[2]}".lower() for match in found if match)


def _is_dashed(link: Link) -> bool:
    return link.style in ("dashed", "dotted")


@dataclass(frozen=True, eq=False)
class _View:
    """A node among the others."""

    fact: Fact
    scene: _Scene
    sides: Sides

    @cached_property
    def into(self) -> frozenset[Role]:
        return frozenset(self.sides.role(link.source) for link in self.fact.into)

    @cached_property
    def out_of(self) -> frozenset[Role]:
        return frozenset(self.sides.role(link.target) for link in self.fact.out_of)

    @property
    def trains(self) -> bool:
        """Return whether one of the nodes behind it speaks of training."""
        nodes = self.scene.facts.nodes
        return any("training" in beside(nodes[link.target].node.text) for link in self.fact.out_of[:8])

    @cached_property
    def leads_to_operator(self) -> bool:
        """Return whether it leads to a node that is a product or a sum, and nothing else."""
        nodes = self.scene.facts.nodes
        ends = [nodes[link.target].text for link in self.fact.out_of[:8]]
        return bool(ends) and all(OPERATOR.fullmatch(text) or SUM.search(text) for text in ends)

    @property
    def has_company(self) -> bool:
        """Return whether something else leads where it leads."""
        nodes = self.scene.facts.nodes
        return all(len(nodes[link.target].into) > 1 for link in self.fact.out_of[:8])

    @property
    def has_some_company(self) -> bool:
        """Return whether something else leads to one of the nodes to which it leads."""
        nodes = self.scene.facts.nodes
        return any(len(nodes[link.target].into) > 1 for link in self.fact.out_of[:8])

    @property
    def is_one_of_many(self) -> bool:
        """Return whether at least three others lead where it leads: it is a unit of a column, `weight` beside `age`."""
        nodes = self.scene.facts.nodes
        return any(len(nodes[link.target].into) > 3 for link in self.fact.out_of[:8])

    @property
    def has_twins(self) -> bool:
        """Return whether another node of one letter, to which nothing else leads, hangs on the same nodes."""
        nodes, before = self.scene.facts.nodes, {link.source for link in self.fact.into}
        if not before:
            return False
        others = [nodes[link.target] for link in nodes[self.fact.into[0].source].out_of[:50]]
        return any(
            other is not self.fact and len(other.text) == 1 and {link.source for link in other.into} == before
            for other in others
        )

    @cached_property
    def is_unfed(self) -> bool:
        """Return whether nothing leads to it, but something to all others that lead where it leads."""
        if self.fact.into or not self.fact.out_of:
            return False
        nodes = self.scene.facts.nodes
        others = {link.source for link in nodes[self.fact.out_of[0].target].into[:200]} - {self.fact.key}
        return len(others) > 1 and all(nodes[key].into for key in others)

    @property
    def is_dashed_alone(self) -> bool:
        """Return whether it stands in no column, and all its lines are dashed while no others are that end there."""
        if self.fact.node.rank and self.scene.ranks[self.fact.node.rank] > 1:
            return False
        if (
            self.fact.into
            or len(self.fact.out_of) < 2
            or not all(_is_dashed(one) for one in self.fact.out_of)
        ):
            return False
        nodes = self.scene.facts.nodes
        ends = [nodes[one.target].into for one in self.fact.out_of[:50]]
        others = [link for into in ends for link in into[:50] if link.source != self.fact.key]
        return len(others) > len(ends) and not any(_is_dashed(link) for link in others)

    @property
    def is_beside_a_bias(self) -> bool:
        """Return whether a node that leads where it leads, and to which nothing leads, is called a bias."""
        nodes = self.scene.facts.nodes
        beside = [nodes[link.source] for out in self.fact.out_of[:1] for link in nodes[out.target].into[:200]]
        return any(BIAS_WORD.search(one.text) for one in beside if not one.into and one.key != self.fact.key)

    @cached_property
    def has_colour_of_biases(self) -> bool:
        """Return whether it is filled as a legend says that biases are."""
        colour, known = self.fact.node.colour, self.scene.bias_colours
        return bool(colour and known and self.fact.out_of) and (colour in known or name_of(colour) in known)

    @property
    def looks_like_a_bias(self) -> bool:
        """Return whether a bias of another layer has its colour, and no unit to which something leads."""
        colour = self.fact.node.colour
        return bool(colour) and colour in self.sides.bias_colours - self.scene.colours_fed

    @property
    def is_only_way(self) -> bool:
        """Return whether it has one node before it and one behind it, which hang on nothing else."""
        fact, nodes = self.fact, self.scene.facts.nodes
        if len(fact.into) != 1 or len(fact.out_of) != 1:
            return False
        return len(nodes[fact.into[0].source].out_of) == len(nodes[fact.out_of[0].target].into) == 1

    @property
    def name(self) -> str:
        """Return the first field of its label: `w1` of `{w1 | data -3.0}`."""
        return self.fact.text.strip("{} ").partition("|")[0].strip()

    @property
    def beside(self) -> frozenset[str]:
        return beside(self.fact.node.text)

    @property
    def states_a_layer(self) -> bool:
        said = self.fact.said
        return bool(said.operation or said.steps or said.role)

    @property
    def goes_on(self) -> bool:
        """Return whether its name is one of a row: `1` beside `2`, `b` beside `a`."""
        return bool(_NEIGHBOURS.get(self.fact.text, set()) & self.scene.first_words)

    @property
    def first_of_row(self) -> str:
        """Return the name that would follow an index 0: `x1` for `x0`; empty for other names."""
        match = _INDEX_0.fullmatch(self.fact.text)
        return f"{match[1]}1".lower() if match else ""


_RULES: dict[Role, tuple[Rule[_View], ...]] = {
    "nothing": (
        Rule("it is not to be seen", "nothing", 9, lambda v: v.fact.node.shape == "invisible"),
        Rule("no words, no frame around it and no link", "nothing", 5,
             lambda v: v.fact.alone and not v.fact.text and not (v.fact.node.group or v.fact.node.rank)),
    ),
    "weight": (
        Rule("its name is that of a weight matrix", "weight", 1.5, lambda v: "weight" in beside(v.name) and not v.fact.into),
        Rule("it is a word that names a feature too, and leads to several", "weight", -4, lambda v: v.name.lower() in _FEATURES and len(v.fact.out_of) > 1),
        Rule("it leads to a product", "weight", 2, lambda v: "weight" in beside(v.name) and v.leads_to_operator),
        Rule("it states the sizes of a matrix", "weight", 1.5, lambda v: v.fact.said.matrix and not v.fact.into),
        Rule("something leads to it", "weight", -9, lambda v: v.fact.into),
        Rule("nothing else leads where it leads", "weight", -4, lambda v: not v.has_company),
        Rule("it is one of many that lead to the same", "weight", -5, lambda v: v.is_one_of_many),
    ),
    "elided": (
        Rule("dots stand for what is left out", "elided", 8, lambda v: v.fact.is_dots),
        Rule("a point without a link, between units", "elided", 5,
             lambda v: v.fact.alone and v.fact.node.shape in POINTS and not v.fact.text and (v.fact.node.group or v.fact.node.rank)),
        Rule("a point without a link, beside others", "elided", 6,
             lambda v: v.fact.alone and v.fact.node.shape in POINTS and not v.fact.text and v.scene.loose_points > 1),
        Rule("the whole network passes through it", "elided", -9, lambda v: v.is_only_way),
    ),
    "bias": (
        Rule("its name is that of a bias", "bias", 3, lambda v: is_bias(v.name)),
        Rule("it says bias in so many words", "bias", 2, lambda v: BIAS_WORD.search(v.fact.text)),
        Rule("its arrows are named as biases are", "bias", 2, lambda v: v.fact.out_of and all(_BIAS_ON_ARROW.fullmatch(link.label) for link in v.fact.out_of)),
        Rule("its id says bias", "bias", 1.5, lambda v: BIAS_WORD.search(v.fact.key) and v.fact.key != v.fact.text),
        Rule("it leads to a sum", "bias", 1, lambda v: v.leads_to_operator and v.name[:1] in "bBθ"),
        Rule("it is named b and states the sizes of a vector", "bias", 3, lambda v: _BIAS_VECTOR.fullmatch(v.fact.text) and not v.fact.into),
        Rule("it has the colour that is said to be that of biases", "bias", 5, lambda v: v.has_colour_of_biases),
        Rule("a bias of another layer has its colour", "bias", 3, lambda v: v.looks_like_a_bias and not v.fact.said.role),
        Rule("nothing leads to it, but to all the others of its layer", "bias", 3, lambda v: not v.fact.text and v.is_unfed),
        Rule("its lines are dashed, and not those of the others that lead there", "bias", 3, lambda v: v.is_dashed_alone),
        Rule("another one that leads there says bias in so many words", "bias", -6, lambda v: v.fact.text == "1" and v.is_beside_a_bias),
        Rule("nothing else leads where it leads", "bias", -6, lambda v: v.fact.out_of and not v.has_some_company),
        Rule("it names a map", "bias", -5, lambda v: v.fact.said.operation),
        Rule("something leads to it", "bias", -9, lambda v: v.fact.into),
        Rule("it is a decimal number, as others are", "bias", -6,
             lambda v: v.name == "1.0" and v.scene.holds_values),
        Rule("its name is one of a row", "bias", -6, lambda v: v.goes_on and not BIAS_WORD.search(f"{v.fact.key} {v.fact.text}")),
        Rule("other layers count from 0 too", "bias", -6, lambda v: v.first_of_row and v.scene.counts_from_zero and not BIAS_WORD.search(v.fact.text)),
        Rule("no index 1 stands beside its index 0", "bias", -6,
             lambda v: v.first_of_row and v.first_of_row not in v.scene.names and not BIAS_WORD.search(v.fact.text)),
        Rule("other biases are named so, or it is said to be 1", "bias", 6,
             lambda v: v.first_of_row and (v.scene.has_index_bias or _IS_ONE.search(v.fact.text)) and v.first_of_row not in v.scene.names),
    ),
    "caption": (
        Rule("words without a link", "caption", 3,
             lambda v: v.fact.alone and (v.fact.is_loose or len(v.fact.text) > 14 or "\n" in v.fact.text or v.fact.said.role)),
        Rule("words that no frame holds, without a link", "caption", 3,
             lambda v: v.fact.alone and not (v.fact.node.group or v.fact.node.rank) and (_several_words(v.fact.text) or v.fact.said.bias is not None) and not (v.fact.is_loose or len(v.fact.text) > 14)),
    ),
    "title": (
        Rule("a dashed line without a head ties it to a layer, and it only says what that does", "title", 6,
             lambda v: v.fact.said.only_steps and v.fact.key in v.scene.facts.remarks),
    ),
    "loss": (
        Rule("its words or its formula are those of a loss", "loss", 4, lambda v: "loss" in v.beside),
        Rule("only training comes behind it", "loss", 1, lambda v: v.fact.into and v.out_of <= _BEHIND),
        Rule("it names an operation, an activation or a layer", "loss", -5, lambda v: v.states_a_layer and not is_only(v.fact.node.text, "loss")),
        Rule("the network goes on behind it", "loss", -4, lambda v: v.fact.out_of and not v.out_of & _BEHIND and not v.trains),
        Rule("it is drawn alone", "loss", -1, lambda v: v.fact.alone),
        Rule("a letter, as others stand beside it that are fed alike", "loss", -5, lambda v: len(v.fact.text) == 1 and v.has_twins),
    ),
    "target": (
        Rule("it leads to a loss alone", "target", 5, lambda v: not v.fact.into and v.fact.out_of and v.out_of == {"loss"}),
        Rule("its words name a target", "target", 3, lambda v: "target" in v.beside),
        Rule("it stands where the network is compared", "target", 1, lambda v: not v.fact.into or not v.fact.out_of),
        Rule("it is in the middle of the network", "target", -5, lambda v: v.fact.into and v.fact.out_of and not v.out_of <= _BEHIND),
        Rule("it names an operation or an activation", "target", -4, lambda v: v.fact.said.operation or v.fact.said.steps),
        Rule("it states its units or that it is linear", "target", -4, lambda v: v.fact.said.counted or v.fact.said.linear),
    ),
    "training": (
        Rule("its words speak of training", "training", 3, lambda v: "training" in v.beside and is_only(v.fact.node.text, "training")),
        Rule("a store of what training needs", "training", 3, lambda v: "training" in v.beside and v.fact.node.shape in STORES),
        Rule("it comes behind the loss alone", "training", 4, lambda v: v.fact.into and v.into <= _BEHIND),
        Rule("it names an operation or an activation", "training", -4, lambda v: v.fact.said.operation or v.fact.said.steps),
    ),
}  # fmt: skip

_BY_LOOKS = frozenset(
    rule.name for rule in _RULES["bias"] if "colour" in rule.name or "the others" in rule.name
)
_ENOUGH, _CLOSE = 2.0, 1.0  # a node is a unit unless this much speaks for something else
_ROUNDS = 3  # a target is known by the loss it leads to, a loss by the training behind it


def sides_of(facts: Facts) -> Sides:
    """Return which nodes stand beside the network, each role by its evidence."""
    scene, sides = _Scene(facts), Sides()
    for _ in range(_ROUNDS):
        before = dict(sides.roles)
        sides.bias_colours = frozenset(
            facts.nodes[key].node.colour for key, one in before.items() if one.role == "bias"
        )
        for key, fact in facts.nodes.items():
            view = _View(fact, scene, sides)
            best = max(
                (weigh(rules, view, role) for role, rules in _RULES.items()), key=lambda one: one.weight
            )
            if best.weight >= _ENOUGH:
                sides.roles[key] = best
            else:
                sides.roles.pop(key, None)
            if abs(best.weight - _ENOUGH) < _CLOSE:
                sides.close[key] = best
            else:
                sides.close.pop(key, None)
        if sides.roles == before:
            break
    by_looks = Counter(one.rule for one in sides.roles.values() if one.rule in _BY_LOOKS)
    for rule, count in by_looks.items():
        which = "a node is" if count == 1 else f"{count} nodes are"
        sides.notes.append(f"{which} read as bias: {rule}")
    for key, one in sides.roles.items():
        text = facts.nodes[key].text
        if one.role == "bias" and _INDEX_0.fullmatch(text):
            sides.notes.append(f"{text} is read as the bias, since its index is 0 and nothing leads to it")
    return sides
