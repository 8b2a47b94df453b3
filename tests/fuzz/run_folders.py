"""Damage and malice in the folder of a run, generated: what becomes of it when it is loaded or goes on."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from tests.fuzz.file_damage import appending, flip, swapping, truncate, zeros

import chalknet as cn
from chalknet.errors import ChalknetError

X = torch.linspace(-1, 1, 20)
OPTIONS: dict[str, Any] = {
    "loss": "mse", "optimizer": "adam", "engine": "eager", "lr": 0.01, "batch_size": 4, "shuffle": True,
    "seed": 3, "updates": 30, "device": "cpu", "threads": 1,
}  # fmt: skip
SLOWEST_S = 5.0
Outcome = str  # "error" (of ours), "before" (the checkpoint before, told), "same", or what is wrong


class _Enough(Exception):
    """Ends a fit of the fuzzer's own."""


@dataclass(frozen=True)
class Expected:
    """A run and what becomes of it when nothing is damaged.

    Args:
        folder: of the run.
        ended: whether it is loaded; else gone on with.
        weights: of the result.
        losses: of its history.
    """

    folder: Path
    ended: bool
    weights: dict[str, torch.Tensor]
    losses: list[float]


def runs_for(place: Path) -> dict[str, Expected]:
    """Return a run that has ended and one that was killed between its checkpoints and its end."""
    finished, killed = place / "finished", place / "killed"

    def look(progress: cn.Progress) -> None:
        if not killed.exists() and progress.updates >= 20:
            shutil.copytree(finished, killed)
            (killed / ".lock").unlink()

    data = (X, X**2)
    result = cn.fit("1 -> 3 tanh dropout(0.2) -> 1", data, **OPTIONS, checkpoint_every=10, out=finished,
                    on_progress=look)  # fmt: skip
    table = {"a": X.numpy(), "b": ["red", "blue"] * 10, "c": ["yes", "no", "no", "yes"] * 5}
    table = cn.load(table, y="c", one_hot=True, standardise=True)
    of_table = cn.fit("3 -> 2", table, **{**OPTIONS, "loss": "cross_entropy"}, out=place / "table")
    return {
        name: Expected(place / name, name != "killed", one.module.state_dict(), list(one.history.loss))
        for name, one in (("finished", result), ("killed", result), ("table", of_table))
    }


def outcome_of(expected: Expected, folder: Path, *, used: bool = False) -> Outcome:
    """Return what becomes of a damaged copy of a run.

    Args:
        expected: what becomes of it when nothing is damaged.
        folder: the copy.
        used: whether it is also predicted with, read as a network and drawn.
    """
    begun = time.process_time()
    rows = {"a": X.numpy()[:4], "b": ["red"] * 4} if "table" in expected.folder.name else X[:4]

    def watch(progress: cn.Progress) -> None:
        if time.process_time() - begun > SLOWEST_S / 2:
            raise _Enough

    try:
        result = cn.load_run(folder) if expected.ended else cn.resume(folder, on_progress=watch)
        if used:
            str(cn.predict(result, rows))
            cn.read(folder)
            cn.draw(folder, weights="numbers")
    except _Enough:
        return "another result"  # a budget without end
    except ChalknetError:
        return "error" if time.process_time() - begun < SLOWEST_S else "too slow"
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    weights = result.module.state_dict()
    alike = weights.keys() == expected.weights.keys() and all(
        torch.equal(value, weights[name]) for name, value in expected.weights.items()
    )
    if not alike or list(result.history.loss) != expected.losses:
        return "another result"
    return "before" if any("is damaged" in note for note in result.notes) else "same"


def files_of(folder: Path) -> list[Path]:
    """Return the files of a run that hold something, in an order that does not change."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size]


def damage(folder: Path, other: Path, chance: random.Random) -> str:
    """Change a run's folder by chance, and return how."""
    path = chance.choice(files_of(folder))
    how = chance.choice(sorted(_DAMAGES))
    _DAMAGES[how](path, other, chance)
    return f"{how} of {path.name}"


def _insert(path: Path, other: Path, chance: random.Random) -> None:
    content, at = path.read_bytes(), chance.randrange(path.stat().st_size)
    path.write_bytes(content[:at] + chance.randbytes(chance.randrange(1, 9)) + content[at:])


def _of_another_run(path: Path, other: Path, chance: random.Random) -> None:
    place = other / path.relative_to(path.parents[1] if path.parent.name == "checkpoints" else path.parent)
    shutil.copy(place if place.is_file() else chance.choice(files_of(other)), path)


def _no_file(path: Path, other: Path, chance: random.Random) -> None:
    path.unlink()
    match chance.randrange(4):
        case 0:
            os.mkfifo(path)
        case 1:
            path.symlink_to("/dev/zero")
        case 2:
            path.mkdir()


_DAMAGES = {
    "flip": flip, "truncation": truncate, "insertion": _insert, "zeros": zeros, "swap": swapping(files_of),
    "append": appending(b"\n", b"\0", b"}", b"1,1,1,1,1,,\n", bytes(5000)),
    "file of another run": _of_another_run, "removal": _no_file,
}  # fmt: skip

# What somebody may write in the place of any value, with a checksum that is right.
_VALUES: list[Any] = [
    None, True, 0, -1, 1, 2**31, 2**63, 10**30, 10**400, 0.5, 1e308, "", "x", "nan",
    "\x00", "\x1b[31m", "\ud800", "../../../etc/passwd", "/dev/zero", "a" * 100_000, [], {}, [1, 2],
    [[[]]], {"a": 1}, [10**12], "cuda:99",
    "meta", "float64", "eager", "graph", "adam", "10**12",
]  # fmt: skip


def forge(folder: Path, chance: random.Random) -> str:
    """Change a value or a tensor of a run and make its checksums anew, as an attacker can; return how."""
    path = chance.choice([path for path in files_of(folder) if path.suffix in (".json", ".safetensors")])
    how = _forge_tensor(path, chance) if path.suffix == ".safetensors" else _forge_value(path, chance)
    beside = path.with_suffix(".json")
    if path.suffix == ".safetensors" and beside.exists():  # of a checkpoint
        values = json.loads(beside.read_text()) | {"bytes": path.stat().st_size, "sha256": _checksum(path)}
        beside.write_bytes(_forged(values))
    if path.name != "plan.json" and path.parent == folder:
        values = json.loads((folder / "plan.json").read_text())
        values["files"][path.name] = _checksum(path)
        (folder / "plan.json").write_bytes(_forged(values))
    return f"{how} in {path.name}"


def _forge_value(path: Path, chance: random.Random) -> str:
    values = json.loads(path.read_text())
    holder, key = chance.choice(list(_spots(values)))
    alike = _ALIKE.get(type(holder[key]))
    value = chance.choice(alike if alike and chance.random() < 0.5 else _VALUES)
    if chance.random() < 0.1:
        del holder[key]
    else:
        holder[key] = value
    path.write_bytes(_forged(values) if "seal" in values else json.dumps(values).encode())
    return f"{key}={str(value)[:40]!r}"


def _forge_tensor(path: Path, chance: random.Random) -> str:
    content = path.read_bytes()
    mark = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    tensors = load(content)
    name = chance.choice(sorted(tensors))
    how, change = chance.choice(_TENSORS)
    tensors[name] = change(tensors[name]).contiguous()
    if how == "renamed":
        tensors["weights/9.weight" if chance.random() < 0.5 else "x"] = tensors.pop(name)
    path.write_bytes(save(tensors, metadata=mark))
    return f"{how} {name}"


_TENSORS: list[tuple[str, Callable[[torch.Tensor], torch.Tensor]]] = [
    ("empty", lambda value: value.reshape(-1)[:0]),
    ("longer", lambda value: value.reshape(-1).repeat(3)),
    ("flat", lambda value: value.reshape(-1)),
    ("bytes", lambda value: value.reshape(-1).view(torch.uint8)),
    ("float64", lambda value: value.double()),
    ("bool", lambda value: value.bool()),
    ("NaN", lambda value: torch.full(value.shape, float("nan"))),
    ("huge", lambda value: torch.full(value.shape, 1e30)),
    ("negative", lambda value: -value.double()),
    ("renamed", lambda value: value),
    ("zero", torch.zeros_like),
]
_ALIKE: dict[type, list[Any]] = {
    int: [0, 1, 2, 3, 5, 20, 25, 10**6, 10**12, 2**62],
    float: [0.0, 0.5, 2.0, -1.0, 1e-300, 3e38],
    str: ["sgd", "bce", "Dropout", "Linear", "mean", "FINISHED", "INTERRUPTED", "cuda", "fused_cpu", "error"],
    bool: [True, False],
}


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _forged(values: dict[str, Any]) -> bytes:
    values = {key: value for key, value in values.items() if key not in ("seal", "signature")}
    body = json.dumps(values, indent=2).encode()[:-2]
    checksum = hashlib.sha256(body).hexdigest()
    return body + f',\n  "seal": "{checksum}",\n  "signature": ""\n}}\n'.encode()


def _spots(value: Any) -> Any:
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in entries:
        if key not in ("seal", "signature"):
            yield value, key
            if isinstance(inner, dict | list):
                yield from _spots(inner)


def fuzz(seed: int, seconds: float) -> dict[str, Any]:
    """Damage and forge runs for some time.

    Args:
        seed: of the choices.
        seconds: how long; the first two runs are made besides.

    Returns:
        How many were tried, how often each outcome was found, and under "wrong" each outcome that must not
        be, with how it was made.
    """
    chance, counts, wrong = random.Random(seed), Counter[str](), []
    with tempfile.TemporaryDirectory() as place:
        runs, others = runs_for(Path(place) / "a"), runs_for(Path(place) / "b")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            which = chance.choice(sorted(runs))
            folder = Path(place) / "run"
            shutil.copytree(runs[which].folder, folder)
            forged = chance.random() < 0.4
            how = forge(folder, chance) if forged else damage(folder, others[which].folder, chance)
            found = outcome_of(runs[which], folder, used=True)
            # a forged folder is another run: what matters is that it does no harm
            found = "another run" if forged and found == "another result" else found
            counts[found if found in _ALLOWED else "wrong"] += 1
            if found not in _ALLOWED:
                wrong.append(f"{which}, {how}: {found[:200]}")
            shutil.rmtree(folder)
    return {"seed": seed, "tried": sum(counts.values()), **counts, "wrong": wrong}


_ALLOWED = ("error", "before", "same", "another run")
