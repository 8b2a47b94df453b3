"""A history as a run of MLflow, by MLflow's own client; where it goes is MLflow's own setting."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import mlflow
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from chalknet.errors import Refused
from chalknet.planning import Plan
from chalknet.training.history import Outcome
from chalknet.training.logs.feeds import Rows, facts

_METRICS_AT_A_TIME, _LONGEST_VALUE, _LONGEST_WAIT_S = 1000, 500, 5.0
_STATUS = {
    Outcome.FINISHED: "FINISHED",
    Outcome.TARGET_REACHED: "FINISHED",
    Outcome.DIVERGED: "FAILED",
    Outcome.INTERRUPTED: "KILLED",
    None: "FAILED",
}


class MlflowLog:
    """One run of an experiment.

    Args:
        client: MLflow's.
        key: the id of the run.
        done: updates whose losses are there already; they are not written twice.
    """

    def __init__(self, client: MlflowClient, key: str, done: int) -> None:
        self.key = key
        self._client, self._done = client, done

    def write(self, rows: Rows) -> None:
        """Write each number under its name, at the number of updates."""
        metrics = [
            Metric(name, value, int(1000 * time.time()), updates)
            for name, updates, _, value in rows.values()
            if updates > self._done
        ]
        for first in range(0, len(metrics), _METRICS_AT_A_TIME):
            self._client.log_batch(self.key, metrics=metrics[first : first + _METRICS_AT_A_TIME])

    def close(self, outcome: Outcome | None) -> None:
        """Write how the fit ended."""
        if outcome is not None:
            self._client.set_tag(self.key, "outcome", str(outcome))
        self._client.set_terminated(self.key, _STATUS[outcome])


def begin(place: str, plan: Plan, key: str | None, updates: int) -> MlflowLog:
    """Return the log in an experiment, which is made if need be.

    Args:
        place: the name of the experiment.
        plan: what was decided.
        key: the id of the run that goes on, or None for a new one.
        updates: updates that were made before.

    Raises:
        Refused: when MLflow cannot begin it, with what it says.
    """
    _check_reachable(mlflow.get_tracking_uri())
    try:
        client = MlflowClient()
        if key is not None:
            client.update_run(key, status="RUNNING")
            written = client.get_metric_history(key, "loss")
            return MlflowLog(client, key, max((metric.step for metric in written), default=0))
        experiment = client.get_experiment_by_name(place)
        number = client.create_experiment(place) if experiment is None else experiment.experiment_id
        run = client.create_run(number)
        params = [Param(name, str(value)[:_LONGEST_VALUE]) for name, value in facts(plan).items()]
        client.log_batch(run.info.run_id, params=params)
        return MlflowLog(client, run.info.run_id, 0)
    except MlflowException as problem:
        raise _refused(str(problem).splitlines()[0]) from problem


def _check_reachable(uri: str) -> None:
    """Refuse at once a server that does not answer; MLflow itself retries for minutes."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or parts.hostname is None:
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), _LONGEST_WAIT_S).close()
    except OSError as problem:
        raise _refused(problem.strerror or str(problem)) from problem


def _refused(what: str) -> Refused:
    return Refused(
        where=f"log mlflow at {mlflow.get_tracking_uri()}",
        got=what,
        wanted="a place that MLflow can write to",
        remedy="Set MLFLOW_TRACKING_URI to your server; mlflow brings a database, mlflow-skinny none.",
    )
