"""The cache of converted tables, damaged or among others' files: the numbers are right, nobody loses any."""

import hashlib
import json
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from tests.data.killed_conversions import content_of
from tests.fuzz.table_cache import (
    NOTE,
    OPTIONS,
    VALUES,
    convert,
    fuzz,
    left_over,
    numbers_of,
    small_steps,
    write_table,
)

import chalknet as cn
from chalknet.data.cache import entry, find, unfinished
from chalknet.errors import DataError, FileProblem


@pytest.fixture
def table(tmp_path):
    return write_table(tmp_path / "t.csv", 1)


@pytest.fixture
def whole(tmp_path, table):
    """Give the folder of an entry that is whole."""
    return convert(table, tmp_path / "cache")


def loaded(table, cache):
    with small_steps():
        return cn.load(table, cache=cache, **OPTIONS)


def fresh(table):
    return numbers_of(loaded(table, table.parent / "fresh"))


def test_damage_of_every_kind_is_found_and_the_numbers_are_those_of_a_fresh_cache():
    found = fuzz(0, 3)
    assert not found["wrong"]
    assert found["tried"] > 5


def test_one_bit_changed_in_every_third_byte_of_an_entry_is_found(whole, monkeypatch):
    asked = []
    monkeypatch.setattr(
        find, "open_entry", lambda *arguments: asked.append(arguments) or entry.open_entry(*arguments)
    )
    with small_steps():
        cn.load(whole.parent.parent / "t.csv", cache=whole.parent, **OPTIONS)
    chance = np.random.default_rng(0)
    for path in sorted(whole.iterdir()):
        content = path.read_bytes()
        with path.open("r+b", buffering=0) as file:
            for at in range(0, len(content), 3):
                file.seek(at)
                file.write(bytes([content[at] ^ 1 << chance.integers(8)]))
                with pytest.raises(ValueError, match=path.name):
                    entry.open_entry(*asked[0])
                file.seek(at)
                file.write(content[at : at + 1])
    assert entry.open_entry(*asked[0]).state.rows == 60


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("x.npy", lambda path: np.save(path, np.load(path)[:, ::-1].copy())),
        ("y.npy", lambda path: np.save(path, np.roll(np.load(path), 1))),
        ("y.npy", lambda path: path.unlink()),
        ("facts.json", lambda path: path.write_text(path.read_text().replace('"rows": 60', '"rows": 59'))),
    ],
)
def test_a_note_says_what_was_damaged_and_that_it_was_made_again(table, whole, name, change):
    change(whole / name)
    source = loaded(table, whole.parent)
    (note,) = (note for note in source.notes if NOTE in note)
    assert str(whole) in note
    assert f"({name}" in note
    assert numbers_of(source) == fresh(table)
    assert not any(NOTE in note for note in loaded(table, whole.parent).notes)


def test_the_note_reaches_whoever_fits(tmp_path, own_cache):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    cn.load(path)
    (folder,) = own_cache.iterdir()
    with (folder / "x.npy").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x7f")
    result = cn.fit("? -> 1", path, loss="mse", updates=1, engine="eager")
    assert any(NOTE in note for note in result.notes)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:20])
def test_any_value_in_the_place_of_the_facts_is_found(tmp_path, whole, value):
    digest = whole.name.removeprefix("t-")
    for values in (value, {"chalknet_table": value}, {"chalknet_table": 3, "state": {"words": value}}):
        with_seal = values
        if isinstance(values, dict):
            checksum = hashlib.sha256(json.dumps(values).encode()).hexdigest()
            with_seal = values | {"chalknet_table_sha256": checksum}
        (whole / "facts.json").write_text(json.dumps(with_seal))
        with pytest.raises(ValueError):
            entry.read_facts(whole / "facts.json", digest)


@pytest.mark.parametrize("stop", [1, 2, 3])
@pytest.mark.parametrize("name", ["x.npy", "y.float64", "progress.json"])
def test_a_conversion_whose_rows_or_notes_are_damaged_begins_anew(tmp_path, table, stop, name):
    part = convert(table, tmp_path / "cache", stop)
    changed = bytearray((part / name).read_bytes())
    changed[np.random.default_rng(stop).integers(len(changed))] ^= 4
    (part / name).write_bytes(changed)
    assert numbers_of(loaded(table, tmp_path / "cache")) == fresh(table)
    assert not left_over(tmp_path / "cache")


def test_a_conversion_noted_by_somebody_else_is_not_continued(tmp_path, table):
    part = convert(table, tmp_path / "cache", 2)
    values = json.loads((part / "progress.json").read_text())
    values["state"]["position"] -= 1
    del values["chalknet_table_sha256"]
    checksum = hashlib.sha256(json.dumps(values).encode()).hexdigest()
    (part / "progress.json").write_text(json.dumps(values | {"chalknet_table_sha256": checksum}))
    assert numbers_of(loaded(table, tmp_path / "cache")) == fresh(table)


@pytest.mark.parametrize("seed", range(4))
def test_a_conversion_that_goes_on_anywhere_ends_with_the_same_files(tmp_path, seed):
    """Some numbers are one in float32, and a column's first rows do not show how it is read."""
    chance = np.random.default_rng(seed)
    rows = [
        f"{10**12 + chance.integers(50)},{chance.integers(9)},{chance.choice(['?', '3']) if i > 30 else 2},1"
        for i in range(60)
    ]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["id,b,late,y", *rows, ""]))
    wanted = None
    for stop in range(5):
        cache = tmp_path / f"cache{stop}"
        convert(path, cache, stop)
        source = loaded(path, cache)
        found = content_of(cache), source.notes
        wanted = wanted or found
        assert found == wanted


# When the source is written to: before, during or after each time that it is hashed or read.
def _rewriter(path, moment, times):
    """Return a function that, called so many times, rewrites a file with the same size and times."""
    called = []

    def rewrite(when):
        called.append(when)
        if when == moment and called.count(when) == times:
            stamp = path.stat()
            content = path.read_text()
            path.write_text(content[:-4] + str(9 - int(content[-4])) + content[-3:])
            os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
            assert path.stat().st_size == stamp.st_size

    return rewrite


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize(
    "moment", ["before hash", "after hash", "before block", "after block", "before facts"]
)
def test_a_table_that_is_rewritten_at_any_moment_is_refused_or_read_as_it_is_now(
    tmp_path, monkeypatch, moment, times
):
    path, cache = tmp_path / "t.csv", tmp_path / "cache"
    path.write_text("a,b\n" + "".join(f"{i},{i % 7}.5\n" for i in range(200)))
    rewrite = _rewriter(path, moment, times)

    def around(module, name, before, after):
        real = getattr(module, name)

        def watched(*arguments):
            rewrite(before)
            found = real(*arguments)
            rewrite(after)
            return found

        monkeypatch.setattr(module, name, watched)

    from chalknet.data.formats import recognise

    around(unfinished, "content_hash", "before hash", "after hash")
    around(recognise, "content_hash", "before hash", "after hash")
    around(unfinished, "numbers_of", "before block", "after block")
    around(unfinished, "facts_bytes", "before facts", "")
    try:
        first = numbers_of(loaded(path, cache))
    except DataError as problem:
        assert "written to while it was read" in str(problem)
        first = None
    monkeypatch.undo()
    assert not left_over(cache)
    now = fresh(path)
    assert numbers_of(loaded(path, cache)) == now
    if first is not None and first != now:  # it was rewritten once all was read
        assert (moment, times) == ("after hash", 2)
        assert first[3] != now[3]


def _documents(folder):
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    (folder / "x.npy").write_bytes(b"mine too")
    return content_of(folder)


@pytest.mark.parametrize("place", ["", ".part"])
def test_a_folder_of_documents_in_the_place_of_an_entry_stays_as_it_is(tmp_path, table, whole, place):
    entry.remove_ours(whole)
    folder = whole.with_name(f"{whole.name}{place}")
    kept = _documents(folder)
    assert numbers_of(loaded(table, whole.parent)) == fresh(table)
    assert content_of(folder) == kept
    assert whole.with_name(f"{whole.name}-1").is_dir()
    before = content_of(whole.parent)
    assert numbers_of(loaded(table, whole.parent)) == fresh(table)
    assert content_of(whole.parent) == before


@pytest.mark.parametrize("place", ["", ".part", ".lock", "/x.npy", "/facts.json"])
def test_a_link_in_the_place_of_anything_is_not_followed(tmp_path, table, whole, place):
    other = tmp_path / "elsewhere"
    target = Path(f"{whole}{place}")
    whole.rename(other)
    if place.startswith("/"):
        whole.mkdir()
    if place:
        target.symlink_to(other / (place.removeprefix("/") if place.startswith("/") else "x.npy"))
    else:
        target.symlink_to(other)
    kept = content_of(other)
    assert numbers_of(loaded(table, whole.parent)) == fresh(table)
    assert target.is_symlink()
    assert content_of(other) == kept


def test_notes_in_a_damaged_entry_stay_and_its_own_files_go(table, whole):
    (whole / "notes.txt").write_text("mine")
    assert not any(NOTE in note for note in loaded(table, whole.parent).notes)
    with (whole / "y.npy").open("ab") as file:
        file.write(b"\0")
    assert numbers_of(loaded(table, whole.parent)) == fresh(table)
    assert content_of(whole) == {"notes.txt": b"mine"}


def test_a_second_name_of_an_unfinished_file_keeps_its_content(tmp_path, table):
    part = convert(table, tmp_path / "cache", 2)
    os.link(part / "x.npy", tmp_path / "copy.npy")
    kept = (tmp_path / "copy.npy").read_bytes()
    assert numbers_of(loaded(table, tmp_path / "cache")) == fresh(table)
    assert (tmp_path / "copy.npy").read_bytes() == kept


def test_where_every_name_is_taken_the_remedy_helps(tmp_path, table, whole):
    entry.remove_ours(whole)
    for number in range(9):
        whole.with_name(f"{whole.name}{f'-{number}' if number else ''}").write_text("mine")
    with pytest.raises(FileProblem, match=r"taken by what chalknet did not write.*cache='/folder'"):
        loaded(table, whole.parent)
    assert numbers_of(loaded(table, tmp_path / "other")) == fresh(table)


def test_a_problem_of_the_system_is_no_damage(table, whole, monkeypatch):
    """Where too many files are open, say, an entry is neither removed nor made again."""

    def fails(*arguments):
        raise OSError(24, "Too many open files")

    kept = content_of(whole)
    with monkeypatch.context() as patched:
        patched.setattr("chalknet.data.cache.entry.read_regular", fails)
        with pytest.raises(FileProblem, match=r"the cache .*: got Too many open files"):
            loaded(table, whole.parent)
    assert content_of(whole) == kept


def test_a_table_that_cannot_be_read_is_named_and_not_the_cache(tmp_path, table, monkeypatch):
    real = unfinished.numbers_of

    def gone(*arguments):
        table.unlink(missing_ok=True)
        return real(*arguments)

    monkeypatch.setattr(unfinished, "numbers_of", gone)
    with pytest.raises(FileProblem) as problem:
        loaded(table, tmp_path / "cache")
    assert problem.value.where == str(table)


def test_a_whole_entry_needs_no_lock_so_that_its_cache_may_be_read_only(table, whole, monkeypatch):
    def denied(*arguments):
        raise PermissionError(13, "Permission denied")

    expected = fresh(table)
    monkeypatch.setattr(find, "lock", denied)
    monkeypatch.setattr(find, "try_lock", denied)
    (whole.parent / f"{whole.name}.lock").touch()
    assert numbers_of(loaded(table, whole.parent)) == expected


def test_the_lock_of_a_process_that_was_killed_is_removed(table, whole):
    (whole.parent / f"{whole.name}.lock").touch()
    loaded(table, whole.parent)
    assert not left_over(whole.parent)


@pytest.mark.parametrize("kind", ["file", "link to nowhere", "pipe"])
def test_a_cache_that_is_no_folder_is_refused_and_the_remedy_helps(tmp_path, table, kind):
    cache = tmp_path / "cache"
    {
        "file": cache.touch,
        "link to nowhere": lambda: cache.symlink_to("nowhere"),
        "pipe": lambda: os.mkfifo(cache),
    }[kind]()
    with pytest.raises(
        FileProblem, match=r"the cache .*wanted a folder that can be written.*cache='/folder'"
    ):
        loaded(table, cache)
    assert len(loaded(table, tmp_path / "other")) == 60


def test_a_limit_on_the_size_of_files_is_named_and_leaves_nothing_half(tmp_path):
    path, cache = tmp_path / "t.csv", tmp_path / "cache"
    path.write_text("a,b\n" + "1,2\n" * 20_000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(FileProblem, match=r"got File too large; wanted room.*ulimit -f"):
            cn.load(path, cache=cache)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(cache.iterdir())
    assert len(cn.load(path, cache=cache)) == 20_000


def test_eight_threads_that_convert_one_table_find_one_entry(tmp_path, table):
    found = []
    with small_steps():
        threads = [
            threading.Thread(
                target=lambda: found.append(numbers_of(cn.load(table, cache=tmp_path / "cache", **OPTIONS)))
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [fresh(table)] * 8
    assert len(list((tmp_path / "cache").iterdir())) == 1


@pytest.mark.slow
def test_conversions_killed_at_each_of_their_file_operations_and_at_random_are_put_right_by_the_next(
    tmp_path,
):
    words = [sys.executable, "-m", "tests.data.killed_conversions", str(tmp_path), "0", "10"]
    environment = {**os.environ, "PYTHONPATH": str(Path(cn.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    root = Path(__file__).parents[2]
    found = subprocess.run(words, capture_output=True, text=True, env=environment, cwd=root, check=True)
    counts = json.loads(found.stdout)
    assert not counts["wrong"]
    assert counts["killed"] > 4
