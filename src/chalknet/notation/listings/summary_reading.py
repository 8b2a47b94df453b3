"""What is known so far of the network in a table of layers."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.network import Shape, Step
from chalknet.notation.listings.summary_rows import Row
from chalknet.notation.tokens import SourceText
from chalknet.notation.torch_layers import FIT_AS_IT_IS, CodeLayer


@dataclass
class Listed:
    """One line of a table that is a layer.

    Args:
        row: the line.
        kind: its class.
        depth: how deep inside others it is.
        label: its own name, in Keras.
        form: which program printed it.
    """

    row: Row
    kind: str
    depth: int = 0
    label: str = ""
    form: str = ""


@dataclass
class SummaryReading:
    """What is known so far of the network of a table."""

    source: SourceText
    shape: Shape | None = None
    input_shape: Shape | None = None
    layers: list[CodeLayer] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unlearned: int = 0  # the parameters shown that no update changes
    guess: tuple[str, Shape] | None = (
        None  # that the first map has a bias: the note, and the input without one
    )

    def line(self, row: Row) -> str:
        """Return where a line stands."""
        return f"line {self.source.excerpt(row.span).line_number}"

    def refuse(self, row: Row, got: str, wanted: str, remedy: str = FIT_AS_IT_IS) -> ChalknetError:
        """Return the error for a line."""
        return self.source.refuse(row.span, got=got, wanted=wanted, remedy=remedy, kind=CannotExpress)

    def add(self, listed: Listed, step: Step) -> None:
        """Put a step behind the others."""
        self.layers.append(CodeLayer(listed.row.span, step, kind=listed.kind))
        if self.shape is not None:
            with self.source.pointing(listed.row.span):
                self.shape = step.output_shape(self.shape)
