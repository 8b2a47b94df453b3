"""The schedule by hidden units: one hidden layer between few inputs and outputs, weights in registers."""

from __future__ import annotations

from chalknet.engine.fused_cuda.schedules import (
    CLUSTER,
    CLUSTER_BLOCKS,
    GRID,
    ONE_BLOCK,
    KernelPlan,
    Launch,
    Limits,
)
from chalknet.engine.fused_cuda.stages import LINEAR, Stage

_MOST_INPUTS, _MOST_OUTPUTS, _LEAST_UNITS, _MOST_ROWS = 8, 4, 64, 256
_MOST_LANES = 8  # threads that share a unit
# registers of 32 bits for a thread's weights and what is kept of them: of at most 256 threads, of more
_REGISTERS = (
    120,
    64,
)
_SUMS = 16  # numbers in registers on the way forward: a lane's samples by outputs
_HEAD_BYTES, _SPARE_BYTES = 32, 1024


def hidden_schedule(
    stages: list[Stage], rows: int, itemsize: int, slots: int, limits: Limits, meet: int | None = None
) -> KernelPlan | None:
    """Return the schedule by hidden units; None where it does not suit the network, its batch or the device.

    Args:
        stages: of the network.
        rows: samples of a whole batch.
        itemsize: bytes of a number.
        slots: how many arrays the optimizer keeps.
        limits: of the device.
        meet: how the blocks meet; None to choose.
    """
    if not _suits(stages, rows):
        return None
    hidden, output = stages
    each = hidden.inputs + hidden.bias + output.outputs
    for way in (CLUSTER, ONE_BLOCK, GRID) if meet is None else (meet,):
        if way == CLUSTER and limits.architecture < 90:
            continue
        blocks = {ONE_BLOCK: 1, CLUSTER: CLUSTER_BLOCKS, GRID: limits.multiprocessors}[way]
        threads = min(256 if way == CLUSTER else 512, limits.threads - 32)  # and a warp that has no units
        if -(-rows // 32) * 32 > threads:
            continue
        a_block = -(-hidden.outputs // blocks)
        lanes = 1
        while lanes < _MOST_LANES and 2 * lanes * a_block <= threads:
            lanes *= 2
        units = -(-a_block * lanes // threads)
        if units * each * (2 + slots) * itemsize > 4 * _REGISTERS[threads > 256]:
            continue
        found = _schedule(stages, rows, itemsize, Launch(way, blocks, threads + 32, 0), units, lanes)
        if found.launch.shared_bytes + _SPARE_BYTES <= limits.shared_bytes:
            return found
    return None


def _suits(stages: list[Stage], rows: int) -> bool:
    if [stage.kind for stage in stages] != [LINEAR, LINEAR] or any(stage.positions > 1 for stage in stages):
        return False
    hidden, output = stages
    return (
        hidden.inputs <= _MOST_INPUTS
        and output.outputs <= _MOST_OUTPUTS
        and hidden.outputs >= _LEAST_UNITS
        and rows <= _MOST_ROWS
        and -(-rows // 32) * output.outputs <= _SUMS
    )


def _schedule(
    stages: list[Stage], rows: int, itemsize: int, launch: Launch, units: int, lanes: int
) -> KernelPlan:
    hidden, output = stages
    samples, outputs = -(-rows // 32) * 32, output.outputs
    is_relu = int(outputs == 1 and [_name(behind.step) for behind in hidden.behind] == ["relu"])

    def wide(numbers: int) -> int:
        return -(-numbers * itemsize // 16) * 16 // itemsize

    block_units, columns = units * (launch.threads - 32) // lanes, outputs * samples
    unit_line = wide(hidden.inputs + hidden.bias + outputs)
    sample_line = wide(hidden.inputs * (1 + is_relu) + outputs)
    chunks = max(1, launch.threads // (columns // wide(1)))
    sums = max(launch.threads // 32, chunks) * columns
    exchanged = 2 * launch.blocks * columns if launch.meet == CLUSTER else 0
    shared = (
        block_units * unit_line + samples * sample_line + sums + exchanged
        + 2 * samples * hidden.inputs + samples + outputs + 1
    )  # fmt: skip
    weights_at = [0, -(-hidden.weights // 4) * 4]
    constants = {
        "BLOCKS": launch.blocks, "THREADS": launch.threads, "BLOCKS_MEET": launch.meet, "ROWS": rows,
        "UNITS_EACH": units, "LANES_EACH": lanes, "IS_RELU": is_relu, "TILE_ROWS": rows,
        "HOLDS_RULE": 1, "ALTERS": 0,
    }  # fmt: skip
    return KernelPlan(
        "hidden_units.cu",
        Launch(launch.meet, launch.blocks, launch.threads, _HEAD_BYTES + shared * itemsize),
        constants,
        [{}, {}],
        [{}, {}],
        weights_at,
        2 * launch.blocks * columns if launch.meet == GRID else 0,
        weights_at[1] + -(-output.weights // 4) * 4,
    )


def _name(step: object) -> str:
    return str(getattr(step, "kind", ""))
