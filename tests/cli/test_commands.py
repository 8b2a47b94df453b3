"""The command as it is typed: words in, words out, an exit code."""

import csv
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import chalknet as cn

NET = "1 -> 3 tanh -> 1"
F4 = "784 -> 32 relu -> 1 sigmoid"


@pytest.mark.parametrize(
    "verb",
    [
        "read",
        "count",
        "draw",
        "diff",
        "fit",
        "compare",
        "search",
        "predict",
        "data",
        "demo",
        "race",
        "devices",
        "memory",
    ],
)
def test_every_verb_explains_itself_with_an_example(type_, verb):
    code, out, _ = type_(verb, "--help")
    assert code == 0
    assert f"Example: chalknet {verb}" in out


def test_a_formula_is_printed_as_code(type_):
    code, out, _ = type_("read", F4, "--to", "torch")
    assert code == 0
    assert "torch.nn.Linear(in_features=784, out_features=32)" in out


def test_counts_are_printed_and_given_as_json(type_):
    assert "25,153" in type_("count", F4)[1]
    answer = json.loads(type_("count", F4, "--convention", "textbook", "--json")[1])
    assert (answer["layers"], answer["hidden_layers"], answer["nodes"]) == (3, 1, [784, 32, 1])


def test_a_symbol_gets_its_number(type_):
    assert json.loads(type_("count", "m -> 2", "--set", "m=3", "--json")[1])["parameters"] == 8
    assert type_("count", "m -> 2", "--set", "m:3")[0] == 2


def test_a_dry_run_prints_the_plan_and_fits_nothing(type_, tmp_path):
    code, out, _ = type_(
        "fit",
        F4,
        "--loss",
        "bce",
        "--updates",
        700,
        "--batch-size",
        2048,
        "--dry-run",
        "--out",
        tmp_path / "run",
    )
    assert code == 0
    assert "700 updates, 7 an epoch: 100 epochs" in out
    assert not list(tmp_path.iterdir())


def test_a_fit_is_kept_predicted_with_and_read(type_, tmp_path, line):
    run = tmp_path / "run"
    code, out, _ = type_("fit", NET, "--loss", "mse", "--data", line, "--updates", 5, "--out", run)
    assert code == 0
    assert "5 updates" in out
    np.save(tmp_path / "x.npy", np.zeros((2, 1), dtype=np.float32))
    code, out, _ = type_("predict", run, "--data", tmp_path / "x.npy")
    assert code == 0
    header, *numbers = out.splitlines()
    assert header == "yhat"
    assert len(numbers) == 2 and float(numbers[0]) == float(numbers[1])
    assert "tanh" in type_("read", run)[1]
    code, _, told = type_("export", run, tmp_path / "card.md")
    assert code == 0 and told == f"written {tmp_path / 'card.md'}\n"
    assert "tanh" in (tmp_path / "card.md").read_text(encoding="utf-8")
    assert type_("export", run, tmp_path / "card.doc")[0] == 2


def test_the_options_of_the_command_are_those_of_the_face(type_, line):
    import chalknet as cn

    words = ("--loss", "mse", "--data", line, "--epochs", 2, "--batch-size", 3, "--shuffle", "--seed", 7)
    options = ("--optimizer", "adam", "--betas", "0.8,0.9", "--lr", 0.01, "--dtype", "float64", "--json")
    answer = json.loads(type_("fit", NET, *words, *options)[1])
    result = cn.fit(
        cn.read(NET), str(line), loss="mse", epochs=2, batch_size=3, shuffle=True, seed=7,
        optimizer="adam", betas=(0.8, 0.9), lr=0.01, dtype="float64",
    )  # fmt: skip
    assert answer["loss"] == result.history.loss[-1]
    assert (answer["outcome"], answer["updates"]) == ("finished", 8)


def test_a_comparison_is_one_table_and_one_picture(type_, tmp_path, line):
    picture = tmp_path / "all.svg"
    words = ("--loss", "mse", "--data", line, "--updates", 6, "--batch-size", "all,3,1", "--plot", picture)
    code, out, _ = type_("compare", NET, *words)
    assert code == 0
    assert "mini-batch stochastic gradient descent" in out
    assert picture.read_text().startswith("<?xml")


def test_the_facts_of_a_data_set_are_printed(type_):
    code, out, _ = type_("data", "mnist01")
    assert code == 0
    assert "12,665" in out
    assert "2,115" in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["read", "784 -> 32 rleu"], 2, "Did you mean relu or relu6?"),
        (["read", "784 -l1-> u1(n,"], 1, "^"),
        (["read", "nowhere.py"], 1, "No such file"),
        (["count", F4, "--convention", "txtbook"], 2, "Did you mean textbook?"),
        (["fit", F4, "--loss", "bce"], 2, "--updates 700"),
        (["fit", F4, "--loss", "bce", "--updates", "1", "--batch-size", "0"], 2, "batch_size: got 0"),
        (["fit", F4, "--loss", "bce", "--updates", "1", "--batch-size", "99999"], 2, "12665"),
        (["fit", F4, "--loss", "bce", "--updates", "1", "--batch-size", "few"], 2, "a whole number, or all"),
        (["fit", F4, "--loss", "bce", "--updates", "1", "--data", "mnsit01"], 2, "mnist01"),
        (
            ["fit", F4, "--loss", "bce", "--updates", "1", "--out", "/dev/null/run"],
            1,
            "folder that can be written",
        ),
        (["fit", F4, "--loss", "bce", "--updates", "1", "--plot", "a.bmp"], 2, "--plot a.bmp"),
        (["fit", F4, "--loss", "bce", "--updates", "1", "--betas", "x"], 2, "two numbers"),
        (["predict", "nowhere", "--data", "mnist01"], 1, "--out FOLDER"),
        (["fti", F4], 2, "No such command"),
        (["fit", "--nonsense"], 2, "No such option"),
    ],
)
def test_nonsense_is_answered_in_words_with_an_exit_code_and_no_traceback(type_, words, code, said):
    got, out, err = type_(*words)
    assert got == code
    assert said in err
    assert "Traceback" not in err
    assert not out


def test_debug_shows_where_an_error_was_raised():
    words = [sys.executable, "-m", "chalknet", "read", "784 -> 32 rleu", "--debug"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert "Traceback" in done.stderr
    assert done.returncode == 1


def test_divergence_is_an_exit_code_1(type_, line):
    code, out, _ = type_("fit", NET, "--loss", "mse", "--data", line, "--updates", 999, "--lr", 1e30)
    assert code == 1
    assert "diverged" in out


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_ctrl_c_and_sigterm_keep_the_run_and_end_within_a_second_or_two(tmp_path, engine, sent, code):
    run = tmp_path / "run"
    words = ["fit", F4, "--loss", "bce", "--updates", "100000000", "--batch-size", "1", "--out", run]
    words += ["--engine", engine, "--record-every", "1000"]
    program = "import sys; from chalknet.cli import main; sys.stderr.isatty = lambda: True; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    seen = b""
    while b"updates/s" not in seen:  # the bar is drawn: the loop runs
        seen += os.read(process.stderr.fileno(), 4096)
    process.send_signal(sent)
    process.communicate(timeout=60)
    assert process.returncode == code
    result = cn.load_run(run)
    assert result.outcome is cn.Outcome.INTERRUPTED
    done = result.history.updates[-1]
    assert cn.resume(run, updates=done + 5).history.updates[-1] == done + 5


def test_a_reader_that_goes_away_is_no_error():
    words = f"{sys.executable} -m chalknet read '{F4}' --to torch | true"
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True)
    assert "Traceback" not in done.stderr


def test_a_drawing_goes_to_code_in_one_command(type_, tmp_path):
    dot = tmp_path / "net.dot"
    dot.write_text("digraph { {a b c} -> {h1 h2} -> y }", encoding="utf-8")
    code, _, asked = type_("read", dot, "--to", "torch")
    assert code == 1
    assert "2 activations" in asked and "--activation relu,sigmoid" in asked
    code, told, _ = type_("read", dot, "--to", "torch", "--activation", "relu,sigmoid")
    assert code == 0 and "torch.nn.Linear(in_features=3, out_features=2)" in told
    assert type_("read", dot, "--to", "torch", "--activation", "relu")[0] == 2


@pytest.mark.parametrize("suffix", ["svg", "dot", "mmd", "tex", "html"])
def test_draw_writes_what_the_ending_says_and_reads_it_back(type_, tmp_path, suffix):
    out = tmp_path / f"net.{suffix}"
    code, _, _ = type_("draw", "784 -> 32 relu -> 1 sigmoid", "--dialect", "D11", "-o", out)
    assert code == 0 and out.stat().st_size > 500
    if suffix != "tex":
        assert type_("diff", "784 -> 32 relu -> 1 sigmoid", out)[0] == 0


def test_draw_without_a_file_prints_the_svg(type_):
    assert type_("draw", "1 -> 2 relu")[1].startswith("<svg")


def test_diff_answers_with_its_exit_code_and_a_table(type_, tmp_path):
    same, other = tmp_path / "a.py", tmp_path / "b.py"
    same.write_text("net = nn.Sequential(nn.Linear(1, 2), nn.ReLU())", encoding="utf-8")
    other.write_text("net = nn.Sequential(nn.Linear(1, 2), nn.Tanh())", encoding="utf-8")
    assert type_("diff", "1 -> 2 relu", same)[0] == 0
    code, table, _ = type_("diff", "1 -> 2 relu", same, other, tmp_path / "c.py", "--table")
    assert code == 1
    rows = table.splitlines()
    assert "same" in rows[0] and "step 1: relu | tanh" in rows[1] and "unread" in rows[2]
    assert json.loads(type_("diff", "1 -> 2 relu", other, "--json")[1])[0]["verdict"] == "different"


def test_onnx_is_written_and_read_with_its_weights(type_, tmp_path):
    pytest.importorskip("onnx")
    out = tmp_path / "net.onnx"
    assert type_("read", "3 -> 2 tanh -> 1", "--to", "onnx", "--out", out)[0] == 0
    assert type_("diff", "3 -> 2 tanh -> 1", out)[0] == 0
    assert "*" in type_("draw", out, "--dialect", "numbers")[1]


def test_a_race_is_printed_drawn_and_given_as_json(type_, tmp_path):
    words = "race", "1 -> 5 relu -> 1", "--engines", "eager", "--threads", 1, "--seconds", 0.1
    picture = tmp_path / "race.svg"
    code, out, _ = type_(*words, "--widths", "3,9", "--out", picture)
    assert code == 0
    assert "leads" in out and "why: eager on cpu is" in out
    assert picture.read_text().startswith("<?xml")
    answer = json.loads(type_(*words, "--batch-sizes", "1,all", "--json")[1])
    assert (answer["axis"], [row["batch_size"] for row in answer["rows"]]) == ("batch size", [1, 100])
    assert answer["rows"][0]["median_s"] > 0


def test_a_race_that_cannot_be_run_says_why(type_):
    assert "meta, which holds shapes" in type_("race", "--devices", "meta")[2]
    assert "Did you mean eager" in type_("race", "--engines", "eagr")[2]
    assert type_("race", "--widths", "10,x")[0] == 2
    assert type_("race", "3 -> 1", "--widths", 10)[0] == 2


@pytest.fixture
def houses(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "houses.csv"
    path.write_text("size;city;price;rooms\n50;x;100;2\n80;y;170;\n65;x;140;3\n120;y;260;5\n")
    return path


def test_a_table_is_shown_fitted_and_predicted_by_its_columns(type_, houses, tmp_path):
    code, out, _ = type_("data", houses)
    assert code == 0
    assert "city     text, 2 different, such as x, y, x" in out
    assert "rooms    number, 2 to 5, 1 missing, such as 2, 3, 5" in out
    assert "problem  column 'city' of houses.csv" in out
    words = (
        "--y",
        "price",
        "--one-hot",
        "--fill",
        "mean",
        "--standardise-target",
        "--cache",
        tmp_path / "mine",
    )
    facts = json.loads(type_("data", houses, *words, "--json")[1])
    assert (facts["features"], facts["target"]) == ("size, city, rooms", "price")
    assert list((tmp_path / "mine").glob("houses-*/x.npy"))
    for memory in ("--in-memory", "--stream"):
        run = tmp_path / memory
        fit = ("fit", "4 -> 8 tanh -> 1", "--loss", "mse", "--data", houses, *words, memory, "--out", run)
        code, out, err = type_(
            *fit,
            "--updates",
            200,
            "--optimizer",
            "adam",
            "--lr",
            0.05,
            "--batch-size",
            2,
            "--engine",
            "eager",
        )
        assert code == 0, err
        code, out, _ = type_("predict", run, "--data", houses)
        header, *prices = out.split()
        assert header == "price"
        assert [round(float(price), -2) for price in prices] == [100, 200, 100, 300]
    predicted = [
        type_("predict", tmp_path / memory, "--data", houses)[1] for memory in ("--in-memory", "--stream")
    ]
    assert predicted[0] == predicted[1]


PETS = "id,a,b,kind\n007,1,2,cat\n008,3,4,dog\n009,5,1,cat\n010,6,7,dog\n"


@pytest.fixture
def pets(type_, tmp_path, monkeypatch):
    """Return a table with a target of words, and the folder of a fit to it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    table, run = tmp_path / "pets.csv", tmp_path / "run"
    table.write_text(PETS)
    words = ("--loss", "cross_entropy", "--data", table, "--x", "a,b", "--updates", 30, "--out", run)
    code, out, err = type_("fit", "? -> ?", *words)
    assert code == 0, err
    assert "note: the target 'kind' of pets.csv is words, its classes: cat, dog" in out
    return table, run


def test_predict_prints_the_words_of_the_user_and_probabilities_under_a_header(type_, pets):
    table, run = pets
    code, out, err = type_("predict", run, "--data", table)
    assert (code, err) == (0, "")
    header, *rows = list(csv.reader(out.splitlines()))
    assert header == ["class", "p(cat)", "p(dog)"]
    for word, cat, dog in rows:
        assert float(cat) + float(dog) == pytest.approx(1, abs=1e-6)
        assert word == ("cat" if float(cat) > float(dog) else "dog")
    answers = json.loads(type_("predict", run, "--data", table, "--json")[1])
    assert [[row["class"], row["p(cat)"], row["p(dog)"]] for row in answers] == [
        [word, float(cat), float(dog)] for word, cat, dog in rows
    ]


def test_predict_keeps_columns_and_prints_logits_when_asked(type_, pets):
    table, run = pets
    rows = list(csv.reader(type_("predict", run, "--data", table, "--keep", "id,kind")[1].splitlines()))
    assert rows[0] == ["id", "kind", "class", "p(cat)", "p(dog)"]
    assert [row[:2] for row in rows[1:]] == [["007", "cat"], ["008", "dog"], ["009", "cat"], ["010", "dog"]]
    raw = list(csv.reader(type_("predict", run, "--data", table, "--keep", "id", "--raw")[1].splitlines()))
    assert raw[0] == ["id", "yhat0", "yhat1"]
    for (_, *logits), (*_, cat, dog) in zip(raw[1:], rows[1:], strict=True):
        odds = np.exp(np.array(logits, float))
        assert np.allclose(odds / odds.sum(), [float(cat), float(dog)], rtol=1e-5)
    code, _, err = type_("predict", run, "--data", table, "--keep", "idd")
    assert code == 2 and "unknown column 'idd'" in err and "Did you mean id?" in err


def test_what_predict_assumed_is_told_beside_the_answer(type_, pets, tmp_path):
    _, run = pets
    np.save(tmp_path / "x.npy", np.ones((2, 2)))
    code, out, err = type_("predict", run, "--data", tmp_path / "x.npy")
    assert code == 0 and len(out.splitlines()) == 3
    assert err == "note: x has no names of columns: they are taken as a, b, in this order\n"
    (tmp_path / "new.csv").write_text("b;a\n1;2\n")
    assert type_("predict", run, "--data", tmp_path / "new.csv", "--delimiter", ";")[0] == 0
    (tmp_path / "other.csv").write_text("b,c\n1,2\n")
    code, _, err = type_("predict", run, "--data", tmp_path / "other.csv")
    assert code == 2 and "got no a, but c; wanted the columns of the fit: a, b" in err


def test_a_run_that_was_moved_goes_on_with_its_file(type_, pets, tmp_path):
    table, run = pets
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    table.rename(moved / "renamed.csv")
    code, _, err = type_("resume", run, "--updates", 40)
    assert code == 1 and "--data FILE" in err
    code, out, err = type_("resume", run, "--updates", 40, "--data", moved / "renamed.csv")
    assert code == 0, err
    assert "gone on from update 30" in out


def test_columns_fills_and_shares_are_words_of_the_command(type_, houses):
    words = ("--x", "size, rooms", "--y", "price", "--fill", "rooms=median", "--standardise-columns", "size")
    facts = json.loads(type_("data", houses, *words, "--held-out", 0.25, "--delimiter", ";", "--json")[1])
    assert (facts["features"], facts["observations"], facts["held out"]) == ("size, rooms", "3", "1")
    compare = ("compare", "2 -> 1", "--loss", "mse", "--data", houses, *words[:6], "--updates", 2)
    code, out, err = type_(*compare, "--batch-size", "all,1")
    assert (code, "training error" in out) == (0, True), err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "column 'city'"),
        (["--y", "pric"], "Did you mean price"),
        (["--y", "price", "--fill", "mena"], "Did you mean mean"),
        (["--y", "price", "--fill", "0"], "one_hot=['city'] (--one-hot-columns city)"),
    ],
)
def test_a_table_that_cannot_be_fitted_is_answered_in_words(type_, houses, words, said):
    code, out, err = type_("fit", "3 -> 1", "--loss", "mse", "--data", houses, "--updates", 1, *words)
    assert code in (1, 2)
    assert said in err
    assert not out


def test_the_devices_are_listed_and_given_as_json(type_):
    code, out, _ = type_("devices")
    assert code == 0 and out.splitlines()[1].startswith("cpu")
    assert json.loads(type_("devices", "--json")[1])[0]["memory_total_bytes"] > 0


def test_what_fits_is_told_line_by_line_and_by_the_exit_code(type_):
    code, out, _ = type_("memory", F4, "--loss", "bce", "--optimizer", "adam", "--batch-size", 2048)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:4]] == ["weights", "gradients", "optimizer"]
    assert out.splitlines()[-1].startswith("fits: ")
    code, out, _ = type_("memory", "1 -> 1000000000 relu -> 1", "--batch-size", 100, "--json")
    answer = json.loads(out)
    assert code == 1 and not answer["fits"]
    assert answer["total_bytes"] > answer["free_bytes"]


def test_a_device_that_is_not_here_has_an_estimate_and_a_note(type_):
    code, out, err = type_("memory", F4, "--batch-size", 2, "--device", "cuda:99")
    assert code == 1 and "CUDA context" in out
    assert "cuda:99 asked" in err


def test_methods_are_compared_with_every_option_of_the_recipe(type_, line):
    words = ("--loss", "mse", "--data", line, "--batch-size", "all,1", "--json")
    recipe = (
        "--samples",
        20,
        "--dtype",
        "float64",
        "--reduction",
        "sum",
        "--optimizer",
        "adam",
        "--eps",
        0.1,
    )
    answer = json.loads(type_("compare", NET, *words, *recipe)[1])
    result = cn.fit(
        cn.read(NET), str(line), loss="mse", batch_size=1, samples=20, dtype="float64", reduction="sum",
        optimizer="adam", eps=0.1,
    )  # fmt: skip
    assert answer["batch size 1"]["loss"] == result.history.loss[-1]
    code, _, err = type_("compare", NET, *words, "--epochs", 2)
    assert code == 2 and "a counter that is alike for every batch size" in err


def test_what_an_update_needs_depends_on_every_option_of_the_optimizer(type_):
    words = ("memory", F4, "--batch-size", 2, "--optimizer", "adam", "--json")
    plain, more = (
        json.loads(type_(*words, *option)[1]) for option in ((), ("--amsgrad", "--betas", "0.9,0.99"))
    )
    assert more["total_bytes"] > plain["total_bytes"]


def test_a_fit_without_a_network_prints_what_it_chose_first_and_what_is_said_wins(type_, tmp_path):
    table, run = tmp_path / "houses.csv", tmp_path / "run"
    table.write_text(
        "price,size,city\n" + "".join(f"{7 * i % 50},{i % 10},{'ab'[i % 2]}\n" for i in range(60))
    )
    words = ("fit", "--data", str(table), "--y", "price", "--updates", "3", "--out", str(run))
    code, out, _ = type_(*words)
    assert code == 0
    chosen, _, ended = out.partition("\n\n")
    assert "loss mse: price is numbers, 0 to 49" in chosen
    assert "one_hot True" in chosen
    assert "held out" in ended
    assert len(type_("predict", str(run), "--data", str(table))[1].splitlines()) == 61
    back = (
        "--patience",
        "none",
        "--batch-size",
        "all",
        "--held-out",
        "0",
        "--no-shuffle",
        "--no-standardise",
    )
    code, out, _ = type_("fit", "auto", *words[1:5], *back, "--lr", "0.5", "--dry-run", "--metrics", "r2")
    assert code == 0
    assert "gradient descent (once: batch gradient descent), in order" in out
    assert "lr=0.5" in out
    assert not any(word in out for word in ("stopping early", "standardise", "held out,", "metrics"))
    code, out, _ = type_("fit", "? -> 3 -> ?", "--recipe", "auto", *words[1:5], "--dry-run")
    assert code == 0
    assert "u1(n,3)" in out


def test_a_fit_of_nothing_and_a_network_without_a_loss_say_what_to_write(type_):
    code, _, err = type_("fit")
    assert (code, "chalknet fit --data houses.csv --y price" in err) == (2, True)
    code, _, err = type_("fit", "784 -> 1")
    assert (code, "--recipe auto" in err) == (2, True)


def test_mark_prints_a_table_and_writes_it(type_, tmp_path):
    (tmp_path / "kim.txt").write_text("1 -> 2 relu")
    (tmp_path / "lee.txt").write_text("1 -> 2 rleu")
    code, out, err = type_("mark", str(tmp_path), "--key", "1 -> 2 relu", "--csv", str(tmp_path / "m.csv"))
    assert (
        code == 0
        and "kim.txt" in out
        and "1 file could not be read and has no mark" in out
        and "m.csv" in err
    )
    assert (tmp_path / "m.csv").read_text("utf-8-sig").splitlines()[
        1
    ] == "kim.txt,1 -> 2 relu,same,,3 of 3,10.0,"
