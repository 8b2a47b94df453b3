"""Fits in threads of a program that a Ctrl-C ends: it says when they run, and how each ended."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import torch

import chalknet as cn

THREADS = 3


def run(way: str, engine: str, out: str) -> None:
    x, running = torch.linspace(-1, 1, 50), threading.Barrier(THREADS + 1)

    def fit(number: int) -> None:
        begun: list[object] = []

        def wait_for_all(progress: object) -> None:
            if not begun:
                begun.append(running.wait())

        result = cn.fit(
            "1 -> 8 relu dropout(0.2) -> 1", (x, 2 * x), loss="mse", seconds=600, engine=engine, threads=1,
            out=f"{out}/run{number}", on_progress=wait_for_all,
        )  # fmt: skip
        print(number, result.outcome.name, flush=True)

    if way == "pool":
        pool = ThreadPoolExecutor(THREADS)
        for number in range(THREADS):
            pool.submit(fit, number)
    else:
        for number in range(THREADS):
            threading.Thread(target=fit, args=(number,)).start()
    running.wait()
    print("running", flush=True)
    while True:  # a signal that comes right before a wait without end is not seen by it
        time.sleep(0.1)


if __name__ == "__main__":
    run(*sys.argv[1:])
