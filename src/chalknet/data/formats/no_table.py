"""Files that hold no table as text, by their first bytes or their ending, and what to do with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chalknet.errors import DataError


@dataclass(frozen=True)
class OtherFile:
    """A kind of files that is not read.

    Args:
        what: what messages call it.
        pattern: of its first bytes; None where only its ending tells.
        suffixes: its endings.
        remedy: what to do, with `{path}` for its path.
    """

    what: str
    pattern: bytes | None
    suffixes: tuple[str, ...]
    remedy: str


def _with_pandas(verb: str) -> str:
    return f"Make a CSV of it: pandas.{verb}({{path}}).to_csv('table.csv', index=False)."


_UNPACK = "Unpack it, and give the file that is in it."
_HTML = rb"(?i)\s*+(?:<!--.*?-->\s*+)?<(?:!doctype\s+html|html|head|body|table|div|meta)\b"
_JSON = rb'\s*(?:\{\s*["}]|\[\s*(?:[\[{"]|-?\d+(?:\.\d+)?\s*[,\]]\s*[-\d\]]))'
_EXCEL = rb"PK\x03\x04[\s\S]*(?:\[Content_Types\]|xl/|_rels)"
_PDF = "Copy the table into a spreadsheet, and save it as CSV."
_MATLAB = "Read it with scipy.io.loadmat, and give arrays (x, y)."
_PICKLE = "Load it where you trust it, and give arrays (x, y) or write a CSV."
_ARFF = "Read it with scipy.io.arff.loadarff, and give arrays (x, y) or write a CSV."
_SQL = "Make a CSV of it: pandas.read_sql('SELECT * FROM name', sqlite3.connect({path})).to_csv('table.csv')."
_LINES = "Make a CSV of it: pandas.read_json({path}, lines=True).to_csv('table.csv', index=False)."
_PAGE = (
    "Download the file itself, where this page stands in its place; for a table within the page: "
    "pandas.read_html({path})[0].to_csv('table.csv', index=False)."
)
OTHER_FILES = (
    OtherFile("an Excel spreadsheet", _EXCEL, (".xlsx", ".xlsm"), _with_pandas("read_excel")),
    OtherFile(
        "an OpenDocument table", rb"PK\x03\x04[\s\S]*opendocument", (".ods",), _with_pandas("read_excel")
    ),
    OtherFile("a zip archive", rb"PK\x03\x04", (".zip",), _UNPACK),
    OtherFile("an old Excel spreadsheet", rb"\xd0\xcf\x11\xe0", (".xls",), _with_pandas("read_excel")),
    OtherFile("a Zstandard archive", rb"\x28\xb5\x2f\xfd", (".zst",), _UNPACK),
    OtherFile("a 7z archive", rb"7z\xbc\xaf\x27\x1c", (".7z",), _UNPACK),
    OtherFile("a RAR archive", rb"Rar!", (".rar",), _UNPACK),
    OtherFile("a PDF document", rb"%PDF-", (".pdf",), _PDF),
    OtherFile("an SQLite database", rb"SQLite format 3", (".db", ".sqlite"), _SQL),
    OtherFile("an HDF5 file", rb"\x89HDF", (".h5", ".hdf5"), "Read it with h5py, and give arrays (x, y)."),
    OtherFile("a MATLAB file", rb"MATLAB 5\.0", (".mat",), _MATLAB),
    OtherFile("a pickle", rb"\x80[\x02-\x05][\x8c}\]c(\x95]", (".pkl", ".pickle"), _PICKLE),
    OtherFile("an HTML page", _HTML, (".html", ".htm"), _PAGE),
    OtherFile("an XML document", rb"\s*<\?xml", (".xml",), _with_pandas("read_xml")),
    OtherFile(
        "JSON, an object a line",
        rb'\s*+\{\s*+"[^\r\n]*+(?:(?<=\})|(?<=\}[ \t]))\s++\{',
        (".jsonl", ".ndjson"),
        _LINES,
    ),
    OtherFile("JSON", _JSON, (".json",), _with_pandas("read_json")),
    OtherFile("an ARFF file", rb"(?i)(?:\s*+%[^\r\n]*+)*+\s*+@relation\b", (".arff",), _ARFF),
)


def refuse_other(path: Path, head: bytes) -> None:
    """Raise a DataError for a file whose first bytes are those of something else than a table as text."""
    kinds = (kind for kind in OTHER_FILES if kind.pattern and re.match(kind.pattern, head))
    for kind in kinds:
        raise DataError(
            where=str(path),
            got=kind.what,
            wanted="a table as text",
            remedy=kind.remedy.format(path=repr(str(path))),
        )


def remedies(path: Path) -> Iterator[str]:
    """Yield what to do with a file that has the ending of a kind that is not read."""
    suffix = path.suffix.lower()
    return (kind.remedy.format(path=repr(str(path))) for kind in OTHER_FILES if suffix in kind.suffixes)
