"""MathML for an HTML page: each state over its shape, each arrow under its step; only written."""

from __future__ import annotations

from html import escape

from chalknet.network import Linear, Network, show_shape
from chalknet.notation.arrows import write_arrows
from chalknet.notation.notation import Notation
from chalknet.notation.stations import Station, stations
from chalknet.notation.words import write_step


def write_mathml(network: Network) -> str:
    """Return the network as presentational MathML; its `alttext` is the arrow text."""
    first, *others = stations(network)
    pieces = [_state(first, _name(first))]
    for station in others:
        pieces += [
            f'<mover><mo stretchy="true">→</mo>{_label(station)}</mover>',
            _state(station, _name(station)),
        ]
    yhat = '<mover accent="true"><mi mathvariant="bold">y</mi><mo>^</mo></mover>'
    pieces += ["<mo>=</mo>", _state([first, *others][-1], yhat)]
    alternative = escape(write_arrows(network))
    attributes = f'xmlns="http://www.w3.org/1998/Math/MathML" display="block" alttext="{alternative}"'
    return f"<math {attributes}>\n  <mrow>\n    " + "\n    ".join(pieces) + "\n  </mrow>\n</math>\n"


def _state(station: Station, name: str) -> str:
    return f"<munder>{name}<mtext>{escape(show_shape(station.shape))}</mtext></munder>"


def _name(station: Station) -> str:
    letter = f'<mi mathvariant="bold">{station.letter}</mi>'
    if station.step is None:
        return letter
    return f"<msup>{letter}<mtext>({station.index}){'′' * station.primes}</mtext></msup>"


def _label(station: Station) -> str:
    match station.step:
        case None:
            return "<mrow></mrow>"
        case Linear(bias=bias):
            number = f"<msub><mi>l</mi><mn>{station.index}</mn></msub>"
            return number if bias else f"<mrow>{number}<mtext> nobias</mtext></mrow>"
        case step:
            return f"<mtext>{escape(write_step(step))}</mtext>"


MATHML = Notation(
    name="mathml",
    suffixes=(),
    recognise=lambda text: 0.0,
    read=None,
    write=write_mathml,
    lossless=False,
)
