"""A model card in Markdown: what a fit predicts, how it was made, how good it is, and its limits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import chalknet as cn
from chalknet.counting import count_network
from chalknet.data import Preparation, PreparedColumn
from chalknet.errors import printable
from chalknet.serving.spans import listed, span_of
from chalknet.tables import Cell
from chalknet.training import FitResult, evaluate, installed_versions, read_setting
from chalknet.units import show_count, show_share, show_value

_COLUMNS_SHOWN = 200
_PLAIN = re.compile(
    r"([\\`*\[\]<>|#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))"
)  # characters with a meaning in Markdown


def card_of(result: FitResult, folder: Path | None = None) -> str:
    """Return the model card of a fit.

    Args:
        result: the fit.
        folder: where it was kept, for its checksums and the versions that made it; None if it was not.
    """
    sections = {
        "Network": _network(result),
        "Data": _data(result, folder),
        "Columns": _columns(result.preparation),
        "Recipe": _recipe(result),
        "Metrics": _metrics(result),
        "Diagnosis": _items(result.diagnosis or ("Nothing was found to be wrong.",)),
        "Limits": _items(_limits(result)),
        "Notes": _items(result.plan.notes),
        "Versions": _versions(folder),
        "Files": _files(folder),
    }
    parts = [f"# Model card: {_text(result.plan.data.name)}", _text(purpose(result))]
    parts += [f"## {title}\n\n{text}" for title, text in sections.items() if text]
    return "\n\n".join(parts) + "\n"


def purpose(result: FitResult) -> str:
    """Return a sentence that says what a fit predicts, and from what."""
    preparation, loss = result.preparation, result.plan.recipe.loss_row
    named = preparation is not None and preparation.named
    targets = ", ".join(column.name for column in preparation.y) if named and preparation else ""
    words = preparation.y[0].words if preparation is not None and preparation.classes else None
    what = "the class" if loss.target in ("class", "probability") else "the value"
    what += f" of {targets}" if targets else ""
    what += f" ({listed(words)})" if words else ""
    count = len(preparation.x) if named and preparation and preparation.x else None
    of = f"{count} columns" if count else f"x of shape {_shape(result)}"
    return f"Predicts {what} from {of}; fitted by {result.plan.recipe.loss}."


def _shape(result: FitResult) -> str:
    return f"({', '.join(map(str, result.plan.data.x_shape))})"


def _network(result: FitResult) -> str:
    network = result.plan.network
    found = count_network(network).parameters if network is not None else None
    if found is None:
        found = sum(parameter.numel() for parameter in result.module.parameters())
    dtype = result.plan.placement.dtype
    return f"```\n{printable(result.plan.model)}\n```\n\n{show_count(found)} parameters, {dtype}."


def _data(result: FitResult, folder: Path | None) -> str:
    data = result.plan.data
    rows = [
        ("name", data.name),
        ("training rows", show_count(data.observations)),
        ("held-out rows", show_count(data.held_out)),
        ("x of a row", _shape(result)),
    ]
    if folder is not None:
        setting = read_setting(folder)
        for name, value in (setting.origin or {}).items():
            rows.append(
                (
                    f"{name} (as it was loaded)" if name == "data" else name,
                    json.dumps(value, ensure_ascii=False),
                )
            )
        rows.append(("fingerprint of the content", setting.fingerprint or "none was kept"))
    return _table(("", ""), rows)


def _columns(preparation: Preparation | None) -> str:
    if preparation is None or not preparation.x:
        return ""
    rows = [_column(column, "feature") for column in preparation.x[:_COLUMNS_SHOWN]]
    rows += [_column(column, "target") for column in preparation.y]
    more = len(preparation.x) - _COLUMNS_SHOWN
    below = f"\n\nand {show_count(more)} more features" if more > 0 else ""
    return _table(("column", "is", "training rows had", "a gap becomes", "made of it"), rows) + below


def _column(column: PreparedColumn, role: str) -> Sequence[str]:
    made = "columns of 0 and 1" if column.words is not None else "the number"
    if column.words is not None and role == "target":
        made = "class numbers"
    if (column.mean, column.std) != (0.0, 1.0):
        made = f"(number - {show_value(column.mean)}) / {show_value(column.std)}"
    fill = show_value(column.fill) if isinstance(column.fill, float) else column.fill
    span = span_of(column) if role == "feature" or column.words is not None else ""
    return (column.name, role, span, "" if fill is None else str(fill), made)


def _recipe(result: FitResult) -> str:
    rows = [row for row in result.plan.table.rows if row[0] not in ("network", "data", "note", "because", "")]
    return _table(("", ""), [*map(_cells, rows), ("ended", str(result.outcome))])


def _metrics(result: FitResult) -> str:
    """Return the metrics beside the trivial predictor's; all metrics if the rows are available."""
    history, baseline = result.history, result.baseline
    if not history.evaluations:
        return ""
    last, metric = result.evaluation, history.metric
    rows = [_pair(f"{metric} of the fit", last.train, last.held_out, metric)]
    if baseline is not None:
        name = f"{metric} of the trivial predictor, which says {baseline.says}"
        rows.append(_pair(name, baseline.train, baseline.held_out, metric))
    rows.append(_pair("loss of the fit", last.train_loss, last.held_out_loss))
    for name in dict.fromkeys(name.removeprefix("train_").removeprefix("held_out_") for name in last.metrics):
        both = (last.metrics.get(f"{side}_{name}") for side in ("train", "held_out"))
        rows.append(_pair(name, next(both), next(both)))
    found = _table(("", "training rows", "held-out rows"), rows)
    if result.preparation is not None and result.preparation.scales_target:
        found += f"\n\n{_SCALED}"
    if result.source is None or result.plan.network is None:
        return found
    table = evaluate(result).table
    notes = "".join(f"\n\n{_text(note)}" for note in (table.title, *table.notes) if note)
    return f"{found}\n\n{_table(table.columns, map(_cells, table.rows))}{notes}"


_SCALED = "Error and loss are those of the standardised target; other metrics are in its own unit."


def _pair(name: str, train: float | None, held_out: float | None, metric: str = "") -> Sequence[str]:
    show = show_share if metric == "accuracy" else show_value
    return (name, *("" if each is None else show(each) for each in (train, held_out)))


def _limits(result: FitResult) -> Iterator[str]:
    preparation = result.preparation
    rows = show_count(result.plan.data.observations)
    yield (
        f"It is made for rows like its {rows} training rows. Numbers beyond the ranges above are mapped too, "
        "and what it says of them was compared with nothing."
    )
    if preparation is not None and any(column.words is not None for column in preparation.x):
        yield _NEW_WORDS[preparation.unknown]
    if result.plan.data.held_out == 0:
        yield "No rows were held out: how good it is on new rows is not known."
    if result.outcome.name != "FINISHED":
        yield f"The fit ended early: {result.outcome}."


_NEW_WORDS = {
    "refuse": "A word, or a gap, that the training rows did not have is refused.",
    "missing": "A word that the training rows did not have counts as a gap.",
    "most-frequent": "A word that the training rows did not have counts as the most frequent one.",
}


def _versions(folder: Path | None) -> str:
    kept = {} if folder is None else dict(read_setting(folder).made_with)
    rows = [("this card was written by chalknet", cn.__version__)]
    return _table(("", ""), [*rows, *(kept or installed_versions()).items()])


def _files(folder: Path | None) -> str:
    if folder is None:
        return ""
    setting = read_setting(folder)
    signed = "The plan is sealed with these checksums" if setting.sealed else "No checksums were kept"
    signed += (
        ", and signed by this user on this machine."
        if setting.own
        else "; by whom it was made is not known here."
    )
    return "\n\n".join(
        [*([_table(("file", "SHA-256"), setting.files.items())] if setting.files else []), signed]
    )


def _items(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {_text(sentence)}" for sentence in sentences)


def _cells(row: Sequence[object]) -> tuple[str, ...]:
    return tuple(
        cell.text if isinstance(cell, Cell) else "" if cell is None
        else show_value(cell) if isinstance(cell, float) else str(cell)
        for cell in row
    )  # fmt: skip


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *([_text(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(text: str) -> str:
    """Return a text escaped for Markdown, on one line."""
    return _PLAIN.sub(r"\\\1", printable(str(text).replace("\n", " ").replace("\t", " ")))
