"""Ctrl-C and SIGTERM, sent for real: what is printed, what is kept, the exit code."""

import os
import shlex
import signal
import subprocess
import sys

import pytest

import chalknet as cn

FIT = ("fit", "784 -> 2 relu -> 1 sigmoid", "--loss", "bce", "--updates", "100000000", "--batch-size", "1")
MORE = ("--engine", "eager", "--record-every", "1000")
RUNNING = (
    "import sys; from chalknet.cli import main; sys.stderr.isatty = lambda: True; main()"  # shows its bar
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def stopped(folder, sent, *words):
    """Return the exit code, standard output and standard error of a fit that got a signal in its loop."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNING, *FIT, *MORE, *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    seen = b""
    while b"updates/s" not in seen:
        piece = os.read(process.stderr.fileno(), 4096)
        assert piece, seen
        seen += piece
    process.send_signal(sent)
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), (seen + err).decode()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
@pytest.mark.parametrize("name", ["run", "my run's"])
def test_a_kept_fit_says_where_it_is_kept_and_how_to_go_on(tmp_path, sent, code, name):
    got, out, err = stopped(tmp_path, sent, "--out", name)
    assert got == code and "interrupted" in out
    kept, _, command = err.splitlines()[-1].partition("; go on with: ")
    assert kept.endswith(f"kept in {shlex.quote(name)}")
    assert shlex.split(command) == ["chalknet", "resume", name]
    assert cn.load_run(tmp_path / name).outcome is cn.Outcome.INTERRUPTED


def test_a_fit_that_is_not_kept_says_what_was_done_and_that_nothing_is_kept(tmp_path):
    code, out, err = stopped(tmp_path, signal.SIGINT)
    assert code == 130 and "interrupted" in out and " updates, " in out
    assert "nothing was kept; with --out FOLDER" in err.splitlines()[-1]


def test_a_fit_that_is_not_kept_and_gets_sigterm_says_that_nothing_is_kept(tmp_path):
    code, _, err = stopped(tmp_path, signal.SIGTERM)
    assert code == -signal.SIGTERM and "nothing was kept; with --out FOLDER" in err.splitlines()[-1]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_fit_that_is_stopped_before_its_first_update_kept_nothing(tmp_path, sent, code):
    program = (
        "import os, sys, time, chalknet as cn; from chalknet.cli import main\n"
        f"cn.fit = lambda *args, **options: os.kill(os.getpid(), {int(sent)}) or time.sleep(60)\n"
        "main()"
    )
    words = [sys.executable, "-c", program, *FIT, "--out", "run"]
    done = subprocess.run(words, capture_output=True, cwd=tmp_path, timeout=60)
    assert done.returncode == code and b"nothing was kept" in done.stderr
    assert b"Traceback" not in done.stderr


def test_ctrl_c_in_a_command_that_keeps_nothing_is_130_without_a_traceback(tmp_path):
    program = "import chalknet as cn; from chalknet.cli import main\n"
    program += "def stop(*args, **options): raise KeyboardInterrupt\ncn.devices = stop\nmain()"
    done = subprocess.run([sys.executable, "-c", program, "devices"], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (130, b"") and b"Traceback" not in done.stderr
