"""A search that is killed, interrupted or called again goes on: what has ended is not made again."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from tests.search.material import DATA, MODEL, RECIPE, X, Y, without_times

import chalknet as cn

OVER = {"width": [2, 3, 4], "lr": [0.01, 0.1], "seed": range(3)}
LONGER = {**RECIPE, "updates": 300}
LONGEST = {**RECIPE, "updates": 20_000}  # a worker makes shorter fits faster than they are written down
HOW = {"grid": {}, "random": {"draws": 5}, "halving": {}}
SCRIPT = textwrap.dedent(
    """
    import sys
    import time
    from threading import Thread
    import chalknet as cn
    from tests.search.material import DATA, MODEL
    from tests.search.test_resume import HOW, LONGER, LONGEST, OVER

    def searched(how, recipe):
        asked = {**recipe, **HOW[how], "how": how, "keep": 2, "n_jobs": 1}
        asked["on_member"] = lambda *_: time.sleep(0.05)  # else all of them may end before the signal
        found = cn.search(MODEL, DATA, OVER, **asked, out=f"{sys.argv[1]}/{how}")
        print("interrupted" if found.interrupted else "ended", found.fits, flush=True)

    if len(sys.argv) == 3:
        searched(sys.argv[2], LONGEST)  # in the main thread, which signals reach
    else:
        threads = [Thread(target=searched, args=(how, LONGER)) for how in HOW]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    """
)


def started(out, *how):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(out), *how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])},
    )


def lines_in(out):
    file = out / "members.jsonl"
    return file.read_text().count("\n") if file.exists() else 0


def keys_in(out):
    return {json.loads(line)["key"] for line in (out / "members.jsonl").read_text().splitlines()}


def stopped_after(process, folders, lines, number):
    """Send a signal once so many fits have ended in each of some searches."""
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        if all(lines_in(out) >= lines for out in folders):
            process.send_signal(number)
            break
        time.sleep(0.001)
    return process.communicate(timeout=60)


def test_searches_that_are_killed_go_on_and_end_with_the_table_of_those_that_are_not(tmp_path):
    folders = [tmp_path / how for how in HOW]
    process = started(tmp_path)
    told = stopped_after(process, folders, 2, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, told
    for how, more in HOW.items():
        out, asked = tmp_path / how, {**LONGER, **more, "how": how, "keep": 2}
        straight = cn.search(MODEL, DATA, OVER, **asked)
        made = lines_in(out)
        found = cn.search(MODEL, DATA, OVER, **asked, out=out)
        assert without_times(found) == without_times(straight)
        assert list(found.best.history.loss) == list(straight.best.history.loss)
        assert 2 <= made < straight.fits and found.fits == straight.fits - made
        assert without_times(cn.SearchResult.load(out)) == without_times(straight)
        assert cn.search(MODEL, DATA, OVER, **asked, out=out).fits == 0


@pytest.mark.slow
def test_ctrl_c_ends_a_search_cleanly_and_it_goes_on(tmp_path):
    out = tmp_path / "grid"
    printed, err = stopped_after(started(tmp_path, "grid"), [out], 2, signal.SIGINT)
    assert "interrupted" in printed and not err, err
    made = lines_in(out)
    assert 2 <= made < 18
    found = cn.search(MODEL, DATA, OVER, **LONGEST, out=out)
    assert found.fits == 18 - made
    assert without_times(found) == without_times(cn.search(MODEL, DATA, OVER, **LONGEST))


def test_a_line_that_was_cut_off_is_made_again(tmp_path):
    first = cn.search(MODEL, DATA, OVER, **RECIPE, out=tmp_path)
    file = tmp_path / "members.jsonl"
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    for left in (b"".join(lines[:5]) + lines[5][:40], b"".join(lines[:-1]) + b"\xff\xfe\n", b"{}\n"):
        file.write_bytes(left)
        again = cn.search(MODEL, DATA, OVER, **RECIPE, out=tmp_path)
        assert without_times(again) == without_times(first) and again.fits >= 1
    assert all(json.loads(line) is not None for line in lines)


def test_more_values_in_the_same_folder_make_what_is_new(tmp_path):
    first = cn.search(MODEL, DATA, {"width": [2, 3]}, **RECIPE, out=tmp_path)
    more = cn.search(MODEL, DATA, {"width": [2, 3, 4]}, **RECIPE, out=tmp_path)
    assert (first.fits, more.fits) == (2, 1)
    longer = cn.search(MODEL, DATA, {"width": [2, 3, 4]}, **{**RECIPE, "updates": 31}, out=tmp_path)
    assert longer.fits == 3


def test_other_data_another_metric_or_another_function_are_made_anew(tmp_path):
    def scored(y_true, y_pred):
        return 1.0

    def other(y_true, y_pred):
        return 2.0

    other.__name__ = "scored"
    made = [
        cn.search(MODEL, data, {"width": [2]}, **RECIPE, out=tmp_path, **more).fits
        for data, more in [
            (DATA, {}), (DATA, {}), ((X, Y + 1), {}), (DATA, {"held_out": 0.3}), (DATA, {"metric": "r2"}),
            (DATA, {"metric": scored, "higher": True}), (DATA, {"metric": scored, "higher": True}),
            (DATA, {"metric": other, "higher": True}), (DATA, {"folds": 3}), (DATA, {"dtype": "float64"}),
        ]
    ]  # fmt: skip
    assert made == [1, 0, 1, 1, 1, 1, 0, 1, 3, 1]


def test_the_best_are_kept_as_runs_which_predict_and_evaluate_take(tmp_path):
    out = tmp_path / "searched"
    found = cn.search(MODEL, DATA, {"width": [2, 4], "seed": range(2)}, **RECIPE, out=out, keep=3)
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == ["best", "best-2", "best-3"]
    near = {"rtol": 1e-5, "atol": 1e-5}  # float32: a kept run is mapped by numpy, a fresh one by torch
    assert np.allclose(cn.predict(out / "best", X), cn.predict(found.best, X), **near)
    assert np.isclose(*(cn.evaluate(run, DATA).values["r2"] for run in (out / "best", found.best)), **near)
    loaded = cn.SearchResult.load(out)
    assert np.allclose(loaded.ensemble(3).predict(X), found.ensemble(3).predict(X), **near)
    with pytest.raises(cn.InvalidValue, match="--keep 5"):
        loaded.ensemble(4)


@pytest.mark.parametrize("inside", ["a file", "a run"])
def test_a_folder_of_something_else_is_refused_and_left(tmp_path, inside):
    out = tmp_path / "out"
    if inside == "a file":
        out.mkdir()
        (out / "mine.txt").write_text("mine")
    else:
        cn.fit("3 -> 1", DATA, **RECIPE, out=out)
    before = sorted(path.name for path in out.iterdir())
    with pytest.raises(cn.FileProblem, match="no search"):
        cn.search(MODEL, DATA, OVER, **RECIPE, out=out)
    assert sorted(path.name for path in out.iterdir()) == before
    with pytest.raises(cn.FileProblem, match="no search"):
        cn.SearchResult.load(out)


def test_two_searches_do_not_share_a_folder_at_a_time(tmp_path):
    def inner(*_):
        with pytest.raises(cn.FileProblem, match="another process or thread"):
            cn.search(MODEL, DATA, {"width": [2]}, **RECIPE, out=tmp_path)

    assert cn.search(MODEL, DATA, {"width": [3]}, **RECIPE, out=tmp_path, on_member=inner).fits == 1
