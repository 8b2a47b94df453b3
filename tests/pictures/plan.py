"""A network as somebody means to draw it: its layers, and what the drawing says of them.

The properties are drawn with the frequencies of a survey of 51 pictures by strangers; a property that does not
go with the others is left out, and `Plan.kinds` names those that the drawing has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.pictures.picture import Truth, TruthLayer
from tests.pictures.words import (
    ACTIVATION_WORDS,
    FIGURE_TITLES,
    INPUT_NAMES,
    NEURONS,
    OTHER_SCRIPTS,
    OUTPUT_NAMES,
    TITLES,
    wide_font,
)

# Of 51 pictures.
SURVEY = {
    "coloured": 29, "arrowheads": 28, "text in units": 26, "arrows in and out": 23, "thin lines": 19,
    "widths as labels": 12, "part of a page": 12, "dense edges": 11, "transparent": 11, "activation": 11,
    "bias units": 10, "boxes": 9, "edges stop short": 8, "other direction": 7, "elision dots": 7,
    "other script": 7, "touching units": 6, "dark ground": 5, "sparse or skipping": 5, "numbers on edges": 5,
    "numbers in units": 5,
}  # fmt: skip


@dataclass
class Layer:
    """A layer as it is drawn.

    Args:
        drawn: how many units.
        width: how many there are, or "?" where nobody can know.
        dots_after: behind which unit the dots stand; None for no dots.
        inside: what stands in each unit.
        beside: what stands beside each unit.
        title: what stands over it.
        count: its width in words; empty where it is not written.
        activation: the activation that the drawing says it has, or "?".
        said: the word for that, which is in the title.
        icon: whether its curve is drawn in each unit.
        bias: what stands in the bias unit of this column, which leads to the next; empty for none.
    """

    drawn: int
    width: int | str
    dots_after: int | None = None
    inside: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    title: str = ""
    count: str = ""
    activation: str = "?"
    said: str = ""
    icon: bool = False
    bias: str = ""


@dataclass
class Plan:
    """A drawing as it is meant.

    Args:
        layers: the input's first.
        has: the properties that were drawn; one that could not be shown is taken out.
        direction: where the data flows: "right", "left", "down" or "up".
        missing: edges that are left out, as (layer, unit, unit of the next layer).
        skips: edges over a layer, as (layer, unit, unit of the layer after the next).
        title: what stands over the whole; empty for nothing.
        boxes: "" for units, "chain" for a box a layer.
    """

    layers: list[Layer]
    has: set[str]
    direction: str = "right"
    missing: set[tuple[int, int, int]] = field(default_factory=set)
    skips: list[tuple[int, int, int]] = field(default_factory=list)
    title: str = ""
    boxes: str = ""

    @property
    def truth(self) -> Truth:
        layers = []
        for number, layer in enumerate(self.layers):
            bias = True if number and self.layers[number - 1].bias else None
            layers.append(TruthLayer(layer.width, layer.activation if number else "?", bias))
        return Truth("told" if self.missing or self.skips else "network", tuple(layers))

    @property
    def edges(self) -> list[tuple[int, int, int]]:
        """Return all edges between neighbouring layers, as (layer, unit, unit of the next)."""
        found = []
        for number in range(len(self.layers) - 1):
            for one in range(self.layers[number].drawn):
                for other in range(self.layers[number + 1].drawn):
                    if (number, one, other) not in self.missing:
                        found.append((number, one, other))
        return found


def plan(random: Random, *, simple: bool = False) -> Plan:
    """Draw a network and what is said of it.

    Args:
        random: its numbers.
        simple: whether it is what somebody draws by hand: few units, few words.
    """
    has = {name for name, number in SURVEY.items() if random.random() < number / 51}
    if "numbers in units" in has:
        has.add("text in units")
    if simple:
        has -= {"dense edges", "numbers on edges", "part of a page", "transparent", "other script"}
    if "boxes" in has and random.random() < 0.55:
        return chain(random, has)
    made = Plan(_layers(random, has, simple), has)
    _direct(random, made)
    _elide(random, made)
    _name(random, made)
    _title(random, made)
    _activate(random, made)
    _add_bias(random, made)
    _thin_out(random, made)
    return made


def _layers(random: Random, has: set[str], simple: bool) -> list[Layer]:
    depth = random.choices([2, 3, 4, 5, 6], [8, 55, 24, 10, 0 if simple else 3])[0]
    most = 6 if simple else 8
    if "numbers on edges" in has:
        has.discard("dense edges")
        most = 3
    if "dense edges" in has:
        sizes = [random.randint(7, 16) for _ in range(depth)]
        sizes[-1] = random.randint(1, 10)
    else:
        sizes = [random.randint(1 + (random.random() < 0.8), most) for _ in range(depth)]
        sizes[-1] = random.choice([1, 1, 1, 2, 2, 3, 4, 5])
    if depth == 2 and sizes == [1, 1]:
        sizes[0] = 3
    if max(sizes) == 1:
        sizes[random.randrange(depth - 1)] = 4
    return [Layer(size, size) for size in sizes]


def _direct(random: Random, made: Plan) -> None:
    if "other direction" in made.has:
        made.direction = random.choices(["down", "up", "left"], [4, 3, 1])[0]
        if made.direction in ("up", "left"):
            made.has.add("arrowheads")  # else nobody knows where it begins


def _elide(random: Random, made: Plan) -> None:
    """Draw few units of wide layers, with dots between them, with a width in words, or both."""
    told, dots = "widths as labels" in made.has, "elision dots" in made.has
    language = "en"
    if "other script" in made.has:
        language = random.choice([one for one in OTHER_SCRIPTS if one == "ru" or wide_font()])
    phrase = random.choice(NEURONS[language])
    wide = [
        random.choice([12, 16, 20, 32, 50, 64, 100, 128, 200, 256, 300, 512, 784, 1024]) for _ in made.layers
    ]
    any_dots = False
    for number, layer in enumerate(made.layers):
        last = number == len(made.layers) - 1
        if dots and layer.drawn >= 3 and random.random() < (0.35 if last else 0.8):
            layer.drawn = min(layer.drawn, random.randint(3, 6))
            layer.dots_after = random.choice([layer.drawn - 1, layer.drawn - 1, layer.drawn // 2])
            layer.width = wide[number] if told else "?"
            any_dots = True
        elif told and layer.drawn >= 4 and not last and random.random() < 0.15:
            layer.width = wide[number]  # few are drawn for many, and only the words say so
        if told:
            layer.count = phrase.format(layer.width)
    if dots and not any_dots:
        made.has.discard("elision dots")


def _name(random: Random, made: Plan) -> None:
    """Write names or numbers in the units or beside them."""
    inside, beside = "text in units" in made.has, random.random() < 0.25
    if not (inside or beside):
        made.has.discard("numbers in units")
        return
    letters = [
        random.choice("xxxxi"),
        *(random.choice("hhhaz") for _ in made.layers[2:]),
        random.choice("yyyo"),
    ]
    index = random.choice(["{}{}", "{}{}", "{}_{{{}}}", "{}_{{{}}}", "{}_{}"])
    kind = random.choices(["letters", "sums", "same", "words"], [60, 12, 12, 16])[0]
    if "numbers in units" in made.has and inside:
        kind = "numbers"
    for number, layer in enumerate(made.layers):
        first, last = number == 0, number == len(made.layers) - 1
        within = inside and not (kind == "words" and beside)
        if not within and not (beside and (first or last)):
            continue
        names = _names(random, kind, layer, letters[number], index, (first, last))
        if layer.dots_after is not None and kind == "letters" and layer.count == "":
            names = _with_last(random, layer, names, letters[number], index)
        if within:
            layer.inside = names
        else:
            layer.beside = names
    if not any(layer.inside for layer in made.layers):
        made.has.discard("text in units")
        made.has.discard("numbers in units")


def _names(random, kind, layer, letter, index, ends) -> list[str]:
    first, last = ends
    count = layer.drawn
    if kind == "numbers":
        return [f"{random.uniform(0, 1):.{2 if count < 9 else 1}f}" for _ in range(count)]
    if kind == "sums" and not first:
        return [random.choice(["Σ", "Σ", "+"])] * count if not last else ["Σ"] * count
    if kind == "same" and not first:
        return [letter] * count
    if kind == "words" and (first or last):
        return random.sample(INPUT_NAMES if first else OUTPUT_NAMES, count) if count <= 12 else []
    if kind == "words":
        return []
    if count == 1 and last and random.random() < 0.6:
        return [random.choice(["y", "ŷ", "y", "out"])]
    if layer.dots_after is not None:
        return [index.format(letter, row + 1) for row in range(layer.dots_after)] + [""] * (
            count - layer.dots_after
        )
    return [index.format(letter, row + 1) for row in range(count)]


def _with_last(random: Random, layer: Layer, names: list[str], letter: str, index: str) -> list[str]:
    """Let the index of the last unit say the width, or be n."""
    behind = layer.drawn - int(layer.dots_after or 0)
    if random.random() < 0.6:
        layer.width = random.choice([10, 16, 20, 50, 64, 100, 128, 784])
        tail = [index.format(letter, int(layer.width) - step) for step in reversed(range(behind))]
    else:
        symbol = random.choice("nmkd")
        tail = [
            index.format(letter, symbol if not step else f"{symbol}-{step}")
            for step in reversed(range(behind))
        ]
    return [*names[: layer.dots_after], *tail]


def _title(random: Random, made: Plan) -> None:
    """Write titles over the columns, and a title over the whole."""
    language = random.choices(["en", "de", "fr", "es"], [85, 5, 5, 5])[0]
    if "other script" in made.has:
        language = random.choice([one for one in OTHER_SCRIPTS if one == "ru" or wide_font()])
    if language != "en" or random.random() < 0.45:
        first, hidden, last = random.choice(TITLES[language])
        inner = len(made.layers) - 2
        made.layers[0].title, made.layers[-1].title = first, last
        for number, layer in enumerate(made.layers[1:-1]):
            layer.title = hidden.format(number + 1 if inner > 1 else "").strip()
    if random.random() < 0.25 and language == "en":
        made.title = random.choice(FIGURE_TITLES)


def _activate(random: Random, made: Plan) -> None:
    """Say the activations in the titles, or draw their curves in the units."""
    if "activation" not in made.has:
        return
    hidden = random.choice(["relu", "relu", "sigmoid", "tanh"])
    last = random.choice(["?", "sigmoid", "softmax"])
    icon = random.random() < 0.35 and not any(layer.inside for layer in made.layers[1:])
    found = False
    for layer in made.layers[1:]:
        name = last if layer is made.layers[-1] else hidden
        if name == "softmax" and layer.width == 1:
            name = "sigmoid"
        if name == "?":
            continue
        found = True
        layer.activation = name
        if icon and name != "softmax":
            layer.icon = True
        else:
            layer.said = random.choice(
                [word for word in ACTIVATION_WORDS[name] if len(word) > 1 or not layer.inside]
            )
    if not found:
        made.has.discard("activation")


def _add_bias(random: Random, made: Plan) -> None:
    if "bias units" not in made.has:
        return
    word = random.choice(["+1", "1", "b", "bias", "+1"])
    if any(layer.inside and layer.inside[0].replace(".", "").isdigit() for layer in made.layers):
        word = "b"
    for layer in made.layers[:-1]:
        layer.bias = word


def _thin_out(random: Random, made: Plan) -> None:
    """Leave out edges, or add some over a layer, so that it is no plain chain any more."""
    if "sparse or skipping" not in made.has:
        return
    sizes = [layer.drawn for layer in made.layers]
    if len(sizes) >= 3 and random.random() < 0.4:
        made.skips = [(0, 0, 0)] if random.random() < 0.6 else [(0, 0, 0), (0, sizes[0] - 1, sizes[2] - 1)]
        return
    edges = list(made.edges)
    if len(edges) < 9:
        made.has.discard("sparse or skipping")
        return
    random.shuffle(edges)
    left = set(edges)
    for number, one, other in edges:
        if len(left) <= 0.6 * len(edges):
            break
        out = sum(1 for edge in left if edge[:2] == (number, one))
        into = sum(1 for edge in left if (edge[0], edge[2]) == (number, other))
        if out > 1 and into > 1:
            left.discard((number, one, other))
            made.missing.add((number, one, other))
    if len(made.missing) < 3:
        made.missing.clear()
        made.has.discard("sparse or skipping")


def chain(random: Random, has: set[str]) -> Plan:
    """Draw a chain of boxes, a layer each, with the widths written in them."""
    depth = random.choices([2, 3, 4, 5], [5, 40, 35, 20])[0]
    sizes = [random.choice([2, 4, 8, 10, 13, 16, 28, 32, 64, 100, 128, 256, 512, 784]) for _ in range(depth)]
    sizes[-1] = random.choice([1, 2, 3, 10])
    hidden = random.choice(["relu", "relu", "tanh", "sigmoid", "?"])
    last = "softmax" if sizes[-1] > 1 and random.random() < 0.5 else random.choice(["?", "sigmoid"])
    words = random.choice(
        ["Dense {}", "Dense ({})", "FC {}", "Fully connected\n{} units", "Linear {}", "{} neurons"]
    )
    layers = []
    for number, size in enumerate(sizes):
        layer = Layer(1, size)
        if number == 0:
            layer.inside = [random.choice(["Input\n{}", "Input ({})", "Input layer\n{} units"]).format(size)]
        else:
            layer.activation = last if number == depth - 1 else hidden
            layer.inside = [words.format(size)]
            if layer.activation != "?":
                layer.said = random.choice(
                    [word for word in ACTIVATION_WORDS[layer.activation] if len(word) > 1]
                )
        layers.append(layer)
    kept = {"boxes", "coloured", "thin lines", "part of a page", "transparent", "dark ground"} & has
    made = Plan(layers, kept | {"arrowheads", "widths as labels", "text in units"}, boxes="chain")
    made.direction = random.choices(["right", "down", "up"], [5, 4, 1])[0]
    if any(layer.activation != "?" for layer in layers):
        made.has.add("activation")
    return made
