"""The grammar of formulas: from characters to states with their shapes, arrows and marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import prod
from typing import Literal

from chalknet.network import UNKNOWN_WIDTH, Size
from chalknet.notation.states import role_of
from chalknet.notation.tokens import Arrow, Mark, Sizes, SourceText, Span, StateToken, Token, Word
from chalknet.notation.words import is_word, match_word, read_words, residual_block, settled_word

BATCH_NAMES = ("n", "N", "batch")
_MOST_DIGITS = 15

_DASHES = "-–—−─"
_TIPS = ">→⟶⟹⇒↦⟼"
_BEGINS = re.compile(r"\S")
_ARROW_BEGINS = re.compile(rf"[{_DASHES}{_TIPS}]|={{1,9}}>")
_NO_DASH = re.compile(rf"[^{_DASHES}\s]")
_ARROW_INSIDE = re.compile(r"embed\w{0,9}\s*\([^()]*\)", re.I)
_TIP = re.compile(rf"[{_TIPS}]")
_SECOND_ARROW = re.compile(rf"\s[{_DASHES}]+\s*[^\W\d]")
_MARKS: Mapping[str, Literal["(", ")", "=", ","]] = {
    **dict.fromkeys("([{", "("),
    **dict.fromkeys(")]}", ")"),
    **dict.fromkeys(",;", ","),
    "=": "=",
}
_NAME = re.compile(
    r"[^\W\d][\w\u0300-\u036f]*(?:\^?(?:(?<=[_^])(?:\(\w+\)|\{\w+\}|\{\(\w+\)\})|(?<=\^)\w+))?'*"
)
_WIDTH = re.compile(r"[0-9]+(?:\s*[x×*·]\s*[0-9]+)*|\?")
_SHAPE_OPENS = re.compile(
    rf"\s*+:?\s*+[(\[](?!\s*(?:[{_DASHES}{_TIPS}]|=+>))"
)  # ( -l1-> is a layer's bracket
_LONE_SHAPE = re.compile(r"[(\[]\s*\w+\s*(?:[,×*·)\]]|x\s)")
_BETWEEN_WORDS = re.compile(r"\s*+[,+&]?\s*+")
_BRACKETED = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_AXES = re.compile(r"(?<!\s)\s*+×\s*+|(?<!\s)\s++x\s++|(?<=[0-9])x(?=[0-9])")
_FACTORS = re.compile(r"(?<!\s)\s*+[*·]\s*+")
_MOST_AXES = 64  # as in torch


def tokens(source: SourceText, start: int = 0) -> Iterator[Token]:
    """Yield the tokens of a formula.

    Raises:
        NotationError: for characters that are no token, or an arrow or shape that is cut off.
        UnknownName: for a word outside the vocabulary.
    """
    at, after_state = start, False
    while begins := _BEGINS.search(source.text, at):
        token = (_operator if after_state else _state)(source, begins.start())
        yield token
        at = token.span.end
        after_state = isinstance(token, StateToken) or (isinstance(token, Mark) and token.sign == ")")


def _operator(source: SourceText, at: int) -> Token:
    text = source.text
    if _ARROW_BEGINS.match(text, at):
        return _arrow(source, at)
    if text[at] in _MARKS or (text[at] == "." and not text[at + 1 :].strip()):
        return Mark(_MARKS.get(text[at], ","), Span(at, at + 1))
    name = _NAME.match(text, at)
    if name and role_of(name.group()):
        return _state(source, at)
    if name or text[at] == "?":
        match_word(source, Span(at, len(text)))  # raises the error for the word
    raise source.refuse(at, got=repr(text[at]), wanted="an arrow such as -relu->, or = yhat")


def _arrow(source: SourceText, at: int) -> Arrow:
    begins = _NO_DASH.search(source.text, at)
    block = begins and residual_block(source.text, Span(begins.start(), len(source.text)))
    inside = _ARROW_INSIDE.match(source.text, begins.start()) if begins else None
    tip = _TIP.search(source.text, block.end if block else inside.end() if inside else at)
    label = source.text[at : tip.start()] if tip else source.text[at:]
    if tip is None or _SECOND_ARROW.search(label):
        whole = Span(at, at + 1 + len(label.lstrip(_DASHES).split(" ")[0]))
        raise source.refuse(whole, got="an arrow without a head", wanted="-> at its end, as in -relu->")
    start = at + len(label) - len(label.lstrip(_DASHES + "= "))
    end = max(start, at + len(label.rstrip(_DASHES + "= ")))
    return Arrow(read_words(source, Span(start, end)), Span(at, tip.end()))


def _state(source: SourceText, at: int) -> Token:
    text = source.text
    if residual_block(text, Span(at, len(text))):
        return _with_words(source, "", None, Span(at, at))
    if text[at] in "([" and _LONE_SHAPE.match(text, at) and not _bracketed_state(text, at):
        sizes = _sizes(source, at)
        return _with_words(source, "", sizes, sizes.span)
    if _MARKS.get(text[at]) in ("(", ")") or _ARROW_BEGINS.match(text, at):
        return _operator(source, at)  # the parser refuses it where it may not stand
    if width := _WIDTH.match(text, at):
        inside = Span(at, width.end())
        return _with_words(source, "", read_sizes(source, inside, inside), inside)
    if settled_word(text, Span(at, len(text))):  # 784 -> 32 -> relu
        return _with_words(source, "", None, Span(at, at))
    if name := _NAME.match(text, at):
        return _named(source, Span(at, name.end()))
    raise source.refuse(at, got=repr(text[at]), wanted="a state such as u1(n,32), or a width such as 32")


def _named(source: SourceText, name: Span) -> StateToken:
    if applied := _bracketed_state(source.text, name.end):  # net(X)
        name = Span(name.start, applied.end())
    opens = _SHAPE_OPENS.match(source.text, name.end)
    if opens and residual_block(source.text, Span(opens.end() - 1, len(source.text))):
        opens = None
    sizes = _sizes(source, opens.end() - 1) if opens else None
    end = sizes.span.end if sizes else name.end
    return _with_words(source, source.text[slice(*name)], sizes, Span(name.start, end))


def _bracketed_state(text: str, at: int) -> re.Match[str] | None:
    """Return the brackets around the name of a state, as in `(X)`, or None."""
    bracketed = _BRACKETED.match(text, at)
    return bracketed if bracketed and role_of(bracketed.group(1).strip()) else None


def _sizes(source: SourceText, at: int) -> Sizes:
    shape = _BRACKETED.match(source.text, at)
    if shape is None:
        raise source.refuse(at, got="a shape that is not closed", wanted="a bracket after the last size")
    return read_sizes(source, Span(*shape.span(1)), Span(*shape.span()))


def _with_words(source: SourceText, name: str, sizes: Sizes | None, span: Span) -> StateToken:
    """Return the state at the span with the words that follow it, `32 relu dropout(0.2)`."""
    words: list[Word] = []
    end = span.end
    while (gap := _BETWEEN_WORDS.match(source.text, end)) and is_word(
        source.text, rest := Span(gap.end(), len(source.text))
    ):
        words += match_word(source, rest)
        end = words[-1].span.end
    return StateToken(name, sizes, tuple(words), Span(span.start, end))


def read_sizes(source: SourceText, inside: Span, span: Span) -> Sizes:
    """Return the shape written at `inside`; `span` is the same with its brackets.

    The first of several entries is the batch, as in `(n,784)`; a single one is the number of features.

    Raises:
        NotationError: for an entry that is no size, and for the batch alone.
    """
    axes = 1 + sum(map(source.text[slice(*inside)].count, ",x×"))
    if axes > _MOST_AXES:
        raise source.refuse(span, got=f"a shape of {axes} axes", wanted=f"at most {_MOST_AXES}")
    first, *rest = [
        tuple(_size(source, entry, row) for entry in _AXES.split(source.text[slice(*row)].strip()))
        for row in _rows(source.text, inside)
    ]
    if not rest and len(first) > 1 and isinstance(first[0], str):  # n×784
        first, rest = first[:1], [first[1:]]
    if not rest:
        if first[0] in BATCH_NAMES and len(first) == 1:
            raise source.refuse(
                span,
                got=f"the batch {first[0]} alone",
                wanted="the number of features too",
                remedy=f"A single number per observation has the shape ({first[0]},1).",
            )
        return Sizes(None, first, span)
    if len(first) > 1:
        raise source.refuse(span, got="a batch of several axes", wanted="one batch axis, as in (n,784)")
    return Sizes(str(first[0]), tuple(size for row in rest for size in row), span)


def _rows(text: str, inside: Span) -> list[Span]:
    rows, start = [], inside.start
    for piece in text[inside.start : inside.end].split(","):
        rows.append(Span(start, start + len(piece)))
        start += len(piece) + 1
    last = rows[-1]
    return rows[:-1] if len(rows) > 1 and not text[last.start : last.end].strip() else rows  # (784,)


def _size(source: SourceText, entry: str, row: Span) -> Size:
    if entry.isidentifier() or entry == UNKNOWN_WIDTH:
        return entry
    factors = _FACTORS.split(entry)
    if len(factors) <= _MOST_AXES and all(
        re.fullmatch(rf"[0-9]{{1,{_MOST_DIGITS}}}", factor) for factor in factors
    ):
        size = prod(map(int, factors))
        if 0 < size < 10**_MOST_DIGITS:
            return size
    got = f"the size {entry!r}" if entry else "an empty entry in a shape"
    raise source.refuse(row, got=got, wanted="a whole number of at least 1, or a symbol such as m")
