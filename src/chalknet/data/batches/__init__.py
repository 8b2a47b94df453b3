"""Batches: the order of samples, how many at a time, and reading ahead."""

from chalknet.data.batches.batches import Batches as Batches
from chalknet.data.batches.batches import MicroBatch as MicroBatch
from chalknet.data.batches.batches import Shard as Shard
