"""The Korean README shows the code, the formulas and the figures of the English one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENGLISH, KOREAN = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md"))


@pytest.mark.parametrize(
    "pattern",
    [r"(?ms)^```.*?^```$", r"(?m)^\$\$.*\$\$$", r"!\[[^\]]*\]\(([^)]+)\)"],
    ids=["code", "formulas", "figures"],
)
def test_both_show_the_same_in_the_same_order(pattern):
    shown = re.findall(pattern, ENGLISH)
    assert shown and re.findall(pattern, KOREAN) == shown


def test_both_lead_to_the_same_pages_and_to_each_other():
    english, korean = (set(re.findall(r"(?<!!)\[[^\]]*\]\(([^)#]+)", text)) for text in (ENGLISH, KOREAN))
    assert english - korean == {"README.ko.md"} and korean - english == {"README.md"}
    assert all((ROOT / path).exists() for path in korean)
