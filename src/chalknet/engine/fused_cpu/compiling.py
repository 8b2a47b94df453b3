"""One thread at a time compiles, and one process: numba's cache on disk is not made for several.

Two processes that compile a kernel for two dtypes at once may give both the same file of the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from chalknet.engine.fused_cpu.scalars import STAMP
from chalknet.files import lock
from chalknet.system import ForkSafeLock

_COMPILING = ForkSafeLock()  # numba's own lock would stay taken in a process that is forked off meanwhile


@contextmanager
def compiling(kernel: Any, dtype: str, *, loaded: bool) -> Iterator[None]:
    """Run the body, which compiles a kernel for a dtype or loads it from numba's cache.

    Processes take turns until one of them has compiled it; then they load it side by side.

    Args:
        kernel: numba's dispatcher.
        dtype: of the data.
        loaded: whether this process has it already.
    """
    folder = Path(kernel.stats.cache_path)
    compiled = folder / f"{kernel.__name__}-{dtype}-{STAMP:08x}.compiled"
    with _COMPILING, ExitStack() as stack:
        if not loaded and not compiled.exists():
            with suppress(OSError):  # where nothing can be written numba keeps nothing either
                stack.enter_context(lock(folder / "chalknet.lock"))
        yield
        if not loaded:
            with suppress(OSError):
                compiled.touch()
