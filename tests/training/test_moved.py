"""A run that was moved, and data that is somewhere else now."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch

import chalknet as cn
from chalknet.data import write_idx

TABLE = "size,rooms,price\n10,1,100\n20,2,210\n30,2,290\n40,3,420\n"
OPTIONS = {"y": "price", "standardise": "both", "held_out": 0.25}
FIT = {"loss": "mse", "lr": 0.1, "engine": "eager"}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def project(folder, name="h.csv", text=TABLE):
    """Return a folder with a table and a run that was fitted to it."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / name).write_text(text)
    source = cn.load(folder / "data" / name, **OPTIONS)
    cn.fit("? -> ?", source, **FIT, updates=5, out=folder / "runs" / "run")
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The history of the fit that was never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "h.csv").write_text(TABLE)
    source = cn.load(folder / "h.csv", **OPTIONS, cache=folder / "cache")
    return cn.fit("? -> ?", source, **FIT, updates=9).history.loss


def test_a_run_that_was_moved_with_its_file_finds_it_and_says_so(tmp_path, whole):
    project(tmp_path / "p").rename(tmp_path / "q")
    result = cn.resume(tmp_path / "q" / "runs" / "run", updates=9)
    assert result.history.loss == whole
    there = tmp_path / "q" / "data" / "h.csv"
    assert f"{tmp_path / 'p' / 'data' / 'h.csv'} is gone: {there} was taken in its place" in result.notes
    assert json.loads((tmp_path / "q/runs/run/plan.json").read_text())["origin"]["data"] == str(there)


def test_a_file_that_is_given_is_treated_as_it_was_in_the_fit(tmp_path, whole):
    folder = project(tmp_path / "p")
    (folder / "data" / "h.csv").rename(tmp_path / "elsewhere.csv")
    with pytest.raises(cn.FileProblem, match=r"data='...'.*--data FILE"):
        cn.resume(folder / "runs" / "run", updates=9)
    for data in (tmp_path / "elsewhere.csv", cn.load(tmp_path / "elsewhere.csv", **OPTIONS)):
        copy = tmp_path / "copy"
        shutil.copytree(folder / "runs" / "run", copy)
        assert cn.resume(copy, updates=9, data=data).history.loss == whole
        shutil.rmtree(copy)


def test_a_file_of_the_same_name_with_other_columns_is_not_taken(tmp_path):
    folder = project(tmp_path / "p")
    (folder / "data" / "h.csv").rename(tmp_path / "elsewhere.csv")
    (tmp_path / "h.csv").write_text("town,price\nc1,3\nc2,4\n")
    with pytest.raises(cn.FileProblem, match=r"h\.csv does not fit: .*--data FILE"):
        cn.resume(folder / "runs" / "run", updates=9)


def test_another_content_is_refused_wherever_it_is(tmp_path):
    folder = project(tmp_path / "p")
    (tmp_path / "other.csv").write_text(TABLE.replace("420", "421"))
    with pytest.raises(cn.DataError, match="another content"):
        cn.resume(folder / "runs" / "run", updates=9, data=tmp_path / "other.csv")
    (folder / "data" / "h.csv").write_text(TABLE.replace("420", "421"))
    with pytest.raises(cn.DataError, match="another content"):
        cn.resume(folder / "runs" / "run", updates=9)


def test_the_same_table_from_memory_is_taken_and_noted(tmp_path, whole):
    folder = project(tmp_path / "p")
    frame = pd.read_csv(folder / "data" / "h.csv")
    (folder / "data" / "h.csv").unlink()
    result = cn.resume(folder / "runs" / "run", updates=9, data=frame)
    assert result.history.loss == pytest.approx(whole, rel=1e-5)
    assert any("from memory now" in note for note in result.notes)


def forms(folder):
    """Write the same samples in every form that a path can have; return what `load` takes."""
    x = np.arange(24).reshape(6, 2, 2).astype(np.uint8)
    y = np.array([0, 1] * 3, dtype=np.uint8)
    folder.mkdir()
    np.savez(folder / "d.npz", x=x / 30, y=y)
    np.save(folder / "x.npy", x.reshape(6, 4) / 30)
    np.save(folder / "y.npy", y)
    np.save(folder / "t.npy", np.c_[x.reshape(6, 4) / 30, y])
    images = folder / "images"
    images.mkdir()
    write_idx(images / "train-images-idx3-ubyte", x)
    write_idx(images / "train-labels-idx1-ubyte", y)
    (folder / "t.csv").write_text("a,y\n1,0\n2,1\n3,0\n")
    (folder / "beside.csv").write_text("a,y\n1,0\n2,1\n")
    return {
        "npz": {"data": folder / "d.npz"},
        "npz, standardised": {"data": folder / "d.npz", "standardise": True},
        "pair": {"data": (folder / "x.npy", folder / "y.npy"), "fill": 0},
        "table": {"data": folder / "t.npy", "standardise": True},
        "images": {"data": images / "train-images-idx3-ubyte", "standardise": True},
        "folder": {"data": images, "fill": 0},
        "CSV held out": {"data": folder / "t.csv", "held_out": folder / "beside.csv", "standardise": True},
        "streamed": {"data": folder / "t.csv", "held_out": folder / "beside.csv", "in_memory": False},
    }


@pytest.mark.parametrize(
    "form", ["npz", "npz, standardised", "pair", "table", "images", "folder", "CSV held out", "streamed"]
)
def test_the_fingerprint_is_that_of_the_content_and_of_what_was_asked(tmp_path, form):
    options = forms(tmp_path / "a")[form]
    one = cn.load(**options)
    other = cn.load(**forms(tmp_path / "b")[form])
    assert one.fingerprint() == other.fingerprint()
    place = options["data"][0] if isinstance(options["data"], tuple) else options["data"]
    if place.is_dir():
        place = place / "train-images-idx3-ubyte"
    content = bytearray(place.read_bytes())
    changed = {".csv": (b"a,y\n1,0\n2,1\n4,0\n")}.get(place.suffix)
    if changed is None and place.suffix == ".npz":
        np.savez(place, x=np.ones((6, 2, 2)), y=[0, 1] * 3)
    elif changed is None and place.suffix == ".npy":
        content[-9] ^= 1
        place.write_bytes(content)
    elif changed is None:
        write_idx(place, np.ones((6, 2, 2), np.uint8))
    else:
        place.write_bytes(changed)
    assert cn.load(**options).fingerprint() != one.fingerprint()


def test_a_run_on_arrays_keeps_its_treatment_when_it_goes_on(tmp_path):
    x, y = torch.rand(20, 2) * 100, torch.rand(20)
    source = cn.load((x, y), standardise=True)
    cn.fit("2 -> 1", source, **FIT, updates=3, out=tmp_path / "run")
    result = cn.resume(tmp_path / "run", data=(x, y), updates=6)
    assert result.preparation == source.preparation
    assert result.history.loss == cn.fit("2 -> 1", source, **FIT, updates=6).history.loss
    with pytest.raises(cn.DataError, match="another content"):
        cn.resume(tmp_path / "run", data=(x + 1, y), updates=9)
