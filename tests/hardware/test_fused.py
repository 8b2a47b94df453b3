"""What is said of the memory of the engine `fused_cpu` is what the engine itself takes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import chalknet as cn
from chalknet.data import ArraySource, Batches
from chalknet.engine import fused_needs
from chalknet.network import Activation, Dropout, Flatten, Linear, Network
from chalknet.planning import DataFacts, Placement, Plan

pytest.importorskip("numba")
from chalknet.engine.fused_cpu import FusedCpu
from chalknet.engine.fused_cpu.names import walks_blocks

WIDTHS = st.sampled_from([1, 4, 5, 8, 9, 63, 64, 200, 300])
NETWORKS = st.builds(
    lambda shape, flat, layers, last: Network(
        shape,
        (
            *([Flatten()] if flat else []),
            *(step for width, bias, between in layers for step in (Linear(width, bias=bias), between)),
            Linear(last),
        ),
    ),
    st.sampled_from([(1,), (3,), (40,), (300,), (2, 3)]),
    st.booleans(),
    st.lists(
        st.tuples(
            WIDTHS, st.booleans(), st.sampled_from([Activation("relu"), Activation("softmax"), Dropout(0.5)])
        ),
        max_size=3,
    ),
    WIDTHS,
)
OPTIMIZERS = [
    ("sgd", {}),
    ("sgd", {"momentum": 0.9}),
    ("adam", {}),
    ("rmsprop", {}),
    ("rmsprop", {"momentum": 0.5, "centered": True}),
]
SPARE = 512  # bytes: arrays begin at cache lines, and counters lie apart


def taken(network, recipe, n, threads):
    """Return the bytes of the arrays of a session: copies, gradients, optimizer, arenas."""
    source = ArraySource(torch.zeros(n, *network.input_shape), torch.zeros(n, *network.output_shape))
    facts = DataFacts("data", n, source.x_shape, source.y_shape)
    plan = Plan(network, "", recipe, facts, Placement("cpu", "float32", threads), "", None, 1)
    session = FusedCpu().open(plan, Batches(source, recipe.batch_size, False, False), None)
    fit = session._schedule._fit
    weights, shared = fit.weights, fit.shared
    direct = weights.gradients is weights.values
    return {
        "copies": weights.values.nbytes + weights.transposed.nbytes,
        "gradients": 0 if direct else weights.gradients.nbytes,
        "optimizer": sum(array.nbytes for array in fit.rule.state),
        "arenas": shared.arenas.nbytes,
    }


@settings(max_examples=40, deadline=None)
@given(NETWORKS, st.integers(1, 900), st.sampled_from(OPTIMIZERS), st.integers(1, 3))
def test_a_fit_takes_what_was_said(network, rows, optimizer, threads):
    name, options = optimizer
    recipe = cn.Recipe(loss="mse", optimizer=name, optimizer_options=options, updates=1, batch_size=rows)
    found, needs = taken(network, recipe, rows, threads), vars(fused_needs(network, recipe, rows, threads, 4))
    if walks_blocks(network, recipe):  # its buffers are counted together, and rounded up
        found["arenas"] += found.pop("gradients")
        needs["arenas"] += needs.pop("gradients")
        assert needs.pop("arenas") == pytest.approx(found.pop("arenas"), rel=0.5, abs=SPARE)
    for name, many in found.items():
        assert needs[name] == pytest.approx(many, abs=SPARE), name
