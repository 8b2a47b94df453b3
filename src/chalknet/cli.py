"""The command: one verb of the face each, read from words and printed as words."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

import chalknet as cn

app = typer.Typer(
    name="chalknet",
    help="From the blackboard to the GPU: write a network, count it, fit it, compare the methods.",
    epilog="Start with: chalknet demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Form = Annotated[
    str,
    typer.Argument(
        metavar="NETWORK",
        help="A formula ('784 -> 32 relu -> 1 sigmoid'), LaTeX, PyTorch code, JSON; a file with one; "
        "the folder of a kept fit; - for standard input.",
    ),
]
FormNotation = Annotated[str | None, typer.Option("--notation", help="Read it as this notation.")]
FormName = Annotated[str | None, typer.Option("--name", help="Which network, where a text holds several.")]
Sizes = Annotated[
    list[str] | None, typer.Option("--set", metavar="m=784", help="Give a symbolic width its number.")
]
Activations = Annotated[
    str | None,
    typer.Option("--activation", metavar="relu,sigmoid", help="Name the unknown activations in their order."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Data = Annotated[
    str, typer.Option(help="mnist01, mnist, or a file: .npz, .npy, IDX, a folder with the MNIST files.")
]
Target = Annotated[str | None, typer.Option(help="A file with y, where --data holds x alone.")]
HeldOut = Annotated[str | None, typer.Option(help="Data that is only evaluated, or a share such as 0.2.")]
Loss = Annotated[str, typer.Option(help="bce, bce_logits, cross_entropy, mse, l1 or huber.")]
Optimizer = Annotated[str, typer.Option(help="sgd, adam, adamw or rmsprop.")]
Rate = Annotated[float | None, typer.Option(help="Learning rate; torch's default when left out.")]
Updates = Annotated[int | None, typer.Option(help="Length in updates.")]
Epochs = Annotated[int | None, typer.Option(help="Length in epochs.")]
Samples = Annotated[int | None, typer.Option(help="Length in samples seen.")]
Seconds = Annotated[float | None, typer.Option(help="Length in seconds of training.")]
Shuffle = Annotated[bool, typer.Option("--shuffle", help="A new order each epoch.")]
DropLast = Annotated[bool, typer.Option("--drop-last", help="Leave a short last batch out.")]
Reduction = Annotated[str, typer.Option(help="mean or sum over an update's own samples.")]
Seed = Annotated[int, typer.Option(help="Of weights, orders and Dropout.")]
EvaluateEvery = Annotated[int | None, typer.Option(help="Updates between evaluations on all samples.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, ...")]
EngineName = Annotated[str, typer.Option("--engine", help="auto or eager.")]
Dtype = Annotated[str | None, typer.Option(help="float32 or float64.")]
Threads = Annotated[int | None, typer.Option(help="CPU threads torch may use.")]
Momentum = Annotated[float | None, typer.Option(help="Of sgd and rmsprop.")]
Dampening = Annotated[float | None, typer.Option(help="Of sgd's momentum.")]
Nesterov = Annotated[bool, typer.Option("--nesterov", help="Of sgd's momentum.")]
WeightDecay = Annotated[float | None, typer.Option(help="Of every optimizer.")]
Betas = Annotated[str | None, typer.Option(metavar="B1,B2", help="Of adam and adamw.")]
Eps = Annotated[float | None, typer.Option(help="Of adam, adamw and rmsprop.")]
Alpha = Annotated[float | None, typer.Option(help="Of rmsprop.")]
Amsgrad = Annotated[bool, typer.Option("--amsgrad", help="Of adam and adamw.")]
Centered = Annotated[bool, typer.Option("--centered", help="Of rmsprop.")]
_OPTIMIZER_FLAGS = ("nesterov", "amsgrad", "centered")
_OPTIMIZER_OPTIONS = ("momentum", "dampening", "weight_decay", "betas", "eps", "alpha", *_OPTIMIZER_FLAGS)
_RECIPE = tuple(name for name in cn.Recipe.__dataclass_fields__ if name != "optimizer_options")


@app.command()
def read(
    form: Form,
    to: Annotated[
        str,
        typer.Option(
            help="arrows, shorthand, latex, latex-layers, torch, json, mathml, dot, mermaid, svg, onnx."
        ),
    ] = "arrows",
    out: Annotated[Path | None, typer.Option(help="A file to write instead of printing.")] = None,
    notation: FormNotation = None,
    name: FormName = None,
    sizes: Sizes = None,
    activation: Activations = None,
) -> None:
    """Print any form of a network in another form: formula, code or drawing.

    Example: chalknet read '784 -> 32 relu -> 1 sigmoid' --to torch

    Example: chalknet read net.dot --to torch --activation relu,sigmoid
    """
    network = _network(form, notation, name, sizes)
    for note in network.notes:
        _tell(f"note: {note}")
    if activation is not None:
        network = network.settle(*activation.split(","))
    _put(cn.write(network, to), out)


@app.command()
def draw(
    form: Form,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="A .svg, .png, .pdf, .tex, .html, .dot or .mmd file; SVG is printed without."
        ),
    ] = None,
    dialect: Annotated[
        str,
        typer.Option(
            help="nodes (D9), input-hidden-output (D11), features (D7), layers (D8), numbers (D6), states (D5), "
            "features-as-nodes (D10), observations (D1), observation (D2), index-free (D3), bias-implied (D4), "
            "plain-weight (D4b), blocks."
        ),
    ] = "nodes",
    orientation: Annotated[str, typer.Option(help="right or down.")] = "right",
    max_nodes: Annotated[int, typer.Option(help="Wider layers are drawn as first two, dots, last.")] = 8,
    weights: Annotated[str, typer.Option(help="none, numbers or colour.")] = "none",
    bias: Annotated[str, typer.Option(help="implied or nodes.")] = "implied",
    language: Annotated[str, typer.Option(help="Of the layers' names: en or ko.")] = "en",
    preset: Annotated[str, typer.Option(help="screen, paper, paper-wide or slide.")] = "screen",
    title: Annotated[str, typer.Option(help="A line over the drawing.")] = "",
    notation: FormNotation = None,
    name: FormName = None,
    sizes: Sizes = None,
    activation: Activations = None,
) -> None:
    """Draw a network in any dialect of the textbooks.

    Example: chalknet draw '784 -> 32 relu -> 1 sigmoid' --dialect D11 -o net.svg

    Example: chalknet draw run/ --dialect numbers -o net.pdf
    """
    asked = locals()
    options = ("orientation", "max_nodes", "weights", "bias", "language", "preset", "title")
    whole = notation is name is activation is None and not sizes
    network = _network(form, notation, name, sizes)
    network = network if activation is None else network.settle(*activation.split(","))
    drawing = cn.draw(form if whole else network, dialect, **{key: asked[key] for key in options})
    if out is None:
        _say(drawing.svg)
    else:
        _tell(f"written {drawing.save(out)}")


@app.command()
def diff(
    key: Annotated[str, typer.Argument(metavar="A", help="A network in any form.")],
    others: Annotated[list[str], typer.Argument(metavar="B...", help="Networks to compare with it.")],
    ignore_dropout: Annotated[
        bool, typer.Option("--ignore-dropout", help="Dropout counts for nothing.")
    ] = False,
    logits: Annotated[
        bool, typer.Option("--logits", help="A last sigmoid or softmax counts for nothing: the loss has it.")
    ] = False,
    table: Annotated[bool, typer.Option("--table", help="A line for each of B.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell whether networks are the same, and where they part. Exit code 0: the same, 1: different.

    Example: chalknet diff key.txt answers/*.py --table
    """
    first = cn.read(key)
    rows = [_compared(first, other, ignore_dropout, logits) for other in others]
    if as_json:
        _say(json.dumps([dict(zip(("name", "verdict", "difference"), row, strict=True)) for row in rows]))
    elif table or len(rows) > 1:
        width = max(len(row[0]) for row in rows)
        _say(
            "\n".join(
                f"{name:<{width}}  {verdict:<9}  {_first_line(why)}".rstrip() for name, verdict, why in rows
            )
        )
    else:
        _say(rows[0][2])
    raise typer.Exit(int(any(verdict != "same" for _, verdict, _ in rows)))


@app.command()
def count(
    form: Form,
    convention: Annotated[
        str, typer.Option(help="trainable, or textbook: the input counts too.")
    ] = "trainable",
    notation: FormNotation = None,
    name: FormName = None,
    sizes: Sizes = None,
    as_json: AsJson = False,
) -> None:
    """Print layers, hidden layers, nodes, parameters and multiply-adds.

    Example: chalknet count '1 -> 2 relu -> 1 sigmoid' --convention textbook
    """
    counts = cn.count(_network(form, notation, name, sizes), convention)
    _say(json.dumps(asdict(counts)) if as_json else str(counts))


@app.command()
def fit(
    form: Form,
    loss: Loss,
    data: Data = "mnist01",
    target: Target = None,
    held_out: HeldOut = None,
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
    """
    asked = locals()
    _check_picture(plot)
    network, pair = _network(form, notation, name, sizes), _pair(data, target)
    recipe = {key: asked[key] for key in _RECIPE} | {"batch_size": _batch_size(batch_size)}
    where = {key: asked[key] for key in ("device", "engine", "dtype", "threads")}
    where["held_out"] = _held_out(held_out)
    if dry_run:
        _say(str(cn.plan(network, pair, cn.Recipe(**recipe, optimizer_options=_optimizer(asked)), **where)))
        return
    keep = {key: asked[key] for key in ("evaluate_every", "record_every", "out", "overwrite")}
    result = cn.fit(network, pair, **recipe, **where, **keep, **_optimizer(asked))
    if plot is not None:
        cn.plot(result, over, data=pair if over == "x" else None).save(plot)
    _say(json.dumps(_summary(result)) if as_json else str(result))
    raise typer.Exit(_EXIT_CODES.get(result.outcome.name, 0))


@app.command()
def compare(
    form: Form,
    loss: Loss,
    data: Data = "mnist01",
    target: Target = None,
    held_out: HeldOut = None,
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
    _check_picture(plot)
    shared = {
        key: asked[key] for key in ("loss", "optimizer", "lr", "updates", "samples", "seconds", "shuffle")
    }
    shared |= {key: asked[key] for key in ("seed", "evaluate_every", "device", "engine", "threads")}
    methods = {f"batch size {size}": {"batch_size": _batch_size(size)} for size in batch_sizes.split(",")}
    network, pair = _network(form, notation, name, sizes), _pair(data, target)
    comparison = cn.compare(
        network, pair, methods, **shared, **_optimizer(asked), held_out=_held_out(held_out)
    )
    if plot is not None:
        comparison.plot(over, data=pair if over == "x" else None).save(plot)
    if as_json:
        _say(json.dumps({key: _summary(result) for key, result in comparison.results.items()}))
    else:
        _say_table(comparison)
    outcomes = [result.outcome.name for result in comparison.results.values()]
    raise typer.Exit(max(_EXIT_CODES.get(outcome, 0) for outcome in outcomes))


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder that a fit was kept in.")],
    data: Annotated[str, typer.Option(help="Features: a .npy file, or whatever fit takes as data.")],
    as_json: AsJson = False,
) -> None:
    """Map data with a kept fit and print yhat, a line a row.

    Example: chalknet predict run/ --data digits.npy > yhat.csv
    """
    yhat = cn.predict(run, data)
    rows = yhat.reshape(len(yhat), -1).tolist()
    _say(json.dumps(rows) if as_json else "\n".join(",".join(map(str, row)) for row in rows))


@app.command()
def data(
    name: Annotated[str, typer.Argument(metavar="DATA", help="mnist01, mnist, or a file.")] = "mnist01",
    target: Target = None,
    as_json: AsJson = False,
) -> None:
    """Print what is in a data set: observations, shapes, ranges, held-out samples.

    Example: chalknet data mnist01
    """
    facts = cn.describe(cn.load(_pair(name, target)))
    _say(json.dumps(facts) if as_json else _aligned(facts))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The folder for the report and its pictures.")] = Path("demo"),
) -> None:
    """Fit digits 0 and 1 of MNIST by three methods and write one page about it.

    Example: chalknet demo --out demo
    """
    from chalknet.demo import run_demo  # brings matplotlib and torch

    for line in run_demo(out):
        _say(line)


_EXIT_CODES = {"DIVERGED": 1, "INTERRUPTED": 130}


def main() -> None:
    """Run the command; an error of ours is two sentences and an exit code, `--debug` shows where."""
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    try:
        app(arguments)
    except cn.ChalknetError as problem:
        if debug:
            raise
        _tell(f"error: {problem}")
        usage = type(problem).__name__ in ("InvalidValue", "UnknownName")
        sys.exit(2 if usage else 1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away: nothing more to say to it
        sys.exit(1)


def _network(form: str, notation: str | None, name: str | None, sizes: list[str] | None) -> cn.Network:
    network = cn.read(form, notation=notation, name=name)
    pairs = [size.partition("=") for size in sizes or []]
    for symbol, equals, size in pairs:
        if not (symbol and equals and size.isdigit()):
            raise typer.BadParameter(f"--set {symbol}{equals}{size}: write it as --set m=784")
    return network.bind(**{symbol: int(size) for symbol, _, size in pairs}) if pairs else network


def _compared(first: cn.Network, other: str, ignore_dropout: bool, logits: bool) -> tuple[str, str, str]:
    try:
        found = cn.difference(first, other, ignore_dropout=ignore_dropout, logits=logits)
    except cn.ChalknetError as problem:
        return other, "unread", str(problem)
    return other, "different" if found else "same", str(found)


def _first_line(text: str) -> str:
    """Return the first line of a text, and how many follow."""
    first, *others = text.splitlines() or [""]
    return f"{first} (and {len(others)} more)" if others else first


def _put(text: str | bytes, out: Path | None) -> None:
    """Write what a notation gave to a file, or print it."""
    if out is not None:
        try:
            out.write_bytes(text if isinstance(text, bytes) else f"{text}\n".encode())
        except OSError as problem:
            raise typer.BadParameter(f"--out {out}: {problem.strerror}") from None
    elif isinstance(text, bytes):
        sys.stdout.buffer.write(text)
    else:
        _say(text)


def _check_picture(path: Path | None) -> None:
    """Refuse now what could not be drawn after the fit."""
    if path is not None and (path.suffix.lower() not in cn.Chart.suffixes or not path.parent.is_dir()):
        raise typer.BadParameter(
            f"--plot {path}: a {', '.join(cn.Chart.suffixes)} file in a folder that exists"
        )


def _pair(data: str, target: str | None) -> str | tuple[str, str]:
    return data if target is None else (data, target)


def _batch_size(word: str) -> int | None:
    word = word.strip()
    if word == "all":
        return None
    try:
        return int(word)
    except ValueError:
        raise typer.BadParameter(f"--batch-size {word}: a whole number, or all") from None


def _held_out(word: str | None) -> str | float | None:
    try:
        return None if word is None else float(word)
    except ValueError:
        return word


def _optimizer(asked: Mapping[str, Any]) -> dict[str, Any]:
    options = {name: asked.get(name) for name in _OPTIMIZER_OPTIONS}
    if options["betas"] is not None:
        try:
            options["betas"] = tuple(float(word) for word in options["betas"].split(","))
        except ValueError:
            raise typer.BadParameter(f"--betas {asked['betas']}: two numbers, 0.9,0.999") from None
    return {name: value for name, value in options.items() if value is not None and value is not False}


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
        _say(str(comparison))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*comparison.columns, title=f"the same start and {comparison.counter} each")
    for row in comparison.rows:
        table.add_row(*row)
    Console().print(table)


def _aligned(facts: Mapping[str, object]) -> str:
    width = max(map(len, facts))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in facts.items())


def _say(text: str) -> None:
    print(text)


def _tell(text: str) -> None:
    print(text, file=sys.stderr)
