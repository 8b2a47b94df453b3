"""Links that connect no units: to a whole frame, side by side, of a loss, of gradients that lead back."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence

from chalknet.errors import ChalknetError
from chalknet.notation.drawings.beside import beside
from chalknet.notation.drawings.columns import depths
from chalknet.notation.drawings.facts import Facts
from chalknet.notation.drawings.sketch import Link, Sketch
from chalknet.notation.drawings.words import DECIMAL, ENVIRONMENT, any_of, pattern

_COMPARES = pattern(
    any_of(r"compar\w*", r"vergleich\w*", r"porówn\w*", r"confront\w*") + r"|비교|比较|比較|сравн", re.I
)
_DOTTED = ("dashed", "dotted")


def ordering(links: Sequence[Link]) -> list[Link]:
    """Return lines without a head, among arrows or dotted among plain lines, that lead nowhere.

    They join nodes of one column, or hold a note that no arrow holds.
    """
    headed = sum(link.directed for link in links)
    odd = [link for link in links if not (link.directed or link.label) and (headed or link.style in _DOTTED)]
    if not odd or len(odd) == len(links):
        return []
    marked = {id(link) for link in odd}
    rest = [link for link in links if id(link) not in marked]
    depth = longest([link for link in rest if link.style not in _DOTTED] or rest)
    held: dict[str, list[int]] = defaultdict(list)
    for link in odd:
        held[link.source].append(depth.get(link.target, -1))
    fed = {link.target for link in links}
    biases = {
        key for key, ends in held.items() if key not in fed and ends[1:] and {*ends} == {max(1, ends[0])}
    }
    return [
        link
        for link in odd
        if depth.get(link.source, -1) == depth.get(link.target, -2)
        or (
            link.style in _DOTTED
            and link.source not in biases  # with lines to several units of a layer
            and not (link.source in depth and link.target in depth)
        )
    ]


def longest(links: Sequence[Link]) -> dict[str, int]:
    """Return the longest way from a source to each node; nodes of cycles and behind them are missing."""
    waiting = Counter(link.target for link in links)
    targets: dict[str, list[str]] = defaultdict(list)
    for link in links:
        targets[link.source].append(link.target)
    first = [key for key in targets if key not in waiting]
    depth, found, ready = dict.fromkeys(first, 0), {}, list(first)
    while ready:
        key = ready.pop()
        found[key] = depth[key]
        for target in targets[key]:
            depth[target] = max(depth.get(target, 0), depth[key] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return found | {key: min(found.get(end, 1) for end in targets[key]) - 1 for key in first}


# Links to a whole frame


def to_frames(sketch: Sketch, links: list[Link]) -> list[Link]:
    """Return the links; one to a whole frame leads into its first column, one from it out of its last.

    Readers give a link to a frame as one to each node in it; all of these are written in one place.
    """
    members = _members(sketch)
    inside = _linked_inside(sketch, links)
    frames = {key: nodes for key, nodes in members.items() if inside.get(key) and len(nodes) > 1}
    if not frames:
        return links
    written: dict[tuple[int, str, bool], set[str]] = defaultdict(set)
    for link in links:
        written[link.at, link.source, True].add(link.target)
        written[link.at, link.target, False].add(link.source)
    dropped: set[tuple[int, str, str]] = set()
    for (at, outer, is_source), ends in written.items():
        for key, nodes in frames.items():
            if len(ends) < len(nodes) or outer in nodes or not nodes <= ends:
                continue
            sources, targets = ({pair[side] for pair in inside[key]} for side in (0, 1))
            held = nodes & (targets if is_source else sources)
            dropped |= {(at, outer, node) if is_source else (at, node, outer) for node in held}
    return (
        [link for link in links if (link.at, link.source, link.target) not in dropped] if dropped else links
    )


def _members(sketch: Sketch) -> dict[str, set[str]]:
    """Return the nodes in each frame, those of frames in it too."""
    around = _frames_around(sketch)
    found: dict[str, set[str]] = defaultdict(set)
    for key, node in sketch.nodes.items():
        for group in around.get(node.group, ()):
            found[group].add(key)
    return found


def _frames_around(sketch: Sketch) -> dict[str, tuple[str, ...]]:
    """Return each frame with those around it."""
    found = {}
    for key in sketch.groups:
        chain = [key]
        while (parent := sketch.groups[chain[-1]].parent) in sketch.groups and len(chain) < 60:
            chain.append(parent)
        found[key] = tuple(chain)
    return found


def _linked_inside(sketch: Sketch, links: Iterable[Link]) -> dict[str, set[tuple[str, str]]]:
    """Return the ends of the links of which both ends stand in a frame."""
    around = _frames_around(sketch)
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    if not around:
        return found
    for link in links:
        one, other = sketch.nodes[link.source].group, sketch.nodes[link.target].group
        if one and other and link.directed and not link.style:
            for group in set(around.get(one, ())) & set(around.get(other, ())):
                found[group].add((link.source, link.target))
    return found


# Comparisons


def comparing(facts: Facts, order: Collection[Link]) -> list[Link]:
    """Return the links that say a loss or a comparison, between nodes that others join already.

    Args:
        facts: what is drawn.
        order: links that connect nothing anyhow.
    """
    aside = {id(link) for link in order}
    said = [
        link
        for link in facts.links
        if link.label
        and id(link) not in aside
        and ("loss" in beside(link.label) or _COMPARES.search(link.label))
    ]
    if not said:
        return []
    depth = _depths(facts, _without(facts.links, [*order, *said])) or {}
    return [link for link in said if abs(depth.get(link.target, 0) - depth.get(link.source, 0)) > 1]


# Gradients


def leading_back(facts: Facts, order: Collection[Link]) -> list[Link]:
    """Return dashed links, or links that speak of gradients, that lead from behind to the front.

    Without them there is no cycle; and a loss, an optimizer or a gradient is spoken of somewhere.

    Args:
        facts: what is drawn.
        order: links that connect nothing anyhow.
    """
    aside = {id(link) for link in order}
    links = [link for link in facts.links if id(link) not in aside] if aside else list(facts.links)
    closing = _closing(facts, links)
    if closing and _depths(facts, _without(links, closing)) is not None:
        return closing
    return [*_marked_back(facts, _without(links, closing)), *closing]


def _without(links: Sequence[Link], dropped: Collection[Link]) -> list[Link]:
    gone = {id(link) for link in dropped}
    return [link for link in links if id(link) not in gone]


def _closing(facts: Facts, links: Sequence[Link]) -> list[Link]:
    """Return the links of a cycle through a loss, an optimizer or an environment that close it.

    A loss or what trains leads to the network: these links carry no values of it. An environment is led to by
    what was decided.
    """
    if _depths(facts, links) is not None:
        return []
    inside = _in_cycles(links)
    words = {key: beside(facts.nodes[key].text) & {"loss", "training"} for key in inside}
    worlds = {key for key in inside if ENVIRONMENT.search(facts.nodes[key].text) and not words[key]}
    trains = {key for key, found in words.items() if found and not facts.nodes[key].said.operation}
    return [
        link
        for link in links
        if link.source in inside
        and link.target in inside
        and (
            (link.source in trains and link.target not in trains)
            or link.target in worlds
            or (link.style in ("dashed", "dotted") and "loss" in beside(link.label))
        )
    ]


def _in_cycles(links: Sequence[Link]) -> set[str]:
    """Return the nodes that stand in a cycle, or between two of them."""
    found = {end for link in links for end in (link.source, link.target)}
    for ends in ("source", "target"):
        again = True
        while again:
            near = {getattr(link, ends) for link in links if link.source in found and link.target in found}
            again = near < found
            found &= near
    return found


def _marked_back(facts: Facts, links: Sequence[Link]) -> list[Link]:
    """Return the dashed links, or those that speak of gradients, that lead from behind to the front."""
    labels = {link.label for link in links if link.label and not DECIMAL.fullmatch(link.label)}
    speaking = {label for label in labels if "training" in beside(label)}
    odd = [link for link in links if link.label in speaking or link.style in _DOTTED]
    if not odd or len(odd) == len(links):
        return []
    trains = bool(speaking) or any(
        beside(fact.node.text) & {"loss", "training"} for fact in facts.nodes.values()
    )
    if not trains or _depths(facts, links) is not None:
        return []
    marked = {id(link) for link in odd}
    depth = _depths(facts, [link for link in links if id(link) not in marked])
    if depth is None:
        return []
    return [link for link in odd if depth.get(link.target, 0) < depth.get(link.source, 0)]


def _depths(facts: Facts, links: Sequence[Link]) -> dict[str, int] | None:
    try:
        return depths(facts, list(facts.nodes), links)
    except ChalknetError:  # a cycle
        return None
