"""The texts of a language, read from its compiled catalogue, and how a text is found in it."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

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
    """Return an English text that already holds its values in the language chosen, or as it is.

    The text is found by the template in the catalogue that it was made from: the one with the most letters
    of its own that fits. Errors, notes and reasons are kept in English and put into the language of whoever
    sees them by this, at the moment when they are shown.

    Args:
        text: such as `got 3 layers`, made in the code by `f"got {n} layers"`.
    """
    code = language()
    return text if code == "en" or not text else _found(code, text)


def plain(text: str) -> str:
    """Return a translated text whose values are filled in, each Korean particle as its word wants it.

    Args:
        text: such as `relu을(를)`, from `_("{name}…").format(name=name)`.
    """
    return with_particles(text) if language() == "ko" else text


def _found(code: str, text: str) -> str:
    texts = _texts(code)
    if text in texts:
        return texts[text]
    if text[0].isspace() or text[-1].isspace():
        inner = text.strip()
        return text.replace(inner, _found(code, inner)) if inner else text
    for template in _templates(code):
        values = template.values_of(text)
        if values is not None:
            return _filled(code, texts[template.text], values)
    return text


def _filled(code: str, text: str, values: Mapping[str, str]) -> str:
    """Return a translation with its values; those marked `!t` are translated too."""
    parts = []
    for before, name, marked in Template(text).pieces():
        value = values.get(name, "")
        parts += [before, _found(code, value) if marked and value else value]
    return with_particles("".join(parts))


@cache
def _texts(code: str) -> Mapping[str, str]:
    """Return English texts and their translations; empty where there is no catalogue."""
    path = FOLDER / code / "LC_MESSAGES" / "chalknet.mo"
    return dict(read_catalogue(path.read_bytes())) if path.exists() else {}


@cache
def _templates(code: str) -> tuple[Template, ...]:
    """Return the texts with values, those with the most letters of their own first."""
    found = (Template(text) for text in _texts(code) if "{" in text)
    return tuple(sorted(found, key=lambda each: -each.own_length))


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
