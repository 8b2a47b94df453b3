"""A network: the shape of one sample and the steps from X to yhat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, NamedTuple

from chalknet.errors import InvalidValue, unknown_name
from chalknet.network.account import Account
from chalknet.network.activation import Activation
from chalknet.network.embedding import Embed
from chalknet.network.layers import Linear
from chalknet.network.shape import UNKNOWN_WIDTH, Shape, Size, as_shape, as_size
from chalknet.network.step import Step
from chalknet.network.steps import STEPS, layer_call
from chalknet.tables import Shown


@dataclass(frozen=True)
class Visit:
    """One step as `Network.walk` meets it, from X to yhat.

    Args:
        path: the step's place, `"0"` for the first one; equal to its name in the built `nn.Sequential`.
        step: the step.
        input_shape: shape of one sample before it, the batch axis left out.
        output_shape: shape of one sample after it.
    """

    path: str
    step: Step
    input_shape: Shape
    output_shape: Shape

    def mismatch(self, takes: Shape) -> Mismatch | None:
        """Return how the last sizes that arrive differ from those that a layer takes, or None."""
        arriving = self.input_shape[len(self.input_shape) - len(takes) :]
        if arriving == takes:
            return None
        call = layer_call(self.step, self.input_shape)
        right, wrong = ("x".join(map(str, sizes)) for sizes in (arriving, takes))
        others = [str(value) for value in call.arguments.values()][1:]
        written, mended = (f"{call.layer}({', '.join([sizes, *others])})" for sizes in (wrong, right))
        return Mismatch(wrong, right, written, mended)


def shape_taken(layers: Iterable[tuple[Step | None, Shape]]) -> Shape | None:
    """Return the shape of a sample that steps take, by the first of them that says which sizes arrive.

    None where none of them says it, or a linear map stands before it that does not.
    """
    before: list[Step] = []
    for step, takes in layers:
        if takes:
            for one in reversed(before):
                takes = one.shape_before(takes)
            return takes
        if isinstance(step, Linear):
            return None
        before += [] if step is None else [step]
    return None


class Mismatch(NamedTuple):
    """A layer whose input sizes differ from those that arrive, and its call as it is and as it should be."""

    takes: str
    arriving: str
    written: str
    mended: str


@dataclass(frozen=True, repr=False)
class Network(Shown):
    """A feed-forward network, checked when it is made and compared by value.

    Args:
        input_shape: shape of one sample, the batch axis left out: `784`, `(28, 28)` or `("m",)`.
        steps: the steps in their order, at least one.
        name: what the network is called; two networks that differ in it alone are equal.
        notes: what a reader had to assume, a sentence each; no part of the network's value either.
        weights: parameters that a drawing shows, under the names of the built module (`0.weight`: a
            row an output, `0.bias`); no part of the network's value either.
        account: what each mark of the drawing was taken for from which the network was read; None for a
            network from elsewhere; no part of its value either.

    Raises:
        InvalidValue: for a shape that is none, no steps, or a step that is none.

    Example:
        >>> import chalknet as cn
        >>> network = cn.Network((784,), (cn.Linear(32), cn.Activation("relu"), cn.Linear(1)))
        >>> network.output_shape
        (1,)
    """

    input_shape: Shape
    steps: tuple[Step, ...]
    name: str = field(default="net", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)
    weights: Mapping[str, Sequence[Any]] = field(default_factory=dict, compare=False, repr=False)
    account: Account | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "input_shape", as_shape(self.input_shape, "the network's input shape"))
        object.__setattr__(self, "steps", tuple(self.steps))
        known = {kind.step for kind in STEPS.values()}
        wrong = [step for step in self.steps if type(step) not in known]
        if wrong or not self.steps:
            raise InvalidValue(
                where="the network's steps",
                got=repr(wrong[0]) if wrong else "no step at all",
                wanted=f"at least one step, each one of {', '.join(STEPS)}",
                remedy="Write the steps in the order in which X passes through them.",
            )
        for before, step in pairwise(self.steps):
            if step.at_the_start and not before.at_the_start:
                raise InvalidValue(
                    where="the network's steps",
                    got=f"{type(step).__name__} behind {type(before).__name__}",
                    wanted=f"every {type(step).__name__} at the start, where the data arrive",
                    remedy="Put it first.",
                )
        for _ in self.walk():  # a step that cannot take the shape before it raises here
            pass

    def walk(self) -> Iterator[Visit]:
        """Yield every step with the shapes before and after it: the one traversal of a network."""
        shape = self.input_shape
        for index, step in enumerate(self.steps):
            after = step.output_shape(shape)
            yield Visit(str(index), step, shape, after)
            shape = after

    @property
    def output_shape(self) -> Shape:
        """Return the shape of yhat for one sample."""
        return list(self.walk())[-1].output_shape

    @property
    def embedded(self) -> tuple[str, ...]:
        """Return the columns whose categories it embeds, in their order."""
        return tuple(step.column for step in self.steps if isinstance(step, Embed) and step.column)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the symbolic widths, in the order in which they are met."""
        sizes: list[Size] = [*self.input_shape]
        sizes += [size for step in self.steps for size in step.symbols()]
        return tuple(dict.fromkeys(size for size in sizes if isinstance(size, str)))

    @property
    def unsettled(self) -> tuple[Visit, ...]:
        """Return the visits to activations that are general (`h`) or unknown (`?`)."""
        return tuple(
            visit
            for visit in self.walk()
            if isinstance(visit.step, Activation) and not visit.step.row.settled
        )

    def settle(self, *kinds: str) -> Network:
        """Return the network with its unknown activations named: `network.settle("relu", "sigmoid")`.

        Args:
            kinds: one for each activation that is general (`h`) or unknown (`?`), in their order.

        Raises:
            UnknownName: for a kind that is none.
            InvalidValue: for more or fewer kinds than there are unknown activations.
        """
        open_places = [int(visit.path) for visit in self.unsettled]
        if len(kinds) != len(open_places):
            raise InvalidValue(
                where="settle",
                got=f"{len(kinds)} activation{'s' * (len(kinds) != 1)}",
                wanted=f"{len(open_places)}, one for each activation that is not known",
                remedy="Name them in their order, such as relu,sigmoid; none for a linear layer.",
            )
        named = dict(zip(open_places, ("none" if kind == "linear" else kind for kind in kinds), strict=True))
        steps = [
            Activation(named[place]) if place in named else step for place, step in enumerate(self.steps)
        ]
        return replace(self, steps=tuple(steps))

    def bind(self, **sizes: int) -> Network:
        """Return the network with its symbols replaced by numbers: `network.bind(m=784)`.

        Raises:
            UnknownName: for a symbol that the network does not have.
        """
        named = [symbol for symbol in self.symbols if symbol != UNKNOWN_WIDTH]  # two of these may differ
        for symbol in sizes:
            if symbol not in named:
                raise unknown_name("bind", "symbol", symbol, named or ("no symbol at all",))
        numbers = {symbol: as_size(size, f"bind {symbol}") for symbol, size in sizes.items()}

        def bound(size: Size) -> Size:
            return numbers.get(size, size) if isinstance(size, str) else size

        steps = [step.bound(bound) for step in self.steps]
        return replace(self, input_shape=tuple(map(bound, self.input_shape)), steps=tuple(steps))
