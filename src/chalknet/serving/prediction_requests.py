"""The rows of a request, in JSON or CSV, checked against the columns of the fit, and their predictions."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from chalknet.data import Preparation
from chalknet.errors import (
    ChalknetError,
    DataError,
    InvalidValue,
    ShapeMismatch,
    UnknownName,
    unknown_name,
)
from chalknet.schema import parse_json_value
from chalknet.serving.direct import Predictor
from chalknet.serving.spans import listed
from chalknet.training import Prediction

Form: TypeAlias = Literal["row", "rows", "columns"]

_PIXELS = ("bytes", "divided")
_BODY = "the body"


@dataclass(frozen=True)
class PredictionRequest:
    """The rows of a request.

    Args:
        form: the JSON form of the request, also used for the response.
        rows: the number of rows.
        columns: by name, if the fit's columns have names; else None.
        data: whatever `predict` accepts, if the fast path does not apply.
        text: CSV, instead of both.
        encoding: of the text; None to detect it.
    """

    form: Form
    rows: int
    columns: Mapping[str, Sequence[object]] | None = None
    data: object = None
    text: bytes = b""
    encoding: str | None = None

    def answer(self, predictor: Predictor) -> Prediction:
        """Return the predictions for the rows.

        Raises:
            ChalknetError: for rows that do not match the fit's columns.
        """
        found = self.direct_prediction(predictor)
        return self.full_prediction(predictor) if found is None else found

    def direct_prediction(self, predictor: Predictor) -> Prediction | None:
        """Return the answer if it takes microseconds; None if a table has to be made first."""
        return None if self.columns is None else predictor.answer_columns(self.columns)

    def full_prediction(self, predictor: Predictor) -> Prediction:
        """Return the answer through the full path that tables take."""
        if self.text:
            return _answer_text(self.text, self.encoding, predictor)
        if self.columns is None:
            return predictor.answer(self.data)
        for name, values in self.columns.items():
            _check_values(name, values)
        return predictor.answer(self.columns)


def json_request(body: bytes, preparation: Preparation | None, x_shape: Sequence[int]) -> PredictionRequest:
    """Return the request in a JSON body: one row, a list of rows, or columns.

    Args:
        body: of the request.
        preparation: of the fit; has the names of the columns.
        x_shape: of one sample.

    Raises:
        InvalidValue: if it is not JSON, or none of the three.
        UnknownName: for missing columns.
        ShapeMismatch: for rows without names that have another shape.
    """
    try:
        value = parse_json_value(body)
    except ValueError as problem:
        raise InvalidValue(
            where=_BODY,
            got=f"no JSON ({str(problem)[:200]})",
            wanted="JSON, or CSV with the Content-Type text/csv",
            remedy="Look at the example of GET /.",
        ) from problem
    if preparation is None or not preparation.named or not preparation.x:
        return _array_request(value, preparation, tuple(x_shape))
    names = preparation.names
    if isinstance(value, dict) and any(type(each) is list for each in value.values()):
        _check_names(value, names, _BODY)
        columns = {name: value[name] for name in names}
        for name, values in columns.items():
            if type(values) is not list:
                raise _mixed(name, values)
        return PredictionRequest("columns", max(map(len, columns.values())), columns)
    if isinstance(value, dict):
        _check_names(value, names, _BODY)
        return PredictionRequest("row", 1, {name: [value[name]] for name in names})
    if isinstance(value, list) and value:
        return PredictionRequest("rows", len(value), _columns_of(value, names))
    raise _no_rows(value, f'{{"{names[0]}": ...}}, a list of such rows, or {{"{names[0]}": [...]}}')


def csv_request(body: bytes, encoding: str | None) -> PredictionRequest:
    """Return the request in a CSV body, with a header if the columns of the fit have names.

    Raises:
        InvalidValue: for an empty body.
    """
    if not body.strip():
        raise _no_rows("", "CSV with a header")
    return PredictionRequest("rows", max(1, body.count(b"\n")), text=body, encoding=encoding)


def _columns_of(rows: Sequence[Any], names: Sequence[str]) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {name: [] for name in names}
    for i, row in enumerate(rows):
        if type(row) is not dict:
            raise _no_rows(row, "an object with the columns of the fit", f"row {i} of the body")
        _check_names(row, names, f"row {i} of the body")
        for name in names:
            columns[name].append(row[name])
    return columns


def _check_names(given: Mapping[str, object], names: Sequence[str], where: str) -> None:
    missing = [name for name in names if name not in given]
    if not missing:
        return
    others = [name for name in given if name not in names]
    near = unknown_name(where, "column", missing[0], others).remedy if others else ""
    raise UnknownName(
        where=where,
        got=f"no {listed(missing)}" + (f", but {listed(others)}" if others else ""),
        wanted=f"the columns of the fit: {listed(names)}",
        remedy=near if near.startswith("Did") else "Give all of them, null where a value is missing.",
    )


def _check_values(name: str, values: Sequence[object]) -> None:
    """Raise a DataError for lists and objects instead of values, and for a column of mixed types."""
    for row, value in enumerate(values):
        if isinstance(value, list | dict):
            raise DataError(
                where=f"column {name!r}, row {row} of the body",
                got="a list" if isinstance(value, list) else "an object",
                wanted="a number, a text, true, false, or null for a gap",
                remedy="Give one value for each row and column.",
            )


def _array_request(
    value: Any, preparation: Preparation | None, x_shape: tuple[int, ...]
) -> PredictionRequest:
    """Return rows without names: one sample, or a list of them."""
    example = f"a list of {x_shape[0] if len(x_shape) == 1 else ' by '.join(map(str, x_shape))} numbers"
    if type(value) is not list or not value:
        raise _no_rows(value, f"{example}, or a list of such rows")
    try:
        array = np.array(value, np.float64 if _has_null(value) else None)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (ValueError, TypeError, OverflowError) as problem:
        raise _no_rows(value, f"{example}, or a list of such rows") from problem
    if array.dtype.kind not in "iuf":
        raise _no_rows(value, f"{example}, or a list of such rows")
    pixels = preparation is not None and preparation.scale in _PIXELS
    if pixels and array.dtype.kind in "iu" and 0 <= array.min() <= array.max() <= 255:
        array = array.astype(np.uint8)  # as in the files of pixels
    if array.shape == x_shape:
        return PredictionRequest("row", 1, data=array[np.newaxis])
    if array.shape[1:] == x_shape:
        return PredictionRequest("rows", len(array), data=array)
    raise ShapeMismatch(
        where=_BODY,
        got=f"numbers of shape {array.shape}",
        wanted=f"{example}, or a list of such rows",
        remedy="Give the features the network was fitted on, in their order.",
    )


def _has_null(value: Any) -> bool:
    """Return whether a nested list contains a gap, and otherwise only numbers."""
    kinds = set()
    parts = [value]
    while parts:
        for each in parts.pop():
            if type(each) is list:
                parts.append(each)
            else:
                kinds.add(type(each))
    if not kinds <= {int, float, type(None)}:
        raise ValueError("values that are no numbers")
    return type(None) in kinds


def _answer_text(text: bytes, encoding: str | None, predictor: Predictor) -> Prediction:
    """Return the answer to CSV, which is read like a file."""
    with tempfile.TemporaryDirectory(prefix="chalknet-") as folder:
        path = Path(folder, "body.csv")
        path.write_bytes(text)
        try:
            found = predictor.answer(path, {"encoding": encoding} if encoding else None)
        except ChalknetError as problem:
            problem.excerpt = None
            _name_body(problem, str(path))
            raise
        return replace(found, notes=tuple(_without(note, str(path)) for note in found.notes))


def _name_body(problem: ChalknetError, path: str) -> None:
    for name in ("where", "got", "wanted", "remedy"):
        setattr(problem, name, _without(getattr(problem, name), path))


def _without(text: str, path: str) -> str:
    return text.replace(path, _BODY).replace(Path(path).name, _BODY)


def _mixed(name: str, value: object) -> InvalidValue:
    return InvalidValue(
        where=f"column {name!r} of the body",
        got="one value where other columns have a list",
        wanted="a list for each column, or one value for each",
        remedy="Give one row as {column: value}, or columns as {column: [values]}.",
    )


def _no_rows(value: object, wanted: str, where: str = _BODY) -> InvalidValue:
    kinds: Mapping[type, Callable[[Any], str]] = {
        dict: lambda each: f"an object with {len(each)} names",
        list: lambda each: f"a list of {len(each)} values" if each else "an empty list",
        str: lambda each: "a text" if each else "nothing",
        type(None): lambda each: "null",
    }
    got = kinds.get(type(value), lambda each: f"{str(each)[:40]}")(value)
    return InvalidValue(where=where, got=got, wanted=wanted, remedy="Look at the example of GET /.")
