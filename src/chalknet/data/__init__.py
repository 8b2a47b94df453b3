"""Data: where samples come from, and in which order they are seen."""

from chalknet.data.batches import Batches, Cut, Piece
from chalknet.data.describe import describe
from chalknet.data.idx import read_idx, write_idx
from chalknet.data.load import feature_blocks, features, load
from chalknet.data.mnist import mnist, mnist01, user_cache
from chalknet.data.preparation import Preparation
from chalknet.data.source import ArraySource, Part, Sample, Source, reads_ahead, streams
from chalknet.data.streamed import StreamedSource, target_blocks

__all__ = [
    "ArraySource",
    "Batches",
    "Cut",
    "Part",
    "Piece",
    "Preparation",
    "Sample",
    "Source",
    "StreamedSource",
    "describe",
    "feature_blocks",
    "features",
    "load",
    "mnist",
    "mnist01",
    "read_idx",
    "reads_ahead",
    "streams",
    "target_blocks",
    "user_cache",
    "write_idx",
]
