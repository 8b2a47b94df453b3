"""The texts of a language, read from its compiled catalogue, and the lookup of a text in it."""

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
    """Return the text in the current language, or the English text if there is no translation.

    Args:
        text: an English text as in the code, with `{names}` for values:
            `_("{n} layers").format(n=3)`.
    """
    code = language()
    return text if code == "en" else _texts(code).get(text, text)


def translated(text: str) -> str:
    """Return an English text with its values filled in, translated into the current language if possible.

    The text is matched with the templates of the catalogue; the match that leaves the fewest words
    untranslated is used. Errors, notes and reasons are stored in English and translated by this function
    when they are shown.

    Args:
        text: such as `got 3 layers`, made in the code by `f"got {n} layers"`.
    """
    code = language()
    return text if code == "en" or not text else _found(code, text).text


def filled(text: str, **values: str) -> str:
    """Return a text with its values in the current language; the value of `{name!t}` is translated too.

    Args:
        text: an English text with `{names}`, as in the code.
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
        left: how many English words are untranslated, not counting names, numbers and quoted text.
        text: the text.
    """

    left: int
    text: str


@lru_cache(4096)
def _found(code: str, text: str) -> _Said:
    """Return the translation that leaves the fewest words untranslated (at most half if it is short)."""
    texts = _texts(code)
    if text in texts:
        return _Said(0, texts[text])
    inner = text.strip()
    if inner != text:
        bare = _found(code, inner)
        return _Said(bare.left, text.replace(inner, bare.text) if inner else text)
    as_it_is = _as_it_is(text)
    if not any(map(str.isalpha, text)):
        return as_it_is
    best = as_it_is
    for template, spoken in _templates(code):
        values = template.values_of(text)
        if values is not None:
            said = _filled(code, spoken, values)
            fits = 2 * said.left <= as_it_is.left or template.own_length >= _SURE
            best = said if fits and said.left < best.left else best
    return best


def _as_it_is(text: str) -> _Said:
    return _Said(len(_WORD.findall(text)), text)


_SURE = 20  # literal characters: a text that contains so many of a template was made from it
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
    """Return the English texts of all catalogues of a language, and their translations."""
    paths = sorted((FOLDER / code / "LC_MESSAGES").glob("*.mo"))
    return dict(entry for path in paths for entry in read_catalogue(path.read_bytes()))


@cache
def _templates(code: str) -> tuple[tuple[Template, Template], ...]:
    """Return the templates and their translations, those with the most literal characters first."""
    pairs = [(Template(text), Template(spoken)) for text, spoken in _texts(code).items() if "{" in text]
    return tuple(sorted((pair for pair in pairs if pair[0].names), key=lambda pair: -pair[0].own_length))


def read_catalogue(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the texts of a compiled catalogue (gettext's .mo) and their translations, without the header.

    Args:
        content: the bytes of the file, with little-endian numbers.
    """
    count, texts, translations = struct.unpack_from("<3I", content, 8)
    for row in range(count):
        pair = []
        for table in (texts, translations):
            length, start = struct.unpack_from("<2I", content, table + 8 * row)
            pair.append(content[start : start + length].decode())
        if pair[0]:
            yield pair[0], pair[1]
