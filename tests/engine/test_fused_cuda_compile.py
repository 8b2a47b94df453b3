"""Every schedule is compiled by NVRTC, which needs no device: for each architecture, and without spills."""

import re

import pytest
from tests.engine.cuda_fits import CLUSTER, GRID, MEETINGS, NETWORKS, ONE_BLOCK, STEP_NETWORKS, recipe_for

import chalknet as cn
from chalknet.engine.fused_cpu.optimizer_rows import slots_of
from chalknet.engine.fused_cuda.hidden import hidden_schedule
from chalknet.engine.fused_cuda.schedules import Limits, chain_schedule
from chalknet.engine.fused_cuda.source import text_of
from chalknet.engine.fused_cuda.stages import stages_of

SHARED_BYTES = {70: 98_304, 75: 65_536, 80: 166_912, 90: 232_448, 100: 232_448}


@pytest.fixture(scope="module")
def nvrtc():
    """Return NVRTC, where it is installed."""
    found = pytest.importorskip("cuda.bindings.nvrtc")
    try:
        found.nvrtcVersion()
    except Exception as problem:
        pytest.skip(f"NVRTC cannot be loaded: {problem}")
    return found


def compiled(nvrtc, network, recipe, rows, architecture, meet=None, dtype="float32"):
    """Return what the compiler says of a network's kernel."""
    _, supported = nvrtc.nvrtcGetSupportedArchs()[0], nvrtc.nvrtcGetSupportedArchs()[-1]
    if architecture not in supported:
        pytest.skip(f"this NVRTC does not compile for sm_{architecture}")
    stages = stages_of(network)
    limits = Limits(architecture, 132, SHARED_BYTES[architecture])
    task = stages, rows, 4 if dtype == "float32" else 8, sum(slots_of(recipe)), limits, meet
    alters = bool(recipe.clip_norm or recipe.l1)
    plan = (None if alters else hidden_schedule(*task)) or chain_schedule(*task, alters=alters)
    source = text_of(plan, stages, recipe, dtype, 2, [(True, stage.bias) for stage in stages], True, True)
    options = [b"--std=c++17", b"--ptxas-options=-v", f"--gpu-architecture=sm_{architecture}".encode()]
    _, program = nvrtc.nvrtcCreateProgram(source.encode(), b"updates.cu", 0, [], [])
    (problem,) = nvrtc.nvrtcCompileProgram(program, len(options), options)
    log = b" " * nvrtc.nvrtcGetProgramLogSize(program)[1]
    nvrtc.nvrtcGetProgramLog(program, log)
    assert int(problem) == 0, log.decode()
    return log.decode()


@pytest.mark.slow
@pytest.mark.parametrize("architecture", SHARED_BYTES)
@pytest.mark.parametrize("meet", MEETINGS)
@pytest.mark.parametrize("name", ["hidden relu", "chain"])
def test_every_schedule_compiles_for_every_architecture(nvrtc, name, meet, architecture):
    if MEETINGS[meet] == CLUSTER and architecture < 90:
        pytest.skip("clusters need sm_90")
    compiled(nvrtc, NETWORKS[name], recipe_for("mse"), 7, architecture, MEETINGS[meet])


@pytest.mark.slow
@pytest.mark.parametrize("architecture", [70, 80, 90, 100])
@pytest.mark.parametrize("name", STEP_NETWORKS)
def test_every_step_compiles_for_every_architecture(nvrtc, name, architecture):
    ways = (ONE_BLOCK, GRID) if architecture < 90 else (ONE_BLOCK, CLUSTER, GRID)
    meet = ways[(architecture // 10 + list(STEP_NETWORKS).index(name)) % len(ways)]
    compiled(nvrtc, STEP_NETWORKS[name], recipe_for("mse"), 7, architecture, meet)


@pytest.mark.slow
@pytest.mark.parametrize("formula", ["3 -> 70 tanh -> 2", "3 -> 9 tanh -> 6 relu -> 2"])
@pytest.mark.parametrize(
    ("loss", "optimizer", "more"),
    [
        ("gaussian_nll", "nadam", {"clip_value": 0.1}),
        ("focal_cross_entropy(1.5)", "lion", {"weight": -1}),
        ("focal", "adagrad", {"clip_norm": 0.5, "l1": 0.1, "weight": -1}),
        ("nll", "adamw", {"l2": 0.1}),
        ("poisson", "sgd", {"clip_norm": 0.5}),
    ],
)
def test_every_option_compiles(nvrtc, formula, loss, optimizer, more):
    for dtype in ("float32", "float64"):
        compiled(nvrtc, cn.read(formula), recipe_for(loss, optimizer, **more), 40, 90, dtype=dtype)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("formula", "loss", "optimizer", "rows"),
    [
        ("1 -> 500 relu -> 1", "mse", "adam", 100),
        ("1 -> 200000 relu -> 1", "mse", "adam", 100),
        ("784 -> 32 relu -> 1 sigmoid", "bce", "sgd", 2048),
        ("784 -> 32 relu -> 1 sigmoid", "bce", "sgd", 1),
        ("16 -> 64 tanh -> 64 tanh -> 1", "mse", "adam", 32),
        ("16 -> 64 batchnorm tanh -> 64 batchnorm tanh -> 1", "mse", "adam", 32),
        ("16 -> 64 layernorm tanh -> 64 prelu -> 1", "mse", "adam", 32),
        ("16 -> 64 relu -> [64 relu -> 64] + skip -> 1", "mse", "adam", 32),
        ("embed(46 -> 8) & x(n,15) -> 128 relu -> 1", "mse", "adam", 32),
    ],
)
def test_the_main_schedules_spill_no_registers(nvrtc, formula, loss, optimizer, rows):
    found = compiled(nvrtc, cn.read(formula), recipe_for(loss, optimizer), rows, 90)
    assert re.findall(r"(\d+) bytes spill", found) == ["0", "0"]
    assert int(re.search(r"Used (\d+) registers", found).group(1)) <= 255
