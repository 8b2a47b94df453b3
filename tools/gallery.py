"""Draw every dialect for docs/gallery.md: `make gallery`."""

from __future__ import annotations

from pathlib import Path

import torch

import chalknet as cn
from chalknet.drawing import DIALECTS

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures" / "gallery"
LOGISTIC, SMALL, DIGITS = "1 -> 1 sigmoid", "1 -> 2 relu -> 1 sigmoid", "784 -> 32 relu -> 1 sigmoid"
FORMULAS = {
    "input-hidden-output": DIGITS,
    "blocks": "28x28 flatten -> 128 relu dropout(0.2) -> 10 log_softmax",
}
MORE = {
    "down": (DIGITS, "input-hidden-output", {"orientation": "down"}),
    "colour": (None, "nodes", {"weights": "colour", "bias": "nodes"}),
    "korean": (DIGITS, "input-hidden-output", {"language": "ko"}),
    "curved": ("6 -> 8 relu -> 8 relu -> 3 softmax", "nodes", {"edges": "curved"}),
    "paper": (DIGITS, "input-hidden-output", {"preset": "paper"}),
}
HEAD = """# Gallery

Every dialect in which the textbooks draw a network. Made by `make gallery`; each picture with the command
that draws it. `-o net.png`, `.pdf`, `.tex` (TikZ), `.html`, `.dot` and `.mmd` (Mermaid) work alike, and every
one of the SVG, HTML, DOT and Mermaid files is read back: `chalknet read net.dot --to torch`.
"""


def main() -> None:
    """Draw all pictures and write the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    module = cn.build(cn.read("2 -> 3 relu -> 1 sigmoid"), seed=1)
    lines = [HEAD]
    for name, row in DIALECTS.items():
        formula = FORMULAS.get(name, LOGISTIC if row.id in ("D1", "D2", "D3", "D4", "D4b") else SMALL)
        form = cn.build(cn.read(formula), seed=1) if name == "numbers" else formula
        cn.draw(form, name).save(PICTURES / f"{name}.svg")
        command = f"chalknet draw '{formula}' --dialect {row.id} -o net.svg"
        if name == "numbers":
            command = "chalknet draw run/ --dialect D6 -o net.svg   # a kept fit: its weights"
        lines.append(_entry(f"{row.id}: {name}" if row.id != name else name, row.what, command, name))
    lines.append("## And\n")
    for name, (formula, dialect, options) in MORE.items():
        cn.draw(formula or module, dialect, **options).save(PICTURES / f"{name}.svg")
        words = " ".join(f"--{key} {value}" for key, value in options.items())
        lines.append(
            _entry(name, "", f"chalknet draw '{formula or 'run/'}' --dialect {dialect} {words}", name)
        )
    drawing = cn.draw(_convolutions(), "stacks", input_shape=(1, 28, 28))
    drawing.save(PICTURES / "stacks.svg")
    command = 'cn.draw(module, "stacks", input_shape=(1, 28, 28)).save("net.svg")   # in Python: any module'
    lines.append(_entry("stacks", "the shape behind each layer as a block", command, "stacks"))
    (ROOT / "docs" / "gallery.md").write_text("\n".join(lines), encoding="utf-8")


def _convolutions() -> torch.nn.Module:
    """Return a module that is not a Network, in the manner of Y. LeCun et al. (1998)."""
    nn = torch.nn
    first = nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)
    second = nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)
    return nn.Sequential(*first, *second, nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 10))


def _entry(title: str, what: str, command: str, picture: str) -> str:
    text = f"### {title}\n\n" + (f"{what[0].upper()}{what[1:]}.\n\n" if what else "")
    return f"{text}```\n{command}\n```\n\n![{title}](pictures/gallery/{picture}.svg)\n"


if __name__ == "__main__":
    main()
