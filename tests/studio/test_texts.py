import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import chalknet as cn
from chalknet.drawing import DIALECTS
from chalknet.studio.export import FILES, ExportRequest, notebook
from chalknet.studio.picture import dialects
from chalknet.studio.session import LatestRequest, read_text
from chalknet.studio.texts import caret_of, form_of, forms, text_in_form
from chalknet.studio.upload import UploadedFile, plain_name, read_files

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
NET = cn.read("3 -> 2 relu -> 1 sigmoid")


@pytest.mark.parametrize("form", [name for name in forms() if name not in ("mathml", "latex-layers")])
def test_a_form_is_recognised_and_an_edit_is_written_in_it(form):
    text = cn.write(NET, form)
    assert form_of(text) == form
    assert text_in_form(NET, form).text == text and cn.read(text) == NET


def test_an_edit_of_a_form_that_is_only_read_is_written_as_shorthand():
    assert text_in_form(NET, "tikz") == ("3 -> 2 relu -> 1 sigmoid", "shorthand")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("784 -> 32 relo -> 1", "relo"),
        ("# title\n\n```\n3 -> 2 relo -> 1\n```\n", "relo"),
        ("digraph { a -> b", "b"),
    ],
)
def test_the_caret_is_where_the_text_is_at_fault(text, wrong):
    caret = caret_of(read_text(text).found, text)
    assert text[caret.begin : caret.end] == wrong
    assert text.split("\n")[caret.line - 1].find(wrong) >= 0


@pytest.mark.parametrize("text", ["/etc/passwd", "README.md", "-", "clipboard:", "~", ".", ""])
def test_a_text_is_never_taken_for_a_file(text):
    found = read_text(text).found
    assert isinstance(found, cn.NotationError) and found.got.startswith(("'", "an empty text"))


def test_the_styles_are_the_dialects_of_the_package():
    assert set(dialects()) == {row.id for row in DIALECTS.values()}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("a/../../etc/passwd", "passwd"), ("C:\\x\\net.onnx", "net.onnx"), ("..", "file"), ("망.dot", "_.dot")],
)
def test_a_name_of_a_file_is_no_path(name, wanted):
    assert plain_name(name) == wanted


def test_a_drawing_is_read_with_its_account():
    name = "homework.mmd"
    found = read_files([UploadedFile(name, (PICTURES / name).read_bytes())])
    assert found.network == cn.read(PICTURES / name) and found.form == "mermaid"
    assert "<svg" in found.seen


def test_a_file_that_is_no_network_is_refused_without_the_server_s_folders():
    problem = read_files([UploadedFile("notes.txt", b"milk, bread")])
    assert isinstance(problem, cn.ChalknetError) and "chalknet-studio-" not in str(problem)
    problem = read_files([UploadedFile("net.onnx", b"milk, bread")])
    assert isinstance(problem, cn.ChalknetError) and "chalknet-studio-" not in str(problem)


@pytest.mark.parametrize("word", FILES)
def test_what_is_taken_away_is_the_network(word, tmp_path):
    kind = FILES[word]
    content = kind.make(ExportRequest(NET, "D9", "right", "en", None))
    path = tmp_path / kind.file
    path.write_bytes(content)
    beginnings = {"PDF": b"%PDF", "PNG": b"\x89PNG", "TikZ": b"", "HTML": b"<!doctype html>"}
    assert content.startswith(beginnings.get(word, b"")) and content
    if word not in beginnings:
        assert cn.read(path) == NET


def test_the_notebook_holds_a_network_that_is_read_back():
    assert cn.read(notebook(NET)) == NET


def test_the_newest_question_is_answered_and_those_it_replaced_are_not():
    answers, asked = [], []

    async def run(workers):
        latest = LatestRequest(workers, lambda number: asked.append(number) or number, answers.append)
        for number in range(50):
            latest.request(number)
        await latest._task

    with ThreadPoolExecutor(1) as workers:
        asyncio.run(run(workers))
    assert answers == [49] and len(asked) <= 2
