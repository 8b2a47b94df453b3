"""Damaged pictures end in a network or in an error of ours."""

import pytest
from tests.fuzz.pictures import fuzz

pytest.importorskip("pypdfium2")


@pytest.mark.slow
def test_damaged_pictures_are_read_or_refused():
    found = fuzz(0, 3.0)
    assert not found["wrong"]
    assert found["refused"] > 50
