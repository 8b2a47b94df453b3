"""How an update is spread over the device: chosen from the shape of the network and of its batch alone.

One block where an update is small. A cluster of blocks (sm_90 and newer) where it is larger. Else all
multiprocessors, which meet at barriers in global memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chalknet.engine.fused_cuda.stages import BATCH_NORM, LINEAR, Stage
from chalknet.engine.fused_cuda.tiles import BlockTile, smaller, tile_for, tiles_in

ONE_BLOCK, CLUSTER, GRID = range(3)
MEETINGS = ("one block", "a cluster", "a grid")
_ONE_BLOCK_WORK = 200_000  # multiply-adds of an update
_CLUSTER_WORK = 2_000_000
CLUSTER_BLOCKS = 8
_THREADS = {ONE_BLOCK: 512, CLUSTER: 256, GRID: 512}
_ROW_WEIGHTS = 40_000  # weights that every block reads anew for its rows
_MOST_TILE_ROWS = 128
_THIN_ROWS = 8  # of a tile whose rows and weights lie in shared memory
_TALL_PIECE, _TALL_ROWS = 32, 512  # sums of a thread; rows from which on gradients have them
_SPLIT_LINES = 64  # lines of a batch that are worth a part of their own
_STRETCH = 128  # of k, in a product
_COLUMNS = 32  # that a block sums over its lines at a time: a lane each
_HEAD_BYTES, _SPARE_BYTES = 512, 1024  # of which chain.cu says what they are for
_HELD_NUMBERS = 56  # in the registers of a thread: of the first Linear, and what is kept of it
_OWNED_NUMBERS = 48  # in the registers of a thread, of weights and what is kept of them


@dataclass(frozen=True)
class Limits:
    """What a device has.

    Args:
        architecture: 90 for compute capability 9.0.
        multiprocessors: how many.
        shared_bytes: shared memory that a block may have.
        threads: of a block, at most; the emulator of the tests has few.
    """

    architecture: int
    multiprocessors: int
    shared_bytes: int
    threads: int = 1024


@dataclass(frozen=True)
class Launch:
    """The shape of a launch."""

    meet: int
    blocks: int
    threads: int
    shared_bytes: int


@dataclass(frozen=True)
class KernelPlan:
    """How an update is spread over a launch.

    Args:
        kernel: the file of the kernel.
        launch: the shape of the launch.
        constants: the constants of its source.
        tiles: of each stage, the tiles by name.
        places: of each stage, where its arrays lie in the work memory, by name.
        weights_at: of each stage, where its weights lie.
        work: numbers of the work memory.
        weights: numbers of the vector of weights.
        before: of each stage, tiles of gradients of the stages before it.
        averages: numbers of what BatchNorms keep of the batches.
    """

    kernel: str
    launch: Launch
    constants: dict[str, int]
    tiles: list[dict[str, BlockTile]]
    places: list[dict[str, int]]
    weights_at: list[int]
    work: int
    weights: int
    before: list[int] = field(default_factory=list)
    averages: int = 0


def meeting(stages: list[Stage], rows: int, limits: Limits) -> int:
    """Return how the blocks of a launch meet."""
    work = 3 * rows * sum(stage.positions * stage.weights for stage in stages)
    if work <= _ONE_BLOCK_WORK:
        return ONE_BLOCK
    if work <= _CLUSTER_WORK:
        return CLUSTER if limits.architecture >= 90 else ONE_BLOCK
    return GRID


def chain_schedule(
    stages: list[Stage],
    rows: int,
    itemsize: int,
    slots: int,
    limits: Limits,
    meet: int | None = None,
    alters: bool = False,
) -> KernelPlan:
    """Return the schedule by phases, which runs any chain.

    Args:
        stages: of the network.
        rows: samples of a whole batch.
        itemsize: bytes of a number.
        slots: how many arrays the optimizer keeps.
        limits: of the device.
        meet: how the blocks meet; None to choose.
        alters: whether all gradients lie in memory before the optimizer takes them.
    """
    meet = meeting(stages, rows, limits) if meet is None else meet
    blocks = {ONE_BLOCK: 1, CLUSTER: CLUSTER_BLOCKS, GRID: limits.multiprocessors}[meet]
    threads = min(_THREADS[meet], limits.threads)
    wide = _wide_stages(stages) if blocks > 1 else 0
    tile_rows = -(-rows // blocks) if blocks == 1 else min(_MOST_TILE_ROWS, -(-rows // blocks))
    tall = 2 * threads * _TALL_PIECE * itemsize <= limits.shared_bytes
    tiles = [
        _tiles_of(stage, k < wide, rows, tile_rows, blocks, threads, tall) for k, stage in enumerate(stages)
    ]
    splits = _cut_gradients(stages, tiles, rows, blocks)
    places, weights_at, work, weights = _places(stages, rows)
    constants = {
        "BLOCKS": blocks, "THREADS": threads, "BLOCKS_MEET": meet, "WEIGHTS": weights, "SPLITS": splits,
        "ROWS": rows, "PARTS_OF_GRADIENTS": work, "TILE_ROWS": tile_rows, "FIRST_ROWS": wide,
        "STAGES": len(stages), "STRETCH": _STRETCH, "HEAD_BYTES": _HEAD_BYTES, "ALTERS": int(alters),
    }  # fmt: skip
    work += splits * weights if splits > 1 or alters else 0
    free = (limits.shared_bytes - _HEAD_BYTES - _SPARE_BYTES) // itemsize
    near = _near(stages, places, wide, tile_rows)
    room = _room(stages, tiles, rows, splits, threads)
    thin_room = threads * max(tile_rows, 16)
    chunk = _filled(-(-weights // blocks))
    held = sum(near.values()) + 4 * tile_rows * stages[-1].values  # and the targets, of eight bytes at most
    thin = not alters and _suits_thin(stages, wide, tile_rows) and held + thin_room <= free
    owned = -(-chunk // threads) * (1 + slots) * itemsize // 4
    spread = thin and meet == CLUSTER and wide == 0 and owned <= _OWNED_NUMBERS
    spread = spread and held + blocks * chunk + thin_room <= free
    if spread:
        held, room = held + blocks * chunk, thin_room
    elif thin:
        room = max(room, thin_room) if blocks > 1 else thin_room
    else:
        near, held = dict.fromkeys(near, 0), 0
    staying = {"WEIGHTS_SHARED": 0 if thin else weights, "WORK_SHARED": 0 if thin else work}
    staying["STATE_SHARED"] = slots * weights
    least = min(room, thin_room)
    alone = thin and blocks == 1
    constants["FIRST_HELD"] = int(alone and _can_hold(stages[0], threads, (1 + slots) * itemsize))
    constants |= {"SPREAD": int(spread), "CHUNK": chunk, "HOLDS_RULE": int(spread or alone)}
    constants |= near | {"THIN": int(thin), "WORK": work, **dict.fromkeys(staying, 0)}
    for name, needs in staying.items():
        if blocks == 1 and needs and held + needs + least <= free:
            constants[name], held = 1, held + needs
    constants["ROOM"] = room = min(room, free - held) // 4 * 4
    constants["IN_STRIDE"] = _filled(stages[min(wide, len(stages) - 1)].inputs)
    shape = Launch(meet, blocks, threads, _HEAD_BYTES + (room + held) * itemsize)
    before, averages = _before(stages, tiles, splits), sum(stage.averages for stage in stages)
    return KernelPlan(
        "chain.cu", shape, constants, tiles, places, weights_at, work, weights, before, averages
    )


def _can_hold(first: Stage, threads: int, a_weight: int) -> bool:
    """Return whether the threads of a block can hold the weights of a first Linear in registers."""
    if first.kind != LINEAR or first.outputs > threads:
        return False
    across = -(-first.outputs // 32) * 32 if first.outputs > 16 else 1 << (first.outputs - 1).bit_length()
    groups = min(threads // across, -(-first.inputs // 4))
    return -(-first.inputs // (4 * groups)) * 4 * a_weight <= 4 * _HELD_NUMBERS


def _suits_thin(stages: list[Stage], wide: int, tile_rows: int) -> bool:
    """Return whether a tile has so few rows that its values and the weights lie in shared memory."""
    return tile_rows <= _THIN_ROWS and wide < len(stages) and all(stage.positions == 1 for stage in stages)


def _near(stages: list[Stage], places: list[dict[str, int]], wide: int, tile_rows: int) -> dict[str, int]:
    """Place the arrays of shared memory for a tile of few rows; return how long they are, in numbers."""
    weights = values = 0
    for k, (stage, here) in enumerate(zip(stages, places, strict=True)):
        here |= {"LINE": stage.line | 1, "STRIDE": _filled(stage.outputs), "NEAR_WEIGHT": weights}
        for name in "HDGS":
            here[f"NEAR_{name}"] = values
            if k >= wide and _kept_of_line(stage, name):
                values += tile_rows * here["STRIDE"]
        if k >= wide and stage.weights:
            weights += _filled((stage.lines + stage.bias) * here["LINE"])
    stride = _filled(stages[min(wide, len(stages) - 1)].inputs)
    x = (1 if wide else 2) * tile_rows * stride
    return {"NEAR_WEIGHTS": weights, "NEAR_ROWS": values, "NEAR_X": x}


def _kept_of_line(stage: Stage, name: str) -> int:
    """Return how many numbers of a line are in an array: values, gradients, derivatives, what is kept."""
    values = stage.outputs
    return {"H": values, "G": values, "D": values * bool(stage.behind), "S": stage.kept}[name]


def _filled(numbers: int) -> int:
    return -(-numbers // 4) * 4


def _wide_stages(stages: list[Stage]) -> int:
    """Return how many stages in front are phases of their own.

    All up to the last BatchNorm, which takes all rows at once; and wide ones, whose weights would be read
    anew for each tile of rows.
    """
    wide = max((k + 1 for k, stage in enumerate(stages) if stage.kind == BATCH_NORM), default=0)
    behind = sum(stage.weights for stage in stages[wide:])
    while behind > _ROW_WEIGHTS and wide < len(stages):
        behind -= stages[wide].weights
        wide += 1
    return wide


def _tiles_of(
    stage: Stage, wide: bool, rows: int, tile_rows: int, blocks: int, threads: int, tall: bool
) -> dict[str, BlockTile]:
    if stage.kind != LINEAR:
        return {}
    lines = (rows if wide else tile_rows) * stage.positions
    most = (64, 64) if wide else (_MOST_TILE_ROWS, 64)
    tiles = {
        "Forward": tile_for(
            lines, stage.outputs, stage.inputs + stage.bias, threads, most, tall and not wide
        ),
        "Backward": tile_for(lines, stage.inputs, stage.outputs, threads, most, tall and not wide),
        "Gradient": _gradient_tile(
            stage, rows, threads, 32 if blocks > 1 else 64, tall and rows >= _TALL_ROWS
        ),
    }
    if wide:  # as many tiles as blocks
        for name, width in (("Forward", stage.outputs), ("Backward", stage.inputs)):
            while tiles_in(tiles[name], lines, width) <= blocks / 2 and (cut := smaller(tiles[name])):
                tiles[name] = cut
    return tiles


def _gradient_tile(stage: Stage, rows: int, threads: int, most: int, tall: bool) -> BlockTile:
    """Return tiles of nearly equal height and width."""
    height, width = (
        -(-size // max(1, -(-(size - 4) // most))) for size in (stage.inputs + stage.bias, stage.outputs)
    )
    return tile_for(height, width, rows * stage.positions, threads, (most + 4, most + 4), tall)


def _tiles_of_gradients(stage: Stage, by: dict[str, BlockTile]) -> int:
    """Return in how many tiles a block sums the gradients of a stage's weights: of a Linear by products."""
    if by:
        return tiles_in(by["Gradient"], stage.lines + stage.bias, stage.line)
    return -(-stage.weights // _COLUMNS)


def _tiles_of_products(stages: list[Stage], tiles: list[dict[str, BlockTile]]) -> int:
    return sum(_tiles_of_gradients(stage, by) for stage, by in zip(stages, tiles, strict=True) if by)


def _cut_gradients(stages: list[Stage], tiles: list[dict[str, BlockTile]], rows: int, blocks: int) -> int:
    """Cut tiles of gradients until each block has one; return in how many parts the rows are cut."""
    lines = rows * max(stage.positions for stage in stages if stage.kind == LINEAR)
    splits = max(1, min(blocks // _tiles_of_products(stages, tiles), lines // _SPLIT_LINES))
    if splits > 1:
        return splits
    while _tiles_of_products(stages, tiles) <= blocks / 2:
        largest = max((by for by in tiles if by), key=lambda by: by["Gradient"].m * by["Gradient"].n)
        cut = smaller(largest["Gradient"])
        if cut is None or cut.m * cut.n < 64:
            break
        largest["Gradient"] = cut
    return 1


def _before(stages: list[Stage], tiles: list[dict[str, BlockTile]], splits: int) -> list[int]:
    """Return of each stage how many tiles of gradients those before it have."""
    counts = [0]
    for stage, by in zip(stages, tiles, strict=True):
        counts.append(counts[-1] + _tiles_of_gradients(stage, by) * splits)
    return counts[:-1]


def _places(stages: list[Stage], rows: int) -> tuple[list[dict[str, int]], list[int], int, int]:
    """Return where the arrays of each stage lie, and its weights; and how long both memories are."""
    places: list[dict[str, int]] = []
    weights_at: list[int] = []
    work = weights = averages = 0
    for stage in stages:
        here = {"AVERAGES": averages}
        for name in "HDGS":
            here[name] = work
            work += _filled(rows * stage.positions * _kept_of_line(stage, name))
        places.append(here)
        weights_at.append(weights)
        weights += _filled(stage.weights)
        averages += stage.averages
    return places, weights_at, work, weights


def _room(
    stages: list[Stage], tiles: list[dict[str, BlockTile]], rows: int, splits: int, threads: int
) -> int:
    """Return the numbers of shared memory with which no stretch of a product is shorter than it pays."""
    most = threads * max(tile.piece_m * tile.piece_n for by in tiles for tile in by.values())
    for stage, by in zip(stages, tiles, strict=True):
        depths = {
            "Forward": stage.inputs + stage.bias, "Backward": stage.outputs,
            "Gradient": -(-rows * stage.positions // splits),
        }  # fmt: skip
        for name, tile in by.items():
            stretch = _STRETCH * max(1, 2048 // (tile.m * tile.n))
            most = max(
                most, min(depths[name], 2 * stretch) * tile.line, 2 * (36 * tile.m + 32 * tile.n + 160)
            )
    return most + 16
