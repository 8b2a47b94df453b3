"""Forms that are recognised and not read are named, with what to write instead, which is read."""

import re

import pytest

import chalknet as cn
from chalknet.errors import NotationError
from chalknet.network import Network

FORMS = {
    "JAX stax": "init, apply = stax.serial(stax.Dense(32), stax.Relu, stax.Dense(1))",
    "TensorFlow 1 graph": "h = tf.layers.dense(x, 32, activation=tf.nn.relu)",
    "R code for keras": "x <- layer_input(shape = 784)\ny <- x %>% layer_dense(units = 32)\nm <- keras_model(x, y)",
    "R code for a neural network": "fit <- nnet(y ~ a + b, data = d, size = 5)",
    "PyTorch Lightning": "model:\n  class_path: my.MLP\n  init_args:\n    hidden: 32\n",
    "MXNet": "from mxnet import gluon\nnet = gluon.nn.Sequential()",
    "Paddle": "import paddle\nnet = paddle.nn.Sequential(paddle.nn.Linear(784, 10))",
    "without its layers": "<Sequential name=sequential, built=True>",
    "estimator of scikit-learn": "{'activation': 'relu', 'alpha': 0.0001, 'hidden_layer_sizes': (100,)}",
    "PDF document": "%PDF-1.4\n...",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_not_read_is_named(name):
    with pytest.raises(NotationError) as problem:
        cn.read(FORMS[name])
    message = str(problem.value)
    assert name in message.replace("PyTorch, Keras", "")
    assert "recognised and not read" in message and "line " in message
    for formula in re.findall(r"784 -> 32 relu -> 1 sigmoid", message):
        assert isinstance(cn.read(formula), Network)
    assert any(word in message for word in ("Write", "Give", "Export"))
