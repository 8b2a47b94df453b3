"""The Korean pages of the site show the code of the English ones and lead to the same pages."""

import os.path
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
KOREAN = DOCS / "ko"
PAGES = sorted(path.relative_to(KOREAN).as_posix() for path in KOREAN.rglob("*.md"))
CODE = re.compile(r"^```.*?^```$", re.M | re.S)
each_page = pytest.mark.parametrize("page", PAGES)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def targets(path: Path) -> set[str]:
    """Return what the links of a page lead to, as paths from docs/."""
    links = re.findall(r"\]\((?!\w+:)([^)#\s]+)", CODE.sub("", text_of(path)))
    return {os.path.relpath(os.path.normpath(path.parent / link), DOCS) for link in links}


def test_start_install_tutorial_and_every_how_to_page_are_there_in_korean():
    how_to = {f"how-to/{path.name}" for path in DOCS.glob("how-to/*.md")}
    assert {"index.md", "install.md", "tutorial.md"} | how_to <= set(PAGES)


@each_page
def test_a_korean_page_shows_the_code_of_the_english_one(page):
    assert CODE.findall(text_of(KOREAN / page)) == CODE.findall(text_of(DOCS / page))


@each_page
def test_a_korean_page_leads_where_the_english_one_leads_and_to_korean_pages_where_there_are_some(page):
    english, korean = targets(DOCS / page), targets(KOREAN / page)
    assert {target.removeprefix("ko/") for target in korean} == {
        target.removeprefix("ko/") for target in english
    }
    switch = {page}  # to the same page in English
    assert [target for target in korean - switch if (KOREAN / target).exists()] == []


@each_page
def test_a_korean_page_is_korean(page):
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", CODE.sub("", text_of(KOREAN / page)))
    lines = [line for line in prose.splitlines() if len(re.findall(r"[A-Za-z]{2,}", line)) > 3]
    assert [
        line for line in lines if not re.search("[가-힣]", line) and not line.startswith(("<", "|"))
    ] == []
