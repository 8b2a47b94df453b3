"""The grammar of formulas: from characters to states, arrows and marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from chalknet.notation.roles import role_of
from chalknet.notation.shapes import read_sizes
from chalknet.notation.tokens import Arrow, Mark, Sizes, SourceText, Span, StateToken, Token, Word
from chalknet.notation.words import is_word, match_word, read_words, settled_word

_DASHES = "-–—−─"
_TIPS = ">→⟶⟹⇒↦⟼"
_ARROW_BEGINS = re.compile(rf"[{_DASHES}{_TIPS}]|=+>")
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
_WIDTH = re.compile(r"[0-9]+(?:\s*[x×*·]\s*[0-9]+)*")
_SHAPE_OPENS = re.compile(rf"\s*:?\s*[(\[](?!\s*(?:[{_DASHES}{_TIPS}]|=+>))")  # ( -l1-> is a layer's bracket
_LONE_SHAPE = re.compile(r"[(\[]\s*\w+\s*(?:[,×*·)\]]|x\s)")
_BETWEEN_WORDS = re.compile(r"\s*[,+&]?\s*")
_BRACKETED = re.compile(r"[(\[]([^()\[\]]*)[)\]]")


def tokens(source: SourceText, start: int = 0) -> Iterator[Token]:
    """Yield the tokens of a formula.

    Raises:
        NotationError: for characters that are no token, or an arrow or shape that is cut off.
        UnknownName: for a word outside the vocabulary.
    """
    text, at, after_state = source.text, start, False
    while True:
        at = _skip_space(text, at)
        if at >= len(text):
            return
        token = _operator(source, at) if after_state else _state(source, at)
        yield token
        at = token.span.end
        after_state = isinstance(token, StateToken) or (isinstance(token, Mark) and token.sign == ")")


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


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
    raise source.refuse(
        Span(at, at + 1),
        got=repr(text[at]),
        wanted="an arrow such as -relu->, or = yhat",
        remedy="Put an arrow between two states: X(n,2) -l1-> u1(n,3).",
    )


def _arrow(source: SourceText, at: int) -> Arrow:
    tip = _TIP.search(source.text, at)
    label = source.text[at : tip.start()] if tip else source.text[at:]
    if tip is None or _SECOND_ARROW.search(label):
        raise source.refuse(
            Span(at, at + 1 + len(label.lstrip(_DASHES).split(" ")[0])),
            got="an arrow without a head",
            wanted="-> at its end",
            remedy="Write for instance -relu->.",
        )
    start = at + len(label) - len(label.lstrip(_DASHES + "= "))
    end = max(start, at + len(label.rstrip(_DASHES + "= ")))
    return Arrow(read_words(source, Span(start, end)), Span(at, tip.end()))


def _state(source: SourceText, at: int) -> Token:
    text, span = source.text, Span(at, len(source.text))
    if text[at] in "([" and _LONE_SHAPE.match(text, at) and not _is_grouping(text, at):
        sizes = _sizes(source, at)
        return _with_words(source, StateToken("", sizes, (), sizes.span))
    if _MARKS.get(text[at]) in ("(", ")") or _ARROW_BEGINS.match(text, at):
        return _operator(source, at)  # the parser refuses it where it may not stand
    if width := _WIDTH.match(text, at):
        inside = Span(at, width.end())
        return _with_words(source, StateToken("", read_sizes(source, inside, inside), (), inside))
    if settled_word(text, span):  # 784 -> 32 -> relu
        return _with_words(source, StateToken("", None, (), Span(at, at)))
    if name := _NAME.match(text, at):
        return _with_words(source, _named(source, Span(at, name.end())))
    raise source.refuse(
        Span(at, at + 1),
        got=repr(text[at]),
        wanted="a state such as u1(n,32), or a width such as 32",
        remedy="Write for instance X(n,784) -l1-> u1(n,32) -relu-> v1(n,32).",
    )


def _named(source: SourceText, name: Span) -> StateToken:
    text = source.text
    applied = _BRACKETED.match(text, name.end)
    if applied and role_of(applied.group(1).strip()):  # net(X)
        name = Span(name.start, applied.end())
    sizes, end = None, name.end
    if opens := _SHAPE_OPENS.match(text, end):
        sizes = _sizes(source, opens.end() - 1)
        end = sizes.span.end
    return StateToken(text[name.start : name.end], sizes, (), Span(name.start, end))


def _is_grouping(text: str, at: int) -> bool:
    bracketed = _BRACKETED.match(text, at)
    return bracketed is not None and role_of(bracketed.group(1).strip()) is not None  # (X)


def _sizes(source: SourceText, at: int) -> Sizes:
    shape = _BRACKETED.match(source.text, at)
    if shape is None:
        raise source.refuse(
            Span(at, at + 1),
            got="a shape that is not closed",
            wanted="a bracket after the last size",
            remedy="Write for instance (n,784).",
        )
    return read_sizes(source, Span(*shape.span(1)), Span(*shape.span()))


def _with_words(source: SourceText, state: StateToken) -> StateToken:
    """Return the state with the words that follow it, `32 relu dropout(0.2)`."""
    words: list[Word] = []
    end = state.span.end
    while (gap := _BETWEEN_WORDS.match(source.text, end)) and is_word(
        source.text, span := Span(gap.end(), len(source.text))
    ):
        words += match_word(source, span)
        end = words[-1].span.end
    return StateToken(state.name, state.sizes, tuple(words), Span(state.span.start, end))
