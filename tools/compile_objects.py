"""Compile the engine fused_cpu into object code that the package ships: for this machine, or for all like it.

    python tools/compile_objects.py          # for the instruction set of this machine
    python tools/compile_objects.py --all    # for each one of its architecture, as a wheel needs it

`--missing` keeps what was compiled of the same sources before, whole, and compiles the rest; so a wheel that
was interrupted goes on. Files of other sources, which no version of this code loads, are removed.

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


def path_of(unit, level):
    """Return where the package has the code of a unit for an instruction set."""
    return object_file.SHIPPED / object_file.file_name(unit.name, level.name)


def is_whole(path):
    """Return whether a file is there and as it was written."""
    try:
        object_file.from_bytes(path.read_bytes())
    except (OSError, object_file.Damaged):
        return False
    return True


def compile_level(level, wanted):
    """Compile units for one instruction set and write them to the package's folder."""
    done = 0

    def count():
        nonlocal done
        done += 1
        if done % 25 == 0:
            print(f"  {done} functions compiled", flush=True)

    print(f"compiling the engine fused_cpu for {level.name}: about a minute", flush=True)
    contents = building.build(wanted, level.name, os.cpu_count() or 1, count)
    for unit, content in zip(wanted, contents, strict=True):
        path_of(unit, level).write_bytes(content)


def main():
    """Compile for the instruction sets that the command names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every instruction set of this architecture")
    parser.add_argument("--missing", action="store_true", help="only what is not compiled yet")
    options = parser.parse_args()
    chosen = levels.all_levels() if options.all else levels.usable_levels()[:1]
    kept = {path_of(unit, level) for level in chosen for unit in units()} if options.missing else set()
    object_file.SHIPPED.mkdir(exist_ok=True)
    for old in object_file.SHIPPED.glob("*.bin"):
        if old not in kept or not is_whole(old):
            old.unlink()
    for level in chosen:
        wanted = [unit for unit in units() if not path_of(unit, level).exists()]
        if wanted:
            compile_level(level, wanted)


if __name__ == "__main__":
    main()
