"""Data: where samples come from, and in which order they are seen."""

from chalknet.data.batches import Batches, Cut, Piece
from chalknet.data.describe import describe
from chalknet.data.idx import read_idx, write_idx
from chalknet.data.load import features, load
from chalknet.data.mnist import mnist, mnist01, user_cache
from chalknet.data.source import ArraySource, Sample, Source

__all__ = [
    "ArraySource",
    "Batches",
    "Cut",
    "Piece",
    "Sample",
    "Source",
    "describe",
    "features",
    "load",
    "mnist",
    "mnist01",
    "read_idx",
    "user_cache",
    "write_idx",
]
