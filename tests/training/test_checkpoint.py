"""Checkpoints on disk: whole or not there, the last two, and what is said of damaged ones."""

import os
import re
import signal
import subprocess

import pytest
import torch

import chalknet as cn
from chalknet.data import Sample
from chalknet.errors import DataError, FileProblem, InvalidValue
from chalknet.training.kept import run_folder

NET = cn.read("2 -> 6 tanh dropout(0.3) -> 1")
X = torch.randn(23, 2, generator=torch.Generator().manual_seed(1))
DATA = X, X[:, :1] * X[:, 1:]
OPTIONS = {"loss": "mse", "optimizer": "adam", "lr": 0.01, "batch_size": 4, "shuffle": True, "seed": 3}
COLUMNS = ("updates", "samples", "epochs", "loss")


def fit(run=None, **options):
    return cn.fit(NET, DATA, **{**OPTIONS, **options}, out=run, engine="eager")


def stopped_at(run, update, **options):
    """Keep a fit that was interrupted behind an update."""
    sent = []

    def interrupt(progress):
        if progress.updates >= update and not sent:
            sent.append(progress)
            os.kill(os.getpid(), signal.SIGINT)

    return fit(run, **options, on_progress=interrupt, checkpoint_every=9)


def assert_same(ours, theirs):
    for column in COLUMNS:
        assert list(getattr(ours.history, column)) == list(getattr(theirs.history, column))
    marks = [
        [(e.updates, e.samples, e.train, e.held_out) for e in result.history.evaluations]
        for result in (ours, theirs)
    ]
    assert marks[0] == marks[1]
    for name, value in ours.module.state_dict().items():
        assert torch.equal(value, theirs.module.state_dict()[name])


def checkpoints(run):
    return sorted(int(path.stem) for path in (run / "checkpoints").glob("*.json"))


@pytest.mark.parametrize("recording", [{}, {"record_every": 7}, {"evaluate_every": 5, "held_out": 0.3}])
def test_an_interrupted_fit_that_goes_on_is_the_one_that_was_never_stopped(tmp_path, recording):
    whole = fit(updates=300, **recording)
    half = stopped_at(tmp_path / "run", 20, updates=300, **recording)
    assert half.outcome is cn.Outcome.INTERRUPTED
    assert 20 <= half.history.updates[-1] < 300
    assert_same(cn.resume(tmp_path / "run"), whole)
    assert_same(cn.load_run(tmp_path / "run"), whole)


def test_fit_2k_is_fit_k_kept_resumed_fit_k(tmp_path):
    fit(tmp_path / "run", updates=31)
    assert_same(cn.resume(tmp_path / "run", updates=62, data=DATA), fit(updates=62))


@pytest.mark.parametrize(
    "engines", [("eager", "fused_cpu"), ("fused_cpu", "eager"), ("fused_cpu", "fused_cpu")]
)
def test_a_run_goes_on_by_another_engine_and_says_so(tmp_path, engines):
    pytest.importorskip("numba")
    net = cn.read("2 -> 6 tanh -> 1")
    first, second = engines
    options = {**OPTIONS, "dtype": "float64"}
    cn.fit(net, DATA, **options, updates=31, engine=first, out=tmp_path / "run")
    went_on = cn.resume(tmp_path / "run", updates=62, data=DATA, engine=second)
    whole = cn.fit(net, DATA, **options, updates=62, engine="eager")
    assert list(went_on.history.loss) == pytest.approx(list(whole.history.loss), rel=1e-9)
    assert went_on.plan.engine == second
    told = f"engine {second} instead of {first}"
    assert (told in str(went_on.plan)) is (first != second)


def test_the_last_two_checkpoints_are_kept_at_the_updates_asked_for(tmp_path):
    fit(tmp_path / "run", updates=107, checkpoint_every=25)
    assert checkpoints(tmp_path / "run") == [100, 107]


def test_checkpoints_come_by_the_clock_too(tmp_path):
    seen = []
    run = tmp_path / "run"
    fit(run, seconds=0.5, checkpoint_every="0.1s", on_progress=lambda _: seen.append(tuple(checkpoints(run))))
    assert len(set(seen)) >= 3


def damage(run, update, how):
    path = run / "checkpoints" / f"{update:012d}.safetensors"
    content = bytearray(path.read_bytes())
    if how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "bit-flipped":
        content[-9] ^= 4
        path.write_bytes(content)
    elif how == "gone":
        path.unlink()
    else:
        path.with_suffix(".json").write_text("{")


@pytest.mark.parametrize("how", ["truncated", "bit-flipped", "gone", "facts cut off"])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before_with_a_word(tmp_path, how):
    run = tmp_path / "run"
    fit(run, updates=50, checkpoint_every=20)
    damage(run, 50, how)
    went_on = cn.resume(run, updates=90, data=DATA)
    assert_same(went_on, fit(updates=90))
    assert "the checkpoint of update 50 is damaged" in str(went_on.plan)
    assert "gone on from update 40" in str(went_on.plan)


def test_two_damaged_checkpoints_are_an_error_that_names_both(tmp_path):
    run = tmp_path / "run"
    fit(run, updates=50, checkpoint_every=20)
    damage(run, 50, "bit-flipped")
    damage(run, 40, "truncated")
    with pytest.raises(FileProblem, match=r"update 50 is damaged.*checksum.*update 40 is damaged.*bytes of"):
        cn.resume(run, updates=90, data=DATA)


def test_a_finished_run_is_only_loaded(tmp_path):
    kept = fit(tmp_path / "run", updates=9)
    assert_same(cn.resume(tmp_path / "run"), kept)


def test_arrays_are_kept_with_a_run_under_way_and_gone_when_it_is_done(tmp_path):
    run = tmp_path / "run"
    stopped_at(run, 20, updates=300)
    assert (run / "data.safetensors").exists()
    cn.resume(run)
    assert not (run / "data.safetensors").exists()
    with pytest.raises(InvalidValue, match=r"resume\(path, data=\(x, y\)\)"):
        cn.resume(run, updates=400)


def test_other_data_than_before_is_refused(tmp_path):
    fit(tmp_path / "run", updates=9)
    with pytest.raises(DataError, match=r"22 observations.*wanted 23 observations"):
        cn.resume(tmp_path / "run", updates=20, data=(X[1:], DATA[1][1:]))


def test_a_smaller_budget_than_was_used_is_refused(tmp_path):
    fit(tmp_path / "run", updates=9)
    with pytest.raises(InvalidValue, match=r"got 5 updates; wanted more than the 9 that were made"):
        cn.resume(tmp_path / "run", updates=5, data=DATA)


def test_other_versions_than_before_are_told(tmp_path, monkeypatch):
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        older = {**run_folder.made_with(), "torch": "2.0.0"}
        patch.setattr(run_folder, "made_with", lambda: older)
        fit(run, updates=9)
    told = str(cn.resume(run, updates=12, data=DATA).plan)
    assert f"torch {torch.__version__} instead of 2.0.0".split("+")[0] in told
    assert "not the same last bits" in told


def test_a_module_of_the_users_own_goes_on_with_its_buffers(tmp_path):
    def make():
        torch.manual_seed(0)
        return torch.nn.Sequential(
            torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3, momentum=None), torch.nn.Linear(3, 1)
        )

    cn.fit(make(), DATA, **OPTIONS, updates=12, out=tmp_path / "run")
    with pytest.raises(InvalidValue, match="module=your_module"):
        cn.resume(tmp_path / "run", updates=30, data=DATA)
    went_on = cn.resume(tmp_path / "run", updates=30, data=DATA, module=make())
    assert_same(went_on, cn.fit(make(), DATA, **OPTIONS, updates=30))


def test_a_diverged_fit_keeps_the_checkpoints_before_it_diverged(tmp_path):
    run = tmp_path / "run"
    options = {**OPTIONS, "optimizer": "sgd", "lr": 1e3}
    result = cn.fit(cn.read("2 -> 1"), DATA, **options, updates=500, out=run, checkpoint_every=2)
    assert result.outcome is cn.Outcome.DIVERGED
    assert all(update < result.history.updates[-1] for update in checkpoints(run))


@pytest.mark.parametrize("every", [0, -3, "soon", "10 parsecs", "0s", 2.5, True])
def test_an_interval_that_is_none_is_refused(tmp_path, every):
    with pytest.raises(InvalidValue, match=r"checkpoint_every.*'30s'"):
        fit(tmp_path / "run", updates=3, checkpoint_every=every)
    assert not list(tmp_path.iterdir())


def test_checkpoints_without_a_folder_are_refused():
    with pytest.raises(InvalidValue, match="out=FOLDER"):
        fit(updates=3, checkpoint_every=2)


def test_a_run_under_way_is_refused_to_load_with_the_way_to_go_on(tmp_path):
    run = tmp_path / "run"

    def look(progress):
        with pytest.raises(FileProblem, match="chalknet resume"):
            cn.load_run(run)

    fit(run, updates=5, on_progress=look)


def test_two_fits_into_one_folder_are_refused_by_a_lock(tmp_path):
    run, seen = tmp_path / "run", []

    def second(progress):
        if not seen:
            for again in (lambda: fit(run, updates=3, overwrite=True), lambda: cn.resume(run)):
                with pytest.raises(FileProblem, match="another process is writing now"):
                    again()
            seen.append(progress)

    fit(run, updates=20, on_progress=second)
    assert seen
    assert cn.load_run(run).history.updates[-1] == 20


def test_a_fit_that_fails_before_its_first_checkpoint_leaves_no_folder(tmp_path):
    class Breaks(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.calls = torch.nn.Linear(2, 1), 0

        def forward(self, x):
            self.calls += 1
            if self.calls > 5:
                raise RuntimeError("a fault of the user's own")
            return self.linear(x)

    with pytest.raises(RuntimeError, match="own"):
        cn.fit(Breaks(), DATA, loss="mse", updates=50, out=tmp_path / "run")
    assert not list(tmp_path.iterdir())
    with pytest.raises(RuntimeError, match="own"):
        cn.fit(Breaks(), DATA, loss="mse", updates=50, out=tmp_path / "run", checkpoint_every=2)
    assert checkpoints(tmp_path / "run") == [2, 4]


@pytest.fixture
def small_disk(tmp_path):
    """Give a file system of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True)
    if made.returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_ends_the_fit_with_the_last_whole_checkpoint_kept(small_disk):
    run, filler = small_disk / "run", small_disk / "filler"

    def fill(progress):
        if checkpoints(run) == [10, 20]:
            with pytest.raises(OSError):
                filler.write_bytes(bytes(1 << 20))

    with pytest.raises(FileProblem) as caught:
        fit(run, updates=100, checkpoint_every=10, on_progress=fill)
    words = str(caught.value)
    assert "No space left" in words and "the last whole one is that of update 20" in words
    assert re.search("Make room, then go on with cn.resume", words)
    assert not [path for path in run.rglob("*") if "unfinished" in path.name]
    filler.unlink()
    assert_same(cn.resume(run), fit(updates=100))


def test_a_source_that_fails_in_the_middle_ends_the_fit_and_the_last_checkpoint_goes_on(tmp_path):
    class Fragile:
        """A source of the user's own, whose disk goes away."""

        name, x_shape, y_shape, held_out = "fragile", (2,), (1,), None

        def __init__(self, takes):
            self.left = takes

        def __len__(self):
            return 23

        def take(self, rows):
            self.left -= 1
            if self.left < 0:
                raise OSError(5, "Input/output error")
            return Sample(X[rows], DATA[1][rows])

    run = tmp_path / "run"
    with pytest.raises(OSError, match="Input/output error"):
        cn.fit(NET, Fragile(12), **OPTIONS, updates=90, out=run, checkpoint_every=10, engine="eager")
    assert checkpoints(run)
    assert_same(cn.resume(run, data=Fragile(10**6)), fit(updates=90))
