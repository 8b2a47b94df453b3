"""One fit in one process and in two, by torch's own launcher: samples a second."""

from __future__ import annotations

import json
import subprocess
import sys

import torch

import chalknet as cn
from benchmarks.sections import ROOT, Asked, Found, table
from chalknet.measure import Timing
from chalknet.units import show_bytes, show_count, show_seconds

# Network, samples an update, updates.
_CASES = {
    "S3": ("784 -> 32 relu -> 1 sigmoid", 2048, 100),
    "a wider network": ("784 -> 1024 relu -> 1024 relu -> 10", 2048, 12),
    "a wider network, small batches": ("784 -> 1024 relu -> 1024 relu -> 10", 64, 60),
}
_RIVALS = {
    "1 process, 1 thread": (1, 1),
    "1 process, 2 threads": (1, 2),
    "2 processes, 1 thread each": (2, 1),
}
_BYTES_A_PARAMETER = 4


def measured(asked: Asked) -> Found:
    """Return the table of the cases, the rivals in turn, each start of them a round of all cases."""
    names = [name for name in _CASES if asked.wants(name)]
    times: dict[str, dict[str, list[float]]] = {name: {rival: [] for rival in _RIVALS} for name in names}
    for _ in range(1 if asked.quick else 5):
        for rival, (processes, threads) in _RIVALS.items():
            for name, elapsed_s in _started(processes, threads, names).items():
                times[name][rival].append(elapsed_s)
    lines = []
    for name, by_rival in times.items():
        formula, batch_size, updates = _CASES[name]
        moved = show_bytes(_BYTES_A_PARAMETER * cn.count(cn.read(formula)).parameters)
        first = next(iter(by_rival.values()))
        for rival, elapsed_s in by_rival.items():
            timing = Timing(tuple(elapsed_s))
            pairs = sorted(a / b for a, b in zip(first, elapsed_s, strict=True))
            cells = (
                f"{name}: {formula}, {show_count(batch_size)} an update", rival,
                show_seconds(timing.median_s / updates), f"± {50 * timing.spread:.0f} %",
                f"{show_count(int(updates * batch_size / timing.median_s))}",
                f"{pairs[len(pairs) // 2]:.2f} ×", moved if "2 processes" in rival else "",
            )  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    head = ("what", "by", "an update", "spread", "samples a second", "times as fast", "gradients summed")
    return Found(table(*head, rows=lines), times)


def _started(processes: int, threads: int, names: list[str]) -> dict[str, float]:
    launcher = ("-m", "torch.distributed.run", "--nproc-per-node", str(processes))
    words = [sys.executable, *launcher, "-m", "benchmarks.processes", str(threads), *names]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _work(threads: int, names: list[str]) -> dict[str, float]:
    """Return the training time of each case, after a warm-up."""
    found = {}
    for name in names:
        formula, batch_size, updates = _CASES[name]
        network = cn.read(formula)
        torch.manual_seed(5)
        x = torch.rand(8192, 784)
        y = torch.randint(0, 10, (8192,)) if network.output_shape[0] == 10 else torch.rand(8192, 1).round()
        loss = "cross_entropy" if network.output_shape[0] == 10 else "bce"
        for length in (max(2, updates // 5), updates):
            result = cn.fit(
                network, (x, y), loss=loss, batch_size=batch_size, updates=length, engine="eager",
                threads=threads, progress=False,
            )  # fmt: skip
        found[name] = result.history.seconds[-1]
    return found


if __name__ == "__main__":
    taken = _work(int(sys.argv[1]), sys.argv[2:])
    if not torch.distributed.is_initialized() or torch.distributed.get_rank() == 0:
        print(json.dumps(taken))
