"""The graph engine, all but CUDA's own capture, against eager; a strict recorder stands for the device."""

import random
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.strict_recorder import StrictRecorder
from torch import nn

import chalknet as cn
from chalknet.data import ArraySource, Batches, Sample
from chalknet.engine import ENGINES
from chalknet.engine.graph.recorder import CudaRecorder
from chalknet.engine.graph.session import GraphSession
from chalknet.engine.graph.updates import CAPTURABLE, Updates
from chalknet.errors import Refused
from chalknet.plan import OPTIMIZERS, DataFacts, Placement, Plan, Recipe

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
LOSSES = ("mse", "l1", "huber", "bce", "bce_logits", "cross_entropy")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Let the fused optimizers compute on one thread: theirs wait for each other on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def rmsprop_counts_its_steps_anywhere():
    """Let torch's RMSprop take the CPU for a device on which it can be captured; the others need no leave."""
    with pytest.MonkeyPatch.context() as patch:
        rmsprop = sys.modules[torch.optim.RMSprop.__module__]  # torch.optim hides the module's name
        patch.setattr(rmsprop, "_get_capturable_supported_devices", lambda: ["cpu"])
        yield


def arrays(loss, n=23, features=3):
    generator = torch.Generator().manual_seed(n)
    x = torch.randn(n, features, generator=generator, dtype=torch.float64)
    if loss == "cross_entropy":
        return x, torch.randint(0, 2, (n,), generator=generator)
    return x, torch.rand(n, 2, generator=generator, dtype=torch.float64)


def opened(engine, network, recipe, *, recorder=None, module=None, source=None, dtype="float64"):
    """Open a session; with a recorder the graph engine's, on the CPU."""
    source = source or ArraySource(*arrays(recipe.loss))
    facts = DataFacts("data", len(source), source.x_shape, source.y_shape)
    batches = Batches(source, recipe.batch_size, recipe.shuffle, recipe.drop_last)
    placement = Placement("cpu", dtype, 2)
    plan = Plan(network, "", recipe, facts, placement, engine, recipe.updates, batches.updates_per_epoch)
    if engine == "graph":
        return GraphSession(plan, batches, module, recorder or StrictRecorder())
    return ENGINES[engine].open(plan, batches, module)


def weights(session):
    return {name: value.clone() for name, value in session.module.state_dict().items()}


def assert_same_weights(ours, theirs, tolerance=1e-10):
    for name, value in weights(theirs).items():
        torch.testing.assert_close(weights(ours)[name], value, rtol=tolerance, atol=tolerance)


@given(
    network=st.sampled_from(NETWORKS),
    loss=st.sampled_from(LOSSES),
    recipe=st.sampled_from(list(RECIPES)),
    batch_size=st.sampled_from([None, 1, 4, 7, 23]),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    reduction=st.sampled_from(["mean", "sum"]),
    stretches=st.lists(st.integers(1, 15), min_size=1, max_size=3),
    per_update_s=st.sampled_from([1e-6, 1.5e-3, 3e-3, 1.0]),
    free_bytes=st.sampled_from([0, 1 << 40]),
)
@settings(max_examples=60)
def test_losses_and_weights_equal_those_of_eager(
    network, loss, recipe, batch_size, shuffle, drop_last, reduction, stretches, per_update_s, free_bytes
):
    if loss == "bce":
        network = NETWORKS[2]  # the one that ends with a probability
    name, options = RECIPES[recipe]
    asked = Recipe(
        loss, name, options, lr=0.01, batch_size=batch_size, shuffle=shuffle, drop_last=drop_last,
        reduction=reduction, updates=400, seed=7,
    )  # fmt: skip
    eager = opened("eager", cn.read(network), asked)
    ours = opened("graph", cn.read(network), asked, recorder=StrictRecorder(per_update_s, free_bytes))
    for updates in stretches:
        wanted = eager.advance(updates).losses
        assert list(ours.advance(updates).losses) == pytest.approx(list(wanted), rel=1e-10, abs=1e-10)
    assert_same_weights(ours, eager)
    assert ours.compile_s > 0


@pytest.mark.parametrize("optimizer", CAPTURABLE)
def test_float32_parts_from_eager_by_rounding_only(optimizer):
    x, y = arrays("mse")
    source = ArraySource(x.float(), y.float())
    recipe = Recipe("mse", optimizer, lr=0.01, batch_size=5, shuffle=True, updates=400)
    network = cn.read("3 -> 16 tanh -> 2")
    sessions = [
        opened(engine, network, recipe, source=source, dtype="float32") for engine in ("eager", "graph")
    ]
    wanted, found = (session.advance(100).losses for session in sessions)
    # each update rounds at 6e-8 of a weight; a hundred of them, with Adam's quotients, stay far below this
    assert list(found) == pytest.approx(list(wanted), rel=1e-4)


@pytest.mark.parametrize("batch_size", [None, 1, 4, 23])
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("before", [0, 1, 13])
def test_eager_goes_on_from_a_graph_and_a_graph_from_eager(recipe, before, batch_size):
    name, options = RECIPES[recipe]
    network = cn.read(NETWORKS[1])
    asked = Recipe(
        "mse", name, options, lr=0.01, batch_size=batch_size, shuffle=batch_size == 4, updates=400, seed=7
    )
    whole = opened("eager", network, asked)
    losses = [*whole.advance(before).losses] if before else []
    state = whole.state()
    losses += whole.advance(12).losses
    for first, second in (("eager", "graph"), ("graph", "eager"), ("graph", "graph")):
        started = opened(first, network, asked)
        if before:
            started.advance(before)
        if first == "eager":
            assert all(
                torch.equal(state.weights[key], value) for key, value in started.state().weights.items()
            )
        other = opened(second, network, asked)
        other.advance(3)  # what it did before is forgotten, also by the graphs it has captured
        other.restore(started.state())
        went_on = other.advance(12).losses
        assert list(went_on) == pytest.approx(losses[before:], rel=1e-10, abs=1e-10)
        assert_same_weights(other, whole)


def test_a_graph_goes_on_from_its_own_state_bit_for_bit_through_dropout_and_orders():
    recipe = Recipe("mse", "adam", batch_size=4, shuffle=True, updates=400, seed=5)
    network = cn.read("3 -> 8 relu dropout(0.4) -> 2")
    whole = opened("graph", network, recipe)
    whole.advance(9)
    state = whole.state()
    losses = whole.advance(11).losses
    again = opened("graph", network, recipe)
    again.restore(state)
    assert again.advance(11).losses == losses
    assert_same_weights(again, whole, tolerance=0)


def test_a_state_before_the_first_update_says_that_the_optimizer_has_kept_nothing():
    session = opened("graph", cn.read(NETWORKS[0]), Recipe("mse", "adam", updates=400))
    assert not any(session.state().slots.values())
    session.advance(1)
    assert session.state().slots["0.weight"]["step"].item() == 1


def test_dropout_draws_what_eager_draws_where_nothing_else_is_drawn():
    network, recipe = cn.read("3 -> 64 relu dropout(0.3) -> 2"), Recipe("mse", lr=0.05, updates=400, seed=3)
    wanted = opened("eager", network, recipe).advance(40).losses
    found = opened("graph", network, recipe).advance(40).losses
    assert list(found) == pytest.approx(list(wanted), rel=1e-10)
    assert found == opened("graph", network, recipe).advance(40).losses
    other_seed = Recipe("mse", lr=0.05, updates=400, seed=4)
    assert found != opened("graph", network, other_seed).advance(40).losses


def norm_and_counter():
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros((), dtype=torch.float64), persistent=False)

        def forward(self, x):
            self.seen += len(x)
            return x

    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), Counts(), nn.Linear(4, 2)).double()


def test_warming_up_and_capturing_leave_weights_buffers_and_random_numbers_as_they_were():
    module = norm_and_counter()
    before = {name: value.clone() for name, value in module.named_buffers()} | weights_of(module)
    torch.manual_seed(99)
    random_before = torch.get_rng_state()
    recorder = StrictRecorder()
    session = opened(
        "graph", None, Recipe("mse", batch_size=5, updates=400), module=module, recorder=recorder
    )
    assert session.module is module
    assert recorder.rehearsals >= 3 and recorder.captures == 3
    after = dict(module.named_buffers()) | weights_of(module)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(torch.get_rng_state(), random_before)
    assert all(parameter.grad is None for parameter in module.parameters())


def weights_of(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def test_buffers_move_on_as_in_eager():
    recipe = Recipe("mse", batch_size=5, updates=400)
    ours = opened("graph", None, recipe, module=norm_and_counter())
    eager = opened("eager", None, recipe, module=norm_and_counter())
    ours.advance(17), eager.advance(17)
    assert_same_weights(ours, eager)
    assert (
        ours.module[2].seen == eager.module[2].seen == 3 * 23 + 2 * 5
    )  # three epochs of 5 and 2 more updates
    assert ours.module[1].num_batches_tracked == 17


@pytest.mark.parametrize("frozen", [["0.weight"], ["0.weight", "0.bias"], ["2.bias"]])
def test_frozen_parameters_stay(frozen):
    def module():
        torch.manual_seed(1)
        made = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
        for name in frozen:
            made.get_parameter(name).requires_grad_(False)
        return made

    recipe = Recipe("mse", "adam", updates=400)
    ours, eager = (opened(engine, None, recipe, module=module()) for engine in ("graph", "eager"))
    assert list(ours.advance(9).losses) == pytest.approx(list(eager.advance(9).losses), rel=1e-10)
    assert_same_weights(ours, eager)
    assert torch.equal(ours.module.get_parameter(frozen[0]), module().get_parameter(frozen[0]))


@pytest.mark.parametrize("loss", ["mse", "bce"])
def test_divergence_is_found_at_its_update_by_one_look_behind_many(loss):
    class Breaks(nn.Module):
        """Gives NaN once a counter on the device has passed nine."""

        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 2).double()
            self.register_buffer("calls", torch.zeros((), dtype=torch.float64))

        def forward(self, x):
            self.calls += 1
            wrong = torch.full_like(self.calls, torch.nan)
            return torch.sigmoid(self.linear(x)) * torch.where(self.calls > 9, wrong, torch.ones_like(wrong))

    recorder = StrictRecorder(per_update_s=1e-6)
    session = opened("graph", None, Recipe(loss, updates=400), module=Breaks(), recorder=recorder)
    losses = session.advance(60).losses
    assert (
        len(losses) == 10
        and losses[-1] != losses[-1]
        and all(map(torch.isfinite, map(torch.tensor, losses[:9])))
    )
    assert recorder.replays < 30


@pytest.fixture
def graph_on_the_cpu(monkeypatch):
    """Let the engine of the table run on the CPU, by the strict recorder."""
    monkeypatch.setattr("chalknet.engine.graph.engine.CudaRecorder", lambda device: StrictRecorder())
    monkeypatch.setattr("chalknet.engine.graph.engine._device_reasons", lambda device: [])


def test_a_whole_fit_runs_by_it_and_is_resumed(graph_on_the_cpu, tmp_path):
    x, y = arrays("mse")
    asked = {
        "loss": "mse", "optimizer": "adam", "batch_size": 4, "shuffle": True, "seed": 2, "dtype": "float64",
        "evaluate_every": 25, "held_out": (x, y), "updates": 90,
    }  # fmt: skip
    wanted = cn.fit(cn.read(NETWORKS[1]), (x, y), **asked, engine="eager")
    found = cn.fit(cn.read(NETWORKS[1]), (x, y), **asked, engine="graph")
    assert found.outcome is wanted.outcome is cn.Outcome.FINISHED
    assert list(found.history.loss) == pytest.approx(list(wanted.history.loss), rel=1e-10)
    assert [e.train for e in found.history.evaluations] == pytest.approx(
        [e.train for e in wanted.history.evaluations], rel=1e-10
    )
    assert found.compile_s > 0
    run = tmp_path / "run"
    cn.fit(
        cn.read(NETWORKS[1]), (x, y), **{**asked, "updates": 53}, engine="graph", out=run, checkpoint_every=20
    )
    resumed = cn.resume(run, data=(x, y), updates=90)
    assert list(resumed.history.loss) == list(found.history.loss)


# What a graph would repeat wrongly, or could not capture, is refused when it opens.


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
    with pytest.raises(Refused, match=REFUSED[kind]) as caught:
        opened("graph", None, Recipe("mse", "adam", updates=400), module=module)
    assert "engine graph" in str(caught.value) and 'engine="eager"' in str(caught.value)
    if kind is not ReplacesItsBuffer:
        assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


@pytest.mark.parametrize("kind", NOT_CAPTURED)
def test_what_torch_will_not_capture_is_refused_in_its_words_and_weights_are_as_before(
    kind, graph_on_the_cpu
):
    module = kind()
    before = weights_of(module)
    words = f"from torch: operation not permitted when stream is capturing ({NOT_CAPTURED[kind]})"
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
    import numpy as np

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
    assert refusals() == ("torch's sgd has no form that can be captured",)


def test_every_optimizer_of_the_table_has_a_form_that_can_be_captured_and_torch_takes_it():
    assert set(CAPTURABLE) == set(OPTIMIZERS)
    for name, how in CAPTURABLE.items():
        optimizer = getattr(torch.optim, OPTIMIZERS[name].torch_class)([nn.Parameter(torch.ones(1))], **how)
        # SGD counts no steps; for the others torch refuses a capture without it
        assert name == "sgd" or optimizer.param_groups[0]["capturable"]


def test_short_fits_doubt_it_and_long_ones_do_not():
    graph = ENGINES["graph"]
    assert "engine='graph' takes it all the same" in graph.doubts(100)[0]
    assert graph.doubts(500) == graph.doubts(None) == ()


# How the samples get to their places.


class Asked:
    """A source that notes how many rows were taken at a time."""

    name, held_out = "asked", None

    def __init__(self, n):
        self._x, self._y = torch.arange(n, dtype=torch.float64).reshape(-1, 1), torch.zeros(n, 2).double()
        self.x_shape, self.y_shape, self.taken = (1,), (2,), []

    def __len__(self):
        return len(self._x)

    def take(self, rows):
        x = self._x[rows]
        self.taken.append((len(x), isinstance(rows, slice)))
        return Sample(x, self._y[rows])


@pytest.mark.parametrize("shuffle", [False, True])
def test_data_too_large_for_the_device_comes_in_blocks_and_in_order_as_slices(shuffle):
    source = Asked(4_000)
    recipe = Recipe("mse", lr=1e-9, batch_size=10, shuffle=shuffle, updates=400)
    recorder = StrictRecorder(per_update_s=1e-6, free_bytes=1000)
    session = opened("graph", cn.read("1 -> 2"), recipe, source=source, recorder=recorder)
    del source.taken[:]
    session.advance(200)
    assert max(rows for rows, _ in source.taken) == 320  # 32 updates of ten
    assert len(source.taken) == recorder.replays + 1  # and the first update, which is made without a graph
    assert all(as_slice is not shuffle or rows == 1 for rows, as_slice in source.taken)


def test_data_that_has_room_on_the_device_is_taken_once():
    source = Asked(4_000)
    recipe = Recipe("mse", lr=1e-9, batch_size=10, shuffle=True, updates=400)
    session = opened("graph", cn.read("1 -> 2"), recipe, source=source)
    seen = sum(rows for rows, _ in source.taken)
    session.advance(200)
    assert sum(rows for rows, _ in source.taken) == seen <= 4_000 + 5


def test_gradient_descent_in_order_copies_nothing_before_an_update():
    source = Asked(50)
    session = opened("graph", cn.read("1 -> 2"), Recipe("mse", lr=1e-9, updates=400), source=source)
    x, _ = next(iter(session._feed.batches((50,))))
    assert [batch.x.data_ptr() for batch in session._feed.batches((50, 50, 50))] == [x.data_ptr()] * 3


# The stand-in is as strict as it says: what would be wrong in a replay fails.


def test_the_strict_recorder_sees_a_step_counted_in_python():
    """Adam without `capturable` reads the number of the step: a graph would repeat the first."""
    module = nn.Linear(3, 2).double()
    x, y = arrays("mse")
    optimizer = torch.optim.Adam(module.parameters(), foreach=False)

    def update():
        nn.functional.mse_loss(module(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()

    update()
    with pytest.raises(RuntimeError, match="not permitted"):
        StrictRecorder().record(update)


@pytest.mark.parametrize("change", ["weights", "lr", "slots"])
def test_the_strict_recorder_sees_what_a_replay_would_not_follow(change):
    recorder = StrictRecorder(per_update_s=1e-6)
    recipe = Recipe("mse", "adam", updates=400)
    session = opened("graph", cn.read(NETWORKS[0]), recipe, recorder=recorder)
    session.advance(40)
    optimizer = session._updates.optimizer
    if change == "weights":
        session.module[0].weight.data = session.module[0].weight.data.clone()
    elif change == "lr":
        optimizer.param_groups[0]["lr"] = 0.5
    else:
        slots = optimizer.state[session.module[0].weight]
        slots["exp_avg"] = slots["exp_avg"].clone()
    with pytest.raises(AssertionError, match="a replay would need"):
        session.advance(1)


def test_the_strict_recorder_changes_no_number_at_a_capture():
    place = torch.zeros(3)
    replay = StrictRecorder().record(lambda: place.add_(1))
    assert place.tolist() == [0, 0, 0]
    replay()
    assert place.tolist() == [1, 1, 1]


def test_the_cuda_recorder_has_what_the_stand_in_has():
    for name in ("rehearse", "record", "free_bytes"):
        assert callable(getattr(CudaRecorder, name)) and callable(getattr(StrictRecorder, name))
    assert Updates.__call__.__doc__
