"""The live curve of a fit: drawn seldom, true to the fit at its end, a picture that stays."""

import math
import re
from xml.etree import ElementTree

import pytest
import torch
from tests.notebooks.kernel import pictures, run_cells

import chalknet as cn
from chalknet.training.run import carry_out
from chalknet.training.run import live_curve as room
from chalknet.training.run.live_curve import live_curve

X = torch.linspace(-1, 1, 100).reshape(-1, 1)


def progress(updates, loss=1.0, of_updates=100_000):
    return cn.Progress(updates, of_updates, updates, updates / 1000, None, loss, None)


@pytest.fixture
def drawn(monkeypatch):
    """Return the pictures that are drawn, in the place of a notebook that shows them."""
    found = []

    class Handle:
        display_id = "one"

    def display(bundle, *, raw, display_id, update=False):
        assert raw and (display_id == "one") == update
        found.append(bundle)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    return found


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(room, "perf_counter", lambda: now[0])
    return now


def words(bundle):
    ElementTree.fromstring(bundle["image/svg+xml"])
    assert f'aria-label="{bundle["text/plain"]}"' in bundle["image/svg+xml"]
    return bundle["text/plain"]


def points(bundle):
    found = re.search(r'polyline class="curve" points="([^"]*)"', bundle["image/svg+xml"])
    return len(found[1].split()) if found else 0


def test_a_second_of_progress_is_drawn_five_times_at_most(drawn, clock):
    with live_curve(100_000) as shown:
        for number in range(1, 101):
            clock[0] = number / 100
            shown(progress(number))
    assert 4 <= len(drawn) <= 6


def test_where_drawing_takes_long_it_is_done_less_often(drawn, monkeypatch):
    now = [0.0]

    def slow():
        now[0] += 0.05  # each drawing asks twice, so it takes 0.05 s
        return now[0]

    monkeypatch.setattr(room, "perf_counter", slow)
    with live_curve(100_000) as shown:
        for number in range(1, 200):
            shown(progress(number))
    assert len(drawn) * 0.05 <= 0.01 * now[0] + 0.1


def test_a_long_fit_keeps_a_bounded_number_of_points(drawn, clock):
    with live_curve(100_000) as shown:
        for number in range(1, 20_000):
            shown(progress(number))
        clock[0] = 1.0
        shown(progress(20_000))
        assert len(shown._places) <= 1000 and shown._places[0] == 1
        assert shown._places == sorted(shown._places)
    assert 150 <= points(drawn[-1]) <= 302


def test_words_say_where_the_fit_stands(drawn, clock):
    with live_curve(100_000) as shown:
        clock[0] = 1.0
        shown(progress(50_000, 0.25))
    assert words(drawn[0]) == "starting"
    assert words(drawn[1]) == "50,000 of 100,000 updates · 1,000 updates/s · loss 0.25 · 50 s left"


def test_an_error_is_named_in_the_last_picture_and_goes_on(drawn, clock):
    with pytest.raises(ZeroDivisionError), live_curve(10) as shown:
        shown(progress(1, math.nan, 10))
        raise ZeroDivisionError("<b>")
    assert words(drawn[-1]).startswith("ended by ZeroDivisionError; 1 of 10 updates")


@pytest.mark.parametrize(
    ("options", "ending"),
    [
        ({"updates": 5}, "finished: 5 updates in "),
        ({"updates": 500, "target_loss": 1e3}, "target reached: 1 updates in "),
        ({"updates": 500, "lr": 1e30}, "diverged: "),
    ],
)
def test_a_fit_ends_with_every_recorded_loss(drawn, monkeypatch, options, ending):
    monkeypatch.setattr(carry_out, "in_notebook", lambda: True)
    result = cn.fit("1 -> 1", (X, 2 * X), loss="mse", engine="eager", threads=1, **options)
    assert words(drawn[-1]).startswith(ending)
    finite = sum(map(math.isfinite, result.history.loss))
    assert points(drawn[-1]) in ((0,) if finite < 2 else (finite, finite + 1))


@pytest.mark.parametrize("options", [{"progress": False}, {"on_progress": lambda progress: None}])
def test_a_fit_whose_progress_is_not_wanted_draws_nothing(drawn, monkeypatch, options):
    monkeypatch.setattr(carry_out, "in_notebook", lambda: True)
    cn.fit("1 -> 1", (X, 2 * X), loss="mse", updates=5, engine="eager", threads=1, **options)
    assert not drawn


def test_plain_python_shows_nothing(drawn, capsys):
    cn.fit("1 -> 1", (X, 2 * X), loss="mse", updates=5, engine="eager", threads=1)
    assert not drawn and capsys.readouterr() == ("", "")


CELLS = """
import chalknet as cn, os, signal, threading, torch
x = torch.linspace(-1, 1, 100).reshape(-1, 1)
how = dict(loss="mse", engine="eager", threads=1)
def fit(**options): return cn.fit("1 -> 1", (x, 2 * x), **how, **options)
%load_ext chalknet
---
for updates in (3, 4): fit(updates=updates)
---
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
print(fit(seconds=60).outcome.name)
---
class Breaks(torch.nn.Linear):
    calls = 0
    def forward(self, x):
        self.calls += 1
        if self.calls > 50: raise RuntimeError("broken")
        return super().forward(x)
cn.fit(Breaks(1, 1), (x, 2 * x), updates=1000, **how)
---
thread = threading.Thread(target=fit, kwargs={"updates": 6})
thread.start(); thread.join()
---
fit(updates=3, progress=False);
---
%%network chalked
2 -> 3 relu -> 1
---
print(cn.count(chalked).parameters)
cn.show(chalked)
---
%%network
2 -> 3 rleu -> 1
---
net
---
with cn.explain():
    torch.nn.Linear(1, 1)(x.to("meta"))
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_cells_of_a_notebook_end_with_pictures_that_stay():
    start, several, stopped, broken, thread, silent, chalked, shown, wrong, unread, apart = run_cells(
        *CELLS.strip().split("\n---\n"), allow_errors=True
    )
    assert not start and not silent
    labels = [re.search('aria-label="(.*?)"', each)[1] for each in pictures(several)]
    assert [label.split(" in ")[0] for label in labels] == ["finished: 3 updates", "finished: 4 updates"]
    assert "interrupted: " in pictures(stopped)[0] and stopped[-1].text == "INTERRUPTED\n"
    assert f"ended by {broken[-1].ename}; " in pictures(broken)[0] and "broken" in broken[-1].evalue
    assert "finished: 6 updates" in pictures(thread)[0]
    assert 'class="panes"' in chalked[0].data["text/html"]
    assert shown[0].text == "13\n" and "Linear(in_features=2" in shown[1].data["text/html"]
    assert wrong[0].traceback[0].endswith("line 1:\n    2 -> 3 rleu -> 1\n           ^^^^")
    assert unread[0].ename == "NameError"  # a text that is no network gets no name
    assert "line 2 of the cell" in apart[0].evalue
