"""A kept run: all of it or nothing, and the same when it is loaded."""

import json

import pytest
import torch
from torch import nn

import chalknet as cn
from chalknet.errors import FileProblem, InvalidValue

X = torch.linspace(-1, 1, 10)
NET = cn.read("1 -> 4 leaky_relu(0.2) dropout(0.3) -> 1")
OPTIONS = {
    "loss": "mse",
    "optimizer": "adam",
    "betas": (0.8, 0.9),
    "batch_size": 3,
    "shuffle": True,
    "updates": 9,
}


def test_a_loaded_run_is_the_run_that_was_kept(tmp_path):
    kept = cn.fit(NET, (X, X**2), **OPTIONS, evaluate_every=4, held_out=(X, X), out=tmp_path / "a" / "run")
    loaded = cn.load_run(tmp_path / "a" / "run")
    assert loaded.plan == kept.plan
    assert loaded.outcome is kept.outcome
    for column in ("updates", "samples", "epochs", "seconds", "loss", "evaluations"):
        assert list(getattr(loaded.history, column)) == list(getattr(kept.history, column))
    assert torch.equal(cn.predict(loaded, X), cn.predict(kept, X))
    assert cn.read(tmp_path / "a" / "run") == NET
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["run"]


def test_the_history_is_a_csv_that_a_spreadsheet_opens(tmp_path):
    cn.fit(NET, (X, X), **OPTIONS, evaluate_every=6, out=tmp_path / "run")
    lines = (tmp_path / "run" / "history.csv").read_text().splitlines()
    assert lines[0] == "updates,samples,epochs,seconds,loss,train_error,held_out_error"
    assert len(lines) == 10
    assert lines[1].endswith(",,") and not lines[6].endswith(",,")


def test_an_evaluation_between_recorded_rows_is_kept_too(tmp_path):
    kept = cn.fit(NET, (X, X), **OPTIONS, record_every=5, evaluate_every=3, out=tmp_path / "run")
    assert cn.load_run(tmp_path / "run").history.evaluations == kept.history.evaluations


def test_a_run_is_never_written_over_unless_asked(tmp_path):
    cn.fit(NET, (X, X), **OPTIONS, out=tmp_path / "run")
    with pytest.raises(FileProblem, match=r"a run that was kept before.*overwrite=True"):
        cn.fit(NET, (X, X), **OPTIONS, out=tmp_path / "run")
    second = cn.fit(NET, (X, X), **{**OPTIONS, "updates": 3}, out=tmp_path / "run", overwrite=True)
    assert len(cn.load_run(tmp_path / "run").history) == len(second.history) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_of_other_things_is_never_written_over(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileProblem, match="something that is no run"):
        cn.fit(NET, (X, X), **OPTIONS, out=tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_an_unwritable_place_is_told_before_the_first_update(tmp_path):
    (tmp_path / "file").write_text("")
    seen = []
    with pytest.raises(FileProblem, match="wanted a folder that can be written"):
        cn.fit(NET, (X, X), **OPTIONS, out=tmp_path / "file" / "run", on_progress=seen.append)
    assert not seen


def test_a_refused_fit_leaves_nothing_behind(tmp_path):
    with pytest.raises(InvalidValue):
        cn.fit(NET, (X, X), loss="mse", updates=1, batch_size=99, out=tmp_path / "run")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["weights.safetensors", "history.csv", "plan.json"])
def test_a_damaged_file_is_named(tmp_path, name):
    cn.fit(NET, (X, X), **OPTIONS, out=tmp_path / "run")
    path = tmp_path / "run" / name
    path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2] + b"\xff")
    with pytest.raises(FileProblem, match=name):
        cn.load_run(tmp_path / "run")


def test_a_folder_without_a_run_says_how_to_keep_one(tmp_path):
    with pytest.raises(FileProblem, match=r"got no run.*--out FOLDER"):
        cn.load_run(tmp_path)
    with pytest.raises(FileProblem, match="got nothing there"):
        cn.load_run(tmp_path / "nowhere")


def test_a_plan_edited_into_nonsense_is_damaged(tmp_path):
    cn.fit(NET, (X, X), **OPTIONS, out=tmp_path / "run")
    path = tmp_path / "run" / "plan.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "outcome": "WON"}))
    with pytest.raises(FileProblem, match=r"plan\.json"):
        cn.load_run(tmp_path / "run")


def test_a_module_that_no_network_describes_is_loaded_into_the_users_own(tmp_path):
    def make():
        return nn.Sequential(nn.Linear(1, 2), nn.BatchNorm1d(2, momentum=None), nn.Linear(2, 1))

    kept = cn.fit(make(), (X, X), loss="mse", updates=3, out=tmp_path / "run")
    with pytest.raises(InvalidValue, match=r"load_run\(path, module=your_module\)"):
        cn.load_run(tmp_path / "run")
    loaded = cn.load_run(tmp_path / "run", module=make())
    assert torch.equal(cn.predict(loaded, X), cn.predict(kept, X))


def test_a_nested_chain_is_kept_loaded_and_drawn_with_its_weights(tmp_path):
    module = torch.nn.Sequential(
        torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU()), torch.nn.Linear(3, 1)
    )
    x = torch.randn(10, 2)
    cn.fit(module, (x, x[:, :1]), loss="mse", updates=3, out=tmp_path / "run")
    again = cn.load_run(tmp_path / "run").module
    assert torch.equal(again(x), module(x))
    assert "*" in cn.draw(tmp_path / "run", "numbers").svg
