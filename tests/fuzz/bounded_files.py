"""Files of data loaded in a child process that ends when one takes too long or too much memory.

As a program (`python -m tests.fuzz.bounded_files`) it is that child: a path a line on standard input, what
came of it a line on standard output.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.bounded import MEMORY_BYTES, ROOT, SECONDS
from tests.fuzz.speed import slowness

_TABLE = re.compile(r"\.(csv|arrow|parquet|feather)\b")
_WARM = b"a,b,w,y\n1,2,c,3\n4,5,d,6\n"


class Loaded(NamedTuple):
    """What came of a file: "read", "refused" or what went wrong; seconds on a quiet processor; bytes taken.

    Where it was refused, `said` is the error; where it was read, the hash of its numbers.
    """

    path: str
    what: str
    seconds: float
    memory_bytes: int
    said: str

    @property
    def is_bad(self) -> bool:
        """Return whether it is neither read nor refused by an error of ours, in bounded time and memory."""
        bounded = self.seconds <= SECONDS and self.memory_bytes <= MEMORY_BYTES
        return self.what not in ("read", "refused") or not bounded


def loaded(paths: Iterable[Path], verb: str = "load") -> list[Loaded]:
    """Return what comes of files, loaded one after the other in a child process, warnings as errors.

    Args:
        paths: the files.
        verb: "load", or "describe" for what `chalknet data` prints.
    """
    waiting, found = [str(path) for path in paths], list[Loaded]()
    while waiting:
        lines = _run(waiting, verb)
        found += [Loaded(path, *line) for path, line in zip(waiting, lines, strict=False)]
        waiting = waiting[len(lines) :]
        if waiting:  # the child was killed, or died of it
            found.append(Loaded(waiting.pop(0), "the end of the process", 2 * SECONDS, 0, ""))
    return found


def _run(paths: list[str], verb: str) -> list[tuple[str, float, int, str]]:
    places = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    with tempfile.TemporaryDirectory() as cache:
        child = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.fuzz.bounded_files", verb, cache],
            input="".join(f"{json.dumps(path)}\n" for path in paths),
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": places, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"},
            text=True,
            encoding="utf-8",
            check=False,
        )
    return [tuple(json.loads(line)) for line in child.stdout.splitlines()]


def _child(verb: str, cache: str) -> None:
    import chalknet as cn

    warm = Path(cache) / "warm.csv"
    warm.write_bytes(_WARM)
    cn.describe(warm, cache=cache, one_hot=True)
    for line in sys.stdin:
        path = json.loads(line)
        before = _held_bytes()
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        spent = time.process_time()
        limit = int(spent + 5 * SECONDS) + 1  # in the middle of a function of C, only the kernel ends it
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        what, said = _outcome(cn, verb, path, cache)
        peak = max(0, _held_bytes("VmHWM:") - before)
        seconds = time.process_time() - spent
        if seconds > SECONDS:
            seconds /= slowness()
        print(json.dumps([what, round(seconds, 3), peak, said]), flush=True)


def _outcome(cn: object, verb: str, path: str, cache: str) -> tuple[str, str]:
    import hashlib

    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")  # those that nobody sees raised, as ResourceWarning
            if verb == "describe":
                found = json.dumps(cn.describe(path, cache=cache))  # type: ignore[attr-defined]
                assert not told, told[0]
                return "read", found[:2000]
            asked = {"one_hot": True, "fill": "auto"} if _TABLE.search(path) else {}
            source = cn.load(path, cache=cache, **asked)  # type: ignore[attr-defined]
            sample = source.take(slice(0, min(len(source), 100_000)))
            assert not told, told[0].message
        digest = hashlib.sha256(sample.x.numpy().tobytes() + sample.y.numpy().tobytes())
        return "read", digest.hexdigest()
    except cn.ChalknetError as problem:  # type: ignore[attr-defined]
        return "refused", str(problem)[:2000]
    except BaseException as problem:
        return f"{type(problem).__name__}: {str(problem)[:200]}", ""


def _held_bytes(what: str = "VmRSS:") -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(what))


if __name__ == "__main__":
    _child(sys.argv[1], sys.argv[2])
