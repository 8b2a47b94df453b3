"""Following what the error of a limit says to do, until the text is read."""

import re

import pytest

import chalknet as cn
from chalknet.notation import LIMITS


def assert_error_raises_limit(monkeypatch, limit, text):
    """Lower a limit to 1 and do what its errors say: each names it, and the text is read as before."""
    read = cn.read(text)
    monkeypatch.setitem(LIMITS, limit, 1)
    for _ in range(30):
        try:
            assert cn.read(text) == read
            return
        except cn.NotationError as problem:
            name, amount = re.search(r'LIMITS\["([^"]+)"\] = (\d+)', problem.remedy).groups()
            assert name == limit
            monkeypatch.setitem(LIMITS, name, int(amount))
    pytest.fail("the remedy does not help")
