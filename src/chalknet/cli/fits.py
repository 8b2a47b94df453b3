"""The verbs about a fit: fit, resume, compare, predict, demo."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

import chalknet as cn
from chalknet.cli.app import app
from chalknet.cli.launch import answers, is_launched, launch
from chalknet.cli.options import (
    Alpha,
    Amsgrad,
    AsJson,
    Betas,
    Cache,
    Centered,
    CheckpointEvery,
    Classes,
    Dampening,
    Data,
    Delimiter,
    Device,
    DropLast,
    Dtype,
    EngineName,
    Epochs,
    Eps,
    EvaluateEvery,
    Fill,
    Form,
    FormName,
    FormNotation,
    Header,
    HeldOut,
    InMemory,
    Logs,
    Loss,
    MicroBatch,
    Momentum,
    Nesterov,
    OneHot,
    OneHotColumns,
    Optimizer,
    Processes,
    Rate,
    Reduction,
    Samples,
    Seconds,
    Seed,
    Shuffle,
    Sizes,
    Standardise,
    StandardiseColumns,
    StandardiseTarget,
    Target,
    Threads,
    Updates,
    WeightDecay,
    X,
    Y,
)
from chalknet.cli.say import network_of, say
from chalknet.cli.sources import source_of

_OPTIMIZER_FLAGS = ("nesterov", "amsgrad", "centered")
_OPTIMIZER_OPTIONS = ("momentum", "dampening", "weight_decay", "betas", "eps", "alpha", *_OPTIMIZER_FLAGS)
_RECIPE = tuple(name for name in cn.Recipe.__dataclass_fields__ if name != "optimizer_options")


_KEEPING = ("evaluate_every", "record_every", "out", "checkpoint_every", "overwrite", "processes")
_EXIT_CODES = {"DIVERGED": 1, "INTERRUPTED": 130}


@app.command()
def fit(
    form: Form,
    loss: Loss,
    data: Data = "mnist01",
    target: Target = None,
    held_out: HeldOut = None,
    x: X = None,
    y: Y = None,
    one_hot: OneHot = False,
    one_hot_columns: OneHotColumns = None,
    classes: Classes = False,
    fill: Fill = None,
    standardise: Standardise = False,
    standardise_columns: StandardiseColumns = None,
    standardise_target: StandardiseTarget = False,
    delimiter: Delimiter = None,
    header: Header = None,
    cache: Cache = None,
    in_memory: InMemory = None,
    optimizer: Optimizer = "sgd",
    lr: Rate = None,
    batch_size: Annotated[str, typer.Option(help="Samples an update, or all: gradient descent.")] = "all",
    updates: Updates = None,
    epochs: Epochs = None,
    samples: Samples = None,
    seconds: Seconds = None,
    shuffle: Shuffle = False,
    drop_last: DropLast = False,
    reduction: Reduction = "mean",
    seed: Seed = 0,
    target_loss: Annotated[
        float | None, typer.Option(help="Stop once an update's loss is at most this.")
    ] = None,
    evaluate_every: EvaluateEvery = None,
    record_every: Annotated[int, typer.Option(help="Updates between rows of the history.")] = 1,
    device: Device = "auto",
    engine: EngineName = "auto",
    dtype: Dtype = None,
    threads: Threads = None,
    processes: Processes = None,
    momentum: Momentum = None,
    dampening: Dampening = None,
    nesterov: Nesterov = False,
    weight_decay: WeightDecay = None,
    betas: Betas = None,
    eps: Eps = None,
    alpha: Alpha = None,
    amsgrad: Amsgrad = False,
    centered: Centered = False,
    out: Annotated[Path | None, typer.Option(help="A folder to keep the run in.")] = None,
    checkpoint_every: CheckpointEvery = None,
    micro_batch: MicroBatch = None,
    log: Logs = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run kept in --out.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the fit: a .svg, .png or .pdf file.")] = None,
    over: Annotated[
        str, typer.Option(help="The picture's axis: updates, samples, seconds or x.")
    ] = "updates",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    as_json: AsJson = False,
    notation: FormNotation = None,
    name: FormName = None,
    sizes: Sizes = None,
) -> None:
    """Fit a network to data.

    Example: chalknet fit '784 -> 32 relu -> 1 sigmoid' --loss bce --updates 700 --batch-size 2048 --seed 1
    Example: chalknet fit '8 -> 32 relu -> 1' --loss mse --data houses.csv --y price --standardise --epochs 20
    Example: chalknet fit '784 -> 512 relu -> 1 sigmoid' --loss bce --epochs 5 --batch-size 512 --processes 2
    Example: chalknet fit '784 -> 1 sigmoid' --loss bce --epochs 5 --batch-size 9 --log tensorboard:runs/first
    """
    asked = locals()
    check_picture(plot)
    network, source = network_of(form, notation, name, sizes), source_of(data, target, asked)
    recipe = {key: asked[key] for key in _RECIPE} | {"batch_size": _batch_size(batch_size)}
    where = {key: asked[key] for key in ("device", "engine", "dtype", "threads", "micro_batch")}
    several = processes not in (None, 1) and not is_launched()
    if dry_run or several:  # what is wrong is said before a process is started
        options = cn.Recipe(**recipe, optimizer_options=_optimizer(asked))
        plan = cn.plan(network, source, options, **where, processes=1 if processes is None else processes)
    if dry_run:
        say(str(plan))
        return
    if several:
        words = [cn.write(network, "json") if word == "-" else word for word in sys.argv[1:]]
        raise typer.Exit(launch(plan.placement.processes, words, out))
    keep = {key: asked[key] for key in _KEEPING}
    result = cn.fit(network, source, **recipe, **where, **keep, **_optimizer(asked), log=log or ())
    if not answers():
        return
    if plot is not None:
        cn.plot(result, over, data=source if over == "x" else None).save(plot)
    say(json.dumps(_summary(result)) if as_json else str(result))
    raise typer.Exit(_EXIT_CODES.get(result.outcome.name, 0))


@app.command()
def compare(
    form: Form,
    loss: Loss,
    data: Data = "mnist01",
    target: Target = None,
    held_out: HeldOut = None,
    x: X = None,
    y: Y = None,
    one_hot: OneHot = False,
    one_hot_columns: OneHotColumns = None,
    classes: Classes = False,
    fill: Fill = None,
    standardise: Standardise = False,
    standardise_columns: StandardiseColumns = None,
    standardise_target: StandardiseTarget = False,
    delimiter: Delimiter = None,
    header: Header = None,
    cache: Cache = None,
    in_memory: InMemory = None,
    batch_sizes: Annotated[
        str, typer.Option("--batch-size", metavar="LIST", help="Samples an update for each method.")
    ] = "all,32,1",
    updates: Updates = None,
    samples: Samples = None,
    seconds: Seconds = None,
    optimizer: Optimizer = "sgd",
    lr: Rate = None,
    shuffle: Shuffle = False,
    seed: Seed = 0,
    momentum: Momentum = None,
    nesterov: Nesterov = False,
    weight_decay: WeightDecay = None,
    evaluate_every: EvaluateEvery = None,
    device: Device = "auto",
    engine: EngineName = "auto",
    threads: Threads = None,
    plot: Annotated[Path | None, typer.Option(help="Draw all fits: a .svg, .png or .pdf file.")] = None,
    over: Annotated[
        str, typer.Option(help="The picture's axis: updates, samples, seconds or x.")
    ] = "updates",
    as_json: AsJson = False,
    notation: FormNotation = None,
    name: FormName = None,
    sizes: Sizes = None,
) -> None:
    """Compare gradient descent, mini-batch SGD and SGD with batch size 1 on equal terms.

    Example: chalknet compare '784 -> 32 relu -> 1 sigmoid' --loss bce --updates 700 --batch-size all,2048,1
    """
    asked = locals()
    check_picture(plot)
    shared = {
        key: asked[key] for key in ("loss", "optimizer", "lr", "updates", "samples", "seconds", "shuffle")
    }
    shared |= {key: asked[key] for key in ("seed", "evaluate_every", "device", "engine", "threads")}
    methods = {f"batch size {size}": {"batch_size": _batch_size(size)} for size in batch_sizes.split(",")}
    network, source = network_of(form, notation, name, sizes), source_of(data, target, asked)
    comparison = cn.compare(network, source, methods, **shared, **_optimizer(asked))
    if not answers():
        return
    if plot is not None:
        comparison.plot(over, data=source if over == "x" else None).save(plot)
    if as_json:
        say(json.dumps({key: _summary(result) for key, result in comparison.results.items()}))
    else:
        _say_table(comparison)
    outcomes = [result.outcome.name for result in comparison.results.values()]
    raise typer.Exit(max(_EXIT_CODES.get(outcome, 0) for outcome in outcomes))


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder that a fit was kept in.")],
    data: Annotated[str | None, typer.Option(help="The data, where the run does not know its place.")] = None,
    target: Target = None,
    updates: Updates = None,
    epochs: Epochs = None,
    samples: Samples = None,
    seconds: Seconds = None,
    device: Annotated[str | None, typer.Option(help="Another device than before.")] = None,
    engine: Annotated[str | None, typer.Option(help="Another engine than before.")] = None,
    threads: Threads = None,
    processes: Processes = None,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was killed or interrupted, from its last whole checkpoint.

    A run that has ended goes on when a larger budget is given, counted from its very beginning.

    Example: chalknet resume run/
    Example: chalknet resume run/ --updates 1400
    """
    asked = locals()
    if processes not in (None, 1) and not is_launched():
        raise typer.Exit(launch(processes, sys.argv[1:], run))
    options = {key: asked[key] for key in ("updates", "epochs", "samples", "seconds")}
    options |= {key: asked[key] for key in ("device", "engine", "threads", "processes")}
    result = cn.resume(run, data=None if data is None else pair_of(data, target), **options)
    if not answers():
        return
    say(json.dumps(_summary(result)) if as_json else _with_reasons(result))
    raise typer.Exit(_EXIT_CODES.get(result.outcome.name, 0))


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder that a fit was kept in.")],
    data: Annotated[str, typer.Option(help="Features: a .npy file, a table, or whatever fit takes.")],
    as_json: AsJson = False,
) -> None:
    """Map data with a kept fit and print yhat, a line a row.

    Example: chalknet predict run/ --data digits.npy > yhat.csv
    Example: chalknet predict run/ --data new_houses.csv > prices.csv
    """
    yhat = cn.predict(run, data)
    rows = yhat.reshape(len(yhat), -1).tolist()
    say(json.dumps(rows) if as_json else "\n".join(",".join(map(str, row)) for row in rows))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The folder for the report and its pictures.")] = Path("demo"),
) -> None:
    """Fit digits 0 and 1 of MNIST by three methods and write one page about it.

    Example: chalknet demo --out demo
    """
    from chalknet.demo import run_demo  # brings matplotlib and torch

    for line in run_demo(out):
        say(line)


def check_picture(path: Path | None, option: str = "--plot") -> None:
    """Refuse now what could not be drawn after the fit."""
    if path is not None and (path.suffix.lower() not in cn.Chart.suffixes or not path.parent.is_dir()):
        raise typer.BadParameter(
            f"{option} {path}: a {', '.join(cn.Chart.suffixes)} file in a folder that exists"
        )


def pair_of(data: str, target: str | None) -> str | tuple[str, str]:
    """Return the words of --data and --target as `load` takes them."""
    return data if target is None else (data, target)


def _batch_size(word: str) -> int | None:
    word = word.strip()
    if word == "all":
        return None
    try:
        return int(word)
    except ValueError:
        raise typer.BadParameter(f"--batch-size {word}: a whole number, or all") from None


def _optimizer(asked: Mapping[str, Any]) -> dict[str, Any]:
    options = {name: asked.get(name) for name in _OPTIMIZER_OPTIONS}
    if options["betas"] is not None:
        try:
            options["betas"] = tuple(float(word) for word in options["betas"].split(","))
        except ValueError:
            raise typer.BadParameter(f"--betas {asked['betas']}: two numbers, 0.9,0.999") from None
    return {name: value for name, value in options.items() if value is not None and value is not False}


def _with_reasons(result: cn.FitResult) -> str:
    """Return a resumed fit's answer, and from where it went on."""
    return "\n".join([str(result), *result.plan.reasons])


def _summary(result: cn.FitResult) -> dict[str, Any]:
    history, last = result.history, result.evaluation
    return {
        "outcome": result.outcome.name.lower(),
        "updates": history.updates[-1],
        "samples": history.samples[-1],
        "seconds": history.seconds[-1],
        "loss": history.loss[-1],
        "metric": history.metric,
        "train": last.train,
        "held_out": last.held_out,
    }


def _say_table(comparison: cn.Comparison) -> None:
    if not sys.stdout.isatty():
        say(str(comparison))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(
        *comparison.columns, title=f"the same start and {comparison.counter} each", caption=comparison.run_by
    )
    for row in comparison.rows:
        table.add_row(*row)
    Console().print(table)
