"""The language of texts: English in the code, other languages from gettext catalogues in this folder."""

from chalknet.lang.catalogue import _, filled, translated
from chalknet.lang.choice import LANGUAGES, language, language_of_reader, speaking
from chalknet.lang.page import translated_page

__all__ = [
    "LANGUAGES",
    "_",
    "filled",
    "language",
    "language_of_reader",
    "speaking",
    "translated",
    "translated_page",
]
