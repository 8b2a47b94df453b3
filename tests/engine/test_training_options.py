"""Schedules, clipping, penalties, weights of samples, losses, optimizers, first weights: all at once.

Plain torch is the oracle of the plain loop, and that of the compiled one.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import chalknet as cn
from chalknet.engine.lion import Lion
from chalknet.engine.rates import Rates
from chalknet.module.losses import FocalCrossEntropyLoss, FocalLoss, GaussianLoss, PinballLoss

pytestmark = pytest.mark.timeout(300)  # the first run may compile

LOSSES = {
    "mse": nn.MSELoss,
    "huber(0.3)": lambda **how: nn.HuberLoss(delta=0.3, **how),
    "bce_logits": nn.BCEWithLogitsLoss,
    "cross_entropy": nn.CrossEntropyLoss,
    "nll": nn.NLLLoss,
    "pinball(0.8)": lambda **how: PinballLoss(0.8, **how),
    "pinball": PinballLoss,
    "poisson": nn.PoissonNLLLoss,
    "focal": FocalLoss,
    "focal(gamma=0.5)": lambda **how: FocalLoss(0.5, **how),
    "focal_cross_entropy(1.5)": lambda **how: FocalCrossEntropyLoss(1.5, **how),
    "gaussian_nll": GaussianLoss,
}
CLASSES = ("cross_entropy", "nll", "focal_cross_entropy(1.5)")
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {}),
    "sgd momentum": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    "adam": (torch.optim.Adam, {"betas": (0.8, 0.99)}),
    "adagrad": (torch.optim.Adagrad, {"lr_decay": 0.01, "initial_accumulator_value": 0.1}),
    "adagrad decay": (torch.optim.Adagrad, {"weight_decay": 0.02}),
    "nadam": (torch.optim.NAdam, {"weight_decay": 0.02}),
    "nadam apart": (
        torch.optim.NAdam,
        {"weight_decay": 0.1, "decoupled_weight_decay": True, "momentum_decay": 0.0},
    ),
    "lion": (Lion, {"weight_decay": 0.1}),
}
SCHEDULES = [None, "step(every=4, factor=0.5)", "cosine", "cosine(to=0.001, over=9)", "one_cycle(rise=0.4)"]
INITS = {
    "he": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "he_uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
    "xavier": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "orthogonal": nn.init.orthogonal_,
    None: lambda w: None,
}


@st.composite
def cases(draw):
    """Draw the options of a fit, over a network with one wide layer or two."""
    loss = draw(st.sampled_from(list(LOSSES)))
    optimizer = draw(st.sampled_from(list(OPTIMIZERS)))
    weighs = draw(st.sampled_from(["", "weight", "class_weight", "both"]))
    by_class = loss in (*CLASSES, "bce_logits", "focal", "focal(gamma=0.5)")
    asked = {
        "loss": loss, "optimizer": optimizer.split()[0], **OPTIMIZERS[optimizer][1],
        "lr": draw(st.sampled_from([0.001, 0.02])),
        "schedule": draw(st.sampled_from(SCHEDULES)), "warmup": draw(st.none() | st.integers(1, 6)),
        "clip_norm": draw(st.none() | st.sampled_from([0.05, 1.0])),
        "clip_value": draw(st.none() | st.sampled_from([0.01, 0.5])),
        "l1": draw(st.sampled_from([0.0, 0.01])), "l2": draw(st.sampled_from([0.0, 0.02])),
        "weight": -1 if weighs in ("weight", "both") else None,
        "class_weight": draw(st.sampled_from(["balanced", [1.0, 3.0]]))
        if by_class and weighs in ("class_weight", "both") else None,
        "init": draw(st.sampled_from(list(INITS))),
        "batch_size": draw(st.none() | st.integers(1, 23)), "shuffle": draw(st.booleans()),
        "reduction": draw(st.sampled_from(["mean", "sum"])), "seed": draw(st.integers(0, 2**40)),
        "updates": draw(st.integers(3, 14)),
    }  # fmt: skip
    asked["lr"] /= 100 if asked["reduction"] == "sum" else 1
    if asked["warmup"] is not None and asked["updates"] <= asked["warmup"]:
        asked["warmup"] = None
    return asked, draw(st.sampled_from([(5,), (70,), (9, 6)]))


def data(asked, n=23):
    generator = torch.Generator().manual_seed(n)
    x = torch.randn(n, 3, generator=generator, dtype=torch.float64)
    if asked["weight"] is not None:
        x = torch.cat([x, torch.rand(n, 1, generator=generator, dtype=torch.float64)], dim=1)
    if asked["loss"] in CLASSES:
        return x, torch.arange(n) % 5 // 3
    if asked["class_weight"] is not None or "focal" in asked["loss"]:
        return x, (torch.arange(n) % 3 == 0).double()[:, None]
    return x, torch.rand(n, 1, generator=generator, dtype=torch.float64)


def network(asked, hidden):
    outputs = 2 if asked["loss"] in (*CLASSES, "gaussian_nll") else 1
    last = " log_softmax" if asked["loss"] == "nll" else ""
    layers = " -> ".join(f"{width} tanh" for width in hidden)
    return f"3 -> {layers} -> {outputs}{last}"


def weights_by_hand(asked, x, y):
    """Return the weight of each sample, 1 on the average where losses are averaged."""
    w = x[:, -1].clone() if asked["weight"] is not None else torch.ones(len(x), dtype=torch.float64)
    numbers = y.reshape(-1).long()
    if asked["class_weight"] == "balanced":
        counts = torch.bincount(numbers).tolist()  # torch divides a number by a tensor in two roundings
        w *= torch.tensor([len(y) / (2 * n) for n in counts], dtype=torch.float64)[numbers]
    elif asked["class_weight"] is not None:
        w *= torch.tensor(asked["class_weight"], dtype=torch.float64)[numbers]
    return w * (len(w) / float(w.sum())) if asked["reduction"] == "mean" else w


def script(asked, hidden, dtype=torch.float64):
    """Return losses and weights of the loop that one would write in torch."""
    x, y = data(asked)
    w = weights_by_hand(asked, x, y)
    x, y, w = x[:, :3].contiguous().to(dtype), y if y.dtype == torch.int64 else y.to(dtype), w.to(dtype)
    torch.manual_seed(asked["seed"])
    net = cn.build(network(asked, hidden))
    if asked["init"] is not None:
        for layer in net:
            if isinstance(layer, nn.Linear):
                INITS[asked["init"]](layer.weight)
                nn.init.zeros_(layer.bias)
    net = net.to(dtype)
    options = {name: asked[name] for name in ("lr", *OPTIONS) if name in asked}
    optimizer = CLASS[asked["optimizer"]](net.parameters(), **options)
    each, mean = LOSSES[asked["loss"]](reduction="none"), asked["reduction"] == "mean"
    whole = LOSSES[asked["loss"]](reduction=asked["reduction"])
    weighs = asked["weight"] is not None or asked["class_weight"] is not None
    losses, done = [], 0
    rates = Rates(cn.plan(network(asked, hidden), data(asked), **asked, dtype="float64", engine="eager"))
    while True:
        for xx, yy, ww in batches(asked, x, y, w):
            yhat = net(xx)
            if weighs:
                values = each(yhat, yy)
                values = values * ww.reshape(-1, *[1] * (values.dim() - 1))
                loss = values.mean() if mean else values.sum()
            else:
                loss = whole(yhat, yy)
            matrices = [p for p in net.parameters() if p.dim() > 1]
            penalty = None
            if asked["l1"]:
                penalty = asked["l1"] * torch.stack([m.abs().sum() for m in matrices]).sum()
            if asked["l2"]:
                squares = asked["l2"] * torch.stack([m.square().sum() for m in matrices]).sum()
                penalty = squares if penalty is None else penalty + squares
            loss = loss if penalty is None else loss + penalty
            loss.backward()
            if asked["clip_norm"] is not None:
                nn.utils.clip_grad_norm_(net.parameters(), asked["clip_norm"])
            if asked["clip_value"] is not None:
                nn.utils.clip_grad_value_(net.parameters(), asked["clip_value"])
            for group in optimizer.param_groups:
                group["lr"] = rates.of(done)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            done += 1
            if done == asked["updates"] or not math.isfinite(losses[-1]):
                return losses, net.state_dict()


OPTIONS = (
    *("momentum", "nesterov", "weight_decay", "betas", "lr_decay", "initial_accumulator_value"),
    *("momentum_decay", "decoupled_weight_decay"),
)
CLASS = {name.split()[0]: made for name, (made, _) in OPTIMIZERS.items()}


def batches(asked, x, y, w):
    if asked["batch_size"] is None and not asked["shuffle"]:
        return [(x, y, w)]
    size = asked["batch_size"] or len(x)
    return DataLoader(TensorDataset(x, y, w), batch_size=size, shuffle=asked["shuffle"])


def fit(asked, hidden, engine, **more):
    return cn.fit(
        network(asked, hidden),
        data(asked),
        **{**asked, "dtype": "float64", "threads": 1, **more},
        engine=engine,
    )


@given(case=cases())
@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_the_plain_loop_is_bit_for_bit_the_hand_written_script(case):
    losses, weights = script(*case)
    result = fit(*case, "eager")
    assert list(result.history.loss) == losses
    for name, value in result.module.state_dict().items():
        torch.testing.assert_close(value, weights[name], rtol=0, atol=0, equal_nan=True)


def assert_close(found, wanted, tolerance=1e-10):
    np.testing.assert_allclose(found.history.loss, wanted.history.loss, rtol=tolerance, atol=tolerance)
    for ours, theirs in zip(found.module.parameters(), wanted.module.parameters(), strict=True):
        np.testing.assert_allclose(ours.detach(), theirs.detach(), rtol=tolerance, atol=tolerance)


@given(case=cases(), threads=st.integers(1, 2))
@settings(max_examples=50, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_the_compiled_loop_has_the_losses_and_weights_of_the_plain_one(case, threads):
    assert_close(fit(*case, "fused_cpu", threads=threads), fit(*case, "eager"))
