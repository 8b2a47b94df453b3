"""Sources: samples by their row numbers, from arrays, files or a class of the user's."""

from chalknet.data.sources.array_source import ArraySource as ArraySource
from chalknet.data.sources.array_source import check_array as check_array
from chalknet.data.sources.array_source import check_numbers as check_numbers
from chalknet.data.sources.dataset import is_dataset as is_dataset
from chalknet.data.sources.dataset import open_dataset as open_dataset
from chalknet.data.sources.scale import is_pixel_note as is_pixel_note
from chalknet.data.sources.scale import scaled_like as scaled_like
from chalknet.data.sources.source import HasProvenance as HasProvenance
from chalknet.data.sources.source import Provenance as Provenance
from chalknet.data.sources.source import Sample as Sample
from chalknet.data.sources.source import Source as Source
from chalknet.data.sources.source import TakesFromAnother as TakesFromAnother
from chalknet.data.sources.streamed import StreamedSource as StreamedSource
from chalknet.data.sources.streamed import source_of_rows as source_of_rows
from chalknet.data.sources.streamed import target_blocks as target_blocks
from chalknet.data.sources.subset import folds_of as folds_of
from chalknet.data.sources.subset import permutation as permutation
from chalknet.data.sources.subset import split_source as split_source
from chalknet.data.sources.user_source import is_user_source as is_user_source
from chalknet.data.sources.user_source import user_source as user_source
