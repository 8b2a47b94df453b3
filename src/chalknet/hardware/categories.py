"""The embeddings at the start of a network against the data: which columns, and how many categories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chalknet.data import PreparedColumn, Source
from chalknet.errors import DataError, ShapeMismatch
from chalknet.network import UNKNOWN_WIDTH, Embed, Network

_ROWS = 65_536  # looked at together


def with_categories(network: Network, source: Source) -> Network:
    """Return a network whose embeddings have as many categories as the data.

    Args:
        network: what it embeds are the first features.
        source: the data; a column that an embedding names has to be its own.

    Raises:
        DataError: for data whose first features are other columns, or no numbers of categories.
        ShapeMismatch: for more categories than an embedding has.
    """
    embeds = [step for step in network.steps if isinstance(step, Embed)]
    found = source.preparation
    columns = () if found is None else found.x
    coded = [column.name for column in columns if column.coded]
    if coded and len(coded) != len(embeds):
        raise DataError(
            where=f"data {source.name}",
            got=f"numbers of the categories of {', '.join(coded)}",
            wanted=f"{len(embeds)} columns of them, as the network has embeddings",
            remedy=f"Begin the network with {_example(coded)}, or load the data with one_hot= (--one-hot).",
        )
    steps = list(network.steps)
    for place, step in enumerate(embeds):
        column = columns[place] if place < len(columns) else None
        if step.column and (column is None or not column.coded or column.name != step.column):
            raise _other_column(step, column, source, network.embedded)
        prepared = column is not None and column.coded
        needed = column.categories if column is not None and prepared else _largest(source, place) + 1
        steps[place] = _fitting(step, needed, source)
    return replace(network, steps=tuple(steps)) if embeds else network


def notes_of_categories(network: Network, source: Source) -> Iterator[str]:
    """Yield what becomes of words that the training rows do not have, where they are not refused."""
    found = source.preparation
    columns = [] if found is None else [column for column in found.x if column.coded]
    for column in columns if network.embedded else ():
        if column.spare:
            yield (
                f"embed({column.name}): a word that the training rows do not have gets the number "
                f"{len(column.words or ())}, whose row stays as it was drawn, since no training row has it"
            )


def _example(columns: list[str]) -> str:
    return " & ".join(f"embed({name} ? -> 8)" for name in columns)


def _fitting(step: Embed, needed: int, source: Source) -> Embed:
    if step.categories == UNKNOWN_WIDTH:
        return replace(step, categories=needed)
    if isinstance(step.categories, int) and step.categories < needed:
        raise ShapeMismatch(
            where=f"embed({step.column or step.categories})",
            got=f"{step.categories:,} categories, and {needed:,} in {source.name}",
            wanted=f"at least {needed:,}",
            remedy=f"Write {needed}, or ? for the number that the data has.",
        )
    return step


def _other_column(
    step: Embed, column: PreparedColumn | None, source: Source, wanted: tuple[str, ...]
) -> DataError:
    here = "no column" if column is None else f"the column {column.name!r}"
    names = ",".join(wanted)
    return DataError(
        where=f"embed({step.column})",
        got=f"{here}{'' if column is None or column.coded else ', no numbers of categories,'} in its place "
        f"in {source.name}",
        wanted=f"the categories of {step.column!r} as numbers",
        remedy=f"Load the data with embed={list(wanted)!r} (--embed {names}); leave the name out for arrays.",
    )


def _largest(source: Source, place: int) -> int:
    """Return the largest number of a feature, all of which are whole numbers from 0 on.

    Raises:
        DataError: for any other number.
    """
    largest = 0
    for part in (source, *([source.held_out] if source.held_out is not None else [])):
        for first in range(0, len(part), _ROWS):
            numbers = part.take(slice(first, min(first + _ROWS, len(part)))).x[:, place]
            wrong = numbers[(numbers < 0) | (numbers != numbers.round())]
            if len(wrong):
                raise DataError(
                    where=f"data {part.name}, feature {place}",
                    got=f"{wrong[0].item():g}",
                    wanted="numbers of categories, counted from 0, for an embedding",
                    remedy="Number the categories, or load a table with embed= (--embed).",
                )
            largest = max(largest, int(numbers.max()))
    return largest
