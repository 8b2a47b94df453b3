"""What the graph engine refuses: plans, modules that do more than work for the device, failed captures."""

import random

import numpy as np
import pytest
import torch
from tests.engine.graph_fits import arrays, opened, weights_of
from torch import nn

import chalknet as cn
from chalknet.engine import ENGINES, optimizer_class
from chalknet.engine.graph.updates import CAPTURABLE
from chalknet.errors import Refused
from chalknet.planning import OPTIMIZERS, Placement, Recipe


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(2)
        self.linear = nn.Linear(3, 2).double()
        self.calls, self.seen = 0, []
        self.register_buffer("running", torch.zeros(2, dtype=torch.float64))

    def forward(self, x):
        return self.linear(x) + self.extra(x)


class CountsInPython(Part):
    def extra(self, x):
        self.calls += 1
        return 0.1 * self.calls


class KeepsOutputs(Part):
    def extra(self, x):
        self.seen.append(len(x))
        return 0


class DrawsInPython(Part):
    def extra(self, x):
        return random.random()


class ReplacesItsBuffer(Part):
    def extra(self, x):
        self.running = 0.9 * self.running + 1
        return self.running


class MovesItsParameter(Part):
    def extra(self, x):
        self.linear.bias.data = self.linear.bias.data.clone()
        return 0


class KeepsATensor(Part):
    last = None

    def extra(self, x):
        before, self.last = self.last, x.detach().sum()
        return 0 if before is None else before


class AsksTheDevice(Part):
    def extra(self, x):
        return 1 if x.sum() > 0 else 2


class MakesATensor(Part):
    def extra(self, x):
        return torch.tensor([1.0, 2.0], dtype=torch.float64)


class TakesAMask(Part):
    def extra(self, x):
        return x[x[:, 0] > 0].sum()


REFUSED = {
    CountsInPython: "changes calls, a value of Python's",
    KeepsOutputs: "changes seen, a value of Python's",
    DrawsInPython: "draws random numbers of Python's",
    ReplacesItsBuffer: "puts a new tensor in the place of the buffer running",
    MovesItsParameter: "puts a new tensor in the place of the parameter linear.bias",
    KeepsATensor: "changes last, a value of Python's",
}
NOT_CAPTURED = {
    AsksTheDevice: "aten._local_scalar_dense",
    MakesATensor: "aten.lift_fresh",
    TakesAMask: "a mask as an index",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_module_that_does_something_beside_the_device_is_refused_by_name(kind):
    module = kind()
    before = weights_of(module)
    random.seed(4)
    drawn = random.Random(4).random()
    with pytest.raises(Refused, match=REFUSED[kind]) as caught:
        opened("graph", None, Recipe("mse", "adam", updates=400), module=module)
    assert "engine graph" in str(caught.value) and 'engine="eager"' in str(caught.value)
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert module.calls == 0 and random.random() == drawn


@pytest.mark.parametrize("kind", NOT_CAPTURED)
def test_what_torch_will_not_capture_is_refused_in_its_words_and_weights_are_as_before(
    kind, graph_on_the_cpu
):
    module = kind()
    before = weights_of(module)
    words = (
        "got WouldNotCapture while an update was warmed up or captured: "
        f"operation not permitted when stream is capturing ({NOT_CAPTURED[kind]})"
    )
    with pytest.raises(Refused) as caught:
        cn.fit(module, arrays("mse"), loss="mse", updates=400, engine="graph")
    assert words in str(caught.value) and 'engine="eager"' in str(caught.value)
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


@pytest.mark.parametrize("place", ["module", "inner module", "parameter"])
def test_hooks_are_refused_since_they_would_be_called_once(place):
    module = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)).double()
    if place == "parameter":
        module[0].weight.register_hook(lambda gradient: gradient)
    else:
        (module if place == "module" else module[1]).register_forward_hook(lambda *_: None)
    with pytest.raises(Refused, match=r"a hook on .*called only once"):
        opened("graph", None, Recipe("mse", updates=400), module=module)


def test_numpys_random_numbers_are_watched():
    class Draws(Part):
        def extra(self, x):
            return np.random.rand()

    with pytest.raises(Refused, match="numpy's"):
        opened("graph", None, Recipe("mse", updates=400), module=Draws())


# Which plans it takes at all.


def refusals(device="cuda:0", recipe=None, dtype="float32", **placement):
    return ENGINES["graph"].refusals(
        None, recipe or Recipe("mse", updates=9), Placement(device, dtype, 2, **placement)
    )


def test_without_a_cuda_device_every_plan_is_refused_with_the_reason():
    assert refusals("cpu") == ("it runs on a CUDA device, not on cpu",)
    if not torch.cuda.is_available():
        assert refusals() == (f"torch {torch.__version__} sees no CUDA device",)
    with pytest.raises(Refused, match="it runs on a CUDA device, not on cpu") as caught:
        cn.fit(cn.read("1 -> 1"), ([1.0, 2.0], [1.0, 2.0]), loss="mse", updates=3, engine="graph")
    assert 'engine="eager"' in str(caught.value)


def test_what_it_cannot_take_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert refusals() == ()
    assert refusals(processes=2) == ("it runs in one process, not in 2 that share an update",)
    assert refusals(micro_batch=1000) == ("it takes an update whole, not 1,000 samples at a time",)
    assert refusals(dtype="complex64") == (
        "it computes in float32, float64, bfloat16, float16, not in complex64",
    )
    monkeypatch.setattr("chalknet.engine.graph.engine.CAPTURABLE", {})
    assert refusals() == ("sgd has no form that can be captured",)


def test_every_optimizer_of_the_table_has_a_form_that_can_be_captured_and_torch_takes_it():
    assert set(CAPTURABLE) == set(OPTIMIZERS) - {
        "adagrad",
        "lbfgs",
    }  # which count on the CPU, or ask for losses
    for name, how in CAPTURABLE.items():
        optimizer = optimizer_class(OPTIMIZERS[name])([nn.Parameter(torch.ones(1))], **how)
        # SGD and Lion count no steps; for the others torch refuses a capture without it
        assert name in ("sgd", "lion") or optimizer.param_groups[0]["capturable"]


def test_what_the_first_update_sets_up_may_stay_and_stays_alive():
    class SetsUp(Part):
        """Makes a table at its first call, as rotary embeddings do."""

        table = None

        def extra(self, x):
            if self.table is None:
                self.table = torch.full((2,), 0.5, dtype=torch.float64)
            return self.table

    recipe = Recipe("mse", lr=0.1, batch_size=4, updates=400)
    ours, eager = (opened(engine, None, recipe, module=SetsUp()) for engine in ("graph", "eager"))
    assert list(ours.advance(20).losses) == pytest.approx(list(eager.advance(20).losses), rel=1e-10)
    assert any(value is ours.module.table for value in ours._captured_inputs._seen.values())
