"""Data: where samples come from, and in which order they are seen."""

from chalknet.data.batches import Batches as Batches
from chalknet.data.batches import MicroBatch as MicroBatch
from chalknet.data.batches import Shard as Shard
from chalknet.data.columns.preparation import Preparation as Preparation
from chalknet.data.describe import describe as describe
from chalknet.data.features import feature_blocks as feature_blocks
from chalknet.data.features import features as features
from chalknet.data.formats.idx import read_idx as read_idx
from chalknet.data.formats.idx import write_idx as write_idx
from chalknet.data.load import load as load
from chalknet.data.mnist import mnist as mnist
from chalknet.data.mnist import mnist01 as mnist01
from chalknet.data.sources.array_source import ArraySource as ArraySource
from chalknet.data.sources.source import HasProvenance as HasProvenance
from chalknet.data.sources.source import Provenance as Provenance
from chalknet.data.sources.source import Sample as Sample
from chalknet.data.sources.source import Source as Source
from chalknet.data.sources.streamed import StreamedSource as StreamedSource
from chalknet.data.sources.streamed import target_blocks as target_blocks
from chalknet.data.sources.subset import SourceSubset as SourceSubset
