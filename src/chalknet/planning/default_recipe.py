"""The default recipe: what data shows, what is chosen for it, and why. Every choice is a row of CHOICES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from chalknet.planning.losses import row_of
from chalknet.planning.recipe import BUDGET_UNITS
from chalknet.planning.torch_objects import loss_of
from chalknet.units import show_count

AUTO = "auto"  # the model, or the recipe, that is to be chosen


@dataclass(frozen=True)
class RecipeFacts:
    """What data shows, as far as a choice goes by it.

    Args:
        rows: how many samples there are.
        width: how many features, once words are columns of their own.
        word_columns: how many columns of words there are.
        gaps: how many columns have gaps.
        target: a key of `LOSS_OF_TARGET`.
        target_reason: why the target is taken for that, a sentence that names it.
        renumbered: whether the target is numbers that are to become class numbers.
        table: whether what becomes of columns can be said.
        as_it_stands: why the features are left as they are; empty where they can be standardised.
        standardised: the columns that are standardised where not all of them are; none for all.
        held_out: what is held out already; empty for nothing.
        dropped: columns that are left out.
        ending: the activation that a network which was given ends with; empty for none.
    """

    rows: int
    width: int
    word_columns: int
    gaps: int
    target: str
    target_reason: str
    renumbered: bool = False
    table: bool = True
    as_it_stands: str = ""
    standardised: tuple[str | int, ...] = ()
    held_out: str = ""
    dropped: tuple[str | int, ...] = ()
    ending: str = ""


@dataclass(frozen=True)
class ChosenValue:
    """A value, and why it was chosen, as the end of a sentence."""

    value: Any
    reason: str


Taken = Mapping[str, Any]  # what the user gave and what was chosen before, by the names of options


@dataclass(frozen=True)
class Choice:
    """One row of the table: an option, and how its value comes from the facts.

    Args:
        name: of the option; "model" for the network.
        of: returns the value for facts and for what was taken before; None to leave the option out.
        unless: options that, where they are given, leave no choice.
        loads: whether it is an option of `load`.
    """

    name: str
    of: Callable[[RecipeFacts, Taken], ChosenValue | None]
    unless: tuple[str, ...] = ()
    loads: bool = False


@dataclass(frozen=True)
class Defaults:
    """What was chosen beside what was given.

    Args:
        values: by the names of options; "model" for the network.
        loads: those of them that `load` takes.
        reasons: a sentence for each.
    """

    values: dict[str, Any]
    loads: frozenset[str]
    reasons: tuple[str, ...]


def default_recipe(facts: RecipeFacts, given: Mapping[str, Any]) -> Defaults:
    """Return what is chosen for data, around what was given: that is never changed.

    Args:
        facts: what the data shows.
        given: options by name that the user said, None included; "model" where a network was given.

    Example:
        >>> facts = RecipeFacts(500, 8, 0, 0, "numbers", "price is numbers")
        >>> default_recipe(facts, {"lr": 0.1}).values["loss"]
        'mse'
    """
    taken, reasons = dict(given), list[str]()
    for choice in CHOICES:
        if choice.name in given or any(given.get(name) is not None for name in choice.unless):
            continue
        if (chosen := choice.of(facts, taken)) is not None:
            taken[choice.name] = chosen.value
            reasons.append(f"{choice.name} {_shown(chosen.value)}: {chosen.reason}")
    values = {name: value for name, value in taken.items() if name not in given}
    loads = frozenset(choice.name for choice in CHOICES if choice.loads and choice.name in values)
    return Defaults(values, loads, tuple(reasons))


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def target_wanted(loss: object) -> str | None:
    """Return the kind of target that a given loss takes, as the row of the losses says; None for any."""
    wanted = row_of(loss_of(loss)[0]).target
    return None if wanted == "any" else wanted


# The kind of target -> the loss, and the losses for networks that end with certain activations.
LOSS_OF_TARGET: dict[str, dict[str, str]] = {
    "numbers": {"": "mse"},
    "two classes": {"": "bce_logits", "sigmoid": "bce", "softmax": "bce", "log_softmax": "nll"},
    "classes": {"": "cross_entropy", "log_softmax": "nll"},
    "questions": {"": "bce_logits", "sigmoid": "bce"},
}
# Up to so many rows -> the hidden layers, and why.
LAYERS: tuple[tuple[float, str, str], ...] = (
    (100_000, "128 relu -> 64 relu", "hidden layers of 128 and 64 for up to 100,000 rows"),
    (inf, "256 relu -> 128 relu", "hidden layers of 256 and 128 above 100,000 rows"),
)
# The optimizer -> the learning rate with which it begins.
RATES = {
    "adam": 1e-3,
    "adamw": 1e-3,
    "nadam": 1e-3,
    "rmsprop": 1e-3,
    "lion": 1e-4,
    "sgd": 1e-2,
    "adagrad": 1e-2,
}
MOST_SAMPLES = 10_000_000  # seen in a fit: about 100 s of a core with 20 features and the larger network
MOST_EPOCHS, MOST_UPDATES, FEWEST_UPDATES = 300, 40_000, 3_000
MOST_PATIENCE, LEAST_PATIENCE, PATIENT_UPDATES = 20, 10, 5_000  # epochs, epochs, and updates between them
PENALTY_OF_ROWS, MOST_PENALTY = 3.0, 0.02  # l2 is so much by the number of rows, and at most
SMALLEST_BATCH, LARGEST_BATCH = 32, 1024
_FEWEST_ROWS = 20  # of which a share is held out
HELD_OUT_SHARE = 0.2


def _loss(facts: RecipeFacts, taken: Taken) -> ChosenValue:
    losses = LOSS_OF_TARGET[facts.target]
    name = losses.get(facts.ending, losses[""])
    ending = f", and the network ends with {facts.ending}" if name != losses[""] else ""
    return ChosenValue(name, f"{facts.target_reason}{ending}")


def _model(facts: RecipeFacts, taken: Taken) -> ChosenValue:
    layers, why = next((layers, why) for most, layers, why in LAYERS if facts.rows <= most)
    return ChosenValue(f"? -> {layers} -> ?", f"{why}; {show_count(facts.rows)} are here")


def _optimizer(facts: RecipeFacts, taken: Taken) -> ChosenValue:
    return ChosenValue(
        "adam", "a rate of its own for each weight, so that one learning rate suits most tables"
    )


def _rate(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    name = taken["optimizer"]
    return ChosenValue(RATES[name], f"suits {name}") if isinstance(name, str) and name in RATES else None


def _penalty(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    if taken.get("reduction") == "sum":
        return None
    rows = _training_rows(facts, taken)
    value = float(f"{min(MOST_PENALTY, PENALTY_OF_ROWS / rows):.1g}")
    return ChosenValue(value, "the fewer rows, the more large weights are fitted to chance")


def _momentum(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    return (
        ChosenValue(0.9, "sgd takes many times as long without it") if taken["optimizer"] == "sgd" else None
    )


def _training_rows(facts: RecipeFacts, taken: Taken) -> int:
    """Return about how many rows are trained on, once a share is held out."""
    share = taken.get("held_out")
    return max(1, int(facts.rows * (1 - share)) if isinstance(share, float) else facts.rows)


def _batch_size(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    if taken["optimizer"] == "lbfgs":
        return None
    rows, size = _training_rows(facts, taken), SMALLEST_BATCH
    while size < LARGEST_BATCH and rows > 600 * size:
        size *= 2
    while size > 1 and size > rows / 4:
        size //= 2
    return ChosenValue(size, f"{SMALLEST_BATCH} for small tables, growing with the rows to {LARGEST_BATCH}")


def _shuffle(facts: RecipeFacts, taken: Taken) -> ChosenValue:
    return ChosenValue(True, "rows may stand in an order")


def _standardise(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    if facts.as_it_stands:
        return None
    row = row_of(loss_of(taken["loss"])[0])
    if row.target == "real" and row.least == -inf:
        return ChosenValue(
            "both", "features and the target at mean 0 and deviation 1, learned from the training rows"
        )
    return ChosenValue(True, "features at mean 0 and deviation 1, learned from the training rows")


def _one_hot(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    if not facts.word_columns:
        return None
    return ChosenValue(
        True, f"{show_count(facts.word_columns)} columns hold words: a column of 0 and 1 for each"
    )


def _fill(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    if not facts.table:
        return None
    where = (
        f"{show_count(facts.gaps)} columns have gaps"
        if facts.gaps
        else "there are no gaps; later rows may have"
    )
    return ChosenValue("auto", f"{where}: the mean of numbers, a word of its own")


def _unknown(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    return (
        ChosenValue("missing", "a word that the training rows lack is treated as a gap")
        if facts.table
        else None
    )


def _classes(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    return ChosenValue(True, "predictions are said in the target's own numbers") if facts.renumbered else None


def _drop(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    return ChosenValue(list(facts.dropped), "see the notes") if facts.dropped else None


def _held_out(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    if facts.held_out or facts.rows < _FEWEST_ROWS:
        return None
    return ChosenValue(HELD_OUT_SHARE, "the share of the rows that is held out of the training and watched")


def _is_watched(facts: RecipeFacts, taken: Taken) -> bool:
    return bool(facts.held_out) or taken.get("held_out") is not None


def _patience(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    if not _is_watched(facts, taken):
        return None
    held_out = facts.held_out or "the rows held out"
    patience = max(LEAST_PATIENCE, -(-PATIENT_UPDATES // _epoch_updates(facts, taken)))
    return ChosenValue(
        int(min(MOST_PATIENCE, patience, max(3, (taken.get("epochs") or inf) // 4))),
        f"stops when the loss of {held_out} has not fallen for so long, with the best weights",
    )


def _watch(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    if taken.get("patience") is None or _is_watched(facts, taken):
        return None
    return ChosenValue("train_loss", "nothing is held out")


def _epoch_updates(facts: RecipeFacts, taken: Taken) -> int:
    """Return how many updates an epoch has."""
    rows = _training_rows(facts, taken)
    return -(-rows // min(taken.get("batch_size") or rows, rows))


def _epochs(facts: RecipeFacts, taken: Taken) -> ChosenValue:
    rows, an_epoch = _training_rows(facts, taken), _epoch_updates(facts, taken)
    epochs = max(
        1, min(max(MOST_EPOCHS, FEWEST_UPDATES // an_epoch), MOST_UPDATES // an_epoch, MOST_SAMPLES // rows)
    )
    if _is_watched(facts, taken):
        return ChosenValue(epochs, "at most: it stops early")
    return ChosenValue(max(1, epochs // 3), "nothing is held out that would say when to stop")


# The kind of target -> the metrics beside the accuracy or the mean loss, and why.
METRICS_OF_TARGET: dict[str, tuple[list[str], str]] = {
    "numbers": (["r2", "mae"], "the share that is explained, and the error in the target's own unit"),
    "two classes": (["auc"], "how well the two are told apart, at whatever threshold"),
    "classes": (["balanced_accuracy"], "counts each class alike, however many rows it has"),
}


def _metrics(facts: RecipeFacts, taken: Taken) -> ChosenValue | None:
    return ChosenValue(*METRICS_OF_TARGET[facts.target]) if facts.target in METRICS_OF_TARGET else None


# In this order: each row sees what the rows before it chose.
CHOICES: tuple[Choice, ...] = (
    Choice("loss", _loss),
    Choice("model", _model),
    Choice("classes", _classes, loads=True),
    Choice("drop", _drop, loads=True),
    Choice("one_hot", _one_hot, loads=True),
    Choice("fill", _fill, loads=True),
    Choice("unknown", _unknown, loads=True),
    Choice("standardise", _standardise, loads=True),
    Choice("held_out", _held_out, loads=True),
    Choice("optimizer", _optimizer),
    Choice("lr", _rate),
    Choice("momentum", _momentum),
    Choice("l2", _penalty, unless=("l1", "weight_decay")),
    Choice("batch_size", _batch_size),
    Choice("shuffle", _shuffle),
    Choice("epochs", _epochs, unless=BUDGET_UNITS),
    Choice("patience", _patience),
    Choice("watch", _watch),
    Choice("metrics", _metrics),
)
