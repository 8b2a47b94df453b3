"""Which format a file has: its content decides, and its ending where the content leaves it open."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from chalknet.data.formats.arrow import STREAM_MARK, open_arrow, open_parquet
from chalknet.data.formats.csv_file import open_csv
from chalknet.data.formats.idx import idx_side, is_idx, open_images, scale_of_images
from chalknet.data.formats.no_table import remedies
from chalknet.data.formats.numpy_files import is_npz, numpy_side, open_numpy
from chalknet.data.formats.packed import head_of
from chalknet.data.formats.raw_rows import RawRows
from chalknet.data.formats.table import DataTable, FileOptions, content_hash
from chalknet.errors import DataError
from chalknet.files import stamp_of

_PACKED = r"(\.(gz|bz2|xz))?"


@dataclass(frozen=True)
class FileFormat:
    """One format of files.

    Args:
        name: what messages call it.
        ending: pattern of the end of its files' names.
        matches: whether the first bytes of a file, unpacked, are those of this format; None where no first
            bytes are its own.
        reader: returns a file's rows, or the table they are columns of.
        side: returns what a file holds as x alone or as y alone; None for tables, which hold both.
        scale: returns how bytes of x alone are taken, as RawRows has it; None where they stand as they are.
    """

    name: str
    ending: str
    matches: Callable[[bytes], bool] | None
    reader: Callable[[Path, FileOptions], DataTable | RawRows]
    side: Callable[[Path, Literal["x", "y"], FileOptions], Any] | None = None
    scale: Callable[[Path], str] | None = None

    def open(self, path: Path, options: FileOptions) -> DataTable | RawRows:
        """Return a file's rows, or the table they are columns of, with the file's stamp from before."""
        before = stamp_of(path)
        found = self.reader(path, options)
        if not isinstance(found, DataTable):
            return found
        return replace(found, stamp=before, hash_values=cache(lambda: content_hash(path)))


def _begins_with(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(marks)


IDX = FileFormat("IDX", rf"[-._](idx\d*|ubyte){_PACKED}", is_idx, open_images, idx_side, scale_of_images)
FORMATS = (
    FileFormat(".npy", r"\.npy", _begins_with(b"\x93NUMPY"), open_numpy, numpy_side),
    FileFormat(".npz", r"\.npz", is_npz, open_numpy, numpy_side),
    FileFormat("Parquet", r"\.(parquet|pq)", _begins_with(b"PAR1"), open_parquet),
    FileFormat("Arrow", r"\.(arrow|feather|ipc)", _begins_with(b"ARROW1", STREAM_MARK), open_arrow),
    IDX,
    FileFormat("CSV", rf"\.(csv|tsv|tab|txt|data){_PACKED}", None, open_csv),
)


def format_of(path: Path) -> FileFormat:
    """Return the format of a file.

    Args:
        path: the file.

    Raises:
        FileProblem: when it cannot be opened.
        DataError: when neither its content nor its ending is that of a format.
    """
    head, name = head_of(path), path.name.lower()
    by_content = (row for row in FORMATS if row.matches and row.matches(head))
    by_ending = (row for row in FORMATS if re.search(f"{row.ending}$", name))
    if found := next(chain(by_content, by_ending), None):
        return found
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    arrays = "Read it into arrays x and y with the library it comes from, and give (x, y); text is a .csv."
    raise DataError(
        where=str(path),
        got=f"a {suffix} file" if suffix else "a file of an unknown kind",
        wanted=".csv, .parquet, .arrow, .npz, .npy or an IDX file",
        remedy=next(remedies(path), arrays),
    )


def scale_of(path: Path) -> str:
    """Return how the bytes of a file that is x alone are taken: "divided" by 255, or "" as they stand."""
    found = format_of(path).scale
    return "" if found is None else found(path)


def side_of(path: Path, side: Literal["x", "y"], options: FileOptions) -> Any:
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
    return file_format.side(path, side, options)
