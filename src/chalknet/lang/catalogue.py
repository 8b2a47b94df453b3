"""The texts of a language, read from its compiled catalogue, and how a text is found in it."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from chalknet.lang.choice import language
from chalknet.lang.particles import with_particles
from chalknet.lang.template import Template

FOLDER = Path(__file__).parent


def _(text: str) -> str:
    """Return the text in the language chosen, or the English text where no translation is known.

    Args:
        text: an English text as it stands in the code, with `{names}` for values:
            `_("{n} layers").format(n=3)`.
    """
    code = language()
    return text if code == "en" else _texts(code).get(text, text)


def translated(text: str) -> str:
    """Return an English text that already holds its values in the language chosen; else the text as it is.

    The text is found by the template in the catalogue that it was made from: the one that leaves the fewest
    words untranslated. Errors, notes and reasons are kept in English and put into the language of whoever
    sees them by this, at the moment when they are shown.

    Args:
        text: such as `got 3 layers`, made in the code by `f"got {n} layers"`.
    """
    code = language()
    return text if code == "en" or not text else _found(code, text).text


def filled(text: str, **values: str) -> str:
    """Return a text with its values in the language chosen, a value of `{name!t}` in that language too.

    Args:
        text: an English text with `{names}`, as it stands in the code.
        **values: the value of each name.

    Example:
        >>> filled("{where}: got {got}", where="lr", got="-1")
        'lr: got -1'
    """
    code = language()
    if code == "en":
        return text.format(**values)
    return _filled(code, Template(_texts(code).get(text, text)), values).text


class _Said(NamedTuple):
    """A text in another language.

    Args:
        left: how many English words of it are left; names, numbers and what stands in quotes are none.
        text: the text.
    """

    left: int
    text: str


@lru_cache(4096)
def _found(code: str, text: str) -> _Said:
    """Return the translation of a text that leaves the fewest words as they were, and no more than half."""
    texts = _texts(code)
    if text in texts:
        return _Said(0, texts[text])
    inner = text.strip()
    if inner != text:
        left, said = _found(code, inner) if inner else (0, "")
        return _Said(left, text.replace(inner, said) if inner else text)
    as_it_is = _as_it_is(text)
    if not any(map(str.isalpha, text)):
        return as_it_is
    fits = ((spoken, template.values_of(text)) for template, spoken in _templates(code))
    said = (_filled(code, spoken, values) for spoken, values in fits if values is not None)
    best = min(said, key=lambda each: each.left, default=as_it_is)
    return best if 2 * best.left <= as_it_is.left else as_it_is


def _as_it_is(text: str) -> _Said:
    return _Said(len(_WORD.findall(text)), text)


_WORD = re.compile(r"(?<!\S)[A-Za-z][a-z]+[.;:]?(?!\S)")


def _filled(code: str, template: Template, values: Mapping[str, str]) -> _Said:
    """Return a translation with its values; those marked `!t` are translated too."""
    parts, left = [], 0
    for before, name, marked in template.pieces:
        value = values.get(name, "")
        said = _found(code, value) if marked and value else _as_it_is(value)
        parts += [before, said.text]
        left += said.left
    return _Said(left, with_particles("".join(parts)))


@cache
def _texts(code: str) -> Mapping[str, str]:
    """Return English texts and their translations; empty where there is no catalogue."""
    path = FOLDER / code / "LC_MESSAGES" / "chalknet.mo"
    return dict(read_catalogue(path.read_bytes())) if path.exists() else {}


@cache
def _templates(code: str) -> tuple[tuple[Template, Template], ...]:
    """Return the texts with values and their translations, those with the most letters of their own first."""
    pairs = [(Template(text), Template(spoken)) for text, spoken in _texts(code).items() if "{" in text]
    return tuple(sorted((pair for pair in pairs if pair[0].names), key=lambda pair: -pair[0].own_length))


def read_catalogue(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the texts of a compiled catalogue (gettext's .mo) and their translations, without the header.

    Args:
        content: the bytes of the file, with its numbers in little-endian order.
    """
    count, texts, translations = struct.unpack_from("<3I", content, 8)
    for row in range(count):
        pair = []
        for table in (texts, translations):
            length, start = struct.unpack_from("<2I", content, table + 8 * row)
            pair.append(content[start : start + length].decode())
        if pair[0]:
            yield pair[0], pair[1]
