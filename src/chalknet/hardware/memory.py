"""The verb about memory: estimate it, watch it, find the largest batch that fits."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import torch
from torch import nn

from chalknet.data import load
from chalknet.engine import ENGINES
from chalknet.errors import InvalidValue, unknown_name
from chalknet.hardware.device import Device, checked_device
from chalknet.hardware.estimate import Ask, MemoryEstimate, estimate
from chalknet.hardware.largest import LargestBatch, find_largest
from chalknet.hardware.watch import Watch, watch
from chalknet.module import network_of, require_settled
from chalknet.network import Network, as_shape
from chalknet.planning import Recipe

_DTYPES = ("float32", "float64", "float16", "bfloat16")
_LARGEST_ASKED = 1 << 20  # samples an update, where no data says how many there are


class Memory:
    """Memory: `memory(network, ...)` estimates what an update needs, `memory.watch()` measures any code.

    `memory.largest_batch(network, ...)` finds the largest batch that fits, by running it.
    """

    def __call__(
        self,
        model: Network | nn.Module,
        recipe: Recipe | None = None,
        *,
        batch_size: int | None = None,
        observations: int | None = None,
        input_shape: int | tuple[int, ...] | None = None,
        device: str | torch.device | Device = "cpu",
        engine: str = "eager",
        dtype: str | None = None,
        threads: int | None = None,
        **options: Any,
    ) -> MemoryEstimate:
        """Return what an update needs, line by line, before anything is built.

        One update is followed by its shapes alone (on torch's `meta` device, where tensors take no room), so
        a network of any size is answered at once, and so is every module that does not look at its values.
        The estimate comes on top of what Python, torch and compiled kernels take themselves.

        Args:
            model: a Network, or any module.
            recipe: how it is to be fitted; or give loss=, optimizer= and the optimizer's options.
            batch_size: samples an update; the recipe's when left out.
            observations: samples in the data, some of which an evaluation maps at a time; a batch when
                left out.
            input_shape: shape of one sample, for a module that no Network describes.
            device: where it is to run; it need not be here.
            engine: "eager", which keeps every hidden value, or another engine's name.
            dtype: "float32" or "float64"; a module's own when left out.
            threads: CPU threads; torch's number when left out.
            **options: loss ("mse" when left out), optimizer ("sgd"), and the optimizer's own options.

        Raises:
            InvalidValue: when the batch size or the shape of a sample is not known.
            Unsettled: for a symbolic width.
            Refused: for a module that cannot be followed without values.

        Example:
            >>> from chalknet.network import Activation, Linear, Network
            >>> net = Network(1, (Linear(10**9), Activation("relu"), Linear(1)))
            >>> print(memory(net, optimizer="adam", batch_size=100))
            net, mse, adam, 100 samples an update, eager on cpu, float32
            weights            11.2 GiB
            gradients          11.2 GiB
            optimizer state    22.4 GiB
            activations       372.5 GiB
            batch                 800 B
            temporary         737.6 GiB
            total               1.1 TiB
        """
        where = Where(_word(device), engine, dtype, threads)
        recipe = _recipe(recipe, options)
        rows = _count("batch_size", batch_size or recipe.batch_size or observations)
        return estimate(_ask(model, recipe, where, input_shape, (rows, observations or rows)))

    def watch(self) -> AbstractContextManager[Watch]:
        """Watch the memory that the body of a `with` takes: before, after and at the most.

        Example:
            >>> with memory.watch() as seen:
            ...     x = torch.ones(10_000_000)
            >>> seen.process.growth_bytes > 20_000_000
            True
        """
        return watch()

    def largest_batch(
        self,
        model: Network | nn.Module,
        data: object = None,
        recipe: Recipe | None = None,
        *,
        at_most: int | None = None,
        limit_bytes: int | None = None,
        input_shape: int | tuple[int, ...] | None = None,
        device: str | torch.device | Device = "cpu",
        engine: str = "eager",
        dtype: str | None = None,
        threads: int | None = None,
        **options: Any,
    ) -> LargestBatch:
        """Return the largest batch that fits, to one part in 64: its updates were really made.

        Sizes are doubled, then halved in between. A size is run only when it should fit by the estimate,
        so that the machine is never driven out of its memory to find out. Samples are made up, of the
        shapes that the data has; the module itself is not changed.

        Args:
            model: a Network, or any module.
            data: whatever `load` takes, for its shapes and for how many samples there are; or None.
            recipe: as in `memory`.
            at_most: the largest size to look at: the number of samples in the data, else 2**20.
            limit_bytes: what an update may take; None for nine tenths of what is free now.
            input_shape: shape of one sample, where neither the model nor the data says it.
            device: where it runs.
            engine: the engine's name.
            dtype: as in `memory`.
            threads: as in `memory`.
            **options: as in `memory`.

        Raises:
            OutOfMemory: when not even one sample fits.

        Example:
            >>> from chalknet.network import Linear, Network
            >>> found = memory.largest_batch(Network(1000, (Linear(1),)), limit_bytes=2**24)
            >>> found.peak_bytes <= 2**24
            True
        """
        if data is not None:
            source = load(data)
            at_most = at_most or len(source)
            input_shape = input_shape or source.x_shape or None
        where = Where(checked_device(device), engine, dtype, threads)
        ask = _ask(model, _recipe(recipe, options), where, input_shape, (1, 1))
        limit = None if limit_bytes is None else _count("limit_bytes", limit_bytes)
        return find_largest(ask, _count("at_most", at_most or _LARGEST_ASKED), limit)


memory = Memory()


@dataclass(frozen=True)
class Where:
    """Where and by what an update runs."""

    device: str
    engine: str
    dtype: str | None
    threads: int | None


def _ask(
    model: Network | nn.Module,
    recipe: Recipe,
    where: Where,
    input_shape: int | tuple[int, ...] | None,
    rows_of: tuple[int, int],
) -> Ask:
    if where.engine not in ENGINES:
        raise unknown_name("engine", "engine", where.engine, ENGINES)
    own = next((str(each.dtype) for each in _parameters(model)), "torch.float32").removeprefix("torch.")
    dtype = where.dtype or own
    if dtype not in _DTYPES:
        raise unknown_name("dtype", "dtype", dtype, _DTYPES)
    if isinstance(model, Network):
        require_settled(model)
    rows, observations = rows_of
    return Ask(
        model=model,
        recipe=recipe,
        rows=rows,
        observations=_count("observations", observations),
        input_shape=_shape(model, input_shape),
        device=where.device,
        engine=where.engine,
        dtype=dtype,
        threads=_count("threads", where.threads or torch.get_num_threads()),
    )


def _parameters(model: object) -> list[nn.Parameter]:
    if isinstance(model, Network):
        return []
    if isinstance(model, nn.Module):
        return list(model.parameters())
    raise InvalidValue(
        where="memory",
        got=f"a {type(model).__name__}",
        wanted="a Network or a torch module",
        remedy="Read a formula first: cn.read('784 -> 32 relu -> 1 sigmoid').",
    )


def _recipe(recipe: Recipe | None, options: Mapping[str, Any]) -> Recipe:
    """Return the recipe that was given, or the one that the options describe; its length is of no account."""
    if recipe is None:
        own = {name: value for name, value in options.items() if name in Recipe.__dataclass_fields__}
        others = {name: value for name, value in options.items() if name not in own}
        return Recipe(**{"loss": "mse", "updates": 1, **own}, optimizer_options=others)
    if options:
        raise InvalidValue(
            where="memory",
            got=f"a recipe, and {', '.join(options)} beside it",
            wanted="one of the two",
            remedy="Put it into the recipe: dataclasses.replace(recipe, ...).",
        )
    return recipe


def _shape(model: Network | nn.Module, given: int | tuple[int, ...] | None) -> tuple[int, ...]:
    network = network_of(model)
    known = given or (network.input_shape if network is not None and not network.symbols else None)
    if known is None:
        raise InvalidValue(
            where=f"memory of {type(model).__name__}",
            got="no shape of a sample",
            wanted="the shape of one x, the batch left out",
            remedy="Say input_shape=(1, 28, 28).",
        )
    return tuple(int(size) for size in as_shape(known, "input_shape"))


def _count(name: str, value: object) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise InvalidValue(
            where=name,
            got="nothing" if value is None else repr(value),
            wanted="a whole number of at least 1",
            remedy=f"Say {name}=2048 (--{name.replace('_', '-')} 2048).",
        )
    return int(value)


def _word(device: str | torch.device | Device) -> str:
    """Return torch's word for a device that need not be here."""
    if isinstance(device, Device):
        return device.name
    try:
        return str(torch.device(device))
    except RuntimeError:
        return checked_device(device)  # says what is wrong with the word
