"""Drawings, listings and formulas in the manner of many authors and tools, each with what a person reads in it.

`many_hands.txt` holds them, each under a line `=== NAME | TRUTH`: a shorthand of widths and activations, `refuse` where
no network should be read, or several answers with `or` between them.
"""

import re
from pathlib import Path

import pytest
from tests.notation.test_strangers import ROUTINE, layers, same

import chalknet as cn
from chalknet.errors import ChalknetError

TEXT = (Path(__file__).parent / "many_hands.txt").read_text(encoding="utf-8")
TEXTS = [block.split("\n", 1) for block in re.split(r"^=== ", TEXT, flags=re.M)[1:]]
CASES = {head.split(" | ")[0]: (head.split(" | ")[1], body) for head, body in TEXTS}
# What a person reads and the reader refuses, asks about or notes as doubtful.
SHORT = {"keras_norm.py", "textbox_rows_ascii.txt", "jax_params.py", "block_ascii_vertical.txt"}


def outcome(name, folder):
    """Return "right", "refused", "noted" (wrong with a note that is no routine) or "wrong"."""
    truth, body = CASES[name]
    path = folder / name
    path.write_text(body, encoding="utf-8")
    wanted = truth.split(" or ")
    try:
        network = cn.read(path)
    except ChalknetError:
        return "right" if "refuse" in wanted else "refused"
    read = layers(re.sub(r"(?<=\w)\([^()]*\)", "", cn.write(network, "shorthand")))
    if any(same(read, layers(text)) for text in wanted if text != "refuse"):
        return "right"
    notes = [note for note in network.notes if not any(word in note for word in ROUTINE)]
    return "noted" if notes else "wrong"


@pytest.mark.parametrize("name", CASES)
def test_what_a_person_reads_is_read(name, tmp_path):
    found = outcome(name, tmp_path)
    assert found == "right" or (name in SHORT and found in ("refused", "noted")), CASES[name]
