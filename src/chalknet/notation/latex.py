r"""LaTeX as a notation: each state over its shape, each arrow under its step, as on a blackboard."""

from __future__ import annotations

import re
from dataclasses import replace

from chalknet.errors import ChalknetError
from chalknet.network import Linear, Network, Shape
from chalknet.notation.dialects import TEXT_DRAWINGS
from chalknet.notation.latex_reader import read_latex, recognise_latex
from chalknet.notation.notation import Notation
from chalknet.notation.states import NamedState, states_of
from chalknet.notation.tokens import SourceText

_TABLE = re.compile(r"\\begin\{(?:tabular[xy*]?|longtable)\}")


def write_latex(network: Network, *, grouped: bool = False) -> str:
    r"""Return the network as `\underset{(n,1)}{\bf X} \overset{l_1}{\to} ... =\underset{(n,1)}{\hat{\bf y}}`.

    Args:
        network: what is written.
        grouped: whether each layer, a linear map's state and what follows it, stands in brackets of its own.
    """
    row = states_of(network)
    pieces = [_state(row[0])]
    opened = False
    for state in row[1:]:
        opens = grouped and isinstance(state.step, Linear)
        if opens and opened:
            pieces.append(r"\right)")
        pieces += [rf"\overset{{{_label(state)}}}{{\to}}", *([r"\left("] if opens else []), _state(state)]
        opened = opened or opens
    if opened:
        pieces.append(r"\right)")
    yhat = rf"=\underset{{{_shape(row[-1].shape)}}}{{\hat{{\bf y}}}}"
    if not grouped:
        return " ".join([*pieces, yhat])
    net = rf"=\underset{{{_shape(row[-1].shape)}}}{{net({{\bf X}})}}"
    return " ".join(pieces) + rf", \quad {_state(row[-1])}{net}{yhat}"


def write_latex_layers(network: Network) -> str:
    r"""Return the network in LaTeX, each layer in brackets, and `v = net(X) = yhat` after it."""
    return write_latex(network, grouped=True)


def _state(state: NamedState) -> str:
    index = f"({state.index}){chr(39) * state.primes}"
    name = r"\bf X" if state.step is None else rf"\boldsymbol {state.letter}^{{{index}}}"
    return rf"\underset{{{_shape(state.shape)}}}{{{name}}}"


def _label(state: NamedState) -> str:
    if isinstance(state.step, Linear):
        number = str(state.index) if state.index < 10 else f"{{{state.index}}}"
        return f"l_{number}" if state.step.bias else rf"l_{number} \text{{ nobias}}"
    return state.word if state.word.isalpha() or state.word == "?" else _upright(state.word)


def _shape(shape: Shape) -> str:
    return f"({','.join(['n', *map(_size, shape)])})"


def _size(size: object) -> str:
    text = str(size)
    return text if re.fullmatch(r"[^\W_]|[0-9]+", text) else _upright(text)


def _upright(text: str) -> str:
    return rf"\text{{{text.replace('_', chr(92) + '_')}}}"


def _read_document(text: str, name: str | None = None) -> Network:
    """Return the network of a formula, or of the picture in TikZ that a document holds in its place."""
    tikz = next(row for row in TEXT_DRAWINGS if row.name == "tikz")
    if tikz.read and tikz.recognise(text):
        return tikz.read(text, name)
    try:
        return read_latex(text, name)
    except ChalknetError:
        if (table := _TABLE.search(text)) is None:
            raise
    remedy = (
        "Give each layer a row of its own under the headings Layer, Units, Activation, the input first, "
        "without \\multirow; or write the layers as 784 -> 32 relu -> 10 softmax."
    )
    raise SourceText("LaTeX", text, remedy=remedy).refuse(
        table.start(),
        got="a table that is not read as the layers of a network",
        wanted="a row for each layer",
    )


LATEX = Notation(
    name="latex",
    suffixes=(".tex",),
    recognise=recognise_latex,
    read=_read_document,
    write=write_latex,
    lossless=True,
)
# Read by the row above, which is recognised first.
LATEX_LAYERS = replace(LATEX, name="latex-layers", suffixes=(), write=write_latex_layers)
