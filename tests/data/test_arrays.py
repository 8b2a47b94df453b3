"""What is read as numbers, in which dtype, and what is not."""

import datetime

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chalknet.data.formats.raw_rows import as_features, as_targets
from chalknet.errors import DataError

NUMBERS = st.sampled_from(["?", "u1", "i1", "u2", "i2", "u4", "i4", "i8", "f2", "f4", "f8", "g"])


@st.composite
def tables(draw):
    dtype = np.dtype(draw(NUMBERS)).newbyteorder(draw(st.sampled_from("<>")))
    shape = draw(arrays.array_shapes(min_dims=1, max_dims=4, max_side=5))
    array = draw(
        arrays.arrays(
            dtype.newbyteorder("="),
            shape,
            elements={"min_value": 0, "max_value": 50} if dtype.kind != "b" else None,
        )
    ).astype(dtype)
    array = array[::-1] if draw(st.booleans()) else np.asfortranarray(array)
    array.flags.writeable = draw(st.booleans())
    return array


@given(tables())
def test_any_array_of_numbers_is_read_with_its_values(array):
    x, y = as_features(array, "x"), as_targets(array, "y")
    assert x.is_contiguous()
    assert y.is_contiguous()
    double = array.dtype.kind == "f" and array.dtype.itemsize >= 8
    assert x.dtype == (torch.float64 if double else torch.float32)
    assert x.shape == (array.shape if array.ndim > 1 else (*array.shape, 1))
    assert x.numpy().reshape(array.shape).tolist() == array.astype("f8" if double else "f4").tolist()
    assert y.dtype == (x.dtype if array.dtype.kind == "f" else torch.int64)
    assert y.numpy().tolist() == array.astype(y.numpy().dtype).tolist()


@pytest.mark.parametrize(
    ("dtype", "as_x", "as_y"),
    [
        (torch.bool, torch.float32, torch.int64),
        (torch.uint8, torch.float32, torch.int64),
        (torch.int32, torch.float32, torch.int64),
        (torch.float16, torch.float32, torch.float32),
        (torch.bfloat16, torch.float32, torch.float32),
        (torch.float64, torch.float64, torch.float64),
    ],
)
def test_a_tensor_keeps_double_precision_and_becomes_float_or_labels_otherwise(dtype, as_x, as_y):
    tensor = torch.ones(3, dtype=dtype)
    assert as_features(tensor, "x").dtype == as_x
    assert as_targets(tensor, "y").dtype == as_y


def test_nothing_is_copied_that_needs_no_conversion():
    tensor, array = torch.rand(4, 3), np.ones((4, 3))
    assert as_features(tensor, "x").data_ptr() == tensor.data_ptr()
    assert as_features(array, "x").data_ptr() == array.ctypes.data


def test_a_tensor_with_a_gradient_or_of_sparse_layout_is_plain_afterwards():
    x = as_features(torch.nn.Parameter(torch.eye(2)), "x")
    assert not x.requires_grad
    assert type(x) is torch.Tensor
    assert torch.equal(as_features(torch.eye(2).to_sparse(), "x"), torch.eye(2))


def test_lists_are_read_as_torch_reads_them():
    assert as_features([[0.1, 0.2], [0.3, 0.4]], "x").equal(torch.tensor([[0.1, 0.2], [0.3, 0.4]]))
    assert as_features([torch.ones(2, requires_grad=True), torch.zeros(2)], "x").tolist() == [[1, 1], [0, 0]]
    assert as_targets([0, 1, True], "y").tolist() == [0, 1, 1]
    assert as_targets(range(3), "y").tolist() == [0, 1, 2]


def test_objects_that_are_numbers_or_rows_of_numbers_are_read():
    assert as_targets(np.array([1, True, 0], dtype=object), "y").tolist() == [1, 1, 0]
    assert as_targets(np.array([1, 2.5], dtype=object), "y").tolist() == [1, 2.5]
    rows = np.empty(2, dtype=object)
    rows[:] = [np.zeros(3), np.ones(3)]
    assert as_features(rows, "x").tolist() == [[0, 0, 0], [1, 1, 1]]


def test_whatever_turns_itself_into_an_array_is_read():
    class Frame:
        def __array__(self, dtype=None, copy=None):
            return np.asfortranarray([[1, 2], [3, 4]])

    assert as_features(Frame(), "x").tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([["1", "cat"]], "text such as"),
        (np.array([b"a"]), "text"),
        (np.array([1.0, None], dtype=object), "Python objects such as None"),
        (np.array([1.0, "cat"], dtype=object), "text such as 'cat'"),
        (np.array([1j]), "complex numbers"),
        (torch.ones(2, dtype=torch.complex64), "complex numbers"),
        ([[1.0], [1.0, 2.0]], "no regular array"),
        ([torch.ones(1), torch.ones(2)], "rows of unlike shapes"),
        (np.array([[1], [1, 2]], dtype=object), "no regular array"),
        ([datetime.datetime(2020, 1, 1)], "Python objects"),
        (np.array(["2020-01-01"], dtype="M8[D]"), "dates"),
        (np.zeros(2, dtype=[("a", "f4")]), "records with named columns"),
        (np.ma.masked_array([1.0, 2.0], [False, True]), "masked values"),
        (3.0, "a single value"),
        (torch.tensor(3.0), "a single value"),
        (None, "Python objects"),
        ({1, 2}, "Python objects"),
    ],
)
def test_anything_else_is_refused_by_what_it_is(value, said):
    for read in (as_features, as_targets):
        with pytest.raises(DataError) as caught:
            read(value, "x of cats")
        assert caught.value.where == "x of cats"
        assert said in caught.value.got
        assert "real numbers" in caught.value.wanted
        assert caught.value.remedy
