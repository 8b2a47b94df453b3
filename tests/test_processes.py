"""The command in several processes: answers, errors, kills and signals, as a user meets them."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import chalknet as cn
from chalknet.cli.launch import launch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
TRIALS = 8
ENDS_WITHIN_S = 120  # a hang, not a busy machine: torch alone waits for half a minute before it kills
FIT = ("fit", "784 -> 8 relu -> 1 sigmoid", "--loss", "bce", "--batch-size", "64")
CHALKNET = (sys.executable, "-m", "chalknet")
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2")


def run(*words):
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=120)


def test_two_processes_answer_once_and_as_one_does(tmp_path):
    words = (*FIT, "--updates", "60", "--lr", "0.5", "--engine", "eager", "--json")
    one = json.loads(run(*CHALKNET, *words).stdout)
    done = run(
        *CHALKNET, *words, "--processes", "2", "--out", tmp_path / "run", "--plot", tmp_path / "fit.svg"
    )
    assert (done.returncode, done.stderr) == (0, "")
    two = json.loads(done.stdout)
    assert two["updates"] == one["updates"] == 60 and two["loss"] == pytest.approx(one["loss"], rel=1e-4)
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert plan["placement"]["processes"] == 2
    assert plan["placement"]["threads"] == max(1, len(os.sched_getaffinity(0)) // 2)
    assert (tmp_path / "fit.svg").exists()


def test_the_command_under_torchrun_by_hand_answers_once_and_tells_an_error_once():
    done = run(*TORCHRUN, "-m", "chalknet", *FIT, "--updates", "3")
    assert done.returncode == 0 and done.stdout.count("3 updates") == 1
    done = run(*TORCHRUN, "-m", "chalknet", *FIT[:3], "bcee", "--updates", "3")
    assert done.returncode == 1 and done.stderr.count("Did you mean bce?") == 1


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--processes", "0"), 2, "greater than or equal to 1"),
        (
            ("--processes", "2", "--engine", "fused_cpu"),
            1,
            "engine fused_cpu cannot run this: it computes in one",
        ),
        (("--processes", "2", "--data", "none.csv"), 1, "none.csv"),
        (("--processes", "2", "--out", "."), 1, "something that is no run"),
    ],
)
def test_what_cannot_be_run_is_told_once_without_a_traceback(words, code, told):
    done = run(*CHALKNET, *FIT, "--updates", "3", *words)
    assert done.returncode == code and done.stdout == ""
    assert " ".join(re.sub("[│╭╮╰╯─]", " ", done.stderr).split()).count(told) == 1
    assert "Traceback" not in done.stderr and "elastic" not in done.stderr


def test_the_plan_says_how_many_processes_and_starts_none():
    done = run(*CHALKNET, *FIT[:-1], "1", "--updates", "3", "--processes", "3", "--dry-run")
    assert ", 3 processes" in done.stdout and "a batch of 1 has a sample for 1 of 3 processes" in done.stdout


@contextmanager
def started(folder):
    """Give the launcher of a long fit, and its workers, once there is a checkpoint."""
    words = ("--updates", 10**8, "--processes", 2, "--out", folder, "--checkpoint-every", 20)
    launcher = subprocess.Popen(
        list(map(str, [*CHALKNET, *FIT, *words])), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with launcher:
        try:
            until = time.monotonic() + ENDS_WITHIN_S
            while not list(folder.glob("checkpoints/*.json")):
                assert launcher.poll() is None and time.monotonic() < until, launcher.communicate()
                time.sleep(0.05)
            tasks = Path(f"/proc/{launcher.pid}/task").iterdir()
            yield (
                launcher,
                sorted(int(pid) for task in tasks for pid in (task / "children").read_text().split()),
            )
        finally:
            launcher.kill()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers in /proc")
@pytest.mark.parametrize("which", [0, 1])
def test_a_killed_worker_ends_the_fit_with_the_last_checkpoint_kept(tmp_path, which):
    folder = tmp_path / "run"
    with started(folder) as (launcher, workers):
        os.kill(workers[which], signal.SIGKILL)
        out, err = launcher.communicate(timeout=ENDS_WITHIN_S)
    assert (launcher.returncode, out) == (1, "")
    assert re.fullmatch(
        r"error: process [01] of 2: got killed by SIGKILL, as the system does when memory runs out; "
        rf"wanted all at work. Go on from the last checkpoint: chalknet resume {folder}.\n",
        err,
    )
    updates = max(int(path.stem) for path in folder.glob("checkpoints/*.json")) + 5
    assert cn.resume(folder, updates=updates).history.updates[-1] == updates


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers in /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_the_launcher_ends_all_processes_with_a_checkpoint_of_the_last_update(
    tmp_path, number, code
):
    folder = tmp_path / "run"
    with started(folder) as (launcher, workers):
        launcher.send_signal(number)
        _, err = launcher.communicate(timeout=ENDS_WITHIN_S)
    assert (launcher.returncode, err) == (code, "")
    last = (folder / "history.csv").read_text().splitlines()[-1].split(",")[0]
    assert (folder / "checkpoints" / f"{int(last):012d}.json").exists()
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    done = run(*CHALKNET, "resume", folder, "--updates", int(last) + 5, "--processes", 2, "--json")
    assert json.loads(done.stdout)["updates"] == int(last) + 5


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers in /proc")
@pytest.mark.timeout(1200)
def test_no_worker_outlives_a_launcher_that_is_killed_at_any_instant(tmp_path):
    chance = random.Random(11)
    for trial in range(TRIALS):
        folder = tmp_path / f"run{trial}"
        words = [*CHALKNET, *FIT, "--updates", 10**8, "--processes", 2, "--out", folder]
        launcher = subprocess.Popen(
            list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 60
        while len(_processes_of(folder)) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 6))  # from the interpreter's start over the imports to the first updates
        launcher.kill()
        launcher.wait()
        until = time.monotonic() + ENDS_WITHIN_S
        while _processes_of(folder) and time.monotonic() < until:
            time.sleep(0.1)
        assert not _processes_of(folder), f"trial {trial}"


def _processes_of(folder):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "cmdline").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_a_worker_that_fails_gives_its_exit_code(capsys):
    assert launch(1, ["count", "nonsense ->"], None) == 1
    assert capsys.readouterr().err == ""
