"""Damage to a run's folder is found: an error, the checkpoint before with a note, or the same result."""

import hashlib
import json
import random
import shutil

import pytest
import torch
from tests.fuzz.run_folders import files_of, fuzz, outcome_of, runs_for

import chalknet as cn
from chalknet.errors import ChalknetError, FileProblem, InvalidValue
from chalknet.schema import parse_json
from chalknet.seal import sealed
from chalknet.training.kept.checkpoint import newest
from chalknet.training.kept.run_files import read_setting
from chalknet.training.kept.run_folder import kept_data

X = torch.linspace(-1, 1, 20)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs, one that has ended and one that was killed, with what becomes of each undamaged."""
    return runs_for(tmp_path_factory.mktemp("runs"))


def changed_in_turn(folder, most_bytes):
    """Change each byte of the small files of a folder in turn, some of the large ones, and put it back."""
    chance = random.Random(3)
    for path in files_of(folder):
        content = path.read_bytes()
        every = range(len(content))
        for at in every if len(content) <= most_bytes else sorted(chance.sample(every, 150)):
            changed = bytearray(content)
            changed[at] ^= 1 << chance.randrange(8)
            path.write_bytes(changed)
            yield f"{path.name}, byte {at}"
        path.write_bytes(content)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_byte_of_a_run_that_ended_is_watched(runs, tmp_path):
    folder, tried = tmp_path / "run", 0
    shutil.copytree(runs["finished"].folder, folder)
    shutil.rmtree(folder / "checkpoints")  # the next test
    for what in changed_in_turn(folder, most_bytes=10_000):
        found = outcome_of(runs["finished"], folder)
        assert found in ("error", "same"), f"{what}: {found}"
        assert found == "error" or what.startswith("plan.json"), f"{what}: {found}"  # its signature alone
        tried += 1
    assert tried > 3000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_byte_of_a_run_under_way_is_watched(runs, tmp_path):
    def state(folder):
        setting = read_setting(folder)
        checkpoint, notes = newest(folder, setting)
        return setting, checkpoint, notes, kept_data(folder, setting).x

    folder, tried = tmp_path / "run", 0
    shutil.copytree(runs["killed"].folder, folder)
    setting, whole, _, x = state(folder)
    for what in changed_in_turn(folder, most_bytes=5_000):
        tried += 1
        try:
            found = state(folder)
        except ChalknetError:
            continue
        assert (found[0].plan, found[0].origin) == (setting.plan, setting.origin), what
        assert torch.equal(found[3], x), what
        if found[1].state.updates == 10:
            assert what.startswith("000000000020") and "update 20 is damaged" in found[2][0], what
        else:  # the older checkpoint is not read, and the signature of facts says nothing of them
            assert not what.startswith("000000000020.safetensors") and not found[2], what
            assert found[1].state.order == whole.state.order and found[1].loss == whole.loss, what
    assert tried > 3000


@pytest.mark.slow
def test_chance_damage_and_forgery_end_in_an_error_or_do_no_harm():
    found = fuzz(seed=random.randrange(10**6), seconds=6)
    assert found["tried"] > 20 and not found["wrong"], found


def test_files_of_a_run_swapped_for_those_of_another_are_found(runs, tmp_path):
    other = runs_for(tmp_path / "other")
    for which, expected in runs.items():
        for path in files_of(expected.folder):
            folder, name = tmp_path / "run", path.relative_to(expected.folder)
            shutil.copytree(expected.folder, folder)
            if (other[which].folder / name).read_bytes() != path.read_bytes():  # the network is the same
                shutil.copy(other[which].folder / name, folder / name)
                found = outcome_of(expected, folder)
                unread = path.parent.name == "checkpoints" and (which != "killed" or path.stem[-2:] == "10")
                assert found in ("error", "before") or unread, f"{which}, {name}: {found}"
            shutil.rmtree(folder)


def test_a_plan_that_was_edited_is_refused_and_says_so(runs, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(runs["killed"].folder, folder)
    plan = folder / "plan.json"
    for before, after in (('"lr": 0.01', '"lr": 0.02'), ('"seed": 3', '"seed": 4')):
        text = plan.read_text()
        assert before in text
        plan.write_text(text.replace(before, after))
        with pytest.raises(FileProblem, match=r"plan\.json.*damaged or edited.*restore it from a copy"):
            cn.resume(folder)
        plan.write_text(text)
    assert outcome_of(runs["killed"], folder) == "same"


HOSTILE = [
    b"[" * 100_000, b'{"a":' * 100_000, b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1, "a": 2}', b"", b"\0",
    b'{"a": 1' + b"0" * 5000 + b"}", b"\xff\xfe", b"null", b"3", b'"\xed\xa0\x80"',
]  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", ["plan.json", "network.json", "checkpoints/000000000020.json"])
def test_hostile_json_is_an_error_of_ours(runs, tmp_path, content, name):
    with pytest.raises(ValueError):
        parse_json(content)
    for which in runs:
        folder = tmp_path / which
        shutil.copytree(runs[which].folder, folder)
        shutil.rmtree(folder / "checkpoints" / "000000000010.json", ignore_errors=True)
        (folder / name).write_bytes(content) if (folder / name).exists() else None
        assert outcome_of(runs[which], folder) in ("error", "before", "same")


def forged(folder, **changes):
    """Change a plan and make its checksum anew, as anybody can; the signature nobody can."""
    plan = folder / "plan.json"
    values = json.loads(plan.read_text())
    values = {key: value for key, value in values.items() if key not in ("seal", "signature", "chalknet_run")}
    body = sealed(values | changes)
    plan.write_bytes(body[: body.rindex(b'"signature"')] + b'"signature": ""\n}\n')


def test_a_plan_of_somebody_else_names_no_file_to_read_and_no_cache_to_write(tmp_path):
    table = tmp_path / "houses.csv"
    table.write_text("a,y\n" + "".join(f"{i},{i * i}\n" for i in range(30)))
    run, cache = tmp_path / "run", tmp_path / "their cache"
    options = {"loss": "mse", "lr": 1e-6, "engine": "eager", "standardise": True}
    load = {"y": "y", "standardise": options.pop("standardise"), "cache": tmp_path / "tables"}
    cn.fit("1 -> 1", cn.load(table, **load), **options, updates=5, out=run)
    assert cn.resume(run, updates=7).history.updates[-1] == 7  # one of our own goes on without a question
    forged(run, origin={"data": str(table), "y": ["y"], "standardise": True, "cache": str(cache)})
    with pytest.raises(InvalidValue, match=r"not made by you.*, with the data .*trust=True \(--trust\)"):
        cn.resume(run, updates=9)
    assert not cache.exists()
    assert cn.load_run(run).history.updates[-1] == 7  # which reads no place that the plan names
    assert cn.resume(run, updates=9, data=cn.load(table, **load)).history.updates[-1] == 9
    assert not cache.exists()
    assert json.loads((run / "plan.json").read_text())["origin"]["cache"] == str(tmp_path / "tables")
    assert cn.resume(run, updates=11).history.updates[-1] == 11  # from now on it is ours
    forged(run, origin={"data": str(table), "y": ["y"], "standardise": True, "cache": str(cache)})
    assert cn.resume(run, updates=13, trust=True).history.updates[-1] == 13
    assert cache.exists()


def test_a_plan_of_somebody_else_names_no_log_to_write(runs, tmp_path):
    folder, log = tmp_path / "run", tmp_path / "log"
    shutil.copytree(runs["killed"].folder, folder)
    forged(folder, logs={f"tensorboard:{log}": str(log)})
    result = cn.resume(folder)
    assert not log.exists()
    assert any("is left as it is" in note and "--trust" in note for note in result.notes)


def test_another_user_has_another_key(runs, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    shutil.copytree(runs["killed"].folder, folder)
    assert not read_setting(folder).own  # made by the fixture, which has a place of its own
    cn.fit("1 -> 1", (X, X), loss="mse", updates=2, out=tmp_path / "mine", engine="eager")
    assert read_setting(tmp_path / "mine").own
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another"))
    assert not read_setting(tmp_path / "mine").own


@pytest.mark.parametrize("width", [10**6, 10**9, 10**12, 2**62])
def test_a_network_whose_weights_are_not_there_is_never_built(runs, tmp_path, width):
    folder = tmp_path / "run"
    shutil.copytree(runs["finished"].folder, folder)
    network = folder / "network.json"
    network.write_text(network.read_text().replace('"out_features": 3', f'"out_features": {width}'))
    files = json.loads((folder / "plan.json").read_text())["files"]
    forged(folder, files=files | {"network.json": hashlib.sha256(network.read_bytes()).hexdigest()})
    with pytest.raises(FileProblem, match=r"weights\.safetensors|network\.json"):
        cn.load_run(folder)


@pytest.mark.parametrize("trust", [1, "yes", None, [], 0.5])
def test_trust_is_true_or_false(runs, trust):
    with pytest.raises(InvalidValue, match="True or False"):
        cn.resume(runs["finished"].folder, trust=trust)
