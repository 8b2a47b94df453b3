"""The table of endings and losses in docs/fitting.md is what the product says."""

import math
from pathlib import Path

import pytest

from chalknet.errors import InvalidValue
from chalknet.network import ACTIVATIONS, Activation, Linear, Network, Range
from chalknet.planning import LOSSES
from chalknet.training.choice.endings import check_ending, ending_of_network, notes_of_ending

DOCS = Path(__file__).parents[2] / "docs" / "fitting.md"


def cell(name, loss):
    steps = (Linear(3), Activation(name)) if name else (Linear(3),)
    ending = ending_of_network(Network((3,), steps), loss)
    try:
        check_ending(ending, loss)
    except InvalidValue:
        return "refused"
    if any(notes_of_ending(ending, loss)):
        return "note"
    if loss.applies or loss.wants or ending.reach == Range():
        return "fine"
    low, high = (f"{bound:g}" for bound in ending.reach)
    if math.isinf(ending.reach.low):
        return f"y <= {high}"
    return f"y >= {low}" if math.isinf(ending.reach.high) else f"{low} <= y <= {high}"


def lines():
    names = ["", *(row.name for row in ACTIVATIONS.values() if row.settled and row.name != "identity")]
    yield f"| the model ends with | {' | '.join(LOSSES)} |"
    yield f"|{'---|' * (len(LOSSES) + 1)}"
    for name in names:
        yield f"| {name or 'a linear map'} | {' | '.join(cell(name, loss) for loss in LOSSES.values())} |"


def test_the_table_of_endings_in_the_documents_is_what_a_plan_says():
    wanted = "\n".join(lines())
    text = DOCS.read_text(encoding="utf-8")
    assert wanted in text, f"write this into {DOCS.name}:\n{wanted}"


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.name)
def test_every_loss_has_an_ending_that_is_fine(loss):
    assert any(cell(row.name, loss) == "fine" for row in ACTIVATIONS.values() if row.settled)
