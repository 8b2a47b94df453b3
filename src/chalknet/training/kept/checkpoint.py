"""A fit under way on disk: the last two checkpoints of a run, each whole and checked, or not there."""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chalknet.engine import SessionState
from chalknet.errors import FileProblem
from chalknet.files import (
    is_folder,
    is_regular,
    no_regular_file,
    open_regular,
    read_regular,
    unfinished_name,
    write_whole,
)
from chalknet.module import run_of_tensors, tensors_from_bytes, tensors_to_bytes
from chalknet.schema import from_json
from chalknet.seal import damaged, read_sealed, sealed
from chalknet.system import available_bytes
from chalknet.training.evaluation import Evaluation
from chalknet.training.history import History
from chalknet.training.kept.history_rows import check_history
from chalknet.training.kept.run_files import Setting
from chalknet.training.kept.tensors import check_state
from chalknet.units import show_count

FOLDER = "checkpoints"
_KEPT = 2
_TENSORS, _FACTS = ".safetensors", ".json"
_NAME = re.compile(r"\d{12,19}\.(safetensors|json)")
_BEGINS = (b'{\n  "chalknet_run": ', b'{\n  "updates": ')  # the facts, of this version and the one before
_SEARCHED_BYTES = 4096
_NUMBERS = 7  # of an evaluation, beside its metrics; earlier versions kept the first five
_OF_STATE = ("updates", "order", "micro_batch")  # what is kept of a session's state as a fact


@dataclass(frozen=True)
class _Facts:
    """What stands in the facts of a checkpoint: their schema."""

    updates: int
    order: int | None
    micro_batch: int | None
    seconds: float
    loss: float
    metric: str
    bytes: int
    sha256: str
    run: str = ""
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checkpoint:
    """A fit between two updates.

    Args:
        state: the session's.
        history: what was recorded up to there.
        seconds: training time up to there.
        loss: the last update's.
        best: the weights of the best evaluation so far, of a fit that stops early.
    """

    state: SessionState
    history: History
    seconds: float
    loss: float
    best: Mapping[str, torch.Tensor] = field(default_factory=dict)


def save(path: Path, checkpoint: Checkpoint, run: str = "") -> None:
    """Keep a checkpoint in a run's folder; then drop those before the last two.

    The tensors are written first, whole, then the facts with their checksums: a checkpoint counts from the
    moment its facts are there, so that a process killed at any time leaves the one before.

    Args:
        path: the run's folder.
        checkpoint: what is kept.
        run: the run's name.

    Raises:
        FileProblem: when it cannot be written, or another file has its name; naming the checkpoint that is
            kept.
    """
    folder = path / FOLDER
    stem = f"{checkpoint.state.updates:012d}"
    content = tensors_to_bytes(_tensors(checkpoint), run)
    facts = _Facts(
        **{name: vars(checkpoint.state)[name] for name in _OF_STATE},
        seconds=checkpoint.seconds,
        loss=checkpoint.loss,
        metric=checkpoint.history.metric,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        run=run,
        metrics=checkpoint.history.metric_names,
    )
    try:
        folder.mkdir(exist_ok=True)
        check_folder(path)
        for name, part in ((f"{stem}{_TENSORS}", content), (f"{stem}{_FACTS}", sealed(asdict(facts)))):
            if os.path.lexists(folder / name) and not is_ours(folder / name, run):
                raise foreign(folder / name)
            write_whole(folder / name, part)
    except (FileProblem, OSError) as problem:
        raise _not_saved(path, checkpoint.state.updates, problem) from problem
    _drop_all_but_the_last(folder, run)


def newest(path: Path, setting: Setting) -> tuple[Checkpoint | None, tuple[str, ...]]:
    """Return the newest whole checkpoint of a run, and what was wrong with newer ones.

    Args:
        path: the run's folder.
        setting: the run's; a checkpoint of another run, or another network, is none of it.

    Raises:
        FileProblem: when checkpoints are there and none of them is whole.
    """
    check_folder(path)
    notes: list[str] = []
    for facts_file in reversed(_all(path / FOLDER)):
        try:
            return _load(facts_file, setting), tuple(notes)
        except (OSError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as problem:
            reason = damaged(facts_file, problem).got if not isinstance(problem, FileProblem) else problem.got
            notes.append(f"the checkpoint of update {int(facts_file.stem):,} is damaged ({reason})")
    if notes:
        raise FileProblem(
            where=str(path / FOLDER),
            got="; ".join(notes),
            wanted="a whole checkpoint",
            remedy="Restore the folder from a copy, or fit again in another folder.",
        )
    return None, ()


def check_folder(path: Path) -> None:
    """Raise unless the checkpoints of a run are in a folder of their own, or not there yet.

    Raises:
        FileProblem: for a link to another folder, or something that is none.
    """
    folder = path / FOLDER
    if os.path.lexists(folder) and not is_folder(folder):
        raise FileProblem(
            where=str(folder),
            got="a link or a file",
            wanted="a folder of the run's own",
            remedy="Move it away; chalknet neither follows nor replaces it.",
        )


def is_ours(path: Path, run: str) -> bool:
    """Return whether a file in the folder of checkpoints was written by chalknet for a run.

    It is known by its full name and by its content; links are not followed.
    """
    if not is_regular(path):
        return False
    name = unfinished_name(path.name)
    if name is not None:
        return _NAME.fullmatch(name) is not None
    if not _NAME.fullmatch(path.name):
        return False
    if path.suffix == _TENSORS:
        found = run_of_tensors(path)
    else:
        try:
            found = _facts(path).run
        except (OSError, ValueError):
            found = None
    return found == run if found is not None else _was_ours(path, run)


def _was_ours(path: Path, run: str) -> bool:
    """Return whether a damaged file has still the mark of its run or its first line, or is empty."""
    with suppress(OSError), open_regular(path) as file:
        begins = file.read(_SEARCHED_BYTES)
        return not begins or begins.startswith(_BEGINS) or bool(run and run.encode() in begins)
    return False


def foreign(path: Path) -> FileProblem:
    """Return the error for a file that is no part of a run and has the name of one that is to be written."""
    if not is_regular(path):
        return no_regular_file(path)
    return FileProblem(
        where=str(path),
        got="a file that chalknet did not write for this run",
        wanted="no file of this name",
        remedy="Move it elsewhere; chalknet does not write over it.",
    )


def _all(folder: Path) -> list[Path]:
    """Return the facts of the checkpoints that were finished, the oldest first."""
    found = folder.glob(f"*{_FACTS}")
    return sorted(path for path in found if _NAME.fullmatch(path.name))


def _facts(path: Path) -> _Facts:
    kept = read_sealed(path)
    facts = from_json(_Facts, kept.values)
    if facts.run and not kept.sealed:
        raise ValueError("its checksum is gone")
    if facts.updates != int(path.stem):
        raise ValueError(f"it is that of update {facts.updates:,}")
    return facts


def _load(facts_file: Path, setting: Setting) -> Checkpoint:
    facts = _facts(facts_file)
    if facts.run != setting.run:
        raise ValueError("it is of another run")
    tensors_file = facts_file.with_suffix(_TENSORS)
    if not os.path.lexists(tensors_file):
        raise ValueError(f"{tensors_file.name} is gone")
    content = read_regular(tensors_file, min(facts.bytes, available_bytes()))
    if len(content) != facts.bytes:
        raise ValueError(f"{show_count(len(content))} bytes of {show_count(facts.bytes)}")
    if hashlib.sha256(content).hexdigest() != facts.sha256:
        raise ValueError("its checksum is another")
    tensors = tensors_from_bytes(content, tensors_file)
    slots: dict[str, dict[str, torch.Tensor]] = {}
    for name, value in _part(tensors, "slots").items():
        slot, _, parameter = name.partition("/")
        slots.setdefault(parameter, {})[slot] = value
    random = _part(tensors, "random")
    state = SessionState(
        **{name: vars(facts)[name] for name in _OF_STATE},
        weights=_part(tensors, "weights"),
        slots=slots,
        random=tuple(random[name] for name in sorted(random)),
    )
    check_state(state, setting.plan)
    if facts.metric != setting.plan.recipe.loss_row.metric:
        raise ValueError(f"its metric is {facts.metric!r}")
    history = _history(facts, _part(tensors, "history"))
    check_history(history)
    if history and history.updates[-1] > state.updates:
        raise ValueError("its history is longer than the fit")
    best = _part(tensors, "best")
    if best:
        check_state(replace(state, weights=best), setting.plan)
    return Checkpoint(state, history, facts.seconds, facts.loss, best)


def _tensors(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    state, history = checkpoint.state, checkpoint.history
    evaluations = [evaluation.values for evaluation in history.evaluations]
    # by way of numpy, which copies a column as a whole: a million rows take 10 ms, one by one 300
    columns = {name: torch.from_numpy(np.array(column)) for name, column in history.columns.items()}
    columns["evaluations"] = torch.from_numpy(np.array(evaluations, dtype=float).reshape(-1, _NUMBERS))
    if names := history.metric_names:
        tables = [[[each.metrics.get(name, math.nan) for name in names] for each in history.evaluations]]
        tables.append([[float(name in each.metrics) for name in names] for each in history.evaluations])
        columns["metrics"] = torch.from_numpy(np.array(tables, dtype=float))
    return {
        **{f"weights/{name}": value for name, value in state.weights.items()},
        **{f"slots/{slot}/{name}": value for name, by in state.slots.items() for slot, value in by.items()},
        **{f"best/{name}": value for name, value in checkpoint.best.items()},
        **{f"random/{index}": value for index, value in enumerate(state.random)},
        **{f"history/{name}": value for name, value in columns.items()},
    }


def _part(tensors: Mapping[str, torch.Tensor], part: str) -> dict[str, torch.Tensor]:
    return {name[len(part) + 1 :]: value for name, value in tensors.items() if name.startswith(f"{part}/")}


def _history(facts: _Facts, columns: Mapping[str, torch.Tensor]) -> History:
    history = History(facts.metric)
    for row in zip(*(columns[name].tolist() for name in history.columns), strict=True):
        history.append(*row)
    evaluations = columns["evaluations"].tolist()
    values, known = columns["metrics"].tolist() if facts.metrics else ([()] * len(evaluations),) * 2
    for (updates, samples, *numbers), *metrics in zip(evaluations, values, known, strict=True):
        seconds, train, *others = numbers
        held_out, train_loss, held_out_loss = (*others, math.nan, math.nan)[:3]
        kept_out, kept_loss = (None if math.isnan(value) else value for value in (held_out, held_out_loss))
        found = {
            name: value for name, value, is_known in zip(facts.metrics, *metrics, strict=True) if is_known
        }
        both = train, kept_out, train_loss, kept_loss
        history.append_evaluation(Evaluation(int(updates), int(samples), seconds, *both, found))
    return history


def _drop_all_but_the_last(folder: Path, run: str) -> None:
    """Remove what this run does not need any more; whatever else is there is left alone."""
    ours = [path for path in folder.iterdir() if is_ours(path, run)]
    kept = sorted(path.stem for path in ours if path.suffix == _FACTS)[-_KEPT:]
    # the facts first: without them the tensors are no checkpoint
    for path in sorted(ours, key=lambda path: path.suffix != _FACTS):
        if path.stem not in kept:
            with suppress(OSError):
                path.unlink()


def _not_saved(run: Path, updates: int, problem: Exception) -> FileProblem:
    last = _all(run / FOLDER)
    kept = f"the last whole one is that of update {int(last[-1].stem):,}" if last else "there is none before"
    reason: Any = problem.got if isinstance(problem, FileProblem) else getattr(problem, "strerror", problem)
    in_the_way = isinstance(problem, FileProblem) and problem.__cause__ is None
    return FileProblem(
        where=problem.where if isinstance(problem, FileProblem) and in_the_way else str(run),
        got=f"{reason} for the checkpoint of update {updates:,}; {kept}",
        wanted="no other file there" if in_the_way else "room for a checkpoint beside the last two",
        remedy=f"{'Move it elsewhere' if in_the_way else 'Make room'}, then go on with cn.resume(path) "
        "(chalknet resume RUN).",
    )
