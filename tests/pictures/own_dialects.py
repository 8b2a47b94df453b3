"""Networks drawn by the product itself, with nothing carried along but what is seen."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from random import Random

from PIL import Image
from tests.pictures.picture import Truth, TruthLayer

import chalknet as cn

_DIALECTS = ("states", "features", "layers", "nodes", "features-as-nodes", "input-hidden-output", "blocks")


def own_drawing(random: Random) -> tuple[cn.Drawing, Truth, set[str]]:
    """Return a drawing in one of the dialects, its truth, and its properties."""
    has = {"arrowheads", "text in units", "activation"}
    sizes = [random.randint(1, 7) for _ in range(random.choice([2, 3, 3, 3, 4]))]
    dialect = random.choice(_DIALECTS)
    if random.random() < 0.3:
        sizes[0] = random.choice([16, 64, 100, 784])
        has.add("elision dots")
    if sizes == [1, 1]:
        sizes[0] = 2
    words = [
        "",
        *(random.choice(["relu", "relu", "tanh", "sigmoid"]) for _ in sizes[2:]),
        random.choice(["sigmoid", "softmax", ""]),
    ]
    if words[-1] == "softmax" and sizes[-1] == 1:
        words[-1] = "sigmoid"
    formula = " -> ".join(f"{size} {word}".strip() for size, word in zip(sizes, words, strict=True))
    options = {"orientation": random.choice(["right", "right", "down"]), "max_nodes": random.choice([6, 8]),
               "preset": random.choice(["screen", "slide"])}  # fmt: skip
    if options["orientation"] == "down":
        has.add("other direction")
    if max(sizes) > options["max_nodes"] and dialect not in ("states", "blocks"):
        has.add("elision dots")
    bias = dialect not in ("states", "blocks") and random.random() < 0.25
    if bias:
        options["bias"] = "nodes"
        has.add("bias units")
    if random.random() < 0.3:
        options["title"] = random.choice(["A network", "Figure 2", "Model"])
    if dialect in ("blocks", "layers"):
        has.add("boxes")
    try:
        drawing = cn.draw(formula, dialect, **options)
    except cn.CannotExpress:  # too large for a slide
        drawing = cn.draw(formula, dialect, **(options | {"preset": "screen"}))
    layers = [TruthLayer(size, word or "?", True if bias and number else None)
              for number, (size, word) in enumerate(zip(sizes, words, strict=True))]  # fmt: skip
    return drawing, Truth("network", tuple(layers)), has | {"coloured"}


def bare_svg(drawing: cn.Drawing) -> str:
    """Return its SVG without title, description and network."""
    text = re.sub(r"<(title|desc|metadata)>.*?</\1>", "", drawing.svg, flags=re.DOTALL)
    text = re.sub(r' (role|aria-label)="[^"]*"', "", text)
    return text.replace("chalknet", "net")


def saved(drawing: cn.Drawing, suffix: str) -> bytes:
    """Return it as PNG or PDF; a PNG without the words that describe it."""
    with tempfile.TemporaryDirectory() as folder:
        data = drawing.save(Path(folder) / f"drawing{suffix}").read_bytes()
    if suffix == ".pdf":
        return re.sub(rb"/(CreationDate|ModDate) \([^)]*\)", lambda found: b" " * len(found[0]), data)
    stream = io.BytesIO()
    Image.open(io.BytesIO(data)).save(stream, "PNG")
    return stream.getvalue()
