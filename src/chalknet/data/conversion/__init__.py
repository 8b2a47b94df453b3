"""Conversion: a table made into arrays in files, once."""

from chalknet.data.conversion.cache import convert_table as convert_table
from chalknet.data.conversion.conversion import Conversion as Conversion
from chalknet.data.conversion.conversion import ConversionState as ConversionState
from chalknet.data.conversion.conversion import numbers_of as numbers_of
