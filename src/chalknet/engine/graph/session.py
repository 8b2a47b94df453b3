"""A running fit by replays: the graphs, and the tensors that they read and write."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from time import perf_counter

import torch
from torch import nn

from chalknet.data import Batches, Source
from chalknet.engine.eager import opened_module
from chalknet.engine.engine import Advance
from chalknet.engine.graph.captured_inputs import CapturedInputs, put_back, refuse_hooks
from chalknet.engine.graph.programs import LARGEST_PROGRAM, Program, Programs, longest_that_pays
from chalknet.engine.graph.recorder import Recorder
from chalknet.engine.graph.sample_buffers import buffer_for
from chalknet.engine.graph.updates import Updates
from chalknet.engine.orders import Orders, Rows
from chalknet.engine.rates import Rates
from chalknet.engine.state import SessionState, named, refill, slots_of, weights_of
from chalknet.module import DEFAULT_GENERATORS, RandomStream
from chalknet.planning import Plan

_REHEARSALS = 3  # torch's own number of warm-up runs before a capture


class GraphSession:
    """One fit by replays of captured updates.

    Weights, buffers, optimizer state, the samples of a replay and its losses are in tensors whose addresses
    stay the same; all other memory belongs to the graphs.

    Args:
        plan: what was decided.
        batches: the samples in their order.
        module: the module that is fitted, or None to build the plan's network.
        recorder: warms up and captures on the plan's device.

    Attributes:
        module: holds the weights of the last update.
        compile_s: seconds spent on warm-up, capture and copying the data to the device.
    """

    def __init__(self, plan: Plan, batches: Batches, module: nn.Module | None, recorder: Recorder) -> None:
        self._device = torch.device(plan.placement.device)
        self._stream = RandomStream(plan.recipe.seed, self._device)
        self.module = opened_module(plan, module, self._stream)
        self.notes: tuple[str, ...] = ()
        self.rates = Rates(plan)
        self._named = named(plan, self.module)
        self._batches, self._orders = batches, Orders(batches, self._stream)
        self._done = 0
        self._begun = False  # whether the optimizer has made its first update
        refuse_hooks(self.module)
        started = perf_counter()
        self._buffer = buffer_for(batches, self._device, recorder.free_bytes())
        losses = torch.empty(LARGEST_PROGRAM, dtype=torch.float64, device=self._device)
        self._updates = Updates(self.module, plan.recipe, self._buffer, losses)
        own_source = batches.source.is_repeatable
        self._drawing = self._stream.for_updates(
            self.module, self._updates.loss.module, others=not own_source
        )
        self._in_order = _tiled(batches, self._buffer.rows)
        self._last_rows: tuple[Rows, torch.Tensor] | None = None
        self._replays: dict[Program, Callable[[], None]] = {}
        self._programs = self._capture(plan, recorder)
        self._places = {
            name: self._updates.optimizer.state.get(parameter, {})
            for name, parameter in self._named.named_parameters()
        }
        refill(self._places, {})
        self.compile_s = perf_counter() - started

    def advance(self, updates: int) -> Advance:
        """Make this many updates; the losses are fetched once, up to the first that is no number."""
        losses = torch.empty(updates, dtype=torch.float64, device=self._device)
        started = perf_counter()
        made = 0
        while made < updates:
            order, ahead, some = self._orders.ahead(self._done, updates - made)
            self._buffer.begin(self._rows(order))
            with self._drawing():
                self._make(ahead, losses[made : made + some])
            made += some
        found = losses.tolist()  # waits for the device
        kept = next((at + 1 for at, loss in enumerate(found) if not math.isfinite(loss)), updates)
        return Advance(tuple(found[:kept]), perf_counter() - started)

    def held_to(self, source: Source) -> None:
        """Return None: torch itself evaluates here."""

    def state(self) -> SessionState:
        """Return everything that the next update depends on."""
        return SessionState(
            updates=self._done,
            order=self._orders.order,
            weights=weights_of(self._named),
            slots=slots_of(self._updates.optimizer, self._named) if self._begun else {},
            random=self._stream.states,
        )

    def restore(self, state: SessionState) -> None:
        """Continue from a state, of this engine or another one; it is copied into the graphs' tensors."""
        self._named.load_state_dict(dict(state.weights))
        refill(self._places, state.slots)
        self._begun = any(state.slots.values())
        self._stream.go_to(state.random)
        self._orders.go_to(state.updates, state.order)
        self._done = state.updates

    def _make(self, ahead: int, losses: torch.Tensor) -> None:
        """Make an update for each loss.

        Args:
            ahead: the number of the first batch, counted from where the row numbers begin.
            losses: where the losses go, `(updates,)`.
        """
        made = 0
        while made < len(losses):
            program = self._programs.next(self._done, len(losses) - made if self._begun else 1)
            self._buffer.fill(self._position(ahead + made), sum(program))
            if self._begun:
                self._replays[program]()
            else:
                self._begin(program)
            losses[made : made + len(program)].copy_(self._updates.losses[: len(program)])
            made += len(program)
            self._done += len(program)

    def _begin(self, program: Program) -> None:
        """Make the optimizer's first update without a graph.

        With momentum it differs from the later ones: the momentum starts as the gradient itself.
        """
        optimizer = self._updates.optimizer
        places = dict(optimizer.state)
        optimizer.state.clear()
        self._updates(program)
        for parameter, by_slot in places.items():
            for slot, place in by_slot.items():
                place.copy_(optimizer.state[parameter][slot])
        optimizer.state.update(places)
        self._begun = True

    def _capture(self, plan: Plan, recorder: Recorder) -> Programs:
        """Warm up and capture all programs, and restore everything."""
        random = self._stream.states
        self._buffer.begin(self._in_order)
        self._buffer.fill(0, self._buffer.rows)
        with DEFAULT_GENERATORS, put_back(self.module), self._drawing():  # one capture at a time
            per_update_s = self._rehearse(recorder)
            most = longest_that_pays(plan, per_update_s, self._buffer.most_updates)
            programs = Programs(self._batches, most)
            for program in programs.all:
                self._replays[program] = recorder.record(partial(self._updates, program))
        self._stream.go_to(random)
        return programs

    def _rehearse(self, recorder: Recorder) -> float:
        """Make updates of each length as they will be captured; return the seconds of a whole one."""
        seconds: list[float] = []
        for program in Programs(self._batches, 1).all:
            for turn in range(_REHEARSALS):
                last = turn == _REHEARSALS - 1
                seconds.append(recorder.rehearse(partial(self._updates, program), watched=last))
                if len(seconds) == 1:  # what a first update sets up may stay
                    # kept: the graphs read what it holds
                    self._captured_inputs = CapturedInputs(self.module, self._device)
        self._captured_inputs.refuse_changes()
        return min(seconds[:_REHEARSALS])

    def _rows(self, order: Rows) -> torch.Tensor:
        """Return the row numbers of the next epochs, one epoch after the other."""
        if not len(order):
            return self._in_order
        if self._last_rows is None or self._last_rows[0] is not order:
            epochs = torch.from_numpy(order).view(-1, len(self._batches.source))
            self._last_rows = order, epochs[:, : self._batches.samples_per_epoch].reshape(-1)
        return self._last_rows[1]

    def _position(self, batch: int) -> int:
        epoch, index = divmod(batch, self._batches.updates_per_epoch)
        return (epoch if self._batches.shuffle else 0) * self._batches.samples_per_epoch + (
            index * self._batches.size
        )


def _tiled(batches: Batches, rows: int) -> torch.Tensor:
    """Return the row numbers of an epoch in order, repeated so that this many follow on each of them."""
    n = batches.samples_per_epoch
    return torch.arange(n).repeat(1 + -(-rows // n))
