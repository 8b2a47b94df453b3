"""Whether two descriptions are the same network, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from chalknet.errors import invalid, public
from chalknet.forms import ModelLike, read
from chalknet.lang import translated
from chalknet.network import (
    Activation,
    Dropout,
    Linear,
    Network,
    Shape,
    Step,
    Visit,
    kind_of,
    show_shape,
)
from chalknet.notation import write_step
from chalknet.tables import Table, Tabular

_SAME = "the same network"
_LAST_OF_A_LOSS = ("sigmoid", "softmax", "log_softmax")  # part of a loss that takes logits


@dataclass(frozen=True)
class DifferingPart:
    """A place where two networks differ.

    Args:
        where: the place, such as "step 2 and step 3".
        a: what the first network has there; "nothing" where the second has a step more.
        b: what the second network has there.
    """

    where: str
    a: str
    b: str

    def __str__(self) -> str:
        """Return the place and what each network has there, in the current language."""
        return f"{translated(self.where)}: {translated(self.a)} | {translated(self.b)}"


@dataclass(frozen=True, repr=False)
class Difference(Tabular):
    """What differs between two networks; falsy when they are the same.

    Args:
        parts: every place where they differ, from X to yhat.
        alike: how many of X and the steps are the same, in their order.
        of: how many there are, of the longer one where they differ.

    Example:
        >>> import chalknet as cn
        >>> found = cn.difference("1 -> 2 relu", "1 -> 3 relu")
        >>> found.parts[0].where, found.alike, found.of
        ('step 0', 2, 3)
    """

    parts: tuple[DifferingPart, ...]
    alike: int
    of: int

    def __bool__(self) -> bool:
        return bool(self.parts)

    @property
    def table(self) -> Table:
        """Return a row for every place where they differ."""
        rows = tuple((part.where, part.a, part.b) for part in self.parts)
        return Table(("where", "first", "second"), rows, title="" if rows else _SAME)

    def __str__(self) -> str:
        return "\n".join(map(str, self.parts)) or translated(_SAME)


@public()
def difference(
    a: ModelLike, b: ModelLike, *, ignore_dropout: bool = False, logits: bool = False
) -> Difference:
    """Return where two networks differ.

    The networks are compared, not the way they are written: names, nesting, Identity, Dropout with p = 0 and
    a Flatten of a flat sample make no difference; a width, a bias, a slope or the order of steps does.

    Args:
        a: whatever `read` takes: formula, code, drawing, module, file.
        b: the other one.
        ignore_dropout: whether Dropout is ignored.
        logits: whether a last sigmoid or softmax is ignored, since a loss on logits contains it.

    Raises:
        NotationError: for a text that is no network.
        InvalidValue: for what is no form of a network.

    Example:
        >>> import chalknet as cn
        >>> bool(cn.difference("1 -> 2 relu", "nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Identity())"))
        False
        >>> print(cn.difference("1 -> 2 relu", "1 -> 2 tanh"))
        step 1: relu | tanh
    """
    for name, flag in (("ignore_dropout", ignore_dropout), ("logits", logits)):
        if not isinstance(flag, bool):
            raise invalid(name, flag, "True or False", "Leave it out for False.")
    first, second = (_Simplified(read(form), ignore_dropout, logits) for form in (a, b))
    same_x = int(first.shape == second.shape)
    spans = [
        (kind, max(end - start, last - place)) for kind, start, end, place, last in _spans(first, second)
    ]
    alike = same_x + sum(length for kind, length in spans if kind == "equal")
    return Difference(tuple(_parts(first, second)), alike, 1 + sum(length for _, length in spans))


def identity_of(network: Network) -> tuple[Shape, tuple[Step, ...]]:
    """Return what two descriptions have in common when they are the same network, as `difference` has it."""
    simplified = _Simplified(network, ignore_dropout=False, logits=False)
    return simplified.shape, tuple(visit.step for visit in simplified.visits)


class _Simplified:
    """The steps of a network that make a difference."""

    def __init__(self, network: Network, ignore_dropout: bool, logits: bool) -> None:
        visits = [visit for visit in network.walk() if not _is_idle(visit, ignore_dropout)]
        last = visits[-1].step if visits else None
        if logits and isinstance(last, Activation) and last.kind in _LAST_OF_A_LOSS:
            visits.pop()
        self.shape = network.input_shape
        self.visits = visits

    def steps(self, first: int, last: int) -> str:
        """Return some steps in words, linear ones with their widths."""
        return ", ".join(map(_shown, self.visits[first:last])) or "nothing"

    def place(self, first: int, last: int) -> str:
        """Return the numbers of some steps in words."""
        paths = [visit.path for visit in self.visits[first:last]]
        if not paths:
            return f"behind step {self.visits[first - 1].path}" if first else "before the first step"
        return f"step {paths[0]}" if len(paths) == 1 else f"steps {paths[0]} to {paths[-1]}"


def _parts(a: _Simplified, b: _Simplified) -> Iterator[DifferingPart]:
    if a.shape != b.shape:
        yield DifferingPart("X", show_shape(a.shape), show_shape(b.shape))
    for kind, *ends in _spans(a, b):
        if kind != "equal":
            in_a, in_b = ends[:2], ends[2:]
            first, second = a.place(*in_a), b.place(*in_b)
            where = first if first == second else f"{first} and {second}"
            yield DifferingPart(where, a.steps(*in_a), b.steps(*in_b))


def _spans(a: _Simplified, b: _Simplified) -> list[tuple[str, int, int, int, int]]:
    """Return which steps are equal and which are not, in their order."""
    of_a, of_b = ([visit.step for visit in network.visits] for network in (a, b))
    return list(SequenceMatcher(None, of_a, of_b, autojunk=False).get_opcodes())


def _is_idle(visit: Visit, ignore_dropout: bool) -> bool:
    dropped = ignore_dropout and isinstance(visit.step, Dropout)
    return dropped or kind_of(visit.step).is_idle(visit.step, visit.input_shape)


def _shown(visit: Visit) -> str:
    if not isinstance(visit.step, Linear):
        return write_step(visit.step, short=False)
    bias = "" if visit.step.bias else " without bias"
    return f"linear {visit.input_shape[-1]} → {visit.step.out_features}{bias}"
