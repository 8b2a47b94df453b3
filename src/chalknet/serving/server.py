"""Serve a fit over HTTP: the verb, its socket, its processes, and the shutdown."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from numbers import Integral, Real
from pathlib import Path
from types import ModuleType
from typing import Any

from chalknet.errors import MissingPackage, invalid, public
from chalknet.files import user_path
from chalknet.listening import address_of, ended_by_signals, listening
from chalknet.serving.direct import Predictor
from chalknet.training import FitResult

_PATIENCE_S = 5  # to wait for connections to close after the longest request
_MOST_WORKERS = 256
_WAITING = 2048  # connections waiting to be accepted
_REMEDY = "Choose another port, port=8001 (--port 8001), or 0 for one that is free."


@public()
def serve(
    model: FitResult | str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    unknown: str | None = None,
    max_bytes: int = 1 << 20,
    max_rows: int = 10_000,
    max_seconds: float = 10.0,
    on_start: Callable[[str], None] | None = None,
) -> None:
    """Serve a fit over HTTP until Ctrl-C or SIGTERM; requests in progress are answered first.

    POST /predict takes rows as JSON or CSV and answers like `predict`. GET / shows example requests, /card
    the model card, /openapi.json the API, /health the health check. Rows that do not match the columns of
    the fit are refused with status 4xx and `where`, `got`, `wanted`, `remedy` as JSON. There is no
    authentication: anyone who can reach the port can use it.

    Args:
        model: the folder of a kept fit, or a FitResult.
        host: the address to listen on; "127.0.0.1" for this machine only, "0.0.0.0" for the network.
        port: the port to listen on; 0 for any free one.
        workers: the number of processes.
        unknown: how to treat words, or gaps, that the training rows did not have: "refuse", "missing" or
            "most-frequent"; by default as in the fit.
        max_bytes: the largest body of a request.
        max_rows: the most rows of a request.
        max_seconds: the longest time to receive and answer a request.
        on_start: called with the address once connections are accepted.

    Raises:
        UnknownName: for another value of `unknown`.
        FileProblem: for a folder without a finished run, or a port in use.
        InvalidValue: for an invalid value of an option.
        MissingPackage: without the packages starlette and uvicorn.

    Example:
        >>> import chalknet as cn
        >>> cn.serve("run", port=8000)  # doctest: +SKIP
    """
    whole = {"port": (port, 0, 65535), "workers": (workers, 1, _MOST_WORKERS)}
    _check_whole(whole | {"max_bytes": (max_bytes, 1, 1 << 40), "max_rows": (max_rows, 1, 1 << 40)})
    if not isinstance(max_seconds, Real) or isinstance(max_seconds, bool) or not 0 < max_seconds <= 86_400:
        raise invalid("max_seconds", max_seconds, "seconds, above 0 and at most a day")
    if not isinstance(host, str) or not host.strip():
        raise invalid("host", host, "the name or the address of this machine", "Leave it out for 127.0.0.1.")
    if on_start is not None and not callable(on_start):
        raise invalid("on_start", on_start, "a function that takes the address")
    model = model if isinstance(model, FitResult) else user_path(model, "model")
    Predictor.of(model, unknown)
    uvicorn = _uvicorn()
    from chalknet.serving.application import ServingLimits, application_of  # imports starlette

    limits = ServingLimits(int(max_bytes), int(max_rows), float(max_seconds))
    config = uvicorn.Config(
        partial(application_of, model, limits, unknown), factory=True, workers=int(workers), lifespan="off",
        ws="none", log_level="warning", access_log=False, server_header=False, backlog=_WAITING,
        timeout_graceful_shutdown=int(max_seconds) + _PATIENCE_S,
    )  # fmt: skip
    with (
        listening(host, int(port), backlog=_WAITING, remedy=_REMEDY) as listener,
        ended_by_signals(),
    ):
        if on_start is not None:
            on_start(address_of(listener))
        if workers > 1:
            _supervisor(config, listener).run()
        else:
            uvicorn.Server(config).run(sockets=[listener])


def _check_whole(given: Mapping[str, tuple[object, int, int]]) -> None:
    """Raise an InvalidValue unless each is a whole number within its bounds."""
    for name, (value, least, most) in given.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or not least <= int(value) <= most:
            raise invalid(name, value, f"a whole number from {least} to {most:,}")


def _uvicorn() -> ModuleType:
    try:
        import uvicorn

        import_module("starlette.applications")
    except ImportError as problem:
        raise MissingPackage(
            where="serve",
            got=f"no package {problem.name}",
            wanted="starlette and uvicorn, which take the requests",
            remedy='Install them: pip install "chalknet[serve]"',
        ) from problem
    return uvicorn


def _supervisor(config: Any, listener: socket.socket) -> Any:
    from uvicorn.supervisors import Multiprocess

    return Multiprocess(config, sockets=[listener])
