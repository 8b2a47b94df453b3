"""The process that compiles a unit: reads it as JSON, writes the content of its file, and a line a function.

It is started by `building`, with the instruction set in numba's own variables. It needs no torch.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, event
from numba.np.arrayobj import populate_array
from numba.np.numpy_support import from_dtype

from chalknet.engine.fused_cpu.building import START
from chalknet.engine.fused_cpu.formulas import compile_loop
from chalknet.engine.fused_cpu.kernels import KERNELS
from chalknet.engine.fused_cpu.loops import loops_of_tables
from chalknet.engine.fused_cpu.object_file import ObjectCode, Unit, to_bytes
from chalknet.engine.fused_cpu.phases import PIECE
from chalknet.engine.fused_cpu.records import fields_of, name_of
from chalknet.engine.fused_cpu.step_table import STEP

# mypy: disable-error-code="no-untyped-call"

_WORD = ir.IntType(64)
_LOADING = (
    f"{START}from chalknet.engine.fused_cpu import object_file\n"
    "object_file.LoadedCode(object_file.from_bytes(sys.stdin.buffer.read()))"
)


def main() -> None:
    """Compile the unit that standard input names; write its file's content to standard output."""
    event.register("numba:compile", _Listener())
    content = to_bytes(compiled(Unit.from_json(sys.stdin.read())))
    # Code that calls a function which is nowhere would end the process that loads it: this one is spare.
    subprocess.run([sys.executable, "-P", "-c", _LOADING], input=content, check=True)
    sys.stdout.buffer.write(content)


def compiled(unit: Unit) -> ObjectCode:
    """Return the object code of a unit."""
    loops = loops_of_tables(unit.tables) if unit.tables else unit.loops
    results = {loop.name: compile_loop(loop) for loop in loops}
    entries = [_loop_entry(symbol, result) for symbol, result in results.items()]
    if unit.kernel:
        results[unit.kernel] = _compiled_kernel(unit)
        entries.append(_kernel_entry(unit.kernel, results[unit.kernel]))
    whole, *others = map(_parsed, entries)
    for other in (*others, *(result.library._get_module_for_linking() for result in results.values())):
        whole.link_in(other, preserve=True)
    machine = next(iter(results.values())).library.codegen._tm
    return ObjectCode(os.environ["NUMBA_CPU_NAME"], tuple(results), bytes(machine.emit_object(whole)))


def _compiled_kernel(unit: Unit) -> Any:
    """Return numba's result of compiling a kernel for the types of its arrays."""
    kernel, dtypes = KERNELS[unit.kernel], iter(unit.dtypes)
    function = getattr(import_module(f"chalknet.engine.fused_cpu.{kernel.module}"), unit.kernel)
    signature = tuple(_type_of(kind, dtypes) for kind in kernel.arguments)
    function.compile(signature)
    return function.overloads[signature]


def _type_of(kind: Any, dtypes: Iterator[str]) -> Any:
    """Return numba's type of an annotated argument, the arrays' types taken from an iterator."""
    if fields := fields_of(kind):
        return types.NamedTuple([_type_of(part, dtypes) for part in fields.values()], kind)
    if kind in _NUMBERS:
        return _NUMBERS[kind]
    name = next(dtypes)
    return types.Array(from_dtype(_RECORDS.get(name) or np.dtype(name)), 1, "C")


_RECORDS = {name_of(record): record for record in (STEP, PIECE)}
_NUMBERS = {int: types.int64, float: types.float64}


def _kernel_entry(symbol: str, result: Any) -> Any:
    """Return a module with the function that unpacks the words at an address and calls a kernel.

    It returns what the kernel does, or -1 where the kernel ends with an error.
    """
    module = _module(symbol)
    function = ir.Function(module, ir.FunctionType(_WORD, [_WORD.as_pointer()]), symbol)
    builder = ir.IRBuilder(function.append_basic_block())
    words = _Words(result.target_context, builder, function.args[0])
    status, returned = _call(result, builder, [words.take(kind) for kind in result.signature.args])
    builder.ret(builder.select(status.is_error, ir.Constant(_WORD, -1), returned))
    return module


def _loop_entry(symbol: str, result: Any) -> Any:
    """Return a module with the function that calls a loop by C's convention."""
    module, context = _module(symbol), result.target_context
    kinds = [context.get_value_type(kind) for kind in result.signature.args]
    function = ir.Function(module, ir.FunctionType(ir.DoubleType(), kinds), symbol)
    builder = ir.IRBuilder(function.append_basic_block())
    _, returned = _call(result, builder, function.args)
    builder.ret(returned)
    return module


def _call(result: Any, builder: Any, arguments: Any) -> Any:
    """Write a call of a compiled function; return its status and what it returns."""
    convention, facts = result.target_context.call_conv, result.fndesc
    kind = convention.get_function_type(facts.restype, facts.argtypes)
    function = cgutils.get_or_insert_function(builder.module, kind, facts.llvm_func_name)
    return convention.call_function(builder, function, facts.restype, facts.argtypes, arguments)


class _Words:
    """Reads the words that `records.pack` has written, one after another."""

    def __init__(self, context: Any, builder: Any, address: Any) -> None:
        self._context, self._builder, self._address, self._taken = context, builder, address, 0

    def take(self, kind: Any) -> Any:
        """Return the next value of a type."""
        if isinstance(kind, types.NamedTuple):
            return self._context.make_tuple(self._builder, kind, [self.take(part) for part in kind.types])
        if isinstance(kind, types.Array):
            return self._array(kind)
        word = self._word()
        return self._builder.bitcast(word, ir.DoubleType()) if kind == types.float64 else word

    def _word(self) -> Any:
        place = self._builder.gep(self._address, [ir.Constant(_WORD, self._taken)])
        self._taken += 1
        return self._builder.load(place)

    def _array(self, kind: Any) -> Any:
        element = self._context.get_data_type(kind.dtype)
        itemsize = self._context.get_constant(types.intp, self._context.get_abi_sizeof(element))
        array = self._context.make_array(kind)(self._context, self._builder)
        data = self._builder.inttoptr(self._word(), element.as_pointer())
        shape, strides = (cgutils.pack_array(self._builder, [size]) for size in (self._word(), itemsize))
        populate_array(array, data=data, shape=shape, strides=strides, itemsize=itemsize, meminfo=None)
        return array._getvalue()


def _module(name: str) -> Any:
    module = ir.Module(cgutils.normalize_ir_text(name))
    module.triple = llvm.get_process_triple()
    return module


def _parsed(module: Any) -> Any:
    parsed = llvm.parse_assembly(cgutils.normalize_ir_text(str(module)))
    parsed.verify()
    return parsed


class _Listener(event.Listener):
    """Writes a line to standard error for each function that is compiled."""

    def on_start(self, event: Any) -> None:
        """Do nothing: a function counts once it is compiled."""

    def on_end(self, event: Any) -> None:
        """Write the line."""
        sys.stderr.write("+\n")
        sys.stderr.flush()
