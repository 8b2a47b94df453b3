"""Fit a network: the public verb over choosing, the engine and the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch
from torch import nn

from chalknet.engine import ENGINES
from chalknet.errors import InvalidValue
from chalknet.fit.bar import bar, wants_bar
from chalknet.fit.choose import Prepared, Wish, prepare
from chalknet.fit.loop import Progress, Recording, Run, run_loop
from chalknet.fit.result import FitResult
from chalknet.fit.run_folder import RunFolder
from chalknet.network import Network
from chalknet.plan import OptionValue, Plan, Recipe


def fit(
    model: Network | nn.Module,
    data: object,
    *,
    loss: str,
    optimizer: str = "sgd",
    lr: float | None = None,
    batch_size: int | None = None,
    updates: int | None = None,
    epochs: int | None = None,
    samples: int | None = None,
    seconds: float | None = None,
    shuffle: bool = False,
    drop_last: bool = False,
    reduction: str = "mean",
    seed: int = 0,
    target_loss: float | None = None,
    held_out: object = None,
    device: str = "auto",
    engine: str = "auto",
    dtype: str | None = None,
    threads: int | None = None,
    evaluate_every: int | None = None,
    record_every: int = 1,
    progress: bool | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    **optimizer_options: OptionValue,
) -> FitResult:
    """Return the fitted module, its history and how the fit ended.

    Gradient descent, mini-batch SGD and SGD with batch size 1 are one number, `batch_size`: None, any
    number between, 1. With `engine="eager"` on the CPU the losses are, bit for bit, those of
    `torch.manual_seed(seed)`, the `Sequential` built by hand, a `DataLoader(TensorDataset(x, y),
    batch_size, shuffle)` and the usual loop of loss, backward, step and zero_grad; for `batch_size=None`
    in order, those of the loop without a loader. For a ready-made module, the same from `manual_seed`
    on. Torch's global random numbers are left as they were found.

    Args:
        model: a Network, or any `nn.Module`, which is then fitted in place.
        data: whatever `load` takes: "mnist01", a pair (x, y) of arrays, a path.
        loss: bce, bce_logits, cross_entropy, mse, l1 or huber.
        optimizer: sgd, adam, adamw or rmsprop, with torch's own defaults.
        lr: the learning rate; None for torch's default.
        batch_size: samples an update; None for all of them.
        updates: how many updates; give exactly one of updates, epochs, samples and seconds.
        epochs: how many times every sample is seen.
        samples: at least how many samples are seen.
        seconds: how many seconds of training time.
        shuffle: whether each epoch has a new order.
        drop_last: whether a short last batch is left out.
        reduction: "mean" or "sum" over an update's own samples.
        seed: of the weights, the orders and Dropout.
        target_loss: stop at the first update whose loss is at most this.
        held_out: data that is only evaluated, or a share between 0 and 1 of `data` to keep out.
        device: "auto", or a torch device.
        engine: "auto", or the name of an engine.
        dtype: "float32" or "float64" for a Network; a module keeps its own.
        threads: CPU threads torch may use during the fit.
        evaluate_every: updates between two evaluations over all training and held-out samples; the end
            is always evaluated.
        record_every: updates between two rows of the history.
        progress: whether a bar is shown; None shows it in a terminal or a notebook.
        on_progress: called about ten times a second with a `Progress`.
        out: a folder to keep the weights, the network, the history and the plan in.
        overwrite: whether a run kept in `out` before may be replaced.
        **optimizer_options: the optimizer's own options: momentum, nesterov, weight_decay, betas, ...

    Raises:
        ChalknetError: of the kind that names what is wrong, before the first update.

    Example:
        >>> import torch, chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> result = cn.fit(cn.read("1 -> 1"), (x, 2 * x), loss="mse", lr=0.5, updates=100)
        >>> round(result.module[0].weight.item(), 3)
        2.0
    """
    recipe = Recipe(
        loss=loss,
        optimizer=optimizer,
        optimizer_options=optimizer_options,
        lr=lr,
        batch_size=batch_size,
        updates=updates,
        epochs=epochs,
        samples=samples,
        seconds=seconds,
        shuffle=shuffle,
        drop_last=drop_last,
        reduction=reduction,
        seed=seed,
        target_loss=target_loss,
    )
    _check_recording(evaluate_every=evaluate_every, record_every=record_every)
    prepared = prepare(model, data, recipe, Wish(device, engine, dtype, threads), held_out)
    folder = None if out is None else RunFolder.claim(Path(out), overwrite=overwrite)
    with ExitStack() as stack:
        listener = on_progress
        if progress or (progress is None and on_progress is None and wants_bar()):
            listener = stack.enter_context(bar(prepared.plan))
        result = run(prepared, Recording(evaluate_every, record_every, listener))
    if folder is not None:
        folder.keep(result)
    return result


def plan(
    model: Network | nn.Module,
    data: object,
    recipe: Recipe,
    *,
    held_out: object = None,
    device: str = "auto",
    engine: str = "auto",
    dtype: str | None = None,
    threads: int | None = None,
) -> Plan:
    """Return what `fit` would do, without an update: print it for a dry run.

    Args:
        model: as in `fit`.
        data: as in `fit`.
        recipe: the options of `fit` that say how: `Recipe(loss="bce", updates=700)`.
        held_out: as in `fit`.
        device: as in `fit`.
        engine: as in `fit`.
        dtype: as in `fit`.
        threads: as in `fit`.
    """
    return prepare(model, data, recipe, Wish(device, engine, dtype, threads), held_out).plan


def run(prepared: Prepared, recording: Recording) -> FitResult:
    """Open the plan's engine and run the loop to its end."""
    decided = prepared.plan
    with _threads(decided.placement.threads):
        session = ENGINES[decided.engine].open(decided, prepared.batches, prepared.module)
        history, outcome = run_loop(Run(decided, session, prepared.batches, prepared.held_out, recording))
    return FitResult(decided, session.module, history, outcome, session.compile_s)


def _check_recording(**every: int | None) -> None:
    for name, value in every.items():
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise InvalidValue(
                where=name,
                got=repr(value),
                wanted="a number of updates, at least 1",
                remedy=f"Leave {name} out for the default.",
            )


@contextmanager
def _threads(threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    if threads != before:
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        if threads != before:
            torch.set_num_threads(before)
