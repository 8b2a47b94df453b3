"""Fits by the graph engine and by others, opened for its tests."""

import torch
from tests.engine.strict_recorder import StrictRecorder

from chalknet.data import ArraySource, Batches
from chalknet.engine import ENGINES
from chalknet.engine.graph.session import GraphSession
from chalknet.planning import DataFacts, Placement, Plan

RECIPES = {
    "sgd": ("sgd", {"weight_decay": 0.01}),
    "momentum": ("sgd", {"momentum": 0.9, "dampening": 0.3}),
    "nesterov": ("sgd", {"momentum": 0.8, "nesterov": True}),
    "adam": ("adam", {"betas": (0.8, 0.99), "amsgrad": True}),
    "adamw": ("adamw", {"weight_decay": 0.1}),
    "rmsprop": ("rmsprop", {}),
    "rmsprop centered": ("rmsprop", {"momentum": 0.5, "centered": True}),
}
NETWORKS = ("3 -> 2", "3 -> 5 relu -> 4 nobias tanh -> 2", "3 -> 1 nobias gelu -> 6 softplus -> 2 sigmoid")


def arrays(loss, n=23, features=3):
    generator = torch.Generator().manual_seed(n)
    x = torch.randn(n, features, generator=generator, dtype=torch.float64)
    if loss == "cross_entropy":
        return x, torch.randint(0, 2, (n,), generator=generator)
    return x, torch.rand(n, 2, generator=generator, dtype=torch.float64)


def opened(
    engine, network, recipe, *, recorder=None, module=None, source=None, dtype="float64", device="cpu"
):
    """Open a session; the graph engine's on the CPU with a strict recorder."""
    source = source or ArraySource(*arrays(recipe.loss))
    facts = DataFacts("data", len(source), source.x_shape, source.y_shape)
    batches = Batches(source, recipe.batch_size, recipe.shuffle, recipe.drop_last)
    placement = Placement(device, dtype, 2)
    plan = Plan(network, "", recipe, facts, placement, engine, recipe.updates, batches.updates_per_epoch)
    if engine == "graph" and device == "cpu":
        return GraphSession(plan, batches, module, recorder or StrictRecorder())
    return ENGINES[engine].open(plan, batches, module)


def weights_of(module):
    return {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}


def assert_same_weights(ours, theirs, tolerance=1e-10):
    found = weights_of(ours.module)
    for name, value in weights_of(theirs.module).items():
        torch.testing.assert_close(found[name], value, rtol=tolerance, atol=tolerance)
