"""Data: where samples come from, and in which order they are seen."""

from chalknet.data.batches import Batches as Batches
from chalknet.data.batches import MicroBatch as MicroBatch
from chalknet.data.batches import Shard as Shard
from chalknet.data.columns import LoadOptions as LoadOptions
from chalknet.data.columns import Preparation as Preparation
from chalknet.data.describe import describe as describe
from chalknet.data.features import FeatureReading as FeatureReading
from chalknet.data.features import feature_blocks as feature_blocks
from chalknet.data.features import features as features
from chalknet.data.features import texts_of as texts_of
from chalknet.data.formats import FileOptions as FileOptions
from chalknet.data.formats import read_idx as read_idx
from chalknet.data.formats import write_idx as write_idx
from chalknet.data.load import load as load
from chalknet.data.load import load_like as load_like
from chalknet.data.mnist import mnist as mnist
from chalknet.data.mnist import mnist01 as mnist01
from chalknet.data.origin import found_again as found_again
from chalknet.data.sources import ArraySource as ArraySource
from chalknet.data.sources import HasProvenance as HasProvenance
from chalknet.data.sources import Provenance as Provenance
from chalknet.data.sources import Sample as Sample
from chalknet.data.sources import Source as Source
from chalknet.data.sources import StreamedSource as StreamedSource
from chalknet.data.sources import is_pixel_note as is_pixel_note
from chalknet.data.sources import target_blocks as target_blocks
