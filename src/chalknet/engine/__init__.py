"""Engines: can I run this plan (else why not), open a session, advance by k updates."""

from chalknet.engine.eager import Eager
from chalknet.engine.engine import Engine, Progress, Prospect, Session
from chalknet.engine.group import Group, join
from chalknet.engine.state import State
from chalknet.engine.table import ENGINES
from chalknet.engine.torch_rows import loss_function, optimizer_over

__all__ = [
    "ENGINES",
    "Eager",
    "Engine",
    "Group",
    "Progress",
    "Prospect",
    "Session",
    "State",
    "join",
    "loss_function",
    "optimizer_over",
]
