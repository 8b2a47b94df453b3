"""The site builds without a warning: links and anchors lead somewhere, every public name has its place."""

import json
import re
import runpy
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

import chalknet as cn

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """The ids of a page, and what a browser loads for it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids.add(found.get("id") or "")
        if tag == "link" and found.get("rel") not in ("canonical", "prev", "next", "alternate"):
            self.loaded.append(found["href"])
        if found.get(LOADED.get(tag, "")):
            self.loaded.append(found[LOADED[tag]])


def test_every_public_name_has_its_place_in_the_reference(site):
    pages = [Page(path.read_text(encoding="utf-8")) for path in site.glob("reference/*.html")]
    assert len(pages) == 3
    assert set(cn.__all__) <= set().union(*(page.ids for page in pages))


def test_no_page_loads_anything_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 30
    for path in pages:
        loaded = Page(path.read_text(encoding="utf-8")).loaded
        assert loaded
        assert not [place for place in loaded if re.match(r"(?!data:)(\w+:)?//", place)], path
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.findall(r"url\(\s*[\"']?(?:https?:)?//[^)]*|@import[^;]*//[^;]*", styles)


def test_an_example_of_a_docstring_is_code(site):
    text = (site / "reference" / "verbs.html").read_text(encoding="utf-8")
    assert "<blockquote>" not in text
    assert len(re.findall(r"<code>(?:<[^>]+>)*&gt;&gt;&gt; ", text)) > 20


def test_a_korean_page_says_that_it_is_korean(site):
    assert '<html lang="ko"' in (site / "ko" / "tutorial.html").read_text(encoding="utf-8")
    assert '<html lang="en"' in (site / "tutorial.html").read_text(encoding="utf-8")


def test_the_wheel_for_the_browser_holds_the_whole_source_and_no_compiled_code(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"chalknet/__init__.pyi", "chalknet/forms.py", "chalknet/training/run/fit.py"} <= names
    assert not [name for name in names if name.endswith((".bin", ".so", ".pyc"))]


def test_a_notebook_of_a_lesson_becomes_a_page_of_its_texts_and_its_code(tmp_path):
    lesson = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "site" / "hooks.py"))["lesson"]
    cells = [
        {"cell_type": "markdown", "source": ["# Lesson\n", "Read it."]},
        {"cell_type": "code", "source": ["import chalknet as cn"], "outputs": []},
        {"cell_type": "raw", "source": ["not shown"]},
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    page = lesson(tmp_path / "a.ipynb")
    assert "# Lesson\nRead it.\n" in page
    assert "```python\nimport chalknet as cn\n```" in page
    assert "(a.ipynb)" in page
    assert "not shown" not in page
