"""What a careful person reads from each kind of thing, and why: the truths of the generator in one table.

A row: the beginning of the kinds it rules, what is read, and the reason.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """One row: kinds whose name begins so, their truth, and why."""

    kinds: str
    truth: str
    why: str


PLAIN = "changes nothing"
RULES = [
    # What decides a width
    Rule("elision: none", "the units that are drawn", "Nothing says that there are more."),
    Rule("elision: some", "see the source of each layer", "Dots say that there are more than are drawn."),
    Rule("elided input: last label", "the number of the last unit", "Units that are numbered up to 784 are 784."),
    Rule("elided hidden: last label", "the number of the last unit", "The same in any layer."),
    Rule("elided output: last label", "the number of the last unit", "The same in any layer."),
    Rule("counted from: 0", "one more than the last number", "in0 ... in783 are 784; the first unit shows where counting starts."),
    Rule("elided input: more", "drawn and said together", "'+781 more' counts what is not drawn."),
    Rule("elided hidden: more", "drawn and said together", "'+781 more' counts what is not drawn."),
    Rule("elided output: more", "drawn and said together", "'+781 more' counts what is not drawn."),
    Rule("elided input: plus", "drawn and said together", "ann-visualizer draws ten and writes '(+3)' for the others."),
    Rule("elided hidden: plus", "drawn and said together", "ann-visualizer draws ten and writes '(+3)' for the others."),
    Rule("elided output: plus", "drawn and said together", "ann-visualizer draws ten and writes '(+3)' for the others."),
    Rule("elided input: title", "the number in the title", "The title counts the whole layer, dots and all."),
    Rule("elided hidden: title", "the number in the title", "The title counts the whole layer, dots and all."),
    Rule("elided output: title", "the number in the title", "The title counts the whole layer, dots and all."),
    Rule("elided input: caption", "the number in the caption's row of widths", "'784-128-10' has a number for each layer."),
    Rule("elided hidden: caption", "the number in the caption's row of widths", "'784-128-10' has a number for each layer."),
    Rule("elided output: caption", "the number in the caption's row of widths", "'784-128-10' has a number for each layer."),
    Rule("elided input: symbol", "a symbol or ?", "The last unit is x_d: nobody can know the number."),
    Rule("elided hidden: symbol", "a symbol or ?", "The last unit is h_m: nobody can know the number."),
    Rule("elided output: symbol", "a symbol or ?", "The last unit is y_K: nobody can know the number."),
    Rule("elided input: unknown", "?", "Dots and no number anywhere: the units drawn are too few, more is not known."),
    Rule("elided hidden: unknown", "?", "Dots and no number anywhere."),
    Rule("elided output: unknown", "?", "Dots and no number anywhere."),
    Rule("elided hidden: box", "the number in the box", "One box stands for the whole layer and says how many."),
    Rule("dots: ", PLAIN, "Dots mean the same in any spelling, also as three points, linked or not."),
    # What is a unit
    Rule("hand-in: none", PLAIN, "The inputs come first."),
    Rule("hand-out: none", PLAIN, "The outputs come last."),
    Rule("hand-in: points", "no layer", "A point with one arrow into an input has nothing to compute."),
    Rule("hand-in: features", "no layer", "A feature's name in front of its own unit x1 names that input."),
    Rule("hand-in: sample box", "no layer", "The sample or the data set is what the inputs show."),
    Rule("hand-out: named", "no layer", "A name behind its own output unit names the result."),
    Rule("hand-out: points", "no layer", "A point behind an output unit is the end of an arrow."),
    Rule("hand-out: label on arrow", "no layer", "The same; the label is the result's name."),
    Rule("hand-out: one result", "no layer", "One arrow from the one output unit to a word: the result."),
    Rule("hand-out: argmax", "no layer", "The class with the largest output is picked; nothing is learnt there."),
    Rule("bias: nodes", "no unit; the next layer has a bias", "b, +1 or bias with nothing leading to it adds a constant."),
    Rule("bias: x0", "no unit; the next layer has a bias", "x0 beside x1, and a0 to which nothing leads, is the constant 1."),
    Rule("bias: first only", "no unit; a bias in layer 1", "What the other layers have is not said, so either is right."),
    Rule("bias: in labels", "each layer so labelled has a bias", "'(+b1)' in a unit adds a constant to it."),
    Rule("bias: denied", "no layer has a bias", "'no bias' is written."),
    Rule("bias: none", "nothing is said", "Most people leave biases out of a drawing and have them."),
    Rule("training: ", "no layer", "Targets, losses, optimizers and gradients belong to the fit; dotted arrows back are no cycle."),
    Rule("beside: ", "no layer", "Concept boxes, legends and free texts have no arrow from or to the network."),
    Rule("links within a layer: ", PLAIN, "Dotted lines without heads and invisible links put units in order."),
    Rule("sparse: yes", "as if connected, and told", "The widths are plain; that some links are missing must not be lost."),
    # What says an activation
    Rule("hidden activation said: sum and f", "a sum and its activation are one unit, ?", "f stands for any function."),
    Rule("output activation said: sum and f", "a sum and its activation are one unit, ?", "f stands for any function."),
    Rule("output activation said: spelled out", "one unit", "Boxes in a row say what the one neuron does."),
    Rule("hidden activation said: ", "as said, ? for nowhere", "By title, label, node, arrow into the layer, box behind it or caption."),
    Rule("output activation said: ", "as said, ? for nowhere", "By title, label, node, arrow into the layer, box behind it or caption."),
    Rule("hidden activation: ", "that one", "In any usual spelling and language; σ is the sigmoid, max(0, z) is ReLU."),
    Rule("output activation: ", "that one", "In any usual spelling and language; linear is none."),
    Rule("dropout: box", "dropout with that rate", "It is a step of its own with a number."),
    # Boxes for whole layers
    Rule("form of boxes: dense words", "the number of units", "'Dense 128' is a layer of 128."),
    Rule("form of boxes: count words", "the number of units", "'Hidden layer (128 neurons)' is a layer of 128."),
    Rule("form of boxes: linear", "in and out", "'Linear(784, 128)' says both."),
    Rule("form of boxes: arrow in box", "in and out", "'784 → 128' says both."),
    Rule("form of boxes: shape", "the last number", "(None, 128): the first place is the batch."),
    Rule("form of boxes: vector", "the dimension", "h ∈ R^64 has 64 components."),
    Rule("form of boxes: matrix on arrow", "rows and columns, along the chain", "Inner numbers meet: it shows which way round W is written."),
    Rule("form of boxes: plot_model with activations", "output shapes and activations", "Keras writes both."),
    Rule("form of boxes: plot_model", "output shapes, activations ?", "Without the option Keras does not show activations."),
    Rule("form of boxes: autograd", "weights' shapes, activations, biases", "Every operation is a node; a layer without bias is MmBackward."),
    Rule("parameters in the boxes: disagree", "the widths, and told", "Two facts of one box differ; widths are what was drawn."),
    Rule("parameters: disagree", "the widths, and told", "The number of parameters does not fit what was drawn."),
    Rule("parameters", PLAIN, "A number of parameters that fits confirms the reading."),
    # What means nothing
    Rule("ids: ", PLAIN, "Ids are not seen in the picture, except where they are the label."),
    Rule("labels: ", PLAIN, "A unit is a unit whatever is written into it."),
    Rule("index: ", PLAIN, "x1, x_1, x₁ and $x_1$ are the same."),
    Rule("headings: ", PLAIN, "A layer's name as a group's title or as a text beside it."),
    Rule("arrows: none", PLAIN, "Lines go from the first layer to the last, as the statements do."),
    Rule("weights on arrows: as nodes", "no layer", "w1 between x1 and the sum is the weight of that link."),
    Rule("weights on arrows: ", PLAIN, "Names and values of weights say no width."),
    Rule("caption: ", PLAIN, "A caption counts, wherever it stands on the page."),
    *(Rule(f"{style}: ", PLAIN, "A habit of the pen.") for style in (
        "container", "decoration", "dialect", "direction", "language", "order", "ranks", "shape of units", "shape of boxes",
        "size", "title", "tool", "layers of weights", "what")),
    # What is no network, or more than one
    Rule("look-alike: ", "refuse", "The words name steps, people, states or parts that are no layers of one feed-forward chain."),
    Rule("doubt: title against units", "ask", "The title counts more units than are drawn, without dots: either may be the slip."),
    Rule("doubt: last label against title", "ask", "The last unit's number and the title's differ."),
    Rule("doubt: two networks", "ask", "Which of the two is meant?"),
    Rule("doubt: two activations", "ask", "Title and caption name different ones."),
    Rule("doubt: shape behind a layer", "ask", "A layer of 128 units does not hand on (None, 100)."),
    Rule("doubt: unit or result", "ask", "One unit behind one other of the same look: a layer, or the result's name?"),
]  # fmt: skip


def rule_of(kind: str) -> Rule | None:
    """Return the first rule of a kind."""
    return next((rule for rule in RULES if kind.startswith(rule.kinds)), None)
