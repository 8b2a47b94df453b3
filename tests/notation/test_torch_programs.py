"""Programs made at random: each is read to what running it gives, or refused, or a note says what is not read."""

from collections import Counter
from itertools import pairwise

import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from tests.notation.programs import (
    ACTIVATIONS,
    AFTERWARDS,
    CHAIN_CHANGES,
    HEAD,
    IN_FORWARD,
    IN_INIT,
    IN_SELF,
    judge,
    run,
)

VERDICTS = ("equal", "noted", "refused")


def indented(text, depth):
    return "".join(f"{'    ' * depth}{line}\n" for line in text.split("\n"))


@st.composite
def classes(draw):
    """Draw a class with a forward, and some of what programs do besides."""
    widths = draw(st.lists(st.sampled_from([4, 4, 4, 6]), min_size=3, max_size=5))
    names = [f"l{place}" for place in range(len(widths) - 1)]
    extras = draw(st.lists(st.sampled_from(["init", "self", "forward", "after"]), min_size=1, max_size=3))
    a, b = (draw(st.sampled_from(names)) for _ in "ab")
    init = [
        f"self.{name} = nn.Linear({i}, {o})" for name, (i, o) in zip(names, pairwise(widths), strict=True)
    ]
    forward = []
    for name in names:
        forward.append(f"x = self.{name}(x)")
        forward.append("x = " + draw(st.sampled_from(ACTIVATIONS)).format(x="x"))
    after = []
    for extra in extras:
        if extra == "init":
            init.append(draw(st.sampled_from(IN_INIT)).format(a=f"self.{a}", b=f"self.{b}"))
        elif extra == "self":
            init.append(draw(st.sampled_from(IN_SELF)))
        elif extra == "forward":
            place = draw(st.integers(1, len(forward)))
            forward.insert(place, draw(st.sampled_from(IN_FORWARD)).format(x="x"))
        else:
            after.append(draw(st.sampled_from(AFTERWARDS)).format(a=a, b=b))
    body = indented("def __init__(self):\n    super().__init__()", 1) + "".join(
        indented(line, 2) for line in init
    )
    body += indented("def forward(self, x):", 1) + "".join(
        indented(line, 2) for line in [*forward, "return x"]
    )
    return f"{HEAD}class Net(nn.Module):\n{body}net = Net()\n" + "".join(f"{line}\n" for line in after)


@st.composite
def chains(draw):
    """Draw a Sequential, and some of what programs change in it."""
    widths = draw(st.lists(st.integers(2, 5), min_size=3, max_size=4))
    layers = [f"nn.Linear({i}, {o}), nn.ReLU()" for i, o in pairwise(widths)]
    made = f"net = nn.Sequential({', '.join(layers).removesuffix(', nn.ReLU()')})\n"
    sizes = {"w0": widths[0], "w1": widths[1], "w": widths[-1], "v": widths[-2]}
    changes = draw(st.lists(st.sampled_from(CHAIN_CHANGES), min_size=1, max_size=3))
    return HEAD + made + "".join(f"{change.format(**sizes)}\n" for change in changes)


def verdict(code):
    """Return what became of a program; one that fails when it is run has no right answer."""
    try:
        run(code)(torch.randn(2, 4 if "class" in code else int(code.split("Linear(")[1][0])))
    except Exception:
        return "does not run"
    return judge(code)


@given(st.one_of(classes(), chains()))
@settings(max_examples=60, deadline=None)
def test_a_program_is_read_to_what_it_is_or_refused_or_noted(code):
    assert verdict(code) in (*VERDICTS, "does not run"), code


@pytest.mark.slow
def test_of_a_thousand_programs_none_is_read_wrong_without_a_word():
    found = Counter()
    wrong = []

    @seed(11)
    @given(st.one_of(classes(), chains()))
    @settings(max_examples=1000, deadline=None, database=None)
    def count(code):
        one = verdict(code)
        found[one if one in (*VERDICTS, "does not run") else "wrong"] += 1
        wrong.extend([] if one in (*VERDICTS, "does not run") else [(one, code)])

    count()
    assert not wrong, wrong[0]
    assert found["equal"] > 100 and found["refused"] > 100 and found["noted"] > 100
