"""The files of a kept run: the plan and its setting as JSON, the history as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any

from chalknet.data import Preparation
from chalknet.errors import FileProblem
from chalknet.files import RUN_HISTORY, RUN_NETWORK, RUN_PLAN, RUN_PREPARATION, write_whole
from chalknet.notation import NOTATIONS, write
from chalknet.planning import DataFacts, Placement, Plan, Recipe
from chalknet.training.history import Evaluation, History, Outcome
from chalknet.training.record.record_options import RecordOptions


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
    """

    plan: Plan
    record: RecordOptions
    origin: Mapping[str, Any] | None = None
    fingerprint: str | None = None
    made_with: Mapping[str, str] = field(default_factory=dict)
    outcome: Outcome | None = None
    logs: Mapping[str, str] = field(default_factory=dict)
    preparation: Preparation | None = None


_AS_IT_IS = ("origin", "fingerprint", "made_with", "logs")  # fields of a Setting that JSON can hold


def write_setting(folder: Path, setting: Setting) -> None:
    """Write the plan and the network of a run."""
    plan, record = setting.plan, setting.record
    if plan.network is not None:
        write_whole(folder / RUN_NETWORK, write(plan.network, "json").encode())
    if setting.preparation is not None:
        write_whole(folder / RUN_PREPARATION, (setting.preparation.to_json() + "\n").encode())
    kept = {name: value for name, value in asdict(plan).items() if name != "network"}
    kept |= {
        "metric": plan.recipe.loss_row.metric,
        "outcome": setting.outcome and setting.outcome.name,
        "recording": {
            "evaluate_every": record.evaluate_every,
            "record_every": record.record_every,
            "checkpoint_every": str(record.checkpoint_every),
        },
        **{name: vars(setting)[name] for name in _AS_IT_IS},
    }
    write_whole(folder / RUN_PLAN, (json.dumps(kept, indent=2) + "\n").encode())


def read_setting(folder: Path) -> Setting:
    """Return the setting of the run kept in a folder.

    Raises:
        FileProblem: for a missing or damaged file.
    """
    kept = _read_json(folder / RUN_PLAN)
    try:
        return Setting(
            plan=_plan(folder, kept),
            record=RecordOptions(**kept.get("recording", {}), out=folder),
            outcome=None if kept["outcome"] is None else Outcome[kept["outcome"]],
            preparation=_preparation(folder / RUN_PREPARATION),
            **{name: kept[name] for name in _AS_IT_IS if name in kept},
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise damaged(folder / RUN_PLAN, problem) from problem


def _preparation(path: Path) -> Preparation | None:
    return Preparation.from_json(path.read_text(encoding="utf-8")) if path.exists() else None


def write_history(folder: Path, history: History) -> None:
    """Write the history with the evaluations beside it."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(_history_rows(history))
    write_whole(folder / RUN_HISTORY, text.getvalue().encode())


def read_history(folder: Path, metric: str) -> History:
    """Return the history of the run kept in a folder."""
    path = folder / RUN_HISTORY
    history = History(metric)
    evaluations = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                updates, samples, seconds = int(row["updates"]), int(row["samples"]), float(row["seconds"])
                if row["loss"]:
                    history.append(updates, samples, float(row["epochs"]), seconds, float(row["loss"]))
                if train := row[f"train_{metric}"]:
                    held_out = float(text) if (text := row[f"held_out_{metric}"]) else None
                    evaluations.append(Evaluation(updates, samples, seconds, float(train), held_out))
    except (OSError, KeyError, TypeError, ValueError) as problem:
        raise damaged(path, problem) from problem
    for evaluation in sorted(evaluations, key=lambda evaluation: evaluation.updates):
        history.append_evaluation(evaluation)
    return history


def _history_rows(history: History) -> Iterable[Sequence[object]]:
    yield [*history.columns, f"train_{history.metric}", f"held_out_{history.metric}"]
    between = {evaluation.updates: evaluation for evaluation in history.evaluations}
    for row in zip(*history.columns.values(), strict=True):
        evaluation = between.pop(int(row[0]), None)
        metrics = ("", "") if evaluation is None else (evaluation.train, evaluation.held_out)
        yield [*row, *metrics]
    for updates, samples, seconds, *both in map(astuple, between.values()):
        yield [updates, samples, None, seconds, None, *both]  # between recorded rows, the loss stays blank


def _plan(folder: Path, kept: dict[str, Any]) -> Plan:
    network = None
    if (folder / RUN_NETWORK).exists():
        read = NOTATIONS["json"].read
        network = read((folder / RUN_NETWORK).read_text(encoding="utf-8"), None) if read else None
    own = {name: kept[name] for name in ("model", "engine", "updates", "updates_per_epoch", "reasons")}
    own |= {"notes": kept.get("notes", ())}
    return Plan(
        network=network,
        recipe=Recipe(**kept["recipe"]),
        data=DataFacts(**_with_tuples(kept["data"])),
        placement=Placement(**_with_tuples(kept["placement"])),
        **_with_tuples(own),
    )


def _with_tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values read from JSON, which has lists alone, with tuples in their place."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as problem:
        there = "no run" if path.parent.is_dir() else "a file"
        raise FileProblem(
            where=str(path.parent),
            got=there if path.parent.exists() else "nothing there",
            wanted=f"a folder that a fit was kept in, with {RUN_PLAN}",
            remedy="Keep a fit with out=FOLDER (--out FOLDER).",
        ) from problem
    except (OSError, ValueError) as problem:
        raise damaged(path, problem) from problem
    if not isinstance(kept, dict):
        raise damaged(path, ValueError("no JSON object"))
    return kept


def damaged(path: Path, problem: Exception) -> FileProblem:
    """Return the error for a file of a run that is not as it was written."""
    return FileProblem(
        where=str(path),
        got=f"{type(problem).__name__}: {problem}".splitlines()[0],
        wanted="the file as it was kept",
        remedy="The folder is damaged or was edited: fit again, or restore it.",
    )
