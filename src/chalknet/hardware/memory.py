"""The verb about memory: estimate it, watch it, find the largest batch that fits."""

from __future__ import annotations

from typing import Any, Unpack

import torch
from torch import nn

from chalknet.data import load
from chalknet.engine import ENGINES
from chalknet.errors import InvalidValue, look_up, public, whole_number
from chalknet.forms import ModelLike, model_of
from chalknet.hardware.device import Device, checked_device
from chalknet.hardware.estimate import MemoryEstimate, estimate
from chalknet.hardware.largest import LargestBatch, find_largest
from chalknet.hardware.trace import UpdateSpec
from chalknet.hardware.watch import watch_memory
from chalknet.hardware.widths import with_widths
from chalknet.module import network_of, require_settled
from chalknet.network import Network, as_shape, numbers
from chalknet.planning import (
    Recipe,
    RecipeKeywords,
    RunOptions,
    check_options,
    recipe_of,
    with_options,
)

_DEFAULTS = {"loss": "mse", "updates": 1}
_LARGEST_TRIED = 1 << 20  # samples an update, where no data says how many there are


class UpdateKeywords(RecipeKeywords, total=False):
    """What an update is and where it runs, as keywords."""

    input_shape: int | tuple[int, ...] | None
    device: str | torch.device | Device
    engine: str
    dtype: str | torch.dtype | None
    threads: int | None


class MemoryVerb:
    """`memory(model, ...)` estimates what an update needs, `memory.watch()` measures any code.

    `memory.largest_batch(model, ...)` finds the largest batch that fits, by running it.

    Raises:
        ChalknetError: see `memory.__call__`, whose arguments these are, and `memory.largest_batch`.

    Example:
        >>> import chalknet as cn
        >>> cn.memory("1 -> 8 relu -> 1", batch_size=100).total_bytes > 0
        True
    """

    @public(network="model")
    @with_options(UpdateKeywords)
    def __call__(
        self,
        model: ModelLike,
        recipe: Recipe | None = None,
        *,
        observations: int | None = None,
        **options: Unpack[UpdateKeywords],
    ) -> MemoryEstimate:
        """Return what an update needs, line by line, before anything is built.

        One update is followed by its shapes alone (on torch's `meta` device, where tensors take no memory),
        so a network of any size is answered at once, and so is every module that does not look at its values.
        The memory of Python, torch and compiled kernels themselves is not included.

        Args:
            model: whatever `read` takes, every width a number; a module is followed as it is.
            recipe: how it is fitted; keywords such as loss=, optimizer= and batch_size= go before it.
            observations: samples in the data, some of which an evaluation maps at a time; a batch when
                left out.
            **options: of a Recipe: batch_size, loss ("mse" when left out), optimizer ("sgd"), and the
                optimizer's own options, as in `fit`; and where it runs:
                `input_shape`, the shape of one sample, for a module that no Network describes;
                `device` ("cpu"), which need not be here;
                `engine`: "eager", which keeps every hidden value, or another engine's name;
                `dtype`: "float32" or "float64"; a module's own when left out;
                `threads` of the CPU; torch's number when left out.

        Raises:
            InvalidValue: when the batch size or the shape of a sample is not known.
            UnknownName: for an option that there is not, with the nearest name.
            Unsettled: for a symbolic width.
            Refused: for a module that cannot be followed without values.

        Example:
            >>> print(memory("1 -> 1000000000 relu -> 1", optimizer="adam", batch_size=100))
            net, mse, adam, 100 samples an update, eager on cpu, float32
            weights           11.2 GiB
            gradients         11.2 GiB
            optimizer state   22.4 GiB
            activations      372.5 GiB
            batch                800 B
            temporary        737.6 GiB
            total              1.1 TiB
        """
        check_options("memory", options, (*UpdateKeywords.__annotations__, "observations"))
        asked = recipe_of("memory", recipe, options, _DEFAULTS)
        rows = _count("batch_size", asked.batch_size or observations)
        observations = _count("observations", rows if observations is None else observations)
        return estimate(_update(model, asked, options, rows, observations), measure=True)

    watch = staticmethod(watch_memory)

    @public(network="model")
    @with_options(UpdateKeywords)
    def largest_batch(
        self,
        model: ModelLike,
        data: object = None,
        recipe: Recipe | None = None,
        *,
        at_most: int | None = None,
        limit_bytes: int | None = None,
        **options: Unpack[UpdateKeywords],
    ) -> LargestBatch:
        """Return the largest batch that fits, to one part in 64: updates of this size were really made.

        Sizes are doubled, then halved in between. A size is run only when it fits by the estimate, so that
        the search never exhausts the machine's memory. Samples are made up, of the shapes that the data has;
        the module itself is not changed.

        Args:
            model: as in `memory`.
            data: whatever `load` takes, for its shapes and for how many samples there are; or None.
            recipe: as in `memory`.
            at_most: the largest size to try: the number of samples in the data, else 2**20.
            limit_bytes: what an update may take; None for nine tenths of what is free now.
            **options: as in `memory`; the device has to be here.

        Raises:
            OutOfMemory: when not even one sample fits.

        Example:
            >>> found = memory.largest_batch("1000 -> 1", limit_bytes=2**24)
            >>> found.peak_bytes <= 2**24
            True
        """
        known = (*UpdateKeywords.__annotations__, "data", "at_most", "limit_bytes")
        check_options("memory.largest_batch", options, known)
        asked = recipe_of("memory.largest_batch", recipe, options, _DEFAULTS)
        if data is not None:
            source = load(data)
            at_most = len(source) if at_most is None else at_most
            options = {"input_shape": source.x_shape or None, **options}
            model = with_widths(model_of(model), source, asked.loss_row)
        options["device"] = checked_device(options.get("device", "cpu"))
        limit = None if limit_bytes is None else _count("limit_bytes", limit_bytes)
        at_most = _count("at_most", _LARGEST_TRIED if at_most is None else at_most)
        return find_largest(_update(model, asked, options, 1, 1), at_most, limit)


memory = MemoryVerb()


def _update(
    model: ModelLike, recipe: Recipe, options: UpdateKeywords, rows: int, observations: int
) -> UpdateSpec:
    found = model_of(model)
    dtype: Any = options.get("dtype")  # torch's own, too
    device, engine = _name(options.get("device", "cpu")), options.get("engine", "eager")
    run = RunOptions(device, engine, dtype, options.get("threads"))
    look_up(ENGINES, run.engine, "engine", "engine")
    if isinstance(found, Network):
        require_settled(found)
    parameters = () if isinstance(found, Network) else found.parameters()
    own = next((parameter.dtype for parameter in parameters), torch.float32)
    return UpdateSpec(
        model=found,
        recipe=recipe,
        rows=rows,
        observations=observations,
        input_shape=_shape(found, options.get("input_shape")),
        device=str(run.device),
        engine=run.engine,
        dtype=run.dtype or str(own).removeprefix("torch."),
        threads=run.threads or torch.get_num_threads(),
    )


def _shape(model: Network | nn.Module, given: int | tuple[int, ...] | None) -> tuple[int, ...]:
    network = network_of(model)
    known = network.input_shape if given is None and network is not None else given
    shape = () if known is None else as_shape(known, "input_shape")
    sizes = numbers(shape)
    if known is None or len(sizes) < len(shape):
        raise InvalidValue(
            where=f"memory of {type(model).__name__}",
            got="no shape of a sample" if known is None else f"the shape {known!r}",
            wanted="the shape of one x, the batch left out",
            remedy="Say input_shape=(1, 28, 28).",
        )
    return sizes


def _count(name: str, value: object) -> int:
    remedy = f"Say {name}=2048 (--{name.replace('_', '-')} 2048)."
    if value is None:
        raise InvalidValue(where=name, got="nothing", wanted="a whole number of at least 1", remedy=remedy)
    return whole_number(name, value, remedy)


def _name(device: str | torch.device | Device) -> str:
    """Return torch's name of a device, which need not be here."""
    try:
        return device.name if isinstance(device, Device) else str(torch.device(device))
    except (RuntimeError, TypeError, ValueError):
        return checked_device(device)  # raises, with what is wrong with the name
