"""Texts read in a child process that ends when one takes too long or too much memory.

As a program (`python -m tests.fuzz.bounded`) it is that child: a case a line on standard input, what came of
it a line on standard output.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.speed import slowness

ROOT = Path(__file__).parents[2]
SECONDS = 5.0  # of one quiet processor: where this one is slower just now, so much more
MEMORY_BYTES = 1_000_000_000  # beyond what the import takes


class Case(NamedTuple):
    """A text made of pieces: a beginning, one piece over and over, an end."""

    notation: str | None
    beginning: str
    piece: str
    times: int
    end: str = ""

    @property
    def text(self) -> str:
        """Return the text."""
        return self.beginning + self.piece * self.times + self.end


class Outcome(NamedTuple):
    """What came of a case: "read", "refused" or what went wrong; the seconds it took."""

    case: Case
    what: str
    seconds: float

    @property
    def is_bad(self) -> bool:
        """Return whether it is neither read nor refused by an error of ours."""
        return self.what not in ("read", "refused")


def outcomes(cases: Iterable[Case], seconds: float = SECONDS, warm: Sequence[str] = ()) -> list[Outcome]:
    """Return what comes of the cases, read one after the other in a child process.

    Args:
        cases: the texts.
        seconds: the processor time that each may take.
        warm: texts that are read first, so that what they import does not count.
    """
    waiting, found = list(cases), list[Outcome]()
    while waiting:
        lines = _run(waiting, seconds, warm)
        found += [Outcome(case, *line) for case, line in zip(waiting, lines, strict=False)]
        waiting = waiting[len(lines) :]
        if waiting:  # the child was killed, or died of it
            found.append(Outcome(waiting.pop(0), "the end of the process", seconds))
    return found


def _run(cases: list[Case], seconds: float, warm: Sequence[str]) -> list[tuple[str, float]]:
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    child = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.bounded", str(seconds), *warm],
        input="".join(f"{json.dumps(case)}\n" for case in cases),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"},
        text=True,
        encoding="utf-8",
        check=False,
    )
    return [tuple(json.loads(line)) for line in child.stdout.splitlines()]


class TooLong(BaseException):
    """Raised where a case has used up its time; no reader catches it."""


def limit_memory(more_bytes: int = MEMORY_BYTES) -> None:
    """Let this process take so much address space more than now, and no more."""
    now = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + more_bytes, resource.RLIM_INFINITY))


def read_bounded(text: str, notation: str | None, seconds: float = SECONDS) -> str:
    """Return "read", "refused" or what went wrong with a text; for the main thread of a process alone."""
    import chalknet as cn

    given = seconds

    def stop(*_: object) -> None:
        nonlocal given
        if (more := seconds * slowness() - given) < 0.1:
            raise TooLong
        given += more
        signal.setitimer(signal.ITIMER_VIRTUAL, more)

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        cn.read(text, notation=notation)
    except cn.ChalknetError as problem:
        str(problem)
        return "refused"
    except TooLong:
        return f"more than {seconds:g} s"
    except BaseException as problem:
        return f"{type(problem).__name__}: {str(problem)[:100]}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return "read"


def _child(seconds: float, *more: str) -> None:
    import chalknet as cn

    for warm in (
        "digraph {a->b}",
        "flowchart LR\na-->b",
        "1 -> 1",
        "nn.Linear(1,1)",
        "<svg/>",
        r"\to",
        *more,
    ):
        read_bounded(warm, None)
    assert cn.read("1 -> 1")
    limit_memory()
    for line in sys.stdin:
        case = Case(*json.loads(line))
        began = time.process_time()
        what = read_bounded(case.text, case.notation, seconds)
        print(json.dumps([what, round(time.process_time() - began, 3)]), flush=True)


if __name__ == "__main__":
    _child(float(sys.argv[1]), *sys.argv[2:])
