"""Drawings and programs by somebody who had not seen the reader, each with the truth written down before."""

import math
import re
import tomllib
from pathlib import Path

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

FOLDER = Path(__file__).parent / "strangers"
TRUTH = tomllib.loads((FOLDER / "truth.toml").read_text(encoding="utf-8"))
ROUTINE = ("no bias is drawn", "is not drawn: it stays ?", "has no bias drawn")


def layers(shorthand):
    """Return width and activations of each layer; a width that nobody can know is "?"."""
    found = []
    for part in shorthand.split("->"):
        width, *words = re.sub(r"(?<=\w)\([^()]*\)", "", part).split()
        sizes = width.split("x")
        known = all(size.isdigit() for size in sizes)
        kept = [name for name in words if name not in ("nobias", "dropout", "flatten", "linear", "identity")]
        found.append((str(math.prod(map(int, sizes))) if known else "?", kept))
    return found


def same(read, true):
    """Return whether a network is as a truth says, as far as that says it; a step function is none of ours."""
    if len(read) != len(true) or any(one[0] != other[0] for one, other in zip(read, true, strict=True)):
        return False
    said = [(one[1], other[1]) for one, other in zip(read, true, strict=True) if other[1]]
    return all(
        [name for name in one if name != "?"] == [name for name in other if name != "step"]
        for one, other in said
    )


def outcome(name):
    """Return "right", "refused", "asked", "noted" (wrong with a note) or "wrong"."""
    truth = TRUTH[name]
    try:
        network = cn.read(FOLDER / name)
    except ChalknetError as problem:
        asked = any(word in str(problem) for word in ("--name", "--reading"))
        rightly = "refuse" in truth or ("ambiguous" in truth and asked)
        return "right" if rightly else "asked" if asked else "refused"
    notes = [note for note in network.notes if not any(word in note for word in ROUTINE)]
    read = layers(cn.write(network, "shorthand"))
    wanted = [truth["network"], *truth.get("also", [])] if "network" in truth else []
    if any(same(read, layers(text)) for text in wanted):
        return "right"
    if "ambiguous" in truth and notes and any(same(read, layers(text)) for text in truth["ambiguous"]):
        return "right"
    return "noted" if notes else "wrong"


@pytest.mark.slow
def test_strangers_drawings_are_read_rightly_or_with_a_doubt():
    found = {name: outcome(name) for name in TRUTH}
    assert [name for name, result in found.items() if result == "wrong"] == []  # each wrong one has a note
    assert sum(result == "right" for result in found.values()) >= 888, found
