"""A fit that a tab plays, pauses and steps through, in its own thread; racing fits take turns."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

import chalknet as cn
from chalknet.lang import _
from chalknet.studio.history import Snapshot, SnapshotEvaluation, Trace
from chalknet.studio.regions import Pair, SnapshotModel, copied_weights, evaluate

PICTURES_A_SECOND = 30
_EVALUATION_SHARE = 0.15  # the share of the time for evaluations
MOST_EVALUATED = 2_000  # evenly spaced samples for an evaluation during updates; when paused, all
_ENDLESS = 10**12  # updates: the user ends a fit
_MOST_THREADS = 64  # of all tabs together
_NAME = "studio-fit"


@dataclass(frozen=True)
class FitSetting:
    """The network, data and recipe of a fit.

    Args:
        network: with a width for every layer.
        train: the inputs of the network, `(rows, features)`, and the targets.
        held_out: the same for the held-out samples; None if there are none.
        loss: its name.
        seed: of the weights and the sample orders.
        options: further options of `cn.fit`: optimizer, lr, batch_size, device, ...
    """

    network: cn.Network
    train: Pair
    held_out: Pair | None
    loss: str
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def updates_per_epoch(self) -> int:
        """Return the number of updates in an epoch."""
        size = self.options.get("batch_size") or len(self.train[0])
        return -(-len(self.train[0]) // min(size, len(self.train[0])))


class Turns:
    """Turns for racing fits, in the order of their requests: only one uses the processor at a time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._asking: deque[object] = deque()

    def take(self, racer: object) -> None:
        """Wait until earlier requests have had their turn."""
        with self._changed:
            self._asking.append(racer)
            self._changed.wait_for(lambda: self._asking[0] is racer)

    def give(self, racer: object) -> None:
        """End the turn of a fit; does nothing if it has none."""
        with self._changed:
            if self._asking and self._asking[0] is racer:
                self._asking.popleft()
                self._changed.notify_all()


class LiveFit:
    """A fit that is paused until it is told how far to go.

    The results are those of `cn.fit` with the same options, no matter how often it pauses.

    Args:
        setting: the network, data and recipe.
        turns: shared with the fits that it races; None for a single fit.

    Attributes:
        trace: the moments so far.

    Example:
        >>> import numpy as np
        >>> import chalknet as cn
        >>> from chalknet.studio.training import FitSetting, LiveFit
        >>> x = np.linspace(-1, 1, 50, dtype=np.float32)[:, None]
        >>> fit = LiveFit(FitSetting(cn.read("1 -> 1"), (x, 2 * x), None, "mse", options={"lr": 0.5}))
        >>> fit.go_to(40)
        >>> fit.wait()
        >>> fit.trace.last.updates
        40
        >>> fit.close()
    """

    def __init__(self, setting: FitSetting, turns: Turns | None = None) -> None:
        self.setting = setting
        self.model = SnapshotModel(setting.network, setting.loss, setting.seed)
        self._why_ended: Callable[[], str] = str
        self._turns = turns
        self._changed = threading.Condition()
        self._until, self._rate, self._closed = 0, 0.0, False
        self._thread: threading.Thread | None = None
        self._evaluation_s, self._began, self._shown_at = 0.0, perf_counter(), perf_counter()
        self._some = _some(setting.train), None if setting.held_out is None else _some(setting.held_out)
        weights = self.model.weights()
        first = evaluate(self.model, weights, setting.train, setting.held_out)
        self.trace = Trace(Snapshot(0, 0, 0.0, float("nan"), first, weights))

    @property
    def problem(self) -> str:
        """Return why it failed, in the current language; empty if it did not."""
        return self._why_ended()

    @property
    def is_running(self) -> bool:
        """Return whether updates remain to be made."""
        return self.trace.last.updates < self._until and not self.problem and not self._closed

    def go_to(self, updates: int, rate: float = 0.0) -> None:
        """Run up to a number of updates, counted from the beginning.

        Args:
            updates: where to stop; a number already reached stops it now.
            rate: the maximum number of updates per second; 0 for no limit.

        Raises:
            Refused: if the maximum number of fits is running already.
        """
        if self._thread is None and updates > 0:
            self._start()
        with self._changed:
            self._until, self._rate = updates, rate
            self._changed.notify_all()

    def set_rate(self, rate: float) -> None:
        """Set the maximum number of updates per second; 0 for no limit."""
        with self._changed:
            self._rate = rate
            self._changed.notify_all()

    def pause(self) -> None:
        """Stop after the updates in progress."""
        self.go_to(min(self._until, self.trace.last.updates), self._rate)

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until it is paused."""
        with self._changed:
            self._changed.wait_for(lambda: not self.is_running, seconds)

    def close(self) -> None:
        """End the fit; its thread ends after the updates in progress."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self, seconds: float) -> None:
        """Wait until the thread of a closed fit has ended."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _start(self) -> None:
        running = [thread for thread in threading.enumerate() if thread.name == _NAME]
        if len(running) >= _MOST_THREADS:
            raise cn.Refused(
                where=_("the fit"),
                got=_("{n} fits that are running in other tabs").format(n=len(running)),
                wanted=_("at most {n} at once").format(n=_MOST_THREADS),
                remedy=_("Close tabs that are not needed, or reset their fits."),
            )
        self._began = perf_counter()
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), name=_NAME, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        setting = self.setting
        options = {
            "updates": _ENDLESS, **setting.options, "record_every": _ENDLESS, "progress": False,
            "on_progress": self._on_progress, "held_out": None,
        }  # fmt: skip
        try:
            result = cn.fit(setting.network, setting.train, loss=setting.loss, seed=setting.seed, **options)
            if result.outcome is cn.Outcome.DIVERGED:
                self._why_ended = _infinite
        except cn.ChalknetError as problem:
            self._why_ended = partial(str, problem)
        finally:
            self._end()

    def _end(self) -> None:
        if self._turns is not None:
            self._turns.give(self)
        with self._changed:
            if not self.problem and not self._closed:
                self._why_ended = _ended
            self._changed.notify_all()

    def _on_progress(self, progress: cn.Progress) -> object:
        """Store the moment, wait until updates are wanted, and return how many."""
        before = self.trace.last
        self.trace.add(self._moment(progress))
        if self._turns is not None:
            self._turns.give(self)
        made, took = progress.updates - before.updates, progress.seconds - before.seconds
        count = self._count(progress.updates, made, took)
        if count == 0:
            return progress.stop()
        if self._turns is not None:
            self._turns.take(self)
        return progress.after(count)

    def _count(self, updates: int, made: int, took: float) -> int:
        """Return how many updates to make next, once some are wanted and due; 0 if the fit was closed.

        Args:
            updates: the number made.
            made: the number since the last call.
            took: the training time of these in seconds.
        """
        with self._changed:
            due = self._shown_at + made / self._rate if self._rate else 0.0
            while not self._closed:
                if updates >= self._until:
                    self._changed.notify_all()
                    self._changed.wait()
                elif self._rate and due > perf_counter():
                    self._changed.wait(due - perf_counter())
                else:
                    break
            self._shown_at = perf_counter()
            rate = self._rate or made / max(took, 1e-9)
            wanted = max(1, min(int(rate / PICTURES_A_SECOND), self._until - updates))
            return 0 if self._closed else wanted

    def _moment(self, progress: cn.Progress) -> Snapshot:
        assert progress.module is not None
        weights = copied_weights(progress.module)
        began, found = perf_counter(), SnapshotEvaluation()
        if progress.updates >= self._until:
            found = evaluate(self.model, weights, self.setting.train, self.setting.held_out)
        elif self._evaluation_s <= _EVALUATION_SHARE * (began - self._began):
            found = evaluate(self.model, weights, *self._some)
            self._evaluation_s += perf_counter() - began
        return Snapshot(progress.updates, progress.samples, progress.seconds, progress.loss, found, weights)


def _infinite() -> str:
    return _("The loss or a weight became infinite. Take a smaller learning rate and reset.")


def _ended() -> str:
    return _("The fit ended. Reset to begin anew.")


def _some(pair: Pair) -> Pair:
    """Return the evenly spaced samples that are evaluated during updates."""
    step = -(-len(pair[0]) // MOST_EVALUATED)
    return pair[0][::step].copy(), pair[1][::step].copy()
