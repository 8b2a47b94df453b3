"""The seal of a kept run: the checksums by which damage is found, and a signature of who made it.

The last two lines of a sealed file are the SHA-256 of everything before them, and that checksum signed with
a secret of the user (HMAC). Whoever changes the file can make its checksum anew; the signature they cannot.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalknet.errors import ChalknetError, FileProblem
from chalknet.files import RUN_PLAN, read_regular, user_key
from chalknet.schema import parse_json
from chalknet.system import available_bytes

_LARGEST_BYTES = 8 << 20  # 64 bytes of memory for each of the file, at worst
_SEAL = re.compile(rb',\n  "seal": "([0-9a-f]{64})",\n  "signature": "([0-9a-f]{64})?"\n}\n\Z')
_KEYS = ("chalknet_run", "seal", "signature")  # a file with one of them was sealed


@dataclass(frozen=True)
class Unsealed:
    """What stood in a JSON file of a run.

    Args:
        values: its keys, without those of the seal.
        sealed: whether it has a seal; earlier versions wrote none.
        own: whether this user made it on this machine.
    """

    values: dict[str, Any]
    sealed: bool
    own: bool


def sealed(values: Mapping[str, Any]) -> bytes:
    """Return the content of a JSON file with its seal."""
    body = json.dumps({"chalknet_run": 2, **values}, indent=2, allow_nan=False).encode()[: -len("\n}")]
    checksum = hashlib.sha256(body).hexdigest()
    return body + f',\n  "seal": "{checksum}",\n  "signature": "{_signature(checksum)}"\n}}\n'.encode()


def read_sealed(path: Path) -> Unsealed:
    """Return what stands in a JSON file of a run, its checksum verified.

    Raises:
        FileProblem: for a link, a pipe or a folder in its place.
        OSError: for a file that cannot be read.
        ValueError: for one that is damaged.
    """
    content = read_regular(path, _LARGEST_BYTES)
    found = _SEAL.search(content, max(0, len(content) - 256))
    values = parse_json(content)
    if found is None:
        if any(key in values for key in _KEYS):
            raise ValueError("its seal is gone: it was damaged or edited")
        return Unsealed(values, sealed=False, own=False)
    checksum = hashlib.sha256(content[: found.start()]).hexdigest()
    if checksum != found[1].decode():
        raise ValueError("its checksum is another: it was damaged or edited")
    if values.pop("chalknet_run", None) != 2:
        raise ValueError("it is of a newer version of chalknet")
    for key in ("seal", "signature"):
        del values[key]
    signature = (found[2] or b"").decode()
    return Unsealed(
        values, sealed=True, own=bool(signature) and hmac.compare_digest(signature, _signature(checksum))
    )


def _signature(checksum: str) -> str:
    key = user_key()
    return "" if key is None else hmac.new(key, f"chalknet run {checksum}".encode(), "sha256").hexdigest()


def read_plan(folder: Path) -> Unsealed:
    """Return what stands in the plan of the run kept in a folder, its checksum verified.

    Raises:
        FileProblem: for no run, or a damaged file.
    """
    path = folder / RUN_PLAN
    if not os.path.lexists(path):
        there = "no run" if path.parent.is_dir() else "a file"
        raise FileProblem(
            where=str(path.parent),
            got=there if path.parent.exists() else "nothing there",
            wanted=f"a folder that a fit was kept in, with {RUN_PLAN}",
            remedy="Keep a fit with out=FOLDER (--out FOLDER).",
        )
    with reading_run(path):
        return read_sealed(path)


def file_of_run(folder: Path, name: str, most: int | None = None) -> bytes:
    """Return the content of a file that belongs to the run kept in a folder, as `checked_file` does."""
    kept = read_plan(folder)
    files = kept.values.get("files")
    known = files if isinstance(files, dict) else {}
    if name not in known and (kept.sealed or not os.path.lexists(folder / name)):
        raise FileProblem(
            where=str(folder),
            got=f"a run without {name}",
            wanted="a run that has ended, of a model that a Network describes",
            remedy="Give the module itself, or another run.",
        )
    return checked_file(folder / name, str(known[name]) if kept.sealed else None, most)


def checked_file(path: Path, checksum: str | None, most: int | None = None) -> bytes:
    """Return the content of a file of a run, found to be the one that was kept.

    Args:
        path: where it is.
        checksum: its SHA-256; None where an earlier version kept none.
        most: the largest size in bytes; None for what memory holds.

    Raises:
        FileProblem: when it is missing, too large, damaged, or of another run.
    """
    with reading_run(path):
        room = available_bytes()
        content = read_regular(path, room if most is None else min(most, room))
        if checksum is not None and hashlib.sha256(content).hexdigest() != checksum:
            raise ValueError("its checksum is another: it was damaged or edited, or is of another run")
        return content


@contextmanager
def reading_run(path: Path) -> Iterator[None]:
    """Name the file of a run in every error about what stands in it."""
    try:
        yield
    except FileProblem:
        raise
    except ChalknetError as problem:  # such as an activation of the user's own that is not registered
        problem.where = f"{path}, {problem.where}"
        raise
    except (OSError, ArithmeticError, LookupError, TypeError, ValueError, MemoryError, csv.Error) as problem:
        raise damaged(path, problem) from problem


def damaged(path: Path, problem: Exception) -> FileProblem:
    """Return the error for a file of a run that is not as it was written."""
    text = getattr(problem, "strerror", None) or str(problem)
    got = text if isinstance(problem, OSError | ValueError) else f"{type(problem).__name__}: {text}"
    return FileProblem(
        where=str(path),
        got=got.splitlines()[0] if got else type(problem).__name__,
        wanted="the file as it was kept",
        remedy="It is damaged or was edited: restore it from a copy, or fit again in another folder.",
    )
