"""How fast this processor is just now: limits of time are for a quiet one, and others share this one."""

from __future__ import annotations

import re
import time
from statistics import median

_QUIET_S = 0.010  # what the work below takes on a core of a server that nobody else uses
_MOST = 4.0  # beyond it nothing is excused
_LINES = [f"a{i} -> b{i}; x_{i} = {i}" for i in range(2000)]
_PATTERN = re.compile(r"(\w+)\s*->\s*(\w+)")


def slowness() -> float:
    """Return how many times as long as on a quiet processor a piece of Python takes now; 1 to 4."""
    return min(_MOST, max(1.0, median(_work_seconds() for _ in range(5)) / _QUIET_S))


def _work_seconds() -> float:
    began = time.process_time()
    names: dict[str, list[str]] = {}
    for line in _LINES:
        found = _PATTERN.match(line)
        assert found is not None
        names.setdefault(found[1], []).append(found[2])
        sum(i * i for i in range(60))
    return time.process_time() - began
