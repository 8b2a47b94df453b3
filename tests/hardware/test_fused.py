"""What is said of the engine `fused_cpu` is what the engine itself goes by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import networks

import chalknet as cn
from chalknet.hardware.estimate import fused_needs
from chalknet.network import Activation, Dropout, Linear, Network

schedules = pytest.importorskip("chalknet.engine.fused_cpu.schedules")

widths = st.sampled_from([1, 4, 5, 8, 9, 63, 64, 200])
wide = st.builds(
    lambda inputs, hidden, outputs, between, behind: Network(
        inputs, (Linear(hidden), between, Linear(outputs), *behind)
    ),
    widths,
    widths,
    widths,
    st.sampled_from([Activation("relu"), Activation("softmax"), Dropout(0.5)]),
    st.lists(st.sampled_from([Activation("sigmoid"), Linear(2)]), max_size=2),
)
RECIPES = [
    ("sgd", {}),
    ("sgd", {"momentum": 0.9}),
    ("adam", {}),
    ("adamw", {}),
    ("rmsprop", {}),
    ("rmsprop", {"momentum": 0.5}),
    ("rmsprop", {"centered": True}),
    ("rmsprop", {"momentum": 0.5, "centered": True}),
]


@given(network=st.one_of(wide, networks()))
def test_the_same_networks_are_walked_by_blocks_and_need_no_array_of_gradients(network):
    if not any(isinstance(step, Linear) for step in network.steps):
        return
    needs = fused_needs(network, cn.Recipe(loss="mse", updates=1), 100, 2, 4)
    assert (needs.gradients == 0) == schedules.walks_blocks(network)


@pytest.mark.parametrize(("optimizer", "options"), RECIPES, ids=str)
def test_each_optimizer_keeps_as_many_arrays_beside_the_weights(optimizer, options):
    recipe = cn.Recipe(loss="mse", optimizer=optimizer, optimizer_options=options, updates=1)
    needs = fused_needs(cn.read("3 -> 5 relu -> 1"), recipe, 10, 1, 4)
    assert needs.optimizer == sum(schedules.slots_of(recipe)) * (3 * 5 + 5 + 5 + 1) * 4
