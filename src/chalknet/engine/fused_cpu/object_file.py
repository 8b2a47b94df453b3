"""A file of object code: what is compiled as a piece, how its file is told whole, and how it is loaded.

The file names its instruction set and carries the SHA-256 of all that follows: nothing of a damaged file, and
nothing for another processor, is ever executed. Loading needs llvmlite, and no compiler.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import sys
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from chalknet.engine.fused_cpu.levels import InstructionSet, usable_levels

_MAGIC = b"chalknet object code 1\n"
_FOLDER = Path(__file__).parent
SHIPPED = _FOLDER / "objects"
# These say nothing of what is compiled; a change of any other file here compiles anew.
_NOT_COMPILED = (
    "__init__.py",
    "engine.py",
    "session.py",
    "schedules.py",
    "calls.py",
    "thread_team.py",
    "objects.py",
    "samples.py",
    "building.py",
    "needs.py",
)
# What the code may call: an unknown name would end the process when it is loaded.
_MATHEMATICS = (
    "ceil copysign cos erf exp exp2 expm1 floor fma fmax fmin fmod ldexp log log10 log1p log2 nearbyint pow "
    "rint round sin sqrt tanh trunc"
)
_CALLED = (
    *("memcpy", "memmove", "memset", "usleep"),
    *(name + suffix for name in _MATHEMATICS.split() for suffix in ("", "f")),
)


class Damaged(ValueError):
    """A file that is not what was written; the text says why."""


@dataclass(frozen=True)
class Loop:
    """A loop to be compiled.

    Args:
        name: made of the text and the dtype, which alone tell loops apart.
        dtype: of its arrays.
        arguments: "array", "number", "int" or "options" each.
        text: the function.
    """

    name: str
    dtype: str
    arguments: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Unit:
    """What is compiled as a piece and kept in one file: one of these three.

    Args:
        name: of the unit; it stands in the file's name.
        kernel: the kernel, where it is one.
        dtypes: the types of the arrays among the kernel's arguments, in their order.
        tables: the dtype, where it is the loops of every activation and loss of chalknet's own tables.
        loops: the loops, where it is some others.
    """

    name: str
    kernel: str = ""
    dtypes: tuple[str, ...] = ()
    tables: str = ""
    loops: tuple[Loop, ...] = ()

    def to_json(self) -> str:
        """Return the unit as text, for the process that compiles it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Unit:
        """Return the unit of such a text."""
        fields = json.loads(text)
        loops = [Loop(**{**loop, "arguments": tuple(loop["arguments"])}) for loop in fields["loops"]]
        return cls(**{**fields, "dtypes": tuple(fields["dtypes"]), "loops": tuple(loops)})


@dataclass(frozen=True)
class ObjectCode:
    """Compiled code.

    Args:
        level: the instruction set that it needs.
        symbols: the names under which it is found.
        code: the object file itself.
    """

    level: str
    symbols: tuple[str, ...]
    code: bytes


@cache
def current_level() -> InstructionSet:
    """Return the instruction set of this process: the highest one that the package has code for, if any."""
    usable = usable_levels()
    shipped = [level for level in usable if any(SHIPPED.glob(f"*-{level.name}-{sources_hash()}.bin"))]
    return (shipped or usable)[0]


@cache
def sources_hash() -> str:
    """Return a hash of the sources that compiled code is made of."""
    sources = [path for path in sorted(_FOLDER.glob("*.py")) if path.name not in _NOT_COMPILED]
    return f"{zlib.crc32(b''.join(path.read_bytes() for path in sources)):08x}"


def file_name(unit: str, level: str) -> str:
    """Return the name of the file of a unit: another processor's and another version's lie beside it."""
    return f"{unit}-{level}-{sources_hash()}.bin"


def to_bytes(compiled: ObjectCode) -> bytes:
    """Return the content of a file."""
    facts = json.dumps({"level": compiled.level, "symbols": compiled.symbols})
    content = facts.encode() + b"\n" + compiled.code
    return _MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def from_bytes(content: bytes) -> ObjectCode:
    """Return the code in a file's content.

    Raises:
        Damaged: for any other content than `to_bytes` gave.
    """
    digest, _, rest = content.removeprefix(_MAGIC).partition(b"\n")
    if not content.startswith(_MAGIC) or hashlib.sha256(rest).hexdigest().encode() != digest:
        raise Damaged("its content is not what was written")
    facts, _, code = rest.partition(b"\n")
    found = json.loads(facts)
    return ObjectCode(found["level"], tuple(found["symbols"]), code)


_KEPT: list[Any] = []  # an address may be known anywhere


class LoadedCode:
    """Object code in memory, where it stays as long as the process.

    Args:
        compiled: for a processor that is at hand.

    Raises:
        Damaged: where it calls what this system has not.
    """

    def __init__(self, compiled: ObjectCode) -> None:
        _provide(compiled.code)
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        triple = llvm.get_process_triple()
        machine = llvm.Target.from_triple(triple).create_target_machine(jit=True)
        empty = llvm.parse_assembly(f'target triple = "{triple}"')
        self._engine = llvm.create_mcjit_compiler(empty, machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(compiled.code))
        self._engine.finalize_object()
        self.symbols = compiled.symbols
        _KEPT.append(self._engine)

    def address(self, symbol: str) -> int:
        """Return where the code of a symbol begins."""
        return int(self._engine.get_function_address(symbol))


def _provide(code: bytes) -> None:
    """Tell LLVM where the functions are that object code calls."""
    libraries = _libraries()
    for name in (
        name
        for name in _CALLED
        if b"\0" + name.encode() + b"\0" in code or b"\0_" + name.encode() + b"\0" in code
    ):
        function = next((getattr(library, name) for library in libraries if hasattr(library, name)), None)
        if function is None:
            raise Damaged(f"it calls {name}, which this system has not")
        llvm.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)


@cache
def _libraries() -> tuple[Any, ...]:
    """Return the libraries of C and of mathematics."""
    names = _LIBRARIES.get(sys.platform, (None, "libm.so.6"))
    found = []
    for name in names:
        with suppress(OSError):  # musl has both in one
            found.append(ctypes.CDLL(name))
    return tuple(found)


_LIBRARIES: dict[str, tuple[str | None, ...]] = {
    "win32": ("ucrtbase", "vcruntime140"),
    "darwin": (None,),
}
