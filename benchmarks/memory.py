"""Memory: what `cn.memory` estimates against what a fit really takes, each fit in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import groupby

import torch

import chalknet as cn
from benchmarks.sections import ROOT, Asked, Found, table
from chalknet.units import show_bytes

WITHIN, WITHIN_BYTES = 0.15, 20 << 20
UPDATES = 10


@dataclass(frozen=True)
class Case:
    """A network, how it is fitted, and by which engine."""

    formula: str
    loss: str
    optimizer: str
    batch_size: int
    engine: str = "eager"
    options: dict[str, object] = field(default_factory=dict)


CASES = (
    Case("784 -> 32 relu -> 1 sigmoid", "bce", "sgd", 12_665),
    Case("784 -> 32 relu -> 1 sigmoid", "bce", "adam", 60_000),
    Case("1 -> 200000 relu -> 1", "mse", "adam", 100),
    Case("1 -> 1000000 relu -> 1", "mse", "sgd", 50),
    Case("1 -> 500 relu -> 1", "mse", "adam", 100_000),
    Case("784 -> 4096 relu -> 10", "cross_entropy", "adam", 4096),
    Case("2048 -> 4096 relu -> 4096 relu -> 10", "cross_entropy", "adam", 64),
    Case("2048 -> 4096 relu -> 4096 relu -> 10", "cross_entropy", "sgd", 8192, options={"momentum": 0.9}),
    Case("4096 -> 4096 tanh -> 1", "mse", "rmsprop", 32, options={"momentum": 0.9, "centered": True}),
    Case("512 -> 1024 gelu -> 1024 gelu -> 1024 gelu -> 8", "l1", "adamw", 16_384),
    Case("512 -> 2048 relu dropout(0.5) -> 2048 relu dropout(0.5) -> 1", "bce_logits", "sgd", 16_384),
    Case("256 -> 1024 sigmoid -> 1024 softplus -> 64 softmax", "huber", "adam", 20_000, options={"amsgrad": True}),
    Case("64" + " -> 512 relu" * 16 + " -> 1", "mse", "sgd", 8192),
    Case("1 -> 200000 relu -> 1", "mse", "adam", 100, "fused_cpu"),
    Case("1 -> 5000000 relu -> 1", "mse", "adam", 20, "fused_cpu"),
    Case("784 -> 4096 relu -> 10", "cross_entropy", "adam", 4096, "fused_cpu"),
    Case("2048 -> 4096 relu -> 4096 relu -> 10", "cross_entropy", "sgd", 8192, "fused_cpu"),
)  # fmt: skip


def measured(asked: Asked) -> Found:
    """Measure the cases, each in a fresh process."""
    chosen = {f"M{number}": case for number, case in enumerate(CASES, start=1)}
    chosen = {name: case for name, case in chosen.items() if asked.wants(name)}
    if asked.quick:
        chosen = dict(list(chosen.items())[:1])
    found = {name: (estimated(case), taken(case)) for name, case in chosen.items()}
    lines = [_line(name, chosen[name], *both) for name, both in found.items()]
    off = sum(not holds(*both) for both in found.values())
    told = [
        f"What `cn.memory` says before anything is built, against the most that a fit of {UPDATES} updates added to the "
        "resident memory of a process of its own, after a tiny fit that loads what torch and the kernels load once.",
        f"To reach: within 15 % or 20 MiB. {len(found) - off} of {len(found)} do.",
        *table("case", "how", "engine", "estimated", "measured", "off by", "", rows=lines),
    ]
    return Found(told, {name: list(both) for name, both in found.items()})


def estimated(case: Case) -> int:
    """Return the total of the estimate, in bytes."""
    return cn.memory(
        cn.read(case.formula),
        loss=case.loss,
        optimizer=case.optimizer,
        batch_size=case.batch_size,
        engine=case.engine,
        **case.options,
    ).total_bytes


def taken(case: Case) -> int:
    """Return what a fit took at the most in a process of its own, beyond what the process began with."""
    asked = [sys.executable, "-m", "benchmarks.memory", str(CASES.index(case))]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(json.loads(done.stdout))


def holds(estimate_bytes: int, measured_bytes: int) -> bool:
    """Return whether an estimate is as near as it promises: within 15 % or 20 MiB."""
    off = abs(estimate_bytes - measured_bytes)
    return off <= max(WITHIN * measured_bytes, WITHIN_BYTES)


def _line(name: str, case: Case, estimate_bytes: int, measured_bytes: int) -> str:
    off = (estimate_bytes - measured_bytes) / measured_bytes
    options = "".join(f", {name}={value}" for name, value in case.options.items())
    what = f"{name} {_short(case.formula)}, batch {case.batch_size:,}"
    verdict = "reached" if holds(estimate_bytes, measured_bytes) else "MISSED"
    return (
        f"| {what} | {case.loss}, {case.optimizer}{options} | {case.engine} | {show_bytes(estimate_bytes)} | "
        f"{show_bytes(measured_bytes)} | {100 * off:+.0f} % | {verdict} |"
    )


def _short(formula: str) -> str:
    """Return a formula with what is repeated said once: `64 -> 16 × (512 relu) -> 1`."""
    parts = [(part, len(list(same))) for part, same in groupby(formula.split(" -> "))]
    return " -> ".join(part if many == 1 else f"{many} × ({part})" for part, many in parts)


def _fit(case: Case, formula: str, rows: int) -> None:
    network = cn.read(formula)
    x = torch.rand(rows, int(network.input_shape[0]))
    outputs = int(network.output_shape[0])
    y = torch.randint(outputs, (rows,)) if case.loss == "cross_entropy" else torch.rand(rows, outputs)
    cn.fit(
        network, (x, y), loss=case.loss, optimizer=case.optimizer, updates=UPDATES, engine=case.engine,
        progress=False, **case.options,
    )  # fmt: skip


def _measure(case: Case) -> int:
    tiny = " -> ".join(["3", *map(_narrowed, case.formula.split(" -> ")[1:])])
    _fit(case, tiny, 64)  # threads, kernels and what torch loads at its first use
    with cn.memory.watch() as seen:
        _fit(case, case.formula, case.batch_size)
    return seen.process.growth_bytes or 0


def _narrowed(part: str) -> str:
    width, *rest = part.split(" ")
    return " ".join([str(min(int(width), 70)), *rest])


if __name__ == "__main__":
    print(json.dumps(_measure(CASES[int(sys.argv[1])])))
