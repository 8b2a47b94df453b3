import asyncio
import http.client
from urllib.parse import urlsplit

import pytest

from chalknet.studio.guard import COOKIE, MOST_BYTES, Guard

TOKEN = "a-token"


async def application(scope, receive, send):
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


def ask(guard, headers, kind="http", query="", bodies=(b"",)):
    """Return the messages that a guard sends as the answer."""
    sent, waiting = [], list(bodies)
    scope = {
        "type": kind, "method": "GET", "path": "/", "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    return sent


def status(*given, **more):
    return ask(*given, **more)[0].get("status")


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost:8123", "LOCALHOST", "[::1]:8123"])
def test_this_machine_is_answered(host):
    assert status(Guard(application), {"host": host}) == 200
    assert status(Guard(application), {"host": host, "origin": f"http://{host}"}) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:8123"},
        {"host": "127.0.0.1.evil.example"},
        {"host": ""},
        {},
        {"host": "[broken"},
        {"host": "127.0.0.1:8123", "origin": "http://evil.example"},
        {"host": "127.0.0.1:8123", "origin": "http://127.0.0.1:9"},
        {"host": "127.0.0.1:8123", "origin": "null"},
    ],
)
def test_another_host_or_page_is_refused_and_learns_nothing(headers):
    sent = ask(Guard(application), headers)
    assert sent[0]["status"] == 403 and sent[1]["body"] != b"page"
    sent = ask(Guard(application), headers, kind="websocket")
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_a_websocket_is_for_a_page_of_this_server():
    good = {"host": "127.0.0.1:8123", "origin": "http://127.0.0.1:8123"}
    assert ask(Guard(application), good, kind="websocket")[0]["type"] == "websocket.accept"
    del good["origin"]
    assert ask(Guard(application), good, kind="websocket")[0]["type"] == "websocket.close"


def test_over_a_network_the_token_is_asked_for_once():
    guard, host = Guard(application, TOKEN), {"host": "10.0.0.7:8123"}
    assert status(guard, host) == 403
    assert status(guard, host, query="token=wrong") == 403
    first = ask(guard, host, query=f"token={TOKEN}")[0]
    headers = dict(first["headers"])
    assert first["status"] == 303 and headers[b"location"] == b"/"
    assert b"HttpOnly" in headers[b"set-cookie"] and b"SameSite=Strict" in headers[b"set-cookie"]
    assert status(guard, {**host, "cookie": f"{COOKIE}={TOKEN}"}) == 200
    assert status(guard, {**host, "cookie": f"{COOKIE}={TOKEN}x"}) == 403
    assert status(guard, {**host, "cookie": f"{COOKIE}={TOKEN}", "origin": "http://evil.example"}) == 403


def test_a_body_is_bounded_by_what_it_says_and_by_what_comes():
    host = {"host": "localhost"}
    assert status(Guard(application), {**host, "content-length": str(MOST_BYTES + (1 << 20))}) == 413
    block = b"0" * (10 << 20)
    assert status(Guard(application), host, bodies=(block,) * 5) == 200
    assert status(Guard(application), host, bodies=(block,) * 6) == 413


def test_a_page_may_load_nothing_from_elsewhere_and_be_shown_by_no_other():
    headers = dict(ask(Guard(application), {"host": "localhost"})[0]["headers"])
    policy = headers[b"content-security-policy"].decode()
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "http" not in policy


@pytest.mark.slow
def test_the_server_itself_is_guarded(studio):
    address, _process = studio
    place = urlsplit(address).netloc

    def answer(path, **headers):
        connection = http.client.HTTPConnection(place, timeout=30)
        connection.request(
            "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        found = connection.getresponse()
        connection.close()
        return found.status

    assert answer("/") == 200
    assert answer("/", Host="evil.example") == 403
    assert answer("/", Origin="http://evil.example") == 403
    upgrade = {
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    socket = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    assert answer(socket, Origin="http://evil.example", **upgrade) == 403
    assert answer(socket, Origin=f"http://{place}", **upgrade) == 101
    assert answer("/_nicegui_ws/socket.io/?EIO=4&transport=polling", Origin="http://evil.example") == 403
