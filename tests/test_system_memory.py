"""What is small enough to be held in memory as a whole."""

import subprocess
import sys

import pytest

from chalknet import system


@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_a_limit_of_the_process_is_kept(limit):
    code = (
        "import resource\n"
        "from chalknet.system import available_bytes\n"
        f"resource.setrlimit(resource.{limit}, (4 << 30, 4 << 30))\n"
        "print(available_bytes())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) <= 4 << 30


def test_what_takes_a_quarter_fits(monkeypatch):
    monkeypatch.setattr(system, "available_bytes", lambda: 1000)
    assert system.fits_in_memory(250)
    assert not system.fits_in_memory(251)
