"""The price of an activation and of a loss is one row: added from outside, it is known everywhere."""

import math

import pytest
import torch
from tests.house.plugin_rows import CELU, LOG_COSH, SNAKE, SOFT_MARGIN, WINDING

import chalknet as cn
from chalknet.drawing import DIALECTS
from chalknet.engine import ENGINES
from chalknet.errors import CannotExpress
from chalknet.network import ACTIVATIONS, FORMULA_FUNCTIONS, Activation, Linear, Network
from chalknet.notation import NOTATIONS
from chalknet.planning import LOSSES


@pytest.fixture(autouse=True)
def rows(monkeypatch):
    for row in (CELU, SNAKE, WINDING):
        monkeypatch.setitem(ACTIVATIONS, row.name, row)
    for row in (SOFT_MARGIN, LOG_COSH):
        monkeypatch.setitem(LOSSES, row.name, row)


def network(kind, **options):
    return Network(
        3, (Linear(70), Activation(kind, options), Linear(5), Activation(kind, options), Linear(2))
    )


def data(loss):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(24, 3, generator=generator, dtype=torch.float64)
    y = torch.randn(24, 2, generator=generator, dtype=torch.float64)
    return x, y.sign() if loss == "soft_margin" else y


def value_of(formula, **variables):
    return eval(formula, {"__builtins__": {}}, {**FORMULA_FUNCTIONS, **variables})


@pytest.mark.parametrize(
    "text",
    [
        "3 -> 70 celu -> 5 celoo -> 2",
        "X(n,3) -l1-> u1(n,70) -celu-> v1(n,70) -l2-> u2(n,5) -CELU-> v2(n,5) -l3-> u3(n,2) = yhat",
        "nn.Sequential(nn.Linear(3, 70), nn.CELU(), nn.Linear(70, 5), CELU(inplace=True), nn.Linear(5, 2))",
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a, self.b, self.c = nn.Linear(3, 70), nn.Linear(70, 5), nn.Linear(5, 2)\n"
        "    def forward(self, x):\n        return self.c(F.celu(self.b(F.celu(self.a(x)))))",
    ],
    ids=["shorthand", "arrows", "torch", "functions of torch"],
)
def test_an_activation_is_read(text):
    assert cn.read(text).steps == network("celu").steps


def test_an_option_of_an_activation_is_read():
    assert cn.read("3 -> 4 snake(0.5) -> 1").steps[1] == Activation("snake", {"steepness": 0.5})


@pytest.mark.parametrize("notation", [row.name for row in NOTATIONS.values() if row.write])
@pytest.mark.parametrize("kind", ["celu", "snake"])
def test_an_activation_is_written_and_read_back_or_refused(kind, notation):
    ours = network(kind)
    if kind == "snake" and notation == "torch":
        with pytest.raises(CannotExpress, match=r"the activation snake, whose class is .*Snake"):
            cn.write(ours, notation)
        return
    if notation in ("keras", "flax"):  # which have functions of their own alone
        with pytest.raises(CannotExpress, match=f"the activation {kind}"):
            cn.write(ours, notation)
        return
    assert kind in cn.write(ours, notation).lower()
    if NOTATIONS[notation].read:
        assert cn.read(cn.write(ours, notation)).steps == ours.steps


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_activation_is_drawn(dialect):
    module = cn.build(cn.read("3 -> 1 celu"))  # a single output: some dialects show nothing else
    picture = cn.draw(module if dialect == "numbers" else cn.read("3 -> 1 celu"), dialect)
    assert "celu" in picture.svg


def test_an_activation_is_counted_built_read_from_its_module_and_compared():
    ours = network("snake", steepness=0.5)
    module = cn.build(ours, seed=1)
    assert [getattr(layer, "steepness", None) for layer in module] == [None, 0.5, None, 0.5, None]
    assert cn.read(module) == ours
    assert cn.count(ours).parameters == cn.count(network("relu")).parameters
    assert not cn.difference(ours, network("snake", steepness=0.5))
    assert "celu" in str(cn.difference(ours, network("celu")))


@pytest.mark.parametrize("row", [CELU, SNAKE], ids=lambda row: row.name)
def test_the_derivative_of_an_activation_is_the_finite_difference(row):
    for z in (-3.0, -0.4, 0.3, 2.0):
        ahead, behind = (value_of(row.formula, z=z + by, **row.options) for by in (1e-6, -1e-6))
        wanted = (ahead - behind) / 2e-6  # exact to 1e-12, the rounding of the formula adds 1e-10
        assert value_of(row.derivative, z=z, **row.options) == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize("row", [SOFT_MARGIN, LOG_COSH], ids=lambda row: row.name)
def test_the_gradient_of_a_loss_is_the_finite_difference(row):
    for yhat in (-3.0, -0.4, 0.3, 2.0):
        ahead, behind = (value_of(row.formula, yhat=yhat + by, y=1.0) for by in (1e-6, -1e-6))
        assert value_of(row.gradient, yhat=yhat, y=1.0) == pytest.approx((ahead - behind) / 2e-6, abs=1e-8)


@pytest.mark.parametrize("loss", ["soft_margin", "logistic_loss", "SoftMarginLoss", "log_cosh"])
@pytest.mark.parametrize("kind", ["celu", "snake"])
@pytest.mark.parametrize("layers", [3, 2], ids=["tiles", "blocks"])
def test_a_fit_by_the_compiled_engine_has_the_losses_of_eager(kind, loss, layers):
    pytest.importorskip("numba")
    ours = network(kind) if layers == 3 else Network(3, (Linear(70), Activation(kind), Linear(2)))
    given = data(LOSSES.get(loss, SOFT_MARGIN).name)
    fits = [
        cn.fit(ours, given, loss=loss, lr=0.05, updates=30, batch_size=10, dtype="float64", engine=engine)
        for engine in ("eager", "fused_cpu")
    ]
    eager, fused = (fit.history.loss for fit in fits)
    assert max(abs(a - b) for a, b in zip(eager, fused, strict=True)) < 1e-10
    assert len(set(eager)) == 30


def test_an_activation_whose_formula_cannot_be_compiled_is_refused_and_auto_goes_on():
    ours = Network(3, (Linear(4), Activation("winding"), Linear(2)))
    result = cn.fit(ours, data("mse"), loss="mse", updates=3, dtype="float64")
    assert result.plan.engine == "eager"
    (reason,) = ENGINES["fused_cpu"].refusals(ours, result.plan.recipe, result.plan.placement)
    assert reason.startswith("it has no code for step 1, the activation winding, whose formula ")
    assert reason.endswith(" calls fabs")


def test_a_loss_without_a_gradient_is_refused_by_the_compiled_engine(monkeypatch):
    from dataclasses import replace

    monkeypatch.setitem(LOSSES, "log_cosh", replace(LOG_COSH, gradient="tan(yhat - y)"))
    ours = cn.read("3 -> 2")
    result = cn.fit(ours, data("mse"), loss="log_cosh", updates=3, dtype="float64")
    assert result.plan.engine == "eager"
    (reason,) = ENGINES["fused_cpu"].refusals(ours, result.plan.recipe, result.plan.placement)
    assert reason == "it has no code for the loss log_cosh, whose formula 'tan(yhat - y)' calls tan"


def test_memory_is_estimated():
    recipe = cn.Recipe(loss="log_cosh", updates=1, batch_size=8)
    for engine in ("eager", "fused_cpu"):
        relu, snake = (cn.memory(network(kind), recipe, engine=engine) for kind in ("relu", "snake"))
        assert snake.total_bytes >= relu.total_bytes > 0


def test_onnx_has_the_operation_or_the_refusal_says_that_there_is_none(tmp_path):
    pytest.importorskip("onnx")
    (tmp_path / "net.onnx").write_bytes(cn.write(network("celu"), "onnx"))
    assert cn.read(tmp_path / "net.onnx").steps == network("celu").steps
    with pytest.raises(CannotExpress, match=r"snake, which is no operation of ONNX"):
        cn.write(network("snake"), "onnx")


def test_without_its_row_an_activation_is_unknown_again(monkeypatch):
    monkeypatch.delitem(ACTIVATIONS, "celu")
    with pytest.raises(cn.UnknownName, match="celu"):
        cn.read("3 -> 4 celu -> 1")
    assert math.isfinite(value_of(CELU.formula, z=1.0))
