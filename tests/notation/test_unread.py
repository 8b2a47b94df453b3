"""What is written in a drawing and that its network lacks: each number, function and word has a note."""

import pytest
from tests.notation.strange_drawings import drawing

import chalknet as cn
from chalknet.errors import ChalknetError
from chalknet.notation.drawings.number_words import in_digits

OURS = ("used for nothing", "whatever", "names several", "speaks of layers", "may be several")


def boxes(*labels):
    return "flowchart LR\n" + "\n".join(f'b{n}["{label}"]' for n, label in enumerate(labels)) + "\n" + " --> ".join(
        f"b{n}" for n in range(len(labels))
    )  # fmt: skip


def told(text):
    return "; ".join(cn.read(text).notes)


@pytest.mark.parametrize(
    ("label", "note"),
    [
        ("Hidden layers 5, 4", "5 in 'Hidden layers 5, 4' was used for nothing: 4 was read"),
        ("Hidden layers 9-9, tanh", "'Hidden layers 9-9, tanh' speaks of layers: one was read"),
        ("MLP 64-64", "64-64 in 'MLP 64-64' may be several layers: one of 64 was read"),
        ("Hidden (50 → pruned to 20)", "50 in 'Hidden (50 → pruned to 20)' was used for nothing"),
        ("Hidden 20 units gaussian", "'gaussian' in 'Hidden 20 units gaussian' is no function"),
        ("Hidden (5) not relu but tanh", "whatever 'not relu' means there"),
        ("Hidden (5) relu?", "whatever 'relu?' means there"),
        ("Hidden (5) sigmoid / softmax", "whatever 'sigmoid /' means there"),
        ("Hidden (5) relu (optional)", "whatever 'optional' means there"),
        ("Dense 5 (shared weights)", "whatever 'shared weights' means there"),
        ("Hidden 64×16", "64x16 in 'Hidden 64×16' was read as 1024 units"),
        ("one-hot (10)", "'one-hot (10)' may prepare the data: read as a layer"),
        ("mean", "the width of layer 1 is not drawn: k1"),
    ],
)
def test_what_a_box_says_besides_its_layer_is_noted(label, note):
    assert note in told(boxes("Input (3)", label, "Output (2)"))


@pytest.mark.parametrize(
    "label",
    ["Hidden layer 1: 8 neurons, tanh", "Dense 8 (32 params)", "Dense(8, activation='relu')", "8 units, dropout 30 %",
     "fc1: 3 → 8", "Hidden [batch, 8]", "Dense 8 / ReLU"],
)  # fmt: skip
def test_a_box_whose_words_are_all_understood_has_no_such_note(label):
    assert not any(word in told(boxes("Input (3)", label, "Output (2)")) for word in OURS)


@pytest.mark.parametrize("seed", range(62100, 62116))
def test_drawings_of_strangers_that_are_right_have_no_such_note(seed):
    one = drawing(seed)
    try:
        notes = "; ".join(cn.read(one.text).notes)
    except ChalknetError:
        return
    assert not any(word in notes for word in OURS)


UNITS = "x1 & x2 --> h1 & h2 & h3\n h1 & h2 & h3 --> y\n"


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "%% hidden layer uses 8 units\n" + UNITS,
            "'8 units' in a comment was used for nothing: no layer has 8",
        ),
        ("%% hidden: tanh\n" + UNITS, "tanh in 'hidden: tanh' was used for nothing"),
        (
            "x1 -->|0.5| h1\nx1 --> h2\nx2 --> h1\nx2 --> h2\nh1 & h2 --> y\n",
            "numbers stand at 1 of 4 arrows",
        ),
        ("y --> h1 & h2\nh1 & h2 --> x1 & x2\n", "the arrows lead from y to x1: read in this order"),
    ],
)
def test_comments_and_arrows_that_the_network_lacks_are_noted(text, note):
    assert note in told("flowchart LR\n" + text)


def test_two_heads_are_refused():
    with pytest.raises(ChalknetError, match="2 layers side by side"):
        cn.read('flowchart LR\na["obs (8)"] --> b["64 relu"] --> c["actions (4)"]\nb --> d["value (1)"]')


def test_words_that_belong_to_no_layer_are_noted():
    drawn = "\n".join(
        [" 4 inputs", "   |", "   v", " +----------+", " | 12, tanh |  (optional)", " +----------+", "   |", "   v", " 3 classes"]
    )  # fmt: skip
    assert "'optional' belongs to no layer: left out" in told(drawn)


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("hidden: twenty-five nodes", "hidden: 25 nodes"),
        ("zwölf Neuronen", "12 Neuronen"),
        ("doce neuronas", "12 neuronas"),
        ("五个神经元", "5个神经元"),
        ("one more layer", "one more layer"),
    ],
)
def test_numbers_of_units_may_be_words(words, digits):
    assert in_digits(words) == digits


def test_functions_below_the_arrows_of_a_formula_are_refused():
    with pytest.raises(ChalknetError, match="a line of their own"):
        cn.read("4 -> 8 -> 8 -> 2\n     relu   tanh   softmax")


def test_a_half_of_dropout_may_lack_its_zero():
    assert cn.write(cn.read(boxes("Input 3", "Dense 8 relu", "Dropout(p=.5)", "Dense 2")), "shorthand").count(
        "dropout(0.5)"
    )


def test_phi_of_a_caption_is_the_function_of_all_units():
    text = (
        'digraph { label="sum (Σ) and activation (φ = tanh)"; x1->h1; x1->h2; x2->h1; x2->h2; h1->y; h2->y }'
    )
    assert cn.write(cn.read(text), "shorthand") == "2 -> 2 tanh -> 1 tanh"


@pytest.mark.parametrize(
    ("hidden", "shorthand", "note"),
    [
        ("{z1|a1}|{z2|a2}", "3 -> 2 ? -> 2 ?", ""),
        ("{{<p>z1|a1}|{<q>z2|a2}|{<r>z3|a3}}", "3 -> 3 ? -> 2 ?", ""),
        ("{z1|z2}|{a1|a2}", "3 -> 1 ? -> 2 ?", "names several units: one was read"),
        ("h1 h2 h3", "3 -> 1 ? -> 2 ?", "names several units: one was read"),
    ],
)
def test_units_in_the_fields_of_one_record_are_read_or_noted(hidden, shorthand, note):
    network = cn.read(
        f'digraph {{node [shape=record]; x [label="x1|x2|x3"]; h [label="{hidden}"]; x -> h -> y; y [label="y1|y2"]}}'
    )
    assert cn.write(network, "shorthand") == shorthand and note in "; ".join(network.notes)


def test_a_sum_of_parts_in_a_unit_names_no_units():
    assert "several units" not in told('digraph {{x1 x2} -> a -> y; a [label="w1 x1 + w2 x2"]}')


def test_a_keras_plot_without_shapes_leaves_its_widths_open():
    plot = (
        'digraph {a [label="input_1: InputLayer"]; b [label="d: Dense"]; c [label="e: Dense"]; a -> b -> c}'
    )
    assert cn.write(cn.read(plot), "shorthand") == "m -> k1 ? -> k2 ?"


@pytest.mark.parametrize(
    "text", ['digraph {Data -> "Dense 5 relu" -> "Dense 2"}', "graph LR\nx((x)) --> h((5)) --> y((2))"]
)
def test_a_node_without_a_number_among_layers_with_some_is_no_single_unit(text):
    network = cn.read(text)
    assert network.input_shape == ("m",) and "the width of the input is not drawn: m" in network.notes


@pytest.mark.parametrize(
    "text", ["digraph {Input -> Hidden1 -> Output}", "graph LR\nInput --> H[Hidden 1] --> O[Output]"]
)
def test_boxes_called_by_their_places_are_layers_of_open_width(text):
    assert cn.write(cn.read(text), "shorthand") == "m -> k1 ? -> k2 ?"


def test_a_second_activation_behind_repeated_layers_belongs_to_the_last():
    text = boxes("Input (3)", "2 x Dense 4 relu", "sigmoid")
    assert cn.write(cn.read(text), "shorthand") == "3 -> 4 relu -> 4 relu sigmoid"


@pytest.mark.parametrize(
    "text",
    [
        'digraph { node [shape=box]; x -> "Linear\\nin=3, out=2" -> "ReLU" -> "Linear\\nin=2, out=1" -> y }',
        "flowchart LR\n x --> a[Linear 3x8] --> b[ReLU] --> c[Linear 8x1] --> y",
    ],
)
def test_an_input_whose_width_the_first_map_states_is_not_said_to_be_without_one(text):
    network = cn.read(text)
    assert network.input_shape == (3,)
    assert not [note for note in network.notes if "width of the input" in note]
