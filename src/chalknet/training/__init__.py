"""Fit: choose a plan, run the only loop, record, keep."""

from chalknet.lazy import door

__getattr__ = door(__name__)
