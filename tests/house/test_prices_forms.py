"""What a step, a notation and a dialect cost: one row each, added here from outside, and every room works."""

import pytest
import torch
from tests.house import plugin_forms
from tests.house.plugin_forms import RMSNorm

import chalknet as cn
from chalknet.drawing import DIALECTS
from chalknet.engine import ENGINES
from chalknet.errors import CannotExpress, ChalknetError
from chalknet.module import read_module
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
    kind_of,
)
from chalknet.notation import NOTATIONS
from chalknet.planning import Placement, Recipe

LOSSLESS = [*(row.name for row in NOTATIONS.values() if row.lossless), "lines"]
# An example of each kind of step, given what a sample of shape (4,) becomes.
EXAMPLES = {
    "Linear": Linear(3, bias=False),
    "Activation": Activation("leaky_relu", {"negative_slope": 0.2}),
    "Dropout": Dropout(0.25),
    "Flatten": Flatten(),
    "PReLU": PReLU(per_feature=True, init=0.5),
    "LayerNorm": LayerNorm(0.25, bias=False),
    "BatchNorm": BatchNorm(0.25, momentum=0.5, affine=False),
    "Residual": Residual((Linear(3), BatchNorm(), Activation("relu"), Dropout(0.25), Linear(6))),
    "Embed": Embed(5, 3, "city"),
    "RMSNorm": RMSNorm(0.125, affine=False),
}


@pytest.fixture(autouse=True)
def _installed():
    plugin_forms.install()
    yield
    plugin_forms.remove()


def network_with(step):
    if step.at_the_start:
        return Network(4, (step, Linear(6), Activation("relu"), Linear(1)))
    return Network(4, (Linear(6), step, Activation("relu"), Linear(1)))


@pytest.fixture
def network(_installed):
    return network_with(RMSNorm(0.001))


def test_every_kind_of_step_has_an_example_here():
    assert set(EXAMPLES) == set(STEPS)


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("notation", LOSSLESS)
def test_a_step_is_read_back_from_every_notation(kind, notation):
    network = network_with(EXAMPLES[kind])
    text = cn.write(network, notation)
    assert cn.read(text, notation=notation) == network
    assert cn.read(text) == network


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_step_is_built_with_the_parameters_counted_and_read_back_from_the_module(kind):
    network = network_with(EXAMPLES[kind])
    module = cn.build(network)
    assert sum(parameter.numel() for parameter in module.parameters()) == cn.count(network).parameters
    assert read_module(module) == network
    assert module(torch.zeros(2, 4)).shape == (2, 1)


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("dialect", [*DIALECTS, "row"])
def test_a_step_is_drawn_in_every_dialect_or_refused_with_a_reason(kind, dialect):
    module = cn.build(network_with(EXAMPLES[kind]))
    try:
        assert cn.draw(module, dialect).svg.startswith("<svg")
    except CannotExpress as refused:
        assert dialect in DIALECTS and refused.wanted and refused.remedy


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("notation", ["mathml", "dot", "mermaid", "svg", "onnx"])
def test_a_step_is_written_in_every_other_form_or_refused_with_a_reason(kind, notation):
    try:
        assert cn.write(network_with(EXAMPLES[kind]), notation)
    except CannotExpress as refused:
        assert (kind, notation) == ("RMSNorm", "onnx")
        assert refused.where == "step 1 (RMSNorm)" and "no operation of ONNX" in refused.got


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_step_makes_a_difference_or_states_that_it_does_nothing(kind):
    step, without = EXAMPLES[kind], Network(4, (Linear(6), Activation("relu"), Linear(1)))
    assert bool(cn.difference(network_with(step), without)) != kind_of(step).is_idle(step, (6,))


@pytest.mark.parametrize("code", ["RMSNorm(6)", "RMSNorm([6])", "RMSNorm(normalized_shape=(6,), eps=1e-5)"])
def test_a_new_layer_is_read_from_code_as_people_write_it(code):
    text = f"net = nn.Sequential(nn.Linear(4, 6), nn.{code})"
    assert cn.read(text) == Network(4, (Linear(6), RMSNorm()))


def test_a_new_layer_that_takes_other_sizes_than_arrive_is_refused():
    with pytest.raises(cn.ShapeMismatch, match=r"RMSNorm\(5, .* takes 5 features, but 6 arrive"):
        cn.read("nn.Sequential(nn.Linear(4, 6), nn.RMSNorm(5))")
    with pytest.raises(cn.ShapeMismatch, match=r"got 6 features.*wanted 5 features"):
        read_module(torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.RMSNorm(5)))


def test_a_mistake_in_a_new_step_is_answered_as_in_any_other():
    with pytest.raises(cn.UnknownName, match=r"unknown option 'epz'.*Did you mean eps"):
        cn.read("4 -> 6 rmsnorm(epz=1.0)")
    with pytest.raises(cn.InvalidValue, match="a number above 0"):
        cn.read("4 -> 6 rmsnorm(eps=-1.0)")
    with pytest.raises(cn.UnknownName, match="Did you mean rmsnorm"):
        cn.read("4 -> 6 rmsnrm")


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_runs_a_step_or_refuses_it_by_its_name(kind, engine):
    recipe = Recipe(loss="mse", updates=1)
    reasons = ENGINES[engine].refusals(network_with(EXAMPLES[kind]), recipe, Placement("cpu", "float32", 1))
    plain = ENGINES[engine].refusals(network_with(Linear(6)), recipe, Placement("cpu", "float32", 1))
    about_the_step = set(reasons) - set(plain)
    assert all(kind in reason for reason in about_the_step)
    assert bool(about_the_step) == (kind == "RMSNorm" and engine in ("fused_cpu", "fused_cuda"))


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_memory_of_an_update_is_estimated_with_every_step(kind):
    network = network_with(EXAMPLES[kind])
    kept = cn.build(network).state_dict().values()
    assert cn.memory(network, batch_size=2).weights_bytes == sum(
        tensor.numel() * tensor.element_size() for tensor in kept
    )


def test_a_new_step_is_fitted_by_eager_and_the_others_say_why_they_do_not_run_it(network):
    x = torch.linspace(-1, 1, 40).reshape(10, 4)
    options = {"loss": "mse", "updates": 3, "seed": 0, "device": "cpu"}
    result = cn.fit(network, (x, x[:, :1]), **options)
    assert result.plan.engine == "eager"
    assert result.module[1].weight.detach().ne(1).any()
    with pytest.raises(ChalknetError, match="RMSNorm"):
        cn.fit(network, (x, x[:, :1]), **options, engine="fused_cpu")


def test_a_new_notation_is_recognised_by_its_text_and_by_the_ending_of_a_file(tmp_path, network):
    path = tmp_path / "net.lines"
    path.write_text(cn.write(network, "lines"))
    assert cn.read(path) == cn.read(str(path)) == network


def test_a_new_dialect_is_drawn_under_its_name_and_its_number(network):
    assert cn.draw(network, "row").text(".dot") == cn.draw(network, "p1").text(".dot")
    with pytest.raises(cn.UnknownName, match="Did you mean row"):
        cn.draw(network, "rwo")


def test_the_tables_are_as_they_were_when_the_rows_are_gone():
    plugin_forms.remove()
    try:
        with pytest.raises(cn.InvalidValue, match="one of Linear, Dropout, Flatten, Activation"):
            Network(4, (RMSNorm(),))
        with pytest.raises(ChalknetError):
            cn.read("nn.Sequential(nn.Linear(4, 6), nn.RMSNorm(6))")
    finally:
        plugin_forms.install()
