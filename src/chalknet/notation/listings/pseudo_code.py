"""Pseudo-code around formulas: remarks and stated inputs become words, `:=` and `return` equations."""

from __future__ import annotations

import re

_REMARK = re.compile(
    r"//[^\n]*+|/\*.{0,2000}?\*/|(?:(?<=\s)|(?<=\A))(?:#(?![0-9a-fA-F]{6})|%|▷|--(?=[ \t]))[^\n]*+", re.S
)
_STATED = re.compile(
    r"^[ \t]*+(?:\d{1,3}[:.)][ \t]*+)?(?:inputs?|outputs?|require|ensure|given|data|parameters?"
    r"|cost|loss|error|objective|algorithm(?: \d+)?|eingabe|ausgabe|entrada|salida|entrée|sortie"
    r"|입력|출력|손실|输入|输出|損失|入力|出力)[ \t]*+[:：][^\n]*+",
    re.M | re.I,
)
_TITLE = re.compile(r"\A\s*+[^\n=:]*+\n[ \t]*+[-=~]{3,}[ \t]*+(?=\n)")
_NUMBER = re.compile(r"^[ \t]*+\d{1,3}[:.)][ \t]++(?=[A-Za-z])", re.M)
_GIVES = re.compile(r":=|<-(?!-)|←")
_NAMED = re.compile(r"^[ \t]*+return[ \t]++[\w{}^]+[ \t]*+;?[ \t]*+$", re.M | re.I)
_RETURN = re.compile(r"^([ \t]*+)return[ \t]++", re.M | re.I)


def without_pseudo_code(text: str, words: str, formula: str) -> str:
    """Return pseudo-code as equations, each in its line, and what it says in words behind them.

    Args:
        text: formulas without LaTeX.
        words: the mark with which words begin.
        formula: the mark with which a formula begins again.
    """
    said: list[str] = []

    def aside(found: re.Match[str]) -> str:
        said.append(found.group())
        return "\n" * found.group().count("\n")

    for one in (_TITLE, _REMARK, _STATED):
        text = one.sub(aside, text)
    text = _GIVES.sub("=", _NUMBER.sub("", text))
    text = _RETURN.sub(r"\1yhat = ", _NAMED.sub("", text))
    return "".join((text, *(f"\n{words}{one}{formula}" for one in said)))
