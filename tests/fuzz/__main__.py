"""Every reader and every file that is read back, tried: python -m tests.fuzz SECONDS [SEED [PART]].

Each part runs in a process of its own, for its share of the time, and prints a row: the tried, the read, the
refused, the longest time of one, the peak of memory. Exit code 1 where something came of one that is neither
a result nor an error of ours within five seconds and a gigabyte; the command that repeats it is printed.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import resource
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PARTS = {  # module of tests.fuzz: its share of the time
    "texts": 3, "programs": 1, "run_folders": 2, "onnx_files": 2, "data_files": 3, "table_cache": 1,
    "pictures": 2,
}  # fmt: skip
_READ = ("read", "same", "before", "told", "another run", "another table")
_REFUSED = ("refused", "error")
_MEMORY_BYTES = 1_000_000_000  # beyond what the imports take
_MORE_S = 240  # for a part to make what it damages, and for the last of it
_ROW = "{:<12} {:>11} {:>8} {:>8} {:>8} {:>9} {:>9}"


@dataclass(frozen=True)
class Row:
    """What came of a part.

    Args:
        counts: what its function returned.
        more_bytes: the peak of memory beyond the imports, of its process and of those that it started.
        wrong: what must not be.
    """

    counts: Mapping[str, Any]
    more_bytes: int
    wrong: list[str]


def total(counts: object, names: tuple[str, ...]) -> int:
    """Return the sum of the counts with these names, also of those within others."""
    if not isinstance(counts, Mapping):
        return 0
    return sum(value if name in names and isinstance(value, int) else total(value, names)
               for name, value in counts.items())  # fmt: skip


def run(part: str, seconds: float, seed: int) -> Row:
    """Run a part in a process of its own."""
    words = [sys.executable, "-m", "tests.fuzz", f"{seconds:g}", str(seed), part, "--here"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=seconds + _MORE_S)
    except subprocess.TimeoutExpired:
        return Row({}, 0, [f"no end after {seconds + _MORE_S:g} s"])
    if done.returncode:
        return Row({}, 0, [f"exit code {done.returncode}: {done.stderr[-2000:]}"])
    found = json.loads(done.stdout.splitlines()[-1])
    wrong = list(found["counts"].pop("wrong", ()))
    if found["more_bytes"] > _MEMORY_BYTES:
        wrong.append(f"{found['more_bytes']:,} bytes more than the imports take")
    return Row(found["counts"], found["more_bytes"], wrong)


def run_here(part: str, seconds: float, seed: int) -> None:
    """Run a part in this process, and print what came of it."""
    import chalknet as cn

    faulthandler.dump_traceback_later(seconds + _MORE_S - 10, exit=True)  # where it hangs
    fuzz = importlib.import_module(f"tests.fuzz.{part}").fuzz
    cn.build("1 -> 1")
    imports = _peak_bytes(resource.RUSAGE_SELF)
    counts = fuzz(seed, seconds)
    peak = max(_peak_bytes(resource.RUSAGE_SELF), _peak_bytes(resource.RUSAGE_CHILDREN))
    print(json.dumps({"counts": counts, "more_bytes": peak - imports}))


def _peak_bytes(whose: int) -> int:
    return resource.getrusage(whose).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main(seconds: float, seed: int, asked: str | None) -> int:
    """Run the parts one after the other, print their rows, and return the exit code."""
    here = Path(__file__).parent
    parts = {name: share for name, share in _PARTS.items() if (here / f"{name}.py").exists()}
    parts = {asked: 1} if asked else parts
    print(_ROW.format("part", "seed", "tried", "read", "refused", "longest", "memory"), flush=True)
    bad = 0
    for part, share in parts.items():
        lasts_s = seconds * share / sum(parts.values())
        row = run(part, lasts_s, seed)
        longest, mega = row.counts.get("worst_s"), row.more_bytes / 1e6
        numbers = [total(row.counts, names) for names in (("tried",), _READ, _REFUSED)]
        shown = [*numbers, "" if longest is None else f"{longest:.2f} s", f"+{mega:.0f} MB"]
        print(_ROW.format(part, seed, *shown), flush=True)
        for one in row.wrong:
            print(f"  {one}\n  again: python -m tests.fuzz {lasts_s:g} {seed} {part}", flush=True)
        bad += len(row.wrong)
    return int(bad > 0)


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word != "--here"]
    amount = float(given[0]) if given else 600.0
    number = int(given[1]) if len(given) > 1 else secrets.randbelow(1_000_000)
    chosen = given[2] if len(given) > 2 else None
    if "--here" in sys.argv:
        run_here(str(chosen), amount, number)
    else:
        os.environ["PYTHONPATH"] = os.pathsep.join(
            str(Path(__file__).parents[2] / each) for each in ("src", ".")
        )
        sys.exit(main(amount, number, chosen))
