"""JavaScript for TensorFlow.js, brain.js and synaptic is read, or refused with the line; nothing is run."""

import contextlib
import time
from random import Random

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError
from chalknet.network import Activation, BatchNorm, Dropout, Linear, Network

HEAD = "import * as tf from '@tensorflow/tfjs';\n"
NORM = BatchNorm(eps=0.001, momentum=0.01)
# The names of functions as an option of a layer, and the layers of their own.
NAMED = {
    Activation("relu"): "relu", Activation("tanh"): "tanh", Activation("sigmoid"): "sigmoid",
    Activation("silu"): "swish", Activation("selu"): "selu", Activation("relu6"): "relu6",
    Activation("gelu", {"approximate": "tanh"}): "gelu_new", Activation("softplus"): "softplus",
}  # fmt: skip
LAYERS = {
    Activation("relu"): ["reLU()", "reLU({})"], Activation("leaky_relu", {"negative_slope": 0.3}): ["leakyReLU()"],
    Activation("leaky_relu", {"negative_slope": 0.1}): ["leakyReLU({alpha: 0.1})"],
    Activation("elu", {"alpha": 0.5}): ["elu({alpha: 0.5})"],
}  # fmt: skip


class Draw(Random):
    """Draws networks and ways to write them."""

    def network(self):
        steps = []
        for _ in range(self.randint(1, 4)):
            steps.append(Linear(self.randint(1, 60), bias=self.random() < 0.8))
            if self.random() < 0.2:
                steps.append(NORM)
            if self.random() < 0.7:
                steps.append(self.choice([*NAMED, *LAYERS]))
            if self.random() < 0.2:
                steps.append(Dropout(0.25))
        if isinstance(steps[-1], Linear) and self.random() < 0.5:
            steps.append(Activation("softmax"))
        return Network((self.randint(1, 60),), tuple(steps))

    def number(self, size, constants):
        way = self.random()
        if way < 0.2:
            constants.append(f"const N{len(constants)}{self.choice(['', ': number'])} = {size};\n")
            return f"N{len(constants) - 1}"
        if way < 0.3 and size < 9:
            constants.append(f"const L{len(constants)} = [{', '.join(map(repr, map(str, range(size))))}];\n")
            return f"L{len(constants) - 1}.length"
        return self.choice([str(size), f"{2 * size} / 2", f"Math.floor({size}.5)", f"({size} + 0)"])

    def options(self, given):
        items = [f"{key}: {value}" for key, value in given.items()]
        self.shuffle(items)
        return "{" + self.choice([", ", ",\n    "]).join(items) + self.choice(["", ","]) + "}"


def layers_of(draw, network, constants, *, states_input):
    """Return the calls that make the layers of a network."""
    layers, steps = [], list(network.steps)
    while steps:
        step = steps.pop(0)
        given = {}
        if states_input and not layers:
            size = draw.number(network.input_shape[0], constants)
            given = draw.choice([{"inputShape": f"[{size}]"}, {"inputDim": size}])
        if isinstance(step, Linear):
            given["units"] = draw.number(step.out_features, constants)
            if not step.bias or draw.random() < 0.1:
                given["useBias"] = str(step.bias).lower()
            named = NAMED.get(steps[0]) if steps else None
            if named and draw.random() < 0.6:
                quote = draw.choice("'\"`")
                given["activation"] = f"{quote}{named}{quote}"
                steps.pop(0)
            layers.append(f"dense({draw.options(given)})")
        elif isinstance(step, BatchNorm):
            layers.append("batchNormalization()")
        elif isinstance(step, Dropout):
            layers.append("dropout({rate: 0.25})")
        elif step in LAYERS and (step not in NAMED or draw.random() < 0.5):
            layers.append(draw.choice(LAYERS[step]))
        else:
            layers.append(f"activation({{activation: '{NAMED.get(step, 'softmax')}'}})")
    return [f"tf.layers.{layer}" for layer in layers]


def sequential(draw):
    network, constants = draw.network(), []
    layers = layers_of(draw, network, constants, states_input=True)
    if draw.random() < 0.4:
        text = f"const model = tf.sequential({{layers: [{', '.join(layers)}]}});\n"
    else:
        added = "".join(f"  model.add({layer});{draw.choice([' // next', ''])}\n" for layer in layers)
        text = f"const model{draw.choice(['', ': tf.Sequential'])} = tf.sequential();\n{added}"
    return network, wrapped(draw, constants, text)


def functional(draw):
    network, constants = draw.network(), []
    layers = layers_of(draw, network, constants, states_input=False)
    lines = [f"const x0 = tf.input({{shape: [{draw.number(network.input_shape[0], constants)}]}});\n"]
    x = "x0"
    for place, layer in enumerate(layers, 1):
        x = f"{layer}.apply({x}){draw.choice(['', ' as tf.SymbolicTensor'])}"
        if draw.random() < 0.6:
            lines.append(f"const x{place} = {x};\n")
            x = f"x{place}"
    lines.append(f"const model = tf.model({{inputs: {draw.choice(['x0', '[x0]'])}, outputs: {x}}});\n")
    return network, wrapped(draw, constants, "".join(lines))


def wrapped(draw, constants, text):
    """Return a program around the statements that make a model."""
    form = draw.choice(
        ["{}", "function create() {{\n{}  return model;\n}}\nconst net = create();\nnet.summary();",
         "const create = async () => {{\n{}  model.compile({{loss: 'meanSquaredError'}});\n  return model;\n}};",
         "class Net {{\n  build() {{\n{}    return model;\n  }}\n}}",
         "document.addEventListener('DOMContentLoaded', async () => {{\n{}  await model.fit(xs, ys, {{epochs: 3}});\n}});"]
    )  # fmt: skip
    return HEAD + "".join(constants) + form.format(text)


@pytest.mark.parametrize("write", [sequential, functional], ids=lambda write: write.__name__)
@pytest.mark.parametrize("seed", range(20))
def test_a_random_network_is_read_back(write, seed):
    network, text = write(Draw(f"{write.__name__} {seed}"))
    read = cn.read(text)
    assert (read.input_shape, read.steps) == (network.input_shape, network.steps), text


MODEL = "const m = tf.sequential();\n"
FIRST = "m.add(tf.layers.dense({units: 5, inputShape: [3]}));\n"
READ = [
    (MODEL + FIRST + "for (const n of [4, 2]) { m.add(tf.layers.dense({units: n})); m.add(tf.layers.reLU()); }",
     "3 -> 5 -> 4 relu -> 2 relu"),
    ("const W = [4, 2];\n" + MODEL + "W.forEach((units, i) => { if (i === 0) { m.add(tf.layers.dense({units, inputShape: [3]})); }\n"
     " else m.add(tf.layers.dense({units, activation: 'relu'})); });", "3 -> 4 -> 2 relu"),
    ("const W = [4, 2];\n" + MODEL + "for (let i = 0; i < W.length; i++) {\n m.add(tf.layers.dense({units: W[i], inputShape: i === 0 ? [3] : undefined}));\n}",
     "3 -> 4 -> 2"),
    ("function build(inputs, hidden = 2 ** 3) { " + MODEL + "m.add(tf.layers.dense({units: hidden, inputDim: inputs})); return m; }\n"
     "const net = build(7);", "7 -> 8"),
    ("const a = [5, 4].map(units => tf.layers.dense({units, activation: 'tanh'}));\n"
     "const m = tf.sequential({layers: [tf.layers.inputLayer({inputShape: [3]}), ...a]});", "3 -> 5 tanh -> 4 tanh"),
    ("const layers = [];\nlayers.push(tf.layers.dense({units: 4, inputShape: [3]}));\nlayers.push(tf.layers.reLU());\nconst m = tf.sequential({ layers });",
     "3 -> 4 relu"),
    ("const { sequential, layers } = require('@tensorflow/tfjs-node');\nconst m = sequential();\nm.add(layers.dense({units: 4, inputShape: [3]}));", "3 -> 4"),
    ("export default tf.sequential({layers: [tf.layers.flatten({inputShape: [28, 28]}), tf.layers.dense({units: 10, activation: 'softmax'})]});",
     "28x28 flatten -> 10 softmax"),
    ("const opts = {activation: 'relu'};\n" + MODEL + "m.add(tf.layers.dense({units: hidden, inputShape: [3], ...opts}));", "3 -> (n,hidden) relu"),
    ("const net = new brain.NeuralNetwork({ inputSize: 2, hiddenLayers: [3], outputSize: 1, activation: 'tanh' });", "2 -> 3 tanh -> 1 tanh"),
    ("const net = new brain.NeuralNetwork({ inputSize: 20, outputSize: 1 });", "20 -> 10 sigmoid -> 1 sigmoid"),
    ("var synaptic = require('synaptic');\nvar net = new synaptic.Architect.Perceptron(2, 3, 1);", "2 -> 3 sigmoid -> 1 sigmoid"),
    (MODEL + FIRST + "let u = 4;\nfunction more(width) { m.add(tf.layers.dense({units: width})); }\nu = 8;\nmore(u);", "3 -> 5 -> (n,width)"),
]  # fmt: skip
REFUSED = [
    (MODEL + "m.add(tf.layers.conv2d({filters: 3, kernelSize: 3, inputShape: [28, 28, 1]}));", "the layer conv2d"),
    (MODEL + "m.add(tf.layers.lstm({units: 3}));", "the layer lstm"),
    (MODEL + FIRST + "m.add(tf.layers.dense({units: 2, activation: 'hardSigmoid'}));", "hardSigmoid"),
    (MODEL + FIRST + "m.add(tf.layers.dense({units: 2, activation: act}));", "activation: act"),
    (MODEL + FIRST + "m.add(tf.layers.dense({units: n * 2}));", r"n \* 2"),
    (MODEL + FIRST + "m.add(tf.layers.dense({units: 2, usebias: false}));", "useBias"),
    (MODEL + FIRST + "m.add(tf.layers.dense({units: 2, ...opts}));", "opts"),
    (MODEL + FIRST + "if (deep) { m.add(tf.layers.dense({units: 2})); }", "inside 'if'"),
    (MODEL + FIRST + "for (const n of widths) m.add(tf.layers.dense({units: n}));", "inside 'for'"),
    (MODEL + FIRST + "deep && m.add(tf.layers.dense({units: 2}));", "inside '&&'"),
    (MODEL + FIRST + "deep ? m.add(tf.layers.dense({units: 2})) : m.add(tf.layers.dense({units: 1}));", r"inside '\?'"),
    ("const m = deep ? tf.sequential({layers: [tf.layers.dense({units: 4})]}) : tf.sequential();", "2 networks"),
    ("const m = old || tf.sequential({layers: [tf.layers.dense({units: 4})]});", r"inside '\|\|'"),
    (MODEL + FIRST + "m.add(makeHead());", r"makeHead\(\)"),
    (MODEL + FIRST + "m.pop();", "m.pop"),
    ("function block(m, n) { m.add(tf.layers.dense({units: n})); }\n" + MODEL + FIRST + "block(m, 4); block(m, 2);", "added to m"),
    (MODEL + "const d = tf.layers.dense({units: 3, inputShape: [3]}); m.add(d); m.add(d);", "used twice"),
    ("const a = tf.sequential();\na.add(tf.layers.dense({units: 1, inputShape: [2]}));\nconst b = tf.sequential();\nb.add(tf.layers.dense({units: 2, inputShape: [2]}));",
     "2 networks: a in line 1, b in line 3"),
    ("const x = tf.input({shape: [4]});\nconst y = tf.layers.dense({units: 4}).apply(x);\nconst m = tf.model({inputs: x, outputs: tf.layers.add().apply([x, y])});",
     "2 values at once"),
    ("const x = tf.input({shape: [4]});\nconst m = tf.model({inputs: x, outputs: [tf.layers.dense({units: 1}).apply(x), tf.layers.dense({units: 2}).apply(x)]});",
     "several inputs or outputs"),
    (MODEL + FIRST + "function more() { m.add(tf.layers.dense({units: 4})); }\nmore(); more();", "called several times"),
    (MODEL + FIRST + "function more() { m.add(tf.layers.dense({units: 4})); }\nfor (const n of [1, 2]) more();", "called several times"),
    (MODEL + FIRST + "function more(n) { m.add(tf.layers.dense({units: n})); }\n[4, 2].forEach(n => more(n));", "called several times"),
    (MODEL + FIRST + "let u = 4;\nfunction more() { m.add(tf.layers.dense({units: u})); }\nu = 8;\nmore();", "several values"),
    (MODEL + FIRST + "let u = 4;\nu++;\nm.add(tf.layers.dense({units: u}));", "which is changed"),
    ("const m = tf.sequential({layers: makeLayers()});", "makeLayers|layers of"),
    (MODEL, "without a layer"),
    ("const net = new brain.NeuralNetwork({hiddenLayers: [3], activation: 'swish'});", "swish"),
    ("const net = new brain.recurrent.LSTM();", "brain.js"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "read"), READ)
def test_a_model_is_read(text, read):
    assert cn.write(cn.read(text), "shorthand") == read


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_is_no_chain_of_known_layers_is_refused_with_the_reason(text, words):
    with pytest.raises(ChalknetError, match=f"(?s){words}") as problem:
        cn.read(text)
    assert problem.value.remedy


def test_one_of_several_models_is_read_by_its_name():
    text = next(text for text, words in REFUSED if words.startswith("2 networks: a"))
    assert cn.write(cn.read(text, name="b"), "shorthand") == "2 -> 2"


def test_models_of_one_name_are_asked_for_by_their_functions():
    text = "".join(
        f"function make{n}() {{\n{MODEL}m.add(tf.layers.dense({{units: {n}, inputShape: [3]}}));\nreturn m; }}\n"
        for n in (2, 4)
    )
    with pytest.raises(ChalknetError, match="name='make2' or 'make4'"):
        cn.read(text)
    assert cn.write(cn.read(text, name="make4"), "shorthand") == "3 -> 4"


def test_widths_that_the_data_give_are_open_with_a_note():
    network = cn.read("const net = new brain.NeuralNetwork({hiddenLayers: [3]});")
    assert cn.write(network, "shorthand") == "? -> 3 sigmoid -> ? sigmoid"
    assert "train(...)" in network.notes[0]


def test_how_weights_begin_is_noted():
    text = "const m = tf.sequential();\nm.add(tf.layers.dense({units: 5, inputShape: [3], kernelInitializer: 'heNormal'}));"
    assert "how weights begin" in "; ".join(cn.read(text).notes)


@pytest.mark.parametrize(
    "page",
    [
        f"# A model\n\nIt is small:\n\n```js\n{MODEL}{FIRST}```\n",
        f"```typescript\n{MODEL}{FIRST}```\n",
        f"<html><body><p>Don't</p><script>const n = 1;</script><script>\n{MODEL}{FIRST}</script></body></html>",
    ],
)
def test_a_program_in_a_page_is_read(page):
    assert cn.write(cn.read(page), "shorthand") == "3 -> 5"


def test_the_drawing_of_a_page_goes_before_its_scripts():
    page = f"<html><body><pre class='mermaid'>flowchart LR\na[Input 2] --> b[Dense 4 relu]</pre><script>\n{MODEL}{FIRST}</script></body></html>"
    assert cn.write(cn.read(page), "shorthand") == "2 -> 4 relu"


HOSTILE = [
    MODEL + "m.add(tf.layers.dense({units: " + "(" * 30_000,
    MODEL + "m.add(tf.layers.dense({units: " + "[" * 20_000 + "]" * 20_000 + "}));",
    MODEL + FIRST + "if (a) {" * 2_000,
    MODEL + FIRST + "function f() {" * 3_000,
    MODEL + FIRST + "m.add(tf.layers.dense({units: 9" + "9" * 400 + "}));",
    MODEL + FIRST + "m.add(tf.layers.dense({units: 9 ** 9 ** 9 ** 9}));",
    MODEL + FIRST + "m.add(tf.layers.dense({units: 'abc",
    MODEL + FIRST + "`" * 20_001,
    MODEL + FIRST + "for (let i = 0; i < 200; i++) " * 6 + "m.add(tf.layers.dense({units: 3}));",
    MODEL
    + "const a0 = [1, 2];\n"
    + "".join(f"const a{n} = [...a{n - 1}, ...a{n - 1}];\n" for n in range(1, 60)),
    MODEL
    + "".join(f"const f{n} = f{n + 1};\n" for n in range(1_000))
    + "m.add(tf.layers.dense({units: f0}));",
    MODEL + FIRST + "x = f(" * 4_000,
    MODEL + FIRST + "a ? b : " * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_programs_are_answered_in_time(text):
    start = time.process_time()
    with contextlib.suppress(ChalknetError):
        cn.read(text)
    assert time.process_time() - start < 5
