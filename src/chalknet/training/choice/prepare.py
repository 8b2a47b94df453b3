"""From what was asked to a Plan, and the samples made ready for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import torch
from torch import nn

from chalknet.data import Batches, Preparation, Source, StreamedSource, is_pixel_note, load
from chalknet.engine import ENGINES, ProcessGroup
from chalknet.errors import InvalidValue, Noted, OutOfMemory, Refused, look_up
from chalknet.hardware import checked_device, notes_of_categories, with_widths, within_memory
from chalknet.module import build, default_generators_kept
from chalknet.network import Network
from chalknet.planning import DataFacts, Placement, Plan, Recipe, RunOptions
from chalknet.system import cores
from chalknet.training.choice.autotune import Candidates, autotune
from chalknet.training.choice.cost_model import Cost
from chalknet.training.choice.default_fit import NOTHING_CHOSEN, DefaultFit
from chalknet.training.choice.doubts import notes_of_features, notes_of_targets
from chalknet.training.choice.endings import notes_of_ending, notes_of_steps
from chalknet.training.choice.fitted_model import FittedModel, Mapped, ModelShapes
from chalknet.training.choice.recipe_checks import check_recipe, module_has_weights
from chalknet.training.choice.rehearsal import Rehearsal
from chalknet.training.choice.targets import make_ready
from chalknet.training.choice.timing_cache import TimingCache
from chalknet.training.choice.torch_threads import eager_threads, one_thread, usable_threads
from chalknet.training.choice.trial_run import run_trial
from chalknet.training.choice.weights import weighed, without_weights
from chalknet.training.record.features import features_of
from chalknet.units import show_count

_LARGEST_PIECE_BYTES = 64 << 20  # of a batch that is read from a file


@dataclass(frozen=True)
class PreparedFit:
    """Everything a fit needs before its first update.

    Args:
        plan: what was decided.
        module: the module that is fitted in place; None where the plan's network is built.
        batches: the training samples in their order.
        held_out: samples that are only evaluated, or None.
        source: the data as it was loaded.
        strict: whether a note is an error.
    """

    plan: Plan
    module: nn.Module | None
    batches: Batches
    held_out: Source | None
    source: Source
    strict: bool = False

    @property
    def preparation(self) -> Preparation | None:
        """Return what turned the columns of a file into the features and y."""
        return features_of(self.source.preparation, self.plan.recipe)


def load_for(
    options: RunOptions,
    data: object,
    held_out: object,
    columns: Mapping[str, Any] | None = None,
    model: Network | nn.Module | None = None,
) -> Source:
    """Return the data of a fit or a dry run, converted once for both.

    Args:
        options: their dtype is that of a table's numbers.
        data: whatever `load` takes.
        held_out: whatever `load` takes, or a share of the data to keep out of the training.
        columns: further keywords of `load`.
        model: the columns that it embeds are loaded as numbers of categories.
    """
    embedded = model.embedded if isinstance(model, Network) and not isinstance(data, Source) else ()
    with one_thread():
        keywords = {"embed": embedded, **(columns or {})} if embedded else columns or {}
        return load(data, held_out=held_out, dtype=options.dtype or "float32", **keywords)


def prepare(
    model: Network | nn.Module,
    source: Source,
    recipe: Recipe,
    options: RunOptions,
    chosen: DefaultFit = NOTHING_CHOSEN,
    *,
    looks_at_samples: bool = True,
) -> PreparedFit:
    """Return the plan for fitting a model to data, and the data made ready for it.

    Args:
        model: a Network, or any torch module.
        source: the data.
        recipe: how it is to be fitted.
        options: where it is to run.
        chosen: what was chosen from the data, where something was left open.
        looks_at_samples: whether doubts about features and targets become notes.

    Raises:
        ChalknetError: of the kind that names what does not fit together.
    """
    check_recipe(recipe, source, options)
    given, source = source, without_weights(source, recipe)
    fitted = FittedModel.of(with_widths(model, source, recipe.loss_row))
    if recipe.init is not None and fitted.module is not None:
        raise module_has_weights(recipe.init)
    placement = _shared(_placement(fitted, options), options)
    with nullcontext() if source.is_repeatable else default_generators_kept():  # a source may draw
        mapped = fitted.mapped(source, recipe.loss_row)
        samples, held_out, changes = _samples(mapped.shapes, source, recipe, placement)
        plain = samples
        if recipe.weighs:
            dtype = getattr(torch, placement.dtype)
            samples, held_out = weighed((given, samples, held_out), recipe, mapped.shapes, dtype)
    batches = Batches(samples, recipe.batch_size, recipe.shuffle, recipe.drop_last)
    across = _rehearsed(fitted, batches, recipe, placement, mapped)
    data = DataFacts(
        name=source.name,
        observations=len(source),
        x_shape=samples.x_shape,
        y_shape=plain.y_shape,
        held_out=len(held_out or ()),
        streamed=samples.streams,
        whole_numbers=mapped.shapes.whole_numbers,
    )
    shared, doubts = _differences(placement.processes, batches.size, fitted.layers)
    whole, looked_at = mapped.shapes.whole_numbers, source if looks_at_samples else None
    told = [note for note in source.notes if not (whole and is_pixel_note(note))]
    with one_thread():
        notes = (*chosen.notes, *told, *_doubts(fitted, mapped, looked_at, recipe), *doubts)
    draft = Plan(
        network=fitted.network,
        model=fitted.line,
        recipe=recipe,
        data=data,
        placement=_in_pieces(placement, batches, across),
        engine="eager",
        updates=_updates(recipe, batches),
        updates_per_epoch=batches.updates_per_epoch,
        reasons=(*chosen.reasons, *changes, *_frozen(fitted.module), *shared),
        notes=tuple(dict.fromkeys(notes)),
    )
    if options.strict and draft.notes:
        raise noted(draft.notes)
    multiply_adds = mapped.multiply_adds * batches.size // placement.processes
    is_open = options.engine == "auto" and options.threads is None
    threads = (
        eager_threads(placement.threads, multiply_adds, fitted.weights) if is_open else placement.threads
    )
    plan = _fitting(_autotuned(draft, options, batches, fitted.module, threads), options)
    return PreparedFit(plan, fitted.module, batches, held_out, given, options.strict)


def noted(notes: Sequence[str]) -> Noted:
    """Return the error that lists notes, as `strict` wants it."""
    return Noted(
        where="strict",
        got=f"{len(notes)} note{'s' * (len(notes) != 1)}: {'; '.join(notes)}",
        wanted="a fit without notes",
        remedy="Change what they name, or leave strict (--strict) out.",
    )


def _rehearsed(
    fitted: FittedModel, batches: Batches, recipe: Recipe, placement: Placement, mapped: Mapped
) -> str:
    """Return what looks across the samples of a batch; most steps of a network map each sample alone."""
    if fitted.network is not None and not any(step.mixes_samples() for step in fitted.network.steps):
        return ""
    own = getattr(torch, placement.dtype)
    dtype = torch.int64 if mapped.shapes.whole_numbers else own
    module = fitted.module
    if module is None:
        assert fitted.network is not None
        module = build(fitted.network, seed=0).to(own)
    return Rehearsal(module, batches, recipe, placement, dtype).check()


def _doubts(fitted: FittedModel, mapped: Mapped, source: Source | None, recipe: Recipe) -> Iterator[str]:
    """Yield what may not be as it was meant: the steps, the ending before the loss, the samples."""
    loss, shape = recipe.loss_row, mapped.shapes.output_shape
    if fitted.network is not None:
        yield from notes_of_steps(fitted.network)
    for name in mapped.unused:
        yield f"parameter {name} has no effect on yhat: it stays as it is; use it in forward, or remove it"
    yield from notes_of_ending(mapped.ending, loss)
    if source is None:
        return
    if fitted.network is not None:
        yield from notes_of_categories(fitted.network, source)
    yield from notes_of_targets(
        source, loss, mapped.ending, shape[0] if loss.target == "class" and shape else None
    )
    yield from notes_of_features(source, recipe)


def _frozen(module: nn.Module | None) -> tuple[str, ...]:
    parameters = [] if module is None else list(module.parameters())
    frozen = sum(not parameter.requires_grad for parameter in parameters)
    return (f"{frozen} of {len(parameters)} parameters are frozen and stay as they are",) if frozen else ()


def _placement(fitted: FittedModel, options: RunOptions) -> Placement:
    """Return where one process would run the fit, as long as nothing was measured."""
    parameter = fitted.parameter
    default = "cpu" if parameter is None else str(parameter.device)
    device = checked_device(default if options.any_device else options.device)
    why = "no GPU that torch can use is here" if parameter is None else "the module is there"
    threads, limits = usable_threads(options.threads)
    return Placement(
        device=device,
        dtype=_dtype(parameter, options),
        threads=threads,
        reasons=(*((f"device {device}: {why}",) if options.any_device else ()), *limits),
        micro_batch=options.micro_batch,
    )


def _dtype(parameter: torch.Tensor | None, options: RunOptions) -> str:
    own = "float32" if parameter is None else str(parameter.dtype).removeprefix("torch.")
    if parameter is not None and options.dtype not in (None, own):
        raise InvalidValue(
            where="dtype",
            got=f"{options.dtype} for a module of {own}",
            wanted="the module's own dtype",
            remedy=f"Convert the module first: module.to(torch.{options.dtype}).",
        )
    return options.dtype or own


def _samples(
    shapes: ModelShapes, source: Source, recipe: Recipe, placement: Placement
) -> tuple[Source, Source | None, Sequence[str]]:
    """Return the training and the held-out samples as model and loss take them, and what was changed."""
    if placement.device.startswith("cuda") and isinstance(source, StreamedSource):
        source = source.replace(pinned=True)  # the GPU then fetches a batch while it computes the one before
    dtype = getattr(torch, placement.dtype)
    samples, changes = make_ready(source, recipe.loss_row, shapes, dtype)
    if source.held_out is None:
        return samples, None, changes
    return samples, make_ready(source.held_out, recipe.loss_row, shapes, dtype)[0], changes


def _in_pieces(placement: Placement, batches: Batches, across: str) -> Placement:
    """Return the placement with large batches of streamed samples cut into pieces, unless it says how.

    Args:
        placement: as it is without that.
        batches: the samples in their order.
        across: what looks across the samples of a batch, so that pieces are another update.

    Raises:
        Refused: where they would be another update.
    """
    source = batches.source
    itemsize = getattr(torch, placement.dtype).itemsize
    most = max(1, _LARGEST_PIECE_BYTES // (itemsize * (prod(source.x_shape) + prod(source.y_shape))))
    if placement.micro_batch is not None or not source.streams or batches.size <= most:
        return placement
    if across:
        raise Refused(
            where=f"a batch of {show_count(batches.size)} samples that are read from a file",
            got=f"{across}: its pieces would not add up to the same update",
            wanted=f"a batch that is read at once, of at most {show_count(most)} samples",
            remedy=f"Say batch_size={most} (--batch-size {most}), or less.",
        )
    reason = f"the samples of an update are read and summed {show_count(most)} at a time: the same update"
    return replace(placement, micro_batch=most, reasons=(*placement.reasons, reason))


def _updates(recipe: Recipe, batches: Batches) -> int | None:
    amount = int(recipe.budget.amount)
    counts = {
        "updates": amount,
        "epochs": amount * batches.updates_per_epoch,
        "samples": batches.updates_for(amount),
    }
    return counts.get(recipe.budget.unit)  # seconds are counted as they pass


def _autotuned(
    draft: Plan, options: RunOptions, batches: Batches, module: nn.Module | None, plain_threads: int
) -> Plan:
    """Return the plan with its device, engine and threads, chosen among those allowed."""

    def trial(plan: Plan, share: float) -> Cost:
        return run_trial(within_memory(plan), batches, module, share)

    candidates = _candidates(draft.placement, options, module, plain_threads)
    tuned = autotune(draft, candidates, trial if batches.source.is_repeatable else None, TimingCache())
    chosen, placement = tuned.candidate, draft.placement
    if len(candidates.devices) > 1:
        placement = replace(placement, reasons=(f"device {chosen.device}: the cheapest, see below",))
    placement = replace(placement, device=chosen.device, threads=chosen.threads)
    reasons = (*draft.reasons, *tuned.reasons)
    return replace(draft, engine=chosen.engine, placement=placement, reasons=reasons)


def _candidates(
    placement: Placement, options: RunOptions, module: nn.Module | None, plain_threads: int
) -> Candidates:
    """Return what may be chosen from; several processes would not measure the same, and keep the device."""
    if options.engine != "auto":
        look_up({"auto": None, **ENGINES}, options.engine, "engine", "engine")
    alone, any_engine = placement.processes == 1, options.engine == "auto"
    open_device = alone and module is None and options.any_device and torch.cuda.is_available()
    devices = (placement.device, "cuda:0") if open_device else (placement.device,)
    on_gpu = any(device != "cpu" for device in devices)
    return Candidates(
        asked=options.engine,
        devices=devices,
        engines=tuple(name for name in ENGINES if on_gpu or name not in ("graph", "fused_cuda"))
        if any_engine
        else (options.engine,),
        threads=placement.threads,
        eager_threads=plain_threads,
    )


def _fitting(plan: Plan, options: RunOptions) -> Plan:
    """Return the plan as it fits into memory: by `eager`, which can sum an update in pieces, if need be.

    Raises:
        OutOfMemory: where that does not fit either.
    """
    try:
        return within_memory(plan)
    except OutOfMemory as problem:
        if options.engine != "auto" or plan.engine == "eager":
            raise
        why = f"engine {plan.engine} cannot run this: {problem.got}"
    return within_memory(replace(plan, engine="eager", reasons=(*plan.reasons, why)))


def _shared(placement: Placement, options: RunOptions) -> Placement:
    """Return the placement of one process of several: a device and threads of its own.

    Args:
        placement: as one process alone would have it.
        options: as they were asked for; they say how many processes share each update.

    Raises:
        Refused: for one GPU that all of them were given.
    """
    processes = options.processes or 1
    if processes == 1:
        return placement
    asked = None if options.any_device else str(options.device)
    group = ProcessGroup.here()
    local = group.local_size if group.size > 1 else processes
    here = torch.device(placement.device)
    if here.type == "cuda":
        if asked is not None and torch.device(asked).index is not None:
            got = f"{asked!r} for each of {processes} processes"
            raise _too_few_gpus(got, 'Say device="cuda": each process takes its own.')
        gpus = torch.cuda.device_count()
        if gpus < local:
            got = f"{gpus} GPU{'s' if gpus != 1 else ''} for {local} processes on this machine"
            raise _too_few_gpus(got, f'Start {gpus} processes here, or say device="cpu".')
        here = torch.device("cuda", group.local_rank)
    usable = cores()
    threads = options.threads or max(1, usable // local)
    reason = f"{processes} processes share each update"
    if options.threads is None:
        reason += f": of {show_count(usable)} cores here, {local} processes have {threads} each"
    reasons = placement.reasons
    if asked is None and here.type == "cpu" and torch.cuda.is_available():
        reasons = ('device cpu: several processes take their GPUs where device="cuda" says so',)
    return replace(
        placement, device=str(here), threads=threads, processes=processes, reasons=(*reasons, reason)
    )


def _differences(
    processes: int, batch_size: int, layers: Iterable[object]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is otherwise with several processes than with one: reasons, and notes of another update.

    Args:
        processes: how many share each update.
        batch_size: samples of an update.
        layers: the steps of a network or the submodules of a module.
    """
    names = {type(layer).__name__ for layer in layers}
    if processes == 1:
        return (), ()
    reasons, notes = [], []
    if batch_size < processes:
        reasons.append(
            f"a batch of {batch_size} has a sample for {batch_size} of {processes} processes: "
            "the others compute nothing"
        )
    if any("Dropout" in name for name in names):
        reasons.append("each process draws Dropout from numbers of its own: other masks than in one process")
    if any("BatchNorm" in name and "Sync" not in name for name in names):
        notes.append(
            "batch normalisation takes mean and variance over each process's share of a batch, "
            "which is not what one process would compute"
        )
    return tuple(reasons), tuple(notes)


def _too_few_gpus(got: str, remedy: str) -> Refused:
    return Refused(where="device", got=got, wanted="a GPU for each of them", remedy=remedy)
