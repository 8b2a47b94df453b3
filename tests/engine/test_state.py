"""A session's state: any engine goes on from it, and the same engine to the last bit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import chalknet as cn
from chalknet.data import ArraySource, Batches
from chalknet.engine import ENGINES, Eager
from chalknet.planning import DataFacts, Placement, Plan, Recipe

pytestmark = pytest.mark.timeout(900)  # the first run compiles kernels

RECIPES = {
    "sgd": ("sgd", {}),
    "momentum": ("sgd", {"momentum": 0.9, "dampening": 0.3, "nesterov": False}),
    "nesterov": ("sgd", {"momentum": 0.8, "nesterov": True}),
    "adam": ("adam", {"betas": (0.8, 0.99)}),
    "adamw": ("adamw", {}),
    "rmsprop": ("rmsprop", {}),
    "rmsprop centered": ("rmsprop", {"momentum": 0.5, "centered": True}),
}
ON_CPU = [name for name in ENGINES if name not in ("fused_cuda", "graph")]


def opened(engine, network, recipe, micro_batch=None, module=None, n=23):
    generator = torch.Generator().manual_seed(n)
    features = network.input_shape[0] if network is not None else 2
    x = torch.randn(n, features, generator=generator, dtype=torch.float64)
    y = torch.rand(n, 1, generator=generator, dtype=torch.float64)
    source = ArraySource(x, y)
    facts = DataFacts("data", n, source.x_shape, source.y_shape)
    placement = Placement("cpu", "float64", 2, micro_batch=micro_batch)
    batches = Batches(source, recipe.batch_size, recipe.shuffle, recipe.drop_last)
    plan = Plan(network, "", recipe, facts, placement, engine, None, batches.updates_per_epoch)
    return ENGINES[engine].open(plan, batches, module)


def weights(session):
    return [parameter.detach().clone() for parameter in session.module.parameters()]


@given(
    first=st.sampled_from(ON_CPU),
    second=st.sampled_from(ON_CPU),
    recipe=st.sampled_from(list(RECIPES)),
    batch_size=st.sampled_from([None, 1, 4, 23]),
    shuffle=st.booleans(),
    before=st.integers(0, 20),
    after=st.integers(1, 20),
    wide=st.booleans(),
)
@settings(max_examples=60)
def test_any_engine_goes_on_where_another_one_stopped(
    first, second, recipe, batch_size, shuffle, before, after, wide
):
    pytest.importorskip("numba")
    network = cn.read("2 -> 70 tanh -> 1" if wide else "3 -> 5 relu -> 4 nobias tanh -> 1")
    name, options = RECIPES[recipe]
    asked = Recipe("mse", name, options, lr=0.01, batch_size=batch_size, shuffle=shuffle, updates=99, seed=7)
    whole = opened(first, network, asked)
    losses = [*whole.advance(before).losses] if before else []
    state = whole.state()
    losses += whole.advance(after).losses
    other = opened(second, network, asked)
    other.advance(3)  # what it did before is forgotten
    other.restore(state)
    went_on = other.advance(after).losses
    if first == second:
        assert list(went_on) == losses[before:]
        assert all(map(torch.equal, weights(other), weights(whole)))
    else:
        assert list(went_on) == pytest.approx(losses[before:], rel=1e-10, abs=1e-10)
        for ours, theirs in zip(weights(other), weights(whole), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


def test_eager_goes_on_bit_for_bit_through_dropout_and_orders_in_the_middle_of_an_epoch():
    network = cn.read("3 -> 8 relu dropout(0.4) -> 1")
    recipe = Recipe("mse", "adam", {"amsgrad": True}, batch_size=4, shuffle=True, updates=99, seed=5)
    whole = opened("eager", network, recipe)
    whole.advance(9)
    state = whole.state()
    losses = whole.advance(11).losses
    again = opened("eager", network, recipe)
    again.restore(state)
    assert again.advance(11).losses == losses


def test_a_state_shares_nothing_with_its_session():
    session = opened("eager", cn.read("2 -> 1"), Recipe("mse", "adam", lr=0.1, updates=9))
    session.advance(1)
    state = session.state()
    before = {name: value.clone() for name, value in state.weights.items()}
    session.advance(3)
    assert all(torch.equal(before[name], value) for name, value in state.weights.items())
    assert state.slots["0.weight"]["step"].item() == 1


def test_buffers_are_part_of_the_state():
    def norm():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1)).double()

    recipe = Recipe("mse", lr=0.1, batch_size=5, updates=99)
    whole = opened("eager", None, recipe, module=norm())
    whole.advance(4)
    again = opened("eager", None, recipe, module=norm())
    again.restore(whole.state())
    assert again.advance(5).losses == whole.advance(5).losses
    assert torch.equal(again.module[1].running_mean, whole.module[1].running_mean)


@given(
    loss=st.sampled_from(["mse", "bce_logits", "l1"]),
    reduction=st.sampled_from(["mean", "sum"]),
    batch_size=st.sampled_from([None, 1, 7, 23]),
    micro_batch=st.integers(1, 30),
    shuffle=st.booleans(),
)
@settings(max_examples=40)
def test_an_update_summed_over_pieces_is_the_same_update(loss, reduction, batch_size, micro_batch, shuffle):
    network = cn.read("3 -> 6 tanh -> 1")
    recipe = Recipe(
        loss, lr=0.05 if reduction == "mean" else 1e-3, batch_size=batch_size, shuffle=shuffle,
        reduction=reduction, updates=99,
    )  # fmt: skip
    whole, cut = opened("eager", network, recipe), opened("eager", network, recipe, micro_batch)
    assert list(cut.advance(9).losses) == pytest.approx(list(whole.advance(9).losses), rel=1e-12)
    for ours, theirs in zip(weights(cut), weights(whole), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "words",
    [
        "DefaultCPUAllocator: can't allocate memory: you tried to allocate",
        "MPS backend out of memory (MPS allocated: 8.00 GB)",
        "std::bad_alloc",
        None,
    ],
)
def test_when_memory_runs_out_the_update_is_made_in_smaller_pieces(words):
    class Narrow(nn.Module):
        """Can map five samples at a time, as a device with little memory."""

        def __init__(self):
            super().__init__()
            self.linear, self.calls = nn.Linear(2, 1).double(), []

        def forward(self, x):
            if len(x) > 5:
                raise RuntimeError(words) if words else torch.OutOfMemoryError("CUDA out of memory")
            self.calls.append(len(x))
            return self.linear(x)

    torch.manual_seed(3)
    narrow = Narrow()
    plain = nn.Sequential(nn.Linear(2, 1)).double()
    plain[0].load_state_dict(narrow.linear.state_dict())
    recipe = Recipe("mse", lr=0.1, updates=99)
    whole = opened("eager", None, recipe, module=plain)
    cut = opened("eager", None, recipe, module=narrow)
    assert list(cut.advance(6).losses) == pytest.approx(list(whole.advance(6).losses), rel=1e-12)
    assert max(narrow.calls) == 3  # 23 were halved to 12, 6 and 3
    assert "memory ran out" in cut.notes[0]
    assert cut.state().micro_batch == 3


def test_an_update_for_which_not_even_one_sample_fits_says_so_with_torchs_own_error():
    class Full(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(2, 1)

        def forward(self, x):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    session = opened("eager", None, Recipe("mse", updates=9), module=Full())
    with pytest.raises(torch.OutOfMemoryError, match="2 GiB"):
        session.advance(1)


def test_eager_is_an_engine_of_the_table():
    assert isinstance(ENGINES["eager"], Eager)
