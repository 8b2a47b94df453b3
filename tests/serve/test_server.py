"""A server in a process of its own answers a real client as `predict` does, and refuses what does not fit."""

import csv
import io
import json
import random
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.serve.served import NAMES, ROW, keep_fit, serving

import chalknet as cn

JSON = "application/json"
MOST_ROWS, MOST_BYTES = 300, 20_000


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "run"
    keep_fit(folder)
    return folder


@pytest.fixture(scope="module")
def server(run):
    with serving(run, "--max-rows", str(MOST_ROWS), "--max-bytes", str(MOST_BYTES)) as found:
        yield found


def said(run, rows):
    """Return what `predict` says of rows, as JSON has it."""
    found = cn.predict(run, {name: [row[name] for row in rows] for name in ROW})
    columns = found.plain()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def rows_of(rng, count):
    return [
        {
            "island": rng.choice(["Biscoe", "Dream", "Torgersen"]),
            "mass": rng.choice([rng.gauss(4000, 300), rng.randint(3000, 5000)]),
            "flipper": rng.gauss(190, 6),
            "sex": rng.choice(["female", "male", None, ""]),
        }
        for _ in range(count)
    ]


def test_one_row_many_rows_and_columns_are_answered_in_their_own_form(server, run):
    rows = [ROW, {**ROW, "island": "Biscoe", "mass": 5000}]
    wanted = said(run, rows)
    assert list(wanted[0]) == ["class", *(f"p({name})" for name in NAMES)]
    assert server.predict(ROW) == (200, {"predictions": said(run, [ROW])[0], "notes": []})
    assert server.predict(rows) == (200, {"predictions": wanted, "notes": []})
    columns = {name: [row[name] for row in rows] for name in ROW}
    answer = {name: [row[name] for row in wanted] for name in wanted[0]}
    assert server.predict(columns) == (200, {"predictions": answer, "notes": []})
    assert server.predict({**ROW, "id": 7})[0] == 200  # other columns are left aside


def test_the_numbers_are_those_of_predict_bit_for_bit(server, run):
    rows = rows_of(random.Random(1), 40)
    status, answer = server.predict(rows)
    assert status == 200 and answer["predictions"] == said(run, rows)
    found = cn.predict(run, {name: [row[name] for row in rows] for name in ROW}).probabilities
    given = [[row[f"p({name})"] for name in NAMES] for row in answer["predictions"]]
    assert np.array(given, np.float32).tobytes() == found.tobytes()


def test_csv_goes_in_and_comes_out(server, run, tmp_path):
    text = "sex,island,mass,flipper,other\n" + "male,Dream,3800,190.5,x\n,Biscoe,5000,200,y\n"
    (tmp_path / "rows.csv").write_text(text)
    found = cn.predict(run, tmp_path / "rows.csv").plain()
    status, answer = server.ask("/predict", text, content_type="text/csv", accept="text/csv")
    assert status == 200
    assert list(csv.reader(io.StringIO(answer))) == [
        list(found), *([str(value) for value in row] for row in zip(*found.values(), strict=True))
    ]  # fmt: skip
    status, answer = server.ask("/predict", text, content_type="text/csv; charset=utf-8")
    assert (status, [row["class"] for row in answer["predictions"]]) == (200, found["class"])
    status, answer = server.ask(
        "/predict", json.dumps(ROW), content_type=JSON, accept="text/csv;q=0.5, */*;q=0.1"
    )
    assert status == 200 and answer.startswith("class,p(Adelie)")


REFUSED = {
    "no JSON": ("{", 400, "the body", "no JSON"),
    "no rows": ("[]", 400, "the body", "an empty list"),
    "a number": ("3", 400, "the body", "3"),
    "a row that is none": ("[3]", 400, "row 0 of the body", "3"),
    "a key twice": ('{"mass": 1, "mass": 2}', 400, "the body", "a key stands there twice"),
    "no number": ('{"mass": NaN}', 400, "the body", "NaN"),
    "deep": ("[" * 3000, 400, "the body", "no JSON"),
    "a new word": (json.dumps({**ROW, "island": "Drem"}), 422, "column 'island'", "'Drem'"),
    "a gap": (json.dumps({**ROW, "mass": None}), 422, "column 'mass'", "a missing value"),
    "a text": (json.dumps({**ROW, "mass": "heavy"}), 422, "column 'mass'", "'heavy', text"),
    "infinite": (json.dumps(ROW).replace("3800.0", "1e999"), 422, "column 'mass'", "inf"),
    "a list": (json.dumps([{**ROW, "mass": [1]}]), 422, "column 'mass', row 0 of the body", "a list"),
    "a name": (json.dumps({"masss": 1, "island": 1}), 422, "the body", "no mass, flipper, sex, but masss"),
    "lengths": (json.dumps({**{name: [1] for name in ROW}, "mass": [1, 2]}), 422, "x", "rows of"),
    "mixed": (json.dumps({**ROW, "mass": [1, 2]}), 400, "column 'island' of the body", "one value"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_fit_is_refused_with_where_got_wanted_and_remedy(server, kind):
    body, status, where, got = REFUSED[kind]
    found, answer = server.ask("/predict", body, content_type=JSON)
    error = answer["error"]
    assert found == status, error
    assert where in error["where"] and got in error["got"], error
    assert error["wanted"] and error["remedy"] and error["kind"]


def test_errors_about_csv_do_not_name_files_of_the_server(server):
    text = "island,mass,flipper,sex\nDream,heavy,190,male\n"
    status, answer = server.ask("/predict", text, content_type="text/csv")
    assert status == 422 and "'heavy'" in answer["error"]["got"]
    assert "the body" in answer["error"]["where"]
    assert "/tmp" not in json.dumps(answer) and "body.csv" not in json.dumps(answer)


def test_limits_on_bytes_and_rows(server):
    columns = {name: [value] * (MOST_ROWS + 1) for name, value in ROW.items()}
    status, answer = server.predict(columns)
    assert status == 413 and answer["error"]["got"] == f"{MOST_ROWS + 1} rows"
    assert server.predict({name: values[1:] for name, values in columns.items()})[0] == 200
    status, answer = server.ask("/predict", "x" * (MOST_BYTES + 1), content_type=JSON)
    assert status == 413 and answer["error"]["wanted"] == f"at most {MOST_BYTES:,} bytes"
    chunks = (b"x" * 1000 for _ in range(MOST_BYTES // 1000 + 1))  # without a Content-Length
    status, answer = server.ask("/predict", chunks, content_type=JSON)
    assert status == 413 and answer["error"]["got"] == f"more than {MOST_BYTES:,} bytes"


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/nothing", "GET", {}, 404),
        ("/predict", "GET", {}, 405),
        ("/predict", "POST", {"content_type": "application/x-www-form-urlencoded"}, 415),
        ("/predict", "POST", {"content_type": JSON, "accept": "image/png"}, 406),
    ],
)
def test_what_http_refuses_is_an_error_of_ours_too(server, path, method, headers, status):
    found, answer = server.ask(path, "{}" if method == "POST" else None, method, **headers)
    assert found == status and set(answer["error"]) == {"kind", "where", "got", "wanted", "remedy"}


def test_pages_need_no_network_and_name_the_columns(server):
    for path in ("/", "/openapi"):
        status, page = server.ask(path)
        assert (
            status == 200
            and "src=" not in page
            and "http" not in page.replace(f"curl http://127.0.0.1:{server.port}/", "")
        )
    assert "island" in server.ask("/")[1] and "&#x27;Biscoe&#x27;" in server.ask("/")[1]
    assert server.ask("/health")[1]["status"] == "ok"
    status, card = server.ask("/card")
    assert status == 200 and card.startswith("# Model card")


def test_openapi_describes_rows_that_are_answered(server):
    status, described = server.ask("/openapi.json")
    row = described["components"]["schemas"]["Row"]
    assert status == 200 and described["openapi"] == "3.1.0" and row["required"] == list(ROW)
    assert row["properties"]["island"]["enum"] == ["Biscoe", "Dream", "Torgersen"]
    assert row["properties"]["sex"]["type"] == ["string", "null"]
    assert row["properties"]["mass"]["type"] == "number"
    example = {name: field["examples"][0] for name, field in row["properties"].items()}
    status, answer = server.predict(example)
    assert status == 200
    assert list(answer["predictions"]) == list(described["components"]["schemas"]["Answer"]["properties"])
    for path, methods in described["paths"].items():
        assert set(methods) == {"post"} or server.ask(path)[0] == 200


def test_many_clients_at_once_each_get_their_own_answer(server, run):
    rows = rows_of(random.Random(2), 60)
    wanted = [said(run, [row])[0] for row in rows]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(server.predict, rows))
    assert [answer["predictions"] for _, answer in answers] == wanted


def spoilt(rng, text):
    """Return a body with some of its characters taken out, doubled or replaced."""
    for _ in range(rng.randint(0, 4)):
        at = rng.randrange(len(text))
        piece = rng.choice(
            ["", text[at] * 2, *'{}[]",:\n\\', "\0", "é", "\\ud800", "1e999", "null", "-", "00"]
        )
        text = text[:at] + piece + text[at + 1 :]
    return text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(("kind", "times"), [(JSON, 200), ("text/csv", 40)])
def test_no_body_makes_the_server_fail(server, kind, times):
    rng, statuses = random.Random(3), set()
    for _ in range(times):
        rows = rows_of(rng, 2)
        text = json.dumps(rng.choice([rows[0], rows, {name: [row[name] for row in rows] for name in ROW}]))
        if kind == "text/csv":
            lines = [",".join("" if value is None else str(value) for value in row.values()) for row in rows]
            text = "\n".join([",".join(ROW), *lines])
        body = bytes(rng.randrange(256) for _ in range(30)) if rng.random() < 0.1 else spoilt(rng, text)
        status, answer = server.ask("/predict", body, content_type=kind)
        assert status in (200, 400, 422), (body, answer)
        statuses.add(status)
    assert len(statuses) > 1
    assert server.process.poll() is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGTERM, ()), (signal.SIGINT, ()), (signal.SIGTERM, ("--workers", "2"))]
)
def test_a_signal_ends_the_server_once_requests_under_way_are_answered(run, number, words):
    with serving(run, *words) as server:
        maps = Path(f"/proc/{server.process.pid}/maps")
        assert not maps.exists() or "libtorch" not in maps.read_text()
        assert server.predict(ROW)[0] == 200
        body = json.dumps(ROW).encode()
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
            head = f"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: {JSON}\r\nContent-Length: {len(body)}"
            client.sendall(f"{head}\r\nExpect: 100-continue\r\n\r\n".encode())
            assert client.recv(100).startswith(b"HTTP/1.1 100")  # it waits for the body
            server.process.send_signal(number)
            client.sendall(body)
            assert client.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert server.process.wait(60) == 0
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5)
        assert server.process.stderr.read() == ""
