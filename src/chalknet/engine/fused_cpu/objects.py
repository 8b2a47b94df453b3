"""Where object code comes from: the package, the user's cache, or a compiler; loaded once in a process.

What the package ships is for the usual instruction sets. What is not there, not whole or of other sources is
compiled once for this machine into the user's cache, in the same form. Files are named by instruction set
and sources, so that several processors and versions can share a folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tqdm import tqdm

from chalknet.engine.fused_cpu.building import BuildFailed, build
from chalknet.engine.fused_cpu.object_file import (
    SHIPPED,
    Damaged,
    LoadedCode,
    Unit,
    current_level,
    file_name,
    from_bytes,
)
from chalknet.errors import ChalknetError, CodeUnavailable
from chalknet.files import cache_folder, lock, read_regular, write_whole
from chalknet.system import ForkSafeLock, cores

_MOST_BYTES = 1 << 26
_FUNCTIONS = {False: 60, True: 110}  # about so many functions a unit compiles, for the bar alone
_REMEDY = "Install numba anew, and the next fit compiles it, once: pip install --force-reinstall numba."

_LOADING = ForkSafeLock()
_LOADED: dict[str, LoadedCode] = {}
_NOTES: list[str] = []


@contextmanager
def loading() -> Iterator[list[str]]:
    """Let one thread at a time load or compile; yield the notes of what had to be mended."""
    with _LOADING:
        del _NOTES[:]
        notes: list[str] = []
        yield notes
        notes += dict.fromkeys(_NOTES)


def address_in(units: Sequence[Unit], symbol: str) -> int:
    """Return the address of a symbol in the first unit that has it, loaded or compiled first where need be.

    Raises:
        CodeUnavailable: where neither can be done.
    """
    with _LOADING:
        for unit in units:
            provide((unit,))
            if symbol in _LOADED[unit.name].symbols:
                break
        return _LOADED[unit.name].address(symbol)


def provide(units: Sequence[Unit]) -> None:
    """Load some units; what is nowhere, or not whole, is compiled for this machine, with a bar.

    Raises:
        CodeUnavailable: where it cannot be compiled either.
    """
    with _LOADING:
        missing = [unit for unit in units if not is_loaded(unit) and not _load(unit)]
        if missing:
            _compile(missing)


def symbols_of(unit: Unit) -> tuple[str, ...]:
    """Return what is in a unit that has been loaded."""
    return _LOADED[unit.name].symbols


def is_loaded(unit: Unit) -> bool:
    """Return whether this process has loaded a unit."""
    return unit.name in _LOADED


def is_at_hand(unit: Unit) -> bool:
    """Return whether there is a file of a unit, whole or not."""
    return any(path.exists() for path in _places(unit))


def _places(unit: Unit) -> tuple[Path, ...]:
    name = file_name(unit.name, current_level().name)
    return SHIPPED / name, _cache() / name


def _cache() -> Path:
    return cache_folder() / "objects"


def _load(unit: Unit) -> bool:
    """Load a unit from the first file that is whole; return whether there was one."""
    for path in _places(unit):
        if not os.path.lexists(path):
            continue
        try:
            _take(unit, read_regular(path, _MOST_BYTES))
            return True
        except (OSError, Damaged) as problem:
            why = problem.got if isinstance(problem, ChalknetError) else str(problem)
            _NOTES.append(f"the compiled code in {path} could not be used ({why}) and was compiled anew")
    return False


def _take(unit: Unit, content: bytes) -> None:
    """Load the content of a file.

    Raises:
        Damaged: for what is not whole, or for another processor.
    """
    compiled = from_bytes(content)
    if compiled.level != current_level().name:
        raise Damaged(f"it is for a processor with {compiled.level}")
    _LOADED[unit.name] = LoadedCode(compiled)


def _compile(units: Sequence[Unit]) -> None:
    """Compile some units, one process at a time, and keep them in the user's cache.

    Raises:
        CodeUnavailable: naming why it cannot be done.
    """
    bar = tqdm(
        total=sum(_FUNCTIONS[bool(unit.kernel)] for unit in units),
        desc="compiling the fast engine, once on this machine (a wheel for it would have it compiled)",
        bar_format="{desc}: {percentage:.0f} % |{bar}| {elapsed}",
        dynamic_ncols=True,
        leave=False,
        disable=None,
    )
    with bar, ExitStack() as stack:
        for unit in sorted(units, key=lambda unit: unit.name):
            with suppress(OSError):  # where nothing can be written each process compiles for itself
                _cache().mkdir(parents=True, exist_ok=True)
                stack.enter_context(lock(_cache() / f".{unit.name}.lock"))
        missing = [unit for unit in units if not _load(unit)]  # another process may have been first
        try:
            contents = build(
                missing, current_level().name, cores(), lambda: bar.update(bar.n < bar.total - 1)
            )
            for unit, content in zip(missing, contents, strict=True):
                _take(unit, content)
        except (BuildFailed, Damaged) as problem:
            raise CodeUnavailable(
                where="engine fused_cpu",
                got=f"no compiled code for this machine, and none could be made ({problem})",
                wanted="its code as it is shipped, or numba to compile it",
                remedy=_REMEDY,
            ) from problem
        for unit, content in zip(missing, contents, strict=True):
            with suppress(OSError):
                write_whole(_cache() / file_name(unit.name, current_level().name), content)
