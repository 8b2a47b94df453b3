r"""Commands that a text defines, put in their places: `\def\n{3}`, `\newcommand`, conditions, arrays."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from chalknet.notation.dialects.tex_numbers import calculate, number, shown
from chalknet.notation.dialects.tex_text import COMMAND, Cursor, Unread, bare

Names: TypeAlias = "dict[str, Macro]"

_IF = re.compile(r"\\(if[a-zA-Z@]*+|else|or|fi)(?![a-zA-Z@])")
_NOT_OPEN = (
    "ifthenelse",
    "iff",
    "ifstrequal",
    "ifnumcomp",
    "ifnumequal",
    "ifnumless",
    "ifnumgreater",
    "ifdefined",
)
_NUMEXPR = re.compile(r"\s*+\\(?:num|dim)expr\b([^\\]*+)(?:\\relax)?")
_LETTERS = {"alph": "abcdefghijklmnopqrstuvwxyz", "Alph": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_MOST_STEPS = 40  # one macro in another, before the names run in a circle


@dataclass(frozen=True)
class Macro:
    r"""What a command stands for.

    Args:
        body: the text, with `#1` for its first argument.
        arguments: how many it takes.
        default: the first one where it may be left out, else None.
        items: its members, where it is a list whose members are asked for by `\name[2]`.
    """

    body: str
    arguments: int = 0
    default: str | None = None
    items: tuple[str, ...] = ()


def filled(macro: Macro, cursor: Cursor) -> str:
    """Return the body of a macro with the arguments that stand at the cursor."""
    if not macro.arguments:
        return macro.body
    given = []
    if macro.default is not None:
        given.append(cursor.option() if cursor.is_at("[") else macro.default)
    while len(given) < macro.arguments:
        given.append(cursor.argument())
    return with_arguments(macro.body, given)


def with_arguments(body: str, given: list[str]) -> str:
    """Return a body in which `#1` and the others stand for what is given."""
    return re.sub(r"#([1-9])", lambda m: given[int(m[1]) - 1] if int(m[1]) <= len(given) else "", body)


def _item(macro: Macro, cursor: Cursor) -> str:
    place = cursor.group("[")
    try:
        return macro.items[int(number(place)) - 1]
    except IndexError as problem:
        raise Unread(f"member {place} of {len(macro.items)}", "one of the list") from problem


def expand(text: str, names: Names, spend: Callable[[int], None]) -> str:
    """Return a text with every command that is known in its place, and of each condition one branch.

    Raises:
        Unread: for a condition that is not understood, or names that run in a circle.
    """
    if "\\" not in text:
        return text
    done: list[str] = []
    waiting: list[tuple[str, int, int]] = [(text, 0, 0)]  # the text, the place in it, how deep it was put
    while waiting:
        text, at, depth = waiting.pop()
        if depth > _MOST_STEPS:
            raise Unread("commands that stand for each other in a circle", "one that ends")
        match = COMMAND.search(text, at)
        while match and not _is_known(match, names):
            match = COMMAND.search(text, match.end())
        if match is None:
            done.append(text[at:])
            continue
        done.append(text[at : match.start()])
        cursor = Cursor(text, spend, match.end())
        try:
            found = _put(match, cursor, names, spend)
        except RecursionError as problem:
            raise Unread("commands within commands, nested too deep", "fewer of them") from problem
        spend(40 + len(found))
        waiting += [(text, cursor.at, depth), (found, 0, depth + 1)]
    return "".join(done)


def _is_known(match: re.Match[str], names: Names) -> bool:
    name = match[1] or ""
    return name in names or name in _BUILT_IN or name in _OPENS


def _put(match: re.Match[str], cursor: Cursor, names: Names, spend: Callable[[int], None]) -> str:
    """Return what stands for a command, and go past its arguments."""
    name = match[1]
    if name in names:
        macro = names[name]
        if macro.items and cursor.is_at("["):
            place = expand(cursor.group("["), names, spend)
            return _item(macro, Cursor(f"[{place}]"))
        return filled(macro, cursor)
    if name in _OPENS:
        return branch(name, cursor, names, spend)
    return _BUILT_IN[name](cursor, names, spend)


def _the(cursor: Cursor, names: Names, spend: Callable[[int], None]) -> str:
    rest = (
        Cursor(expand(cursor.text[cursor.at :][:400], names, spend), spend) if "\\" in cursor.text else cursor
    )
    if match := rest.met(_NUMEXPR):
        inside = cursor.text.find("\\relax", cursor.at)
        cursor.at = len(cursor.text) if inside < 0 else inside + len("\\relax")
        return shown(calculate(match[1]))
    return ""


def _calculated(cursor: Cursor, names: Names, spend: Callable[[int], None]) -> str:
    if cursor.is_at("["):
        cursor.option()
    return shown(calculate(expand(cursor.group(), names, spend)))


def _nothing(cursor: Cursor, names: Names, spend: Callable[[int], None]) -> str:
    return ""


def _counter(cursor: Cursor, names: Names, spend: Callable[[int], None]) -> str:
    return names[f"c@{cursor.group()}"].body


def _letter(cursor: Cursor, names: Names, spend: Callable[[int], None]) -> str:
    place = int(number(names[f"c@{cursor.group()}"].body))
    return _LETTERS["alph"][place - 1] if 0 < place <= 26 else str(place)


_BUILT_IN: dict[str, Callable[[Cursor, Names, Callable[[int], None]], str]] = {
    "the": _the,
    "number": _the,
    "inteval": _calculated,
    "fpeval": _calculated,
    "pgfmathprintnumber": _calculated,
    "arabic": _counter,
    "value": _counter,
    "alph": _letter,
    "expandafter": _nothing,
    "noexpand": _nothing,
}


def branch(name: str, cursor: Cursor, names: Names, spend: Callable[[int], None]) -> str:
    """Return the branch of a condition that holds, and go past the whole of it.

    Args:
        name: such as "ifnum"; the cursor stands behind it.
        cursor: where the condition stands.
        names: the commands that are known.
        spend: counts the characters that are looked at.
    """
    if name in _BRACED:
        return _braced_branch(name, cursor, names, spend)
    holds = _condition(name, cursor, names, spend)
    depth, start, parts, end = 0, cursor.at, [], None
    for match in _IF.finditer(cursor.text, cursor.at):
        if match[1].startswith("if") and match[1] not in _NOT_OPEN:
            depth += 1
        elif match[1] == "fi" and depth:
            depth -= 1
        elif not depth:
            parts.append(cursor.text[start : match.start()])
            start = match.end()
            if match[1] == "fi":
                end = match.end()
                break
    if end is None:
        raise Unread(f"\\{name} without \\fi", "the end of the condition")
    spend(end - cursor.at)
    cursor.at = end
    return parts[0] if holds else (parts[1] if len(parts) > 1 else "")


def _condition(name: str, cursor: Cursor, names: Names, spend: Callable[[int], None]) -> bool:
    r"""Return whether the condition of a plain TeX `\if...` holds, and go past it."""
    if name in ("iftrue", "iffalse"):
        return name == "iftrue"
    if name == "ifx":
        first, second = cursor.argument(), cursor.argument()
        return expand(first, names, spend) == expand(second, names, spend)
    text = cursor.text
    if name == "if":
        first, second = cursor.argument(), cursor.argument()
        return expand(first, names, spend) == expand(second, names, spend)
    first = _operand(cursor, names, spend)
    if name == "ifodd":
        return int(number(first)) % 2 == 1
    cursor.skip()
    relation = text[cursor.at : cursor.at + 1]
    if relation not in ("<", ">", "=") or not relation:
        raise Unread(f"\\{name} with {relation!r}", "a comparison such as \\ifnum\\i<3")
    cursor.at += 1
    left, right = number(first), number(_operand(cursor, names, spend))
    return left < right if relation == "<" else left > right if relation == ">" else left == right


_OPERAND = re.compile(r"\s*+([+-]?[0-9.]++(?:cm|pt|mm)?|\\numexpr|\\the|\\value|\\[a-zA-Z@]++)")
_END_OF_NUMBER = re.compile(r"(?: |\\relax\b\s*+)?")


def _operand(cursor: Cursor, names: Names, spend: Callable[[int], None]) -> str:
    """Return one side of a comparison as a number in figures."""
    match = cursor.met(_OPERAND)
    if match is None:
        raise Unread(f"{cursor.text[cursor.at : cursor.at + 12]!r}", "a number to compare")
    word = match[1]
    if word in ("\\numexpr", "\\the"):
        end = re.compile(r"\\relax\b|(?=[<>=])|$").search(cursor.text, cursor.at)
        inside = cursor.text[cursor.at : end.start() if end else len(cursor.text)]
        cursor.at = end.end() if end else len(cursor.text)
        return shown(calculate(expand(inside.replace("\\numexpr", ""), names, spend)))
    if word == "\\value":
        return names[f"c@{cursor.group()}"].body
    if word.startswith("\\"):
        macro = names.get(word[1:])
        if macro is None:
            raise Unread(f"{word}, which is not defined", "a number to compare")
        word = expand(filled(macro, cursor), names, spend)
    cursor.met(_END_OF_NUMBER)
    return word


_OPENS = {
    "ifnum",
    "ifodd",
    "ifx",
    "if",
    "iftrue",
    "iffalse",
    "ifdim",
    "ifthenelse",
    "ifstrequal",
    "ifnumcomp",
}
_OPENS |= {"ifnumequal", "ifnumless", "ifnumgreater"}
_BRACED = {
    "ifthenelse": 1,
    "ifstrequal": 2,
    "ifnumcomp": 3,
    "ifnumequal": 2,
    "ifnumless": 2,
    "ifnumgreater": 2,
}
_EQUAL = re.compile(r"\\equal\s*+\{([^{}]*+)\}\s*+\{([^{}]*+)\}")
_SIGNS = {"ifnumequal": "==", "ifnumless": "<", "ifnumgreater": ">"}


def _braced_branch(name: str, cursor: Cursor, names: Names, spend: Callable[[int], None]) -> str:
    r"""Return the branch of a condition whose parts stand in braces: `\ifthenelse{...}{...}{...}`."""
    given = [expand(cursor.group(), names, spend) for _ in range(_BRACED[name])]
    yes, no = cursor.group(), cursor.group()
    if name == "ifstrequal":
        return yes if given[0].strip() == given[1].strip() else no
    if name == "ifthenelse":
        test = _EQUAL.sub(lambda m: str(int(m[1].strip() == m[2].strip())), given[0])
        for word, sign in (
            ("\\AND", "&&"),
            ("\\and", "&&"),
            ("\\OR", "||"),
            ("\\or", "||"),
            ("\\NOT", "!"),
            ("\\not", "!"),
            ("\\(", "("),
            ("\\)", ")"),
        ):
            test = test.replace(word, sign)
        test = re.sub(r"\\isodd\s*+\{?([0-9]++)\}?", lambda m: str(int(m[1]) % 2), test)
        test = re.sub(r"(?<![<>=!])=(?!=)", "==", test)
    elif name == "ifnumcomp":
        test = f"({given[0]}){given[1].strip().replace('=', '==')}({given[2]})"
    else:
        test = f"({given[0]}){_SIGNS[name]}({given[1]})"
    return yes if calculate(bare(test)) else no
