"""From what was asked to a Plan: the device, the engine, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from math import prod

import torch
from torch import nn

from chalknet.data import Batches, Preparation, Source, StreamedSource, load
from chalknet.engine import ENGINES
from chalknet.errors import ChalknetError, InvalidValue, ShapeMismatch, unknown_name
from chalknet.hardware import checked_device, explain, within_memory
from chalknet.module import network_of, require_settled
from chalknet.network import Activation, Flatten, Network, numbers
from chalknet.notation import write
from chalknet.planning import DataFacts, Placement, Plan, Recipe
from chalknet.training.auto import Ways, choose_way
from chalknet.training.evaluate import evaluation_mode
from chalknet.training.remembered import Memory
from chalknet.training.rule import Cost
from chalknet.training.sharing import differences, shared
from chalknet.training.targets import Mouth, make_ready
from chalknet.training.trial import try_out
from chalknet.units import show_count

DTYPES = ("float32", "float64")
_LARGEST_PIECE_BYTES = 64 << 20  # of a batch that is read from a file


@dataclass(frozen=True)
class Wish:
    """Where and by which engine the user wants a fit to run.

    Args:
        device: "auto", or a torch device such as "cpu" or "cuda:0".
        engine: "auto", or the name of an engine.
        dtype: "float32" or "float64"; None keeps a given module's own, and is float32 for a network.
        threads: CPU threads torch may use; None leaves torch's number.
        micro_batch: samples of an update computed at a time; None for all of them.
        processes: how many processes share each update.
    """

    device: str = "auto"
    engine: str = "auto"
    dtype: str | None = None
    threads: int | None = None
    micro_batch: int | None = None
    processes: int = 1


@dataclass(frozen=True)
class Prepared:
    """Everything a fit needs before its first update."""

    plan: Plan
    module: nn.Module | None
    batches: Batches
    held_out: Source | None
    preparation: Preparation | None = None


def prepare(
    model: Network | nn.Module, data: object, recipe: Recipe, wish: Wish, held_out: object = None
) -> Prepared:
    """Return the plan for fitting a model to data, and the data made ready for it.

    Args:
        model: a Network, or any torch module.
        data: whatever `load` takes.
        recipe: how it is to be fitted.
        wish: where.
        held_out: whatever `load` takes, or a share of the data to keep out of the training.

    Raises:
        ChalknetError: of the kind that names what does not fit together.
    """
    module = model if isinstance(model, nn.Module) else None
    network = network_of(model)
    if isinstance(model, Network):
        require_settled(model)
        _check_trainable(model)
        _check_ending(model, recipe)
    placement = shared(_place(wish, module), wish.processes, device=wish.device, threads=wish.threads)
    dtype = getattr(torch, placement.dtype)
    source = load(data, held_out=held_out)
    if placement.device.startswith("cuda") and isinstance(source, StreamedSource):
        source = source.replace(pinned=True)  # the GPU then fetches a batch while it computes the one before
    mouth = _mouth_of(network, module, source, dtype)
    ready = make_ready(source, recipe.loss_row, mouth, dtype)
    batches = Batches(ready.source, recipe.batch_size, recipe.shuffle, recipe.drop_last)
    other = source.held_out and make_ready(source.held_out, recipe.loss_row, mouth, dtype).source
    updates = _updates(recipe, batches)
    draft = Plan(
        network=network,
        model=_one_line(network, module),
        recipe=recipe,
        data=DataFacts(
            source.name,
            len(source),
            ready.source.x_shape,
            ready.source.y_shape,
            len(other) if other else 0,
            ready.source.streams,
        ),
        placement=_in_pieces(placement, batches, dtype),
        engine="eager",
        updates=updates,
        updates_per_epoch=batches.updates_per_epoch,
        reasons=(
            *ready.reasons,
            *_doubts(network, recipe),
            *differences(placement.processes, batches, network, module),
        ),
    )
    plan = _decided(draft, wish, batches, module)
    return Prepared(plan, module, batches, other, source.preparation)


def _in_pieces(placement: Placement, batches: Batches, dtype: torch.dtype) -> Placement:
    """Return the placement with large batches of streamed samples cut into pieces, unless it says how."""
    source = batches.source
    row_bytes = dtype.itemsize * (prod(source.x_shape) + prod(source.y_shape))
    most = max(1, _LARGEST_PIECE_BYTES // row_bytes)
    if placement.micro_batch is not None or not source.streams or batches.size <= most:
        return placement
    reason = f"the samples of an update are read and summed {show_count(most)} at a time: the same update"
    return replace(placement, micro_batch=most, reasons=(*placement.reasons, reason))


def _decided(draft: Plan, wish: Wish, batches: Batches, module: nn.Module | None) -> Plan:
    """Return the plan with the device, the engine and the threads that are cheapest among those allowed."""
    if wish.engine != "auto" and wish.engine not in ENGINES:
        raise unknown_name("engine", "engine", wish.engine, ("auto", *ENGINES))
    at_home, alone = draft.placement, wish.processes == 1  # several would not measure the same
    open_threads = alone and wish.engine == "auto" and wish.threads is None
    ways = Ways(
        asked=wish.engine,
        devices=_devices(wish, at_home.device) if alone and module is None else (at_home.device,),
        engines=tuple(ENGINES) if wish.engine == "auto" else (wish.engine,),
        threads=(at_home.threads, 1) if open_threads and at_home.threads > 1 else (at_home.threads,),
    )
    trial = partial(_trial, batches, module) if batches.source.is_repeatable else None
    choice = choose_way(draft, ways, trial, Memory())
    chosen = choice.candidate
    reasons = (
        at_home.reasons if len(ways.devices) == 1 else (f"device {chosen.device}: the cheapest, see below",)
    )
    return within_memory(
        replace(
            draft,
            engine=chosen.engine,
            placement=replace(at_home, device=chosen.device, threads=chosen.threads, reasons=reasons),
            reasons=(*draft.reasons, *choice.reasons),
        )
    )


def _trial(batches: Batches, module: nn.Module | None, plan: Plan, share: float) -> Cost:
    return try_out(within_memory(plan), batches, module, share)


def _devices(wish: Wish, home: str) -> tuple[str, ...]:
    """Return where a network may be fitted: at home, and on the first GPU unless a device was named."""
    gpu = ("cuda:0",) if wish.device == "auto" and torch.cuda.is_available() else ()
    return (home, *gpu)


def _check_trainable(network: Network) -> None:
    if not any(step.trainable for step in network.steps):
        raise InvalidValue(
            where=f"network {network.name}",
            got="no step with trainable parameters",
            wanted="at least one Linear",
            remedy="There is nothing to fit.",
        )


def _last_activation(network: Network) -> str:
    """Return the activation the network ends with, or an empty text when it ends with a linear map."""
    for step in reversed(network.steps):
        if isinstance(step, Activation) and step.kind != "identity":
            return step.kind
        if step.trainable:
            break
    return ""


def _check_ending(network: Network, recipe: Recipe) -> None:
    loss, last = recipe.loss_row, _last_activation(network)
    if loss.wants and last not in loss.wants:
        raise InvalidValue(
            where=f"loss {loss.name}",
            got=f"a network that ends with {last or 'a linear map'}",
            wanted=f"a network that ends with {' or '.join(loss.wants)}, so that yhat is between 0 and 1",
            remedy=f"Add `-sig->` at the end, or use the loss {loss.name}_logits.",
        )


def _doubts(network: Network | None, recipe: Recipe) -> tuple[str, ...]:
    last = _last_activation(network) if network else ""
    if last in recipe.loss_row.applies:
        return (
            f"beware: {recipe.loss} wants plain numbers and squashes them itself, "
            f"but the network already ends with {last}",
        )
    return ()


def _place(wish: Wish, module: nn.Module | None) -> Placement:
    parameter = next(iter(module.parameters()), None) if module else None
    if module is not None and parameter is None:
        raise InvalidValue(
            where="the module",
            got="no parameters",
            wanted="at least one parameter",
            remedy="There is nothing to fit.",
        )
    at_home = str(parameter.device) if parameter is not None else "cpu"
    device = checked_device(at_home if wish.device == "auto" else wish.device)
    own = str(parameter.dtype).removeprefix("torch.") if parameter is not None else "float32"
    dtype = wish.dtype or own
    if wish.dtype is not None and dtype not in DTYPES:
        raise unknown_name("dtype", "dtype", dtype, DTYPES)
    if parameter is not None and dtype != own:
        raise InvalidValue(
            where="dtype",
            got=f"{dtype} for a module of {own}",
            wanted="the module's own dtype",
            remedy=f"Convert the module first: module.to(torch.{dtype}).",
        )
    threads = torch.get_num_threads() if wish.threads is None else wish.threads
    for name, number in (("threads", threads), ("micro_batch", wish.micro_batch)):
        if number is not None and (not isinstance(number, int) or number < 1):
            raise InvalidValue(
                where=name, got=repr(number), wanted="a whole number of at least 1", remedy="Leave it out."
            )
    reasons: tuple[str, ...] = ()
    if wish.device == "auto":
        where = "the module is there" if parameter is not None else "no GPU that torch can use is here"
        reasons = (f"device {device}: {where}",)
    return Placement(device, dtype, threads, reasons, wish.micro_batch)


def _mouth_of(
    network: Network | None, module: nn.Module | None, source: Source, dtype: torch.dtype
) -> Mouth | None:
    if module is None or (network is not None and not network.symbols):
        assert network is not None
        input_shape, output_shape = network.input_shape, network.output_shape
        return Mouth(numbers(input_shape), numbers(output_shape), isinstance(network.steps[0], Flatten))
    return _probe(module, source, dtype)


def _probe(module: nn.Module, source: Source, dtype: torch.dtype) -> Mouth | None:
    """Map one sample, Dropout off, to learn the shape of yhat of a module that no Network describes."""
    parameter = next(module.parameters())
    x = source.take(slice(0, 1)).x.to(parameter.device, parameter.dtype)
    with evaluation_mode(module):
        try:
            with explain():
                yhat = module(x)
        except ChalknetError:
            raise
        except (RuntimeError, IndexError, ValueError) as problem:
            raise ShapeMismatch(
                where=f"module {type(module).__name__}",
                got=f"an error for x of shape {tuple(x.shape)}: {str(problem).splitlines()[0]}",
                wanted="a module that maps a batch of x",
                remedy="Give x in the shape that the module's forward takes.",
            ) from problem
    return Mouth(source.x_shape, tuple(yhat.shape[1:])) if isinstance(yhat, torch.Tensor) else None


def _updates(recipe: Recipe, batches: Batches) -> int | None:
    budget = recipe.budget
    amount = int(budget.amount)
    counts = {
        "updates": amount,
        "epochs": amount * batches.updates_per_epoch,
        "samples": batches.updates_for(amount),
    }
    return counts.get(budget.unit)  # seconds are counted as they pass


def _one_line(network: Network | None, module: nn.Module | None) -> str:
    if network is not None:
        return write(network, "arrows")
    assert module is not None
    weights = sum(parameter.numel() for parameter in module.parameters())
    return f"{type(module).__name__}, a module of {show_count(weights)} parameters"
