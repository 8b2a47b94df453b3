"""Damage in the cache of converted tables, generated: the numbers are those of a fresh cache all the same.

`python -m tests.fuzz.table_cache SEED SECONDS` prints the counts; `fuzz` is the same as a function.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from tests.fuzz.file_damage import appending, flip, swapping, truncate, zeros

import chalknet as cn
from chalknet.data.cache import unfinished
from chalknet.data.cache.entry import is_free
from chalknet.files import is_lock

SLOWEST_S = 5.0
_ROWS = 60
_WORDS = ("adam", "eve", "mia")
OPTIONS: dict[str, Any] = {"one_hot": True, "fill": 0, "in_memory": False}
NOTE = "were made again"
# What somebody may write in the place of any value of the facts.
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 10**400, 0.5, 1e308, float("nan"), float("inf"), "",
    "x", "\x00", "\ud800", "../../etc/passwd", "a" * 10_000, [], {}, [1, 2], [[[]]], {"a": 1}, {"a": [1, 2]},
    [0, 0],
]  # fmt: skip
_TEXTS = (
    "",
    "[" * 100_000,
    "{",
    "null",
    "[]",
    '{"state": NaN}',
    '{"chalknet_table": 3}',
    "\ufeff{}",
    "9" * 5000,
)


class _Stopped(BaseException):
    """Ends a conversion as a kill does: nothing is cleaned up."""


def write_table(path: Path, seed: int) -> Path:
    """Write a table of numbers, words and gaps."""
    chance = random.Random(seed)
    rows = [
        f"{chance.random()},{'' if chance.random() < 0.1 else chance.randrange(100)},"
        f"{chance.choice(_WORDS)},{chance.randrange(3)}"
        for _ in range(_ROWS)
    ]
    path.write_text("\n".join(["a,b,word,y", *rows, ""]))
    return path


def numbers_of(source: Any) -> tuple[Any, ...]:
    """Return all that a source gives, to be compared."""
    sample = source.take(slice(0, len(source)))
    return sample.x.tolist(), sample.y.tolist(), source.preparation, source.fingerprint()


@contextmanager
def small_steps(stop_after: int = 0) -> Iterator[None]:
    """Convert in blocks of a few rows, noted after each; stop after so many, as a kill does; 0 for never.

    Nothing is brought to the disk itself: a kill loses nothing that was written, and this takes most time.
    """
    from chalknet.data.formats import csv_layout

    kept = csv_layout._PIECE_BYTES, unfinished._SAVE_EVERY_BYTES, unfinished._save
    sync, saved = os.fsync, []

    def save(*arguments: Any) -> None:
        kept[2](*arguments)
        saved.append(1)
        if len(saved) == stop_after:
            raise _Stopped

    csv_layout._PIECE_BYTES, unfinished._SAVE_EVERY_BYTES, unfinished._save = 400, 1, save
    os.fsync = lambda descriptor: None  # type: ignore[assignment]
    try:
        yield
    finally:
        csv_layout._PIECE_BYTES, unfinished._SAVE_EVERY_BYTES, unfinished._save = kept
        os.fsync = sync


def convert(path: Path, cache: Path, stop_after: int = 0) -> Path:
    """Return the entry of a table, or the folder of a conversion that was stopped."""
    try:
        with small_steps(stop_after):
            cn.load(path, cache=cache, **OPTIONS)
    except _Stopped:
        pass
    (folder,) = (each for each in cache.iterdir() if each.is_dir())
    return folder


def files_of(folder: Path) -> list[Path]:
    """Return the files of an entry, in an order that does not change."""
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())


def _of_another(path: Path, other: Path, chance: random.Random) -> None:
    for name in {path.name, *chance.choice(([], ["x.npy", "y.npy"], ["x.npy", "y.npy", "facts.json"]))}:
        if (other / name).exists():
            shutil.copy(other / name, path.parent / name)


def _columns(path: Path, other: Path, chance: random.Random) -> None:
    """Write other rows or columns in the order of numpy's own files."""
    name = chance.choice([each for each in ("x.npy", "y.npy") if (path.parent / each).exists()])
    values = np.load(path.parent / name, allow_pickle=False)
    order = chance.sample(range(values.shape[-1]), values.shape[-1])
    np.save(path.parent / name, np.roll(values[..., order] if values.size else values, 1, axis=-1))


def _something_else(path: Path, other: Path, chance: random.Random) -> None:
    folder = path.parent
    target = path if chance.random() < 0.8 else folder
    if target is folder:
        shutil.rmtree(folder)
    else:
        path.unlink()
    match chance.randrange(7):
        case 0:
            os.mkfifo(target)
        case 1:
            target.symlink_to("/dev/zero")
        case 2:
            target.mkdir()
        case 3:
            target.symlink_to(other if target is folder else other / "x.npy")
        case 4:
            target.write_text("my own notes")
        case 5:
            target.symlink_to("nowhere")


def _value(path: Path, other: Path, chance: random.Random) -> None:
    path = _notes_of(path.parent)
    values = json.loads(path.read_text())
    _change(values, chance)
    path.write_text(json.dumps(values))


def _forged(path: Path, other: Path, chance: random.Random) -> None:
    """Change a value and make the checksum anew, as whoever writes into the folder on purpose can."""
    path = _notes_of(path.parent)
    values = json.loads(path.read_text())
    del values["chalknet_table_sha256"]
    _change(values, chance)
    checksum = hashlib.sha256(json.dumps(values).encode()).hexdigest()
    path.write_text(json.dumps(values | {"chalknet_table_sha256": checksum}))


def _notes_of(folder: Path) -> Path:
    return folder / ("facts.json" if (folder / "facts.json").exists() else "progress.json")


def _change(values: dict[str, Any], chance: random.Random) -> None:
    spots = [(values, key) for key in values]
    for part in ("state", "x", "y"):
        spots += [(values[part], key) for key in values[part]]
    for part in values["state"].values():
        spots += [(part, key) for key in part] if isinstance(part, dict) else []
    holder, key = chance.choice(spots)
    alike = [2, 5, 59, 61] if type(holder[key]) is int else [["adam"], ["mia", "eve", "adam"], [7, 3]]
    holder[key] = chance.choice(VALUES if chance.random() < 0.7 else alike)


def _text(path: Path, other: Path, chance: random.Random) -> None:
    _notes_of(path.parent).write_text(chance.choice(_TEXTS))


def _added(path: Path, other: Path, chance: random.Random) -> None:
    name = chance.choice(
        ("notes.txt", "y.float64", "progress.json", ".facts.json.1-00000000.unfinished", "more/")
    )
    place = path.parent / name
    if name.endswith("/"):
        place.mkdir()
    else:
        place.write_bytes(chance.choice((b"", b"{", b"mine")))


def _beside(path: Path, other: Path, chance: random.Random) -> None:
    name = path.parent.name.removesuffix(".part")
    if chance.random() < 0.5:
        flip(path, other, chance)
    place = path.parent.with_name(f"{name}{chance.choice(('', '.part', '.lock', '-1', '-1.part'))}")
    if not os.path.lexists(place):
        match chance.randrange(3):
            case 0:
                place.write_text("mine")
            case 1:
                place.symlink_to(other)
            case 2:
                place.mkdir()
                (place / "x.npy").write_text("mine")


_DAMAGES = {
    "flip": flip, "truncation": truncate, "zeros": zeros, "swap": swapping(files_of),
    "append": appending(b"\n", b"\0", b"}", bytes(5000)),
    "file of another entry": _of_another, "other columns": _columns, "something else": _something_else,
    "value": _value, "forged value": _forged, "text": _text, "file added": _added,
    "something beside": _beside,
}  # fmt: skip


def own_files(place: Path) -> dict[Path, bytes]:
    """Return what nobody but the fuzzer wrote: it is to be as it was afterwards."""
    kept = {}
    for path in place.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size:
            content = path.read_bytes()
            if content in (b"mine", b"my own notes"):
                kept[path] = content
    return kept


def content_of(folder: Path) -> dict[str, Any]:
    """Return what an entry holds; {} where there is none."""
    if folder.is_symlink() or not folder.is_dir():
        return {}
    found: dict[str, Any] = {}
    for name in ("x.npy", "y.npy", "facts.json"):
        if (folder / name).is_file() and not (folder / name).is_symlink():
            found[name] = (folder / name).read_bytes()
            with suppress(ValueError, RecursionError):
                found[name] = json.loads(found[name]) if name == "facts.json" else found[name]
    return found


def outcome_of(table: Path, cache: Path, expected: tuple[Any, ...], *, damaged: bool) -> str:
    """Return what becomes of a damaged cache, or what is wrong.

    Args:
        table: the file.
        cache: the folder.
        expected: the numbers.
        damaged: whether a whole entry is not as it was, which is to be told.
    """
    own, begun = own_files(cache), time.monotonic()
    try:
        with small_steps():
            source = cn.load(table, cache=cache, **OPTIONS)
        found = numbers_of(source)
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    told = any(NOTE in note for note in source.notes)
    again = cn.load(table, cache=cache, **OPTIONS)
    wrong = {
        "too slow": time.monotonic() - begun > SLOWEST_S,
        "other numbers": found != expected or numbers_of(again) != expected,
        "a file that is not ours is gone": any(
            not path.is_file() or path.read_bytes() != content for path, content in own.items()
        ),
        "made again and again": any(NOTE in note for note in again.notes),
        "damage without a word": damaged and not told,
        "something left over": bool(left_over(cache)),
    }
    return next((name for name, holds in wrong.items() if holds), "told" if told else "same")


def left_over(cache: Path) -> list[Path]:
    """Return the locks and unfinished folders of chalknet's own in a cache.

    An unfinished folder stays where something else is in the place of its lock.
    """
    parts = (each for each in cache.glob("*.part") if is_free(each))
    folders = (each for each in parts if not os.path.lexists(each.with_suffix(".lock")))
    return [*folders, *(each for each in cache.glob("*.lock") if is_lock(each))]


def fuzz(seed: int, seconds: float) -> dict[str, Any]:
    """Damage caches for some time, whole entries and conversions that were stopped.

    Args:
        seed: of the choices.
        seconds: how long; the first conversions are made besides.

    Returns:
        How many were tried, how often each outcome was found ("told" with a note, "same" without one), and
        under "wrong" each outcome that must not be, with how it was made.
    """
    chance, counts, wrong = random.Random(seed), Counter[str](), []
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        table, beside = write_table(place / "t.csv", 1), write_table(place / "other.csv", 2)
        other = convert(beside, place / "beside")
        others = {path.name: path.read_bytes() for path in files_of(other)}
        expected = numbers_of(cn.load(table, cache=place / "fresh", **OPTIONS))
        made = [convert(table, place / f"made{stop}", stop) for stop in (0, 1, 3)]
        cache = place / "cache"
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            whole = chance.choice((made[0], *made))
            folder = Path(shutil.copytree(whole, cache / whole.name))
            how = chance.choice(sorted(_DAMAGES))
            path = chance.choice(files_of(folder))
            described = f"{how} of {folder.suffix or 'entry'}/{path.name}"
            _DAMAGES[how](path, other, chance)
            damaged = whole is made[0] and content_of(folder) != content_of(whole)
            # facts with a right checksum are those of another table: what matters is that they do no harm
            damaged = damaged and how != "forged value" and os.path.lexists(folder)
            found = outcome_of(table, cache, expected, damaged=damaged)
            if how == "forged value" and (found == "other numbers" or found.startswith("DataError: ")):
                found = "another table"
            if {path.name: path.read_bytes() for path in files_of(other)} != others:
                found = "a link was followed"
            counts[found if found in _ALLOWED else "wrong"] += 1
            if found not in _ALLOWED:
                wrong.append(f"{described}: {found[:300]}")
            shutil.rmtree(cache)
    return {"seed": seed, "tried": sum(counts.values()), **counts, "wrong": wrong}


_ALLOWED = ("told", "same", "another table")

if __name__ == "__main__":
    print(json.dumps(fuzz(int(sys.argv[1]), float(sys.argv[2])), indent=2))
