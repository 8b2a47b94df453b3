"""What people draw beside a network: stubs, samples, results, targets, losses, concepts, legends, captions."""

from __future__ import annotations

import itertools

from tests.notation.strange.picture import Node
from tests.notation.strange.plans import Layer
from tests.notation.strange.units import Units
from tests.notation.strange.words import (
    CONCEPTS,
    HEADER_NOTES,
    LOSSES,
    OPTIMIZERS,
    SAMPLES,
    TITLES,
    WORDS,
    spelled,
)

HAND_OUTS = {"none": 7.0, "named": 2.5, "points": 1.5, "label on arrow": 1, "one result": 3, "argmax": 0.7}
HAND_INS = {"none": 9.0, "points": 1, "features": 1, "sample box": 2}
TRAINING = {
    "none": 10.0,
    "target and loss": 1.5,
    "loss and optimizer": 1,
    "gradient arrows": 1,
    "backward arrows": 0.8,
}
BESIDE = {"none": 8.0, "concept boxes": 1, "legend": 1, "free text": 1.2}
LINKED_BESIDE = {"none": 9.0, "invisible": 1, "dotted lines": 1}
FITTING = {"XOR network": 2, "MNIST classifier": 784}  # titles that say a width
RESULTS = ["result", "prediction", "ŷ", "output ŷ", "P(y=1)", "decision", "yhat", "📈 prediction"]


def hand_in(art: Units) -> None:
    """Draw what only hands the sample to the inputs."""
    choices, picture, inputs = art.choices, art.picture, art.plan.layers[0]
    singly = [] if inputs.source == "drawn" else ["points", "features"]
    if art.labels.style != "indexed" or inputs.drawn > 6:
        singly.append("features")
    how = choices.pick("hand-in", HAND_INS, singly)
    units = [f"u0_{at}" for at in range(inputs.drawn)]
    if how == "points":
        for at, unit in enumerate(units):
            picture.link(picture.add(Node(f"stub{at}", "", -1, "point", None, "stub")), unit)
    elif how == "features":
        shape = choices.one(["text", "box"])
        for at, unit in enumerate(units):
            picture.link(
                picture.add(Node(f"stub{at}", art.labels.features[at], -1, shape, None, "stub")), unit
            )
    elif how == "sample box":
        image = inputs.width == 784
        names = [
            name
            for name in SAMPLES
            if image or not any(word in name for word in ("28", "MNIST", "pixel", "mage", "photo"))
        ]
        label = choices.one([*names, WORDS[art.plan.language]["data"]])
        sample = picture.add(
            Node("sample", label, -1.5, choices.one(["box", "cylinder", "round"]), None, "sample")
        )
        picture.all_to_all([sample], units)


def hand_out(art: Units) -> list[str]:
    """Draw what only hands the result out, and return the last nodes of the forward pass."""
    choices, picture, output = art.choices, art.picture, art.plan.layers[-1]
    outs, words = art.columns[-1].out, WORDS[art.plan.language]
    column = 2.0 * len(art.plan.layers)
    boxed = output.place == "layer box"
    barred = ["label on arrow", "points"] if boxed else []
    if len(outs) == 1 and not boxed:
        barred.append("argmax")
    if len(outs) > 1 or output.elided or (art.shape in ("box", "round") and art.labels.style == "empty"):
        barred.append("one result")
    if output.elided or art.labels.style in ("empty", "values", "numbers"):
        barred += ["named"]
    if output.elided:
        barred += ["points", "label on arrow"]
    how = choices.pick("hand-out", HAND_OUTS, barred)
    if how == "none":
        return outs
    if how in ("one result", "argmax"):
        label = choices.one([*RESULTS, words["result"], words["prediction"]])
        if how == "argmax":
            known = art.headings != "none" or art.labels.style not in ("empty", "numbers", "values")
            label = choices.one(
                ["argmax", "arg max", *(["predicted class", words["prediction"]] if known else [])]
            )
        ends = [
            picture.add(Node("result", label, column, choices.one(["box", "text", "round"]), None, "result"))
        ]
        picture.all_to_all(outs, ends)
        return ends
    ends = []
    named_shape, arrow_word = choices.one(["text", "box"]), choices.one(["ŷ", "yhat", "out", "p"])
    for at, out in enumerate(outs):
        label = {"named": f"ŷ{at + 1}" if len(outs) > 1 else words["prediction"]}.get(how, "")
        on_arrow = arrow_word + (str(at + 1) if len(outs) > 1 else "")
        shape = named_shape if label else "point"
        ends.append(picture.add(Node(f"result{at}", label, column, shape, None, "result")))
        picture.link(out, ends[-1], on_arrow if how == "label on arrow" else "")
    return ends


def training(art: Units, ends: list[str]) -> None:
    """Draw targets, losses, optimizers and gradients."""
    choices, picture = art.choices, art.picture
    how = choices.pick("training", TRAINING)
    if how == "none":
        return
    column = max(node.column for node in picture.nodes.values())
    if how == "backward arrows":
        word = choices.one(["∂L/∂w", "gradient", "backprop", "δ"])
        columns = [layer_ends.into for layer_ends in art.columns]
        for place in range(len(columns) - 1, 1, -1):
            picture.link(columns[place][0], columns[place - 1][0], word, "dotted")
        picture.link(columns[1][0], columns[0][0], word, "dotted")
        return
    latex = [r"$$\frac{1}{2}(t-o)^2$$"] if art.labels.dialect == "mermaid" else []
    loss_word = choices.one([*LOSSES, *latex, WORDS[art.plan.language]["loss"]])
    loss = picture.add(
        Node("loss", loss_word, column + 1.5, choices.one(["box", "diamond", "round"]), None, "loss")
    )
    target_word = choices.one(["t", "y true", "target y", "label", WORDS[art.plan.language]["target"]])
    target = picture.add(
        Node("target", target_word, column, choices.one(["box", "round", "text"]), None, "target")
    )
    picture.all_to_all(ends, [loss])
    picture.link(target, loss)
    if how == "target and loss":
        return
    optimizer = picture.add(
        Node("optimizer", choices.one(OPTIMIZERS), column + 2.5, "box", None, "optimizer")
    )
    picture.link(loss, optimizer)
    if how == "gradient arrows":
        word, style = choices.one(["gradients", "∂L/∂w", "update", ""]), choices.one(["dotted", "dashed"])
        for end in art.columns[1].into[: choices.one([1, 2])]:
            picture.link(optimizer, end, word, style)


def beside(art: Units) -> None:
    """Draw boxes that are no part of the network."""
    choices, picture = art.choices, art.picture
    how = choices.pick("beside", BESIDE)
    words = WORDS[art.plan.language]
    if how == "concept boxes":
        names = choices.shuffled(CONCEPTS)[: choices.one([1, 2, 3])]
        keys = [
            picture.add(Node(f"concept{k}", name, -2, "box", None, "concept")) for k, name in enumerate(names)
        ]
        if choices.chance(0.5):
            for start, end in itertools.pairwise(keys):
                picture.link(start, end)
    elif how == "legend":
        picture.groups["legend"] = choices.one(["Legend", "Legende", "Key", "legend"])
        for k, name in enumerate(
            choices.one([["neuron", "weight"], ["unit"], [words["bias"], "activation"]])
        ):
            picture.add(Node(f"legend{k}", name, -2, choices.one([art.shape, "box"]), "legend", "legend"))
    elif how == "free text":
        notes = [note for note in HEADER_NOTES if not (art.left_out and "fully" in note)]
        picture.add(Node("note", choices.one(notes), -2, "text", None, "text"))
    barred = [] if art.headings == "groups" else ["dotted lines"]
    if all(layer.drawn < 2 for layer in art.plan.layers):
        barred = ["dotted lines", "invisible"]
    ordered = choices.pick("links within a layer", LINKED_BESIDE, barred)
    style = {"invisible": "invisible", "dotted lines": "dotted"}.get(ordered)
    for place, layer in enumerate(art.plan.layers) if style else ():
        for at in range(layer.drawn - 1):
            picture.link(f"u{place}_{at}", f"u{place}_{at + 1}", "", style, arrow=False)


def caption(art: Units, denied: bool) -> str:
    """Write title and caption; return what a note ought to hold where the caption disagrees."""
    choices, plan, picture = art.choices, art.plan, art.picture
    words = WORDS[plan.language]
    widths = [layer.truth().width for layer in plan.layers]
    numeric = all(isinstance(width, int) for width in widths)
    parts = []
    if any(layer.source == "caption" for layer in plan.layers) or (numeric and choices.chance(0.08)):
        joined = choices.one(["{}-{}", "{} → {}", "{}, {}", "{} - {}"])
        row = str(widths[0])
        for width in widths[1:]:
            row = joined.format(row, width)
        parts.append(choices.one(["{}", "MLP {}", "Architecture: {}", "{} network"]).format(row))
    parts += [
        _said(choices, plan.layers[-1 if role == "output" else 1], plan.language)
        for role in dict.fromkeys(art.said)
    ]
    if denied:
        parts.append(words["nobias"])
    told = ""
    if numeric and not art.left_out and choices.chance(0.1):
        right = choices.keep("parameters", "agree" if choices.chance(0.8) else "disagree") == "agree"
        told = "" if right else "param|count|weights"
        parts.append(_parameters(choices, widths, not denied, right))
    start = choices.one(["{}", "{}", f"{words['figure']} 3: {{}}", f"{words['figure']} 1. {{}}"])
    if choices.keep("title", choices.one(["none", "none", "title"])) == "title":
        titles = [title for title in TITLES if title not in FITTING or FITTING[title] == widths[0]]
        picture.title = choices.one(titles)
    if parts:
        picture.caption = start.format(choices.one(["; ", ", ", ". "]).join(parts))
    return told


def _said(choices, layer: Layer, language: str) -> str:
    word, words = spelled(choices, layer.activation, language), WORDS[language]
    name = words[layer.role]
    forms = ["{name}: {word}", "{word} ({name})", "{name} – {activation} {word}"]
    if language == "English":
        forms += {
            "hidden": [
                "all hidden units use {word}",
                "{word} activations in the hidden layers",
                "hidden activation: {word}",
            ],
            "output": ["{word} at the output", "output activation: {word}", "the output layer uses {word}"],
        }[layer.role]
    return choices.one(forms).format(name=name, word=word, activation=words["activation"])


def _parameters(choices, widths: list[int], with_bias: bool, right: bool) -> str:
    count = sum((before + with_bias) * after for before, after in itertools.pairwise(widths))
    if not right:
        count = count * 3 + 7
    return choices.one(
        ["{:,} params", "{:,} parameters", "total params: {:,}", "{} trainable parameters"]
    ).format(count)
