"""Numbers as they are printed."""

import pytest

from chalknet import units


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (287 * 2**20, "287.0 MiB"), (2**60, "1024.0 PiB")],
)
def test_bytes_are_printed_in_binary_units(value, text):
    assert units.show_bytes(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"),
        (3e-10, "0.3 ns"),
        (4.2e-6, "4.2 µs"),
        (0.0018, "1.8 ms"),
        (1.374, "1.37 s"),
        (84.06, "1 min 24 s"),
        (7300, "2 h 1 min"),
        (float("inf"), "unknown"),
    ],
)
def test_a_duration_is_printed_in_the_unit_of_its_size(value, text):
    assert units.show_seconds(value) == text


def test_counts_shares_and_rates():
    assert units.show_count(12665) == "12,665"
    assert units.show_share(0.99534) == "0.9953"
    assert units.show_rate(1234.5) == "1,234 updates/s"
    assert units.show_rate(0.5) == "0.5 updates/s"
