"""How many drawings of each kind a reader reads rightly, asks about, refuses, and reads wrongly."""

from __future__ import annotations

import math
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.notation.strange.picture import TruthLayer

import chalknet as cn

if TYPE_CHECKING:
    from tests.notation.strange_drawings import Drawing

OUTCOMES = ("right", "asked", "refused", "wrong, silent", "wrong, noted", "crashed")
ROUTINE = r"\bbias\b|activation of|taken from the caption"  # notes on what a drawing leaves out, no doubts
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
    faults = [fault(network, reading) for reading in drawing.truth.readings] or ["widths"]
    same = "" in faults
    worst = next((found for found in faults if found), "widths")
    if drawing.truth.answer == "ask":  # one reading, and a doubt beside it
        same = same and any(not re.search(ROUTINE, note) for note in network.notes)
        worst = "doubt"
    wrong = "wrong, noted" if any(_points_at(note, worst) for note in network.notes) else "wrong, silent"
    lost = any(layer.dropout for layer in drawing.truth.readings[0]) if same else False
    told = re.search(drawing.told, notes, re.IGNORECASE) is not None
    kept = any(isinstance(step, cn.Dropout) for step in network.steps) or "ropout" in notes
    return "right" if same else wrong, f"{answer}  {notes}", told and (kept or not lost)


def _unread(drawing: Drawing, message: str) -> str:
    several = (
        "|text of its own" if drawing.truth.answer == "ask" else ""
    )  # "two networks, draw each alone" asks too
    asked = "asked" if re.search(ASKING + several, message) else "refused"
    rightly = {"network": "", "refuse": asked, "ask": "asked"}[drawing.truth.answer]
    return "right" if asked == rightly else asked


def _points_at(note: str, fault: str) -> bool:
    """Return whether a note may lead a person to the fault: one on a bias that is not drawn is none on a width."""
    return fault in note.lower() or not re.search(ROUTINE, note)


def fault(network: cn.Network, reading: list[TruthLayer]) -> str:
    """Return what parts a network from a reading: "widths", "activation", "bias" or nothing."""
    sizes = network.input_shape
    known = all(isinstance(size, int) for size in sizes)
    widths, activations, biases = (
        [math.prod(sizes) if known else sizes[0]],
        [[]],
        [None],
    )  # an image is its pixels
    for step in network.steps:
        if isinstance(step, cn.Linear):
            widths.append(step.out_features)
            activations.append([])
            biases.append(step.bias)
        elif isinstance(step, cn.Activation):
            activations[-1].append(step.kind)
    if len(widths) != len(reading) or not all(map(_same_width, widths, (layer.width for layer in reading))):
        return "widths"
    if not all(map(_same_activation, activations, (layer.activation for layer in reading))):
        return "activation"
    agree = all(layer.bias in (None, bias) for bias, layer in zip(biases, reading, strict=True))
    return "" if agree else "bias"


def _same_width(read: int | str, true: int | str) -> bool:
    numbers = isinstance(read, int), isinstance(true, int)
    return read == true if any(numbers) else True  # a width that nobody knows may have any symbol


def _same_activation(read: list[str], true: str) -> bool:
    read = [kind for kind in read if kind != "identity"]
    if true == "?":  # the drawing says nothing: left open, or linear
        return all(kind in ("?", "h") for kind in read)
    return read == ([] if true in ("", "identity") else [true])


def show(drawing: Drawing) -> str:
    """Return a drawing with its truth and how it was read."""
    result, words, told = outcome(drawing)
    lines = [
        drawing.text,
        "-" * 80,
        *drawing.kinds,
        "-" * 80,
        f"truth: {drawing.truth}",
        f"told:  {drawing.told or '-'}",
    ]
    return "\n".join([*lines, f"read:  {result}{'' if told else ', a fact not told'}: {words}"])


def table(drawings: Iterable[Drawing]) -> str:
    """Return the table of the rates, all drawings first, then kind by kind."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seeds: dict[str, list[int]] = defaultdict(list)
    for drawing in drawings:
        result, _, told = outcome(drawing)
        seeds[result].append(drawing.seed)
        for kind in ("all", *drawing.kinds):
            counts[kind].update(
                [result, "of", *(["fact not told"] if result == "right" and not told else [])]
            )
    columns = (*OUTCOMES, "fact not told")
    lines = [f"| {'kind':45} | {'of':>5} | " + " | ".join(f"{name:>13}" for name in columns) + " |"]
    lines.append("|" + "-" * 47 + "|" + "-" * 6 + ":|" + "|".join("-" * 14 + ":" for _ in columns) + "|")
    for kind in ("all", *sorted(set(counts) - {"all"})):
        row = counts[kind]
        cells = " | ".join(f"{100 * row[name] / row['of']:12.1f}%" for name in columns)
        lines.append(f"| {kind:45} | {row['of']:5} | {cells} |")
    lines += [f"{name}: seeds {' '.join(map(str, seeds[name][:40]))}" for name in OUTCOMES[1:] if seeds[name]]
    return "\n".join(lines)
