"""A source in two tensors, and a part of any source."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chalknet.data import ArraySource, Sample, Source
from chalknet.data.sources.subset import SourceSubset
from chalknet.errors import DataError

SOURCE = ArraySource(np.arange(12).reshape(6, 2), [0, 1, 0, 1, 1, 1], name="six")


@given(st.lists(st.integers(0, 5), max_size=9))
def test_rows_are_taken_in_the_order_asked_for(rows):
    x, y = SOURCE.take(torch.tensor(rows, dtype=torch.int64))
    assert x.tolist() == [[2 * row, 2 * row + 1] for row in rows]
    assert y.tolist() == [SOURCE.y[row] for row in rows]


def test_a_slice_is_a_view():
    sample = SOURCE.take(slice(2, 4))
    assert isinstance(sample, Sample)
    assert sample.x.data_ptr() == SOURCE.x[2:].data_ptr()


def test_the_shapes_are_those_of_one_observation():
    assert (len(SOURCE), SOURCE.x_shape, SOURCE.y_shape) == (6, (2,), ())
    assert ArraySource(torch.zeros(4), torch.zeros(4, 3)).x_shape == (1,)
    assert ArraySource(torch.zeros(4), torch.zeros(4, 3)).y_shape == (3,)


def test_it_is_a_source_and_cannot_be_changed():
    assert isinstance(SOURCE, Source)
    assert isinstance(SourceSubset(SOURCE, torch.arange(2), "two"), Source)
    with pytest.raises(FrozenInstanceError):
        SOURCE.x = torch.zeros(1)
    assert replace(SOURCE, name="half a dozen").x.data_ptr() == SOURCE.x.data_ptr()
    assert "six" in repr(SOURCE)


def test_a_part_is_those_rows_of_its_source():
    part = SourceSubset(SOURCE, torch.tensor([5, 1, 3]), "part")
    assert (len(part), part.x_shape, part.y_shape) == (3, (2,), ())
    assert part.take(slice(0, 2)).x.tolist() == [[10, 11], [2, 3]]
    assert part.take(torch.tensor([2, 0])).y.tolist() == [1, 1]


def test_an_invalid_source_cannot_be_made():
    with pytest.raises(DataError, match="six: got 2 rows of x and 1 rows of y"):
        ArraySource([1.0, 2.0], [1.0], name="six")
    with pytest.raises(DataError, match="x of six, row 0"):
        ArraySource([float("nan")], [1.0], name="six")
    with pytest.raises(DataError, match="y of six: got text"):
        ArraySource([1.0], ["yes"], name="six")
