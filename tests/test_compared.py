"""Each "yes" in docs/compared.md names a test that is there."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES = (ROOT / "docs" / "compared.md").read_text(encoding="utf-8").splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES if line.startswith("| ")]


@pytest.mark.parametrize("row", ROWS[1:], ids=lambda row: row[0])
def test_a_yes_of_ours_names_its_test(row):
    what, ours, *others, tested_by = row
    assert len(others) == 5 and {ours, *others} <= {"yes", "no", "hand", "other"}
    assert (ours == "yes") == bool(tested_by), what
    if tested_by:
        file, test = tested_by.split("::")
        assert f"\ndef {test}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), what
