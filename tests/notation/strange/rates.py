"""How many drawings of each kind a reader reads rightly, asks about, refuses, and reads wrongly."""

from __future__ import annotations

import math
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import chalknet as cn
from tests.notation.strange.picture import TruthLayer

if TYPE_CHECKING:
    from tests.notation.strange_drawings import Drawing

OUTCOMES = ("right", "asked", "refused", "wrong, silent", "wrong, noted", "crashed")
ASKING = r"--reading|reading=|--name|name=|\bwhich\b|--activation|activation="


def outcome(drawing: Drawing) -> tuple[str, str, bool]:
    """Return how a drawing was read, what was read or said, and whether all was told that has to be."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"drawing{drawing.suffix}"
        path.write_text(drawing.text, encoding="utf-8")
        try:
            network = cn.read(str(path))
        except cn.ChalknetError as error:
            return _unread(drawing, str(error)), str(error), True
        except Exception as error:
            return "crashed", repr(error), True
    answer, notes = cn.write(network, "shorthand"), " ".join(network.notes)
    same = any(equal(network, reading) for reading in drawing.truth.readings)
    if drawing.truth.answer == "ask":
        same = same and bool(notes)
    wrong = "wrong, noted" if notes else "wrong, silent"
    lost = any(layer.dropout for layer in drawing.truth.readings[0]) if same else False
    told = re.search(drawing.told, notes, re.IGNORECASE) is not None
    kept = any(isinstance(step, cn.Dropout) for step in network.steps) or "ropout" in notes
    return "right" if same else wrong, f"{answer}  {notes}", told and (kept or not lost)


def _unread(drawing: Drawing, message: str) -> str:
    if drawing.truth.answer != "network":
        return "right"
    return "asked" if re.search(ASKING, message) else "refused"


def equal(network: cn.Network, reading: list[TruthLayer]) -> bool:
    """Return whether a network has the reading's widths, and its activations and biases where it says any."""
    layers: list[tuple[int | str, list[str], bool | None]] = []
    sizes = network.input_shape
    known = all(isinstance(size, int) for size in sizes)
    layers.append((math.prod(sizes) if known else sizes[0], [], None))  # an image is its pixels
    for step in network.steps:
        if isinstance(step, cn.Linear):
            layers.append((step.out_features, [], step.bias))
        elif isinstance(step, cn.Activation):
            layers[-1][1].append(step.kind)
    return len(layers) == len(reading) and all(map(_same_layer, layers, reading))


def _same_layer(layer: tuple[int | str, list[str], bool | None], truth: TruthLayer) -> bool:
    width, activations, bias = layer
    if isinstance(width, int) != isinstance(truth.width, int):
        return False
    if isinstance(width, int) and width != truth.width:
        return False
    wanted = [] if truth.activation in ("", "identity") else [truth.activation]
    said = [kind for kind in activations if kind != "identity"]
    if truth.activation == "?":  # the drawing says nothing: a reader may leave it open or say linear
        return all(kind in ("?", "h") for kind in said)
    return said == wanted and (truth.bias is None or bias is None or truth.bias == bias)


def show(drawing: Drawing) -> str:
    """Return a drawing with its truth and how it was read."""
    result, words, told = outcome(drawing)
    lines = [drawing.text, "-" * 80, *drawing.kinds, "-" * 80, f"truth: {drawing.truth}", f"told:  {drawing.told or '-'}"]
    return "\n".join([*lines, f"read:  {result}{'' if told else ', a fact not told'}: {words}"])


def table(drawings: Iterable[Drawing]) -> str:
    """Return the table of the rates, all drawings first, then kind by kind."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seeds: dict[str, list[int]] = defaultdict(list)
    for drawing in drawings:
        result, _, told = outcome(drawing)
        seeds[result].append(drawing.seed)
        for kind in ("all", *drawing.kinds):
            counts[kind].update([result, "of", *(["fact not told"] if result == "right" and not told else [])])
    columns = (*OUTCOMES, "fact not told")
    lines = [f"| {'kind':45} | {'of':>5} | " + " | ".join(f"{name:>13}" for name in columns) + " |"]
    lines.append("|" + "-" * 47 + "|" + "-" * 6 + ":|" + "|".join("-" * 14 + ":" for _ in columns) + "|")
    for kind in ("all", *sorted(set(counts) - {"all"})):
        row = counts[kind]
        cells = " | ".join(f"{100 * row[name] / row['of']:12.1f}%" for name in columns)
        lines.append(f"| {kind:45} | {row['of']:5} | {cells} |")
    lines += [f"{name}: seeds {' '.join(map(str, seeds[name][:40]))}" for name in OUTCOMES[1:] if seeds[name]]
    return "\n".join(lines)
