"""The language in which chalknet speaks: English in the code, other languages from gettext catalogues."""

from __future__ import annotations


def _(text: str) -> str:
    """Return the text in the language chosen, or the English text where no translation is known.

    Args:
        text: an English text as it stands in the code, with `{names}` for values:
            `_("{n} layers").format(n=3)`.
    """
    return text
