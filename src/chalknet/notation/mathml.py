"""MathML for an HTML page: each state over its shape, each arrow under its step; only written."""

from __future__ import annotations

from html import escape

from chalknet.network import Linear, Network, show_shape
from chalknet.notation.arrows import write_arrows
from chalknet.notation.notation import Notation
from chalknet.notation.states import NamedState, states_of


def write_mathml(network: Network) -> str:
    """Return the network as presentational MathML; its `alttext` is the arrow text."""
    first, *others = states_of(network)
    pieces = [_state(first, _name(first))]
    for state in others:
        pieces += [
            f'<mover><mo stretchy="true">→</mo>{_label(state)}</mover>',
            _state(state, _name(state)),
        ]
    yhat = '<mover accent="true"><mi mathvariant="bold">y</mi><mo>^</mo></mover>'
    pieces += ["<mo>=</mo>", _state([first, *others][-1], yhat)]
    alternative = escape(write_arrows(network))
    attributes = f'xmlns="http://www.w3.org/1998/Math/MathML" display="block" alttext="{alternative}"'
    return f"<math {attributes}>\n  <mrow>\n    " + "\n    ".join(pieces) + "\n  </mrow>\n</math>\n"


def _state(state: NamedState, name: str) -> str:
    return f"<munder>{name}<mtext>{escape(show_shape(state.shape))}</mtext></munder>"


def _name(state: NamedState) -> str:
    letter = f'<mi mathvariant="bold">{state.letter}</mi>'
    if state.step is None:
        return letter
    return f"<msup>{letter}<mtext>({state.index}){'′' * state.primes}</mtext></msup>"


def _label(state: NamedState) -> str:
    if not isinstance(state.step, Linear):
        return f"<mtext>{escape(state.word)}</mtext>"
    number = f"<msub><mi>l</mi><mn>{state.index}</mn></msub>"
    return number if state.step.bias else f"<mrow>{number}<mtext> nobias</mtext></mrow>"


MATHML = Notation(name="mathml", write=write_mathml)
