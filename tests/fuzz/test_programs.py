"""Programs are followed for a bounded number of steps, in bounded memory."""

import pytest
from tests.fuzz.bounded import Case, outcomes
from tests.fuzz.limits import assert_error_raises_limit
from tests.fuzz.programs import PROGRAMS

import chalknet as cn


@pytest.mark.slow
def test_a_program_that_would_take_for_ever_or_all_memory_is_read_or_refused():
    cases = [Case("torch", f"import torch\n{program}", "", 0) for program in PROGRAMS]
    assert not [f"{one.case.beginning[13:90]!r}: {one.what}" for one in outcomes(cases) if one.is_bad]


def test_a_program_that_takes_too_many_steps_is_refused_with_its_line():
    with pytest.raises(cn.NotationError, match=r"steps of following code(.|\n)*line 3") as problem:
        cn.read("import torch.nn as nn\ni = 0\nwhile True: i = i + 1")
    assert "LIMITS" in problem.value.remedy


@pytest.mark.parametrize("limit", ["characters of code", "steps of following code"])
def test_a_limit_of_code_is_named_and_what_its_error_says_raises_it(monkeypatch, limit):
    assert_error_raises_limit(monkeypatch, limit, "nn.Sequential(nn.Linear(1, 2))")


def test_modules_nested_too_deep_are_refused_as_that():
    def nested(depth):
        return cn.read("nn.Sequential(" * depth + "nn.Linear(1, 2)" + ")" * depth)

    assert nested(50) == cn.read("1 -> 2")
    with pytest.raises(cn.NotationError, match="more than 50 modules inside one another"):
        nested(51)
