"""Predicting with a result, a module and a kept run."""

import numpy as np
import pytest
import torch
from torch import nn

import chalknet as cn
from chalknet.errors import InvalidValue, ShapeMismatch

X = torch.randn(7, 3)


def test_a_prediction_is_the_module_in_evaluation_mode_without_gradients():
    net = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 2))
    yhat = cn.predict(net, X)
    assert net.training
    assert torch.equal(yhat, net.eval()(X).detach())
    assert np.array_equal(yhat.raw, np.asarray(yhat))
    assert (yhat.classes, yhat.probabilities, yhat.values) == (None, None, None)


def test_the_same_prediction_from_a_result_a_folder_and_a_file_of_features(tmp_path):
    result = cn.fit(cn.read("3 -> 1"), (X, X[:, :1]), loss="mse", updates=2, out=tmp_path / "run")
    np.save(tmp_path / "x.npy", X.numpy())
    wanted = result.module(X).detach()
    assert torch.equal(cn.predict(result, X.numpy()), wanted)
    assert torch.allclose(cn.predict(tmp_path / "run", tmp_path / "x.npy"), wanted, rtol=1e-6, atol=1e-6)


def test_images_are_laid_out_as_in_the_fit():
    images = torch.rand(5, 2, 2)
    result = cn.fit(cn.read("4 -> 1"), (images, torch.rand(5)), loss="mse", updates=1)
    assert torch.equal(cn.predict(result, images), cn.predict(result, images.reshape(5, 4)))


def test_other_features_are_refused_with_both_numbers():
    result = cn.fit(cn.read("3 -> 1"), (X, X[:, 0]), loss="mse", updates=1)
    with pytest.raises(ShapeMismatch, match=r"\(7, 2\); wanted 3 features a row"):
        cn.predict(result, X[:, :2])
    with pytest.raises(ShapeMismatch, match="what the module takes"):
        cn.predict(nn.Linear(5, 1), X)


def test_something_that_was_not_fitted_is_refused():
    with pytest.raises(InvalidValue, match="Fit the network first"):
        cn.predict(cn.read("3 -> 1"), X)


HOUSES = "size,city,rooms,price\n50,x,2,100\n80,y,,170\n65,x,3,140\n120,z,5,260\n"


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Give the folder of a fit to a table, and its source."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "houses.csv").write_text(HOUSES)
    source = cn.load(tmp_path / "houses.csv", one_hot=True, fill="mean", standardise="both")
    options = {"loss": "mse", "optimizer": "adam", "lr": 0.05, "updates": 300, "out": tmp_path / "run"}
    return cn.fit(cn.read("5 -> 8 tanh -> 1"), source, **options), source, tmp_path


def test_a_kept_run_treats_new_rows_as_the_training_rows_were(kept):
    result, source, folder = kept
    mean, std = source.preparation.y[0].mean, source.preparation.y[0].std
    wanted = result.module(source.x).detach() * std + mean
    assert torch.allclose(wanted.flatten(), torch.tensor([100.0, 170, 140, 260]), atol=5)
    (folder / "new.csv").write_text("rooms,note,city,size\n2,?,x,50\n,?,y,80\n3,?,x,65\n5,?,z,120\n")
    columns = {"city": ["x", "y", "x", "z"], "size": [50, 80, 65, 120], "rooms": [2, np.nan, 3, 5]}
    for data in (folder / "new.csv", folder / "houses.csv", source, columns):
        assert torch.allclose(cn.predict(folder / "run", data), wanted, rtol=1e-6)
        assert torch.allclose(cn.predict(result, data), wanted, rtol=1e-6)
    assert cn.load_run(folder / "run").preparation == source.preparation


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "sise,city,rooms\n50,x,2\n",
            "got no size, but sise; wanted the columns of the fit: size, city",
        ),
        ("city,rooms\nx,2\n", "got no size; wanted .*add those that are missing"),
        (
            "size,city,rooms\n50,zz,2\n",
            "column 'city', row 0 .*got 'zz', which the training rows did not have; "
            "wanted one of x, y, z.*unknown='missing'",
        ),
        ("size,city,rooms\n,x,2\n", None),
        ("size,city,rooms\n50,,2\n", "column 'city' of new.csv, row 0.*missing"),
        (
            "size,city,rooms\nbig,x,2\n",
            "column 'size' of new.csv, line 2: got 'big', text; wanted numbers, as in the training rows",
        ),
        ("size,city,rooms\n50,x,inf\n", "column 'rooms' of new.csv, row 0.*inf"),
    ],
)
def test_new_rows_that_do_not_fit_are_refused_by_column(kept, text, said):
    _, _, folder = kept
    (folder / "new.csv").write_text(text)
    if said is None:
        assert len(cn.predict(folder / "run", folder / "new.csv")) == 1
        return
    with pytest.raises(cn.ChalknetError, match=said):
        cn.predict(folder / "run", folder / "new.csv")


def test_rows_without_names_and_rows_treated_otherwise_are_refused(kept):
    result, _, folder = kept
    with pytest.raises(ShapeMismatch, match="wanted the columns size, city, rooms"):
        cn.predict(result, np.zeros((2, 3)))
    other = cn.load(folder / "houses.csv", one_hot=True, fill=0)
    with pytest.raises(cn.ChalknetError, match="by its own rows"):
        cn.predict(result, other)


def test_standardised_arrays_are_predicted_by_place():
    x = torch.tensor([[1.0, 10], [3, 50], [8, 20]])
    source = cn.load((x, x.sum(1)), standardise=True)
    result = cn.fit(cn.read("2 -> 1"), source, loss="mse", updates=3)
    assert torch.equal(cn.predict(result, x), result.module(source.x).detach())
    with pytest.raises(ShapeMismatch, match="3 numbers a row"):
        cn.predict(result, torch.zeros(2, 3))
