"""A fit of which the user left the choices open: the data is looked at, and the default recipe is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from math import prod
from numbers import Real
from typing import Any

from torch import nn

from chalknet.data import ArraySource, LoadOptions, SeenColumn, Survey, survey
from chalknet.errors import DataError
from chalknet.network import Activation, Network
from chalknet.planning import RecipeFacts, default_recipe, target_wanted
from chalknet.units import one_line, show_count, show_value

_LOADED = frozenset(field.name for field in fields(LoadOptions))
_CLASSES = {0: 20, 1: 10}  # whole numbers from 0, from 1: up to so many different ones are classes
_ROWS_A_CLASS = 5  # on the average; fewer are numbers
_RARE = 0.1  # of the rows, for a class of two; of an even share, for one of several
_SHOWN = 6
_MOST_WORDS, _FEW_WORDS = 1_000, 10  # different ones of a column that becomes columns of 0 and 1
_FEWEST_COUNTED = 5


@dataclass(frozen=True)
class DefaultFit:
    """What is fitted, to what and how, where it was left open.

    Args:
        model: the network, as text, or what was given.
        data: whatever `load` takes.
        options: all options, those that were chosen among them.
        reasons: why, a sentence for each choice.
        notes: what may not be as it was meant.
    """

    model: Any
    data: object
    options: dict[str, Any]
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


NOTHING_CHOSEN = DefaultFit(None, None, {})


def default_fit(model: Network | nn.Module | None, data: object, given: Mapping[str, Any]) -> DefaultFit:
    """Return the fit with all that was not said chosen from the data.

    Args:
        model: a network or a module; None for one that is chosen too.
        data: whatever `load` takes.
        given: the options that were said: of the recipe, and of `load`.

    Raises:
        DataError: for a target that no fit can learn: of one class, one value, or other words in each row.
        ChalknetError: as `load` does.
    """
    asked = {name: value for name, value in given.items() if name in _LOADED and value is not None}
    seen = survey(data, LoadOptions(**asked))
    left_out = {} if given.get("drop", ...) in ([], ()) else _left_out(seen, given)
    kept = [column for column in seen.features if column.key not in left_out]
    target = _target(seen, given)
    facts = RecipeFacts(
        rows=seen.rows,
        width=sum(column.different if column.kind != "number" else 1 for column in kept)
        or prod(seen.x_shape),
        word_columns=sum(column.kind != "number" for column in kept),
        gaps=sum(column.missing > 0 for column in kept),
        target=target.kind,
        target_reason=target.reason,
        renumbered=target.renumbered,
        table=seen.table,
        as_it_stands=_as_it_stands(seen),
        standardised=_standardised(seen, kept, given),
        held_out=_held_out(seen, given),
        dropped=tuple(left_out),
        ending=_ending(model),
    )
    chosen = default_recipe(facts, given if model is None else {**given, "model": model})
    options = {**given, **chosen.values}
    if given.get("drop") and left_out:
        options["drop"] = [*_listed(given["drop"]), *left_out]
    return DefaultFit(
        model=options.pop("model", model),
        data=data if seen.source is None else seen.source,
        options=options,
        reasons=chosen.reasons,
        notes=(*left_out.values(), *target.notes),
    )


def _listed(columns: Any) -> list[str | int]:
    return [columns] if isinstance(columns, str | int) else list(columns)


def _named(given: Mapping[str, Any]) -> set[str | int]:
    """Return the columns that the user named as features of some kind: they are never left out."""
    found: set[str | int] = set()
    for name in ("x", "one_hot", "fill", "standardise", "weight"):
        value = given.get(name)
        if isinstance(value, str | int | list | tuple | dict) and not isinstance(value, bool):
            found |= set(_listed(value if not isinstance(value, dict) else list(value)))
    return found


# Why a column is left out -> whether that holds, for a column of so many rows; the first row that does.
_LEFT_OUT: tuple[tuple[str, Callable[[SeenColumn, int], bool]], ...] = (
    ("holds no value", lambda column, rows: column.values == 0),
    ("holds dates: make numbers of them, such as the month", lambda column, rows: column.kind == "date"),
    ("holds neither numbers nor words", lambda column, rows: column.kind not in ("number", "text")),
    (
        "is the same in every row",
        lambda column, rows: not column.missing and (column.different == 1 or column.least == column.most),
    ),
    (
        "counts the rows",
        lambda column, rows: column.kind == "number" and column.counts_rows and rows >= _FEWEST_COUNTED,
    ),
    (
        "holds too many different words for a column of 0 and 1 for each",
        lambda column, rows: column.kind == "text" and column.different > min(_MOST_WORDS, rows / 2) > 0
        and column.different > _FEW_WORDS,
    ),
)  # fmt: skip


def _left_out(seen: Survey, given: Mapping[str, Any]) -> dict[str | int, str]:
    """Return the columns that are no features, each with the note that says why."""
    named = _named(given)
    found: dict[str | int, str] = {}
    for column in seen.features:
        why = next((why for why, holds in _LEFT_OUT if holds(column, seen.rows)), None)
        if why is not None and column.key not in named:
            found[column.key] = (
                f"column {column.name} is left out: it {why}; x=[...] (--x) with its name makes it a feature"
            )
    return found if len(found) < len(seen.features) else {}


@dataclass(frozen=True)
class _Target:
    """What the target is taken for.

    Args:
        kind: a key of `LOSS_OF_TARGET`.
        reason: why.
        renumbered: whether its numbers become class numbers.
        notes: what may not be as it was meant.
    """

    kind: str
    reason: str
    renumbered: bool = False
    notes: tuple[str, ...] = ()


def _target(seen: Survey, given: Mapping[str, Any]) -> _Target:
    """Return what the target is taken for, by what it holds and by the loss that was given.

    Raises:
        DataError: for one that nothing can be learned of.
    """
    wanted = None if given.get("loss") is None else target_wanted(given["loss"])
    if len(seen.targets) > 1:
        return _several(seen, wanted)
    column = seen.targets[0]
    _check_varies(column, seen)
    words = column.kind != "number"
    is_classes = words or bool(given.get("classes")) or _is_classes(column, seen)
    if wanted == "real" or (wanted is None and not is_classes):
        return _Target("numbers", f"{column.name} is numbers, {show_value(column.least)} to "
                       f"{show_value(column.most)}")  # fmt: skip
    ordered = sorted(column.counts)  # words alone, or numbers alone
    names = [one_line(value, 20) if isinstance(value, str) else show_value(value) for value in ordered]
    listed = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    count = "two classes" if column.different == 2 else f"{show_count(column.different)} classes"
    kind = "two classes" if column.different == 2 else "classes"
    notes = list(_rare(column, dict(zip(ordered, names, strict=True)), given))
    if not words and kind == "classes" and wanted is None and not given.get("classes"):
        notes.insert(0, f"{column.name} is whole numbers, {listed}, which are taken as classes: "
                     'loss="mse" (--loss mse) fits them as numbers')  # fmt: skip
    renumbered = seen.table and not words and set(column.counts) != set(range(column.different))
    return _Target(kind, f"{column.name} has {count}, {listed}", renumbered, tuple(notes))


def _several(seen: Survey, wanted: str | None) -> _Target:
    """Return what several columns of targets are taken for."""
    names = ", ".join(column.name for column in seen.targets[:_SHOWN])
    for column in seen.targets:
        _check_varies(column, seen)
    yes_or_no = all(set(column.counts) <= {0, 1} for column in seen.targets)
    if wanted == "probability" or (wanted is None and yes_or_no):
        return _Target("questions", f"{names} are 0 or 1, a question each")
    return _Target("numbers", f"{names} are numbers")


def _check_varies(column: SeenColumn, seen: Survey) -> None:
    """Refuse a target that says the same in every row, or other words in each."""
    words = column.kind != "number"
    if column.different <= 1 and (words or column.least >= column.most) and seen.rows > 1:
        value = next(iter(column.counts), "")
        raise DataError(
            where=f"the target {column.name!r} of {seen.name}",
            got=f"{value if words else show_value(float(value or 0))!r} in every row"
            if column.counts
            else "no value",
            wanted="a target that differs from row to row, of which something can be learned",
            remedy="Name another column: y='price' (--y price); the last one is taken where none is named.",
        )
    if words and column.different > max(2, min(_MOST_WORDS, seen.rows / 2)):
        raise DataError(
            where=f"the target {column.name!r} of {seen.name}",
            got=f"{show_count(column.different)} different words in {show_count(seen.rows)} rows",
            wanted="classes, each of several rows, or numbers",
            remedy="Name another column: y='price' (--y price); the last one is taken where none is named.",
        )


def _is_classes(column: SeenColumn, seen: Survey) -> bool:
    """Return whether numbers are taken as classes: two of them, or whole ones without a hole from 0 or 1."""
    values = sorted(column.counts)
    if len(values) == 2:
        return seen.table or values == [0, 1]
    most = _CLASSES.get(int(column.least), 0) if column.whole and seen.whole_type else 0
    without_hole = values == [column.least + i for i in range(len(values))]
    return without_hole and len(values) <= most and column.values >= _ROWS_A_CLASS * len(values)


def _rare(column: SeenColumn, names: Mapping[Any, str], given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a note for classes of which there are few rows."""
    value, rows = min(column.counts.items(), key=lambda item: item[1])
    if rows / column.values < _RARE * 2 / column.different and given.get("class_weight") is None:
        yield (
            f"the class {names[value]} has {show_count(rows)} of {show_count(column.values)} rows: an "
            'accuracy says little of it; class_weight="balanced" (--class-weight balanced) weighs it up, and '
            "balanced_accuracy among the metrics counts each class alike"
        )


def _as_it_stands(seen: Survey) -> str:
    if seen.prepared:
        return "they were prepared already"
    if seen.source is not None and not isinstance(seen.source, ArraySource):
        return "the source makes its own rows"
    return "they are pixels" if seen.pixels else ""


def _standardised(seen: Survey, kept: list[SeenColumn], given: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Return the features that are standardised where a weight among them is not; none to say all."""
    weight = given.get("weight")
    if weight is None:
        return ()
    if seen.table:
        numbers = [column.key for column in kept if column.kind == "number"]
        return tuple(key for key in numbers if key != weight and str(key) != str(weight))
    width = prod(seen.x_shape)
    return tuple(i for i in range(width) if not isinstance(weight, int) or i != weight % width)


def _held_out(seen: Survey, given: Mapping[str, Any]) -> str:
    """Return what is held out already, as a sentence calls it."""
    if given.get("held_out") is not None and not isinstance(given["held_out"], Real):
        return "the rows given as held_out"
    return "the rows that the data brings along" if seen.brings_held_out else ""


def _ending(model: object) -> str:
    """Return the activation that a given network ends with; empty for none, and for a module."""
    last = model.steps[-1] if isinstance(model, Network) else None
    return last.kind if isinstance(last, Activation) else ""
