"""A history as TensorBoard's event files, by TensorBoard's own writer."""

from __future__ import annotations

import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from chalknet.errors import writing
from chalknet.planning import Plan
from chalknet.training.history import Outcome
from chalknet.training.logs.feeds import Rows, facts


class TensorBoardLog:
    """One folder of event files; each fit adds one, which takes the place of the steps from where it begins.

    Args:
        folder: where the files are.
        plan: written as the run's hyperparameters.
        updates: updates that were made before; 0 for a fit that begins.
    """

    def __init__(self, folder: Path, plan: Plan, updates: int) -> None:
        self.key = str(folder)
        self._writer = EventFileWriter(self.key)
        self._began_s = time.time()
        # What an earlier fit wrote here from this step on is no longer shown.
        self._add(updates + 1 if updates else 0, session_log=SessionLog(status=SessionLog.START))
        self._add(0, summary=hparams_pb(facts(plan), start_time_secs=self._began_s))
        self._add(0, summary=text_pb("plan", "\n".join(f"    {line}" for line in str(plan).splitlines())))
        self._writer.flush()

    def write(self, rows: Rows) -> None:
        """Write each number under its name, at the number of updates, and bring them to the file."""
        for name, updates, _, value in rows.values():
            self._add(updates, summary=Summary(value=[Summary.Value(tag=name, simple_value=value)]))
        self._writer.flush()

    def close(self, outcome: Outcome | None) -> None:
        """Write how the fit ended."""
        if outcome is not None:
            self._add(0, summary=text_pb("outcome", str(outcome)))
        self._writer.close()

    def _add(self, updates: int, **what: object) -> None:
        self._writer.add_event(Event(step=updates, wall_time=time.time(), **what))


def begin(place: str, plan: Plan, key: str | None, updates: int) -> TensorBoardLog:
    """Return the log in a folder, which is made if need be.

    Args:
        place: the folder, as it was asked for.
        plan: what was decided.
        key: the folder of a fit that goes on, or None.
        updates: updates that were made before.

    Raises:
        FileProblem: when it cannot be written.
    """
    folder = Path(key or place).absolute()
    with writing(folder):
        return TensorBoardLog(folder, plan, updates)
