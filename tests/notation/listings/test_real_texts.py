"""Texts that Keras 3.15, torchinfo 1.8, torchsummary 1.5, flax 0.12, equinox 0.13 and scikit-learn printed."""

from pathlib import Path

import pytest

import chalknet as cn
from chalknet.network import UNKNOWN_WIDTH, Activation, Dropout, Linear, Network

TEXTS = Path(__file__).parent / "texts"
GELU, SOFTMAX, ELU, SILU, SIG, RELU, LEAKY, UNKNOWN = map(
    Activation, ("gelu", "softmax", "elu", "silu", "sigmoid", "relu", "leaky_relu", "?")
)
SMALL = (Linear(16, bias=False), SIG, Linear(64), SILU)
MIXED = (Linear(1), GELU, Linear(10, bias=False), SOFTMAX, Linear(10), ELU, Linear(128, bias=False))
HIDDEN = (Linear(64), UNKNOWN, Linear(10, bias=False), UNKNOWN, Linear(16), UNKNOWN, Linear(1, bias=False))
# The steps of the module that was printed, `?` where its text does not show them.
PRINTED = {
    "keras_3_plain": (4, (*HIDDEN, UNKNOWN)),
    "keras_3_modules_inside": (4, (*HIDDEN, UNKNOWN)),
    "keras_json": (4, SMALL),
    "keras_config": (4, SMALL),
    "torchinfo_names_of_variables_in_ascii": (784, MIXED),
    "torchinfo_names_and_depth": (3, (Linear(10), SILU)),
    "torchinfo_modules_inside": (784, MIXED),
    "torchsummary": (784, MIXED),
    "flax_linen_tabulate": (
        2,
        (
            *(Linear(10), UNKNOWN, Linear(10), UNKNOWN, Dropout(0.5), Linear(3, bias=False), UNKNOWN),
            *(Linear(512), UNKNOWN, Linear(16), UNKNOWN, Dropout(0.5)),
        ),
    ),
    "flax_nnx_tabulate": (784, (Linear(32), UNKNOWN, Linear(32), UNKNOWN, Linear(1, bias=False), UNKNOWN)),
    "flax_nnx_print": (4, (Linear(128), LEAKY, Linear(64), SIG)),
    "equinox_print": (13, (Linear(3, bias=False), SILU, Linear(7), Linear(16), SILU, Linear(128), SOFTMAX)),
    "equinox_mlp": (784, (Linear(4), RELU, Linear(4), RELU, Linear(2))),
    "sklearn_pipeline": (
        UNKNOWN_WIDTH,
        (*(step for size in (100, 100, 5, 10) for step in (Linear(size), SIG)), Linear(UNKNOWN_WIDTH)),
    ),
    "torch_print_class": (
        4,
        (Linear(64), GELU, Linear(10, bias=False), SOFTMAX, Linear(16), SIG, Linear(1, bias=False)),
    ),
}


def text(name):
    return (TEXTS / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PRINTED)
def test_what_a_library_printed_is_read_to_the_module_that_it_printed(name):
    width, steps = PRINTED[name]
    network = cn.read(text(name))
    assert network == Network(width, steps)
    assert bool(network.unsettled) == any("--activation" in note for note in network.notes)


def test_columns_that_a_narrow_terminal_cut_off_are_told():
    network = cn.read(text("keras_3_cut_by_a_narrow_terminal"))
    assert network == Network(4, (Linear(16), UNKNOWN, Linear(64), UNKNOWN))
    assert "the table shows no numbers of parameters: each linear map is read with a bias" in network.notes
    assert "the table says 1,152 parameters in total, the network read has 1,168" in network.notes


def test_a_file_is_read_in_the_form_of_its_text():
    assert cn.read(TEXTS / "torchsummary.txt") == cn.read(text("torchsummary"))
