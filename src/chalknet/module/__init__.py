"""The one door between Network and torch.nn."""

from chalknet.module.build import build, require_settled
from chalknet.module.random import RandomStream
from chalknet.module.read import read_module

__all__ = ["RandomStream", "build", "read_module", "require_settled"]
