"""What others wrote into a run's folder: refused before memory is taken for it, by every reader of it."""

import json
import shutil
import time

import pytest
import torch
from safetensors.torch import load, save
from tests.fuzz.run_folders import _checksum, _forged, runs_for

import chalknet as cn
from chalknet.errors import FileProblem
from chalknet.system import recorded_peak_bytes, reset_peak, resident_bytes

_MOST_S, _MOST_BYTES = 5, 300_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return {name: run.folder for name, run in runs_for(tmp_path_factory.mktemp("made")).items()}


@pytest.fixture
def run_of(made, tmp_path):
    return lambda name: shutil.copytree(made[name], tmp_path / name)


def sign(folder, *names, **changes):
    """Make the checksums of the plan anew, as anybody can."""
    values = json.loads((folder / "plan.json").read_text())
    values["files"] |= {name: _checksum(folder / name) for name in names}
    (folder / "plan.json").write_bytes(_forged({**values, **changes}))


def refused(read, match):
    """Check that reading is refused by an error of ours, in little time and memory."""
    began, measured = time.process_time(), reset_peak()
    before = resident_bytes()
    with pytest.raises(FileProblem, match=match):
        read()
    assert time.process_time() - began < _MOST_S
    assert not measured or recorded_peak_bytes() - before < _MOST_BYTES


def header(shape):
    text = json.dumps(
        {"0.weight": {"dtype": "F32", "shape": shape, "data_offsets": [0, 4 * 10**12]}}
    ).encode()
    return len(text).to_bytes(8, "little") + text


@pytest.mark.parametrize("shape", [[10**12], [10**6, 10**6], [0, 10**12], [2**62, 4]])
def test_weights_that_promise_more_than_is_there_are_refused(run_of, shape):
    folder = run_of("finished")
    (folder / "weights.safetensors").write_bytes(header(shape))
    sign(folder, "weights.safetensors")
    for read in (cn.load_run, lambda path: cn.draw(path, weights="numbers")):
        refused(lambda read=read: read(folder), "weights.safetensors")


def test_weights_with_a_long_header_are_refused_by_their_size(run_of):
    folder = run_of("finished")
    text = b'{"a":{}' + b" " * 100_000_000 + b"}"
    (folder / "weights.safetensors").write_bytes(len(text).to_bytes(8, "little") + text)
    refused(lambda: cn.load_run(folder), "weights.safetensors: got 100,000,.* bytes; wanted at most")


@pytest.mark.parametrize("name", ["weights.safetensors", "plan.json", "network.json", "history.csv"])
def test_a_file_of_a_terabyte_is_refused_by_its_size(run_of, name):
    folder = run_of("finished")
    with (folder / name).open("r+b") as file:
        file.truncate(1 << 40)  # takes no room on the disk
    refused(lambda: cn.load_run(folder), rf"{name}: got 1,099,511,627,776 bytes; wanted at most")


def test_a_checkpoint_of_a_terabyte_is_passed_over(run_of):
    folder = run_of("killed")
    newest = sorted((folder / "checkpoints").glob("*.json"))[-1]
    with newest.with_suffix(".safetensors").open("r+b") as file:
        file.truncate(1 << 40)
    values = json.loads(newest.read_text()) | {"bytes": 1 << 40}
    newest.write_bytes(_forged(values))
    assert any("is damaged" in note for note in cn.resume(folder).notes)


def test_a_plan_of_many_brackets_is_refused_by_its_size(run_of):
    folder = run_of("finished")
    (folder / "plan.json").write_bytes(b'{"a": [' + b"[]," * 3_000_000 + b"[]]}")
    refused(lambda: cn.load_run(folder), r"plan\.json: got 9,000,011 bytes; wanted at most")


@pytest.mark.parametrize(
    "rows", ["{i},{i},1,1,0.5,,", "1,1,1,1,0.5,,", "{i},1,,1,,0.5,"], ids=["more", "again", "evaluations"]
)
def test_a_history_of_more_rows_than_updates_is_refused_at_the_first_too_many(run_of, rows):
    folder = run_of("finished")
    first = (folder / "history.csv").read_text().splitlines()[0]
    text = "\n".join([first, *(rows.format(i=i) for i in range(1, 5_000))])
    (folder / "history.csv").write_text(text + "\n")
    sign(folder, "history.csv")
    refused(lambda: cn.load_run(folder), "updates are not in order, or more than the plan has")


@pytest.mark.parametrize("wider", [True, False])
def test_a_preparation_of_another_width_than_the_network_is_refused(run_of, wider):
    folder = run_of("table")
    values = json.loads((folder / "preparation.json").read_text())
    column = next(column for column in values["x"] if column["words"])
    column["words"] = [*column["words"], "green"] if wider else column["words"][:1]
    (folder / "preparation.json").write_text(json.dumps(values))
    sign(folder, "preparation.json")
    refused(
        lambda: cn.load_run(folder),
        r"preparation\.json: got its columns become . features, the network takes 3",
    )


@pytest.mark.parametrize(
    ("columns", "match"),
    [((["a", "b", "c"],), "it has 3 classes, the network 2"), ((), "no words"), ((None,), "no words")],
)
def test_classes_that_are_not_those_of_the_network_are_refused(run_of, columns, match):
    folder = run_of("table")
    values = json.loads((folder / "preparation.json").read_text())
    values["y"] = [{**values["y"][0], "words": words} for words in columns]
    (folder / "preparation.json").write_text(json.dumps(values))
    sign(folder, "preparation.json")
    refused(lambda: cn.load_run(folder), match)


@pytest.mark.parametrize("name", ["plan.json", "network.json"])
def test_a_bit_changed_is_found_when_a_run_is_read_as_a_network(run_of, name):
    folder = run_of("finished")
    content = bytearray((folder / name).read_bytes())
    content[content.index(b"tanh" if name == "network.json" else b"mse")] ^= 1
    (folder / name).write_bytes(content)
    for read in (cn.read, cn.load_run):
        refused(lambda read=read: read(folder), rf"{name}: got its checksum is another")


def test_a_bit_changed_in_the_weights_is_found_when_a_run_is_drawn(run_of):
    folder = run_of("finished")
    content = bytearray((folder / "weights.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "weights.safetensors").write_bytes(content)
    refused(lambda: cn.draw(folder, weights="numbers"), "weights.safetensors: got its checksum is another")


def test_weights_of_another_network_are_not_drawn(run_of):
    folder = run_of("finished")
    tensors = load((folder / "weights.safetensors").read_bytes())
    tensors["0.weight"] = torch.zeros(2, 2)
    (folder / "weights.safetensors").write_bytes(save(tensors))
    sign(folder, "weights.safetensors")
    refused(lambda: cn.draw(folder, weights="numbers"), r"'0.weight' is \(2, 2\)")


def test_a_run_under_way_is_read_as_its_network(run_of):
    assert cn.read(run_of("killed")) == cn.read(run_of("finished"))


def test_a_folder_without_a_run_says_what_it_is_not(tmp_path):
    with pytest.raises(
        FileProblem, match=r"got no run; wanted a folder that a fit was kept in, with plan\.json"
    ):
        cn.read(tmp_path)
