"""Pictures made at random and read: python -m tests.pictures LO HI [--group GROUP] [--save FOLDER] [--each].

With --by-hand instead of LO and HI it reads those of the folder by_hand.

Prints the table of the rates for the seeds LO to HI - 1, with a picture of something else for every fifth of
them. This process makes the pictures; another one, with one thread, reads them, so that the time and the memory
are those of reading. `--group` keeps one of: vector, clean raster, spoiled raster, hand-like, no network.
`--save` writes the pictures and what was read of each into a folder instead of the table; `--each` prints a line
for each picture before the table.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.pictures.by_hand import pictures
from tests.pictures.generator import group_of, picture
from tests.pictures.no_network import no_network
from tests.pictures.picture import Picture
from tests.pictures.rates import Outcome, settled, table
from tests.pictures.reader import read_all


def made(low: int, high: int, group: str) -> Iterator[Picture]:
    """Make the pictures one after the other."""
    for seed in range(low, high):
        if group in ("", group_of(seed)):
            yield picture(seed)
        if group in ("", "no network") and (group or seed % 5 == 0):
            yield no_network(seed if group else seed // 5)


def save(folder: Path, pairs: list[tuple[Picture, Outcome]]) -> None:
    """Write the pictures, and truth.json with what each shows and how it was read."""
    folder.mkdir(parents=True, exist_ok=True)
    said = {}
    for (one, _), result in zip(pairs, settled(found for _, found in pairs), strict=True):
        name = f"{one.group.replace(' ', '-')}-{one.seed}{one.suffix}"
        (folder / name).write_bytes(one.data)
        said[name] = {
            "truth": str(one.truth),
            "kinds": one.kinds,
            "result": result.result,
            "read": result.words,
            "notes": result.notes,
        }
    (folder / "truth.json").write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")


def main(words: list[str]) -> None:
    """Make, read, and print or save."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__.split("\n")[0])
    parser.add_argument("low", type=int, nargs="?", default=0)
    parser.add_argument("high", type=int, nargs="?", default=100)
    parser.add_argument("--by-hand", action="store_true")
    parser.add_argument("--group", default="")
    parser.add_argument("--save", type=Path)
    parser.add_argument("--each", action="store_true")
    asked = parser.parse_args(words)
    pairs = []
    wanted = iter(pictures()) if asked.by_hand else made(asked.low, asked.high, asked.group)
    for one, found in read_all(wanted):
        pairs.append((one if asked.save else None, found))
        if asked.each:
            print(
                f"{found.seed} {found.kinds[0]}, {found.kinds[1]}: {found.truth} | {found.result}: {found.words[:90]!r}",
                flush=True,
            )
    if asked.save:
        save(asked.save, pairs)
    print(table(found for _, found in pairs))


if __name__ == "__main__":
    main(sys.argv[1:])
