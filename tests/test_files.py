"""Paths of users, locks, and files that are read or written as a whole."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from chalknet.errors import DataError, FileProblem
from chalknet.files import (
    cache_folder,
    lock,
    reading,
    try_lock,
    user_key,
    user_path,
    write_output,
    write_whole,
)


def test_a_tilde_is_the_home_folder_and_that_of_nobody_stays(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_path("~/a") == user_path(Path("~/a")) == tmp_path / "a"
    assert user_path("~") == tmp_path
    assert user_path("~nobody-of-that-name/a") == Path("~nobody-of-that-name/a")
    assert user_path("a/~") == Path("a/~")


def test_a_user_without_a_home_has_a_cache_all_the_same(monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *names, **options: Path("~/.cache/chalknet"))
    assert cache_folder().is_absolute()


def test_an_error_of_the_system_names_the_file_and_one_of_ours_passes(tmp_path):
    path = tmp_path / "nowhere"
    with (
        pytest.raises(FileProblem, match=r"nowhere: got No such file.*; wanted a file that can be"),
        reading(path),
    ):
        path.read_bytes()
    ours = DataError(where="a", got="b", wanted="c", remedy="d")
    with pytest.raises(DataError) as caught, reading("a"):
        raise ours
    assert caught.value is ours


def test_a_lock_is_held_by_one_thread_and_ends_with_its_block(tmp_path):
    path, held = tmp_path / ".lock", []
    with lock(path):
        assert try_lock(path) is None
        thread = threading.Thread(target=lambda: held.append(try_lock(path)))
        thread.start()
        thread.join()
        assert held == [None]
    again = try_lock(path)
    assert again is not None
    with again:
        assert try_lock(path) is None


CHILD = """
import os, sys, time
from pathlib import Path
from chalknet.files import try_lock
held = try_lock(Path(sys.argv[1]))
print(held is not None, flush=True)
sys.stdin.read()
os._exit(1)
"""


@pytest.mark.parametrize("end", ["kill", "exit"])
def test_a_lock_of_another_process_is_respected_and_ends_however_that_process_ends(tmp_path, end):
    path = tmp_path / ".lock"
    words = [sys.executable, "-c", CHILD, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "True\n"
        assert try_lock(path) is None
        child.kill() if end == "kill" else child.stdin.close()
        child.wait()
    assert try_lock(path) is not None


def test_a_lock_that_waits_gets_what_another_thread_gives_up(tmp_path):
    path, order = tmp_path / ".lock", []

    def wait():
        with lock(path):
            order.append("second")

    with lock(path):
        thread = threading.Thread(target=wait)
        thread.start()
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_beside_it(tmp_path):
    write_whole(tmp_path / "a", b"old")
    with pytest.raises(TypeError):
        write_whole(tmp_path / "a", "no bytes")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_file_is_never_written_through_a_link_nor_in_the_place_of_something_else(tmp_path):
    (tmp_path / "theirs").write_bytes(b"years of work")
    (tmp_path / "link").symlink_to("theirs")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "folder", "pipe"):
        with pytest.raises(FileProblem, match=f"{name}: got no file of its own"):
            write_whole(tmp_path / name, b"new")
    assert (tmp_path / "theirs").read_bytes() == b"years of work" and (tmp_path / "link").is_symlink()
    assert len(list(tmp_path.iterdir())) == 4


def test_an_output_goes_through_a_link_and_into_a_pipe_and_keeps_the_permissions(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o600)
    (tmp_path / "link").symlink_to("file")
    write_output(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "file").read_bytes() == b"new"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_output(tmp_path / "pipe", b"into it")
    assert os.read(reader, 100) == b"into it"
    os.close(reader)


def test_the_key_of_a_user_is_made_once_and_read_by_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    key = user_key()
    assert key is not None and len(key) == 32 and user_key() == key
    (place,) = (tmp_path / "data" / "chalknet").iterdir()
    assert place.name == "key" and place.stat().st_mode & 0o777 == 0o600
    (tmp_path / "no folder").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "no folder"))
    assert user_key() is None
