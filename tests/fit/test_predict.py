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
    assert not yhat.requires_grad
    assert torch.equal(yhat, net.eval()(X).detach())


def test_the_same_prediction_from_a_result_a_folder_and_a_file_of_features(tmp_path):
    result = cn.fit(cn.read("3 -> 1"), (X, X[:, :1]), loss="mse", updates=2, out=tmp_path / "run")
    np.save(tmp_path / "x.npy", X.numpy())
    wanted = result.module(X).detach()
    assert torch.equal(cn.predict(result, X.numpy()), wanted)
    assert torch.equal(cn.predict(tmp_path / "run", tmp_path / "x.npy"), wanted)


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
