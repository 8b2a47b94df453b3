"""The server's own pages: a description for people, OpenAPI for programs, and a health check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

import chalknet as cn
from chalknet.data import Preparation, PreparedColumn
from chalknet.planning import Plan
from chalknet.serving.spans import span_of
from chalknet.training import activation_of_raw, predicted

_WORDS_LISTED = 1000


@dataclass(frozen=True)
class ServedFit:
    """A fit that is served.

    Args:
        plan: of the fit.
        preparation: of its training rows.
        max_bytes: the largest body of a request.
        max_rows: the most rows of a request.
    """

    plan: Plan
    preparation: Preparation | None
    max_bytes: int
    max_rows: int

    @property
    def columns(self) -> tuple[PreparedColumn, ...]:
        """Return the features' columns; none if they have no names."""
        found = self.preparation
        return found.x if found is not None and found.named else ()

    @property
    def answer_names(self) -> tuple[str, ...]:
        """Return the names of the predicted columns, as in `predict`."""
        network = self.plan.network
        sizes = [size for size in network.output_shape if isinstance(size, int)] if network else [1]
        raw = np.zeros((1, *sizes), np.float32)
        return tuple(predicted(raw, self.plan.recipe.loss_row, self.preparation, activation_of_raw).columns)

    def example(self) -> str:
        """Return an example body for POST /predict."""
        if self.columns:
            return json.dumps(
                {column.name: _example_of(column) for column in self.columns}, ensure_ascii=False
            )
        sizes = [size for size in self.plan.data.x_shape if isinstance(size, int)]
        return json.dumps(np.zeros(sizes, int).tolist() if np.prod(sizes) <= 64 else [0, 0, 0]) + (
            "" if np.prod(sizes) <= 64 else f"  # in all {' by '.join(map(str, sizes))} numbers"
        )

    def health(self) -> str:
        """Return the health check as JSON, with a description of the fit."""
        return json.dumps({"status": "ok", "model": self.plan.model, "chalknet": cn.__version__})

    def page(self, host: str) -> str:
        """Return the page of GET /; the host is used in its example request."""
        rows = "".join(
            f"<tr><td>{escape(column.name)}</td><td>{'number' if column.words is None else 'word'}</td>"
            f"<td>{escape(span_of(column))}</td></tr>"
            for column in self.columns
        )
        shape = f"<p>x of shape ({', '.join(map(str, self.plan.data.x_shape))}), without names</p>"
        table = f"<table><tr><th>column</th><th>is a</th><th>training rows had</th></tr>{rows}</table>"
        call = (
            f"curl http://{host}/predict -H 'Content-Type: application/json' \\\n  -d '"
            + self.example().replace("'", "'\\''")
            + "'"
        )
        return _PAGE.format(
            title=escape(f"chalknet serves {self.plan.data.name}"),
            body=f"<p><code>{escape(self.plan.model)}</code></p>"
            f"<h2>Asked: POST /predict</h2>{table if rows else shape}"
            f"<pre>{escape(call)}</pre>"
            "<p>One row, a list of rows, or columns <code>{name: [values]}</code> as JSON; "
            "CSV with <code>Content-Type: text/csv</code>. "
            f"At most {self.max_rows:,} rows and {self.max_bytes:,} bytes.</p>"
            f"<h2>Answered</h2><p><code>{escape(', '.join(self.answer_names))}</code>, as JSON, or as CSV "
            "with <code>Accept: text/csv</code>.</p>"
            '<p><a href="/card">model card</a> · <a href="/openapi">interface</a> · '
            '<a href="/openapi.json">OpenAPI</a> · <a href="/health">health</a></p>',
        )

    def openapi_page(self) -> str:
        """Return the page of GET /openapi: each path with its input and output."""
        described = self.openapi()
        parts = []
        for path, methods in described["paths"].items():
            for method, facts in methods.items():
                answers = "".join(
                    f"<tr><td>{code}</td><td>{escape(answer['description'])}</td></tr>"
                    for code, answer in facts["responses"].items()
                )
                parts.append(
                    f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(facts['summary'])}</p>"
                    f"<table><tr><th>status</th><th>answer</th></tr>{answers}</table>"
                )
        schemas = escape(json.dumps(described["components"], indent=2, ensure_ascii=False))
        return _PAGE.format(
            title=escape(described["info"]["title"]),
            body="".join(parts) + f"<h2>Schemas</h2><pre>{schemas}</pre>",
        )

    def openapi_text(self) -> str:
        """Return the OpenAPI 3.1 description as JSON."""
        return json.dumps(self.openapi(), ensure_ascii=False)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI 3.1 description."""
        row = {"$ref": "#/components/schemas/Row"}
        answer = {"$ref": "#/components/schemas/Answer"}
        asked = {"oneOf": [row, {"type": "array", "items": row, "minItems": 1, "maxItems": self.max_rows}]}
        if self.columns:
            asked["oneOf"].append({"$ref": "#/components/schemas/Columns"})
        error = _content({"$ref": "#/components/schemas/Error"})
        refused = {code: {"description": text, "content": error} for code, text in _REFUSALS.items()}
        given = {"predictions": {"oneOf": [answer, {"type": "array", "items": answer}, {"type": "object"}]},
                 "notes": {"type": "array", "items": {"type": "string"}}}  # fmt: skip
        answered = {
            "description": "what the fit says, in the form of the request",
            "content": {
                **_content({"type": "object", "properties": given}),
                "text/csv": {"schema": {"type": "string"}},
            },
        }
        predict = {
            "summary": "What the fit says of rows.",
            "requestBody": {
                "required": True,
                "content": {**_content(asked), "text/csv": {"schema": {"type": "string"}}},
            },
            "responses": {"200": answered, **refused},
        }
        others = {
            path: {"get": {"summary": text, "responses": {"200": {"description": text}}}}
            for path, text in _PATHS.items()
        }
        return {
            "openapi": "3.1.0",
            "info": {"title": f"chalknet serves {self.plan.data.name}", "version": cn.__version__},
            "paths": {"/predict": {"post": predict}, **others},
            "components": {"schemas": {**self._schemas(), "Error": _ERROR}},
        }

    def _schemas(self) -> dict[str, Any]:
        answer = {
            "type": "object",
            "properties": {name: {"type": ["number", "string", "null"]} for name in self.answer_names},
        }
        if not self.columns:
            row: dict[str, Any] = {"type": ["number", "null"]}
            for size in reversed(self.plan.data.x_shape):
                row = {"type": "array", "items": row}
                if isinstance(size, int):
                    row |= {"minItems": size, "maxItems": size}
            return {"Row": row, "Answer": answer}
        assert self.preparation is not None
        unknown = self.preparation.unknown
        fields = {column.name: _schema_of(column, unknown) for column in self.columns}
        columns = {name: {"type": "array", "items": field} for name, field in fields.items()}
        required = list(fields)
        return {
            "Row": {"type": "object", "properties": fields, "required": required},
            "Columns": {"type": "object", "properties": columns, "required": required},
            "Answer": answer,
        }


def _example_of(column: PreparedColumn) -> object:
    if column.words is not None:
        return column.usual if column.usual in column.words else column.words[0]
    number = next((each for each in (column.usual, column.average, column.mean) if each is not None), 0.0)
    return float(f"{float(number):.4g}")


def _schema_of(column: PreparedColumn, unknown: str) -> dict[str, Any]:
    """Return the schema of a value: null if gaps are filled, the known words if others are refused."""
    kind = "number" if column.words is None else "string"
    gap = column.number_of_gap(unknown) if column.words is None else column.place_of_gap(unknown)
    found: dict[str, Any] = {"type": kind if gap is None else [kind, "null"]}
    if column.words is not None and unknown == "refuse" and len(column.words) <= _WORDS_LISTED:
        found["enum"] = [*column.words, *([] if gap is None else [None])]
    return {**found, "description": f"training rows had {span_of(column)}", "examples": [_example_of(column)]}


def _content(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


_FIELDS = ("kind", "where", "got", "wanted", "remedy")
_ERROR = {
    "type": "object",
    "properties": {"error": {"type": "object", "properties": {name: {"type": "string"} for name in _FIELDS}}},
}
_REFUSALS = {
    "400": "a body that is neither JSON rows nor CSV",
    "406": "an Accept other than JSON and CSV",
    "413": "more bytes or rows than the limits allow",
    "415": "a Content-Type other than JSON and CSV",
    "422": "rows that do not fit the columns of the fit",
    "503": "more time than the limit allows",
}
_PATHS = {
    "/": "A page about the fit that is served.",
    "/card": "The model card, as Markdown.",
    "/health": "Whether requests are answered.",
    "/openapi": "This description as a page.",
    "/openapi.json": "This description, by OpenAPI 3.1.",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>:root {{ color-scheme: light dark }} body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem;
margin: 2rem auto; padding: 0 1rem }} table {{ border-collapse: collapse }} td, th {{ text-align: left;
padding: .1rem 1rem .1rem 0; vertical-align: top }} pre {{ overflow-x: auto }}</style></head>
<body><h1>{title}</h1>{body}</body></html>
"""
