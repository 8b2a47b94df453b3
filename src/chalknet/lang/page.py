"""Translation of an HTML page: the texts between its tags."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chalknet.lang.catalogue import translated
from chalknet.lang.choice import language

_TEXT = re.compile(r"(?<=>)[^<>{}]+(?=<)")  # between two tags; styles contain braces
_PLACE = re.compile(r"\$\w+")  # filled in later


def texts_of_page(page: str) -> Iterator[str]:
    """Yield the translatable texts between the tags of a page, without surrounding blanks."""
    found = (" ".join(text.split()) for text in _TEXT.findall(page))
    yield from (text for text in found if any(map(str.isalpha, _PLACE.sub("", text))))


def translated_page(page: str) -> str:
    """Return a page template in the current language, including its attribute `lang`.

    Example:
        >>> translated_page("<h2>The plan</h2>")
        '<h2>The plan</h2>'
    """
    code = language()
    if code == "en":
        return page
    said = _TEXT.sub(
        lambda found: translated(" ".join(found[0].split())) if found[0].strip() else found[0], page
    )
    return said.replace('lang="en"', f'lang="{code}"', 1)
