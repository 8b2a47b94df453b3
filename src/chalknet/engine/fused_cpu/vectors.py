"""Vector instructions that numba does not write by itself, and with them the tiles of a matrix product.

A tile keeps `rows × vectors` sums in registers while it walks the inner axis: each step loads `vectors`
vectors of B and spreads one number of A to each row. Written for the machine at hand: 64-byte vectors
with AVX-512, else 32 or 16 bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from chalknet.engine.fused_cpu.levels import LEVELS
from chalknet.engine.fused_cpu.object_file import current_level
from chalknet.engine.fused_cpu.scalars import intrinsic

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"


VECTOR_BYTES = (LEVELS.get(os.environ.get("NUMBA_CPU_NAME", "")) or current_level()).vector_bytes
TILE_ROWS = 12 if VECTOR_BYTES == 64 else 6  # of two vectors each: 24 of 32 registers, or 12 of 16
FAST = ("contract", "reassoc", "nsz")


class Writer:
    """Writes vector instructions; all places are counted in numbers, not bytes.

    Args:
        context: numba's.
        builder: llvmlite's, at the place where the instructions go.
        array: the numba type of the arrays.
    """

    def __init__(self, context: Any, builder: Any, array: Any) -> None:
        self.context, self.builder = context, builder
        self.element = context.get_data_type(array.dtype)
        self.itemsize = 4 if isinstance(self.element, ir.FloatType) else 8
        self.lanes = VECTOR_BYTES // self.itemsize
        self.vector = ir.VectorType(self.element, self.lanes)

    def fields(self, kinds: Any, value: Any) -> list[Any]:
        """Return the parts of a tuple, arrays as the address of their first number."""
        return [
            self._part(*part) for part in zip(kinds, cgutils.unpack_tuple(self.builder, value), strict=True)
        ]

    def _part(self, kind: Any, value: Any) -> Any:
        if isinstance(kind, types.NamedTuple):
            return kind.instance_class(*self.fields(kind.types, value))
        if isinstance(kind, types.Array):
            return self.context.make_array(kind)(self.context, self.builder, value).data
        return value

    def row_at(self, matrix: Any, row: int) -> Any:
        """Return where a row of a matrix begins."""
        return self.builder.add(matrix.offset, self.builder.mul(matrix.row_stride, self.number(row)))

    def number(self, value: int) -> Any:
        """Return a whole number of 64 bits."""
        return ir.Constant(ir.IntType(64), value)

    def place(self, base: Any, at: Any, offset: int = 0) -> Any:
        """Return the place of a vector."""
        position = self.builder.add(at, self.number(offset)) if offset else at
        pointer = self.builder.gep(base, [position])
        return self.builder.bitcast(pointer, self.vector.as_pointer())

    def load(self, base: Any, at: Any, offset: int = 0) -> Any:
        """Return the vector at a place."""
        return self.builder.load(self.place(base, at, offset), align=self.itemsize)

    def store(self, vector: Any, base: Any, at: Any, offset: int = 0) -> None:
        """Write a vector to a place."""
        self.builder.store(vector, self.place(base, at, offset), align=self.itemsize)

    def spread(self, base: Any, at: Any) -> Any:
        """Return a vector full of one number."""
        builder = self.builder
        value = builder.load(builder.gep(base, [at]), align=self.itemsize)
        nothing = ir.Constant(self.vector, ir.Undefined)
        single = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return builder.shuffle_vector(single, nothing, zeros)

    def sums(self, vectors: int) -> list[Any]:
        """Return places for sums, zero at first; LLVM turns them into registers."""
        zero = ir.Constant(self.vector, [0.0] * self.lanes)
        return [cgutils.alloca_once_value(self.builder, zero) for _ in range(vectors)]

    def add(self, slot: Any, vector: Any) -> None:
        """Add a vector to a sum."""
        self.builder.store(self.builder.fadd(self.builder.load(slot), vector, flags=FAST), slot)

    def add_product(self, slot: Any, a: Any, b: Any) -> None:
        """Add the product of two vectors to a sum."""
        self.add(slot, self.builder.fmul(a, b, flags=FAST))

    def store_sums(self, chains: list[list[Any]], base: Any, at: Any) -> None:
        """Write the sums of all chains, added up, side by side."""
        for v, (first, *others) in enumerate(zip(*chains, strict=True)):
            for other in others:
                self.add(first, self.builder.load(other))
            self.store(self.builder.load(first), base, at, v * self.lanes)

    def in_chains(self, count: Any, chains: int, one: Callable[[int, Any], None]) -> None:
        """Write a loop that calls `one(chain, index)` for each index below count, the chains in turn."""
        builder = self.builder
        whole = builder.udiv(count, self.number(chains))
        with cgutils.for_range(builder, whole) as loop:
            first = builder.mul(loop.index, self.number(chains))
            for chain in range(chains):
                one(chain, builder.add(first, self.number(chain)))
        if chains > 1:
            done = builder.mul(whole, self.number(chains))
            with cgutils.for_range(builder, builder.sub(count, done)) as loop:
                one(0, builder.add(done, loop.index))

    def positive(self, vector: Any) -> Any:
        """Return max(z, 0), compared as whole numbers: that leaves the multiply-add units free."""
        builder = self.builder
        whole = ir.VectorType(ir.IntType(8 * self.itemsize), self.lanes)
        zero = ir.Constant(whole, [0] * self.lanes)
        bits = builder.bitcast(vector, whole)
        larger = builder.select(builder.icmp_signed(">", bits, zero), bits, zero)
        return builder.bitcast(larger, self.vector)

    def sum_of(self, vector: Any) -> Any:
        """Return the sum of a vector's numbers."""
        name = f"llvm.vector.reduce.fadd.v{self.lanes}f{8 * self.itemsize}"
        kind = ir.FunctionType(self.element, [self.element, self.vector])
        function = self.builder.module.globals.get(name) or ir.Function(self.builder.module, kind, name)
        return self.builder.call(function, [ir.Constant(self.element, 0.0), vector], fastmath=("reassoc",))


def written(write: Callable[..., None]) -> Any:
    """Return compiled code from a function that writes its instructions.

    Args:
        write: takes a `Writer` and what the code is called with: an array as the address of its first number,
            a named tuple with its fields so, all else as a whole number of 64 bits.
    """

    @intrinsic
    def code(context, *arguments):
        kinds = types.Tuple([kind if _holds_arrays(kind) else types.int64 for kind in arguments])

        def generate(context, builder, signature, args):
            writer = Writer(context, builder, _first_array(kinds))
            write(writer, *writer.fields(kinds, args[0]))
            return context.get_dummy_value()

        return types.void(kinds), generate

    return code


def _holds_arrays(kind: Any) -> bool:
    return isinstance(kind, types.Array | types.NamedTuple)


def _first_array(kinds: Any) -> Any:
    first = next(kind for kind in kinds if _holds_arrays(kind))
    return first if isinstance(first, types.Array) else _first_array(first.types)


def tile(rows: int, vectors: int) -> Any:
    """Return compiled code `(a, b, start, c, steps)` for a tile C = S + A B of so many rows and vectors."""
    chains = max(1, 8 // (rows * vectors))  # independent sums hide the adder's latency

    @written
    def code(writer, a, b, start, c, steps):
        builder = writer.builder
        sums = [[writer.sums(vectors) for _ in range(rows)] for _ in range(chains)]
        for row, slots in enumerate(sums[0]):
            at = writer.row_at(start, row)
            for v, slot in enumerate(slots):
                builder.store(writer.load(start.values, at, v * writer.lanes), slot)

        def add_step(chain, step):
            b_at = builder.add(b.offset, builder.mul(step, b.row_stride))
            a_at = builder.add(a.offset, builder.mul(step, a.column_stride))
            loaded = [writer.load(b.values, b_at, v * writer.lanes) for v in range(vectors)]
            for row, slots in enumerate(sums[chain]):
                shift = builder.mul(a.row_stride, writer.number(row))  # added last: few registers are left
                spread = writer.spread(a.values, builder.add(a_at, shift))
                for slot, vector in zip(slots, loaded, strict=True):
                    writer.add_product(slot, spread, vector)

        writer.in_chains(steps, chains, add_step)
        for row in range(rows):
            writer.store_sums([chain[row] for chain in sums], c.values, writer.row_at(c, row))

    return code


@written
def transpose_square(writer, source, target):
    """Transpose a square of whole vectors, by exchanging parts of pairs of rows."""
    builder, size = writer.builder, writer.lanes
    numbers = ir.VectorType(ir.IntType(32), size)
    rows = [writer.load(source.values, writer.row_at(source, row)) for row in range(size)]
    step = 1
    while step < size:
        low = ir.Constant(numbers, [size + j - step if j & step else j for j in range(size)])
        high = ir.Constant(numbers, [size + j if j & step else j + step for j in range(size)])
        for first in range(size):
            if not first & step:
                pair = rows[first], rows[first + step]
                rows[first], rows[first + step] = (
                    builder.shuffle_vector(*pair, mask) for mask in (low, high)
                )
        step *= 2
    for row, vector in enumerate(rows):
        writer.store(vector, target.values, writer.row_at(target, row))
