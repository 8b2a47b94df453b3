"""Fits of networks with steps for tables: eager against scripts by hand, modes, kept and resumed state."""

import random

import numpy as np
import pytest
import torch
from tests.table_networks import random_network
from torch import nn

import chalknet as cn
from chalknet.module import build
from chalknet.network import BatchNorm, Linear, Network

NET = "4 -> 8 batchnorm relu -> 6 prelu layernorm -> 1"


def data(n=200, features=4, outputs=1):
    x = torch.randn(n, features, generator=torch.Generator().manual_seed(0))
    return x, torch.cat([(x[:, :1] * 2 - x[:, -1:]).tanh()] * outputs, dim=1)


def by_hand(module, x, y, *, batch_size, epochs, lr):
    """Return the losses of a plain script."""
    optimizer, losses = torch.optim.SGD(module.parameters(), lr=lr), []
    for _ in range(epochs):
        for at in range(0, len(x), batch_size):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(module(x[at : at + batch_size]), y[at : at + batch_size])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


def same_state(one, other):
    one, other = one.state_dict(), other.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_fit_by_eager_is_the_script_by_hand_to_the_last_bit():
    x, y = data()
    torch.manual_seed(1)
    module = nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(),
        nn.Linear(8, 6), nn.PReLU(), nn.LayerNorm(6), nn.Linear(6, 1),
    )  # fmt: skip
    losses = by_hand(module, x, y, batch_size=40, epochs=3, lr=0.1)
    fit = cn.fit(NET, (x, y), loss="mse", batch_size=40, epochs=3, lr=0.1, engine="eager", seed=1)
    assert list(fit.history.loss) == losses
    assert same_state(fit.module, module)


@pytest.mark.parametrize("seed", range(12))
def test_a_random_network_is_built_fitted_and_read_like_its_module(seed):
    network = random_network(random.Random(seed), outputs=1)
    x, y = data(60, network.input_shape[0])
    module = build(network, seed=seed)
    assert cn.read(module) == network
    losses = by_hand(build(network, seed=seed), x, y, batch_size=20, epochs=2, lr=0.01)
    fit = cn.fit(network, (x, y), loss="mse", batch_size=20, epochs=2, lr=0.01, engine="eager", seed=seed)
    assert list(fit.history.loss) == losses


@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
def test_what_is_held_out_is_evaluated_by_running_averages_and_moves_none(engine):
    x, y = data()
    fit = cn.fit(
        NET, (x[:160], y[:160]), loss="mse", batch_size=40, epochs=3, lr=0.1, engine=engine,
        held_out=(x[160:], y[160:]), evaluate_every=1, dtype="float64",
    )  # fmt: skip
    module = fit.module.eval()
    with torch.no_grad():
        wanted = nn.functional.mse_loss(module(x[160:].double()), y[160:].double())
    assert fit.history[-1].held_out == pytest.approx(wanted.item(), rel=1e-9)
    without = cn.fit(
        NET, (x[:160], y[:160]), loss="mse", batch_size=40, epochs=3, lr=0.1, engine=engine, dtype="float64"
    )
    assert same_state(fit.module, without.module)
    assert fit.module[1].num_batches_tracked == 12
    np.testing.assert_allclose(cn.predict(fit, x), module(x.double()).detach(), rtol=1e-12)


@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
def test_a_fit_goes_on_bit_for_bit_with_its_running_averages(engine, tmp_path):
    asked = {"loss": "mse", "batch_size": 40, "lr": 0.1, "engine": engine, "seed": 3, "shuffle": True}
    whole = cn.fit(NET, data(), updates=23, **asked)
    cn.fit(NET, data(), updates=9, **asked, out=tmp_path / "run")
    resumed = cn.resume(tmp_path / "run", data=data(), updates=23)
    assert same_state(whole.module, resumed.module)
    assert list(whole.history.loss) == list(resumed.history.loss)
    x, _ = data()
    assert np.array_equal(cn.predict(tmp_path / "run", x), cn.predict(resumed, x))


@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
@pytest.mark.parametrize("size", [1, 199])
def test_a_batch_of_one_sample_is_refused_with_what_helps(engine, size):
    with pytest.raises(
        cn.Refused, match=r"BatchNorm1d.*too few to be mapped in training.*batch_size=2"
    ) as refused:
        cn.fit(NET, data(), loss="mse", batch_size=size, epochs=1, engine=engine)
    assert size == 1 or "drop_last=True" in str(refused.value)
    if size == 199:
        cn.fit(NET, data(), loss="mse", batch_size=size, epochs=1, engine=engine, drop_last=True)


def test_a_norm_in_evaluation_mode_keeps_its_averages_on_both_engines():
    x, y = (each.double() for each in data())

    def fitted(engine):
        module = build(Network(4, (Linear(8), BatchNorm(), Linear(1))), seed=0).double()
        module(x + 1), module[1].eval()
        kept = module[1].running_mean.clone()
        fit = cn.fit(module, (x, y), loss="mse", batch_size=40, epochs=2, engine=engine, dtype="float64")
        assert torch.equal(module[1].running_mean, kept)
        return list(fit.history.loss)

    assert fitted("fused_cpu") == pytest.approx(fitted("eager"), abs=1e-10)


def test_buffers_are_counted_beside_the_parameters():
    counts = cn.count(NET)
    module = build(cn.read(NET))
    assert counts.parameters == sum(parameter.numel() for parameter in module.parameters())
    assert counts.buffers == sum(buffer.numel() for buffer in module.buffers()) == 17
    assert counts.layers == 3 and counts.nodes == (8, 6, 1)
    assert "buffers        17" in str(counts)
    assert "buffers" not in str(cn.count("4 -> 1"))
