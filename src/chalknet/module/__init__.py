"""The one door between Network and torch.nn."""

from chalknet.lazy import door

__getattr__ = door(__name__)
