"""A network as Keras code and as Keras JSON, in the ways that people write it, laid out here anew."""

import json

from chalknet.network import Activation, Dropout, Flatten, Linear

KINDS = ("relu", "sigmoid", "tanh", "softmax", "elu", "softplus", "silu", "log_softmax", "gelu")


def layers(network, draw, prefix):
    """Return the calls that make the layers, an activation inside its Dense or behind it."""
    calls, steps = [], list(network.steps)
    while steps:
        step = steps.pop(0)
        if isinstance(step, Linear):
            given = [str(step.out_features) if draw.bool() else f"units={step.out_features}"]
            if steps and isinstance(steps[0], Activation) and draw.bool():
                given.append(f"activation={spelled(steps.pop(0).kind, draw, prefix)}")
            given += ["use_bias=False"] * (not step.bias)
            calls.append(f"{prefix}Dense({', '.join(given)})")
        elif isinstance(step, Activation):
            calls.append(f"{prefix}Activation({spelled(step.kind, draw, prefix)})")
        elif isinstance(step, Dropout):
            calls.append(f"{prefix}Dropout({step.p})")
        else:
            calls.append(f"{prefix}Flatten()")
    return calls


def spelled(kind, draw, prefix):
    """Return an activation as a word or as a function."""
    return f"tf.keras.activations.{kind}" if prefix.startswith("tf.") and draw.bool() else f'"{kind}"'


def code(network, draw):
    """Return a program that makes the network, in one of the ways of Keras."""
    prefix, head = draw.choice(
        ("tf.keras.layers.", "import tensorflow as tf\n"),
        ("layers.", "from tensorflow import keras\nfrom tensorflow.keras import layers\n"),
        (
            "",
            "from keras.layers import *\nfrom keras.models import Model, Sequential\nfrom keras import Input\n",
        ),
        ("L.", "import keras.layers as L, keras\n"),
    )
    home = {"tf.keras.layers.": "tf.keras.", "": ""}.get(prefix, "keras.")
    shape, calls = str(network.input_shape), layers(network, draw, prefix)
    way = draw.choice("list", "add", "chain", "input_shape", "batch")
    if way == "add":
        grown = "".join(f"model.add({call})\n" for call in [f"{home}Input(shape={shape})", *calls])
        return f"{head}model = {home}Sequential()\n{grown}model.compile('sgd', 'mse')\nmodel.fit(x, y)\n"
    if way == "chain":
        lines = "".join(f"x = {call}(x)\n" for call in calls)
        return f"{head}inputs = x = {home}Input({shape})\n{lines}model = {home}Model(inputs, x)\n"
    if way == "list":
        calls.insert(0, f"{prefix}InputLayer(input_shape={shape})")
    else:
        batch = f"(None, {', '.join(map(str, network.input_shape))})"
        stated = f"input_shape={shape}" if way == "input_shape" else f"batch_input_shape={batch}"
        calls[0] = calls[0].replace("()", "( )")[:-1] + f", {stated})"
        calls[0] = calls[0].replace("( ,", "(")
    return f"{head}model = {home}Sequential([{', '.join(calls)}])\nmodel.summary()\n"


def to_json(network, draw):
    """Return the JSON of the network, of a Sequential or of a chain, as Keras 2 or Keras 3 writes it."""
    three, chained = draw.bool(), draw.bool()
    shape = [None, *network.input_shape]
    entries = [
        {"class_name": "InputLayer", "config": {"batch_shape" if three else "batch_input_shape": shape}}
    ]
    for step in network.steps:
        match step:
            case Linear():
                entries.append(
                    _entry("Dense", units=step.out_features, activation="linear", use_bias=step.bias)
                )
            case Activation():
                entries.append(_entry("Activation", activation=step.kind))
            case Dropout():
                entries.append(_entry("Dropout", rate=step.p, noise_shape=None, seed=None))
            case Flatten():
                entries.append(_entry("Flatten", data_format="channels_last"))
    if not chained:
        config = {"name": "model", "layers": entries}
        return json.dumps({"class_name": "Sequential", "config": config, "keras_version": "2.12.0"})
    for place, entry in enumerate(entries):
        entry["name"] = f"layer_{place}"
        before = [f"layer_{place - 1}", 0, 0]
        inbound = [{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": before}}]}]
        entry["inbound_nodes"] = (inbound if three else [[[*before, {}]]]) if place else []
    draw.random.shuffle(entries)
    return json.dumps({"class_name": "Functional", "config": {"name": "model", "layers": entries}}, indent=1)


def _entry(kind, **config):
    initializer = {"class_name": "GlorotUniform", "config": {"seed": None}}
    more = {"name": kind.lower(), "trainable": True, "dtype": "float32", "kernel_initializer": initializer}
    return {"class_name": kind, "config": {**more, **config}, "registered_name": None}
