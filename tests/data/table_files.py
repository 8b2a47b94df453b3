"""The same table as a file of every kind."""

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet


def write_csv(path, table, delimiter=","):
    """Write named columns as text; float32 in all its digits, so that it is the same number in float64."""
    columns = [column.tolist() if hasattr(column, "tolist") else column for column in table.values()]
    rows = [
        delimiter.join(table),
        *(delimiter.join(map(str, row)) for row in zip(*columns, strict=True)),
    ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def write_parquet(path, table, rows_a_group=1000):
    pa.parquet.write_table(pa.table(table), path, row_group_size=rows_a_group)
    return path


def write_arrow(path, table):
    pa.feather.write_feather(pa.table(table), path, chunksize=777)
    return path


def write_npy(path, table):
    np.save(path, np.stack(list(table.values()), axis=1))
    return path


WRITERS = {".csv": write_csv, ".parquet": write_parquet, ".arrow": write_arrow, ".npy": write_npy}
