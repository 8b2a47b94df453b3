"""The application: routes, limits, and which requests are answered without a separate thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from chalknet.counting import count_network
from chalknet.errors import ChalknetError, InvalidValue, Refused
from chalknet.serving import pages
from chalknet.serving.direct import Predictor
from chalknet.serving.prediction_requests import PredictionRequest, csv_request, json_request
from chalknet.serving.replies import CSV, JSON, Reply, answer_reply, error_reply
from chalknet.system import cores
from chalknet.training import FitResult, Prediction

_AT_ONCE = 1 << 21  # multiply-adds: about a millisecond, as long as starting a thread takes
_AT_ONCE_ROWS, _AT_ONCE_BYTES = 256, 1 << 16
_KINDS = {"application/json": JSON, "": JSON, "text/csv": CSV, "application/csv": CSV}
_ACCEPTED = {**_KINDS, "*/*": JSON, "application/*": JSON, "text/*": CSV}


@dataclass(frozen=True)
class ServingLimits:
    """Limits of a request.

    Args:
        max_bytes: the size of the body.
        max_rows: the number of rows.
        max_seconds: the time to receive the body and answer.
    """

    max_bytes: int
    max_rows: int
    max_seconds: float


def application_of(model: FitResult | Path, limits: ServingLimits, unknown: str | None = None) -> Starlette:
    """Return the application that serves a fit.

    Args:
        model: the fit, or the folder of a kept one.
        limits: of a request.
        unknown: as in `predict`.

    Raises:
        FileProblem: for a folder without a finished run.
    """
    service = _Service(model, limits, Predictor.of(model, unknown))
    routes = [
        Route("/predict", service.predict, methods=["POST"]),
        Route("/", service.page, methods=["GET"]),
        Route("/openapi", service.openapi_page, methods=["GET"]),
        Route("/openapi.json", service.openapi, methods=["GET"]),
        Route("/card", service.card, methods=["GET"]),
        Route("/health", service.health, methods=["GET"]),
    ]
    handlers: dict[Any, Callable[[Request, Any], Awaitable[Response]]] = {
        HTTPException: _refuse_route,
        Exception: _fail,
    }
    return Starlette(routes=routes, exception_handlers=handlers)


class _Service:
    """Answers the requests for one fit."""

    def __init__(self, model: FitResult | Path, limits: ServingLimits, predictor: Predictor) -> None:
        self._model, self._limits, self._predictor = model, limits, predictor
        plan = self._predictor.fitted.plan
        assert plan is not None
        self._facts = pages.ServedFit(
            plan, self._predictor.fitted.preparation, limits.max_bytes, limits.max_rows
        )
        self._cost = None if plan.network is None else count_network(plan.network).multiply_adds
        self._x_shape = [size for size in plan.data.x_shape if isinstance(size, int)]
        self._threads = ThreadPoolExecutor(cores())
        self._card = b""

    async def predict(self, request: Request) -> Response:
        """Predict the rows of a request."""
        limits = self._limits
        try:
            async with asyncio.timeout(limits.max_seconds):
                wanted = _accepted(request)
                incoming = self._read_body(request, await self._body(request))
                return _response(answer_reply(await self._answer(incoming), incoming.form, wanted))
        except _RefusedRequest as refused:
            return _response(error_reply(refused.problem, refused.status))
        except ChalknetError as problem:
            return _response(error_reply(problem))
        except ClientDisconnect:
            return Response(status_code=400)  # never sent: the client has gone
        except TimeoutError:
            late = Refused(
                where="the request",
                got=f"more than {limits.max_seconds:g} s until it was there and answered",
                wanted="a shorter one",
                remedy="Ask for fewer rows, or start the server with a larger max_seconds (--max-seconds).",
            )
            return _response(error_reply(late, 503))

    async def page(self, request: Request) -> Response:
        """Return the page that describes the served fit."""
        return Response(
            self._facts.page(request.headers.get("host") or "127.0.0.1:8000"), media_type="text/html"
        )

    async def openapi(self, request: Request) -> Response:
        """Return the OpenAPI description."""
        return Response(self._facts.openapi_text(), media_type=JSON)

    async def openapi_page(self, request: Request) -> Response:
        """Return the OpenAPI description as a page, without files from another server."""
        return Response(self._facts.openapi_page(), media_type="text/html")

    async def health(self, request: Request) -> Response:
        """Return the health check."""
        return Response(self._facts.health(), media_type=JSON)

    async def card(self, request: Request) -> Response:
        """Return the model card."""
        try:
            self._card = self._card or await asyncio.get_running_loop().run_in_executor(
                self._threads, self._card_text
            )
        except ChalknetError as problem:
            return _response(error_reply(problem))
        return Response(self._card, media_type="text/markdown")

    def _card_text(self) -> bytes:
        from chalknet.serving.exports import card_bytes  # imports torch

        return card_bytes(self._model)

    async def _body(self, request: Request) -> bytes:
        """Return the body; its size is checked before and while it is read."""
        most, stated = self._limits.max_bytes, request.headers.get("content-length", "")
        body = b""
        if not (stated.isdigit() and int(stated) > most):
            parts = []
            size = 0
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                if size > most:
                    break
            body = b"".join(parts)
            if size <= most:
                return body
        got = f"{int(stated):,} bytes" if stated.isdigit() else f"more than {most:,} bytes"
        remedy = "Ask in several requests, or start the server with a larger max_bytes (--max-bytes)."
        raise _RefusedRequest(413, "the body", got, f"at most {most:,} bytes", remedy)

    def _read_body(self, request: Request, body: bytes) -> PredictionRequest:
        kind, _, options = request.headers.get("content-type", "").partition(";")
        read = _KINDS.get(kind.strip().lower())
        if read is None:
            raise _RefusedRequest(
                415, "the Content-Type", kind.strip()[:100], f"{JSON} or {CSV}",
                f"Name what the body is: curl -H 'Content-Type: {JSON}' -d '...'.",
            )  # fmt: skip
        if read == CSV:
            charset = options.lower().partition("charset=")[2].strip().strip("\"'")
            incoming = csv_request(body, charset or None)
        else:
            incoming = json_request(body, self._predictor.fitted.preparation, self._x_shape)
        if incoming.rows > self._limits.max_rows:
            raise _RefusedRequest(
                413, "the body", f"{incoming.rows:,} rows", f"at most {self._limits.max_rows:,} rows",
                "Ask in several requests, or start the server with a larger max_rows (--max-rows).",
            )  # fmt: skip
        return incoming

    async def _answer(self, incoming: PredictionRequest) -> Prediction:
        """Return the answer: directly if that is faster than starting a thread, else from a thread."""
        small = incoming.rows <= _AT_ONCE_ROWS and (self._cost or _AT_ONCE) * incoming.rows <= _AT_ONCE
        if small and incoming.data is not None:
            return incoming.full_prediction(self._predictor)
        found = incoming.direct_prediction(self._predictor) if small else None
        if found is not None:
            return found
        answer = incoming.full_prediction if small else incoming.answer
        found = await asyncio.get_running_loop().run_in_executor(self._threads, answer, self._predictor)
        assert isinstance(found, Prediction)
        return found


class _RefusedRequest(Exception):
    """A request refused at the level of HTTP."""

    def __init__(self, status: int, where: str, got: str, wanted: str, remedy: str) -> None:
        super().__init__(status)
        self.status = status
        self.problem = InvalidValue(where=where, got=got or "nothing", wanted=wanted, remedy=remedy)


def _accepted(request: Request) -> str:
    """Return the response format that the client accepts: JSON unless it prefers CSV."""
    stated = request.headers.get("accept", "*/*") or "*/*"
    best, most = "", 0.0
    for part in stated.split(","):
        kind, *options = (each.strip().lower() for each in part.split(";"))
        shares = [option[2:] for option in options if option.startswith("q=")]
        try:
            share = float(shares[0]) if shares else 1.0
        except ValueError:
            share = 0.0
        if kind in _ACCEPTED and kind and share > most:
            best, most = _ACCEPTED[kind], share
    if best:
        return best
    remedy = f"Leave Accept out for {JSON}."
    raise _RefusedRequest(406, "the header Accept", stated[:100], f"{JSON} or {CSV}", remedy)


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, dict(reply.headers or {}), reply.kind)


async def _refuse_route(request: Request, problem: HTTPException) -> Response:
    """Respond to an unknown path or method."""
    method = problem.status_code == 405
    found = InvalidValue(
        where=f"{request.method} {request.url.path[:200]}",
        got=f"the method {request.method}" if method else "a path that is not there",
        wanted="POST for /predict, GET for the others" if method else "POST /predict, or GET /",
        remedy="Look at the example of GET /.",
    )
    response = _response(error_reply(found, problem.status_code))
    response.headers.update(problem.headers or {})
    return response


async def _fail(request: Request, problem: Exception) -> Response:
    """Respond to an unexpected error; the traceback is logged."""
    found = Refused(
        where="the server",
        got=f"a {type(problem).__name__} that it did not expect",
        wanted="an answer",
        remedy="Look at its log, and report what it says.",
    )
    return _response(error_reply(found, 500))
