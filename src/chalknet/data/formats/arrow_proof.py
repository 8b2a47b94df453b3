"""Whether an Arrow file can be read, found out by a process of its own: Arrow may crash on a damaged one.

As a program it is that process, which imports nothing of ours: `arrow_proof.py FILE MEMORY_BYTES`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path

_MORE_BYTES = 512 << 20  # of address space, for Arrow itself
_NO_MEMORY = "not enough memory for it"


@dataclass(frozen=True)
class Proof:
    """What came of reading a file from its beginning to its end.

    Args:
        problem: why it cannot be read; empty where it can.
        is_large: whether that is for want of the memory that it may take.
    """

    problem: str = ""
    is_large: bool = False


def proof_of(path: Path, unpacked_bytes: int) -> Proof:
    """Return whether all of an Arrow file is valid; asked once for a file that does not change.

    Args:
        path: the file.
        unpacked_bytes: how much a batch of its rows may take in memory.
    """
    found = path.stat()
    stamp = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    return _proof(str(path.resolve()), stamp, found.st_size + unpacked_bytes)


@lru_cache(1000)
def _proof(path: str, stamp: tuple[int, ...], memory_bytes: int) -> Proof:
    if not sys.executable:
        return Proof()  # a program that Python is a part of; the batches are validated as they are read
    child = subprocess.run(
        [sys.executable, "-P", "-W", "ignore", __file__, path, str(memory_bytes)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=False,
    )
    with suppress(ValueError):
        problem = json.loads(child.stdout)
        return Proof(problem, problem == _NO_MEMORY)
    return Proof(f"reading it ended the process that tried, with {child.returncode}")


def _validated(path: str) -> str:
    """Return why a file is no valid Arrow file, "" where it is."""
    try:
        arrow = import_module("pyarrow")
        with arrow.memory_map(path) as content, import_module("pyarrow.ipc").open_file(content) as file:
            for i in range(file.num_record_batches):
                file.get_batch(i).validate(full=True)
    except MemoryError:
        return _NO_MEMORY
    except Exception as problem:
        return (str(problem) or type(problem).__name__).splitlines()[0]
    return ""


def _limit_memory(more_bytes: int) -> None:
    """Let this process take so much more address space, where the system can hold it to that."""
    with suppress(ImportError, OSError, ValueError):
        resource = import_module("resource")
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + more_bytes
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    import_module("pyarrow")
    _limit_memory(int(sys.argv[2]) + _MORE_BYTES)
    sys.stdout.write(json.dumps(_validated(sys.argv[1])))
    sys.stdout.flush()
    os._exit(0)
