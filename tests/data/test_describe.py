"""The facts of a source."""

import torch

from chalknet.data import ArraySource, describe


def test_the_facts_of_a_source_are_its_name_counts_shapes_and_ranges():
    held_out = ArraySource([1.0], [1])
    x = torch.zeros(20000, 2, 2)
    x[19999, 0, 1], x[0, 0, 0] = 2.5, -1
    source = ArraySource(x, torch.arange(20000) % 10, "squares", held_out)
    assert describe(source) == {
        "name": "squares",
        "observations": "20,000",
        "x": "(n,2,2) float32, -1 to 2.5",
        "y": "(n) int64, 0 to 9",
        "held out": "1",
    }
    assert describe(held_out)["held out"] == "none"
