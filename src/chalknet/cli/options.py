"""The options that several commands share, each with its help."""

from __future__ import annotations

from typing import Annotated

import typer

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
    str,
    typer.Option(help="mnist01, mnist, or a file: CSV, Parquet, Arrow, .npz, .npy, IDX, a folder of MNIST."),
]
X = Annotated[
    str | None, typer.Option("--x", metavar="COL,COL", help="A table's features; all but the target.")
]
Y = Annotated[str | None, typer.Option("--y", metavar="COL", help="A table's target; the last column.")]
OneHot = Annotated[bool, typer.Option("--one-hot", help="Turn columns of text into columns of 0 and 1.")]
OneHotColumns = Annotated[
    str | None, typer.Option(metavar="COL,COL", help="The same for these columns alone.")
]
Classes = Annotated[bool, typer.Option("--classes", help="Turn the target's words into class numbers.")]
Fill = Annotated[
    str | None,
    typer.Option(metavar="mean|0|COL=0,...", help="Fill gaps: mean, median, a number, or by column."),
]
Standardise = Annotated[bool, typer.Option("--standardise", help="Bring features to mean 0 and deviation 1.")]
StandardiseColumns = Annotated[
    str | None, typer.Option(metavar="COL,COL", help="The same for these columns alone.")
]
StandardiseTarget = Annotated[
    bool, typer.Option("--standardise-target", help="Standardise features and target.")
]
Delimiter = Annotated[str | None, typer.Option(help="What stands between two fields; found out.")]
Header = Annotated[
    bool | None, typer.Option("--header/--no-header", help="Whether the first row holds names; found out.")
]
Cache = Annotated[
    str | None, typer.Option(metavar="DIR", help="Where converted tables are kept; the user's cache.")
]
InMemory = Annotated[
    bool | None,
    typer.Option("--in-memory/--stream", help="Read all of it into memory, or batches as they are needed."),
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
EngineName = Annotated[str, typer.Option("--engine", help="auto, fused_cpu, graph (CUDA) or eager.")]
Dtype = Annotated[str | None, typer.Option(help="float32 or float64.")]
Threads = Annotated[int | None, typer.Option(help="CPU threads torch may use.")]
Processes = Annotated[
    int | None, typer.Option(min=1, help="Processes on this machine that share each update (torch's DDP).")
]
Logs = Annotated[
    list[str] | None,
    typer.Option(
        "--log",
        metavar="KIND:PLACE",
        help="Also write the history there: tensorboard:DIR, mlflow:EXPERIMENT. Can be given several times.",
    ),
]
CheckpointEvery = Annotated[
    str | None,
    typer.Option(metavar="200|30s", help="Updates or time between two checkpoints in --out; a minute."),
]
MicroBatch = Annotated[
    int | None, typer.Option(help="Samples computed at a time and summed into the same update.")
]
Momentum = Annotated[float | None, typer.Option(help="Of sgd and rmsprop.")]
Dampening = Annotated[float | None, typer.Option(help="Of sgd's momentum.")]
Nesterov = Annotated[bool, typer.Option("--nesterov", help="Of sgd's momentum.")]
WeightDecay = Annotated[float | None, typer.Option(help="Of every optimizer.")]
Betas = Annotated[str | None, typer.Option(metavar="B1,B2", help="Of adam and adamw.")]
Eps = Annotated[float | None, typer.Option(help="Of adam, adamw and rmsprop.")]
Alpha = Annotated[float | None, typer.Option(help="Of rmsprop.")]
Amsgrad = Annotated[bool, typer.Option("--amsgrad", help="Of adam and adamw.")]
Centered = Annotated[bool, typer.Option("--centered", help="Of rmsprop.")]
