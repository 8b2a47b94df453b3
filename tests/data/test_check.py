"""NaN, infinity, unequal lengths and emptiness, each named with its place."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chalknet.data.sources.array_source import check_numbers, check_pair
from chalknet.errors import DataError

STRANGE = st.sampled_from([float("nan"), float("inf"), -float("inf")])
WRONG = st.dictionaries(st.integers(0, 39), st.tuples(st.integers(0, 2), STRANGE), min_size=1, max_size=9)


@given(WRONG)
def test_exactly_the_rows_with_nan_or_infinity_are_named(wrong):
    values = torch.zeros(40, 3)
    check_numbers(values, "x")
    for row, (column, value) in wrong.items():
        values[row, column] = value
    with pytest.raises(DataError) as caught:
        check_numbers(values, "x")
    rows = sorted(wrong)
    named = ", ".join(map(str, rows[:5])) + (", ..." if len(rows) > 5 else "")
    assert caught.value.where == (
        f"x, row{'s' if len(rows) > 1 else ''} {named} ({len(rows)} in all, counted from 0)"
    )
    column, value = wrong[rows[0]]
    assert caught.value.got == f"{value} in column {column}"


def test_the_place_in_an_image_has_its_axes_and_a_label_has_none():
    images, y = torch.zeros(3, 2, 2), torch.zeros(3)
    images[1, 1, 0], y[2] = torch.inf, torch.nan
    with pytest.raises(DataError, match=r"row 1 \(1 in all, counted from 0\): got inf at \(1, 0\)"):
        check_numbers(images, "x")
    with pytest.raises(DataError, match=r"y of data, row 2 .*: got nan; wanted finite numbers"):
        check_pair(torch.zeros(3, 1), y, "data")


def test_finite_numbers_whose_sum_is_not_are_taken():
    check_numbers(torch.full((10,), 3e38), "x")
    check_numbers(torch.tensor([1.7e308, 1.7e308], dtype=torch.float64), "x")


def test_infinities_that_cancel_are_seen():
    with pytest.raises(DataError, match="rows 0, 1"):
        check_numbers(torch.tensor([torch.inf, -torch.inf]), "x")


def test_unequal_lengths_are_given_both():
    with pytest.raises(DataError, match="10 rows of x and 9 rows of y; wanted one y for each x"):
        check_pair(torch.zeros(10, 1), torch.zeros(9), "data")


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0,)])
def test_no_rows_or_no_columns_are_refused(shape):
    with pytest.raises(DataError, match="holds nothing; wanted at least one row and one column"):
        check_numbers(torch.zeros(shape), "x")
