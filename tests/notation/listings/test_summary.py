"""The tables that Keras, torchinfo and torchsummary print, read to the network that was printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notation.listings import printers
from tests.strategies import widths

import chalknet as cn
from chalknet.errors import CannotExpress, NotationError, UnknownName
from chalknet.network import Activation, Dropout, Flatten, Linear, Network
from chalknet.notation import recognise

UNKNOWN, BOOLEANS = Activation("?"), st.booleans()


@st.composite
def chains(draw, kinds, biases=BOOLEANS):
    """Draw a network whose linear maps are each followed by an activation of these kinds."""
    steps = []
    for _ in range(draw(st.integers(1, 4))):
        steps += [Linear(draw(widths), draw(biases)), Activation(draw(st.sampled_from(kinds)))]
        steps += [Dropout()] * draw(st.booleans())
    if draw(st.booleans()):
        return Network(draw(st.tuples(st.integers(2, 9), st.integers(2, 9))), (Flatten(), *steps))
    return Network(draw(widths), tuple(steps))


def read(text):
    assert recognise(text).name == "summary"
    return cn.read(text)


@given(chains([*printers.KERAS_ACTIVATIONS]), st.booleans(), st.sampled_from([12, 31]))
def test_what_keras_prints_is_read_to_the_network_that_was_printed(network, ruled, width):
    assert read(printers.keras2(network, ruled=ruled)) == network
    assert read(printers.keras3(network, width=width)) == network


@given(chains([*printers.TORCH]), st.integers(0, 2))
def test_what_torchinfo_prints_is_read_to_the_network_that_was_printed(network, nested):
    assert read(printers.torchinfo(network, nested)) == network


@given(chains([*printers.TORCH], biases=st.just(True)))
def test_parameters_give_the_width_of_the_input_where_no_column_does(network):
    steps = [step for step in network.steps if not isinstance(step, Flatten)]
    plain = Network(network.input_shape[0], tuple(steps))
    for text in (printers.torchsummary(plain), printers.torchinfo(plain, inputs=False)):
        assert read(text) == plain
        assert "with a bias" in read(text).notes[0]
    linear = Network(plain.input_shape, tuple(step for step in steps if isinstance(step, Linear)))
    for text in (printers.keras2(linear, named_input=False), printers.keras3(linear, named_input=False)):
        found = read(text)
        assert [step for step in found.steps if step != UNKNOWN] == list(linear.steps)
        assert found.input_shape == linear.input_shape


@given(chains([*printers.TORCH]), st.data())
def test_parameters_that_disagree_with_the_widths_are_a_note(network, data):
    text = printers.torchinfo(network)
    wrong = data.draw(st.sampled_from([row[2] for row in printers.rows(network) if row[2]]))
    changed = text.replace(f" {wrong:,}\n", f" {3 * wrong + 1:,}\n", 1)
    found = read(changed)
    assert [step.out_features for step in found.steps if isinstance(step, Linear)] == [
        step.out_features for step in network.steps if isinstance(step, Linear)
    ]
    assert any(f"{3 * wrong + 1:,} parameters are written" in note for note in found.notes)


DENSE = Network(784, (Linear(128), Linear(10)))


def test_an_activation_inside_a_dense_layer_is_not_shown_so_it_is_asked_for():
    network = read(printers.keras3(DENSE))
    assert network.steps == (Linear(128), UNKNOWN, Linear(10), UNKNOWN)
    assert "--activation relu,linear" in network.notes[-1]


def test_functions_that_a_forward_applies_are_asked_for_or_told():
    table = printers.torchinfo(DENSE).replace("Sequential", "Net")
    assert read(table).steps == (Linear(128), UNKNOWN, Linear(10), UNKNOWN)
    with_relu = Network(784, (Linear(128), Activation("relu"), Linear(10)))
    network = read(printers.torchsummary(with_relu))
    assert network == with_relu
    assert (
        network.notes[-1] == "the table does not show what forward applies as a function, such as F.relu(x)"
    )


def test_rates_and_slopes_that_a_table_does_not_show_are_told():
    network = read(printers.keras2(Network(4, (Linear(3), Dropout(0.2)))))
    assert network.steps == (Linear(3), UNKNOWN, Dropout(0.5))
    assert "the table does not say the rate of Dropout: 0.5 is read" in network.notes[0]
    slope = printers.keras2(Network(4, (Linear(3), Activation("relu")))).replace("ReLU", "LeakyReLU")
    assert read(slope).steps[-1] == Activation("leaky_relu", {"negative_slope": 0.3})


CNN = printers.keras3(DENSE).replace("dense (Dense)  ", "conv2d (Conv2D)")


@pytest.mark.parametrize("text", [CNN, printers.keras2(DENSE).replace("dense (Dense)", "lstm (LSTM)  ")])
def test_a_layer_without_a_step_is_refused_by_its_name_and_line(text):
    with pytest.raises(
        CannotExpress, match=r"(Conv2D|LSTM), which no step of a network describes"
    ) as problem:
        read(text)
    assert "line 7:" in str(problem.value) or "line 6:" in str(problem.value)
    assert "Dense, Dropout, Flatten and activations" in str(problem.value)


def test_a_table_without_shapes_says_how_it_is_printed_with_them():
    table = "Layer (type:depth-idx)    Param #\n======\nNet          --\n├─Linear: 1-1       100,480\n"
    with pytest.raises(CannotExpress, match=r"input_size=\(1, 784\)"):
        read(table)


def test_layers_that_are_not_one_behind_the_other_are_refused():
    text = (
        "Layer (type)            Output Shape      Param #     Connected to\n======\n"
        "input_1 (InputLayer)    [(None, 4)]       0           []\n"
        "dense (Dense)           (None, 4)         20          ['input_1[0][0]']\n"
        "add (Add)               (None, 4)         0           ['dense[0][0]',\n"
        "                                                       'input_1[0][0]']\n======\nTotal params: 20\n"
    )
    with pytest.raises(CannotExpress, match=r"add \(Add\), which is connected to dense and input_1"):
        read(text)


def test_of_several_tables_one_is_asked_for_by_its_name():
    two = printers.keras2(DENSE) + "\n" + printers.keras3(Network(3, (Linear(2),)))
    with pytest.raises(NotationError, match="2 tables: model, functional"):
        read(two)
    assert cn.read(two, name="functional").steps == (Linear(2), UNKNOWN)
    with pytest.raises(UnknownName, match="Did you mean functional"):
        cn.read(two, name="functinal")


def test_a_table_in_a_text_file_is_recognised_whatever_its_ending(tmp_path):
    for ending in (".txt", ".py", ".tex"):
        path = tmp_path / f"model{ending}"
        path.write_text(printers.torchinfo(DENSE))
        assert cn.read(path) == DENSE


KERAS_2_INSIDE = """Model: "model"
_________________________________________________________________
 Layer (type)                Output Shape              Param #
=================================================================
 input_1 (InputLayer)        [(None, 4)]               0
 sequential (Sequential)     (None, 8)                 40
|¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯|
| dense (Dense)             (None, 8)                 40        |
¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯
 dense_1 (Dense)             (None, 3)                 27
=================================================================
Total params: 67
"""


def test_a_model_inside_a_table_is_read_where_its_layers_are_shown():
    assert read(KERAS_2_INSIDE) == Network(4, (Linear(8), UNKNOWN, Linear(3), UNKNOWN))
    closed = "\n".join(line for line in KERAS_2_INSIDE.split("\n") if line[:1] not in ("|", "¯"))
    with pytest.raises(CannotExpress, match=r"sequential, a model whose layers .*expand_nested=True"):
        read(closed)


def test_a_boxed_table_that_lost_its_lines_is_read():
    kept = [line for line in printers.keras3(DENSE).split("\n") if line[:1] not in ("├", "┡", "└")]
    assert read("\n".join(kept)) == read(printers.keras3(DENSE))
