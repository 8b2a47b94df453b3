"""The table of activations against torch and against finite differences."""

import math

import pytest
import torch
from hypothesis import given
from tests.strategies import activations

from chalknet.errors import InvalidValue, UnknownName
from chalknet.network import ACTIVATIONS, FORMULA_FUNCTIONS, Activation, activation_name

POINTS = [-25.0, -3.5, -1.0, -0.3, 0.2, 0.7, 2.5, 25.0]
SETTLED = [row for row in ACTIVATIONS.values() if row.settled]


def value_of(expression: str, z: float, options: dict[str, object], h: float = 0.0) -> float:
    return eval(expression, {"__builtins__": {}}, {**FORMULA_FUNCTIONS, **options, "z": z, "h": h})


@given(activations())
def test_the_formula_of_a_row_is_what_its_torch_class_computes(activation):
    row = activation.row
    if not row.elementwise:
        return
    module = getattr(torch.nn, row.torch_class)(**activation.all_options)
    wanted = module(torch.tensor(POINTS, dtype=torch.float64)).tolist()
    got = [value_of(row.formula, z, activation.all_options) for z in POINTS]
    assert got == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@given(activations())
def test_the_derivative_of_a_row_is_the_finite_difference_of_its_formula(activation):
    row, step = activation.row, 1e-6
    if not row.elementwise or "threshold" in dict(activation.options):
        return  # softplus jumps at its threshold by less than float32 shows: no derivative there
    jump = 20 / activation.all_options.get("beta", 1.0) if activation.kind == "softplus" else math.inf
    for z in (z for z in POINTS if abs(z - jump) > step):
        ahead = value_of(row.formula, z + step, activation.all_options)
        behind = value_of(row.formula, z - step, activation.all_options)
        h = value_of(row.formula, z, activation.all_options)
        slope = value_of(row.derivative, z, activation.all_options, h)
        # central differences are exact to step**2, the rounding of the formula adds 1e-10 / step
        assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("row", [row for row in SETTLED if not row.elementwise], ids=lambda row: row.name)
def test_the_derivative_of_a_vector_row_is_torchs_jacobian(row):
    z = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)
    module = getattr(torch.nn, row.torch_class)(dim=-1)
    h, jacobian = module(z).tolist(), torch.autograd.functional.jacobian(module, z)
    for i in range(3):
        for j in range(3):
            got = eval(row.derivative, {"exp": math.exp}, {"i": i, "j": j, "h_i": h[i], "h_j": h[j]})
            assert got == pytest.approx(jacobian[i, j].item(), abs=1e-12)


@pytest.mark.parametrize("row", SETTLED, ids=lambda row: row.name)
def test_the_options_of_a_row_are_torchs_own_defaults(row):
    module = getattr(torch.nn, row.torch_class)()
    assert {name: getattr(module, name) for name in row.options} == row.options


@pytest.mark.parametrize("row", ACTIVATIONS.values(), ids=lambda row: row.name)
def test_every_spelling_of_a_row_gives_the_row(row):
    for spelling in (row.name, *row.aliases, row.torch_class, row.name.upper()):
        assert not spelling or activation_name(spelling) == row.name


def test_no_spelling_belongs_to_two_rows():
    spellings = [spelling for row in SETTLED for spelling in (row.name, *row.aliases)]
    assert len(spellings) == len(set(spellings))


def test_an_option_at_torchs_default_makes_no_difference_and_another_value_does():
    assert Activation("leaky_relu", {"negative_slope": 0.01}) == Activation("LeakyReLU")
    assert Activation("leaky_relu", {"negative_slope": 0.2}) != Activation("LeakyReLU")


def test_an_activation_can_be_hashed_and_compared_by_value():
    assert len({Activation("relu"), Activation("ReLU"), Activation("elu", {"alpha": 2})}) == 2


def test_an_unknown_activation_names_the_nearest():
    with pytest.raises(UnknownName, match=r"unknown activation 'rleu'.*Did you mean relu or relu6\?"):
        Activation("rleu")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "steep", True, None])
def test_an_option_that_is_no_number_is_refused(value):
    with pytest.raises(InvalidValue, match=r"negative_slope=.*wanted a finite number"):
        Activation("leaky_relu", {"negative_slope": value})


def test_an_unknown_option_is_refused_with_the_known_ones():
    with pytest.raises(UnknownName, match=r"'slope'.*negative_slope"):
        Activation("leaky_relu", {"slope": 0.1})
    with pytest.raises(UnknownName, match="no option at all"):
        Activation("relu", {"alpha": 1})


def test_an_option_that_is_a_word_takes_only_its_words():
    assert Activation("gelu", {"approximate": "tanh"}).all_options == {"approximate": "tanh"}
    with pytest.raises(InvalidValue, match="one of none, tanh"):
        Activation("gelu", {"approximate": "sine"})
