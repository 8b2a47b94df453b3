"""Object code made by processes of their own: the caller's loads no compiler, and several cores take part."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread

from chalknet.engine.fused_cpu.levels import LEVELS
from chalknet.engine.fused_cpu.object_file import Unit

_ROOT = Path(__file__).parents[3]
# The doors of these packages would load torch, which compiling does not need.
START = (
    "import sys, types\n"
    "for name in ('engine', 'engine/fused_cpu'):\n"
    "    package = types.ModuleType('chalknet.' + name.replace('/', '.'))\n"
    f"    package.__path__ = [{str(_ROOT / 'chalknet')!r} + '/' + name]\n"
    "    sys.modules[package.__name__] = package\n"
)
_COMPILE = f"{START}from chalknet.engine.fused_cpu.compile import main\nmain()"


class BuildFailed(Exception):
    """Code that could not be compiled; the text says why."""


def build(
    units: Sequence[Unit], level: str, at_once: int, on_function: Callable[[], object] = lambda: None
) -> list[bytes]:
    """Compile some units; return the content of the file of each.

    Args:
        units: what to compile.
        level: the instruction set; another one than this processor's is possible.
        at_once: how many processes compile.
        on_function: called for each function that has been compiled, in any thread.

    Raises:
        BuildFailed: when one of them could not be compiled; nothing is left running.
    """
    waiting, done = list(units), []
    running: list[_Process] = []
    try:
        while waiting or running:
            while waiting and len(running) < max(1, at_once):
                running.append(_Process(waiting.pop(0), level, on_function))
            done.append(running.pop(0).result())
    finally:
        for process in running:
            process.end()
    return done


class _Process:
    """A process that compiles a unit."""

    def __init__(self, unit: Unit, level: str, on_function: Callable[[], object]) -> None:
        if not sys.executable:
            raise BuildFailed("the Python interpreter's own place is not known")
        self._unit, self._on_function = unit, on_function
        self._said: list[str] = []
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _COMPILE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(level),
            )
        except OSError as problem:
            raise BuildFailed(f"no process could be started: {problem}") from problem
        self._content = b""
        self._readers = [Thread(target=self._read_content), Thread(target=self._read_lines)]
        for reader in self._readers:
            reader.start()
        self._write()

    def result(self) -> bytes:
        """Return the content of the unit's file, once the process has ended."""
        try:
            code = self._process.wait()
        except BaseException:
            self.end()
            raise
        self._join()
        if code or not self._content:
            said = [line for line in self._said if line.strip()]
            raise BuildFailed(said[-1].strip() if said else f"compiling {self._unit.name} ended with {code}")
        return self._content

    def end(self) -> None:
        """Stop the process."""
        self._process.kill()
        self._process.wait()
        self._join()

    def _write(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(self._unit.to_json().encode())
            self._process.stdin.close()
        except OSError:  # it has ended, and says why
            return

    def _read_content(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            self._content = stream.read()

    def _read_lines(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                if line.strip() == b"+":
                    self._on_function()
                else:
                    self._said.append(line.decode(errors="replace"))

    def _join(self) -> None:
        for reader in self._readers:
            reader.join()


def _environment(level: str) -> dict[str, str]:
    """Return the environment of a process that compiles: numba's own variables are ours to set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    path = os.pathsep.join(filter(None, (str(_ROOT), kept.get("PYTHONPATH"))))
    ours = {
        "PYTHONPATH": path,
        "NUMBA_CPU_NAME": level,
        "NUMBA_CPU_FEATURES": LEVELS[level].tuning,
        "NUMBA_DISABLE_INTEL_SVML": "1",  # a library that another machine need not have
    }
    return kept | ours
