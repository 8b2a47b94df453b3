"""Networks drawn a box a layer: Dense boxes, vectors, shapes, matrices on the arrows, dumps of tools."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.notation.strange.choice import Choices
from tests.notation.strange.labels import Labels
from tests.notation.strange.picture import Node, Picture
from tests.notation.strange.plans import LARGE, Layer, Plan
from tests.notation.strange.units import Ends
from tests.notation.strange.words import WORDS, layer_name, spelled

OPERATIONS = ("dense words", "linear", "arrow in box", "shape")  # an arrow that leaves one carries its result
FORMS = {
    "dense words": 4.0,
    "count words": 4,
    "linear": 2,
    "arrow in box": 1,
    "shape": 2,
    "vector": 2,
    "matrix on arrow": 1.5,
}
PLACES = {"nowhere": 3.0, "in the box": 4, "own box": 3, "arrow": 1.5, "caption": 1}
HIDDEN = {
    "dense words": [
        "Dense {n}",
        "Dense({n})",
        "Dense ({n})",
        "FC {n}",
        "fc{k} ({n})",
        "Fully connected\n{n} units",
        "Dense layer\nunits={n}",
        "Dense\n{n}",
        "Neurons: {n}\nWeights: {w:,}",
    ],
    "count words": [
        "{name} ({n} {units})",
        "{name}\n{n} {units}",
        "{name}: {n} {units}",
        "{n} {units}",
        "{name}\n({n})",
    ],
    "linear": [
        "Linear({m}, {n})",
        "nn.Linear({m}, {n})",
        "Linear {m}→{n}",
        "Linear(in={m}, out={n})",
        "fc{k}: Linear({m}, {n})",
    ],
    "arrow in box": ["{m} → {n}", "fc{k}: {m}→{n}", "layer {k}\n{m} -> {n}"],
    "shape": [
        "{name}\n(None, {n})",
        "{name}\nshape: (None, {n})",
        "Dense\noutput shape (None, {n})",
        "{name}\n(batch, {n})",
    ],
    "vector": ["h{k} ∈ R^{n}", "h{k} ∈ ℝ^{n}", "a{k} ∈ ℝ^{{{n}}}", "h{k}\n({n}×1)"],
    "matrix on arrow": ["h{k}", "{name}", "a{k}"],
}
INPUT = {
    "dense words": ["Input ({n})", "Input\n{n} features", "{name} ({n})", "Input {n}"],
    "count words": ["{name} ({n} {units})", "{name}\n{n} {units}", "{name}: {n} {units}", "{n} inputs"],
    "linear": ["Input", "x", "Input ({n})"],
    "arrow in box": ["Input", "x", "Input ({n})"],
    "shape": ["Input\n(None, {n})", "InputLayer\n(None, {n})", "{name}\n(batch, {n})"],
    "vector": ["x ∈ R^{n}", "x ∈ ℝ^{n}", "x ∈ ℝ^{{{n}}}", "x\n({n}×1)"],
    "matrix on arrow": ["x", "Input", "{name}"],
}
MATRICES = ["W{k}: {m}×{n}", "W{k} ({m}x{n})", "W{k} ∈ R^{m}×{n}", "{m}×{n}"]
TRANSPOSED = ["W{k}: {n}×{m}", "W{k} ({n}x{m})"]
JOINS = ["{} {}", "{}\n{}", "{}, {}", "{} + {}", "{} ({})"]
DROPOUTS = ["Dropout({})", "Dropout {}", "Dropout p={}", "dropout ({})", "Dropout\nrate={}"]


@dataclass
class Boxes:
    """A drawing of boxes in the making; it has what `extras` asks of a drawing of units."""

    choices: Choices
    plan: Plan
    labels: Labels
    form: str
    headings: str = "none"
    shape: str = "box"
    picture: Picture = field(default_factory=Picture)
    columns: list[Ends] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    told: str = ""
    left_out: int = 0
    word: str = ""  # the activation of the box before

    def draw(self) -> Picture:
        """Draw one box a layer, and what stands between."""
        choices, layers = self.choices, self.plan.layers
        self.hidden, self.input = choices.one(HIDDEN[self.form]), choices.one(INPUT[self.form])
        self.join, self.facts = choices.one(JOINS), "none"
        if self.form in ("dense words", "linear", "shape"):
            self.facts = choices.pick("parameters in the boxes", {"none": 8.0, "agree": 1.2, "disagree": 0.4})
        self.group = "model" if choices.chance(0.2) else None
        if self.group:
            self.picture.groups["model"] = choices.one(["Model", "Neural network", "Encoder", "MLP", "net"])
        shape = choices.pick(
            "shape of boxes", {"box": 6.0, "round": 3, "stadium": 1, "circle": 0.5, "hexagon": 0.3}
        )
        self.shape = shape
        if self.facts == "disagree":
            self.told = "param|disagree|weights"
        for place, layer in enumerate(layers):
            self._layer(place, layer)
        return self.picture

    def _layer(self, place: int, layer: Layer) -> None:
        picture, choices = self.picture, self.choices
        label = self._label(place, layer)
        first = picture.add(Node(f"u{place}_0", label, place * 2.0, self.shape, self.group))
        word = spelled(choices, layer.activation, self.plan.language) if layer.role != "input" else ""
        if layer.place == "in the box":
            picture.nodes[first].label = self.join.format(label, word)
        if place and self.facts != "none":
            picture.nodes[first].label += self._parameters(place, layer)
        if layer.place == "caption":
            self.said.append(layer.role)
        if place:
            self._arrow(place, layer, first, word if layer.place == "arrow" else "")
            self.word = word
        last = first
        if layer.place == "own box":
            fact = f"\n(None, {layer.width})" if self.form == "shape" and isinstance(layer.width, int) else ""
            last = self._after(last, f"act{place}", word + fact, place * 2 + 0.6)
        if layer.dropout:
            last = self._after(
                last, f"drop{place}", choices.one(DROPOUTS).format(layer.dropout), place * 2 + 1.2
            )
        if place == 0 and layer.width == 784 and choices.chance(0.3) and self.form != "matrix on arrow":
            last = self._after(last, "flatten", choices.one(["Flatten", "flatten", "Flatten()"]), 1)
            picture.nodes[first].label = choices.one(["Input 28×28", "28x28 image", "Input\n(28, 28)"])
        self.columns.append(Ends([first], [last]))

    def _after(self, before: str, key: str, label: str, column: float) -> str:
        node = self.picture.add(Node(key, label, column, self.shape, self.group, "activation"))
        self.picture.link(before, node)
        return node

    def _label(self, place: int, layer: Layer) -> str:
        layers, language = self.plan.layers, self.plan.language
        several = len(self.plan.hidden) > 1 and layer.role == "hidden"
        name = layer_name(self.choices, layer.role, language, place if several else None)
        before = layers[place - 1].width if place else 0
        template = self.hidden if place else self.input
        if layer.role == "output" and self.form in ("vector", "matrix on arrow"):
            template = template.replace("h{k}", "ŷ").replace("a{k}", "y")
        weights = before * layer.width
        return template.format(
            n=layer.width, w=weights, m=before, k=place, name=name, units=WORDS[language]["units"]
        )

    def _parameters(self, place: int, layer: Layer) -> str:
        count = (self.plan.layers[place - 1].width + 1) * layer.width
        count += 1000 * place if self.facts == "disagree" and layer.role == "output" else 0
        return f"\n{count:,} params"

    def _arrow(self, place: int, layer: Layer, node: str, word: str) -> None:
        before = self.columns[-1].out[0]
        if self.form == "matrix on arrow":
            if place == 1:
                widths = [other.width for other in self.plan.layers]
                told_apart = any(a != b for a, b in zip(widths, widths[2:], strict=False))
                self.matrix = self.choices.one([*MATRICES, *(TRANSPOSED if told_apart else [])])
            word = self.matrix.format(k=place, m=self.plan.layers[place - 1].width, n=layer.width)
        if self.form in OPERATIONS:
            word = self.word if self.plan.layers[place - 1].place == "arrow" else ""
        self.picture.link(before, node, word)


def grow(choices: Choices, plan: Plan) -> None:
    """Give the layers the widths that people write into boxes."""
    large = {role: sorted(set(widths)) for role, widths in LARGE.items()}
    before = 0
    for layer in plan.layers:
        layer.first, layer.last = 1, 0
        if choices.chance(0.8) and not (layer.role == "output" and layer.width == 1):
            layer.width = choices.one([width for width in large[layer.role] if width != before])
        before = layer.width
