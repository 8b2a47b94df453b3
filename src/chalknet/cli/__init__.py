"""The command: one verb of the face each, read from words and printed as words."""

from chalknet.cli.main import main

__all__ = ["main"]
