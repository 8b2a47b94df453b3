"""What all commands do with words: print them, and read a network from them."""

from __future__ import annotations

import sys

import typer

import chalknet as cn


def say(text: str) -> None:
    """Print an answer."""
    print(text)


def tell(text: str) -> None:
    """Print what is no answer: a note, an error."""
    print(text, file=sys.stderr)


def network_of(form: str, notation: str | None, name: str | None, sizes: list[str] | None) -> cn.Network:
    """Return the network that the words of a command describe."""
    network = cn.read(form, notation=notation, name=name)
    pairs = [size.partition("=") for size in sizes or []]
    for symbol, equals, size in pairs:
        if not (symbol and equals and size.isdigit()):
            raise typer.BadParameter(f"--set {symbol}{equals}{size}: write it as --set m=784")
    return network.bind(**{symbol: int(size) for symbol, _, size in pairs}) if pairs else network
