"""The part of an ONNX graph before the network: prepares columns as features, as in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data import Preparation, PreparedColumn
from chalknet.errors import CannotExpress
from chalknet.module import ML_DOMAIN, GraphWriter, OnnxValue
from chalknet.network import Embed, numbers
from chalknet.units import is_number

Array = npt.NDArray[Any]

BATCH = "n"
_TO_FLOAT, _TO_DOUBLE, _TO_BOOL = 1, 11, 9  # ONNX's codes of data types
_PIXELS = ("bytes", "divided")


@dataclass
class GraphInputs:
    """The inputs of a graph, and the values computed from them so far.

    Args:
        writer: collects the nodes.
        inputs: by name.
        x: the name of the features `(n, width)`, or `(n, *x_shape)`.
        refused: names of the values `(n,)` that mark the rows that `predict` refuses.
    """

    writer: GraphWriter
    inputs: dict[str, OnnxValue] = field(default_factory=dict)
    x: str = ""
    refused: list[str] = field(default_factory=list)

    def refuse_other_categories(self, embeds: Sequence[Embed]) -> None:
        """Refuse the rows whose first features are no numbers of categories; they become rows of zeros."""
        put, array, x = self.writer.put, self.writer.array, self.x
        for place, step in enumerate(embeds):
            path, (categories, _) = f"category{place}", numbers((step.categories, step.width))
            number = put(path, "Gather", x, array(path, np.array(place)), axis=1)
            least, most = (array(f"{path}.{n}", np.array(n, np.float32)) for n in (0, categories - 1))
            outside = put(path, "Or", put(path, "Less", number, least), put(path, "Greater", number, most))
            whole = put(path, "Equal", number, put(path, "Floor", number))
            self.refused.append(put(f"{path}.none", "Or", outside, put(path, "Not", whole)))
        for place, refused in enumerate(self.refused if embeds else ()):
            rows = reshaped(self.writer, refused, [1], f"refused{place}")
            x = put(f"taken{place}", "Where", rows, array("no category", np.array(0, np.float32)), x)
        self.x = x

    def refuse_unless_finite(self) -> None:
        """Refuse the rows in which a feature is not finite."""
        put, x = self.writer.put, self.x
        bad = put("finite", "Or", put("finite", "IsNaN", x), put("finite", "IsInf", x))
        flat = put("finite", "Flatten", put("finite", "Cast", bad, to=_TO_FLOAT), axis=1)
        axis = self.writer.array("finite.axis", np.array([1]))
        most = put("finite", "ReduceMax", flat, axis, keepdims=0)
        self.refused.append(put("finite.any", "Cast", most, to=_TO_BOOL))


def write_columns(writer: GraphWriter, preparation: Preparation) -> GraphInputs:
    """Write the preparation of named columns, with one input `(n, 1)` of doubles or strings for each.

    Raises:
        CannotExpress: for a column without a name.
    """
    graph = GraphInputs(writer)
    for column in preparation.x:
        if not column.name:
            raise CannotExpress(
                where="a column of x",
                got="a column without a name",
                wanted="columns with names, which the inputs of the file have",
                remedy="Name it in the data and fit again.",
            )
        kind = "float64" if column.words is None else "str"
        graph.inputs[column.name] = OnnxValue(kind, (BATCH, 1))
    parts: list[str] = []
    for is_numbers, columns in groupby(preparation.x, lambda column: column.words is None):
        if is_numbers:
            parts.append(_write_numbers(writer, list(columns), preparation, f"numbers{len(parts)}"))
        else:
            for column in columns:
                parts.append(_write_words(graph, column, preparation, f"words{len(parts)}"))
    graph.x = _joined(writer, parts, "features")
    graph.refuse_unless_finite()
    return graph


def write_array(
    writer: GraphWriter, preparation: Preparation | None, shape: Sequence[int], name: str
) -> GraphInputs:
    """Write the preparation of rows without names, with one input `(n, ...)`.

    Pixels are bytes, as in their files; other numbers are float32, or float64 if they are processed in more
    precision than float32 has.
    """
    scale = "" if preparation is None else preparation.scale
    wide = preparation is not None and preparation.needs_digits
    kind = "uint8" if scale in _PIXELS else "float64" if wide else "float32"
    graph = GraphInputs(writer, {name: OnnxValue(kind, (BATCH, *shape))}, x=name)
    if kind == "uint8":
        graph.x = writer.put("pixels", "Cast", name, to=_TO_FLOAT)
        if scale == "divided":
            graph.x = writer.put("pixels", "Div", graph.x, writer.number("pixels.most", 255.0))
    if preparation is not None and preparation.x:
        rows = writer.array("rows.shape", np.array([-1, len(preparation.x)]))
        writer.put("rows", "Reshape", graph.x, rows)
        writer.put("rows", "Cast", writer.value, to=_TO_DOUBLE)
        graph.x = _scaled(writer, writer.value, preparation.x, preparation, "numbers")
        graph.x = reshaped(writer, graph.x, shape, "samples")
    if kind != "uint8":
        graph.refuse_unless_finite()
    return graph


def reshaped(writer: GraphWriter, value: str, shape: Sequence[int], path: str) -> str:
    """Write a node that reshapes each row of a value."""
    return writer.put(path, "Reshape", value, writer.array(f"{path}.shape", np.array([-1, *shape])))


def _write_numbers(
    writer: GraphWriter, columns: Sequence[PreparedColumn], preparation: Preparation, path: str
) -> str:
    return _scaled(
        writer, _joined(writer, [column.name for column in columns], path), columns, preparation, path
    )


def _scaled(
    writer: GraphWriter, x: str, columns: Sequence[PreparedColumn], preparation: Preparation, path: str
) -> str:
    """Write nodes that fill gaps in numbers `(n, columns)`, standardise in float64 and cast to float32."""
    put = writer.put
    missing = preparation.reading.get("missing", ())
    words = [missing] if isinstance(missing, str) else missing
    for i, number in enumerate(float(word) for word in words if is_number(word)):
        is_gap = put(f"{path}.gap{i}", "Equal", x, writer.array(f"{path}.gap{i}", np.array(number)))
        x = put(f"{path}.gap{i}", "Where", is_gap, writer.array(f"{path}.nan", np.array(nan)), x)
    fills = np.array([column.number_of_gap(preparation.unknown) for column in columns], np.float64)
    if not np.isnan(fills).all():
        gaps = put(f"{path}.fill", "IsNaN", x)
        x = put(f"{path}.fill", "Where", gaps, writer.array(f"{path}.fill", fills), x)
    mean, std = (np.array([vars(column)[name] for column in columns]) for name in ("mean", "std"))
    if mean.any():
        x = put(path, "Sub", x, writer.array(f"{path}.mean", mean))
    if (std != 1).any():
        x = put(path, "Div", x, writer.array(f"{path}.std", std))
    return put(path, "Cast", x, to=_TO_FLOAT)


def _write_words(graph: GraphInputs, column: PreparedColumn, preparation: Preparation, path: str) -> str:
    """Write the one-hot encoding `(n, words)` of a column of words, or its numbers `(n, 1)`."""
    writer, words = graph.writer, column.words or ()
    nothing, refused = len(words), len(words) + 1  # outside the columns: these give a row of zeros
    none = nothing if column.spare or not column.coded else refused
    codes = {None: refused, -1: none}
    gap, new = (
        codes.get(place, place)
        for place in (column.place_of_gap(preparation.unknown), column.place_of_new(preparation.unknown))
    )
    missing = preparation.reading.get("missing", ())
    gaps = {"", *([missing] if isinstance(missing, str) else missing)}
    known = {**column.places, **dict.fromkeys(gaps, gap)}
    code = writer.put(
        path, "LabelEncoder", column.name, domain=ML_DOMAIN, keys_strings=list(known),
        values_int64s=list(known.values()), default_int64=new,
    )  # fmt: skip
    code = writer.put(path, "Reshape", code, writer.array(f"{path}.shape", np.array([-1])))
    if refused in (gap, new):
        graph.refused.append(
            writer.put(path, "Equal", code, writer.array(f"{path}.refused", np.array(refused)))
        )
    if column.coded:
        number = writer.put(f"{path}.number", "Cast", code, to=_TO_FLOAT)
        return reshaped(writer, number, [1], f"{path}.number")
    depth = writer.array(f"{path}.depth", np.array(len(words)))
    return writer.put(
        path, "OneHot", code, depth, writer.array("both", np.array([0, 1], np.float32)), axis=-1
    )


def _joined(writer: GraphWriter, values: Sequence[str], path: str) -> str:
    return values[0] if len(values) == 1 else writer.put(path, "Concat", *values, axis=1)
