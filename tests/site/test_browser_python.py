"""The page without installation: its Python under CPython and, from the wheel, in Pyodide under Node."""

import json
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

import chalknet as cn

ROOT = Path(__file__).parents[2]
BOARD = ROOT / "docs" / "try" / "board.py"
LATEX = (
    r"\underset{(n,784)}{\bf X} \overset{l_1}{\to} \underset{(n,32)}{\boldsymbol u^{(1)}} \overset{relu}{\to}"
    r"\underset{(n,32)}{\boldsymbol v^{(1)}} \overset{l_2}{\to} \underset{(n,1)}{\boldsymbol u^{(2)}} "
    r"\overset{sig}{\to} \underset{(n,1)}{\boldsymbol v^{(2)}}=\underset{(n,1)}{\hat{\boldsymbol y}}"
)


def question(text: str, other: str = "", **more: object) -> dict[str, object]:
    return {"text": text, "other": other, "dialect": "nodes", "dark": False, "language": "en"} | more


QUESTIONS = [
    question(LATEX, other="784 -> 32 relu -> 1"),
    question("784 -> 32 rleu -> 1 sigmoid"),
    question("digraph { {x1 x2} -> y; y -> result }", dark=True),
    question("1 -> 2 relu -> 1", other="1 -> 2 relu -> 1", language="ko"),
    question("1 -> 2 relu -> 1", other="nonsense ->"),
    question('<svg><g class="node"><title>a</title></g></svg>'),
]


@pytest.fixture(scope="module")
def answers() -> list[dict]:
    answer = runpy.run_path(str(BOARD))["answer"]
    return [json.loads(answer(json.dumps(asked))) for asked in QUESTIONS]


def test_a_formula_is_read_drawn_counted_and_written_in_every_form(answers):
    found = answers[0]
    assert cn.read(found["network"]) == cn.read(LATEX)
    assert found["picture"]["svg"] == cn.draw(LATEX).svg
    assert ["parameters", "25,153"] in found["counts"]
    assert found["forms"]["torch"]["text"] == cn.write(LATEX, "torch")
    assert {"latex", "torch", "keras", "arrows", "json", "dot", "mermaid"} <= set(found["forms"])


def test_what_differs_is_shown_and_the_same_network_is_an_empty_table(answers):
    assert answers[0]["difference"]["rows"] == [["step 3 and behind step 2", "sigmoid", "nothing"]]
    assert answers[3]["difference"]["rows"] == []
    assert "error" in answers[4]["difference"]
    assert "error" not in answers[4]


def test_an_error_comes_with_the_line_and_a_caret_below_the_mistake(answers):
    found = answers[1]
    assert "Did you mean relu" in found["error"]
    *_, line, caret = found["excerpt"].split("\n")
    assert line[caret.index("^") : caret.rindex("^") + 1] == "rleu"


def test_a_drawing_has_its_account_and_a_dark_page_dark_colours(answers):
    assert answers[2]["account"]["rows"][0][:3] == ["node", "x1", "input"]
    assert "#1e2129" in answers[2]["picture"]["svg"]
    assert "#1e2129" not in answers[0]["picture"]["svg"]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_wheel_answers_the_same_in_pyodide_without_any_package(wheel, answers):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node runs Pyodide, and is not installed")
    script = Path(__file__).parent / "pyodide.mjs"
    words = [node, str(script), str(wheel.parent / "pyodide"), str(wheel), str(BOARD), json.dumps(QUESTIONS)]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["loaded"] == []
    assert found["answers"][:-1] == answers[:-1]
    assert "no package defusedxml" in found["answers"][-1]["error"]
    assert ["numbers"] not in [row[:1] for row in found["dialects"]]
    assert len(found["dialects"]) > 10
