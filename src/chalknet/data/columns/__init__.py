"""Columns: which are x and y, what is learned of them, and what is done to them."""

from chalknet.data.columns.options import AUTO as AUTO
from chalknet.data.columns.options import FILLS as FILLS
from chalknet.data.columns.options import Columns as Columns
from chalknet.data.columns.options import LoadOptions as LoadOptions
from chalknet.data.columns.options import sides as sides
from chalknet.data.columns.preparation import Preparation as Preparation
from chalknet.data.columns.prepared_column import PreparedColumn as PreparedColumn
from chalknet.data.columns.selection import ChosenColumns as ChosenColumns
from chalknet.data.columns.selection import choose_columns as choose_columns
from chalknet.data.columns.selection import columns_like as columns_like
from chalknet.data.columns.selection import select_of_array as select_of_array
from chalknet.data.columns.selection import words_of as words_of
from chalknet.data.columns.statistics import gap_remedy as gap_remedy
from chalknet.data.columns.statistics import imputed_values as imputed_values
from chalknet.data.columns.statistics import learn as learn
from chalknet.data.columns.statistics import sorted_words as sorted_words
from chalknet.data.columns.statistics import standardised as standardised
