"""Access control: only the server's own page may send requests, and over a network only with the token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

MOST_BYTES = 50 << 20
_FORM_BYTES = 64 << 10  # allowance for the form around an uploaded file
COOKIE = "chalknet-studio"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Nothing is loaded from elsewhere, and no other page may embed this one. The page's templates are compiled in
# the browser, which needs 'unsafe-eval'.
_HEADERS = {
    "content-security-policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "connect-src 'self' ws: wss: data: blob:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class TooLarge(Exception):
    """Raised when a request body exceeds the limit."""


@dataclass(frozen=True)
class Guard:
    """An ASGI middleware that passes on only permitted requests.

    Args:
        application: gets the permitted requests.
        token: required if the server accepts connections from other machines; empty if it does not: then only
            requests to this machine's own names are accepted.
    """

    application: Application
    token: str = ""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self.application(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(headers, scope)
        if refusal and self._brings_token(scope):
            await _answer(send, 303, "", {"location": scope["path"], "set-cookie": self._cookie()})
        elif refusal:
            await _refuse(scope, send, 403, refusal)
        elif int(_digits(headers.get("content-length"))) > MOST_BYTES + _FORM_BYTES:
            await _refuse(scope, send, 413, f"At most {MOST_BYTES >> 20} MB are taken.")
        else:
            await self._forward(scope, receive, send)

    async def _forward(self, scope: Message, receive: Receive, send: Send) -> None:
        taken, began = 0, False

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b"")) if scope["type"] == "http" else 0
            if taken > MOST_BYTES + _FORM_BYTES:
                raise TooLarge
            return message

        async def with_headers(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                message["headers"] = [*message.get("headers", ()), *_encoded(_HEADERS)]
            await send(message)

        try:
            await self.application(scope, bounded, with_headers)
        except TooLarge:
            if not began:
                await _refuse(scope, send, 413, f"At most {MOST_BYTES >> 20} MB are taken.")

    def _refusal(self, headers: Mapping[str, str], scope: Message) -> str:
        """Return why a request is refused; empty if it is permitted."""
        host = headers.get("host", "")
        if not self.token and _name_of(host) not in LOOPBACK:
            return "The studio answers on this machine alone, under 127.0.0.1 or localhost."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "Another page asked. Open the studio's own address."
        if origin is None and scope["type"] == "websocket":
            return "No browser asked. Open the studio's address in one."
        if self.token and not hmac.compare_digest(_cookie_of(headers).encode(), self.token.encode()):
            return "Open the whole address that the command printed: it ends in ?token=..."
        return ""

    def _brings_token(self, scope: Message) -> bool:
        if not self.token or scope["type"] != "http" or scope.get("method") != "GET":
            return False
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        return hmac.compare_digest(asked.get("token", [""])[0].encode(), self.token.encode())

    def _cookie(self) -> str:
        return f"{COOKIE}={self.token}; HttpOnly; SameSite=Strict; Path=/"


def _name_of(host: str) -> str:
    """Return the name in `name:port`, without the brackets of an IPv6 address."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _cookie_of(headers: Mapping[str, str]) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _digits(length: str | None) -> str:
    return length if length and length.isdecimal() else "0"


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


async def _refuse(scope: Message, send: Send, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": why})
    else:
        await _answer(send, status, why, {})


async def _answer(send: Send, status: int, text: str, headers: Mapping[str, str]) -> None:
    plain = {"content-type": "text/plain; charset=utf-8", **_HEADERS, **headers}
    await send({"type": "http.response.start", "status": status, "headers": _encoded(plain)})
    await send({"type": "http.response.body", "body": text.encode()})
