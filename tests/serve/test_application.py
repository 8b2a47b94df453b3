"""The application in this process: what takes too long, what should not happen, fits without names."""

import asyncio
import json
import socket
import sys

import numpy as np
import pytest
import torch
from tests.serve.served import ROW, keep_fit

import chalknet as cn
from chalknet.serving.application import ServingLimits, application_of

LIMITS = ServingLimits(1 << 20, 1000, 30.0)


def ask(application, body, *, stays=False, path="/predict", kind="application/json"):
    """Return the status and the JSON of an answer; a body that stays never comes whole."""
    sent, parts = [], [{"type": "http.request", "body": body, "more_body": stays}]

    async def receive():
        if not parts:
            await asyncio.Event().wait()
        return parts.pop()

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": path, "root_path": "", "query_string": b"",
        "headers": [(b"content-type", kind.encode())], "scheme": "http", "server": ("here", 80),
    }  # fmt: skip
    asyncio.run(application(scope, receive, send))
    return sent[0]["status"], json.loads(b"".join(each.get("body", b"") for each in sent[1:]))


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return keep_fit(tmp_path_factory.mktemp("application") / "run")


def test_a_body_that_does_not_come_is_waited_for_no_longer_than_the_limit(result):
    application = application_of(result, ServingLimits(1000, 10, 0.05))
    status, answer = ask(application, b"{", stays=True)
    assert status == 503 and answer["error"]["got"].startswith("more than 0.05 s")


def test_what_should_not_happen_is_told_as_json(result, monkeypatch):
    application = application_of(result, LIMITS)
    monkeypatch.setattr("chalknet.serving.application.json_request", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):  # which uvicorn logs, once it was answered
        ask(application, b"{}")
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"{}", "more_body": False}

    scope = {
        "type": "http", "method": "POST", "path": "/predict", "root_path": "", "query_string": b"",
        "headers": [], "scheme": "http", "server": ("here", 80),
    }  # fmt: skip
    with pytest.raises(ZeroDivisionError):
        asyncio.run(application(scope, receive, send))
    assert sent[0]["status"] == 500 and json.loads(sent[1]["body"])["error"]["kind"] == "Refused"


@pytest.mark.parametrize(("unknown", "status"), [("missing", 200), ("most-frequent", 200), ("refuse", 422)])
def test_words_that_are_new_are_treated_as_the_server_was_told(result, unknown, status):
    found, answer = ask(
        application_of(result, LIMITS, unknown), json.dumps({**ROW, "island": "Mars"}).encode()
    )
    assert found == status
    if status == 200:
        wanted = cn.predict(
            result, {name: [value] for name, value in {**ROW, "island": "Mars"}.items()}, unknown=unknown
        )
        assert answer["notes"] == list(wanted.notes) and answer["notes"]
        assert answer["predictions"]["class"] == wanted.classes[0]


def test_rows_without_names_are_lists():
    x = torch.rand(20, 2, 2, generator=torch.Generator().manual_seed(1))
    result = cn.fit("2x2 -> flatten -> 1", (x, x.sum((1, 2))), loss="mse", updates=3)
    application = application_of(result, LIMITS)
    row, rows = x[0].tolist(), x[:3].tolist()
    wanted = cn.predict(result, x[:3].numpy()).values[:, 0]
    status, answer = ask(application, json.dumps(rows).encode())
    assert status == 200
    given = [each["yhat"] for each in answer["predictions"]]
    np.testing.assert_allclose(given, wanted, rtol=1e-6)  # JSON has float64, the tensor had float32
    assert ask(application, json.dumps(row).encode())[0] == 200
    for wrong in (
        [1, 2],
        [[1, 2, 3]],
        {"x": 1},
        [],
        [["a", "b"], ["c", "d"]],
        [[1], [2, 3]],
        [[True, 1], [1, 1]],
        1,
    ):
        status, answer = ask(application, json.dumps(wrong).encode())
        assert status in (400, 422) and "2 by 2 numbers" in answer["error"]["wanted"], wrong


def test_whole_numbers_are_the_bytes_of_pixels():
    x = torch.randint(0, 256, (20, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    result = cn.fit("3 -> 1", cn.load((x, torch.arange(20.0))), loss="mse", updates=3)
    status, answer = ask(application_of(result, LIMITS), json.dumps(x[:2].tolist()).encode())
    assert status == 200
    wanted = cn.predict(result, x[:2]).values[:, 0]
    assert np.array([row["yhat"] for row in answer["predictions"]], np.float32).tolist() == wanted.tolist()


def test_a_port_that_is_taken_is_an_error_of_ours(result):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(cn.FileProblem, match=rf"port {port} of 127.0.0.1.*--port"):
            cn.serve(result, port=port)


@pytest.mark.parametrize(
    "wrong",
    [{"port": 70_000}, {"workers": 0}, {"max_rows": 0.5}, {"max_seconds": 0}, {"host": ""}, {"unknown": "x"}],
)
def test_an_option_that_cannot_be_is_refused_before_anything_is_served(result, wrong):
    with pytest.raises((cn.InvalidValue, cn.UnknownName), match=next(iter(wrong))):
        cn.serve(result, **wrong)


def test_a_package_that_is_missing_is_named_with_the_line_that_installs_it(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(cn.MissingPackage, match=r'no package uvicorn.*pip install "chalknet\[serve\]"'):
        cn.serve(result)
