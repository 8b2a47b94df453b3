"""Formulas that a user types: what they compute, what is refused, and that nothing is executed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chalknet as cn
from chalknet.studio.features import Features, parse_formula

X = np.array([[-2.0, 3.0], [0.5, -1.0], [4.0, 0.0]])
COLUMNS = {"x1": X[:, 0], "x2": X[:, 1]}
A, B = COLUMNS.values()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x1*x2", A * B),
        ("x1^2", A**2),
        ("x1² + 2·x2", A**2 + 2 * B),
        ("-x1**2", -(A**2)),
        ("sin(x1)", np.sin(A)),
        ("max(x1, x2) % 3", np.maximum(A, B) % 3),
        ("1e-3 * x1", 1e-3 * A),
        ("pi", np.full(3, np.pi)),
        ("x2 > sin(x1)", np.sin(A) < B),
        ("-3 < x1 <= 0.5", (A > -3) & (A <= 0.5)),
        ("x1 > 0 and x2 < 0 or x1 > 3", ((A > 0) & (B < 0)) | (A > 3)),
        ("not x1 > 0", ~(A > 0)),
    ],
)
def test_a_formula_is_what_python_computes_of_the_columns(text, wanted):
    assert parse_formula(text, ("x1", "x2"))(COLUMNS).tolist() == wanted.astype(float).tolist()


def test_a_formula_knows_its_columns_and_whether_it_decides():
    assert parse_formula("y > x", ("x1", "x2"), {"x": "x1", "y": "x2"}).names == ("x1", "x2")
    assert parse_formula("not x2 > 1", ("x1", "x2")).decides
    assert not parse_formula("sin(x1)", ("x1", "x2")).decides


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("__import__('os').system('true')", "__import__"),
        ("x1.__class__", "x1.__class__"),
        ("[x1 for x1 in x2]", "[x1 for x1 in x2]"),
        ("lambda: x1", "lambda: x1"),
        ("x1 if x2 else 1", "x1 if x2 else 1"),
        ("'a' * 9", "'a'"),
        ("True", "True"),
        ("eval(x1)", "eval(x1)"),
        ("sin(x1, x2)", "sin(x1, x2)"),
        ("x3 + 1", "x3"),
        ("x1 & x2", "BitAnd"),
        ("2x1", "no sign between"),
        ("x1 +", "no formula"),
        ("", "0 signs"),
        ("x1" + "+x1" * 100, "signs"),
        ("x1; x2", "no formula"),
    ],
)
def test_what_is_no_formula_is_refused_with_one_that_is(text, got):
    with pytest.raises(cn.InvalidValue) as raised:
        parse_formula(text, ("x1", "x2"))
    assert got in raised.value.got
    assert "for instance" in raised.value.remedy


@given(st.text(max_size=80))
def test_any_text_is_a_formula_or_refused(text):
    try:
        values = parse_formula(text, ("x1", "x2"))(COLUMNS)
    except cn.InvalidValue:
        return
    assert values.shape == (3,)


def test_powers_of_powers_are_numbers_at_once():
    assert np.isinf(parse_formula("9**9**9**9", ("x1",))({"x1": A})).all()


def test_features_are_columns_in_their_order():
    made = Features.of(["x2", "x*y", "sin(x1)"], ("x1", "x2"))(X, ("x1", "x2"))
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, np.stack([B, A * B, np.sin(A)], 1), rtol=1e-6)


def test_a_feature_without_a_number_is_named_with_how_often():
    with pytest.raises(cn.DataError) as raised:
        Features.of(["x1", "log(x1)"], ("x1", "x2"))(X, ("x1", "x2"))
    assert "log(x1)" in raised.value.where and "1 of 3 rows" in raised.value.got
