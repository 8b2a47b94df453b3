"""What is done to columns: learned from the training rows, against numpy and a hand computation."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chalknet.data import Preparation, load
from chalknet.data.columns import PreparedColumn
from chalknet.errors import ChalknetError, DataError, InvalidValue


def rows(n=1000, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(50, 20, (n, 3)), random.normal(7, 3, n)


@pytest.mark.parametrize("in_memory", [True, False])
def test_standardised_training_rows_have_mean_0_and_deviation_1_and_the_held_out_share_the_numbers(
    tmp_path, in_memory
):
    x, y = rows()
    np.save(tmp_path / "t.npy", np.c_[x, y])
    raw = load(tmp_path / "t.npy", held_out=0.3)
    source = load(tmp_path / "t.npy", held_out=0.3, standardise="both", in_memory=in_memory)
    whole = slice(0, 1000)
    train, out = source.take(whole), source.held_out.take(whole)
    mean, std = raw.x.numpy().mean(0), raw.x.numpy().std(0)
    assert np.allclose(train.x.numpy().mean(0), 0, atol=1e-12)
    assert np.allclose(train.x.numpy().std(0), 1, atol=1e-12)
    assert np.allclose(out.x.numpy(), (raw.held_out.x.numpy() - mean) / std, atol=1e-12)
    assert np.allclose(train.y.numpy(), (raw.y.numpy() - raw.y.numpy().mean()) / raw.y.numpy().std())
    assert np.allclose([column.mean for column in source.preparation.x], mean)
    assert np.allclose([column.std for column in source.preparation.x], std)


@given(st.integers(1, 40), st.integers(1, 3), st.floats(-1e6, 1e6), st.floats(1e-3, 1e3), st.integers(0, 99))
def test_moments_over_blocks_are_those_of_the_whole(n, columns, mean, std, seed):
    from chalknet.data.columns.statistics import _Moments

    values = np.random.default_rng(seed).normal(mean, std, (n, columns))
    values[np.random.default_rng(seed).random(values.shape) < 0.2] = np.nan
    moments = _Moments.none(columns)
    for first in range(0, n, 7):
        moments.add(values[first : first + 7])
    for column in range(columns):
        there = values[~np.isnan(values[:, column]), column]
        found_mean, found_std = moments.scale(column)
        assert moments.count[column] == len(there)
        if len(there) > 1:
            assert np.isclose(found_mean, there.mean())
            assert np.isclose(found_std, there.std(), rtol=1e-4)


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e9 + 0.1, -3.3])
def test_a_column_that_never_changes_becomes_zero_and_not_noise(constant):
    x = np.c_[np.full(999, constant), np.arange(999)]
    source = load((x, np.arange(999)), standardise=True)
    assert source.x[:, 0].abs().max() <= 1e-13 * abs(constant)  # rounding, not rounding made large
    assert source.preparation.x[0].std == 1


def test_gaps_are_filled_from_the_training_rows_and_then_standardised(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,c,y\n1,,5,0\n2,4,,1\n9,6,7,2\n,8,8,3\n")
    source = load(path, fill={"a": "mean", "b": "median", "c": -1})
    assert source.x.tolist() == [[1, 6, 5], [2, 4, -1], [9, 6, 7], [4, 8, 8]]
    assert [column.fill for column in source.preparation.x] == [4, 6, -1]
    scaled = load(path, fill={"a": "mean", "b": "median", "c": -1}, standardise=True)
    plain = source.x.numpy().astype(float)
    assert np.allclose(scaled.x.numpy(), (plain - plain.mean(0)) / plain.std(0), atol=1e-6)
    half = load(path, fill="mean", held_out=0.25)
    gone = half.held_out.y.item()
    values = [value for row, value in enumerate([1, 2, 9, None]) if row != gone and value is not None]
    assert np.isclose(half.preparation.x[0].fill, np.mean(values))


def test_a_word_of_its_own_may_stand_for_what_is_missing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("c,y\nx,0\n,1\nz,2\n")
    source = load(path, one_hot=True, fill={"c": "unknown"})
    assert source.preparation.x[0].words == ("unknown", "x", "z")
    assert source.x.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert load(path, one_hot=True, fill={"c": "x"}).x.tolist() == [[1, 0], [1, 0], [0, 1]]


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_category_that_no_training_row_has_is_refused_or_zero_or_the_most_frequent_as_was_said(
    tmp_path, in_memory
):
    path = tmp_path / "t.csv"
    path.write_text("c,y\n" + "x,0\n" * 3 + "only,1\n" + "z,2\n" * 4)
    options = {"one_hot": True, "in_memory": in_memory}
    parted = []
    for share in (0.15, 0.3, 0.45, 0.6, 0.75):
        source = load(path, **options, held_out=share, unknown="missing")
        if "only" in source.preparation.x[0].words:
            continue
        parted.append(share)
        found = source.held_out.take(slice(0, 8))
        assert found.x[found.y.tolist().index(1)].tolist() == [0] * source.x_shape[0]
        assert any("column c: 1 held-out values" in note for note in source.notes)
        with pytest.raises(
            DataError, match=r"got 'only', which the training rows did not have.*unknown='missing'"
        ):
            load(path, **options, held_out=share)
    assert parted
    (tmp_path / "h.csv").write_text("y,c\n0,x\n1,zz\n")
    with pytest.raises(DataError, match=r"column 'c', row 1 .*'zz', which .* wanted one of only, x, z"):
        load(path, **options, held_out=tmp_path / "h.csv")
    frequent = load(path, **options, held_out=tmp_path / "h.csv", unknown="most-frequent")
    assert frequent.held_out.take(slice(0, 2)).x.tolist() == [[0, 1, 0], [0, 0, 1]]


def test_held_out_files_are_treated_as_the_training_rows_were_whatever_their_columns_order(tmp_path):
    (tmp_path / "t.csv").write_text("a,c,y\n1,x,0\n3,z,1\n")
    (tmp_path / "h.csv").write_text("y,extra,c,a\n1,9,z,5\n")
    for in_memory in (True, False):
        source = load(
            tmp_path / "t.csv",
            one_hot=True,
            standardise=True,
            held_out=tmp_path / "h.csv",
            in_memory=in_memory,
        )
        sample = source.held_out.take(slice(0, 1))
        assert (sample.x.tolist(), sample.y.tolist()) == ([[3, 0, 1]], [1])
    arrays = load((np.array([[1.0], [3.0]]), np.arange(2)), standardise=True, held_out=([[5.0]], [1]))
    assert arrays.held_out.x.tolist() == [[3]]


@pytest.mark.parametrize(("dtype", "largest"), [("float32", 3e38), ("float64", 1e308)])
@pytest.mark.parametrize("seed", range(20))
def test_a_number_that_is_beyond_its_dtype_once_standardised_is_named(dtype, largest, seed):
    random = np.random.default_rng(seed)
    stds = 10.0 ** random.integers(-3, 4, 3)
    columns = tuple(PreparedColumn(name, 1.0, std) for name, std in zip("abc", stds, strict=True))
    preparation = Preparation(columns, columns[:1], dtype)
    x = random.normal(size=(40_000, 3))  # in several parts
    assert np.allclose(preparation.apply(x), (x - 1) / stds, rtol=1e-6)
    row, i = random.integers(40_000), random.integers(3)
    beyond = tuple(
        PreparedColumn(c.name, 1.0, float(c.std) if c is not columns[i] else 1e-5) for c in columns
    )
    x[row, i] = largest / 10
    with pytest.raises(
        DataError, match=f"column '{'abc'[i]}', row {row} of these.*beyond {dtype} once it is"
    ):
        Preparation(beyond, (), dtype).apply(x)
    with pytest.raises(
        DataError, match=rf"column '{'abc'[i]}', row 2 of these.*standardised: less the mean 1"
    ):
        Preparation((), beyond[i : i + 1], dtype).apply_target(np.array([1.0, 1.0, largest / 10]))


def test_a_prediction_beyond_float32_in_its_own_unit_is_float64():
    preparation = Preparation((), (PreparedColumn("price", 1e200, 1e199),))
    yhat = np.array([[0.0], [2.0]], np.float32)
    assert np.allclose(preparation.restore(yhat), [[1e200], [1.2e200]])
    small = Preparation((), (PreparedColumn("price", 10.0, 2.0),))
    assert small.restore(np.array([[1.0], [np.inf]], np.float32)).tolist() == [[12.0], [np.inf]]
    assert small.restore(yhat).dtype == np.float32


def test_it_is_plain_data_that_json_keeps():
    one = Preparation(
        (PreparedColumn("a", 1 / 3, 0.1, fill=2.5), PreparedColumn("c", words=("x", "ü"), fill="x")),
        (PreparedColumn("y", words=("no", "yes")),),
        classes=True,
    )
    assert Preparation.from_json(one.to_json()) == one
    assert json.loads(one.to_json())["x"][0]["mean"] == 1 / 3
    with pytest.raises(ValueError, match="no preparation"):
        Preparation.from_json('{"x": [{"nome": "a"}], "y": []}')
    with pytest.raises(ValueError, match="no preparation"):
        Preparation.from_json('{"x": [], "y": [], "reading": {"a": 1}}')


def test_arrays_with_gaps_are_filled_and_images_standardised_value_by_value():
    x = np.array([[1.0, np.nan], [3.0, 4.0]])
    assert load((x, [0, 1]), fill="mean").x.tolist() == [[1, 4], [3, 4]]
    with pytest.raises(DataError, match="row 0"):
        load((x, [0, 1]))
    images = torch.rand(20, 3, 4)
    source = load((images, torch.arange(20)), standardise=True)
    assert source.x_shape == (3, 4)
    assert torch.allclose(source.x, (images - images.mean(0)) / images.std(0, unbiased=False), atol=1e-5)


def test_options_for_columns_are_refused_where_there_are_none():
    for options in ({"x": [0]}, {"y": 0}, {"one_hot": True}, {"classes": True}):
        with pytest.raises(InvalidValue, match="columns chosen of what is no table"):
            load("mnist01", **options)

    class Own:
        def __len__(self):
            return 3

        def take(self, rows):
            return torch.zeros(3, 1)[rows], torch.zeros(3)[rows]

    with pytest.raises(InvalidValue, match="makes its own rows"):
        load(Own(), standardise=True)


def test_a_list_of_columns_to_standardise_may_name_the_target():
    x, y = rows()
    table = {"a": x[:, 0], "b": x[:, 1], "y": y}
    source = load(table, standardise=["b", "y"])
    assert torch.allclose(source.x[:, 0].double(), torch.from_numpy(x[:, 0]), rtol=1e-6)
    assert source.x[:, 1].std().item() == pytest.approx(1, abs=0.01)
    assert source.y.std().item() == pytest.approx(1, abs=0.01)
    with pytest.raises(ChalknetError):
        load(table, standardise=["z"])
