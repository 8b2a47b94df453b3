"""Pictures made one by one by other means than the generator, each with its truth written down beside it.

truth.json says of each file what it shows: "3 -> 4 relu -> 2"; "refuse" for something else; "told: 6 -> 4" for a
network that is no plain chain, to be refused, asked about or read with a doubt; "ask: A | B" for several networks.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.pictures.picture import Picture, Truth, TruthLayer

FOLDER = Path(__file__).parent / "by_hand"
TRUTH: dict[str, dict[str, str]] = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))


def pictures() -> list[Picture]:
    """Return all of them."""
    found = []
    for name, row in TRUTH.items():
        truth = truth_of(row["truth"])
        group = (
            "no network"
            if truth.answer == "refuse"
            else "vector"
            if name.endswith((".svg", ".pdf"))
            else "raster"
        )
        path = FOLDER / name
        found.append(Picture(path.read_bytes(), path.suffix, truth, (group, "by hand"), name))
    return found


def truth_of(words: str) -> Truth:
    """Return the truth of its words; of several networks, that of the first, which must not be read silently."""
    answer, _, formula = words.rpartition(": ")
    if formula == "refuse":
        return Truth("refuse")
    layers = []
    for part in formula.split(" | ")[0].split(" -> "):
        width, *activation = part.split()
        layers.append(TruthLayer(int(width) if width.isdigit() else "?", *activation))
    return Truth("told" if answer else "network", tuple(layers))
