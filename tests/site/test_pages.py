"""The code on the pages of the site runs, in the order of each page; commands end with 0."""

import re
import shlex
import shutil
import sys
from doctest import DocTestParser
from pathlib import Path

import pytest

from chalknet.cli import main

DOCS = Path(__file__).parents[2] / "docs"
# The Korean pages show the same code: test_korean_pages.
PAGES = [DOCS / "install.md", DOCS / "tutorial.md", *sorted(DOCS.glob("how-to/*.md"))]
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', re.M | re.S)


def run(command: str, monkeypatch) -> None:
    """Run a line of a shell that calls chalknet, in this process."""
    monkeypatch.setattr(sys, "argv", shlex.split(command))
    assert sys.argv[0] == "chalknet", command
    try:
        main()
    except SystemExit as end:
        assert not end.code, command


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda path: str(path.relative_to(DOCS)))
def test_the_python_of_every_page_is_python(page):
    for language, _, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            typed = "".join(example.source for example in DocTestParser().get_examples(text))
            compile(typed or text, str(page), "exec")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    shutil.copy(DOCS / "how-to" / "houses.csv", tmp_path)
    names: dict[str, object] = {}
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    for language, title, text in blocks:
        if title:
            (tmp_path / title).write_text(text, encoding="utf-8")
        elif language == "bash":
            for line in text.splitlines():
                run(line, monkeypatch)
        elif language == "python":
            exec(compile(text, str(page), "exec"), names)
    assert blocks
