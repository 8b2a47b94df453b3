"""Compile the engine fused_cpu into object code that the package ships: for this machine, or for all like it.

    python tools/compile_objects.py          # for the instruction set of this machine
    python tools/compile_objects.py --all    # for each one of its architecture, as a wheel needs it

It needs numba and numpy; the package is built by it (`hatch_build.py`).
"""

import argparse
import os
import sys
import types
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "src"
sys.path.insert(0, str(SOURCES))
for name in ("engine", "engine/fused_cpu"):  # their doors would load torch, which is not needed
    package = types.ModuleType(f"chalknet.{name.replace('/', '.')}")
    package.__path__ = [str(SOURCES / "chalknet" / name)]
    sys.modules[package.__name__] = package

from chalknet.engine.fused_cpu import building, kernels, levels, loops, object_file  # noqa: E402
from chalknet.units import DTYPES  # noqa: E402


def units():
    """Return all that is compiled: each kernel and the loops of the tables, for each dtype."""
    rows = [kernel.unit(dtype) for kernel in kernels.KERNELS.values() for dtype in DTYPES]
    return [*rows, *map(loops.loops_unit, DTYPES)]


def compile_level(level):
    """Compile everything for one instruction set and write it to the package's folder."""
    wanted, done = units(), 0

    def count():
        nonlocal done
        done += 1
        if done % 25 == 0:
            print(f"  {done} functions compiled", flush=True)

    print(f"compiling the engine fused_cpu for {level.name}: about a minute", flush=True)
    contents = building.build(wanted, level.name, os.cpu_count() or 1, count)
    for unit, content in zip(wanted, contents, strict=True):
        (object_file.SHIPPED / object_file.file_name(unit.name, level.name)).write_bytes(content)


def main():
    """Compile for the instruction sets that the command names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every instruction set of this architecture")
    chosen = levels.all_levels() if parser.parse_args().all else levels.usable_levels()[:1]
    object_file.SHIPPED.mkdir(exist_ok=True)
    for old in object_file.SHIPPED.glob("*.bin"):
        old.unlink()
    for level in chosen:
        compile_level(level)


if __name__ == "__main__":
    main()
