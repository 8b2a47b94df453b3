"""Vector instructions that numba does not write by itself: register tiles of a matrix product.

A tile keeps `rows × vectors` sums in registers while it walks the inner axis: each step loads `vectors`
vectors of B and spreads one number of A to each row. Written for the machine at hand: 64-byte vectors
with AVX-512, else 32 or 16 bytes.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import cgutils

from chalknet.engine.fused_cpu.scalars import intrinsic, part

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"


def _vector_bytes() -> int:
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64
    return 32 if features.get("avx2") else 16


VECTOR_BYTES = _vector_bytes()
TILE_ROWS = 12 if VECTOR_BYTES == 64 else 6  # with two vectors a row: 24 of 32 registers, 12 of 16
_FAST = ("contract", "reassoc", "nsz")


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

    def base(self, array: Any, value: Any) -> Any:
        """Return where an array's numbers begin."""
        return self.context.make_array(array)(self.context, self.builder, value).data

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

    def spread(self, base: Any, at: Any) -> Any:
        """Return a vector full of one number."""
        builder = self.builder
        value = builder.load(builder.gep(base, [at]), align=self.itemsize)
        nothing = ir.Constant(self.vector, ir.Undefined)
        single = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return builder.shuffle_vector(single, nothing, zeros)

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


class _Tile(Writer):
    """Writes the instructions of one tile."""

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        super().__init__(context, builder, signature.args[0])
        (a, self.a_at, self.a_row, self.a_step, b, self.b_at, self.b_step, self.steps) = args[:8]
        (start, self.start_at, self.start_row, c, self.c_at, self.c_row) = args[8:]
        arrays = zip((0, 4, 8, 11), (a, b, start, c), strict=True)
        self.a, self.b, self.start, self.c = (self.base(signature.args[i], value) for i, value in arrays)

    def row_at(self, at: Any, stride: Any, row: int) -> Any:
        return self.builder.add(at, self.builder.mul(stride, self.number(row)))

    def one_step(self, sums: list[list[Any]], step: Any) -> None:
        """Add one step of the inner axis to the sums."""
        builder = self.builder
        b_at = builder.add(self.b_at, builder.mul(step, self.b_step))
        a_at = builder.add(self.a_at, builder.mul(step, self.a_step))
        loaded = [self.load(self.b, b_at, v * self.lanes) for v in range(len(sums[0]))]
        for row, slots in enumerate(sums):
            spread = self.spread(self.a, self.row_at(a_at, self.a_row, row))
            for slot, vector in zip(slots, loaded, strict=True):
                product = builder.fmul(spread, vector, flags=_FAST)
                builder.store(builder.fadd(builder.load(slot), product, flags=_FAST), slot)

    def slots(self, rows: int, vectors: int) -> list[list[Any]]:
        """Return a place for each sum; LLVM turns them into registers."""
        return [[cgutils.alloca_once(self.builder, self.vector) for _ in range(vectors)] for _ in range(rows)]

    def write(self, rows: int, vectors: int, chains: int) -> None:
        """Write the whole tile: start values, the walk, the sums into C."""
        builder = self.builder
        sums = [self.slots(rows, vectors) for _ in range(chains)]
        zero = ir.Constant(self.vector, [0.0] * self.lanes)
        for row in range(rows):
            at = self.row_at(self.start_at, self.start_row, row)
            for v in range(vectors):
                builder.store(self.load(self.start, at, v * self.lanes), sums[0][row][v])
                for chain in sums[1:]:
                    builder.store(zero, chain[row][v])
        whole = builder.udiv(self.steps, self.number(chains))
        with cgutils.for_range(builder, whole) as loop:
            first = builder.mul(loop.index, self.number(chains))
            for index, chain in enumerate(sums):
                self.one_step(chain, builder.add(first, self.number(index)))
        if chains > 1:
            done = builder.mul(whole, self.number(chains))
            with cgutils.for_range(builder, builder.sub(self.steps, done)) as loop:
                self.one_step(sums[0], builder.add(done, loop.index))
        for row in range(rows):
            at = self.row_at(self.c_at, self.c_row, row)
            for v in range(vectors):
                total = builder.load(sums[0][row][v])
                for chain in sums[1:]:
                    total = builder.fadd(total, builder.load(chain[row][v]), flags=_FAST)
                builder.store(total, self.place(self.c, at, v * self.lanes), align=self.itemsize)


def _tile(rows: int, vectors: int) -> Any:
    chains = max(1, 8 // (rows * vectors))  # sums that wait for nobody: the adder's latency is hidden

    @intrinsic
    def tile(
        context, a, a_at, a_row, a_step, b, b_at, b_step, steps, start, start_at, start_row, c, c_at, c_row
    ):
        arguments = (
            a,
            a_at,
            a_row,
            a_step,
            b,
            b_at,
            b_step,
            steps,
            start,
            start_at,
            start_row,
            c,
            c_at,
            c_row,
        )
        signature = types.void(*(t if isinstance(t, types.Array) else types.int64 for t in arguments))

        def write(context, builder, signature, args):
            _Tile(context, builder, signature, args).write(rows, vectors, chains)
            return context.get_dummy_value()

        return signature, write

    @part
    def run(a, a_at, a_row, a_step, b, b_at, b_step, steps, start, start_at, start_row, c, c_at, c_row):
        tile(a, a_at, a_row, a_step, b, b_at, b_step, steps, start, start_at, start_row, c, c_at, c_row)

    return run


tile_full_2, tile_full_1 = _tile(TILE_ROWS, 2), _tile(TILE_ROWS, 1)
tile_4_2, tile_4_1 = _tile(4, 2), _tile(4, 1)
tile_2_2, tile_2_1 = _tile(2, 2), _tile(2, 1)
tile_1_2, tile_1_1 = _tile(1, 2), _tile(1, 1)
