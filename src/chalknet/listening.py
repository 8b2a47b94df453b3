"""A socket that a server of ours listens on, its address, and signals that end the serving alone."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from chalknet.errors import FileProblem


@contextmanager
def listening(host: str, port: int, *, backlog: int, remedy: str) -> Iterator[socket.socket]:
    """Listen on an address while the body runs.

    Args:
        host: the address.
        port: the port; 0 for any free one.
        backlog: how many connections may wait to be accepted.
        remedy: what to do if that is not possible.

    Raises:
        FileProblem: if that is not possible.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=backlog)
        # Accepted connections inherit this: a response body does not wait 40 ms for the client's ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (OSError, UnicodeError) as problem:
        raise FileProblem(
            where=f"port {port} of {host[:200]}",
            got=getattr(problem, "strerror", None) or str(problem),
            wanted="an address of this machine and a port that is free",
            remedy=remedy,
        ) from problem
    with listener:
        yield listener


def address_of(listener: socket.socket, host: str | None = None) -> str:
    """Return the address of a socket as a browser takes it: `http://127.0.0.1:8000`.

    Args:
        listener: the socket.
        host: the name to show in place of its own.
    """
    own, port = listener.getsockname()[:2]
    shown = own if host is None else host
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end only the serving; uvicorn raises them again once it has ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def take(number: int, frame: FrameType | None) -> None:
        """Do nothing; the server has ended already."""

    kept = {number: signal.signal(number, take) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
