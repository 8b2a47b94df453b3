"""The studio: a browser page to write, view, fit and export a network."""

from chalknet.studio.server import run_studio

__all__ = ["run_studio"]
