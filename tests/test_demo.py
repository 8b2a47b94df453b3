"""The main job: the lecture's figures on the real digits."""

import html.parser
import re

import pytest

import chalknet as cn
from chalknet.demo import FORMULA, LECTURE, compare_methods, run_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, list(run_demo(folder / "out"))


@pytest.mark.slow
def test_c6_the_demo_prints_the_lectures_training_accuracies(demo):
    _, lines = demo
    for name, accuracy in LECTURE.items():
        assert f"training accuracy, {name} an update: {accuracy} (the lecture: {accuracy})" in lines
    assert set(LECTURE.values()) == {"0.9953", "0.9931"}


@pytest.mark.slow
def test_the_report_is_one_page_that_needs_no_other_file(demo):
    folder, _ = demo
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    html.parser.HTMLParser().feed(page)
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    assert page.count("<img ") == page.count('alt="') == 3
    for words in ("<math", "torch.nn.Linear(", "25,153", "0.9953", "0.9931"):
        assert words in page
    assert "$" not in re.sub(r"<pre>.*?</pre>", "", page, flags=re.S)


@pytest.mark.slow
def test_the_readme_shows_what_the_demo_prints(demo):
    from pathlib import Path

    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    _, lines = demo
    for line in lines:
        if line.startswith("training accuracy"):
            assert line in readme


def test_the_three_methods_of_the_demo_start_alike():
    comparison = compare_methods(cn.read(FORMULA), updates=2)
    assert len({round(result.history.loss[0], 1) for result in comparison.results.values()}) == 1
    assert [row[2] for row in comparison.rows] == [
        "batch gradient descent",
        "mini-batch stochastic gradient descent",
        "stochastic gradient descent",
    ]


@pytest.mark.parametrize("name", ["report.html", "digits.svg", "over-updates.svg"])
def test_the_demo_writes_over_no_file_but_those_of_a_demo_and_says_so_before_it_fits(tmp_path, name):
    (tmp_path / name).write_text("my own")
    with pytest.raises(cn.FileProblem, match=f"{name}: got a file that is not the demo's.*--out FOLDER"):
        next(run_demo(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "my own"
