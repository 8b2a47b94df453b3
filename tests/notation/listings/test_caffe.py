"""Prototxts of Caffe are read, in the spelling of any of its versions, or refused by the name of the layer."""

import contextlib
import time
from random import Random

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError
from chalknet.network import Activation, BatchNorm, Dropout, Flatten, Linear, Network, PReLU

KINDS = {
    Activation("relu"): ("ReLU", ""), Activation("sigmoid"): ("Sigmoid", ""), Activation("tanh"): ("TanH", ""),
    Activation("leaky_relu", {"negative_slope": 0.1}): ("ReLU", "relu_param { negative_slope: 0.1 }"),
    Activation("elu", {"alpha": 0.5}): ("ELU", "elu_param { alpha: 0.5 }"), PReLU(True, 0.25): ("PReLU", ""),
    PReLU(False, 0.5): ("PReLU", "prelu_param { channel_shared: true filler { value: 0.5 } }"),
    Dropout(0.5): ("Dropout", ""), Dropout(0.25): ("Dropout", "dropout_param { dropout_ratio: 0.25 }"),
}  # fmt: skip
OLD = {
    "InnerProduct": "INNER_PRODUCT",
    "ReLU": "RELU",
    "TanH": "TANH",
    "Sigmoid": "SIGMOID",
    "Dropout": "DROPOUT",
    "Softmax": "SOFTMAX",
}
NORM = BatchNorm(eps=1e-5, momentum=0.001)


class Draw(Random):
    """Draws networks and prototxts of them."""

    def network(self):
        steps = []
        for _ in range(self.randint(1, 4)):
            steps.append(Linear(self.randint(1, 60), bias=self.random() < 0.8))
            steps += [NORM] if self.random() < 0.2 else []
            steps += self.sample(list(KINDS), self.choice([0, 1, 1, 2]))
        if isinstance(steps[-1], Linear) and self.random() < 0.5:
            steps.append(Activation("softmax"))
        return Network((self.randint(1, 60),), tuple(steps))

    def text(self, network):
        self.value, self.count = "data", 0
        kinds = {
            "InnerProduct",
            *(KINDS.get(step, ("Softmax",))[0] for step in network.steps if not isinstance(step, Linear)),
        }
        self.old = kinds <= OLD.keys() and NORM not in network.steps and self.random() < 0.6
        width = network.input_shape[0]
        parts = [self.choice([
            f'input: "data"\ninput_dim: 1\ninput_dim: {width}\ninput_dim: 1\ninput_dim: 1',
            f'input: "data"\ninput_shape {{ dim: 16 dim: {width} }}',
            f'layer {{ name: "in" type: "Input" top: "data" input_param {{ shape: {{ dim: 16, dim: {width} }} }} }}',
            f'layer {{ type: "MemoryData" top: "data" top: "label" memory_data_param {{ batch_size: 9 channels: {width} height: 1 width: 1 }} }}',
        ])]  # fmt: skip
        for step in network.steps:
            parts += self.layers(step)
        parts += self.choice(
            [[], [f'layer {{ type: "SoftmaxWithLoss" bottom: "{self.value}" bottom: "label" top: "loss" }}']]
        )
        return f'name: "a net"\n# {{ a remark\n{chr(10).join(parts)}\n'

    def layers(self, step):
        if isinstance(step, Linear):
            bias = "" if step.bias else "bias_term: false"
            return [
                self.layer(
                    "InnerProduct", f"inner_product_param {{ num_output: {step.out_features} {bias} }}"
                )
            ]
        if isinstance(step, BatchNorm):
            return [self.layer("BatchNorm"), self.layer("Scale", "scale_param { bias_term: true }")]
        return [self.layer(*KINDS.get(step, ("Softmax", "")))]

    def layer(self, kind, options=""):
        self.count += 1
        top = self.value if self.count > 1 and self.random() < 0.4 else f"v{self.count}"
        old = self.old
        fields = [
            f'name: "n{self.count}"',
            f"type: {OLD[kind]}" if old else f'type: "{kind}"',
            f'bottom: "{self.value}"',
            f"top: '{top}'",
            options,
        ]
        self.value = top
        joint = self.choice([" ", "\n  "])
        return f"{'layers' if old else 'layer'} {{{joint}{joint.join(fields)}{joint}}}"


@pytest.mark.parametrize("seed", range(25))
def test_a_random_network_is_read_back(seed):
    draw = Draw(f"caffe {seed}")
    network = draw.network()
    text = draw.text(network)
    read = cn.read(text)
    expected = network.steps
    assert (read.input_shape, read.steps) == (network.input_shape, expected), text


FIRST = (
    'layer { name: "a" type: "InnerProduct" bottom: "data" top: "a" inner_product_param { num_output: 5 } }\n'
)
DATA = (
    'layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TRAIN } }\n'
    'layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TEST } }\n'
)


def test_layers_of_tests_and_losses_are_no_steps():
    network = cn.read(
        f'{DATA}{FIRST}layer {{ name: "acc" type: "Accuracy" bottom: "a" bottom: "label" top: "acc" include {{ phase: TEST }} }}\n'
        'layer { name: "prob" type: "Softmax" bottom: "a" top: "prob" exclude { phase: TRAIN } }\n'
        'layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "a" bottom: "label" top: "loss" }\n'
    )
    assert network.steps == (Linear(5),)
    assert any("SigmoidCrossEntropyLoss is the loss" in note for note in network.notes)
    assert any("how many features" in note for note in network.notes)


def test_a_picture_is_flattened_by_the_first_inner_product():
    text = f'input: "data" input_shape {{ dim: 1 dim: 1 dim: 8 dim: 8 }}\n{FIRST}'
    assert cn.read(text).steps == (Flatten(), Linear(5))
    assert cn.read(text).input_shape == (1, 8, 8)


def test_a_prototxt_in_a_page_is_read():
    assert cn.read(f"# Net\n\n```protobuf\n{FIRST}```\n").steps == (Linear(5),)


SECOND = FIRST.replace('"a"', '"b"')
REFUSED = [
    ('layer { name: "c1" type: "Convolution" bottom: "data" top: "c1" convolution_param { num_output: 20 } }', "c1 of the type Convolution"),
    (FIRST + SECOND, "the layer b, a second way from data"),
    (FIRST + SECOND.replace('bottom: "data"', 'bottom: "z"'), "takes z, but a comes before it"),
    (FIRST + 'layer { name: "e" type: "Eltwise" bottom: "a" bottom: "data" top: "e" }', "Eltwise"),
    (FIRST + 'layer { name: "s" type: "Softmax" bottom: "a" top: "s" softmax_param { axis: 2 } }', "axis: 2"),
    (FIRST + 'layer { name: "s" type: "Scale" bottom: "a" top: "s" }', "follows no BatchNorm"),
    (FIRST.replace("num_output: 5", "num_output: 0"), "num_output: 0"),
    (FIRST.replace("num_output: 5", ""), "num_output: nothing"),
    (FIRST.replace('top: "a"', 'top: "a" param { name: "w" }') + SECOND.replace('"data"', '"a"').replace('top: "b"', 'top: "b" param { name: "w" }'), "shares the weights w"),
    (FIRST.rstrip()[:-1], "not closed"),
    (FIRST + "}", "without its other half"),
    (DATA, "without layers"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_is_no_chain_is_refused_with_the_reason(text, words):
    with pytest.raises(ChalknetError, match=words) as problem:
        cn.read(text)
    assert "Caffe" in str(problem.value)
    assert problem.value.remedy


HOSTILE = [
    "layer {" * 20_000 + ' type: "InnerProduct"',
    FIRST.replace("5", "9" * 5_000),
    FIRST + 'layer { name: "' + "x" * 100_000,
    FIRST + "a: [" * 20_000,
    'layer { type: "InnerProduct" ' + "input_dim: 3 " * 20_000 + "}",
    FIRST * 3_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_answered_in_time(text):
    start = time.process_time()
    with contextlib.suppress(ChalknetError):
        cn.read(text)
    assert time.process_time() - start < 5
