"""Histories sent to TensorBoard and MLflow, read back by their own readers."""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

import chalknet as cn
from chalknet.errors import InvalidValue, MissingPackage, Refused, UnknownName
from chalknet.training.evaluation import Evaluation
from chalknet.training.history import History, Outcome
from chalknet.training.logs import feeds as log

pytestmark = pytest.mark.slow  # the packages take a second each to load

X = torch.linspace(-1, 1, 40)
FIT = {"loss": "mse", "lr": 0.05, "batch_size": 8, "engine": "eager"}


def line():
    return cn.read("1 -> 1")


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    from mlflow.tracking import MlflowClient

    return MlflowClient()


def scalars(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    found = {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    texts = {tag: events.Tensors(tag)[-1].tensor_proto.string_val for tag in ("plan", "outcome")}
    return found, {tag: text[0].decode() for tag, text in texts.items()}, events


def rows(history):
    return [(u, pytest.approx(loss, rel=1e-6)) for u, loss in zip(history.updates, history.loss, strict=True)]


def test_tensorboard_has_every_row_the_evaluations_the_plan_and_the_outcome(tmp_path):
    folder = tmp_path / "tb" / "first"
    result = cn.fit(
        line(),
        (X, 2 * X),
        updates=30,
        record_every=3,
        evaluate_every=10,
        held_out=0.2,
        log=f"tensorboard:{folder}",
        **FIT,
    )
    found, texts, events = scalars(folder)
    assert found["loss"] == rows(result.history) and len(found["loss"]) == 10
    for name in ("train", "held_out"):
        expected = [
            (e.updates, pytest.approx(getattr(e, name), rel=1e-6)) for e in result.history.evaluations
        ]
        assert found[f"{name}_error"] == expected and len(expected) == 3
    assert "finished" in texts["outcome"] and "engine     eager" in texts["plan"]
    from tensorboard.plugins.hparams.metadata import parse_session_start_info_plugin_data as parse

    said = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    values = parse(said).hparams
    assert values["lr"].number_value == 0.05 and values["optimizer"].string_value == "sgd"
    assert values["shuffle"].bool_value is False
    assert not result.plan.notes


def test_mlflow_has_every_row_the_evaluations_the_plan_and_the_outcome(mlflow):
    result = cn.fit(
        line(), (X, 2 * X), updates=30, evaluate_every=10, momentum=0.5, log=["mlflow:lines: a"], **FIT
    )
    (run,) = mlflow.search_runs([mlflow.get_experiment_by_name("lines: a").experiment_id])
    found = mlflow.get_metric_history(run.info.run_id, "loss")
    assert [(m.step, m.value) for m in found] == rows(result.history)
    evaluations = mlflow.get_metric_history(run.info.run_id, "train_error")
    assert [(m.step, m.value) for m in evaluations] == [
        (e.updates, e.train) for e in result.history.evaluations
    ]
    assert run.data.params["batch_size"] == "8" and run.data.params["momentum"] == "0.5"
    assert run.info.status == "FINISHED" and "finished" in run.data.tags["outcome"]


def test_a_run_that_goes_on_goes_on_in_the_same_logs_and_writes_no_row_twice(tmp_path, mlflow):
    logs = [f"tensorboard:{tmp_path / 'tb'}", "mlflow:lines"]
    out = tmp_path / "run"

    def stop(progress):
        if progress.updates == 40:
            os.kill(os.getpid(), signal.SIGINT)

    stopped = cn.fit(
        line(),
        (X, 2 * X),
        updates=90,
        out=out,
        checkpoint_every=10,
        log=logs,
        on_progress=stop,
        target_loss=0.0,
        **FIT,
    )
    done = stopped.history.updates[-1]
    assert stopped.outcome is cn.Outcome.INTERRUPTED and done == 41
    (run,) = mlflow.search_runs([mlflow.get_experiment_by_name("lines").experiment_id])
    assert run.info.status == "KILLED"
    newest = max((out / "checkpoints").glob("*.safetensors"))
    newest.write_bytes(b"")  # the one before is taken: what was logged after it is logged once more
    result = cn.resume(out, data=(X, 2 * X))
    assert "gone on from update 40" in str(result.plan.reasons) and len(result.history) == 90
    found, texts, _ = scalars(tmp_path / "tb")
    assert found["loss"] == rows(result.history)
    assert "finished" in texts["outcome"]
    (run,) = mlflow.search_runs([mlflow.get_experiment_by_name("lines").experiment_id])
    metrics = mlflow.get_metric_history(run.info.run_id, "loss")
    assert [(m.step, m.value) for m in metrics] == rows(result.history)
    assert run.info.status == "FINISHED"


def test_a_new_fit_in_the_same_folder_of_tensorboard_takes_the_place_of_the_old_one(tmp_path):
    for updates in (20, 10):
        cn.fit(line(), (X, 2 * X), updates=updates, log=f"tensorboard:{tmp_path}", **FIT)
    assert [step for step, _ in scalars(tmp_path)[0]["loss"]] == list(range(1, 11))


@pytest.mark.parametrize(
    ("asked", "kind", "words"),
    [
        ("tensorbord:a", UnknownName, "Did you mean tensorboard?"),
        ("mlflow", InvalidValue, "wanted mlflow:EXPERIMENT"),
        ("tensorboard:", InvalidValue, "wanted tensorboard:DIR"),
        (["tensorboard:a", "csv:b"], UnknownName, "unknown kind of log 'csv'"),
    ],
)
def test_what_is_no_log_is_refused_before_the_first_update(asked, kind, words, tmp_path):
    with pytest.raises(kind) as found:
        cn.fit(line(), (X, X), updates=3, log=asked, out=tmp_path / "run", **FIT)
    assert words in str(found.value) and not (tmp_path / "run").exists()


@pytest.mark.parametrize("kind", ["tensorboard", "mlflow"])
def test_a_missing_package_is_told_with_its_install_line_before_the_first_update(kind, monkeypatch):
    monkeypatch.delitem(sys.modules, f"chalknet.training.logs.{kind}_log", raising=False)
    for name in [name for name in sys.modules if name.split(".")[0] == kind] + [kind]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingPackage) as found:
        cn.fit(
            line(), (X, X), updates=3, log=f"{kind}:there", on_progress=lambda _: pytest.fail("began"), **FIT
        )
    assert f'pip install "chalknet[{kind}]"' in str(found.value)


def test_a_folder_that_cannot_be_written_is_told_before_the_first_update(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(cn.ChalknetError, match="a folder that exists and is yours"):
        cn.fit(line(), (X, X), updates=3, log=f"tensorboard:{tmp_path / 'file' / 'tb'}", **FIT)


def test_a_server_that_nobody_answers_for_is_told_at_once(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(
        Refused, match=r"log mlflow at http://127.0.0.1:9: got .*refused.*MLFLOW_TRACKING_URI"
    ):
        cn.fit(line(), (X, X), updates=3, log="mlflow:lines", **FIT)


class Server(BaseHTTPRequestHandler):
    """A tracking server that breaks after it has taken some metrics."""

    taken = 0

    def do_GET(self):
        self.answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"})

    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        info = {"run_id": "7", "run_uuid": "7", "experiment_id": "1", "status": "RUNNING"}
        info |= {"artifact_uri": "a", "start_time": 0, "lifecycle_stage": "active"}
        if "metrics" in said:
            if Server.taken:
                return self.answer(500, {"error_code": "INTERNAL_ERROR", "message": "the disk is full"})
            Server.taken += len(said["metrics"])
        return self.answer(200, {"experiment_id": "1", "run": {"info": info, "data": {}}})

    def answer(self, code, content):
        body = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


def test_a_server_that_fails_in_mid_run_does_not_end_the_fit_and_is_told_at_the_end(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr(log, "_EVERY_S", 0.0)
    Server.taken = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
        result = cn.fit(line(), (X, 2 * X), updates=3000, log="mlflow:lines", out=tmp_path / "run", **FIT)
        server.shutdown()
    assert result.outcome is cn.Outcome.FINISHED and len(result.history) == 3000
    (note,) = result.notes
    assert note.startswith(f"log mlflow:lines: {3000 - Server.taken:,} of 3,000 rows") and "500 error" in note
    assert f"note: {note}" in str(result) and note in cn.load_run(tmp_path / "run").notes


class Stuck:
    """A log that does not answer until it is let go."""

    key = "stuck"

    def __init__(self):
        self.go, self.rows = threading.Event(), []

    def write(self, rows):
        assert self.go.wait(10)
        self.rows += rows.updates

    def close(self, outcome):
        self.outcome = outcome


def history_of(updates):
    history = History("error")
    for update in range(1, updates + 1):
        history.append(update, update, update, update, 0.5)
    return history


def test_a_log_that_does_not_answer_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(log, "_PATIENCE_S", 0.01)
    monkeypatch.setattr(log, "_EVERY_S", 0.0)
    stuck = Stuck()
    feed = log.LogFeed("mlflow:a", stuck)
    for updates in range(1, 50):
        feed.see(history_of(updates))
    (note,) = feed.end(history_of(60), Outcome.FINISHED)
    assert note == "log mlflow:a: 60 of 60 rows, and how the fit ended, were not written (no answer so far)"
    stuck.go.set()


def test_rows_that_come_too_fast_are_left_out_evenly_and_told(monkeypatch):
    monkeypatch.setattr(log, "_MOST_ROWS_AT_THE_END", 100)
    free = Stuck()
    free.go.set()
    (note,) = log.LogFeed("tensorboard:a", free).end(history_of(1001), Outcome.FINISHED)
    assert free.rows == list(range(1, 1002))[::-1][::11][::-1] and free.rows[-1] == 1001
    assert note == "log tensorboard:a: 910 of 1,001 rows were left out, evenly, to keep up with the fit"


def test_a_history_that_grows_meanwhile_is_written_once():
    free = Stuck()
    free.go.set()
    feed, history = log.LogFeed("tensorboard:a", free), history_of(5)
    history.append_evaluation(Evaluation(5, 5, 5.0, 0.1, None))
    assert feed.end(history, Outcome.FINISHED) == () and free.rows == [1, 2, 3, 4, 5]
    history.append(6, 6, 6, 6, 0.5)
    assert feed.end(history, Outcome.DIVERGED) == () and free.rows == [1, 2, 3, 4, 5, 6]
    assert (feed.evaluation, free.outcome) == (1, Outcome.DIVERGED)
