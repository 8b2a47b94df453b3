"""What an engine is: can it run this plan, and if so, a session that advances by k updates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn

from chalknet.data import Batches, Source
from chalknet.engine.rates import Rates
from chalknet.engine.state import SessionState
from chalknet.errors import Refused
from chalknet.network import Network
from chalknet.planning import Placement, Plan, Recipe


@dataclass(frozen=True)
class Advance:
    """The result of one `advance`.

    Args:
        losses: the loss of each update, in order; numbers, never device tensors. A session
            stops early after a loss that is no number.
        elapsed_s: training time, including the wait for the device.
    """

    losses: tuple[float, ...]
    elapsed_s: float


@dataclass(frozen=True)
class StartupCost:
    """What starting an engine costs, and how fast it is at least, before it has been measured.

    Args:
        start_s: seconds until its first update; 0 once it has started in this process.
        once_s: seconds of compiling in addition, once on this machine; 0 when compiled code is on disk.
        times_as_fast: the smallest speed-up over `eager` on the same device in the published benchmarks.
    """

    start_s: float = 0.0
    once_s: float = 0.0
    times_as_fast: float = 1.0


_INITIALISE_S = 2.0  # assumed, not measured: the context and libraries of a GPU, once a process


def initialise_s(device: str) -> float:
    """Return roughly how many seconds a device takes to initialise in this process."""
    ready = device == "cpu" or torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return 0.0 if ready else _INITIALISE_S


def refused(engine: str, got: str, wanted: str, remedy: str) -> Refused:
    """Return the error of an engine for what it cannot run."""
    return Refused(where=f"engine {engine}", got=got, wanted=wanted, remedy=remedy)


class Session(Protocol):
    """A running fit: it alone holds the state that changes."""

    @property
    def module(self) -> nn.Module:
        """Return the module with the weights of the last whole update."""

    @property
    def rates(self) -> Rates:
        """Return the learning rates, of which a plateau changes the first one between two updates."""

    @property
    def compile_s(self) -> float:
        """Return the seconds spent compiling or loading compiled code; not training time."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the session had to change during the fit, a sentence each."""

    def advance(self, updates: int) -> Advance:
        """Make this many updates in one go; the losses are fetched once, at the end."""

    def held_to(self, source: Source) -> Callable[[], float] | None:
        """Return what computes the mean loss over all of a source faster than torch; None where nothing does.

        Args:
            source: samples as the batches have them.
        """

    def state(self) -> SessionState:
        """Return everything that the next update depends on, after the last complete update."""

    def restore(self, state: SessionState) -> None:
        """Continue from a state, of this engine or another one; bit for bit as if it had never stopped."""


class Engine(Protocol):
    """A way to run a plan."""

    name: str
    stops_at_target: bool  # whether an advance ends with the update that reached the recipe's target

    def refusals(self, network: Network | None, recipe: Recipe, placement: Placement) -> tuple[str, ...]:
        """Return the reasons why this engine cannot run it; empty when it can."""

    def startup_cost(self, network: Network | None, recipe: Recipe, placement: Placement) -> StartupCost:
        """Return what starting costs now, for a plan that it does not refuse."""

    def open(self, plan: Plan, batches: Batches, module: nn.Module | None) -> Session:
        """Return a session before its first update; without a module the plan's network is built."""
