"""What is no feed-forward network, told with the reason."""

from __future__ import annotations

import re
from itertools import pairwise

from chalknet.notation.drawings.beside import beside
from chalknet.notation.drawings.columns import UnitColumn
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.sketch import Drawn, Sketch
from chalknet.notation.drawings.structures import Structure
from chalknet.notation.drawings.vocabulary import is_dots, is_weight, said
from chalknet.notation.drawings.words import LAYER, NETWORK, ONE_UNIT, PRUNED, ROLES, pattern


def refuse_foreign(sketch: Sketch) -> None:
    """Raise CannotExpress for a layer that no network here has, such as a convolution."""
    texts = [(node.text, node.at) for node in sketch.nodes.values()]
    texts += [(group.title, 0) for group in sketch.groups.values()]
    texts += [(label, 0) for label in {link.label for link in sketch.links}]
    if {"Q", "K", "V"} <= {plain(text) for text, _ in texts} or {"q", "k", "v"} <= {
        plain(text) for text, _ in texts
    }:
        got = "queries, keys and values: attention, a layer that no network here has"
        raise sketch.not_a_chain(texts[0][1], got=got, wanted="linear maps, activations, Dropout and Flatten")
    members = [(found, at) for text, at in texts if (found := _MEMBER.findall(plain(text)))]
    if len(members) > 1 and sum(len(found) for found, _ in members) >= _FEWEST_MEMBERS:
        got = f"a class diagram, with members such as {members[0][0][0].strip()!r}"
        raise sketch.not_a_chain(members[0][1], got=got, wanted="a feed-forward network")
    texts.append((sketch.caption, 0))
    _refuse_two_networks([(plain(text), at) for text, at in texts], sketch)
    for text, at in texts:
        other = next((name for words, name in _OTHER if words.search(plain(text))), "")
        if other:
            raise sketch.not_a_chain(at, got=f"{other} ({_shown(text)})", wanted="a feed-forward network")
        what = said(text)
        if what.foreign.lower().startswith("embed"):
            wanted = "a formula, such as embed(city 46 -> 8) & x(n,5) -> 32 relu -> 1, or chalknet's own SVG"
            raise sketch.not_a_chain(at, got=f"an embedding ({_shown(text)})", wanted=wanted)
        if what.foreign:
            got = f"{what.foreign!r}, a layer that no network here has"
            raise sketch.not_a_chain(at, got=got, wanted="linear maps, activations, Dropout and Flatten")


def _refuse_two_networks(texts: list[tuple[str, int]], sketch: Sketch) -> None:
    """Refuse a generator with its discriminator: two networks that are trained in turn."""
    found = [next((at for text, at in texts if word.search(text)), None) for word in _ADVERSARIES]
    if found[0] is not None and found[1] is not None:
        got = "a generator and a discriminator: two networks, each with a training of its own"
        raise sketch.not_a_chain(found[1], got=got, wanted="one network, from X to yhat")


_MEMBER = pattern(  # `+ forward(x)`, `- layers: List`
    r"(?:^|\s)[-+#~−]\s?[A-Za-z_]\w{2,40}\s?(?:\([^()\n]{0,60}\)(?!\s?[-+*/])|:\s?[A-Za-z]\w{2,}(?!\w))"
)
_FEWEST_MEMBERS = 3
_ADVERSARIES = (
    pattern(r"generator|g[eé]n[eé]rateur|generatore|生成器|генератор|생성기", re.I),
    pattern(r"discriminat|diskriminator|判别器|識別器|дискриминатор|판별", re.I),
)


def _shown(text: str) -> str:
    """Return the first line of a label, as an error shows it."""
    return repr(plain(text).split("\n")[0][:60])


def _is_layer(unit: Drawn) -> bool:
    """Return whether a box names a map and its width: a layer, and no unit of one."""
    what = said(unit.text)
    return what.operation and not what.state and isinstance(what.width, int) and what.width > 1


def _count_alike(column: UnitColumn) -> bool:
    """Return whether each of several boxes states the same number with an activation: no names of units."""
    found = {said(unit.text).width for unit in column.units if said(unit.text).steps}
    counts = [match[1] for unit in column.units if (match := _COUNT.match(plain(unit.text)))]
    return (
        len(counts) == len(column.units)
        and len(set(counts)) == 1
        and found == {int(counts[0])}
        and found != {1}
    )


def _are_heads(column: UnitColumn) -> bool:
    """Return whether each of several boxes is called by a word with a number in brackets that is no index."""
    found = [_HEAD.fullmatch(plain(unit.text)) for unit in column.units]
    sizes = [int(match[1]) for match in found if match]
    counts_on = all(other == one + 1 for one, other in pairwise(sizes))
    return len(sizes) == len(column.units) > 1 and not counts_on


def refuse_branches(sketch: Sketch, columns: list[UnitColumn]) -> None:
    """Raise CannotExpress for boxes of several units each that stand side by side."""
    for column in columns:
        for unit in column.units:
            if _ROW.search(plain(unit.text)):
                raise sketch.source.refuse(
                    unit.at,
                    got=f"a whole network in one box ({_shown(unit.text)})",
                    wanted="a box for each layer",
                    remedy="Give the row alone, as arrow text: '4 -> 64 tanh -> 2 softmax'.",
                )
        boxes = [unit for unit in column.units if said(unit.text).counted or said(unit.text).in_width]
        boxes += [unit for unit in column.units if unit not in boxes and _is_layer(unit)]
        boxes = boxes or (column.units if _are_heads(column) else [])
        if len(column.units) > 1 and _count_alike(column):
            boxes = boxes or column.units
        if len(column.units) > 1 and any(said(unit.text).width != 1 for unit in boxes):
            same = len({said(unit.text).width for unit in boxes}) == 1
            if same and len(boxes) == len(column.units) and column.dots:
                continue  # rows of observations
            example = plain(boxes[0].text).splitlines()[0]
            got = f"{len(column.units)} layers side by side, such as {example}"
            raise sketch.not_a_chain(boxes[0].at, got=got, wanted="one layer behind the other")


_DATA = re.compile(r"data|image|noise", re.I)
_COUNT = re.compile(r"(\d{1,6})(?!\d)")
_HEAD = pattern(r"[^\W\d_]{3}[^\d()]*[(\[]\s*(\d{1,6})\s*[)\]][^\d()]*")
_ROW = pattern(r"(?:\d+[^\d\n]{0,20}(?:->|→|➔|⟶)[^\d\n]{0,20}){2}\d")
_OTHER = (
    (pattern(r"boltzmann|\brbm\b", re.I), "a Boltzmann machine"),
    (
        pattern(
            r"decision tree|\bgini\b|\bentropy\s*=|samples\s*=\s*\d|entscheidungsbaum|árbol de decisi[oó]n|arbre de d[eé]cision|결정 ?트리|决策树|決定木",
            re.I,
        ),
        "a decision tree",
    ),
    (
        pattern(
            r"random forest|^(?:decision )?tree[ _#]*\d+$|zufallswald|随机森林|랜덤 ?포레스트|ランダムフォレスト",
            re.I,
        ),
        "a random forest",
    ),
    (pattern(r"markov", re.I), "a Markov chain"),
    (
        pattern(
            r"bayes(?:ian|'s)? (?:net|belief)|belief net|noisy[- ]or\b|causal (?:graph|dag|diagram)", re.I
        ),
        "a Bayesian network",
    ),
    (pattern(r"viterbi|trellis", re.I), "a trellis of states"),
    (
        pattern(r"knowledge graph|food (?:web|chain)|org(?:ani[sz]ation)? ?chart|organigramm?", re.I),
        "a chart of something else",
    ),
    (pattern(r"hopfield", re.I), "a Hopfield network"),
    (pattern(r"self[- ]organi[sz]ing map|kohonen", re.I), "a self-organising map"),
)
_UNIT = re.compile(
    r"(?:[^\W\d_]{1,2}|in|out|inp|hid|input|output|neuron|unit|node)?[\s_^]*[\[({]?[\d,]{0,9}[\])}]?(?:[\s_^]*[\[({]?[\d,]{0,6}[\])}]?)?'{0,3}|[A-Za-z]_?[a-z]|-?[\d.]+"
)
_INDEXED = re.compile(r"[xhzauvsoy]_?\d{1,3}(?!\w)")  # `x1 age`
_MANY_STEPS = 3  # boxes of sums and activations: no flowchart has more
_MANY_LINKS = 6  # between two columns, where most units are joined with most: no flowchart has them
_DECISIONS = frozenset(("yes", "no", "true", "false", "예", "아니오", "是", "否", "sí"))


def refuse_other_charts(sketch: Sketch, structure: Structure) -> None:
    """Refuse a flowchart of something else: it has no sign of a network."""
    columns = structure.columns.all
    texts = [unit.text for column in columns for unit in column.units]
    labels = [link.label for column in columns for link in column.links if link.label]
    steps = sum(map(_names_a_step, texts))
    layers = _has_layers(texts) or steps > _MANY_STEPS
    decides = any(plain(label).lower() in _DECISIONS for label in labels) and not layers
    speaks = steps > 0 if _is_tree(columns) else _signs(structure, texts, labels)
    of_words = _is_of_words_alone(structure, texts)
    speaks = speaks and not of_words
    is_lone = sum(len(column.links) for column in columns) == 1 and "" in texts
    is_lone = is_lone and not (steps or any(map(_names_a_step, _titles_and_captions(structure))))
    decides = decides or is_lone or _runs_side_by_side(columns) or (of_words and _names_within(columns))
    if decides or _is_trellis(columns) or not (speaks or _looks_dense(columns, texts)):
        raise sketch.source.refuse(
            None,
            got="a chart in which nothing speaks of a network",
            wanted="layers: widths, units, activations or weights",
            remedy="Write the widths and activations into the boxes, such as 'Dense 32 relu'.",
        )


def _runs_side_by_side(columns: list[UnitColumn]) -> bool:
    """Return whether no unit is joined with several, and no words speak of layers: lines with stops on them."""
    if len(columns) < 3 or any(len(column.units) < 2 for column in columns):
        return False
    for before, column in pairwise(columns):
        if len(column.links) > max(len(before.units), len(column.units)):
            return False
    words = [said(text) for column in columns for text in [*column.texts, *(u.text for u in column.units)]]
    return not any(one.role or one.steps or one.sure or one.operation or one.state for one in words)


def _has_layers(texts: list[str]) -> bool:
    """Return whether two boxes state a layer with its width or its activation."""
    return sum(bool(one.operation or one.steps) and one.width is not None for one in map(said, texts)) > 1


def _speaks_as_a_unit(text: str) -> bool:
    """Return whether a label is that of a unit or of a layer, and not words of any chart."""
    one, words = said(text), plain(text)
    if one.steps or one.operation or one.state or one.sure or not re.search(r"[^\W\d_]{3}", words):
        return True
    named = _UNIT.fullmatch(words) or _INDEXED.match(words) or _names_a_neuron(words) or is_dots(text)
    return bool(
        named
        or (one.role and _words_beside_role(words) <= (bool(LAYER.search(words)) and not _DATA.match(words)))
    )


def _states_a_layer(text: str) -> bool:
    """Return whether a text says which layer it is, how wide it is and what its activation is."""
    one = said(text)
    return bool(one.role and one.steps) and one.width is not None and bool(LAYER.search(plain(text)))


def _names_a_neuron(text: str) -> bool:
    """Return whether a text names a neuron; a unit or a node where it says nothing else, unlike `Unit tests`."""
    match = ONE_UNIT.search(text)
    others = re.findall(r"[^\W\d_]{3,}", ONE_UNIT.sub(" ", text))
    return match is not None and (match.group().lower() not in ("unit", "node") or not others)


def _words_beside_role(text: str) -> int:
    """Return how many words a text has besides those that say which layer it is."""
    rest = LAYER.sub(" ", plain(text))
    for _, words in ROLES:
        rest = words.sub(" ", rest)
    return len(re.findall(r"[^\W\d_]{3,}", rest))


def _is_heading_of_a_layer(text: str) -> bool:
    """Return whether a title says which layer of a network it is, and hardly more: `Hidden layer (tanh)`."""
    one = said(text)
    if one.steps or one.linear or one.sure:
        return True
    return bool(one.role) and _words_beside_role(text) <= 1


def _is_of_words_alone(structure: Structure, texts: list[str]) -> bool:
    """Return whether nearly all boxes hold words of any subject, and titles and captions speak of no network."""
    if _names_within(structure.columns.all):
        texts = [text for text in texts if len(plain(text)) > 1]
    speaking = sum(map(_speaks_as_a_unit, texts))
    roles = [said(text).role for text in texts]
    columns = structure.columns.all
    titles = [text for column in columns for text in column.texts]
    if speaking * 8 > len(texts) or {"input", "output"} <= set(roles):
        return False
    if any(map(_states_a_layer, (*texts, *titles))):
        return False
    headed = [column for column in columns if any(map(_is_heading_of_a_layer, column.texts))]
    layers = any(LAYER.search(plain(text)) for column in headed for text in column.texts) or any(
        column.title.role == "hidden" or column.title.steps for column in headed
    )
    captions = " ".join(map(plain, structure.columns.captions))
    bare = len(headed) * 2 <= len(columns) if layers else len(headed) < len(columns)
    return bare and not (NETWORK.search(captions) or LAYER.search(captions))


def _names_within(columns: list[UnitColumn]) -> bool:
    """Return whether units of most columns between the first and the last have names, as stations do."""
    named = [any(not _speaks_as_a_unit(unit.text) for unit in column.units) for column in columns[1:-1]]
    return len(named) > 1 and 2 * sum(named) > len(named)


def _is_trellis(columns: list[UnitColumn]) -> bool:
    """Return whether the same names stand in every column: the states of one thing, step by step."""
    names = [{plain(unit.text) for unit in column.units} for column in columns]
    words = all(re.match(r"[^\W\d]", name) for name in names[0])
    return len(columns) > 2 and words and all(len(one & names[0]) > 1 for one in names)


def _is_tree(columns: list[UnitColumn]) -> bool:
    """Return whether one node leads to several, and these to more, each of which hangs on one alone.

    Lines without heads are read either way: then each leads to one alone.
    """
    behind = columns[1:]
    some = any(column.join == "some" for column in behind)
    spreads = len(columns[0].units) == 1 and all(len(one.links) == len(one.units) for one in behind)
    gathers = len(columns[-1].units) == 1 and all(
        len(column.links) == len(before.units) for before, column in pairwise(columns)
    )
    return some and (spreads or gathers)


def _names_a_step(text: str) -> bool:
    one = said(text)
    return bool(one.steps or one.operation or one.state)


def _titles_and_captions(structure: Structure) -> list[str]:
    return [text for column in structure.columns.all for text in column.texts] + structure.columns.captions


def _signs(structure: Structure, texts: list[str], labels: list[str]) -> bool:
    """Return whether a label, a title or a caption speaks of a network."""
    for text in (*texts, *_titles_and_captions(structure), *labels):
        one = said(text)
        role = one.role and not ("sample" in beside(text) and not LAYER.search(one.text))
        if one.steps or one.operation or role or one.sure or one.state or one.bias is not None:
            return True
        if _names_a_neuron(one.text) or PRUNED.search(one.text):
            return True
    return any(is_weight(label) for label in labels)


def _of_units(column: UnitColumn) -> bool:
    """Return whether a column has the names of units, `h1` beside `h2`, or is drawn as units without words are."""
    texts = [plain(unit.text) for unit in column.units]
    drawn = all(unit.shape in ("circle", "doublecircle", "point") for unit in column.units)
    drawn = drawn or (len(texts) > 1 and not any(texts))
    if not all(_UNIT.fullmatch(text) for text in texts):
        return drawn and not any(re.search(r"\w", text) for text in texts)
    return drawn or all(re.search(r"\d", text) for text in texts)


def _is_nearly_joined(before: UnitColumn, column: UnitColumn) -> bool:
    """Return whether most units are joined to most of those before them: in a picture not all lines are seen."""
    return len(column.links) >= 0.5 * len(before.units) * len(column.units)


def _looks_dense(columns: list[UnitColumn], texts: list[str]) -> bool:
    """Return whether units stand in columns that are joined as those of a network are."""
    plains = [plain(text) for text in texts]
    dense = all(column.join in ("all", "each", "one") for column in columns[1:])
    nearly = all(map(_is_nearly_joined, columns, columns[1:]))
    dense |= nearly and max(len(column.links) for column in columns[1:]) >= _MANY_LINKS
    single = all(len(column.links) == len(column.units) for column in columns[1:])
    tree = (single or _is_tree(columns)) and not dense
    wide = any(len(column.units) > 1 for column in columns)
    named = sum(bool(_UNIT.fullmatch(text)) for text in plains) * 2 > len(plains)
    short = all(len(text) <= 30 and text.count(" ") <= 3 for text in plains)
    told = wide or any(
        re.search(r"\w", text) for text in plains
    )  # one nameless node behind another is no network
    return (named and told and not tree) or (dense and wide and short and any(map(_of_units, columns[1:])))
