"""How many requests a second one process answers: a server on one core, a client of raw sockets on another."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import chalknet as cn
from benchmarks.sections import Asked, Found, table

SECONDS, CONNECTIONS = 5.0, 16
WORDS = ("Biscoe", "Dream", "Torgersen")
_INTRODUCTION = (
    f"`chalknet serve RUN`, one process on one core; {CONNECTIONS} connections of a client on another core, which ask again "
    "as soon as they are answered. Four columns, two of words. Every answer is looked at: its status is 200. Where others "
    "work on the core too, the server has less than all of it: the column behind says what it makes of a second of its own."
)


@dataclass(frozen=True)
class Case:
    """What is asked: a network, how many rows a request has, and in which form they go."""

    network: str
    rows: int
    kind: str = "application/json"


CASES = {
    "row": Case("? -> 16 relu -> 3", 1),
    "wide": Case("? -> 256 relu -> 256 relu -> 3", 1),
    "rows": Case("? -> 16 relu -> 3", 100),
    "csv": Case("? -> 16 relu -> 3", 1, "text/csv"),
}


@dataclass(frozen=True)
class Load:
    """What a client saw in some seconds, and what it cost the server."""

    requests: int
    seconds: float
    cpu_s: float
    latencies_s: list[float]

    @property
    def per_second(self) -> float:
        """Return how many requests were answered in a second."""
        return self.requests / self.seconds

    @property
    def share(self) -> float:
        """Return what share of its core's time the server had."""
        return self.cpu_s / self.seconds

    def latency_s(self, share: float) -> float:
        """Return the seconds within which a share of the requests was answered."""
        return float(np.quantile(self.latencies_s, share))


def measured(asked: Asked) -> Found:
    """Return requests a second, the server's own time for each, and how long a client waits."""
    rows, raw = [], {}
    for name, case in CASES.items():
        if asked.wants(name):
            load = load_of(case, 0.5 if asked.quick else SECONDS)
            raw[name] = {"per_second": load.per_second, "share": load.share, "cpu_s": load.cpu_s / load.requests,
                         "half_s": load.latency_s(0.5), "slowest_s": load.latency_s(0.99)}  # fmt: skip
            request = f"{case.rows} row{'s' * (case.rows > 1)}, {case.kind}, `{case.network}`"
            waits = " | ".join(f"{load.latency_s(share) * 1e3:.1f} ms" for share in (0.5, 0.99))
            rows.append(
                f"| {request} | {load.per_second:,.0f} | {load.share:.0%} | {load.requests / load.cpu_s:,.0f} | {waits} |"
            )
    heads = (
        "request",
        "requests/s",
        "the core was the server's",
        "requests a second of its time",
        "half within",
        "99 % within",
    )
    return Found([_INTRODUCTION, *table(*heads, rows=rows)], raw)


def load_of(case: Case, seconds: float) -> Load:
    """Return what a client saw of a server that was started for it."""
    with tempfile.TemporaryDirectory() as folder, served(fitted(Path(folder), case.network)) as server:
        request = request_of(case, server.port)
        asyncio.run(_asked_for(0.3, request, server.port))  # warm
        before = _cpu_s(server.pid)
        started = time.perf_counter()
        latencies = asyncio.run(_asked_for(seconds, request, server.port))
        return Load(len(latencies), time.perf_counter() - started, _cpu_s(server.pid) - before, latencies)


def fitted(folder: Path, network: str) -> Path:
    """Return the folder of a kept fit of four columns, two of them words."""
    draw = np.random.default_rng(1)
    data = {"island": draw.choice(WORDS, 300), "mass": draw.normal(4000, 300, 300),
            "flipper": draw.normal(190, 6, 300), "sex": draw.choice(["female", "male"], 300),
            "species": np.array(["Adelie", "Chinstrap", "Gentoo"] * 100)}  # fmt: skip
    source = cn.load(data, y="species", one_hot=True, standardise=True)
    cn.fit(network, source, loss="cross_entropy", updates=20, out=folder / "run", progress=False)
    return folder / "run"


@dataclass(frozen=True)
class Server:
    """A server of its own process."""

    port: int
    pid: int


@contextmanager
def served(run: Path, *words: str) -> Iterator[Server]:
    """Serve a run in a process on the first core for as long as the body runs; this one takes the others."""
    cores = sorted(os.sched_getaffinity(0))
    command = [sys.executable, "-m", "chalknet", "serve", str(run), "--port", "0", *words]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    try:
        os.sched_setaffinity(process.pid, cores[:1])
        os.sched_setaffinity(0, cores[1:] or cores)
        assert process.stdout is not None
        address = process.stdout.readline().split(" at ")[1].split()[0]
        yield Server(int(address.rpartition(":")[2]), process.pid)
    finally:
        os.sched_setaffinity(0, cores)
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def request_of(case: Case, port: int) -> bytes:
    """Return the bytes of a request."""
    row = {"island": "Dream", "mass": 3800.0, "flipper": 190.5, "sex": "male"}
    body = json.dumps(row if case.rows == 1 else [row] * case.rows)
    if case.kind == "text/csv":
        body = "\n".join([",".join(row), *[",".join(map(str, row.values()))] * case.rows]) + "\n"
    head = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {case.kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def _asked_for(seconds: float, request: bytes, port: int) -> list[float]:
    """Return the seconds that each answer took, of connections that ask for so long."""
    end = time.perf_counter() + seconds
    found = await asyncio.gather(*(_asked_by_one(end, request, port) for _ in range(CONNECTIONS)))
    return [each for one in found for each in one]


async def _asked_by_one(end: float, request: bytes, port: int) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = []
    while (started := time.perf_counter()) < end:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0]))
        found.append(time.perf_counter() - started)
    writer.close()
    return found


def _cpu_s(pid: int) -> float:
    """Return the seconds of a core that a process has taken (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
