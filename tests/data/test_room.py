"""The memory that is left: the least of what machine, control group and limits leave."""

import resource
import subprocess
import sys

import pytest

from chalknet.data import room


@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_a_limit_of_the_process_is_kept(limit):
    code = (
        "import resource, sys; sys.path.insert(0, 'src')\n"
        "from chalknet.data.room import available_bytes\n"
        f"resource.setrlimit(resource.{limit}, (4 << 30, 4 << 30))\n"
        "print(available_bytes())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) <= 4 << 30
    assert resource.getrlimit(getattr(resource, limit))[0] != 4 << 30


def test_a_control_group_counts_what_it_may_drop_as_free(tmp_path):
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("900000\n")
    (tmp_path / "memory.stat").write_text("anon 300000\ninactive_file 500000\n")
    assert list(room._left(tmp_path, "memory.max", "memory.current")) == [600_000]
    (tmp_path / "memory.max").write_text("max\n")
    assert list(room._left(tmp_path, "memory.max", "memory.current")) == []


def test_what_takes_a_quarter_fits(monkeypatch):
    monkeypatch.setattr(room, "available_bytes", lambda: 1000)
    assert room.fits_in_memory(250)
    assert not room.fits_in_memory(251)
