"""A conversion under way: two files that grow in a folder of their own, until it becomes an entry."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from chalknet.checksum import RunningChecksum, combined, part_digests
from chalknet.data.blocks import Conversion, ConversionState, note_readings, numbers_of, target_dtype
from chalknet.data.cache.entry import (
    FACTS,
    FORMAT,
    HEADER_BYTES,
    PROGRESS,
    RAW_Y,
    EntryFacts,
    FileChecksum,
    X,
    Y,
    facts_bytes,
    npy_header,
    read_facts,
    remove_ours,
    y_shape,
)
from chalknet.data.formats import DataTable, content_hash
from chalknet.errors import DataError
from chalknet.files import create_file, open_regular, stamp_of, sync_folder, user_key, write_whole

PART = ".part"  # the end of the name of a folder that is not finished
_BLOCK_BYTES = 8 << 20
_SAVE_EVERY_BYTES = 256 << 20


@dataclass
class _GrowingFile:
    """A file that rows are appended to behind its header.

    Args:
        file: open at its end.
        running: the checksum of the rows so far.
        size: their bytes.
    """

    file: IO[bytes]
    running: RunningChecksum
    size: int = 0

    @classmethod
    def create(cls, path: Path, dtype: np.dtype[Any]) -> _GrowingFile:
        """Return a new file without rows."""
        file = create_file(path)
        file.write(npy_header(dtype, (0,)))
        return cls(file, RunningChecksum())

    @classmethod
    def go_on(cls, path: Path, wanted: FileChecksum) -> _GrowingFile:
        """Return the file of an earlier process, cut off behind what it noted.

        Raises:
            ValueError: when these rows are others, or the file has a second name.
        """
        file = open_regular(path, writable=True)
        found, end = os.fstat(file.fileno()), HEADER_BYTES + wanted.bytes
        digests = part_digests(file.fileno(), HEADER_BYTES, end)
        if found.st_nlink != 1 or found.st_size < end or combined(digests) != wanted.sha256:
            file.close()
            raise ValueError(f"{path.name} is not as it was noted")
        file.truncate(end)
        file.seek(end)
        return cls(file, RunningChecksum.after(digests, file.fileno(), HEADER_BYTES, end), wanted.bytes)

    def append(self, values: npt.NDArray[Any]) -> None:
        """Append rows."""
        content = memoryview(values.reshape(-1).view(np.uint8).data)
        self.file.write(content)
        self.running.update(content)
        self.size += len(content)

    def sync(self) -> FileChecksum:
        """Bring the file to the disk and return the checksum of its rows."""
        self.file.flush()
        os.fsync(self.file.fileno())
        return FileChecksum(self.size, combined(self.running.digests))

    def finish(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> FileChecksum:
        """Write the header and return the checksum of all of the file."""
        self.file.seek(0)
        self.file.write(header := npy_header(dtype, shape))
        self.sync()
        whole = RunningChecksum()
        whole.update(memoryview(header))
        return FileChecksum(HEADER_BYTES + self.size, combined([*whole.digests, *self.running.digests]))


def make_entry(conversion: Conversion, folder: Path, digest: str) -> None:
    """Convert a table into an entry; one that was cut off is continued.

    Args:
        conversion: what is converted into what.
        folder: where the entry is to be; nothing but files of ours is there, or beside it.
        digest: of what was asked of which content.

    Raises:
        DataError: for values that cannot be fitted, a table that was written to meanwhile.
        FileProblem, OSError: when the table cannot be read, or the entry not written.
    """
    part = folder.with_name(f"{folder.name}{PART}")
    part.mkdir(exist_ok=True)
    try:
        with ExitStack() as opened:
            state, *files = _begun(conversion, part, digest)
            for growing in files:
                opened.enter_context(growing.file)
            _append(conversion, part, digest, state, files)
            note_readings(conversion, state)
            _finish(conversion, part, digest, state, files)
        check_unchanged(conversion.table, by_content=True)
        for name in (RAW_Y, PROGRESS):
            (part / name).unlink(missing_ok=True)
        sync_folder(part)
        part.rename(folder)
        sync_folder(folder.parent)
    except (DataError, OSError):
        remove_ours(part)  # a full disk or a bad value: nothing half is left
        raise


def _begun(conversion: Conversion, part: Path, digest: str) -> tuple[Any, ...]:
    """Return the state and the two files, as an earlier process left them or new."""
    with suppress(OSError, ValueError), ExitStack() as opened:
        kept = read_facts(part / PROGRESS, digest, user_key() or b"")
        state, row_bytes = kept.state, conversion.x_dtype.itemsize * len(conversion.x)
        state.check([column.name for column in (*conversion.x, *conversion.y)])
        if (kept.x.bytes, kept.y.bytes) != (state.rows * row_bytes, state.rows * 8 * len(conversion.y)):
            raise ValueError("other rows than were noted")
        x = _GrowingFile.go_on(part / X, kept.x)
        opened.enter_context(x.file)
        y = _GrowingFile.go_on(part / RAW_Y, kept.y)
        opened.pop_all()
        remove_ours(part, but=(X, RAW_Y, PROGRESS))
        return state, x, y
    remove_ours(part)
    part.mkdir(exist_ok=True)
    x = _GrowingFile.create(part / X, conversion.x_dtype)
    return ConversionState(), x, _GrowingFile.create(part / RAW_Y, np.dtype(np.float64))


def _append(
    conversion: Conversion, part: Path, digest: str, state: ConversionState, files: Sequence[_GrowingFile]
) -> None:
    """Append block after block to the two files, from where an earlier process stopped."""
    table, saved = conversion.table, state.position
    with _progress_bar(table, state.position) as bar:
        for block in table.blocks([*conversion.x, *conversion.y], state.position):
            for growing, values in zip(files, numbers_of(conversion, block, state), strict=True):
                growing.append(values)
            state.position, state.rows = block.position, state.rows + block.rows
            bar.update(min(state.position, table.size) - bar.n)
            check_unchanged(table)
            if block.resumable and (state.position - saved) * table.unit_bytes >= _SAVE_EVERY_BYTES:
                _save(part, digest, state, files)
                saved = state.position


def _save(part: Path, digest: str, state: ConversionState, files: Sequence[_GrowingFile]) -> None:
    x, y = (growing.sync() for growing in files)
    write_whole(part / PROGRESS, facts_bytes(EntryFacts(FORMAT, digest, x, y, state), user_key() or b""))


def _finish(
    conversion: Conversion, part: Path, digest: str, state: ConversionState, files: Sequence[_GrowingFile]
) -> None:
    """Write the headers and the facts; a target of whole numbers becomes int64."""
    x, raw_y = files
    kept_x = x.finish(conversion.x_dtype, (state.rows, len(conversion.x)))
    dtype, wanted = target_dtype(conversion, state), raw_y.sync()
    recast = _GrowingFile.create(part / Y, dtype)
    with recast.file:
        read = RunningChecksum()
        raw_y.file.seek(HEADER_BYTES)
        while values := raw_y.file.read(_BLOCK_BYTES):
            read.update(memoryview(values))
            recast.append(np.frombuffer(values).astype(dtype))
        if combined(read.digests) != wanted.sha256:
            raise OSError("a file was changed by somebody else while it was written")
        kept_y = recast.finish(dtype, y_shape(conversion, state))
    write_whole(part / FACTS, facts_bytes(EntryFacts(FORMAT, digest, kept_x, kept_y, state)))


def check_unchanged(table: DataTable, *, by_content: bool = False) -> None:
    """Raise a DataError for a file that was written to since it was opened.

    Args:
        table: the file.
        by_content: whether its content is compared too, where the times of a file are too coarse to tell.
    """
    path = table.path
    assert path is not None
    if by_content and content_hash(path) != table.content_hash:
        raise _changed(path)
    if table.stamp is not None and stamp_of(path) != table.stamp:
        raise _changed(path)


def _changed(path: Path) -> DataError:
    return DataError(
        where=str(path),
        got="a file that was written to while it was read",
        wanted="a file that stays as it is",
        remedy="Load it again when it is complete.",
    )


def _progress_bar(table: DataTable, done: int) -> Any:
    """Return a bar on standard error, shown where that is a terminal."""
    return tqdm(
        total=table.size,
        initial=done,
        desc=f"converting {table.name}, once",
        mininterval=0.2,
        leave=False,
        unit="B" if table.unit_bytes == 1 else " rows",
        unit_scale=True,
        disable=None,
    )
