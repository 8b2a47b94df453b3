"""Torch's random numbers as a stream of one's own; those of the caller are left as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from chalknet.system import ForkSafeLock

DEFAULT_GENERATORS = ForkSafeLock()
"""Held by whoever lends torch's default generators a state, or draws from them meanwhile; never for long."""

MODULE_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
TENSOR_HOOKS = ("_backward_hooks", "_post_accumulate_grad_hooks")

# Files of torch.nn.modules whose modules draw nothing in an update, and the exceptions in them.
_WITHOUT_DRAWS = frozenset(
    f"torch.nn.modules.{name}"
    for name in (
        *("activation", "batchnorm", "channelshuffle", "container", "conv", "distance", "flatten", "fold"),
        *("instancenorm", "linear", "loss", "normalization", "padding", "pixelshuffle", "pooling", "sparse"),
        "upsampling",
    )
) | {"chalknet.module.losses", "chalknet.engine.torch_rows"}
_WITH_DRAWS = (nn.RReLU, nn.MultiheadAttention, nn.FractionalMaxPool2d, nn.FractionalMaxPool3d)


class RandomStream:
    """The numbers that follow `torch.manual_seed(seed)`, drawn in one or several periods.

    They come from generators of the stream's own. Code that draws from torch's default generators and takes
    no other runs within `lent`: these then have the stream's state, for one thread at a time.

    Args:
        seed: any integer that `torch.manual_seed` takes.
        device: where random numbers are drawn; the CPU's are always among them.
    """

    def __init__(self, seed: int, device: torch.device | None = None) -> None:
        self._own = [torch.Generator()]
        self._default = [torch.default_generator]
        if device is not None and device.type == "cuda":
            index = device.index or 0
            self._own.append(torch.Generator(torch.device("cuda", index)))
            torch.cuda.init()  # type: ignore[no-untyped-call]  # from then on there are default generators
            self._default.append(torch.cuda.default_generators[index])
        self._lent = 0
        self.begin(seed)

    @property
    def generator(self) -> torch.Generator:
        """Return the CPU's generator that has the stream's state: its own, or torch's while it is lent."""
        return self._now[0]

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let whatever the body calls draw from this stream; the caller's generators are restored after it.

        One thread at a time: others that call this wait. A thread that draws from torch's default generators
        without asking meanwhile draws from this stream too.
        """
        with DEFAULT_GENERATORS, _put_back(self._default):
            _copy_states(self._own, self._default)
            self._lent += 1
            try:
                yield
            finally:
                self._lent -= 1
                _copy_states(self._default, self._own)

    @contextmanager
    def initialising(self) -> Iterator[None]:
        """Let the constructors of torch.nn draw from this stream; no other thread sees anything of it."""
        with _Drawing(self.generator):
            yield

    def for_updates(
        self, *modules: nn.Module, others: bool = False
    ) -> Callable[[], AbstractContextManager[object]]:
        """Return what makes the context in which modules are called in updates.

        Args:
            modules: what is called: the module and its loss.
            others: whether code of the user's runs as well, such as a source of samples.
        """
        if others or draws_from_default(*modules, on_cpu=len(self._own) == 1):
            return self.lent
        dropouts = [child for module in modules for child in module.modules() if type(child) is nn.Dropout]
        return partial(_dropping_out, dropouts, self.generator) if dropouts else nullcontext

    def begin(self, seed: int) -> None:
        """Restart the numbers from a seed."""
        for generator in self._now:
            generator.manual_seed(seed)

    @property
    def states(self) -> tuple[torch.Tensor, ...]:
        """Return the position in the stream: a state for each generator, the CPU's first."""
        return tuple(generator.get_state() for generator in self._now)

    def go_to(self, states: Sequence[torch.Tensor]) -> None:
        """Continue from these states; further generators keep their own."""
        for generator, state in zip(self._now, states, strict=False):
            generator.set_state(state)

    @property
    def _now(self) -> list[torch.Generator]:
        return self._default if self._lent else self._own


def draws_from_default(*modules: nn.Module, on_cpu: bool = True) -> bool:
    """Return whether modules may draw from torch's default generators, as far as can be known.

    Args:
        *modules: with all their children.
        on_cpu: whether they compute on the CPU, where Dropout needs no default generator.
    """
    return any(
        _is_strange(child)
        or not (type(child).__module__ in _WITHOUT_DRAWS or (on_cpu and type(child) is nn.Dropout))
        for module in modules
        for child in module.modules()
    )


def _is_strange(module: nn.Module) -> bool:
    """Return whether a module has a hook or a forward of its own, or is of a class that draws otherwise."""
    tensors = (*module._parameters.values(), *module._buffers.values())
    return (
        isinstance(module, (*_WITH_DRAWS, nn.modules.lazy.LazyModuleMixin))
        or "forward" in vars(module)
        or any(getattr(module, name, None) for name in MODULE_HOOKS)
        or any(getattr(tensor, name, None) for tensor in tensors for name in TENSOR_HOOKS)
    )


@contextmanager
def default_generators_kept() -> Iterator[None]:
    """Run the body, which may draw from torch's default generators, and put these back after it."""
    ready = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    with (
        DEFAULT_GENERATORS,
        _put_back([torch.default_generator, *(torch.cuda.default_generators if ready else ())]),
    ):
        yield


@contextmanager
def _put_back(generators: Sequence[torch.Generator]) -> Iterator[None]:
    found = [generator.get_state() for generator in generators]
    try:
        yield
    finally:
        for generator, state in zip(generators, found, strict=True):
            generator.set_state(state)


def _copy_states(of: Sequence[torch.Generator], to: Sequence[torch.Generator]) -> None:
    for source, target in zip(of, to, strict=True):
        target.set_state(source.get_state())


@contextmanager
def _dropping_out(dropouts: Sequence[nn.Module], generator: torch.Generator) -> Iterator[None]:
    """Let Dropout draw from a generator: torch's own takes none.

    An attribute `forward` of the module takes the place of the class's. A mode of torch's that sees every
    call would do so too, and made the forward of a small network a third slower.
    """
    for dropout in dropouts:
        vars(dropout)["forward"] = partial(_dropped_out, dropout, generator)
    try:
        yield
    finally:
        for dropout in dropouts:
            del vars(dropout)["forward"]


def _dropped_out(dropout: Any, generator: torch.Generator, input: torch.Tensor) -> torch.Tensor:
    """Return what `torch.nn.functional.dropout` returns on the CPU, to the last bit, from a generator."""
    p = dropout.p
    if not dropout.training or p == 0 or not input.numel():
        return input
    kept = input.new_zeros(()) if p == 1 else torch.empty_like(input).bernoulli_(1 - p, generator=generator)
    if p != 1:
        kept.div_(1 - p)
    return input.mul_(kept) if dropout.inplace else input * kept


class _Drawing(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Gives every operation that takes a generator, and was given none, this one; in this thread alone."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._generator = generator

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Return False: constructors are never traced, and importing torch's tracer would take a second."""
        return False

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        takes: Any = func
        if any(argument.name == "generator" for argument in takes._schema.arguments):
            given["generator"] = given.get("generator") or self._generator
        return func(*args, **given)
