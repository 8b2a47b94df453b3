"""The language of texts: English in the code, other languages from the gettext catalogues of this room."""

from chalknet.lang.catalogue import _, filled, translated
from chalknet.lang.choice import LANGUAGES, language, speaking

__all__ = ["LANGUAGES", "_", "filled", "language", "speaking", "translated"]
