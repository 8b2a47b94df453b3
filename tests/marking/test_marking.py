"""A folder of homework: every form is read, nothing is executed, and no file stops the others."""

import csv
import io
import json
import os

import pytest
import torch
from hypothesis import given
from tests.strategies import networks

import chalknet as cn

KEY = "1 -> 2 relu -> 1 sigmoid"
CODE = (
    "import torch.nn as nn\nnet = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1), nn.Sigmoid())\n"
)


def notebook(code):
    cell = {"cell_type": "code", "source": code, "outputs": [], "metadata": {}, "execution_count": None}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def homework(tmp_path_factory):
    folder = tmp_path_factory.mktemp("homework")
    texts = {
        "a arrows.txt": cn.write(KEY, "arrows"),
        "b latex.tex": cn.write(KEY, "latex"),
        "c code.py": CODE,
        "d drawing.dot": cn.write(KEY, "dot"),
        "e drawing.svg": cn.draw(KEY, "features").svg,
        "f 김.ipynb": notebook(CODE),
        "g park/answer.mmd": cn.write(KEY, "mermaid"),
        "h other.txt": "1 -> 2 tanh -> 1 sigmoid",
        "i longer.txt": "1 -> 2 relu -> 2 relu -> 1 sigmoid",
        "j misspelled.txt": "1 -> 2 rleu -> 1",
        "k empty.txt": "",
        "l executes.py": f"import os\nopen({str(folder / 'executed')!r}, 'w')\n" + CODE,
        "=cmd|' /C calc'!A0.txt": KEY,
        ".hidden": "x",
        "__MACOSX/kim.txt": "x",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "m noise.bin").write_bytes(bytes(range(256)) * 20)
    torch.save(cn.build(KEY), folder / "n weights.pt")
    (folder / "o link.txt").symlink_to(folder / "a arrows.txt")
    os.mkfifo(folder / "p pipe")
    x = torch.zeros(4, 1)
    cn.fit(KEY, (x, x), loss="bce", updates=1, engine="eager", threads=1, out=folder / "q run")
    return folder


@pytest.fixture(scope="module")
def marks(homework):
    return cn.mark(homework, KEY)


def test_each_file_has_a_row_in_order(homework, marks):
    files = [row.file for row in marks.rows]
    assert files == sorted(files) and files[0].startswith("=cmd")
    assert [file[0] for file in files[1:]] == list("abcdefghijklmnopq")


@pytest.mark.parametrize("letter", "abcdefgq=l")
def test_the_key_in_any_form_is_the_same_network(marks, letter):
    row = next(row for row in marks.rows if row.file.startswith(letter))
    assert (row.verdict, row.mark) == ("same", 10.0), row.reason


def test_another_network_has_the_points_of_what_is_alike(marks):
    other, longer = (next(row for row in marks.rows if row.file.startswith(letter)) for letter in "hi")
    assert (other.verdict, other.mark) == ("different", 8.0)  # X and 3 of 4 steps
    assert str(other.difference) == "step 1: relu | tanh"
    assert (longer.difference.alike, longer.difference.of, longer.mark) == (5, 7, 7.14)


@pytest.mark.parametrize("letter", "jkmnop")
def test_what_cannot_be_read_has_a_reason_and_no_mark(homework, marks, letter):
    row = next(row for row in marks.rows if row.file.startswith(letter))
    assert row.verdict == "unread" and row.mark is None and len(row.reason) > 10
    assert str(homework) not in row.reason  # a table that is sent to others
    assert "6 files could not be read and have no mark" in str(marks)


def test_no_code_is_executed(homework, marks):
    assert not (homework / "executed").exists()


def test_a_key_that_lies_among_the_files_is_no_homework(tmp_path):
    for name in ("key.txt", "kim.txt"):
        (tmp_path / name).write_text(KEY)
    marks = cn.mark(tmp_path, tmp_path / "key.txt", points=4)
    assert [(row.file, row.mark) for row in marks.rows] == [("kim.txt", 4.0)]


@given(networks(), networks())
def test_only_the_same_network_has_all_points(a, b):
    found = cn.difference(a, b)
    assert 0 <= found.alike <= found.of and (found.alike == found.of) == (not found)


def test_the_csv_has_every_row_and_nothing_that_calculates(marks, tmp_path):
    text = marks.to_csv(tmp_path / "marks.csv")
    assert (tmp_path / "marks.csv").read_bytes() == b"\xef\xbb\xbf" + text.encode()
    header, *rows = csv.reader(io.StringIO(text))
    assert header[0] == "file" and len(rows) == len(marks.rows)
    assert rows[0][0] == "'=cmd|' /C calc'!A0.txt" and rows[0][5] == "10.0"
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_options_of_a_difference_hold(tmp_path):
    (tmp_path / "a.txt").write_text("1 -> 2 relu -> dropout(0.5) -> 1")
    assert cn.mark(tmp_path, KEY, ignore_dropout=True, logits=True).rows[0].mark == 10
    assert cn.mark(tmp_path, KEY).rows[0].mark < 10


@pytest.mark.parametrize("points", [0, -1, True, "many", float("nan")])
def test_points_are_a_number_above_zero(homework, points):
    with pytest.raises(cn.InvalidValue, match="points"):
        cn.mark(homework, KEY, points=points)


def test_no_folder_and_an_empty_one_are_refused(tmp_path):
    with pytest.raises(cn.FileProblem, match="no folder"):
        cn.mark(tmp_path / "nowhere", KEY)
    with pytest.raises(cn.InvalidValue, match="no file"):
        cn.mark(tmp_path, KEY)


def test_at_a_prompt_it_is_one_line(marks):
    assert repr(marks) == "Marks(18 files, 10 the same network)"
