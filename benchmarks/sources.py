"""Files against memory: what streaming costs, how fast a table is converted, how little memory it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import chalknet as cn
from benchmarks.sections import Asked, Found, table
from chalknet.data import Source, load
from chalknet.units import show_bytes, show_seconds

ROUNDS, UPDATES = 9, 100
_S3 = "784 -> 32 relu -> 1 sigmoid"
_ENGINES, _STREAM_AIMS, _CSV_MB_S = ("eager", "fused_cpu"), {False: 1.15, True: 1.3}, 100.0
_ROWS, _CSV_BYTES, _LARGE_BYTES, _ALLOWED_BYTES = 100_000, 1_000_000_000, 4_000_000_000, 700 << 20
_CONVERTED = "converting a CSV of {} to the cache"
_FLAT = "fitting {} with {} allowed, shuffled"


def measured(asked: Asked) -> Found:
    """Measure streaming, conversion and memory, each where it is asked for."""
    found: list[str] = []
    raw: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case, measure in {"streaming": _streaming, "conversion": _conversion, "memory": _memory}.items():
            if asked.wants(case):
                lines, raw[case] = measure(folder, asked.quick)
                found += lines
    return Found(found, raw)


def _streaming(folder: Path, quick: bool) -> tuple[list[str], dict[str, Any]]:
    """Return the time of an update on S3's network from memory and from files, in turn."""
    sources = _sources(folder, 10_000 if quick else _ROWS)
    rows, raw = [], {}
    for engine, shuffle in product(_ENGINES, _STREAM_AIMS):
        times: dict[str, list[float]] = {name: [] for name in sources}
        for round_ in range(2 if quick else ROUNDS + 1):
            for name, source in sources.items():
                taken = _update_s(source, shuffle, 10 if quick else UPDATES, engine)
                if round_:  # the first one warms up
                    times[name].append(taken)
        case = f"{engine}, {'shuffled' if shuffle else 'in order'}"
        rows += [_row(case, name, times, _STREAM_AIMS[shuffle]) for name in times]
        raw[case] = times
    head = table("engine, order", "from", "an update", "spread", "against memory", "aim", rows=rows)
    return [
        f"S3's network ({_S3}), batches of 2,048, {_ROWS:,} rows of 784 (314 MB, in the page cache); every fit by an "
        f"engine gives the same losses. Medians of {ROUNDS} rounds of {UPDATES} updates, in turn. Aims are of `eager`.",
        *head,
    ], raw


def _row(case: str, name: str, times: dict[str, list[float]], aim: float) -> str:
    taken = times[name]
    ratio = _median(one / other for one, other in zip(taken, times["memory"], strict=True))
    told = name != "memory" and case.startswith("eager")
    verdict = f"{aim} ×: {_verdict(ratio <= aim)}" if told else ""
    return (
        f"| {case} | {name} | {show_seconds(_median(taken))} | {_spread(taken)} | {ratio:.2f} × | {verdict} |"
    )


def _sources(folder: Path, rows: int) -> dict[str, Source]:
    import pyarrow
    import pyarrow.parquet

    random = np.random.default_rng(0)
    x, y = random.random((rows, 784), np.float32), random.integers(0, 2, rows).astype(np.float32)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    columns = {f"c{i}": column for i, column in enumerate(x.T)}
    pyarrow.parquet.write_table(
        pyarrow.table({**columns, "y": y}), folder / "t.parquet", row_group_size=20_000
    )
    pair = (folder / "x.npy", folder / "y.npy")
    return {
        "memory": load(pair, in_memory=True),
        ".npy": load(pair, in_memory=False),
        "Parquet, converted": load(folder / "t.parquet", in_memory=False, cache=folder / "cache"),
    }


def _update_s(source: Source, shuffle: bool, updates: int, engine: str = "eager") -> float:
    options = {"loss": "bce", "batch_size": 2048, "updates": updates, "shuffle": shuffle, "seed": 1}
    result = cn.fit(cn.read(_S3), source, **options, engine=engine, progress=False)
    return result.history.seconds[-1] / updates


def _conversion(folder: Path, quick: bool) -> tuple[list[str], dict[str, Any]]:
    """Return the rate at which a CSV is converted, and the memory it takes."""
    size = 20_000_000 if quick else _CSV_BYTES
    path = folder / "t.csv"
    numbers = np.random.default_rng(0).standard_normal((10_000, 50))
    block = "\n".join(",".join(f"{value:.7g}" for value in row) for row in numbers) + "\n"
    with path.open("w") as file:
        file.write(",".join(f"c{i}" for i in range(50)) + "\n")
        while file.tell() < size:
            file.write(block)
    found = [_child(_CONVERT, path, folder / f"cache{i}") for i in range(1 if quick else 3)]
    rate = path.stat().st_size / 1e6 / min(each["seconds"] for each in found)
    grown = max(each["grown"] for each in found)
    verdict = _verdict(rate >= _CSV_MB_S)
    what = _CONVERTED.format("20 MB" if quick else "1 GB")
    rows = [
        f"| {what} | {rate:,.0f} MB/s, the best of {len(found)} | ≥ {_CSV_MB_S:.0f} MB/s: {verdict} |",
        f"| its peak memory, above that of an import of torch | {show_bytes(grown)} | flat |",
        f"| finding it again by its content | {show_seconds(min(each['again'] for each in found))} |  |",
    ]
    return table("what", "found", "aim", rows=rows), {"found": found, "bytes": path.stat().st_size}


def _memory(folder: Path, quick: bool) -> tuple[list[str], dict[str, Any]]:
    """Return the peak memory of a shuffled fit of a file many times as large as the memory allowed."""
    size = 50_000_000 if quick else _LARGE_BYTES
    rows, raw = [], {}
    for columns in (785, 65):
        path = folder / "large.npy"
        count = size // (4 * columns)
        with path.open("wb") as file:
            shape = {"descr": "<f4", "fortran_order": False, "shape": (count, columns)}
            np.lib.format.write_array_header_1_0(file, shape)
            numbers = np.random.default_rng(0).random((20_000, columns), np.float32)
            for first in range(0, count, len(numbers)):
                file.write(numbers[: count - first].data)
        found = _child(_FIT, path, columns - 1, _ALLOWED_BYTES)
        path.unlink()
        peak, allowed = found["peak"], _ALLOWED_BYTES
        rows.append(
            f"| {_FLAT.format(f'{size / 1e9:.2g} GB, {columns - 1} features', show_bytes(allowed))} | "
            f"{show_bytes(peak)} at most, {show_bytes(found['base'])} of them before the data | "
            f"{show_bytes(allowed)}: {_verdict(peak <= allowed)} |"
        )
        raw[str(columns)] = found
    note = (
        "The limit is on address space (`ulimit -v`) above what an import of torch and pyarrow takes; the figure is "
        "the peak of resident memory of the whole process, the order of an epoch (4 bytes a row) included."
    )
    return [*table("what", "found", "allowed", rows=rows), "", note], raw


_STATUS = """
import json, resource, sys, time
import torch, pyarrow.csv, pyarrow.parquet
import chalknet as cn
def status(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) * 1024
small = torch.zeros(9, 2)
cn.fit(cn.read("2 -> 4 relu -> 1"), (small, small[:, 0]), loss="mse", updates=2, engine="eager", progress=False)
base = status("VmHWM")
"""
_CONVERT = f"""{_STATUS}
def load():
    started = time.perf_counter()
    cn.load(sys.argv[1], cache=sys.argv[2], in_memory=False)
    return time.perf_counter() - started
seconds = load()
print(json.dumps({{"seconds": seconds, "again": load(), "grown": status("VmHWM") - base}}))
"""
_FIT = f"""{_STATUS}
allowed = status("VmSize") + int(sys.argv[3]) - base
resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
source = cn.load(sys.argv[1])
options = {{"loss": "mse", "batch_size": 2048, "updates": 200, "shuffle": True, "lr": 1e-3, "engine": "eager"}}
result = cn.fit(cn.read(f"{{sys.argv[2]}} -> 32 relu -> 1"), source, **options, progress=False)
print(json.dumps({{"base": base, "peak": status("VmHWM"), "streams": source.streams}}))
"""


def _child(code: str, *words: object) -> dict[str, Any]:
    with suppress(OSError):
        os.sync()  # what was written before is no part of what is timed
    time.sleep(0.2)
    done = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout))


def _median(values: Any) -> float:
    return float(np.median(list(values)))


def _spread(times: list[float]) -> str:
    return f"± {50 * (max(times) - min(times)) / _median(times):.0f} %"


def _verdict(reached: bool) -> str:
    return "reached" if reached else "MISSED"
