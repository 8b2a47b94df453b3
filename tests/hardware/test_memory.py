"""Memory: estimates against counts and against what processes take; what is watched; the largest batch."""

import subprocess
import sys
from dataclasses import replace
from math import prod

import pytest
import torch
from benchmarks import memory as benchmark
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.strategies import networks
from torch import nn

import chalknet as cn
from chalknet.errors import InvalidValue, OutOfMemory, Refused, UnknownName, Unsettled
from chalknet.hardware import within_memory
from chalknet.planning import DataFacts, Placement, Plan
from chalknet.system import return_free_memory

F4 = cn.read("784 -> 32 relu -> 1 sigmoid")
OPTIMIZERS = {  # what is kept beside each weight, counted by hand from the papers' formulas
    ("sgd", ()): 0,
    ("sgd", (("momentum", 0.9),)): 1,
    ("adam", ()): 2,
    ("adamw", (("amsgrad", True),)): 3,
    ("rmsprop", ()): 1,
    ("rmsprop", (("momentum", 0.9), ("centered", True))): 3,
}


@pytest.mark.parametrize(("optimizer", "slots"), OPTIMIZERS.items(), ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_lines_are_what_a_count_by_hand_gives(optimizer, slots, dtype):
    name, options = optimizer
    size = 4 if dtype == "float32" else 8
    found = cn.memory(F4, loss="bce", optimizer=name, batch_size=100, dtype=dtype, **dict(options))
    weights = 784 * 32 + 32 + 32 + 1
    assert found.weights_bytes == found.gradients_bytes == weights * size
    assert slots * weights * size <= found.optimizer_bytes <= slots * weights * size + 4 * 4  # and steps
    assert found.batch_bytes == 100 * 785 * size
    # for the way back: relu's values, which the next map keeps too, and yhat
    assert found.activations_bytes == (100 * 32 + 100 * 1) * size
    assert found.context_bytes == 0


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25)
@given(network=networks(), rows=st.integers(1, 50), optimizer=st.sampled_from(["sgd", "adam"]))
def test_every_network_has_an_estimate_whose_lines_add_up(network, rows, optimizer):
    if not any(isinstance(step, cn.Linear) for step in network.steps):
        return
    found = cn.memory(network, optimizer=optimizer, batch_size=rows)
    parameters = cn.count(network).parameters
    assert found.weights_bytes == 4 * parameters
    assert found.batch_bytes == 4 * rows * (prod(network.input_shape) + prod(network.output_shape))
    lines = [
        value for name, value in vars(found).items() if name.endswith("_bytes") and name != "apart_bytes"
    ]
    assert found.total_bytes == sum(lines) - found.apart_bytes
    assert found.total_bytes >= max(lines)
    assert min(found.temporary_bytes, found.apart_bytes) == 0


def test_a_network_of_any_width_is_answered_without_being_built():
    wide = cn.read("1 -> 1000000000 relu -> 1")
    found = cn.memory(wide, optimizer="adam", batch_size=100)
    assert found.optimizer_bytes == pytest.approx(2 * 4 * 3e9, rel=1e-6)
    assert found.activations_bytes == pytest.approx(4 * 1e9 * 100, rel=1e-6)
    verdict = found.fits("cpu")
    assert not verdict and verdict.needed_bytes == found.total_bytes
    assert str(verdict).startswith("does not fit: 1.1 TiB needed, ")


def test_an_engine_that_makes_hidden_values_anew_keeps_none():
    wide = cn.read("1 -> 200000 relu -> 1")
    eager, fused = (
        cn.memory(wide, optimizer="adam", batch_size=100, engine=name) for name in ("eager", "fused_cpu")
    )
    assert eager.activations_bytes >= 4 * 100 * 200_000
    assert fused.activations_bytes == 0
    assert fused.optimizer_bytes == pytest.approx(eager.optimizer_bytes, rel=1e-3)  # rows are filled up


def test_on_cuda_the_context_has_a_line_of_its_own():
    here, there = (cn.memory(F4, loss="bce", batch_size=10, device=name) for name in ("cpu", "cuda:7"))
    assert "CUDA context" in str(there) and "CUDA context" not in str(here)
    assert there.context_bytes > 100 << 20
    with pytest.raises(Refused, match=r"cuda:7 asked"):
        there.fits()


def test_the_table_has_a_line_each_and_a_total():
    words = [line.rsplit("  ", 1)[0].strip() for line in str(cn.memory(F4, batch_size=10)).splitlines()[1:]]
    assert words[:5] == ["weights", "gradients", "optimizer state", "activations", "batch"]
    assert words[-1] == "total"


class Convolutions(nn.Module):
    """A module that no Network describes."""

    def __init__(self):
        super().__init__()
        self.convolve, self.norm, self.map = nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.Linear(8 * 26 * 26, 10)

    def forward(self, x):
        return self.map(torch.relu(self.norm(self.convolve(x))).flatten(1))


def test_any_module_is_followed_by_its_shapes_and_left_as_it_is():
    module = Convolutions().eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state = torch.get_rng_state()
    found = cn.memory(module, loss="cross_entropy", optimizer="adam", batch_size=16, input_shape=(1, 28, 28))
    parameters = sum(parameter.numel() for parameter in module.parameters())
    assert found.gradients_bytes == 4 * parameters
    assert found.activations_bytes > 2 * 16 * 8 * 26 * 26 * 4
    assert not module.training and torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_a_frozen_layer_has_no_gradients():
    module = nn.Sequential(nn.Linear(10, 20), nn.Linear(20, 1))
    module[0].requires_grad_(False)
    assert cn.memory(module, batch_size=4).gradients_bytes == 4 * 21


class Looking(nn.Module):
    """A module that looks at values."""

    def __init__(self):
        super().__init__()
        self.map = nn.Linear(3, 1)

    def forward(self, x):
        return self.map(x) if x.sum().item() > 0 else -self.map(x)


BAD = [
    ((F4,), {}, InvalidValue, r"batch_size: got nothing; wanted a whole number of at least 1"),
    ((F4,), {"batch_size": 0.5}, InvalidValue, "batch_size: got 0.5"),
    ((F4,), {"batch_size": 2, "engine": "eagr"}, UnknownName, "Did you mean eager"),
    ((F4,), {"batch_size": 2, "dtype": "float33"}, UnknownName, "Did you mean float32"),
    ((F4,), {"batch_size": 2, "losss": "mse"}, UnknownName, "Did you mean loss"),
    ((F4,), {"batch_size": 2, "device": "gpuu"}, UnknownName, "the unknown device 'gpuu'"),
    ((cn.read("m -> 3"),), {"batch_size": 2}, Unsettled, "symbolic width m"),
    ((None,), {"batch_size": 2}, InvalidValue, "got None; wanted a text, a path, a picture, an nn.Module"),
    (([nn.Linear(1, 1)],), {"batch_size": 2}, InvalidValue, "a list of 1.*Sequential"),
    ((F4,), {"batch_size": 2, "devise": "cpu"}, UnknownName, "Did you mean device"),
    ((F4,), {"batch_size": 2, "learning_rate": 1}, UnknownName, "Did you mean lr"),
    ((F4, "mse"), {"batch_size": 2}, InvalidValue, "recipe: got a str; wanted a Recipe"),
    ((F4,), {"batch_size": 2, "threads": 0}, InvalidValue, "threads: got 0"),
    ((Convolutions(),), {"batch_size": 2}, InvalidValue, r"no shape of a sample.*input_shape=\(1, 28, 28\)"),
    ((Convolutions(),), {"batch_size": 2, "input_shape": (3, 5, 5)}, Refused, r"x of shape \(2, 3, 5, 5\)"),
    ((Looking(),), {"batch_size": 2, "input_shape": 3}, Refused, "looks at values can be measured"),
]


@pytest.mark.parametrize(("arguments", "options", "error", "words"), BAD, ids=[str(row[1]) for row in BAD])
def test_what_cannot_be_estimated_is_refused_with_the_remedy(arguments, options, error, words):
    with pytest.raises(error, match=words):
        cn.memory(*arguments, **options)


@pytest.mark.parametrize(
    "model",
    ["784 -> 32 relu -> 1 sigmoid", cn.build(F4), cn.write(F4, "torch"), cn.write(F4, "json")],
    ids=type,
)
def test_the_model_is_whatever_read_takes(model):
    assert cn.memory(model, batch_size=8).total_bytes == cn.memory(F4, batch_size=8).total_bytes


def test_keywords_go_before_the_recipe():
    recipe = cn.Recipe(loss="bce", optimizer="adam", batch_size=3, updates=9)
    found = cn.memory(F4, recipe, optimizer="sgd", loss=nn.MSELoss())
    assert found == cn.memory(F4, loss="mse", optimizer="sgd", batch_size=3)
    assert cn.memory(F4, recipe) == cn.memory(F4, loss="bce", optimizer="adam", batch_size=3)


def test_a_watch_that_has_not_ended_says_so():
    with cn.memory.watch() as seen, pytest.raises(InvalidValue, match="before the watched code has ended"):
        seen.process  # noqa: B018


@pytest.mark.slow
@pytest.mark.parametrize("index", [2, 6, 8], ids=lambda index: benchmark.CASES[index].formula)
def test_the_estimate_is_near_what_a_fit_takes(index):
    case = benchmark.CASES[index]
    assert benchmark.holds(benchmark.estimated(case), benchmark.taken(case))


# Watching.


def test_a_watch_sees_what_came_and_went():
    return_free_memory()  # or else what earlier tests let go of is taken again, and nothing grows
    with cn.memory.watch() as seen:
        assert str(seen) == "still watching"
        torch.ones(25_000_000)  # 100 MB, let go of at once
        kept = torch.ones(10_000_000)
    taken = seen.process
    assert 95e6 < taken.growth_bytes < 180e6
    assert 35e6 < taken.after_bytes - taken.before_bytes < 80e6
    assert str(seen).splitlines()[0].split() == ["memory", "before", "after", "peak", "grew", "by"]
    assert kept is not None


def test_a_watch_sees_a_peak_without_the_kernels_record(monkeypatch):
    monkeypatch.setattr(sys.modules["chalknet.hardware.watch"], "reset_peak", lambda: False)
    with cn.memory.watch() as seen:
        tensor = torch.ones(50_000_000)
        tensor.mul_(2)
        del tensor
    assert seen.process.growth_bytes > 150e6


def test_a_watch_tells_when_the_body_fails():
    with pytest.raises(ZeroDivisionError), cn.memory.watch() as seen:
        1 / 0  # noqa: B018
    assert seen.process.peak_bytes > 0


def test_a_gpu_has_rows_for_tensors_for_what_is_held_and_for_the_rest_that_the_driver_counts(monkeypatch):
    figures = {"allocated_bytes.all": (10, 10), "reserved_bytes.all": (20, 20)}

    def memory_stats(index):
        named = {f"{name}.current": now for name, (now, _) in figures.items()}
        return named | {f"{name}.peak": peak for name, (_, peak) in figures.items()}

    monkeypatch.setattr(sys.modules["chalknet.hardware.watch"], "driver_view", lambda index: None)
    for name, value in {"is_available": True, "device_count": 1, "is_initialized": True}.items():
        monkeypatch.setattr(torch.cuda, name, lambda value=value: value)
    monkeypatch.setattr(torch.cuda, "memory_stats", memory_stats)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (40, 100))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda index: None)
    with cn.memory.watch() as seen:
        figures.update({"allocated_bytes.all": (12, 15), "reserved_bytes.all": (30, 45)})
    rows = {row.what: (row.before_bytes, row.after_bytes, row.peak_bytes) for row in seen.rows[1:]}
    assert rows == {
        "cuda:0, tensors": (10, 12, 15),
        "cuda:0, held for tensors": (20, 30, 45),
        "cuda:0, context and others": (40, 30, 40),
    }


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_b2_on_a_gpu_tensors_and_context_are_told_apart():
    with cn.memory.watch() as seen:
        x = torch.ones(1_000_000, device="cuda:0")
    rows = {row.what: row for row in seen.rows}
    assert rows["cuda:0, tensors"].growth_bytes >= x.nbytes
    assert "cuda:0, context and others" in rows


# The largest batch.


@pytest.mark.slow
def test_the_largest_batch_really_ran_within_its_limit():
    found = cn.memory.largest_batch(
        cn.read("784 -> 256 relu -> 10"), loss="cross_entropy", limit_bytes=40 << 20
    )
    ran = {each.batch_size: each.peak_bytes for each in found.tries if each.peak_bytes is not None}
    assert ran[int(found)] == found.peak_bytes <= found.limit_bytes == 40 << 20
    larger = [each for each in found.tries if each.batch_size > int(found)]
    assert larger and all(each.peak_bytes is None or each.peak_bytes > 40 << 20 for each in larger)
    assert f"{int(found):,} samples an update took" in str(found)


@pytest.mark.slow
def test_what_a_process_loads_on_its_first_update_is_not_counted():
    code = (
        "import chalknet as cn\n"
        "options = {'loss': 'cross_entropy', 'limit_bytes': 40 << 20}\n"
        "found = cn.memory.largest_batch('784 -> 256 relu -> 10', **options)\n"
        "assert int(found) > 1000, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_no_size_is_run_that_the_estimate_forbids():
    found = cn.memory.largest_batch(cn.read("1000 -> 1"), limit_bytes=16 << 20)
    assert all(each.peak_bytes is None for each in found.tries if each.predicted_bytes > 16 << 20)


def test_the_largest_batch_of_data_is_at_most_all_of_it():
    x = torch.rand(50, 3)
    found = cn.memory.largest_batch(cn.read("3 -> 1"), (x, x.sum(1)))
    assert int(found) == 50 and len(found.tries) == 1


@pytest.mark.slow
def test_a_module_that_cannot_be_followed_is_found_by_running_alone():
    module = Looking()
    before = module.map.weight.clone()
    with pytest.raises(Refused, match="looks at values"):
        cn.memory(module, batch_size=1, input_shape=3)
    found = cn.memory.largest_batch(module, input_shape=3, at_most=64)
    assert int(found) == 64
    assert torch.equal(module.map.weight, before)


def test_what_does_not_fit_at_all_says_what_one_sample_needs():
    with pytest.raises(OutOfMemory, match=r"got 798.\d KiB needed for one sample.*at most 512.0 KiB"):
        cn.memory.largest_batch(cn.read("784 -> 128 relu -> 1"), limit_bytes=512 << 10)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limit_bytes": 0}, "limit_bytes: got 0"),
        ({"at_most": -1}, "at_most: got -1"),
        ({"device": "meta"}, "meta"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(options, words):
    with pytest.raises(cn.ChalknetError, match=words):
        cn.memory.largest_batch(F4, **options)


# What a fit does about it.


@pytest.fixture
def little_memory(monkeypatch):
    """Let the CPU have 1 GiB free."""
    from chalknet.hardware import find_device

    small = replace(find_device("cpu"), memory_free_bytes=1 << 30)
    for name in ("shortage", "estimate"):
        monkeypatch.setattr(sys.modules[f"chalknet.hardware.{name}"], "find_device", lambda name: small)


def decided(text, rows, engine="eager", shuffle=False):
    network = cn.read(text)
    return Plan(
        network=network,
        model=text,
        recipe=cn.Recipe(loss="mse", updates=1, shuffle=shuffle),
        data=DataFacts("data", rows, network.input_shape, network.output_shape),
        placement=Placement("cpu", "float32", 1),
        engine=engine,
        updates=1,
        updates_per_epoch=1,
    )


def test_a_fit_that_fits_is_left_as_it_is(little_memory):
    plan = decided("10 -> 100 relu -> 1", 1000)
    assert within_memory(plan) is plan


def test_a_batch_too_large_for_memory_is_summed_over_smaller_ones(little_memory):
    plan = within_memory(decided("1 -> 100000 relu -> 1", 10_000))
    assert 1 <= plan.placement.micro_batch < 10_000
    assert cn.memory(plan.network, batch_size=plan.placement.micro_batch).total_bytes < 1 << 30
    assert "an update needs" in plan.reasons[-1] and "1.0 GiB are free" in plan.reasons[-1]


def test_what_does_not_fit_at_all_is_refused_before_the_first_update(little_memory):
    with pytest.raises(OutOfMemory, match=r"got .* GiB needed for an update, 1.0 GiB free; .*a narrower net"):
        within_memory(decided("1 -> 1000000000 relu -> 1", 1))


def test_an_engine_that_cannot_go_piece_by_piece_says_what_to_do(little_memory):
    plan = decided("3000 -> 2 relu -> 1", 1_000_000, "fused_cpu", shuffle=True)
    with pytest.raises(OutOfMemory, match=r'a smaller batch_size than 1,000,000, or engine="eager"'):
        within_memory(plan)


def test_data_that_is_in_memory_already_is_not_needed_twice(little_memory):
    plan = decided("3000 -> 2 relu -> 1", 1_000_000, "fused_cpu")
    assert within_memory(plan) is plan
