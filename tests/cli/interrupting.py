"""Ctrl-C at random instants over the whole life of a command, counted.

`python -m tests.cli.interrupting COMMAND TRIALS SEED` prints what came of it; COMMAND is one of `COMMANDS`.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

import chalknet as cn

FIT = ("fit", "1 -> 3 tanh dropout(0.2) -> 1", "--loss", "mse", "--data", "line.npz", "--engine",
       "eager", "--batch-size", "5", "--shuffle", "--seed", "3", "--threads", "1", "--out", "run",
       "--overwrite", "--updates", "1500", "--record-every", "100", "--checkpoint-every", "300")  # fmt: skip
COMMANDS: dict[str, tuple[str, ...]] = {
    "help": ("fit", "--help"),
    "data": ("data", "table.csv"),
    "fit": FIT,
    "processes": (*FIT, "--processes", "2"),
}
CLEAN = (130, -signal.SIGINT)  # by the signal itself where Python does not handle it yet
_SHOWS = ("Traceback", "Exception ignored", "Error:", "KeyboardInterrupt")


def make_data(folder: Path) -> None:
    """Write what the commands read."""
    x = np.linspace(-1, 1, 200, dtype=np.float32)
    np.savez(folder / "line.npz", x=x, y=x**2)
    rows = "".join(f"{i},{i * i % 97},{'red' if i % 3 else 'blue'}\n" for i in range(50_000))
    (folder / "table.csv").write_text(f"a,b,c\n{rows}", encoding="utf-8")


def lasting_s(words: tuple[str, ...], folder: Path) -> float:
    """Return how long a command lasts when it is left alone."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "chalknet", *words], cwd=folder, capture_output=True, check=True)
    return time.monotonic() - began


def interrupted(words: tuple[str, ...], folder: Path, after_s: float, times: int) -> tuple[int, str]:
    """Return the exit code and the errors of a command that gets Ctrl-C.

    Args:
        words: the command.
        folder: its working directory.
        after_s: seconds from its start to the first Ctrl-C.
        times: how many follow one another within 50 ms.
    """
    command = [sys.executable, "-m", "chalknet", *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder)
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(after_s)  # the instant is what is tried
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05 / times)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    return process.returncode, err.decode()


def is_of_python(err: str) -> bool:
    """Return whether a traceback is of Python's own start, before a line of chalknet's main function ran."""
    return "site module" in err or ("Traceback" in err and "chalknet/cli" not in err and "in main" not in err)


def processes_in(folder: Path) -> list[int]:
    """Return the processes that work in a folder, once they had two seconds to end."""
    until = time.monotonic() + 2
    while True:
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                here = (entry / "cwd").readlink() == folder.resolve()
                state = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            except OSError:
                continue
            if here and state != "Z":
                found.append(int(entry.name))
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.05)


def trial(name: str, folder: Path, lasts_s: float, chance: random.Random) -> str:
    """Return what became of a command after Ctrl-C at a random instant: "ended", "done" or what is wrong."""
    shutil.rmtree(folder / "run", ignore_errors=True)
    after_s, times = chance.uniform(0, lasts_s), chance.choice((1, 20))
    code, err = interrupted(COMMANDS[name], folder, after_s, times)
    made = f"after {after_s:.3f} s, {times} times"
    if any(word in err for word in _SHOWS):
        return "Python's own start" if is_of_python(err) else f"{made}: {err[-1500:]}"
    if code not in (0, *CLEAN):
        return f"{made}: exit code {code}, {err[-500:]}"
    if left := processes_in(folder):
        return f"{made}: {len(left)} processes left"
    return "done" if code == 0 else "ended"


def goes_on(name: str, folder: Path, expected: dict[str, torch.Tensor]) -> bool:
    """Return whether a run that was interrupted, if it was begun, ends as one that was not, bit for bit."""
    if not (folder / "run" / "plan.json").exists():
        return True
    if name == "processes":
        words = ("resume", "run", "--processes", "2")
        subprocess.run(
            [sys.executable, "-m", "chalknet", *words], cwd=folder, capture_output=True, check=False
        )
    else:
        cn.resume(folder / "run")
    weights = cn.load_run(folder / "run").module.state_dict()
    return all(torch.equal(weights[key], value) for key, value in expected.items())


def main(name: str, trials: int, seed: int) -> dict[str, Any]:
    """Interrupt a command so many times, and return how often what came of it."""
    chance, counts, wrong = random.Random(seed), Counter[str](), []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_data(folder)
        lasts_s = min(lasting_s(COMMANDS[name], folder) for _ in range(3))
        keeps = (folder / "run").exists()
        expected = cn.load_run(folder / "run").module.state_dict() if keeps else {}
        for _ in range(trials):
            found = trial(name, folder, lasts_s, chance)
            known = found in ("done", "ended", "Python's own start")
            if known and keeps and not goes_on(name, folder, expected):
                known, found = False, "another result"
            counts[found if known else "wrong"] += 1
            print(dict(counts), end="\r", file=sys.stderr)
            if not known:
                wrong.append(found)
                print(found, file=sys.stderr)
        beside = [path.name for path in folder.iterdir() if path.name.startswith(".")]
    return {"command": name, "seed": seed, "lasts_s": round(lasts_s, 2), "tried": trials, **counts,
            "hidden files left": len(beside), "wrong": wrong}  # fmt: skip


if __name__ == "__main__":
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell starts in the background what ignores it
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])), indent=2))
