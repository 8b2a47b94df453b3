"""Java, Scala and Kotlin for Deeplearning4j are read, or refused with the line; nothing is run."""

import contextlib
import time
from random import Random

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError
from chalknet.network import Activation, BatchNorm, Dropout, Linear, Network

NAMED = {
    Activation("relu"): ["Activation.RELU", '"relu"', "{new}ActivationReLU()"], Activation("tanh"): ["Activation.TANH", "TANH"],
    Activation("sigmoid"): ["Activation.SIGMOID"], Activation("softmax"): ["Activation.SOFTMAX", '"softmax"'],
    Activation("leaky_relu", {"negative_slope": 0.01}): ["Activation.LEAKYRELU", "{new}ActivationLReLU()"],
    Activation("leaky_relu", {"negative_slope": 0.2}): ["{new}ActivationLReLU(0.2)"], Activation("silu"): ["Activation.SWISH"],
    Activation("elu", {"alpha": 0.5}): ["{new}ActivationELU(0.5)"], Activation("selu"): ["Activation.SELU"],
}  # fmt: skip


class Draw(Random):
    """Draws networks and programs of them."""

    def network(self):
        steps = []
        for _ in range(self.randint(1, 4)):
            if self.random() < 0.2:
                steps.append(Dropout(0.25))
            steps.append(Linear(self.randint(1, 60), bias=self.random() < 0.8))
            steps += [self.choice(list(NAMED))] if self.random() < 0.8 else []
            steps += [BatchNorm()] if self.random() < 0.2 else []
            steps += [Activation("relu")] if self.random() < 0.1 else []
        return Network((self.randint(1, 60),), tuple(steps))

    def number(self, size):
        way = self.random()
        if way < 0.3:
            form = {"java": "final int {} = {};\n", "scala": "val {} = {}\n", "kotlin": "val {}: Int = {}\n"}
            self.constants.append(form[self.language].format(f"n{len(self.constants)}", size))
            return f"n{len(self.constants) - 1}"
        return f"{size} + 0" if way < 0.4 else str(size)

    def text(self, network):
        self.language, self.constants = self.choice(["java", "scala", "kotlin"]), []
        self.new = "" if self.language == "kotlin" else "new "
        self.default = self.choice([None, *NAMED])
        layers = self.layers(network)
        gap = self.choice(["\n    ", "\n        // next\n        ", " "])
        whole = [".seed(3)", ".updater(" + self.new + "Adam(1e-3))"]
        whole += (
            [f".activation({self.choice(NAMED[self.default]).format(new=self.new)})"] if self.default else []
        )
        numbered = self.random() < 0.5
        added = [f".layer({f'{place}, ' if numbered else ''}{layer})" for place, layer in enumerate(layers)]
        if self.random() < 0.2:
            added, list_ = [], f".list({(',' + gap).join(layers)})"
        else:
            list_ = ".list()"
        ends = [f".setInputType(InputType.feedForward({self.number(network.input_shape[0])}))"]
        chain = gap.join(
            [f"{self.new}NeuralNetConfiguration.Builder()", *whole, list_, *added, *ends, ".build()"]
        )
        if self.language == "java":
            text = f"MultiLayerConfiguration conf = {chain};\nMultiLayerNetwork net = new MultiLayerNetwork(conf);\nfor (int i = 0; i < 9; i++) net.fit(data);\n"
            return f"public class Net {{\n  public static void main(String[] args) {{\n{''.join(self.constants)}{text}}}\n}}\n"
        return f"{''.join(self.constants)}val conf{self.choice(['', ': MultiLayerConfiguration'])} = {chain}\nval net = {self.new}MultiLayerNetwork(conf)\n"

    def layers(self, network):
        steps, layers, arriving = list(network.steps), [], network.input_shape[0]
        while steps:
            step, keeps = steps.pop(0), ""
            if isinstance(step, Dropout) and self.random() < 0.5:
                keeps, step = ".dropOut(0.75)", steps.pop(0)
            elif isinstance(step, Dropout):
                layers.append(
                    self.choice(
                        [f"{self.new}DropoutLayer(0.75)", f"{self.new}DropoutLayer.Builder(0.75).build()"]
                    )
                )
                continue
            if isinstance(step, Linear):
                behind = steps.pop(0) if steps and steps[0] in NAMED else Activation("identity")
                kind = "OutputLayer" if not steps and self.random() < 0.7 else "DenseLayer"
                layers.append(self.weighted(kind, step, behind, arriving, keeps))
                arriving = step.out_features
            elif isinstance(step, BatchNorm):
                layers.append(f"{self.new}BatchNormalization.Builder().nOut({arriving}).build()")
            else:
                function = self.choice(NAMED[step]).format(new=self.new)
                layers.append(
                    self.choice(
                        [
                            f"{self.new}ActivationLayer({function})",
                            f"{self.new}ActivationLayer.Builder().activation({function}).build()",
                        ]
                    )
                )
        return layers

    def weighted(self, kind, step, behind, arriving, keeps):
        named = {**NAMED, Activation("identity"): ["Activation.IDENTITY"]}
        settings = [f".nOut({self.number(step.out_features)})", keeps]
        settings += [f".nIn({self.number(arriving)})"] if self.random() < 0.5 else []
        if kind == "OutputLayer" or behind != self.default or self.random() < 0.3:
            settings.append(f".activation({self.choice(named[behind]).format(new=self.new)})")
        settings += [".hasBias(false)"] if not step.bias else []
        self.shuffle(settings)
        loss = "LossFunctions.LossFunction.MSE" if kind == "OutputLayer" else ""
        return f"{self.new}{kind}.Builder({loss}){''.join(settings)}.build()"


@pytest.mark.parametrize("seed", range(25))
def test_a_random_network_is_read_back(seed):
    draw = Draw(f"deeplearning4j {seed}")
    network = draw.network()
    text = draw.text(network)
    read = cn.read(text)
    assert (read.input_shape, read.steps) == (network.input_shape, network.steps), text


START = "ListBuilder b = new NeuralNetConfiguration.Builder().list();\n"
DENSE = "new DenseLayer.Builder().nIn(3).nOut(4).activation(Activation.RELU).build()"
OUT = "new OutputLayer.Builder(LossFunction.MSE).nOut(2).activation(Activation.IDENTITY).build()"


def chain(*layers, before="", behind=""):
    return f"MultiLayerConfiguration conf = new NeuralNetConfiguration.Builder(){before}.list(){''.join(f'.layer({one})' for one in layers)}{behind}.build();"


READ = [
    (START + f"b.layer(0, {DENSE});\nb.layer(1, {OUT});\nMultiLayerConfiguration c = b.build();", "3 -> 4 relu -> 2"),
    (f"DenseLayer first = {DENSE};\n" + chain("first", OUT), "3 -> 4 relu -> 2"),
    ("final int size = 9;\nstatic Conf build(int size, int last) throws Exception {\n" + chain(DENSE.replace("nOut(4)", "nOut(size)")) + "\n}", "3 -> (n,size) relu"),
    ("val size = 9\ndef build(size: Int): Conf = {\n" + chain(DENSE.replace("nOut(4)", "nOut(size)")) + "\n}", "3 -> (n,size) relu"),
    ("final int size = 9;\nstatic Conf build(int other) {\n" + chain(DENSE.replace("nOut(4)", "nOut(size)")) + "\n}", "3 -> 9 relu"),
    (chain(DENSE, OUT, before=".dropOut(0.8)"), "3 dropout(0.2) -> 4 relu dropout(0.2) -> 2"),
    (chain(DENSE, OUT.replace(".nOut", ".dropOut(0).nOut"), before=".dropOut(0.8)"), "3 dropout(0.2) -> 4 relu -> 2"),
    (chain(DENSE.replace(".nIn(3)", ""), behind=".setInputType(InputType.convolutionalFlat(8, 8, 1))"), "64 -> 4 relu"),
    (chain(DENSE.replace(".nIn(3)", ""), behind=".setInputType(InputType.convolutional(8, 9, 1))"), "1x8x9 flatten -> 4 relu"),
    (f'var g = new NeuralNetConfiguration.Builder().graphBuilder().addInputs("x").addLayer("a", {DENSE}, "x").addLayer("o", {OUT}, "a").setOutputs("o").build();',
     "3 -> 4 relu -> 2"),
]  # fmt: skip
REFUSED = [
    (chain("new ConvolutionLayer.Builder(5, 5).nOut(20).build()"), "the layer ConvolutionLayer"),
    (chain("new LSTM.Builder().nIn(3).nOut(20).build()"), "the layer LSTM"),
    (chain(DENSE.replace("RELU", "GELU")), "Activation.GELU"),
    (chain(DENSE.replace("RELU", "HARDSIGMOID")), "HARDSIGMOID"),
    (chain(DENSE, OUT.replace(".nOut", ".nIn(9).nOut")), "takes 9 features, but 4 arrive"),
    (chain(DENSE.replace(".nOut(4)", "")), "without nOut"),
    (chain(DENSE.replace(".nOut(4)", ".nOut(2 * n)")), r"2 \* n"),
    (chain(DENSE.replace(".nOut(4)", ".nOut(4).hasLayerNorm(true)")), "hasLayerNorm of DenseLayer"),
    (chain(DENSE.replace(".nOut(4)", ".nOut(4).dropOut(new GaussianDropout(0.5))")), "GaussianDropout"),
    (chain(DENSE, behind=".inputPreProcessor(0, new CnnToFeedForwardPreProcessor(8, 8, 1))"), "inputPreProcessor"),
    (chain(f"1, {DENSE}"), "number 1 in the place of 0"),
    (chain("makeLayer()"), "makeLayer"),
    (START + f"for (int i = 0; i < n; i++) {{ b.layer(i, {DENSE}); }}", "inside 'for'"),
    (START + f"if (deep) b.layer(0, {DENSE});", "inside 'if'"),
    (chain(DENSE) + "\n" + chain(OUT).replace("conf", "other"), "2 networks: conf in line 1, other in line 2"),
    (f'var g = new NeuralNetConfiguration.Builder().graphBuilder().addInputs("x").addLayer("a", {DENSE}, "x").addLayer("o", {OUT}, "x").build();', "does not follow a"),
    (f'var g = new NeuralNetConfiguration.Builder().graphBuilder().addLayer("a", {DENSE}, "x").addVertex("m", new MergeVertex(), "a", "x").build();', "addVertex"),
    ("MultiLayerConfiguration c = new NeuralNetConfiguration.Builder().list().build();", "without layers"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "read"), READ)
def test_a_configuration_is_read(text, read):
    assert cn.write(cn.read(text), "shorthand") == read


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_is_no_chain_of_known_layers_is_refused_with_the_reason(text, words):
    with pytest.raises(ChalknetError, match=f"(?s){words}") as problem:
        cn.read(text)
    assert "Deeplearning4j code" in str(problem.value)
    assert problem.value.remedy


def test_what_is_taken_for_granted_is_noted():
    bare = "new DenseLayer.Builder().nIn(3).nOut(4).dropOut(0.9).build()"
    network = cn.read(chain(bare, "new OutputLayer.Builder().nOut(2).build()", before=".l2(0.1)"))
    assert cn.write(network, "shorthand") == "3 dropout(0.1) -> 4 sigmoid -> 2 softmax"
    told = "; ".join(network.notes)
    for words in (
        "dropOut(0.9) says in Deeplearning4j which share of values is kept",
        "sigmoid, which",
        "softmax, as",
        "l2 penalises",
    ):
        assert words in told


def test_a_program_in_a_page_is_read():
    assert cn.write(cn.read(f"# Net\n\n```java\n{chain(DENSE)}\n```\n"), "shorthand") == "3 -> 4 relu"


HOSTILE = [
    chain("(" * 30_000),
    "new NeuralNetConfiguration.Builder()" + ".seed(1)" * 10_000 + ".list()",
    chain("new DenseLayer.Builder(" * 4_000),
    chain(DENSE.replace("4", "9" * 5_000)),
    chain(DENSE) * 600,
    'String s = "abc\n' + chain(DENSE) + "/* " * 20_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_programs_are_answered_in_time(text):
    start = time.process_time()
    with contextlib.suppress(ChalknetError):
        cn.read(text)
    assert time.process_time() - start < 5
