"""Streams that are closed or full, signals while the command is loaded, names that steer a terminal."""

import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import chalknet as cn

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
COUNT, READ, HELP = ("count", "2 -> 1"), ("read", "-"), ("fit", "--help")
FIT = ("fit", "1 -> 1", "--loss", "mse", "--updates", "5", "--engine", "eager", "--data", "line.npz")


def typed(folder, words, streams):
    """Return the exit code, standard output and standard error of a command with such streams."""
    quoted = " ".join(f"'{word}'" for word in (sys.executable, "-m", "chalknet", *words))
    script = f"set -o pipefail; {quoted} {streams}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, cwd=folder, timeout=100, text=True,
                          stdin=subprocess.DEVNULL)  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def clean(text):
    return not any(word in text for word in ("Traceback", "Exception", "Errno"))


@pytest.mark.parametrize("streams", [">&-", ">/dev/full", "<&- >&-"])
@pytest.mark.parametrize("words", [COUNT, FIT, HELP], ids=["count", "fit", "help"])
def test_an_answer_that_cannot_be_printed_is_a_failure_that_says_so(line, tmp_path, words, streams):
    kept = ("--out", "run") if words == FIT else ()
    code, out, err = typed(tmp_path, (*words, *kept), streams)
    assert (code, out) == (1, "") and err.startswith("error: standard output: got ") and clean(err)
    if kept:
        assert cn.load_run(tmp_path / "run").history.updates[-1] == 5


@pytest.mark.parametrize("streams", ["<&-", "2>&-", "2>/dev/full", "<&- 2>&-"])
def test_a_command_does_its_work_without_an_input_or_a_place_for_notes(line, tmp_path, streams):
    for words, begins in ((COUNT, "layers"), (FIT, "finished")):
        code, out, err = typed(tmp_path, words, streams)
        assert code == 0 and out.startswith(begins) and clean(out + err)


@pytest.mark.parametrize("streams", ["<&-", "</dev/null", "<&- 2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_nothing_to_read_is_a_failure_without_a_traceback(tmp_path, streams):
    code, out, err = typed(tmp_path, READ, streams)
    assert code in (1, 2) and out == "" and clean(err)
    assert err.startswith("error: ") or "2>" in streams


def test_a_fit_with_all_streams_closed_is_kept_and_no_file_takes_their_numbers(line, tmp_path):
    code, out, err = typed(tmp_path, (*FIT, "--out", "run"), "<&- >&- 2>&-")
    assert (code, out, err) == (1, "", "")
    assert cn.load_run(tmp_path / "run").history.updates[-1] == 5


@pytest.mark.parametrize("words", [COUNT, HELP], ids=["count", "help"])
def test_a_reader_that_goes_away_ends_the_command_without_a_word(tmp_path, words):
    _, _, err = typed(tmp_path, words, "| head -n 1 | head -c 1")
    assert err == ""


def until_caught(process):
    """Wait until Python has begun and handles Ctrl-C: before that no program can."""
    status, until = Path(f"/proc/{process.pid}/status"), time.monotonic() + 60
    while status.exists() and time.monotonic() < until:
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", status.read_text(), re.M)
        if caught and int(caught[1], 16) >> (signal.SIGINT - 1) & 1:
            return
        time.sleep(0.005)


def signalled(words, folder, number, times, chance, **options):
    process = subprocess.Popen([sys.executable, "-m", "chalknet", *words], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, cwd=folder, **options)  # fmt: skip
    if number == signal.SIGINT:
        until_caught(process)
    time.sleep(chance.uniform(0.08, 2.0))  # the instant is what is tried, not a wait for something
    for _ in range(times):
        process.send_signal(number)
        time.sleep(0.01)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()  # one that went on would stay
    return process.returncode, out.decode(), err.decode()


LONG = ("fit", "784 -> 2 relu -> 1 sigmoid", "--loss", "bce", "--updates", "100000000", "--engine", "eager",
        "--record-every", "1000", "--out", "run", "--overwrite")  # fmt: skip


@pytest.mark.parametrize("trial", range(4))
def test_ctrl_c_at_any_instant_and_twenty_times_is_130_without_a_traceback(tmp_path, trial):
    code, _, err = signalled(LONG, tmp_path, signal.SIGINT, (1, 20)[trial % 2], random.Random(trial))
    assert code == 130 and clean(err), err


DROPPING = """
import ctypes, os, signal, sys, time
import chalknet as cn
from chalknet.cli import main

def press():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.01)

class Finalized:
    def __del__(self):
        press()

def in_a_finalizer():
    Finalized()

def in_a_callback():
    ctypes.CFUNCTYPE(None)(press)()

def in_an_import():
    try:
        press()
    except BaseException:
        pass

def in_what_raises_another(error=RuntimeError("failed to import")):
    try:
        press()
    except BaseException as problem:
        raise error from problem

def in_what_raises_ours():
    in_what_raises_another(cn.MissingPackage(where="a", got="b", wanted="c", remedy="d"))

where = globals()[sys.argv.pop(1)]
cn.fit = cn.devices = lambda *args, **options: where() or time.sleep(60)
main()
"""


@pytest.mark.parametrize("where", re.findall(r"^def (in_\w+)", DROPPING, re.MULTILINE))
def test_ctrl_c_ends_the_command_also_where_other_code_drops_it(line, tmp_path, where):
    command = [sys.executable, "-c", DROPPING, where, *FIT]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, timeout=60, text=True)
    assert (done.returncode, done.stdout) == (130, "") and clean(done.stderr)
    assert done.stderr.startswith("nothing was kept; with --out FOLDER")


def test_a_hangup_keeps_the_run_as_sigterm_does(line, tmp_path):
    words = [*LONG[:-3], "--out", "run", "--checkpoint-every", "5"]
    process = subprocess.Popen([sys.executable, "-m", "chalknet", *words], stderr=subprocess.PIPE,
                               stdout=subprocess.PIPE, cwd=tmp_path)  # fmt: skip
    until = time.monotonic() + 60
    while not list(tmp_path.glob("run/checkpoints/*.json")):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGHUP)
    _, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGHUP and b"kept in run; go on with" in err
    assert cn.load_run(tmp_path / "run").outcome is cn.Outcome.INTERRUPTED


def test_a_hangup_that_is_ignored_stays_ignored(line, tmp_path):
    words = [*FIT[:3], "mse", "--seconds", "1", "--engine", "eager", "--data", "line.npz", "--out", "run"]
    process = subprocess.Popen(["nohup", sys.executable, "-m", "chalknet", *words], stderr=subprocess.PIPE,
                               stdout=subprocess.PIPE, cwd=tmp_path)  # fmt: skip
    while not (tmp_path / "run" / "plan.json").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert cn.load_run(tmp_path / "run").outcome is cn.Outcome.FINISHED


def test_names_that_steer_a_terminal_are_shown_escaped(in_terminal, tmp_path):
    name = tmp_path / "a\x1b[31m\x07b\x9b.npz"
    x = np.linspace(-1, 1, 10, dtype=np.float32)
    np.savez(name, x=x, y=x)
    for words in (("data", name), ("data", f"{name}.gone"), (*FIT[:-1], name, "--dry-run")):
        _, seen = in_terminal(*words, NO_COLOR="1")
        assert b"a\\x1b[31m\\x07b" in seen or b".gone" not in seen  # in a table they are blanks
        assert not any(sign in seen for sign in (b"\x1b", b"\x07", b"\xc2\x9b"))
