"""Comments in a text: blanked where rows are counted, taken out where they are read."""

from __future__ import annotations

import re

_QUOTED = rb'"(?:[^"]++|"")*+(?:"|\Z)'


def _pattern(comment: str) -> re.Pattern[bytes]:
    return re.compile(rb"(%b)|(?<! )[ ]*%b[^\r\n]*" % (_QUOTED, re.escape(comment.encode())))


def blanked(text: bytes, comment: str | None) -> bytes:
    """Return a text with blanks in the place of comments outside quotation marks, of the same length."""
    if comment is None or comment.encode() not in text:
        return text
    return _pattern(comment).sub(lambda found: found[1] or b" " * len(found[0]), text)


def without_comments(text: bytes, comment: str | None) -> bytes:
    """Return a text without comments and the blanks before them; a line of a comment alone becomes blank."""
    if comment is None or comment.encode() not in text:
        return text
    return _pattern(comment).sub(lambda found: found[1] or b"", text)
