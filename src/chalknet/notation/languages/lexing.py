"""The words of a program in another language than Python, each at its place; comments are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

_NUMBER = (
    r"(?P<number>(?:\d[\d_]*+(?:\.\d[\d_]*+)?|\.\d++)(?:[eEf][+-]?\d++)?"
    r"(?:_?(?:usize|isize|[iu](?:8|16|32|64)|f32|f64)|[fFuUlL]{1,3})?(?![^\W\d]))"
)
_NAME = r"(?P<name>[^\W\d]\w*+!?(?!=)|[^\W\d]\w*+)"
_REST = (
    rf"|{_NUMBER}|{_NAME}|(?P<newline>\n)|(?P<blank>[^\S\n]++)"
    r"|(?P<sign>=>|->|::|\.\.\.|\|>|[=!<>+*/-]=|&&|\|\||.)"
)
_OF_C = r"(?P<remark>//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)"
_JULIA = re.compile(
    r"(?P<remark>\#=(?:[^=]|=(?!\#))*+(?:=\#|\Z)|\#[^\n]*+)"
    r'|(?P<text>"""(?:[^"\\]|\\[\s\S]|"(?!""))*+(?:"""|\Z)|"(?:[^"\\\n]|\\.)*+"'
    r"|(?<![\w)\]}'])'(?:\\[^\n'][^'\n]{0,8}|[^'\\\n])')" + _REST
)
_MATLAB = re.compile(
    r"(?P<remark>^[ \t]*+%\{[ \t]*+$(?:(?!^[ \t]*+%\}[ \t]*+$)[\s\S])*+(?:^[ \t]*+%\}[ \t]*+$)?"
    r"|[%\#][^\n]*+|\.\.\.[^\n]*+(?:\n|\Z))"
    r"""|(?P<text>(?<![\w)\]}'.])'(?:[^'\n]|'')*+'|"(?:[^"\n]|"")*+")""" + _REST,
    re.M,
)
_RUST = re.compile(
    rf'{_OF_C})|(?P<text>"(?:[^"\\]|\\[\s\S])*+(?:"|\Z)'
    r"|'(?:\\[^\n'][^'\n]{0,8}|[^'\\\n])')" + _REST
)
_CPP = re.compile(
    rf'{_OF_C}|^[ \t]*+\#(?:[^\n\\]|\\[\s\S])*+)|(?P<text>"(?:[^"\\\n]|\\.)*+"'
    r"|'(?:\\[^\n'][^'\n]{0,8}|[^'\\\n])')" + _REST,
    re.M,
)
# `await`, the type behind `as` and the sign of `model!.add` change no value.
_JAVASCRIPT = re.compile(
    rf"{_OF_C}|\bawait\b|(?<=[\w)\]}}])[ \t]++as[ \t]++(?!from\b)[\w.$]++(?:<[^<>\n]*+>)?+(?:\[\])*+"
    r"|(?<=[\w)\]])!(?=[.;,)\]]))"
    r"""|(?P<text>"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|`(?:[^`\\]|\\[\s\S])*+`)"""
    + _REST.replace(_NAME, r"(?P<name>[^\W\d][\w$]*+|\$[\w$]*+)").replace(
        "(?P<sign>", r"(?P<sign>\*\*|[=!]==|"
    )
)
_JAVA = re.compile(rf'{_OF_C})|(?P<text>"(?:[^"\\\n]|\\.)*+"' r"|'(?:\\[^\n'][^'\n]{0,8}|[^'\\\n])')" + _REST)


class Spelling(NamedTuple):
    """How a language spells what programs are made of.

    Args:
        what: what its code is called in errors.
        words: one word of it, as a pattern with a group for each kind.
        spaced: whether blanks and ends of lines separate the members of a list.
        braces: whether `Name {...}` is a call.
        asks: whether a sign `?` behind a value changes nothing of it.
        openers: the words that open a block which `end` closes; empty where braces do.
        repeated: the words of blocks that run several times, or not always.
    """

    what: str
    words: re.Pattern[str]
    spaced: bool = False
    braces: bool = False
    asks: bool = False
    openers: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset("for while if else match loop switch parfor".split())


_BLOCKS = "for while if let begin function module baremodule struct do try quote macro"
JULIA = Spelling("Julia code", _JULIA, openers=frozenset(_BLOCKS.split()))
MATLAB = Spelling(
    "MATLAB code",
    _MATLAB,
    spaced=True,
    openers=frozenset("for while if switch try parfor function classdef properties methods".split()),
)
RUST = Spelling("Rust code", _RUST, braces=True, asks=True)
CPP = Spelling("C++ code", _CPP, braces=True)
JAVASCRIPT = Spelling("JavaScript code", _JAVASCRIPT, braces=True)
JAVA = Spelling("Java code", _JAVA, braces=True)


class CodeWord(NamedTuple):
    """A word of a program: a name, a number, a text in quotes, a sign or the end of a line."""

    kind: str
    text: str
    start: int
    end: int


_CLOSING = {"(": ")", "[": "]", "{": "}"}


class CodeWords:
    """The words of a program, without comments.

    Args:
        text: the program.
        spelling: its language.
    """

    def __init__(self, text: str, spelling: Spelling) -> None:
        self.text = text
        self.spelling = spelling
        self.all = list(self._read())
        self.all.append(CodeWord("newline", "\n", len(text), len(text)))

    def _read(self) -> Iterator[CodeWord]:
        for found in self.spelling.words.finditer(self.text):
            kind = found.lastgroup or "sign"
            if kind not in ("blank", "remark"):
                yield CodeWord(kind, found.group(), *found.span())

    @cached_property
    def closing(self) -> dict[int, int]:
        """Return the index of the bracket that closes each opening one; those left open have none."""
        waiting: list[int] = []
        pairs: dict[int, int] = {}
        for index, word in enumerate(self.all):
            if word.kind != "sign":
                continue
            if word.text in _CLOSING:
                waiting.append(index)
            elif waiting and _CLOSING[self.all[waiting[-1]].text] == word.text:
                pairs[waiting.pop()] = index
        return pairs

    @cached_property
    def opened(self) -> list[int]:
        """Return for each word the index of the innermost bracket around it, -1 for none."""
        around: list[int] = []
        waiting: list[int] = []
        for index, word in enumerate(self.all):
            while waiting and self.closing[waiting[-1]] <= index:
                waiting.pop()
            around.append(waiting[-1] if waiting else -1)
            if word.text in _CLOSING and index in self.closing:
                waiting.append(index)
        return around

    def is_sign(self, index: int, *signs: str) -> bool:
        """Return whether the word at an index is one of some signs."""
        known = 0 <= index < len(self.all)
        return known and self.all[index].kind == "sign" and self.all[index].text in signs

    def after_lines(self, index: int) -> int:
        """Return the index of the first word from an index on that is no end of a line."""
        while index < len(self.all) - 1 and self.all[index].kind == "newline":
            index += 1
        return index

    def before_lines(self, index: int) -> int:
        """Return the index of the last word up to an index that is no end of a line, -1 for none."""
        while index >= 0 and self.all[index].kind == "newline":
            index -= 1
        return index

    @cached_property
    def repeating(self) -> list[int]:
        """Return for each word the index of the word of the loop or condition it is in, -1 for none."""
        return self._in_braces() if not self.spelling.openers else self._in_blocks()

    def _in_blocks(self) -> list[int]:
        """Return `repeating` of a language whose blocks go to the word `end`."""
        blocks: list[int] = []  # the index of the loop or condition that a block is in
        found = []
        for index, word in enumerate(self.all):
            if word.kind == "name" and self.opened[index] < 0 and not self.is_sign(index - 1, ".", ":", "@"):
                if word.text == "end" and blocks:
                    blocks.pop()
                elif word.text in self.spelling.openers:
                    inner = index if word.text in self.spelling.repeated else blocks[-1] if blocks else -1
                    blocks.append(inner)
            found.append(blocks[-1] if blocks else -1)
        return found

    def _in_braces(self) -> list[int]:
        """Return `repeating` of a language whose blocks stand in braces."""
        found: list[int] = []
        inside: dict[int, int] = {-1: -1}  # of each opening brace
        head: list[int] = []  # the words since the last statement
        for index, word in enumerate(self.all):
            around = self.opened[index]
            outer = inside.get(around, -1)
            if head and not outer + 1 and self.all[head[0]].text in self.spelling.repeated:
                outer = head[0]  # a statement without braces
            found.append(outer)
            if word.text in _CLOSING and word.kind == "sign":
                inside[index] = outer
                if word.text == "{" and head and self.all[head[0]].text not in ("impl", "struct", "class"):
                    loops = [one for one in head if self.all[one].text in self.spelling.repeated]
                    inside[index] = loops[0] if loops else outer
            ends = word.kind == "sign" and (
                word.text in "{}" or (word.text == ";" and not self.is_sign(around, "(", "["))
            )
            if ends:
                head = []
            elif word.kind == "name":
                head.append(index)
        return found
