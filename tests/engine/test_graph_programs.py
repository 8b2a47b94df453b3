"""Which runs of updates are captured, and which is replayed next."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from chalknet.data import ArraySource, Batches
from chalknet.engine.graph.programs import LARGEST_PROGRAM, Programs, longest_that_pays
from chalknet.planning import DataFacts, Placement, Plan, Recipe


@given(
    n=st.integers(1, 60),
    batch_size=st.integers(1, 60),
    drop_last=st.booleans(),
    most=st.integers(1, 40),
    stretches=st.lists(st.integers(1, 50), min_size=1, max_size=6),
)
def test_replays_one_behind_the_other_are_the_batches_of_the_epochs(
    n, batch_size, drop_last, most, stretches
):
    x = torch.zeros(n, 1)
    batches = Batches(ArraySource(x, x), min(batch_size, n), drop_last=drop_last)
    programs = Programs(batches, most)
    lengths = []
    for left in stretches:
        while left:
            program = programs.next(len(lengths), left)
            assert program in programs.all and len(program) <= min(left, max(most, 1))
            lengths += program
            left -= len(program)
    epoch = [len(batch.x) for batch in batches.epoch(None)]
    assert lengths == (epoch * (sum(stretches) // len(epoch) + 1))[: sum(stretches)]
    assert len(programs.all) <= 3


def test_long_stretches_are_made_in_long_programs():
    x = torch.zeros(1000, 1)
    for batch_size in (None, 10, 300, 7):
        programs = Programs(Batches(ArraySource(x, x), batch_size), 32)
        done, replays = 0, 0
        while done < 3200:
            done += len(programs.next(done, 3200 - done))
            replays += 1
        assert done / replays >= 15


def plan(**asked):
    recipe = Recipe("mse", **{"updates": 10_000, **asked})
    return Plan(None, "", recipe, DataFacts("d", 9, (1,), (1,)), Placement("cuda", "float32", 1), "graph",
                recipe.updates, 1)  # fmt: skip


def test_a_program_is_as_long_as_its_launch_matters():
    assert longest_that_pays(plan(), 1e-4, LARGEST_PROGRAM) == LARGEST_PROGRAM
    assert longest_that_pays(plan(), 2e-3, LARGEST_PROGRAM) == 5
    assert longest_that_pays(plan(), 0.5, LARGEST_PROGRAM) == 1  # the launch is nothing beside the update
    assert longest_that_pays(plan(), 1e-4, 3) == 3  # room for three batches
    assert longest_that_pays(plan(updates=40), 1e-4, LARGEST_PROGRAM) == 5  # an eighth of the fit
    assert longest_that_pays(plan(updates=1), 1e-4, LARGEST_PROGRAM) == 1
    assert longest_that_pays(plan(updates=None, seconds=9.0), 1e-4, LARGEST_PROGRAM) == LARGEST_PROGRAM
    assert longest_that_pays(plan(target_loss=0.1), 1e-4, LARGEST_PROGRAM) == 1
