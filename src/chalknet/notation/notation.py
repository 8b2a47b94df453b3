"""What a text form of a network is: a name, a way to know it, to read it and to write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalknet.network import Network


@dataclass(frozen=True)
class Notation:
    """One text form.

    Args:
        name: what the user calls it, such as "latex".
        suffixes: file endings that say a file is in this form, such as (".tex",).
        recognise: how sure a glance at a text is that it is in this form, from 0 (no) to 1 (nothing else).
        read: text, and the name of the network wanted where a text holds several -> Network;
            raises a NotationError with the line and a caret. None for a form that is only written.
        write: Network -> text; raises CannotExpress for a step that the form cannot say. None for a form
            that is only read here.
        lossless: whether `read(write(network)) == network` for every network.
    """

    name: str
    suffixes: tuple[str, ...]
    recognise: Callable[[str], float]
    read: Callable[[str, str | None], Network] | None
    write: Callable[[Network], str] | None
    lossless: bool
