"""Read any form of a network, write any form: one table of what a form is known by."""

from __future__ import annotations

import sys
from pathlib import Path

from chalknet.errors import (
    CannotExpress,
    ChalknetError,
    FileProblem,
    InvalidValue,
    NotationError,
    unknown_name,
)
from chalknet.network import Network
from chalknet.notation import NOTATIONS, Notation, recognise

_LARGEST_TEXT_BYTES = 50_000_000
_RUN_NETWORK = "network.json"  # what a kept fit calls its network


def read(form: object, *, notation: str | None = None, name: str | None = None) -> Network:
    """Return the network that a form describes; the form is recognised by itself.

    Args:
        form: a text (arrows, shorthand, LaTeX, PyTorch source, JSON), the path of a file with one, the
            folder of a kept fit, "-" for standard input, an `nn.Module`, or a Network.
        notation: the name of the notation, where it should not be guessed.
        name: which network, where a text holds several.

    Raises:
        NotationError: for a text that is no network, with the line and a caret.
        FileProblem: for a file that cannot be read.

    Example:
        >>> read("784 -> 32 relu -> 1 sigmoid") == read("784 -l-> 32 -relu-> 32 -l-> 1 -sig-> 1")
        True
    """
    if isinstance(form, Network):
        return form
    if _is_module(form):
        from chalknet.module import read_module  # brings torch, which a text does not need

        return read_module(form)  # type: ignore[arg-type]
    if not isinstance(form, str | Path):
        raise InvalidValue(
            where="read",
            got=f"a {type(form).__name__}",
            wanted="a text, a path, an nn.Module or a Network",
            remedy='Write for instance read("784 -> 32 relu -> 1 sigmoid").',
        )
    path = _path_of(form)
    if path is None:
        return _read_text(str(form), notation, name)
    try:
        suffix = None if notation else _by_suffix(path)
        return _read_text(_text_of(path), notation or suffix, name)
    except ChalknetError as problem:
        if not isinstance(problem, FileProblem):
            problem.where = f"{'standard input' if path == Path('-') else path}, {problem.where}"
        raise


def write(network: Network, notation: str) -> str:
    """Return the network as a text.

    Args:
        network: what is written.
        notation: "arrows", "shorthand", "latex", "latex-layers", "torch", "json" or "mathml".

    Raises:
        UnknownName: for another notation.
        CannotExpress: for a step that the notation cannot say; nothing is left out in silence.

    Example:
        >>> print(write(read("1 -> 2 relu"), "arrows"))
        X(n,1) -l1-> u1(n,2) -relu-> v1(n,2) = yhat
    """
    return _notation(notation).write(network)


def _notation(name: str) -> Notation:
    if name not in NOTATIONS:
        raise unknown_name("notation", "notation", name, NOTATIONS)
    return NOTATIONS[name]


def _read_text(text: str, notation: str | None, name: str | None) -> Network:
    chosen = _notation(notation) if notation else recognise(text)
    if chosen.read is None:
        raise CannotExpress(
            where=f"notation {chosen.name}",
            got="a form that is only written",
            wanted=f"one of {', '.join(row.name for row in NOTATIONS.values() if row.read)}",
            remedy="Leave the notation out, the form is recognised by itself.",
        )
    return chosen.read(text, name)


def _is_module(form: object) -> bool:
    torch = sys.modules.get("torch")  # a module cannot exist before torch was imported
    return torch is not None and isinstance(form, torch.nn.Module)


def _by_suffix(path: Path) -> str | None:
    suffix = path.suffix.lower()
    return next((row.name for row in NOTATIONS.values() if row.read and suffix in row.suffixes), None)


def _path_of(form: str | Path) -> Path | None:
    """Return the path that is meant, or None for a text that is the network itself."""
    if isinstance(form, Path):
        return form
    text = form.strip()
    if text == "-":
        return Path("-")
    if "\n" in text or "->" in text or len(text) > 1000 or ("(" in text and ")" in text and "=" in text):
        return None
    try:
        if text and Path(text).exists():
            return Path(text)
    except (OSError, ValueError):  # no path at all, such as a NUL byte
        return None
    suffixes = {suffix for row in NOTATIONS.values() for suffix in row.suffixes}
    looks_like_one = Path(text).suffix.lower() in suffixes and " " not in text
    return Path(text) if looks_like_one else None


def _text_of(path: Path) -> str:
    if path == Path("-"):
        return sys.stdin.read()
    if path.is_dir():
        path = path / _RUN_NETWORK
    try:
        if path.stat().st_size > _LARGEST_TEXT_BYTES:
            raise NotationError(
                where=str(path),
                got="a file of more than 50 MB",
                wanted="the text of a network",
                remedy="Give the file that describes the network, not its data or weights.",
            )
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "bytes that are no UTF-8 text"
        raise FileProblem(
            where=str(path),
            got=reason or str(problem),
            wanted="a readable text file",
            remedy="Check the name, or give the formula itself in quotes.",
        ) from problem
