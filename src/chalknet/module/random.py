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
        self._devices = [device.index or 0] if device is not None and device.type == "cuda" else []
        self._generators = [
            torch.default_generator,
            *(torch.cuda.default_generators[index] for index in self._devices),
        ]
        with torch.random.fork_rng(self._devices):
            self.begin(seed)
            self._states = self._read()

    @contextmanager
    def active(self) -> Iterator[None]:
        """Let the body draw from this stream; the caller's generators are restored afterwards."""
        with torch.random.fork_rng(self._devices):
            for generator, state in zip(self._generators, self._states, strict=True):
                generator.set_state(state)
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

    def _read(self) -> list[torch.Tensor]:
        return [generator.get_state() for generator in self._generators]
