"""Reads the expressions of programs in other languages than Python."""

from __future__ import annotations

from collections.abc import Mapping

from chalknet.notation.languages.lexing import CodeWords
from chalknet.notation.languages.terms import (
    Argument,
    CallTerm,
    LambdaTerm,
    ListTerm,
    MemberTerm,
    NameTerm,
    NumberTerm,
    OperationTerm,
    OtherTerm,
    Term,
    TextTerm,
)
from chalknet.notation.tokens import Span

_DIGITS = 300  # of a whole number; a longer one is infinite
_DEPTH = 50  # of expressions inside expressions
_SIGNS: tuple[tuple[str, ...], ...] = (
    ("|>",),
    ("=>",),
    ("==", "!=", "===", "!==", "<", ">", "<=", ">=", "&&", "||", ":", "in", "isa"),
    ("+", "-"),
    ("*", "/", "÷", "%"),
    ("^", "**"),
)
_QUOTES = "\"'`"
_BRACKETS: Mapping[str, str] = {"(": ")", "[": "]", "{": "}"}


def number_of(written: str) -> int | float:
    """Return the number that a word of digits is, without what says its type."""
    digits = written.replace("_", "").lower()
    for kind in ("usize", "isize", "f32", "f64", "i64", "u64", "i32", "u32", "i16", "u16", "u8", "i8"):
        digits = digits.removesuffix(kind)
    digits = digits.rstrip("ful").replace("f", "e")
    return int(digits) if digits.isdigit() and len(digits) <= _DIGITS else float(digits)


class Terms:
    """Reads the expressions of a program.

    Args:
        words: the program.
    """

    def __init__(self, words: CodeWords) -> None:
        self.words = words
        self._at = 0
        self._depth = 0
        self._inside = 0  # expressions that are being read

    def read(self, at: int) -> tuple[Term, int]:
        """Return the expression that begins at a word, and the index of the word behind it."""
        self._at, self._depth, self._inside = at, 0, 0
        return self._expression(), self._at

    def members(self, opening: int) -> tuple[Argument, ...]:
        """Return what stands in the brackets that a word opens."""
        self._at, self._depth, self._inside = opening, 0, 0
        return tuple(self._members(opening)[0])

    def _sign(self, *signs: str) -> bool:
        return self.words.is_sign(self._at, *signs)

    def _lines(self) -> None:
        """Pass over ends of lines, inside brackets."""
        self._at = min(self._at, len(self.words.all) - 1)
        if self._depth:
            self._at = self.words.after_lines(self._at)

    def _span(self, start: int) -> Span:
        last = self.words.all[max(start, self.words.before_lines(self._at - 1))]
        return Span(self.words.all[start].start, last.end)

    def _expression(self) -> Term:
        self._lines()
        start = self._at
        if self._inside > _DEPTH:
            return self._other(start)
        self._inside += 1
        found = self._level(0)
        self._lines()
        parameters = _parameters(found)
        if self._sign("->") and parameters is not None:
            self._at += 1
            body = self._expression()
            found = LambdaTerm(parameters, body, self._span(start))
        self._inside -= 1
        return found

    def _level(self, level: int) -> Term:
        """Return the values of one rank of signs, and of those that bind closer."""
        if level == len(_SIGNS):
            return self._unary()
        start = self._at
        found = self._level(level + 1)
        while self._between(_SIGNS[level]):
            sign = self.words.all[self._at].text
            self._at += 1
            self._lines()
            found = OperationTerm(sign, (found, self._level(level + 1)), self._span(start))
        return found

    def _between(self, signs: tuple[str, ...]) -> bool:
        """Return whether a sign between two values comes; blanks around it part the members of a list."""
        ahead = (
            self.words.after_lines(self._at) if self._depth and not self.words.spelling.spaced else self._at
        )
        word = self.words.all[ahead]
        if word.kind not in ("sign", "name") or word.text not in signs:
            return False
        text, spaced = self.words.text, self.words.spelling.spaced
        if spaced and word.text in "+-" and self._depth:
            before, after = text[word.start - 1 : word.start], text[word.end : word.end + 1]
            if before.isspace() and not after.isspace():
                return False  # [10 -5]
        self._at = ahead
        return True

    def _unary(self) -> Term:
        """Return a value with the signs before it; two signs in a row that count are not read."""
        self._lines()
        start = self._at
        signs = []
        while self._sign("&", "*", "-", "+", "!") or self.words.all[self._at].text in ("mut", "move", "new"):
            signs.append(self.words.all[self._at].text)
            self._at += 1
            self._lines()
        counting = [sign for sign in signs if sign in "-+!"]
        value = self._closure(start) if self._sign("|", "||") else self._behind(self._first(), start)
        if not counting:
            return value
        if counting == ["-"] and isinstance(value, NumberTerm):
            return NumberTerm(-value.value, self._span(start))
        return OperationTerm("".join(counting[:2]), (value,), self._span(start))

    def _closure(self, start: int) -> Term:
        """Return Rust's `|xs| xs.relu()`."""
        names: list[str] = []
        if not self._sign("||"):
            self._at += 1
            while not self._sign("|") and self.words.all[self._at].text not in ("\n", ")", "}"):
                if self.words.all[self._at].kind == "name" and not self.words.is_sign(self._at - 1, ":"):
                    names.append(self.words.all[self._at].text)
                self._at += 1
        self._at += 1
        return LambdaTerm(tuple(names), self._expression(), self._span(start))

    def _first(self) -> Term:
        word, start = self.words.all[self._at], self._at
        if word.kind in ("number", "text"):
            self._at += 1
            place = Span(word.start, word.end)
            if word.kind == "text":
                return TextTerm(word.text.strip(_QUOTES), place)
            return NumberTerm(number_of(word.text), place)
        if word.kind == "name":
            return self._name()
        if word.text in _BRACKETS and self._at in self.words.closing:
            items, rows = self._members(self._at)
            if word.text == "(" and len(items) == 1 and not items[0].name:
                return items[0].value
            names = tuple(one.name for one in items)
            return ListTerm(word.text, tuple(one.value for one in items), self._span(start), rows, names)
        return self._other(start)

    def _name(self) -> Term:
        """Return a name with those before it."""
        words, start = self.words.all, self._at
        path = words[self._at].text
        self._at += 1
        while self._sign("::", ".") and words[self._at + 1].kind == "name":  # self.l1, nn::linear, Flux.Dense
            path += "." + words[self._at + 1].text
            self._at += 2
        return NameTerm(path, self._span(start))

    def _behind(self, found: Term, start: int) -> Term:
        """Return a value with the calls, members and questions behind it."""
        while True:
            ahead = self.words.after_lines(self._at)
            if self.words.is_sign(ahead, ".", "->") and self.words.all[ahead + 1].kind == "name":
                if self.words.is_sign(ahead, "->") and not self.words.spelling.braces:
                    return found
                self._at = ahead + 2
                found = MemberTerm(found, self.words.all[ahead + 1].text, self._span(start))
            elif (self.words.spelling.asks and self._sign("?")) or (
                self._sign(".") and self.words.is_sign(self._at + 1, "(")
            ):
                self._at += 1
            elif (bracket := self._brackets(found)) and self._at in self.words.closing:
                items, _ = self._members(self._at)
                found = CallTerm(found, bracket, tuple(items), self._span(start))
            else:
                return found

    def _brackets(self, found: Term) -> str:
        """Return the bracket of a call that comes next; empty for none."""
        if self._sign("("):
            return "("
        named = isinstance(found, NameTerm) and found.last[:1].isupper()
        if self._sign("{") and self.words.spelling.braces and named:
            return "{"
        touches = self._at and self.words.all[self._at - 1].end == self.words.all[self._at].start
        return self.words.all[self._at].text if touches and self._sign("[", "{") else ""

    def _members(self, opening: int) -> tuple[list[Argument], int]:
        """Return what stands in brackets, and the number of rows; the words behind them come next."""
        words, closing = self.words, self.words.closing[opening]
        spaced = self.words.spelling.spaced and self.words.is_sign(opening, "[", "{")
        self._at, self._depth = opening + 1, self._depth + 1
        names = ("=", ":") if words.is_sign(opening, "{") else ("=",)
        members: list[Argument] = []
        rows = 1
        while True:
            self._lines()
            while self._at < closing and self._sign(",", ";"):
                more = self._sign(";") and self.words.after_lines(self._at + 1) < closing and bool(members)
                rows += more
                self._at = self.words.after_lines(self._at + 1)
            if self._at >= closing:
                break
            members.append(self._member(closing, names, spaced=spaced))
        self._at, self._depth = closing + 1, self._depth - 1
        return members, rows

    def _member(self, closing: int, names: tuple[str, ...], *, spaced: bool) -> Argument:
        """Return one member of brackets, with its name where one of some signs stands behind that."""
        words, start, name = self.words, self._at, ""
        if words.all[start].kind in ("name", "text") and words.is_sign(start + 1, *names):
            name = words.all[start].text.strip(_QUOTES)
            self._at += 2
        begins = self._at
        value = self._expression()
        self._lines()
        if self._at == start:
            self._at += 1
        if self._at < closing and not self._sign(",", ";") and not spaced:
            value = self._other(begins)
        if self._at <= start:  # a bracket without its other half
            self._at = start + 1
        if self._at > closing:  # a word that is no part of a value took the bracket
            self._at = closing
        return Argument(name, value)

    def _other(self, start: int) -> OtherTerm:
        """Return what is not understood, up to the next comma, bracket or end of the line."""
        words = self.words
        self._at = start
        while self._at < len(words.all) - 1 and not self._sign(",", ";", ")", "]", "}"):
            if words.all[self._at].kind == "newline" and not self._depth:
                break
            self._at = words.closing.get(self._at, self._at) + 1
        return OtherTerm(self._span(start))


def _parameters(term: Term) -> tuple[str, ...] | None:
    """Return the names before an arrow, or None for what is none."""
    if isinstance(term, NameTerm):
        return (term.path,)
    if isinstance(term, ListTerm) and term.bracket == "(":
        names = [item.path for item in term.items if isinstance(item, NameTerm)]
        return tuple(names) if len(names) == len(term.items) else None
    return None
