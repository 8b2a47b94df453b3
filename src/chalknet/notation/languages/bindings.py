"""The names of a program in another language: which stand for one value, which for several or for none."""

from __future__ import annotations

from chalknet.notation.languages.layers import ProgramReading
from chalknet.notation.languages.terms import OtherTerm, Term

_DECLARES = frozenset("const let mut static global local persistent auto int long constexpr val var".split())
_HEAD = 100  # words from the one that begins a function to its parameters
_CHANGES = ("+=", "-=", "*=", "/=")


def bind_names(reading: ProgramReading) -> None:
    """Tell the constants of a program what each of its names stands for."""
    words = reading.words
    for index, word in enumerate(words.all[:-1]):
        if word.kind == "sign" and word.text == "=":
            _assigned(reading, index)
        elif word.kind == "sign" and word.text in _CHANGES:
            if words.all[index - 1].kind == "name":
                name = words.all[index - 1].text
                reading.constants.spoil(name, f"{name}, which is changed")
        elif word.text in "+-" and words.is_sign(index, "+", "-") and words.is_sign(index + 1, word.text):
            if words.all[index - 1].kind == "name" and words.all[index - 1].end == word.start:  # n++
                name = words.all[index - 1].text
                reading.constants.spoil(name, f"{name}, which is changed")
        elif word.kind == "sign" and word.text == "->" and not words.spelling.braces:
            _hide(reading, index - 1)
        elif word.kind == "name" and word.text in ("for", "parfor"):
            _in_loop(reading, index)
        elif word.kind == "name" and word.text in ("function", "fn", "do"):
            _parameters(reading, index)


def _assigned(reading: ProgramReading, equals: int) -> None:
    """Bind what stands before a sign `=` of a statement."""
    words = reading.words
    around = words.opened[equals]
    if around >= 0 and not words.is_sign(around, "{"):
        return  # a keyword
    names = _names_before(reading, equals)
    if not names:
        before = words.before_lines(equals - 1)
        if words.is_sign(before, ")", "]"):
            _hide_members(reading, before)
            opening = words.opened[before - 1] if not words.is_sign(before - 1, "(") else before - 1
            if opening > 0 and words.all[opening - 1].kind == "name":  # relu(x) = ...
                reading.constants.defined.add(words.all[opening - 1].text)
        return
    values = _values(reading, equals + 1, len(names))
    for place, index in enumerate(names):
        name = words.all[index].text
        if words.repeating[index] >= 0:
            reading.constants.spoil(name, f"{name}, which is set in a loop or under a condition")
        else:
            reading.constants.bind(name, values[place] if place < len(values) else OtherTerm(values[0].span))


def _names_before(reading: ProgramReading, equals: int) -> list[int]:
    """Return the names that a statement assigns to; nothing for `f(x) =`, `a.b =` and `[a, b] =`."""
    words, at = reading.words, equals - 1
    at = _before_type(reading, at)
    names: list[int] = []
    while at >= 0 and words.all[at].kind == "name":
        names.insert(0, at)
        if not words.is_sign(at - 1, ","):
            break
        at -= 2
    if not names or words.is_sign(names[0] - 1, ".", "->", ")", "]", "}") or words.is_sign(equals - 1, "!"):
        return []
    return names


def _before_type(reading: ProgramReading, at: int) -> int:
    """Return the index of the name whose type ends at a word; the word itself where none ends there."""
    words = reading.words
    for back in range(at, max(at - 12, -1), -1):
        if _begins_type(reading, back):
            return back - 1
        if words.is_sign(back, "=", ";", "{", "}") or words.all[back].kind == "newline":
            break
    return at


def _begins_type(reading: ProgramReading, index: int) -> bool:
    """Return whether the type of a name begins at a colon: `let n: usize = 4`, `const n::Int = 4`."""
    words = reading.words
    return (
        words.is_sign(index, ":", "::")
        and words.all[index - 1].kind == "name"
        and (words.all[index - 2].text in _DECLARES or words.all[index - 2].kind == "newline")
    )


def _values(reading: ProgramReading, at: int, count: int) -> list[Term]:
    """Return the expressions behind a sign `=`, one for each name."""
    values: list[Term] = []
    while len(values) < count:
        value, behind = reading.terms.read(reading.words.after_lines(at))
        ends = reading.words.all[behind]
        if ends.kind != "newline" and ends.text not in (";", ",", ")", "}", "]"):
            value = OtherTerm(value.span)
        values.append(value)
        if ends.text != ",":
            break
        at = behind + 1
    return values


def _hide(reading: ProgramReading, index: int) -> None:
    """Hide the parameters that end at a word: a name, or names in brackets."""
    if reading.words.is_sign(index, ")"):
        _hide_members(reading, index)
    elif reading.words.all[index].kind == "name":
        reading.constants.hide(reading.words.all[index].text)


def _hide_members(reading: ProgramReading, closing: int) -> None:
    words, index = reading.words, closing - 1
    opening = words.opened[closing - 1] if closing else -1
    if words.is_sign(closing - 1, ")", "]", "}"):
        return
    while index > opening >= 0:
        if words.all[index].kind == "name" and words.opened[index] == opening:
            reading.constants.hide(words.all[index].text)
        index -= 1


def _in_loop(reading: ProgramReading, index: int) -> None:
    words, at = reading.words, index + 1
    stop = at + _HEAD
    while at < stop and (words.all[at].kind == "name" or words.is_sign(at, "(", ",")):
        name = words.all[at].text
        if name in ("in", "of"):
            break
        if words.all[at].kind == "name":
            reading.constants.spoil(name, f"{name}, which changes in a loop")
        at += 1


def _parameters(reading: ProgramReading, index: int) -> None:
    """Hide the parameters of a function behind the word that begins it."""
    words, at = reading.words, index + 1
    if words.all[index].text != "do" and words.all[at].kind == "name":
        reading.constants.defined.add(words.all[at].text)
    stop = min(at + _HEAD, len(words.all) - 1)
    while at < stop and words.all[at].kind != "newline" and not words.is_sign(at, "(", "{", ";"):
        at += 1
    if words.all[index].text == "do":
        for place in range(index + 1, at):
            _hide(reading, place)
    elif words.is_sign(at, "(") and at in words.closing:
        for place in range(at + 1, words.closing[at]):
            if words.all[place].kind == "name" and words.opened[place] == at:
                reading.constants.hide(words.all[place].text)
