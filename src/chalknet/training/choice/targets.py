"""Data made ready for a loss: shapes that meet the network, targets that the loss can take."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import prod

import torch

from chalknet.data import ArraySource, Provenance, Sample, Source, TakesFromAnother, target_blocks
from chalknet.errors import DataError, ShapeMismatch
from chalknet.network import Shape, show_shape
from chalknet.planning import Loss
from chalknet.training.choice.fitted_model import ModelShapes

TensorMap = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class MappedSource(TakesFromAnother):
    """A source whose samples are mapped as they are taken."""

    source: Source
    map_x: TensorMap
    map_y: TensorMap
    x_shape: tuple[int, ...]
    y_shape: tuple[int, ...]
    name: str
    held_out: Source | None = None  # made ready on its own
    provenance: Provenance = field(default=Provenance())

    def fingerprint(self) -> str | None:
        """Return the hash of the source behind it."""
        return self.source.fingerprint()

    def take(self, rows: torch.Tensor | slice) -> Sample:
        """Return the mapped samples of these rows."""
        x, y = self.source.take(rows)
        return Sample(self.map_x(x), self.map_y(y))


def make_ready(
    source: Source, loss: Loss, shapes: ModelShapes, dtype: torch.dtype
) -> tuple[Source, Sequence[str]]:
    """Return the source with x and y as the network and the loss want them, and what was done for it.

    Args:
        source: the data as it was loaded.
        loss: the row of the loss.
        shapes: of one sample of x and of yhat.
        dtype: the dtype of the weights.

    Raises:
        ShapeMismatch: when x or y cannot meet the network.
        DataError: when labels are outside what the loss takes, naming rows.
    """
    reasons: list[str] = []
    _check_words(source, loss, reasons)
    loss = settled_target(source, loss, shapes)
    x_shape = _fitted_x_shape(source, shapes, reasons)
    y_shape = _fitted_y_shape(source, loss, shapes, reasons)
    y_dtype = torch.int64 if loss.target == "class" else dtype

    x_dtype = torch.int64 if shapes.whole_numbers else dtype
    if shapes.whole_numbers:
        reasons.append("x reaches the module in whole numbers (int64): its forward takes no others")

    def map_x(x: torch.Tensor) -> torch.Tensor:
        if shapes.whole_numbers:
            check_whole(x, f"x of {source.name}")
        return x.to(x_dtype).reshape(len(x), *x_shape)

    def map_y(y: torch.Tensor) -> torch.Tensor:
        return y.to(y_dtype).reshape(len(y), *y_shape)

    _check_labels(source, loss, shapes)
    if isinstance(source, ArraySource):  # mapped once, not batch by batch
        found = (source.x_shape, source.y_shape, source.x.dtype, source.y.dtype)
        fits = found == (x_shape, y_shape, x_dtype, y_dtype)
        mapped = source if fits else _as_mapped(source, map_x(source.x), map_y(source.y))
        return mapped, reasons
    return MappedSource(source, map_x, map_y, x_shape, y_shape, source.name), reasons


def settled_target(source: Source, loss: Loss, shapes: ModelShapes) -> Loss:
    """Return a loss that says what y is, for one that takes anything.

    Several numbers of yhat for one whole number of y are those of classes.
    """
    if loss.target != "any":
        return loss
    first = source.take(slice(0, 1)).y
    classes = prod(source.y_shape) == 1 < prod(shapes.output_shape) and not first.is_floating_point()
    return replace(loss, target="class" if classes else "real")


def _as_mapped(source: ArraySource, x: torch.Tensor, y: torch.Tensor) -> ArraySource:
    """Return a source of mapped tensors; x in whole numbers stays as it is."""
    if x.is_floating_point():
        return ArraySource(x, y, name=source.name)
    return source.replace(x=x, y=y, held_out=None, provenance=Provenance())


def check_whole(x: torch.Tensor, where: str) -> None:
    """Refuse features that are no whole numbers, or may have been other ones before they became floats.

    Args:
        x: features `(n, ...)` as they were loaded.
        where: what an error calls them.

    Raises:
        DataError: naming the first row that is none.
    """
    exact = 2**24 if x.dtype == torch.float32 else 2**53
    wrong = (x != x.floor()) | (x.abs() > exact)
    rows = wrong.reshape(len(x), -1).any(dim=1).nonzero().flatten().tolist()
    if rows:
        raise DataError(
            where=f"{where}, row {rows[0]} ({len(rows)} in all, counted from 0)",
            got=f"{x[rows[0]][wrong[rows[0]]][0].item():.16g}",
            wanted=f"whole numbers up to {exact:,}, which the module takes as int64",
            remedy="Number what x stands for from 0 on, as nn.Embedding counts its rows.",
        )


def _fitted_x_shape(source: Source, shapes: ModelShapes, reasons: list[str]) -> tuple[int, ...]:
    got = source.x_shape
    if got == shapes.input_shape:
        return got
    if prod(got) == prod(shapes.input_shape):
        if shapes.any_layout:
            return got
        if len(shapes.input_shape) == 1:
            reasons.append(f"each x of shape {got} is read row by row as {prod(got)} features")
            return shapes.input_shape
    wanted = f"{show_shape(shapes.input_shape)}, which the network takes"
    remedy = f"Begin the network with X{show_shape(got)}, or give other columns."
    raise _other_shape(f"x of {source.name}", got, wanted, remedy)


def _fitted_y_shape(source: Source, loss: Loss, shapes: ModelShapes, reasons: list[str]) -> tuple[int, ...]:
    got = source.y_shape
    if loss.target == "class":
        if prod(got) != 1:
            wanted = f"one class number a sample for {loss.name}"
            remedy = "Give y.argmax(1) where y marks the class with a one."
            raise _other_shape(f"y of {source.name}", got, wanted, remedy)
        return ()
    target = shapes.output_shape
    if loss.outputs > 1 and target:
        target = (*target[:-1], target[-1] // loss.outputs)
    whole = prod(target) * loss.outputs == prod(shapes.output_shape)
    if got == target and whole:
        return got
    if prod(got) == prod(target) == 1 and whole:
        # (n,) against (n,1) would broadcast to (n,n) in the loss: the classic silent mistake
        reasons.append(f"y {show_shape(got)} is read as the column {show_shape(target)}")
        return target
    wanted = f"{show_shape(shapes.output_shape)}, the shape of yhat"
    remedy = "Let the network end in as many features as y has."
    if loss.outputs > 1:
        wanted = f"half of {show_shape(shapes.output_shape)}: {loss.name} takes two numbers of yhat for each"
        remedy = f"Let the network end in {loss.outputs * prod(got)} features."
    if loss.metric == "accuracy" and len(shapes.output_shape) == 1:
        remedy = "For class numbers use loss cross_entropy, with one output a class."
    raise _other_shape(f"y of {source.name}", got, wanted, remedy)


def _other_shape(where: str, got: Shape, wanted: str, remedy: str) -> ShapeMismatch:
    return ShapeMismatch(where=where, got=f"the shape {show_shape(got)}", wanted=wanted, remedy=remedy)


def _check_words(source: Source, loss: Loss, reasons: list[str]) -> None:
    """Raise a DataError for words as the target of a loss of numbers; two of them may be 0 and 1."""
    found = source.preparation
    if loss.target != "real" or found is None or not found.classes or found.numeric_classes:
        return
    words = found.y[0].words or ()
    if len(words) > 2:
        raise DataError(
            where=f"y of {source.name}",
            got=f"words such as {words[0]!r}",
            wanted=f"numbers for {loss.name}",
            remedy="Use a loss of classes, cross_entropy, or name a target of numbers: y=... (--y).",
        )
    reasons.append(f"{loss.name} takes the classes {' and '.join(words)} as the numbers 0 and 1")


def _check_labels(source: Source, loss: Loss, shapes: ModelShapes) -> None:
    if loss.target == "real" and loss.least == -math.inf:
        return
    classes = shapes.output_shape[0] if shapes.output_shape else None
    for first_row, target in target_blocks(source):
        y = target.reshape(len(target), -1)
        if loss.target == "probability":
            wrong, wanted = (y < 0) | (y > 1), "labels between 0 and 1"
            remedy = "Code the two classes as 0 and 1; for more classes use cross_entropy."
        elif loss.target == "real":
            wrong, wanted = y < loss.least, f"numbers of at least {loss.least:g}"
            remedy = "Counts are not standardised, and not negative; take mse for other numbers."
        else:
            wrong = (y < 0) | (y != y.floor()) if y.is_floating_point() else y < 0
            wrong = wrong if classes is None else wrong | (y >= classes)
            largest = "" if classes is None else f" to {classes - 1}"
            wanted = f"class numbers, whole and from 0{largest}"
            remedy = "The network's last width is the number of classes; class numbers start at 0."
        rows = wrong.any(dim=1).nonzero().flatten()
        if len(rows):
            first = ", ".join(str(first_row + int(row)) for row in rows[:5])
            more = ", ..." if len(rows) > 5 else ""
            raise DataError(
                where=f"y of {source.name}, row{'s' * (len(rows) > 1)} {first}{more} ({len(rows)} in all)",
                got=f"{y[rows[0]][wrong[rows[0]]][0].item():g}",
                wanted=f"{wanted} for {loss.name}",
                remedy=remedy,
            )
