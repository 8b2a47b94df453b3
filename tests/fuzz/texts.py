"""Damaged texts: drawings and formulas of every notation with bytes flipped, cut, doubled and spliced."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.fuzz.bounded import Case, outcomes
from tests.fuzz.pieces import PIECES

import chalknet as cn
from chalknet.notation import NOTATIONS

_DRAWINGS = Path(__file__).parents[1] / "notation" / "drawings"
_NETWORKS = (
    "784 -> 32 relu -> 1 sigmoid",
    "28x28 flatten -> 10 nobias leaky_relu(0.2) dropout(0.5) -> m softmax",
)
_BATCH = 200


def examples() -> list[str]:
    """Return the drawings of the tests, and a text of every notation that can be written."""
    drawings = [
        path.read_text(encoding="utf-8") for path in sorted(_DRAWINGS.iterdir()) if path.suffix != ".json"
    ]
    written = [row.name for row in NOTATIONS.values() if row.write and row.read] + ["dot", "mermaid", "svg"]
    return drawings + [cn.write(network, name) for network in _NETWORKS for name in written]


def damaged(text: str, others: list[str], draw: random.Random) -> str:
    """Return a text with one to four kinds of damage."""
    for _ in range(draw.randint(1, 4)):
        start, end = sorted(draw.randrange(len(text) + 1) for _ in range(2))
        end = min(end, start + draw.choice((1, 3, 20, 1_000)))
        other = draw.choice(others)
        at = draw.randrange(len(other) or 1)
        put = draw.choice(
            (
                "",
                text[start:end] * draw.choice((2, 2, 50)),
                "".join(chr(ord(letter) ^ 1 << draw.randrange(7)) for letter in text[start:end]),
                draw.choice(PIECES) * draw.choice((1, 1, 200)),
                other[at : at + draw.choice((10, 500))],
                chr(draw.choice((0, 27, 0x200F, 0xD800, 0xFEFF, draw.randrange(0x110000)))),
            )
        )
        text = text[:start] + put + text[end:]
    return text


def fuzz(seed: int, seconds: float) -> dict[str, Any]:
    """Read damaged texts for some time.

    Args:
        seed: of the damage; the same seed damages alike.
        seconds: how long new texts are made.

    Returns:
        How many were tried, read and refused, the longest time, and under "wrong" each that ended in another
        error than ours, in too much time or memory.
    """
    draw, texts, counts, wrong, worst = random.Random(seed), examples(), Counter[str](), [], 0.0
    notations = [None, None, *(row.name for row in NOTATIONS.values() if row.read)]
    ends = time.monotonic() + seconds
    while not counts or time.monotonic() < ends:
        cases = [
            Case(draw.choice(notations), damaged(draw.choice(texts), texts, draw), "", 0)
            for _ in range(_BATCH)
        ]
        for found in outcomes(cases):
            counts["wrong" if found.is_bad else found.what] += 1
            worst = max(worst, found.seconds)
            if found.is_bad:
                wrong.append(f"{found.what} from {found.case!r}")
    return {"seed": seed, "tried": sum(counts.values()), **counts, "worst_s": worst, "wrong": wrong}
