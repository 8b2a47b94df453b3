"""The options of the public verbs about fits, as types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

from chalknet.planning import EngineName, RecipeKeywords, RunKeywords, TorchDevice
from chalknet.training.history import Progress


class RecordKeywords(TypedDict, total=False):
    """The fields of `RecordOptions` as keywords."""

    evaluate_every: int | None
    record_every: int
    progress: bool | None
    on_progress: Callable[[Progress], None] | None
    out: str | Path | None
    checkpoint_every: int | str | None
    overwrite: bool
    log: str | Sequence[str]


class PlanKeywords(RecipeKeywords, RunKeywords, total=False):
    """The options of `plan`."""


class FitKeywords(PlanKeywords, RecordKeywords, total=False):
    """The options of `fit`."""


class ResumeKeywords(TypedDict, total=False):
    """The options of `resume`; those left out stay as they were."""

    updates: int | None
    epochs: int | None
    samples: int | None
    seconds: float | None
    device: str | TorchDevice | None
    engine: EngineName | None
    threads: int | None
    processes: int | None
    progress: bool | None
    on_progress: Callable[[Progress], None] | None
