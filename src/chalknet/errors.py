"""Every error chalknet raises: where it was found, what was got, what was wanted, what to do."""

from __future__ import annotations

import os
import re
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import partial, wraps
from numbers import Integral
from pathlib import Path
from typing import ParamSpec, TypeVar
from unicodedata import normalize

from chalknet.lang import filled

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Excerpt:
    """The line of a text in which an error was found, with a caret under the place.

    Args:
        text: the whole text that was read.
        position: index into `text` of the first character at fault; `len(text)` means the end.
        length: number of characters at fault.
    """

    text: str
    position: int
    length: int = 1

    @property
    def line_number(self) -> int:
        """Return the number of the line, counted from 1."""
        return self.text.count("\n", 0, self.position) + 1

    def __str__(self) -> str:
        start = self.text.rfind("\n", 0, self.position) + 1
        end = self.text.find("\n", self.position)
        line = self.text[start : end if end >= 0 else len(self.text)]
        column = self.position - start
        first = max(0, column - 90)  # a very long line is cut, so that the caret stays on the screen
        shown = _CONTROL.sub("\ufffd", line[first : column + 60].expandtabs(1))  # as long as it was
        carets = "^" * max(1, min(self.length, len(line) - column))
        heading = filled("line {number}:", number=str(self.line_number))
        return f"{heading}\n    {shown}\n    {' ' * (column - first)}{carets[:60]}"


# Control characters but tab and newline, halves of a surrogate, and what changes the direction of writing.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_ADDRESS = re.compile(r"<(?:[\w.]+\.)?(\w+)(?: object)?(?: [\w.<>]+)? at 0x[0-9a-fA-F]+>")


@dataclass(kw_only=True, eq=False, repr=False)
class ChalknetError(Exception):
    """An error with four plain answers, and the line at fault where a text was read.

    Its fields are in English; `str` of it is in the language of the moment (`chalknet.lang`).

    Args:
        where: the thing that was looked at, such as "step 2 (Linear)" or "run/plan.json".
        got: what was found there.
        wanted: what could have stood there.
        remedy: what to do now, as a sentence.
        excerpt: the line of the text, for errors in texts.
    """

    where: str
    got: str
    wanted: str
    remedy: str
    excerpt: Excerpt | None = None

    def __post_init__(self) -> None:
        self.got = _ADDRESS.sub(r"a \1", self.got)
        super().__init__(self.where, self.got, self.wanted, self.remedy)

    def __reduce__(self) -> tuple[partial[ChalknetError], tuple[()]]:
        """Return how to make it anew in another process; exceptions keep no keywords of their own."""
        return partial(type(self), **{field.name: getattr(self, field.name) for field in fields(self)}), ()

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows: the caller's line and the message, our own frames left out."""
        frames = traceback.extract_tb(self.__traceback__)
        if not _shows_all():
            ours = [index for index, frame in enumerate(frames) if frame.filename.startswith(_PACKAGE)]
            last = ours[0] if ours else len(frames)
            frames = traceback.StackSummary.from_list(frames[max(0, last - 1) : last])
        return [*traceback.format_list(frames), f"{type(self).__name__}: {self}"]

    def __str__(self) -> str:
        answers = {name: vars(self)[name] for name in ("where", "got", "wanted", "remedy")}
        message = printable(filled("{where}: got {got}; wanted {wanted}. {remedy}", **answers))
        return message if self.excerpt is None else f"{message}\n  {self.excerpt}"


class InvalidValue(ChalknetError, ValueError):
    """A value outside its range or of the wrong type."""


class UnknownName(ChalknetError, ValueError):
    """A name that is in no table; the remedy offers the nearest one."""


class ShapeMismatch(ChalknetError, ValueError):
    """Widths or shapes that do not meet."""


class NotationError(ChalknetError, ValueError):
    """A text that cannot be read as a network; carries the line and a caret."""


class Undecided(NotationError):
    """A drawing that can be read in several ways, each as well as the others.

    Args:
        readings: the networks that it may show, the likeliest first.
    """

    readings: tuple[object, ...] = ()


class CannotExpress(ChalknetError, ValueError):
    """A notation has no way to write a step; nothing is dropped in silence."""


class Unsettled(ChalknetError, ValueError):
    """A network that still has a symbolic width or an unknown activation."""


class DataError(ChalknetError, ValueError):
    """Data that cannot be fitted: lengths, NaN, labels, a damaged file."""


class FileProblem(ChalknetError, OSError):
    """A file or folder that cannot be read or written."""

    def __str__(self) -> str:  # OSError formats its own arguments otherwise
        return ChalknetError.__str__(self)


class MissingPackage(ChalknetError, ImportError):
    """An optional package that is not installed; the remedy is the install line."""


class Refused(ChalknetError, RuntimeError):
    """A plan that no engine, device or room at hand can run."""


class Noted(Refused):
    """Notes of a fit under `strict`: what may not be as it was meant.

    Attributes:
        result: the FitResult, where a note came up in the fit itself; None before its first update.
    """

    result: object = None


class CodeUnavailable(Refused):
    """Compiled code that is not there for this machine and could not be made; another engine can go on."""


class Elsewhere(Refused):
    """Raised here because another process failed; that process reports the error."""

    @classmethod
    def of(cls, rank: int | None, size: int, what: str) -> Elsewhere:
        """Return the error for what happened in another process.

        Args:
            rank: which process it was; None when nobody knows.
            size: how many share the fit.
            what: its error, in one line.
        """
        return cls(
            where=f"another process of {size}" if rank is None else f"process {rank} of {size}",
            got=what,
            wanted=f"all {size} processes at work",
            remedy="Mend what it says, and start all of them again.",
        )


class DeviceMismatch(ChalknetError, RuntimeError):
    """Tensors on different devices that met in one operation, named, with the line to write."""


class OutOfMemory(ChalknetError, MemoryError):
    """Memory that was needed and is not there: how much, how much is free, what to do."""


def public(**renamed: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator for a public verb: its errors show the call of the user, not the frames below it.

    With `CHALKNET_TRACEBACK=full` in the environment all frames are shown.

    Args:
        **renamed: keywords of the version before, and what they are called now; they are still taken, with a
            DeprecationWarning.
    """

    def decorated(verb: Callable[P, T]) -> Callable[P, T]:
        @wraps(verb)
        def called(*args: P.args, **kwargs: P.kwargs) -> T:
            for old in renamed.keys() & kwargs.keys():
                new = renamed[old]
                warnings.warn(
                    f"{verb.__name__}({old}=...) is now {verb.__name__}({new}=...)", DeprecationWarning, 2
                )
                kwargs[new] = kwargs.pop(old)
            try:
                return verb(*args, **kwargs)
            except ChalknetError as problem:
                if _shows_all():
                    raise
                raise problem.with_traceback(None) from None

        return called

    return decorated


_PACKAGE = str(Path(__file__).parent)


def _shows_all() -> bool:
    return os.environ.get("CHALKNET_TRACEBACK") == "full"


@contextmanager
def writing(
    path: object,
    wanted: str = "a file that can be written",
    remedy: str = "Give a folder that exists and is yours.",
) -> Iterator[None]:
    """Turn what the system says against writing a file into a FileProblem that names it."""
    try:
        yield
    except FileProblem:
        raise
    except OSError as problem:
        raise FileProblem(
            where=str(path),
            got=problem.strerror or str(problem),
            wanted=wanted,
            remedy=remedy,
        ) from problem


def invalid(where: str, value: object, wanted: str, remedy: str = "") -> InvalidValue:
    """Return the error for the value of an argument or option.

    Args:
        where: its name.
        value: what was given.
        wanted: what could have been given.
        remedy: what to do; without one, to leave it out.
    """
    remedy = remedy or f"Leave {where} out for the default, or correct it."
    return InvalidValue(where=where, got=shown(value), wanted=wanted, remedy=remedy)


def printable(text: str) -> str:
    r"""Return a text for a terminal: what would steer it, or turn the direction of writing, escaped.

    Example:
        >>> print(printable("red\x1b[31m.csv"))
        red\x1b[31m.csv
    """
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def shown(value: object) -> str:
    """Return a value as a message shows it: its `repr`, short and on one line."""
    try:
        text = " ".join(repr(value).split())
    except (ValueError, RecursionError):  # thousands of digits, lists nested without end
        text = f"a {type(value).__name__} too large to show"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


_LONGEST_SHOWN = 80


def whole_number(where: str, value: object, remedy: str = "", *, most: int = 2**63 - 1) -> int:
    """Return a whole number of at least 1, numpy's too, as an int.

    Raises:
        InvalidValue: for anything else.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or not 1 <= int(value) <= most:
        limit = "" if most == 2**63 - 1 else f", at most {most:,}"
        raise invalid(where, value, f"a whole number of at least 1{limit}", remedy)
    return int(value)


def checked_seed(seed: object) -> int:
    """Return a seed as an int.

    Raises:
        InvalidValue: for anything but a whole number of at most 63 bits.
    """
    if not isinstance(seed, Integral) or isinstance(seed, bool) or abs(int(seed)) >= 2**63:
        raise invalid("seed", seed, "a whole number of at most 63 bits")
    return int(seed)


def look_up(table: Mapping[str, T], name: object, where: str, what: str) -> T:
    """Return the row of a table.

    Raises:
        UnknownName: for a name that is not in it, offering the nearest one.
    """
    if not isinstance(name, str) or name not in table:
        raise unknown_name(where, what, name, table)
    return table[name]


def unknown_name(
    where: str,
    what: str,
    got: object,
    known: Iterable[str],
    meant: Mapping[str, str] | None = None,
    *,
    spellings: Iterable[str] = (),
    excerpt: Excerpt | None = None,
) -> UnknownName:
    """Return the error for a name that no table has, offering the nearest names.

    Args:
        where: the place it was read from.
        what: what such a name stands for, such as "activation".
        got: the name as it was written, or whatever stands in its place.
        known: the names that exist.
        meant: other libraries' names for some of them, which no likeness of letters finds.
        spellings: other spellings of the names; those in the alphabet of what was written are offered too.
        excerpt: the line at fault, for names read from a text.
    """
    names = list(dict.fromkeys(known))
    others = [] if str(got).isascii() else [word for word in spellings if not word.isascii()]
    by_folded = {_folded(name): name for name in (*names, *others)}
    written = str(got).lower()
    close = get_close_matches(_folded(written), by_folded, n=2, cutoff=0.6)
    near = [meant[written]] if meant and written in meant else [by_folded[name] for name in close]
    remedy = f"Did you mean {near[0]}?" if near else "Write one of the known names."
    if len(near) > 1:
        remedy = f"Did you mean {near[0]} or {near[1]}?"
    return UnknownName(
        where=where,
        got=f"the unknown {what} {shown(got)}",
        wanted=f"one of {', '.join(names)}",
        remedy=remedy,
        excerpt=excerpt,
    )


def _folded(name: str) -> str:
    """Return what of a name counts for likeness; a Korean syllable as its letters."""
    return normalize("NFD", name.lower().replace("_", ""))
