"""The command about data: data."""

from __future__ import annotations

from pathlib import Path

import chalknet as cn
from chalknet.cli import options
from chalknet.cli.app import command
from chalknet.cli.arguments import column_options, source_of
from chalknet.cli.options import Asked
from chalknet.cli.say import aligned, answer

_TABLES = (".csv", ".tsv", ".tab", ".txt", ".data", ".parquet", ".pq", ".arrow", ".feather", ".ipc")
_PACKED = (".gz", ".bz2", ".xz")


@command(
    options.DATA._replace(metavar="options.DATA", argument=True),
    options.TARGET,
    options.HELD_OUT,
    options.COLUMNS,
    options.AS_JSON,
)
def data(asked: Asked) -> None:
    """Print what is in a data set: observations, shapes, ranges, held-out samples.

    Of a table without further options: its columns with their kinds, gaps and examples.

    Example: chalknet data mnist01
    Example: chalknet data houses.csv
    Example: chalknet data houses.csv --y price --one-hot --standardise
    """
    endings = [ending.lower() for ending in Path(asked["data"]).suffixes if ending not in _PACKED]
    columns_alone = asked["target"] is asked["held_out"] is None and not column_options(asked)
    if columns_alone and endings and endings[-1] in _TABLES:
        facts = cn.describe(asked["data"])
    else:
        facts = cn.describe(source_of(asked))
    answer(asked, facts, aligned(facts.items()))
