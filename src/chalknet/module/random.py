"""A separate stream of torch's random numbers; those of the caller are left as they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch


class RandomStream:
    """The numbers that follow `torch.manual_seed(seed)`, drawn in one or several periods.

    Torch's initialisers and Dropout draw from the default generators and from nothing else, so a
    stream sets their state while it is active and saves it afterwards.

    Args:
        seed: any integer that `torch.manual_seed` takes.
        device: where random numbers are drawn; the CPU's are always among them.
    """

    def __init__(self, seed: int, device: torch.device | None = None) -> None:
        self._generators = [torch.default_generator]
        if device is not None and device.type == "cuda":
            self._generators.append(torch.cuda.default_generators[device.index or 0])
        self._states: list[torch.Tensor] = []
        with self._kept():
            for generator in self._generators:
                generator.manual_seed(seed)
            self._states = self._read()

    @contextmanager
    def active(self) -> Iterator[None]:
        """Let the body draw from this stream; the caller's generators are restored afterwards."""
        with self._kept():
            self._write(self._states)
            try:
                yield
            finally:
                self._states = self._read()

    def begin(self, seed: int) -> None:
        """Restart the numbers from a seed; within `active`."""
        for generator in self._generators:
            generator.manual_seed(seed)

    @property
    def states(self) -> tuple[torch.Tensor, ...]:
        """Return the position in the stream: a state for each generator, the CPU's first."""
        return tuple(state.clone() for state in self._states)

    def go_to(self, states: Sequence[torch.Tensor]) -> None:
        """Continue from these states; further generators keep their own."""
        self._states = [*(state.clone() for state in states), *self._states[len(states) :]][
            : len(self._generators)
        ]

    @contextmanager
    def _kept(self) -> Iterator[None]:
        found = self._read()
        try:
            yield
        finally:
            self._write(found)

    def _read(self) -> list[torch.Tensor]:
        return [generator.get_state() for generator in self._generators]

    def _write(self, states: list[torch.Tensor]) -> None:
        for generator, state in zip(self._generators, states, strict=True):
            generator.set_state(state)
