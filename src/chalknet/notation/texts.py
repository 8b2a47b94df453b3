"""Texts and pictures as they come from files and from standard input, of bounded length."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chalknet.errors import ChalknetError, Excerpt, FileProblem, NotationError
from chalknet.files import RUN_NETWORK, open_file
from chalknet.notation.limits import LIMITS
from chalknet.notation.picture_kinds import picture_kind
from chalknet.seal import file_of_run

_PEEKED = 1100  # bytes by which a picture is known
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_text(text: str) -> None:
    """Refuse a text that is too long, or that holds half a character.

    Raises:
        NotationError: for either.
    """
    _check_length("text", len(text))
    if odd := _SURROGATE.search(text):
        raise NotationError(
            where="text",
            got=f"{odd.group()!r}, which is half a character",
            wanted="whole characters",
            remedy="Take it out, or save the text as UTF-8.",
            excerpt=Excerpt(_SURROGATE.sub("?", text), odd.start()),
        )


def shown_path(path: Path) -> str:
    """Return what a path is called in an error; `-` is standard input."""
    return "standard input" if path == Path("-") else str(path)


def content_of(path: Path) -> str | bytes:
    """Return the text of a file, of a kept fit's network, or of standard input for `-`; a picture as bytes.

    Raises:
        FileProblem: for what is no file, or neither a picture nor UTF-8 text.
        NotationError: for more characters than a network takes.
    """
    if path == Path("-"):
        return _standard_input()
    most = 4 * LIMITS["characters in a text"]  # bytes of a character
    with _reading(path):
        if path.is_dir():
            data = file_of_run(path, RUN_NETWORK, most)
        else:
            data = _beginning(path, max(most, LIMITS["bytes of a picture"]) + 1)
        return content_of_bytes(data, shown_path(path))


def content_of_bytes(data: bytes, where: str) -> str | bytes:
    """Return the text that bytes are, or the drawing that a picture carries along; other pictures as bytes.

    Args:
        data: the bytes.
        where: what they are called in an error.

    Raises:
        UnicodeDecodeError: for what is neither a picture nor UTF-8 text.
        NotationError: for more characters than a network takes.
    """
    kind = picture_kind(data)
    if kind is not None:
        inside = _drawing_in_picture(data) if kind.name == "PNG" else None
        return data if inside is None else inside
    most = 4 * LIMITS["characters in a text"]
    if len(data) > most:
        _check_length(where, len(data))
    text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    _check_length(where, len(text))
    return text


def _drawing_in_picture(data: bytes) -> str | None:
    """Return the drawing that a program of drawings has put into its picture, or None."""
    from chalknet.notation.marks import drawing_in_png

    return drawing_in_png(data)


def _beginning(path: Path, most: int) -> bytes:
    with open_file(path) as file:
        return file.read(most)


def _standard_input() -> str | bytes:
    if sys.stdin is None:
        raise FileProblem(
            where="standard input",
            got="a closed one",
            wanted="the text of a network",
            remedy="Give a file, or the formula itself in quotes.",
        )
    with _reading(Path("-")):
        peek = getattr(getattr(sys.stdin, "buffer", None), "peek", None)
        if peek is not None and picture_kind(peek(_PEEKED)) is not None:
            return content_of_bytes(sys.stdin.buffer.read(LIMITS["bytes of a picture"] + 1), "standard input")
        text = sys.stdin.read(LIMITS["characters in a text"] + 1)
    _check_length("standard input", len(text))
    return text


def _check_length(where: str, characters: int) -> None:
    if characters > LIMITS["characters in a text"]:
        raise NotationError(
            where=where,
            got=f"more than {LIMITS['characters in a text']:,} characters",
            wanted="the text of a network",
            remedy="Give what describes the network, not its data or weights; for so large a network: "
            f'chalknet.notation.LIMITS["characters in a text"] = {10 * LIMITS["characters in a text"]}.',
        )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what a system or an encoding says against a text into a FileProblem."""
    try:
        yield
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        if isinstance(problem, ChalknetError):
            raise
        reason = problem.strerror if isinstance(problem, OSError) else "bytes that are no UTF-8 text"
        raise FileProblem(
            where=shown_path(path),
            got=reason or str(problem),
            wanted="a readable text file, or a picture",
            remedy="Check the name, or give the formula itself in quotes.",
        ) from problem
