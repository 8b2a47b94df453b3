"""What a command prints, where, in which colours and in which encoding."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from chalknet.training.predictions.answers_by_column import shortest

NET = "1 -> 3 tanh -> 1"
KOREAN = "면적,방,가격\n84.5,3,52000\n59.9,2,41000\n"


@pytest.fixture
def run(type_, tmp_path, line):
    folder = tmp_path / "run"
    type_("fit", NET, "--loss", "mse", "--data", line, "--updates", 2, "--engine", "eager", "--out", folder)
    return folder


def test_errors_are_red_and_notes_yellow_in_a_terminal(in_terminal, tmp_path):
    code, seen = in_terminal("read", "1 -> 2 rleu")
    assert code == 2 and seen.startswith(b"\x1b[31merror:\x1b[0m arrow text")
    drawing = tmp_path / "net.dot"
    drawing.write_text("digraph { {a b} -> {h} -> y }", encoding="utf-8")
    assert b"\x1b[33mnote:\x1b[0m" in in_terminal("read", drawing, "--to", "json")[1]


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"NO_COLOR": "false"}, {"TERM": "dumb"}])
def test_a_terminal_without_colours_gets_none(in_terminal, environment):
    code, seen = in_terminal("read", "1 -> 2 rleu", **environment)
    assert code == 2 and seen.startswith(b"error: ") and b"\x1b" not in seen


def test_an_empty_no_color_asks_for_nothing(in_terminal):
    assert b"\x1b[31m" in in_terminal("read", "1 -> 2 rleu", NO_COLOR="")[1]


def test_a_pipe_gets_no_colours(started):
    assert started("read", "1 -> 2 rleu", TERM="xterm", NO_COLOR="").stderr.startswith(b"error: ")


@pytest.mark.parametrize(
    "words",
    [
        ("read", NET, "--to", "svg", "--out", "{}/net.svg"),
        ("draw", NET, "-o", "{}/net.svg"),
        ("fit", NET, "--loss", "mse", "--updates", 1, "--data", "{}/line.npz", "--plot", "{}/fit.svg"),
        ("fit", NET, "--loss", "mse", "--updates", 1, "--data", "{}/line.npz", "--out", "{}/run"),
        (
            "compare",
            NET,
            "--loss",
            "mse",
            "--updates",
            1,
            "--data",
            "{}/line.npz",
            "--batch-size",
            "all,1",
            "--plot",
            "{}/all.svg",
        ),
        ("race", NET, "--engines", "eager", "--seconds", 0.01, "--out", "{}/race.svg"),
    ],
    ids=lambda words: f"{words[0]} {words[-2]}",
)
def test_every_file_that_is_written_is_named(type_, line, tmp_path, words):
    words = [str(word).format(tmp_path) for word in words]
    code, out, err = type_(*words)
    assert code == 0
    assert err.splitlines() == [f"written {words[-1]}"] and "written" not in out


def test_the_files_of_predict_and_resume_are_named(type_, run, line, tmp_path):
    yhat = tmp_path / "yhat.csv"
    assert type_("predict", run, "--data", line, "--out", yhat) == (0, "", f"written {yhat}\n")
    assert len(yhat.read_text(encoding="utf-8").splitlines()) == 1 + 10
    code, _, err = type_("resume", run, "--updates", 4)
    assert (code, err) == (0, f"written {run}\n")


def test_binary_output_is_refused_by_a_terminal_and_taken_by_a_pipe(in_terminal, started):
    pytest.importorskip("onnx")
    code, seen = in_terminal("read", NET, "--to", "onnx")
    assert code == 2 and b"give --out FILE" in seen and b"\x08" not in seen
    done = started("read", NET, "--to", "onnx")
    assert done.returncode == 0 and len(done.stdout) > 100 and not done.stderr


def test_a_table_of_differences_ends_with_how_many_are_the_same(type_):
    others = [NET, "1 -> 2", "1 -> 3 relu -> 1", NET, "nonsense ->", "1 -> 1"]
    code, out, _ = type_("diff", NET, *others)
    assert code == 1 and out.splitlines()[-1] == "2 of 6 are the same"
    assert type_("diff", NET, NET, "--table")[1].splitlines()[-1] == "1 of 1 is the same"
    assert len(json.loads(type_("diff", NET, *others, "--table", "--json")[1])) == 6


@given(
    st.sampled_from([np.float16, np.float32, np.float64, np.int64]).flatmap(
        lambda dtype: st_numpy.arrays(
            dtype, 1, elements=st_numpy.from_dtype(np.dtype(dtype), allow_nan=False)
        )
    )
)
def test_a_printed_number_is_read_back_to_the_same_bits(values):
    printed = str(shortest(values[0]))
    assert values.dtype.type(printed).tobytes() == values[0].tobytes()
    assert json.loads(json.dumps(shortest(values[0]))) == shortest(values[0])


def test_a_number_is_printed_as_short_as_its_dtype_allows(type_, tmp_path, line):
    assert [str(shortest(number)) for number in (np.float32(0.1), np.float64(0.1), np.int64(3))] == [
        "0.1", "0.1", "3",
    ]  # fmt: skip
    run = tmp_path / "run"
    type_("fit", "1 -> 1", "--loss", "mse", "--data", line, "--updates", 1, "--engine", "eager", "--out", run)
    header, *numbers = type_("predict", run, "--data", line)[1].split()
    assert header == "yhat"
    assert len(numbers) == 10 and all(len(number.strip("-0.").partition("e")[0]) <= 10 for number in numbers)
    assert json.loads(type_("predict", run, "--data", line, "--json")[1]) == [
        {"yhat": float(word)} for word in numbers
    ]


def test_columns_with_korean_names_are_aligned(type_, tmp_path):
    from rich.cells import cell_len

    table = tmp_path / "houses.csv"
    table.write_text(KOREAN, encoding="utf-8")
    rows = [row for row in type_("data", table)[1].splitlines() if "number," in row]
    assert len(rows) == 3 and len({cell_len(row[: row.index("number")]) for row in rows}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp949", "cp1252", "ascii"])
def test_no_command_fails_on_an_encoding(on_console, run, tmp_path, encoding):
    """Every command, with all that its answer may hold; documents are the same bytes on every console."""
    table, net = tmp_path / "집.csv", tmp_path / "망.txt"
    table.write_text(KOREAN, encoding="utf-8")
    net.write_text("X(n,2) -l1-> u1(n,3) -relu-> v1(n,3) -l2-> u2(n,1) = ŷ", encoding="utf-8")
    train = ("--loss", "mse", "--data", table, "--engine", "eager", "--updates", 2, "--cache", tmp_path / "c")
    new_x = tmp_path / "x.npy"
    np.save(new_x, np.zeros((2, 1), dtype=np.float32))
    messages = [
        ("--help",), ("fit", "--help"), ("count", net), ("data", table), ("devices",), ("diff", net, NET),
        ("fit", net, *train), ("fit", net, *train, "--dry-run"), ("memory", net, "--batch-size", 2),
        ("compare", net, *train, "--batch-size", "all,1"), ("resume", run), ("diff", net, NET, NET, table),
        ("race", NET, "--engines", "eager", "--seconds", 0.01, "--threads", 1), ("count", "nô -> ŷ"),
        ("fit", "1 -> 1", "--loss", "mse", "--data", tmp_path / "없다.csv", "--updates", 1), ("읽다", net),
    ]  # fmt: skip
    documents = [
        ("read", net, "--to", "latex"), ("read", net, "--to", "svg"), ("draw", net, "--language", "ko"),
        ("read", net, "--to", "torch"), ("data", table, "--json"), ("predict", run, "--data", new_x),
    ]  # fmt: skip
    for words in messages:
        code, out, err = on_console(encoding, *words)
        assert code in (0, 1, 2) and (out or err), words
        assert out.decode(encoding) + err.decode(encoding)
    for words in documents:
        code, out, _ = on_console(encoding, *words)
        assert (code, out) == (0, on_console("utf-8", *words)[1])
        assert out.decode("utf-8")
        if words[0] != "data":
            file = tmp_path / "document.svg"
            assert on_console(encoding, *words, "--out", file)[0] == 0
            assert file.read_bytes().rstrip() == out.rstrip()


CONSOLES = [
    {"PYTHONIOENCODING": "cp949"},
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.slow
@pytest.mark.parametrize("console", CONSOLES, ids=lambda console: "-".join(console.values()))
def test_a_process_of_its_own_does_not_fail_on_an_encoding_either(started, tmp_path, console):
    net = tmp_path / "망.txt"
    net.write_text("X(n,2) -l1-> u1(n,3) -relu-> v1(n,3) -l2-> u2(n,1) = ŷ", encoding="utf-8")
    console = {**console, "PYTHONUTF8": "0"}
    drawn = started("read", net, "--to", "svg", **console)
    assert drawn.returncode == 0 and "ŷ" in drawn.stdout.decode("utf-8")
    assert started("diff", net, "1 -> 2", **console).returncode == 1
    assert started("fit", "--help", **console).returncode == 0
    for words in (("count", "nô -> ŷ"), ("read", tmp_path / "없다.txt")):
        done = started(*words, **console)
        assert done.returncode in (1, 2) and done.stderr.startswith(b"error: ")


def test_what_a_console_cannot_show_is_written_in_its_own_signs(on_console, tmp_path):
    table = tmp_path / "k.csv"
    table.write_text(KOREAN, encoding="utf-8")
    assert b"\\uba74\\uc801" in on_console("cp1252", "data", table)[1]
    assert b"linear 1 -> 2 | linear 1 -> 3" in on_console("ascii", "diff", "1 -> 2", "1 -> 3")[1]


@pytest.mark.slow
@pytest.mark.parametrize("console", CONSOLES, ids=lambda console: "-".join(console.values()))
def test_standard_input_is_read_as_utf_8(started, console):
    console = {**console, "PYTHONUTF8": "0"}
    done = started("read", "-", "--to", "json", stdin="1 -> 2 relu  # 망\n".encode(), **console)
    plain = started("read", "-", "--to", "json", stdin="1 -> 2 relu  # 망\n".encode(), PYTHONUTF8="1")
    assert (done.returncode, done.stdout) == (plain.returncode, plain.stdout)
    assert re.search(b"UTF-8", started("read", "-", stdin=b"\xff\xfe1 -> 2", **console).stderr)
