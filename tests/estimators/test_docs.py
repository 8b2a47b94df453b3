"""The examples of docs/estimators.md do what they show."""

import doctest
from pathlib import Path


def test_the_page_does_what_it_shows():
    page = Path(__file__).parents[2] / "docs" / "estimators.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 15 and not found.failed
