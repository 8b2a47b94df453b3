"""A process that fits, made to be killed: run as a script, it forks one for each line it is told.

A line is `FOLDER ENGINE KILL_AT SECONDS`: the fit is made in the folder or goes on with what is there; it
kills itself inside its KILL_AT-th system call that touches the disk (0: never), or is killed after so many
seconds (0: never). The answer is a line with the number of the signal that ended it, or its exit code.
"""

import os
import signal
import sys
import time
import traceback
from pathlib import Path

import torch

import chalknet as cn

UPDATES = 400
NET = cn.read("8 -> 16 tanh -> 1")
OPTIONS = {"loss": "mse", "optimizer": "adam", "batch_size": 8, "shuffle": True, "seed": 3}


def samples():
    x = torch.randn(75, 8, generator=torch.Generator().manual_seed(1))
    return x, x[:, :1] * x[:, 1:2]


def whole(engine):
    """Return the fit that is never stopped."""
    return cn.fit(NET, samples(), **OPTIONS, updates=UPDATES, engine=engine, threads=1)


def work(run, engine, kill_at):
    torch.set_num_threads(1)
    if kill_at:
        kill_inside_a_save(kill_at)
    # a little slower, so that a kill meets the loop and not its end
    options = {"on_progress": lambda _: time.sleep(0.002)}
    if (run / "plan.json").exists():
        cn.resume(run, **options)
    else:
        cn.fit(
            NET, samples(), **OPTIONS, updates=UPDATES, engine=engine, out=run, checkpoint_every=7, **options
        )


def kill_inside_a_save(number):
    left = [number]

    def counted(call):
        def counting(*words, **named):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*words, **named)

        return counting

    for name in ("fsync", "replace", "unlink", "rename"):
        setattr(os, name, counted(getattr(os, name)))


def fork(run, engine, kill_at, seconds):
    """Return how the fit ended: the number of a signal, negative, or an exit code."""
    child = os.fork()
    if child == 0:
        try:
            work(run, engine, kill_at)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    if seconds:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    import chalknet.engine.fused_cpu.session

    cn.fit, cn.resume  # noqa: B018  # resolved here, once for all children
    for line in sys.stdin:
        folder, engine, kill_at, seconds = line.split()
        print(fork(Path(folder), engine, int(kill_at), float(seconds)), flush=True)
