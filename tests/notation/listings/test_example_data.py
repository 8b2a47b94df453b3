"""The data that scikit-learn brings say the widths at the ends of an estimator; anything else leaves them open."""

import pytest

import chalknet as cn
from chalknet.network import UNKNOWN_WIDTH
from chalknet.notation.libraries.example_data import _DATA

datasets = pytest.importorskip("sklearn.datasets")
PROGRAM = """from sklearn.datasets import {name}
from sklearn.neural_network import {kind}
X, y = {name}({given})
net = {kind}(hidden_layer_sizes=(5,))
net.fit(X, y)
"""
HERE = [name for name in _DATA if not name.startswith("fetch")]


def read(name, given, **how):
    kind = "MLPClassifier" if _DATA[name].classes else "MLPRegressor"
    return cn.read(PROGRAM.format(name=name, given=given, kind=kind), **how)


@pytest.mark.parametrize("name", HERE)
def test_the_widths_are_those_of_the_data_that_scikit_learn_gives(name):
    given = "return_X_y=True" if name.startswith("load") else "n_samples=60, random_state=1"
    x, y = getattr(datasets, name)(**eval(f"dict({given})"))
    classes = len(set(y)) if _DATA[name].classes else 0
    outputs = 1 if classes == 2 else classes or (1 if y.ndim == 1 else y.shape[1])
    end = " sigmoid" if classes == 2 else " softmax" if classes else ""
    network = read(name, given)
    assert network == cn.read(f"{x.shape[1]} -> 5 relu -> {outputs}{end}")
    assert name in network.notes[-1]


@pytest.mark.parametrize(
    ("name", "given", "network"),
    [
        ("make_classification", "n_features=7, n_classes=4, n_informative=5", "7 -> 5 relu -> 4 softmax"),
        ("make_classification", "300, 9", "9 -> 5 relu -> 1 sigmoid"),
        ("make_regression", "n_features=6, n_targets=2, n_samples=50", "6 -> 5 relu -> 2"),
        ("make_blobs", "n_samples=9, centers=5, n_features=3", "3 -> 5 relu -> 5 softmax"),
    ],
)
def test_arguments_say_how_many_columns_and_classes_are_made(name, given, network):
    assert cn.read(network) == read(name, given)


@pytest.mark.parametrize(
    "more",
    ["X = X[:, :2]", "from sklearn.decomposition import PCA", "X = pd.read_csv('a.csv')", "load_wine()"],
)
def test_changed_or_other_data_leave_the_widths_open(more):
    text = PROGRAM.format(name="load_iris", given="return_X_y=True", kind="MLPClassifier")
    network = cn.read(text.replace("net =", f"{more}\nnet ="))
    assert network.input_shape == (UNKNOWN_WIDTH,)
    assert any("the widths at both ends" in note for note in network.notes)
