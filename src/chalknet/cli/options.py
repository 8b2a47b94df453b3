"""The options of all commands, a row each, and what they stand for: keywords of the face, network, data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import chalknet as cn
from chalknet.cli import words
from chalknet.files import user_path


class Option(NamedTuple):
    """An option or an argument of a command.

    Args:
        name: the keyword of the face that its value goes to.
        help: what the user reads.
        kind: a type, or a function from the word to the value.
        metavar: what stands for the value in the help.
        panel: the title under which the help shows it.
        flags: how it is written; `--` and the name unless given.
        default: the value when it is not written; `...` where it has to be.
        many: whether it can be given several times.
        argument: whether its place tells what it is, without a flag.
    """

    name: str
    help: str
    kind: Any = str
    metavar: str | None = None
    panel: str | None = None
    flags: tuple[str, ...] = ()
    default: Any = None
    many: bool = False
    argument: bool = False


Group = list[Option] | tuple[Option, ...]
Asked = Mapping[str, Any]


def flag(name: str) -> str:
    """Return how an option is written: `batch_size` -> `--batch-size`."""
    return f"--{name.replace('_', '-')}"


def given(asked: Asked, *groups: Group) -> dict[str, Any]:
    """Return the keywords for the face: what the user wrote, of these groups."""
    rows = [row for group in groups for row in group if row.name in asked]
    written = {row.name: asked[row.name] for row in rows if asked[row.name] not in (None, [])}
    return {name: None if value is words.NOTHING else value for name, value in written.items()}


def without(rows: Group, *names: str) -> Group:
    """Return the rows but those of these names."""
    return [row for row in rows if row.name not in names]


def _either(name: str) -> tuple[str, ...]:
    """Return the flags of a choice that can be taken back: `--shuffle/--no-shuffle`."""
    return (f"--{name}/--no-{name}",)


def _panel(title: str, *rows: Option) -> tuple[Option, ...]:
    return tuple(row._replace(panel=title) for row in rows)


MODEL = Option(
    "model",
    "A formula ('784 -> 32 relu -> 1 sigmoid'), LaTeX, code (PyTorch, Keras, flax, equinox, "
    "scikit-learn, NumPy), JSON, what print(net) or model.summary() printed; a file with one; a picture or "
    "a PDF; the folder of a kept fit; - for standard input; clipboard:.",
    metavar="MODEL", default=..., argument=True,
)  # fmt: skip
*READING, ACTIVATION = _panel(
    "Reading the model",
    Option("notation", "Read it as this notation instead of recognising it."),
    Option("name", "Which network, where there are several: a title, a class, line 12, cell 3, figure 2."),
    Option("page", "Which page of a PDF; without it the network is looked for.", words.process_count, "N"),
    Option(
        "reading", "Which reading, where a drawing may be read in several ways.", words.process_count, "N"
    ),
    Option("sizes", "Give a symbolic width its number.", words.size, "m=784", flags=("--set",), many=True),
    Option("activation", "Name the unknown activations in their order.", words.names, "relu,sigmoid"),
)
RUN = Option("run", "The folder that a fit was kept in.", user_path, "RUN", default=..., argument=True)
TRUST = Option("trust", "Let a run that somebody else made name its data and logs.", bool)
AS_JSON = Option("as_json", "Print the answer as JSON.", bool, panel="Output", flags=("--json",))
OUT = Option("out", "A file to write instead of printing.", user_path, "FILE", "Output")
PICTURE = _panel(
    "Output",
    Option("plot", "Draw it to a .svg, .png or .pdf file.", user_path, "FILE"),
    Option("over", "The picture's axis: updates (default), samples, seconds or x.", default="updates"),
)
KIND = Option(
    "kind",
    "What the picture shows: history (default), curve, confusion, roc, calibration, predicted, residuals, "
    "regions, importance, weights or activations.",
    panel="Output",
)
REPORT = Option(
    "report",
    "Write a page about the fit: network, plan, history, metrics, pictures.",
    user_path,
    "FILE.html",
    "Output",
)
METRICS = Option(
    "metrics",
    "What evaluations compute too: r2, mae, rmse, mse, max_error; accuracy, balanced_accuracy, log_loss, "
    "auc, f1, recall, precision, ece, confusion.",
    words.names, "NAME,NAME", "What is kept",
)  # fmt: skip

DATA, TARGET, HELD_OUT, *COLUMNS = SOURCE = _panel(
    "Data",
    Option(
        "data",
        "mnist01 (default), mnist, or a file: CSV, Parquet, Arrow, .npz, .npy, IDX, a folder of MNIST.",
        default="mnist01",
    ),
    Option("target", "A file with y, where --data holds x alone."),
    Option("held_out", "Data to evaluate on, not to train on, or a share such as 0.2.", words.number_or_name),
    Option("x", "A table's features; all columns but the target.", words.names, "COL,COL"),
    Option("y", "A table's target; the last column.", words.names, "COL"),
    Option("one_hot", "Turn columns of text into columns of 0 and 1.", bool, flags=_either("one-hot")),
    Option("one_hot_columns", "The same for these columns alone.", words.names, "COL,COL"),
    Option("embed", "Columns of categories for embed(...) of the model.", words.names, "COL,COL"),
    Option("classes", "Turn the target's words into class numbers.", bool, flags=_either("classes")),
    Option("fill", "Fill gaps: mean, median, auto, a number, by column.", words.imputation, "mean|COL=0,..."),
    Option("standardise", "Bring features to mean 0 and deviation 1.", bool, flags=_either("standardise")),
    Option("standardise_columns", "The same for these columns alone.", words.names, "COL,COL"),
    Option("standardise_target", "Standardise features and target.", bool),
    Option("delimiter", "The character between two fields; recognised when left out.", words.delimiter),
    Option("header", "Whether the first row holds names.", bool, flags=("--header/--no-header",)),
    Option("encoding", "Of a text, such as cp949; recognised when left out."),
    Option("comment", "What lines that are left out begin with.", metavar="'#'"),
    Option("skip_rows", "Leave out so many lines at the top; rows of units, headers again, totals.",
           words.rows, "N|units|headers|totals,..."),
    Option("decimal", "The decimal sign, . or , ; recognised for each column when left out."),
    Option("missing", "Further words that stand for a gap.", words.names, "WORD,..."),
    Option("drop", "Columns that are left out.", words.names, "COL,COL"),
    Option("unknown", "Words that the training rows did not have: refuse, missing or most-frequent."),
    Option("cache", "Where converted tables are kept; the user's cache folder.", metavar="DIR"),
    Option("in_memory", "Read all of it, or batch by batch.", bool, flags=("--in-memory/--stream",)),
    Option("limits", "How much is read of a file at most, as an error says.", words.limits, "NAME=N,..."),
)  # fmt: skip

# How a text is read, and what becomes of words that are new: kept with a run, and asked otherwise by predict.
FILE = [row for row in COLUMNS if row.name in (
    "delimiter", "header", "encoding", "comment", "skip_rows", "decimal", "missing", "unknown", "limits",
)]  # fmt: skip

RECIPE_CHOICE = Option(
    "recipe",
    "auto chooses all that is not said from the data, for the network that is given.",
    panel="Recipe",
)
LOSS, BATCH_SIZE, UPDATES, EPOCHS, SAMPLES, SECONDS, *_ = RECIPE = _panel(
    "Recipe",
    Option(
        "loss",
        "bce, bce_logits, cross_entropy, nll, focal(gamma), focal_cross_entropy(gamma), mse, l1, "
        "huber(delta), pinball(q), poisson or gaussian_nll.",
        default=...,
    ),
    Option("batch_size", "Samples an update; all (default) for gradient descent.", words.chosen_batch_size),
    Option("updates", "Length in updates.", int),
    Option("epochs", "Length in epochs.", int),
    Option("samples", "Length in samples seen.", int),
    Option("seconds", "Length in seconds of training.", float),
    Option("shuffle", "Draw a new order for each epoch.", bool, flags=_either("shuffle")),
    Option("drop_last", "Leave a short last batch out.", bool),
    Option("reduction", "mean (default) or sum over the samples of an update."),
    Option("seed", "Seed of weights, orders and Dropout; 0 when left out.", int),
    Option("target_loss", "Stop once an update's loss is at most this.", float),
    Option(
        "class_weight", "What classes weigh: balanced, 1,5 or no=1,yes=5.", words.class_weight, "balanced|W,W"
    ),
    Option("weight", "The column of x that says what each sample weighs.", words.column, "COL"),
    Option("l1", "Times the sum of the weights' sizes is added to the loss; not of biases.", float),
    Option("l2", "Times the sum of the weights' squares, likewise.", float),
    Option("init", "Draw the weights so: he, he_uniform, xavier, xavier_normal, orthogonal or zeros."),
)
STOPPING = _panel(
    "Stopping early",
    Option(
        "patience",
        "Stop after so many evaluations without a better one; keep the best weights.",
        words.count_or_none,
        "INTEGER",
    ),
    Option("min_delta", "By how much an evaluation has to be better.", float),
    Option(
        "watch", "held_out_loss (default), held_out, train_loss or train; held_out_mae with --metrics mae."
    ),
)
OPTIMIZER = _panel(
    "Optimizer",
    Option("optimizer", "sgd, adam, adamw, rmsprop, adagrad, nadam, lion or lbfgs (all samples)."),
    Option("lr", "Learning rate; torch's default when left out.", float),
    Option(
        "schedule",
        "Of the learning rate: 'step(every=100, factor=0.1)', cosine, one_cycle or 'plateau(patience=10)'.",
        words.text_or_none,
    ),
    Option("warmup", "Updates in which the learning rate rises.", int),
    Option("clip_norm", "The most that the norm of all gradients may be.", float),
    Option("clip_value", "The most that each number of a gradient may be.", float),
    Option("momentum", "Of sgd and rmsprop.", float),
    Option("dampening", "Of sgd's momentum.", float),
    Option("nesterov", "Of sgd's momentum.", bool),
    Option("weight_decay", "Of every optimizer but lbfgs.", float),
    Option("betas", "Of adam, adamw, nadam and lion.", words.pair, "B1,B2"),
    Option("eps", "Of adam, adamw, nadam, rmsprop and adagrad.", float),
    Option("alpha", "Of rmsprop.", float),
    Option("amsgrad", "Of adam and adamw.", bool),
    Option("centered", "Of rmsprop.", bool),
    Option("lr_decay", "Of adagrad.", float),
    Option("initial_accumulator_value", "Of adagrad.", float),
    Option("momentum_decay", "Of nadam.", float),
    Option("decoupled_weight_decay", "Of nadam.", bool),
    Option("max_iter", "Of lbfgs: iterations of an update.", int),
    Option("max_eval", "Of lbfgs: how often an update maps the samples.", int),
    Option("tolerance_grad", "Of lbfgs.", float),
    Option("tolerance_change", "Of lbfgs.", float),
    Option("history_size", "Of lbfgs.", int),
    Option("line_search_fn", "Of lbfgs: strong_wolfe."),
)

DEVICE, ENGINE, DTYPE, THREADS, MICRO_BATCH, PROCESSES, STRICT = PLACE = _panel(
    "Where it runs",
    Option("device", "auto (default: the cheapest by measurement), cpu, cuda, cuda:1, ..."),
    Option("engine", "auto (default: on the CPU fused_cpu if it can), fused_cpu, fused_cuda, graph, eager."),
    Option("dtype", "float32 or float64."),
    Option("threads", "CPU threads torch may use.", int),
    Option("micro_batch", "Samples computed at a time and summed into the same update.", int),
    Option(
        "processes", "Processes on this machine that share each update (torch's DDP).", words.process_count,
        "INTEGER",
    ),
    Option("strict", "Make every note, which tells what may not be as it was meant, an error.", bool),
)  # fmt: skip
EVALUATE_EVERY, *_ = RECORD = _panel(
    "What is kept",
    Option("evaluate_every", "Updates between evaluations on all samples.", int),
    Option("record_every", "Updates between rows of the history; 1 when left out.", int),
    Option("out", "A folder to keep the run in.", user_path, "FOLDER"),
    Option("overwrite", "Replace the run kept in --out.", bool),
    Option("checkpoint_every", "Updates or time between checkpoints in --out; a minute.", str, "200|30s"),
    Option(
        "log", "Also write the history to tensorboard:DIR or mlflow:EXPERIMENT; can be given several times.",
        metavar="KIND:PLACE", many=True,
    ),
    METRICS,
)  # fmt: skip


def is_auto(asked: Asked) -> bool:
    """Return whether the network, or what is not said of the recipe, is to be chosen from the data."""
    return asked["model"] == "auto" or asked["recipe"] is not None


def network_of(asked: Asked) -> cn.Network:
    """Return the network that a command is about, its symbols and activations replaced as asked."""
    network = cn.read(
        asked["model"], **{name: asked[name] for name in ("notation", "name", "page", "reading")}
    )
    if asked["sizes"]:
        network = network.bind(**dict(asked["sizes"]))
    activation = asked.get("activation")
    return network if activation is None else network.settle(*activation)


def data_of(asked: Asked) -> Any:
    """Return the argument `data` of the face: one name, or a pair where --target holds y."""
    return asked["data"] if asked["target"] is None else (asked["data"], asked["target"])


def source_of(asked: Asked) -> Any:
    """Return the data that a command is about, loaded."""
    return cn.load(data_of(asked), **load_options(asked))


def load_options(asked: Asked) -> dict[str, Any]:
    """Return the keywords of `cn.load` that were given."""
    return {**given(asked, (HELD_OUT, DTYPE)), **column_options(asked)}


def column_options(asked: Asked) -> dict[str, Any]:
    """Return the keywords of `cn.load` about columns; it has one where the command has several flags."""
    options = given(asked, COLUMNS)
    for name in ("one_hot", "standardise"):
        columns = options.pop(f"{name}_columns", None)
        if columns is not None:
            options[name] = columns
    model = asked.get("model")
    if "embed" not in options and isinstance(model, str) and "embed" in model:
        options |= {"embed": columns} if (columns := cn.read(model).embedded) else {}
    if options.pop("standardise_target", False):
        options["standardise"] = "both"
    return options
