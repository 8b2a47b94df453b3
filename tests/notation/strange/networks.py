"""A drawing of a network: what is drawn, how it is written, and what it means, composed at random."""

from __future__ import annotations

from dataclasses import dataclass

from tests.notation.strange import dot, dumps, extras, mermaid, svg
from tests.notation.strange.boxes import FORMS, OPERATIONS, PLACES, Boxes, grow
from tests.notation.strange.choice import Choices
from tests.notation.strange.labels import Labels
from tests.notation.strange.picture import Node, Picture, TruthLayer
from tests.notation.strange.plans import Plan, elide, plan
from tests.notation.strange.units import HIDDEN_PLACES, OUTPUT_PLACES, PER_UNIT, Units
from tests.notation.strange.writing import IDS, ORDERS, Style, ids_of, page

DIALECTS = {"mermaid": 5.0, "dot": 5, "svg": 2}
# A tool is a person or program with habits: what it fixes, the rest stays at random.
TOOLS = {
    "mermaid": {"hand": 6.0, "script": 2, "language model": 3},
    "dot": {"hand": 5.0, "script": 3, "ann-visualizer": 1, "networkx": 1, "nn2dot": 1, "language model": 1},
    "svg": {"hand": 4.0, "script": 2, "ann-visualizer": 1},
}
HABITS = {
    "hand": {},
    "script": {
        "order": ["nodes first", "layer by layer"],
        "ids": ["L0N1", "layer and unit", "numbers", "n0"],
    },
    "language model": {
        "headings": ["groups"],
        "decoration": ["everything", "emoji", "classes"],
        "order": ["nodes first", "lists"],
    },
    "ann-visualizer": {
        "headings": ["groups"],
        "ids": ["numbers"],
        "decoration": ["classes"],
        "order": ["layer by layer"],
    },
    "networkx": {"headings": ["none"], "ids": ["numbers"], "order": ["nodes first"], "decoration": ["plain"]},
    "nn2dot": {"headings": ["groups"], "ids": ["x1 h1_1 y1", "L0N1"], "order": ["lists", "nodes first"]},
}
HEADINGS = {"none": 4.0, "groups": 5, "texts": 1}
DECORATIONS = {"plain": 5.0, "comments": 1, "classes": 2, "emoji": 1, "everything": 1}
DIRECTIONS = {"LR": 6.0, "TB": 2, "TD": 2, "RL": 0.6, "BT": 1, "none": 1.5}
CONTAINERS = {
    "mermaid": {"none": 7.0, "markdown": 2, "quarto": 0.5, "html": 0.7},
    "dot": {"none": 8.0, "markdown": 1, "quarto": 0.3, "python": 0.6},
    "svg": {"none": 8.0, "html": 1},
}
SUFFIXES = {
    ("mermaid", "none"): ".mmd", ("dot", "none"): ".dot", ("svg", "none"): ".svg", "markdown": ".md", "quarto": ".qmd",
    "html": ".html", "python": ".py",
}  # fmt: skip


@dataclass
class Written:
    """A drawing of a network as text, and its truth."""

    text: str
    suffix: str
    truth: list[TruthLayer]
    told: str


def network_of_units(choices: Choices) -> Written:
    """Return a network drawn unit by unit."""
    dialect = choices.pick("dialect", DIALECTS)
    tool = choices.pick("tool", TOOLS[dialect])
    drawn = plan(choices)
    headings = _habit(choices, tool, "headings", HEADINGS)
    _elide_some(choices, drawn, headings, tool)
    _place_activations(choices, drawn, headings)
    art = Units(choices, drawn, Labels(choices, drawn, dialect), headings)
    art.draw()
    return _finished(choices, art, dialect, tool)


def network_of_boxes(choices: Choices) -> Written:
    """Return a network drawn a box a layer, or dumped by a tool."""
    dialect = choices.pick("dialect", DIALECTS)
    drawn = plan(choices, sizes=False)
    if dialect == "dot" and choices.chance(0.3):
        tool = choices.keep("tool", choices.one(["plot_model", "torchviz"]))
        grow(choices, drawn)
        text = (dumps.plot_model if tool == "plot_model" else dumps.autograd)(choices, drawn)
        return _only_what_shows(choices, drawn, Written(text, ".dot", drawn.truth(), ""))
    tool = choices.pick("tool", {"hand": 5.0, "script": 1, "language model": 2})
    grow(choices, drawn)
    form = choices.pick("form of boxes", FORMS, ["matrix on arrow"] if len(drawn.layers) < 3 else [])
    barred = ["arrow"] if form == "matrix on arrow" else []
    mixed = ["caption"] if choices.chosen["hidden activation"] == "mixed" else []
    place = choices.pick("hidden activation said", PLACES, [*barred, *mixed]) if drawn.hidden else "nowhere"
    barred += ["arrow"] if form in OPERATIONS or not _arrow_is_clear(drawn, place) else []
    barred += ["own box"] if drawn.layers[-1].activation == "identity" else []  # it would be a linear map
    drawn.layers[-1].place = choices.pick("output activation said", PLACES, barred)
    for layer in drawn.hidden:
        layer.place = place
        if choices.chance(0.12):
            layer.dropout = choices.one([0.1, 0.2, 0.25, 0.3, 0.5])
            choices.keep("dropout", "box")
    art = Boxes(choices, drawn, _BoxLabels(dialect), form)
    art.draw()
    return _finished(choices, art, dialect, tool)


def _arrow_is_clear(drawn: Plan, hidden_place: str) -> bool:
    """Return whether an activation on the arrows into the output is its own: ReLU there is the hidden layer's."""
    known = drawn.layers[-1].activation in ("softmax", "sigmoid", "identity")
    return known or hidden_place == "arrow" or not drawn.hidden


class _BoxLabels:
    """What `extras` asks of labels, for boxes."""

    style, base = "boxes", 1

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect


def _habit(choices: Choices, tool: str, dimension: str, weights: dict[str, float]) -> str:
    wanted = HABITS.get(tool, {}).get(dimension)
    return choices.pick(dimension, {key: weights.get(key, 1.0) for key in wanted} if wanted else weights)


def _elide_some(choices: Choices, drawn: Plan, headings: str, tool: str) -> None:
    plus = tool == "ann-visualizer" or (headings != "none" and choices.chance(0.06))
    if choices.keep("elision", choices.one(["none", "none", "some"]) if not plus else "some") == "none":
        return
    captioned = choices.chance(0.2)
    for layer in drawn.layers:
        share = {"input": 0.7, "hidden": 0.6, "output": 0.6 if captioned else 0.3}[layer.role]
        if not choices.chance(share) or (layer.role == "output" and layer.activation == "sigmoid"):
            continue
        allowed = (
            ["caption", "last label", "more"] if captioned else ["last label", "more", "symbol", "unknown"]
        )
        allowed += ["title"] if headings != "none" else []
        allowed += ["box"] if layer.role == "hidden" else []
        elide(choices, layer, ["plus"] if plus else allowed)
    if not any(layer.source != "drawn" for layer in drawn.layers):
        choices.keep("elision", "none")


def _place_activations(choices: Choices, drawn: Plan, headings: str) -> None:
    pairs = max(a.drawn * b.drawn for a, b in zip(drawn.layers, drawn.layers[1:], strict=False))
    common = ["title"] if headings == "none" else []
    common += ["arrow"] if pairs > 12 else []
    if any(layer.elided for layer in drawn.layers):
        common += ["arrow"]
    barred = [*common]
    if any(layer.source != "drawn" for layer in drawn.hidden):
        barred += [*PER_UNIT, "layer box"]
    if choices.chosen["hidden activation"] == "mixed":
        barred += ["caption"]
    if drawn.hidden:
        place = choices.pick("hidden activation said", HIDDEN_PLACES, barred)
        for layer in drawn.hidden:
            layer.place = place
    output, barred = drawn.layers[-1], [*common]
    if drawn.hidden or output.drawn > 1:
        barred += ["spelled out"]
    if not _arrow_is_clear(drawn, drawn.layers[1].place):
        barred += ["arrow"]
    if output.source != "drawn" or output.activation == "softmax":
        barred += PER_UNIT
    if output.activation == "identity":
        barred += ["layer box", *PER_UNIT, "label"]
    output.place = choices.pick("output activation said", OUTPUT_PLACES, barred)


def _finished(choices: Choices, art, dialect: str, tool: str) -> Written:
    """Add what stands beside the network, write it, and put the page around."""
    drawn, picture = art.plan, art.picture
    undirected = tool != "language model" and choices.chance(0.1) and not _one_way_needed(art)
    extras.hand_in(art)
    ends = extras.hand_out(art)
    if undirected:
        choices.keep("training", "none")
        choices.keep("arrows", "none, plain lines")
    else:
        extras.training(art, ends)
    extras.beside(art)
    denied = any(layer.bias is False for layer in drawn.layers[1:])
    told = extras.caption(art, denied)
    if art.left_out:
        choices.keep("sparse", "yes")
        told = "sparse|not all|all-to-all|fully|missing|every"
    if tool == "networkx" and (picture.title or picture.caption or picture.groups):
        tool = choices.keep("tool", "script")
    text, suffix = write(choices, picture, dialect, tool, undirected)
    return _only_what_shows(
        choices, drawn, Written(text, suffix, drawn.truth(), told or getattr(art, "told", ""))
    )


def _only_what_shows(choices: Choices, drawn: Plan, written: Written) -> Written:
    """Forget the kinds of what is planned and not drawn: an activation that nothing says."""
    if all(layer.place in ("nowhere", "sum and f") for layer in drawn.hidden):
        choices.chosen.pop("hidden activation", None)
    if drawn.layers[-1].place in ("nowhere", "sum and f"):
        choices.chosen.pop("output activation", None)
    return written


def _one_way_needed(art) -> bool:
    return art.plan.layers[-1].place == "layer box" or isinstance(art, Boxes)


def write(
    choices: Choices, picture: Picture, dialect: str, tool: str, undirected: bool = False
) -> tuple[str, str]:
    """Write a picture in a dialect, with the style of a tool, on a page; return the text and the suffix."""
    container = choices.pick("container", CONTAINERS[dialect])
    places = ["text", "text"] if dialect == "mermaid" else ["text", "label", "label"]
    places += ["prose"] if container in ("markdown", "quarto", "html") else []
    style = Style(caption_at=choices.one(places), undirected=undirected, loose=choices.chance(0.5))
    style.direction = choices.pick("direction", DIRECTIONS, ["RL", "BT"] if undirected else [])
    orders = {"mermaid": [], "dot": ["inline"], "svg": ["inline", "lists", "edges first", "layer by layer"]}[
        dialect
    ]
    wanted = {key: ORDERS[key] for key in HABITS.get(tool, {}).get("order", ORDERS) if key not in orders}
    style.order = choices.pick("order", wanted or ORDERS, orders)
    style.decoration = _habit(choices, tool, "decoration", DECORATIONS)
    style.ranks = dialect == "dot" and not picture.groups and choices.chance(0.3)
    if style.ranks:
        choices.keep("ranks", "rank=same")
    if picture.caption:
        choices.keep("caption", style.caption_at)
        if style.caption_at == "text":
            picture.add(Node("caption", picture.caption, -3, "text", None, "text"))
    if picture.title and dialect == "svg" and container == "html":
        picture.title = ""
    scheme = _habit(choices, tool, "ids", {key: IDS[key] for key in _schemes(dialect, picture)})
    style.ids = ids_of(choices, picture, scheme, dialect != "mermaid")
    writer = {
        "mermaid": lambda: mermaid.write(choices, picture, style),
        "dot": lambda: dot.write(choices, picture, style, tool),
        "svg": lambda: svg.write(choices, picture, style),
    }[dialect]
    prose = picture.caption if style.caption_at == "prose" else ""
    language = "mermaid" if dialect == "mermaid" else choices.one(["dot", "graphviz"])
    text = page(
        choices, writer(), "dot" if container == "quarto" and dialect == "dot" else language, container, prose
    )
    return text, SUFFIXES.get((dialect, container)) or SUFFIXES[container]


def _schemes(dialect: str, picture: Picture) -> list[str]:
    return [key for key in IDS if not (dialect == "mermaid" and key in ("blanks", "colons"))]
