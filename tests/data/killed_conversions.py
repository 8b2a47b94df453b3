"""Conversions that are killed, each in a process of its own, and what the next one makes of what they left.

`python -m tests.data.killed_conversions PLACE SEED COUNT` prints as JSON what was found. A process that has
loaded chalknet and used none of it forks the others: half of them kill themselves at one of their file
operations, each in turn, the rest are killed after a time drawn by chance.
"""

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pyarrow.csv  # noqa: F401  loaded once, before all forks
from tests.fuzz.table_cache import OPTIONS, left_over, small_steps, write_table

import chalknet as cn
import chalknet.data

_OPERATIONS = (
    "open",
    "os.rename",
    "os.mkdir",
    "os.remove",
    "os.rmdir",
    "os.truncate",
    "os.listdir",
    "os.scandir",
)


def converted(table: Path, cache: Path) -> None:
    """Convert a table in steps of a few rows."""
    with small_steps():
        cn.load(table, cache=cache, **OPTIONS)


def in_a_process(work) -> int:
    """Begin work in a process of its own and return its number."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    finally:
        os._exit(1)


def killed_at(table: Path, cache: Path, operation: int) -> None:
    """Convert a table, and end as a kill does when a file operation in the cache begins."""
    met = 0

    def look(event: str, arguments: tuple) -> None:
        nonlocal met
        if event in _OPERATIONS and str(cache) in str(arguments[0]):
            met += 1
            if met == operation:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)
    converted(table, cache)


def content_of(cache: Path) -> dict[str, bytes]:
    """Return the files of the entries in a cache."""
    return {str(path.relative_to(cache)): path.read_bytes() for path in cache.rglob("*") if path.is_file()}


def run(place: Path, seed: int, count: int) -> dict[str, object]:
    """Kill so many conversions and return what was found.

    Returns:
        How many ended by a kill or before it, and under "wrong" what the next conversion did not put right.
    """
    chance, counts, wrong = random.Random(seed), Counter[str](), []
    table = write_table(place / "t.csv", seed)
    os.waitpid(in_a_process(partial(converted, table, place / "fresh")), 0)
    wanted, took_s, operation = content_of(place / "fresh"), 0.2, 0
    for number in range(count):
        cache, begun = place / f"cache{number}", time.monotonic()
        for _ in range(chance.choice((1, 1, 2))):  # some are killed twice
            operation += 1
            if number % 2:
                child = in_a_process(partial(converted, table, cache))
                time.sleep(chance.uniform(0, took_s))
                os.kill(child, signal.SIGKILL)
            else:
                child = in_a_process(partial(killed_at, table, cache, operation))
            _, status = os.waitpid(child, 0)
            if not number % 2 and not os.WIFSIGNALED(status):
                operation = 0  # there are no more of them
            counts["killed" if os.WIFSIGNALED(status) else "ended before"] += 1
        begun = time.monotonic()
        _, status = os.waitpid(in_a_process(partial(converted, table, cache)), 0)
        took_s = time.monotonic() - begun
        if status or content_of(cache) != wanted or left_over(cache):
            wrong.append(f"{number}: {status}, {sorted(content_of(cache))}, left over {left_over(cache)}")
    return {"seed": seed, **counts, "next conversions": count, "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])), indent=2))
