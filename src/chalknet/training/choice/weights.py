"""What samples weigh: a column of x, their classes, or both; put behind y, which every engine unpacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from chalknet.data import (
    ArraySource,
    HasProvenance,
    Provenance,
    Sample,
    Source,
    TakesFromAnother,
    target_blocks,
)
from chalknet.errors import DataError, InvalidValue, unknown_name
from chalknet.planning import Loss, Recipe
from chalknet.training.choice.fitted_model import ModelShapes
from chalknet.training.record.features import features_of

_ROWS = 65_536  # at a time


@dataclass(frozen=True)
class WeighedSource(TakesFromAnother):
    """A source whose x has lost the column of the weights.

    Args:
        source: with that column.
        column: its number.
        name: what messages and tables call it.
        held_out: the samples held out of the training, without the column too.
        provenance: of the features.
    """

    source: Source
    column: int
    name: str
    held_out: Source | None
    provenance: Provenance = field(default=Provenance())

    @property
    def x_shape(self) -> tuple[int, ...]:
        """Return the shape of one x."""
        return (self.source.x_shape[0] - 1,)

    @property
    def y_shape(self) -> tuple[int, ...]:
        """Return the shape of one y."""
        return self.source.y_shape

    def take(self, rows: torch.Tensor | slice) -> Sample:
        """Return these rows without the column."""
        x, y = self.source.take(rows)
        return Sample(_without(x, self.column), y)


def without_weights(source: Source, recipe: Recipe) -> Source:
    """Return a source without the column of the weights, where the recipe names one.

    Raises:
        UnknownName: for a column that x does not have.
        InvalidValue: for x that has no columns, or none beside it; for a column of words.
    """
    if recipe.weight is None:
        return source
    column = _column(source, recipe.weight)
    held_out = None if source.held_out is None else without_weights(source.held_out, recipe)
    provenance = Provenance(notes=source.notes, preparation=features_of(source.preparation, recipe))
    if isinstance(source, ArraySource):
        x = _without(source.x, column)
        return source.replace(x=x, held_out=held_out, provenance=provenance)
    return WeighedSource(source, column, source.name, held_out, provenance)


@dataclass(frozen=True)
class Weighing:
    """What the samples of a fit weigh.

    Args:
        column: the number of the column of x in the source as it was loaded; None where there is none.
        mean: that was taken from the column when it was standardised, and
        std: what it was divided by.
        classes: what a sample of each class weighs; empty where classes weigh the same.
        scale: what all weights are multiplied by.
    """

    column: int | None
    mean: float = 0.0
    std: float = 1.0
    classes: tuple[float, ...] = ()
    scale: float = 1.0

    def of(self, x: torch.Tensor | None, y: torch.Tensor) -> torch.Tensor:
        """Return the weights of some samples, in float64.

        Args:
            x: as it was loaded; None where no column is taken.
            y: class numbers, or yes and no, `(n, ...)`; not looked at where classes weigh the same.
        """
        weights = torch.ones(len(y), dtype=torch.float64)
        if x is not None and self.column is not None:
            weights *= x[:, self.column].double() * self.std + self.mean
        if self.classes:
            numbers = (y.reshape(len(y)) > 0.5) if y.is_floating_point() else y.reshape(len(y))
            weights *= torch.tensor(self.classes, dtype=torch.float64)[numbers.long()]
        return weights * self.scale


def weighing_of(source: Source, ready: Source, recipe: Recipe, outputs: int) -> Weighing:
    """Return what the samples weigh: with the mean over an update's samples, 1 on the average.

    Args:
        source: the training samples as they were loaded.
        ready: the same as the loss takes them.
        recipe: says what weighs.
        outputs: how many numbers yhat has.

    Raises:
        InvalidValue: for class weights without classes, or others than the classes there are.
        DataError: for a weight below 0, or none above.
    """
    weighing = Weighing(None)
    if recipe.weight is not None:
        column = _column(source, recipe.weight)
        found = source.preparation
        kept = found.x[column] if found is not None and found.x and column < len(found.x) else None
        weighing = Weighing(column, kept.mean if kept else 0.0, kept.std if kept else 1.0)
    if recipe.class_weight is not None:
        weighing = replace(weighing, classes=_class_weights(source, ready, recipe, outputs))
    total = _checked_total(source, ready, weighing)
    return replace(weighing, scale=len(ready) / total) if recipe.reduction == "mean" else weighing


def _checked_total(source: Source, ready: Source, weighing: Weighing) -> float:
    total = 0.0
    for first in range(0, len(ready), _ROWS):
        rows = slice(first, min(first + _ROWS, len(ready)))
        weights = _weights(source, ready, weighing, rows)
        wrong = (weights < 0).nonzero().flatten().tolist()
        if wrong and min(weights[wrong]) < -1e-6 * float(weights.abs().max()):
            raise DataError(
                where=f"the weights of {source.name}, row {first + wrong[0]}",
                got=f"{weights[wrong[0]].item():g}",
                wanted="weights of at least 0",
                remedy="Leave this row out, or name another column.",
            )
        total += float(weights.sum())
    if not total > 0:
        raise DataError(
            where=f"the weights of {source.name}",
            got="no weight above 0",
            wanted="samples that weigh something",
            remedy="Name another column, or leave weight out.",
        )
    return total


def _weights(source: Source, ready: Source, weighing: Weighing, rows: slice | torch.Tensor) -> torch.Tensor:
    x = None if weighing.column is None else source.take(rows).x
    return weighing.of(x, ready.take(rows).y)


@dataclass(frozen=True)
class PackedSource(HasProvenance):
    """Samples whose y has what each weighs as its last number.

    Args:
        source: as it was loaded.
        ready: the same as the loss takes them.
        weighing: what they weigh.
        dtype: of the weights of the network.
    """

    source: Source
    ready: Source
    weighing: Weighing
    dtype: torch.dtype
    provenance: Provenance = field(default=Provenance())
    held_out: None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ready, name)

    @property
    def y_shape(self) -> tuple[int, ...]:
        """Return the shape of one y with its weight."""
        return (int(torch.Size(self.ready.y_shape).numel()) + 1,)

    def __len__(self) -> int:
        return len(self.ready)

    def take(self, rows: torch.Tensor | slice) -> Sample:
        """Return these rows, packed."""
        x, y = self.ready.take(rows)
        own = None if self.weighing.column is None else self.source.take(rows).x
        weights = self.weighing.of(own, y).to(self.dtype)
        return Sample(x, torch.cat([y.reshape(len(y), -1).to(self.dtype), weights[:, None]], dim=1))


def packed(source: Source, ready: Source, weighing: Weighing, dtype: torch.dtype) -> Source:
    """Return samples with their weights behind y: in memory where they are there already."""
    made = PackedSource(source, ready, weighing, dtype)
    if isinstance(ready, ArraySource):
        return ready.replace(y=made.take(slice(0, len(ready))).y, held_out=None, provenance=Provenance())
    return made


def weighed(
    sources: tuple[Source, Source, Source | None], recipe: Recipe, shapes: ModelShapes, dtype: torch.dtype
) -> tuple[Source, Source | None]:
    """Return the samples, and those held out, with what each weighs behind its y.

    Args:
        sources: as they were loaded, and as the loss takes them: of the training, and held out.
        recipe: says what weighs.
        shapes: of one sample of x and of yhat.
        dtype: of the weights of the network.
    """
    source, samples, held_out = sources
    outputs = int(shapes.output_shape[0]) if shapes.output_shape else 1
    weighing = weighing_of(source, samples, recipe, outputs)
    if held_out is not None and source.held_out is not None:
        held_out = packed(source.held_out, held_out, weighing, dtype)
    return packed(source, samples, weighing, dtype), held_out


def _without(x: torch.Tensor, column: int) -> torch.Tensor:
    return torch.cat([x[:, :column], x[:, column + 1 :]], dim=1)


def _column(source: Source, weight: str | int) -> int:
    """Return the number of the column of x that has the weights."""
    if len(source.x_shape) != 1 or source.x_shape[0] < 2:
        raise InvalidValue(
            where="weight",
            got=f"{weight!r} for x of shape {source.x_shape}",
            wanted="x with a row of columns, one of which is the weight",
            remedy="Put the weights beside x: numpy.column_stack([x, weights]), and say weight=-1.",
        )
    width, found = source.x_shape[0], source.preparation
    names = found.names if found is not None and found.x else ()
    widths = [column.width for column in found.x] if names and found is not None else [1] * width
    starts = [sum(widths[:place]) for place in range(len(widths))]
    if isinstance(weight, str) and weight in names and found is not None:
        place = names.index(weight)
        if found.x[place].words is not None:
            raise InvalidValue(
                where="weight", got=f"{weight!r}, a column of words", wanted="a column of numbers",
                remedy="Name the column that says how much each row weighs.",
            )  # fmt: skip
        return starts[place]
    if isinstance(weight, int) and -len(starts) <= weight < len(starts):
        return starts[weight]
    raise unknown_name("weight", "column", weight, names or (f"0 to {width - 1}",))


def _class_weights(source: Source, ready: Source, recipe: Recipe, outputs: int) -> tuple[float, ...]:
    loss, asked = recipe.loss_row, recipe.class_weight
    _check_has_classes(loss, ready)
    count = max(2, outputs) if loss.target == "class" else 2
    counts = torch.zeros(count, dtype=torch.int64)
    for _, y in target_blocks(ready):
        numbers = (y.reshape(-1) > 0.5).long() if y.is_floating_point() else y.reshape(-1)
        counts += torch.bincount(numbers, minlength=count)[:count]
    if asked == "balanced":
        there = int((counts > 0).sum())
        return tuple(len(ready) / (there * n) if n else 0.0 for n in counts.tolist())
    names = _class_names(source, count)
    if isinstance(asked, Mapping):
        for name in asked:
            if name not in names:
                raise unknown_name("class_weight", "class", name, names)
        return tuple(asked.get(name, 1.0) for name in names)
    assert isinstance(asked, tuple)
    if len(asked) != count:
        raise InvalidValue(
            where="class_weight",
            got=f"{len(asked)} weights for {count} classes",
            wanted="one for each",
            remedy="Say class_weight='balanced', or give as many as the model has outputs.",
        )
    return asked


def _class_names(source: Source, count: int) -> tuple[str, ...]:
    found = source.preparation
    words = found.y[0].words if found is not None and found.classes else None
    return (*(words or ()), *map(str, range(len(words or ()), count)))


def _check_has_classes(loss: Loss, ready: Source) -> None:
    one = int(torch.Size(ready.y_shape).numel()) == 1
    if loss.target == "class" or (loss.target == "probability" and one):
        return
    raise InvalidValue(
        where="class_weight",
        got=f"loss {loss.name}, and {'one number' if one else 'several numbers'} of y a sample",
        wanted="one class a sample",
        remedy="Name a column that says what each row weighs, weight='w' (--weight w), or leave it out.",
    )
