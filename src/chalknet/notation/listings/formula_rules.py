r"""Rules for layers, `a^{[l]} = g(W^{[l]} a^{[l-1]} + b^{[l]})`, written out layer by layer."""

from __future__ import annotations

import re
from typing import NamedTuple

_MOST_LAYERS = 100
_LETTER = r"(?:\\ell(?![a-zA-Z])|[lkiL])"
_OPEN, _CLOSE = r"\{?\s*[\[(]?\s*", r"\s*[\])]?\s*\}?"
_RULE = re.compile(
    rf"W\s*[_^]\s*{_OPEN}(?P<letter>\\ell(?![a-zA-Z])|[lki]){_CLOSE}(?=[^=]{{0,60}}?[a-zA-Z]\s*[_^]\s*{_OPEN}(?P=letter)\s*-\s*1)"
)
_INDEX = re.compile(
    rf"(?P<sign>[_^])\s*(?:\{{\s*(?P<open>[\[(]?)\s*(?P<letter>{_LETTER})\s*(?P<less>[-+]\s*1)?\s*[\])]?\s*\}}"
    r"|(?P<bare>\\ell(?![a-zA-Z])|[lkiL])(?![a-zA-Z]))"
)
_WIDTH = re.compile(
    r"(?<![A-Za-z\\])[nNdm]\s*[_^]\s*\{?\s*[\[(]?\s*(?P<at>[0-9]{1,2}|L)\s*[\])]?\s*\}?\s*=\s*(?P<width>[0-9][0-9{},\\]*)"
)
_DEPTH = re.compile(r"(?<![A-Za-z\\_^{])L\s*=\s*([1-9][0-9]?)(?![0-9.])")
_CLAUSE = re.compile(
    r"(\\q?quad(?![a-zA-Z])|\\\\|\\\]|\\\[|\\begin\{[^{}]*\}|\\end\{[^{}]*\}|\$\$?|\n\s*\n|;)"
)
_STATED = re.compile(r"\\in(?![a-z])|∈")


class RulesWrittenOut(NamedTuple):
    """A text without rules for layers, and the sizes of the weights that its widths state."""

    text: str
    sizes: dict[str, tuple[str, str | None]]


def with_layers_written_out(text: str) -> RulesWrittenOut:
    """Return a text in which each rule for layer l stands once for each layer.

    The layers are those whose widths are stated, `n^{[0]} = 784`, ...; without them the text stays as it is.
    """
    rule = _RULE.search(text)
    widths = {found["at"]: re.sub(r"\D", "", found["width"]) for found in _WIDTH.finditer(text)}
    stated = _DEPTH.search(text)
    numbers = [int(at) for at in widths if at.isdigit()]
    depth = int(stated[1]) if stated else max(numbers, default=0) + ("L" in widths)
    if rule is None or not 1 <= depth <= _MOST_LAYERS:
        return RulesWrittenOut(text, {})
    if "L" in widths:
        widths.setdefault(str(depth), widths["L"])
    if any(str(at) not in widths for at in range(depth + 1)) or max(numbers, default=0) > depth:
        return RulesWrittenOut(text, {})
    letter = rule["letter"]
    pieces = _CLAUSE.split(text)
    heads = {_name(piece) for piece in pieces if _head(piece) == "L"}
    last = re.compile(rf"W\s*[_^]\s*{_OPEN}L{_CLOSE}(?!\w)")
    heads |= _activated_apart(pieces, letter, depth)
    apart = any(last.search(piece) and "=" in piece and not _STATED.search(piece) for piece in pieces)
    written = [_piece(piece, letter, depth, heads, apart=apart) for piece in pieces]
    sizes: dict[str, tuple[str, str | None]] = {
        f"W{at}": (widths[str(at)], widths[str(at - 1)]) for at in range(1, depth + 1)
    }
    return RulesWrittenOut("".join(written), sizes)


def _head(piece: str) -> str:
    """Return the index of what a clause defines; empty for none."""
    left, equals, _ = piece.partition("=")
    found = _INDEX.search(left) if equals else None
    return (found["letter"] or found["bare"]) if found and not found["less"] else ""


def _name(piece: str) -> str:
    """Return the name of what a clause defines, without its index."""
    left = piece.partition("=")[0]
    found = _INDEX.search(left)
    return re.sub(r"[^A-Za-z]", "", left[: found.start()]) if found else ""


def _activated_apart(pieces: list[str], letter: str, depth: int) -> set[str]:
    """Return the names whose rule does not hold for the last layer, of which another clause speaks."""
    found = set()
    value = re.compile(rf"([A-Za-z])\s*[_^]\s*{_OPEN}(?:L|{depth}){_CLOSE}(?!\w)")
    behind = [piece.partition("=")[2] for piece in pieces if not _mentions(piece, letter)]
    used = {name for piece in behind for name in value.findall(piece)} - {"W", "b"}
    for piece in pieces:
        right = piece.partition("=")[2]
        if _head(piece) == letter and "W" not in right:
            names = {right[: one.start()].rstrip()[-1:] for one in _INDEX.finditer(right)}
            found |= {_name(piece)} if names & used else set()
    return found


def _piece(piece: str, letter: str, depth: int, heads: set[str], *, apart: bool) -> str:
    """Return a clause once for each layer, where it is a rule for all of them.

    Args:
        piece: the clause.
        letter: what layers are counted by.
        depth: how many layers there are.
        heads: the names that a clause of their own defines for the last layer.
        apart: whether the weights of the last layer stand in a clause of their own.
    """
    counted = rf"[\s(]*(?:\\?[a-z]{{1,8}}\s+)?{re.escape(letter)}\s*=\s*[^=]{{1,60}}"
    if re.fullmatch(counted, piece):  # `(l = 1, \dots, L-1)`
        return " "
    if "=" not in piece:
        return " " if _STATED.search(piece) and _mentions(piece, letter) else piece
    if not _mentions(piece, letter):
        return _at(piece, "L", depth)
    if _STATED.search(piece) or _head(piece) != letter:
        return " "
    own = _name(piece) in heads or (apart and "W" in piece)
    clean = piece.strip().rstrip(",.")
    layers = range(1, depth + (not own))
    return " " + " \\\\ ".join(_at(_at(clean, letter, layer), "L", depth) for layer in layers) + " \\\\ "


def _mentions(piece: str, letter: str) -> bool:
    return any((found["letter"] or found["bare"]) == letter for found in _INDEX.finditer(piece))


def _at(piece: str, letter: str, layer: int) -> str:
    """Return a clause with the number of a layer in the place of its letter."""

    def number(found: re.Match[str]) -> str:
        if (found["letter"] or found["bare"]) != letter:
            return found.group()
        less = re.sub(r"\s", "", found["less"] or "")
        return f"{found['sign']}{{[{layer + int(less or 0)}]}}"

    return _INDEX.sub(number, piece)
