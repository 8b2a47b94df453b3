"""Fits by the engine fused_cuda, on a device or in the emulator, beside the eager engine on the CPU."""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.engine.test_fused_cpu import samples

from chalknet.data import ArraySource, Batches
from chalknet.engine import Eager
from chalknet.engine.fused_cuda import engine
from chalknet.engine.fused_cuda.session import FusedCudaSession
from chalknet.network import (
    Activation,
    BatchNorm,
    Dropout,
    Embed,
    LayerNorm,
    Linear,
    Network,
    PReLU,
    Residual,
)
from chalknet.planning import DataFacts, Placement, Plan, Recipe

ONE_BLOCK, CLUSTER, GRID = range(3)
MEETINGS = {"one block": ONE_BLOCK, "a cluster": CLUSTER, "a grid": GRID}

# The first is walked by hidden units, the others by phases; the last one has a wide Linear in front.
NETWORKS = {
    "hidden units": Network(2, (Linear(70), Activation("tanh"), Linear(2), Activation("sigmoid"))),
    "hidden relu": Network(3, (Linear(150), Activation("relu"), Linear(1), Activation("sigmoid"))),
    "chain": Network(
        (2, 3), (Linear(5), Activation("tanh"), Linear(4, bias=False), Activation("softmax"), Linear(2))
    ),
    "thin": Network(5, (Linear(9), Activation("tanh"), Linear(6), Activation("softmax"), Linear(2))),
    "wide": Network(150, (Linear(300), Activation("relu"), Linear(3), Activation("sigmoid"))),
}

# Each has one kind of step beside Linears and activations: behind them, in front of them, and in their forms.
STEP_NETWORKS = {
    "slopes": Network(
        3, (PReLU(per_feature=True), Linear(9), PReLU(), Linear(5), PReLU(init=-0.3), Linear(2))
    ),
    "layer norms": Network(
        5, (LayerNorm(), Linear(9), LayerNorm(affine=False), Linear(40), LayerNorm(bias=False), Linear(2))
    ),
    "batch norms": Network(
        5, (BatchNorm(), Linear(9), BatchNorm(affine=False), Activation("tanh"), Linear(40),
            BatchNorm(bias=False), Activation("relu"), Linear(6), Activation("tanh"), Linear(2))
    ),
    "residual blocks": Network(
        5, (Residual((Activation("tanh"), Linear(9), Activation("relu"), Linear(5))), Linear(6),
            Residual((Residual((PReLU(),)), Linear(7), Linear(6))), Activation("tanh"), Linear(2))
    ),
    "embeddings": Network(5, (Embed(4, 3), Embed(3, 2), Linear(9), Activation("tanh"), Linear(2))),
}  # fmt: skip


def inputs_of(network, n):
    """Return x whose first columns are categories where the network begins with embeddings."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, *network.input_shape, generator=generator, dtype=torch.float64)
    for column, step in enumerate(step for step in network.steps if isinstance(step, Embed)):
        x[:, column] = torch.randint(0, step.categories, (n,), generator=generator)
    return x


def table_data(network, n):
    return inputs_of(network, n), samples("mse", n, network, torch.float64)[1]


def plan_for(network, recipe, source, dtype, device):
    facts = DataFacts("data", len(source), source.x_shape, source.y_shape)
    return Plan(network, "", recipe, facts, Placement(device, dtype, 1), "", None, 1)


def opened(network, recipe, data, machine=None, dtype="float64", device="cpu", module=None):
    """Open a session of fused_cuda, or of eager where there is no machine."""
    source = ArraySource(*data)
    batches = Batches(source, recipe.batch_size, recipe.shuffle, recipe.drop_last)
    if machine is None:
        return Eager().open(plan_for(network, recipe, source, dtype, "cpu"), batches, module)
    return FusedCudaSession(plan_for(network, recipe, source, dtype, device), batches, module, machine)


def made(session, stretches):
    losses = [loss for updates in stretches for loss in session.advance(updates).losses]
    weights = [parameter.detach().cpu().numpy() for parameter in session.module.parameters()]
    return SimpleNamespace(losses=losses, weights=weights)


def both(network, recipe, n, machine, dtype="float64", device="cpu", stretches=(3, 1, 5)):
    """Return losses and weights of eager and of fused_cuda; the latter's in several stretches."""
    data = samples(recipe.loss, n, network, getattr(torch, dtype))
    eager = made(opened(network, recipe, data, None, dtype), [sum(stretches)])
    ours = made(opened(network, recipe, data, machine, dtype, device), stretches)
    return eager, ours


def assert_same(eager, ours, tolerance=1e-10):
    np.testing.assert_allclose(ours.losses, eager.losses, rtol=tolerance, atol=tolerance)
    for mine, theirs in zip(ours.weights, eager.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=tolerance, atol=tolerance)


def network_for(name, loss):
    """Return a network that a loss fits: with an even number of outputs, or with probabilities."""
    steps, outputs = list(NETWORKS[name].steps), Recipe(loss, updates=1).loss_row.outputs
    last = max(k for k, step in enumerate(steps) if isinstance(step, Linear))
    steps[last] = Linear(-(-steps[last].out_features // outputs) * outputs)
    ending = [Activation("sigmoid")] if loss == "bce" and last == len(steps) - 1 else []
    return Network(NETWORKS[name].input_shape, (*steps, *ending))


def recipe_for(loss, optimizer="adam", options=None, **more):
    asked = {"lr": 0.01, "batch_size": 7, "shuffle": True, "updates": 9, "seed": 3, **more}
    return Recipe(loss, optimizer, options or {}, **asked)


@contextmanager
def emulated(machine):
    """Have whole fits on the CPU by fused_cuda, in an emulator."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_device_reasons", lambda device: [])
        patch.setattr(engine, "machine_of", lambda device: machine)
        yield


def with_dropout(p=0.4):
    return Network(3, (Dropout(0.2), Linear(9), Activation("relu"), Dropout(p), Linear(2)))
