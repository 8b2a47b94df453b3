"""MathML is well formed and says what the arrow text says."""

from xml.etree import ElementTree

from hypothesis import given
from tests.notation.formulas import NETWORKS
from tests.strategies import networks

from chalknet.network import Activation, Linear, Network, show_shape
from chalknet.notation.arrows import read_arrows
from chalknet.notation.mathml import MATHML, write_mathml
from chalknet.notation.words import write_step

SPACE = "{http://www.w3.org/1998/Math/MathML}"


@given(networks(symbolic=True, settled=False))
def test_every_shape_and_every_step_stands_in_it(network):
    root = ElementTree.fromstring(write_mathml(network))
    shapes = [munder[1].text for munder in root.iter(f"{SPACE}munder")]
    labels = ["".join(mover[1].itertext()) for mover in root.iter(f"{SPACE}mover")]
    visits = list(network.walk())
    wanted = [network.input_shape, *(visit.output_shape for visit in visits), network.output_shape]
    assert shapes == [show_shape(shape) for shape in wanted]
    number = 0
    for visit, label in zip(visits, labels[:-1], strict=True):  # the last one is the hat of y
        number += isinstance(visit.step, Linear)
        assert label == write_step(visit.step, number)


@given(networks(symbolic=True, settled=False))
def test_its_alternative_text_can_be_read_back(network):
    root = ElementTree.fromstring(write_mathml(network))
    assert read_arrows(root.attrib["alttext"]) == network


def test_it_is_a_display_and_is_only_written():
    text = write_mathml(NETWORKS["F1"])
    assert text.startswith('<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"')
    assert MATHML.read is None
    assert MATHML.recognise(text) == 0


def test_further_steps_are_primed():
    text = write_mathml(Network(1, (Linear(1), Activation("relu"), Activation("tanh"))))
    assert "<mtext>(1)′</mtext>" in text
