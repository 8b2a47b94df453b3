"""What a step of a network is, and the row by which every room knows a kind of step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, NamedTuple, TypeAlias, TypeVar

from chalknet.network.shape import Shape, Size


class Step:
    """One step on the path from X to yhat: facts and no behaviour.

    `sizes` names the fields that are sizes, which may be symbols; `trainable` says whether it has parameters,
    `at_the_start` whether no step of another kind may stand before it.
    """

    trainable: ClassVar[bool] = False
    at_the_start: ClassVar[bool] = False
    sizes: ClassVar[tuple[str, ...]] = ()

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one sample after this step: the input shape, unless a kind changes it."""
        return input_shape

    def shape_before(self, output_shape: Shape) -> Shape:
        """Return the shape before this step by the one behind it, as far as it has to do with it."""
        return output_shape

    def parameters(self, input_shape: Shape) -> int | None:
        """Return the number of trainable parameters; None while a width is a symbol."""
        return 0

    def buffers(self, input_shape: Shape) -> int | None:
        """Return how many numbers it keeps beside its parameters; None while a width is a symbol."""
        return 0

    def multiply_adds(self, input_shape: Shape) -> int | None:
        """Return the multiply-adds for one sample; None while a width is a symbol."""
        return 0

    def mixes_samples(self) -> bool:
        """Return whether what it makes of a sample in training depends on the others of its batch."""
        return False

    def layers(self, input_shape: Shape) -> tuple[Size, ...]:
        """Return the widths of the layers that it counts as: the linear maps in it."""
        return ()

    def symbols(self) -> tuple[Size, ...]:
        """Return its sizes, which may be symbols."""
        return tuple(getattr(self, name) for name in self.sizes)

    def bound(self, number_of: Callable[[Size], Size]) -> Step:
        """Return it with every size replaced."""
        return replace(self, **{name: number_of(getattr(self, name)) for name in self.sizes})  # type: ignore[type-var]


AnyStep = TypeVar("AnyStep", bound=Step)
Arguments: TypeAlias = Mapping[str, Any]
WITHOUT_EFFECT = ("device", "dtype", "inplace")  # parameters of layers that do not change the network


@dataclass(frozen=True)
class TorchLayer:
    """A class of `torch.nn` that is read as a step, from a module and from code.

    Args:
        name: the class, such as `Linear`, or `module.Class` for one from elsewhere.
        parameters: the names of its parameters in torch's order; None for any, which are ignored.
        make: the step of the parameters that are given, by name; raises InvalidValue for what no step is.
        widths: the parameters that must be given, each a whole number or a symbol.
        takes: the parameter that says which sizes must arrive; empty for none.
        one_fits_all: whether the size 1 there takes whatever arrives.
        function: its name as a function of x, such as `relu` in `F.relu(x)`; empty for none.
    """

    name: str
    parameters: tuple[str, ...] | None
    make: Callable[[Arguments], Step]
    widths: tuple[str, ...] = ()
    takes: str = ""
    one_fits_all: bool = False
    function: str = ""

    @property
    def effective(self) -> tuple[str, ...]:
        """Return the parameters that say which step it is."""
        return tuple(name for name in self.parameters or () if name not in WITHOUT_EFFECT)

    def sizes_taken(self, given: Arguments) -> Shape:
        """Return the last sizes of the shape that must arrive; empty where the parameters say none."""
        sizes = given.get(self.takes, ()) if self.takes else ()
        if self.one_fits_all and sizes == 1:
            return ()
        if (shape := getattr(sizes, "input_shape", None)) is not None:  # of the network inside it
            return () if any(isinstance(size, str) for size in shape) else tuple(shape)
        return tuple(sizes) if isinstance(sizes, Sequence) and not isinstance(sizes, str) else (sizes,)


def is_number(value: object) -> bool:
    """Return whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


class LayerCall(NamedTuple):
    """The call that makes a layer: a class, named as in `TorchLayer`, and its keyword arguments."""

    layer: str
    arguments: Arguments


@dataclass(frozen=True)
class StepKind(Generic[AnyStep]):
    """One kind of step, a row of `STEPS`: what every room needs to know of it.

    Args:
        step: the class; its own methods state shapes, parameters and multiply-adds.
        layers: gives the classes of `torch.nn` that are read as it.
        call: the layer that it is built as and written as, for a step and the shape that arrives.
        words: its names in arrow text, shorthand and LaTeX, lower case, without `_` and `-`; the first is
            written.
        options: the fields that its word takes in brackets, in their order.
        read_inside: the step of the text in the brackets, where that is more than options.
        write_inside: that text.
        is_idle: whether a step changes nothing for samples of a shape, so that networks with and without
            it are the same.
    """

    step: type[AnyStep]
    layers: Callable[[], Iterable[TorchLayer]]
    call: Callable[[AnyStep, Shape], LayerCall]
    words: tuple[str, ...]
    options: tuple[str, ...] = ()
    read_inside: Callable[[str], AnyStep] | None = None
    write_inside: Callable[[AnyStep], str] | None = None
    is_idle: Callable[[AnyStep, Shape], bool] = lambda step, input_shape: False
