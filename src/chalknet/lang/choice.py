"""The language of texts: set for this context, else by CHALKNET_LANG, else by the locale, else English."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LANGUAGES = ("en", "ko")  # English is in the code; every other language has a folder here
_VARIABLES = ("CHALKNET_LANG", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides
_CHOSEN: ContextVar[str | None] = ContextVar("language", default=None)


def language() -> str:
    """Return the code of the current language: `en` or `ko`.

    Example:
        >>> with speaking("ko"):
        ...     language()
        'ko'
    """
    return _CHOSEN.get() or _of_environment()


def language_of_reader(accepted: str) -> str:
    """Return the language for who reads a page: of CHALKNET_LANG, else the browser's, else the locale's.

    Args:
        accepted: the header Accept-Language of a request, such as `ko-KR,ko;q=0.9,en;q=0.8`; may be blank.
    """
    wanted = () if os.environ.get("CHALKNET_LANG") else map(_code, accepted.split(","))
    return next((code for code in wanted if code in LANGUAGES), language())


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Set the language within a `with` block; other threads and tasks keep theirs.

    Args:
        code: `en` or `ko`.

    Raises:
        ValueError: for another language.
    """
    if code not in LANGUAGES:
        raise ValueError(f"language: got {code!r}; wanted one of {', '.join(LANGUAGES)}")
    token = _CHOSEN.set(code)
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def _of_environment() -> str:
    value = next(filter(None, map(os.environ.get, _VARIABLES)), "en")
    return _code(value) if _code(value) in LANGUAGES else "en"


def _code(tag: str) -> str:
    """Return the language of `ko_KR.UTF-8`, or of `ko-KR;q=0.9`."""
    return re.split(r"[-_.;@\s]", tag.strip())[0].lower()
