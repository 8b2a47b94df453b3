"""The eager engine against the script that everyone writes, loss for loss and bit for bit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import chalknet as cn
from chalknet.module import build
from chalknet.network import Activation, Dropout, Linear, Network

LOSSES = {
    "bce": nn.BCELoss,
    "bce_logits": nn.BCEWithLogitsLoss,
    "cross_entropy": nn.CrossEntropyLoss,
    "mse": nn.MSELoss,
    "l1": nn.L1Loss,
    "huber": nn.HuberLoss,
}
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {"lr": 0.1}),
    "sgd with momentum": (
        torch.optim.SGD,
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    ),
    "adam": (torch.optim.Adam, {"betas": (0.8, 0.99), "amsgrad": True}),
    "adamw": (torch.optim.AdamW, {"weight_decay": 0.1}),
    "rmsprop": (torch.optim.RMSprop, {"momentum": 0.5, "centered": True}),
}


def script(seed, make_net, x, y, loss, optimizer, options, batch_size, shuffle, drop_last, epochs):
    """Return losses and weights of the loop everyone writes, and the generator's state behind it."""
    torch.manual_seed(seed)
    net = make_net()
    make_optimizer, keywords = OPTIMIZERS[optimizer]
    optimizer = make_optimizer(net.parameters(), **{**keywords, **options})
    loss_function = LOSSES[loss]()
    losses = []
    loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=shuffle, drop_last=drop_last)
    for _ in range(epochs):
        for xx, yy in loader:
            value = loss_function(net(xx), yy)
            value.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(value.item())
    return losses, net.state_dict()


def data(loss, n, features, outputs):
    generator = torch.Generator().manual_seed(n)
    x = torch.randn(n, features, generator=generator)
    if loss == "cross_entropy":
        return x, torch.randint(0, outputs, (n,), generator=generator)
    return x, torch.rand(n, outputs, generator=generator)


@given(
    loss=st.sampled_from(list(LOSSES)),
    optimizer=st.sampled_from(list(OPTIMIZERS)),
    n=st.integers(3, 40),
    batch_size=st.integers(1, 40),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    seed=st.integers(0, 2**40),
    features=st.integers(1, 9),
)
@settings(max_examples=80)
def test_c5_losses_and_weights_are_bit_for_bit_those_of_the_dataloader_loop(
    loss, optimizer, n, batch_size, shuffle, drop_last, seed, features
):
    batch_size = min(batch_size, n)
    last = [Activation("sigmoid")] if loss == "bce" else []
    steps = [Linear(5), Activation("tanh"), Dropout(0.3), Linear(4, bias=False), Activation("elu"), Linear(2)]
    network = Network(features, (*steps, *last))
    x, y = data(loss, n, features, 2)
    losses, weights = script(
        seed, lambda: build(network), x, y, loss, optimizer, {}, batch_size, shuffle, drop_last, epochs=3
    )
    name, *_ = optimizer.split()
    result = cn.fit(
        network,
        (x, y),
        loss=loss,
        optimizer=name,
        **OPTIMIZERS[optimizer][1],
        batch_size=batch_size,
        shuffle=shuffle,
        drop_last=drop_last,
        epochs=3,
        seed=seed,
        engine="eager",
    )
    assert list(result.history.loss) == losses
    for key, value in result.module.state_dict().items():
        assert torch.equal(value, weights[key])


def test_the_hand_written_sequential_and_the_formula_give_the_same_losses():
    def by_hand():
        return nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 1), nn.Sigmoid())

    x, y = torch.randn(50, 3), (torch.rand(50, 1) > 0.5).float()
    losses, _ = script(4, by_hand, x, y, "bce", "sgd", {}, 8, True, False, epochs=4)
    network = cn.read("3 -> 8 relu dropout(0.5) -> 1 sigmoid")
    result = cn.fit(
        network, (x, y), loss="bce", lr=0.1, batch_size=8, shuffle=True, epochs=4, seed=4, engine="eager"
    )
    assert list(result.history.loss) == losses


def test_a_ready_made_module_gives_what_the_script_gives_from_manual_seed_on():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.drop = nn.Linear(3, 6), nn.Linear(6, 1), nn.Dropout(0.4)

        def forward(self, x):
            return self.b(self.drop(torch.sin(self.a(x))) + 1)

    torch.manual_seed(11)
    first, second = Odd(), Odd()
    second.load_state_dict(first.state_dict())
    x, y = torch.randn(20, 3), torch.randn(20, 1)
    losses, _ = script(9, lambda: first, x, y, "mse", "adam", {}, 6, True, False, epochs=3)
    result = cn.fit(
        second, (x, y), loss="mse", optimizer="adam", **OPTIMIZERS["adam"][1], batch_size=6, shuffle=True,
        epochs=3, seed=9,
    )  # fmt: skip
    assert result.module is second
    assert list(result.history.loss) == losses


def test_c3_all_samples_an_update_is_the_loop_without_a_loader():
    network = cn.read("2 -> 4 relu dropout(0.5) -> 1")
    x, y = torch.randn(10, 2), torch.randn(10, 1)
    torch.manual_seed(5)
    net = build(network)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for _ in range(7):
        loss = nn.MSELoss()(net(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert (
        list(cn.fit(network, (x, y), loss="mse", lr=0.1, updates=7, seed=5, engine="eager").history.loss)
        == losses
    )


def test_c3_the_sum_of_the_losses_is_the_mean_times_the_batch():
    x, y = torch.randn(10, 1), torch.randn(10, 1)
    options = {"loss": "mse", "lr": 0.0, "epochs": 1, "batch_size": 3, "engine": "eager"}
    mean = cn.fit(cn.read("1 -> 1"), (x, y), **options)
    total = cn.fit(cn.read("1 -> 1"), (x, y), **options, reduction="sum")
    sizes = [3, 3, 3, 1]
    # the same four squared errors, added in another order: two roundings of float32 apart
    wanted = [loss * size for loss, size in zip(mean.history.loss, sizes, strict=True)]
    assert list(total.history.loss) == pytest.approx(wanted, rel=1e-6)


def test_the_callers_random_numbers_are_left_as_they_were_found():
    torch.manual_seed(123)
    before = torch.get_rng_state()
    x = torch.randn(9, 2, generator=torch.Generator().manual_seed(0))
    cn.fit(
        cn.read("2 -> 3 relu dropout -> 1"),
        (x, x[:, :1]),
        loss="mse",
        batch_size=2,
        shuffle=True,
        epochs=2,
        engine="eager",
    )
    assert torch.equal(torch.get_rng_state(), before)


def test_a_fit_does_not_depend_on_the_callers_random_numbers():
    x, y = torch.randn(9, 2), torch.randn(9, 1)
    options = {"loss": "mse", "batch_size": 2, "shuffle": True, "epochs": 2, "engine": "eager"}
    losses = []
    for callers_seed in (1, 2):
        torch.manual_seed(callers_seed)
        result = cn.fit(cn.read("2 -> 3 relu -> 1"), (x, y), **options)
        losses.append(list(result.history.loss))
    assert losses[0] == losses[1]


def test_losses_and_weights_do_not_depend_on_how_often_the_fit_is_evaluated():
    x, y = torch.randn(30, 2), torch.randn(30, 1)
    options = {"loss": "mse", "batch_size": 4, "shuffle": True, "epochs": 5, "seed": 3, "engine": "eager"}
    network = cn.read("2 -> 8 relu dropout(0.5) -> 1")
    often = cn.fit(network, (x, y), **options, evaluate_every=1, held_out=(x, y))
    seldom = cn.fit(network, (x, y), **options)
    assert list(often.history.loss) == list(seldom.history.loss)


def test_nan_inside_bce_which_torch_refuses_is_a_divergence_at_its_update_and_no_crash():
    class Breaks(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.calls = nn.Parameter(torch.zeros(1)), 0

        def forward(self, x):
            self.calls += self.training
            return torch.sigmoid(self.weight * x) * (torch.nan if self.calls > 3 else 1)

    result = cn.fit(Breaks(), (torch.rand(5), torch.ones(5)), loss="bce", updates=50)
    assert result.outcome is cn.Outcome.DIVERGED
    assert list(result.history.updates) == [1, 2, 3, 4]


def test_float64_is_computed_in_float64():
    x, y = torch.randn(10, 1, dtype=torch.float64), torch.randn(10, 1, dtype=torch.float64)
    result = cn.fit(cn.read("1 -> 1"), (x, y), loss="mse", updates=3, dtype="float64", engine="eager")
    assert result.module[0].weight.dtype == torch.float64
    torch.manual_seed(0)
    first = nn.MSELoss()(nn.Linear(1, 1).double()(x), y)
    assert result.history.loss[0] == first.item()
