"""The cache of converted tables: an entry is found by content, verified when opened, made where missing."""

from chalknet.data.cache.entry import CachedTable as CachedTable
from chalknet.data.cache.find import TableRequest as TableRequest
from chalknet.data.cache.find import open_or_convert as open_or_convert
