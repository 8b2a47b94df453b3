"""The page of benchmarks: running one section changes its part of the page and of the results, no other."""

import json

import pytest
from benchmarks.__main__ import SECTIONS
from benchmarks.sections import INTRODUCTION, ROOT, Found, Section, table, with_section, write
from hypothesis import given
from hypothesis import strategies as st

HEADINGS = [section.heading for section in SECTIONS.values()]


@given(st.lists(st.tuples(st.sampled_from(HEADINGS), st.text("ab |\n", max_size=20)), min_size=1))
def test_a_section_is_replaced_in_its_place_and_the_others_stay(writings):
    page, wanted = INTRODUCTION, {}
    for heading, text in writings:
        page = with_section(page, heading, text.splitlines())
        wanted[heading] = text.strip()
    introduction, *parts = page.split("\n## ")
    assert introduction.strip() == INTRODUCTION.strip()
    found = {part.partition("\n")[0]: part.partition("\n")[2].strip() for part in parts}
    assert found == {heading: "\n".join(text.splitlines()).strip() for heading, text in wanted.items()}
    assert list(found) == list(wanted)  # in the order in which they came


def test_writing_a_section_keeps_the_results_of_the_others(tmp_path):
    page, results = tmp_path / "docs" / "page.md", tmp_path / "results.json"
    for name, number in [("a", 1.0), ("b", 2.0), ("a", 3.0)]:
        rows = table("what", "found", rows=[f"| {name} | {number} |"])
        write(page, results, name, Section(name.upper(), lambda asked: Found([])), Found(rows, {"x": number}))
    record = json.loads(results.read_text())
    assert {name: part["raw"] for name, part in record.items()} == {"a": {"x": 3.0}, "b": {"x": 2.0}}
    text = page.read_text(encoding="utf-8")
    assert "| a | 3.0 |" in text and "| b | 2.0 |" in text and "| a | 1.0 |" not in text
    assert text.index("## A") < text.index("## B") and text.startswith("# Benchmarks")


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_page_has_every_section_of_the_table(heading):
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert page.count(f"\n## {heading}\n") == 1
