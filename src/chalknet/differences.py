"""Whether two descriptions are the same network, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from chalknet.forms import read
from chalknet.network import Activation, Dropout, Linear, Network, Visit, kind_of, show_shape
from chalknet.notation import write_step
from chalknet.units import full_text, one_line

_LAST_OF_A_LOSS = ("sigmoid", "softmax", "log_softmax")  # what a loss that takes logits does itself


@dataclass(frozen=True)
class Divergence:
    """A place where two networks differ.

    Args:
        where: the place, such as "step 2 and step 3".
        a, b: what stands there; "nothing" where only the other one has a step.
    """

    where: str
    a: str
    b: str


@dataclass(frozen=True)
class Difference:
    """What differs between two networks; falsy when they are the same.

    Args:
        parts: every place where they differ, from X to yhat.
    """

    parts: tuple[Divergence, ...]

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __repr__(self) -> str:
        return one_line(full_text(self))

    def __str__(self) -> str:
        if not self.parts:
            return "the same network"
        return "\n".join(f"{part.where}: {part.a} | {part.b}" for part in self.parts)


def difference(a: object, b: object, *, ignore_dropout: bool = False, logits: bool = False) -> Difference:
    """Return where two networks differ.

    Sameness is of the network, not of its spelling: names, nesting, Identity, Dropout with p = 0 and a
    Flatten of what is flat already make no difference; a width, a bias, a slope, an order does.

    Args:
        a: anything `read` takes: formula, code, drawing, module, file.
        b: the other one.
        ignore_dropout: whether Dropout counts for nothing.
        logits: whether a last sigmoid or softmax counts for nothing, since a loss on logits has it inside.

    Example:
        >>> bool(difference("1 -> 2 relu", "nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Identity())"))
        False
        >>> print(difference("1 -> 2 relu", "1 -> 2 tanh"))
        step 1: relu | tanh
    """
    first, second = (_Normal(read(form), ignore_dropout, logits) for form in (a, b))
    return Difference(tuple(_parts(first, second)))


class _Normal:
    """A network without the steps that change nothing."""

    def __init__(self, network: Network, ignore_dropout: bool, logits: bool) -> None:
        visits = [visit for visit in network.walk() if not _is_idle(visit, ignore_dropout)]
        last = visits[-1].step if visits else None
        if logits and isinstance(last, Activation) and last.kind in _LAST_OF_A_LOSS:
            visits.pop()
        self.shape = network.input_shape
        self.visits = visits
        self.kept = [visit.step for visit in visits]

    def shown(self, first: int, last: int) -> str:
        """Return the steps from one to another in words, with the widths between which they map."""
        return ", ".join(_shown(visit) for visit in self.visits[first:last]) or "nothing"

    def steps(self, first: int, last: int) -> str:
        """Return which steps of the network these are."""
        paths = [visit.path for visit in self.visits[first:last]]
        if not paths:
            return f"behind step {self.visits[first - 1].path}" if first else "before the first step"
        return f"step {paths[0]}" if len(paths) == 1 else f"steps {paths[0]} to {paths[-1]}"


def _parts(a: _Normal, b: _Normal) -> Iterator[Divergence]:
    if a.shape != b.shape:
        yield Divergence("X", show_shape(a.shape), show_shape(b.shape))
    matcher = SequenceMatcher(None, a.kept, b.kept, autojunk=False)
    for kind, a_first, a_last, b_first, b_last in matcher.get_opcodes():
        if kind != "equal":
            where, there = a.steps(a_first, a_last), b.steps(b_first, b_last)
            yield Divergence(
                where if where == there else f"{where} and {there}",
                a.shown(a_first, a_last),
                b.shown(b_first, b_last),
            )


def _is_idle(visit: Visit, ignore_dropout: bool) -> bool:
    dropped = ignore_dropout and isinstance(visit.step, Dropout)
    return dropped or kind_of(visit.step).is_idle(visit.step, visit.input_shape)


def _shown(visit: Visit) -> str:
    if not isinstance(visit.step, Linear):
        return write_step(visit.step, short=False)
    bias = "" if visit.step.bias else " without bias"
    return f"linear {visit.input_shape[-1]} → {visit.step.out_features}{bias}"
