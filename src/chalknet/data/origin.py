"""Where data was loaded from: the keywords that give it again, its fingerprint, and where it is now."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any, TypeGuard

from chalknet.data import formats
from chalknet.data.columns import LoadOptions
from chalknet.data.formats import DataTable, FileOptions, RawRows
from chalknet.data.mnist import DATA_SETS
from chalknet.data.sources import HasProvenance, Provenance, Source
from chalknet.files import user_path

_NOT_CONTENT = ("data", "cache", "in_memory")  # keywords that say where, not what
_PLACES = ("data", "held_out", "cache")


def with_provenance(
    source: Source, opened: object, data: object, held_out: object, options: LoadOptions
) -> Source:
    """Return a source with the keywords that give it again, where there are any, and its fingerprint.

    Args:
        source: as it was loaded.
        opened: what the data was when it was opened.
        data: the argument of `load`.
        held_out: the argument of `load`.
        options: what else was asked.
    """
    aside = float(held_out) if isinstance(held_out, Real) else _kept_name(held_out)
    name = _kept_name(data)
    if name is None or (held_out is not None and aside is None):
        return source
    keywords = {"data": name, **({} if aside is None else {"held_out": aside}), **options.keywords}
    asked = {name: value for name, value in keywords.items() if name not in _NOT_CONTENT}
    contents = (opened.content_hash,) if isinstance(opened, DataTable) else _contents(name)
    older = asked
    if isinstance(aside, str | list):
        older = {**asked, "held_out": (source.held_out and source.held_out.fingerprint()) or aside}
        asked = {**asked, "held_out": _contents(aside)}
    unread = options.changes and not isinstance(opened, DataTable)
    unread = unread and not (isinstance(opened, RawRows) and isinstance(opened.x, formats.ArrayFile))
    provenance = Provenance(
        keywords,
        _hash(contents, asked),
        source.preparation,
        source.notes,
        earlier=(_hash(() if unread else contents, older),),
    )
    return source.replace(provenance=provenance)


def _hash(contents: Sequence[str], asked: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps([contents, asked], sort_keys=True).encode()).hexdigest()


def _kept_name(data: object) -> str | list[str] | None:
    """Return a name or paths as JSON can hold them; None for what was given in memory."""
    if is_pair_of_paths(data):
        return [str(user_path(side).resolve()) for side in data]
    if not is_path(data):
        return None
    return str(data) if is_name(data) else str(user_path(data).resolve())


def _contents(name: str | list[str]) -> tuple[str, ...]:
    """Return hashes of the files behind a name or path; a data set's name stands for its checked content."""
    if isinstance(name, list):
        return tuple(content for side in name for content in _contents(side))
    if is_name(name):
        return (name.lower(),)
    path = Path(name)
    files: list[Any] = sorted(path.rglob("*ubyte*")) if path.is_dir() else [path]
    if path.is_file() and formats.format_of(path) is formats.IDX:
        files.append(formats.labels_beside(path))
    return tuple(formats.content_hash(file) for file in files if isinstance(file, Path) and file.is_file())


def reading_options(options: FileOptions) -> dict[str, Any]:
    """Return the options that say how a text is read and were given, as JSON can hold them."""
    kept = {name: getattr(options, name) for name in FileOptions.__dataclass_fields__ if name != "in_memory"}
    given = {name: value for name, value in kept.items() if value not in (None, ())}
    plain: dict[str, Any] = json.loads(json.dumps(given))
    return plain


def found_again(origin: Mapping[str, Any], *places: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the keywords of a kept origin with the places where its files are now, and notes about them.

    A file that is gone is looked for beside the folder of its run: when both were moved together, the way
    from one to the other is the same.

    Args:
        origin: the keywords of `load`.
        places: the folder of the run; other files beside which to look.
    """
    keywords, notes = dict(origin), []
    for option in _PLACES:
        kept = keywords.get(option)
        if not isinstance(kept, str | list) or is_name(kept):
            continue
        moved = [_moved(each, places) for each in ([kept] if isinstance(kept, str) else kept)]
        found = moved[0] if isinstance(kept, str) else moved
        if found == kept:
            continue
        if option == "cache":
            del keywords[option]
            continue
        keywords[option] = found
        notes.append(f"{kept} is gone: {found} was taken in its place")
    return keywords, tuple(notes)


def _moved(path: str, places: Sequence[Path]) -> str:
    """Return a path that exists; else one that ends alike, the nearest to a place; else the path itself."""
    if not Path(path).is_absolute() or Path(path).exists():
        return path
    return str(next((file for file in _files_beside(Path(path), places) if file.exists()), path))


def _files_beside(path: Path, places: Sequence[Path]) -> Iterator[Path]:
    for length in range(len(path.parts) - 1, 0, -1):
        for place in places:
            for parent in place.resolve().parents:
                yield parent.joinpath(*path.parts[-length:])


def with_reading(source: Source, options: LoadOptions) -> Source:
    """Return a source whose preparation keeps how the text of its file was read."""
    reading = reading_options(options)
    if source.preparation is None or not reading or not isinstance(source, HasProvenance):
        return source
    preparation = replace(source.preparation, reading=reading)
    return source.replace(provenance=replace(source.provenance, preparation=preparation))


def is_name(data: object) -> bool:
    """Return whether a value is the name of a data set."""
    return isinstance(data, str) and data.lower() in DATA_SETS


def is_path(data: object) -> TypeGuard[str | os.PathLike[str]]:
    """Return whether a value is a path, or a name."""
    return isinstance(data, str | os.PathLike)


def is_pair(data: object) -> TypeGuard[Sequence[Any]]:
    """Return whether a value is a pair, as of x and y."""
    return isinstance(data, tuple | list) and len(data) == 2


def is_pair_of_paths(data: object) -> TypeGuard[Sequence[str | os.PathLike[str]]]:
    """Return whether a value is a pair of paths."""
    return is_pair(data) and all(map(is_path, data))
