"""Networks drawn unit by unit: columns of units, dots, biases, sums and activations as nodes."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.notation.strange.choice import Choices
from tests.notation.strange.labels import Labels
from tests.notation.strange.picture import Node, Picture
from tests.notation.strange.plans import Layer, Plan
from tests.notation.strange.words import WORDS, layer_name, spelled

DOTS = ["⋮", "…", "...", "⋯", ". . .", ".\n.\n.", "___...___", "• • •", "︙", "etc."]
MORE = ["+{n} more", "... {n} more ...", "⋮ ({n} more)", "+{n}", "… {n:,} more …"]
SHAPES = {"circle": 10.0, "box": 2, "round": 1.5, "doublecircle": 0.7, "ellipse": 1.5, "hexagon": 0.4}
HIDDEN_PLACES = {
    "nowhere": 5.0, "title": 4, "label": 2, "node": 2, "pairs": 1, "sum and node": 1.5,
    "sum and f": 0.8, "caption": 2,
    "layer box": 1.2, "arrow": 0.6,
}  # fmt: skip
OUTPUT_PLACES = HIDDEN_PLACES | {"layer box": 2.0, "spelled out": 1.0}
SUMS = ["Σ", "∑"]
FUNCTIONS = ["f", "φ", "f(z)", "g", "activation function", "Activation"]
NEURON = [["Weights & Bias", "Net Sum"], ["Weights", "Sum"], ["Σ w·x + b"], ["Weighted sum"], ["net input"]]
PER_UNIT = ("node", "pairs", "sum and node", "sum and f", "spelled out")
BIASES = {"none": 9.0, "nodes": 4, "first only": 1, "x0": 1.2, "in labels": 1, "denied": 1}
BIAS_LABELS = ["b", "+1", "1", "bias", "b1", "Bias", "b = 1", "B", "own word", "bias\n(+1)"]


@dataclass
class Ends:
    """Where arrows come into a column, and where they leave it."""

    into: list[str]
    out: list[str]


@dataclass
class Units:
    """A drawing of units in the making."""

    choices: Choices
    plan: Plan
    labels: Labels
    headings: str  # "none", "groups" or "texts"
    picture: Picture = field(default_factory=Picture)
    columns: list[Ends] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # for the caption

    def draw(self) -> Picture:
        """Draw the columns and the links between them."""
        choices = self.choices
        self.shape = choices.pick("shape of units", SHAPES)
        if any(layer.elided for layer in self.plan.layers):
            self.dots = choices.pick("dots", dict.fromkeys(DOTS, 1.0) | {"three points": 1.5})
        self.dots_linked = choices.chance(0.5)
        for place, layer in enumerate(self.plan.layers):
            group = self._heading(place, layer)
            self.columns.append(self._column(place, layer, group))
        self._biases()
        self._links()
        return self.picture

    def _heading(self, place: int, layer: Layer) -> str | None:
        if self.headings == "none":
            return None
        key = f"g{place}"
        title = self._title(layer)
        if self.headings == "texts":
            self.picture.add(Node(f"head{place}", title, place * 2, "text", None, "text"))
            return None
        self.picture.groups[key] = title
        return key

    def _title(self, layer: Layer) -> str:
        choices, language = self.choices, self.plan.language
        several = len(self.plan.hidden) > 1 and layer.role == "hidden"
        own = next((at for at, other in enumerate(self.plan.hidden, 1) if other is layer), 0)
        title = layer_name(choices, layer.role, language, own if several else None)
        units, spell = WORDS[language]["units"], None
        if layer.place == "title":
            spell = spelled(choices, layer.activation, language)
        count = ""
        if layer.source == "plus":
            return f"{title} (+{layer.width - layer.drawn})" + (f"\n{spell}" if spell else "")
        if layer.source == "title" or (layer.source != "unknown" and choices.chance(0.25)):
            count = str(layer.width)
        extras = [f"{count} {units}" if count and choices.chance(0.5) else count, spell or ""]
        extras = [extra for extra in extras if extra]
        joined = choices.one([" ({})", ": {}", "\n{}", " – {}", ", {}"]).format(", ".join(extras))
        return title + joined if extras else title

    def _column(self, place: int, layer: Layer, group: str | None) -> Ends:
        column, picture = place * 2.0, self.picture
        labels = self._box_label(layer) if layer.source == "box" else self.labels.of(layer)
        if layer.place == "label":
            word, names = spelled(self.choices, layer.activation, self.plan.language), labels
            counted = layer.source in ("last label", "symbol", "box")
            form = self.choices.one(["{}\n{}", "{} ({})", "{} | {}", "{}, {}" if counted else "{1}"])
            labels = [form.format(label, word) if label else word for label in labels]
            if layer.source == "drawn" and self.labels.dialect != "mermaid" and self.choices.chance(0.15):
                return self._records(place, names, group, word)
        if layer.place in ("sum and node", "sum and f"):
            labels = [self.choices.one(SUMS)] * len(labels)
        if layer.place == "pairs":
            labels = [
                f"z{place}_{k}" if len(self.plan.layers) > 2 else f"z{k}" for k in range(1, len(labels) + 1)
            ]
        units = []
        for at, label in enumerate(labels):
            if at == layer.first and layer.elided:
                units += self._elision(place, layer, group)
            shape = self.choices.one(["box", "round"]) if layer.source == "box" else self.shape
            units.append(picture.add(Node(f"u{place}_{at}", label, column, shape, group)))
        if layer.elided and layer.first == len(labels):
            units += self._elision(place, layer, group)
        return self._activated(place, layer, units, group)

    def _records(self, place: int, names: list[str], group: str | None, word: str) -> Ends:
        """Draw the units as records, a field for the sum and one for the activation."""
        self.choices.keep("shape of units", "record")
        fields = [f"{name.replace('<sub>', '').replace('</sub>', '') or 'Σ'}|{word}" for name in names]
        nodes = [Node(f"u{place}_{at}", text, place * 2.0, "record", group) for at, text in enumerate(fields)]
        units = [self.picture.add(node) for node in nodes]
        return Ends(units, units)

    def _box_label(self, layer: Layer) -> list[str]:
        words, name = WORDS[self.plan.language], layer_name(self.choices, "hidden", self.plan.language, None)
        forms = ["{n} {units}", "{name} ({n} {units})", "{name}\n{n} {units}", "{name}: {n}"]
        return [self.choices.one(forms).format(n=layer.width, units=words["units"], name=name)]

    def _elision(self, place: int, layer: Layer, group: str | None) -> list[str]:
        key, column = f"dots{place}", place * 2.0
        if layer.source == "more":
            text = self.choices.one(MORE).format(n=layer.width - layer.drawn)
            if self.plan.language != "English":
                text = f"+{layer.width - layer.drawn} {WORDS[self.plan.language]['more']}"
        elif self.dots == "three points":
            for k in range(3):
                self.picture.add(Node(f"{key}_{k}", "", column, "point", group, "dots"))
            return []
        else:
            text = self.dots
        shape = self.choices.one(["text", "text", self.shape])
        self.picture.add(Node(key, text, column, shape, group, "dots"))
        return [key] if self.dots_linked else []

    def _activated(self, place: int, layer: Layer, units: list[str], group: str | None) -> Ends:
        choices, picture, column = self.choices, self.picture, place * 2 + 0.7
        if layer.place == "layer box":
            word = spelled(choices, layer.activation, self.plan.language)
            box = picture.add(
                Node(f"act{place}", word, column, choices.one(["box", "round"]), None, "activation")
            )
            picture.all_to_all(units, [box])
            return Ends(units, [box])
        if layer.place == "caption":
            self.said.append(layer.role)
        if layer.place == "spelled out":
            return self._neuron(place, layer, units[0])
        if layer.place not in PER_UNIT:
            return Ends(units, units)
        word = spelled(choices, layer.activation, self.plan.language)
        on_arrow = layer.place == "pairs" and choices.chance(0.5)
        names = [choices.one(FUNCTIONS) if layer.place == "sum and f" else word] * len(units)
        if layer.place == "pairs":
            names = [picture.nodes[unit].label.replace("z", "a") for unit in units]
            if not on_arrow:
                names = [f"{name}\n{word}" for name in names]
        shape = self.shape if layer.place == "pairs" else choices.one(["box", "round", self.shape])
        outs = []
        for at, (unit, name) in enumerate(zip(units, names, strict=True)):
            outs.append(picture.add(Node(f"f{place}_{at}", name, column, shape, group, "activation")))
            picture.link(unit, outs[-1], word if on_arrow else "")
        return Ends(units, outs)

    def _neuron(self, place: int, layer: Layer, unit: str) -> Ends:
        """Draw the one neuron as a row of boxes that name what it does."""
        choices, picture = self.choices, self.picture
        word = spelled(choices, layer.activation, self.plan.language)
        first, *others = choices.one(NEURON)
        picture.nodes[unit].label, picture.nodes[unit].shape = first, "box"
        row = [unit]
        for at, label in enumerate(
            [*others, choices.one(["{}", "Activation\n{}", "{} activation"]).format(word)]
        ):
            row.append(
                picture.add(
                    Node(f"f{place}_{at}", label, place * 2 + 0.5 * (at + 1), "box", None, "activation")
                )
            )
            picture.link(row[-2], row[-1])
        return Ends([unit], [row[-1]])

    def _biases(self) -> None:
        choices, layers = self.choices, self.plan.layers
        barred = [] if self.labels.style == "indexed" and self.labels.letters["input"] in "xX" else ["x0"]
        if self.labels.base == 0:
            barred = ["x0", "nodes", "first only"]
        if self.labels.style in ("empty", "numbers", "values") or self.plan.layers[-1].place in PER_UNIT:
            barred.append("in labels")
        self.bias = choices.pick("bias", BIASES, barred)
        if self.bias == "denied":
            for layer in layers[1:]:
                layer.bias = False
        if self.bias == "in labels":
            self._biases_in_labels()
        if self.bias not in ("nodes", "first only", "x0"):
            return
        own = WORDS[self.plan.language]["bias"]
        plain = self.labels.style in ("numbers", "values")
        label = choices.one(["+1", "bias", "Bias", own] if plain else BIAS_LABELS).replace("own word", own)
        shape = choices.one([self.shape, self.shape, "box", "doublecircle", "round"])
        inside = choices.chance(0.6)
        for place in range(len(layers) - 1):
            if self.bias != "first only" or place == 0:
                self._bias(place, label, shape, f"g{place}" if inside and self.headings == "groups" else None)

    def _bias(self, place: int, label: str, shape: str, group: str | None) -> None:
        if self.bias == "x0":
            letter = self.labels.letters["input"] if place == 0 else "a"
            label = self.choices.one([f"{letter}0", f"{letter}0 = 1", f"{letter}0 (bias)"])
        elif label in ("b", "b1"):
            label = "b" if label == "b" else f"b{place + 1}"
        node = self.picture.add(Node(f"bias{place}", label, place * 2.0, shape, group, "bias"))
        self.plan.layers[place + 1].bias = True
        ends = [key for key in self.columns[place + 1].into if not key.startswith("dots")]
        self.picture.all_to_all([node], ends)

    def _biases_in_labels(self) -> None:
        form = self.choices.one(["{} (+b{})", "{}\n+ b{}", "{}\nbias b{}"])
        for place, layer in enumerate(self.plan.layers[1:], 1):
            if layer.place in PER_UNIT:
                continue
            layer.bias = True
            for at in range(layer.drawn):
                node = self.picture.nodes[f"u{place}_{at}"]
                node.label = form.format(node.label, at + 1).strip()

    def _links(self) -> None:
        choices, layers = self.choices, self.plan.layers
        unlinked = any(layer.elided or layer.place == "layer box" for layer in layers)
        pairs = max(len(a.out) * len(b.into) for a, b in zip(self.columns, self.columns[1:], strict=False))
        weights = {"none": 8.0, "names": 1, "numbers": 1.5} if pairs <= 16 else {"none": 1.0}
        if len(layers) == 2 and pairs == layers[0].drawn > 1 and not unlinked:
            weights["as nodes"] = 5.0
        self.weights = choices.pick("weights on arrows", weights)
        self.left_out = 0
        self.sparse = (
            not unlinked and self.weights in ("none", "numbers") and pairs > 6 and choices.chance(0.1)
        )
        for place in range(len(layers) - 1):
            starts, ends = self.columns[place].out, self.columns[place + 1].into
            word = ""
            if layers[place + 1].place == "arrow":
                word = spelled(choices, layers[place + 1].activation, self.plan.language)
            for s, start in enumerate(starts):
                for e, end in enumerate(ends):
                    if not (self.sparse and self._left_out(s, e, len(starts), len(ends))):
                        dotted = start.startswith("dots") or end.startswith("dots")
                        middle = self._weight_node(s, start) if self.weights == "as nodes" else start
                        self.picture.link(middle, end, "" if dotted else word or self._weight(s, e))

    def _left_out(self, s: int, e: int, starts: int, ends: int) -> bool:
        kept = s % ends == e or e % starts == s or (s + 1) % ends == e  # every unit keeps a link on each side
        leaves = not kept and self.choices.chance(0.5)
        self.left_out += leaves
        return leaves

    def _weight_node(self, s: int, start: str) -> str:
        label = {"sub": f"w<sub>{s + 1}</sub>", "underscore": f"w_{s + 1}"}.get(
            self.labels.index, f"w{s + 1}"
        )
        node = self.picture.add(
            Node(f"w{s}", label, 1.0, "circle" if self.shape != "circle" else "box", None, "weight")
        )
        self.picture.link(start, node)
        return node

    def _weight(self, s: int, e: int) -> str:
        if self.weights in ("none", "as nodes"):
            return ""
        return f"w{e + 1}{s + 1}" if self.weights == "names" else f"{self.choices.rng.uniform(-2, 2):.2f}"
