"""The same mistake has the same exit code in every command that can make it: 2 for a wrong word, else 1."""

import subprocess
import sys

import pytest

NET = "1 -> 3 tanh -> 1"
TRAIN = ("--loss", "mse", "--updates", "1", "--engine", "eager")
# How each command is typed with a model.
WITH_MODEL = {
    "read": ("read", "MODEL"), "count": ("count", "MODEL"), "draw": ("draw", "MODEL"),
    "diff": ("diff", "MODEL", NET),
    "fit": ("fit", "MODEL", *TRAIN, "--data", "LINE"),
    "compare": ("compare", "MODEL", *TRAIN, "--data", "LINE"),
    "memory": ("memory", "MODEL", "--batch-size", "2"), "race": ("race", "MODEL", "--seconds", "0.01"),
}  # fmt: skip
WITH_DATA = {
    "fit": ("fit", NET, *TRAIN, "--data", "DATA"), "compare": ("compare", NET, *TRAIN, "--data", "DATA"),
    "data": ("data", "DATA"), "race": ("race", NET, "--data", "DATA"),
    "predict": ("predict", "RUN", "--data", "DATA"),
}  # fmt: skip
WITH_FILE = {
    "read": ("read", NET, "--to", "svg", "--out", "FILE"), "draw": ("draw", NET, "--out", "FILE"),
    "predict": ("predict", "RUN", "--data", "LINE", "--out", "FILE"),
    "fit": ("fit", NET, *TRAIN, "--data", "LINE", "--plot", "FILE"),
    "compare": ("compare", NET, *TRAIN, "--data", "LINE", "--batch-size", "all,1", "--plot", "FILE"),
    "race": ("race", NET, "--out", "FILE"),
}  # fmt: skip
PICTURES = {verb: words for verb, words in WITH_FILE.items() if verb in ("draw", "fit", "compare", "race")}
WITH_RUN = {"resume": ("resume", "RUN"), "predict": ("predict", "RUN", "--data", "LINE")}
BY_RECIPE = {verb: WITH_MODEL[verb] for verb in ("fit", "compare", "memory")}
READING = {verb: words for verb, words in WITH_MODEL.items() if verb != "diff"}
EVERY = {**WITH_MODEL, **WITH_RUN}
EVERY |= {"data": ("data", "LINE"), "devices": ("devices",), "demo": ("demo",)}
# A mistake: the commands that can make it, what takes the place of which word, further words, the code.
MISTAKES = {
    "an option that is none": (EVERY, {}, ("--nonsense",), 2),
    "an activation that is none": (WITH_MODEL, {"MODEL": "1 -> 3 rleu -> 1"}, (), 2),
    "a notation that is none": (
        READING, {}, ("--notation", "latecs"), 2,
    ),
    "a symbol that is no number": (
        READING, {}, ("--set", "m:3"), 2,
    ),
    "a text that is no network": (WITH_MODEL, {"MODEL": "784 -l1-> u1(n,"}, (), 1),
    "a file of a model that is not there": (WITH_MODEL, {"MODEL": "nowhere.py"}, (), 1),
    "a table that is not there": (WITH_DATA, {"DATA": "nowhere.csv"}, (), 1),
    "arrays that are not there": (WITH_DATA, {"DATA": "nowhere.npz"}, (), 1),
    "a column that is not there": (
        {verb: words for verb, words in WITH_DATA.items() if verb in ("fit", "compare", "data")},
        {"DATA": "TABLE"}, ("--y", "pric"), 2,
    ),
    "a folder that is no run": (WITH_RUN, {"RUN": "nowhere"}, (), 1),
    "a folder that is not there": (WITH_FILE, {"FILE": "nowhere/a.svg"}, (), 1),
    "an ending that is none": (PICTURES, {"FILE": "a.bmp"}, (), 2),
    "no whole number": (BY_RECIPE, {}, ("--threads", "x"), 2),
    "an engine that is none": (
        BY_RECIPE, {}, ("--engine", "eagr"), 2,
    ),
    "a loss that is none": (
        {verb: WITH_MODEL[verb] for verb in ("fit", "compare", "memory", "race")}, {}, ("--loss", "msee"), 2,
    ),
    "a device that is not here": (
        {verb: WITH_MODEL[verb] for verb in ("fit", "compare")}, {}, ("--device", "cuda:99"), 1,
    ),
}  # fmt: skip
CASES = [
    pytest.param(words, places, more, code, id=f"{mistake}, {verb}")
    for mistake, (verbs, places, more, code) in MISTAKES.items()
    for verb, words in verbs.items()
]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Return what stands for the words LINE, TABLE and RUN, and for a model or data without a mistake."""
    folder = tmp_path_factory.mktemp("kept")
    import numpy as np

    import chalknet as cn

    x = np.linspace(-1, 1, 10, dtype=np.float32)
    np.savez(folder / "line.npz", x=x, y=2 * x)
    (folder / "houses.csv").write_text("size,price\n1,2\n3,4\n", encoding="utf-8")
    cn.fit(cn.read(NET), (x, x), loss="mse", updates=1, engine="eager", out=folder / "run")
    line = str(folder / "line.npz")
    files = {"LINE": line, "DATA": line, "TABLE": str(folder / "houses.csv"), "RUN": str(folder / "run")}
    return {"MODEL": NET, "FILE": str(folder / "file.svg"), **files}


@pytest.mark.parametrize(("words", "places", "more", "code"), CASES)
def test_a_mistake_has_one_exit_code_in_all_commands(
    type_, kept, tmp_path, monkeypatch, words, places, more, code
):
    monkeypatch.chdir(tmp_path)
    standing = {**kept, **{word: kept.get(place, place) for word, place in places.items()}}
    got, out, err = type_(*(standing.get(word, word) for word in words), *more)
    assert (got, out) == (code, ""), err
    assert err.startswith("error: ") and "Traceback" not in err


@pytest.mark.parametrize("how", ["--debug", "CHALKNET_TRACEBACK"])
def test_all_frames_are_shown_when_asked_for(started, how):
    words = ["read", "784 -> 32 rleu"]
    asked = started(*words, how) if how == "--debug" else started(*words, **{how: "full"})
    assert b"Traceback" in asked.stderr and b"forms.py" in asked.stderr
    assert b"Traceback" not in started(*words, CHALKNET_TRACEBACK="").stderr


def test_a_reader_that_goes_away_leaves_no_words_behind():
    words = f"{sys.executable} -m chalknet fit --help | true"
    assert not subprocess.run(["bash", "-c", words], capture_output=True).stderr
