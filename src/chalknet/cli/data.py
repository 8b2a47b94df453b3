"""The command about data: data."""

from __future__ import annotations

import chalknet as cn
from chalknet.cli import options
from chalknet.cli.app import command
from chalknet.cli.arguments import column_options, source_of
from chalknet.cli.options import Asked
from chalknet.cli.say import answer
from chalknet.tables import facts


@command(
    options.DATA._replace(metavar="DATA", argument=True),
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
    alone = asked["target"] is asked["held_out"] is None and not column_options(asked)
    found = cn.describe(asked["data"] if alone else source_of(asked))
    answer(asked, found, str(facts(found)))
