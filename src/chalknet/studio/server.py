"""The studio's server: its socket, its access control, and how it ends."""

from __future__ import annotations

import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import chalknet as cn
from chalknet.errors import invalid
from chalknet.listening import address_of, ended_by_signals, listening
from chalknet.studio.guard import LOOPBACK, Guard

_THREADS = 4  # for reading and drawing, shared by all tabs; a fit has its own
_WAITING = 256  # connections waiting to be accepted
_PATIENCE_S = 2  # to wait for connections to close
_REMEDY = "Choose another port, such as --port 8124, or --port 0 for one that is free."


def run_studio(
    model: str | Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8123,
    browser: bool = True,
    on_start: Callable[[str], None] | None = None,
) -> None:
    """Serve the studio until Ctrl-C: a browser page to write, view, fit and export a network.

    Args:
        model: the network to start with, whatever `cn.read` accepts; by default a network of the lecture.
        host: the address to listen on; if other machines can reach it, a browser needs the token at the end
            of the address passed to `on_start`.
        port: the port to listen on; 0 for any free one.
        browser: whether to open a browser.
        on_start: called with the address once connections are accepted.

    Raises:
        MissingPackage: without the package nicegui.
        FileProblem: for a file that cannot be read, or a port in use.
        NotationError: for a file without a network.

    Example:
        >>> from chalknet.studio import run_studio
        >>> run_studio("784 -> 32 relu -> 1 sigmoid", port=0)  # doctest: +SKIP
    """
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise invalid("port", port, "a whole number from 0 to 65,535")
    if find_spec("nicegui") is None:
        raise cn.MissingPackage(
            where="studio",
            got="no package nicegui",
            wanted="nicegui, which the page is made with",
            remedy='Install it: pip install "chalknet[studio]"',
        )
    from chalknet.studio.app import InitialNetwork, application  # imports nicegui

    token = "" if host in LOOPBACK else secrets.token_urlsafe(24)
    initial = InitialNetwork.of(model)
    with (
        listening(host, port, backlog=_WAITING, remedy=_REMEDY) as listener,
        ThreadPoolExecutor(_THREADS, "studio") as workers,
    ):
        address = _address_of(listener, token)
        guard = Guard(application(initial, workers, compressed=bool(token)), token)
        _serve(guard, listener, lambda: _announce(address, browser, on_start))
        workers.shutdown(wait=False, cancel_futures=True)


def _announce(address: str, browser: bool, on_start: Callable[[str], None] | None) -> None:
    if on_start is not None:
        on_start(address)
    if browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _serve(guard: Guard, listener: socket.socket, on_start: Callable[[], None]) -> None:
    import uvicorn

    class Announcing(uvicorn.Server):
        """A server that calls back once connections are accepted."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_start()

    config = uvicorn.Config(
        guard, lifespan="on", log_level="warning", access_log=False, server_header=False, backlog=_WAITING,
        timeout_graceful_shutdown=_PATIENCE_S, ws_max_size=4 << 20, limit_concurrency=2_000,
    )  # fmt: skip
    with ended_by_signals():
        Announcing(config).run(sockets=[listener])


def _address_of(listener: socket.socket, token: str) -> str:
    host = listener.getsockname()[0]
    shown = socket.gethostname() if host in ("0.0.0.0", "::") else host  # an address that others can use
    return f"{address_of(listener, shown)}/" + (f"?token={token}" if token else "")
