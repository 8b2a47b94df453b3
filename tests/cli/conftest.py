"""A command as it is typed: in this process, in a process of its own, and in a terminal."""

import io
import os
import pty
import subprocess
import sys

import numpy as np
import pytest

from chalknet import cli

CHALKNET = (sys.executable, "-m", "chalknet")


@pytest.fixture
def type_(monkeypatch, capsys):
    """Return a function that types a command and gives (exit code, standard output, standard error)."""

    def typed(*words):
        monkeypatch.setattr(sys, "argv", ["chalknet", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out = capsys.readouterr()
        return end.value.code or 0, out.out, out.err

    return typed


@pytest.fixture
def line(tmp_path):
    x = np.linspace(-1, 1, 10, dtype=np.float32)
    np.savez(tmp_path / "line.npz", x=x, y=2 * x)
    return tmp_path / "line.npz"


@pytest.fixture
def on_console(monkeypatch):
    """Return a function that types a command whose output goes to a file on a console of an encoding.

    It gives the exit code and what was written to standard output and standard error, as bytes.
    """

    def typed(encoding, *words):
        streams = {name: io.TextIOWrapper(io.BytesIO(), encoding=encoding) for name in ("stdout", "stderr")}
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["chalknet", *map(str, words)])
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            with pytest.raises(SystemExit) as end:
                cli.main()
        for stream in streams.values():
            stream.flush()
        return end.value.code or 0, *(stream.buffer.getvalue() for stream in streams.values())

    return typed


@pytest.fixture
def started():
    """Return a function that types a command in a process of its own and gives what it printed, as bytes."""

    def run(*words, stdin=b"", **environment):
        environment = {**os.environ, "COLUMNS": "80", **environment}
        return subprocess.run(
            [*CHALKNET, *map(str, words)], input=stdin, capture_output=True, env=environment
        )

    return run


@pytest.fixture
def in_terminal():
    """Return a function that types a command in a terminal and gives its exit code and what was printed."""

    def run(*words, **environment):
        looked_at, terminal = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", **environment}
        for name in ("NO_COLOR", "FORCE_COLOR"):
            environment.setdefault(name, "")
        process = subprocess.Popen(
            [*CHALKNET, *map(str, words)], stdin=terminal, stdout=terminal, stderr=terminal, env=environment
        )
        os.close(terminal)
        seen = b""
        try:
            while piece := os.read(looked_at, 4096):
                seen += piece
        except OSError:  # how Linux says that the other end is closed
            pass
        os.close(looked_at)
        return process.wait(), seen

    return run
