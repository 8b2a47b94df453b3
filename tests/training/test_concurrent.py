"""Fits in many threads and processes give what they give one after another, and leave no trace."""

import asyncio
import copy
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training import concurrent_fits
from tests.training.concurrent_fits import PLAIN, Noisy, fit, made, outcome, samples
from torch import nn

import chalknet as cn
from chalknet.files import write_whole
from chalknet.training import Candidate, using_threads
from chalknet.training.choice import timing_cache
from chalknet.training.choice.cost_model import Cost
from chalknet.training.choice.timing_cache import TimingCache
from chalknet.training.choice.torch_threads import Activity
from chalknet.training.record.module_use import evaluation_mode

THREADS = 8
STOPPED = Path(__file__).with_name("stopped.py")


def _states():
    return (
        torch.get_rng_state().tolist(),
        random.getstate(),
        str(np.random.get_state()),
        torch.get_num_threads(),
    )


def _eager(numbers):
    return [number for number in numbers if made(number)[2]["engine"] == "eager"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_hundred_fits_on_eight_threads_equal_those_in_series(tmp_path):
    pytest.importorskip("numba")
    numbers, before = range(200), _states()
    series = [fit(number) for number in numbers]
    with ThreadPoolExecutor(THREADS) as pool:
        together = list(pool.map(lambda number: fit(number, None if number % 4 else tmp_path), numbers))
    assert [number for number in numbers if series[number] != together[number]] == []
    assert _states() == before


def test_eager_fits_on_eight_threads_equal_those_in_series():
    numbers, before = _eager(range(40))[:6], _states()
    series = [fit(number) for number in numbers]
    with ThreadPoolExecutor(THREADS) as pool:
        together = list(pool.map(fit, numbers))
    assert together == series
    assert _states() == before


def test_whoever_draws_while_networks_are_fitted_sees_numbers_of_its_own_alone():
    over, seed = threading.Event(), 11
    generator = torch.Generator().manual_seed(seed)

    def fit_until_over(network):
        x, y = samples(20)
        while not over.is_set():
            cn.fit(network, (x, y), loss="mse", updates=5, batch_size=4, shuffle=True, engine="eager")

    with torch.random.fork_rng(devices=[]), ThreadPoolExecutor(2) as pool:
        fits = [pool.submit(fit_until_over, network) for network in PLAIN[:2]]
        torch.manual_seed(seed)
        drawn = torch.stack([torch.rand(()) for _ in range(2000)])
        over.set()
        for each in fits:
            each.result()
    assert torch.equal(drawn, torch.stack([torch.rand((), generator=generator) for _ in range(2000)]))


def test_a_fit_that_draws_of_its_own_leaves_the_callers_numbers_and_repeats_itself():
    model, before, seen = Noisy(), _states(), []
    for _ in range(2):
        result = cn.fit(
            copy.deepcopy(model), samples(20), loss="mse", updates=7, batch_size=4, evaluate_every=3, seed=4
        )
        seen.append(outcome(result))
    assert seen[0] == seen[1]
    assert _states() == before


@pytest.mark.slow
def test_a_fit_within_the_progress_of_a_fit_changes_neither():
    inner = []

    def fit_another(progress):
        inner.append(fit(number))

    for number in _eager(range(20))[:2]:
        alone = fit(number)
        model, data, options = made(number)
        outer = cn.fit(model, data, **options, on_progress=fit_another)
        assert outcome(outer) == alone
        assert inner.pop() == alone
        inner.clear()


def test_fits_awaited_together_equal_those_in_series():
    numbers = _eager(range(20))[:4]

    async def gathered():
        return await asyncio.gather(*(asyncio.to_thread(fit, number) for number in numbers))

    assert asyncio.run(gathered()) == [fit(number) for number in numbers]


# ---- processes


def _fit_in_process(number):
    torch.set_num_threads(1)
    return fit(number)


def _wide(threads=None):
    x = torch.linspace(-1, 1, 2000 * 300).reshape(2000, 300)
    return cn.fit(
        "300 -> 300 relu -> 1", (x, x[:, :1]), loss="mse", updates=2, engine="eager", threads=threads
    )


def _wide_after_a_fork(threads):
    try:
        return str(_wide(threads).plan)
    except cn.ChalknetError as problem:
        return str(problem)


@pytest.mark.slow
@pytest.mark.parametrize("start", multiprocessing.get_all_start_methods())
def test_fits_in_processes_equal_those_here(start):
    pytest.importorskip("numba")
    numbers = [number for number in range(40) if made(number)[2]["threads"] == 1][:10]
    series = [fit(number) for number in numbers]
    with ProcessPoolExecutor(2, multiprocessing.get_context(start)) as pool:
        assert list(pool.map(_fit_in_process, numbers, timeout=120)) == series


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="there is no fork")
def test_a_process_forked_off_after_fits_on_several_threads_does_not_hang(tmp_path):
    script = tmp_path / "forked.py"
    script.write_text(
        "import os, signal, sys, torch\n"
        "from tests.training.test_concurrent import _wide, _wide_after_a_fork\n"
        "torch.set_num_threads(2)\n"
        "_wide()\n"
        "if os.fork() == 0:\n"
        "    signal.alarm(60)\n"
        "    print(_wide_after_a_fork(None), _wide_after_a_fork(2), flush=True)\n"
        "    os._exit(0)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    paths = os.pathsep.join([str(Path.cwd()), *sys.path])
    told = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert told.returncode == 0, told.stderr
    assert "torch's threads do not survive a fork" in told.stdout
    assert "Say threads=1" in told.stdout


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_fits_by_joblib_equal_those_in_series(backend):
    joblib = pytest.importorskip("joblib")
    numbers = [number for number in _eager(range(60)) if made(number)[2]["threads"] == 1][:8]
    jobs = (joblib.delayed(_fit_in_process if backend == "loky" else fit)(number) for number in numbers)
    assert joblib.Parallel(4, backend=backend)(jobs) == [fit(number) for number in numbers]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
@pytest.mark.parametrize("way", ["pool", "threads"])
def test_fits_in_threads_end_after_a_ctrl_c_and_keep_what_they_have(tmp_path, way, engine):
    if engine == "fused_cpu":
        pytest.importorskip("numba")
    command = [sys.executable, STOPPED, way, engine, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout.readline() == "running\n"
        program.send_signal(signal.SIGINT)
        said, _ = program.communicate(timeout=120)
    assert said.count("INTERRUPTED") == 3
    assert [cn.load_run(run).outcome.name for run in tmp_path.iterdir()] == ["INTERRUPTED"] * 3


# ---- one module, one folder


def _sequential():
    return nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1))


def _while_fitting(module, act):
    """Call something in another thread while a module is fitted here; return what it raised, or None."""
    raised = []

    def elsewhere():
        try:
            act()
        except cn.ChalknetError as problem:
            raised.append(str(problem))

    def once(progress):
        if not raised:
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
            raised.append(None)

    result = cn.fit(module, samples(20), loss="mse", updates=3, engine="eager", on_progress=once)
    return result, raised[0]


def test_a_module_that_another_thread_fits_is_refused_and_the_first_fit_is_as_alone():
    module = _sequential()
    alone = outcome(cn.fit(copy.deepcopy(module), samples(20), loss="mse", updates=3, engine="eager"))
    result, told = _while_fitting(module, lambda: cn.fit(module, samples(20), loss="mse", updates=3))
    assert "a module that another thread is fitting now" in told
    assert "copy.deepcopy(module)" in told
    assert outcome(result)[1:] == alone[1:]


def test_a_module_that_shares_parameters_with_a_fitted_one_is_refused():
    module = _sequential()
    other = nn.Sequential(module[0], nn.Linear(4, 1))
    _, told = _while_fitting(module, lambda: cn.fit(other, samples(20), loss="mse", updates=3))
    assert "shares parameters with it" in told


def test_modules_that_share_only_an_activation_are_fitted_at_the_same_time():
    relu = nn.ReLU()
    one, other = (nn.Sequential(nn.Linear(3, 1), relu) for _ in range(2))
    assert _while_fitting(one, lambda: cn.fit(other, samples(20), loss="mse", updates=3))[1] is None


def test_a_prediction_by_a_module_that_another_thread_fits_is_refused():
    module = _sequential()
    _, told = _while_fitting(module, lambda: cn.predict(module, samples(20)[0]))
    assert "another thread is fitting" in told
    cn.predict(module, samples(20)[0])


def test_a_fit_within_a_fit_of_the_same_module_is_refused():
    module = _sequential()
    with pytest.raises(cn.ChalknetError, match="a fit further up in this thread"):
        cn.fit(
            module, samples(20), loss="mse", updates=3,
            on_progress=lambda progress: cn.fit(module, samples(20), loss="mse", updates=3),
        )  # fmt: skip


def test_a_prediction_within_the_progress_of_its_fit_leaves_the_fit_as_it_is():
    module, seen = _sequential(), []
    alone = outcome(cn.fit(copy.deepcopy(module), samples(20), loss="mse", updates=5, engine="eager"))
    x, y = samples(20)
    result = cn.fit(
        module, (x, y), loss="mse", updates=5, engine="eager",
        on_progress=lambda progress: seen.append(cn.predict(module, x)),
    )  # fmt: skip
    assert outcome(result) == alone
    assert seen


def test_threads_that_evaluate_one_module_put_its_modes_back_once_all_have_ended():
    module = _sequential()
    module[1].eval()
    modes = [child.training for child in module.modules()]
    with evaluation_mode(module):
        with evaluation_mode(module[1:]):
            pass
        assert not any(child.training for child in module.modules())
    assert [child.training for child in module.modules()] == modes


def test_two_threads_cannot_fit_into_one_folder(tmp_path):
    problems = []

    def once(progress):
        if not problems:
            try:
                cn.fit("3 -> 1", samples(20), loss="mse", updates=3, out=tmp_path / "run", overwrite=True)
            except cn.FileProblem as problem:
                problems.append(problem)

    cn.fit("3 -> 1", samples(20), loss="mse", updates=3, out=tmp_path / "run", on_progress=once)
    assert "a run that another process is writing now" in str(problems[0])


# ---- threads of torch, times, files


def test_the_number_of_threads_of_a_fit_is_seen_by_no_other_thread():
    before, wanted, seen = torch.get_num_threads(), torch.get_num_threads() + 1, []

    def look():
        seen.append(torch.get_num_threads())

    earlier, go = threading.Thread(target=lambda: (look(), go.wait(), look())), threading.Event()
    earlier.start()
    with using_threads(wanted):
        assert torch.get_num_threads() == wanted
        go.set()
        earlier.join()
        later = threading.Thread(target=look)
        later.start()
        later.join()
    assert torch.get_num_threads() == before
    assert seen == [before] * 3


def test_measured_times_are_kept_only_where_nothing_else_computed():
    activity = Activity()
    with activity.working() as first:
        assert first()
        with activity.working() as second:
            assert not second()
        assert not first()
    with activity.working() as third:
        assert third()


def test_the_times_that_many_threads_keep_are_all_there(tmp_path, monkeypatch):
    monkeypatch.setattr(timing_cache, "_LONGEST_WAIT_S", 60.0)  # on a busy machine too
    path, candidate = tmp_path / "measured.json", Candidate("cpu", "eager", 1)
    keys = [f"key {number}" for number in range(40)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda key: TimingCache(path).keep(key, {candidate: Cost(1.0)}), keys))
    assert all(TimingCache(path).recall(key) == {candidate: Cost(1.0)} for key in keys)


def test_a_file_that_many_threads_write_is_one_of_theirs_whole(tmp_path):
    path, contents = tmp_path / "file", [bytes([number]) * 5000 for number in range(40)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda content: write_whole(path, content), contents))
    assert path.read_bytes() in contents
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_the_fits_of_these_tests_are_of_every_kind():
    models, _, options = zip(*map(made, range(200)), strict=True)
    assert {model for model in models if isinstance(model, str)} == set(PLAIN)
    assert {each["engine"] for each in options} == set(concurrent_fits.ENGINES)
    assert {type(model).__name__ for model in models} == {"str", "Noisy", "Sequential"}
