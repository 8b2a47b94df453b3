"""What people write on drawings of networks, and the fonts that are there."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import matplotlib

# Input, hidden and output layer; "{}" is the number of a hidden layer where there are several.
TITLES = {
    "en": [
        ("Input layer", "Hidden layer {}", "Output layer"),
        ("Input Layer", "Hidden Layer {}", "Output Layer"),
        ("INPUT", "HIDDEN {}", "OUTPUT"),
        ("inputs", "hidden {}", "outputs"),
        ("Input", "Hidden {}", "Output"),
    ],
    "de": [("Eingabeschicht", "Verdeckte Schicht {}", "Ausgabeschicht")],
    "fr": [("Couche d'entrée", "Couche cachée {}", "Couche de sortie")],
    "es": [("Capa de entrada", "Capa oculta {}", "Capa de salida")],
    "ru": [("Входной слой", "Скрытый слой {}", "Выходной слой")],
    "ko": [("입력층", "은닉층 {}", "출력층")],
    "zh": [("输入层", "隐藏层 {}", "输出层")],
    "ja": [("入力層", "中間層 {}", "出力層")],
}
NEURONS = {
    "en": ["{} units", "{} neurons", "{} nodes", "{}", "n = {}", "({})", "× {}"],
    "de": ["{} Neuronen"],
    "fr": ["{} neurones"],
    "es": ["{} neuronas"],
    "ru": ["{} нейронов"],
    "ko": ["{}개"],
    "zh": ["{}个神经元"],
    "ja": ["{}個"],
}
OTHER_SCRIPTS = ("ru", "ko", "zh", "ja")
INPUT_NAMES = [
    "age",
    "height",
    "weight",
    "income",
    "rain",
    "size",
    "price",
    "wind",
    "speed",
    "colour",
    "rooms",
    "salt",
]
OUTPUT_NAMES = ["cat", "dog", "bird", "fish", "yes", "no", "horse", "ship", "buy", "sell", "rain", "sun"]
FIGURE_TITLES = [
    "Neural network", "Multilayer perceptron", "A simple neural network", "Feed-forward network", "MLP",
    "Artificial Neural Network", "Deep Neural Network", "Figure 3", "Architecture", "Our model",
]  # fmt: skip
ACTIVATION_WORDS = {
    "relu": ["ReLU", "relu"],
    "sigmoid": ["sigmoid", "Sigmoid", "σ", "logistic"],
    "tanh": ["tanh", "Tanh"],
    "softmax": ["softmax", "Softmax"],
}
_FILLER = """the of and a to in is we that for it as with on by this are be from at which model data each train value
result figure method shows between when only where these after small large first used given both same time error
study choose number sample step rate above section known often case part point good table change order learn curve
""".split()


def sentence(random: Random, words: int) -> str:
    """Return words that look like a sentence and say nothing."""
    text = " ".join(random.choice(_FILLER) for _ in range(words))
    return text[0].upper() + text[1:] + "."


@cache
def fonts() -> dict[str, str]:
    """Return the files of the fonts, by family; those that matplotlib brings are there everywhere."""
    own = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    found = {
        "DejaVu Sans": own / "DejaVuSans.ttf",
        "DejaVu Serif": own / "DejaVuSerif.ttf",
        "DejaVu Sans Mono": own / "DejaVuSansMono.ttf",
    }
    place = Path("/usr/share/fonts/truetype/liberation")
    for family in ("Sans", "Serif", "Sans Narrow"):
        path = place / f"Liberation{family.replace(' ', '')}-Regular.ttf"
        if path.exists():
            found[f"Liberation {family}"] = path
    return {name: str(path) for name, path in found.items()}


@cache
def wide_font() -> str:
    """Return a file of a font with Chinese, Japanese and Korean letters, or nothing where there is none."""
    names = (
        "NotoSansCJK*.tt*",
        "NotoSansCJK*.otf",
        "unifont*.ttf",
        "unifont*.otf",
        "wqy-*.ttc",
        "DroidSansFallback*.ttf",
    )
    for name in names:
        for path in sorted(Path("/usr/share/fonts").rglob(name)):
            return str(path)
    return ""
