"""A fit kept on disk: weights, network, history and plan, all of it or nothing."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from chalknet.errors import FileProblem, InvalidValue
from chalknet.fit.history import Evaluation, History, Outcome
from chalknet.fit.result import FitResult
from chalknet.module import build, flat
from chalknet.notation import NOTATIONS, write
from chalknet.plan import DataFacts, Placement, Plan, Recipe

WEIGHTS, NETWORK, HISTORY, PLAN = "weights.safetensors", "network.json", "history.csv", "plan.json"
_COLUMNS = ("updates", "samples", "epochs", "seconds", "loss")


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run.

    Args:
        path: where it is, or will be.
    """

    path: Path

    @classmethod
    def claim(cls, path: Path, *, overwrite: bool) -> RunFolder:
        """Return the folder for a new run, after making sure now that it can be written later.

        Raises:
            FileProblem: when something else is there, or the place cannot be written.
        """
        occupied = path.exists() and (not path.is_dir() or any(path.iterdir()))
        is_run = (path / PLAN).exists()
        if occupied and not (overwrite and is_run):
            raise FileProblem(
                where=f"out={str(path)!r}",
                got="a run that was kept before" if is_run else "something that is no run",
                wanted="a new or empty folder",
                remedy="Say overwrite=True (--overwrite) to replace it, or give another name."
                if is_run
                else "Give another name.",
            )
        folder = cls(path)
        shutil.rmtree(folder._workshop())
        return folder

    def keep(self, result: FitResult) -> None:
        """Write the run beside its place, then put it there in one move."""
        workshop = self._workshop()
        try:
            _write(workshop, result)
            _move(workshop, self.path)
        except OSError as problem:
            raise _unwritable(self.path, problem) from problem
        finally:
            shutil.rmtree(workshop, ignore_errors=True)

    def _workshop(self) -> Path:
        """Return a new empty folder beside the run's place, on the same file system."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix=f".{self.path.name}.", dir=self.path.parent))
        except OSError as problem:
            raise _unwritable(self.path, problem) from problem

    def load(self, module: nn.Module | None = None) -> FitResult:
        """Return the run that is kept here.

        Args:
            module: takes the weights; needed only for a module that no Network describes.

        Raises:
            FileProblem: for a missing or damaged file.
        """
        kept = _read_json(self.path / PLAN)
        try:
            decided = _plan(self.path, kept)
            history = _read_history(self.path / HISTORY, kept["metric"])
            outcome = Outcome[kept["outcome"]]
        except (KeyError, TypeError, ValueError) as problem:
            raise _damaged(self.path / PLAN, problem) from problem
        module = module or _unfitted(self.path, decided)
        try:
            target = module if decided.network is None else flat(module)
            target.load_state_dict(load_file(self.path / WEIGHTS))
        except (OSError, SafetensorError, RuntimeError) as problem:
            raise _damaged(self.path / WEIGHTS, problem) from problem
        return FitResult(decided, module, history, outcome)


def load_run(path: str | Path, *, module: nn.Module | None = None) -> FitResult:
    """Return a fit that was kept with `out=path`: its module with the fitted weights, history and plan.

    Args:
        path: the folder.
        module: the module to put the weights into; needed only when what was fitted was no chain that
            a Network describes.

    Raises:
        FileProblem: for a folder that holds no run, or a damaged one.
    """
    return RunFolder(Path(path)).load(module)


def _write(folder: Path, result: FitResult) -> None:
    plan = result.plan
    module = result.module if plan.network is None else flat(result.module)
    weights = {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    if plan.network is not None:
        (folder / NETWORK).write_text(write(plan.network, "json"), encoding="utf-8")
    with (folder / HISTORY).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(_history_rows(result.history))
    kept = {name: value for name, value in asdict(plan).items() if name != "network"}
    kept |= {"outcome": result.outcome.name, "metric": result.history.metric}
    (folder / PLAN).write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    for path in folder.iterdir():
        with path.open("rb+") as file:  # some systems sync only what may be written
            os.fsync(file.fileno())


def _move(workshop: Path, place: Path) -> None:
    workshop.chmod(0o755)
    if not place.exists():
        workshop.rename(place)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{place.name}.old.", dir=place.parent))
    place.rename(aside / "run")
    workshop.rename(place)
    shutil.rmtree(aside)


def _history_rows(history: History) -> Iterable[list[object]]:
    yield [*_COLUMNS, f"train_{history.metric}", f"held_out_{history.metric}"]
    evaluations = {evaluation.updates: evaluation for evaluation in history.evaluations}
    columns = zip(*(getattr(history, name) for name in _COLUMNS), strict=True)
    for updates, samples, epochs, seconds, loss in columns:
        evaluation = evaluations.pop(updates, None)
        yield [updates, samples, epochs, seconds, loss, *_metrics(evaluation)]
    for updates, evaluation in evaluations.items():  # between recorded rows, the loss stays blank
        yield [updates, evaluation.samples, "", evaluation.seconds, "", *_metrics(evaluation)]


def _metrics(evaluation: Evaluation | None) -> list[object]:
    if evaluation is None:
        return ["", ""]
    return [evaluation.train, "" if evaluation.held_out is None else evaluation.held_out]


def _read_history(path: Path, metric: str) -> History:
    history = History(metric)
    evaluations = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                updates, samples, seconds = int(row["updates"]), int(row["samples"]), float(row["seconds"])
                if row["loss"]:
                    history.append(updates, samples, float(row["epochs"]), seconds, float(row["loss"]))
                if train := row[f"train_{metric}"]:
                    held_out = row[f"held_out_{metric}"]
                    evaluations.append(
                        Evaluation(
                            updates, samples, seconds, float(train), float(held_out) if held_out else None
                        )
                    )
    except (OSError, KeyError, TypeError, ValueError) as problem:
        raise _damaged(path, problem) from problem
    for evaluation in sorted(evaluations, key=lambda evaluation: evaluation.updates):
        history.append_evaluation(evaluation)
    return history


def _plan(folder: Path, kept: dict[str, Any]) -> Plan:
    data, placement = dict(kept["data"]), dict(kept["placement"])
    shapes = {name: tuple(data[name]) for name in ("x_shape", "y_shape")}
    network = None
    if (folder / NETWORK).exists():
        read = NOTATIONS["json"].read
        network = read((folder / NETWORK).read_text(encoding="utf-8"), None) if read else None
    options = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in kept["recipe"]["optimizer_options"].items()
    }
    return Plan(
        network=network,
        model=kept["model"],
        recipe=Recipe(**{**kept["recipe"], "optimizer_options": options}),
        data=DataFacts(**{**data, **shapes}),
        placement=Placement(**{**placement, "reasons": tuple(placement["reasons"])}),
        engine=kept["engine"],
        updates=kept["updates"],
        updates_per_epoch=kept["updates_per_epoch"],
        reasons=tuple(kept["reasons"]),
    )


def _unfitted(folder: Path, plan: Plan) -> nn.Module:
    if plan.network is None:
        raise InvalidValue(
            where=str(folder),
            got=f"the weights of {plan.model}",
            wanted="the module they belong to",
            remedy="Build it and say load_run(path, module=your_module).",
        )
    return build(plan.network, seed=0).to(getattr(torch, plan.placement.dtype))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise FileProblem(
            where=str(path.parent),
            got="no run" if path.parent.exists() else "nothing there",
            wanted=f"a folder that a fit was kept in, with {PLAN}",
            remedy="Keep a fit with out=FOLDER (--out FOLDER).",
        ) from problem
    except (OSError, ValueError) as problem:
        raise _damaged(path, problem) from problem
    if not isinstance(kept, dict):
        raise _damaged(path, ValueError("no JSON object"))
    return kept


def _damaged(path: Path, problem: Exception) -> FileProblem:
    return FileProblem(
        where=str(path),
        got=f"{type(problem).__name__}: {problem}".splitlines()[0],
        wanted="the file as it was kept",
        remedy="The folder is damaged or was edited: fit again, or restore it.",
    )


def _unwritable(path: Path, problem: OSError) -> FileProblem:
    return FileProblem(
        where=f"out={str(path)!r}",
        got=problem.strerror or str(problem),
        wanted="a folder that can be written",
        remedy="Give a place that exists, is yours and has room.",
    )
