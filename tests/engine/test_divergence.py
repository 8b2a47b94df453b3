"""Divergence means the same wherever a fit runs: the same last update, by every engine, on every device."""

import math

import pytest
import torch
from tests.engine.graph_fits import opened

import chalknet as cn
from chalknet.data import ArraySource
from chalknet.planning import Recipe

CUDA = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here"),
]
PLACES = (
    ("graph", "cpu"),
    ("fused_cpu", "cpu"),
    pytest.param("eager", "cuda", marks=CUDA),
    pytest.param("graph", "cuda", marks=CUDA),
)
LOSSES = {"bce": " sigmoid", "bce_logits": "", "cross_entropy": "", "mse": "", "l1": "", "huber": ""}


def losses(engine, device, loss, sizes):
    """Return the losses of updates of one sample each, up to the first that is infinite or no number."""
    generator = torch.Generator().manual_seed(3)
    x = torch.tensor(sizes, dtype=torch.float64)[:, None]
    y = torch.rand(len(x), 2, generator=generator, dtype=torch.float64)
    y = (y[:, 0] > 0.5).long() if loss == "cross_entropy" else y
    network = cn.read(f"1 -> 40 relu -> 2{LOSSES[loss]}")
    recipe = Recipe(loss, lr=1e38, batch_size=1, updates=len(x))
    found = opened(engine, network, recipe, source=ArraySource(x, y), device=device).advance(len(x)).losses
    end = next((at for at, value in enumerate(found, 1) if not math.isfinite(value)), len(found))
    return list(found[:end])


@pytest.mark.parametrize(("engine", "device"), PLACES)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_fit_diverges_at_the_same_update_everywhere(engine, device, loss):
    sizes = [0.5, -0.25, 1.0, 0.75, 1e300, 1.0, 1.0]  # the weights grow, then h is infinite and yhat NaN
    wanted, ours = losses("eager", "cpu", loss, sizes), losses(engine, device, loss, sizes)
    assert len(ours) == len(wanted) and not math.isfinite(ours[-1]) and not math.isfinite(wanted[-1])
    assert ours[:-1] == pytest.approx(wanted[:-1], rel=1e-6)
    if device == "cuda":
        assert torch.ones(2, device="cuda").sum().item() == 2  # the device is not lost


@pytest.mark.parametrize(("engine", "device"), PLACES)
def test_a_saturated_sigmoid_is_no_divergence_anywhere(engine, device):
    # torch's bce bounds the logarithm at -100 and the gradient of a saturated sigmoid is 0: nothing moves
    sizes = [1e200, -1e200, 2e200]
    wanted = losses("eager", "cpu", "bce", sizes)
    assert all(map(math.isfinite, wanted))
    assert losses(engine, device, "bce", sizes) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=CUDA)])
@pytest.mark.parametrize("engine", ["eager", "fused_cpu", pytest.param("graph", marks=CUDA)])
def test_weights_that_overflow_in_the_last_update_are_a_divergence(engine, device):
    if (engine, device) in (("fused_cpu", "cuda"), ("graph", "cpu")):
        pytest.skip(f"{engine} does not run on {device}")
    x, y = torch.full((4, 1), 1e19), torch.ones(4, 1)
    result = cn.fit("1 -> 1", (x, y), loss="l1", lr=3e38, updates=1, engine=engine, device=device)
    assert math.isfinite(result.history.loss[-1])  # computed before the weights moved
    assert result.outcome is cn.Outcome.DIVERGED
