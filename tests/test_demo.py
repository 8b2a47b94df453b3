"""The main job: the lecture's figures on the real digits."""

import html.parser
import re

import pypdfium2 as pdfium
import pytest
from tests.pictures.browser import browser, program

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
    images = page.count("<img ")
    assert images == page.count('alt="') and images >= 4 + 12
    for title in ("Right, and surest", "Right, and least sure", "Wrong"):
        assert f"<h3>{title}" in page
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


@pytest.mark.slow
@pytest.mark.skipif(not program(), reason="a browser shows the page")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_fits_a_screen_a_phone_and_paper(demo, width):
    folder, _ = demo
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    browser().photograph(page, width, 900)
    assert browser().run("document.documentElement.scrollWidth") == width
    cut = (
        "[...document.querySelectorAll('table, pre, img')].filter(e => e.scrollWidth > e.clientWidth + 1 || "
    )
    assert browser().run(cut + "e.getBoundingClientRect().right > innerWidth).length") == 0
    with pdfium.PdfDocument(browser().print(page, 794, 1123)) as printed:  # A4
        text = "".join(sheet.get_textpage().get_text_range() for sheet in printed)
    words = " ".join(text.split())
    assert "700 700 700" in words and "0.9953 0.9931" in words  # all columns of the table are on the paper
    assert text.count("accuracy") >= 4 and text.count("finished") == 6


def test_the_three_methods_of_the_demo_start_alike_and_are_run_by_one_engine():
    comparison = compare_methods(cn.read(FORMULA), updates=2)
    assert comparison.run_by.startswith("all run by ")
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
