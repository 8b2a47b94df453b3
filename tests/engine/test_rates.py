"""The learning rates against torch's own schedulers."""

import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from chalknet.engine.rates import Momenta, Rates
from chalknet.errors import InvalidValue, UnknownName
from chalknet.planning import DataFacts, Placement, Plan, Recipe


def plan(updates, **asked):
    recipe = Recipe("mse", updates=updates, **asked)
    return Plan(
        None, "", recipe, DataFacts("data", 9, (1,), (1,)), Placement("cpu", "float64", 1), "", updates, 1
    )


def torchs(make, lr, updates):
    """Return the rates that a scheduler of torch's gives to each update."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SequentialLR steps before the optimizer does
        scheduler = make(optimizer)
        rates = []
        for _ in range(updates):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
    return rates


@given(
    updates=st.integers(1, 120),
    every=st.integers(1, 50),
    factor=st.floats(0.01, 2),
    lr=st.floats(1e-4, 1),
    to=st.floats(0, 1e-2),
    rise=st.floats(0.05, 0.95),
    warmup=st.none() | st.integers(1, 20),
)
def test_the_rates_are_those_of_torchs_schedulers(updates, every, factor, lr, to, rise, warmup):
    length = max(2, updates)
    rows = {
        f"step(every={every}, factor={factor!r})": lambda o: lr_scheduler.StepLR(o, every, factor),
        f"cosine(to={to!r}, over={length})": lambda o: lr_scheduler.CosineAnnealingLR(o, length, to),
        f"one_cycle(rise={rise!r}, over={length + 50})": lambda o: lr_scheduler.OneCycleLR(
            o, lr, total_steps=length + 50, pct_start=rise, cycle_momentum=False
        ),
    }
    for text, make in rows.items():
        found = Rates(plan(updates, lr=lr, schedule=text)).over(0, updates)
        # torch takes the rate before for the next one, and so rounds in every step
        assert found.tolist() == pytest.approx(torchs(make, lr, updates), rel=1e-9, abs=1e-12)
        if warmup:

            def both(optimizer, make=make):
                first = lr_scheduler.LinearLR(optimizer, 1 / warmup, total_iters=max(1, warmup - 1))
                return lr_scheduler.SequentialLR(optimizer, [first, make(optimizer)], [warmup])

            if warmup > 1 and not text.startswith("one"):  # OneCycleLR sets the rate when it is made
                found = Rates(plan(updates, lr=lr, schedule=text, warmup=warmup)).over(0, updates)
                assert found.tolist() == pytest.approx(torchs(both, lr, updates), rel=1e-9, abs=1e-12)


@given(
    done=st.integers(0, 5000), some=st.integers(1, 3000), schedule=st.sampled_from(["cosine", "one_cycle"])
)
def test_the_rates_are_the_same_bits_wherever_one_begins(done, some, schedule):
    asked = {"lr": 0.3, "schedule": schedule, "warmup": 17}
    whole = Rates(plan(9000, **asked)).over(0, done + some)
    part = Rates(plan(9000, **asked))
    assert part.over(done, some).tolist() == whole[done:].tolist()
    assert part.of(done) == whole[done]


def test_the_length_is_that_of_the_fit_without_its_warmup():
    rates = Rates(plan(100, lr=1.0, schedule="cosine", warmup=20)).over(0, 100)
    assert rates[19] == 1.0 == rates[20] and rates[99] < 1e-3


def test_the_products_of_nadam_are_torchs_also_far_on():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.NAdam([parameter])
    products = []
    for _ in range(300):
        parameter.grad = torch.ones(1)
        optimizer.step()
        products.append(optimizer.state[parameter]["mu_product"].item())
    momenta = Momenta.of(Recipe("mse", "nadam", updates=1))
    assert momenta.over(0, 7).tolist() == products[:7]
    assert momenta.over(200, 100).tolist() == products[200:]
    assert momenta.over(10**6, 3).tolist() == [0.0] * 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cosin", "Did you mean cosine"),
        ("step", "step: got no every"),
        ("step(0)", "every=0; wanted a whole number of at least 1"),
        ("step(2.5)", "every=2.5"),
        ("cosine(from=1)", "unknown setting 'from'"),
        ("plateau(factor=1)", "factor=1; wanted a finite number between 0 and 1"),
        (3, "unknown schedule 3"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_by_name(text, words):
    with pytest.raises((InvalidValue, UnknownName), match=words):
        Recipe("mse", updates=1, schedule=text)


def test_a_schedule_over_the_fit_needs_a_number_of_updates():
    with pytest.raises(InvalidValue, match=r"cosine and a budget of 3 seconds.*Write cosine\(over=1000\)"):
        Recipe("mse", seconds=3, schedule="cosine")
    assert Recipe("mse", seconds=3, schedule="cosine(over=1000)").schedule == "cosine(over=1000)"
    assert Recipe("mse", seconds=3, schedule="StepLR(9)").schedule == "step(every=9)"
