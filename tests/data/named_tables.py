"""The same table in every container whose columns have names."""

import numpy as np
import pandas as pd
import pyarrow as pa


class Streamed:
    """What polars gives: column names and an Arrow stream, and nothing of pandas."""

    def __init__(self, table):
        self.table, self.columns = table, table.column_names

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def views(table):
    """Return a stream of texts as views, some of them categories, as polars gives them."""
    arrays = {}
    for place, (name, values) in enumerate(table.items()):
        array = pa.array(np.asarray(values), from_pandas=True)
        if pa.types.is_string(array.type):
            encoded = array.dictionary_encode()
            words = encoded.dictionary.cast(pa.string_view())
            category = pa.DictionaryArray.from_arrays(encoded.indices.cast(pa.uint32()), words)
            array = category if place % 2 else array.cast(pa.string_view())
        arrays[name] = array
    return Streamed(pa.table(arrays))


class Interchanged:
    """What only speaks the interchange protocol of DataFrames."""

    def __init__(self, table):
        self.table, self.columns = table, table.column_names

    def __dataframe__(self, **options):
        return self.table.__dataframe__(**options)


def structured(table):
    """Return columns as a structured array."""
    arrays = {name: np.asarray(values) for name, values in table.items()}
    kinds = [(name, array.dtype) for name, array in arrays.items()]
    rows = np.empty(len(next(iter(arrays.values()))), dtype=kinds)
    for name, array in arrays.items():
        rows[name] = array
    return rows


# A name -> what makes the container of a dict of columns.
CONTAINERS = {
    "a dict of lists": lambda table: {name: np.asarray(values).tolist() for name, values in table.items()},
    "a dict of arrays": dict,
    "a DataFrame": pd.DataFrame,
    "a DataFrame with an index": lambda table: pd.DataFrame(table).set_index(
        pd.Index(range(1000, 1000 + len(next(iter(table.values())))), name="id")
    ),
    "a DataFrame of nullable dtypes": lambda table: pd.DataFrame(table).convert_dtypes(),
    "a DataFrame of Arrow": lambda table: pd.DataFrame(table).convert_dtypes(dtype_backend="pyarrow"),
    "an Arrow table": pa.table,
    "an Arrow batch": lambda table: pa.RecordBatch.from_pydict(table),
    "a stream of Arrow's": lambda table: Streamed(pa.table(table)),
    "a stream of views": views,
    "an interchanged frame": lambda table: Interchanged(pa.table(table)),
    "a structured array": structured,
}
