"""Embed: the number of a category becomes a row of numbers that is fitted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from chalknet.errors import InvalidValue, invalid
from chalknet.network.shape import UNKNOWN_WIDTH, Shape, Size, as_size, one_row
from chalknet.network.step import Arguments, LayerCall, Step, StepKind, TorchLayer

_MOST_CATEGORIES = 1 << 24  # a float32 counts no further one by one
EMBED_CLASS = "chalknet.module.EmbedLayer"


@dataclass(frozen=True)
class Embed(Step):
    """Put the first feature, the number of a category, behind the others as the row fitted for that category.

    Args:
        categories: how many there are, counted from 0; `?` is filled from the data.
        width: numbers that each category becomes.
        column: the column of a table that it is the category of; empty where the data are arrays.

    Source: C. Guo, F. Berkhahn, Entity Embeddings of Categorical Variables (2016).

    Example:
        >>> import chalknet as cn
        >>> cn.read("embed(city 46 -> 8) & x(n,5) -> 32 relu -> 1").output_shape
        (1,)
    """

    categories: Size
    width: Size
    column: str = ""
    trainable: ClassVar[bool] = True
    at_the_start: ClassVar[bool] = True
    sizes: ClassVar[tuple[str, ...]] = ("categories", "width")

    def __post_init__(self) -> None:
        for name in self.sizes:
            object.__setattr__(self, name, as_size(getattr(self, name), f"Embed {name}"))
        if isinstance(self.categories, int) and self.categories > _MOST_CATEGORIES:
            wanted = f"at most {_MOST_CATEGORIES:,}, which a float32 can count"
            raise invalid("Embed categories", self.categories, wanted, "Put rare categories together.")
        if not isinstance(self.column, str) or not self.column.isprintable() or set(self.column) & set("()"):
            remedy = "Leave it out where the data are arrays."
            raise invalid("Embed column", self.column, "the name of a column, without brackets", remedy)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return one feature less, and as many as a category becomes more."""
        (arriving,) = one_row("Embed", input_shape)
        if arriving == UNKNOWN_WIDTH:
            return (UNKNOWN_WIDTH,)
        if isinstance(arriving, str) or isinstance(self.width, str):
            raise InvalidValue(
                where="Embed",
                got=f"the width {arriving if isinstance(arriving, str) else self.width}, which is no number",
                wanted="numbers, whose sum is the width behind it",
                remedy="Write the number of features.",
            )
        return (arriving - 1 + self.width,)

    def shape_before(self, output_shape: Shape) -> Shape:
        """Return one feature more, and as many as a category becomes less."""
        width = output_shape[-1]
        if isinstance(width, str) or isinstance(self.width, str):
            return output_shape
        return (width + 1 - self.width,)

    def parameters(self, input_shape: Shape) -> int | None:
        """Return as many numbers for each category as it becomes."""
        if isinstance(self.categories, str) or isinstance(self.width, str):
            return None
        return self.categories * self.width


def _read(given: Arguments) -> Embed:
    return Embed(given["num_embeddings"], given["embedding_dim"], given.get("column", ""))


def _call(step: Embed, input_shape: Shape) -> LayerCall:
    widths = {"num_embeddings": step.categories, "embedding_dim": step.width}
    return LayerCall(EMBED_CLASS, {**widths, "column": step.column} if step.column else widths)


_INSIDE = re.compile(
    r"(?:(?P<column>.*?[^\s,:])(?:\s*[,:]\s*|\s+))?(?P<categories>\d{1,15}|\?|[^\W\d]\w*)"
    r"\s*(?:->|→|,)\s*(?P<width>\d{1,15}|[^\W\d]\w*)"
)


def _read_inside(inside: str) -> Embed:
    """Return the step of what stands in the brackets: `city 46 -> 8`, `city, 46, 8`, `46 -> 8`."""
    found = _INSIDE.fullmatch(inside.strip())
    if found is None:
        raise InvalidValue(
            where="embed",
            got=f"({inside})",
            wanted="a column, how many categories it has, and how many numbers each becomes",
            remedy="Write embed(city 46 -> 8), or embed(city ? -> 8) for the number that the data has.",
        )
    categories, width = (int(size) if size.isdigit() else size for size in found.group("categories", "width"))
    return Embed(categories, width, (found["column"] or "").strip("'\""))


def _write_inside(step: Embed) -> str:
    return ", ".join(map(str, (*([step.column] if step.column else []), step.categories, step.width)))


EMBED = StepKind(
    step=Embed,
    layers=lambda: [
        TorchLayer(
            EMBED_CLASS,
            ("num_embeddings", "embedding_dim", "column"),
            _read,
            widths=("num_embeddings", "embedding_dim"),
        )
    ],
    call=_call,
    words=("embed", "embedding", "임베딩"),
    read_inside=_read_inside,
    write_inside=_write_inside,
)
