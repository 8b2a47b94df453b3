"""The files of a kept run: the plan and its setting as JSON, the history as CSV, each with its checksum.

`plan.json` is sealed, and holds the checksums of the files that belong to it; it is written last.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data import Preparation
from chalknet.errors import FileProblem
from chalknet.files import (
    RUN_HISTORY,
    RUN_NETWORK,
    RUN_PLAN,
    RUN_PREPARATION,
    RUN_WEIGHTS,
    is_regular,
    write_whole,
)
from chalknet.lazy import torch
from chalknet.module import arrays_from_bytes, most_bytes
from chalknet.network import Network, size_of
from chalknet.notation import read_json, write
from chalknet.planning import DataFacts, Placement, Plan, Recipe
from chalknet.schema import check_fields, from_json, parse_json
from chalknet.seal import checked_file, read_plan, reading_run, sealed
from chalknet.training.evaluation import Baseline, Evaluation
from chalknet.training.history import History, Outcome
from chalknet.training.kept.history_rows import are_metrics, check_history, history_names, later_update
from chalknet.training.metrics.asked import kept_metrics
from chalknet.training.record.features import features_of
from chalknet.training.record.record_options import RecordOptions
from chalknet.units import DTYPES


@dataclass(frozen=True)
class Setting:
    """What a run needs to go on in another process, beside its checkpoints.

    Args:
        plan: what was decided.
        record: what is recorded, and how often.
        origin: the keywords of `load` that give the data again; None where arrays were given.
        fingerprint: of the data's content; None where it has none.
        made_with: the versions and the machine that the last bits depend on.
        outcome: how the run ended; None while it is under way, or when it was killed.
        logs: the logs asked for, each with the key of its run.
        preparation: what turned the columns of a file into x and y, for new data; None where nothing did.
        run: a name that no other run has; "" for a run that was begun by an earlier version.
        files: the SHA-256 of each file that belongs to the plan, by its name.
        sealed: whether it has checksums; earlier versions wrote none.
        own: whether this user wrote it on this machine.
        baseline: the trivial predictor; None where it is not known.
        diagnosis: what went wrong, a sentence each.
    """

    plan: Plan
    record: RecordOptions
    origin: Mapping[str, Any] | None = None
    fingerprint: str | None = None
    made_with: Mapping[str, str] = field(default_factory=dict)
    outcome: Outcome | None = None
    logs: Mapping[str, str] = field(default_factory=dict)
    preparation: Preparation | None = None
    run: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    sealed: bool = False
    own: bool = False
    baseline: Baseline | None = None
    diagnosis: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Recording:
    """What stands in `plan.json` of what is recorded."""

    evaluate_every: int | None = None
    record_every: int = 1
    checkpoint_every: str | None = None
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True)
class _PlanFile:
    """What stands in `plan.json`: its schema."""

    model: str
    recipe: Recipe
    data: DataFacts
    placement: Placement
    engine: str
    updates: int | None
    updates_per_epoch: int
    outcome: str | None
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    metric: str | None = None
    recording: _Recording = field(default_factory=_Recording)
    origin: Mapping[str, Any] | None = None
    fingerprint: str | None = None
    made_with: Mapping[str, str] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)
    run: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    baseline: Baseline | None = None
    diagnosis: tuple[str, ...] = ()


_AS_IT_IS = ("origin", "fingerprint", "made_with", "logs", "run", "files", "diagnosis")  # that JSON can hold
_OF_PLAN = (
    "model",
    "recipe",
    "data",
    "placement",
    "engine",
    "updates",
    "updates_per_epoch",
    "reasons",
    "notes",
)
_LARGEST_JSON_BYTES = {RUN_NETWORK: 4 << 20, RUN_PREPARATION: 64 << 20}
_LONGEST_LINE = 4096  # of the history; a longer one is none of ours
_PLAIN = 7  # columns of the history of earlier versions
_LONGEST_NUMBER, _LONGEST_HEADER = 32, 1 << 20


def write_setting(folder: Path, setting: Setting) -> Setting:
    """Write the plan, the network and the preparation of a run; return the setting with their checksums."""
    plan, record = setting.plan, setting.record
    texts = {}
    if plan.network is not None:
        texts[RUN_NETWORK] = write(plan.network, "json")
    if setting.preparation is not None:
        texts[RUN_PREPARATION] = setting.preparation.to_json() + "\n"
    for name, text in texts.items():
        # a lone surrogate, as a name can have, becomes an escape of JSON
        setting = write_file(folder, setting, name, text.encode("utf-8", "backslashreplace"))
    kept = {name: value for name, value in asdict(plan).items() if name != "network"}
    kept |= {
        "metric": plan.recipe.loss_row.metric,
        "outcome": setting.outcome and setting.outcome.name,
        "recording": {
            "evaluate_every": record.evaluate_every,
            "record_every": record.record_every,
            "checkpoint_every": str(record.checkpoint_every),
            "metrics": [metric.kept_as for metric in record.asked],
        },
        "baseline": setting.baseline and asdict(setting.baseline),
        **{name: vars(setting)[name] for name in _AS_IT_IS},
    }
    write_whole(folder / RUN_PLAN, sealed(kept))
    return replace(setting, sealed=True, own=True)


def write_file(folder: Path, setting: Setting, name: str, content: bytes) -> Setting:
    """Write a file that belongs to the plan, unless it is there; return the setting with its checksum."""
    checksum = hashlib.sha256(content).hexdigest()
    if setting.files.get(name) != checksum or not is_regular(folder / name):
        write_whole(folder / name, content)
    return replace(setting, files={**setting.files, name: checksum})


def read_setting(folder: Path) -> Setting:
    """Return the setting of the run kept in a folder.

    Raises:
        FileProblem: for a missing or damaged file, one that is no file, or a value that cannot be.
    """
    kept = read_plan(folder)
    with reading_run(folder / RUN_PLAN):
        file = from_json(_PlanFile, kept.values)
        if not kept.sealed and (file.run or file.files):
            raise ValueError("its checksum is gone")
        recording = {**vars(file.recording), "metrics": kept_metrics(file.recording.metrics)}
        record = RecordOptions(**recording, out=folder)
        outcome = None if file.outcome is None else Outcome[file.outcome]
        dtype = file.placement.dtype
        if dtype not in DTYPES and not isinstance(getattr(torch, dtype, None), torch.dtype):
            raise ValueError(f"placement.dtype is {file.placement.dtype!r}")
    setting = Setting(
        plan=Plan(network=None, **{name: vars(file)[name] for name in _OF_PLAN}),
        record=record, outcome=outcome, sealed=kept.sealed, own=kept.own, baseline=file.baseline,
        **{name: vars(file)[name] for name in _AS_IT_IS},
    )  # fmt: skip
    network, preparation = (_read_text(folder, setting, name) for name in _LARGEST_JSON_BYTES)
    if network is not None:
        with reading_run(folder / RUN_NETWORK):
            setting = replace(setting, plan=replace(setting.plan, network=_network(network)))
    if preparation is not None:
        with reading_run(folder / RUN_PREPARATION):
            setting = replace(setting, preparation=_preparation(preparation))
            _check_width(setting)
    return setting


def read_file(folder: Path, setting: Setting, name: str, most: int | None = None) -> bytes:
    """Return the content of a file that belongs to the plan, found to be the one that was kept.

    Args:
        folder: of the run.
        setting: of the run.
        name: of the file.
        most: the largest size in bytes; None for any.

    Raises:
        FileProblem: when it is missing, damaged, or of another run.
    """
    return checked_file(folder / name, setting.files.get(name, "") if setting.sealed else None, most)


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended, without its weights.

    Args:
        setting: what was decided, and how it ended.
        outcome: how it ended.
        history: what was recorded.
    """

    setting: Setting
    outcome: Outcome
    history: History


def read_ended(folder: Path) -> EndedRun:
    """Return the run kept in a folder, found to have ended.

    Raises:
        FileProblem: for one that is under way or was killed, or a damaged file.
    """
    setting = _ended(folder)
    assert setting.outcome is not None
    return EndedRun(setting, setting.outcome, read_history(folder, setting))


def read_ended_setting(folder: Path) -> Setting:
    """Return what was decided for a run that has ended; its history is verified and not read.

    Raises:
        FileProblem: as for `read_ended`.
    """
    setting = _ended(folder)
    _verified_history(folder, setting)
    return setting


def _ended(folder: Path) -> Setting:
    setting = read_setting(folder)
    if setting.outcome is None:
        raise FileProblem(
            where=str(folder),
            got="a run that is under way, or was killed",
            wanted="one that has ended",
            remedy=f"Go on with it: cn.resume({str(folder)!r}) (chalknet resume {folder}).",
        )
    return setting


def read_weights(
    folder: Path, setting: Setting, shapes: Mapping[str, tuple[int, ...]]
) -> Mapping[str, npt.NDArray[Any]] | None:
    """Return the weights of a run as arrays, their checksum verified; None where they are not as expected.

    Args:
        folder: of the run.
        setting: of the run.
        shapes: those that its network has, by name.

    Raises:
        FileProblem: when they are missing, damaged, or of another run.
    """
    dtype = np.dtype(setting.plan.placement.dtype)
    most = most_bytes(dtype.itemsize * prod(shape) for shape in shapes.values())
    content = read_file(folder, setting, RUN_WEIGHTS, most)
    weights = arrays_from_bytes(content)
    if weights is None:
        return None
    found = {name: value.shape for name, value in weights.items()}
    same = found == shapes and all(value.dtype == dtype for value in weights.values())
    return weights if same else None


def _read_text(folder: Path, setting: Setting, name: str) -> bytes | None:
    """Return a file that belongs to the plan; None where none belongs to it."""
    if (name not in setting.files) if setting.sealed else not os.path.lexists(folder / name):
        return None
    return read_file(folder, setting, name, _LARGEST_JSON_BYTES[name])


def _network(content: bytes) -> Network:
    parse_json(content)
    return read_json(content.decode("utf-8"))


def _preparation(content: bytes) -> Preparation:
    parse_json(content)
    preparation = Preparation.from_json(content.decode("utf-8"))
    check_fields(preparation)
    if preparation.dtype not in DTYPES:
        raise ValueError(f"dtype is {preparation.dtype!r}")
    return preparation


def _check_width(setting: Setting) -> None:
    """Raise a ValueError unless what becomes of the columns is what the network takes and gives."""
    network, preparation = setting.plan.network, setting.preparation
    if network is None or preparation is None:
        return
    inputs, outputs = (size_of(shape) for shape in (network.input_shape, network.output_shape))
    features = features_of(preparation, setting.plan.recipe) or preparation
    if preparation.x and isinstance(inputs, int) and features.width != inputs:
        raise ValueError(f"its columns become {features.width} features, the network takes {inputs}")
    words = [column.words for column in preparation.y] if preparation.classes else [()]
    if len(words) != 1 or words[0] is None:
        raise ValueError("its classes have no words")
    if preparation.numeric_classes:
        for word in words[0]:
            float(word)  # raises for what is no number
    classes = len(words[0])
    if isinstance(outputs, int) and classes > max(2, outputs):
        raise ValueError(f"it has {classes} classes, the network {outputs}")


def _verified_history(folder: Path, setting: Setting) -> bytes:
    """Return the file of the history, its checksum verified."""
    last = setting.plan.updates
    most = None if last is None else (2 * last + 2) * _LONGEST_LINE
    return read_file(folder, setting, RUN_HISTORY, most)


def read_history(folder: Path, setting: Setting) -> History:
    """Return the history of the run kept in a folder, its checksum verified."""
    path, metric = folder / RUN_HISTORY, setting.plan.recipe.loss_row.metric
    last = setting.plan.updates
    content = io.BytesIO(_verified_history(folder, setting))
    history = History(metric)
    evaluations = []
    before = 0
    with reading_run(path), io.TextIOWrapper(content, encoding="utf-8", newline="") as file:
        names = next(csv.reader(iter(partial(file.readline, _LONGEST_HEADER), ""), strict=True), [])
        known = history_names(history)
        if names[: len(known)] != known:
            known = known[:_PLAIN]  # earlier versions had no losses of evaluations
        if names[: len(known)] != known or not are_metrics(names[len(known) :]):
            raise ValueError(f"its first line does not begin with {','.join(known)}")
        longest = max(_LONGEST_LINE, _LONGEST_NUMBER * len(names))
        for row in csv.reader(iter(partial(file.readline, longest), ""), strict=True):
            updates, samples, epochs, seconds, loss, train, held_out, *others = row
            losses = others[: len(known) - _PLAIN] or ((train, held_out) if metric == "error" else ("", ""))
            del others[: len(known) - _PLAIN]
            if loss:
                history.append(int(updates), int(samples), float(epochs), float(seconds), float(loss))
                # looked at here: no more rows are kept than there were updates
                before = later_update(history.updates[-1], before, last)
            if train:
                kept_out, kept_loss = (float(each) if each else None for each in (held_out, losses[1]))
                at = int(updates), int(samples), float(seconds)
                loss_of_train = float(losses[0] or "nan")
                pairs = zip(names[len(known) :], others, strict=True)
                found = {name: float(value) for name, value in pairs if value}
                evaluations.append(Evaluation(*at, float(train), kept_out, loss_of_train, kept_loss, found))
                later_update(len(evaluations), 0, last)
        check_history(history)
    for evaluation in sorted(evaluations, key=lambda evaluation: evaluation.updates):
        history.append_evaluation(evaluation)
    return history
