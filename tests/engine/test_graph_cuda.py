"""The graph engine on a CUDA device: captured graphs against the eager engine there."""

import pytest
import torch
from tests.engine.graph_fits import NETWORKS, RECIPES, arrays, assert_same_weights, opened, weights_of
from torch import nn

import chalknet as cn
from chalknet.data import ArraySource
from chalknet.errors import Refused
from chalknet.planning import Recipe

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here"),
]


def on_cuda(engine, network, recipe, **given):
    return opened(engine, network, recipe, device="cuda", **given)


@pytest.mark.parametrize("batch_size", [None, 1, 4, 23])
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("shuffle", [False, True])
def test_losses_and_weights_equal_those_of_eager(recipe, batch_size, shuffle):
    name, options = RECIPES[recipe]
    asked = Recipe(
        "mse", name, options, lr=0.01, batch_size=batch_size, shuffle=shuffle, updates=4_000, seed=7
    )
    eager, ours = (on_cuda(engine, cn.read(NETWORKS[1]), asked) for engine in ("eager", "graph"))
    for updates in (1, 2, 150):
        wanted = eager.advance(updates).losses
        assert list(ours.advance(updates).losses) == pytest.approx(list(wanted), rel=1e-10, abs=1e-10)
    assert_same_weights(ours, eager)


@pytest.mark.parametrize("loss", ["mse", "l1", "huber", "bce", "bce_logits", "cross_entropy"])
def test_every_loss_is_captured(loss):
    recipe = Recipe(loss, "adam", batch_size=5, updates=4_000)
    eager, ours = (on_cuda(engine, cn.read(NETWORKS[2]), recipe) for engine in ("eager", "graph"))
    wanted = eager.advance(60).losses
    assert list(ours.advance(60).losses) == pytest.approx(list(wanted), rel=1e-10)


def test_dropout_draws_what_eager_draws_on_the_same_device():
    recipe = Recipe("mse", "adam", batch_size=4, shuffle=True, updates=4_000, seed=3)
    network = cn.read("3 -> 64 relu dropout(0.3) -> 2")
    eager, ours = (on_cuda(engine, network, recipe) for engine in ("eager", "graph"))
    assert list(ours.advance(100).losses) == pytest.approx(list(eager.advance(100).losses), rel=1e-9)


def test_dropout_is_another_one_at_each_update_and_the_same_from_the_same_seed():
    p, width = 0.3, 2_000

    def losses():
        module = nn.Sequential(nn.Linear(1, width, bias=False), nn.Dropout(p)).double()
        nn.init.ones_(module[0].weight)
        x, y = torch.ones(4, 1, dtype=torch.float64), torch.zeros(4, width, dtype=torch.float64)
        recipe = Recipe("l1", lr=0.0, batch_size=2, updates=4_000)
        session = on_cuda("graph", None, recipe, module=module, source=ArraySource(x, y))
        return torch.tensor(session.advance(200).losses, dtype=torch.float64)

    found = losses()
    deviation = (p / (1 - p) / (2 * width)) ** 0.5
    assert len(set(found.tolist())) > 60  # one mask for all replays of 32 updates would leave 34
    assert abs(found.mean().item() - 1) < 5 * deviation / 200**0.5
    assert found.std().item() == pytest.approx(deviation, rel=0.3)
    assert torch.equal(found, losses())


def test_its_state_goes_on_bit_for_bit_and_on_the_cpu_too():
    recipe = Recipe("mse", "adam", batch_size=4, shuffle=True, updates=4_000, seed=5)
    network = cn.read(NETWORKS[1])
    whole = on_cuda("graph", network, recipe)
    whole.advance(41)
    state = whole.state()
    losses = whole.advance(70).losses
    again, on_cpu = on_cuda("graph", network, recipe), opened("eager", network, recipe)
    again.restore(state), on_cpu.restore(state)
    assert again.advance(70).losses == losses
    assert list(on_cpu.advance(70).losses) == pytest.approx(list(losses), rel=1e-9)


def test_a_convolution_with_norm_is_captured():
    def module():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
            nn.Linear(144, 2),
        ).double()  # fmt: skip

    source = ArraySource(*arrays("cross_entropy", n=50, features=64))
    recipe = Recipe("cross_entropy", "adam", batch_size=8, updates=4_000)
    eager, ours = (
        on_cuda(engine, None, recipe, module=module(), source=source) for engine in ("eager", "graph")
    )
    # cuDNN may choose other algorithms, which add in another order
    assert list(ours.advance(30).losses) == pytest.approx(list(eager.advance(30).losses), rel=1e-6)
    assert ours.module[2].num_batches_tracked == eager.module[2].num_batches_tracked == 30


def test_after_a_capture_that_failed_weights_and_dropout_are_as_if_it_had_not_been_tried():
    class Asks(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(1)
            self.linear, self.drop = nn.Linear(3, 2).double(), nn.Dropout(0.5)

        def forward(self, x):
            x = self.drop(x)
            return self.linear(x) * (1 if x.sum() > 0 else 2)

    recipe = Recipe("mse", "adam", batch_size=4, updates=4_000)
    module = Asks()
    before = weights_of(module)
    with pytest.raises(Refused, match="while an update was warmed up or captured: "):
        on_cuda("graph", None, recipe, module=module)
    assert all(torch.equal(before[name], value) for name, value in weights_of(module).items())
    tried = on_cuda("eager", None, recipe, module=module).advance(20).losses
    assert tried == on_cuda("eager", None, recipe, module=Asks()).advance(20).losses
    network = cn.read("3 -> 4 dropout(0.5) -> 2")  # and the next capture succeeds
    assert len(on_cuda("graph", network, recipe).advance(60).losses) == 60


def test_data_larger_than_half_of_the_free_memory_comes_in_blocks(monkeypatch):
    recipe = Recipe("mse", "adam", batch_size=5, shuffle=True, updates=4_000)
    wanted = on_cuda("graph", cn.read(NETWORKS[1]), recipe).advance(80).losses
    monkeypatch.setattr("chalknet.engine.graph.recorder.CudaRecorder.free_bytes", lambda self: 0)
    assert on_cuda("graph", cn.read(NETWORKS[1]), recipe).advance(80).losses == wanted
