"""A fit under way on disk: the last two checkpoints of a run, each whole and checked, or not there."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chalknet.engine import SessionState
from chalknet.errors import FileProblem
from chalknet.files import UNFINISHED, write_whole
from chalknet.module import tensors_from_bytes, tensors_to_bytes
from chalknet.training.history import Evaluation, History
from chalknet.units import show_count

FOLDER = "checkpoints"
_KEPT = 2
_TENSORS, _FACTS = ".safetensors", ".json"
_OF_STATE = ("updates", "order", "micro_batch")  # what is kept of a session's state as a fact


@dataclass(frozen=True)
class Checkpoint:
    """A fit between two updates.

    Args:
        state: the session's.
        history: what was recorded up to there.
        seconds: training time up to there.
        loss: the last update's.
    """

    state: SessionState
    history: History
    seconds: float
    loss: float


def save(run: Path, checkpoint: Checkpoint) -> None:
    """Keep a checkpoint in a run's folder; then drop those before the last two.

    The tensors are written first, whole, then the facts with their checksum: a checkpoint counts from the
    moment its facts are there, so that a process killed at any time leaves the one before.

    Raises:
        FileProblem: when it cannot be written, naming the checkpoint that is kept.
    """
    folder = run / FOLDER
    stem = f"{checkpoint.state.updates:012d}"
    content = tensors_to_bytes(_tensors(checkpoint))
    facts = {
        **{name: vars(checkpoint.state)[name] for name in _OF_STATE},
        "seconds": checkpoint.seconds,
        "loss": checkpoint.loss,
        "metric": checkpoint.history.metric,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    try:
        folder.mkdir(exist_ok=True)
        write_whole(folder / f"{stem}{_TENSORS}", content)
        write_whole(folder / f"{stem}{_FACTS}", (json.dumps(facts, indent=2) + "\n").encode())
    except (FileProblem, OSError) as problem:
        raise _not_saved(run, checkpoint.state.updates, problem) from problem
    _drop_all_but_the_last(folder)


def newest(run: Path) -> tuple[Checkpoint | None, tuple[str, ...]]:
    """Return the newest whole checkpoint of a run, and what was wrong with newer ones.

    Raises:
        FileProblem: when checkpoints are there and none of them is whole.
    """
    notes: list[str] = []
    for facts_file in reversed(_all(run / FOLDER)):
        try:
            return _load(facts_file), tuple(notes)
        except (FileProblem, OSError, KeyError, TypeError, ValueError) as problem:
            reason = (
                problem.got if isinstance(problem, FileProblem) else f"{type(problem).__name__}: {problem}"
            )
            notes.append(f"the checkpoint of update {int(facts_file.stem):,} is damaged ({reason})")
    if notes:
        raise FileProblem(
            where=str(run / FOLDER),
            got="; ".join(notes),
            wanted="a whole checkpoint",
            remedy="Restore the folder from a copy, or fit again with overwrite=True (--overwrite).",
        )
    return None, ()


def _all(folder: Path) -> list[Path]:
    """Return the facts of the checkpoints that were finished, the oldest first."""
    return sorted(path for path in folder.glob(f"*{_FACTS}") if path.stem.isdigit())


def _load(facts_file: Path) -> Checkpoint:
    facts = json.loads(facts_file.read_text(encoding="utf-8"))
    tensors_file = facts_file.with_suffix(_TENSORS)
    content = tensors_file.read_bytes()
    if len(content) != facts["bytes"]:
        raise ValueError(f"{show_count(len(content))} bytes of {show_count(facts['bytes'])}")
    if hashlib.sha256(content).hexdigest() != facts["sha256"]:
        raise ValueError("its checksum is another")
    tensors = tensors_from_bytes(content, tensors_file)
    slots: dict[str, dict[str, torch.Tensor]] = {}
    for name, value in _part(tensors, "slots").items():
        slot, _, parameter = name.partition("/")
        slots.setdefault(parameter, {})[slot] = value
    random = _part(tensors, "random")
    state = SessionState(
        **{name: facts[name] for name in _OF_STATE},
        weights=_part(tensors, "weights"),
        slots=slots,
        random=tuple(random[name] for name in sorted(random)),
    )
    return Checkpoint(
        state, _history(facts["metric"], _part(tensors, "history")), facts["seconds"], facts["loss"]
    )


def _tensors(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    state, history = checkpoint.state, checkpoint.history
    evaluations = [astuple(evaluation) for evaluation in history.evaluations]
    # by way of numpy, which copies a column as a whole: a million rows take 10 ms, one by one 300
    columns = {name: torch.from_numpy(np.array(column)) for name, column in history.columns.items()}
    columns["evaluations"] = torch.from_numpy(
        np.array(evaluations, dtype=float).reshape(-1, 5)
    )  # None is NaN
    return {
        **{f"weights/{name}": value for name, value in state.weights.items()},
        **{f"slots/{slot}/{name}": value for name, by in state.slots.items() for slot, value in by.items()},
        **{f"random/{index}": value for index, value in enumerate(state.random)},
        **{f"history/{name}": value for name, value in columns.items()},
    }


def _part(tensors: Mapping[str, torch.Tensor], part: str) -> dict[str, torch.Tensor]:
    return {name[len(part) + 1 :]: value for name, value in tensors.items() if name.startswith(f"{part}/")}


def _history(metric: str, columns: Mapping[str, torch.Tensor]) -> History:
    history = History(metric)
    for row in zip(*(columns[name].tolist() for name in history.columns), strict=True):
        history.append(*row)
    for updates, samples, seconds, train, held_out in columns["evaluations"].tolist():
        history.append_evaluation(
            Evaluation(int(updates), int(samples), seconds, train, None if math.isnan(held_out) else held_out)
        )
    return history


def _drop_all_but_the_last(folder: Path) -> None:
    for facts_file in _all(folder)[:-_KEPT]:
        facts_file.unlink(missing_ok=True)  # first: without it the tensors are no checkpoint
    whole = {path.stem for path in _all(folder)}
    for path in folder.iterdir():
        if path.name.endswith(UNFINISHED) or path.stem not in whole:
            with suppress(OSError):
                path.unlink()


def _not_saved(run: Path, updates: int, problem: Exception) -> FileProblem:
    last = _all(run / FOLDER)
    kept = f"the last whole one is that of update {int(last[-1].stem):,}" if last else "there is none before"
    reason: Any = problem.got if isinstance(problem, FileProblem) else getattr(problem, "strerror", problem)
    return FileProblem(
        where=str(run),
        got=f"{reason} for the checkpoint of update {updates:,}; {kept}",
        wanted="room for a checkpoint beside the last two",
        remedy="Make room, then go on with cn.resume(path) (chalknet resume RUN).",
    )
