"""How a product of matrices is cut: the tile of a block, and the piece of a thread."""

from __future__ import annotations

from dataclasses import dataclass, replace

_PAD = 4


@dataclass(frozen=True)
class BlockTile:
    """A tile of `m` by `n` sums over at most `k`; a thread has pieces of `piece_m` by `piece_n` of them."""

    m: int
    n: int
    piece_m: int
    piece_n: int
    k: int

    @property
    def text(self) -> str:
        """Return the tile as a type of the kernels."""
        return f"Tile<{self.m}, {self.n}, {self.piece_m}, {self.piece_n}, {self.k}>"

    @property
    def line(self) -> int:
        """Return the numbers of shared memory that one k takes."""
        return sum(size + (1 if size % 4 else _PAD) for size in (self.m, self.n))


def tile_for(
    lines: int, width: int, k: int, threads: int, most: tuple[int, int], tall: bool = False
) -> BlockTile:
    """Return the tile that a block makes of so many lines and so wide a matrix, or of a part of it.

    Args:
        lines: of the product.
        width: of the product.
        k: what is summed over.
        threads: of a block; no piece of the tile is without one.
        most: the largest tile.
        tall: whether a thread may have pieces of eight lines.
    """
    m, n = min(lines, most[0]), min(width, most[1])
    piece_m, piece_n = 8 if tall and m >= 32 and n >= 4 else _piece(m), _piece(n)
    m, n = -(-m // piece_m) * piece_m, -(-n // piece_n) * piece_n
    while (m // piece_m) * (n // piece_n) > threads:
        if m >= n:
            m = -(-m // 2 // piece_m) * piece_m
        else:
            n = -(-n // 2 // piece_n) * piece_n
    return BlockTile(m, n, piece_m, piece_n, k)


def smaller(tile: BlockTile) -> BlockTile | None:
    """Return the tile cut in two along its longer side; None where that leaves no whole pieces."""
    m, n = (tile.m // 2, tile.n) if tile.m >= tile.n else (tile.m, tile.n // 2)
    if m % tile.piece_m or n % tile.piece_n or not m or not n:
        return None
    return replace(tile, m=m, n=n)


def tiles_in(tile: BlockTile, lines: int, width: int) -> int:
    """Return how many tiles cover so many lines and so wide a matrix."""
    return -(-lines // tile.m) * -(-width // tile.n)


def _piece(size: int) -> int:
    return 4 if size >= 8 else 2 if size >= 4 else 1
