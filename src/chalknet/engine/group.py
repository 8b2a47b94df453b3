"""The processes that share a fit, and how they exchange values and errors."""

from __future__ import annotations

import atexit
import os
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from chalknet.errors import Elsewhere

T = TypeVar("T")

_LAUNCHED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # what every launcher of torch's sets
# How long one process waits for another: the first one may be converting a large file. When a process ends,
# the others notice at once.
_TIMEOUT = timedelta(hours=4)
_PROBLEM = "chalknet/problem"  # the key under which a process stores its error for the others
_ERROR_TIMEOUT_S = 2.0  # how long the others wait for it once the connection is lost


@dataclass(frozen=True)
class ProcessGroup:
    """The processes that share each update; alone by default.

    Args:
        rank: the number of this process, from 0; process 0 prints and writes files.
        size: the number of processes.
        local_rank: the number of this process among those on this machine.
        local_size: the number of processes on this machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

    @classmethod
    def here(cls) -> ProcessGroup:
        """Return the group of this process, as torch.distributed has it."""
        if not dist.is_available() or not dist.is_initialized():
            return cls()
        rank, size = dist.get_rank(), dist.get_world_size()
        local_rank = int(os.environ.get("LOCAL_RANK", rank))
        return cls(rank, size, local_rank, max(1, int(os.environ.get("LOCAL_WORLD_SIZE", size))))

    @property
    def leads(self) -> bool:
        """Return whether this is the process that prints and writes files."""
        return self.rank == 0

    @property
    def name(self) -> str:
        """Return what this process is called in errors."""
        return f"process {self.rank} of {self.size}"

    def total(self, values: Sequence[float]) -> list[float]:
        """Return the sums of these numbers over all processes, the same in each of them."""
        return self._reduced(values, dist.ReduceOp.SUM) if self.size > 1 else list(values)

    def largest(self, value: float) -> float:
        """Return the largest of the processes' numbers."""
        return self._reduced((value,), dist.ReduceOp.MAX)[0] if self.size > 1 else value

    def wait(self) -> None:
        """Wait until all processes have arrived here."""
        self.largest(0.0)

    def from_first(self, value: T) -> T:
        """Return the first process's value in all of them; the others' own values are ignored."""
        if self.size == 1:
            return value
        sent = [value if self.leads else None]
        dist.broadcast_object_list(sent, src=0)
        return sent[0]  # type: ignore[return-value]

    @contextmanager
    def agreement(self) -> Iterator[None]:
        """Run the body in each process; where it fails in one, all of them raise.

        The first process of each machine runs it first, so that the others find what it wrote to disk.

        Raises:
            Elsewhere: in the processes in which the body itself did not fail.
        """
        if self.size == 1:
            yield
            return
        problem: Exception | None = None
        if self.local_rank:
            self._agree(None)
        try:
            yield
        except Exception as found:
            problem = found
        self._agree(problem)
        if not self.local_rank:
            self._agree(None)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Run the body; an error in one process ends all of them, and each reports which error it was.

        Raises:
            Elsewhere: where another process raised, or ended.
        """
        if self.size == 1:
            yield
            return
        try:
            yield
        except Elsewhere:
            raise
        except Exception as problem:
            if _is_lost_connection(problem):
                raise self._error_elsewhere() from problem
            problem.add_note(self.name)
            with suppress(RuntimeError):  # the store ends with its process
                _store().set(_PROBLEM, pickle.dumps((self.rank, _in_one_line(problem))))
            raise

    def _reduced(self, values: Sequence[float], how: dist.ReduceOp.RedOpType) -> list[float]:
        reduced = torch.tensor(values, dtype=torch.float64, device=_exchange_device())
        dist.all_reduce(reduced, how)
        return reduced.tolist()

    def _agree(self, problem: Exception | None) -> None:
        problems: list[str | None] = [None] * self.size
        dist.all_gather_object(problems, None if problem is None else _in_one_line(problem))
        failed = [rank for rank, text in enumerate(problems) if text is not None]
        if not failed:
            return
        if problem is not None and self.rank == failed[0]:
            if self.rank:
                problem.add_note(self.name)
            raise problem
        raise Elsewhere.of(failed[0], self.size, str(problems[failed[0]]))

    def _error_elsewhere(self) -> Elsewhere:
        """Return the error that another process stored, or that it ended without one."""
        with suppress(RuntimeError):
            store = _store()
            store.wait([_PROBLEM], timedelta(seconds=_ERROR_TIMEOUT_S))
            rank, text = pickle.loads(store.get(_PROBLEM))
            return Elsewhere.of(rank, self.size, text)
        return Elsewhere.of(None, self.size, "its connection was lost: it was killed, or its machine stopped")


def join() -> ProcessGroup:
    """Return the group of the processes that torch's launcher started, joined now, or this process alone.

    A default group that the script has set up itself is used as it is. One joined here lasts as long as the
    process: torch cannot safely set up a second one.
    """
    if dist.is_available() and not dist.is_initialized() and _is_launched():
        local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        if local_rank < torch.cuda.device_count():
            torch.cuda.set_device(local_rank)
        dist.init_process_group(timeout=_TIMEOUT)  # gloo for the CPU, nccl for CUDA where there is one
        atexit.register(_leave)
    return ProcessGroup.here()


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def _is_launched() -> bool:
    return all(os.environ.get(name) for name in _LAUNCHED) and os.environ["WORLD_SIZE"] != "1"


def _exchange_device() -> torch.device:
    """Return the device on which numbers are exchanged: the CPU, unless nccl is the only backend."""
    on_cpu = "cpu" in str(dist.get_backend_config())
    return torch.device("cpu") if on_cpu else torch.device("cuda", torch.cuda.current_device())


def _store() -> Any:
    from torch.distributed.distributed_c10d import _get_default_store

    return _get_default_store()


def _is_lost_connection(problem: Exception) -> bool:
    """Return whether gloo or nccl raise this when another process is gone."""
    text = str(problem).lower()
    return isinstance(problem, dist.DistError) or (
        isinstance(problem, RuntimeError) and ("gloo" in text or "connection closed by peer" in text)
    )


def _in_one_line(problem: Exception) -> str:
    text = str(problem).strip().splitlines()
    kind = type(problem).__name__
    return f"{kind}: {text[0]}" if text else kind
