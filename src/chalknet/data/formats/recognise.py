"""Which format a file has: its content decides, and its ending where the content leaves it open."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chalknet.data.formats.columnar import open_arrow, open_parquet
from chalknet.data.formats.csv_file import open_csv
from chalknet.data.formats.idx import is_idx
from chalknet.data.formats.images import idx_side, open_images
from chalknet.data.formats.numpy_files import is_npy, is_npz, numpy_side, open_numpy
from chalknet.data.formats.packed import heads
from chalknet.data.formats.raw_rows import RawRows
from chalknet.data.formats.table import Table
from chalknet.errors import DataError

_PACKED = r"(\.(gz|bz2|xz))?"


@dataclass(frozen=True)
class FileOptions:
    """How a file is read, where its content leaves that open.

    Args:
        delimiter: of a text, what stands between two fields; None to find out.
        header: of a text, whether the first row holds names; None to find out.
        in_memory: whether an array is read at once; None where memory holds it.
    """

    delimiter: str | None = None
    header: bool | None = None
    in_memory: bool | None = None


@dataclass(frozen=True)
class FileFormat:
    """One format of files.

    Args:
        name: what messages call it.
        ending: pattern of the end of its files' names.
        matches: whether the first bytes of a file, unpacked, are those of this format.
        open: returns a file's rows, or the table they are columns of.
        side: returns what a file holds as x alone or as y alone; None for tables, which hold both.
    """

    name: str
    ending: str
    matches: Callable[[bytes], bool]
    open: Callable[[Path, FileOptions], Table | RawRows]
    side: Callable[[Path, Literal["x", "y"]], Any] | None = None


IDX = FileFormat(
    "IDX",
    rf"[-._](idx\d*|ubyte){_PACKED}",
    is_idx,
    lambda path, options: open_images(path, options.in_memory),
    idx_side,
)
CSV = FileFormat(
    "CSV",
    rf"\.(csv|tsv|tab|txt|data){_PACKED}",
    lambda head: False,  # any text may be one
    lambda path, options: open_csv(path, options.delimiter, options.header),
)
FORMATS = (
    FileFormat(".npy", r"\.npy", is_npy, lambda path, options: open_numpy(path), numpy_side),
    FileFormat(".npz", r"\.npz", is_npz, lambda path, options: open_numpy(path), numpy_side),
    FileFormat(
        "Parquet",
        r"\.(parquet|pq)",
        lambda head: head.startswith(b"PAR1"),
        lambda path, options: open_parquet(path),
    ),
    FileFormat(
        "Arrow",
        r"\.(arrow|feather|ipc)",
        lambda head: head.startswith((b"ARROW1", b"\xff\xff\xff\xff")),
        lambda path, options: open_arrow(path),
    ),
    IDX,
    CSV,
)
TABLES = tuple(file_format for file_format in FORMATS if file_format.side is None)

# Endings that are not read -> how pandas makes a table that is read of such a file.
_BY_HAND = {
    ".json": "pandas.read_json({!r})",
    ".xlsx": "pandas.read_excel({!r})",
    ".xls": "pandas.read_excel({!r})",
}


def format_of(path: Path) -> FileFormat:
    """Return the format of a file.

    Args:
        path: the file.

    Raises:
        FileProblem: when it cannot be opened.
        DataError: when neither its content nor its ending is that of a format.
    """
    packed, content = heads(path)
    known = next((row for row in FORMATS if row.matches(content if row is IDX else packed)), None)
    by_name = next((row for row in FORMATS if re.search(f"{row.ending}$", path.name.lower())), None)
    found = known or by_name
    if found is None:
        raise _unsupported(path)
    return found


def side_of(path: Path, side: Literal["x", "y"]) -> Any:
    """Return what a file holds as x alone or as y alone.

    Raises:
        DataError: for a table, which holds both.
    """
    file_format = format_of(path)
    if file_format.side is None:
        raise DataError(
            where=str(path),
            got=f"a {file_format.name} file as {side} alone",
            wanted=".npz, .npy or an IDX file in a pair (x, y)",
            remedy="Give a table alone, and name its columns: x=['a', 'b'], y='c'.",
        )
    return file_format.side(path, side)


def _unsupported(path: Path) -> DataError:
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    remedy = "Read it into arrays x and y with the library it comes from, and give (x, y); text is a .csv."
    if suffix in _BY_HAND:
        remedy = f"Make a CSV of it: {_BY_HAND[suffix].format(str(path))}.to_csv('table.csv', index=False)."
    return DataError(
        where=str(path),
        got=f"a {suffix} file" if suffix else "a file of an unknown kind",
        wanted=".csv, .parquet, .arrow, .npz, .npy or an IDX file",
        remedy=remedy,
    )
