"""Fit a network, or plan a fit: the public verbs over the choice, the engine and the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from chalknet.data import Columns
from chalknet.engine import join
from chalknet.errors import public
from chalknet.forms import ModelLike, model_of
from chalknet.planning import (
    AUTO,
    Plan,
    Recipe,
    RecipeKeywords,
    RunKeywords,
    RunOptions,
    check_options,
    options_for,
    recipe_of,
    with_options,
)
from chalknet.training.choice.default_fit import DefaultFit, default_fit
from chalknet.training.choice.prepare import PreparedFit, load_for, prepare
from chalknet.training.choice.torch_threads import one_thread
from chalknet.training.history import FitResult, Progress
from chalknet.training.kept.claim import claimed
from chalknet.training.logs.feeds import check_logs
from chalknet.training.metrics.asked import MetricsLike, asked_metrics
from chalknet.training.record.module_use import fitting
from chalknet.training.record.record_options import RecordOptions
from chalknet.training.run.carry_out import carry_out, check_started
from chalknet.training.run.loop import Continuation, FitStart


class RecordKeywords(TypedDict, total=False):
    """The fields of `RecordOptions` as keywords."""

    evaluate_every: int | None
    record_every: int
    progress: bool | None
    on_progress: Callable[[Progress], object] | None
    on_plan: Callable[[Plan], None] | None
    out: str | Path | None
    checkpoint_every: int | str | None
    overwrite: bool
    log: str | Sequence[str]
    metrics: MetricsLike


class ColumnKeywords(TypedDict, total=False):
    """The keywords of `load` about a table's columns and how it is read."""

    x: Columns | None
    y: Columns | None
    one_hot: bool | Columns
    embed: Columns | None
    classes: bool
    fill: str | float | Mapping[str, str | float] | None
    standardise: bool | Columns
    drop: Columns | None
    unknown: str
    delimiter: str | None
    header: bool | None
    encoding: str | None
    comment: str | None
    skip_rows: int | str | Sequence[int | str]
    decimal: str | None
    missing: str | Sequence[str]
    cache: str | Path | None
    in_memory: bool | None
    limits: Mapping[str, int] | None


class FitKeywords(RecipeKeywords, RunKeywords, RecordKeywords, total=False):
    """The options of a fit to data that is loaded already, as `compare` takes them."""


class PlanKeywords(RecipeKeywords, RunKeywords, ColumnKeywords, total=False):
    """The options of `plan`."""

    metrics: MetricsLike


class OneFitKeywords(FitKeywords, ColumnKeywords, total=False):
    """The options of `fit`."""


@public()
@with_options(OneFitKeywords, Recipe, RunOptions, RecordOptions)
def fit(
    model: ModelLike,
    data: object,
    *,
    recipe: Recipe | Literal["auto"] | None = None,
    held_out: object = None,
    **options: Unpack[OneFitKeywords],
) -> FitResult:
    """Return the fitted module, its history and how the fit ended.

    Gradient descent, mini-batch SGD and SGD with batch size 1 are one number, `batch_size`: None, any
    number between, 1. With `engine="eager"` on the CPU the losses are, bit for bit, those of
    `torch.manual_seed(seed)`, the `Sequential` built by hand, a `DataLoader(TensorDataset(x, y),
    batch_size, shuffle)` and the usual loop of loss, backward, step and zero_grad; for `batch_size=None`
    in order, those of the loop without a loader. For a ready-made module, the same from `manual_seed`
    on. Torch's global random numbers are left as they were found.

    Args:
        model: whatever `read` takes, such as "784 -> 32 relu -> 1 sigmoid"; or any `nn.Module`, which is then
            fitted in place; or "auto": the network and all that is not said are chosen from the data, and
            `result.plan` says why.
        data: whatever `load` takes: "mnist01", a pair (x, y) of arrays, a path.
        recipe: a `Recipe`; its fields may be given as keywords instead, or as keywords over it. "auto"
            chooses all that is not said, for the network that is given.
        held_out: data that is only evaluated, or a share between 0 and 1 of `data` to keep out; where the
            share is chosen, 0 holds out nothing.
        loss: bce, bce_logits, cross_entropy, nll, focal(gamma), focal_cross_entropy(gamma), mse, l1,
            huber(delta), pinball(q), poisson or gaussian_nll; torch's class or instance of one of them; or
            any function `(yhat, y)` of tensors that returns the loss of each value, or their mean.
        optimizer: sgd, adam, adamw, rmsprop, adagrad, nadam, lion, or for all samples an update lbfgs, with
            torch's own defaults; or torch's class or an instance.
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
        schedule: how the learning rate goes on: "step(every=100, factor=0.1)", "cosine", "one_cycle" or
            "plateau(patience=10)"; updates are counted.
        warmup: updates in which the learning rate rises from nothing; the schedule begins behind them.
        clip_norm: the most that the norm of all gradients of an update together may be.
        clip_value: the most that each number of a gradient may be, on either side of 0.
        class_weight: "balanced", or a number for each class, in a list or by the class's name.
        weight: the name or the number of a column of x that is no feature, but what each sample weighs.
        l1: times the sum of all weights' sizes, added to the loss; biases are left out.
        l2: times the sum of all weights' squares, likewise.
        init: how a network's weights are drawn: he, he_uniform, xavier, xavier_normal, orthogonal or zeros.
        patience: stop after so many evaluations without a better one, with the weights of the best. They
            are made every `evaluate_every` updates, or of what is watched alone after whole epochs.
        min_delta: by how much an evaluation has to be better to count as better.
        watch: "held_out_loss", "held_out" (accuracy or error), "train_loss" or "train".
        y, x, drop, one_hot, embed, classes, fill, standardise, unknown: as in `load`: a table's columns.
        delimiter, header, encoding, comment, skip_rows, decimal, missing, cache, in_memory, limits: as in
            `load`: how a file is read.
        device: "auto" measures the CPU and a GPU and takes the cheaper, start included; or a torch device.
        engine: "auto" takes fused_cpu on the CPU wherever it can run the fit, else eager, and measures on a
            GPU; or the name of one. "eager" gives the hand-written script's numbers to the last bit.
        dtype: "float32" or "float64" for a network; a module keeps its own.
        threads: CPU threads torch may use during the fit.
        micro_batch: samples computed at a time; the gradients of the pieces are summed into the same
            update. Left out, an update for which memory runs out is cut into pieces by itself.
        processes: how many processes share each update. They are started by torch's launcher, `torchrun`,
            and every fit in them shares its updates; given, another number of them is refused.
        strict: whether a note of what may not be as it was meant is an error: before the first update where
            it is known then, else at the end, with the fit as the error's `result`.
        evaluate_every: updates between two evaluations over all training and held-out samples; the end
            is always evaluated.
        record_every: updates between two rows of the history.
        progress: whether a bar, in a notebook a curve, is shown; None shows it in a terminal or a notebook.
        on_plan: called with the plan, before the first update.
        on_progress: called about ten times a second with a `Progress`, which has the module; it may return
            `progress.after(100)` to be called again after so many updates, or `progress.stop()`.
        out: a folder to keep the weights, the network, the history and the plan in; a fit that is killed
            goes on from the last checkpoint there with `resume(out)`.
        checkpoint_every: between two checkpoints in `out`: a number of updates (200) or a time ("30s",
            "5min"); a minute when left out. The last two are kept.
        overwrite: whether a run kept in `out` before may be replaced.
        log: where the history goes beside `out` while the fit goes on: "tensorboard:DIR",
            "mlflow:EXPERIMENT", or several of them.
        metrics: what each evaluation computes beside the accuracy or the mean loss, in the target's own unit:
            names (r2, mae, rmse, mse, max_error; accuracy, balanced_accuracy, log_loss, auc, f1, recall,
            precision, ece, confusion), functions of (y_true, y_pred), scikit-learn's and torchmetrics'
            among them, a list of these, or a dict of names and functions.
        **options: all of the above after `held_out`, and the optimizer's own options by torch's names:
            momentum, dampening, nesterov (sgd), betas, amsgrad (adam, adamw), alpha, centered (rmsprop),
            lr_decay, initial_accumulator_value (adagrad), momentum_decay, decoupled_weight_decay (nadam),
            max_iter, max_eval, tolerance_grad, tolerance_change, history_size, line_search_fn (lbfgs), eps
            and weight_decay.

    Raises:
        UnknownName: for an option, loss, optimizer, engine or device that does not exist.
        ChalknetError: of the kind that names what is wrong, before the first update.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> result = cn.fit("1 -> 1", (x, 2 * x), loss="mse", lr=0.5, updates=100)
        >>> weight, bias = result.module.parameters()
        >>> round(weight.item(), 3)
        2.0
        >>> cn.fit("auto", (x, x.sin()), metrics=["r2"]).evaluation.metrics["held_out_r2"] > 0.9
        True
    """
    check_options("fit", options, (*_GIVEN, *OneFitKeywords.__annotations__))

    def prepared(processes: int) -> tuple[PreparedFit, MetricsLike | None]:
        asked = {"recipe": recipe, "held_out": held_out, **options, "processes": processes}
        settled = _settled(model, data, asked)
        return _prepared("fit", settled), settled.options.get("metrics")

    return carry_out_prepared(model, options, prepared)


def carry_out_prepared(
    model: object,
    options: Mapping[str, Any],
    prepared: Callable[[int], tuple[PreparedFit, MetricsLike | None]],
    *,
    updates_alone: bool = False,
    continuation: Continuation | None = None,
) -> FitResult:
    """Return the result of a fit that is prepared once its processes are together.

    Args:
        model: a module stays with this fit until it has ended.
        options: of `fit`, of which those of the run and of what is recorded are looked at.
        prepared: prepares it, for so many processes, and says which metrics are computed.
        updates_alone: whether nothing is looked at but what the updates need, see `FitStart`.
        continuation: what it begins with and leaves; None for a fit of its own.
    """
    group = join()
    with ExitStack() as stack:
        stack.enter_context(one_thread())
        with group.agreement():
            stack.enter_context(fitting(model))
            record = RecordOptions(**options_for(RecordOptions, options))
            logs = dict.fromkeys(record.log or ())
            check_logs(logs)
            check_started(RunOptions(**options_for(RunOptions, options)).processes, group)
            ready, metrics = prepared(group.size)
            record = replace(record, metrics=metrics)
            folder = nullcontext() if record.out is None else claimed(ready, record)
            start = FitStart(
                ready, record, folder, logs, updates_alone=updates_alone, continuation=continuation
            )
        return carry_out(start)


@public()
@with_options(PlanKeywords, Recipe, RunOptions)
def plan(
    model: ModelLike,
    data: object,
    recipe: Recipe | Literal["auto"] | None = None,
    *,
    held_out: object = None,
    **options: Unpack[PlanKeywords],
) -> Plan:
    """Return what `fit` would do: print it for a dry run. No update is made but, by `auto`, on copies.

    Args:
        model: as in `fit`.
        data: as in `fit`.
        recipe: a `Recipe`; its fields may be given as keywords instead, or as keywords over it.
        held_out: as in `fit`.
        **options: those of the options of `fit` that say how, where and to which columns: loss, optimizer,
            lr, batch_size, updates, ..., device, engine, dtype, threads, micro_batch, processes, strict, y,
            x, ..., and metrics, which a recipe that is chosen names.

    Raises:
        ChalknetError: as `fit` does.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> cn.plan("1 -> 1", (x, 2 * x), loss="mse", epochs=3, batch_size=20).updates
        9
    """
    check_options("plan", options, (*_GIVEN, *PlanKeywords.__annotations__))
    if (metrics := options.get("metrics")) is not None:
        asked_metrics(metrics)  # checked here; a recipe that is chosen leaves them as they are
    return _prepared("plan", _settled(model, data, {"recipe": recipe, "held_out": held_out, **options})).plan


_GIVEN = ("model", "data", "recipe", "held_out")


def _settled(model: ModelLike, data: object, options: Mapping[str, Any]) -> DefaultFit:
    """Return what is fitted, to what and how; what is left open is chosen from the data."""
    network = None if _is_auto(model) else model_of(model)
    if network is not None and not _is_auto(options["recipe"]):
        return DefaultFit(network, data, dict(options))
    return default_fit(network, data, _given(options))


def _prepared(verb: str, asked: DefaultFit) -> PreparedFit:
    """Return the plan and the data of what a verb was asked for."""
    options = asked.options
    run = RunOptions(**options_for(RunOptions, options))
    recipe = recipe_of(verb, options.get("recipe"), options)
    columns = {name: options[name] for name in ColumnKeywords.__annotations__ if name in options}
    model = model_of(asked.model)
    source = load_for(run, asked.data, options.get("held_out"), columns, model)
    return prepare(model, source, recipe, run, asked)


def _is_auto(value: object) -> bool:
    return isinstance(value, str) and value == AUTO


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were said, where the rest is chosen; held_out=0 says that nothing is."""
    given = {name: value for name, value in options.items() if name != "recipe"}
    share = given.pop("held_out")
    if isinstance(share, Real) and not isinstance(share, bool):
        share = float(share)
    return given if share is None else {**given, "held_out": None if share == 0.0 else share}
