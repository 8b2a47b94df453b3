"""Fits killed for real, again and again, the save included: each ends as the run that was never stopped."""

import importlib.util
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import chalknet as cn

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SCRIPT = Path(__file__).with_name("killed.py")
KILLS = 30  # of each engine


@pytest.fixture(scope="module")
def killed():
    spec = importlib.util.spec_from_file_location("killed", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
def test_a_fit_killed_at_thirty_instants_ends_as_if_it_had_never_been_stopped(tmp_path, engine, killed):
    if engine == "fused_cpu":
        pytest.importorskip("numba")
    whole = killed.whole(engine)
    chance, kills, inside, runs = random.Random(5), 0, 0, 0
    with subprocess.Popen(
        [sys.executable, SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        while kills < KILLS or (tmp_path / f"run{runs}").exists():
            run = tmp_path / f"run{runs}"
            # Every other kill is inside a save; the others are at any instant. The last run is left to end.
            kill_at = chance.randrange(1, 80) if kills < KILLS and kills % 2 else 0
            seconds = chance.uniform(0.02, 0.4) if kills < KILLS and not kill_at else 0
            server.stdin.write(f"{run} {engine} {kill_at} {seconds}\n")
            server.stdin.flush()
            ended = int(server.stdout.readline())
            assert ended in (0, -signal.SIGKILL)
            kills += ended != 0
            inside += ended != 0 and kill_at > 0
            if ended == 0:
                _assert_same(cn.load_run(run), whole)
                runs += 1
        server.stdin.close()
    assert kills >= KILLS and inside >= KILLS // 3 and runs >= 1


def _assert_same(result, whole):
    assert list(result.history.loss) == list(whole.history.loss)
    assert list(result.history.updates) == list(whole.history.updates)
    for name, value in result.module.state_dict().items():
        assert torch.equal(value, whole.module.state_dict()[name])
