"""A layer that says how often it stands there is that many layers; where nobody says how many, that is asked for."""

import pytest

import chalknet as cn
from chalknet.notation.drawings.vocabulary import said

BOX = "flowchart LR\na[Input 10] --> b[{}] --> c[Dense 2 softmax]"
FRAME = "flowchart LR\nsubgraph s[{}]\nb[Dense 64 ReLU]\nend\na[Input 10] --> b --> c[Dense 2 softmax]"
FRAME_OF_TWO = (
    "flowchart LR\nsubgraph s[{}]\nb[Dense 64 ReLU] --> d[Dense 32 ReLU]\nend\n"
    "a[Input 10] --> b\nd --> c[Dense 2 softmax]"
)
BOXES = (
    "Dense 64 ReLU ×{}", "{} × Dense 64 ReLU", "Dense 64 ReLU (x{})", "{} hidden layers of 64 units, ReLU",
    "{} Schichten mit je 64 Neuronen, ReLU", "{} скрытых слоя по 64 нейрона, ReLU", "{} couches cachées de 64, ReLU",
    "Dense 64 ReLU, repeat {} times", "Hidden layers {}×64 ReLU",
)  # fmt: skip
FRAMES = ("× {}", "{}×", "repeat {} times", "Hidden layers ×{}", "{} hidden layers", "{} hidden layers of 64")


@pytest.mark.parametrize("times", [2, 3, 5])
@pytest.mark.parametrize("form", [*(("box", one) for one in BOXES), *(("frame", one) for one in FRAMES)])
def test_a_layer_stands_there_as_often_as_it_says(form, times):
    where, words = form
    drawn = (BOX if where == "box" else FRAME).format(words.format(times))
    assert cn.read(drawn) == cn.read("10 -> " + "64 relu -> " * times + "2 softmax")


@pytest.mark.parametrize(
    "drawn",
    [
        BOX.format("Dense 64 ReLU (N×)"),
        BOX.format("N × Dense 64 ReLU"),
        FRAME.format("Encoder N×"),
        FRAME.format("Nx"),
    ],
)
def test_a_number_of_times_that_nobody_says_is_asked_for(drawn):
    with pytest.raises(cn.ChalknetError, match="nothing says how many"):
        cn.read(drawn)


@pytest.mark.parametrize("title", ["× 2", "N×", "repeat 2 times"])
def test_a_frame_of_several_layers_that_is_repeated_is_refused(title):
    with pytest.raises(cn.CannotExpress, match="repeated"):
        cn.read(FRAME_OF_TWO.format(title))


@pytest.mark.parametrize("title", ["2 hidden layers", "Encoder"])
def test_the_number_of_the_layers_that_a_frame_holds_repeats_none(title):
    assert cn.read(FRAME_OF_TWO.format(title)) == cn.read("10 -> 64 relu -> 32 relu -> 2 softmax")


@pytest.mark.parametrize(
    "label", ["x4", "2x", "Hidden layer 3: 64", "Layer 3 (64)", "2-layer network with 64 units"]
)
def test_names_and_numbers_of_layers_are_no_repetition(label):
    assert said(label).repeats == 1
