"""Whose files are touched: those that chalknet wrote, known by name and content, and no others."""

import os
import shutil
import time
from pathlib import Path

import pytest
import torch

import chalknet as cn
from chalknet.errors import FileProblem

X = torch.linspace(-1, 1, 20)
OPTIONS = {"loss": "mse", "engine": "eager", "lr": 0.1, "device": "cpu", "threads": 1}


def fit(run, updates=20, **options):
    return cn.fit("1 -> 2 tanh -> 1", (X, X**2), **OPTIONS, updates=updates, out=run, **options)


def contents(folder):
    """Return what is in a folder: names with contents, and where links point to."""
    return {
        str(path.relative_to(folder)): path.readlink() if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("thesis.tex", "000000000007.json", "000000000009.safetensors", ".x.12.unfinished", "a.json"):
        (folder / name).write_text("years of work")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "plan.json").write_text("{}")
    return folder


def test_checkpoints_that_are_a_link_are_refused_and_what_they_point_to_stays(tmp_path, documents):
    run, before = tmp_path / "run", contents(documents)
    fit(run, checkpoint_every=5)
    shutil.move(run / "checkpoints", tmp_path / "saved")
    (run / "checkpoints").symlink_to(documents)
    with pytest.raises(FileProblem, match=r"checkpoints: got a link or a file.*Move it away"):
        cn.resume(run, updates=40, data=(X, X**2))
    for overwrite in (False, True):
        with pytest.raises(FileProblem):
            fit(run, overwrite=overwrite)
    assert contents(documents) == before
    (run / "checkpoints").unlink()  # the remedy
    shutil.move(tmp_path / "saved", run / "checkpoints")
    assert cn.resume(run, updates=40, data=(X, X**2)).history.updates[-1] == 40


NOTES = [
    "notes.md", "000000000001.json", "000000000001.safetensors", "000000000005.txt", ".hidden",
    ".notes.md.77.unfinished", ".000000000005.json.x.unfinished", "plan.json", "1.json", "000000000021.json~",
]  # fmt: skip


@pytest.mark.parametrize("name", NOTES)
def test_a_users_own_notes_among_the_checkpoints_stay(tmp_path, name):
    run = tmp_path / "run"
    fit(run, checkpoint_every=5)
    note = run / "checkpoints" / name
    note.write_text("my own")
    assert cn.resume(run, updates=40, data=(X, X**2)).history.updates[-1] == 40
    assert note.read_text() == "my own"


@pytest.mark.parametrize("kind", ["link", "folder", "hard link"])
def test_what_stands_among_the_checkpoints_and_is_no_file_stays(tmp_path, documents, kind):
    run, before = tmp_path / "run", contents(documents)
    fit(run, checkpoint_every=5)
    place = run / "checkpoints" / "000000000003.json"
    if kind == "link":
        place.symlink_to(documents / "a.json")
    elif kind == "folder":
        place.mkdir()
        (place / "a").write_text("a")
    else:
        os.link(documents / "a.json", place)
    cn.resume(run, updates=40, data=(X, X**2))
    assert os.path.lexists(place) and contents(documents) == before


def test_leftovers_of_a_killed_save_are_removed_by_the_next_one(tmp_path):
    run = tmp_path / "run"
    fit(run, checkpoint_every=5)
    folder = run / "checkpoints"
    ours = [".000000000003.json.123.unfinished", ".000000000003.safetensors.123-0a1b2c3d.unfinished"]
    for name in ours:
        (folder / name).write_text("half")
    shutil.copy(folder / "000000000020.safetensors", folder / "000000000003.safetensors")  # without facts
    cn.resume(run, updates=40, data=(X, X**2))
    assert sorted(path.name for path in folder.iterdir()) == [
        f"{updates:012d}.{kind}" for updates in (35, 40) for kind in ("json", "safetensors")
    ]


def test_a_checkpoint_is_not_written_over_somebody_elses_file(tmp_path):
    run = tmp_path / "run"
    fit(run, checkpoint_every=5)
    theirs = run / "checkpoints" / "000000000040.safetensors"
    theirs.write_text("my own")
    with pytest.raises(FileProblem, match=r"did not write for this run.*update 35"):
        cn.resume(run, updates=40, data=(X, X**2))
    assert theirs.read_text() == "my own"


@pytest.mark.parametrize("name", ["weights.safetensors", "history.csv", "network.json"])
@pytest.mark.parametrize("kind", ["file", "link"])
def test_the_result_is_not_written_over_somebody_elses_file(tmp_path, documents, name, kind):
    run = tmp_path / "run"
    fit(run, checkpoint_every=5)
    theirs = run / name
    theirs.unlink()
    theirs.write_text("my own") if kind == "file" else theirs.symlink_to(documents / "a.json")
    with pytest.raises(FileProblem, match=name):
        cn.resume(run, updates=40, data=(X, X**2))
    assert theirs.read_text() == ("my own" if kind == "file" else "years of work")


PLANS = [
    "{}",
    "[]",
    "",
    '{"project": "a house"}',
    '{"model": 1, "recipe": 2, "data": 3}',
    '{"outcome": null}',
]


@pytest.mark.parametrize("plan", PLANS)
def test_a_folder_with_a_plan_of_another_kind_is_never_replaced(tmp_path, plan):
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "plan.json").write_text(plan)
    (folder / "rooms.txt").write_text("four")
    before = contents(folder)
    for overwrite in (False, True):
        with pytest.raises(FileProblem, match=r"something that is no run.*Give another name"):
            fit(folder, overwrite=overwrite)
    assert contents(folder) == before


INSIDE = ["notes.txt", "plot.png", "checkpoints/notes.txt", "more/a.txt", ".git/config", "plan.json.bak"]


@pytest.mark.parametrize("name", INSIDE)
def test_a_run_with_files_of_the_user_inside_is_not_replaced_and_they_are_named(tmp_path, name):
    run = tmp_path / "run"
    fit(run)
    path = run / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("my own")
    before = contents(run)
    with pytest.raises(FileProblem, match=rf"a run, and in it {name.partition('/')[0]}.*Move that"):
        fit(run, overwrite=True)
    assert {**contents(run), ".lock": b""} == {**before, ".lock": b""}
    shutil.move(path, tmp_path / "elsewhere")  # the remedy
    if path.parent != run and path.parent.name != "checkpoints":
        path.parent.rmdir()
    assert fit(run, 3, overwrite=True).history.updates[-1] == 3
    assert [each.name for each in sorted(tmp_path.iterdir())] == ["elsewhere", "run"]


def test_a_link_to_a_run_stays_a_link_and_the_run_behind_it_is_replaced(tmp_path):
    fit(tmp_path / "run7")
    (tmp_path / "latest").symlink_to("run7")
    fit(tmp_path / "latest", 3, overwrite=True)
    assert (tmp_path / "latest").is_symlink()
    assert cn.load_run(tmp_path / "run7").history.updates[-1] == 3
    assert cn.resume(tmp_path / "latest", updates=5, data=(X, X**2)).history.updates[-1] == 5


def test_a_link_to_nowhere_is_refused(tmp_path):
    (tmp_path / "latest").symlink_to(tmp_path / "far" / "away")
    with pytest.raises(FileProblem, match="a link to nowhere"):
        fit(tmp_path / "latest")
    assert [path.name for path in tmp_path.iterdir()] == ["latest"]


def test_home_here_and_the_root_are_no_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    monkeypatch.chdir(tmp_path / "home")
    for place in ("~", ".", "/", "..", str(Path.home())):
        with pytest.raises(FileProblem, match="something that is no run"):
            fit(place, overwrite=True)
    assert contents(tmp_path) == {"home/letter.txt": b"dear"}


def test_an_empty_folder_becomes_the_run(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    fit(tmp_path / "run")
    assert cn.load_run(tmp_path / "run").history.updates[-1] == 20


@pytest.mark.parametrize("kind", ["link", "hard link", "content", "folder", "pipe"])
def test_a_lock_that_is_none_is_refused_and_never_emptied(tmp_path, documents, kind):
    run, before = tmp_path / "run", contents(documents)
    fit(run)
    lock = run / ".lock"
    lock.unlink(missing_ok=True)
    match kind:
        case "link":
            lock.symlink_to(documents / "a.json")
        case "hard link":
            os.link(documents / "a.json", lock)
        case "content":
            lock.write_text("my own")
        case "folder":
            lock.mkdir()
        case "pipe":
            os.mkfifo(lock)
    for again in (lambda: cn.resume(run, updates=40, data=(X, X**2)), lambda: fit(run, overwrite=True)):
        with pytest.raises(FileProblem, match=r"\.lock.*Move it away"):
            again()
    assert contents(documents) == before
    assert kind != "content" or lock.read_text() == "my own"


def test_what_a_killed_start_left_behind_is_removed_by_the_next_fit_there(tmp_path):
    fit(tmp_path / "run")
    left = tmp_path / ".run.ab12cd_9.unfinished"
    (tmp_path / "run").rename(left)
    (tmp_path / ".run.emptyone.unfinished").mkdir()
    older = tmp_path / ".run.older123"  # as earlier versions called it, killed before its plan was there
    older.mkdir()
    (older / ".lock").touch()
    theirs = [".run.notours1", ".x.ab12cd_9.unfinished", ".config"]
    for name in theirs:
        (tmp_path / name).mkdir()
        (tmp_path / name / "letter.txt").write_text("dear")
    fit(tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*theirs, "other"])
    assert all((tmp_path / name / "letter.txt").exists() for name in theirs)


def test_a_hidden_folder_that_a_process_holds_stays(tmp_path):
    from chalknet.files import try_lock

    held = tmp_path / ".run.ab12cd_9.unfinished"
    held.mkdir()
    with try_lock(held / ".lock"):
        fit(tmp_path / "run")
        assert held.is_dir()
    fit(tmp_path / "other")
    assert not held.exists()


def test_a_run_whose_replacement_was_killed_goes_back_to_its_place(tmp_path):
    fit(tmp_path / "run", 7)
    aside = tmp_path / ".run.ab12cd_9.unfinished"
    aside.mkdir()
    (tmp_path / "run").rename(aside / "run")
    fit(tmp_path / "other")
    assert cn.load_run(tmp_path / "run").history.updates[-1] == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "run"]


def test_a_fit_that_fails_at_its_start_leaves_the_users_files(tmp_path):
    run = tmp_path / "run"

    def fail(progress):
        (run / "mine.txt").write_text("my own")
        raise RuntimeError("a fault of the user's own")

    with pytest.raises(RuntimeError, match="own"):
        fit(run, 10**6, on_progress=fail)
    assert contents(run) == {"mine.txt": b"my own"}


@pytest.mark.parametrize("name", ["plan.json", "network.json", "history.csv", "weights.safetensors"])
@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "device"])
def test_what_is_no_file_is_refused_at_once_and_never_waited_for(tmp_path, name, kind):
    run = tmp_path / "run"
    fit(run)
    path = run / name
    path.rename(tmp_path / name)
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "link":
            path.symlink_to(tmp_path / name)
        case "folder":
            path.mkdir()
        case "device":
            path.symlink_to("/dev/zero")
    begun = time.monotonic()
    for read in (cn.load_run, cn.resume, lambda run: cn.predict(run, X)):
        with pytest.raises(FileProblem, match=rf"{name}: got no file of its own, but a"):
            read(run)
    assert time.monotonic() - begun < 5  # reading any of them would never end
