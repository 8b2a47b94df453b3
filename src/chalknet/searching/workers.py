"""Where the fits of a search are made: in threads of this process, or where joblib's backend makes them."""

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

Made: TypeAlias = "tuple[Member, Checkpoint | None]"
_LOOK_S = 0.1  # between two looks whether a signal came
_MOST_JOBS = 4096


def made(jobs: Sequence[Job], n_jobs: int | None, interrupt: Interrupt) -> Iterator[Made]:
    """Yield what the jobs give, in the order in which they end; up to an interrupt.

    The compiled loop runs outside the lock of the interpreter, so that threads share the data and still
    compute side by side. Where `joblib.parallel_config` names another backend than threads, it makes them.

    Args:
        jobs: fits that do not depend on each other.
        n_jobs: how many at a time; None for as many as there are cores, or as the backend has workers.
        interrupt: whether a signal asked to stop.
    """
    is_other, workers = _backend()
    if is_other:
        return _by_joblib(jobs, n_jobs or workers or -1, interrupt)
    return _in_threads(jobs, min(n_jobs or cores(), len(jobs)), interrupt)


def checked_jobs(n_jobs: object) -> int | None:
    """Return how many fits are made at a time; None for as many as there are cores (-1).

    Raises:
        InvalidValue: for anything but a whole number of at least 1, -1 or None.
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
    """Return whether joblib was told to work elsewhere than in threads of this process, and how many."""
    joblib: Any = sys.modules.get("joblib")
    if joblib is None:
        return False, None
    backend, workers = joblib.parallel.get_active_backend(prefer="threads")
    return not getattr(backend, "supports_sharedmem", False), workers


def _in_threads(jobs: Sequence[Job], threads: int, interrupt: Interrupt) -> Iterator[Made]:
    todo = iter(jobs)
    done: SimpleQueue[Any] = SimpleQueue()
    taking, stop = threading.Lock(), threading.Event()

    def work() -> None:
        try:
            with one_thread():
                while not stop.is_set():
                    with taking:
                        job = next(todo, None)
                    found = None if job is None else job.run(stop)
                    if found is None:
                        break
                    done.put(found)
        except BaseException as problem:  # raised again by the thread that asked
            done.put(problem)
        done.put(None)

    team = [threading.Thread(target=work, name="chalknet-search", daemon=True) for _ in range(threads)]
    for thread in team:
        thread.start()
    working = threads
    try:
        while working:
            try:
                found = done.get(timeout=_LOOK_S)
            except Empty:
                found = ()
            if interrupt.is_set:
                stop.set()
            if found is None:
                working -= 1
            elif isinstance(found, BaseException):
                raise found
            elif found:
                yield found
    finally:
        stop.set()
        for thread in team:
            thread.join()


def _by_joblib(jobs: Sequence[Job], n_jobs: int, interrupt: Interrupt) -> Iterator[Made]:
    joblib: Any = sys.modules["joblib"]
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    found = parallel(joblib.delayed(_run)(job) for job in jobs)
    try:
        for each in found:
            if each is not None:
                yield each
            if interrupt.is_set:
                break
    finally:
        found.close()


def _run(job: Job) -> Made | None:
    """Make a fit in a worker of joblib's."""
    with one_thread():
        return job.run()
