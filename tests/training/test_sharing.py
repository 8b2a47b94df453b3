"""One group of two processes fits every case; each is held against the same fit in this process."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import chalknet as cn

SCRIPT = Path(__file__).with_name("sharing.py")
SHARING = runpy.run_path(str(SCRIPT))
CASES, data, found, run = (SHARING[name] for name in ("CASES", "data", "found", "run"))
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
GOING_ON = {
    "loss": "bce",
    "dtype": "float64",
    "optimizer": "adam",
    "lr": 0.01,
    "batch_size": 5,
    "shuffle": True,
    "record_every": 2,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    net = cn.read("6 -> 8 relu -> 1 sigmoid")
    cn.fit(net, data(), updates=13, out=folder / "one", checkpoint_every=5, engine="eager", **GOING_ON)
    done = subprocess.run([*TORCHRUN, SCRIPT, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def kept(folder):
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in (0, 1)]


def same(one, other, tolerance):
    assert one["updates"] == other["updates"] and one["outcome"] == other["outcome"]
    torch.testing.assert_close(one["loss"], other["loss"], rtol=tolerance, atol=tolerance)
    for name, value in one["weights"].items():
        torch.testing.assert_close(value, other["weights"][name], rtol=tolerance, atol=tolerance)
    for mine, theirs in zip(one["evaluations"], other["evaluations"], strict=True):
        assert mine == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_two_processes_fit_as_one_does(kept, name):
    alone = found(run(name))
    assert alone["processes"] == 1
    # float64: what the order of a sum changes; float32 the same, over twenty updates
    tolerance = 1e-10 if name != "float32" else 1e-5
    for each in kept:
        assert each[name]["processes"] == 2
        same(each[name], alone, tolerance)
    same(kept[0][name], kept[1][name], 0.0)


def test_each_process_takes_its_own_rows_alone_and_together_they_take_each_once(kept):
    first, second = kept[0]["rows"], kept[1]["rows"]
    halves = [(5, 5)] * 3 + [(3, 4)]  # 37 rows in batches of 10
    for mine, others, sizes in zip(first[:4], second[:4], halves, strict=True):
        assert (len(mine), len(others)) == sizes
    trained = [row for rows in (*first[:4], *second[:4]) for row in rows]
    assert sorted(trained) == list(range(37))
    evaluated = [row for rows in (*first[4:], *second[4:]) for row in rows]
    assert sorted(evaluated) == list(range(37))


def test_each_process_drops_other_nodes_and_the_same_ones_again(kept):
    (first, again), (second, _) = kept[0]["dropout"], kept[1]["dropout"]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], second[0]) and not torch.equal(first[0], first[1])


def test_batch_normalisation_is_told_and_its_buffers_agree(kept):
    first, second = (each["normed"] for each in kept)
    assert any("batch normalisation" in note for note in first["notes"])
    same(first, second, 0.0)
    assert first["weights"]["net.1.num_batches_tracked"] == 8


def test_the_first_process_alone_tells_of_the_progress(kept):
    assert kept[0]["told"] and not kept[1]["told"]


def test_a_run_of_two_processes_goes_on_bit_for_bit_dropout_included(kept):
    for each in kept:
        same(each["checkpoints"]["went on"], each["checkpoints"]["straight"], 0.0)


def test_two_processes_go_on_from_what_one_began(kept):
    net = cn.read("6 -> 8 relu -> 1 sigmoid")
    straight = found(cn.fit(net, data(), updates=30, engine="eager", **GOING_ON))
    same(kept[0]["checkpoints"]["from one"], straight, 1e-10)
    assert "processes 2 instead of 1" in str(kept[0]["checkpoints"]["from one"]["reasons"])


def test_one_process_goes_on_from_what_two_began(kept, folder):
    result = found(cn.resume(folder / "two", updates=40, data=data()))
    assert result["updates"][-1] == 40 and "processes 1 instead of 2" in str(result["reasons"])
    assert result["threads"] == torch.get_num_threads()


def test_a_fit_that_diverges_ends_in_all_processes_at_the_same_update(kept):
    alone = found(cn.fit(cn.read("6 -> 8 -> 1 sigmoid"), data(), loss="bce", lr=1e30, updates=9))
    for each in kept:
        assert each["diverged"]["outcome"] == alone["outcome"] == "DIVERGED"
        assert each["diverged"]["updates"] == alone["updates"]


def test_an_error_of_all_processes_is_the_first_ones_to_tell(kept):
    for name, words in {
        "unknown loss": "Did you mean bce?",
        "other number": "got 3 for a fit that 2 share",
    }.items():
        kind, text, notes = kept[0][name]
        assert kind in ("UnknownName", "InvalidValue") and words in text and not notes
        assert kept[1][name][0] == "Elsewhere" and kept[1][name][1].startswith("process 0 of 2: got ")


def test_processes_that_were_asked_for_different_fits_are_refused(kept):
    kind, text, _ = kept[1]["unlike"]
    assert kind == "InvalidValue" and "got updates=4, which is not what process 0 was given" in text
    assert kept[0]["unlike"][0] == "Elsewhere"


def test_an_occupied_folder_is_refused_in_all_processes(kept):
    assert kept[0]["occupied"][0] == "FileProblem" and kept[1]["occupied"][0] == "Elsewhere"


def test_an_error_of_one_process_before_the_first_update_ends_them_all(kept):
    assert "none.csv" in kept[0]["alone"][1]
    kind, text, _ = kept[1]["alone"]
    assert kind == "Elsewhere" and "none.csv" in text


def test_an_error_of_one_process_between_updates_ends_them_all_and_says_which(kept):
    kind, text, notes = kept[1]["failed"]
    assert (kind, notes) == ("ChalknetError", ["process 1 of 2"]) and text.startswith("row 3: got nothing")
    kind, text, _ = kept[0]["failed"]
    assert kind == "Elsewhere" and text.startswith("process 1 of 2: got ChalknetError: row 3: got nothing")
