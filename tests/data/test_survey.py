"""A survey: what a table shows is what pandas counts."""

import numpy as np
import pandas as pd
import pytest

from chalknet.data import LoadOptions, survey


def drawn(seed):
    random = np.random.default_rng(seed)
    rows = int(random.integers(2, 400))
    return pd.DataFrame(
        {
            "n": np.where(random.random(rows) < 0.2, np.nan, random.normal(size=rows)),
            "w": np.where(
                random.random(rows) < 0.2, None, np.array(list("abcd"))[random.integers(0, 4, rows)]
            ),
            "i": np.arange(rows) + random.integers(0, 5),
            "y": random.integers(0, random.integers(1, 9), rows),
        }
    )


@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_counts_gaps_and_ranges_are_those_of_pandas(seed, as_file, tmp_path):
    frame = drawn(seed)
    data = frame
    if as_file:
        data = tmp_path / "a.csv"
        frame.to_csv(data, index=False)
    seen = survey(data, LoadOptions(y="y"))
    numbers, words, row_numbers = seen.features
    assert seen.rows == len(frame)
    assert (numbers.missing, numbers.values) == (frame["n"].isna().sum(), frame["n"].notna().sum())
    if numbers.values:
        assert (numbers.least, numbers.most) == pytest.approx((frame["n"].min(), frame["n"].max()))
    assert dict(words.counts) == frame["w"].value_counts().to_dict()
    assert row_numbers.counts_rows
    assert not numbers.counts_rows
    assert dict(seen.targets[0].counts) == frame["y"].value_counts().to_dict()
    assert seen.targets[0].whole


def test_of_arrays_the_targets_are_counted_and_a_word_target_keeps_its_words():
    x, y = np.zeros((6, 3)), np.array([2, 0, 0, 1, 1, 1])
    seen = survey((x, y), LoadOptions())
    assert (seen.rows, seen.x_shape, seen.features, seen.table) == (6, (3,), (), False)
    assert dict(seen.targets[0].counts) == {0: 2, 1: 3, 2: 1}
    assert dict(survey((x, list("ccabbb")), LoadOptions()).targets[0].counts) == {"a": 1, "b": 3, "c": 2}


def test_values_are_told_apart_up_to_a_bound():
    seen = survey({"x": np.arange(5000) % 7, "y": np.arange(5000) / 3}, LoadOptions())
    assert seen.targets[0].different == 1001
    assert seen.targets[0].values == 5000
