"""Mark a folder of homework: compare each file with the key, and make a table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from chalknet.differences import Difference, difference
from chalknet.errors import ChalknetError, FileProblem, InvalidValue, invalid, printable, public
from chalknet.files import RUN_PLAN, is_folder, is_regular, user_path, write_output
from chalknet.forms import ModelLike, read
from chalknet.lang import translated
from chalknet.network import Network
from chalknet.notation import write
from chalknet.tables import Cell, Shown, Table, Tabular
from chalknet.units import is_number, one_line, show_count

_COLUMNS = ("file", "read as", "verdict", "where it parts", "alike", "mark", "notes")
_LEFT_BEHIND = ("__MACOSX", "Thumbs.db", "desktop.ini")  # created by operating systems
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins with one is taken for a formula


@dataclass(frozen=True, repr=False)
class MarkedFile(Shown):
    """One file of a folder of homework.

    Args:
        file: its path within the folder.
        network: the network it was read as; None if it could not be read.
        difference: from the key; None if it could not be read.
        mark: the points given; None if it could not be read.
        reason: why it could not be read, or what was assumed in reading it.
    """

    file: str
    network: Network | None
    difference: Difference | None
    mark: float | None
    reason: str = ""

    @property
    def verdict(self) -> str:
        """Return "same", "different" or "unread"."""
        if self.difference is None:
            return "unread"
        return "different" if self.difference else "same"


@dataclass(frozen=True, repr=False)
class Marks(Tabular):
    """The marks of a folder of homework.

    Args:
        rows: a row for each file, in the order of their names.
        key: the network that was asked for.
        points: the mark for the same network.

    Example:
        >>> import tempfile, pathlib
        >>> import chalknet as cn
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "kim.txt").write_text("1 -> 2 relu -> 1 sigmoid")
        >>> _ = (folder / "lee.txt").write_text("1 -> 2 tanh -> 1 sigmoid")
        >>> marks = cn.mark(folder, "1 -> 2 relu -> 1 sigmoid")
        >>> [(row.file, row.verdict, row.mark) for row in marks.rows]
        [('kim.txt', 'same', 10.0), ('lee.txt', 'different', 8.0)]
    """

    rows: tuple[MarkedFile, ...]
    key: Network
    points: float

    @property
    def table(self) -> Table:
        """Return a row for each file."""
        unread = sum(row.mark is None for row in self.rows)
        same = sum(row.verdict == "same" for row in self.rows)
        notes = [f"{show_count(same)} of {show_count(len(self.rows))} the same network"]
        if unread:
            them = "1 file could not be read and has no mark: open it"
            if unread > 1:
                them = f"{show_count(unread)} files could not be read and have no mark: open them"
            notes.append(f"note: {them}")
        assumed = sum(bool(row.reason and row.network) for row in self.rows)
        if assumed:
            notes.append(f"note: {show_count(assumed)} read with assumptions, which stand in the last column")
        title = f"{self.points:g} points for {write(self.key, 'shorthand')}"
        return Table(_COLUMNS, tuple(map(_cells, self.rows)), title, tuple(notes))

    def to_csv(self, path: str | Path | None = None) -> str:
        """Return the table as CSV with a header, and write it where a path is given.

        A cell that a spreadsheet program would take for a formula gets an apostrophe in front. The file
        begins with the UTF-8 byte order mark, which these programs need for Korean names.

        Args:
            path: of the file; None to write none.

        Raises:
            FileProblem: if it cannot be written.
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for row in self.table.to_dicts():
            writer.writerow([_harmless(value) for value in row.values()])
        if path is not None:
            write_output(user_path(path), text.getvalue().encode("utf-8-sig"))
        return text.getvalue()


@public(model="key")
def mark(
    folder: str | PathLike[str],
    key: ModelLike,
    *,
    points: float = 10,
    name: str | None = None,
    ignore_dropout: bool = False,
    logits: bool = False,
) -> Marks:
    """Return a table of marks for a folder of homework, each file compared with the key.

    Each file may be in any form that `read` accepts: text, LaTeX, code, a notebook, a drawing, a photo. No
    code is executed. A file that cannot be read gets the reason instead of a mark; the others are still
    marked. A network that differs gets points for the parts (X and the steps) that match the key.

    Args:
        folder: the homework, including subfolders; hidden files and the key are ignored, links are not
            followed.
        key: the network that was asked for: whatever `read` accepts.
        points: for the same network, above 0.
        name: the network to read from files with several.
        ignore_dropout: as in `difference`.
        logits: as in `difference`.

    Raises:
        FileProblem: if it is not a folder.
        InvalidValue: for a folder without files, or points that are not a number above 0.
        NotationError: for a key that is not a network.

    Example:
        >>> import tempfile, pathlib
        >>> import chalknet as cn
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "park.py").write_text("nn.Sequential(nn.Linear(1, 1), nn.Sigmoid())")
        >>> cn.mark(folder, "1 -> 1 sigmoid", points=5).rows[0].mark
        5.0
    """
    path = user_path(folder, "folder")
    if isinstance(points, bool) or not is_number(points) or not 0 < float(points) < math.inf:
        raise invalid("points", points, "a number above 0", "Leave it out for 10.")
    if name is not None and not isinstance(name, str):
        raise invalid("name", name, "a title, a class, 'line 12', 'cell 3' or 'figure 2'")
    if not path.is_dir():
        raise _no_folder(path)
    wanted = read(key)
    difference(wanted, wanted, ignore_dropout=ignore_dropout, logits=logits)  # refuses invalid options early
    beside = Path(key).resolve() if isinstance(key, str | PathLike) and len(str(key)) < 4096 else None
    files = [file for file in _files_of(path) if file.resolve() != beside]
    if not files:
        raise InvalidValue(
            where=str(path),
            got="no file but hidden ones",
            wanted="a file for each person",
            remedy="Unpack the homework into it first.",
        )
    rows = []
    for file in files:
        row = _read_file(path, file, name)
        if row.network is not None:
            found = difference(wanted, row.network, ignore_dropout=ignore_dropout, logits=logits)
            row = replace(row, difference=found, mark=round(float(points) * found.alike / found.of, 2))
        rows.append(row)
    return Marks(tuple(rows), wanted, float(points))


def _read_file(folder: Path, file: Path, name: str | None) -> MarkedFile:
    """Return the row of a file with its network, or with the reason that it could not be read."""
    label = printable(file.relative_to(folder).as_posix())
    if file.is_symlink():
        return MarkedFile(label, None, None, None, translated("a link, which is not followed"))
    try:
        network = read(file, name=name)
    except ChalknetError as problem:
        return MarkedFile(label, None, None, None, str(problem).replace(str(file), label))
    except Exception as problem:  # one bad file must not stop the others
        return MarkedFile(label, None, None, None, f"{type(problem).__name__}: {problem}")
    return MarkedFile(label, network, None, None, "; ".join(map(translated, network.notes)))


def _files_of(folder: Path) -> Iterator[Path]:
    """Return the files of a folder and its subfolders, ordered by name; a kept fit counts as one file."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~$")) or path.name in _LEFT_BEHIND:
            continue
        if is_folder(path) and not is_regular(path / RUN_PLAN):
            yield from _files_of(path)
        else:
            yield path


def _cells(row: MarkedFile) -> tuple[Cell | str | float | None, ...]:
    where, share = "", None
    if row.difference is not None:
        where = "; ".join(map(str, row.difference.parts))
        alike, compared = row.difference.alike, row.difference.of
        share = f"{alike} of {compared}"
    mark_cell = None if row.mark is None else Cell(row.mark, f"{row.mark:g}")
    seen = "" if row.network is None else write(row.network, "shorthand")
    reason = Cell(row.reason, one_line(row.reason, 200))
    return row.file, seen, row.verdict, where, share, mark_cell, reason


def _harmless(value: object) -> object:
    text = "" if value is None else value
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text


def _no_folder(path: Path) -> ChalknetError:
    return FileProblem(
        where=str(path),
        got="no folder",
        wanted="a folder with the homework, a file for each person",
        remedy="Check the path; for one file, compare it: chalknet diff KEY FILE.",
    )
