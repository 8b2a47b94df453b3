"""Writes answers and errors: JSON in the form of the request, or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from chalknet.errors import ChalknetError, InvalidValue, MissingPackage, OutOfMemory, printable
from chalknet.serving.prediction_requests import Form
from chalknet.training import Prediction

JSON, CSV = "application/json", "text/csv"
_MOST_NOTES_BYTES = 4000  # of a header
_NO_ROWS = 422


@dataclass(frozen=True)
class Reply:
    """A response.

    Args:
        body: its bytes.
        kind: its Content-Type.
        status: the HTTP status.
        headers: further ones.
    """

    body: bytes
    kind: str = JSON
    status: int = 200
    headers: Mapping[str, str] | None = None


def answer_reply(found: Prediction, form: Form, kind: str) -> Reply:
    """Return predictions as JSON or CSV, with the columns that `chalknet predict` prints.

    Args:
        found: the predictions.
        form: of the request.
        kind: JSON or CSV.
    """
    columns = found.plain()
    if kind == CSV:
        text = io.StringIO(newline="")
        rows = zip(*columns.values(), strict=True)
        csv.writer(text, lineterminator="\n").writerows([list(columns), *rows])
        notes = json.dumps(found.notes)
        headers = {"Chalknet-Notes": notes} if found.notes and len(notes) <= _MOST_NOTES_BYTES else None
        return Reply(text.getvalue().encode(), f"{CSV}; charset=utf-8", headers=headers)
    plain = {name: list(map(_finite, values)) for name, values in columns.items()}
    answer: Any = plain
    if form != "columns":
        answer = [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]
    if form == "row":
        answer = answer[0]
    return Reply(_json({"predictions": answer, "notes": found.notes}))


def error_reply(problem: ChalknetError, status: int | None = None) -> Reply:
    """Return a chalknet error as JSON: its kind, `where`, `got`, `wanted` and `remedy`."""
    if status is None:
        status = next((code for kind, code in _STATUS.items() if isinstance(problem, kind)), _NO_ROWS)
    answers = {name: printable(getattr(problem, name)) for name in ("where", "got", "wanted", "remedy")}
    return Reply(_json({"error": {"kind": type(problem).__name__, **answers}}), status=status)


# Errors other than rows that do not match the columns.
_STATUS: Mapping[type[ChalknetError], int] = {InvalidValue: 400, MissingPackage: 501, OutOfMemory: 503}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")


def _finite(value: Any) -> Any:
    """Return a value for JSON, which has no infinity and no NaN."""
    return None if type(value) is float and not isfinite(value) else value
