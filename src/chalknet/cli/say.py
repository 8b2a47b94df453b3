"""What a command gives: answers, notes and errors, documents, pictures, and which process gives them."""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import typer

import chalknet as cn
from chalknet.errors import look_up, printable, writing
from chalknet.files import write_output
from chalknet.lang import LANGUAGES, _, language, translated

_STREAMS = {"stdin": "r", "stdout": "w", "stderr": "w"}  # in the order of their numbers
_FULL = (errno.EBADF, errno.ENOSPC, errno.EIO, errno.EDQUOT)  # what a stream that takes nothing says
# How our own signs read on a console that does not have them; other characters become \uNNNN.
_PLAIN = {"→": "->", "×": "x", "µ": "u", "·": "*", "…": "...", "–": "-", "—": "-", "±": "+-", "²": "^2"}


def set_up_streams() -> None:
    """Let standard output and error take every character, and standard input be UTF-8.

    A stream that the caller closed is opened, so that no file of ours gets its number: standard input as an
    empty one, standard error as one that swallows all, standard output as one that refuses, since an answer
    that goes nowhere is a failure.
    """
    for number, (name, mode) in enumerate(_STREAMS.items()):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if mode == "w" and number == 2 else os.O_RDONLY)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, closefd=False))
    codecs.register_error("chalknet", _replaced)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="chalknet")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="strict")


def console_language() -> str:
    """Return the language of this command: English where the console lacks the letters of another one."""
    asked = os.environ.get("CHALKNET_LANG", "")
    if asked and asked not in LANGUAGES:
        tell(f"note: CHALKNET_LANG: got {asked!r}; wanted one of {', '.join(LANGUAGES)}")
    chosen = language()
    try:
        for stream in (sys.stdout, sys.stderr):
            _LETTERS[chosen].encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return "en"
    return chosen


_LETTERS = {"en": "", "ko": "가"}


def is_launched() -> bool:
    """Return whether torch's launcher started this process, as one of several or alone."""
    return "RANK" in os.environ and "WORLD_SIZE" in os.environ


def answers() -> bool:
    """Return whether this process is the one that answers, draws and gives the exit code."""
    return not is_launched() or os.environ["RANK"] == "0"


def say(text: str) -> None:
    """Print an answer."""
    with printing():
        typer.echo(_coloured(printable(text), sys.stdout), sys.stdout, color=True)


def tell(text: str) -> None:
    """Print what is no answer, such as a note or an error, to standard error."""
    with suppress(OSError):  # nobody can be told
        typer.echo(_coloured(printable(translated(text)), sys.stderr), sys.stderr, color=True)


@contextmanager
def printing() -> Iterator[None]:
    """Turn what the system says against writing to standard output into an error of ours."""
    try:
        yield
    except OSError as problem:
        if problem.errno not in _FULL or problem.filename is not None:
            raise
        raise cn.FileProblem(
            where="standard output",
            got=problem.strerror or str(problem),
            wanted="a terminal, a pipe or a file that takes the answer",
            remedy="Let it go elsewhere; a fit with --out is kept all the same.",
        ) from problem


def leave_streams() -> None:
    """Let the interpreter end without a word about output that nobody takes."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def tell_written(path: Path) -> None:
    """Name a file that was written."""
    if not is_launched():  # several processes share one standard error, which has errors alone
        tell(f"written {path}")


def put(document: str | bytes, out: Path | None = None) -> None:
    """Write a document to a file, or print it; redirected, it is UTF-8 whatever the console's encoding.

    Raises:
        InvalidValue: for binary content that would go to a terminal.
        FileProblem: for a file that cannot be written.
    """
    content = document if isinstance(document, bytes) else f"{document}\n".encode("utf-8", "surrogateescape")
    if out is not None:
        write_output(out, content)
        tell_written(out)
    elif isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        with printing():
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
    elif isinstance(document, str):
        say(document)
    else:
        raise cn.InvalidValue(
            where="standard output",
            got="a terminal",
            wanted="a file or a pipe, since this is binary",
            remedy="Please give --out FILE.",
        )


def answer(asked: Mapping[str, Any], value: object, text: str) -> None:
    """Print what a command found: as a text, or its value as JSON where --json asks for it."""
    if asked["as_json"]:
        put(json.dumps(value))
    else:
        say(text)


def check_picture(option: str, path: Path | None) -> None:
    """Refuse before the work what could not be drawn after it.

    Raises:
        UnknownName: for an ending of no picture.
        FileProblem: for a folder that does not exist.
    """
    _check_file(option, path, cn.Chart.suffixes)


def check_page(option: str, path: Path | None) -> None:
    """Refuse before the work a page that could not be written after it.

    Raises:
        UnknownName: for an ending of no page.
        FileProblem: for a folder that does not exist.
    """
    _check_file(option, path, (".html", ".htm"))


def _check_file(option: str, path: Path | None, endings: Iterable[str]) -> None:
    if path is None:
        return
    where = f"{option} {path}"
    look_up(dict.fromkeys(endings), path.suffix.lower(), where, "ending")
    with writing(where):
        path.parent.stat()


def _coloured(text: str, stream: TextIO) -> str:
    """Return a text with `error:` and `note:` in colour, where it goes to a terminal that has colours."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    colours = {_("error:"): typer.colors.RED, _("note:"): typer.colors.YELLOW}
    return re.sub(
        rf"(?m)^({'|'.join(colours)})", lambda found: typer.style(found[0], fg=colours[found[1]]), text
    )


def _replaced(problem: UnicodeError) -> tuple[str, int]:
    """Return what is printed for characters that an encoding does not have (a handler of `codecs`)."""
    assert isinstance(problem, UnicodeEncodeError)
    signs = problem.object[problem.start : problem.end]
    plain = (_PLAIN.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in signs)
    return "".join(plain), problem.end
