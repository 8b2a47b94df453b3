"""What earlier fits measured: a small file in the user's cache, and the keys it is filed under."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from pathlib import Path
from typing import Any

import torch

from chalknet.files import cache_folder, lock, write_whole
from chalknet.planning import DataFacts, Placement, Recipe
from chalknet.system import cores, processor
from chalknet.training.choice.cost_model import Candidate, Cost
from chalknet.training.choice.torch_threads import threads_before

_MOST = 200  # entries, of a network and a recipe each: the file stays under about 200 KiB
_DAYS = 7  # a machine may have been busy, and changes in ways that no version number shows
_LONGEST_WAIT_S = 2.0  # for another thread or process that keeps its costs, which takes milliseconds
_PACKAGES = ("chalknet", "torch", "numba")


@dataclass(frozen=True)
class TimingCache:
    """The costs that were measured on this machine, each under its key.

    A file that is damaged, from another version or cannot be written counts as empty: the costs are then
    measured again.

    Args:
        path: the file; None for `measured.json` in chalknet's folder of the user's cache.
        now: seconds since 1970.
    """

    path: Path = field(default_factory=lambda: cache_folder() / "measured.json")
    now: Callable[[], float] = time.time

    def recall(self, key: str) -> dict[Candidate, Cost]:
        """Return the costs under a key; empty where there are none."""
        return dict(map(_as_pair, self._entries().get(key, {}).get("costs", ())))

    def keep(self, key: str, costs: Mapping[Candidate, Cost]) -> None:
        """Keep costs under a key; the oldest entries are dropped."""
        rows = [asdict(candidate) | asdict(cost) for candidate, cost in costs.items()]
        with suppress(OSError):  # and where others hold the file for long, which costs a measurement
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with lock(self.path.with_suffix(".lock"), _LONGEST_WAIT_S):
                entries = self._entries()
                entries.pop(key, None)
                newest = [*entries.items(), (key, {"at": self.now(), "costs": rows})][-_MOST:]
                write_whole(self.path, json.dumps({"measured": dict(newest)}, indent=1).encode())

    def _entries(self) -> dict[str, Any]:
        """Return the entries of the file that are valid and not too old, the oldest first."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))["measured"].items()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}
        oldest = self.now() - _DAYS * 24 * 3600
        return {key: entry for key, entry in found if _is_entry(entry) and entry["at"] > oldest}


def _is_entry(entry: object) -> bool:
    try:
        pairs = [_as_pair(row) for row in entry["costs"]]  # type: ignore[index]
        return isfinite(entry["at"]) and bool(pairs)  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return False


def _as_pair(row: Mapping[str, Any]) -> tuple[Candidate, Cost]:
    candidate = Candidate(str(row["device"]), str(row["engine"]), int(row["threads"]))
    cost = Cost(float(row["update_s"]), float(row["start_s"]))
    if not (0 < cost.update_s < float("inf") and 0 <= cost.start_s < float("inf")):
        raise ValueError("no time")
    return candidate, cost


def key_of(model: str, recipe: Recipe, data: DataFacts, placement: Placement) -> str:
    """Return the key of a measurement: all that the time of an update depends on.

    Args:
        model: the line that names what is fitted, with its widths.
        recipe: how.
        data: the number of samples counts where all of them make an update.
        placement: on the default device.
    """
    parts = {
        "loss": f"{recipe.loss} {recipe.reduction}",
        "optimizer": " ".join([recipe.optimizer, *map(str, sorted(recipe.optimizer_options))]),
        "altered": " ".join(
            name
            for name in ("clip_norm", "clip_value", "l1", "l2", "weight", "class_weight")
            if vars(recipe)[name]
        ),
        "samples": f"{recipe.batch_size or 'all'} of {data.observations}" + " shuffled" * recipe.shuffle,
        "stops": "after every update" if recipe.target_loss is not None else "",
        "dtype": placement.dtype,
        "on": machine_and_versions(),
    }
    return "; ".join([model, *(f"{name} {value}" for name, value in parts.items() if value)])


def machine_and_versions() -> str:
    """Return the processor, the cores this process may use, the first GPU, and the software's versions."""
    versions = ", ".join(f"{name} {installed_versions().get(name, 'none')}" for name in _PACKAGES)
    gpu = f", {torch.cuda.get_device_name(0)}" if torch.cuda.is_available() else ""
    return f"{processor()}, {cores()} cores, torch's {threads_before()} threads{gpu}, {versions}"


@cache
def installed_versions() -> Mapping[str, str]:
    """Return the versions of the packages that the time and the last bits of a fit depend on."""
    versions = {}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return versions
