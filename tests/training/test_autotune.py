"""What auto takes on the CPU, by its rule; and that what it names is what is run."""

import copy
from dataclasses import replace
from importlib import import_module
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import chalknet as cn
from chalknet.errors import OutOfMemory, Refused
from chalknet.network import Dropout
from chalknet.planning import Placement, Recipe
from chalknet.training.choice.autotune import Candidates, autotune
from chalknet.training.choice.cost_model import Candidate, Cost
from chalknet.training.choice.multiply_adds import CountedMultiplyAdds
from chalknet.training.choice.timing_cache import TimingCache, key_of
from chalknet.training.choice.torch_threads import using_threads

NET = cn.read("1 -> 500 relu -> 1")
X = torch.linspace(0, 1, 100).reshape(-1, 1)
DATA = X, 0.01 * torch.sin(9 * X)
FUSED, EAGER = Candidate("cpu", "fused_cpu", 2), Candidate("cpu", "eager", 2)
ON_CPU = Candidates("auto", ("cpu",), ("fused_cpu", "eager"), 2, 1)


def never(plan, share):
    raise AssertionError(f"a trial run of {plan}")


@pytest.fixture
def memory(tmp_path):
    return TimingCache(tmp_path / "deep" / "measured.json", now=lambda: 1e9)


def draft(updates=100_000, network=NET, **options):
    options = {"loss": "mse", "optimizer": "adam", "updates": updates, **options}
    plan = cn.plan(network, DATA, Recipe(**options), engine="eager", threads=2)
    return replace(plan, reasons=())


NETWORKS = st.builds(
    lambda widths, step, end: cn.read(
        " -> ".join([str(widths[0]), *(f"{w} {step}" for w in widths[1:]), end])
    ),
    st.lists(st.integers(1, 300), min_size=1, max_size=5),
    st.sampled_from(["relu", "tanh", "gelu", "sigmoid dropout(0.2)"]),
    st.sampled_from(["1", "3 sigmoid"]),
)
LENGTHS = st.sampled_from(
    [{"updates": 1}, {"updates": 60}, {"epochs": 3}, {"updates": 10**7}, {"seconds": 0.1}]
)
RECIPES = st.fixed_dictionaries(
    {
        "optimizer": st.sampled_from(["sgd", "adam", "adamw", "rmsprop"]),
        "loss": st.sampled_from(["mse", "l1", "huber"]),
        "batch_size": st.sampled_from([None, 1, 7, 30]),
        "shuffle": st.booleans(),
        "target_loss": st.sampled_from([None, 1e-3]),
        "seed": st.integers(0, 9),
    }
)


@settings(max_examples=60)
@given(NETWORKS, LENGTHS, RECIPES, st.sampled_from(["float32", "float64"]), st.sampled_from([1, 2, 3, None]))
def test_every_network_that_the_fused_engine_can_run_is_run_by_it(network, length, recipe, dtype, threads):
    width = network.input_shape[0]
    y = torch.zeros(30, network.output_shape[0])
    plan = cn.plan(
        network, (torch.zeros(30, width), y), Recipe(**length, **recipe), dtype=dtype, threads=threads
    )
    assert (plan.engine, plan.placement.threads) == ("fused_cpu", threads or torch.get_num_threads())
    own_masks = any(isinstance(step, Dropout) for step in network.steps)
    said = plan.reasons[-1]
    assert ("draws Dropout's masks" in said) == own_masks
    assert 'for the script\'s numbers to the last bit say engine="eager"' in said


def test_on_the_cpu_nothing_is_tried_or_remembered(memory):
    for updates in (1, 700, 100_000, 10**9):
        assert autotune(draft(updates), ON_CPU, never, memory).candidate == FUSED
    assert not memory.path.exists()


def test_a_remembered_time_changes_nothing_on_the_cpu(memory):
    plan = draft()
    key = key_of(plan.model, plan.recipe, plan.data, plan.placement)
    memory.keep(key, {EAGER: Cost(1e-9), FUSED: Cost(1.0)})
    assert autotune(plan, ON_CPU, never, memory).candidate == FUSED


@pytest.mark.parametrize("seconds", [0.05, None])
def test_a_fit_ends_with_the_same_weights_the_first_time_and_later(seconds):
    length = {"updates": 300} if seconds is None else {"seconds": seconds}
    network = cn.read("1 -> 40 tanh dropout(0.1) -> 1")
    fits = [cn.fit(network, DATA, loss="mse", batch_size=8, shuffle=True, seed=3, **length) for _ in range(3)]
    assert {fit.plan.engine for fit in fits} == {"fused_cpu"}
    made = min(len(fit.history.loss) for fit in fits)
    assert len({tuple(fit.history.loss[:made]) for fit in fits}) == 1


def test_what_the_fused_engine_refuses_runs_eager_and_says_why(memory):
    choice = autotune(draft(optimizer_options={"amsgrad": True}), ON_CPU, never, memory)
    assert choice.candidate == Candidate("cpu", "eager", 1)
    assert choice.reasons[0] == "engine fused_cpu cannot run this: it has no amsgrad for adam"
    assert choice.reasons[-1].startswith("eager 1 thread: the updates are too small to share among threads")
    assert choice.reasons[-1].endswith("say threads=2")


@pytest.mark.parametrize(
    ("widths", "batch_size", "threads"),
    [
        ((10, 32, 1), 64, 1),
        ((64, 64, 10), 64, 1),
        ((784, 32, 1), 64, 1),
        ((784, 32, 1), 1000, 3),
        ((784, 512, 10), 1, 3),
        ((1, 500, 1), 100, 1),
        ((300, 300, 300, 1), 64, 3),
    ],
)
def test_the_plain_loop_has_one_thread_where_updates_are_small(widths, batch_size, threads):
    """The same for a network, and for a module that has its layers."""
    first, *hidden, last = widths
    network = cn.read(" -> ".join([str(first), *(f"{width} relu" for width in hidden), str(last)]))
    data = torch.zeros(1000, first), torch.zeros(1000, last)
    recipe = Recipe(
        loss="mse", optimizer="adam", optimizer_options={"amsgrad": True}, batch_size=batch_size, updates=9
    )

    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(*ends) for ends in pairwise(widths))

        def forward(self, x):
            for layer in self.layers[:-1]:
                x = layer(x).relu()
            return self.layers[-1](x) + 0 * x.sum()

    with using_threads(3):
        for model in (network, Own()):
            plan = cn.plan(model, data, recipe)
            assert (plan.engine, plan.placement.threads) == ("eager", threads)
        asked = cn.plan(network, data, recipe, threads=2)
        assert (asked.engine, asked.placement.threads) == ("eager", 2)


@pytest.mark.parametrize(
    ("module", "x", "multiply_adds"),
    [
        (nn.Linear(10, 20), torch.zeros(1, 10), 200),
        (nn.Conv2d(1, 8, 3), torch.zeros(1, 1, 28, 28), 26 * 26 * 8 * 9),
        (nn.LSTM(4, 8, batch_first=True), torch.zeros(1, 5, 4), 5 * (4 * 8 * 4 + 4 * 8 * 8)),
        (nn.GRU(4, 8, batch_first=True), torch.zeros(1, 5, 4), 5 * (3 * 8 * 4 + 3 * 8 * 8)),
        (nn.Embedding(10, 4), torch.zeros(1, 3, dtype=torch.int64), 0),
    ],
)
def test_multiply_adds_of_modules_are_counted_as_by_hand(module, x, multiply_adds):
    with torch.enable_grad(), CountedMultiplyAdds() as counted:
        module(x)
    assert counted.multiply_adds == multiply_adds


def test_data_that_does_not_fit_beside_it_leaves_the_fused_engine_for_pieces(monkeypatch):
    """The remedy of a shortage of memory is taken where nobody named an engine."""
    prepare = import_module("chalknet.training.choice.prepare")

    def short(plan):
        if plan.engine == "fused_cpu":
            raise OutOfMemory(
                where="memory", got="9 GiB needed for an update, 1 GiB free", wanted="", remedy=""
            )
        return plan

    monkeypatch.setattr(prepare, "within_memory", short)
    plan = cn.plan(NET, DATA, Recipe(loss="mse", updates=5))
    assert plan.engine == "eager"
    assert "engine fused_cpu cannot run this: 9 GiB needed for an update, 1 GiB free" in plan.reasons
    with pytest.raises(OutOfMemory):
        cn.plan(NET, DATA, Recipe(loss="mse", updates=5), engine="fused_cpu")


def test_an_engine_asked_for_by_name_that_cannot_run_it_is_an_error(memory):
    plan = draft(optimizer_options={"amsgrad": True})
    with pytest.raises(Refused, match=r"engine fused_cpu: got engine fused_cpu cannot run this.*amsgrad"):
        autotune(plan, Candidates("fused_cpu", ("cpu",), ("fused_cpu",), 2, 2), never, memory)


def test_data_that_may_change_when_it_is_read_is_not_tried():
    class Counting:
        name, x_shape, y_shape, held_out = "counting", (1,), (1,), None
        taken = 0

        def __len__(self):
            return 100

        def take(self, rows):
            self.taken += 1
            return DATA[0][rows], DATA[1][rows]

    data = Counting()
    plan = cn.plan(NET, data, Recipe(loss="mse", updates=10**7))
    assert (plan.engine, data.taken) == ("eager", 0)
    assert any("data of a class of your own" in reason for reason in plan.reasons)


@pytest.mark.parametrize("batch_size", [None, 8])
def test_auto_ends_with_the_very_weights_of_the_engine_that_it_names(batch_size):
    network = cn.read("1 -> 40 relu dropout(0.1) -> 1")
    options = {"loss": "mse", "optimizer": "adam", "batch_size": batch_size, "shuffle": True, "seed": 3}
    random_state = torch.get_rng_state()
    chosen = cn.fit(network, DATA, updates=400, **options)
    assert torch.equal(torch.get_rng_state(), random_state)
    named = cn.fit(network, DATA, updates=400, engine=chosen.plan.engine, **options)
    assert list(chosen.history.loss) == list(named.history.loss)
    for one, other in zip(chosen.module.parameters(), named.module.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_engine_by_name_keeps_torchs_number_of_threads():
    plan = cn.plan(NET, DATA, Recipe(loss="mse", updates=10**6), engine="eager")
    assert plan.placement == Placement("cpu", "float32", torch.get_num_threads(), plan.placement.reasons)
    assert not [reason for reason in plan.reasons if "measured" in reason]


@pytest.mark.parametrize("sleeping", [(), (1,), (3,), (1, 3)])
def test_a_dropout_in_evaluation_mode_drops_nothing_whatever_the_engine(sleeping):
    """As in the script, which leaves the modes as they are; without masks the engines agree to rounding."""
    x = torch.randn(60, 3, dtype=torch.float64)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 5), nn.Dropout(), nn.Tanh(), nn.Dropout(0.3), nn.Linear(5, 1)).double()
    for place in sleeping:
        net[place].eval()
    modes = [child.training for child in net.modules()]
    fits = [
        cn.fit(copy.deepcopy(net), (x, x[:, :1]), loss="mse", batch_size=7, updates=30, engine=engine)
        for engine in ("auto", "eager")
    ]
    assert [child.training for child in fits[0].module.modules()] == modes
    same = fits[0].history.loss == pytest.approx(fits[1].history.loss, rel=1e-10)
    assert (fits[0].plan.engine, same) == ("fused_cpu", len(sleeping) == 2)
