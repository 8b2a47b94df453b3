"""A process of its own that reads pictures, so that the time and the memory measured are those of reading."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from typing import Any

from tests.pictures.picture import Picture
from tests.pictures.rates import LIMIT_S, Outcome, outcome


class Reader:
    """A process that reads pictures one after the other, and is ended where one takes too long."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_read_on, args=(there,), daemon=True)
        self._process.start()

    def send(self, one: Picture) -> None:
        self._here.send(one)

    def result(self, one: Picture) -> Outcome:
        """Return what came of the picture that was sent."""
        try:
            if self._here.poll(10 * LIMIT_S):
                return self._here.recv()
        except (EOFError, OSError):
            pass
        self.close()
        self._start()
        return Outcome(
            one.seed,
            one.kinds,
            str(one.truth),
            "crashed",
            f"no end after {10 * LIMIT_S} s, or the process died",
        )

    def close(self) -> None:
        self._process.kill()
        self._process.join()


def _read_on(pipe: Any) -> None:
    while True:
        pipe.send(outcome(pipe.recv()))


def read_all(pictures: Iterator[Picture]) -> Iterator[tuple[Picture, Outcome]]:
    """Read the pictures in another process, and make the next one meanwhile."""
    reader, waiting = Reader(), None
    for one in pictures:
        if waiting is not None:
            yield waiting, reader.result(waiting)
        reader.send(one)
        waiting = one
    if waiting is not None:
        yield waiting, reader.result(waiting)
    reader.close()
