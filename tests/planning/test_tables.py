"""The tables of losses and optimizers against torch itself."""

import inspect
import math

import pytest
import torch

from chalknet.engine import optimizer_class
from chalknet.planning import LOSSES, OPTIMIZERS, Recipe


@pytest.mark.parametrize("row", OPTIMIZERS.values(), ids=lambda row: row.name)
def test_the_defaults_of_an_optimizer_are_torchs(row):
    signature = inspect.signature(optimizer_class(row)).parameters
    assert signature["lr"].default == row.lr
    assert {name: signature[name].default for name in row.options} == row.options


@pytest.mark.parametrize("row", LOSSES.values(), ids=lambda row: row.name)
def test_a_loss_is_found_under_its_name_its_aliases_and_its_torch_class(row):
    for spelling in (row.name, *row.aliases, row.torch_class.rpartition(".")[2], row.name.upper()):
        assert Recipe(loss=spelling, updates=1).loss == row.name


FORMULAS = {
    "bce": lambda p, y: -(y * math.log(p) + (1 - y) * math.log(1 - p)),
    "bce_logits": lambda z, y: math.log(1 + math.exp(z)) - y * z,
    "mse": lambda yhat, y: (yhat - y) ** 2,
    "l1": lambda yhat, y: abs(yhat - y),
    "huber": lambda yhat, y: (yhat - y) ** 2 / 2 if abs(yhat - y) < 1 else abs(yhat - y) - 0.5,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_torch_class_of_a_loss_computes_its_formula(name):
    yhat, y = [0.2, 0.9, 0.5], [0.0, 1.0, 0.25]
    module = getattr(torch.nn, LOSSES[name].torch_class)(reduction="none")
    got = module(torch.tensor(yhat, dtype=torch.float64), torch.tensor(y, dtype=torch.float64)).tolist()
    assert got == pytest.approx([FORMULAS[name](a, b) for a, b in zip(yhat, y, strict=True)])
