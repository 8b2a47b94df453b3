"""What fused_cuda has no code for is refused by its name, with a remedy; auto then takes another engine."""

import re
from dataclasses import replace
from enum import IntEnum

import pytest
import torch

import chalknet as cn
from chalknet.engine.fused_cuda import FusedCuda, engine, refusals
from chalknet.engine.fused_cuda.cuda import _checked
from chalknet.engine.fused_cuda.formulas import formula_reason, in_cuda
from chalknet.engine.fused_cuda.optimizers import RATES
from chalknet.engine.fused_cuda.source import FOLDER
from chalknet.errors import CodeUnavailable, Refused
from chalknet.network import (
    STEPS,
    Activation,
    BatchNorm,
    Dropout,
    Embed,
    Flatten,
    LayerNorm,
    Linear,
    Network,
    PReLU,
    Residual,
)
from chalknet.planning import LOSSES, OPTIMIZERS, Placement, Recipe
from chalknet.training.choice.autotune import Candidates, autotune
from chalknet.training.choice.timing_cache import TimingCache

ON_GPU = Placement("cuda:0", "float32", 1)


@pytest.fixture(autouse=True)
def a_gpu(monkeypatch):
    """Have the engine say what it would on a machine with a GPU."""
    monkeypatch.setattr(engine, "_device_reasons", lambda device: [])


def reasons_of(network, recipe=None, placement=ON_GPU):
    recipe = recipe or Recipe("mse", updates=1)
    return FusedCuda().refusals(network, recipe, placement)


EXAMPLES = {
    "Linear": Linear(2),
    "Activation": Activation("tanh"),
    "Dropout": Dropout(0.5),
    "Flatten": Flatten(),
    "PReLU": PReLU(),
    "LayerNorm": LayerNorm(),
    "BatchNorm": BatchNorm(),
    "Residual": Residual((Linear(4),)),
}


@pytest.mark.parametrize("kind", STEPS)
def test_a_step_runs_by_its_row_and_is_refused_by_its_name_without(monkeypatch, kind):
    step = STEPS[kind].step
    if kind in (*EXAMPLES, "Embed"):
        steps = (Embed(3, 4), Linear(4)) if kind == "Embed" else (Linear(4), EXAMPLES[kind])
        network, path = Network(3, (*steps, Linear(1))), int(kind != "Embed")
        assert not reasons_of(network)
        monkeypatch.setattr(refusals, "STEPS", {k: v for k, v in refusals.STEPS.items() if k is not step})
        assert any(f"step {path}, {'the activation tanh' if kind == 'Activation' else kind}" in reason
                   for reason in reasons_of(network))  # fmt: skip
    else:
        assert step not in refusals.STEPS


def test_an_activation_without_a_formula_is_refused_by_its_name():
    (reason,) = reasons_of(Network(3, (Linear(2), Activation("h"))))
    assert "the activation h" in reason


def test_every_optimizer_is_run_or_refused_by_its_name():
    network = cn.read("3 -> 4 relu -> 1")
    for name in OPTIMIZERS:
        reasons = reasons_of(network, Recipe("mse", name, updates=1))
        assert bool(reasons) == (name not in RATES)
        assert all(name in reason for reason in reasons)
    (reason,) = reasons_of(network, Recipe("mse", "adam", {"amsgrad": True}, updates=1))
    assert "amsgrad" in reason


def test_every_loss_is_run_or_refused_by_its_name(monkeypatch):
    network = cn.read("3 -> 4 relu -> 2")
    for name in LOSSES:
        assert not reasons_of(network, Recipe(name, updates=1))
    row = replace(LOSSES["mse"], name="wild", formula="sinc(yhat - y)")
    monkeypatch.setitem(LOSSES, "wild", row)
    (reason,) = reasons_of(network, Recipe("wild", updates=1))
    assert "the loss wild" in reason and "sinc" in reason
    monkeypatch.setitem(LOSSES, "wild", replace(row, formula="(yhat - y) % 2"))
    (reason,) = reasons_of(network, Recipe("wild", updates=1))
    assert "the loss wild" in reason and "has (yhat - y) % 2" in reason
    monkeypatch.setitem(LOSSES, "ordinal", replace(LOSSES["nll"], name="ordinal"))
    (reason,) = reasons_of(network, Recipe("ordinal", updates=1))
    assert "the loss ordinal" in reason and "class numbers" in reason
    (reason,) = reasons_of(cn.read("3 -> 4 relu -> 3"), Recipe("gaussian_nll", updates=1))
    assert "gaussian_nll takes 2 numbers of yhat" in reason


def test_a_class_loss_of_the_cpu_without_code_here_is_refused(monkeypatch):
    monkeypatch.setattr(refusals, "ROW_LOSSES", ("cross_entropy",))
    (reason,) = reasons_of(cn.read("3 -> 4 relu -> 2"), Recipe("nll", updates=1))
    assert "the loss nll" in reason


def test_the_tables_have_what_the_kernels_have_branches_for():
    for name, prefix, table in (
        ("optimizers.cuh", "OPTIMIZER", set(RATES)),
        ("losses.cuh", "ROW_LOSS", {"none", *refusals.ROW_LOSSES}),
    ):
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert set(re.findall(rf"#define {prefix}_(\w+) \d", text)) == table
        assert "#error" in text  # what has no branch is no other one by default


def test_what_cuda_refuses_is_an_error_with_a_remedy():
    class Answer(IntEnum):
        CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE = 720

    with pytest.raises(CodeUnavailable, match=r"CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE.*engine=.graph"):
        _checked((Answer.CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE,))
    assert _checked((0, 5)) == 5


def test_a_placement_for_more_than_one_launch_is_refused():
    placement = Placement("cuda:0", "float16", 1, micro_batch=3, processes=2)
    reasons = " ".join(reasons_of(None, placement=placement))
    for word in ("float16", "3 samples at a time", "2 that share", "not any module"):
        assert word in reasons


def test_it_runs_on_cuda_alone(monkeypatch):
    monkeypatch.undo()
    (reason,) = reasons_of(cn.read("3 -> 1"), placement=Placement("cpu", "float32", 1))
    assert reason == "it runs on a CUDA device, not on cpu"
    with pytest.raises(Refused, match=r"not on cpu.*engine=.auto"):
        cn.fit("3 -> 1", ([[1.0, 2, 3]], [[1.0]]), loss="mse", updates=1, device="cpu", engine="fused_cuda")


def test_auto_takes_another_engine_and_says_why(monkeypatch, tmp_path):
    network = cn.read("3 -> 2 relu -> dropout 0.5 -> 1")
    data = torch.rand(9, 3), torch.rand(9, 1)
    draft = cn.plan(network, data, Recipe("mse", updates=9), engine="eager", device="cpu")
    candidates = Candidates("auto", ("cpu",), ("fused_cuda", "eager"), 1, 1)

    def tuned():
        return autotune(draft, candidates, lambda *_: None, TimingCache(tmp_path / "measured.json"))

    first = tuned()
    assert first.candidate.engine == "fused_cuda" and "draws Dropout's masks" in first.reasons[-1]
    monkeypatch.setattr(refusals, "STEPS", {k: v for k, v in refusals.STEPS.items() if k is not Dropout})
    other = tuned()
    assert other.candidate.engine == "eager"
    assert other.reasons[0].startswith(
        "engine fused_cuda cannot run this: it has no code for step 2, Dropout"
    )


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("max(z, 0, -z)", "bigger(bigger(z, (REAL)0.0), (-z))"),
        ("z ** 2 if 0 < z and z < 1 or z == 3 else 2 * pi", None),
        ("(z > 0) + z ** 0.5", "(((REAL)(z > (REAL)0.0)) + pow(z, (REAL)0.5))"),
        ("z if way == 'up' else -z", "z"),
        ("a * z", "((REAL)0.25 * z)"),
    ],
)
def test_a_formula_becomes_an_expression(formula, text):
    found = in_cuda(formula, {"way": "up", "a": 0.25})
    assert text is None or found == text


@pytest.mark.parametrize(
    "part", ["z // 2", "way", "sum(z)", "[z]", "z @ z", "exp(z, z)", "not z", "z < 1 < z"]
)
def test_a_formula_of_other_kinds_is_refused_with_what_it_has(part):
    assert formula_reason((f"exp({part})",), {"way": "up"}).endswith(f"has {part}")
