"""Comparing methods on equal terms."""

import pytest
import torch

import chalknet as cn
from chalknet.errors import InvalidValue

X = torch.linspace(-1, 1, 10)
NET = cn.read("1 -> 3 tanh -> 1")


def compare(methods=None, **shared):
    return cn.compare(NET, (X, X**2), methods, **{"loss": "mse", "updates": 8, **shared})


def test_c3_c4_the_default_is_the_three_methods_with_their_names():
    comparison = compare()
    assert [row[:3] for row in comparison.rows] == [
        ("gradient descent", "gradient descent", "batch gradient descent"),
        ("SGD with batch size 1", "SGD with batch size 1", "stochastic gradient descent"),
    ]
    x = torch.linspace(-1, 1, 100)
    three = cn.compare(NET, (x, x), loss="mse", updates=3)
    assert [row[2] for row in three.rows] == [
        "batch gradient descent",
        "mini-batch stochastic gradient descent",
        "stochastic gradient descent",
    ]


def test_every_method_starts_from_the_same_weights_and_makes_the_same_number_of_updates():
    comparison = compare({"all": {}, "three": {"batch_size": 3}, "one": {"batch_size": 1}}, lr=0.0)
    weights = [result.module.state_dict() for result in comparison.results.values()]
    for other in weights[1:]:
        assert all(torch.equal(other[name], value) for name, value in weights[0].items())
    assert [result.history.updates[-1] for result in comparison.results.values()] == [8, 8, 8]


def test_the_counter_may_be_samples():
    comparison = compare({"all": {}, "one": {"batch_size": 1}}, updates=None, samples=20)
    assert [result.history.samples[-1] for result in comparison.results.values()] == [20, 20]
    assert "20 samples each" in str(comparison)


def test_a_method_is_the_very_fit_that_it_names():
    comparison = compare({"three": {"batch_size": 3, "shuffle": True}}, shuffle=True, seed=4)
    alone = cn.fit(NET, (X, X**2), loss="mse", updates=8, batch_size=3, shuffle=True, seed=4)
    assert list(comparison.results["three"].history.loss) == list(alone.history.loss)


def test_held_out_data_is_the_same_for_all():
    comparison = compare(held_out=0.3)
    assert {result.plan.data.held_out for result in comparison.results.values()} == {3}
    assert "held-out error" in comparison.columns


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"seed": 2}, "start from other weights"),
        ({"shuffle": True}, "another order"),
        ({"updates": 9}, "another budget"),
        ({"epochs": 1}, "another budget"),
        ({"dtype": "float64"}, "another precision"),
    ],
)
def test_a_method_on_other_terms_is_refused(own, words):
    with pytest.raises(InvalidValue, match=words):
        compare({"fair": {}, "other": own}, seed=1)


def test_epochs_no_methods_and_modules_are_refused():
    with pytest.raises(InvalidValue, match="alike for every batch size"):
        compare(updates=None, epochs=3)
    with pytest.raises(InvalidValue, match="no methods"):
        compare({})
    with pytest.raises(InvalidValue, match="as a dict"):
        compare({"one": 1})
    with pytest.raises(InvalidValue, match="built anew"):
        cn.compare(torch.nn.Linear(1, 1), (X, X), loss="mse", updates=1)


def test_the_table_is_html_in_a_notebook_and_the_picture_has_every_name():
    comparison = compare()
    assert comparison._repr_html_().count("<tr>") == 3
    left, _ = comparison.plot().figure.axes
    assert [text.get_text() for text in left.get_legend().get_texts()] == list(comparison.results)


def test_the_table_says_by_what_each_method_was_run():
    assert "all run by fused_cpu on cpu, float32, " in str(compare())
    torch_threads = torch.get_num_threads()
    unlike = compare({"a": {"engine": "eager", "threads": 1}, "b": {"engine": "eager", "threads": 2}})
    assert (
        "each run by what is cheapest for it, which the training times depend on: "
        "a by eager on cpu, float32, 1 thread; b by eager on cpu, float32, 2 threads"
    ) in str(unlike).splitlines()
    assert unlike.run_by in unlike._repr_html_()
    assert torch.get_num_threads() == torch_threads
