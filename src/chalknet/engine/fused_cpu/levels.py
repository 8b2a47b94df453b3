"""Instruction sets: which one this processor has, and how wide a vector is in code for it."""

from __future__ import annotations

import platform
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import llvmlite.binding


@dataclass(frozen=True)
class InstructionSet:
    """An instruction set that code is compiled for.

    Args:
        name: LLVM's name of the processor that has it and nothing more.
        vector_bytes: the length of a vector.
        features: what a processor must have beyond the level before.
        tuning: LLVM's features that choose among its instructions.
    """

    name: str
    vector_bytes: int
    features: frozenset[str] = frozenset()
    tuning: str = ""

    def lanes(self, itemsize: int) -> int:
        """Return how many numbers of so many bytes a vector holds."""
        return self.vector_bytes // itemsize


_X86 = (
    InstructionSet("x86-64", 16),
    InstructionSet("x86-64-v2", 16, frozenset("cx16 sahf popcnt sse3 sse4.1 sse4.2 ssse3".split())),
    InstructionSet("x86-64-v3", 32, frozenset("avx avx2 bmi bmi2 f16c fma lzcnt movbe xsave".split())),
    # Vectors of 64 bytes in loops too: 1 -> 500 sigmoid -> 1 takes 82 µs an update in place of 95.
    InstructionSet(
        "x86-64-v4",
        64,
        frozenset("avx512f avx512bw avx512cd avx512dq avx512vl".split()),
        tuning="-prefer-256-bit",
    ),
)
_OTHER = InstructionSet("generic", 16)
_ARCHITECTURES = {"x86_64": _X86, "amd64": _X86}  # by `platform.machine()`

LEVELS = {level.name: level for level in (*_X86, _OTHER)}


def levels_of(machine: str, features: Collection[str]) -> tuple[InstructionSet, ...]:
    """Return the levels whose code a processor can run, the highest first.

    Args:
        machine: the architecture, as `platform.machine()` calls it.
        features: what the processor has, under LLVM's names.
    """
    usable: list[InstructionSet] = []
    for level in _ARCHITECTURES.get(machine.lower(), (_OTHER,)):
        if level.features - set(features):
            break
        usable.insert(0, level)
    return tuple(usable)


@cache
def usable_levels() -> tuple[InstructionSet, ...]:
    """Return the levels whose code this processor can run, the highest first."""
    found = llvmlite.binding.get_host_cpu_features()
    return levels_of(platform.machine(), [name for name, present in found.items() if present])


def all_levels() -> tuple[InstructionSet, ...]:
    """Return the levels of this machine's architecture for which packages are built, the highest first."""
    levels = _ARCHITECTURES.get(platform.machine().lower(), (_OTHER,))
    return levels[:0:-1] or levels
