"""The history of a kept run as rows of CSV: its headings, its rows, and whether they are in order."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import pairwise

from chalknet.training.evaluation import Evaluation
from chalknet.training.history import History


def history_to_bytes(history: History) -> bytes:
    """Return the history, with the evaluations beside it, as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(_history_rows(history))
    return text.getvalue().encode()


def history_names(history: History) -> list[str]:
    """Return the headings but those of metrics asked for; an error is the loss."""
    losses = () if history.metric == "error" else ("train_loss", "held_out_loss")
    return [*history.columns, f"train_{history.metric}", f"held_out_{history.metric}", *losses]


def are_metrics(names: Sequence[str]) -> bool:
    """Return whether headings are those of metrics that were asked for."""
    ours = all(name.startswith(("train_", "held_out_")) for name in names)
    return ours and len(set(names)) == len(names)


def later_update(updates: int, before: int, last: int | None) -> int:
    """Return the number of an update that follows the one before; ValueError where it does not."""
    if before < updates <= (updates if last is None else last):
        return updates
    raise ValueError("its updates are not in order, or more than the plan has")


def _history_rows(history: History) -> Iterable[Sequence[object]]:
    names, known = history.metric_names, history_names(history)
    yield [*known, *names]
    between = {evaluation.updates: evaluation for evaluation in history.evaluations}

    def numbers(each: Evaluation) -> list[float | None]:
        found = [each.train, each.held_out, each.train_loss, each.held_out_loss]
        return [*found[: len(known) - len(history.columns)], *(each.metrics.get(name) for name in names)]

    for row in zip(*history.columns.values(), strict=True):
        evaluation = between.pop(int(row[0]), None)
        blank = [""] * (len(known) - len(row) + len(names))
        yield [*row, *(blank if evaluation is None else numbers(evaluation))]
    for each in between.values():  # between recorded rows, the loss stays blank
        yield [each.updates, each.samples, None, each.seconds, None, *numbers(each)]


def check_history(history: History) -> None:
    """Raise a ValueError unless the counts of a history that was read can be those of a fit."""
    updates = history.updates
    if any(later <= one for one, later in pairwise((0, *updates))) or any(
        each < 1 for each in history.samples
    ):
        raise ValueError("its updates are not in order")
