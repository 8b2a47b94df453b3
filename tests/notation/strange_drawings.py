"""Drawings of neural networks in the manner of strangers, at random by a seed, each with its truth.

`drawing(seed)` returns one; `python -m tests.notation.strange_drawings --seeds 0 2000` reads many with
`cn.read` and prints how many of each kind are read rightly. Nothing here knows how the reader decides.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from tests.notation.strange.choice import Choices
from tests.notation.strange.doubtful import doubtful
from tests.notation.strange.lookalikes import lookalike
from tests.notation.strange.networks import network_of_boxes, network_of_units
from tests.notation.strange.picture import Truth

WHAT = {"units": 62.0, "boxes": 22, "look-alike": 10, "doubtful": 6}


@dataclass(frozen=True)
class Drawing:
    """A drawing as a file: its text and suffix, what it means, what it holds, what a note ought to say."""

    seed: int
    text: str
    suffix: str
    truth: Truth
    kinds: tuple[str, ...]
    told: str = ""  # a pattern that a note has to match, "" for none


def drawing(seed: int) -> Drawing:
    """Return the drawing of a seed, always the same."""
    choices = Choices(seed)
    what = choices.pick("what", WHAT)
    if what == "look-alike":
        text, suffix = lookalike(choices)
        return Drawing(seed, text, suffix, Truth("refuse"), choices.kinds)
    if what == "doubtful":
        text, suffix, readings = doubtful(choices)
        return Drawing(seed, text, suffix, Truth("ask", readings), choices.kinds)
    written = (network_of_units if what == "units" else network_of_boxes)(choices)
    return Drawing(
        seed, written.text, written.suffix, Truth("network", [written.truth]), choices.kinds, written.told
    )


def main() -> None:
    """Show a drawing, or read many and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", nargs=2, type=int, default=(0, 2000), metavar=("FIRST", "LAST"))
    parser.add_argument("--show", type=int, metavar="SEED", help="print one drawing and its truth")
    parser.add_argument("--kind", default="", help="only drawings with this in one of their kinds")
    arguments = parser.parse_args()
    from tests.notation.strange.rates import show, table  # what reads: the generator needs no reader

    if arguments.show is not None:
        print(show(drawing(arguments.show)))
        return
    drawings = (drawing(seed) for seed in range(*arguments.seeds))
    print(table(one for one in drawings if any(arguments.kind in kind for kind in one.kinds)))


if __name__ == "__main__":
    main()
