"""Fit a network: the public verb over choosing, the engine and the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from torch import nn

from chalknet.data import Source, load
from chalknet.engine import ENGINES, ProcessGroup, join
from chalknet.errors import InvalidValue
from chalknet.hardware import explain
from chalknet.network import Network
from chalknet.planning import OptionValue, Plan, Recipe
from chalknet.training.bar import bar, wants_bar
from chalknet.training.checkpoint import Checkpoint
from chalknet.training.choose import Prepared, Wish, prepare
from chalknet.training.interval import Interval
from chalknet.training.log import Feeds, check_logs, open_feeds
from chalknet.training.loop import Progress, Recording, Run, run_loop
from chalknet.training.result import FitResult
from chalknet.training.run_folder import RunFolder, claimed, setting_of
from chalknet.training.sharing import check_alike, check_started
from chalknet.training.signals import interruptible
from chalknet.training.threads import using_threads

_CHECKPOINT_S = 60.0  # between two checkpoints, where nothing else is asked


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
    checkpoint_every: int | str | None = None,
    overwrite: bool = False,
    micro_batch: int | None = None,
    processes: int | None = None,
    log: str | Sequence[str] = (),
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
        device: "auto" measures the CPU and a GPU and takes the cheaper, start included; or a torch device.
        engine: "auto" measures the engines likewise; or the name of one.
        dtype: "float32" or "float64" for a Network; a module keeps its own.
        threads: CPU threads torch may use during the fit.
        evaluate_every: updates between two evaluations over all training and held-out samples; the end
            is always evaluated.
        record_every: updates between two rows of the history.
        progress: whether a bar is shown; None shows it in a terminal or a notebook.
        on_progress: called about ten times a second with a `Progress`.
        out: a folder to keep the weights, the network, the history and the plan in; a fit that is killed
            goes on from the last checkpoint there with `resume(out)`.
        checkpoint_every: between two checkpoints in `out`: a number of updates (200) or a time ("30s",
            "5min"); a minute when left out. The last two are kept.
        overwrite: whether a run kept in `out` before may be replaced.
        micro_batch: samples computed at a time; the gradients of the pieces are summed into the same
            update. Left out, an update for which memory runs out is cut into pieces by itself.
        processes: how many processes share each update. They are started by torch's launcher, `torchrun`,
            which every fit in them notices by itself; given, another number of them is refused.
        log: where the history goes beside `out` while the fit goes on: "tensorboard:DIR",
            "mlflow:EXPERIMENT", or several of them.
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

    def prepared_here() -> tuple[Prepared, Recording, Source]:
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
        recording = Recording(evaluate_every, record_every, _checkpoints(checkpoint_every, out))
        check_started(processes, group)
        check_logs(log)
        source = load(data, held_out=held_out, dtype=dtype or "float32")
        wish = Wish(device, engine, dtype, threads, micro_batch, group.size)
        return prepare(model, source, recipe, wish), recording, source

    group = join()
    with ExitStack() as stack:
        prepared, recording, source = group.all_or_none(prepared_here)
        recording = stack.enter_context(listening(recording, prepared.plan, progress, on_progress))

        def opened_here() -> tuple[RunFolder | None, Feeds]:
            if not group.leads:
                return None, Feeds()
            folder = None
            if out is not None:
                setting = setting_of(prepared.plan, recording, source)
                folder = stack.enter_context(claimed(Path(out), setting, source, overwrite=overwrite))
            feeds = stack.enter_context(open_feeds(prepared.plan, dict.fromkeys(check_logs(log))))
            return folder and folder.with_logs(feeds.keys), feeds

        folder, feeds = group.all_or_none(opened_here)
        return carry_out(prepared, recording, folder, feeds)


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
    micro_batch: int | None = None,
    processes: int = 1,
) -> Plan:
    """Return what `fit` would do: print it for a dry run. No update is made but, by `auto`, on copies.

    Args:
        model: as in `fit`.
        data: as in `fit`.
        recipe: the options of `fit` that say how: `Recipe(loss="bce", updates=700)`.
        held_out: as in `fit`.
        device: as in `fit`.
        engine: as in `fit`.
        dtype: as in `fit`.
        threads: as in `fit`.
        micro_batch: as in `fit`.
        processes: how many processes share each update.
    """
    wish = Wish(device, engine, dtype, threads, micro_batch, processes)
    return prepare(model, data, recipe, wish, held_out).plan


def carry_out(
    prepared: Prepared,
    recording: Recording,
    folder: RunFolder | None,
    feeds: Feeds,
    start: Checkpoint | None = None,
) -> FitResult:
    """Open the plan's engine, run the loop to its end and keep what it gave.

    Args:
        prepared: the plan and the data.
        recording: what is recorded.
        folder: where it is kept, or None.
        feeds: the logs that are fed with the history.
        start: where the fit goes on; None for one that begins.
    """
    decided, group = prepared.plan, ProcessGroup.here()
    check_alike(decided, recording, group)
    with group.watched(), using_threads(decided.placement.threads), explain(decided):
        session = ENGINES[decided.engine].open(decided, prepared.batches, prepared.module)
        if start is not None:
            session.restore(start.state)
        with interruptible() as interrupt:
            history, outcome = run_loop(
                Run(
                    decided,
                    session,
                    prepared.batches,
                    prepared.held_out,
                    recording,
                    interrupt,
                    group,
                    start,
                    None if folder is None else folder.keep_checkpoint,
                    feeds.see,
                )
            )
        notes = (*session.notes, *feeds.end(history, outcome))
        decided = replace(decided, reasons=(*decided.reasons, *notes))
        result = FitResult(
            decided, session.module, history, outcome, session.compile_s, notes, prepared.preparation
        )
        if folder is not None:
            folder.keep(result)
        group.wait()  # whoever goes on finds the folder as the first process leaves it
    interrupt.raise_again()
    return result


@contextmanager
def listening(
    recording: Recording, plan: Plan, progress: bool | None, listener: Callable[[Progress], None] | None
) -> Iterator[Recording]:
    """Yield the recording with the listener asked for: the given one, or a bar for whoever is looking.

    Of several processes the first one is listened to.
    """
    if not ProcessGroup.here().leads:
        yield recording
    elif progress or (progress is None and listener is None and wants_bar()):
        with bar(plan) as shown:
            yield replace(recording, on_progress=shown)
    else:
        yield replace(recording, on_progress=listener)


def _checkpoints(every: int | str | None, out: object) -> Interval | None:
    if every is None:
        return None if out is None else Interval(seconds=_CHECKPOINT_S)
    if out is None:
        raise InvalidValue(
            where="checkpoint_every",
            got=f"{every!r} and no folder",
            wanted="a folder to keep the checkpoints in",
            remedy="Say out=FOLDER (--out FOLDER).",
        )
    return Interval.of(every, "checkpoint_every")


def _check_recording(**every: int | None) -> None:
    for name, value in every.items():
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise InvalidValue(
                where=name,
                got=repr(value),
                wanted="a number of updates, at least 1",
                remedy=f"Leave {name} out for the default.",
            )
