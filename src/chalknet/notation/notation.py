"""The row of a text form of a network: its name, how to recognise, read and write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalknet.network import Network


@dataclass(frozen=True)
class Notation:
    """One text form.

    Args:
        name: what the user calls it, such as "latex".
        suffixes: the file endings of this form, such as (".tex",).
        recognise: how likely a text is in this form, from 0 (no) to 1 (certainly).
        read: text, and the name of the network wanted where a text holds several -> Network;
            raises a NotationError with the line and a caret. None for a form that is only written.
        write: Network -> text; raises CannotExpress for a step that the form cannot express. None for a form
            that is only read here.
        lossless: whether `read(write(network)) == network` for every network.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    recognise: Callable[[str], float] = lambda text: 0.0
    read: Callable[[str, str | None], Network] | None = None
    write: Callable[[Network], str] | None = None
    lossless: bool = False
