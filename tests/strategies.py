"""Random networks for the property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from chalknet.network import ACTIVATIONS, Activation, Dropout, Flatten, Linear, Network, Step

widths = st.integers(min_value=1, max_value=40)
symbols = st.sampled_from(["m", "k", "p"])
slopes = st.floats(min_value=0.001, max_value=10, allow_nan=False).map(lambda value: round(value, 4))


@st.composite
def activations(draw: st.DrawFn, settled: bool = True) -> Activation:
    """Draw an activation of the table, with options that may differ from torch's defaults."""
    rows = [row for row in ACTIVATIONS.values() if row.settled or not settled]
    row = draw(st.sampled_from(rows))
    options = {
        name: draw(st.sampled_from(row.choices[name]) if name in row.choices else slopes)
        for name in row.options
        if draw(st.booleans())
    }
    return Activation(row.name, options)


def steps(sizes: st.SearchStrategy[int | str], settled: bool) -> st.SearchStrategy[Step]:
    """Return a strategy for one step that takes a vector."""
    return st.one_of(
        st.builds(Linear, sizes, st.booleans()),
        activations(settled=settled),
        st.builds(Dropout, st.floats(min_value=0, max_value=1).map(lambda p: round(p, 3))),
        st.just(Flatten()),
    )


@st.composite
def networks(draw: st.DrawFn, symbolic: bool = False, settled: bool = True) -> Network:
    """Draw a network of one to eight steps; the first may be a Flatten of an image.

    Args:
        draw: hypothesis's own.
        symbolic: whether widths may be symbols.
        settled: whether every activation is a known function.
    """
    sizes = st.one_of(widths, symbols) if symbolic else widths
    chain = draw(st.lists(steps(sizes, settled), min_size=1, max_size=8))
    if draw(st.integers(0, 4)) == 0:
        shape = tuple(draw(st.lists(st.integers(1, 6), min_size=2, max_size=3)))
        return Network(shape, (Flatten(), *chain))
    return Network((draw(sizes),), tuple(chain))


@st.composite
def textbook_networks(draw: st.DrawFn) -> Network:
    """Draw a network as textbooks have them: linear maps with at most one activation and a Dropout each."""
    kinds = [row.name for row in ACTIVATIONS.values() if row.settled and row.name != "identity"]
    chain: list[Step] = []
    if draw(st.integers(0, 4)) == 0:
        shape = (draw(st.integers(2, 9)), draw(st.integers(2, 9)))
        chain.append(Flatten())
    else:
        shape = (draw(widths),)
    for _ in range(draw(st.integers(1, 4))):
        chain.append(Linear(draw(widths), draw(st.booleans()) or draw(st.booleans())))
        if draw(st.integers(0, 4)):
            chain.append(Activation(draw(st.sampled_from(kinds))))
        if draw(st.integers(0, 4)) == 0:
            chain.append(Dropout(0.25))
    return Network(shape, tuple(chain))
