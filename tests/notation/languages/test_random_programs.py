"""Random networks, written in each language with random spelling, are read back."""

from random import Random

import pytest

import chalknet as cn
from chalknet.network import Activation, BatchNorm, Dropout, Linear, Network

GELU = Activation("gelu", {"approximate": "tanh"})
# The activations of each language, and its spellings of them.
JULIA = {
    Activation("relu"): ["relu", "NNlib.relu"], Activation("sigmoid"): ["σ", "sigmoid"], Activation("tanh"): ["tanh", "tanh_fast"],
    GELU: ["gelu"], Activation("silu"): ["swish"], Activation("leaky_relu", {"negative_slope": 0.2}): ["x -> leakyrelu(x, 0.2f0)"],
    Activation("softplus"): ["softplus", "x -> softplus.(x)"],
}  # fmt: skip
MATLAB = {
    Activation("relu"): ["reluLayer", "reluLayer()", "reluLayer('Name','r')"], Activation("tanh"): ["tanhLayer"],
    Activation("sigmoid"): ["sigmoidLayer('Name', 's')"], Activation("elu", {"alpha": 0.5}): ["eluLayer(0.5)"],
    Activation("leaky_relu", {"negative_slope": 0.1}): ['leakyReluLayer(0.1, Name="l")'], Activation("silu"): ["swishLayer"],
}  # fmt: skip
RUST = {
    Activation("relu"): ["relu()?"], Activation("tanh"): ["tanh()?"], Activation("silu"): ["silu()?"], GELU: ["gelu()?"],
    Activation("gelu"): ["gelu_erf()?", "apply(&Activation::Gelu)?"], Activation("elu", {"alpha": 0.5}): ["elu(0.5)?"],
    Activation("sigmoid"): ["apply(&candle_nn::Activation::Sigmoid)?"],
}  # fmt: skip
CPP = {
    Activation("relu"): ["ReLU()", "ReLU{}", "Functional(torch::relu)"], Activation("tanh"): ["Tanh()"],
    Activation("elu", {"alpha": 0.5}): ["ELU(torch::nn::ELUOptions().alpha(0.5))"], Activation("gelu"): ["GELU()"],
    Activation("leaky_relu", {"negative_slope": 0.2}): ["LeakyReLU(torch::nn::LeakyReLUOptions().negative_slope(0.2))"],
}  # fmt: skip
HAIKU = {
    Activation("relu"): ["jax.nn.relu"], Activation("tanh"): ["jnp.tanh"], GELU: ["jax.nn.gelu"],
    Activation("silu"): ["jax.nn.silu", "jax.nn.swish"], Activation("sigmoid"): ["jax.nn.sigmoid"],
}  # fmt: skip
GAPS = {
    "julia": [" ", "", "\n  ", "  # x -> relu\n", " #= Dense(3 => 3) =# "],
    "matlab": [" ", "", " ...\n ", "  "],
}


class Draw(Random):
    """Draws networks and spellings."""

    def network(self, activations, *, bias=True, drops=True):
        """Return a network of one to four linear maps, with an activation, a norm or a Dropout behind some."""
        steps = []
        for _ in range(self.randint(1, 4)):
            steps.append(Linear(self.randint(1, 40), bias=not bias or self.random() < 0.8))
            if drops and self.random() < 0.2:
                steps.append(BatchNorm())
            if self.random() < 0.7:
                steps.append(self.choice(list(activations)))
            if drops and self.random() < 0.2:
                steps.append(Dropout(0.25))
        if self.random() < 0.3 and isinstance(steps[-1], Linear):
            steps.append(Activation("softmax"))
        return Network((self.randint(1, 40),), tuple(steps))

    def number(self, size, constants, form):
        """Return a number, as it is, as a product, or as a constant that is declared."""
        if self.random() < 0.3:
            name = f"N_{len(constants)}"
            constants.append(form.format(name, size))
            return name
        return f"{size // 2} * 2" if size % 2 == 0 and self.random() < 0.2 else str(size)


def julia(draw):
    network, constants, layers = draw.network(JULIA), [], []
    arriving, steps = network.input_shape[0], list(network.steps)
    name = draw.choice(["Flux.", "Lux.", ""])
    while steps:
        step = steps.pop(0)
        act = ""
        if isinstance(step, Linear | BatchNorm) and steps and steps[0] in JULIA and draw.random() < 0.7:
            act = f",{draw.choice(GAPS['julia'])}{draw.choice(JULIA[steps.pop(0)])}"
        if isinstance(step, Linear):
            sizes = [
                draw.number(size, constants, "const {} = {}\n") for size in (arriving, step.out_features)
            ]
            bias = "" if step.bias else draw.choice(["; bias=false", ", use_bias = false"])
            layers.append(
                f"{name}Dense({draw.choice(['{} => {}', '{}, {}', '{}=>{}']).format(*sizes)}{act}{bias})"
            )
            arriving = step.out_features
        elif isinstance(step, BatchNorm):
            layers.append(f"BatchNorm({arriving}{act})")
        elif isinstance(step, Dropout):
            layers.append("Dropout(0.25)")
        else:
            layers.append(draw.choice([*JULIA.get(step, ["softmax", "x -> softmax(x)", "Flux.softmax"])]))
    if draw.random() < 0.3 and len(layers) > 2:
        layers[1:] = [f"Chain({', '.join(layers[1:])})"]
    if draw.random() < 0.3:
        layers = [f"layer{place} = {layer}" for place, layer in enumerate(layers)]
    chain = f"{name}Chain(" + "".join(f"{draw.choice(GAPS['julia'])}{layer}," for layer in layers) + ")"
    wrapped = draw.choice(
        ["model = {}", "model = {} |> gpu", "function build()\n  return {}\nend", "build() = {}", "{}"]
    )
    return network, "using Flux, Lux\n" + "".join(constants) + wrapped.format(chain) + "\nps = 3\n"


def matlab(draw):
    network, constants, layers = draw.network(MATLAB, bias=False), [], []
    layers.append(f"featureInputLayer({draw.number(network.input_shape[0], constants, '{} = {};')})")
    for step in network.steps:
        if isinstance(step, Linear):
            size = draw.number(step.out_features, constants, "{} = {};")
            name = draw.choice(["", ", 'Name', 'fc'", ', Name="fc"'])
            layers.append(f"fullyConnectedLayer({size}{name})")
        elif isinstance(step, BatchNorm):
            layers.append(draw.choice(["batchNormalizationLayer", "batchNormalizationLayer('Name','bn')"]))
        elif isinstance(step, Dropout):
            layers.append("dropoutLayer(0.25)")
        else:
            layers.append(draw.choice(MATLAB.get(step, ["softmaxLayer", "softmaxLayer('Name','out')"])))
    layers += draw.choice([[], ["classificationLayer"], ["regressionLayer('Name','mse')"]])
    sign = draw.choice(["\n", ";\n", "; ", ", ", " ", "\n  % tanhLayer\n", " ...\n  "])
    text = draw.choice(["layers = [{}];", "layers = [ {} ]\n", "net = dlnetwork([{}]);"]).format(
        sign.join(layers)
    )
    return network, "clear; clc\n" + "\n".join(constants) + f"\n{text}\nopts = trainingOptions('adam');\n"


def rust(draw):
    network, constants = draw.network(RUST, drops=False), []
    fields, calls, arriving = [], [], network.input_shape[0]
    for step in network.steps:
        if isinstance(step, Linear):
            sizes = [
                draw.number(size, constants, "const {}: usize = {};\n")
                for size in (arriving, step.out_features)
            ]
            maker = draw.choice(["linear", "candle_nn::linear"]) if step.bias else "linear_no_bias"
            name = f"l{len(fields)}"
            fields.append(f'{name}: {maker}({", ".join(sizes)}, vb.pp("{name}"))?')
            calls.append(
                draw.choice(["{}.apply(&self.NAME)?", "self.NAME.forward(&{})?"]).replace("NAME", name)
            )
            arriving = step.out_features
        elif step in RUST:
            calls.append("{}." + draw.choice(RUST[step]))
        else:
            calls.append(
                draw.choice(
                    [
                        "softmax(&{}, 1)?",
                        "candle_nn::ops::softmax(&{}, D::Minus1)?",
                        "ops::softmax_last_dim(&{})?",
                    ]
                )
            )
    body, x = "", "xs"
    for call in calls:
        if draw.random() < 0.5:
            body += draw.choice(
                [f"let xs = {call.format(x)};\n", f"let xs: Tensor = {call.format(x)}; // next\n"]
            )
            x = "xs"
        else:
            x = call.format(x)
    text = (
        f"use candle_nn::{{linear, Module}};\n{''.join(constants)}impl Net {{\n  fn new(vb: VarBuilder) -> Result<Self> {{\n"
        f"    Ok(Self {{ {', '.join(fields)} }})\n  }}\n}}\nimpl Module for Net {{\n"
        f"  fn forward(&self, xs: &Tensor) -> Result<Tensor> {{\n{body}    Ok({x})\n  }}\n}}\n"
    )
    return network, text


def cpp(draw):
    network, constants, layers, arriving = draw.network(CPP), [], [], 0
    arriving = network.input_shape[0]
    for step in network.steps:
        if isinstance(step, Linear):
            sizes = ", ".join(
                draw.number(size, constants, "const int64_t {} = {};\n")
                for size in (arriving, step.out_features)
            )
            plain = (
                f"Linear({sizes})" if step.bias else f"Linear(torch::nn::LinearOptions({sizes}).bias(false))"
            )
            layers.append(plain)
            arriving = step.out_features
        elif isinstance(step, BatchNorm):
            layers.append(f"BatchNorm1d({arriving})")
        elif isinstance(step, Dropout):
            layers.append(draw.choice(["Dropout(0.25)", "Dropout(torch::nn::DropoutOptions().p(0.25))"]))
        else:
            layers.append(draw.choice(CPP.get(step, ["Softmax(1)", "Softmax(torch::nn::SoftmaxOptions(1))"])))
    named = [f"torch::nn::{layer}" for layer in layers]
    form = draw.choice(
        [
            "torch::nn::Sequential net({});",
            "auto net = torch::nn::Sequential({});",
            "torch::nn::Sequential net{{{}}};",
        ]
    )
    text = form.format(draw.choice([", ", ",\n  ", ", // torch::nn::Tanh()\n"]).join(named))
    if draw.random() < 0.2:
        text = "torch::nn::Sequential net;\n" + "\n".join(f"net->push_back({layer});" for layer in named)
    return network, "#include <torch/torch.h>\n" + "".join(constants) + text


def haiku(draw):
    network, layers = draw.network(HAIKU, drops=False), []
    for step in network.steps:
        if isinstance(step, Linear):
            layers.append(f"hk.Linear({step.out_features}{'' if step.bias else ', with_bias=False'})")
        else:
            layers.append(draw.choice(HAIKU.get(step, ["jax.nn.softmax"])))
    chain = f"hk.Sequential([{', '.join(layers)}])"
    lines = [f"  x = {layer}(x)\n" for layer in layers]
    made = draw.choice([f"net = hk.transform(lambda x: {chain}(x))\n", f"def f(x):\n  return {chain}(x)\nnet = hk.transform(f)\n",
                        f"def f(x):\n{''.join(lines)}  return x\nnet = hk.transform(f)\n"])  # fmt: skip
    return (
        network,
        f"import haiku as hk\nimport jax, jax.numpy as jnp\n{made}p = net.init(key, jnp.ones((1, {network.input_shape[0]})))\n",
    )


@pytest.mark.parametrize("write", [julia, matlab, rust, cpp, haiku], ids=lambda write: write.__name__)
@pytest.mark.parametrize("seed", range(12))
def test_a_random_network_is_read_back(write, seed):
    network, text = write(Draw(f"{write.__name__} {seed}"))
    read = cn.read(text)
    assert (read.input_shape, read.steps) == (network.input_shape, network.steps), text
