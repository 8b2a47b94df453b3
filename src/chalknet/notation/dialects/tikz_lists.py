r"""The lists of `\foreach`: their dots written out, several variables at once, counts and calculated ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from chalknet.notation.dialects.tex_macros import Macro, Names, expand
from chalknet.notation.dialects.tex_numbers import calculate, number, shown
from chalknet.notation.dialects.tex_text import Cursor, Unread, bare, split

_VARIABLE = re.compile(r"\\([a-zA-Z@]++)\s*+")
_WORD_IN = re.compile(r"in(?![a-zA-Z])\s*+")
_LIST_NAME = re.compile(r"\\([a-zA-Z@]++)")
_DOTS = re.compile(r"(.*?)(?:\.\.\.|\\(?:ldots|dots|cdots)(?![a-zA-Z]))(.*)", re.S)
_FACTOR = re.compile(r"\\([a-zA-Z@]++)\s*+(?:as\s*+\\([a-zA-Z@]++)\s*+)?(?:using\s*+(.*))?", re.S)
_REMEMBER = re.compile(
    r"\\([a-zA-Z@]++)\s*+(?:as\s*+\\([a-zA-Z@]++)\s*+)?(?:\(\s*+initially\s*+([^()]*+)\)\s*+)?", re.S
)
_COUNT = re.compile(r"\\([a-zA-Z@]++)\s*+(?:from\s*+(.*))?", re.S)
_MOST_ROUNDS = 20_000
_DECIMALS = re.compile(r"[+-]?[0-9]*+\.?[0-9]*+")


@dataclass
class LoopHead:
    """The head of a loop.

    Args:
        variables: their names, those of one member with a slash between them.
        members: what they stand for, in turn.
        options: what stands in square brackets before "in".
        body: what is done in each round; found by whoever reads on.
    """

    variables: list[str]
    members: list[str]
    options: list[str] = field(default_factory=list)
    body: str = ""


def loop_at(cursor: Cursor, names: Names) -> LoopHead:
    r"""Return the head of the loop whose `\foreach` was just read, and go past it.

    Raises:
        Unread: for a head that is not understood.
    """
    options = split(cursor.option()) if cursor.is_at("[") else []
    variables = []
    while match := cursor.met(_VARIABLE):
        variables.append(match[1])
        if not cursor.is_at("/"):
            break
        cursor.at += 1
    options += split(cursor.option()) if cursor.is_at("[") else []
    options = [option for option in options if option]
    variables += [option[4:].strip().lstrip("\\") for option in options if option.startswith("var=")]
    if not variables or cursor.met(_WORD_IN) is None:
        raise Unread("a \\foreach without its variables", "such as \\foreach \\i in {1,...,4}")
    if cursor.is_at("{"):
        text = cursor.group()
    elif named := cursor.met(_LIST_NAME):
        text = "\\" + named[1]
    else:
        raise Unread("a \\foreach without its list", "such as {1,...,4}")
    return LoopHead(variables, members(text, names, cursor.spend), options)


def members(text: str, names: Names, spend: Callable[[int], None]) -> list[str]:
    """Return the members of a list, its dots written out: `1,2,...,5` -> 1, 2, 3, 4, 5."""
    whole = re.fullmatch(r"\s*+\\([a-zA-Z@]++)\s*+", text)
    if whole and whole[1] in names and names[whole[1]].items:
        return list(names[whole[1]].items)
    parts = split(bare(expand(text, names, spend)) if whole else expand(text, names, spend))
    if parts and not parts[-1]:
        parts.pop()
    found: list[str] = []
    reached = -1  # the place of the member up to which dots were written out
    for place, part in enumerate(parts):
        if place == reached:
            continue
        dots = _DOTS.fullmatch(part)
        if dots is None or not found or place + 1 >= len(parts) or "$" in part or "/" in part:
            found.append(part)
            continue
        known = place and _DOTS.fullmatch(parts[place - 1]) is None
        before = parts[place - 2] if known and place > 1 and not _DOTS.fullmatch(parts[place - 2]) else None
        found += _between(before, found[-1], parts[place + 1], dots[1], dots[2])
        reached = place + 1
        if len(found) > _MOST_ROUNDS:
            raise Unread(f"a list of {len(found):,} members", f"at most {_MOST_ROUNDS:,}")
    spend(10 * len(found))
    return found


def _between(before: str | None, first: str, last: str, prefix: str, suffix: str) -> Iterator[str]:
    """Yield what the dots between two members stand for."""
    inside = [_inside(part, prefix, suffix) for part in (before, first, last)]
    if inside[1].isalpha() and len(inside[1]) == 1 == len(inside[2]) and inside[2].isalpha():
        start, end = ord(inside[1]), ord(inside[2])
        step = ord(inside[0]) if len(inside[0]) == 1 else None
        for place in _steps(None if step is None else float(step), float(start), float(end)):
            yield prefix + chr(int(place)) + suffix
        return
    if not (inside[1] and inside[2]):
        yield last
        return
    earlier = number(inside[0]) if inside[0] and _DECIMALS.fullmatch(inside[0]) else None
    for place in _steps(earlier, number(inside[1]), number(inside[2])):
        yield prefix + shown(round(place, 6)) + suffix


def _inside(part: str | None, prefix: str, suffix: str) -> str:
    part = part or ""
    return part.removeprefix(prefix).removesuffix(suffix).strip() if prefix or suffix else part


def _steps(before: float | None, first: float, last: float) -> Iterator[float]:
    """Yield what follows a member up to the last one, which is left out where the steps do not come to it."""
    step = first - before if before is not None and before != first else (1.0 if last >= first else -1.0)
    if (last - first) / step < 0:
        return
    rounds = (last - first) / step
    if rounds > _MOST_ROUNDS:
        raise Unread(f"a list of {rounds:,.0f} members", f"at most {_MOST_ROUNDS:,}")
    place, count = first + step, 1
    while (last - place) / step > -1e-4:
        yield place
        count += 1
        place = first + count * step


def rounds(loop: LoopHead, names: Names, spend: Callable[[int], None]) -> Iterator[Names]:
    """Yield the names that hold in each round of a loop.

    Raises:
        Unread: for an option that is not understood.
    """
    remembered: dict[str, str] = {}
    options = [
        (key.strip(), bare(value).rstrip("; ")) for key, _, value in (o.partition("=") for o in loop.options)
    ]
    for key, value in options:
        if key == "remember" and (match := _REMEMBER.fullmatch(value)) and match[3] is not None:
            remembered[match[2] or f"last{match[1]}"] = match[3]
    spend(len(names) * len(loop.members) // 4)
    for place, member in enumerate(loop.members):
        here = dict(names)
        parts = split(member, "/") if len(loop.variables) > 1 else [member]
        for number_, name in enumerate(loop.variables):
            value = parts[min(number_, len(parts) - 1)]
            here[name] = Macro(bare(expand(value, here, spend)))
        here |= {name: Macro(value) for name, value in remembered.items()}
        for key, value in options:
            _option(key, value, place, here, remembered, spend)
        yield here


def _option(
    key: str, value: str, place: int, here: Names, remembered: dict[str, str], spend: Callable[[int], None]
) -> None:
    """Carry out one option of a loop in a round."""
    if key == "count" and (match := _COUNT.fullmatch(value)):
        start = number(expand(match[2], here, spend)) if match[2] else 1
        here[match[1]] = Macro(shown(start + place))
    elif key == "evaluate":
        if ";" in value or re.match(r"\s*+\\[a-zA-Z@]++\s*+=", value):
            assign(value, here, spend)
        elif match := _FACTOR.fullmatch(value):
            formula = match[3] or f"\\{match[1]}"
            here[match[2] or match[1]] = Macro(shown(calculate(expand(formula, here, spend))))
    elif key == "remember" and (match := _REMEMBER.fullmatch(value)):
        remembered[match[2] or f"last{match[1]}"] = here[match[1]].body if match[1] in here else ""
    elif key not in ("count", "remember", "var", "parse", "expand list"):
        raise Unread(f"the option {key!r} of \\foreach", "count, evaluate or remember")


def assign(text: str, here: Names, spend: Callable[[int], None]) -> None:
    r"""Carry out `\x=\i*2; \y=int(\x);` as `evaluate` and `\tikzmath` write it."""
    for part in split(text, ";"):
        if match := re.fullmatch(r"(?:(?:int|real|integer|let)\s++)?\\([a-zA-Z@]++)\s*+=(.*)", part, re.S):
            here[match[1]] = Macro(shown(calculate(expand(match[2], here, spend))))
        elif part:
            raise Unread(f"{part[:30]!r}", "an assignment such as \\x=2*\\i;")
