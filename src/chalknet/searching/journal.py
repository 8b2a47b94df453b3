"""The folder of a search: a line for each finished fit, so that a killed search can continue."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chalknet.errors import FileProblem, writing
from chalknet.files import SEARCH_MEMBERS, is_regular, read_regular, try_lock, write_whole
from chalknet.searching.member import Member

_RESULT, _LOCK = "search.json", ".search-lock"
_KIND = "chalknet_search"


class Journal:
    """The known members, in memory and, if a folder is given, in a file.

    Each line is appended by one call: a process killed at any time leaves whole lines and at most one partial
    line, which is discarded and made again.

    Args:
        path: the folder; None to use only memory.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._known: dict[str, Member] = {}
        self._file: int | None = None

    def get(self, key: str) -> Member | None:
        """Return the member with a key."""
        return self._known.get(key)

    def add(self, member: Member) -> None:
        """Store a member; a failed one is stored only in memory, so that the next process makes it again."""
        self._known[member.key] = member
        if self._file is not None and member.ended != "failed":
            with writing(self.path):
                os.write(self._file, f"{member.line()}\n".encode())

    @contextmanager
    def open(self) -> Iterator[Journal]:
        """Lock the folder for this process.

        Raises:
            FileProblem: if the folder is not a search's, or another process has locked it.
        """
        if self.path is None:
            yield self
            return
        with writing(self.path, "a folder that can be written"):
            _check_ours(self.path)
            self.path.mkdir(parents=True, exist_ok=True)
            lock = try_lock(self.path / _LOCK)
            if lock is None:
                raise FileProblem(
                    where=str(self.path),
                    got="a search that another process or thread is making",
                    wanted="a folder of its own",
                    remedy="Wait until it has ended, or give another name.",
                )
        with lock:
            file = self.path / SEARCH_MEMBERS
            with writing(file):
                self._read(file)
                self._file = os.open(
                    file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666
                )
            try:
                yield self
            finally:
                os.close(self._file)
                self._file = None

    def _read(self, file: Path) -> None:
        """Read the lines of a file; a partial last line is cut off."""
        if not file.exists():
            write_whole(file, b"")
            return
        content = read_regular(file)
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            os.truncate(file, len(whole))
        members = map(Member.read, whole.decode("utf-8", "replace").splitlines())
        self._known |= {member.key: member for member in members if member is not None}

    def keep(self, facts: Mapping[str, Any]) -> None:
        """Write the result next to the lines."""
        if self.path is not None:
            write_whole(self.path / _RESULT, (json.dumps({_KIND: 1, **facts}, indent=1) + "\n").encode())

    def kept(self) -> dict[str, Any]:
        """Return the earlier result; empty if there is none."""
        return {} if self.path is None or not is_regular(self.path / _RESULT) else read_facts(self.path)


def read_facts(path: Path) -> dict[str, Any]:
    """Return the result that a search wrote next to its lines.

    Raises:
        FileProblem: if no search has ended there, or chalknet did not write the file.
    """
    file = path / _RESULT
    if not is_regular(file):
        raise FileProblem(
            where=str(path),
            got="a search that has not ended" if _is_search(path) else "no search",
            wanted="the folder that a search was kept in",
            remedy="Search again with out=... (--out): what has ended there is not made again.",
        )
    try:
        found = json.loads(read_regular(file))
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get(_KIND) != 1:
        raise FileProblem(
            where=str(file),
            got="a file that chalknet did not write, or a damaged one",
            wanted="what a search found",
            remedy="Move it away and search again: fits that have ended are not made again.",
        )
    return found


def _check_ours(path: Path) -> None:
    if path.exists() and (not path.is_dir() or (any(path.iterdir()) and not _is_search(path))):
        raise FileProblem(
            where=f"out={str(path)!r}",
            got="something that is no search",
            wanted="a new or empty folder, or the folder of a search, which goes on there",
            remedy="Give another name.",
        )


def _is_search(path: Path) -> bool:
    return is_regular(path / SEARCH_MEMBERS)
