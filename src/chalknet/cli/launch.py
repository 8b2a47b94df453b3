"""One command in several processes: torch's own launcher starts them, waits, and says how they ended."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import chalknet as cn
from chalknet.cli.say import is_launched, tell
from chalknet.errors import Elsewhere

# The signals that torch's launcher handles, without restoring the handlers; Windows has two of them.
_HANDLED = [each for each in signal.Signals if each.name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")]


def reports(problem: cn.ChalknetError) -> bool:
    """Return whether this process is the one that prints an error.

    That is the process that alone met it; of an error that all of them meet, the first one on each machine.
    """
    if isinstance(problem, Elsewhere):
        return False
    met_alone = bool(vars(problem).get("__notes__"))
    return met_alone or not is_launched() or os.environ.get("LOCAL_RANK", "0") == "0"


def launch(processes: int, words: Sequence[str], out: Path | None) -> int:
    """Run the command in so many processes on this machine and return its exit code.

    Args:
        processes: how many.
        words: the command without its name.
        out: the folder of the run, if it is kept.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",  # a port that is free
        max_restarts=0,
    )
    logging.disable(logging.CRITICAL)  # the launcher's own messages; ours are printed below
    before = {number: signal.getsignal(number) for number in _HANDLED}
    try:
        elastic_launch(config, sys.executable)("-m", "chalknet", *words)
    except SignalException as ended:
        return 128 + ended.sigval
    except ChildFailedError as ended:
        rank, failure = ended.get_first_failure()
        return _exit_code(rank, processes, failure.exitcode, out)
    finally:
        logging.disable(logging.NOTSET)
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
    return 0


def _exit_code(rank: int, processes: int, code: int, out: Path | None) -> int:
    """Return the command's exit code for that of a process; report a kill, which the process could not."""
    if code >= 0:
        return code
    if -code in (signal.SIGINT, signal.SIGTERM):
        return 128 - code
    name = signal.Signals(-code).name
    why = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    go_on = (
        f"Go on from the last checkpoint: chalknet resume {shlex.quote(str(out))}."
        if out is not None
        else "Start again; with --out FOLDER a fit can go on from its last checkpoint."
    )
    tell(f"error: process {rank} of {processes}: got killed by {name}{why}; wanted all at work. {go_on}")
    return 1
