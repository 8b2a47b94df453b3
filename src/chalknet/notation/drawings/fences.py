"""Drawings in a page of Markdown: where the text inside a fence begins and ends."""

from __future__ import annotations

import re
from typing import NamedTuple

from chalknet.notation.tokens import Span

_OPENING = re.compile(r"```\s*+(mermaid|dot|graphviz)\b", re.I)


class Fence(NamedTuple):
    """A fenced text: the word behind its opening, and where it stands without its fences."""

    word: str
    span: Span


def fence_of(text: str, *words: str) -> Fence | None:
    """Return the first fence of a drawing, open to the end where it is not closed; None where there is none.

    Args:
        text: the page.
        words: what may stand behind the opening; any drawing's word where none is given.
    """
    for opening in _OPENING.finditer(text):
        word = opening.group(1).lower()
        if words and word not in words:
            continue
        start = text.find("\n", opening.end()) + 1
        if not start and words:
            return None
        end = text.find("```", start or opening.end())
        return Fence(word, Span(start or opening.end(), len(text) if end < 0 else end))
    return None
