"""A network read from whatever holds it: a text, the bytes of a file, a picture, the clipboard."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from chalknet.errors import InvalidValue, whole_number
from chalknet.files import user_path
from chalknet.network import Network
from chalknet.notation.entry import read_text
from chalknet.notation.picture_kinds import PICTURE_SUFFIXES, picture_kind
from chalknet.notation.texts import check_text, content_of, content_of_bytes

_CLIPBOARD = "clipboard:"
_NO_TEXT = re.compile(rb"[\0-\x08\x0e-\x1a]")
Content: TypeAlias = object  # a text, the bytes of a picture, or a picture that a program holds


def content_of_value(value: object) -> Content | None:
    """Return what a value holds: its text or its picture; None for what is neither.

    Args:
        value: bytes, an image of Pillow or an array of numpy.

    Raises:
        InvalidValue: for an array that holds no pixels.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        try:
            return (
                None
                if picture_kind(data) is None and _NO_TEXT.search(data)
                else content_of_bytes(data, "bytes")
            )
        except UnicodeDecodeError:
            return None
    from chalknet.notation.pictures import picture_of_value

    return picture_of_value(value)


def path_of(form: str | PathLike[str], *suffixes: str) -> Path | None:
    """Return the path that is meant, or None for a text that is the network itself.

    Args:
        form: a path, or a text that may be one.
        *suffixes: the endings of files that are no notation.
    """
    if not isinstance(form, str):
        return user_path(form)
    text = form.strip()
    if text == "-":
        return Path("-")
    if (
        "\n" in text
        or "->" in text
        or "://" in text
        or len(text) > 1000
        or ("(" in text and ")" in text and "=" in text)
    ):
        return None
    try:
        if text and user_path(text).exists():
            return user_path(text)
    except (OSError, ValueError):  # no path at all, such as a NUL byte
        return None
    from chalknet.notation.table import NOTATIONS  # all forms are imported only where a form is asked for

    known = {suffix for row in NOTATIONS.values() for suffix in row.suffixes}
    looks_like_one = Path(text).suffix.lower() in {*known, *PICTURE_SUFFIXES, *suffixes} and " " not in text
    return user_path(text) if looks_like_one else None


def is_clipboard(text: str) -> bool:
    """Return whether a text asks for what lies on the clipboard."""
    return text.strip().lower() == _CLIPBOARD


def content_at(place: str | Path) -> Content:
    """Return the text or the picture in a file or on the clipboard.

    Args:
        place: the path of a file, "-" for standard input; or a text for which `is_clipboard` holds.

    Raises:
        FileProblem: for what cannot be read, or is empty.
    """
    if isinstance(place, Path):
        return content_of(place)
    from chalknet.notation.pictures import from_clipboard

    found = from_clipboard()
    return found if isinstance(found, str) else content_of_bytes(found, "the clipboard")


def read_content(
    content: Content,
    notation: str | None = None,
    suffix: str = "",
    name: str | None = None,
    page: int | None = None,
) -> Network:
    """Return the network of a text or a picture.

    Args:
        content: the text or the picture.
        notation: the name of a text's notation; None where it is to be recognised.
        suffix: the ending of its file; empty for none.
        name: which network, where it holds several.
        page: which page of a PDF, or which of several pictures in a file, from 1.

    Raises:
        NotationError: for what is no network.
        InvalidValue: for a page of a text, and a notation of a picture.
    """
    if page is not None:
        page = whole_number("page", page, "Leave page out to have the network looked for.", most=10**6)
    if isinstance(content, str):
        if page is not None:
            raise InvalidValue(where="page", got=f"{page}, for a text", wanted="a PDF or a picture",
                               remedy="Leave page out; name says which network of a text.")  # fmt: skip
        check_text(content)
        return read_text(content, notation, suffix, name)
    if notation is not None:
        raise InvalidValue(where="notation", got=f"{notation!r}, for a picture", wanted="None",
                           remedy="Leave notation out: a picture is recognised by itself.")  # fmt: skip
    from chalknet.notation.pictures import read_image

    return read_image(content, name, page)  # type: ignore[arg-type]
