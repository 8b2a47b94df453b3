"""What is written into the units: names, indices in every spelling, features, values, nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.notation.strange.choice import Choices
from tests.notation.strange.plans import Layer, Plan
from tests.notation.strange.words import CLASSES, FEATURES

LOW, HIGH = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"), str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
LABEL_STYLES = {"indexed": 9.0, "words": 2, "features": 2, "empty": 4, "numbers": 1.5, "values": 1}
INDICES = {"plain": 6.0, "underscore": 2, "unicode": 2, "sub": 1, "latex": 1, "brackets": 0.7}
LETTERS = {
    "input": ["x", "x", "x", "i", "in", "X", "I"],
    "hidden": ["h", "h", "h", "a", "H", "n", "u"],
    "output": ["y", "y", "o", "out", "ŷ", "Y", "O"],
}
ZERO_LETTERS = {"input": ["in", "p", "i"], "hidden": ["n", "u"], "output": ["out", "o"]}  # x0 would be a bias
NAMES = {
    "input": ["Input", "input", "in", "Feature", "pixel"],
    "hidden": ["Neuron", "Hidden", "hidden", "node", "Unit"],
    "output": ["Output", "output", "class", "Out"],
}
# How an index looks: letter, layer number ("" where one hidden layer), unit number.
SPELLINGS = {
    "plain": (lambda a, n, k: f"{a}{k}", lambda a, n, k: f"{a}{n}_{k}"),
    "underscore": (lambda a, n, k: f"{a}_{k}", lambda a, n, k: f"{a}_{n}_{k}"),
    "unicode": (
        lambda a, n, k: f"{a}{k.translate(LOW)}",
        lambda a, n, k: f"{a}{k.translate(LOW)}⁽{n.translate(HIGH)}⁾",
    ),
    "sub": (lambda a, n, k: f"{a}<sub>{k}</sub>", lambda a, n, k: f"{a}<sub>{n},{k}</sub>"),
    "latex": (lambda a, n, k: f"$${a}_{{{k}}}$$", lambda a, n, k: f"$${a}^{{({n})}}_{{{k}}}$$"),
    "brackets": (lambda a, n, k: f"{a}[{k}]", lambda a, n, k: f"{a}{n}[{k}]"),
}


@dataclass
class Labels:
    """The labels of one drawing's units."""

    choices: Choices
    plan: Plan
    dialect: str
    style: str = ""
    index: str = "plain"
    base: int = 1
    letters: dict[str, str] = field(default_factory=dict)
    running: int = 0
    hidden_empty: bool = False

    def __post_init__(self) -> None:
        choices = self.choices
        numbered = any(layer.source in ("last label", "symbol") for layer in self.plan.layers)
        english = self.plan.language == "English"
        barred = ["empty", "numbers", "values", "features"] if numbered else [] if english else ["words"]
        if self.plan.layers[0].drawn > 6 or self.plan.layers[-1].drawn > 6:
            barred = [*barred, "features"]
        if numbered and not english:
            barred.append("words")
        self.style = choices.pick("labels", LABEL_STYLES, barred)
        if self.style == "indexed":
            unwritable = [] if self.dialect == "mermaid" else ["latex"]
            if self.dialect == "svg":
                unwritable.append("sub")
            if any(layer.source == "symbol" for layer in self.plan.layers):
                unwritable.append("unicode")  # there is no small d
            self.index = choices.pick("index", INDICES, unwritable)
        symbols = any(layer.source == "symbol" for layer in self.plan.layers)
        zero = self.style in ("indexed", "words") and not symbols and choices.chance(0.12)
        self.base = 0 if zero else 1
        self.running = choices.one([0, 1])
        if zero:
            choices.keep("counted from", "0")
        table = NAMES if self.style == "words" else ZERO_LETTERS if zero else LETTERS
        self.letters = {role: choices.one(names) for role, names in table.items()}
        inputs = self.plan.layers[0].drawn
        rows = [row.split() for row in FEATURES]
        self.features = choices.one([row for row in rows if len(row) >= inputs] or rows)
        self.classes = choices.one(
            [row for row in CLASSES if len(row.split()) >= self.plan.layers[-1].first] or [""]
        )
        self.hidden_empty = choices.chance(0.3)

    def of(self, layer: Layer) -> list[str]:
        """Return the labels of the units that are drawn of a layer, in their order."""
        numbers = [str(number + self.base) for number in range(layer.first)]
        for behind in range(layer.last):
            back = layer.last - 1 - behind
            if isinstance(layer.width, int):
                numbers.append(str(layer.width - 1 - back + self.base))
            else:
                numbers.append(layer.width if not back else f"{layer.width}-{back}")
        return [self._label(layer, place, number) for place, number in enumerate(numbers)]

    def _label(self, layer: Layer, place: int, number: str) -> str:
        if layer.source == "unknown" and place >= layer.first:
            return ""
        if self.style == "empty":
            return ""
        if self.style == "numbers":
            self.running += 1
            return str(self.running - 1)
        if self.style == "values":
            return f"{self.choices.rng.uniform(0.02, 0.98):.2f}"
        if self.style == "features" and layer.role != "hidden":
            return self._feature(layer, place)
        if self.style == "features" and self.hidden_empty:
            return ""
        letter = self.letters[layer.role]
        if self.style == "words":
            return f"{letter} {self._layer_number(layer)}{'.' if self._layer_number(layer) else ''}{number}"
        if layer.role == "output" and layer.drawn == 1 and not layer.elided and self.base:
            return {"latex": f"$${letter}$$"}.get(self.index, letter)
        plain, layered = SPELLINGS[self.index]
        own = self._layer_number(layer)
        return layered(letter, own, number) if own else plain(letter, "", number)

    def _feature(self, layer: Layer, place: int) -> str:
        words = self.features if layer.role == "input" else self.classes.split()
        if place < len(words) and not (layer.role == "output" and layer.drawn == 1):
            return words[place] if place < layer.first else ""
        return self.letters[layer.role]

    def _layer_number(self, layer: Layer) -> str:
        hidden = self.plan.hidden
        if len(hidden) < 2 or layer.role != "hidden":
            return ""
        return str(next(place for place, other in enumerate(hidden, 1) if other is layer))
