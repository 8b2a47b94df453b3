"""The lessons: every exercise accepts its key and no empty answer, and every notebook runs."""

import re
from pathlib import Path

import nbformat
import pytest
from tests.notebooks.kernel import run_notebook

import chalknet as cn
from chalknet.lessons import Lesson
from chalknet.lessons.exercises import EXERCISES

FOLDER = Path(__file__).parents[2] / "docs" / "lessons"
NOTEBOOKS = [f"{letter}.{language}.ipynb" for letter in "abc" for language in ("en", "ko")]
CASES = [(letter, number) for letter, rows in EXERCISES.items() for number in range(1, len(rows) + 1)]
KEY = re.compile(
    r"<details><summary>.*?</summary>\n\n```python\n(lesson\.check\((\d+), .*\))\n```\n\n.+\n</details>"
)
NOTHING = ["", " \n", None, ...]
WRONG = ["1 -> 9 relu -> 9", "no network", 12345, (1, 2, 3, 4), float("nan"), "nothing", [], {}, object()]


def read(name):
    return nbformat.read(FOLDER / name, as_version=4)


def keys(name):
    """Return the answers that stand folded up in a notebook, by number."""
    cells = [cell.source for cell in read(name).cells if cell.cell_type == "markdown"]
    return {int(found[2]): found[1] for cell in cells if (found := KEY.fullmatch(cell))}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_answers_that_a_notebook_gives_are_right(name):
    lesson = Lesson(name[0].upper(), name[2:4])
    found = keys(name)
    assert list(found) == list(range(1, len(EXERCISES[lesson.letter]) + 1))
    for text in found.values():
        assert eval(text, {"lesson": lesson}).right, text


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_exercise_is_asked_once_and_begins_without_an_answer(name):
    lesson = Lesson(name[0].upper(), name[2:4])
    cells = [cell for cell in read(name).cells if "lesson.check(" in cell.source and cell.cell_type == "code"]
    assert len(cells) == len(EXERCISES[lesson.letter])
    for cell in cells:
        answer, check = cell.source.rsplit("\n", 1)
        names = {"lesson": lesson}
        exec(answer, names)
        assert not eval(check, names)
        assert "✗" in cell.outputs[0].data["text/html"]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(("letter", "number"), CASES)
def test_an_empty_or_wrong_answer_gets_the_hint_and_never_the_key(letter, number, language):
    exercise = EXERCISES[letter][number - 1]
    for answer in [*NOTHING, *WRONG]:
        verdict = Lesson(letter, language).check(number, answer)
        assert not verdict and verdict.text.endswith(exercise.hint(language)), answer
        assert str(exercise.key) not in verdict.text or exercise.asks != "network"


def test_a_network_in_another_form_is_right_and_another_one_is_told_where_it_parts():
    lesson = Lesson("A")
    assert lesson.check(2, cn.build("784 -> 32 relu -> 1 sigmoid"))
    text = lesson.check(2, "784 -> 32 tanh -> 1 sigmoid").text
    assert "It parts at step 1, where you have: tanh." in text


def test_a_number_may_be_rounded_as_the_exercise_says():
    assert Lesson("B").check(1, -0.9163) and not Lesson("B").check(1, 0.9164)


@pytest.mark.parametrize("number", [0, 99, True, "1"])
def test_a_number_of_no_exercise_is_refused(number):
    with pytest.raises(cn.InvalidValue, match="from 1 to 8"):
        Lesson("A").check(number, "")


def test_an_unknown_lesson_or_language_is_refused_and_so_is_a_drawing_of_a_number():
    with pytest.raises(cn.UnknownName):
        Lesson("D")
    with pytest.raises(cn.UnknownName):
        Lesson("A", "fr")
    with pytest.raises(cn.InvalidValue, match="asks for a network"):
        Lesson("A").draw(6)


@pytest.mark.parametrize("letter", "abc")
def test_both_languages_have_the_same_cells_but_for_their_words(letter):
    english, korean = (read(f"{letter}.{language}.ipynb").cells for language in ("en", "ko"))
    assert [cell.cell_type for cell in english] == [cell.cell_type for cell in korean]
    assert all(re.search("[가-힣]", cell.source) for cell in korean if cell.cell_type == "markdown")
    assert not any(re.search("[가-힣]", cell.source) for cell in english)
    minutes = [re.findall(r"\((\d+)(?: minutes|분)\)", cell.source) for cell in english]
    assert sum(int(each) for found in minutes for each in found) == 45


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_kept_small_with_its_outputs_and_without_times(name):
    notebook = read(name)
    assert (FOLDER / name).stat().st_size < 200_000
    for cell in notebook.cells:
        assert not cell.metadata
        assert cell.cell_type == "markdown" or cell.execution_count


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs(name):
    notebook = read(name)
    run_notebook(notebook)
    failed = [out for cell in notebook.cells for out in cell.get("outputs", []) if out.output_type == "error"]
    assert not failed
