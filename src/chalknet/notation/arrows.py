"""Arrow text and shorthand: the formula as it is typed."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

from chalknet.errors import invalid
from chalknet.network import UNKNOWN_WIDTH, Embed, Linear, Network, Shape, Size, activation_name, show_shape
from chalknet.notation.formula import read_formula
from chalknet.notation.grammar import BATCH_NAMES
from chalknet.notation.limits import check_limit
from chalknet.notation.notation import Notation
from chalknet.notation.states import role_of, states_of
from chalknet.notation.tokens import SourceText, Span
from chalknet.notation.words import read_words, settled_word, write_step

_HEAD = 200_000  # characters in which a formula shows itself; no formula is longer
_COMMENT = re.compile(r"#[^\n]*")
_ARROW = re.compile(r"[-–—−─=]>|[→⟶⟹⇒↦⟼]")
_EMBEDDED = re.compile(
    r"(?P<steps>\s*embed\w{0,9}\s*\([^()]*\)(?:\s*&\s*embed\w{0,9}\s*\([^()]*\)){0,99})\s*"
    r"(?:(?P<beside>&)|(?=[-–—−─=]*>|[→⟶⟹⇒↦⟼]))",
    re.I,
)
_BEGINS_SO = re.compile(r"\s*+(?:embed\w{0,9}\s*\(|\(?\s*+(?:[xX]\b|[0-9]|[^\W\d]\w*+\s*+\(\s*+\w++\s*+,))")
CERTAIN = 1.0
_SURELY = re.compile(  # widths with arrows and plain words between them, in which no other form is written
    r"\s*+(?:[0-9][0-9x]*+|\?|[xX]\(n,\s*[0-9?]++\))"
    r"(?:\s*+->\s*+(?:[0-9]++|\?)(?:[ ]++[a-z]\w*+(?:[ ][0-9.]++)?)*+)++\s*+"
    r"|\s*+[xX]\(n,\s*[0-9?]++\)(?:\s*+-\w++->\s*+\w++\(n,\s*[0-9?]++\))++(?:\s*+=\s*+\w++)?\s*+"
)
_OTHER_FORM = re.compile(
    r"\\[a-zA-Z]|\bimport\b|\bdef\b|\bSequential\b|^\s*+(?:[\[{]\s*+[\"\]}{]|(?:strict\s+)?(?:di)?graph\b)"
)


def read_arrows(text: str, name: str | None = None) -> Network:
    """Return the network of an arrow text or a shorthand.

    Args:
        text: such as `X(n,784) -l1-> u1(n,32) -relu-> v1(n,32)` or `784 -> 32 relu`; `#` opens a comment.
        name: of no use here: the text holds one network.

    Raises:
        ChalknetError: with the line and a caret.
    """
    blanked = _COMMENT.sub(lambda comment: " " * len(comment.group()), text)
    source = SourceText("arrow text", blanked, text)
    check_limit(source, None, "characters in a formula", sum(map(len, blanked.split())))
    _refuse_functions_below(source)
    head = _EMBEDDED.match(blanked)
    return read_formula(source) if head is None else _read_embedded(source, head)


def _refuse_functions_below(source: SourceText) -> None:
    """Refuse a line of several activations alone: they are meant for the arrows above them."""
    at = source.text.find("\n") + 1
    for line in source.text[at:].split("\n") if at else ():
        words = line.split()
        if len(words) > 1 and all(activation_name(word) for word in words):
            raise source.refuse(
                Span(at + line.index(words[0]), at + len(line.rstrip())),
                got="activations in a line of their own, below several arrows",
                wanted="each behind the width of its layer",
                remedy="Write for instance 4 -> 8 relu -> 8 tanh -> 2 softmax.",
            )
        at += len(line) + 1


def _read_embedded(source: SourceText, head: re.Match[str]) -> Network:
    """Return the network of `embed(city 46 -> 8) & x(n,5) -> ...`: the widths of both are put together."""
    words = read_words(source, Span(*head.span("steps")))
    embeds = [word.meaning for word in words if isinstance(word.meaning, Embed)]
    beside = source.text[head.end() :]
    alone = "" if head["beside"] else str(sum(step.width for step in embeds if isinstance(step.width, int)))
    blanked = " " * (head.end() - len(alone)) + alone + beside
    rest = read_formula(replace(source, text=blanked, original=source.original or source.text))
    width = rest.input_shape[0] if head["beside"] else 0
    with source.pointing(Span(*head.span("steps"))):
        if isinstance(width, str) and width != UNKNOWN_WIDTH:
            raise invalid(
                "embed", f"beside the width {width}", "a number beside it", "Write x(n,5), or x(n,?)."
            )
        whole = width if isinstance(width, str) else width + len(embeds)
        return replace(rest, input_shape=(whole,), steps=(*embeds, *rest.steps))


def write_arrows(network: Network) -> str:
    """Return the network as `X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) = yhat`."""
    first, *others = states_of(network)
    steps = [f"-{state.word}-> {state.name}{show_shape(state.shape)}" for state in others]
    return " ".join([first.name + show_shape(first.shape), *steps, "= yhat"])


def write_shorthand(network: Network) -> str:
    """Return the network as `784 -> 32 relu -> 1 sigmoid`."""
    arrows = any(isinstance(step, Linear) for step in network.steps)
    pieces = [_width(network.input_shape) if arrows else f"X{show_shape(network.input_shape)}"]
    embeds = [step for step in network.steps if isinstance(step, Embed)]
    if embeds and len(network.input_shape) == 1:
        pieces = [_embedded(network.input_shape[0], embeds)]
    for visit in islice(network.walk(), len(embeds), None):
        if isinstance(visit.step, Linear):
            pieces += ["->", _width(visit.output_shape), *([] if visit.step.bias else ["nobias"])]
        else:
            pieces.append(write_step(visit.step, short=False))
    return " ".join(pieces)


def _embedded(width: Size, embeds: list[Embed]) -> str:
    """Return `embed(city 46 -> 8) & x(n,5)`, what arrives at a network that begins with embeddings."""
    beside = width if isinstance(width, str) else width - len(embeds)
    words = [f"embed({f'{one.column} ' * bool(one.column)}{one.categories} -> {one.width})" for one in embeds]
    return " & ".join([*words, *([f"x(n,{beside})"] if beside else [])])


def _width(shape: Shape) -> str:
    """Return `28x28`, or the shape with its batch where a symbol would be read as something else."""
    if all(isinstance(size, int) for size in shape):
        return "x".join(map(str, shape))
    symbol = str(shape[0])
    if shape == (UNKNOWN_WIDTH,):
        return symbol
    plain = len(shape) == 1 and re.fullmatch(r"[^\W\d_][0-9]*", symbol) and symbol not in BATCH_NAMES
    if plain and not role_of(symbol) and not settled_word(symbol, Span(0, len(symbol))):
        return symbol
    return show_shape(shape)


def recognise_arrows(text: str) -> float:
    """Return how likely it is that a text is a formula of arrows."""
    if _SURELY.fullmatch(text):
        return CERTAIN
    text = _COMMENT.sub("", text[:_HEAD])
    if _OTHER_FORM.search(text):
        return 0.0
    begins_so = _BEGINS_SO.match(text)
    if _ARROW.search(text):
        return 0.9 if begins_so else 0.5
    return 0.2 if begins_so else 0.0


ARROWS = Notation(
    name="arrows",
    suffixes=(".net", ".arrows"),
    recognise=recognise_arrows,
    read=read_arrows,
    write=write_arrows,
    lossless=True,
)
# Read by the row of arrow text, which is recognised first.
SHORTHAND = replace(ARROWS, name="shorthand", suffixes=(), write=write_shorthand)
