"""Whether an Arrow or a Parquet file can be read, found out by a process of its own.

Arrow may crash on a damaged file, or take the memory that it promises. As a program it is that process, which
imports nothing of ours: `arrow_proof.py FILE MEMORY_BYTES arrow|parquet`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

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


def proof_of(path: Path, unpacked_bytes: int, kind: Literal["arrow", "parquet"]) -> Proof:
    """Return whether all of a file is valid; asked once for a file that does not change.

    Args:
        path: the file.
        unpacked_bytes: how much a batch of its rows may take in memory.
        kind: what it is.
    """
    found = path.stat()
    stamp = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    return _proof(str(path.resolve()), stamp, found.st_size + unpacked_bytes, kind)


@lru_cache(1000)
def _proof(path: str, stamp: tuple[int, ...], memory_bytes: int, kind: str) -> Proof:
    if not sys.executable:
        return Proof()  # a program that Python is a part of; the batches are validated as they are read
    child = subprocess.run(
        [sys.executable, "-P", "-W", "ignore", __file__, path, str(memory_bytes), kind],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "ARROW_DEFAULT_MEMORY_POOL": "system",  # others reserve much more address space than they use
        },
        check=False,
    )
    with suppress(ValueError):
        problem = json.loads(child.stdout)
        return Proof(problem, problem == _NO_MEMORY)
    return Proof(f"reading it ended the process that tried, with {child.returncode}")


def _validated(path: str, kind: str) -> str:
    """Return why a file cannot be read, "" where it can."""
    try:
        for batch in _BATCHES[kind](path):
            batch.validate(full=True)
    except MemoryError:
        return _NO_MEMORY
    except Exception as problem:
        return (str(problem) or type(problem).__name__).splitlines()[0]
    return ""


def _arrow(path: str) -> Iterator[Any]:
    with import_module("pyarrow").memory_map(path) as content:
        file = import_module("pyarrow.ipc").open_file(content)
        yield from map(file.get_batch, range(file.num_record_batches))


def _parquet(path: str) -> Iterator[Any]:
    parquet = import_module("pyarrow.parquet")
    file = parquet.ParquetFile(path, pre_buffer=False, page_checksum_verification=True)
    yield from file.iter_batches(use_threads=False)


_BATCHES = {"arrow": _arrow, "parquet": _parquet}


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
    for name in ("pyarrow", "pyarrow.ipc", "pyarrow.parquet"):
        import_module(name)
    import_module("pyarrow").set_cpu_count(1)  # each thread takes address space of its own
    import_module("pyarrow").set_io_thread_count(1)
    _limit_memory(int(sys.argv[2]) + _MORE_BYTES)
    sys.stdout.write(json.dumps(_validated(sys.argv[1], sys.argv[3])))
    sys.stdout.flush()
    os._exit(0)
