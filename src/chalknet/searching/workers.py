"""Runs the fits of a search: in threads of this process, or on a joblib backend."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from numbers import Integral
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

from chalknet.errors import invalid
from chalknet.searching.member import Job, Member
from chalknet.system import cores
from chalknet.training import Checkpoint, Interrupt, one_thread

JobResult: TypeAlias = "tuple[Member, Checkpoint | None]"
_LOOK_S = 0.1  # between checks for a signal
_MOST_JOBS = 4096


def run_jobs(jobs: Sequence[Job], n_jobs: int | None, interrupt: Interrupt) -> Iterator[JobResult]:
    """Yield the results of the jobs in the order in which they end, until an interrupt.

    The compiled loop releases the global interpreter lock, so that threads share the data and still run in
    parallel. If `joblib.parallel_config` names a backend other than threads, that backend runs the jobs.

    Args:
        jobs: independent fits.
        n_jobs: the number at a time; None for the number of cores, or of the backend's workers.
        interrupt: whether a signal asked to stop.
    """
    is_other, workers = _backend()
    if is_other:
        return _by_joblib(jobs, n_jobs or workers or -1, interrupt)
    return _in_threads(jobs, min(n_jobs or cores(), len(jobs)), interrupt)


def checked_jobs(n_jobs: object) -> int | None:
    """Return the number of fits at a time; None for the number of cores (-1).

    Raises:
        InvalidValue: for anything but a positive whole number, -1 or None.
    """
    if n_jobs is None:
        return None
    if isinstance(n_jobs, Integral) and not isinstance(n_jobs, bool):
        if n_jobs == -1:
            return None
        if 1 <= int(n_jobs) <= _MOST_JOBS:
            return int(n_jobs)
    raise invalid("n_jobs", n_jobs, "a whole number of at least 1, or -1 for all cores")


def _backend() -> tuple[bool, int | None]:
    """Return whether joblib is set to a backend other than threads, and its number of workers."""
    joblib: Any = sys.modules.get("joblib")
    if joblib is None:
        return False, None
    backend, workers = joblib.parallel.get_active_backend(prefer="threads")
    return not getattr(backend, "supports_sharedmem", False), workers


def _in_threads(jobs: Sequence[Job], threads: int, interrupt: Interrupt) -> Iterator[JobResult]:
    waiting = iter(jobs)
    results: SimpleQueue[Any] = SimpleQueue()
    next_job, stop = threading.Lock(), threading.Event()

    def work() -> None:
        try:
            with one_thread():
                while not stop.is_set():
                    with next_job:
                        job = next(waiting, None)
                    result = None if job is None else job.run(stop)
                    if result is None:
                        break
                    results.put(result)
        except BaseException as problem:  # raised again by the thread that asked
            results.put(problem)
        results.put(None)

    team = [threading.Thread(target=work, name="chalknet-search", daemon=True) for _ in range(threads)]
    for thread in team:
        thread.start()
    working = threads
    try:
        while working:
            try:
                result = results.get(timeout=_LOOK_S)
            except Empty:
                result = ()
            if interrupt.is_set:
                stop.set()
            if result is None:
                working -= 1
            elif isinstance(result, BaseException):
                raise result
            elif result:
                yield result
    finally:
        stop.set()
        for thread in team:
            thread.join()


def _by_joblib(jobs: Sequence[Job], n_jobs: int, interrupt: Interrupt) -> Iterator[JobResult]:
    joblib: Any = sys.modules["joblib"]
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    result = parallel(joblib.delayed(_run)(job) for job in jobs)
    try:
        for each in result:
            if each is not None:
                yield each
            if interrupt.is_set:
                break
    finally:
        result.close()


def _run(job: Job) -> JobResult | None:
    """Run a fit in a joblib worker."""
    with one_thread():
        return job.run()
