"""The fused engine on the CPU against the eager one: the same training, whatever the network and recipe."""

import dataclasses
import functools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import chalknet as cn
from chalknet.data import ArraySource, Batches
from chalknet.engine import Eager
from chalknet.engine.fused_cpu import FusedCpu
from chalknet.errors import Refused, ShapeMismatch
from chalknet.module import build
from chalknet.network import (
    ACTIVATIONS,
    STEPS,
    Activation,
    Dropout,
    Flatten,
    LayerCall,
    Linear,
    Network,
    Step,
    StepKind,
)
from chalknet.planning import LOSSES, OPTIMIZERS, DataFacts, Placement, Plan, Recipe

pytest.importorskip("numba")
pytestmark = pytest.mark.timeout(900)  # the first run compiles: about 20 s a kernel and dtype

RECIPES = {
    "sgd": ("sgd", {}),
    "sgd with decay": ("sgd", {"weight_decay": 0.05}),
    "sgd with momentum": ("sgd", {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    "nesterov": ("sgd", {"momentum": 0.8, "nesterov": True}),
    "adam": ("adam", {"betas": (0.8, 0.99), "weight_decay": 0.02}),
    "adamw": ("adamw", {"eps": 1e-6}),
    "rmsprop": ("rmsprop", {"weight_decay": 0.01}),
    "rmsprop centered": ("rmsprop", {"momentum": 0.5, "centered": True, "alpha": 0.9}),
}
ENDINGS = {
    "bce": [["sigmoid"], ["softmax"]], "cross_entropy": [[], ["identity"]], "nll": [["log_softmax"]],
    "focal_cross_entropy": [[], ["identity"]],
}  # fmt: skip
ACTIVATION_CASES = [
    *(Activation(row.name) for row in ACTIVATIONS.values() if row.settled),
    Activation("leaky_relu", {"negative_slope": 0.3}),
    Activation("elu", {"alpha": 0.7}),
    Activation("gelu", {"approximate": "tanh"}),
    Activation("softplus", {"beta": 2.0, "threshold": 1.5}),
]


def called(part):
    """Return a part of the kernels as a function that Python can call."""
    from numba import njit

    return njit(error_model="numpy")(lambda *arguments: part(*arguments))


def samples(loss, n, network, dtype, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, *network.input_shape, generator=generator, dtype=torch.float64).to(dtype)
    row, outputs = Recipe(loss, updates=1).loss_row, network.output_shape
    if row.target == "class":
        return x, torch.randint(0, outputs[0], (n,), generator=generator)
    shape = (*outputs[:-1], outputs[-1] // row.outputs)
    return x, torch.rand(n, *shape, generator=generator, dtype=torch.float64).to(dtype)


def plan_for(network, recipe, source, dtype="float64", threads=2):
    facts = DataFacts("data", len(source), source.x_shape, source.y_shape)
    return Plan(network, "", recipe, facts, Placement("cpu", dtype, threads), "", None, 1)


def opened(engine, network, recipe, data, dtype="float64", threads=2, module=None):
    source = ArraySource(*data)
    batches = Batches(source, recipe.batch_size, recipe.shuffle, recipe.drop_last)
    return engine.open(plan_for(network, recipe, source, dtype, threads), batches, module)


def both(network, recipe, n, dtype="float64", threads=2, stretches=(3, 1, 5)):
    """Return losses and weights of the two engines; the fused one's in several stretches."""
    data = samples(recipe.loss, n, network, getattr(torch, dtype))
    results = []
    for engine, parts in ((Eager(), [sum(stretches)]), (FusedCpu(), stretches)):
        session = opened(engine, network, recipe, data, dtype, threads)
        losses = [loss for part in parts for loss in session.advance(part).losses]
        weights = [parameter.detach().numpy() for parameter in session.module.parameters()]
        results.append(SimpleNamespace(losses=losses, weights=weights))
    return results


def assert_same(eager, fused, tolerance):
    np.testing.assert_allclose(fused.losses, eager.losses, rtol=tolerance, atol=tolerance)
    for ours, theirs in zip(fused.weights, eager.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@st.composite
def cases(draw):
    """Draw a network, a recipe that fits it and a number of samples."""
    loss = draw(st.sampled_from(list(LOSSES)))
    widths = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 32, 33, 50, 64, 70])
    shape = draw(st.sampled_from([(1,), (2,), (3,), (9,), (16,), (40,), (3, 5), (2, 2, 3)]))
    steps = [Flatten()] if len(shape) > 1 and draw(st.booleans()) else []
    for _ in range(draw(st.integers(0, 3))):
        steps.append(Linear(draw(widths), bias=draw(st.booleans())))
        steps += draw(st.lists(st.sampled_from(ACTIVATION_CASES), max_size=2))
        steps += [Flatten()] if draw(st.integers(0, 3)) == 0 else []
    classes = LOSSES[loss].target == "class"
    if classes and len(shape) > 1:
        steps.append(Flatten())
    outputs = st.integers(2, 6) if classes else widths.map(lambda width: width * LOSSES[loss].outputs)
    steps.append(Linear(draw(outputs), bias=draw(st.booleans())))
    ending = draw(st.sampled_from(ENDINGS.get(loss, [[], ["tanh"], ["log_softmax"]])))
    network = Network(shape, (*steps, *map(Activation, ending)))
    name, options = RECIPES[draw(st.sampled_from(list(RECIPES)))]
    n = draw(st.integers(1, 40))
    reduction = draw(st.sampled_from(["mean", "sum"]))
    recipe = Recipe(
        loss, name, options, updates=9,
        lr=1e-3 if reduction == "mean" else 1e-6, batch_size=draw(st.none() | st.integers(1, n)),
        shuffle=draw(st.booleans()), drop_last=draw(st.booleans()), seed=draw(st.integers(0, 2**40)),
        reduction=reduction,
    )  # fmt: skip
    return network, recipe, n


@given(case=cases(), threads=st.integers(1, 2))
@settings(max_examples=150)
def test_float64_losses_and_weights_are_those_of_eager(case, threads):
    eager, fused = both(*case, threads=threads)
    assert_same(eager, fused, 1e-10)


@functools.cache
def below_highest_compiled():
    from chalknet.engine.fused_cpu.whole_rows import below_highest

    return called(below_highest)


@given(row=st.lists(st.floats(width=32), min_size=1, max_size=300), dtype=st.sampled_from(["f4", "f8"]))
def test_the_highest_of_a_row_is_numpys_and_no_number_stays_no_number_in_what_is_left_of_it(row, dtype):
    row = np.array(row, dtype)
    target = np.ones(len(row) + 3, dtype)
    highest = below_highest_compiled()(row, target)
    if not np.isnan(row).any():
        assert highest == row.max()
    with np.errstate(invalid="ignore", over="ignore"):
        np.testing.assert_array_equal(target, np.r_[row - row.dtype.type(highest), np.zeros(3, dtype)])


@given(case=cases(), threads=st.integers(1, 2))
@settings(max_examples=60)
def test_float32_losses_and_weights_are_those_of_eager_but_for_the_order_of_sums(case, threads):
    eager, fused = both(*case, dtype="float32", threads=threads)
    # A sum of k numbers rounds to about sqrt(k) 6e-8; Adam and RMSprop divide a gradient by its own size and
    # so carry the relative error of a small gradient into a weight, by at most lr an update: 9 * 1e-3.
    adaptive = case[1].optimizer != "sgd"
    np.testing.assert_allclose(fused.losses, eager.losses, rtol=2e-3 if adaptive else 1e-4, atol=1e-4)
    for ours, theirs in zip(fused.weights, eager.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=2e-2 if adaptive else 1e-4)
        assert np.median(np.abs(ours - theirs)) < 1e-4


@given(
    activation=st.sampled_from([case for case in ACTIVATION_CASES if case.row.elementwise]),
    inputs=st.integers(1, 8),
    units=st.sampled_from([64, 65, 127, 128, 300, 513, 1000, 2000]),
    outputs=st.integers(1, 4),
    biases=st.tuples(st.booleans(), st.booleans()),
    recipe=st.sampled_from(list(RECIPES)),
    loss=st.sampled_from(list(LOSSES)),
    n=st.integers(1, 70),
    threads=st.integers(1, 2),
    whole=st.booleans(),
    kept=st.booleans(),
)
@settings(max_examples=100)
def test_walking_the_hidden_units_in_blocks_gives_what_eager_gives(
    activation, inputs, units, outputs, biases, recipe, loss, n, threads, whole, kept
):
    ending = [Activation(kind) for kind in {"bce": ["sigmoid"], "nll": ["log_softmax"]}.get(loss, [])]
    outputs += outputs % LOSSES[loss].outputs
    steps = (Linear(units, biases[0]), activation, Linear(outputs, biases[1]), *ending)
    name, options = RECIPES[recipe]
    asked = Recipe(
        loss, name, options, lr=1e-3, updates=9, batch_size=None if whole else -(-n // 3), shuffle=not whole
    )
    with pytest.MonkeyPatch.context() as patch:
        if not kept:  # hidden values are computed anew in the backward pass, as for large batches
            patch.setattr("chalknet.engine.fused_cpu.names.KEPT_BYTES", 0)
        assert_same(*both(Network((inputs,), steps), asked, n, threads=threads), 1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [1, 7, 64, 500])
def test_wide_layers_many_rows_and_two_threads(dtype, rows):
    network = cn.read("300 -> 512 relu -> 70 tanh -> 10")
    recipe = Recipe("cross_entropy", "sgd", {"momentum": 0.9}, lr=0.01, batch_size=rows, updates=9)
    eager, fused = both(network, recipe, 1100, dtype=dtype)
    assert_same(eager, fused, 1e-10 if dtype == "float64" else 1e-5)


def test_many_short_epochs_have_the_orders_of_eager():
    recipe = Recipe("mse", lr=0.01, batch_size=2, shuffle=True, updates=9, seed=5)
    eager, fused = both(cn.read("3 -> 4 tanh -> 1"), recipe, 5, stretches=(1, 2, 3, 4, 50, 300))
    assert_same(eager, fused, 1e-10)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_dropout_that_leaves_nothing_to_chance_is_eagers(p):
    network = Network(3, (Linear(9), Dropout(p), Activation("tanh"), Linear(2)))
    recipe = Recipe("mse", "adam", batch_size=4, shuffle=True, updates=9)
    assert_same(*both(network, recipe, 11), 1e-10)


def test_dropout_keeps_each_value_with_its_chance_and_scales_it():
    from chalknet.engine.fused_cpu.steps import drop

    n, masks, drop = 100_000, [], called(drop)
    for key in range(20):
        h, mask = np.empty(n), np.empty(n)
        drop(np.full(n, 2.0), h, mask, np.uint32(key), round(0.3 * 2**32), 1 / 0.7)
        assert set(np.unique(h)) == {0.0, 2 / 0.7}
        masks.append(mask > 0)
    kept = np.array(masks)
    assert abs(kept.mean() - 0.7) < 5 * math.sqrt(0.21 / kept.size)
    for other in kept[1:]:  # neither another key nor the neighbour has anything to do with a value
        assert abs(np.corrcoef(kept[0], other)[0, 1]) < 5 / math.sqrt(n)
    for distance in (1, 2, 16, 1000):
        assert abs(np.corrcoef(kept[0, distance:], kept[0, :-distance])[0, 1]) < 5 / math.sqrt(n)


def test_the_loss_under_dropout_has_its_expectation():
    network = Network(50, (Dropout(0.4), Linear(1, bias=False)))
    data = torch.ones(20, 50, dtype=torch.float64), torch.zeros(20, 1, dtype=torch.float64)
    session = opened(FusedCpu(), network, Recipe("mse", lr=0.0, updates=1), data)
    losses = np.array(session.advance(2000).losses)
    w = session.module[1].weight.detach()
    wanted = (w.sum() ** 2 + 0.4 / 0.6 * (w**2).sum()).item()
    assert abs(losses.mean() - wanted) < 5 * losses.std() / math.sqrt(len(losses))
    assert len(set(losses.tolist())) == len(losses)  # another draw at each update


def test_dropout_is_reproducible_from_the_seed_and_the_same_on_any_number_of_threads():
    network = cn.read("6 -> 400 relu dropout(0.5) -> 300 dropout(0.2) -> 2")
    data = samples("mse", 200, network, torch.float64)
    losses = {}
    for seed, threads in [(1, 1), (1, 2), (2, 1)]:
        recipe = Recipe("mse", lr=0.01, batch_size=50, updates=9, seed=seed)
        losses[seed, threads] = opened(FusedCpu(), network, recipe, data, threads=threads).advance(9).losses
    np.testing.assert_allclose(losses[1, 1], losses[1, 2], rtol=1e-12)
    assert losses[1, 1] != losses[2, 1]


def test_the_first_epoch_under_dropout_has_the_batches_of_eager():
    network = Network(3, (Linear(40), Dropout(0.5), Activation("relu"), Dropout(0.1), Linear(1)))
    recipe = Recipe("mse", lr=0.0, batch_size=4, shuffle=True, updates=9)
    data = samples("mse", 400, network, torch.float64)
    losses = []
    for engine in (Eager(), FusedCpu()):
        module = build(network).double()
        nn.init.zeros_(module[4].weight)  # so that chance has no part in yhat
        nn.init.zeros_(module[4].bias)
        losses.append(opened(engine, network, recipe, data, module=module).advance(100).losses)
    np.testing.assert_allclose(*losses, rtol=1e-12)


def test_a_single_sample_with_many_zeros_is_read_where_it_is_not_zero():
    network = cn.read("200 -> 40 relu -> 20 tanh -> 1")
    x, y = samples("mse", 12, network, torch.float64)
    x[torch.rand(x.shape, generator=torch.Generator().manual_seed(1)) < 0.8] = 0
    for name, options in RECIPES.values():
        recipe = Recipe("mse", name, options, lr=0.01, batch_size=1, shuffle=True, updates=9)
        results = []
        for engine in (Eager(), FusedCpu()):
            session = opened(engine, network, recipe, (x, y))
            losses = session.advance(30).losses
            weights = [parameter.detach().numpy() for parameter in session.module.parameters()]
            results.append(SimpleNamespace(losses=losses, weights=weights))
        assert_same(*results, 1e-10)


@pytest.mark.parametrize("plan_threads", [1, 2])
@pytest.mark.parametrize("text", ["1 -> 1000 relu -> 1", "3 -> 700 gelu -> 2", "2 -> 300 tanh -> 1"])
def test_the_numbers_of_a_wide_layer_do_not_depend_on_the_threads_of_the_plan(text, plan_threads):
    network, losses = cn.read(text), []
    data = samples("mse", 300, network, torch.float32)
    for threads in (plan_threads, 3):
        session = opened(FusedCpu(), network, Recipe("mse", "adam", updates=9), data, "float32", threads)
        losses.append(session.advance(30).losses)
    assert losses[0] == losses[1]


def test_the_numbers_do_not_depend_on_how_many_threads_were_at_work():
    from chalknet.engine.fused_cpu import thread_team

    network = cn.read("30 -> 100 relu -> 100 relu -> 3")
    recipe = Recipe("mse", "adam", batch_size=64, updates=9)
    data = samples("mse", 200, network, torch.float32)
    losses = []
    for most in (1, 2):
        session = opened(FusedCpu(), network, recipe, data, "float32", threads=2)
        session._schedule._team = thread_team.ThreadTeam(most, most)
        losses.append(session.advance(40).losses)
    assert losses[0] == losses[1]


def test_a_ready_made_module_is_fitted_where_it_is_and_frozen_weights_stay():
    network = cn.read("3 -> 70 tanh -> 70 relu -> 1")
    data = samples("mse", 30, network, torch.float64)
    modules = []
    for engine in (Eager(), FusedCpu()):
        torch.manual_seed(4)
        module = nn.Sequential(
            nn.Sequential(nn.Linear(3, 70), nn.Tanh()), nn.Linear(70, 70), nn.ReLU(), nn.Linear(70, 1)
        ).double()
        module[0][0].weight.requires_grad_(False)
        module[3].bias.requires_grad_(False)
        before = [parameter.clone() for parameter in module.parameters()]
        session = opened(engine, network, Recipe("mse", "adam", updates=9, batch_size=7), data, module=module)
        session.advance(9)
        assert session.module is module
        modules.append(module)
        changed = [not torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True)]
        assert changed == [False, True, True, True, True, False]
    for ours, theirs in zip(modules[1].parameters(), modules[0].parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("text", ["1 -> 8 tanh -> 8 -> 1", "1 -> 100 relu -> 1", "2 -> 1"])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_fit_that_diverges_stops_at_the_first_loss_that_is_no_number(text, threads):
    network = cn.read(text)
    recipe = Recipe("mse", lr=1e6, updates=9)
    data = samples("mse", 2000, network, torch.float32)
    eager = opened(Eager(), network, recipe, data, "float32").advance(200).losses
    fused = opened(FusedCpu(), network, recipe, data, "float32", threads).advance(200).losses
    finite = [math.isfinite(loss) for loss in eager]
    assert len(fused) == finite.index(False) + 1
    assert not math.isfinite(fused[-1])
    assert all(map(math.isfinite, fused[:-1]))


def test_after_each_advance_the_module_holds_the_last_updates_weights():
    network = cn.read("2 -> 5 relu -> 1")
    recipe = Recipe("mse", lr=0.1, updates=9)
    data = samples("mse", 8, network, torch.float64)
    session = opened(FusedCpu(), network, recipe, data)
    for _ in range(3):
        with torch.no_grad():
            wanted = nn.MSELoss()(session.module(data[0]), data[1]).item()
        assert session.advance(1).losses[0] == pytest.approx(wanted, rel=1e-12)
    assert session.compile_s >= 0


def reasons(network=None, recipe=None, placement=None):
    network = cn.read("2 -> 3 relu -> 1") if network is None else network
    recipe = recipe or Recipe("mse", updates=1)
    return " ".join(FusedCpu().refusals(network, recipe, placement or Placement("cpu", "float32", 1)))


def test_what_it_cannot_run_is_refused_with_the_reason():
    assert reasons() == ""
    assert "not on cuda:0" in reasons(placement=Placement("cuda:0", "float32", 1))
    assert "not in float16" in reasons(placement=Placement("cpu", "float16", 1))
    assert "no amsgrad" in reasons(recipe=Recipe("mse", "adam", {"amsgrad": True}, updates=1))
    assert "the activation ?" in reasons(Network(2, (Linear(2), Activation("?"))))
    assert "width m is not a number" in reasons(Network("m", (Linear(2),)))
    assert "no Linear" in reasons(Network(2, (Activation("relu"),)))
    assert "one row of classes" in reasons(Network((3, 4), (Linear(2),)), Recipe("cross_entropy", updates=1))
    any_module = FusedCpu().refusals(None, Recipe("mse", updates=1), Placement("cpu", "float32", 1))
    assert "not any module" in any_module[0]


def test_a_step_of_a_kind_without_code_is_refused_by_name(monkeypatch):
    @dataclasses.dataclass(frozen=True)
    class Mystery(Step):
        def output_shape(self, input_shape):
            return input_shape

    kind = StepKind(Mystery, layers=list, call=lambda step, input_shape: LayerCall("Mystery", {}), words=())
    monkeypatch.setitem(STEPS, "Mystery", kind)
    assert "step 1, Mystery" in reasons(Network(2, (Linear(2), Mystery())))


def test_opening_what_is_refused_is_an_error_with_the_reason():
    network = Network(2, (Linear(2), Activation("?")))
    with pytest.raises(Refused, match=r"no code for step 1, the activation \?.*engine=\"auto\""):
        opened(FusedCpu(), network, Recipe("mse", updates=1), (torch.ones(3, 2), torch.ones(3, 2)))


def test_y_of_another_width_than_yhat_is_an_error():
    with pytest.raises(ShapeMismatch, match="got 2 numbers a sample; wanted 1"):
        opened(FusedCpu(), cn.read("2 -> 1"), Recipe("mse", updates=1), (torch.ones(3, 2), torch.ones(3, 2)))


def test_every_activation_loss_and_optimizer_has_compiled_code():
    from chalknet.engine.fused_cpu import names, optimizer_rows, optimizers

    assert not any(names.loss_reason(loss) for loss in LOSSES.values())
    assert list(optimizers.ROWS) == list(optimizer_rows.CODES)
    assert set(optimizers.ROWS) == set(OPTIMIZERS) - {"lbfgs"}
    settled = [row.name for row in ACTIVATIONS.values() if row.settled]
    assert not any(names.activation_reason(Activation(name)) for name in settled)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", [case for case in ACTIVATION_CASES if case.row.elementwise], ids=str)
def test_values_and_derivatives_of_activations_are_torchs_to_the_last_digits(case, dtype):
    from chalknet.engine.fused_cpu.formulas import call_at
    from chalknet.engine.fused_cpu.loops import backward_address, forward_address, options_address

    call = called(call_at)
    forward, backward = (address(case, dtype.__name__) for address in (forward_address, backward_address))
    z = np.concatenate([np.linspace(-200, 200, 4001), np.linspace(-2, 2, 4001), [1e-30, -1e-30]]).astype(
        dtype
    )
    h, g = np.empty_like(z), np.ones_like(z)
    options = options_address(case)
    call(forward, z, h, len(z), options)
    call(backward, z, h, g, len(z), options)
    zz = torch.from_numpy(z.astype(np.float64)).requires_grad_()
    wanted = getattr(nn, case.row.torch_class)(**case.all_options)(zz)
    wanted.sum().backward()
    digits = np.finfo(dtype).eps
    np.testing.assert_allclose(h, wanted.detach().numpy(), rtol=4 * digits, atol=16 * digits)
    np.testing.assert_allclose(g, zz.grad.numpy(), rtol=4 * digits, atol=64 * digits)
    no_number = np.full(3, np.nan, dtype=dtype)
    call(forward, no_number, h, 3, options)
    assert np.isnan(h[:3]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (5, 40), (33, 17), (50, 16), (64, 70)])
def test_a_matrix_is_transposed_share_by_share(dtype, shape):
    from chalknet.engine.fused_cpu.products import Matrix, transpose

    rows, columns = shape
    source = np.arange(rows * 96, dtype=dtype)
    target = np.full(columns * 80 + 3, -1, dtype=dtype)
    run = called(transpose)
    for low, high in [(0, rows // 3), (rows // 3, rows)]:
        run(Matrix(source, 0, 96, 1), Matrix(target, 3, 80, 1), low, high, columns)
    found = target[3:].reshape(columns, 80)
    assert (found[:, :rows] == source.reshape(rows, 96)[:, :columns].T).all()
    assert (found[:, rows:] == -1).all()
    assert (target[:3] == -1).all()
