"""Who leads, and where the lead changes: on times made by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.measure import Timing
from chalknet.racing.lead import lead_changes, leaders
from chalknet.training import Candidate

A, B, C = (Candidate("cpu", "eager", 1), Candidate("cuda:0", "eager", 2), Candidate("cpu", "fused_cpu", 2))


def timing(median_s, half=0.01):
    return Timing((median_s * (1 - half), median_s, median_s * (1 + half)))


def sweep(sizes, half=0.01, **laws):
    by_name = {"a": A, "b": B, "c": C}
    return [(size, {by_name[name]: timing(law(size), half) for name, law in laws.items()}) for size in sizes]


def test_whoever_s_band_overlaps_with_the_fastest_s_shares_the_lead():
    assert leaders({A: timing(1.0), B: timing(1.02), C: timing(1.005)}) == (A, C)
    assert leaders({A: timing(1.0, 0.1), B: timing(1.02)}) == (A, B)


@given(crossing=st.floats(20, 5e4), slope=st.floats(0.3, 3))
def test_two_lines_on_logarithmic_scales_cross_where_they_cross(crossing, slope):
    sizes = [10, 100, 1_000, 10_000, 100_000]
    points = sweep(sizes, 1e-6, a=lambda n: 1e-6 * n**slope, b=lambda n: 1e-6 * crossing**slope)
    change = lead_changes("width", points)
    if any(abs(size / crossing - 1) < 1e-4 for size in sizes):
        return  # on a point itself it is too close to call
    assert [(each.first, each.then) for each in change] == [(A, B)]
    assert change[0].at == pytest.approx(crossing, rel=1e-6)
    assert change[0].low < crossing < change[0].high


def test_the_lectures_two_cases_give_a_crossover_between_them():
    """1000 updates took 0.369 s and 0.58 s at 500 nodes, 84.06 s and 1.374 s at 200,000."""
    points = [
        (500, {A: timing(0.369e-3), B: timing(0.58e-3)}),
        (200_000, {A: timing(84.06e-3), B: timing(1.374e-3)}),
    ]
    (change,) = lead_changes("width", points)
    assert 500 < change.at < 1_000  # by hand: ln(0.58 / 0.369) / (that + ln(84.06 / 1.374)) of the way
    assert str(change) == "at a width of about 900 the lead goes from eager 1 thread to eager on cuda:0"


def test_overlapping_bands_are_too_close_to_call():
    points = sweep([10, 100, 1_000, 10_000], 0.9, a=lambda n: n**0.5, b=lambda n: 300**0.5)
    (change,) = lead_changes("width", points)
    assert (change.low, change.high, change.at) == (10, 10_000, None)
    assert "too close to call between 10 and 10,000" in str(change)


def test_sharing_the_lead_for_a_while_is_no_change_of_it():
    flat = {10: 1.0, 100: 1.005, 1_000: 2.0}
    points = [(size, {A: timing(1.0), B: timing(slow)}) for size, slow in flat.items()]
    assert lead_changes("width", points) == ()


def test_noise_between_two_equals_is_no_change_of_the_lead():
    points = [
        (size, {A: timing(1 + 0.004 * (-1) ** i), B: timing(1.0)}) for i, size in enumerate([1, 2, 3, 4])
    ]
    assert lead_changes("width", points) == ()


def test_a_leader_that_does_not_run_at_a_size_loses_the_lead_there():
    points = [(10, {A: timing(1.0), B: timing(2.0)}), (100, {B: timing(2.0)})]
    (change,) = lead_changes("width", points)
    assert (change.first, change.then, change.ended) == (A, B, True)
    assert "eager 1 thread was not timed there" in str(change)


def test_the_lead_can_change_more_than_once_and_sizes_without_times_are_left_out():
    points = [
        *sweep([10], a=lambda n: 1.0, b=lambda n: 2.0, c=lambda n: 9.0),
        (50, {}),
        *sweep([100], a=lambda n: 4.0, b=lambda n: 2.0, c=lambda n: 9.0),
        *sweep([1_000], a=lambda n: 40.0, b=lambda n: 20.0, c=lambda n: 9.0),
    ]
    assert [(each.first, each.then, each.low) for each in lead_changes("batch size", points)] == [
        (A, B, 10),
        (B, C, 100),
    ]


def test_a_sweep_of_nothing_has_no_lead_to_change():
    assert lead_changes("width", []) == lead_changes("width", [(10, {})]) == ()
