"""`~` is the user's own folder wherever a path comes in."""

import numpy as np
import pytest

import chalknet as cn

NET = "1 -> 3 tanh -> 1"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a user's own folder, with data in it; the command is typed in another one."""
    folder = tmp_path / "home"
    elsewhere = tmp_path / "elsewhere"
    for each in (folder, elsewhere):
        each.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    monkeypatch.chdir(elsewhere)
    x = np.linspace(-1, 1, 10, dtype=np.float32)
    np.savez(folder / "line.npz", x=x, y=2 * x)
    np.save(folder / "x.npy", x)
    (folder / "line.csv").write_text("x,y\n1,2\n3,4\n", encoding="utf-8")
    (folder / "net.json").write_text(cn.write(NET, "json"), encoding="utf-8")
    yield folder
    assert not list(elsewhere.iterdir())


TRAIN = ("--loss", "mse", "--updates", "2", "--engine", "eager")
COMMANDS = [
    (("read", "~/net.json", "--out=~/net.txt"), "net.txt"),
    (("read", "~/net.json", "--to=svg", "--out=~/net.svg"), "net.svg"),
    (("count", "~/net.json"), None),
    (("draw", "~/net.json", "--out=~/net.svg"), "net.svg"),
    (("diff", "~/net.json", "~/net.json"), None),
    (("data", "~/line.csv"), None),
    (("fit", "~/net.json", *TRAIN, "--data=~/line.csv", "--cache=~/mine", "--held-out=~/line.csv"), "mine"),
    (("fit", "~/net.json", *TRAIN, "--data=~/x.npy", "--target=~/x.npy"), None),
    (("fit", "~/net.json", *TRAIN, "--data=~/line.npz", "--plot=~/fit.svg"), "fit.svg"),
    (("compare", NET, *TRAIN, "--data=~/line.npz", "--batch-size=all,1", "--plot=~/all.svg"), "all.svg"),
    (("race", NET, "--engines=eager", "--seconds=0.01", "--data=~/line.npz", "--out=~/race.svg"), "race.svg"),
]


@pytest.mark.parametrize(("words", "written"), COMMANDS, ids=lambda words: words and str(words[0]))
def test_a_path_may_begin_with_a_tilde(type_, home, words, written):
    code, _, err = type_(*words)
    assert code == 0, err
    assert written is None or (home / written).exists()


def test_a_run_may_be_kept_below_a_tilde(type_, home):
    run = ("--data=~/line.npz", "--out=~/runs/r1")
    assert type_("fit", NET, *TRAIN, *run)[0] == 0
    assert (home / "runs" / "r1" / "plan.json").exists()
    assert type_("resume", "~/runs/r1", "--updates", 4)[0] == 0
    assert type_("predict", "~/runs/r1", "--data=~/x.npy", "--out=~/yhat.csv")[0] == 0
    assert (home / "yhat.csv").exists() and type_("read", "~/runs/r1")[0] == 0


def test_a_drawing_a_chart_and_read_take_a_tilde_in_python_too(home):
    assert cn.draw(NET).save("~/net.svg") == home / "net.svg"
    assert cn.read("~/net.svg") == cn.read("~/net.json") == cn.read(NET)
    result = cn.fit(cn.read(NET), "~/line.npz", loss="mse", updates=2, engine="eager")
    cn.plot(result).save("~/fit.svg")
    assert (home / "fit.svg").exists()


@pytest.mark.parametrize("text", ["~", "~nobody-of-that-name/net.json"])
def test_a_tilde_that_leads_nowhere_is_an_error_of_ours(type_, home, text):
    code, out, err = type_("read", text)
    assert code == 1 and not out and err.startswith("error: ")
