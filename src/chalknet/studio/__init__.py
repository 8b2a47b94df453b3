"""The studio: a page in the browser where a network is written, seen, fitted and taken away."""

from chalknet.studio.server import run_studio

__all__ = ["run_studio"]
