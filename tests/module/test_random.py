"""A stream of random numbers: the bits of `torch.manual_seed`, the caller's own numbers untouched."""

import threading
from importlib import import_module

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import networks
from torch import nn

import chalknet as cn
from chalknet.module import DEFAULT_GENERATORS, RandomStream, build, class_named, draws_from_default
from chalknet.network import layer_call

random_room = import_module("chalknet.module.random")


def _by_hand(network, seed):
    """Return the script's module, and the state of the generator after it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        calls = [layer_call(visit.step, visit.input_shape) for visit in network.walk()]
        module = nn.Sequential(*(class_named(call.layer)(**call.arguments) for call in calls))
        return module, torch.get_rng_state()


@given(networks(), st.integers(-(2**63) + 1, 2**63 - 1))
def test_a_network_has_the_weights_and_leaves_the_state_of_the_script(network, seed):
    by_hand, after = _by_hand(network, seed)
    before, stream = torch.get_rng_state(), RandomStream(seed)
    module = build(network, stream=stream)
    assert all(map(torch.equal, by_hand.state_dict().values(), module.state_dict().values()))
    assert torch.equal(stream.states[0], after)
    assert torch.equal(torch.get_rng_state(), before)


@given(
    p=st.sampled_from((0.0, 0.1, 0.5, 0.97, 1.0)),
    shape=st.lists(st.integers(0, 70), min_size=1, max_size=3),
    dtype=st.sampled_from((torch.float16, torch.bfloat16, torch.float32, torch.float64)),
    inplace=st.booleans(),
    turned=st.booleans(),
    training=st.booleans(),
)
def test_dropout_from_a_stream_is_torchs_own_to_the_last_bit(p, shape, dtype, inplace, turned, training):
    x = torch.linspace(-2, 2, torch.Size(shape).numel()).reshape(shape).to(dtype)
    x = x.transpose(0, -1) if turned else x
    module, stream = nn.Dropout(p, inplace).train(training), RandomStream(7)
    inputs = [x.clone().requires_grad_() for _ in range(2)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        wanted = module(inputs[0] * 1)
        after = torch.get_rng_state()
    with stream.for_updates(module)():
        found = module(inputs[1] * 1)
    for output in (wanted, found):
        output.sum().backward()
    assert torch.equal(wanted, found)
    assert torch.equal(inputs[0].grad, inputs[1].grad)
    assert torch.equal(stream.states[0], after)
    assert "forward" not in vars(module)


class Own(nn.Module):
    def forward(self, x):
        return x + torch.randn_like(x)


def _hooked(layer):
    layer.register_forward_hook(lambda module, x, y: None)
    return layer


def _watched(layer):
    layer.weight.register_hook(lambda gradient: gradient)
    return layer


def _replaced(layer):
    layer.forward = lambda x: x
    return layer


@pytest.mark.parametrize(
    "module",
    [
        Own(),
        nn.RReLU(),
        nn.AlphaDropout(),
        nn.Dropout1d(),
        nn.MultiheadAttention(4, 2, dropout=0.1),
        nn.LSTM(3, 4, 2, dropout=0.2),
        nn.FractionalMaxPool2d(2, output_ratio=0.5),
        nn.LazyLinear(3),
        nn.TransformerEncoderLayer(4, 2),
        _hooked(nn.Linear(1, 1)),
        _hooked(nn.Dropout()),
        _watched(nn.Linear(1, 1)),
        _replaced(nn.Linear(1, 1)),
        nn.utils.parametrizations.spectral_norm(nn.Linear(2, 2)),
    ],
    ids=lambda module: type(module).__name__,
)
def test_what_may_draw_is_lent_the_default_generators(module):
    assert draws_from_default(nn.Sequential(nn.Linear(1, 1), module))


def test_torchs_plain_layers_and_dropout_on_the_cpu_need_no_default_generator():
    layers = (nn.Linear(2, 2), nn.Conv2d(1, 1, 2), nn.BatchNorm1d(2), nn.GELU(), nn.Flatten(), nn.Dropout())
    assert not draws_from_default(nn.Sequential(*layers))
    assert draws_from_default(nn.Sequential(*layers), on_cpu=False)


NEVER_DRAWING = {
    nn.Conv1d: (lambda: nn.Conv1d(2, 2, 1), (3, 2, 4)),
    nn.BatchNorm1d: (lambda: nn.BatchNorm1d(2), (3, 2)),
    nn.GroupNorm: (lambda: nn.GroupNorm(1, 2), (3, 2)),
    nn.MaxPool1d: (lambda: nn.MaxPool1d(2), (3, 2, 4)),
    nn.Upsample: (lambda: nn.Upsample(scale_factor=2), (3, 2, 4)),
    nn.PixelShuffle: (lambda: nn.PixelShuffle(1), (3, 2, 4, 4)),
    nn.ReflectionPad1d: (lambda: nn.ReflectionPad1d(1), (3, 2, 4)),
    nn.Softmax: (lambda: nn.Softmax(dim=1), (3, 2)),
    nn.Hardtanh: (lambda: nn.Hardtanh(), (3, 2)),
    nn.PReLU: (lambda: nn.PReLU(), (3, 2)),
}


@pytest.mark.parametrize("kind", NEVER_DRAWING, ids=lambda kind: kind.__name__)
def test_a_module_that_is_said_to_draw_nothing_draws_nothing(kind):
    make, shape = NEVER_DRAWING[kind]
    module = make()
    assert not draws_from_default(module)
    before = torch.get_rng_state()
    module(torch.ones(shape).requires_grad_()).sum().backward()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_lent_stream_gives_the_numbers_of_the_seed_and_the_caller_gets_its_own_back():
    before, stream = torch.get_rng_state(), RandomStream(3)
    with stream.lent():
        first = torch.rand(2)
    own = torch.rand(2, generator=stream.generator)
    with stream.lent(), RandomStream(4).lent():
        inner = torch.rand(2)
    wanted = torch.Generator().manual_seed(3)
    assert torch.equal(torch.cat((first, own)), torch.rand(4, generator=wanted))
    assert torch.equal(inner, torch.rand(2, generator=torch.Generator().manual_seed(4)))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(stream.states[0], wanted.get_state())


def test_two_threads_take_turns_with_the_default_generators():
    numbers, barrier = {}, threading.Barrier(2)

    def draw(seed):
        stream, drawn = RandomStream(seed), []
        barrier.wait()
        for _ in range(200):
            with stream.lent():
                drawn.append(torch.rand(1))
        numbers[seed] = torch.cat(drawn)

    before = torch.get_rng_state()
    threads = [threading.Thread(target=draw, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, drawn in numbers.items():
        generator = torch.Generator().manual_seed(seed)
        assert torch.equal(drawn, torch.cat([torch.rand(1, generator=generator) for _ in range(200)]))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_build_without_a_seed_waits_until_nothing_is_lent():
    begun, over, built = threading.Event(), threading.Event(), []

    def lend():
        with RandomStream(1).lent():
            begun.set()
            over.wait()

    lender = threading.Thread(target=lend)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        wanted = nn.Linear(3, 4).weight.clone()
        torch.manual_seed(5)
        lender.start()
        begun.wait()
        builder = threading.Thread(target=lambda: built.append(cn.build("3 -> 4")))
        builder.start()
        over.set()
        builder.join()
        lender.join()
    assert torch.equal(built[0][0].weight, wanted)


@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
@pytest.mark.parametrize("network", ["2 -> 3 relu -> 1", "2 -> 3 relu dropout(0.5) -> 1"])
def test_no_fit_of_a_network_touches_the_default_generators(monkeypatch, engine, network):
    def touched(*_):
        raise AssertionError("the default generators were lent or put back")

    if engine == "fused_cpu":
        pytest.importorskip("numba")
    monkeypatch.setattr(random_room, "_put_back", touched)
    monkeypatch.setattr(torch.random, "fork_rng", touched)
    x = torch.linspace(-1, 1, 20).reshape(10, 2)
    options = {"loss": "mse", "updates": 6, "batch_size": 4, "shuffle": True, "engine": engine}
    result = cn.fit(network, (x, x[:, :1]), held_out=0.2, evaluate_every=2, **options)
    cn.predict(result, x)


def test_the_lock_can_be_taken_again_by_the_thread_that_holds_it():
    with DEFAULT_GENERATORS, DEFAULT_GENERATORS:
        pass
